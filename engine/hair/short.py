"""Brows, lashes, beard and stubble as short curves of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..head.model import HeadModel
from ..system.failures import of_view
from ..types import Textures, View
from ..wire.hair import HairStyle
from .beard import SeenBeard, beard_area, beard_strands
from .brows import SeenBrows, brow_strands
from .closeup import Closeup, make_closeup
from .lashes import lash_strands
from .lid_shade import lid_shade
from .lids import lid_lines
from .short_color import hair_paint, unlit
from .short_masks import beard_overhang, brow_alpha
from .short_weights import BEARD
from .skin import skin_triangles
from .types import HairView, Strands, Window

__all__ = ["short_hair"]

_BROW_STYLE = HairStyle(
    children=3, spread=0.0006, clump=0.15, noise=0.0004, frizz=0.0, curl_radius=0.0, curl_length=0.01, roughness=0.35
)
"""Hairs of brows: they lie side by side."""
_BROW_CHILDREN = ((0.45, 0.62, 0.75), (3, 4, 5))
"""How much darker than the skin brows are, and hairs for each of their guides: what is dark is dense."""
_LASH_STYLE = HairStyle(
    children=3, spread=0.0005, clump=0.6, noise=0.0002, frizz=0.0, curl_radius=0.0, curl_length=0.01, roughness=0.3
)
"""Lashes: two or three meet at their tips."""


def short_hair(
    model: HeadModel, views: Sequence[HairView], head_views: Sequence[View], heads: Sequence[np.ndarray], textures: Textures
) -> tuple[dict[str, tuple[Strands, HairStyle]], np.ndarray]:
    """The groups `brows`, `lashes` and `beard` that this person has, on the head as it is in the first photo, and (N,) the shade
    of its lids (:func:`.lid_shade.lid_shade`).

    Args:
        views: of the photos `head_views`, in their order: their masks tell where brows and beard are.
        heads: (N, 3) mm each, the head as it is in each photo.
        textures: their albedo tells the colours without the photo's light.
    """
    skin, posed = skin_triangles(model), heads[0]
    brows, beards = [], []
    for number, (found, view, here) in enumerate(zip(views, head_views, heads)):
        with of_view(number):
            closeup = make_closeup(model, here, view)
            brow_gate, beard = (_in_closeup(found.window, closeup, mask) for mask in (found.mask.brow, found.mask.beard))
            # The window is coarser than a brow's border; what it does not show at all is not a brow.
            brow = brow_alpha(closeup) * np.clip(3 * brow_gate, 0, 1)
            colors = unlit(closeup, skin, textures.albedo, np.maximum(brow, beard))
            paint = hair_paint(closeup, colors, brow)
            brows.append(SeenBrows(closeup, brow, paint))
            own = hair_paint(closeup, colors, beard, paint.color)
            beards.append(SeenBeard(closeup, beard, own, *beard_overhang(closeup, beard)))
    # The photo that shows most of the brows tells their colour to all.
    brows.sort(key=lambda one: -float(one.density.sum() * one.closeup.pixel_mm**2))
    color, darkness = brows[0].paint.color, brows[0].paint.darkness
    dense = replace(_BROW_STYLE, children=round(float(np.interp(darkness, *_BROW_CHILDREN))))
    groups = {"brows": (brow_strands(model, skin, posed, brows), dense)}
    lines = lid_lines([one.closeup for one in brows])
    groups["lashes"] = lash_strands(model, skin, posed, color, lines), _LASH_STYLE
    area = beard_area(model, skin, beards)
    beard_hairs = beard_strands(model, skin, posed, beards, area)
    if len(beard_hairs.points):
        groups["beard"] = beard_hairs, _beard_style(len(beard_hairs.points), area.mm2)
    return {name: one for name, one in groups.items() if len(one[0].points)}, lid_shade(model, posed, lines)


def _beard_style(guides: int, area_mm2: float) -> HairStyle:
    """As many hairs as beards have, spread over the guides' distance."""
    children = int(np.clip(round(BEARD.hairs_mm2 * area_mm2 / guides), 1, BEARD.most_children))
    return HairStyle(
        children=children,
        spread=float(0.75 * np.sqrt(area_mm2 / guides) * 0.001),
        clump=0.2,
        noise=0.0006,
        frizz=0.0003,
        curl_radius=0.0,
        curl_length=0.01,
        roughness=0.4,
    )


def _in_closeup(window: Window, closeup: Closeup, mask: np.ndarray) -> np.ndarray:
    """A picture of the window in the close-up's pixels."""
    height, width = closeup.skin.shape
    across, down = (scale / window.scale for scale in closeup.scale)
    x, y = ((window.origin[k] - closeup.offset[k]) * closeup.scale[k] for k in (0, 1))
    move = np.float32([[across, 0, x + 0.5 * across - 0.5], [0, down, y + 0.5 * down - 0.5]])
    return cv2.warpAffine(mask.astype(np.float32), move, (width, height), flags=cv2.INTER_LINEAR)
