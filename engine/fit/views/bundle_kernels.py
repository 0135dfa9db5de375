"""Compiled inner loops of :mod:`.bundle_adjustment`: per point, its observations and their derivatives.

All work on points ``begin`` to ``end``. R (V, 3, 3), t (V, 3), f (V,), k (V,) and c (V, 2) are the cameras; start (P + 1,),
view_of (O,), pixel (O, 2) and moves (O, 3) the observations of each point; points, anchors, normals (P, 3).
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["error", "move_points", "reduced", "triangulate_points"]


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
def reduced(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, anchors, normals, pull, scale):
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
        _point_system(
            R,
            t,
            f,
            k,
            c,
            view_of,
            pixel,
            moves,
            first,
            last,
            points[p],
            anchors[p],
            normals[p],
            pull,
            scale,
            hpp,
            gp,
            hcp,
            hcc,
            gc,
        )
        if not _inverse3(hpp, inverse):
            continue
        for m in range(last - first):
            row = 8 * view_of[first + m]
            for a in range(8):
                gradient[row + a] += gc[m, a]
                for b in range(8):
                    system[row + a, row + b] += hcc[m, a, b]
                for b in range(3):
                    half[a, b] = hcp[m, a, 0] * inverse[0, b] + hcp[m, a, 1] * inverse[1, b] + hcp[m, a, 2] * inverse[2, b]
                gradient[row + a] -= half[a, 0] * gp[0] + half[a, 1] * gp[1] + half[a, 2] * gp[2]
            for n in range(last - first):
                column = 8 * view_of[first + n]
                for a in range(8):
                    for b in range(8):
                        system[row + a, column + b] -= (
                            half[a, 0] * hcp[n, b, 0] + half[a, 1] * hcp[n, b, 1] + half[a, 2] * hcp[n, b, 2]
                        )
    return system, gradient


@njit(cache=True, nogil=True)
def error(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, anchors, normals, pull, scale):
    """What :func:`reduced` is the derivative of: Geman-McClure errors and the pull to the mesh."""
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
def move_points(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, anchors, normals, pull, scale, full, most):
    """Back-substitution: moves `points` in place for the cameras' move `full`, each by `most` mm at most."""
    longest = 1
    for p in range(begin, end):
        longest = max(longest, start[p + 1] - start[p])
    hpp, inverse, gp = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    hcp, hcc, gc = np.empty((longest, 8, 3)), np.empty((longest, 8, 8)), np.empty((longest, 8))
    for p in range(begin, end):
        first, last = start[p], start[p + 1]
        _point_system(
            R,
            t,
            f,
            k,
            c,
            view_of,
            pixel,
            moves,
            first,
            last,
            points[p],
            anchors[p],
            normals[p],
            pull,
            scale,
            hpp,
            gp,
            hcp,
            hcc,
            gc,
        )
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
        short = min(1.0, most / max(np.sqrt(length), 1e-9))
        for a in range(3):
            points[p, a] += short * move[a]


@njit(cache=True, nogil=True)
def triangulate_points(begin, end, R, t, f, k, c, start, view_of, pixel, moves, points, scale, steps, plain):
    """Place the points `begin` to `end` where their observations meet, the cameras held, in `steps` steps, the first of
    which (`plain`) have every observation count alike; returns (n,) remaining errors in pixels
    and (n, 3, 3) information."""
    rms = np.empty(end - begin)
    information = np.zeros((end - begin, 3, 3))
    by_camera, by_point, residual = np.empty((2, 8)), np.empty((2, 3)), np.empty(2)
    inverse, gradient, system = np.empty((3, 3)), np.empty(3), np.empty((3, 3))
    for p in range(begin, end):
        for step in range(steps):
            system[:, :] = 0.0
            gradient[:] = 0.0
            for o in range(start[p], start[p + 1]):
                v = view_of[o]
                if not _observe(R[v], t[v], f[v], k[v], c[v], points[p], moves[o], pixel[o], by_camera, by_point, residual):
                    continue
                # Far from the solution every observation counts alike.
                e2 = residual[0] ** 2 + residual[1] ** 2
                w = 1.0 if step < plain else 1 / (1 + e2 / (scale * scale)) ** 2
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
