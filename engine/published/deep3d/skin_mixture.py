"""Skin masks of Deep3D's training data: posterior of two mixtures of four Gaussians in YCbCr."""

from __future__ import annotations

import numpy as np

__all__ = ["skin_probability"]

_PRIOR = 0.8
"""Probability of skin before the colour is known, as published."""
# fmt: off
_SKIN = np.array([
    (0.24063933, 113.71862, 103.39613, 164.08226, 5692842.5,
     .0019472069, .0020450759, -.00060243998, .017700525, .0051420014, .0081308950),
    (0.16365987, 150.19858, 105.18467, 155.51428, 5851930.5,
     .0027110141, .0011036990, .0023122299, .010707724, .010742856, .017481629),
    (0.26034665, 183.92976, 107.62468, 152.71820, 2329131,
     .0048026871, .00022935172, .0077668377, .011729696, .0081661865, .025374353),
    (0.33535415, 114.90524, 113.59782, 151.38217, 1585971,
     .0011989699, .0022453172, -.0010748957, .047758564, .020332102, .024502251)])
# fmt: on
"""(4, 11) Gaussians of skin, as published: weight; mean of Y, Cb, Cr; determinant; upper triangle (00, 01, 02, 11, 12, 22)
of the inverse covariance."""
# fmt: off
_OTHER = np.array([
    (0.12791070, 99.200851, 112.07533, 140.20602, 458703648,
     .00085371657, .00071197288, .00023958916, .0025935620, .00076557708, .0015042332),
    (0.31130761, 110.91392, 125.52969, 130.19237, 6466488,
     .00024650150, .00045542428, .00015019422, .026412144, .018419769, .037497383),
    (0.34245777, 129.75864, 129.96107, 126.96808, 90611376,
     .00037054974, .00038146760, .00040408765, .0085505722, .0079136286, .010982352),
    (0.21832393, 112.29587, 128.85121, 129.05431, 133097.63,
     .00013709733, .00051228428, .00012777430, .28237113, .10528370, .23468947)])
# fmt: on
"""(4, 11) Gaussians of all else, as published, in the same columns."""
_TO_YCBCR = np.array([[65.481, 128.553, 24.966], [-37.797, -74.203, 112.0], [112.0, -93.786, -18.214]]) / 255
"""(3, 3) from RGB of 0..255 to Y, Cb, Cr (ITU-R BT.601), before :data:`_OFFSET`."""
_OFFSET = np.array([16.0, 128.0, 128.0])
"""(3,) Y, Cb, Cr of black."""


def skin_probability(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 RGB -> (H, W) float64 probability of skin; times 255, rounded, it is the published mask."""
    color = image.reshape(-1, 3) @ _TO_YCBCR.T + _OFFSET
    skin, other = _PRIOR * _density(color, _SKIN), (1 - _PRIOR) * _density(color, _OTHER)
    return (skin / (skin + other)).reshape(image.shape[:2])


def _density(color: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    total = np.zeros(len(color))
    for weight, y, cb, cr, determinant, a00, a01, a02, a11, a12, a22 in mixture:
        d = color - (y, cb, cr)
        inverse = np.array([[a00, a01, a02], [a01, a11, a12], [a02, a12, a22]])
        total += weight * np.exp(-0.5 * ((d @ inverse) * d).sum(1)) / ((2 * np.pi) ** 1.5 * np.sqrt(determinant))
    return total
