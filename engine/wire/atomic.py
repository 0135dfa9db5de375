"""Result files are written whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .errors import ErrorCode, HrnError
from .messages import reason, say

__all__ = ["write_whole"]


def write_whole(path: Path | str, put: Callable[[BinaryIO], object]) -> None:
    """`put` fills a file beside `path`, which then takes its place.

    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, "wb") as file:
            put(file)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise HrnError(ErrorCode.DISK_FULL, say("There is no space left for {path}.", path=path)) from error
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE, say("{path} cannot be written: {reason}.", path=path, reason=reason(error))
        ) from error
