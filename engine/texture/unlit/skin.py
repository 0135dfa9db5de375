"""The skin's own colour from a photographed one: level, white balance, highlights, lips, folds, in this order."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...system.progress import SILENT, Progress
from ..atlas import Texels, gather
from ..seen import Place, Seen
from ..weights import DarkWeights, TextureWeights
from .completion import splat
from .delight import LUMINANCE, darkness, flatten, highlight_share, skin_balance, weighted_median
from .evenness import even_out
from .gloss import highlight_gain, lip_gain
from .strands import with_strands
from .surface import Surface

__all__ = ["UnlitSkin", "unlit_skin"]


@dataclass(frozen=True)
class UnlitSkin:
    """n texels of skin, V vertices."""

    gain: np.ndarray
    """(n, 3) float32: photographed linear colour times gain is albedo."""
    fold: np.ndarray
    """(n,) float32: log gain that took the shade out of folds."""
    weight: np.ndarray
    """(n,) how well each texel is seen, without hair and its shadow."""
    clean: np.ndarray
    """(n,) the same without features and highlights."""
    level: np.ndarray
    """(V, 3) float32 even level of the skin around each vertex, linear, balanced."""
    middle: np.ndarray
    """(3,) median colour of the skin, linear, balanced."""
    balance: np.ndarray
    """(3,) the white balance in all of them."""


def unlit_skin(
    surface: Surface,
    mirror: np.ndarray,
    place: Place,
    seen: Seen,
    color: np.ndarray,
    teeth: float | None,
    weights: TextureWeights,
    progress: Progress = SILENT,
) -> UnlitSkin:
    """
    Args:
        surface: of V vertices. mirror: (V,) the vertex on the other side.
        place, seen: n texels.
        color: (n, 3) linear, without the light that the fit found.
        teeth: how much brighter than the skin the teeth are, where some show.
        progress: may raise to cancel.
    """
    texels, triangles, count, w = place.texels, place.triangles, len(mirror), weights.dark
    weight, feature = seen.weight, seen.feature
    clean = weight * (1 - feature)

    def bare(dark: np.ndarray) -> np.ndarray:
        return 1 - dark * (1 - seen.certain) * (1 - place.part["nose"])

    for number in range(w.passes):
        mean, amount = splat(texels, triangles, count, color, clean)
        skin = flatten(surface, mirror, mean, amount, weights.flat)
        level_gain, base = np.split(gather(texels, triangles, np.concatenate([skin.gain, skin.base], 1)), 2, 1)
        corrected = color * level_gain
        gloss = highlight_share(corrected, base, seen.color, weights.highlight)
        # Dark things at the rim of the mask are hair and its shadow, not skin.
        dark = _without_spots(texels, darkness(corrected, base, seen.central, weights.hair), weight, place.mm, w)
        clean = weight * (1 - feature) * (1 - w.gloss_doubt * gloss) * bare(dark)
        progress((number + 1) / (w.passes + 1))
    above = smoothstep(*weights.even.hair_height, place.height) * (1 - np.maximum(seen.certain, seen.brows))
    dark = with_strands(texels, dark, corrected @ LUMINANCE, weight, above, place.mm, weights.strands)
    weight = weight * bare(dark)
    middle = weighted_median(base, clean + 1e-6)
    balance = skin_balance(middle, teeth, weights.balance)
    gain = level_gain * balance
    gain = gain * highlight_gain(texels, corrected, base, gloss * (1 - feature), clean, place.density, weights.gloss)
    gain = gain * lip_gain(texels, corrected, seen.lips, weight, place.density, weights.lips)
    raised = (corrected @ LUMINANCE) / np.maximum(seen.color @ LUMINANCE, 1e-4)
    even_gain, fold = even_out(place, seen, weight, color * gain, base * balance, raised, dark, weights)
    progress(1.0)
    return UnlitSkin(gain * even_gain, fold, weight, clean, skin.base * balance, middle * balance, balance)


def _without_spots(texels: Texels, dark: np.ndarray, weight: np.ndarray, mm: float, weights: DarkWeights) -> np.ndarray:
    """(n,) the same, without small spots amid the skin: those are moles."""
    image = (texels.image(dark) > weights.dark).astype(np.uint8)
    rim = (texels.image(weight.astype(np.float32)) < weights.rim).astype(np.uint8)
    _, label, boxes, _ = cv2.connectedComponentsWithStats(image, connectivity=8)
    reach = 2 * int(round(weights.rim_mm * mm)) + 1
    rim = cv2.dilate(rim, np.ones((reach, reach), np.uint8)) > 0
    kept = boxes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) > weights.largest_mole_mm * mm
    kept[np.unique(label[rim])] = True
    return dark * kept[label.reshape(-1)[texels.index]]
