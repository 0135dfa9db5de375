"""The lines by which a face is recognized, on the mesh: lids, lips, brows, nose, jaw, ears and hairline. NumPy only."""

from __future__ import annotations

import numpy as np

from .fitted import Fitted

__all__ = ["feature_lines", "line_points"]

_CLOSED = {
    "right lids": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "left lids": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "lips": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    "mouth": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191),
    "right brow": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "left brow": (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
}
"""MediaPipe's landmarks along lines that return to their start."""
_OPEN = {
    "nose bridge": (168, 6, 197, 195, 5, 4, 1),
    "nostrils": (64, 98, 97, 2, 326, 327, 294),
    "jaw": (234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454),
}
"""MediaPipe's landmarks along lines with two ends."""
_BORDERS = ("right_ear", "left_ear", "scalp")
"""Parts whose border is a line."""


def feature_lines(fitted: Fitted) -> tuple[np.ndarray, np.ndarray]:
    """Where the lines lie on the mesh.

    Returns:
        (K, 2, 3) the three vertices of both ends of each piece, and (K, 2, 3) their barycentric weights.
    """
    pairs = []
    count = len(fitted.landmark_vertices)
    for chain, closed in [(c, True) for c in _CLOSED.values()] + [(c, False) for c in _OPEN.values()]:
        if max(chain) < count:
            pairs += list(zip(chain, [*chain[1:], *chain[: int(closed)]]))
    ends = np.array(pairs, int).reshape(-1, 2)
    corners, weights = [fitted.landmark_vertices[ends]], [fitted.landmark_weights[ends]]
    for name in _BORDERS:
        if name in fitted.parts:
            edges = _border(fitted, fitted.parts[name] > 0.5)
            corners.append(np.repeat(edges[:, :, None], 3, 2))
            weights.append(np.tile(np.array([1.0, 0, 0]), (len(edges), 2, 1)))
    return np.concatenate(corners).astype(int), np.concatenate(weights).astype(np.float64)


def _border(fitted: Fitted, inside: np.ndarray) -> np.ndarray:
    """(K, 2) edges of the skin between faces that lie in a part and faces that do not."""
    faces = fitted.faces[fitted.material == 0]
    within = inside[faces].all(1)
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 3, 3, 0]].reshape(-1, 2), 1)
    both, which = np.unique(edges, axis=0, return_inverse=True)
    of = np.repeat(within, 4)
    which = which.ravel()
    inner = np.bincount(which, of, len(both))
    outer = np.bincount(which, ~of, len(both))
    return both[(inner == 1) & (outer == 1)]


def line_points(lines: tuple[np.ndarray, np.ndarray], points: np.ndarray) -> np.ndarray:
    """(K, 2, 3) both ends of each piece on (N, 3) vertices."""
    corners, weights = lines
    return np.einsum("aeb,aebd->aed", weights, points[corners])
