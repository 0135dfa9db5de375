"""Small JSON files of ours, each an object: read leniently, written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from .atomic import replace_file

__all__ = ["read_object", "write_object"]


def read_object(path: Path) -> dict:
    """The object in the file; empty when the file is absent, damaged or holds something else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_object(path: Path, content: dict) -> None:
    """Write the file whole, and its folder when there is none.

    Raises:
        OSError: the folder is not writable or the disk is full; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(content, indent=1))
