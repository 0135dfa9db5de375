"""The point of the head that a pixel of the photo shows. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import PhotoCamera, project
from .fitted import Fitted

__all__ = ["SurfacePoint", "nearest_on_screen", "point_at", "point_near", "turned_to_camera"]


@dataclass(frozen=True)
class SurfacePoint:
    """A point on the mesh that keeps its place when the mesh moves."""

    vertices: tuple[int, int, int]
    weights: tuple[float, float, float]
    """Barycentric, their sum is 1."""

    def on(self, points: np.ndarray) -> np.ndarray:
        """(3,) where it lies on (N, 3) vertices."""
        return np.asarray(self.weights) @ points[list(self.vertices)]


def turned_to_camera(posed: np.ndarray, triangles: np.ndarray, eye: PhotoCamera) -> np.ndarray:
    """(T,) bool: the triangles whose outside the camera sees, wherever something else hides them."""
    a, b, c = posed[triangles].swapaxes(0, 1)
    return np.einsum("ij,ij->i", np.cross(b - a, c - a), eye.location - a) > 0


def point_at(fitted: Fitted, photo: int, pixel: tuple[float, float], posed: np.ndarray | None = None) -> SurfacePoint | None:
    """The nearest point of the skin under a pixel; None beside the head and where eyes, teeth or the tongue show.

    Args:
        pixel: in the photo, (0.5, 0.5) in the middle of the upper left pixel.
        posed: (N, 3) the head as it is drawn, where that is not the fit itself.
    """
    eye = fitted.eye(photo)
    if eye is None:
        return None
    posed = fitted.posed(photo) if posed is None else posed
    at, depth = project(posed, eye)
    triangles = fitted.triangles
    corners = at[triangles]
    inside = ((corners.min(1) <= pixel) & (corners.max(1) >= pixel)).all(1) & (depth[triangles].min(1) > 0)
    near = np.flatnonzero(inside)
    near = near[turned_to_camera(posed, triangles[near], eye)]
    if not len(near):
        return None
    weights = _barycentric(at[triangles[near]], np.asarray(pixel, np.float64))
    # Of the plane in space, not of its picture: perspective bends the weights.
    weights = weights / depth[triangles[near]]
    total = weights.sum(1, keepdims=True)
    hit = (weights >= -1e-9).all(1) & (total[:, 0] > 0)
    if not hit.any():
        return None
    near, weights = near[hit], weights[hit] / total[hit]
    first = np.argmin((weights * depth[triangles[near]]).sum(1))
    if fitted.material[near[first] // 2] != 0:
        return None
    found = np.clip(weights[first], 0, 1)
    a, b, c = (int(corner) for corner in triangles[near[first]])
    return SurfacePoint((a, b, c), tuple(float(w) for w in found / found.sum()))


def point_near(
    fitted: Fitted, photo: int, pixel: tuple[float, float], reach: float, posed: np.ndarray | None = None
) -> SurfacePoint | None:
    """:func:`point_at`, or beside the head the nearest point of its outline, which no hand hits exactly.

    Args:
        reach: pixels of the photo from the outline at most.
    """
    found = point_at(fitted, photo, pixel, posed)
    eye = fitted.eye(photo)
    if found is not None or eye is None:
        return found
    posed = fitted.posed(photo) if posed is None else posed
    at, depth = project(posed, eye)
    skin = fitted.triangles[np.repeat(fitted.material == 0, 2)]
    shown = skin[turned_to_camera(posed, skin, eye)]
    pairs = shown[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    # Every skin in front of eyes, teeth and tongue is nearer than they are: whoever clicks on an eye means the eye.
    inner = np.unique(fitted.faces[fitted.material != 0])
    if len(inner) and np.linalg.norm(at[inner] - pixel, axis=1).min() < reach:
        return None
    here, way = at[pairs[:, 0]], at[pairs[:, 1]] - at[pairs[:, 0]]
    along = np.clip(((pixel - here) * way).sum(1) / np.maximum((way**2).sum(1), 1e-12), 0, 1)
    distance = np.linalg.norm(here + along[:, None] * way - pixel, axis=1)
    nearest = int(np.argmin(distance))
    if distance[nearest] > reach:
        return None
    a, b = pairs[nearest]
    corner = next(int(c) for c in shown[nearest // 3] if c not in (a, b))
    # The place between two points in space, not in their picture.
    first, second = (1 - along[nearest]) / depth[a], along[nearest] / depth[b]
    return SurfacePoint((int(a), int(b), corner), (float(first / (first + second)), float(second / (first + second)), 0.0))


def _barycentric(corners: np.ndarray, point: np.ndarray) -> np.ndarray:
    """(T, 3) weights of a (2,) point in (T, 3, 2) triangles; NaN where a triangle has no area."""
    a, b, c = corners.swapaxes(0, 1)
    u, v, w = b - a, c - a, point - a
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        second = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / area
        third = (u[:, 0] * w[:, 1] - u[:, 1] * w[:, 0]) / area
    return np.stack([1 - second - third, second, third], 1)


def nearest_on_screen(places: np.ndarray, mouse: tuple[float, float], reach: float) -> int | None:
    """The number of the (K, 2) place nearest to the mouse, None where none is within `reach`; all in the same pixels."""
    if not len(places):
        return None
    distance = np.linalg.norm(np.asarray(places) - mouse, axis=1)
    nearest = int(np.argmin(distance))
    return nearest if distance[nearest] <= reach else None
