"""When a photo shows no hair that could be built: a bald head, a cap, or not enough of the scalp to tell."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from ..photo.regions import disk
from ..wire.color import LUMINANCE, power_to_linear
from .mask_scene import Scene
from .mask_weights import FUSION, REFUSAL, FusionWeights, RefusalWeights

__all__ = ["refusal"]


def refusal(
    scene: Scene,
    hair: np.ndarray,
    like_skin: np.ndarray,
    parts: Mapping[str, np.ndarray] | None = None,
    weights: RefusalWeights = REFUSAL,
) -> str:
    """``bald``, ``covered``, ``unclear``, or nothing: see :attr:`HairMask.refusal`.

    Args:
        hair: (H, W) chance of hair. like_skin: (H, W) bool, what has the color of this skin.
        parts: chances of the picture's parts; None where nothing is known about them.
    """
    window = scene.window
    if parts is not None and _has_a_hat(scene, parts):
        return "covered"
    mask = (hair > 0.5) & window.shown
    scalp = (window.parts["scalp"] > 0.8) & window.shown & (scene.people > 0.6) & ~scene.oval
    scalp = cv2.erode(scalp.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    least = weights.least * window.face**2
    seen = scalp.sum() > least
    other = (mask & ~like_skin & scene.head).astype(np.uint8)
    # The outline itself is a mixture of colors.
    other = cv2.morphologyEx(other, cv2.MORPH_OPEN, disk(weights.rim * window.face)).sum() > weights.fringe * window.face**2
    if seen and not other and _is_bare(scene, scalp, like_skin, weights):
        return "bald"
    if mask.sum() < least:
        return "bald" if seen and not _is_dark(scene, weights) else "unclear"
    place = scalp & mask
    told = parts is not None and parts["hair"][mask].mean() > FUSION.trusted
    if not told and _has_no_hair_color(scene, place if place.sum() > least else mask, weights):
        return "covered"
    return "covered" if _has_a_brim(scene, mask, weights) else ""


def _has_a_hat(scene: Scene, parts: Mapping[str, np.ndarray], weights: FusionWeights = FUSION) -> bool:
    """Whether more of the scalp and of what is close around it is hat than hair."""
    window = scene.window
    place = (window.parts["scalp"] > 0.8) & ~scene.oval
    place |= (scene.far < weights.around) & ~scene.head & (window.level > 0.55)
    place &= window.shown
    hat, hair = float(parts["hat"][place].sum()), float(parts["hair"][place].sum())
    return hat > weights.hat * (hat + hair) and hat > REFUSAL.least * window.face**2


def _is_bare(scene: Scene, scalp: np.ndarray, like_skin: np.ndarray, weights: RefusalWeights) -> bool:
    """Whether the scalp is of the face's skin: in the light, in the shade, or with a shine."""
    skin = (scene.window.skin > 0.9) & scene.oval
    bare = float((scalp & (like_skin | (scene.window.skin > 0.5))).sum() / scalp.sum())
    if not skin.any():
        return False
    difference = np.median(scene.lab[scalp], 0) - np.median(scene.lab[skin], 0)
    hue = float(np.hypot(*difference[1:]))
    colored = float(np.hypot(*np.median(scene.lab[skin], 0)[1:])) > weights.grey
    if colored and hue < weights.bare_hue and difference[0] > weights.bare_light:
        return True
    return bare > (weights.bare_share if colored else weights.bare_share_grey) and difference[0] > 2 * weights.bare_light


def _is_dark(scene: Scene, weights: RefusalWeights) -> bool:
    """Whether nothing can be told apart around the head."""
    around = (scene.far < 0.1) & ~scene.head & scene.window.shown & (scene.window.level > 0.5)
    return bool(around.any() and np.median(scene.lab[around][:, 0]) < weights.dark)


def _has_no_hair_color(scene: Scene, place: np.ndarray, weights: RefusalWeights) -> bool:
    """Whether it is bluer, greener or whiter than hair is. Nearly black has no color."""
    red, green, blue = np.median(power_to_linear(scene.window.rgb[place].astype(np.float32) / 255), 0) + weights.black
    light = float(LUMINANCE @ (red, green, blue))
    return bool(blue > weights.blue * red or green > weights.green * red or light > weights.white)


def _has_a_brim(scene: Scene, mask: np.ndarray, weights: RefusalWeights) -> bool:
    """Whether the edge over the forehead is as sharp and smooth as the hem of a cap; the ends of hair never are."""
    window = scene.window
    light = scene.lab[..., 0]
    steps = [cv2.GaussianBlur(cv2.Sobel(light, cv2.CV_32F, *axis, ksize=3) / 8, (0, 0), 1) for axis in ((1, 0), (0, 1))]
    step = np.hypot(*steps) * (window.face / 100)
    below = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    edge = below & ~mask & window.shown & scene.head & (window.level > 0.6) & (np.abs(scene.across) < weights.brim_reach)
    if edge.sum() < 20:
        return False
    column = np.round(scene.across[edge] / weights.brim_step).astype(int)
    level = window.level[edge]
    columns = np.unique(column)
    if len(columns) < weights.brim_columns:
        return False
    lowest = np.array([level[column == one].min() for one in columns])
    curve = np.polyval(np.polyfit(columns, lowest, 3), columns)
    sharp = float(np.quantile(step[edge], 0.3))
    smooth = weights.brim_smooth_wide if len(columns) >= weights.brim_wide else weights.brim_smooth
    return sharp > weights.brim_sharp and float(np.std(lowest - curve)) < smooth
