"""Whether a face recogniser finds a textured head more like its photo with its detail than without, in front and turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from ..camera import Camera
from ..head.subdivision import subdivided
from ..pipeline.preview import render_head
from ..pipeline.solution import Solution
from ..system.failures import as_hrn_error
from ..wire.language import local
from ..wire.settings import Settings
from .detail_measure import folds_of, solved
from .hair_likeness import around_head, recognized, write_pictures
from .sheets import expanded

__all__ = ["likeness_table", "score_likeness", "write_views"]

_TURN = 30.0
"""Degrees by which a head is turned."""


def score_likeness(photos: list[Path], python: Path, settings: Settings, tell: Callable[[str], object]) -> list[dict]:
    """For each photo the recogniser's distances (without, with detail) to the ``front`` and the ``turned`` head.

    Raises:
        NotMeasured: the recogniser cannot be run.
    """
    names, pictures = [], []
    with TemporaryDirectory() as temporary:
        work = Path(temporary)
        for number, photo in enumerate(expanded(photos)):
            try:
                pictures.append(write_views(solved(photo, settings), work / str(number)))
            except Exception as failure:
                tell(f"{photo.name}: {local(as_hrn_error(failure).sentence)}")
                continue
            names.append(photo.name)
            tell(photo.name)
        told = recognized(pictures, python, work)
    return [{"photo": name, "front": one[:2], "turned": one[2:]} for name, one in zip(names, told)]


def write_views(found: Solution, folder: Path) -> list[Path]:
    """Write the photo, and the textured head in front and turned, each without and with its detail; their paths."""
    fine, finer = subdivided(found.model)
    full, maps = found.posed.astype(np.float64), found.textures
    front, photo = around_head(found.coarse.camera, found.photo.pixels, full)
    pictures = {"photo": photo}
    for view, camera in (("front", front), ("turned", _turned(front, full))):
        for name, vertices, normal in (("smooth", full - folds_of(found), None), ("detail", full, maps.normal)):
            pictures[f"{view} {name}"] = render_head(fine, finer @ vertices, camera, maps.albedo, normal=normal, background=150)
    return write_pictures(folder, pictures)


def _turned(camera: Camera, vertices: np.ndarray) -> Camera:
    """The camera gone round the head's middle by :data:`_TURN`, to the side that the photo shows less of."""
    middle = (vertices.min(0) + vertices.max(0)) / 2
    side = -1.0 if camera.yaw_degrees > 0 else 1.0
    turn = cv2.Rodrigues(np.array([0.0, -side * np.radians(_TURN), 0.0]))[0]
    R = camera.R @ turn
    # The whole head is in the picture, whatever the photo cuts off.
    t = camera.R @ middle + camera.t - R @ middle
    return replace(camera, R=R, t=t)


def likeness_table(rows: list[dict]) -> str:
    """Rows and their means in Markdown."""
    lines = ["| photo | front, smooth | with detail | turned, smooth | with detail |", "|---|---|---|---|---|"]
    values = [[*row["front"], *row["turned"]] for row in rows]
    for row, own in zip(rows, values):
        lines.append(f"| {row['photo']} | " + " | ".join("-" if one is None else f"{one:.3f}" for one in own) + " |")
    whole = [own for own in values if None not in own]
    if whole:
        lines.append("| mean | " + " | ".join(f"{mean:.3f}" for mean in np.mean(whole, 0)) + " |")
    return "\n".join(lines)
