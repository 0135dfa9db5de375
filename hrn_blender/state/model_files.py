"""Licensed files of the published methods: where they lie, what the engine thinks of them, which methods they enable.

The engine looks at the files (``engine models``) in a child process of its own, so that neither Blender nor a running
reconstruction waits while gigabytes are read. The folder and the commercial switch are the user's settings for all
programs (:mod:`engine.wire.user_settings`), not Blender's alone.
"""

from __future__ import annotations

import json
from dataclasses import replace

from ..engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from ..engine.wire.errors import HrnError
from ..engine.wire.messages import Message, say
from ..engine.wire.paths import log_dir
from ..engine.wire.user_settings import model_files_folder, read_user_settings, write_user_settings
from ..link.location import launch_engine
from .ticker import Ticker

__all__ = ["change_settings", "check", "checking", "register", "report", "ticker", "unregister", "usable_methods"]

report: dict | None = None
"""The engine's last answer."""
problem = Message("")
"""Why the last check failed."""
_child: ChildProcess | None = None
_said: list[bytes] = []
_asked = False
"""Whether the engine has been asked since the add-on was enabled."""
_STEP = 0.1
"""Pause between two looks at the engine's answer, seconds."""
_FIRST = 2.0
"""Seconds after which the engine is asked for the first time, once Blender has started."""


def usable_methods() -> list[str] | None:
    """Methods whose files are there and good, as far as the engine has been asked; None before."""
    if report is None:
        return None
    return [row["name"] for row in report["methods"] if row["ready"] and not row["hidden"]]


def change_settings(**changes) -> None:
    """Change the user's settings and look at the files again."""
    global problem
    settings = replace(read_user_settings(), **changes)
    if settings == read_user_settings():
        return
    try:
        write_user_settings(settings)
    except HrnError as error:
        problem = error.sentence
        return
    check()


def checking() -> bool:
    """Whether the engine is looking at the files now."""
    return _child is not None


def check() -> None:
    """Ask the engine about the files; :data:`ticker` takes the answer."""
    global _asked, _child, problem
    _asked = True
    if _child is not None:
        _child.kill()
    _said.clear()
    problem = Message("")
    try:
        launch = launch_engine("models", "--json")
    except HrnError as error:
        _child, problem = None, error.sentence
        return
    _child = ChildProcess(launch.command, env=launch.env, cwd=launch.cwd, log=LogFile(log_dir() / "models.log"))
    ticker.wake()


def _step() -> float | None:
    """One look at the child; returns the seconds until the next, None when it has ended."""
    if not _asked:
        check()
    if _child is None:
        return None
    for event in _child.events():
        if isinstance(event, Line):
            _said.append(event.data)
        elif isinstance(event, (Exited, SpawnFailed)):
            _end(event)
            return None
    return _STEP


def _end(event) -> None:
    global _child, report, problem
    _child = None
    try:
        answer = json.loads(b"".join(_said))
        if "error" in answer:
            problem = HrnError.from_json(answer["error"]).sentence
        elif isinstance(answer["methods"], list):
            report = answer
    except (ValueError, KeyError, TypeError):
        reason = say("exit code {code}", code=event.code) if isinstance(event, Exited) else event.error
        log = log_dir() / "models.log"
        problem = say("The engine could not check the files ({reason}). {log} may say why.", reason=reason, log=log)


ticker = Ticker(_step, shown=lambda: (checking(), id(report), problem))


def register() -> None:
    ticker.start()
    if model_files_folder().is_dir():
        ticker.wake(_FIRST)


def unregister() -> None:
    global report, problem, _child, _asked
    ticker.stop()
    if _child is not None:
        _child.kill()
    report, problem, _child, _asked = None, Message(""), None, False
