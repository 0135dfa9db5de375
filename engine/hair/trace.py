"""Strands through the hair that a photo shows: traced in the image, lifted to their depth, led back to a root."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from scipy import ndimage
from scipy.spatial import cKDTree

from ..geometry.sampling import farthest_points
from .field import Field, View
from .roots import Roots
from .seen import bilinear
from .space import Space, trilinear
from .weights import StrandWeights

__all__ = ["Curves", "Traces", "joined", "seen_strands", "spread_seeds", "traced"]

_STEPS = 140
"""Most steps of tracing each way."""
_BACK_STEP = 3.0
"""Step with which a strand is followed back beyond what is seen, mm."""
_BACK_STEPS = 24
"""Most such steps."""
_BACK_SINK = 0.94
"""How much of its clearance from the skin it keeps at each step."""
_BACK_INSIDE = 2.0
"""How far within the hull it stays, mm."""
_RISE = 8
"""Places of a strand between its root and where it comes into sight."""
_SPARE = 5
"""So many times more places than strands are asked for."""
_BESIDE = 6
"""So many of the nearest roots may carry a strand."""
_EDGE = 0.42
"""Chance of hair down to which tracing goes on."""


class Curves(NamedTuple):
    """n strands of M places at most: each from the root on, repeating its last place up to the end."""

    points: np.ndarray
    """(n, M, 3) float64 mm."""
    count: np.ndarray
    """(n,) int64 places that are its own."""
    root: np.ndarray
    """(n,) int64 number of the root among :class:`engine.hair.roots.Roots`."""
    leaves: np.ndarray
    """(n,) bool: it ends where the photo does."""


class Traces(NamedTuple):
    """n paths in the image, the seed in the middle of each row."""

    paths: np.ndarray
    """(n, M, 2) float64 pixels; beyond its ends a path repeats them."""
    first: np.ndarray
    """(n,) int64 first place that counts."""
    last: np.ndarray
    """(n,) int64 last place that counts."""
    step: float
    """Pixels from place to place."""


def joined(groups: list[Curves]) -> Curves:
    """All strands of several groups."""
    most = max(group.points.shape[1] for group in groups)
    points = [np.pad(group.points, ((0, 0), (0, most - group.points.shape[1]), (0, 0)), mode="edge") for group in groups]
    return Curves(np.concatenate(points), *(np.concatenate([group[k] for group in groups]) for k in (1, 2, 3)))


def seen_strands(
    view: View, traces: Traces, lengths: np.ndarray, roots: Roots, field: Field, space: Space, weights: StrandWeights,
    rng: np.random.Generator,
) -> Curves:  # fmt: skip
    """Strands along traces of the image.

    Args:
        lengths: (n,) mm that hair there may be long.
        roots: where strands may stand.
        field, space: as the photos told them.
    """
    paths, first, last = traces.paths, traces.first, traces.last
    depth_share = rng.random(len(paths)) ** 1.5
    points = _deepened(view, paths, depth_share, weights)
    points, first, seed = _followed_back(points, first, field, space)
    # What a strand needs to rise from the skin is not seen of it.
    deep = cKDTree(roots.point).query(points[np.arange(len(points)), seed])[0]
    lengths = np.maximum(lengths - weights.rise * deep, weights.least_seen * lengths)
    cut = _cut(points, first, last + _BACK_STEPS, seed, lengths, rng)
    leaves = _at_photo_end(view, paths, last)
    return _rooted(points, *cut, lengths, roots, weights, rng, leaves)


def spread_seeds(view: View, weights: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) pixels, about evenly spread over the hair in the image, where (H, W) `weights` (0 to 1) allow."""
    rows, columns = np.nonzero(view.seen.mask & (rng.random(view.seen.mask.shape) < weights))
    if not len(rows):
        return np.zeros((0, 2))
    some = rng.choice(len(rows), min(len(rows), count * _SPARE), replace=False)
    pixels = np.stack([columns[some], rows[some]], 1) + rng.random((len(some), 2))
    return pixels[farthest_points(pixels, count)]


def traced(view: View, seeds: np.ndarray, weights: StrandWeights) -> Traces:
    """Follows the flow both ways from (n, 2) pixels within the hair, to where the hair or the flow ends."""
    field = np.ascontiguousarray(view.flow.field, np.float32)
    paths = np.repeat(seeds[:, None], 2 * _STEPS + 1, 1)
    ends = np.empty((len(seeds), 2), np.int64)
    step = weights.step * view.seen.face
    _trace(field, view.seen.hair, paths, ends, step, weights.turn, weights.sign, _EDGE)
    return Traces(paths, ends[:, 0], ends[:, 1], step)


@njit(cache=True, nogil=True)
def _trace(field, hair, paths, ends, step, turn, least, edge):
    middle = paths.shape[1] // 2
    spot = np.empty((1, 2))
    for n in range(len(paths)):
        for way in range(2):
            sense = -1.0 if way == 0 else 1.0
            x, y = paths[n, middle, 0], paths[n, middle, 1]
            px, py, k = 0.0, 0.0, 0
            lx, ly = x, y
            while k < middle:
                spot[0, 0], spot[0, 1] = x, y
                dx = bilinear(field[..., 0], spot)[0] * sense
                dy = bilinear(field[..., 1], spot)[0] * sense
                size = (dx * dx + dy * dy) ** 0.5
                if size < least:
                    break
                dx, dy = dx / size, dy / size
                if k > 0:
                    if dx * px + dy * py < -0.1:
                        break
                    dx, dy = dx * (1 - turn) + px * turn, dy * (1 - turn) + py * turn
                    size = (dx * dx + dy * dy) ** 0.5 + 1e-9
                    dx, dy = dx / size, dy / size
                x, y = x + step * dx, y + step * dy
                spot[0, 0], spot[0, 1] = x, y
                if not (0 < x < hair.shape[1] and 0 < y < hair.shape[0]) or bilinear(hair, spot)[0] < edge:
                    break
                k += 1
                place = middle + k if way == 1 else middle - k
                paths[n, place, 0], paths[n, place, 1] = x, y
                px, py, lx, ly = dx, dy, x, y
            ends[n, way] = middle + k if way == 1 else middle - k
            # The rest repeats the end, so that what is smoothed along the path stays put there.
            for rest in range(k + 1, middle + 1):
                place = middle + rest if way == 1 else middle - rest
                paths[n, place, 0], paths[n, place, 1] = lx, ly


def _deepened(view: View, paths: np.ndarray, share: np.ndarray, weights: StrandWeights) -> np.ndarray:
    """(n, M, 3) mm: paths at a share of the hair's depth below its front surface."""
    seen, volume = view.seen, view.volume
    flat = paths.reshape(-1, 2)
    shape = paths.shape[:2]
    depth = seen.sample(volume.smooth, flat).astype(np.float64).reshape(shape)
    _unbent(depth, weights.dive * weights.step * seen.face * seen.mm)
    rows, columns = seen.at(flat)
    near, back = seen.window.head_near[rows, columns], volume.back[rows, columns]
    body = volume.body[0][rows, columns]
    front = depth.ravel()
    back = np.where(body > front, np.minimum(back, body - 2), back)
    # Beside the skull the hair that is seen is a coat; below it hangs, and all of its depth belongs to it.
    level = seen.window.level[rows, columns]
    coat = 0.9 * volume.thickness[rows, columns]
    most = coat + (weights.hang_depth - coat) * np.clip((0.5 - level) / 0.2, 0, 1)
    beside = np.clip(np.minimum(np.nan_to_num(back, posinf=0) - front, most), 0, None)
    gap = np.where(np.isfinite(near), np.clip(near - front, 0, 50) * 0.6, beside)
    gap = ndimage.gaussian_filter1d(gap.reshape(shape), 2.5, axis=1, mode="nearest")
    return seen.lift(flat, (depth + np.minimum(0.95, share)[:, None] * gap).ravel()).reshape(*shape, 3)


@njit(cache=True, nogil=True)
def _unbent(depth, most):
    """Bounds the change of depth per step from the seed on: tips that reach the outline do not dive behind it."""
    middle = depth.shape[1] // 2
    for n in range(len(depth)):
        for k in range(middle + 1, depth.shape[1]):
            depth[n, k] = min(max(depth[n, k], depth[n, k - 1] - most), depth[n, k - 1] + most)
        for k in range(middle - 1, -1, -1):
            depth[n, k] = min(max(depth[n, k], depth[n, k + 1] - most), depth[n, k + 1] + most)


def _followed_back(
    points: np.ndarray, first: np.ndarray, field: Field, space: Space
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Strands continued backwards from where they come into sight; first place and seed's place in the longer rows."""
    count = len(points)
    longer = np.concatenate([np.zeros((count, _BACK_STEPS, 3)), points], 1)
    start = first + _BACK_STEPS
    _walk_back(longer, start, field.direction, field.origin, field.step, space.distance, space.slope, space.origin, space.step)
    return longer, start, np.full(count, _BACK_STEPS + points.shape[1] // 2)


@njit(cache=True, nogil=True)
def _walk_back(rows, start, direction, origin, step, distance, slope, near_origin, near_step):
    """Against the field, sinking to the skin and within the hull, until the field turns against it."""
    flow, spot = np.zeros((1, 3)), np.zeros((1, 3))
    here, steep = np.zeros((1, 3)), np.zeros((1, 6))
    last = np.zeros(3)
    for n in range(len(rows)):
        begin = start[n]
        size = 0.0
        for c in range(3):
            last[c] = rows[n, begin + 1, c] - rows[n, begin, c]
            spot[0, c] = rows[n, begin, c]
            size += last[c] ** 2
        if size < 1e-9:
            continue
        for c in range(3):
            last[c] /= size**0.5
        trilinear(distance, near_origin, near_step, spot, here)
        clearance = max(here[0, 0], 1.5)
        for k in range(1, _BACK_STEPS + 1):
            trilinear(direction, origin, step, spot, flow)
            agree = flow[0, 0] * last[0] + flow[0, 1] * last[1] + flow[0, 2] * last[2]
            if agree < 0.2:
                break
            size = 0.0
            for c in range(3):
                last[c] = 0.6 * last[c] + 0.4 * flow[0, c]
                size += last[c] ** 2
            for c in range(3):
                last[c] /= size**0.5
                spot[0, c] -= _BACK_STEP * last[c]
            trilinear(distance, near_origin, near_step, spot, here)
            trilinear(slope, near_origin, near_step, spot, steep)
            size = (steep[0, 0] ** 2 + steep[0, 1] ** 2 + steep[0, 2] ** 2) ** 0.5 + 1e-6
            clearance = max(clearance * _BACK_SINK, 1.5)
            move = min(max(clearance - here[0, 0], -0.8 * _BACK_STEP), 0.8 * _BACK_STEP)
            for c in range(3):
                spot[0, c] += move * steep[0, c] / size
            if here[0, 1] < _BACK_INSIDE:
                size = (steep[0, 3] ** 2 + steep[0, 4] ** 2 + steep[0, 5] ** 2) ** 0.5 + 1e-6
                move = min(_BACK_INSIDE - here[0, 1], 0.8 * _BACK_STEP)
                for c in range(3):
                    spot[0, c] += move * steep[0, 3 + c] / size
            for c in range(3):
                rows[n, begin - k, c] = spot[0, c]
            start[n] = begin - k


def _cut(
    points: np.ndarray, first: np.ndarray, last: np.ndarray, seed: np.ndarray, lengths: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """First and last place of each strand when only `lengths` around the seed may stay."""
    gone = np.linalg.norm(np.diff(points, axis=1), axis=2)
    arc = np.concatenate([np.zeros((len(points), 1)), np.cumsum(gone, 1)], 1)
    middle = np.take_along_axis(arc, seed[:, None], 1)
    upward = (lengths * rng.uniform(0.3, 0.95, len(points)))[:, None]
    index = np.arange(points.shape[1])[None]
    begin = np.where((arc < middle - upward) & (index < seed[:, None]), index, -1).max(1) + 1
    return np.maximum(first, begin), last


def _rooted(
    points: np.ndarray, first: np.ndarray, last: np.ndarray, lengths: np.ndarray, roots: Roots, weights: StrandWeights,
    rng: np.random.Generator, leaves: np.ndarray,
) -> Curves:  # fmt: skip
    """Strands that begin at a root: the place that lies nearest to one, early along the strand, is led to it."""
    tree = cKDTree(roots.point)
    most = int((last - first).max()) + 1 if len(points) else 1
    index = first[:, None] + np.arange(most)[None]
    inside = index <= last[:, None]
    rows = np.take_along_axis(points, np.minimum(index, last[:, None])[..., None], 1)
    gap = tree.query(rows.reshape(-1, 3), distance_upper_bound=weights.far)[0].reshape(rows.shape[:2])
    steps = np.linalg.norm(np.diff(rows, axis=1), axis=2)
    arc = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(steps, 1)], 1)
    early = np.arange(most)[None] <= 2 * (last - first)[:, None] / 3
    cost = np.where(inside & early, gap + 0.55 * arc, np.inf)
    join = cost.argmin(1)
    each = np.arange(len(rows))
    good = np.isfinite(cost[each, join]) & (last - first - join >= 2)
    rows, join = rows[good], join[good]
    count, leaves, lengths = (last - first)[good] - join + 1, leaves[good], lengths[good]
    # It leaves the skin leaning its own way, so the root lies upstream; one of the nearest, so that strands share none.
    each = np.arange(len(rows))
    here, ahead = rows[each, join], rows[each, np.minimum(join + 3, join + count - 1)]
    way = (ahead - here) / (np.linalg.norm(ahead - here, axis=1, keepdims=True) + 1e-9)
    gap = gap[good][each, join]
    lean = np.minimum(weights.lean * gap, 0.4 * lengths)
    # What hangs far from the scalp, below a bare ear, comes from behind it.
    behind = weights.behind[2] * gap * np.clip((gap - weights.behind[0]) / (weights.behind[1] - weights.behind[0]), 0, 1)
    start = here - lean[:, None] * way - behind[:, None] * np.array([0.0, 0.0, 1.0])
    beside = tree.query(start, k=min(_BESIDE, len(roots.point)))[1].reshape(len(rows), -1)
    near = beside[each, rng.integers(0, beside.shape[1], len(rows))]
    index = np.minimum(join[:, None] + np.arange(rows.shape[1])[None], (join + count - 1)[:, None])
    rows = np.take_along_axis(rows, index[..., None], 1)
    kept = _shortened(rows, count, lengths * rng.uniform(0.75, 1.1, len(rows)))
    leaves = leaves & (kept == count)
    tips = np.where(leaves, 0, weights.tips * rng.random(len(rows)) ** 2)
    count = np.minimum(kept, np.maximum(4, np.round(kept * (1 - tips)).astype(np.int64)))
    rise = _risen(roots.point[near], roots.normal[near], rows[:, 0], way)
    return Curves(np.concatenate([rise, _ended(rows, count)], 1), count + rise.shape[1], near, leaves)


def _risen(root: np.ndarray, normal: np.ndarray, end: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(n, K, 3) places of Bezier curves that leave the skin at the roots and come in along the strands' (n, 3) `way`."""
    away = np.linalg.norm(end - root, axis=1, keepdims=True)
    first = root + (0.35 * normal + 0.15 * way) * away
    second = end - 0.4 * way * away
    t = np.linspace(0, 1, _RISE, endpoint=False)[:, None, None]
    curve = (1 - t) ** 3 * root + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end
    return curve.transpose(1, 0, 2)


def _shortened(rows: np.ndarray, count: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(n,) places within `lengths` of the root, at most `count`, at least 3."""
    arc = np.cumsum(np.linalg.norm(np.diff(rows, axis=1), axis=2), 1)
    return np.maximum(3, np.minimum(count, (arc < lengths[:, None]).sum(1) + 1))


def _ended(rows: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Rows that repeat the last of their `count` places."""
    index = np.minimum(np.arange(rows.shape[1])[None], count[:, None] - 1)
    return np.take_along_axis(rows, index[..., None], 1)


def _at_photo_end(view: View, paths: np.ndarray, last: np.ndarray) -> np.ndarray:
    """(n,) bool: the strand ends at the lower border of the photo."""
    ends = paths[np.arange(len(paths)), last]
    rows, columns = view.seen.at(ends)
    shown = view.seen.window.shown
    below = np.minimum(rows + max(3, int(0.03 * view.seen.face)), len(shown) - 1)
    touches = rows >= len(shown) - max(3, int(0.03 * view.seen.face))
    return (touches | ~shown[below, columns]) & (view.seen.window.level[rows, columns] < 0.4)
