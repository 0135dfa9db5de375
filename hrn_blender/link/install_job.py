"""The engine's installation as a child process with progress. No bpy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import Message, say

__all__ = ["ENGINE", "PYTORCH", "InstallJob", "Installed"]


class Installed(NamedTuple):
    """What is installed, in the words of the panel."""

    name: Message
    """Name of the part, for the beginning of a sentence."""
    button: Message
    running: Message


ENGINE = Installed(say("The engine"), say("Install Engine"), say("Installing the engine"))
"""Words for installing the engine."""
PYTORCH = Installed(say("PyTorch"), say("Install PyTorch"), say("Installing PyTorch"))
"""Words for installing PyTorch."""


class InstallJob:
    """A running `install_deps.py --json install`. It may be cancelled at any time: the next run goes on from there.

    Args:
        what: :data:`ENGINE` or :data:`PYTORCH`.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: LogFile, what: Installed = ENGINE):
        self.what = what
        self.fraction = 0.0
        self.message = say("Starting")
        self.ended = False
        self.error: HrnError | None = None
        """Why it failed; None while it runs and when it succeeded."""
        self._log = log
        self._reason = Message("")
        self._cancelled = False
        self._child = ChildProcess(command, env=env, log=log)

    def cancel(self) -> None:
        self._cancelled = True
        self._child.kill()

    def pump(self) -> None:
        """Take the installer's news in, without waiting."""
        for event in self._child.events():
            if isinstance(event, Line):
                self._log.write(event.data)
                self._read(event.data)
            elif isinstance(event, SpawnFailed):
                self._end(
                    HrnError(ErrorCode.ENGINE_MISSING, say("The installer could not be started: {reason}.", reason=event.error))
                )
            elif isinstance(event, Exited):
                self._exited(event.code)

    def _read(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            params = message.get("params", {})
            if message.get("method") == "progress":
                self.fraction = max(self.fraction, min(float(params["fraction"]), 1.0))
                self.message = Message.from_json(params)
            elif message.get("method") == "error":
                self._reason = Message.from_json(params)
        except (ValueError, AttributeError, KeyError, TypeError):
            pass  # Some tool's output between the messages; it is in the log.

    def _exited(self, code: int) -> None:
        if self._cancelled:
            hint = say("Click {button} to continue.", button=self.what.button)
            self._end(HrnError(ErrorCode.CANCELLED, "The installation was stopped.", hint=hint))
        elif code:
            reason = self._reason or " ".join(list(self._child.stderr_tail)[-1:]) or say("exit code {code}", code=code)
            self._end(
                HrnError(
                    ErrorCode.ENGINE_MISSING,
                    say("{what} could not be installed: {reason}", what=self.what.name, reason=reason),
                    hint=say("Click {button} to try again; it goes on where it stopped.", button=self.what.button),
                    details={"log": str(self._log.path), "stderr": list(self._child.stderr_tail)[-10:]},
                )
            )
        else:
            self.fraction = 1.0
            self._end(None)

    def _end(self, error: HrnError | None) -> None:
        self.ended, self.error = True, error
        if error is not None and self._log is not None:
            error.details.setdefault("log", str(self._log.path))
