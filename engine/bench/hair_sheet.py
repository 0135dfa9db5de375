"""A sheet of known styles beside what was rebuilt of them: to be looked at, and small enough for the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from ..camera import Camera, orbit_camera
from ..geometry.similarity import similarity
from ..hair.types import Tufts
from ..head import load_head_model
from ..head.subdivision import subdivided
from ..pipeline.image_files import write_jpeg
from ..pipeline.preview import render_head
from ..synthetic.dataset import face_vertices
from ..wire.bundle import Bundle
from ..wire.hair import HairGroup, HairStyle, load_hair
from .hair_bundle import photo_camera
from .hair_metrics import tufts
from .hair_truth import Truth

__all__ = ["write_sheet"]

_CELL = 200
"""Side of one picture, pixels."""
_PLAIN = HairStyle(1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3)
"""The style of strands that are all there."""


def write_sheet(path: Path, pairs: Sequence[tuple[Truth, Bundle]], columns: int = 2) -> None:
    """Write a JPEG with, for each pair: the photo, the rebuilt head in it, the known hair from behind, the rebuilt hair from
    behind."""
    cells = [_cells(truth, bundle) for truth, bundle in pairs]
    while len(cells) % columns:
        cells.append(np.full_like(cells[0], 235))
    rows = [np.concatenate(cells[start : start + columns], 1) for start in range(0, len(cells), columns)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_jpeg(path, np.concatenate(rows))


def _cells(truth: Truth, bundle: Bundle) -> np.ndarray:
    """(200, 800, 3) uint8."""
    model = load_head_model()
    fine, finer = subdivided(model)
    arrays = bundle.arrays()
    rest = (arrays["vertices"] + arrays["deformation"]).astype(np.float64) * 1000
    face = face_vertices(model)
    scale, R, t = similarity(rest[face], truth.vertices[face].astype(np.float64))
    maps = bundle.manifest["maps"]
    albedo = cv2.imread(str(bundle.path / maps.get("albedo_bare", maps["albedo"])["file"]))[..., ::-1]
    groups = load_hair(bundle)

    def built(vertices: np.ndarray, camera: Camera, found: dict[str, HairGroup]) -> np.ndarray:
        drawn = {name: tufts(group) for name, group in found.items()}
        return render_head(fine, finer @ vertices, camera, albedo, background=150, tufts=drawn)

    photo = cv2.imread(str(truth.photo))[..., ::-1]
    camera = photo_camera(bundle)
    own = camera.scaled(_CELL / camera.width)
    cloud = np.concatenate([truth.vertices, truth.strands.reshape(-1, 3)[::101]])
    behind = orbit_camera(cloud, truth.camera.yaw_degrees + 150, width=_CELL, height=_CELL, fill=0.95)
    placed = {
        name: one._replace(points=((scale * 1000 * one.points @ R.T + t) / 1000).astype(np.float32))
        for name, one in groups.items()
    }
    pictures = [
        cv2.resize(photo, (_CELL, _CELL), interpolation=cv2.INTER_AREA),
        built(rest, own, groups),
        render_head(fine, finer @ truth.vertices, behind, None, background=150, tufts=_known(truth)),
        built(scale * rest @ R.T + t, behind, placed),
    ]
    row = np.ascontiguousarray(np.concatenate([_square(picture) for picture in pictures], 1))
    for color, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(row, truth.style.name, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, color, width, cv2.LINE_AA)
    return row


def _square(picture: np.ndarray) -> np.ndarray:
    return picture if picture.shape[:2] == (_CELL, _CELL) else cv2.resize(picture, (_CELL, _CELL))


def _known(truth: Truth) -> dict[str, Tufts]:
    """The known strands as a group."""
    points = truth.strands[::3] / np.float32(1000)
    count = points.shape[:2]
    if not count[0]:
        return {}
    color = np.broadcast_to(truth.color, (*count, 3)).astype(np.float32)
    none = np.zeros(count[0], np.uint8)
    uv, radius = np.zeros((count[0], 2), np.float32), np.full(count, 1e-4, np.float32)
    return {"hair": tufts(HairGroup(points, uv, radius, color, none, none, _PLAIN))}
