"""Finished heads as .blend files with an asset each, made by a second Blender without a window. No bpy.

One head at a time. The files lie in the heads' own folders, so that the output folder of a batch is an asset library.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..engine.wire.bundle import MANIFEST
from ..engine.wire.child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from ..engine.wire.engine_events import Launch
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say

__all__ = ["ASSET_NAME", "AssetFiles", "is_up_to_date"]

ASSET_NAME = "head.blend"
"""Name of the asset's .blend file in the bundle."""


def is_up_to_date(bundle: Path) -> bool:
    """Whether the bundle's .blend file was written after the bundle. Blender writes it whole or not at all."""
    try:
        return (bundle / ASSET_NAME).stat().st_mtime_ns >= (bundle / MANIFEST).stat().st_mtime_ns
    except OSError:
        return False


class _Work(NamedTuple):
    """The bundle whose file is being written, and who writes it."""

    bundle: Path
    child: ChildProcess


class AssetFiles:
    """Queue of bundles that are to get their .blend file.

    Args:
        launch: how to start the builder for a bundle and the file to write.
        log: where the builder's output goes.
    """

    def __init__(self, launch: Callable[[Path, Path], Launch], log: LogFile):
        self._launch, self._log = launch, log
        self._waiting: deque[Path] = deque()
        self._work: _Work | None = None
        self.written = 0
        """How many have been written so far."""

    @property
    def left(self) -> int:
        """How many are being made or wait."""
        return len(self._waiting) + (self._work is not None)

    def add(self, bundle: Path) -> None:
        busy = self._work is not None and bundle == self._work.bundle
        if not busy and bundle not in self._waiting and not is_up_to_date(bundle):
            self._waiting.append(bundle)

    def stop(self) -> None:
        """Forget what waits and end the builder."""
        self._waiting.clear()
        work, self._work = self._work, None
        if work is not None:
            work.child.kill()

    def pump(self) -> list[tuple[Path, HrnError]]:
        """Take the builder's news in and start the next; returns the bundles that failed."""
        failed = []
        if (work := self._work) is not None:
            for event in work.child.events():
                if isinstance(event, Line):
                    self._log.write(event.data)
                elif isinstance(event, (SpawnFailed, Exited)):
                    error = self._outcome(work, event)
                    if error is not None:
                        failed.append((work.bundle, error))
                    else:
                        self.written += 1
                    self._work = None
        if self._work is None and self._waiting:
            bundle = self._waiting.popleft()
            launch = self._launch(bundle, bundle / ASSET_NAME)
            child = ChildProcess(launch.command, env=launch.env, cwd=launch.cwd, log=self._log)
            self._work = _Work(bundle, child)
        return failed

    def _outcome(self, work: _Work, event: SpawnFailed | Exited) -> HrnError | None:
        if isinstance(event, Exited) and event.code == 0 and is_up_to_date(work.bundle):
            return None
        if isinstance(event, SpawnFailed):
            reason = event.error
        else:
            errors = (line for line in reversed(work.child.stderr_tail) if line.startswith("error"))
            reason = next(errors, say("exit code {code}", code=event.code))
        return HrnError(
            ErrorCode.INTERNAL,
            say("The asset of {head} could not be written: {reason}.", head=work.bundle.name, reason=reason),
            hint="Check that there is space and that you may write there, then click Add Missing.",
            details={"log": str(self._log.path), "stderr": list(work.child.stderr_tail)[-10:]},
        )
