"""Cameras and points that explain the matches best (Triggs et al., "Bundle adjustment: a modern synthesis", 2000).

Gauss-Newton with the points eliminated (Schur complement) and Geman-McClure weights. Unknown are each camera's pose
and, per group of photos taken with one lens, log focal length and first radial distortion. A weak pull of the points
to the present mesh fixes what pictures alone leave open (place, turn, size, and the trade of focal length for depth
when the views are few).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...system.concurrency import concurrently
from ...system.progress import SILENT, Progress
from .bundle_kernels import error, move_points, reduced, triangulate_points
from .matching import Tracks
from .weights import WEIGHTS, CameraWeights

__all__ = ["Lens", "OnMesh", "Triangulated", "adjust", "triangulate"]

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


class OnMesh(NamedTuple):
    """Matches, and where they lie on the mesh."""

    tracks: Tracks
    """P points in O observations."""
    points: np.ndarray
    """(P, 3) mm."""
    moves: np.ndarray
    """(O, 3) by how much the point lies elsewhere in the observation's photo than in the anchor's, mm."""
    normals: np.ndarray
    """(P, 3) of the mesh at the points."""

    def some(self, most: int) -> OnMesh:
        """Every n-th, so that they are not many more than `most`."""
        step = max(1, len(self.points) // most)
        if step == 1:
            return self
        chosen = np.arange(len(self.points)) % step == 0
        observed = np.repeat(chosen, np.diff(self.tracks.start))
        return OnMesh(self.tracks.take(chosen), self.points[chosen], self.moves[observed], self.normals[chosen])


class _Values(NamedTuple):
    """The unknowns: turns (V, 3, 3), shifts (V, 3), focal lengths (V,), distortions (V,) and points (P, 3)."""

    R: np.ndarray
    t: np.ndarray
    f: np.ndarray
    k: np.ndarray
    points: np.ndarray


def adjust(
    cameras: list[Camera],
    matches: OnMesh,
    lenses: list[Lens],
    factors: np.ndarray,
    weights: CameraWeights = WEIGHTS.camera,
    turn_precision: np.ndarray | None = None,
    progress: Progress = SILENT,
) -> tuple[list[Camera], np.ndarray, np.ndarray]:
    """Refine the cameras.

    Args:
        cameras: of the frames, believed to be free of distortion.
        matches: what they should explain.
        lenses: each view belongs to one.
        factors: (V,) frame pixels per photo pixel.
        weights: what is believed about points and residuals.
        turn_precision: (V,) how firmly the cameras keep their turns, 1/rad^2; not at all where absent.
        progress: may raise to cancel.

    Returns:
        Cameras, and (V,) distortion with its (V,) deviation.
    """
    firmly = np.zeros(len(cameras)) if turn_precision is None else turn_precision
    problem = _Adjustment(cameras, matches.some(weights.most_tracks), lenses, factors, weights, firmly)
    values = problem.start
    damping, scale = weights.damping[0], weights.start_px
    for step in range(weights.iterations):
        progress(step / weights.iterations)
        system, gradient = problem.system(values, scale)
        before = problem.energy(values, scale)
        values, after, damping = problem.improved(values, scale, system, gradient, before, damping)
        settled = before - after < weights.settled * before
        if settled and scale == weights.least_px:
            break
        scale = max(weights.least_px, scale * weights.narrower[bool(settled)])
    moved = [
        replace(camera, R=R, t=t, fx=float(f), fy=float(f)) for camera, R, t, f in zip(cameras, values.R, values.t, values.f)
    ]
    return moved, values.k, problem.distortion_deviation(system)


class _Adjustment:
    """Energy and normal equations. Unknowns: the poses, then log focal length and distortion of each lens."""

    def __init__(
        self,
        cameras: list[Camera],
        matches: OnMesh,
        lenses: list[Lens],
        factors: np.ndarray,
        weights: CameraWeights,
        firmly: np.ndarray,
    ):
        self.lenses, self.factors, self.firmly, self.weights = lenses, factors, firmly, weights
        anchors = matches.points.astype(float)
        self.start = _Values(
            np.array([camera.R for camera in cameras], float),
            np.array([camera.t for camera in cameras], float),
            np.array([camera.fx for camera in cameras], float),
            np.zeros(len(cameras)),
            anchors.copy(),
        )
        centres = np.array([[camera.cx, camera.cy] for camera in cameras], float)
        self._seen = (centres, *_arrays(matches.tracks), matches.moves)
        self._mesh = (anchors, matches.normals, 1.0 / (weights.prior_mm**2 * max(len(anchors), 1)))
        # From these unknowns to those of every camera.
        count = len(cameras)
        self.size = 6 * count + 2 * len(lenses)
        self._spread = np.zeros((_CAMERA * count, self.size))
        for view in range(count):
            self._spread[_CAMERA * view : _CAMERA * view + 6, 6 * view : 6 * view + 6] = np.eye(6)
        for number, lens in enumerate(lenses):
            for view in lens.views:
                self._spread[_CAMERA * view + 6, self._of(number)] = 1
                self._spread[_CAMERA * view + 7, self._of(number) + 1] = 1

    def _of(self, lens: int) -> int:
        """Place of a lens' first unknown."""
        return 6 * len(self.factors) + 2 * lens

    def energy(self, values: _Values, scale: float) -> float:
        """What the values leave unexplained."""
        R, t, f, k, points = values
        least_focal, least_distortion = self.weights.least_sigma
        value = sum(_in_parts(error, len(points), R, t, f, k, *self._seen, points, *self._mesh, scale))
        for lens in self.lenses:
            first = lens.views[0]
            value += (np.log(f[first] / self.factors[first] / lens.focal) / max(lens.focal_sigma, least_focal)) ** 2
            value += (k[first] / max(lens.distortion_sigma, least_distortion)) ** 2
        return value + (self.firmly[:, None] * _away(R, self.start.R) ** 2).sum()

    def system(self, values: _Values, scale: float) -> tuple[np.ndarray, np.ndarray]:
        """Normal equations without the points: (size, size) and (size,)."""
        R, t, f, k, points = values
        least_focal, least_distortion = self.weights.least_sigma
        parts = _in_parts(reduced, len(points), R, t, f, k, *self._seen, points, *self._mesh, scale)
        system, gradient = (sum(part[i] for part in parts) for i in (0, 1))
        system, gradient = self._spread.T @ system @ self._spread, self._spread.T @ gradient
        for number, lens in enumerate(self.lenses):
            at, first = self._of(number), lens.views[0]
            precision = max(lens.focal_sigma, least_focal) ** -2.0
            system[at, at] += precision
            gradient[at] += precision * np.log(f[first] / self.factors[first] / lens.focal)
            precision = max(lens.distortion_sigma, least_distortion) ** -2.0
            system[at + 1, at + 1] += precision
            gradient[at + 1] += precision * k[first]
        away = _away(R, self.start.R)
        for view in range(len(R)):
            at = slice(6 * view, 6 * view + 3)
            system[at, at] += self.firmly[view] * np.eye(3)
            gradient[at] += self.firmly[view] * away[view]
        system[np.diag_indices(self.size)] += 1e-9
        return system, gradient

    def improved(
        self, values: _Values, scale: float, system: np.ndarray, gradient: np.ndarray, before: float, damping: float
    ) -> tuple[_Values, float, float]:
        """Better values, their energy and the next step's damping (Levenberg-Marquardt); the same where none are found."""
        (start, least), factor = self.weights.damping, self.weights.damping_factor
        for _ in range(self.weights.tries):
            damped = system.copy()
            damped[np.diag_indices(self.size)] *= 1 + damping
            new = self._moved(values, self._spread @ -np.linalg.solve(damped, gradient), scale)
            after = self.energy(new, scale)
            if after < before:
                return new, after, max(damping / factor, least)
            damping = max(damping, start) * factor
        return values, before, max(damping / factor, least)

    def _moved(self, values: _Values, by: np.ndarray, scale: float) -> _Values:
        """The values after a step of the cameras, and the points that follow it."""
        R, t, f, k, points = values
        w, points = self.weights, points.copy()
        _in_parts(move_points, len(points), R, t, f, k, *self._seen, points, *self._mesh, scale, by, w.most_step_mm)
        part = by.reshape(len(R), _CAMERA)
        turned = np.array([cv2.Rodrigues(np.ascontiguousarray(turn))[0] for turn in part[:, :3]])
        zoom = np.exp(np.clip(part[:, 6], -w.most_zoom, w.most_zoom))
        return _Values(turned @ R, t + part[:, 3:6], f * zoom, k + part[:, 7], points)

    def distortion_deviation(self, system: np.ndarray) -> np.ndarray:
        """(V,) deviation of the distortion, from the normal equations."""
        variance = np.linalg.inv(system).diagonal()[6 * len(self.factors) + 1 :: 2]
        deviation = np.zeros(len(self.factors))
        for number, lens in enumerate(self.lenses):
            deviation[lens.views] = np.sqrt(max(variance[number], 0.0))
        return deviation


def triangulate(
    cameras: list[Camera],
    distortion: np.ndarray,
    tracks: Tracks,
    points: np.ndarray,
    moves: np.ndarray,
    weights: CameraWeights = WEIGHTS.camera,
) -> Triangulated:
    """Points of all tracks for fixed cameras, each on its own (Gauss-Newton, Geman-McClure).

    Args: as of :func:`adjust` and :class:`OnMesh`; distortion: (V,).
    """
    R = np.array([camera.R for camera in cameras], float)
    t = np.array([camera.t for camera in cameras], float)
    f = np.array([camera.fx for camera in cameras], float)
    c = np.array([[camera.cx, camera.cy] for camera in cameras], float)
    points = points.astype(float).copy()
    k, how = np.asarray(distortion, float), (weights.point_px, *weights.point_steps)
    parts = _in_parts(triangulate_points, len(points), R, t, f, k, c, *_arrays(tracks), moves, points, *how)
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
