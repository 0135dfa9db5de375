"""The skin that the curves cover: where the albedo must not show painted hair as well."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.smoothstep import smoothstep
from ..head.model import MATERIALS, HeadModel
from .types import Strands

__all__ = ["covered_skin"]

_STUBBLE_MM = (1.0, 2.0)
"""Median length of a beard's hairs up to which most of its shade lies in the skin, and from which on none does: what was shaved
shows through from below, bluish and soft, and only what stands out of the skin is seen as hairs."""
_STUBBLE = 0.65
"""Share of the shade of the shortest stubble that lies in the skin."""

_REACH_MM = {"brows": (1.5, 4.0), "beard": (1.5, 4.0), "lashes": (1.2, 3.2), "hair": (3.0, 16.0)}
"""Distance from the curves up to which skin is covered wholly, and from which on not at all, mm."""
_LAID = ("brows",)
"""Groups whose hairs lie on the skin, so that all of their points cover it, not their roots alone."""


def covered_skin(
    model: HeadModel, posed: np.ndarray, groups: Mapping[str, Strands], lids: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """(N,) float32 in [0, 1] for each group of curves: how far it covers the skin at each vertex; hair grows on no ear. With a
    beard, ``stubble`` is the share of its shade that lies in the skin; with lashes, ``lids`` is the lids' shade.

    Args:
        posed: (N, 3) mm, the head that the curves were made on.
        lids: (N,) log of how much darker the lids' edges are than the skin around; None: as dark as that.
    """
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    bare = 1 - model.part("right_ear", "left_ear")
    out = {}
    for name, strands in groups.items():
        if not len(strands.points):
            continue
        points = strands.points.reshape(-1, 3) if name in _LAID else strands.points[:, 0]
        near, far = _REACH_MM[name]
        away = cKDTree(points).query(posed[skin], distance_upper_bound=far)[0]
        cover = np.zeros(len(posed), np.float32)
        cover[skin] = 1 - smoothstep(near, far, np.minimum(away, far))
        out[name] = cover * bare if name == "hair" else cover
        if name == "beard":
            out["stubble"] = np.full(len(posed), _in_the_skin(strands), np.float32)
        if name == "lashes" and lids is not None:
            out["lids"] = lids
    return out


def _in_the_skin(beard: Strands) -> float:
    """Share of the beard's shade that lies in the skin."""
    length = np.linalg.norm(np.diff(beard.points, axis=1), axis=-1).sum(1)
    return float(_STUBBLE * (1 - smoothstep(*_STUBBLE_MM, np.median(length))))
