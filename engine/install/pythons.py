"""Interpreters on this machine, and the environment of what is started with them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from ..wire.messages import Message, as_message, say

__all__ = ["InstallError", "clean_environ", "find_python"]


class InstallError(Exception):
    """An install that cannot go on, as one sentence with what to do next; made by :func:`.messages.say` where it has
    parameters."""

    def __init__(self, message: str):
        super().__init__(message)
        self.sentence: Message = as_message(message)


def clean_environ() -> dict[str, str]:
    """The environment for child processes: without what would lead another Python astray."""
    drop = {"LD_PRELOAD", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV"}
    return {key: value for key, value in os.environ.items() if not (key.startswith("PYTHON") or key in drop)} | {
        "PYTHONNOUSERSITE": "1",
        "PYTHONUTF8": "1",
    }


def find_python(versions: tuple[tuple[int, int], ...], wish: str | None = None) -> Path | None:
    """An interpreter of one of `versions`: the wished one, this one, then whatever the machine has.

    Raises:
        InstallError: `wish` (or ``HRN_PYTHON``) is not one of them.
    """
    wish = wish or os.environ.get("HRN_PYTHON")
    if wish:
        if _version(wish) in versions:
            return Path(wish)
        if len(versions) > 1:
            *others, last = (f"{a}.{b}" for a, b in versions)
            raise InstallError(
                say("{path} is not Python {versions}.", path=wish, versions=say("{others} or {last}", others=others, last=last))
            )
    # The system's own interpreter outlives Blender's, so Blender's is the last resort.
    inside_blender = "blender" in Path(sys.executable).resolve().as_posix().lower()
    candidates = [] if inside_blender else [sys.executable]
    for major, minor in versions:
        candidates += [shutil.which(f"python{major}.{minor}"), *_managed_pythons(major, minor)]
    for candidate in [*candidates, sys.executable]:
        if candidate and _version(candidate) in versions:
            return Path(candidate)
    return None


def _managed_pythons(major: int, minor: int) -> list[str]:
    """Interpreters of the usual version managers and installers."""
    home = Path.home()
    tail = "python.exe" if os.name == "nt" else "bin/python3"
    patterns = [
        (Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions", f"{major}.{minor}.*/{tail}"),
        (home / ".local/share/uv/python", f"cpython-{major}.{minor}.*/{tail}"),
        (Path(os.environ.get("LOCALAPPDATA") or home) / "Programs/Python", f"Python{major}{minor}/python.exe"),
        (Path("/Library/Frameworks/Python.framework/Versions"), f"{major}.{minor}/bin/python3"),
        (Path("/opt/homebrew/bin"), f"python{major}.{minor}"),
    ]
    return [str(found) for root, pattern in patterns if root.is_dir() for found in sorted(root.glob(pattern))]


def _version(python: str | Path) -> tuple[int, int] | None:
    # Running it is the only proof: version managers leave shims behind that find nothing.
    code = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    try:
        result = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=30, env=clean_environ())
        major, minor = result.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return int(major), int(minor)
