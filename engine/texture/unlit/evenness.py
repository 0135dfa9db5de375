"""What a photo's light leaves in the unlit colour at scales of a millimetre to a centimetre, and how it is taken out.

All of it is a gain per texel of the analysis map, so that pores, stubble and freckles stay as they were photographed.
How far a change of colour is believed depends on where it lies: in the middle of well lit skin it may be the person's;
near hair, at grazing angles and where the light had to be raised much it is more likely the light's.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...wire.color import LUMINANCE
from ..logs import logs_of
from ..seen import Place, Seen, forehead_trust
from ..weights import WEIGHTS, EvenWeights, TextureWeights
from .delight import weighted_median
from .patch import Patch

__all__ = ["even_out"]


def even_out(
    place: Place,
    seen: Seen,
    weight: np.ndarray,
    color: np.ndarray,
    base: np.ndarray,
    raised: np.ndarray,
    dark: np.ndarray,
    weights: TextureWeights = WEIGHTS,
) -> tuple[np.ndarray, np.ndarray]:
    """Gains of n texels, 1 where `weight` is 0.

    Args:
        weight: (n,) how well each texel is seen.
        color: (n, 3) linear, de-lit.
        base: (n, 3) the skin around it.
        raised: (n,) by what the photo's light was raised.
        dark: (n,) how surely it is too dark for skin.

    Returns:
        (n, 3) float32 gain, and (n,) float32 the part of its logarithm that took the shade out of folds.
    """
    w, floor = weights.even, weights.floor
    gain, fold = np.ones_like(color, np.float32), np.zeros(len(color), np.float32)
    patch = Patch(place.texels, weight > 0)
    rows = patch.rows
    if not len(rows):
        return gain, fold
    weight, color, base, dark = weight[rows], color[rows].astype(np.float32), base[rows].astype(np.float32), dark[rows]
    eyes, lips, feature, certain = (x[rows] for x in (seen.eyes, seen.lips, seen.feature, seen.certain))
    # High on the forehead there are moles as elsewhere; only beside hair are dark things likely to be hair.
    edge = 1 - np.minimum((seen.central / forehead_trust(place, weights.sight))[rows], 1)
    log_base = logs_of(base, floor)
    plain = weight * (1 - feature)
    middle = weighted_median(raised[rows][:, None], plain + 1e-6)[0]
    shadow = smoothstep(*w.raised, raised[rows] / max(float(middle), 1e-3))
    rim = smoothstep(*w.rim, edge) * (1 - place.part["nose"][rows])
    mm = float(np.median(place.density[rows]))
    # Between brow and lid there is only what is near both; what is bright there is skin.
    pale = smoothstep(*w.pale, (color @ LUMINANCE) / np.maximum(base @ LUMINANCE, 1e-3))
    clean = np.maximum(plain, w.pale_share * weight * pale * (1 - lips))
    change = _tint(patch, logs_of(color, floor) - log_base, clean, shadow, rim, mm, w)
    change *= (1 - np.clip(np.maximum(w.eyes * eyes, lips), 0, 1))[:, None]
    change += _hue(patch, color * np.exp(change), log_base, mm, w) * (1 - lips)[:, None]
    hairs = np.maximum(smoothstep(*w.hair, edge), dark * smoothstep(*w.dark_hair, edge))
    hairs *= smoothstep(*w.hair_height, place.height[rows]) * (1 - certain)
    logs = logs_of(color, floor) + change
    change += _strands(patch, logs - log_base, hairs, mm, w)
    # Relative to the skin around, so that the rim of what is seen is not a step.
    off = logs_of((color * np.exp(change)) @ LUMINANCE, floor) - logs_of(base @ LUMINANCE, floor)
    shade = _folds(patch, off, clean, mm, w)
    shade *= 1 - np.maximum(feature, hairs)
    fold[rows] = shade
    gain[rows] = np.exp(change + shade[:, None])
    return gain, fold


def _tint(patch: Patch, off, clean, shadow, rim, mm: float, weights: EvenWeights) -> np.ndarray:
    """(m, 3) log gain that takes most out of blotches of hue, and of brightness, of more than a millimetre.

    Reflected surroundings and a camera's tone curve tint shadows and half-tones of a photo, and gloss leaves bright
    patches; unlit skin is more even. Dark patches stay (freckles, moles, beards), but for those that lie in shadow
    without being greyer than skin, and those at the rim of what is seen.

    Args:
        off: (m, 3) log colour relative to the skin around it.
        clean: (m,) in [0, 1]: skin that says what colour it has.
        shadow: (m,) how far the light had to be raised.
        rim: (m,) how near hair and grazing angles are.
        mm: texels per millimetre.
    """
    light = (off @ LUMINANCE)[:, None]
    soft = patch.at(patch.mean(np.concatenate([off - light, light], 1), clean, weights.blotch_mm * mm))
    doubt = np.maximum(shadow, rim)
    kept, more = weights.blotch_hue
    change = -(kept + more * doubt)[:, None] * np.clip(soft[:, :3], -weights.blotch_most, weights.blotch_most)
    # A beard is greyer than the skin that it grows on; what only lies in shadow is not.
    grey = smoothstep(*weights.grey, soft[:, 2] - soft[:, 0])
    deep = np.maximum(shadow * (1 - grey), rim)
    # What is not dark itself is not lifted because of a nostril beside it.
    fine = patch.at(patch.mean(light[:, 0], clean, weights.fine_mm * mm))
    below = np.clip(np.maximum(soft[:, 3], fine), -weights.darkest, 0)
    kept, more = weights.bright
    bright = (kept + more * doubt) * np.clip(soft[:, 3], 0, weights.brightest)
    change -= (bright + weights.deep * deep * below)[:, None]
    return change


def _hue(patch: Patch, color, log_base, mm: float, weights: EvenWeights) -> np.ndarray:
    """(m, 3) log gain, of the same luminance, that keeps hues between those that skin and hair can have.

    A camera's black level and compression leave dark pixels with ratios of colours that mean nothing, and the light's
    gain then raises them to a glowing red or to violet. Melanin and blood make red >= green >= blue.

    Args:
        color: (m, 3) linear.
        log_base: (m, 3) logarithm of the skin around it.
        mm: as for :func:`_tint`.
    """
    mean = np.maximum(patch.at(patch.mean(color, np.ones(len(color), np.float32), weights.fine_mm * mm)), 1e-4)
    soft = np.log(mean)

    def beyond(value, skin, reach):
        return (1 - weights.beyond) * (np.minimum(value, 0) + np.maximum(value - skin - reach, 0))

    change = np.zeros_like(soft)
    change[:, 0] = -beyond(soft[:, 0] - soft[:, 1], log_base[:, 0] - log_base[:, 1], weights.reddest)
    change[:, 2] = beyond(soft[:, 1] - soft[:, 2], log_base[:, 1] - log_base[:, 2], weights.yellowest)
    change += np.log((mean @ LUMINANCE) / np.maximum((mean * np.exp(change)) @ LUMINANCE, 1e-6))[:, None]
    return np.clip(change, -weights.most_hue, weights.most_hue)


def _strands(patch: Patch, off, where, mm: float, weights: EvenWeights) -> np.ndarray:
    """(m, 3) log gain that gives the skin's colour to what is darker: single hairs that lie on the forehead.

    Args:
        off, mm: as for :func:`_tint`.
        where: (m,) how surely dark things are hairs.
    """
    below = smoothstep(*weights.strand, -(off @ LUMINANCE)) * where
    soft = patch.at(cv2.GaussianBlur(patch.image(off * below[:, None]), (0, 0), weights.strand_mm * mm))
    return np.clip(-weights.strand_share * soft, *weights.strand_range)


def _folds(patch: Patch, off, clean, mm: float, weights: EvenWeights) -> np.ndarray:
    """(m,) log gain that takes the shade out of folds.

    A fold of the skin gets less of the light than the skin beside it; baked into the colour it stays dark in every
    light, and turned or mirrored it looks like a scar. Folds are dark valleys of the brightness, by the Hessian's
    eigenvalues (Frangi et al., "Multiscale vessel enhancement filtering", 1998), that run one way for some
    millimetres, by the structure tensor; so moles, freckles and stubble do not count.

    Args:
        off: (m,) log luminance relative to the skin around.
        clean, mm: as for :func:`_tint`.
    """
    low, most = weights.fold_depth
    lift = np.zeros(len(off), np.float32)
    for half in weights.fold_mm:
        sigma = half * mm
        # A mean over what is clean; the little that the rest counts only keeps its rim from looking like a valley.
        weight = clean + np.float32(weights.fold_unclean)
        total = cv2.GaussianBlur(patch.image(weight), (0, 0), sigma)
        soft = cv2.GaussianBlur(patch.image(off * weight), (0, 0), sigma) / np.maximum(total, 1e-6)
        xx, yy, xy = (cv2.Sobel(soft, cv2.CV_32F, *order, ksize=3, scale=1 / 4) for order in ((2, 0), (0, 2), (1, 1)))
        spread = np.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
        # The depth of a valley with the filter's own width; one that is as steep lengthwise is a hole.
        depth = 2 * sigma * sigma * ((xx + yy) / 2 + spread - np.abs((xx + yy) / 2 - spread))
        known = smoothstep(*weights.fold_known, total)
        gx, gy = (cv2.Sobel(soft, cv2.CV_32F, *order) * known for order in ((1, 0), (0, 1)))
        tensor = cv2.GaussianBlur(np.stack([gx * gx, gy * gy, gx * gy], -1), (0, 0), weights.fold_wide * sigma)
        across = np.sqrt((tensor[..., 0] - tensor[..., 1]) ** 2 + 4 * tensor[..., 2] ** 2)
        one_way = across / np.maximum(tensor[..., 0] + tensor[..., 1], 1e-9)
        valley = np.clip(depth - low, 0, most) * smoothstep(*weights.fold_one_way, one_way) * known
        lift = np.maximum(lift, patch.at(valley))
    return weights.fold_share * lift
