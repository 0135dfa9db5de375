"""The space that one photo's hair fills: a front and a back surface over the image.

Over the skull hair is as thick as it overhangs the head's outline nearby; beside the head it has a round profile; long
hair hangs straight and lies on the shoulders.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numba import njit
from scipy import ndimage

from ..head.model import HeadModel
from .body import body_depths
from .seen import Seen, blur, inside_distance
from .weights import VolumeWeights

__all__ = ["Volume", "hair_volume", "overhang"]

_FAR = 1e9
"""Depth where there is no surface."""
_ROUNDS = 80
"""Rounds of relaxation of a surface."""
_CROSS = np.ones((3, 3), np.uint8)
"""A pixel with its eight neighbours."""


class Volume(NamedTuple):
    """Pictures of one photo; depths in mm along the viewing axis."""

    front: np.ndarray
    """(H, W) float32 front surface of the hair within the mask; without meaning elsewhere."""
    smooth: np.ndarray
    """(H, W) float32 the same, smooth and filled around the mask."""
    begin: np.ndarray
    """(H, W) float32 front of the hull within `region`: hair that the photo shows, or what the head hides."""
    back: np.ndarray
    """(H, W) float32 back of the hull within `region`."""
    region: np.ndarray
    """(H, W) bool: the hull's silhouette, with what lies behind head and neck."""
    thickness: np.ndarray
    """(H, W) float32 mm over the skull."""
    outline: int
    """Pixels of the hair's outline that told it."""
    body: tuple[np.ndarray, np.ndarray]
    """Nearest and farthest depth of the body."""


def overhang(seen: Seen, weights: VolumeWeights) -> tuple[np.ndarray, np.ndarray]:
    """Where the hair's outline is seen, and how far it lies outside of the head's.

    Returns:
        (n, 2) int rows and columns, and (n,) float64 mm, negative inside the head's outline.
    """
    parts = seen.window.parts
    skull = seen.head & (parts["right_ear"] + parts["left_ear"] < 0.5)
    signed = inside_distance(~skull) - inside_distance(skull)
    mask = seen.mask.astype(np.uint8)
    edge = seen.mask & (cv2.erode(mask, _CROSS) == 0) & seen.window.shown & (seen.window.level > weights.crown)
    beyond = cv2.dilate((~seen.mask & (signed > -0.06 * seen.face) & (seen.window.surface < 0.3)).astype(np.uint8), _CROSS) > 0
    edge &= beyond & ~seen.oval
    if (seen.person < 0.35).any():
        edge &= cv2.dilate((seen.person < 0.35).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    places = np.stack(np.nonzero(edge), -1)
    return places, signed[edge].astype(np.float64) * seen.mm


def hair_volume(
    model: HeadModel, posed: np.ndarray, seen: Seen, mesh: tuple[np.ndarray, np.ndarray], weights: VolumeWeights
) -> Volume:
    """The space of one photo's hair.

    Args:
        posed: (N, 3) mm.
        mesh: of the body, see :func:`engine.hair.body.body_mesh`.
    """
    body = body_depths(mesh, seen.camera)
    places, over = overhang(seen, weights)
    thickness, told = _thickness(seen, places, over, weights)
    outline = _outline_depth(model, posed, seen)
    near, far = _filled(seen.window.head_near, _FAR), _filled(seen.window.head_far, -_FAR)
    front = _surface(seen, seen.mask, 1.0, near, _at_skin(seen, thickness, weights), outline, body[0], weights)
    sides = over[seen.window.level[tuple(places.T)] < weights.sides]
    nape = weights.nape[0] * float(np.median(sides)) if len(sides) > 10 else 0.0
    region = _region(model, posed, seen, float(np.clip(nape, 0, weights.nape[1])), weights)
    back = _surface(seen, region, -1.0, far, weights.back * thickness, outline, body[1], weights)
    back = _curtain(seen, region, back, body[1], weights)
    middle = np.where(seen.head, np.maximum(0.5 * (near + far), far - 60), outline)
    begin = np.where(seen.mask, front, middle)
    inside = seen.mask.astype(np.float32)
    soft = blur(np.where(seen.mask, front, 0), 0.02 * seen.face) / (blur(inside, 0.02 * seen.face) + 1e-6)
    soft = np.where(blur(inside, 0.02 * seen.face) > 1e-3, soft, outline)
    as32 = [image.astype(np.float32) for image in (front, soft, begin, back)]
    return Volume(*as32, region, thickness, told, body)


def _filled(depth: np.ndarray, value: float) -> np.ndarray:
    return np.where(np.isfinite(depth), depth, value).astype(np.float64)


def _thickness(seen: Seen, places: np.ndarray, over: np.ndarray, weights: VolumeWeights) -> tuple[np.ndarray, int]:
    """(H, W) float32 mm: the outline's overhang, spread over the head; and how many pixels told it."""
    told, value = np.zeros(seen.mask.shape, np.float32), np.zeros(seen.mask.shape, np.float32)
    if len(places) < 20:
        return np.full(seen.mask.shape, weights.unknown, np.float32), 0
    least, most = weights.thickness
    told[tuple(places.T)], value[tuple(places.T)] = 1, np.clip(over, least, most)
    total = sum(say * blur(told, sigma * seen.face) for sigma, say in weights.spread) + 1e-9
    spread = sum(say * blur(value, sigma * seen.face) for sigma, say in weights.spread) / total
    return np.clip(np.where(total > 2e-9, spread, np.median(over)), least, most).astype(np.float32), len(places)


def _at_skin(seen: Seen, thickness: np.ndarray, weights: VolumeWeights) -> np.ndarray:
    """(H, W) thickness that falls towards the border to bare skin."""
    bare = ((seen.window.surface > 0.5) | (seen.oval & (seen.window.level < 0.6))) & ~seen.mask
    ramp = np.clip(inside_distance(~bare) / (weights.ramp * seen.face), 0, 1)
    least = np.minimum(weights.skin, thickness)
    return least + (thickness - least) * ramp * (2 - ramp)


def _outline_depth(model: HeadModel, posed: np.ndarray, seen: Seen) -> np.ndarray:
    """(H, W) float64 depth of the nearest point of the head's outline; below the jaw that of the ears."""
    head = seen.head
    border = head & (cv2.erode(head.astype(np.uint8), _CROSS) == 0)
    middle = np.where(head, 0.5 * (_filled(seen.window.head_near, 0) + _filled(seen.window.head_far, 0)), 0)
    nearest = ndimage.distance_transform_edt(~border, return_distances=False, return_indices=True)
    depth = middle[tuple(nearest)]
    ears = posed[model.part("right_ear", "left_ear") > 0.5]
    ear = float(np.median(seen.camera.to_camera(ears)[:, 2]))
    low = np.clip((0.25 - seen.window.level) / 0.3, 0, 1)
    return blur(depth * (1 - low) + ear * low, 0.05 * seen.face).astype(np.float64)


def _surface(
    seen: Seen,
    region: np.ndarray,
    sign: float,
    skin: np.ndarray,
    thick: np.ndarray,
    outline: np.ndarray,
    body: np.ndarray,
    weights: VolumeWeights,
) -> np.ndarray:
    """(H, W) float64 depth of the hair's front (sign 1) or back (sign -1) within a region."""
    head, level = seen.head, seen.window.level
    deep = inside_distance(region) * seen.mm
    low, high = weights.round_level
    radius = weights.round_radius[0] + np.diff(weights.round_radius) * np.clip((level - low) / (high - low), 0, 1)
    part = np.minimum(deep, radius)
    rounded = outline - sign * np.sqrt(np.clip(2 * part * radius - part**2, 0, None))
    near_rim = inside_distance(head) < weights.inside * seen.face
    over = skin - sign * thick
    # Toward the viewer is smaller for the front and larger for the back: all limits are compared after the sign.
    limit = np.where(head, np.where(near_rim, _nearer(over, rounded + sign * 4, sign), over), rounded)
    far = np.minimum(weights.outer[0] * thick + weights.outer[1], 50)
    most = np.where(head, _nearer(skin - sign * far, limit, sign), rounded - sign * 20)
    on_body = np.isfinite(body) & ~head
    limit = np.where(on_body, _nearer(np.where(on_body, body - sign * 5, 0), limit, sign), limit)
    most = np.where(on_body, _nearer(most, limit - sign * 25, sign), most)
    bounded = region & (head | (deep < 50) | on_body)
    edge = region & (cv2.erode(region.astype(np.uint8), _CROSS, borderValue=1) == 0)
    start = np.where(region, np.where(head | on_body, limit, rounded), _FAR)
    free = region & ~(edge & ~head & ~on_body)
    return _relaxed(start, free, bounded, limit, most, sign, _ROUNDS)


def _nearer(first: np.ndarray, second: np.ndarray, sign: float) -> np.ndarray:
    """The one of two depths that is farther out: smaller for the front, larger for the back."""
    return np.minimum(first, second) if sign > 0 else np.maximum(first, second)


@njit(cache=True, nogil=True)
def _relaxed(start, free, bounded, limit, most, sign, rounds):
    """A membrane over the free pixels, by successive over-relaxation, held between two depths where it is bounded."""
    depth = start.copy()
    height, width = depth.shape
    for _ in range(rounds):
        for parity in range(2):
            for i in range(1, height - 1):
                for j in range(1 + (i + parity) % 2, width - 1, 2):
                    if not free[i, j]:
                        continue
                    count, total = 0, 0.0
                    for value in (depth[i - 1, j], depth[i + 1, j], depth[i, j - 1], depth[i, j + 1]):
                        if value < 1e8:
                            total += value
                            count += 1
                    if count == 0:
                        continue
                    value = depth[i, j] + 1.7 * (total / count - depth[i, j])
                    if bounded[i, j]:
                        if sign > 0:
                            value = max(min(value, limit[i, j]), most[i, j])
                        else:
                            value = min(max(value, limit[i, j]), most[i, j])
                    depth[i, j] = value
    return depth


def _region(model: HeadModel, posed: np.ndarray, seen: Seen, nape: float, weights: VolumeWeights) -> np.ndarray:
    """(H, W) bool: hair that is seen, the back of the scalp behind the head, and hair behind the neck.

    Args:
        nape: how far the hair of the nape hangs over the neck, mm.
    """
    pixels, depth = seen.camera.project(posed.astype(np.float64))
    turned = float(depth.min() + depth.max())
    from ..render import interpolate, rasterize
    from .skin import skin_triangles

    triangles = skin_triangles(model).vertices
    raster = rasterize(pixels, turned - depth, triangles, seen.camera.width, seen.camera.height)
    scalp = interpolate(raster, triangles, model.part("scalp")[:, None])[..., 0] > 0.35
    region = seen.mask | (scalp & seen.head)
    if nape > 0:
        region |= ndimage.binary_dilation(scalp & seen.head, _downward(seen, nape)) & seen.head
    # Below the jaw, hair on both sides of the neck goes on behind it.
    neck = (seen.window.parts["neck"] > 0.5) & seen.head
    columns = np.arange(seen.mask.shape[1])
    if neck.sum() > 50:
        rows = np.flatnonzero((seen.mask & (seen.window.level < weights.joined)).any(1))
        centre = float(np.median(np.nonzero(neck)[1]))
        for row in rows:
            here = columns[seen.mask[row]]
            left, right = here[here < centre - 0.15 * seen.face], here[here > centre + 0.15 * seen.face]
            if len(left) and len(right):
                region[row, left[0] : right[-1] + 1] |= seen.window.level[row, left[0] : right[-1] + 1] < weights.joined
    return cv2.morphologyEx(region.astype(np.uint8), cv2.MORPH_CLOSE, _CROSS) > 0


def _downward(seen: Seen, reach: float) -> np.ndarray:
    """(n, n) bool: a line of `reach` mm from the middle down along the face's axis."""
    far = max(1, round(reach / seen.mm))
    line = np.zeros((2 * far + 1, 2 * far + 1), np.uint8)
    end = np.round(far - far * seen.up).astype(int)
    cv2.line(line, (far, far), (int(end[0]), int(end[1])), 1)
    return line > 0


def _curtain(seen: Seen, region: np.ndarray, back: np.ndarray, body: np.ndarray, weights: VolumeWeights) -> np.ndarray:
    """The back surface of hanging hair: it falls straight from the skull and over the shoulders, and does not follow the neck. It
    hangs as low as hair is seen to hang beside the head; short hair follows the nape."""
    beside = seen.mask & seen.window.shown & ~seen.head & ~seen.oval
    low = np.quantile(seen.window.level[beside], weights.hangs) if beside.any() else 1.0
    step = weights.curtain * seen.mm
    for row in range(1, len(back)):
        level = seen.window.level[row]
        below = region[row] & region[row - 1] & (level < weights.curtain_level) & (level > low)
        back[row] = np.where(below, np.maximum(back[row], back[row - 1] - step), back[row])
        behind = region[row] & np.isfinite(body[row]) & (level < weights.joined)
        back[row] = np.where(behind, np.maximum(back[row], body[row] + 8), back[row])
    return back
