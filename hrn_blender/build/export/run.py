"""One export from what a user chose, with the errors that a user reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...engine.wire.names import folder_name
from ..hair.build import find_hair
from ..hair_games.cards import build_cards
from ..hair_games.guides import groom_guides
from ..hair_games.names import CARDS, remove_games
from .files import FORMATS, NO_HAIR, export_head, hair_objects
from .options import ExportOptions

__all__ = ["exported"]

_TRIANGLES = 7000
"""Triangles of cards that are made for one export only."""


def exported(head: bpy.types.Object, path: Path, kind: str, hair: str, options: ExportOptions) -> list[Path]:
    """Write a head to `path`, which gets the format's suffix.

    Args:
        kind: key of :data:`.files.FORMATS`.
        hair: ``BEST``: the first of cards, mesh and strands that there is and that the format carries; cards made for this
            where there is none. Or one kind.

    Returns:
        The files that were written.

    Raises:
        HrnError: SETTINGS_INVALID where the head has no hair of that kind or the format does not carry it; OUTPUT_NOT_WRITABLE,
            DISK_FULL.
    """
    chosen = FORMATS[kind]
    if not path.name or path.is_dir():  # The file browser's name was emptied.
        path /= folder_name(head.name, "head")
    if path.suffix.lower() != chosen.suffix:
        path = path.with_name(path.name + chosen.suffix)
    try:
        if not os.access(path.parent, os.W_OK | os.X_OK):
            message = say("{folder} is not a folder that can be written to.", folder=path.parent)
            raise HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, message)
        with _hair(head, kind, hair) as way:
            return export_head(head, path, kind, way, options)
    except (RuntimeError, OSError, MemoryError) as error:
        if isinstance(error, HrnError):
            raise
        message = say("{file} could not be written: {reason}.", file=path, reason=_last_line(error))
        raise HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, message) from error


@contextmanager
def _hair(head: bpy.types.Object, kind: str, hair: str) -> Iterator[str]:
    """The kind of hair that is written; cards that are made for it are there as long as the context."""
    carried = FORMATS[kind].hair
    if hair == "BEST":
        found = next((way for way in carried if hair_objects(head, way)), None)
        strands = find_hair(head).get("hair")
        if found is None and strands is not None:
            cards = build_cards(head, groom_guides(strands, head), _TRIANGLES)
            try:
                yield CARDS
            finally:
                remove_games(cards)
            return
        hair = found or NO_HAIR
    elif hair != NO_HAIR and hair not in carried:
        message = say("{format} carries no strands: it takes cards or a mesh.", format=FORMATS[kind].name)
        raise HrnError(ErrorCode.SETTINGS_INVALID, message, hint="Choose Best, or make cards or a mesh first.")
    elif hair != NO_HAIR and not hair_objects(head, hair):
        hint = "Choose Best, or make cards or a mesh first."
        raise HrnError(ErrorCode.SETTINGS_INVALID, "This head has no hair of that kind.", hint=hint)
    yield hair


def _last_line(error: Exception) -> str:
    """What an exporter says went wrong; those written in Python put a traceback before it and their place behind."""
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    return lines[-1].rstrip(". ") if lines else type(error).__name__
