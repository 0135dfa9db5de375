"""Where environments, caches and logs live."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_dir", "engine_home", "log_dir", "log_path"]


def engine_home() -> Path:
    """Root of everything that is installed, one per user: ``HRN_ENGINE_HOME`` or the system's data folder.

    The engine does not live in Blender's extension folder: that one is deleted on uninstall and exists once per
    Blender version.
    """
    override = os.environ.get("HRN_ENGINE_HOME")
    if override:
        return Path(override).expanduser().absolute()
    home = Path.home()
    if sys.platform == "win32":
        # Short on purpose: torch has deep folders and many programs stop at 260 characters.
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "HRN"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "hrn-blender"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "hrn-blender"


def cache_dir() -> Path:
    """Derived data that can be rebuilt at any time, such as the head model."""
    return engine_home() / "cache"


def log_dir() -> Path:
    """Folder of all log files."""
    return engine_home() / "logs"


def log_path() -> Path:
    """The engine's own log; older parts of it are ``engine.log.1`` to ``.3``."""
    return log_dir() / "engine.log"
