"""Where the engine is installed and how it is started. No bpy."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ..engine import __version__ as ENGINE_VERSION
from ..engine.install.environments import ENGINE
from ..engine.wire.child_process import clean_environment
from ..engine.wire.engine_events import Launch
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..engine.wire.paths import engine_home

__all__ = [
    "COMMAND_VARIABLE",
    "ENGINE_VERSION",
    "EngineStatus",
    "engine_status",
    "install_command",
    "launch_engine",
    "source_root",
]

COMMAND_VARIABLE = "HRN_ENGINE_COMMAND"
"""Environment variable with a JSON list: a program that is started instead of the engine (for tests), with its ``serve``."""

_LIFETIME = 2.0
"""How long an answer about the engine is kept, seconds."""
_cache: tuple[float, Path, EngineStatus] | None = None


@dataclass(frozen=True)
class EngineStatus:
    """What the disk says about the engine."""

    installed: bool
    error: HrnError | None
    """Why it cannot be started."""
    python: Path
    home: Path


def source_root() -> Path:
    """The folder that holds ``engine/`` and ``install_deps.py``: the add-on itself, or the checkout around it."""
    here = Path(__file__).resolve().parents[1]
    return here if (here / "engine").is_dir() else here.parent


def engine_status(fresh: bool = False) -> EngineStatus:
    """Look at the installed engine; cheap enough for drawing code because the answer is kept for two seconds."""
    global _cache
    now, home = time.monotonic(), engine_home()
    if not fresh and _cache and now - _cache[0] < _LIFETIME and _cache[1] == home:
        return _cache[2]
    status = EngineStatus(*_inspect(), ENGINE.python, home)
    _cache = now, home, status
    return status


def _inspect() -> tuple[bool, HrnError | None]:
    if os.environ.get(COMMAND_VARIABLE):
        return True, None
    state = ENGINE.state()
    if not state:
        return False, HrnError(ErrorCode.ENGINE_MISSING, "The engine is not installed yet.")
    if state.get("state") != "complete" or not ENGINE.python.exists():
        return False, HrnError(
            ErrorCode.ENGINE_MISSING, "The engine's installation is not complete.", hint="Click Install Engine to finish it."
        )
    if not ENGINE.is_complete():
        return False, HrnError(
            ErrorCode.VERSION_MISMATCH,
            say(
                "The installed engine belongs to version {theirs} of the add-on, this is {ours}.",
                theirs=state.get("engine_version"),
                ours=ENGINE_VERSION,
            ),
            hint="Click Install Engine to bring it up to date.",
        )
    return True, None


def launch_engine(*arguments: str) -> Launch:
    """How to start the engine, as a server unless other `arguments` of its command line are given.

    Raises:
        HrnError: ``ENGINE_MISSING`` or ``VERSION_MISMATCH``.
    """
    env = clean_environment(os.environ, os.path.dirname(sys.executable), HRN_ENGINE_HOME=str(engine_home()))
    command = os.environ.get(COMMAND_VARIABLE)
    if command:
        program = json.loads(command)
        return Launch([*program[:-1], *arguments] if arguments and program[-1] == "serve" else [*program, *arguments], env)
    status = engine_status(fresh=True)
    if status.error is not None:
        raise status.error
    script = source_root() / "engine" / "__main__.py"
    return Launch(
        [str(status.python), "-I", "-u", "-X", "utf8", str(script), *(arguments or ["serve"])], env, cwd=str(status.home)
    )


def install_command(
    python: str = "", wheels: str = "", offline: bool = False, extra: str = ""
) -> tuple[list[str], dict[str, str]]:
    """Command and environment of the installer, which reports progress as JSON lines.

    Any Python can run it, so Blender's own does.

    Args:
        python: interpreter that the engine shall be built on; empty: the installer finds one.
        wheels: folder of packages that is searched first.
        offline: use nothing but `wheels`.
        extra: a key of :data:`engine.install.environments.EXTRAS` to install with the engine.
    """
    command = [sys.executable, "-u", str(source_root() / "install_deps.py"), "--json", "--home", str(engine_home())]
    if python:
        command += ["--python", python]
    if wheels:
        command += ["--wheels", wheels]
    if offline:
        command.append("--offline")
    return [*command, "install", *(["--with", extra] if extra else [])], clean_environment(os.environ)
