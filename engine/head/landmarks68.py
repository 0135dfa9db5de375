"""The 68 points of Sagonas et al. (300 Faces in-the-Wild Challenge, ICCVW 2013) among MediaPipe's 478 landmarks."""

from __future__ import annotations

import numpy as np

__all__ = ["LANDMARKS_68", "STEADY_68", "five_of_478"]

# fmt: off
LANDMARKS_68 = np.array([
    127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356,  # outline, viewer's left first
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,  # brows
    168, 197, 5, 4, 75, 97, 2, 326, 305,  # nose: ridge, tip, base
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,  # eyes
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181,  # lips, outside
    78, 82, 13, 312, 308, 317, 14, 87])  # lips, inside
# fmt: on
"""(68,) numbers among the 478."""

STEADY_68 = np.array([8, *range(27, 68)])
"""Those that name a place of the skin; the outline and the brows are drawn differently by every annotator."""


def five_of_478(landmarks: np.ndarray) -> np.ndarray:
    """(478, C) -> (5, C): middle of each eye's corners, nose tip, mouth corners; the viewer's left first."""
    chosen = landmarks[LANDMARKS_68]
    return np.stack([chosen[[36, 39]].mean(0), chosen[[42, 45]].mean(0), chosen[30], chosen[48], chosen[54]])
