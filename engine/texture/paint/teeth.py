"""Teeth: the model has one closed band per jaw; crowns, gaps and gums are painted on it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ...head.model import MATERIALS, HeadModel
from ...wire.teeth import NECK_TINT, TOOTH_WIDTHS
from ..weights import WEIGHTS, ToothWeights
from .srgb import linear

__all__ = ["tooth_colors"]

_WIDTHS = (TOOTH_WIDTHS["upper"], TOOTH_WIDTHS["lower"])
"""Widths of the teeth from the middle backwards, mm: upper jaw, lower jaw."""

_NECK = np.array(NECK_TINT, np.float32)
"""Colour of a tooth at its neck over that of its enamel."""


def tooth_colors(
    model: HeadModel,
    vertex: np.ndarray,
    place: np.ndarray,
    enamel: np.ndarray,
    texel: np.ndarray,
    weights: ToothWeights = WEIGHTS.teeth,
) -> np.ndarray:
    """Linear colours of points on the teeth.

    Args:
        model: the head.
        vertex: (m,) a vertex near each point, which tells the jaw.
        place: (m, 3) mm, mean head.
        enamel: (3,) linear colour.
        texel: (m,) mm, size of a texel; thinner gaps become about as wide, and a little weaker.
        weights: how teeth look.

    Returns:
        (m, 3) float32.
    """
    faces = model.faces[model.face_material == MATERIALS.index("teeth")]
    count = len(model.template)
    links = coo_matrix((np.ones(3 * len(faces)), (faces[:, :3].ravel(), faces[:, 1:].ravel())), (count, count))
    label = connected_components(links, directed=False)[1]
    bands = [np.unique(faces[label[faces[:, 0]] == k]) for k in np.unique(label[faces[:, 0]])]
    bands.sort(key=lambda band: -model.template[band, 1].mean())
    out = np.empty((len(place), 3), np.float32)
    for number, band in enumerate(bands):
        mine = np.isin(vertex, band)
        out[mine] = _band(model.template[band], place[mine], min(number, 1), enamel, texel[mine], weights)
    return out


def _angle(points: np.ndarray, centre_z: float) -> np.ndarray:
    return np.arctan2(np.abs(points[:, 0]), points[:, 2] - centre_z)


def _band(band: np.ndarray, place: np.ndarray, jaw: int, enamel: np.ndarray, texel: np.ndarray, w: ToothWeights) -> np.ndarray:
    angle = _angle(band, w.centre_z)
    bins = np.linspace(0, angle.max(), w.bins + 1)
    slot = np.clip(np.digitize(angle, bins) - 1, 0, w.bins - 1)
    middle = (bins[1:] + bins[:-1]) / 2
    used = [k for k in range(w.bins) if (slot == k).any()]
    towards = -1 if jaw == 0 else 1  # the biting edge is the lower one above, the upper one below
    radius = np.array([np.hypot(band[slot == k, 0], band[slot == k, 2] - w.centre_z).max() for k in used])
    edge = np.array([(towards * band[slot == k, 1]).max() for k in used])
    fine = np.linspace(0, angle.max(), w.samples)
    length = np.concatenate([[0], np.cumsum(np.interp((fine[1:] + fine[:-1]) / 2, middle[used], radius) * np.diff(fine))])
    mine = _angle(place, w.centre_z)
    along = np.interp(mine, fine, length)
    below_edge = np.maximum(np.interp(mine, middle[used], edge) - towards * place[:, 1], 0)
    limits = np.concatenate([[0], np.cumsum(_WIDTHS[jaw])]) * length[-1] / sum(_WIDTHS[jaw])
    tooth = np.clip(np.searchsorted(limits, along, side="right") - 1, 0, len(limits) - 2)
    within = (along - limits[tooth]) / (limits[tooth + 1] - limits[tooth])
    crown = np.array(w.crowns_mm[jaw])[tooth] * (1 - w.papilla * (2 * within - 1) ** 2)
    from_gap = np.minimum(along - limits[tooth], limits[tooth + 1] - along)
    # Neighbours touch in the middle of their height; towards the biting edge they round off.
    least, more = w.gap_mm
    width = least + more * np.exp(-below_edge / w.gap_fade_mm) * (np.array(_WIDTHS[jaw])[tooth] / w.gap_tooth_mm)
    wide = np.maximum(width, w.gap_texels * texel)
    gap = (np.clip(w.gap_reach - from_gap / wide, 0, 1) * w.gap_dark * (width / wide) ** w.gap_weaker)[:, None]
    neck = np.clip(below_edge / crown, 0, 1)[:, None] ** 2
    color = enamel * (1 + (_NECK - 1) * neck)
    color = color * (1 - w.edge_dark * np.exp(-below_edge / w.edge_mm))[:, None]
    color = color * (1 - w.canine_dark * (tooth == w.canine))[:, None]
    color = color + (linear(w.gap) - color) * gap
    gum = np.clip((below_edge - crown) / w.gum_edge_mm + 0.5, 0, 1)[:, None]
    rim = np.exp(-np.maximum(below_edge - crown, 0) / w.gum_rim_mm)[:, None]
    color = color + (linear(w.gum) * (1 + w.gum_rim * rim) - color) * gum
    # The back of the mouth receives little light; renderers find most of that out themselves.
    begin, over = w.back_mm
    return (color * (1 - w.back_dark * np.clip((along - begin) / over, 0, 1))[:, None]).astype(np.float32)
