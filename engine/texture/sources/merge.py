"""One texture made of what several photos show.

* *Exposure.* Colours of the same skin in two photos differ by a factor per channel (exposure, white balance), found
  for all pairs and brought to the reference; what still differs slowly (light that the fit missed) is shared between
  the photos, as a field on the skin.
* *Labels.* Each place takes its detail from the one photo that sees it best: squarely, finely, without gloss or shadow
  (what a majority of the photos contradicts). Labels live on the vertices and are regularised there, so they neither
  flicker nor know UV seams. Eyes and mouth come from one photo each: two lids are worse than a coarse one.
* *Bands.* Slow colour is the average of the photos, as far as they agree with the best one; detail is the best one's.
  This is the two-band case of Burt and Adelson, "A multiresolution spline" (1983), on the surface.

One photo passes through unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...geometry.mesh import vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...system.concurrency import concurrently
from ...system.failures import of_view
from ...system.progress import SILENT, Progress
from ...types import View
from ...wire.color import LUMINANCE
from ..atlas import gather
from ..logs import logs_of
from ..seen import Masks, Place, Seen
from ..unlit.completion import splat
from ..unlit.delight import darkness, highlight_share, shading_gain, weighted_median
from ..unlit.surface import Surface
from ..weights import WEIGHTS, MergeWeights, TextureWeights
from .opened import read_texels
from .photo_view import PhotoView, lookup

__all__ = ["Merged", "Source", "merge", "source_share"]

_GROUPS = (("right_eye", "right_brow"), ("left_eye", "left_brow"), ("upper_lip", "lower_lip"))
"""Parts that come from one photo."""


@dataclass(frozen=True)
class Source:
    """A photo as a part of the texture."""

    view: PhotoView
    gain: np.ndarray
    """(N, 3) float32: photographed linear colour times gain is common, unlit colour."""
    lighting: np.ndarray
    """(9, 3)."""
    share: np.ndarray | None
    """(A, A) uint8: 255 where the texture is this photo's alone; None if it is everywhere."""


def source_share(source: Source, xy: np.ndarray) -> np.ndarray | None:
    """(n,) float32 share of a photo at places of the analysis map (OpenCV convention); None if it is 1 everywhere."""
    if source.share is None:
        return None
    return lookup(source.share, xy) * np.float32(1 / 255)


@dataclass(frozen=True)
class Merged:
    """All photos as one."""

    seen: Seen
    color: np.ndarray
    """(n, 3) float32 linear, unlit by the fitted light, common exposure."""
    reference_shown: np.ndarray
    """(n,) how well the reference view sees each texel, whatever lies before it."""
    gains: list[np.ndarray]
    """(N, 3) of each photo."""
    shares: np.ndarray
    """(n, K) float32, adding up to 1 where anything is seen."""
    views: list[PhotoView]
    lighting: list[np.ndarray]

    def sources(self, image: Callable[[np.ndarray], np.ndarray]) -> tuple[Source, ...]:
        """The photos that have a share, and the reference.

        Args:
            image: turns (n,) shares into a filled picture.
        """
        if len(self.views) == 1:
            return (Source(self.views[0], self.gains[0], self.lighting[0], None),)
        out = []
        for k, view in enumerate(self.views):
            share = self.shares[:, k]
            if k == 0 or share.any():
                out.append(
                    Source(view, self.gains[k], self.lighting[k], np.round(255 * np.clip(image(share), 0, 1)).astype(np.uint8))
                )
        return tuple(out)


def merge(
    model: HeadModel,
    surface: Surface,
    place: Place,
    views: Sequence[View],
    opened: Sequence[tuple[PhotoView, Masks]],
    likeness: np.ndarray,
    weights: TextureWeights = WEIGHTS,
    progress: Progress = SILENT,
) -> Merged:
    """
    Args:
        place: n texels of the analysis map.
        opened: what each view is to the texture. likeness: (K, N) from :func:`.align.align`.
        weights: what is believed.
        progress: may raise to cancel.
    """

    def read_view(number: int) -> _Read:
        with of_view(number):
            return _read(model, surface, place, views[number], *opened[number], weights)

    read = concurrently([partial(read_view, number) for number in range(len(views))], progress.part(0.0, 0.5))
    w, sources = weights.merge, [source for source, _ in opened]
    seen = [one.seen if k == 0 else _trusted(place, one.seen, likeness[k], w) for k, one in enumerate(read)]
    lighting = [np.asarray(view.mid.lighting, np.float64) for view in views]
    if len(views) == 1:
        color = seen[0].color * gather(place.texels, place.triangles, read[0].shading)[:, None]
        gain = np.repeat(read[0].shading[:, None], 3, 1)
        return Merged(seen[0], color, seen[0].shown, [gain], np.ones((len(color), 1), np.float32), list(sources), lighting)
    logs = np.stack([logs_of(one.color * one.shading[:, None], weights.floor) for one in read])
    amount = np.stack([one.amount for one in read])
    quality = amount * np.stack([_quality(*each, w) for each in zip(sources, read)]) * _fineness(sources)[:, None]
    # Features come from one photo; how dark their hairs are in another does not depend on the light.
    plain = amount * (1 - np.max([_around(model, surface, parts, *w.around) for parts in _GROUPS], 0))
    field = _even_out(surface, logs, plain, quality, w)
    progress(0.6)
    even = logs + field
    middle = _middle(even, quality, w.rank)
    stray = (even - middle) @ LUMINANCE
    agree = 1 / (1 + (stray / w.agreement) ** 2) if len(views) > 2 else np.ones_like(amount)
    labels = _labels(model, surface, quality * agree * _same(model, views, likeness, w), w)
    progress(0.7)
    field = field + _common(surface, even, plain, quality, labels, w)
    progress(0.8)
    gains = [(np.exp(field[k]) * read[k].shading[:, None]).astype(np.float32) for k in range(len(views))]
    base = gather(place.texels, place.triangles, np.exp(_middle(logs + field, quality * agree, w.rank)))
    shares = gather(place.texels, place.triangles, np.ascontiguousarray(labels.T))
    shares = shares * shares * shares + np.float32(w.rest)
    unlit = concurrently(
        [partial(_claim, place, seen[k], gains[k], base, shares[:, k], weights) for k in range(len(views))],
        progress.part(0.8, 0.95),
    )
    _normalize(shares, w.ghost)
    total = np.zeros_like(unlit[0])
    for k, color in enumerate(unlit):
        total += shares[:, k, None] * color
    return Merged(_blended(seen, shares), total, seen[0].shown, gains, shares, list(sources), lighting)


@dataclass(frozen=True)
class _Read:
    seen: Seen
    shading: np.ndarray
    """(N,) factor that undoes the fitted light."""
    color: np.ndarray
    """(N, 3) mean linear colour of bare skin around each vertex."""
    amount: np.ndarray
    """(N,) how much of it is seen."""


def _read(
    model: HeadModel,
    surface: Surface,
    place: Place,
    view: View,
    source: PhotoView,
    masks: Masks,
    weights: TextureWeights,
) -> _Read:
    seen = read_texels(place, source, masks, weights.sight)
    color, amount = splat(place.texels, place.triangles, len(model.template), seen.color, seen.weight * (1 - seen.feature))
    normals = vertex_normals(model.posed(view), place.triangles, np.float32)
    shading = shading_gain(view.coarse.camera, normals, view.mid.lighting, amount * surface.area, weights.shading)
    return _Read(seen, shading, color, amount)


def _trusted(place: Place, seen: Seen, likeness: np.ndarray, weights: MergeWeights) -> Seen:
    """A photo whose skin looks unlike the others' where both are seen is not believed beside that place either."""
    trust = gather(place.texels, place.triangles, smoothstep(*weights.unlike, likeness))
    return replace(seen, weight=seen.weight * trust)


def _quality(source: PhotoView, read: _Read, weights: MergeWeights) -> np.ndarray:
    """(N,) how squarely a photo sees the skin, and how well lit."""
    return np.clip(source.facing, 0, 1) ** 2 * np.clip(1 / read.shading, *weights.shade)


def _same(model: HeadModel, views: Sequence[View], likeness: np.ndarray, weights: MergeWeights) -> np.ndarray:
    """(K, N) in (0, 1]: how far a photo shows the face of the reference: with another expression come other folds."""
    first = model.posed(views[0])
    other = np.stack([np.linalg.norm(model.posed(view) - first, axis=1) for view in views])
    least = weights.unlike_share
    alike = (least + (1 - least) * np.clip(likeness / weights.likeness, 0, 1)) ** 2
    same = alike * np.exp(-other / weights.other_expression_mm)
    return same * same.mean(1, keepdims=True)


def _fineness(sources: Sequence[PhotoView]) -> np.ndarray:
    """(K,) in (0, 1]: resolution of each photo relative to the finest."""
    fine = np.array([source.pixels_per_mm for source in sources])
    return np.minimum(fine / fine.max(), 1)


def _even_out(surface: Surface, logs: np.ndarray, amount: np.ndarray, quality: np.ndarray, weights: MergeWeights) -> np.ndarray:
    """(K, N, 3) log gains that bring all photos to one exposure, white balance and light.

    Args:
        logs: (K, N, 3) log colours.
        amount, quality: (K, N) how much is seen, and how well.
    """
    field = np.repeat(_exposures(logs, amount * surface.area, weights)[:, None], logs.shape[1], 1)
    exposure = field.copy()
    for _ in range(2):
        even = logs + field
        middle = _middle(even, quality, weights.rank)
        for k in range(len(logs)):
            others = np.minimum(np.delete(quality, k, 0).sum(0), 1)
            off = ((middle - even[k]) * LUMINANCE).sum(1)
            weight = amount[k] * others / (1 + (off / weights.light_stray) ** 2) ** 2
            slow = surface.smooth(middle - logs[k] - exposure[k], weight, weights.wide_mm, prior_weight=weights.wide_prior)
            field[k] = exposure[k] + np.clip(slow, -weights.light_most, weights.light_most)
    return field


def _exposures(logs: np.ndarray, weight: np.ndarray, w: MergeWeights) -> np.ndarray:
    """(K, 3) log gains of all photos, 0 for the first, from the medians of all pairs that show the same skin."""
    count = len(logs)
    system, right = np.zeros((count, count)), np.zeros((count, 3))
    middles = np.stack([weighted_median(logs[k], weight[k] + 1e-9) for k in range(count)])
    total = weight.sum() + 1e-9
    for i in range(count):
        for j in range(i):
            both = np.sqrt(weight[i] * weight[j])
            strength = both.sum() / total
            if (both > w.pair_seen).sum() >= w.pair_least:
                difference = weighted_median(logs[i] - logs[j], both)
            else:
                difference, strength = middles[i] - middles[j], w.pair_weak
            for a, b, sign in ((i, j, 1), (j, i, -1)):
                system[a, a] += strength
                system[a, b] -= strength
                right[a] -= sign * strength * difference
    out = np.zeros((count, 3))
    out[1:] = np.linalg.solve(system[1:, 1:] + 1e-9 * np.eye(count - 1), right[1:])
    return out


def _middle(even: np.ndarray, quality: np.ndarray, width: float) -> np.ndarray:
    """(N, 3): the median of three or more photos, the mean of two, by quality.

    Args:
        width: distance from the median, as a share of the ranks, at which a photo's weight fades.
    """
    weight = quality + 1e-6
    if len(even) < 3:
        return (even * weight[..., None]).sum(0) / weight.sum(0)[:, None]
    light = even @ LUMINANCE
    order = np.argsort(light, 0)
    ranked = np.cumsum(np.take_along_axis(weight, order, 0), 0)
    # Near the median, by rank, with soft borders: no jumps from vertex to vertex.
    rank = (ranked - 0.5 * np.take_along_axis(weight, order, 0)) / ranked[-1]
    near = np.empty_like(weight)
    np.put_along_axis(near, order, np.exp(-(((rank - 0.5) / width) ** 2)), 0)
    near *= weight
    return (even * near[..., None]).sum(0) / np.maximum(near.sum(0), 1e-12)[:, None]


def _around(model: HeadModel, surface: Surface, parts, gain: float, length: float) -> np.ndarray:
    """(N,) in [0, 1]: the parts and some millimetres around them."""
    member = model.part(*parts)
    return np.clip(gain * surface.blur(member, length), 0, 1)


def _labels(model: HeadModel, surface: Surface, quality: np.ndarray, weights: MergeWeights) -> np.ndarray:
    """(K, N) in [0, 1], adding up to 1: which photo each vertex takes its detail from.

    Mean-field inference with a smoothness prior.
    """
    score = weights.score * np.log(quality + weights.score_floor)
    for parts in _GROUPS:
        member = model.part(*parts).astype(np.float64)
        visible = (quality * member).sum(1)
        chosen = 0 if visible[0] > weights.part_first * visible.max() else int(np.argmax(visible))
        score[chosen] += weights.part * _around(model, surface, parts, *weights.labelled)
    score -= score.max(0)
    labels = np.exp(score)
    labels /= labels.sum(0)
    for _ in range(weights.turns):
        prior = np.maximum(surface.blur(labels.T, weights.label_mm).T, weights.agree_floor)
        logit = score + weights.agree * np.log(prior)
        labels = np.exp(logit - logit.max(0))
        labels /= labels.sum(0)
    return surface.blur(labels.T, weights.label_blur_mm).T.clip(0, 1)


def _common(
    surface: Surface, even: np.ndarray, amount: np.ndarray, quality: np.ndarray, labels: np.ndarray, weights: MergeWeights
) -> np.ndarray:
    """(K, N, 3) log gains that bring every photo to one slow colour.

    It is the photos' mean as far as they agree with the one that gives the detail.
    """
    best = labels * (amount + weights.quality_floor)
    best = (even * best[..., None]).sum(0) / best.sum(0)[:, None]
    off = (even - best) @ LUMINANCE
    trust = quality / (1 + (off / weights.best_stray) ** 2) ** 2 + 1e-6
    common = (even * trust[..., None]).sum(0) / trust.sum(0)[:, None]
    out = np.empty_like(even)
    for k in range(len(even)):
        others = np.minimum(np.delete(quality, k, 0).sum(0), 1)
        weight = amount[k] * others / (1 + (off[k] / weights.common_stray) ** 2) ** 2
        slow = surface.smooth(common - even[k], weight, weights.narrow_mm, prior_weight=weights.narrow_prior)
        out[k] = np.clip(slow, -weights.common_most, weights.common_most)
    return out


def _claim(
    place: Place, seen: Seen, gain: np.ndarray, base: np.ndarray, share: np.ndarray, weights: TextureWeights
) -> np.ndarray:
    """(n, 3) a photo's unlit colours; its `share` is lessened, in place, where it shows gloss, shadow or hair."""
    color = seen.color * gather(place.texels, place.triangles, gain)
    w = weights.merge
    gloss = highlight_share(color, base, seen.color, weights.highlight) * (1 - seen.feature)
    dark = darkness(color, base, seen.central, weights.hair) * (1 - seen.central) * (1 - seen.certain)
    share *= smoothstep(*w.seen, seen.weight) * (1 - w.doubt * gloss) * (1 - w.doubt * dark) + w.doubted * seen.weight
    return color


def _normalize(shares: np.ndarray, ghost: float) -> None:
    """In place: shares of a few per cent are ghosts, the rest adds up to 1."""
    shares /= np.maximum(shares.sum(1, keepdims=True), 1e-12)
    shares[shares < ghost] = 0
    shares /= np.maximum(shares.sum(1, keepdims=True), 1e-12)


def _blended(seen: Sequence[Seen], shares: np.ndarray) -> Seen:
    out = {
        name: sum(
            shares[:, k].reshape(-1, *[1] * (getattr(one, name).ndim - 1)) * getattr(one, name) for k, one in enumerate(seen)
        ).astype(np.float32)
        for name in ("color", "weight", "central", "brows", "eyes", "lips", "certain")
    }
    highest = {name: np.maximum.reduce([getattr(one, name) for one in seen]) for name in ("shown", "bare", "front")}
    return Seen(**out, **highest)
