"""Cameras and points that explain the matches best (Triggs et al., "Bundle adjustment: a modern synthesis", 2000).

Gauss-Newton with the points eliminated (Schur complement) and Geman-McClure weights. Unknown are each camera's pose
and, per group of photos taken with one lens, log focal length and first radial distortion. A weak pull of the points
to the present mesh fixes what pictures alone leave open (place, turn, size, and the trade of focal length for depth
when the views are few).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from ...camera import Camera
from ...system.concurrency import concurrently
from ...system.progress import SILENT, Progress
from .bundle_kernels import error, move_points, reduced, triangulate_points
from .matching import Tracks

__all__ = ["Lens", "Triangulated", "adjust", "triangulate"]

_MOST_TRACKS = 6000
"""So many points say all there is to say about the cameras."""
_CAMERA = 8
"""Unknowns of a camera: turn (3), shift (3), log focal length, distortion."""


@dataclass
class Lens:
    """What is believed about the lens of a group of photos."""

    views: list[int]
    focal_sigma: float
    """Deviation of the log focal length from `focal`."""
    focal: float
    """Pixels of the photo, believed before the pictures are matched."""
    distortion_sigma: float = 0.0
    """Deviation of the first radial coefficient; 0 keeps it at 0."""


@dataclass
class Triangulated:
    """Points of the tracks, P of them."""

    points: np.ndarray
    """(P, 3) mm in model space (of the anchor's photo, where facial actions differ)."""
    rms: np.ndarray
    """(P,) reprojection error, frame pixels."""
    information: np.ndarray
    """(P, 3, 3) inverse covariance for an error of one frame pixel."""


def adjust(
    cameras: list[Camera],
    tracks: Tracks,
    points: np.ndarray,
    moves: np.ndarray,
    normals: np.ndarray,
    lenses: list[Lens],
    factors: np.ndarray,
    *,
    prior_mm: float,
    scale_px: float,
    iterations: int,
    least_scale_px: float = 0.6,
    turn_precision: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> tuple[list[Camera], np.ndarray, np.ndarray]:
    """Refine the cameras.

    Args:
        cameras: of the frames, believed to be free of distortion.
        tracks: matches. points: (P, 3) where they lie on the mesh, mm.
        moves: (O, 3) by how much the point lies elsewhere in the observation's photo than in the anchor's, mm.
        normals: (P, 3) of the mesh at the points.
        lenses: each view belongs to one.
        factors: (V,) frame pixels per photo pixel.
        prior_mm: deviation of a point from the mesh along its normal, as if all points were one measurement.
        scale_px: residual at which an observation has lost three quarters of its say, at first; falls to
            `least_scale_px` as the fit settles.
        turn_precision: (V,) how firmly the cameras keep their turns, 1/rad^2; not at all where absent.

    Returns:
        Cameras, and (V,) distortion with its (V,) deviation.
    """
    step = max(1, len(points) // _MOST_TRACKS)
    if step > 1:
        some = np.arange(len(points)) % step == 0
        moves = moves[np.repeat(some, np.diff(tracks.start))]
        tracks, points, normals = tracks.take(some), points[some], normals[some]
    count = len(cameras)
    R = np.array([camera.R for camera in cameras], float)
    t = np.array([camera.t for camera in cameras], float)
    f = np.array([camera.fx for camera in cameras], float)
    k = np.zeros(len(cameras))
    c = np.array([[camera.cx, camera.cy] for camera in cameras], float)
    # From the unknowns (poses, then log focal and distortion of each lens) to those of every camera.
    size = 6 * count + 2 * len(lenses)
    spread = np.zeros((_CAMERA * count, size))
    for view in range(count):
        spread[_CAMERA * view : _CAMERA * view + 6, 6 * view : 6 * view + 6] = np.eye(6)
    for number, lens in enumerate(lenses):
        for view in lens.views:
            spread[_CAMERA * view + 6, 6 * count + 2 * number] = 1
            spread[_CAMERA * view + 7, 6 * count + 2 * number + 1] = 1
    anchors, points = points.astype(float), points.astype(float).copy()
    pull = 1.0 / (prior_mm**2 * max(len(points), 1))
    first_turns = R
    firmly = np.zeros(count) if turn_precision is None else turn_precision
    seen = (c, *_arrays(tracks), moves)
    mesh = (anchors, normals, pull)

    def energy(R, t, f, k, points, scale):
        value = sum(_in_parts(error, len(points), R, t, f, k, *seen, points, *mesh, scale))
        for lens in lenses:
            first = lens.views[0]
            value += (np.log(f[first] / factors[first] / lens.focal) / max(lens.focal_sigma, 1e-4)) ** 2
            value += (k[first] / max(lens.distortion_sigma, 1e-6)) ** 2
        return value + (firmly[:, None] * _away(R, first_turns) ** 2).sum()

    damping, scale = 1e-4, scale_px
    for step in range(iterations):
        progress(step / iterations)
        parts = _in_parts(reduced, len(points), R, t, f, k, *seen, points, *mesh, scale)
        system, gradient = (sum(part[i] for part in parts) for i in (0, 1))
        system, gradient = spread.T @ system @ spread, spread.T @ gradient
        for number, lens in enumerate(lenses):
            at, first = 6 * count + 2 * number, lens.views[0]
            precision = max(lens.focal_sigma, 1e-4) ** -2.0
            system[at, at] += precision
            gradient[at] += precision * np.log(f[first] / factors[first] / lens.focal)
            precision = max(lens.distortion_sigma, 1e-6) ** -2.0
            system[at + 1, at + 1] += precision
            gradient[at + 1] += precision * k[first]
        away = _away(R, first_turns)
        for view in range(count):
            at = slice(6 * view, 6 * view + 3)
            system[at, at] += firmly[view] * np.eye(3)
            gradient[at] += firmly[view] * away[view]
        system[np.diag_indices(size)] += 1e-9
        before = energy(R, t, f, k, points, scale)
        for _ in range(6):
            damped = system.copy()
            damped[np.diag_indices(size)] *= 1 + damping
            full = spread @ -np.linalg.solve(damped, gradient)
            new_points = points.copy()
            _in_parts(move_points, len(points), R, t, f, k, *seen, new_points, *mesh, scale, full)
            part = full.reshape(count, _CAMERA)
            turned = np.array([cv2.Rodrigues(np.ascontiguousarray(turn))[0] for turn in part[:, :3]])
            new = turned @ R, t + part[:, 3:6], f * np.exp(np.clip(part[:, 6], -0.3, 0.3)), k + part[:, 7]
            after = energy(*new, new_points, scale)
            if after < before:
                break
            damping = max(damping, 1e-4) * 10
        else:
            new, new_points, after = (R, t, f, k), points, before
        (R, t, f, k), points = new, new_points
        damping = max(damping / 10, 1e-7)
        settled = before - after < 2e-4 * before
        if settled and scale == least_scale_px:
            break
        scale = max(least_scale_px, scale * (0.5 if settled else 0.7))
    moved = [replace(camera, R=R[i], t=t[i], fx=float(f[i]), fy=float(f[i])) for i, camera in enumerate(cameras)]
    variance = np.linalg.inv(system).diagonal()[6 * count + 1 :: 2]
    deviation = np.zeros(count)
    for number, lens in enumerate(lenses):
        deviation[lens.views] = np.sqrt(max(variance[number], 0.0))
    return moved, k, deviation


def triangulate(
    cameras: list[Camera], distortion: np.ndarray, tracks: Tracks, points: np.ndarray, moves: np.ndarray, scale_px: float = 1.0
) -> Triangulated:
    """Points of all tracks for fixed cameras, each on its own (Gauss-Newton, Geman-McClure).

    Args: as of :func:`adjust`; distortion: (V,).
    """
    R = np.array([camera.R for camera in cameras], float)
    t = np.array([camera.t for camera in cameras], float)
    f = np.array([camera.fx for camera in cameras], float)
    c = np.array([[camera.cx, camera.cy] for camera in cameras], float)
    points = points.astype(float).copy()
    parts = _in_parts(
        triangulate_points, len(points), R, t, f, np.asarray(distortion, float), c, *_arrays(tracks), moves, points, scale_px
    )
    return Triangulated(points, *(np.concatenate([part[i] for part in parts]) for i in (0, 1)))


def _away(R: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """(V, 3) rotation vectors from `turns` to `R`."""
    return np.array([cv2.Rodrigues(a @ b.T)[0].ravel() for a, b in zip(R, turns)])


def _arrays(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.ascontiguousarray(tracks.start, np.int64),
        np.ascontiguousarray(tracks.view, np.int64),
        np.ascontiguousarray(tracks.pixel, float),
    )


_PARTS = 4
"""The points are worked on in that many parts, whatever the machine: the sums' rounding must not depend on it."""


def _in_parts(work, count: int, *arguments) -> list:
    """Results of ``work(begin, end, *arguments)`` over ranges of `count` points."""
    bounds = np.linspace(0, count, _PARTS + 1).astype(int)
    return concurrently([partial(work, begin, end, *arguments) for begin, end in zip(bounds, bounds[1:])])
