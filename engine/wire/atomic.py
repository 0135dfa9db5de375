"""Files and folders that appear whole or not at all, also after a power cut. The one place that renames over things.

Everything is written beside its final place under a temporary name, ``.NAME.xxxxxxxx.partial``, flushed to the disk and
renamed. What a killed process leaves behind therefore has a name that :func:`partials_of` knows.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import ErrorCode, HrnError
from .messages import reason, say

__all__ = [
    "copy_file",
    "flush_file",
    "flush_folder",
    "is_disk_full",
    "output_error",
    "partials_of",
    "rename",
    "replace_file",
    "temporary_path",
    "write_whole",
]

_PATIENCE = 1.0
"""Seconds for which Windows may refuse a rename because a virus scanner or a browser is reading the file."""

_WINDOWS_FULL = (39, 112, 1295)
"""ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED: Python knows only the second as ENOSPC."""


def temporary_path(path: Path, kind: str = "partial") -> Path:
    """A name beside `path` that nobody else uses; `kind` is its suffix."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.{kind}")


def partials_of(path: Path, kind: str = "partial") -> list[Path]:
    """The files and folders beside `path` that :func:`temporary_path` named for it, whoever is writing them."""
    pattern = re.compile(re.escape(f".{path.name}.") + rf"[0-9a-f]{{8}}\.{kind}")
    try:
        return [sibling for sibling in path.parent.iterdir() if pattern.fullmatch(sibling.name)]
    except OSError:
        return []


def write_whole(path: Path | str, content: bytes | str | Callable[[BinaryIO], object]) -> None:
    """:func:`replace_file` for a file that the user asked for.

    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    try:
        replace_file(path, content)
    except OSError as error:
        raise output_error(error, path) from error


def replace_file(path: Path | str, content: bytes | str | Callable[[BinaryIO], object]) -> None:
    """Write `path` so that it is the old or the new file at any moment.

    Args:
        content: bytes, text (stored as UTF-8, line ends as they are), or a function that fills the file opened for it.

    Raises:
        OSError: the folder does not exist or cannot be written, or the disk is full. The old file stays then, and
            nothing is left beside it. The same holds for whatever `content` raises.
    """
    path = Path(path)
    temporary = temporary_path(path)
    try:
        with open(temporary, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(path.parent)


def copy_file(source: Path, path: Path) -> None:
    """`source`, already flushed, under a second name; a hard link where the disk allows it, which takes no space.

    Raises:
        OSError: as :func:`replace_file`.
    """
    temporary = temporary_path(path)
    try:
        try:
            os.link(source, temporary)
        except OSError:  # a file system without links
            shutil.copyfile(source, temporary)
            flush_file(temporary)
        rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)  # renaming one link over another of the same file leaves both
    flush_folder(path.parent)


def rename(source: Path, target: Path, patience: float = _PATIENCE) -> None:
    """Rename a file over another, or a folder to a free name.

    Args:
        patience: seconds to go on trying on Windows, which refuses while another program reads either of the two.

    Raises:
        OSError: it cannot be renamed.
    """
    end = time.monotonic() + patience
    while True:
        try:
            return os.replace(source, target)
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > end:
                raise
            time.sleep(0.05)


def flush_file(path: Path) -> None:
    """Wait until the file's content is on the disk.

    Raises:
        OSError: the disk is full or broken.
    """
    try:
        with open(path, "r+b" if sys.platform == "win32" else "rb") as stream:  # Windows flushes only what may be written
            os.fsync(stream.fileno())
    except PermissionError:
        if sys.platform != "win32":
            raise  # There: the copy of a photo that is read-only, which can be made again.


def flush_folder(path: Path) -> None:
    """Wait until the names in the folder are on the disk.

    Raises:
        OSError: the disk is full or broken.
    """
    if sys.platform == "win32":
        return  # Folders cannot be opened there; NTFS keeps a journal of names.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):  # some network file systems cannot do this
            raise
    finally:
        os.close(descriptor)


def is_disk_full(error: OSError) -> bool:
    """Whether `error` says that the disk, or the user's share of it, is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or getattr(error, "winerror", None) in _WINDOWS_FULL


def output_error(error: OSError, path: Path | str, hint: str | None = None) -> HrnError:
    """DISK_FULL or OUTPUT_NOT_WRITABLE for a failure to write `path`; `hint` says what to do about a full disk."""
    if is_disk_full(error):
        return HrnError(ErrorCode.DISK_FULL, say("There is no space left for {path}.", path=path), hint=hint)
    return HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, say("{path} cannot be written: {reason}.", path=path, reason=reason(error)))
