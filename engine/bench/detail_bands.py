"""Relief in a picture's pixels: bands of wavelength, what a height along the normal does to normals, smooth depth of meshes.

Shared by everything that judges detail. Camera axes throughout: x right, y down, z into the scene; lengths in mm.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..geometry.mesh import vertex_normals
from ..render import Raster, interpolate, rasterize

__all__ = ["BANDS", "Surface", "angles", "bands", "correlation", "raised", "surface", "tilted", "untilted"]

BANDS = {"6-20": (6.0, 20.0), "2-6": (2.0, 6.0), "<2": (0.0, 2.0)}
"""Bands of wavelength by name, mm."""
_HALF = 0.187
"""Deviation of the Gaussian that halves a wave, over its length: sqrt(log 2 / 2) / pi."""
_RIDGE = 1e-2
"""What keeps slopes that hardly any pixel tells near 0, variances of the Gaussian."""
_PHONG = 0.75
"""How far a triangle is bent towards its vertices' tangent planes (Boubekeur and Alexa, *Phong Tessellation*, 2008)."""
_STEEPEST = 0.12
"""Least cosine between normal and ray by which tangents are computed."""


class Surface(NamedTuple):
    """What a camera sees of a mesh, (H, W) pixels; nothing where `hit` is false."""

    raster: Raster
    hit: np.ndarray
    """(H, W) bool."""
    point: np.ndarray
    """(H, W, 3) mm, on the smooth (Phong) surface."""
    normal: np.ndarray
    """(H, W, 3) unit, towards the camera."""
    across: np.ndarray
    """(H, W, 3) mm along the surface to the next pixel on the right."""
    down: np.ndarray
    """(H, W, 3) mm along the surface to the next pixel below."""
    facing: np.ndarray
    """(H, W) cosine between normal and the way to the camera."""

    per_mm: float
    """Pixels a millimetre where the surface faces the camera."""


def surface(camera: Camera, vertices: np.ndarray, triangles: np.ndarray) -> Surface:
    """Smooth depth and normals of a mesh of (N, 3) mm through a camera: flat triangles would be most of what is fine."""
    at = camera.to_camera(np.asarray(vertices, np.float64))
    pixel = camera.project(np.asarray(vertices, np.float64))[0]
    raster = rasterize(pixel, at[:, 2], triangles, camera.width, camera.height)
    hit = raster.triangle >= 0
    normals = vertex_normals(np.asarray(vertices, np.float64), triangles) @ camera.R.T
    n = interpolate(raster, triangles, normals)
    n /= np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-9)
    x = (np.arange(camera.width) + 0.5 - camera.cx) / camera.fx
    y = (np.arange(camera.height) + 0.5 - camera.cy) / camera.fy
    ray = np.stack([*np.meshgrid(x, y), np.ones(hit.shape)], -1)
    length = np.linalg.norm(ray, axis=-1)
    depth = np.where(hit, raster.depth, 1.0)
    towards = (n * ray).sum(-1)
    if np.median(towards[hit]) > 0:  # the mesh is wound the other way round
        n, normals, towards = -n, -normals, -towards
    slope = np.minimum(towards, -_STEEPEST * length)
    depth = depth + np.where(hit, _bent(raster, triangles, at, normals), 0) / slope
    tangents = [
        depth[..., None] * (step - (n @ step / slope)[..., None] * ray)
        for step in (np.array([1 / camera.fx, 0, 0]), np.array([0, 1 / camera.fy, 0]))
    ]
    facing = np.where(hit, -towards / length, 0)
    near = float(np.median(depth[facing > 0.7])) if (facing > 0.7).any() else float(np.median(depth))
    return Surface(raster, hit, depth[..., None] * ray, n, *tangents, facing, camera.fx / near)


def _bent(raster: Raster, triangles: np.ndarray, at: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(H, W) mm along the normal from the flat triangles to the smooth surface."""
    out = np.zeros(raster.triangle.shape)
    hit = raster.triangle >= 0
    corner = triangles[raster.triangle[hit]]
    weight = raster.weights[hit].astype(np.float64)
    point, normal = at[corner], normals[corner]
    place = np.einsum("pk,pkc->pc", weight, point)
    middle = np.einsum("pk,pkc->pc", weight, normal)
    middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-9)
    away = ((place[:, None] - point) * normal).sum(-1)
    out[hit] = -_PHONG * (np.einsum("pk,pkc->pc", weight * away, normal) * middle).sum(-1)
    return out


def raised(seen: Surface, height: np.ndarray) -> np.ndarray:
    """(H, W, 3) unit normals of the surface raised by `height` (H, W) mm along its normals."""
    hx, hy = np.gradient(height, axis=1), np.gradient(height, axis=0)
    a, b = seen.across, seen.down
    e, f, g = (a * a).sum(-1), (a * b).sum(-1), (b * b).sum(-1)
    determinant = np.maximum(e * g - f * f, 1e-12)
    n = seen.normal - ((g * hx - f * hy) / determinant)[..., None] * a - ((e * hy - f * hx) / determinant)[..., None] * b
    return n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-9)


def angles(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(...) degrees between unit vectors (..., 3)."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(one - other, axis=-1) / 2, 0, 1)))


def bands(height: np.ndarray, weight: np.ndarray, per_mm: float) -> dict[str, np.ndarray]:
    """(H, W) parts of a height by wavelength, :data:`BANDS`; what lies outside `weight` (H, W) does not count.

    A wave at a border of a band is halved, and a plane has no part in any band, wherever `weight` ends.
    """

    def smooth(wavelength: float) -> np.ndarray:
        return height if wavelength == 0 else _smooth(height, weight, _HALF * wavelength * per_mm)

    return {name: smooth(low) - smooth(high) for name, (low, high) in BANDS.items()}


def _smooth(height: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """(H, W) at each pixel the plane that fits the heights around it best, by a Gaussian of `sigma` pixels times `weight`.

    A mean would lean to one side where the weight ends, and take a slope there for a wave (Fan and Gijbels, *Local Polynomial
    Modelling and Its Applications*, 1996; Knutsson and Westin, "Normalized and differential convolution", CVPR 1993).
    """
    y, x = np.mgrid[: height.shape[0], : height.shape[1]].astype(np.float64)
    x, y = x - x.mean(), y - y.mean()

    def around(image: np.ndarray) -> np.ndarray:
        return cv2.GaussianBlur(weight * image, (0, 0), sigma)

    total = np.maximum(cv2.GaussianBlur(weight.astype(np.float64), (0, 0), sigma), 1e-6)
    right, down, mean = (around(image) / total for image in (x, y, height.astype(np.float64)))

    def together(one: np.ndarray, of_one: np.ndarray, other: np.ndarray, of_other: np.ndarray) -> np.ndarray:
        return around(one * other) / total - of_one * of_other

    flat = _RIDGE * sigma**2
    xx, yy, xy = together(x, right, x, right) + flat, together(y, down, y, down) + flat, together(x, right, y, down)
    xh, yh = together(x, right, height, mean), together(y, down, height, mean)
    determinant = xx * yy - xy**2
    across, along = (yy * xh - xy * yh) / determinant, (xx * yh - xy * xh) / determinant
    return mean + across * (x - right) + along * (y - down)


def correlation(truth: np.ndarray, found: np.ndarray) -> dict[str, float]:
    """Agreement of two (n,) heights of one band: ``corr``, ``gain`` (slope of found over truth) and both deviations, mm."""
    x, y = truth - truth.mean(), found - found.mean()
    both, own, theirs = float((x * y).mean()), float((x * x).mean()), float((y * y).mean())
    return {
        "corr": both / max(np.sqrt(own * theirs), 1e-12),
        "gain": both / max(own, 1e-12),
        "true": float(np.sqrt(own)),
        "found": float(np.sqrt(theirs)),
    }


def untilted(gap: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(H, W) gap between two surfaces without its mean and tilt over `where`."""
    row, column = np.nonzero(where)
    plane = np.linalg.lstsq(np.stack([np.ones(len(row)), column, row], 1), gap[where], rcond=None)[0]
    y, x = np.mgrid[: gap.shape[0], : gap.shape[1]]
    return gap - (plane[0] + plane[1] * x + plane[2] * y)


def tilted(normals: np.ndarray, onto: np.ndarray, where: np.ndarray) -> np.ndarray:
    """(H, W, 3) `normals` turned as a whole so that they agree best with others over `where` (Kabsch)."""
    u, _, vt = np.linalg.svd(normals[where].T @ onto[where])
    return normals @ (u @ np.diag([1, 1, np.sign(np.linalg.det(u @ vt))]) @ vt)
