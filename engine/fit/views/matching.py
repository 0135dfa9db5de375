"""Dense matches between neighbouring photos, rectified by the mesh.

One photo is drawn into another's frame through the head's present shape, which takes out most of the perspective; what
is left is a flow of a few pixels. Matches are kept where flow forth and back agree, where the patches look alike, and
where the surface faces both cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from ...render import interpolate
from ...system.concurrency import concurrently
from ...system.progress import SILENT, Progress
from .state import ViewState
from .weights import WEIGHTS, MatchWeights

__all__ = ["Tracks", "choose_pairs", "match_views", "predicted"]


@dataclass
class Tracks:
    """P points of the surface seen in two or more photos, O observations; frame pixels."""

    start: np.ndarray
    """(P + 1,) where each track's observations begin; the first one is its anchor."""
    view: np.ndarray
    """(O,)"""
    pixel: np.ndarray
    """(O, 2)"""
    triangle: np.ndarray
    """(P,) triangle of the mesh at the anchor."""
    weights: np.ndarray
    """(P, 3) barycentric."""
    contrast: np.ndarray
    """(P,) deviation of the patch at the anchor, grey levels: flow errs in inverse proportion."""

    @property
    def anchor_view(self) -> np.ndarray:
        """(P,)"""
        return self.view[self.start[:-1]]

    def take(self, keep: np.ndarray) -> Tracks:
        """The tracks of a (P,) mask."""
        length = np.diff(self.start)
        rows = np.repeat(keep, length)
        return Tracks(
            np.concatenate([[0], np.cumsum(length[keep])]),
            self.view[rows],
            self.pixel[rows],
            self.triangle[keep],
            self.weights[keep],
            self.contrast[keep],
        )


def choose_pairs(views: list[ViewState], weights: MatchWeights = WEIGHTS.match) -> list[tuple[int, int]]:
    """Pairs of views that see the head from near directions: along every bearing the nearest ones.

    Each view is paired with its nearest neighbours on either side (left and right as seen from the head), so the
    number of pairs grows linearly with the number of views.
    """
    position = np.array([view.camera.position for view in views])
    towards = position / np.linalg.norm(position, axis=1, keepdims=True)
    yaw = np.array([view.camera.yaw_degrees for view in views])
    angle = np.degrees(np.arccos(np.clip(towards @ towards.T, -1, 1)))
    pairs = set()
    for i in range(len(views)):
        for side in (yaw > yaw[i], yaw <= yaw[i]):
            side = side.copy()
            side[i] = False
            candidates = np.flatnonzero(side & (angle[i] < weights.most_degrees))
            # A baseline of some degrees tells depth; among the nearest, those are preferred that have one.
            away = angle[i][candidates]
            away = away + weights.no_baseline_degrees * (away < weights.baseline_degrees)
            for j in candidates[np.argsort(away, kind="stable")][: weights.nearest]:
                pairs.add((min(i, int(j)), max(i, int(j))))
    return sorted(pairs)


def match_views(
    views: list[ViewState],
    pairs: list[tuple[int, int]],
    triangles: np.ndarray,
    usable: np.ndarray,
    least_ncc: float,
    fine: bool = True,
    progress: Progress = SILENT,
    weights: MatchWeights = WEIGHTS.match,
) -> tuple[Tracks, np.ndarray]:
    """Matches of all pairs, joined into tracks per anchor, and how many there could be at most.

    Args:
        views: drawn (:meth:`ViewState.draw`).
        pairs: as of :func:`choose_pairs`.
        triangles: (T, 3). usable: (T,) bool, triangles whose points may be matched.
        least_ncc: normalised cross-correlation that a match must reach.
        fine: whether the flow is worked out to the last pixel.
        progress: may raise to cancel.

    Returns:
        Tracks, and (V, V) anchors of the first view whose places the second sees as well; 0 where views do not form a pair.
    """

    def both_ways(i: int, j: int):
        there, back = (_match(views[a], views[b], triangles, least_ncc, fine, weights) for a, b in ((i, j), (j, i)))
        return (
            (there.place, _returns(there, back, weights), there.seen),
            (back.place, _returns(back, there, weights), back.seen),
        )

    found: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
    possible = np.zeros((len(views), len(views)))
    for (i, j), both in zip(pairs, concurrently([partial(both_ways, *pair) for pair in pairs], progress)):
        for (a, b), (place, ok, seen) in zip(((i, j), (j, i)), both):
            found[a, b] = place, ok
            possible[a, b] = seen / _step(views[a], weights) ** 2
    return _joined(
        [
            _tracks(views, i, [j for a, j in found if a == i], found, usable, weights)
            for i in sorted({pair[0] for pair in found})
        ]
    ), possible


class _Matches(NamedTuple):
    """One view's pixels in another."""

    place: np.ndarray
    """(h, w, 2) pixels of the other view's frame."""
    ok: np.ndarray
    """(h, w) where to believe them."""
    seen: int
    """Pixels of the head with contrast that the other view should show."""


def _step(view: ViewState, weights: MatchWeights) -> int:
    """Frame pixels between anchors."""
    return max(2, round(WEIGHTS.frame.face_mm * view.per_mm / weights.step_face))


def _returns(matches: _Matches, back: _Matches, weights: MatchWeights) -> np.ndarray:
    """(h, w) whether the match of a pixel is good and matched with the pixel itself."""
    there, ok = matches.place, matches.ok
    rows = np.flatnonzero(ok.any(1))
    result = np.zeros(ok.shape, bool)
    if not len(rows):
        return result
    band = slice(rows[0], rows[-1] + 1)
    x, y = there[band, :, 0] - np.float32(0.5), there[band, :, 1] - np.float32(0.5)
    returned = cv2.remap(back.place, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(1e4, 1e4))
    across = returned[..., 0] - np.arange(0.5, ok.shape[1], dtype=np.float32)
    down = returned[..., 1] - np.arange(rows[0] + 0.5, rows[-1] + 1, dtype=np.float32)[:, None]
    result[band] = ok[band] & (across * across + down * down < weights.forth_back_px**2)
    return result


def _tracks(
    views: list[ViewState], i: int, others: list[int], found: dict, usable: np.ndarray, weights: MatchWeights
) -> Tracks:
    """Tracks anchored on a regular grid of view `i`."""
    view = views[i]
    step = _step(view, weights)
    height, width = view.grey.shape
    ys, xs = np.meshgrid(np.arange(step // 2, height, step), np.arange(step // 2, width, step), indexing="ij")
    hit = view.raster.triangle[ys, xs]
    good = (hit >= 0) & (view.facing[ys, xs] > weights.least_facing) & usable[np.maximum(hit, 0)]
    ys, xs = ys[good], xs[good]
    pixel = np.stack([found[i, j][0][ys, xs] for j in others], 1)
    seen = np.stack([found[i, j][1][ys, xs] for j in others], 1)
    kept = seen.any(1)
    ys, xs, pixel, seen = ys[kept], xs[kept], pixel[kept], seen[kept]
    start = np.concatenate([[0], np.cumsum(seen.sum(1) + 1)])
    view_of = np.full(start[-1], i)
    place = np.zeros((start[-1], 2))
    place[start[:-1]] = np.stack([xs, ys], 1) + 0.5
    rest = np.ones(start[-1], bool)
    rest[start[:-1]] = False
    view_of[rest] = np.broadcast_to(np.array(others), seen.shape)[seen]
    place[rest] = pixel[seen]
    contrast = _normalized(view.grey, (view.raster.triangle >= 0).astype(np.float32), weights)[1]
    return Tracks(start, view_of, place, view.raster.triangle[ys, xs], view.raster.weights[ys, xs], contrast[ys, xs])


def _joined(parts: list[Tracks]) -> Tracks:
    if not parts:
        return Tracks(np.zeros(1, int), np.zeros(0, int), np.zeros((0, 2)), np.zeros(0, int), np.zeros((0, 3)), np.zeros(0))
    start, offset = [np.zeros(1, int)], 0
    for part in parts:
        start.append(part.start[1:] + offset)
        offset += part.start[-1]
    return Tracks(
        np.concatenate(start),
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("view", "pixel", "triangle", "weights", "contrast")
        ),
    )


def predicted(
    first: ViewState, second: ViewState, triangles: np.ndarray, weights: MatchWeights = WEIGHTS.match
) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 2) float32 pixels of `second`'s frame that show, through the mesh, what `first`'s pixels show, and (h, w)
    where both see the surface, bare of what is worn. Both are drawn; `first` needs no picture."""
    place, depth = second.work.project(second.vertices)
    values = np.concatenate([place, depth[:, None], second.vertex_facing[:, None]], 1)
    drawn = interpolate(first.raster, triangles, values)
    target, depth, facing = drawn[..., :2], drawn[..., 2], drawn[..., 3]
    height, width = second.grey.shape
    x, y = target[..., 0], target[..., 1]
    inside = (first.raster.triangle >= 0) & (x > 1) & (y > 1) & (x < width - 2) & (y < height - 2)
    column = np.clip(x, 0, width - 1).astype(int)
    row = np.clip(y, 0, height - 1).astype(int)
    nearest = second.raster.depth[row, column]
    seen = inside & (depth < nearest + weights.behind_mm) & (facing > weights.least_facing)
    seen &= first.facing > weights.least_facing
    if first.worn is not None:
        seen &= first.worn < weights.worn
    if second.worn is not None:
        seen &= second.worn[row, column] < weights.worn
    return target, seen


def _match(
    first: ViewState, second: ViewState, triangles: np.ndarray, least_ncc: float, fine: bool, weights: MatchWeights
) -> _Matches:
    target, seen = predicted(first, second, triangles, weights)
    x, y = target[..., 0], target[..., 1]
    empty = np.zeros(seen.shape, bool)
    if seen.sum() < weights.least_seen:
        return _Matches(target, empty, int(seen.sum()))
    ys, xs = np.nonzero(seen)
    margin = weights.margin_px
    y0, x0 = max(ys.min() - margin, 0), max(xs.min() - margin, 0)
    y1, x1 = ys.max() + 1 + margin, xs.max() + 1 + margin
    box = (slice(y0, y1), slice(x0, x1))
    warped = cv2.remap(second.grey, x[box] - 0.5, y[box] - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = seen[box].astype(np.float32)
    a, contrast_a = _normalized(first.grey[box], mask, weights)
    b, contrast_b = _normalized(warped, mask, weights)
    flow = _flow(a, b, fine, weights)
    grid = np.stack(np.meshgrid(np.arange(a.shape[1], dtype=np.float32), np.arange(a.shape[0], dtype=np.float32)), -1)
    moved = grid + flow
    small = cv2.erode(mask, np.ones((weights.rim_px, weights.rim_px)))
    whole = cv2.remap(small, moved[..., 0], moved[..., 1], cv2.INTER_LINEAR)
    ok = _ncc(a, cv2.remap(b, moved[..., 0], moved[..., 1], cv2.INTER_LINEAR), weights) > least_ncc
    told = (small > 0) & (np.minimum(contrast_a, contrast_b) > weights.least_contrast)
    ok &= (whole > weights.whole) & told
    result = target.copy()
    result[box] = cv2.remap(np.ascontiguousarray(target[box]), moved[..., 0], moved[..., 1], cv2.INTER_LINEAR)
    empty[box] = ok
    return _Matches(result, empty, int(told.sum()))


def _normalized(grey: np.ndarray, mask: np.ndarray, weights: MatchWeights) -> tuple[np.ndarray, np.ndarray]:
    """Locally normalised contrast within a mask, as uint8 about 128, and the local deviation in grey levels."""
    weight = cv2.GaussianBlur(mask, (0, 0), weights.contrast_px) + weights.least_weight
    mean = cv2.GaussianBlur(grey * mask, (0, 0), weights.contrast_px) / weight
    centred = (grey - mean) * mask
    deviation = np.sqrt(cv2.GaussianBlur(centred * centred, (0, 0), weights.contrast_px) / weight)
    scaled = centred / (deviation + weights.least_contrast)
    return np.clip(128 + weights.grey * scaled, 0, 255).astype(np.uint8), deviation


def _flow(a: np.ndarray, b: np.ndarray, fine: bool, w: MatchWeights) -> np.ndarray:
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(0 if fine else 1)
    solver.setPatchSize(w.flow_patch[0])
    solver.setPatchStride(w.flow_patch[1])
    solver.setGradientDescentIterations(w.flow_descent[fine])
    solver.setVariationalRefinementIterations(w.flow_refined[fine])
    return solver.calc(a, b, None)


def _ncc(a: np.ndarray, b: np.ndarray, w: MatchWeights) -> np.ndarray:
    """Normalised cross-correlation of the patches around every pixel."""
    a, b = a.astype(np.float32), b.astype(np.float32)

    def mean(image):
        return cv2.blur(image, (w.patch, w.patch))

    ma, mb = mean(a), mean(b)
    va, vb = mean(a * a) - ma * ma, mean(b * b) - mb * mb
    return (mean(a * b) - ma * mb) / np.sqrt(np.maximum(va * vb, w.least_noise))
