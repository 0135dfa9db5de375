"""Blurs, slopes and bands of pictures in which only a part counts."""

from __future__ import annotations

import cv2
import numpy as np

from .weights import BandWeights

__all__ = ["band_deviations", "bands", "blur", "blur_within", "slopes", "wide_blur"]

_LEAST = 0.5
"""Deviation below which a blur changes nothing, pixels."""


def blur(image: np.ndarray, deviation: float) -> np.ndarray:
    """Gaussian blur, zero outside of the picture: its own adjoint."""
    if deviation <= _LEAST:
        return image
    return cv2.GaussianBlur(image, (0, 0), deviation, borderType=cv2.BORDER_CONSTANT)


def wide_blur(image: np.ndarray, deviation: float) -> np.ndarray:
    """Nearly :func:`blur`, by three box filters: as fast at any width, and its own adjoint too."""
    side = 2 * round((np.sqrt(4 * deviation**2 + 1) - 1) / 2) + 1
    for _ in range(3):
        image = cv2.blur(image, (side, side), borderType=cv2.BORDER_CONSTANT)
    return image


def blur_within(image: np.ndarray, weight: np.ndarray, deviation: float) -> np.ndarray:
    """Blur of the (H, W) part of a picture that carries weight."""
    filtered = wide_blur if deviation > 4 else blur
    return filtered(image * weight, deviation) / np.maximum(filtered(weight, deviation), 1e-3)


def slopes(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Central differences to the right and downwards, 0 on the border."""
    x, y = np.zeros_like(image), np.zeros_like(image)
    x[:, 1:-1] = 0.5 * (image[:, 2:] - image[:, :-2])
    y[1:-1] = 0.5 * (image[2:] - image[:-2])
    return x, y


def bands(height: np.ndarray, weight: np.ndarray, deviations: tuple[float, ...]) -> list[np.ndarray]:
    """What is longer than the first deviation (pixels), and the bands between each and the next; the last is the rest."""
    left, out = height, []
    for deviation in deviations:
        low = blur_within(left if not out else height, weight, deviation)
        out.append(low - sum(out) if out else low)
    out.append(height - sum(out))
    return out


def band_deviations(mm: float, waves: tuple[float, ...], w: BandWeights) -> tuple[float, ...]:
    """Deviations in pixels of the filters that part heights at these wavelengths (mm)."""
    return tuple(w.deviation * wave * mm for wave in waves)
