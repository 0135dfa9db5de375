"""The dark line that lids show from afar: roots of lashes, their shade on the skin, and make-up, which single hairs do not draw."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.smoothstep import smoothstep
from ..head.eyeballs import socket_vertices
from ..head.model import MATERIALS, HeadModel
from ..photo.regions import EYES
from .lids import LidLines
from .short_weights import LASH, LashWeights

__all__ = ["lid_shade"]

_DENSE = 16
"""Points between two of a rim's landmarks."""


def lid_shade(model: HeadModel, posed: np.ndarray, lines: LidLines, weights: LashWeights = LASH) -> np.ndarray:
    """(N,) float32 log of how much darker the skin of the lids is than the skin around the eyes, at each vertex.

    Whole from the eye to the lid's rim, none a little beyond it, and fading towards the inner corner.

    Args:
        posed: (N, 3) mm, the head that the lashes were made on.
        lines: what the photos show.
    """
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    out = np.zeros(len(posed), np.float32)
    landmarks = model.landmarks(posed)
    edge = cKDTree(posed[np.intersect1d(socket_vertices(model), skin)])
    height = edge.query(posed[skin])[0]
    for rim in EYES:
        # From the outer corner along the lower lid to the inner one, and back along the upper.
        around = landmarks[[*rim, rim[0]]]
        for points, shade, span in (
            (around[:9], lines.shade[1], weights.shade_mm[1]),
            (around[:7:-1], lines.shade[0], weights.shade_mm[0]),
        ):
            line = _dense(points)
            away, nearest = cKDTree(line).query(posed[skin])
            share = nearest / (len(line) - 1)
            inside = (height < edge.query(line)[0][nearest]) & (away < weights.margin_mm)
            dark = np.where(inside, 1, 1 - smoothstep(*span, away)) * (1 - smoothstep(*weights.inner, share))
            out[skin] = np.maximum(out[skin], shade * dark)
    return out


def _dense(points: np.ndarray) -> np.ndarray:
    """(n, 3) points along a line through a few."""
    at = np.linspace(0, len(points) - 1, _DENSE * (len(points) - 1) + 1)
    return np.stack([np.interp(at, np.arange(len(points)), points[:, axis]) for axis in range(3)], 1)
