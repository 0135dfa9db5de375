"""Soft masks that tell which vertex belongs to which part of the face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..geometry.smoothstep import smoothstep
from .model import MATERIALS, PARTS
from .topology import HeadMesh

__all__ = ["brow_mask", "part_masks"]

LIP_CONTACT = (474, 493)
"""Base-mesh vertices of the upper and lower lip that touch on the midline."""

SKULL_AXIS = -70.0
"""z of the vertical axis about which the hairline is described, mm."""

HAIRLINE = ((0, 20, 40, 55, 68, 80, 95, 110, 125, 145, 180), (84, 84, 76, 60, 34, 12, 8, -22, -48, -66, -70))
"""Azimuth from straight ahead in degrees, and height above the eyes in mm: forehead, temple, above the ear, nape."""

BROW = ((9, 20, 34, 46, 56), (14.5, 17.5, 19.0, 17.0, 12.5), (4.0, 4.5, 4.0, 3.0, 1.5))
"""Distance from the midline, height of the brow's middle line and half its thickness, mm: as in MediaPipe's canonical face,
an average of people. The base mesh's own brow targets lie 4 mm higher than people's."""


def part_masks(root: Path, atlas_uv: np.ndarray, head: HeadMesh, template: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    """Soft masks of :data:`PARTS`.

    Args:
        root: see :func:`engine.head.makehuman.data_root`; the base mesh's atlas masks of lips, ears and lids lie there.
        atlas_uv: (Q, 4, 2) in the base mesh's atlas.
        head: the mesh.
        template: (N, 3) mm, model space.
        mirror: (N,).

    Returns:
        (P, N) float64 in [0, 1].
    """
    count = len(template)
    skin_faces = head.face_material == MATERIALS.index("skin")
    skin = np.zeros(count)
    skin[np.unique(head.faces[skin_faces])] = 1
    x, y, z = template.T
    right, left = (x < -1e-6) * skin, (x > 1e-6) * skin
    paint = {name: _paint(root, name, atlas_uv, head, skin_faces, count) for name in ("lips", "ears", "eyelids")}
    lips = (paint["lips"] + paint["lips"][mirror]) / 2 * skin
    ears = (paint["ears"] + paint["ears"][mirror]) / 2 * skin
    lids = (paint["eyelids"] + paint["eyelids"][mirror]) / 2 * skin
    # The contact line of the closed mouth is nearly level.
    seam = y[np.isin(head.source, LIP_CONTACT)].mean()
    brow = brow_mask(np.abs(x), y) * (z > -20) * skin
    half_width = np.interp(-y, [-5, 12, 30, 42], [7, 9, 16, 19])
    nose = (
        smoothstep(0, 5, half_width + 2 - np.abs(x))
        * _bump(y, -49, 0, 4)
        * smoothstep(6, 12, z)
        * skin
        * (1 - lips)
        * (1 - lids)
    )
    neck = skin * smoothstep(95, 115, -(y + 0.45 * z)) * (1 - ears)
    azimuth = np.degrees(np.arctan2(np.abs(x), z - SKULL_AXIS))
    scalp = skin * smoothstep(-5, 5, y - np.interp(azimuth, *HAIRLINE)) * (1 - ears)
    masks = {
        "right_eye": lids * right,
        "left_eye": lids * left,
        "right_brow": brow * right,
        "left_brow": brow * left,
        "nose": nose,
        "upper_lip": lips * (y >= seam),
        "lower_lip": lips * (y < seam),
        "right_ear": ears * right,
        "left_ear": ears * left,
        "scalp": scalp,
        "neck": neck * (1 - scalp),
    }
    masks["skin"] = skin * (1 - np.max(list(masks.values()), 0))
    return np.stack([masks[name] for name in PARTS]).clip(0, 1)


def _paint(root: Path, name: str, atlas_uv: np.ndarray, head: HeadMesh, faces: np.ndarray, count: int) -> np.ndarray:
    """Vertex values of one of the atlas masks."""
    data = np.frombuffer((root / "mpfb2" / "textures" / f"mpfb_{name}.jpg").read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE).astype(np.float32) / 255
    uv = atlas_uv[faces].reshape(-1, 2)
    pixel = np.stack([uv[:, 0] * image.shape[1], (1 - uv[:, 1]) * image.shape[0]], 1).astype(int)
    value = image[pixel[:, 1].clip(0, image.shape[0] - 1), pixel[:, 0].clip(0, image.shape[1] - 1)]
    result = np.zeros(count)
    np.maximum.at(result, head.faces[faces].ravel(), value)
    return result


def brow_mask(across: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,) in [0, 1]: how far places at these distances from the midline and heights, mm, lie on a brow."""
    middle, half = np.interp(across, BROW[0], BROW[1]), np.interp(across, BROW[0], BROW[2])
    return smoothstep(0, 4, half + 2.5 - np.abs(y - middle)) * _bump(across, 8, 55, 3)


def _bump(value: np.ndarray, low: float, high: float, soft: float) -> np.ndarray:
    return smoothstep(low - soft, low + soft, value) * smoothstep(-high - soft, -high + soft, -value)
