"""What the fit left between photos: small shifts on the skin, found by optical flow in the layout.

A millimetre between two photos doubles every freckle where they are blended. Each photo is compared with those already
aligned on a map of the layout, where perspective is gone and a shift is a few texels; the flow (Kroeger et al., "Fast
optical flow using dense inverse search", ECCV 2016) is kept where it leads there and back and the patches then agree,
and is spread smoothly over the skin.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np

from ...head.model import HeadModel
from ...system.concurrency import concurrently
from ...system.progress import SILENT, Progress
from ...wire.color import LUMINANCE
from ..atlas import gather
from ..padding import fill_outside
from ..seen import Masks, Place
from ..unlit.completion import splat
from ..unlit.surface import Surface
from ..weights import WEIGHTS, AlignWeights
from .photo_view import PhotoView, lookup

__all__ = ["align"]


def align(
    model: HeadModel,
    surface: Surface,
    place: Place,
    views: Sequence[PhotoView],
    masks: Sequence[Masks],
    weights: AlignWeights = WEIGHTS.align,
    progress: Progress = SILENT,
) -> tuple[list[PhotoView], np.ndarray]:
    """The views with lookups moved so that all show the same skin at the same texel; the first stays.

    Args:
        place: texels of a map of the weights' ``size``.
        progress: may raise to cancel.

    Returns:
        The views, and (K, N) in [0, 1]: how much each looks like the others in the end; 1 for the first.
    """
    out = list(views)
    likeness = np.ones((len(views), len(model.template)))
    pictures = concurrently([partial(_picture, place, *each, weights) for each in zip(views, masks)], progress.part(0.0, 0.4))
    picture, weight = pictures[0]
    towards = [view.camera.position / np.linalg.norm(view.camera.position) for view in views]
    order = sorted(range(1, len(views)), key=lambda k: -float(towards[k] @ towards[0]))
    for number, k in enumerate(order):
        theirs, their_weight = pictures[k]
        offsets = _offsets(model, surface, place, views[k], (picture, weight), (theirs, their_weight), weights)
        if offsets is not None:
            out[k] = views[k].moved(offsets)
            theirs, their_weight = _picture(place, out[k], masks[k], weights)
        likeness[k] = _likeness_of(model, surface, place, (picture, weight), (theirs, their_weight), weights)
        better = their_weight > weight
        picture[better], weight[better] = theirs[better], their_weight[better]
        progress(0.4 + 0.6 * (number + 1) / len(order))
    return out, likeness


def _likeness_of(model, surface, place: Place, ours, theirs, weights: AlignWeights) -> np.ndarray:
    """(N,) in [0, 1]; where both do not see the skin, as elsewhere."""
    both = (ours[1] > weights.like_seen) & (theirs[1] > weights.like_seen)
    if both.sum() < weights.like_texels:
        return np.full(len(model.template), weights.unknown)
    alike = np.clip(_likeness(ours[0], theirs[0], both, weights), 0, 1)
    rows = both.reshape(-1)[place.texels.index]
    value, amount = splat(
        place.texels, place.triangles, len(model.template), alike.reshape(-1, 1)[place.texels.index], rows.astype(np.float32)
    )
    usual = float(alike[both].mean())
    return surface.smooth(value[:, 0], amount, weights.like_mm, prior=usual, prior_weight=weights.like_prior).clip(0, 1)


def _picture(place: Place, view: PhotoView, masks: Masks, w: AlignWeights) -> tuple[np.ndarray, np.ndarray]:
    """(S, S) float32 locally normalised log luminance, and how well each texel is seen."""
    texels = place.texels
    vertex = np.concatenate([view.positions, view.projected, view.facing[:, None], view.depth[:, None]], 1)
    found = gather(texels, place.triangles, vertex)
    position, facing = np.ascontiguousarray(found[:, :2]), np.clip(found[:, 4], 0, 1)
    seen = view.visible(found[:, 2:4], found[:, 5], facing) * view.inside(position)
    seen = seen * lookup(masks.usable, position - np.float32(0.5)) * np.clip((facing - w.facing[0]) / w.facing[1], 0, 1)
    weight = texels.image((seen * facing).astype(np.float32))
    color = view.sample(position, view.level(place.density))
    light = texels.image(np.log(np.maximum(color @ LUMINANCE, w.darkest)).astype(np.float32))
    cover = (weight > w.seen).astype(np.float32)

    def mean(values, sigma):
        amount = np.maximum(cv2.GaussianBlur(cover, (0, 0), sigma), w.cover)
        return cv2.GaussianBlur(values * cover, (0, 0), sigma) / amount

    fine = light - mean(light, w.wide)
    fine /= np.sqrt(mean(fine * fine, w.contrast) + w.noise**2)
    return np.clip(fine, -w.most_contrast, w.most_contrast) * cover, weight


def _offsets(model, surface, place: Place, view: PhotoView, ours, theirs, w: AlignWeights) -> np.ndarray | None:
    """(N, 2) pixels of the view's crop; None where too little is seen in both."""
    texels = place.texels
    both = (ours[1] > w.seen) & (theirs[1] > w.seen)
    if both.sum() < w.least_texels:
        return None
    soft = cv2.GaussianBlur(both.astype(np.float32), (0, 0), w.soft)
    first, second = (np.clip(128 + w.grey * picture * soft, 0, 255).astype(np.uint8) for picture in (ours[0], theirs[0]))
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    there, back = finder.calc(first, second, None), finder.calc(second, first, None)
    y, x = np.mgrid[0 : texels.size, 0 : texels.size].astype(np.float32)

    def shifted(image, flow):
        return cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    loop = np.linalg.norm(there + shifted(back, there), axis=-1)
    length = np.linalg.norm(there, axis=-1)
    good = both & (loop < w.loop) & (length < w.longest_mm * place.mm)
    good &= shifted(both.astype(np.float32), there) > w.whole
    likeness = _likeness(ours[0], shifted(theirs[0], there), both, w)
    trust = good * np.clip((likeness - w.agreement) / w.agreement_over, 0, 1)
    flat = trust.reshape(-1)[texels.index].astype(np.float32)
    if (flat > 0).sum() < w.least_sure:
        return None
    where = gather(texels, place.triangles, view.positions)
    landed = fill_outside(model, texels.image(where), texels)
    moved = shifted(landed, there).reshape(-1, 2)[texels.index] - where
    # Across a border of the layout the neighbouring texel lies elsewhere on the head.
    torn = np.linalg.norm(moved, axis=1) > w.torn * w.longest_mm * view.pixels_per_mm
    value, amount = splat(texels, place.triangles, len(model.template), moved, flat * ~torn)
    return surface.smooth(value, w.strength * amount, w.smooth_mm, prior_weight=w.prior)


def _likeness(ours: np.ndarray, theirs: np.ndarray, both: np.ndarray, w: AlignWeights) -> np.ndarray:
    """(S, S) correlation of patches of about a centimetre."""
    cover = both.astype(np.float32)

    def mean(values):
        return cv2.GaussianBlur(values * cover, (0, 0), w.patch)

    return mean(ours * theirs) / np.sqrt(mean(ours * ours) * mean(theirs * theirs) + w.flat)
