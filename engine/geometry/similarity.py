"""The similarity transform that brings one set of points onto another (Umeyama, TPAMI 1991)."""

from __future__ import annotations

import numpy as np

__all__ = ["similarity"]


def similarity(
    source: np.ndarray, target: np.ndarray, weight: np.ndarray | None = None, *, reflection: bool = False
) -> tuple[float, np.ndarray, np.ndarray]:
    """Scale, rotation (3, 3) and shift (3,) that minimise ``sum w |target - (scale R source + shift)|^2``.

    Args:
        source, target: (n, 3), one unit. weight: (n,), all alike when absent.
        reflection: whether the rotation may be a reflection where that fits better.
    """
    w = np.ones(len(source)) if weight is None else weight
    w = (w / w.sum())[:, None]
    a, b = (w * source).sum(0), (w * target).sum(0)
    U, D, V = np.linalg.svd((w * (target - b)).T @ (source - a))
    sign = np.diag([1, 1, 1 if reflection else np.sign(np.linalg.det(U @ V))])
    R = U @ sign @ V
    scale = (D * np.diag(sign)).sum() / (w * (source - a) ** 2).sum()
    return scale, R, b - scale * R @ a
