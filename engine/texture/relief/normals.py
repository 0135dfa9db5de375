"""Tangent-space normals of a displacement map."""

from __future__ import annotations

import cv2
import numpy as np

from ...head.model import HeadModel
from ...system.progress import SILENT, Progress
from ..atlas import bands, corner_triangles, each_band, gather, texel_band

__all__ = ["FLAT", "tangent_normals", "uv_metric"]

FLAT = np.array([32768, 32768, 65535], np.uint16)
"""The undisturbed normal, OpenGL convention."""


def uv_metric(model: HeadModel, vertices: np.ndarray) -> np.ndarray:
    """How UV steps measure on the surface.

    With the unit tangent ``t`` along dP/du and ``b`` across it in the surface: ``|dP/du|``, ``dP/dv . t`` and
    ``dP/dv . b``, in mm per unit of UV.

    Args:
        vertices: (N, 3) mm.

    Returns:
        (4Q, 3) float32 by quad corner, averaged over the triangles that share vertex and UV.
    """
    triangles = corner_triangles(len(model.faces))
    uv = model.uv.reshape(-1, 2)[triangles].astype(np.float64)
    point = vertices[model.triangles].astype(np.float64)
    e1, e2 = point[:, 1] - point[:, 0], point[:, 2] - point[:, 0]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    determinant = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    determinant = np.where(np.abs(determinant) < 1e-14, 1e-14, determinant)[:, None]
    pu = (e1 * d2[:, 1:] - e2 * d1[:, 1:]) / determinant
    pv = (e2 * d1[:, :1] - e1 * d2[:, :1]) / determinant
    length = np.maximum(np.linalg.norm(pu, axis=1), 1e-6)
    along = (pv * pu).sum(1) / length
    across = np.sqrt(np.maximum((pv**2).sum(1) - along**2, 1e-6))
    metric = np.stack([length, along, across], 1)
    weight = np.abs(determinant[:, 0])
    key = np.concatenate([model.faces.reshape(-1, 1), np.round(model.uv.reshape(-1, 2) * 1e5).astype(np.int64)], 1)
    _, number = np.unique(key, axis=0, return_inverse=True)
    number = number.reshape(-1)
    owner = number[triangles].ravel()
    total = np.bincount(owner, np.repeat(weight, 3), number.max() + 1)
    mean = np.stack([np.bincount(owner, np.repeat(weight * metric[:, k], 3), number.max() + 1) for k in range(3)], 1)
    return (mean / np.maximum(total, 1e-20)[:, None])[number].astype(np.float32)


def tangent_normals(
    model: HeadModel, vertices: np.ndarray, displacement: np.ndarray, progress: Progress = SILENT
) -> np.ndarray:
    """Normals of the displaced surface in the frame (dP/du, across, normal).

    ``n = (-dh/dt, -dh/db, 1)``, normalised; the metric of the layout is used at every texel, so the map means the same
    relief where the layout is dense and where it is coarse.

    Args:
        vertices: (N, 3) mm.
        displacement: (S, S) float32 mm, row 0 at the top.
        progress: as bands finish; may raise to cancel.

    Returns:
        (S, S, 3) uint16, OpenGL (y up), :data:`FLAT` outside the layout.
    """
    size = displacement.shape[0]
    metric = uv_metric(model, vertices)
    triangles = corner_triangles(len(model.faces))
    out = np.empty((size, size, 3), np.uint16)
    out[:] = FLAT

    def bake(row0, row1):
        texels = texel_band(model, size, row0, row1)
        low, high = max(0, row0 - 2), min(size, row1 + 2)
        window = displacement[low:high].astype(np.float32)
        # Scharr keeps directions isotropic and does not amplify the last octave as plain differences do.
        du = cv2.Scharr(window, cv2.CV_32F, 1, 0)[row0 - low : row1 - low].reshape(-1)[texels.index] * (size / 32)
        dv = -cv2.Scharr(window, cv2.CV_32F, 0, 1)[row0 - low : row1 - low].reshape(-1)[texels.index] * (size / 32)
        length, along, across = gather(texels, triangles, metric).T
        slope_t = du / length
        slope_b = (dv - slope_t * along) / across
        inverse = 1 / np.sqrt(slope_t**2 + slope_b**2 + 1)
        normal = np.stack([-slope_t * inverse, -slope_b * inverse, inverse], 1)
        encoded = np.clip(np.floor(normal * (65535 / 2) + 32768), 0, 65535).astype(np.uint16)
        out[row0:row1].reshape(-1, 3)[texels.index] = encoded

    each_band(bake, bands(size), progress)
    return out
