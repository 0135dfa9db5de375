"""Second-order spherical-harmonics lighting of a diffuse head.

Ramamoorthi and Hanrahan, "An efficient representation for irradiance environment maps" (SIGGRAPH 2001): the
irradiance of a convex Lambertian surface under distant light is, up to a few per cent, a quadratic polynomial of the
normal. Its nine coefficients per colour channel absorb the usual constants here, so the basis is the plain polynomial.

Frame of all normals in this file: the *light frame*, i.e. the camera's axes with x right, y **up** and z **towards the
camera** (OpenCV camera axes with y and z negated). Colours are linear RGB.
"""

from __future__ import annotations

import numpy as np

from ..camera import Camera

__all__ = ["ORDER", "fit_lighting", "light_normals", "sh_basis", "shade"]

ORDER = np.array([0, 1, 1, 1, 2, 2, 2, 2, 2])
"""(9,) band of each basis function."""

_RIDGE = np.array([1e-5, 1e-4, 2e-3])
"""Ridge by band, relative to the mean data weight: the second band is poorly seen from one side of a head."""

_DARKEST = 1e-6
"""Linear light that counts as none in a relative residual: a channel may be black all over."""


def light_normals(camera: Camera, normals: np.ndarray) -> np.ndarray:
    """(..., 3) normals in model space -> the light frame of `camera`."""
    return (normals @ camera.R.T.astype(normals.dtype)) * np.array([1, -1, -1], normals.dtype)


def sh_basis(normals: np.ndarray) -> np.ndarray:
    """The nine polynomials ``1, y, z, x, xy, yz, 3z2-1, xz, x2-y2``.

    Args:
        normals: (..., 3) unit normals in the light frame.

    Returns:
        (..., 9) of the same dtype.
    """
    x, y, z = np.moveaxis(np.asarray(normals), -1, 0)
    return np.stack([np.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y], -1)


def shade(normals: np.ndarray, lighting: np.ndarray) -> np.ndarray:
    """Linear colour of a surface of unit albedo.

    Args:
        normals: (..., 3) unit normals in the light frame.
        lighting: (9, 3) as in ``MidFit.lighting``.

    Returns:
        (..., 3), at least 1e-4: a quadratic has no reason to stay positive on normals that the photo never showed.
    """
    return np.maximum(sh_basis(normals) @ np.asarray(lighting, np.asarray(normals).dtype), 1e-4)


def fit_lighting(
    normals: np.ndarray,
    colors: np.ndarray,
    albedo: np.ndarray,
    weights: np.ndarray,
    *,
    steps: int = 6,
    scale: float = 0.25,
    basis: np.ndarray | None = None,
) -> np.ndarray:
    """Closed-form robust lighting (iteratively re-weighted ridge regression).

    Minimises ``sum_i w_i rho((c_i - a_i B_i L) / (a_i B_i L + .05 m))`` per channel with the Geman-McClure rho, plus a
    ridge by band; residuals are relative so that the dark side counts as much as the bright one. `m` is the channel's
    mean colour; a channel that is black all over gets no light.

    Args:
        normals: (P, 3) light frame.
        colors: (P, 3) linear photo colours.
        albedo: (P, 3) or (1, 3) linear albedo relative to which the light is expressed.
        weights: (P,) >= 0.
        steps: re-weightings.
        scale: relative residual at which a point has lost three quarters of its weight.
        basis: (P, 9) to use instead of ``sh_basis(normals)``, for instance with self-shadowing.

    Returns:
        (9, 3) float64. The mean colour (constant term only) when fewer than 30 points carry weight.
    """
    basis = sh_basis(np.asarray(normals, np.float64)) if basis is None else basis
    albedo = np.broadcast_to(np.asarray(albedo, np.float64), colors.shape)
    colors = np.asarray(colors, np.float64)
    weights = np.asarray(weights, np.float64)
    lighting = np.zeros((9, 3))
    total = weights.sum()
    if (weights > 0).sum() < 30:
        ratio = colors / np.maximum(albedo, 1e-3)
        lighting[0] = (ratio * weights[:, None]).sum(0) / total if total > 0 else ratio.mean(0)
        return lighting
    level = (colors * weights[:, None]).sum(0) / total
    lighting[0] = level / np.maximum((albedo * weights[:, None]).sum(0) / total, 1e-6)
    floor = np.maximum(0.05 * level, _DARKEST)
    ridge = _RIDGE[ORDER] * total
    robust = np.ones_like(colors)
    for _ in range(max(1, steps)):
        new = np.empty((9, 3))
        for channel in range(3):
            design = basis * albedo[:, channel, None]
            predicted = np.maximum(design @ lighting[:, channel], 0) + floor[channel]
            w = weights * robust[:, channel] * (level[channel] / predicted) ** 2
            normal = (design * w[:, None]).T @ design
            mean_albedo = np.sqrt((albedo[:, channel] ** 2 * weights).sum() / total)
            normal[np.diag_indices(9)] += ridge * mean_albedo**2
            new[:, channel] = np.linalg.solve(normal, (design * w[:, None]).T @ colors[:, channel])
        lighting = new
        predicted = albedo * (basis @ lighting)
        relative = (colors - predicted) / (np.maximum(predicted, 0) + floor)
        robust = 1 / (1 + (relative / scale) ** 2) ** 2
    return lighting
