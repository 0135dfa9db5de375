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
from numba import njit

from ...camera import Camera
from ...concurrency import concurrently
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


def adjust(cameras: list[Camera], tracks: Tracks, points: np.ndarray, moves: np.ndarray,
           normals: np.ndarray, lenses: list[Lens], factors: np.ndarray, *, prior_mm: float, scale_px: float,
           iterations: int, least_scale_px: float = 0.6, turn_precision: np.ndarray | None = None, tell=None
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
        spread[_CAMERA * view:_CAMERA * view + 6, 6 * view:6 * view + 6] = np.eye(6)
    for number, lens in enumerate(lenses):
        for view in lens.views:
            spread[_CAMERA * view + 6, 6 * count + 2 * number] = 1
            spread[_CAMERA * view + 7, 6 * count + 2 * number + 1] = 1
    anchors, points = points.astype(float), points.astype(float).copy()
    pull = 1.0 / (prior_mm ** 2 * max(len(points), 1))
    first_turns = R
    firmly = np.zeros(count) if turn_precision is None else turn_precision
    seen = (c, *_arrays(tracks), moves)
    mesh = (anchors, normals, pull)

    def energy(R, t, f, k, points, scale):
        value = sum(_in_parts(_error, len(points), R, t, f, k, *seen, points, *mesh, scale))
        for number, lens in enumerate(lenses):
            first = lens.views[0]
            value += (np.log(f[first] / factors[first] / lens.focal) / max(lens.focal_sigma, 1e-4)) ** 2
            value += (k[first] / max(lens.distortion_sigma, 1e-6)) ** 2
        return value + (firmly[:, None] * _away(R, first_turns) ** 2).sum()

    damping, scale = 1e-4, scale_px
    for step in range(iterations):
        if tell is not None:
            tell(step / iterations)
        parts = _in_parts(_reduced, len(points), R, t, f, k, *seen, points, *mesh, scale)
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
            _in_parts(_move_points, len(points), R, t, f, k, *seen, new_points, *mesh, scale, full)
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
    variance = np.linalg.inv(system).diagonal()[6 * count + 1::2]
    deviation = np.zeros(count)
    for number, lens in enumerate(lenses):
        deviation[lens.views] = np.sqrt(max(variance[number], 0.0))
    return moved, k, deviation


def triangulate(cameras: list[Camera], distortion: np.ndarray, tracks: Tracks, points: np.ndarray, moves: np.ndarray,
                scale_px: float = 1.0) -> Triangulated:
    """Points of all tracks for fixed cameras, each on its own (Gauss-Newton, Geman-McClure).

    Args: as of :func:`adjust`; distortion: (V,).
    """
    R = np.array([camera.R for camera in cameras], float)
    t = np.array([camera.t for camera in cameras], float)
    f = np.array([camera.fx for camera in cameras], float)
    c = np.array([[camera.cx, camera.cy] for camera in cameras], float)
    points = points.astype(float).copy()
    parts = _in_parts(_triangulate, len(points), R, t, f, np.asarray(distortion, float), c, *_arrays(tracks), moves, points,
                      scale_px)
    return Triangulated(points, *(np.concatenate([part[i] for part in parts]) for i in (0, 1)))


def _away(R: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """(V, 3) rotation vectors from `turns` to `R`."""
    return np.array([cv2.Rodrigues(a @ b.T)[0].ravel() for a, b in zip(R, turns)])


def _arrays(tracks: Tracks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (np.ascontiguousarray(tracks.start, np.int64), np.ascontiguousarray(tracks.view, np.int64),
            np.ascontiguousarray(tracks.pixel, float))


_PARTS = 4
"""The points are worked on in that many parts, whatever the machine: the sums' rounding must not depend on it."""


def _in_parts(work, count: int, *arguments) -> list:
    """Results of ``work(begin, end, *arguments)`` over ranges of `count` points."""
    bounds = np.linspace(0, count, _PARTS + 1).astype(int)
    return concurrently([partial(work, begin, end, *arguments) for begin, end in zip(bounds, bounds[1:])])


@njit(cache=True, nogil=True)
def _observe(R, t, f, k, c, point, move, pixel, by_camera, by_point, residual):
    """Residual of one observation and its derivatives by the camera (2, 8) and the point (2, 3); False if behind."""
    p0, p1, p2 = point[0] + move[0], point[1] + move[1], point[2] + move[2]
    turned0 = R[0, 0] * p0 + R[0, 1] * p1 + R[0, 2] * p2
    turned1 = R[1, 0] * p0 + R[1, 1] * p1 + R[1, 2] * p2
    turned2 = R[2, 0] * p0 + R[2, 1] * p1 + R[2, 2] * p2
    depth = turned2 + t[2]
    if depth <= 1.0:
        return False
    z = 1 / depth
    u, v = (turned0 + t[0]) * z, (turned1 + t[1]) * z
    r2 = u * u + v * v
    s = 1 + k * r2
    residual[0] = f * u * s + c[0] - pixel[0]
    residual[1] = f * v * s + c[1] - pixel[1]
    # d(u s)/d(u, v)
    a00, a01, a11 = s + 2 * k * u * u, 2 * k * u * v, s + 2 * k * v * v
    for i in range(2):
        # by the point in the camera's frame
        du, dv = (a00, a01) if i == 0 else (a01, a11)
        d0, d1, d2 = f * du * z, f * dv * z, -f * (du * u + dv * v) * z
        by_camera[i, 0] = d2 * turned1 - d1 * turned2
        by_camera[i, 1] = d0 * turned2 - d2 * turned0
        by_camera[i, 2] = d1 * turned0 - d0 * turned1
        by_camera[i, 3], by_camera[i, 4], by_camera[i, 5] = d0, d1, d2
        for a in range(3):
            by_point[i, a] = d0 * R[0, a] + d1 * R[1, a] + d2 * R[2, a]
    by_camera[0, 6], by_camera[1, 6] = f * u * s, f * v * s
    by_camera[0, 7], by_camera[1, 7] = f * u * r2, f * v * r2
    return True


@njit(cache=True, nogil=True)
def _inverse3(m, out):
    a = m[1, 1] * m[2, 2] - m[1, 2] * m[2, 1]
    b = m[0, 2] * m[2, 1] - m[0, 1] * m[2, 2]
    c = m[0, 1] * m[1, 2] - m[0, 2] * m[1, 1]
    det = m[0, 0] * a + m[1, 0] * b + m[2, 0] * c
    if abs(det) < 1e-18:
        return False
    out[0, 0], out[0, 1], out[0, 2] = a / det, b / det, c / det
    out[1, 0] = (m[1, 2] * m[2, 0] - m[1, 0] * m[2, 2]) / det
    out[1, 1] = (m[0, 0] * m[2, 2] - m[0, 2] * m[2, 0]) / det
    out[1, 2] = (m[0, 2] * m[1, 0] - m[0, 0] * m[1, 2]) / det
    out[2, 0] = (m[1, 0] * m[2, 1] - m[1, 1] * m[2, 0]) / det
    out[2, 1] = (m[0, 1] * m[2, 0] - m[0, 0] * m[2, 1]) / det
    out[2, 2] = (m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]) / det
    return True


@njit(cache=True, nogil=True)
def _point_system(R, t, f, k, c, view_of, pixel, moves, first, last, point, anchor, normal, pull, scale, hpp, gp, hcp, hcc, gc):
    """Normal equations of one track; per observation the blocks with its camera."""
    by_camera = np.empty((2, 8))
    by_point = np.empty((2, 3))
    residual = np.empty(2)
    height = 0.0
    for a in range(3):
        height += normal[a] * (point[a] - anchor[a])
    for a in range(3):
        gp[a] = pull * height * normal[a]
        for b in range(3):
            hpp[a, b] = pull * normal[a] * normal[b] + (1e-9 if a == b else 0.0)
    for o in range(first, last):
        n = o - first
        hcp[n, :, :] = 0.0
        hcc[n, :, :] = 0.0
        gc[n, :] = 0.0
        v = view_of[o]
        if not _observe(R[v], t[v], f[v], k[v], c[v], point, moves[o], pixel[o], by_camera, by_point, residual):
            continue
        e2 = residual[0] ** 2 + residual[1] ** 2
        w = 1 / (1 + e2 / (scale * scale)) ** 2
        for i in range(2):
            for a in range(8):
                gc[n, a] += w * by_camera[i, a] * residual[i]
                for b in range(8):
                    hcc[n, a, b] += w * by_camera[i, a] * by_camera[i, b]
                for b in range(3):
                    hcp[n, a, b] += w * by_camera[i, a] * by_point[i, b]
            for a in range(3):
                gp[a] += w * by_point[i, a] * residual[i]
                for b in range(3):
                    hpp[a, b] += w * by_point[i, a] * by_point[i, b]


@njit(cache=True, nogil=True)
def _reduced(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, anchors, normals, pull, scale):
    """Normal equations of the cameras, points ``begin`` to ``end`` eliminated."""
    size = 8 * len(R)
    system = np.zeros((size, size))
    gradient = np.zeros(size)
    longest = 1
    for p in range(begin, end):
        longest = max(longest, start[p + 1] - start[p])
    hpp, inverse, gp = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    hcp, hcc, gc = np.empty((longest, 8, 3)), np.empty((longest, 8, 8)), np.empty((longest, 8))
    half = np.empty((8, 3))
    for p in range(begin, end):
        first, last = start[p], start[p + 1]
        _point_system(R, t, f, k, c, view_of, pixel, moves, first, last, points[p], anchors[p], normals[p], pull,
                      scale, hpp, gp, hcp, hcc, gc)
        if not _inverse3(hpp, inverse):
            continue
        for m in range(last - first):
            row = 8 * view_of[first + m]
            for a in range(8):
                gradient[row + a] += gc[m, a]
                for b in range(8):
                    system[row + a, row + b] += hcc[m, a, b]
                for b in range(3):
                    half[a, b] = (hcp[m, a, 0] * inverse[0, b] + hcp[m, a, 1] * inverse[1, b]
                                  + hcp[m, a, 2] * inverse[2, b])
                gradient[row + a] -= half[a, 0] * gp[0] + half[a, 1] * gp[1] + half[a, 2] * gp[2]
            for n in range(last - first):
                column = 8 * view_of[first + n]
                for a in range(8):
                    for b in range(8):
                        system[row + a, column + b] -= (half[a, 0] * hcp[n, b, 0] + half[a, 1] * hcp[n, b, 1]
                                                        + half[a, 2] * hcp[n, b, 2])
    return system, gradient


@njit(cache=True, nogil=True)
def _error(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, anchors, normals, pull, scale):
    """What :func:`_reduced` is the derivative of: Geman-McClure errors and the pull to the mesh."""
    by_camera, by_point, residual = np.empty((2, 8)), np.empty((2, 3)), np.empty(2)
    total = 0.0
    for p in range(begin, end):
        height = 0.0
        for a in range(3):
            height += normals[p, a] * (points[p, a] - anchors[p, a])
        total += pull * height * height
        for o in range(start[p], start[p + 1]):
            v = view_of[o]
            if _observe(R[v], t[v], f[v], k[v], c[v], points[p], moves[o], pixel[o], by_camera, by_point, residual):
                e2 = residual[0] ** 2 + residual[1] ** 2
                total += e2 / (1 + e2 / (scale * scale))
            else:
                total += scale * scale
    return total


@njit(cache=True, nogil=True)
def _move_points(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, anchors, normals, pull, scale, full):
    """Back-substitution: moves `points` in place for the cameras' move `full`."""
    longest = 1
    for p in range(begin, end):
        longest = max(longest, start[p + 1] - start[p])
    hpp, inverse, gp = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    hcp, hcc, gc = np.empty((longest, 8, 3)), np.empty((longest, 8, 8)), np.empty((longest, 8))
    for p in range(begin, end):
        first, last = start[p], start[p + 1]
        _point_system(R, t, f, k, c, view_of, pixel, moves, first, last, points[p], anchors[p], normals[p], pull, scale,
                      hpp, gp, hcp, hcc, gc)
        if not _inverse3(hpp, inverse):
            continue
        for m in range(last - first):
            column = 8 * view_of[first + m]
            for a in range(8):
                for b in range(3):
                    gp[b] += hcp[m, a, b] * full[column + a]
        length = 0.0
        move = np.empty(3)
        for a in range(3):
            move[a] = -(inverse[a, 0] * gp[0] + inverse[a, 1] * gp[1] + inverse[a, 2] * gp[2])
            length += move[a] ** 2
        short = min(1.0, 15.0 / max(np.sqrt(length), 1e-9))
        for a in range(3):
            points[p, a] += short * move[a]


@njit(cache=True, nogil=True)
def _triangulate(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, scale):
    rms = np.empty(end - begin)
    information = np.zeros((end - begin, 3, 3))
    by_camera, by_point, residual = np.empty((2, 8)), np.empty((2, 3)), np.empty(2)
    inverse, gradient, system = np.empty((3, 3)), np.empty(3), np.empty((3, 3))
    for p in range(begin, end):
        for step in range(8):
            system[:, :] = 0.0
            gradient[:] = 0.0
            for o in range(start[p], start[p + 1]):
                v = view_of[o]
                if not _observe(R[v], t[v], f[v], k[v], c[v], points[p], moves[o], pixel[o], by_camera, by_point, residual):
                    continue
                # Far from the solution every observation counts alike.
                e2 = residual[0] ** 2 + residual[1] ** 2
                w = 1.0 if step < 3 else 1 / (1 + e2 / (scale * scale)) ** 2
                for i in range(2):
                    for a in range(3):
                        gradient[a] += w * by_point[i, a] * residual[i]
                        for b in range(3):
                            system[a, b] += w * by_point[i, a] * by_point[i, b]
            for a in range(3):
                system[a, a] += 1e-9
            if not _inverse3(system, inverse):
                break
            for a in range(3):
                points[p, a] -= inverse[a, 0] * gradient[0] + inverse[a, 1] * gradient[1] + inverse[a, 2] * gradient[2]
        information[p - begin] = system
        total = 0.0
        for o in range(start[p], start[p + 1]):
            v = view_of[o]
            if _observe(R[v], t[v], f[v], k[v], c[v], points[p], moves[o], pixel[o], by_camera, by_point, residual):
                total += residual[0] ** 2 + residual[1] ** 2
            else:
                total += 1e12
        rms[p - begin] = np.sqrt(total / (start[p + 1] - start[p]))
    return rms, information
