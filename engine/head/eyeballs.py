"""Eyeballs as spheres, and the sockets around them."""

from __future__ import annotations

import numpy as np

from .model import MATERIALS, HeadModel

__all__ = ["socket_faces", "socket_vertices", "sphere_through"]

_SOCKET_MM = 25.0
"""Distance from an eyeball's centre within which its socket lies, mm; the mouth, of the same material, is farther away."""


def sphere_through(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Centre (3,) and radius of the least-squares sphere through (M, 3) points, in their unit."""
    design = np.concatenate([2 * points, np.ones((len(points), 1))], 1)
    solution = np.linalg.lstsq(design, (points**2).sum(1), rcond=None)[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def socket_vertices(model: HeadModel, *sides: int) -> np.ndarray:
    """(n,) vertices of the lining of the sockets of these eyes (0 right, 1 left; both where none is named), lids' edges included."""
    lining = np.unique(model.faces[model.face_material == MATERIALS.index("mouth")])
    centres = model.template[model.eyeballs[list(sides or (0, 1))]].mean(1)
    away = np.linalg.norm(model.template[lining][:, None] - centres, axis=-1).min(1)
    return lining[away < _SOCKET_MM]


def socket_faces(model: HeadModel) -> np.ndarray:
    """(Q,) bool: quads of the lining of both sockets."""
    return (model.face_material == MATERIALS.index("mouth")) & np.isin(model.faces[:, 0], socket_vertices(model))
