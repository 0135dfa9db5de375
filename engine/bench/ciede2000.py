"""Difference of two colours as an eye sees it.

CIEDE2000 as in Sharma, Wu and Dalal, "The CIEDE2000 Color-Difference Formula: Implementation Notes, Supplementary Test Data,
and Mathematical Observations", Color Research and Application 2005.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..wire.color import linear_to_srgb

__all__ = ["ciede2000", "color_difference"]


def color_difference(first: np.ndarray, second: np.ndarray) -> float:
    """CIEDE2000 between two colours (3,) in linear sRGB; what is brighter than white counts as white."""
    both = linear_to_srgb(np.clip(np.stack([first, second]), 0, 1)).astype(np.float32)
    one, other = cv2.cvtColor(both[None], cv2.COLOR_RGB2LAB)[0].astype(float)
    return ciede2000(one, other)


def ciede2000(first: np.ndarray, second: np.ndarray) -> float:
    """The same between two colours (3,) in L*a*b*."""
    (light1, a1, b1), (light2, a2, b2) = first, second
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(mean7 / (mean7 + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    chroma1, chroma2 = np.hypot(a1, b1), np.hypot(a2, b2)
    hue1, hue2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = (hue2 - hue1 + 180) % 360 - 180 if chroma1 * chroma2 else 0.0
    if chroma1 * chroma2:
        hue = (hue1 + hue2) / 2 if abs(hue1 - hue2) <= 180 else ((hue1 + hue2 + 360) / 2) % 360
    else:
        hue = hue1 + hue2
    light, chroma = (light1 + light2) / 2, (chroma1 + chroma2) / 2

    def cosine(times: float, shift: float) -> float:
        return float(np.cos(np.radians(times * hue + shift)))

    weight = 1 - 0.17 * cosine(1, -30) + 0.24 * cosine(2, 0) + 0.32 * cosine(3, 6) - 0.20 * cosine(4, -63)
    by_light = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    by_chroma, by_hue = 1 + 0.045 * chroma, 1 + 0.015 * chroma * weight
    seven = chroma**7
    rotation = -np.sin(np.radians(60 * np.exp(-(((hue - 275) / 25) ** 2)))) * 2 * np.sqrt(seven / (seven + 25.0**7))
    d_light = (light2 - light1) / by_light
    d_chroma = (chroma2 - chroma1) / by_chroma
    d_hue = 2 * np.sqrt(chroma1 * chroma2) * np.sin(np.radians(turn) / 2) / by_hue
    return float(np.sqrt(d_light**2 + d_chroma**2 + d_hue**2 + rotation * d_chroma * d_hue))
