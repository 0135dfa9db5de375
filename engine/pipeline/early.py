"""The head before it is finished: its shape as soon as it is known, as small files for whoever watches.

Nobody watches unless :func:`watched` says so; then the stages that know a shape call :func:`show_early`, which costs some
milliseconds. A file that cannot be written is not written: what is shown early is never a reason for a failure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np

from ..head.model import HeadModel
from ..types import CoarseFit, Photo
from .assemble import METRE, camera_json
from .image_files import write_jpeg

__all__ = ["PICTURE_PX", "is_watched", "show_early", "watched"]

_log = logging.getLogger(__name__)
PICTURE_PX = 1024
"""Longest side of the picture that the early head is painted with, pixels."""

_Told = Callable[[Path], None]
_watcher: ContextVar[tuple[Path, _Told, list[str]] | None] = ContextVar("early", default=None)


@contextmanager
def watched(folder: Path, told: _Told) -> Iterator[None]:
    """While this lasts, shapes are written into `folder` and `told` is called with the path of each: an NPZ
    file with ``posed`` ((N, 3) metres, the head as it is in the photo), ``faces``, ``face_material``, the camera's numbers as in
    the manifest and ``picture``, the name of the file beside it that shows the photo at most :data:`PICTURE_PX` wide and high.

    Args:
        folder: exists; belongs to the caller, who removes it.
    """
    token = _watcher.set((folder, told, []))
    try:
        yield
    finally:
        _watcher.reset(token)


def is_watched() -> bool:
    """Whether anybody watches."""
    return _watcher.get() is not None


def show_early(model: HeadModel, photo: Photo, coarse: CoarseFit, deformation: np.ndarray | None = None) -> None:
    """Show a head as it is in its photo, to whoever watches.

    Args:
        deformation: (N, 3) mm beyond the parametric head, where it is known already.
    """
    watcher = _watcher.get()
    if watcher is None:
        return
    folder, told, written = watcher
    try:
        posed = model.shape(coarse.identity, coarse.expression)
        if deformation is not None:
            posed = posed + deformation
        picture = folder / f"early_{written.index(photo.sha256) if photo.sha256 in written else len(written)}.jpg"
        if not picture.exists():
            step = max(1, -(-max(photo.size) // PICTURE_PX))
            write_jpeg(picture, np.ascontiguousarray(photo.shot[::step, ::step]), 85)
        path = folder / f"early_{len(written)}.npz"
        camera = camera_json(coarse.camera)
        arrays: dict[str, Any] = {name: np.array(value, np.float64) for name, value in camera.items()}
        arrays |= {"faces": model.faces, "face_material": model.face_material, "picture": np.array(picture.name)}
        np.savez(path, posed=(posed * METRE).astype(np.float32), **arrays)
        written.append(photo.sha256)
    except Exception:
        _log.warning("The early head could not be shown.", exc_info=True)
        return
    told(path)
