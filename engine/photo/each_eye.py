"""Each eye measured by itself: winks, and lids that are closed.

The landmark network has hardly seen winks. It gives both eyes the mean of what it sees, so that a wink becomes two half-open
eyes, and lids that touch stay a slit apart. Where one eye is laid, mirrored, over the other one, the network sees a face with
two eyes alike, and measures them well.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ..geometry.smoothstep import smoothstep
from .face_nets import FaceNets, Roi, roi_of, sample
from .regions import EYES, LID_MIDDLE, fill
from .weights import WEIGHTS, EachEyeWeights

__all__ = ["eye_heights", "open_share", "openness", "with_each_eye"]

_AROUND = (
    (33, 133, 105, 107, 70, 118, 101),
    (263, 362, 334, 336, 300, 347, 330),
)
"""Landmarks by which an eye is laid over the other: corners, brow, cheek; the first row is the right eye's."""
_REGION = (
    (70, 63, 105, 66, 107, 122, 188, 121, 120, 119, 118, 117, 111, 35, 124),
    (300, 293, 334, 296, 336, 351, 412, 350, 349, 348, 347, 346, 340, 265, 353),
)
"""The region of each eye: brow, bridge of the nose, upper cheek, temple."""
_LIDS = (
    (130, 25, 110, 24, 23, 22, 26, 112, 243, 190, 56, 28, 27, 29, 30, 247),
    (359, 255, 339, 254, 253, 252, 256, 341, 463, 414, 286, 258, 257, 259, 260, 467),
)
"""The ring of landmarks on the lids around each rim."""
_BLINKS = (9, 8)
"""Numbers of the actions that close the right and the left eye."""


def eye_heights(points: np.ndarray) -> np.ndarray:
    """(2,) distance of the lids in the middle of the right and the left eye, in the unit of (478, 2+) landmarks."""
    return np.array(
        [np.mean([np.linalg.norm(points[rim[16 - k], :2] - points[rim[k], :2]) for k in LID_MIDDLE]) for rim in EYES]
    )


def openness(points: np.ndarray) -> np.ndarray:
    """(2,) the same over the distance of the eye's corners: about 0.3 for open eyes."""
    return eye_heights(points) / _widths(points)


def open_share(points: np.ndarray, scores: np.ndarray, weights: EachEyeWeights = WEIGHTS.each_eye) -> np.ndarray:
    """(2,) 1 for lids that are apart, 0 where what the landmarks leave between them is no more than lashes.

    Args:
        points: (478, 2+) landmarks of a face whose eyes are alike or measured apart. scores: (52,) of them.
    """
    w = weights
    apart = smoothstep(*w.shut, openness(points))
    return apart * (1 - smoothstep(*w.blink, scores[list(_BLINKS)]))


def with_each_eye(
    nets: FaceNets,
    pixels: np.ndarray,
    points: np.ndarray,
    weights: EachEyeWeights = WEIGHTS.each_eye,
) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks with each eye as it is, and the scores of the actions.

    Args:
        nets: the networks. pixels: (H, W, 3) uint8 photo. points: (478, 3) landmarks of the face, measured as a whole.

    Returns:
        (478, 3) float32, as given where both eyes are open alike; (52,) float32.
    """
    w = weights
    roi = roi_of(points)
    square = sample(pixels, roi, w.side_px)
    to_square, to_photo = _moves(roi, w.side_px)
    placed = to_square(points)
    doubled = [_doubled(square, placed, eye, w) for eye in (0, 1)]
    once = Roi(w.side_px / 2, w.side_px / 2, w.side_px, 0.0)
    apart = [nets.mesh(picture, once) for picture in doubled]
    share = _differ(placed, apart, w)
    out, scores = points.copy(), nets.blendshapes(points[:, :2])
    # Lids move together unless they are seen to differ.
    shown = np.full(2, open_share(points, scores, w).max())
    if share > 0:
        wobbles = [
            Roi(once.cx + dx * once.side, once.cy + dy * once.side, once.side * size, turn)
            for dx, dy, size, turn in WEIGHTS.landmarks.wobble
        ]
        for eye in (0, 1):
            own = to_photo(np.mean([nets.mesh(doubled[eye], wobble) for wobble in wobbles], 0))
            alike = nets.blendshapes(own[:, :2])
            shown[eye] += share * (open_share(own, alike, w)[eye] - shown[eye])
            # Irises stay: two eyes that look to one side would cross in a face with one of them twice.
            ring = [*EYES[eye], *_LIDS[eye]]
            out[ring] += share * (own[ring] - out[ring])
    for rim, opened in zip(EYES, shown):
        for k in range(1, 8):
            # The upper lid comes down.
            out[rim[16 - k]] = out[rim[k]] + opened * (out[rim[16 - k]] - out[rim[k]])
    if share > 0 or (shown < 1).any():
        scores = nets.blendshapes(out[:, :2])
        for blink, opened in zip(_BLINKS, shown):
            scores[blink] = max(scores[blink], 1 - opened)
    return out.astype(np.float32), scores


def _differ(points: np.ndarray, apart: list[np.ndarray], w: EachEyeWeights) -> float:
    """How surely one eye is closed and the other one not, 0 to 1.

    Args:
        points: (478, 3) landmarks of the face. apart: those of the faces with the right eye twice, and with the left one.
    """
    heights = np.maximum([eye_heights(apart[eye])[eye] for eye in (0, 1)], 1e-3)
    opened = max(openness(apart[eye])[eye] for eye in (0, 1))
    # Of a turned face lids that look down or aside seem to differ: there one eye must be closed to tell.
    turned = abs(np.log(_widths(points)[0] / _widths(points)[1]))
    ratio = abs(np.log(heights[0] / heights[1])) - w.turned * turned
    return float(smoothstep(*w.differ, ratio) * smoothstep(*w.opened, opened))


def _widths(points: np.ndarray) -> np.ndarray:
    """(2,) distance of the corners of the right and the left eye."""
    return np.maximum([np.linalg.norm(points[rim[0], :2] - points[rim[8], :2]) for rim in EYES], 1e-6)


def _moves(roi: Roi, side: int) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """From (L, 3) landmarks in the photo to those in the turned square of `side` pixels, and back."""
    turn = np.array([[np.cos(roi.angle), -np.sin(roi.angle)], [np.sin(roi.angle), np.cos(roi.angle)]], np.float32)
    scale, centre, middle = np.float32(roi.side / side), np.float32([roi.cx, roi.cy]), np.float32(side / 2)

    def inwards(points: np.ndarray) -> np.ndarray:
        return np.concatenate([(points[:, :2] - centre) @ turn / scale + middle, points[:, 2:] / scale], 1)

    def outwards(points: np.ndarray) -> np.ndarray:
        return np.concatenate([(points[:, :2] - middle) @ turn.T * scale + centre, points[:, 2:] * scale], 1)

    return inwards, outwards


def _doubled(square: np.ndarray, points: np.ndarray, eye: int, w: EachEyeWeights) -> np.ndarray:
    """The picture with one eye, mirrored, in place of the other.

    Args:
        square: (S, S, 3) uint8. points: (478, 3) in its pixels. eye: 0 right, 1 left: the one that stays.
    """
    own, other = (points[list(_AROUND[side]), :2].astype(np.float64) for side in (eye, 1 - eye))
    # OpenCV's pixel centres lie at whole numbers.
    design = np.concatenate([other - 0.5, np.ones((len(other), 1))], 1)
    matrix = np.linalg.lstsq(design, own - 0.5, rcond=None)[0].T
    mirrored = cv2.warpAffine(
        square,
        matrix,
        square.shape[1::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    hull = cv2.convexHull(points[list(_REGION[1 - eye]), :2].astype(np.float32))[:, 0]
    mask = fill(square.shape[:2], hull).astype(np.float32) / 255
    mask = cv2.GaussianBlur(mask, (0, 0), w.soft * float(np.ptp(points[:, 0])))[..., None]
    return (square + mask * (mirrored.astype(np.float32) - square) + 0.5).astype(np.uint8)
