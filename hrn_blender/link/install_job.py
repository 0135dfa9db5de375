"""The engine's installation as a child process with progress. No bpy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from ..engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from ..engine.wire.errors import ErrorCode, HrnError

__all__ = ["InstallJob"]


class InstallJob:
    """A running `install_deps.py --json install`. It may be cancelled at any time: the next run goes on from there.

    Args:
        what: that is installed, as the button names it.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log: LogFile, what: str = "Engine"):
        self.what = what
        self.fraction = 0.0
        self.message = "Starting"
        self.ended = False
        self.error: HrnError | None = None
        """Why it failed; None while it runs and when it succeeded."""
        self._log = log
        self._reason = ""
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
                self._end(HrnError(ErrorCode.ENGINE_MISSING, f"The installer could not be started: {event.error}."))
            elif isinstance(event, Exited):
                self._exited(event.code)

    def _read(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            params = message.get("params", {})
            if message.get("method") == "progress":
                self.fraction = max(self.fraction, min(float(params["fraction"]), 1.0))
                self.message = str(params.get("message", ""))
            elif message.get("method") == "error":
                self._reason = str(params.get("message", ""))
        except (ValueError, AttributeError, KeyError, TypeError):
            pass  # Some tool's output between the messages; it is in the log.

    def _exited(self, code: int) -> None:
        if self._cancelled:
            self._end(
                HrnError(ErrorCode.CANCELLED, "The installation was stopped.", hint=f"Click Install {self.what} to go on.")
            )
        elif code:
            words = self._reason or " ".join(list(self._child.stderr_tail)[-1:]) or f"exit code {code}"
            name = "The engine" if self.what == "Engine" else self.what
            self._end(
                HrnError(
                    ErrorCode.ENGINE_MISSING,
                    f"{name} could not be installed: {words}",
                    hint=f"Click Install {self.what} to try again; it goes on where it stopped.",
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
