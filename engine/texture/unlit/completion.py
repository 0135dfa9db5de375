"""Skin where the photo shows none.

Two layers, each made so that no border can be seen. The *base* is smooth and lives on the vertices: it follows the seen
colours, then those of the other cheek (corrected by the slow difference between the two), and spans what is left like
a membrane (Perez et al., "Poisson image editing", SIGGRAPH 2003, on the surface instead of an image, hence without UV
seams). The *detail* is what a texel differs from the base: photographed, mirrored, or synthesised grain of the same
spectrum. Blending details over one continuous base cannot make a step.

Colours in this file are "perceptual": linear RGB to the power of 1/2.2.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ...wire.color import POWER
from ..atlas import Texels
from ..weights import WEIGHTS, CompletionWeights
from .surface import Surface

__all__ = ["GAMMA", "complete_base", "splat"]

GAMMA = 1 / POWER
"""Exponent from linear to perceptual."""


def splat(
    texels: Texels, triangles: np.ndarray, count: int, values: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted means of texel values around each vertex.

    Args:
        texels: n texels.
        triangles: (T, 3) vertex numbers.
        count: number of vertices V.
        values: (n, C).
        weights: (n,) in [0, 1].

    Returns:
        (V, C) float32 means (0 where nothing is) and (V,) float32 mean weight.
    """
    values = np.ascontiguousarray(values, np.float32)
    total, amount = np.zeros(count), np.zeros(count)
    sums = np.zeros((count, values.shape[1]))
    _splat(
        np.ascontiguousarray(triangles, np.int32),
        texels.triangle,
        texels.weights,
        values,
        np.ascontiguousarray(weights, np.float32),
        total,
        amount,
        sums,
    )
    means = sums / np.maximum(amount, 1e-9)[:, None]
    return means.astype(np.float32), (amount / np.maximum(total, 1e-9)).astype(np.float32)


@njit(cache=True, nogil=True)
def _splat(triangles, triangle, share, values, weights, total, amount, sums):
    for i in range(triangle.shape[0]):
        for k in range(3):
            vertex = triangles[triangle[i], k]
            total[vertex] += share[i, k]
            strong = share[i, k] * weights[i]
            amount[vertex] += strong
            for c in range(values.shape[1]):
                sums[vertex, c] += strong * values[i, c]


def complete_base(
    surface: Surface,
    mirror: np.ndarray,
    color: np.ndarray,
    amount: np.ndarray,
    fallback: np.ndarray,
    allow_mirror: np.ndarray,
    weights: CompletionWeights = WEIGHTS.completion,
) -> np.ndarray:
    """Smooth colour of every vertex.

    Args:
        surface: of V vertices.
        mirror: (V,) the vertex on the other side.
        color: (V, 3) perceptual means of the seen texels.
        amount: (V,) how well each vertex is seen.
        fallback: (3,) colour far from anything seen.
        allow_mirror: (V,) in [0, 1]: where the other side is a good guess.
        weights: what stands in for what is not seen.

    Returns:
        (V, 3) float32.
    """
    w = weights
    trust = np.clip((amount - w.rim) / (1 - w.rim), 0, 1).astype(np.float64)
    both = trust * trust[mirror]
    # How this side differs from the other, known where both are seen, fading to no difference elsewhere.
    difference = surface.smooth(color - color[mirror], both, w.difference_mm, prior_weight=w.difference_prior)
    guess = color[mirror] + difference
    borrowed = (1 - trust) * trust[mirror] * allow_mirror
    total = trust + w.borrowed * borrowed
    target = (trust[:, None] * color + w.borrowed * borrowed[:, None] * guess) / np.maximum(total, 1e-9)[:, None]
    return surface.smooth(target, w.strength * total**2, w.membrane_mm, prior=fallback, prior_weight=w.membrane_prior)
