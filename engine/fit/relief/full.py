"""What the network tells, as strong as folds are.

It tells the mean of what is possible, so a fold is fainter the less sure it is: right on average, and dull. How strong a fold
there is can be told from the error that is expected beside it, since the two together are as large as the truth. Of what is
hardly told at all nothing is kept.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from .filters import blur, blur_within, slopes
from .network import Told
from .weights import FullWeights, ReliefWeights

__all__ = ["along_lines", "fuller"]

_STEPS = 3
"""Points to either side that are averaged along a line."""
_REACH = 2.0
"""How far the last of them is, in deviations."""


def fuller(told: Told, trust: np.ndarray, weights: ReliefWeights) -> np.ndarray:
    """(3, H, W) float32 mm: the heights of what is told.

    Args:
        trust: (H, W) of the grid's pixels, where skin shows.
    """
    w, mm = weights.full, weights.channels.pixels_per_mm
    within = trust + np.float32(1e-4)
    return np.stack([_fuller(*band, within, mm, w, number) for number, band in enumerate(zip(*told))])


def _fuller(height: np.ndarray, deviation: np.ndarray, within: np.ndarray, mm: float, w: FullWeights, band: int) -> np.ndarray:
    own, off = (blur_within(image**2, within, w.around_mm[band] * mm) for image in (height, deviation))
    # Box filters round: a mean of squares can fall below 0.
    share = np.maximum(own, 0) / np.maximum(off, 1e-12)
    gain = np.minimum((1 + 1 / np.maximum(share, 1e-4)) ** (w.power / 2), w.most)
    gain *= smoothstep(w.faint[band], w.sure[band], np.sqrt(share))
    return (gain * along_lines(height, within, w.line_mm[band] * mm, w.turn_mm[band] * mm)).astype(np.float32)


def along_lines(height: np.ndarray, within: np.ndarray, length: float, around: float) -> np.ndarray:
    """(H, W) float32: a height averaged along its own valleys and ridges, as far as it has such: what is noise there goes.

    Args:
        within: (H, W) what counts.
        length: deviation of the average, pixels.
        around: deviation over which directions are told, pixels.
    """
    right, down = slopes(height)
    xx, xy, yy = (blur(part * within, around) for part in (right * right, right * down, down * down))
    alike = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-12)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    step = np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)
    at = np.stack(np.meshgrid(*(np.arange(side, dtype=np.float32) for side in height.shape[::-1])), -1)
    images = np.stack([height * within, within], -1).astype(np.float32)
    total = np.zeros_like(images)
    for number in range(-_STEPS, _STEPS + 1):
        away = number / _STEPS * _REACH
        place = at + np.float32(away * length) * step
        total += np.float32(np.exp(-(away**2) / 2)) * cv2.remap(images, place, None, cv2.INTER_LINEAR)
    return height + alike * (total[..., 0] / np.maximum(total[..., 1], 1e-6) - height)
