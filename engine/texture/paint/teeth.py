"""Teeth: the model has one closed band per jaw; crowns, gaps and gums are painted on it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from ...head.model import MATERIALS, HeadModel
from ...wire.color import srgb_to_linear
from ...wire.teeth import NECK_TINT, TOOTH_WIDTHS

__all__ = ["tooth_colors"]

_WIDTHS = (TOOTH_WIDTHS["upper"], TOOTH_WIDTHS["lower"])
"""Widths of the teeth from the middle backwards, mm: upper jaw, lower jaw."""
_CROWNS = ((10.5, 9.0, 10.0, 8.5, 8.5, 7.5, 7.0), (8.8, 9.0, 10.5, 8.5, 8.0, 7.5, 7.0))
"""Heights of the crowns in mm."""
_CENTRE_Z = -12.0
"""Middle of the dental arches; angles around it order the teeth."""

_NECK = np.array(NECK_TINT, np.float32)
"""Colour of a tooth at its neck over that of its enamel."""
_GAP = srgb_to_linear(np.array([96, 66, 54]) / 255).astype(np.float32)
"""Linear colour between two teeth."""
_GUM = srgb_to_linear(np.array([176, 104, 100]) / 255).astype(np.float32)
"""Linear colour of the gums."""


def tooth_colors(model: HeadModel, vertex: np.ndarray, place: np.ndarray, enamel: np.ndarray, texel: np.ndarray) -> np.ndarray:
    """Linear colours of points on the teeth.

    Args:
        model: the head.
        vertex: (m,) a vertex near each point, which tells the jaw.
        place: (m, 3) mm, mean head.
        enamel: (3,) linear colour.
        texel: (m,) mm, size of a texel; thinner gaps become about as wide, and a little weaker.

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
        out[mine] = _band(model.template[band], place[mine], min(number, 1), enamel, texel[mine])
    return out


def _angle(points):
    return np.arctan2(np.abs(points[:, 0]), points[:, 2] - _CENTRE_Z)


def _band(band: np.ndarray, place: np.ndarray, jaw: int, enamel: np.ndarray, texel: np.ndarray) -> np.ndarray:
    angle = _angle(band)
    bins = np.linspace(0, angle.max(), 13)
    slot = np.clip(np.digitize(angle, bins) - 1, 0, 11)
    middle = (bins[1:] + bins[:-1]) / 2
    used = [k for k in range(12) if (slot == k).any()]
    towards = -1 if jaw == 0 else 1  # the biting edge is the lower one above, the upper one below
    radius = np.array([np.hypot(band[slot == k, 0], band[slot == k, 2] - _CENTRE_Z).max() for k in used])
    edge = np.array([(towards * band[slot == k, 1]).max() for k in used])
    fine = np.linspace(0, angle.max(), 200)
    length = np.concatenate([[0], np.cumsum(np.interp((fine[1:] + fine[:-1]) / 2, middle[used], radius) * np.diff(fine))])
    mine = _angle(place)
    along = np.interp(mine, fine, length)
    below_edge = np.maximum(np.interp(mine, middle[used], edge) - towards * place[:, 1], 0)
    limits = np.concatenate([[0], np.cumsum(_WIDTHS[jaw])]) * length[-1] / sum(_WIDTHS[jaw])
    tooth = np.clip(np.searchsorted(limits, along, side="right") - 1, 0, len(limits) - 2)
    within = (along - limits[tooth]) / (limits[tooth + 1] - limits[tooth])
    crown = np.array(_CROWNS[jaw])[tooth] * (1 - 0.30 * (2 * within - 1) ** 2)
    from_gap = np.minimum(along - limits[tooth], limits[tooth + 1] - along)
    # Neighbours touch in the middle of their height; towards the biting edge they round off.
    width = 0.16 + 0.55 * np.exp(-below_edge / 0.9) * (np.array(_WIDTHS[jaw])[tooth] / 8)
    wide = np.maximum(width, 0.6 * texel)
    gap = (np.clip(1.2 - from_gap / wide, 0, 1) * 0.75 * (width / wide) ** 0.25)[:, None]
    neck = np.clip(below_edge / crown, 0, 1)[:, None] ** 2
    color = enamel * (1 + (_NECK - 1) * neck)
    color = color * (1 - 0.10 * np.exp(-below_edge / 0.7))[:, None] * (1 - 0.03 * (tooth == 2))[:, None]
    color = color + (_GAP - color) * gap
    gum = np.clip((below_edge - crown) / 0.35 + 0.5, 0, 1)[:, None]
    rim = np.exp(-np.maximum(below_edge - crown, 0) / 0.8)[:, None]
    color = color + (_GUM * (1 + 0.25 * rim) - color) * gum
    # The back of the mouth receives little light; renderers find most of that out themselves.
    return (color * (1 - 0.25 * np.clip((along - 22) / 30, 0, 1))[:, None]).astype(np.float32)
