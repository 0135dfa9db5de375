"""Names that are taken before the work begins.

Making a head takes long, and meanwhile another Blender, another engine or a batch may want the same name in the same
folder. So a name is claimed first: a hidden folder ``.NAME.reserved`` beside it holds one file for its owner, which
the owner keeps locked. The operating system drops the lock when the owner dies, however it dies; what dead owners left is
removed by the next one who wants the name, and by nobody else.

Why nobody owns a name together with another: each first leaves its file and looks at the others' afterwards, so the later one
sees the earlier one and withdraws. A file is removed only by its own unique name and only when its owner is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import time
import uuid
from pathlib import Path

from .atomic import output_error
from .errors import ErrorCode, HrnError
from .locks import FileLock, try_lock
from .messages import say

__all__ = ["Claim", "claim_free", "claim_name", "claimed", "release_own_claims"]

_SUFFIX = "reserved"
"""Suffix of the hidden folder beside a claimed name."""
_YOUNG_SECONDS = 5.0
"""A file of an owner that is younger than this counts as alive: it may not have been locked yet."""
_UNLOCKED_SECONDS = 86400.0
"""The same on file systems that cannot lock files, where nobody can tell whether its owner lives."""
_TRIES = 20
"""How often a name is tried whose folder others remove or enter at the same moment."""
_PAUSE_SECONDS = 0.01
"""Longest pause between two tries; its length is drawn so that two who withdrew for each other do not meet again."""

_own: set[Claim] = set()
"""The claims that this process holds."""


class Claim:
    """The right to make `path`, until it is released or this process ends. Folders above it that were made for it and stay empty
    go with it."""

    def __init__(self, path: Path, token: str, lock: FileLock | None, made: tuple[Path, ...] = ()):
        self.path = path
        self._made = made
        self.token = token
        """By it another process that works for the owner proves that it may make the path."""
        self._lock = lock
        _own.add(self)

    def release(self) -> None:
        """Give the name back; does nothing the second time."""
        _own.discard(self)
        folder = _folder(self.path)
        with contextlib.suppress(OSError):
            if self._lock is not None:
                if os.name == "nt":  # Windows removes no file that is open.
                    self._lock.close()
                (folder / self.token).unlink(missing_ok=True)
                self._lock.close()
            else:
                (folder / self.token).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for empty in (folder, *self._made):  # the first that is not ends it
                empty.rmdir()

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *_) -> None:
        self.release()


def claim_name(path: Path) -> Claim | None:
    """Claim this name; None while somebody who is alive has it. What stands there, if anything, is not looked at.

    Raises:
        OSError: the folder of `path` cannot be made or written.
    """
    folder = _folder(path)
    made = tuple(above for above in folder.parents if not above.exists())
    for _ in range(_TRIES):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
        if _others_alive(folder, ""):
            return None
        token = uuid.uuid4().hex
        try:
            claim = Claim(path, token, _leave_file(folder / token), made)
        except FileNotFoundError:
            continue  # Somebody who released the name has removed the folder meanwhile.
        if (folder / token).exists() and not _others_alive(folder, token):
            return claim
        claim.release()
        time.sleep(random.uniform(0, _PAUSE_SECONDS))
    return None


def claim_free(folder: Path, name: str) -> Claim:
    """Claim `folder`/`name`, or with the first number behind it that nothing has on disk and nobody has claimed.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
    """
    number, path = 1, folder / name
    try:
        while True:
            if not os.path.lexists(path) and (claim := claim_name(path)) is not None:
                if not os.path.lexists(path):  # Its owner may just have finished and gone.
                    return claim
                claim.release()
            number += 1
            path = folder / f"{name}_{number}"
    except OSError as error:
        raise output_error(error, path) from error


@contextlib.contextmanager
def claimed(path: Path, token: str | None = None):
    """The right to make `path` while the block runs.

    Args:
        token: of a claim that whoever asked for this work has, and keeps.

    Raises:
        HrnError: ``BUSY`` while somebody else makes it; ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
    """
    if token and (_folder(path) / Path(token).name).is_file():
        yield
        return
    try:
        claim = claim_name(path)
    except OSError as error:
        raise output_error(error, path) from error
    if claim is None:
        raise HrnError(
            ErrorCode.BUSY,
            say("Another program is making a head in {path} right now.", path=path),
            hint="Wait until it has finished, or choose another folder.",
        )
    with claim:
        yield


def release_own_claims() -> None:
    """Give back what this process holds, which is about to end."""
    for claim in list(_own):
        claim.release()


def _folder(path: Path) -> Path:
    return path.with_name(f".{path.name}.{_SUFFIX}")


def _leave_file(file: Path) -> FileLock | None:
    """Make the owner's file and lock it; None where files cannot be locked.

    Raises:
        OSError: it cannot be made.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"pid": os.getpid(), "host": socket.gethostname()}, stream)
    try:
        lock = try_lock(file)
    except HrnError:
        return None
    if lock is None:  # Somebody takes it for that of a dead owner: this process has slept in between.
        file.unlink(missing_ok=True)
        raise FileNotFoundError(file)
    return lock


def _others_alive(folder: Path, token: str) -> bool:
    """Whether the name has an owner besides that of `token`; files of dead ones are removed.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        alive = [_alive(file) for file in folder.iterdir() if file.name != token]  # all are asked: that removes the dead
    except FileNotFoundError:
        return False
    return any(alive)


def _alive(file: Path) -> bool:
    try:
        age = abs(time.time() - file.stat().st_mtime)
        if age < _YOUNG_SECONDS and not _gone(file):
            return True
        try:
            lock = try_lock(file, make=False)
        except HrnError:
            return age < _UNLOCKED_SECONDS
        if lock is None:
            return True
        with lock:
            if os.name == "nt":
                lock.close()
            file.unlink(missing_ok=True)
        return False
    except FileNotFoundError:
        return False
    except PermissionError:  # Windows, of a file that its owner has open.
        return True


def _gone(file: Path) -> bool:
    """Whether the owner's process is certainly no longer there. (Its number may have been given to another one since.)"""
    try:
        owner = json.loads(file.read_text(encoding="utf-8"))
        if os.name == "nt" or owner["host"] != socket.gethostname():
            return False
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return True
    except (OSError, ValueError, KeyError, TypeError):  # Not yet written, or the process of another user.
        return False
    return False
