"""A synthetic face model with the size and layout of the Basel face, on an anatomically plausible face: ours.

The surface of the head model is sampled on a cylinder around it, 189 x 189 rays less the last 12, and rounded, so that
it is not a union of the head's own facets. Bases are smooth random fields.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import cv2
import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from engine.head import load_head_model
from engine.head.landmarks68 import LANDMARKS_68
from engine.head.model import MATERIALS
from engine.render import rasterize
from support.golden.models import FULL_VERTICES, faces_around, full_triangles
from support.golden.rules import normal

SIDE = 189
_AXIS_Z = -75.0
"""mm: where the cylinder's axis stands."""
_HALF_ANGLE, _TOP, _BOTTOM = np.radians(62), 62.0, -108.0


class FaceLike(NamedTuple):
    mean: np.ndarray
    """(N, 3) decimetres, off the centre like the official model."""
    triangles: np.ndarray
    keypoints: np.ndarray
    """(68,)."""


@functools.cache
def face_like() -> FaceLike:
    model = load_head_model()
    template = model.template.astype(np.float64)
    shown = np.isin(model.face_material, [MATERIALS.index(name) for name in ("skin", "eyes")])
    triangles = model.triangles[np.repeat(shown, 2)]
    x, y, z = template[:, 0], template[:, 1], template[:, 2] - _AXIS_Z
    angle, radius = np.arctan2(x, z), np.hypot(x, z)
    fine = 4 * SIDE
    plane = np.stack([(angle / _HALF_ANGLE + 1) / 2 * fine, (_TOP - y) / (_TOP - _BOTTOM) * fine], 1)
    # Nothing behind the cylinder's axis, where the angle jumps.
    triangles = triangles[(np.abs(angle[triangles]) < 2).all(1)]
    raster = rasterize(plane, 400 - radius, triangles.astype(np.int32), fine, fine)
    hole = ~np.isfinite(raster.depth)
    assert hole.mean() < 0.05
    radius = 400 - raster.depth.astype(np.float64)
    radius = radius[tuple(distance_transform_edt(hole, return_distances=False, return_indices=True))]
    smooth = cv2.GaussianBlur(radius, (0, 0), 4)
    at = (np.arange(SIDE) * 4 + 2).astype(int)
    radius = smooth[np.ix_(at, at)]
    angle = ((at + 0.5) / fine * 2 - 1)[None] * _HALF_ANGLE
    height = np.broadcast_to((_TOP - (at + 0.5) / fine * (_TOP - _BOTTOM))[:, None], radius.shape)
    points = np.stack([radius * np.sin(angle), height, radius * np.cos(angle) + _AXIS_Z], -1).reshape(-1, 3)
    points = points[:FULL_VERTICES]
    keypoints = cKDTree(points).query(model.landmarks(template)[LANDMARKS_68])[1]
    return FaceLike(points / 100 + (0.1, -0.2, 0.3), full_triangles(), keypoints)


def smooth_basis(kind: str, components: int, size: float) -> np.ndarray:
    """(3N, components) decimetres: waves of 3 cm to 20 cm with random directions and phases."""
    points = face_like().mean
    wave = normal(f"face-like/{kind}/wave", (components, 3, 3))
    wave *= (2 * np.pi / np.geomspace(2.0, 0.3, components))[:, None, None] / np.linalg.norm(wave, axis=2, keepdims=True)
    phase = normal(f"face-like/{kind}/phase", (components, 3)) * 3
    amplitude = normal(f"face-like/{kind}/amplitude", (components, 3)) * (size * np.geomspace(1, 0.1, components))[:, None]
    field = amplitude[:, :, None] * np.sin(np.einsum("kad,nd->kan", wave, points) + phase[:, :, None])
    return field.transpose(2, 1, 0).reshape(-1, components)


@functools.cache
def face_like_fields() -> dict[str, np.ndarray]:
    """Fields of ``BFM_model_front.mat``."""
    face = face_like()
    color = np.array([185.0, 140.0, 120.0]) + 12 * np.sin(face.mean * 9)
    fields = {
        "meanshape": face.mean.reshape(1, -1),
        "meantex": color.reshape(1, -1),
        "idBase": smooth_basis("identity", 80, 0.01),
        "exBase": smooth_basis("expression", 64, 0.006),
        "texBase": 300 * smooth_basis("texture", 80, 0.01),
        "tri": face.triangles + 1,
        "point_buf": faces_around(face.triangles, FULL_VERTICES) + 1,
        "keypoints": face.keypoints[None] + 1,
    }
    return {name: np.asarray(value, np.float32) for name, value in fields.items()}
