"""Which vertex belongs to which part of the face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from .model import MATERIALS, PARTS
from .topology import HeadMesh

__all__ = ["part_masks"]


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
    right, left = (x < 0) * skin, (x >= 0) * skin
    paint = {name: _paint(root, name, atlas_uv, head, skin_faces, count) for name in ("lips", "ears", "eyelids")}
    lips = (paint["lips"] + paint["lips"][mirror]) / 2 * skin
    ears = (paint["ears"] + paint["ears"][mirror]) / 2 * skin
    lids = (paint["eyelids"] + paint["eyelids"][mirror]) / 2 * skin
    seam = np.median(y[lips > 0.5])
    brow = _bump(np.abs(x), 12, 52, 5) * _bump(y, 14, 26, 4) * (z > -20) * skin
    nose = _bump(np.abs(x), -1, 17, 4) * _bump(y, -48, -2, 5) * (z > 8) * skin * (1 - lips)
    neck = skin * _ramp(-(y + 0.45 * z), 95, 115)
    scalp = skin * _ramp(y + 0.55 * (-z - 20), 55, 70) * (1 - ears)
    masks = {"right_eye": lids * right, "left_eye": lids * left, "right_brow": brow * right, "left_brow": brow * left,
             "nose": nose, "upper_lip": lips * (y >= seam), "lower_lip": lips * (y < seam),
             "right_ear": ears * right, "left_ear": ears * left, "scalp": scalp, "neck": neck}
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


def _ramp(value: np.ndarray, low: float, high: float) -> np.ndarray:
    t = ((value - low) / (high - low)).clip(0, 1)
    return t * t * (3 - 2 * t)


def _bump(value: np.ndarray, low: float, high: float, soft: float) -> np.ndarray:
    return _ramp(value, low - soft, low + soft) * _ramp(-value, -high - soft, -high + soft)
