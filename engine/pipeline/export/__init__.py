"""Heads for programs other than Blender.

A format is one module here, whose ``write(bundle, path)`` writes `path` and what belongs to it and returns all files, `path`
first, and one row of :data:`engine.wire.formats.EXPORT_FORMATS`.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path

from ...wire.bundle import Bundle
from ...wire.errors import ErrorCode, HrnError
from ...wire.formats import EXPORT_FORMATS, ExportFormat
from ...wire.messages import say

__all__ = ["check_export_path", "export_head"]


def check_export_path(path: str | os.PathLike) -> Path:
    """The absolute path.

    Raises:
        HrnError: ``SETTINGS_INVALID`` for a suffix that no format has, ``OUTPUT_NOT_WRITABLE`` when its folder cannot take files.
    """
    path = Path(path).absolute()
    if _format(path) is None:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say(
                "The name of the exported file must end in {suffixes}, not in “{suffix}”.",
                suffixes=[one.suffix for one in EXPORT_FORMATS],
                suffix=path.suffix or path.name,
            ),
        )
    parent = path.parent
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if path.is_dir() or not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, say("{path} cannot be written.", path=path))
    return path


def export_head(bundle: Bundle, path: str | os.PathLike) -> list[Path]:
    """Write a head in the format that the file's suffix names.

    Returns:
        The files written, the one at `path` first.

    Raises:
        HrnError: see :func:`check_export_path`; ``DISK_FULL``, ``BUNDLE_INVALID``.
    """
    path = check_export_path(path)
    form = _format(path)
    assert form is not None
    return importlib.import_module(f".{form.module}", __name__).write(bundle, path)


def _format(path: Path) -> ExportFormat | None:
    return next((one for one in EXPORT_FORMATS if one.suffix == path.suffix.lower()), None)
