"""Things over a face that are too thin for the part network: small letters, and a headset's arm before the mouth.

Both are told by their shape. Letters stand in a row, are of one height and of one colour that is brighter than all around.
An arm is a long ridge of one colour from the side of the face to the mouth.
"""

from __future__ import annotations

import cv2
import numpy as np

from .regions import BROWS, CHIN, EYES, FACE_POINTS, NOSTRILS, OUTER_LIPS, TOP, disk, fill
from .weights import WEIGHTS, ThinWeights
from .window import FaceWindow

__all__ = ["thin_things"]


def thin_things(window: FaceWindow, beard: np.ndarray, w: ThinWeights = WEIGHTS.thin) -> np.ndarray:
    """(h, w) float32, 1 where small letters or a headset's arm lie over the face of a window.

    Args:
        beard: (h, w) chance of a beard, whose edge may look like an arm.
    """
    scale = min(1.0, w.face_px * window.scale / window.face)
    large = window.large
    if scale < 1:
        large = cv2.resize(large, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grow = large.shape[1] / window.shape[1]
    points, face = window.points * np.float32(grow), window.face * grow
    hull = fill(large.shape[:2], cv2.convexHull(points[:FACE_POINTS]).reshape(-1, 2)) > 0
    beard = cv2.resize(beard, large.shape[1::-1], interpolation=cv2.INTER_LINEAR) > w.beard
    found = _letters(large, hull, face, w) | _arm(large, points, hull, beard, face, w)
    if not found.any():
        return np.zeros(window.shape, np.float32)
    small = cv2.resize(found.astype(np.float32), window.shape[::-1], interpolation=cv2.INTER_AREA)
    return (small > w.any_share).astype(np.float32)


def _letters(pixels: np.ndarray, hull: np.ndarray, face: float, w: ThinWeights) -> np.ndarray:
    """(h, w) bool: rows of letters that are brighter than what is around, with their edges."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    raised = cv2.morphologyEx(grey, cv2.MORPH_TOPHAT, disk(w.stroke * face))
    count, ids, stats, centres = cv2.connectedComponentsWithStats((raised > w.letter_contrast).astype(np.uint8), connectivity=8)
    left, top, wide, high = (stats[:, column] for column in range(4))
    low, tall = w.letter_height[0] * face, w.letter_height[1] * face
    fits = (high >= low) & (high <= tall) & (wide <= w.letter_width * face)
    fits[0] = False
    kept = np.flatnonzero(fits)
    out = np.zeros(hull.shape, bool)
    if len(kept) < w.letters:
        return out
    kept = kept[np.argsort(left[kept])]
    colors = np.array([_core(pixels, grey, ids == one, stats[one]) for one in kept])
    rows: list[list[int]] = []
    for number, one in enumerate(kept):
        for row in rows:
            last = kept[row[-1]]
            unit = max(high[last], high[one])
            if (
                abs(centres[one, 1] - centres[last, 1]) < w.letter_level * unit
                and left[one] - (left[last] + wide[last]) < w.letter_gap * unit
                and np.abs(colors[number] - colors[row[-1]]).max() < w.letter_color
            ):
                row.append(number)
                break
        else:
            rows.append([number])
    for row in rows:
        mine = kept[row]
        across = left[mine].max() + wide[mine[-1]] - left[mine].min()
        # Eyelashes, stubble and teeth shine, too, but not in one colour, or not in a row.
        even = np.abs(colors[row] - np.median(colors[row], 0)).max(1)
        if len(row) >= w.letters and across > w.row_length * np.median(high[mine]) and np.median(even) < w.one_color:
            out |= np.isin(ids, mine)
    if not (out & hull).any():
        return np.zeros(hull.shape, bool)
    return cv2.dilate(out.astype(np.uint8), disk(w.letter_grow * face)) > 0


def _core(pixels: np.ndarray, grey: np.ndarray, where: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(3,) color of the brighter half of what is in a box."""
    part = slice(box[1], box[1] + box[3]), slice(box[0], box[0] + box[2])
    levels, colors = grey[part][where[part]], pixels[part][where[part]]
    return np.median(colors[levels >= np.median(levels)].astype(np.float64), 0)


def _arm(
    pixels: np.ndarray, points: np.ndarray, hull: np.ndarray, beard: np.ndarray, face: float, w: ThinWeights
) -> np.ndarray:
    """(h, w) bool: an arm with the microphone at its end."""
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), (0, 0), max(0.5, w.soft * face))
    up = (points[TOP] - points[CHIN]) / max(float(np.linalg.norm(points[TOP] - points[CHIN])), 1.0)
    y, x = np.mgrid[: hull.shape[0], : hull.shape[1]]
    lids = points[[lid for eye in EYES for lid in eye]].mean(0)
    below = (x - lids[0]) * up[0] + (y - lids[1]) * up[1] < -w.below_eyes * face
    lips = fill(hull.shape, points, OUTER_LIPS)
    features = cv2.dilate(fill(hull.shape, points, *EYES, *BROWS, *NOSTRILS), disk(w.feature_rim * face)) > 0
    depth = cv2.distanceTransform(hull.astype(np.uint8), cv2.DIST_L2, 3)
    to_lips = cv2.distanceTransform(1 - (lips > 0).astype(np.uint8), cv2.DIST_L2, 3)
    sides = ((x - points[CHIN][0]) * -up[1] + (y - points[CHIN][1]) * up[0]) / face
    where = hull & below & ~features & ~beard & (lips == 0)
    out = np.zeros(hull.shape, bool)
    kernel = disk(w.arm_radius * face)
    for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT):
        ridge = (cv2.morphologyEx(grey, kind, kernel) > w.arm_contrast) & where
        count, ids, stats, _ = cv2.connectedComponentsWithStats(ridge.astype(np.uint8), connectivity=8)
        for one in range(1, count):
            if np.hypot(stats[one, 2], stats[one, 3]) < w.arm_length * face:
                continue
            mine = ids == one
            if (
                stats[one, 4] < w.arm_thick * face * np.hypot(stats[one, 2], stats[one, 3])
                and depth[mine].min() < w.arm_begins * face
                and np.abs(sides[mine]).max() > w.arm_aside
                and to_lips[mine].min() < w.arm_ends * face
                and _one_color(pixels, mine) < w.arm_color
            ):
                out |= _with_its_end(pixels, mine, hull, to_lips, face, w)
    return out


def _one_color(pixels: np.ndarray, where: np.ndarray) -> float:
    """Median deviation of the colours of an area from their median, levels."""
    colors = pixels[where].astype(np.float64)
    return float(np.median(np.abs(colors - np.median(colors, 0)).max(1)))


def _with_its_end(
    pixels: np.ndarray, arm: np.ndarray, hull: np.ndarray, to_lips: np.ndarray, face: float, w: ThinWeights
) -> np.ndarray:
    """(h, w) bool: the arm, and what of its colour hangs on it before mouth and cheek."""
    color = np.median(pixels[arm].astype(np.float64), 0)
    like = (np.abs(pixels.astype(np.float64) - color).max(-1) < w.end_color) & hull
    near = like & ((to_lips < w.end_reach * face) | (cv2.dilate(arm.astype(np.uint8), disk(w.arm_radius * face)) > 0))
    _, ids = cv2.connectedComponents((near | arm).astype(np.uint8))
    mine = np.isin(ids, np.unique(ids[arm]))
    if mine.sum() > w.most_area * face**2:  # a beard's, or a shadow's
        mine = arm
    return cv2.dilate(mine.astype(np.uint8), disk(w.arm_grow * face)) > 0
