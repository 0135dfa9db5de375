"""A lock on a file that the operating system drops when its owner dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

from .errors import ErrorCode, HrnError
from .messages import reason, say

__all__ = ["FileLock", "try_lock"]

_BUSY = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""Error numbers with which systems answer that another process holds the lock."""


class FileLock:
    """A lock that is held. Closing it, or the end of this process, releases it; children do not inherit it."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor < 0:
            return
        if sys.platform == "win32":
            import msvcrt

            with contextlib.suppress(OSError):
                msvcrt.locking(
                    descriptor, msvcrt.LK_UNLCK, 1
                )  # Windows may release the locks of a closed file only after a while.
        os.close(descriptor)

    def __enter__(self) -> FileLock:
        return self

    def __exit__(self, *_) -> None:
        self.close()


def try_lock(path: Path, make: bool = True) -> FileLock | None:
    """Lock the file; None when somebody else holds it, in this process or another.

    The file stays behind: removing it would let a third one lock a new file while a second waits for the old.

    Args:
        make: make the file where there is none.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE`` when this file system does not support locks.
        OSError: the file cannot be made.
    """
    flags = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
    descriptor = os.open(path, flags | os.O_CREAT if make else flags, 0o666)
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _BUSY:
            return None
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            say("The file system of {path} cannot lock files ({reason}).", path=path.parent, reason=reason(error)),
            hint="Choose an output folder on another disk.",
        ) from error
    return FileLock(descriptor)
