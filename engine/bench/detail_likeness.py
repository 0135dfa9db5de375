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
from ..pipeline.image_files import write_png
from ..pipeline.preview import render_head
from ..pipeline.solution import Solution
from ..system.failures import as_hrn_error
from ..wire.language import local
from ..wire.settings import Settings
from .detail_measure import folds_of, solved
from .hair_likeness import recognized
from .sheets import expanded

__all__ = ["likeness_table", "score_likeness", "write_views"]

_TURN = 30.0
"""Degrees by which a head is turned."""
_PIXELS = 420
"""Height of the head in the pictures."""


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
    folder.mkdir(parents=True, exist_ok=True)
    fine, finer = subdivided(found.model)
    full, maps = found.posed.astype(np.float64), found.textures
    front, photo = _cut(found)
    pictures = {"photo": photo}
    for view, camera in (("front", front), ("turned", _turned(front, full))):
        for name, vertices, normal in (("smooth", full - folds_of(found), None), ("detail", full, maps.normal)):
            pictures[f"{view} {name}"] = render_head(fine, finer @ vertices, camera, maps.albedo, normal=normal, background=150)
    paths = [folder / f"{name}.png" for name in pictures]
    for path, image in zip(paths, pictures.values()):
        write_png(path, np.ascontiguousarray(image))
    return paths


def _cut(found: Solution) -> tuple[Camera, np.ndarray]:
    """The photo's camera and the photo around the head, at :data:`_PIXELS`."""
    camera = found.coarse.camera
    pixels = camera.project(found.posed.astype(np.float64))[0]
    low, high = pixels.min(0), pixels.max(0)
    size = float((high - low).max())
    x0, y0 = np.maximum(np.floor(low - 0.25 * size), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high + 0.25 * size), (camera.width, camera.height)).astype(int)
    scale = _PIXELS / max(1.0, size)
    own = camera.cropped(int(x0), int(y0), int(x1 - x0), int(y1 - y0)).scaled(scale)
    smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return own, cv2.resize(found.photo.pixels[y0:y1, x0:x1], (own.width, own.height), interpolation=smaller)


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
