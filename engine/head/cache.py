"""Keeping the built head model on disk."""

from __future__ import annotations

import zipfile
from dataclasses import fields
from pathlib import Path

import numpy as np

from ..wire.atomic import replace_file
from .model import HeadModel

__all__ = ["read_cache", "write_arrays", "write_cache"]

_HALF = ("identity_basis", "expression_basis")
"""Stored as float16: offsets of at most a few centimetres, so the rounding is below 0.02 mm."""


def write_cache(model: HeadModel, path: Path) -> None:
    """Write `model` to `path`, whole or not at all.

    Raises:
        OSError: the folder is not writable or the disk is full; nothing is left behind then.
    """
    arrays = {field.name: getattr(model, field.name) for field in fields(model)}
    arrays["expression_names"] = np.array(model.expression_names)
    arrays["version"] = np.array(model.version)
    for name in _HALF:
        arrays[name] = arrays[name].astype(np.float16)
    write_arrays(path, arrays)


def write_arrays(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write an ``.npz``, whole or not at all.

    Raises:
        OSError: the folder is not writable or the disk is full; nothing is left behind then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, lambda file: np.savez(file, **arrays))


def read_cache(path: Path, version: str) -> HeadModel | None:
    """The model stored at `path`; None when it is absent, damaged or of another version."""
    try:
        with np.load(path, allow_pickle=False) as data:
            if str(data["version"]) != version:
                return None
            arrays = {field.name: data[field.name] for field in fields(HeadModel)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    for name in _HALF:
        arrays[name] = arrays[name].astype(np.float32)
    arrays["expression_names"] = tuple(str(name) for name in arrays["expression_names"])
    arrays["version"] = version
    return HeadModel(**arrays)
