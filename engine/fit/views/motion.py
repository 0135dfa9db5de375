"""How the face moved from photo to photo, found together with the cameras and a coarse shape.

Matches on a face that moved do not lie on one point, or lie on a wrong one. A move across the line along which depth shows
(the epipolar line) is seen in any two photos, one along it in three. Linear least squares with the points eliminated: unknown
are each camera, the moves of each photo against the first (facial actions, and smooth fields for what these lack), and smooth
changes of the common shape.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from scipy.linalg import solve

from ...camera import Camera
from ...geometry.mesh import vertex_normals
from .bundle_adjustment import Lens, triangulate
from .head import JointHead
from .matching import Tracks
from .state import ViewState
from .weights import MotionWeights, ViewsWeights

__all__ = ["MotionModes", "find_moves"]

_POSE = 7
"""Unknowns of a camera: turn (3), shift (3) and log focal length."""


def spread_out(points: np.ndarray, apart: float) -> np.ndarray:
    """Numbers of points that are `apart` mm from one another and near which all others lie (farthest point sampling)."""
    chosen, away = [0], np.linalg.norm(points - points[0], axis=1)
    while away.max() > apart:
        chosen.append(int(away.argmax()))
        away = np.minimum(away, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return np.array(chosen)


def gaussians(places: np.ndarray, centres: np.ndarray, width: float) -> np.ndarray:
    """(..., C) of (..., 3) places."""
    away = ((places[..., None, :] - centres) ** 2).sum(-1)
    return np.exp(-away / (2 * width * width)).astype(np.float32)


class MotionModes:
    """In what ways a head may move: the model's facial actions, and smooth fields on the face for what these lack."""

    def __init__(self, head: JointHead, weights: MotionWeights):
        self._model, self._triangles, self._weights = head.model, head.triangles, weights
        marks = head.model.landmarks(head.model.template)
        self._centres = marks[spread_out(marks, weights.field_apart_mm)]
        skin = head.model.template[head.surface.vertices]
        self._forms = skin[spread_out(skin, weights.shape_apart_mm)]
        self.sigma = np.full(len(head.model.expression_basis) + 3 * len(self._centres), weights.field_mm)
        """(M,) believed deviations."""
        self.sigma[: len(head.model.expression_basis)] = weights.action_sigma

    def at(self, corners: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """(P, 3, M) mm: the modes at P points given by (P, 3) vertices and their shares."""
        actions = np.einsum("pk,npkd->pdn", shares.astype(np.float32), self._model.expression_basis[:, corners], optimize=True)
        place = np.einsum("pk,pkd->pd", shares, self._model.template[corners])
        values = gaussians(place, self._centres, self._weights.field_width_mm)
        fields = np.einsum("pc,ad->padc", values, np.eye(3, dtype=np.float32)).reshape(len(values), 3, -1)
        return np.concatenate([actions.astype(np.float32), fields], 2)

    def field(self, moves: np.ndarray) -> np.ndarray:
        """(N, 3) mm of all vertices for (M,) weights of the modes."""
        actions = len(self._model.expression_basis)
        values = gaussians(self._model.template, self._centres, self._weights.field_width_mm)
        part = moves[actions:].reshape(3, -1).astype(np.float32)
        return np.tensordot(moves[:actions].astype(np.float32), self._model.expression_basis, 1) + values @ part.T

    def forms(self, corners: np.ndarray, shares: np.ndarray) -> np.ndarray:
        """(P, S) moves along the normal of changes of the shape."""
        place = np.einsum("pk,pkd->pd", shares, self._model.template[corners])
        values = gaussians(place, self._forms, self._weights.shape_width_mm)
        return values[:, values.max(0, initial=0) > self._weights.least_form]


class _Field(NamedTuple):
    """What may change at P points of the skin."""

    normals: np.ndarray
    """(P, 3) unit."""
    moves: np.ndarray
    """(P, 3, M) mm: :meth:`MotionModes.at`."""
    forms: np.ndarray
    """(P, S): :meth:`MotionModes.forms`."""


def find_moves(
    head: JointHead,
    views: list[ViewState],
    cameras: list[Camera],
    distortion: np.ndarray,
    tracks: Tracks,
    lenses: list[Lens],
    weights: ViewsWeights,
) -> list[Camera]:
    """Find how the face moved, and give the views the moves; none where the face kept still.

    Args:
        views: drawn. cameras: (V,) of their frames. distortion: (V,). tracks: matches of the views.

    Returns:
        The cameras that explain the tracks together with the moves; those given where the face kept still.
    """
    w, modes, given = weights.motion, MotionModes(head, weights.motion), cameras
    step = max(1, len(tracks.triangle) // w.most_tracks)
    tracks = tracks.take(np.arange(len(tracks.triangle)) % step == 0)
    corners = head.triangles[tracks.triangle]
    places = np.stack([np.einsum("pk,pkd->pd", tracks.weights, view.vertices[corners]) for view in views])
    normals = np.einsum("pk,pkd->pd", tracks.weights, vertex_normals(views[0].vertices, head.triangles)[corners])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    field = _Field(normals, modes.at(corners, tracks.weights), modes.forms(corners, tracks.weights))
    known = np.zeros(len(views), bool)
    for lens in lenses:
        known[lens.views] = lens.focal_sigma <= weights.lens.known_focal
    track = np.repeat(np.arange(len(corners)), np.diff(tracks.start))
    before = np.array([np.zeros(len(modes.sigma)) if view.moves is None else view.moves for view in views])
    found = before.copy()
    for scale in w.steps_px:
        moved = places + np.einsum("pdm,vm->vpd", field.moves, (found - before).astype(np.float32))
        offsets = (moved - moved[0])[tracks.view, track]
        believed = replace(weights.camera, point_px=scale)
        points = triangulate(cameras, distortion, tracks, moved[0], offsets, believed).points
        seen = _observed(cameras, tracks, points[track] + offsets)
        system = _System(len(views), field)
        system.add(tracks, points - moved[0], seen, scale, w)
        change = system.solved(found, modes.sigma, known, w)
        found[1:] += change.moves
        cameras = [_stepped(camera, by) for camera, by in zip(cameras, change.poses)]
    fields = [modes.field(moves).astype(np.float32) for moves in found[1:]]
    if max(np.sqrt((each[head.face] ** 2).sum(1).mean()) for each in fields) < w.still_mm:
        for view in views:
            view.moves = view.motion = None
        return given
    for view, moves, each in zip(views[1:], found[1:], fields):
        view.moves, view.motion = moves, each
    return cameras


def _stepped(camera: Camera, by: np.ndarray) -> Camera:
    """The camera after a (7,) step."""
    turn = cv2.Rodrigues(np.ascontiguousarray(by[:3]))[0]
    zoom = float(np.exp(by[6]))
    return replace(camera, R=turn @ camera.R, t=camera.t + by[3:6], fx=camera.fx * zoom, fy=camera.fy * zoom)


class _Observed(NamedTuple):
    """O observations."""

    residual: np.ndarray
    """(O, 2)"""
    by_point: np.ndarray
    """(O, 2, 3)"""
    by_pose: np.ndarray
    """(O, 2, 7)"""


def _observed(cameras: list[Camera], tracks: Tracks, points: np.ndarray) -> _Observed:
    """Residuals of (O, 3) points in their photos, and derivatives."""
    R = np.array([camera.R for camera in cameras])[tracks.view]
    t = np.array([camera.t for camera in cameras])[tracks.view]
    f = np.array([camera.fx for camera in cameras])[tracks.view]
    c = np.array([[camera.cx, camera.cy] for camera in cameras])[tracks.view]
    turned = np.einsum("oij,oj->oi", R, points)
    z = 1 / (turned[:, 2] + t[:, 2])
    uv = (turned + t)[:, :2] * z[:, None]
    residual = f[:, None] * uv + c - tracks.pixel
    by_place = np.zeros((len(points), 2, 3))
    by_place[:, 0, 0] = by_place[:, 1, 1] = f * z
    by_place[:, :, 2] = -f[:, None] * uv * z[:, None]
    cross = np.zeros((len(points), 3, 3))
    x, y, d = turned.T
    cross[:, 0, 1], cross[:, 0, 2], cross[:, 1, 2] = d, -y, x
    cross -= cross.transpose(0, 2, 1)
    zoom = f[:, None] * uv
    by_pose = np.concatenate([by_place @ cross, by_place, zoom[..., None]], 2)
    return _Observed(residual, by_place @ R, by_pose)


class _Step(NamedTuple):
    """Changes of the unknowns."""

    poses: np.ndarray
    """(V, 7)"""
    moves: np.ndarray
    """(V - 1, M)"""


class _System:
    """Normal equations: poses of V cameras, M moves of all but the first, and S forms of the shape."""

    def __init__(self, views: int, field: _Field):
        self._views, self._field = views, field
        self._moves, self._forms = field.moves.shape[2], field.forms.shape[1]
        size = _POSE * views + self._moves * (views - 1) + self._forms
        self.matrix, self.right = np.zeros((size, size)), np.zeros(size)

    def _at_pose(self, view: int) -> np.ndarray:
        return np.arange(_POSE * view, _POSE * (view + 1))

    def _at_moves(self, view: int) -> np.ndarray:
        first = _POSE * self._views + self._moves * (view - 1)
        return np.arange(first, first + self._moves)

    def _at_forms(self) -> np.ndarray:
        return np.arange(len(self.right) - self._forms, len(self.right))

    def add(self, tracks: Tracks, off: np.ndarray, seen: _Observed, scale: float, w: MotionWeights) -> None:
        """Add the tracks, their points eliminated.

        Args:
            off: (P, 3) mm from the mesh to each point. scale: residual at which three quarters of the weight are lost, pixels.
        """
        length = np.diff(tracks.start)
        # Root of the weight of Geman and McClure.
        weight = 1 / (1 + (seen.residual**2).sum(1) / scale**2) / w.noise_px
        signature = np.zeros(len(length), np.int64)
        for place in range(length.max(initial=0)):
            has = length > place
            signature[has] = signature[has] * (self._views + 1) + tracks.view[tracks.start[:-1][has] + place] + 1
        for each in np.unique(signature):
            rows = np.flatnonzero(signature == each)
            at = tracks.start[rows][:, None] + np.arange(length[rows[0]])
            self._add_alike(rows, at, tracks.view[at[0]], off[rows], seen, weight, w)

    def _add_alike(self, rows, at, views, off, seen: _Observed, weight: np.ndarray, w: MotionWeights) -> None:
        """Add (G,) tracks `rows` with (G, n) observations `at` in the same (n,) views."""
        field, count = self._field, len(rows)
        normals, by = field.normals[rows], weight[at][..., None, None]
        by_point = np.concatenate([(by * seen.by_point[at]).reshape(count, -1, 3), normals[:, None] / w.fine_mm], 1)
        height = (normals * off).sum(1)[:, None] / w.fine_mm
        residual = np.concatenate([(by[..., 0] * seen.residual[at]).reshape(count, -1), height], 1)
        # What no move of the point itself can explain.
        free = np.linalg.qr(by_point, mode="complete")[0][:, :, 3:].transpose(0, 2, 1).astype(np.float32)
        columns, index = [], []
        for j, view in enumerate(views):
            part = free[:, :, 2 * j : 2 * j + 2]
            columns.append(part @ (by[:, j] * seen.by_pose[at[:, j]]).astype(np.float32))
            index.append(self._at_pose(view))
            if view:
                own = (by[:, j] * seen.by_point[at[:, j]]).astype(np.float32)
                columns.append(part @ (own @ field.moves[rows]))
                index.append(self._at_moves(view))
        columns.append(free[:, :, -1:] * (-field.forms[rows][:, None] / np.float32(w.fine_mm)))
        index = np.concatenate([*index, self._at_forms()])
        matrix = np.concatenate(columns, 2).reshape(-1, len(index))
        left = (free @ residual[..., None].astype(np.float32)).ravel()
        self.matrix[np.ix_(index, index)] += (matrix.T @ matrix) / w.patch_points
        self.right[index] += (matrix.T @ left) / w.patch_points

    def solved(self, found: np.ndarray, sigma: np.ndarray, known: np.ndarray, w: MotionWeights) -> _Step:
        """The step from the moves `found` so far."""
        prior = np.zeros(len(self.right))
        pose = np.array([w.turn_sigma] * 3 + [w.shift_mm] * 3 + [w.zoom_sigma])
        for view in range(self._views):
            own = pose.copy()
            if known[view]:
                own[6] = w.known_zoom
            prior[self._at_pose(view)] = own**-2.0
            if view:
                prior[self._at_moves(view)] = sigma**-2.0
                self.right[self._at_moves(view)] += found[view] / sigma**2
        prior[self._at_forms()] = w.shape_mm**-2.0
        self.matrix[np.diag_indices(len(prior))] += prior
        step = -solve(self.matrix, self.right, assume_a="pos", check_finite=False)
        poses = step[: _POSE * self._views].reshape(self._views, _POSE)
        moves = step[_POSE * self._views : len(step) - self._forms].reshape(self._views - 1, self._moves)
        return _Step(poses, moves)
