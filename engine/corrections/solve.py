"""Cameras, facial actions and shape that meet the pins and otherwise stay as the fit has them.

Everything is Gaussian around the fit: how its shape (:mod:`.errors_of_fits`), its actions and its cameras may be wrong. Pins
are measurements of two numbers each. What is known of the pins then says what is most likely elsewhere (kriging), with one
small system of equations, which perspective and the bounds of actions make worth repeating (Gauss-Newton).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..camera import Camera
from ..fit.coarse.projection import projection
from ..geometry.smoothstep import smoothstep
from ..head.model import HeadModel
from ..wire.corrections import Switches
from .base import Base
from .errors_of_fits import MIRROR, error_field
from .weights import CorrectionWeights, PoseWeights

__all__ = ["PinSet", "PinSolver", "Solved"]


@dataclass(frozen=True)
class PinSet:
    """P pins on V views."""

    view: np.ndarray
    """(P,) number of the view."""
    corners: np.ndarray
    """(P, 3) vertices."""
    shares: np.ndarray
    """(P, 3) barycentric weights."""
    pixels: np.ndarray
    """(P, 2) in the view's pixels."""
    deviation: np.ndarray
    """(P,) mm."""

    def on(self, values: np.ndarray) -> np.ndarray:
        """(..., P, 3) of (..., N, 3) vertex values."""
        return np.einsum("pk,...pkd->...pd", self.shares, values[..., self.corners, :])


@dataclass(frozen=True)
class Solved:
    """What the pins make of a fit."""

    offset: np.ndarray
    """(N, 3) mm, added to the head at rest."""
    actions: np.ndarray
    """(V, 52) values."""
    cameras: tuple[Camera, ...]


class PinSolver:
    """The most likely heads for pins on the same places.

    Args:
        kept: (N,) in [0, 1], how far each vertex is locked.
        normal_mm: as for :meth:`.errors_of_fits.ErrorField.covariance`.
    """

    def __init__(
        self,
        model: HeadModel,
        base: Base,
        pins: PinSet,
        switches: Switches,
        kept: np.ndarray,
        weights: CorrectionWeights,
        normal_mm: float | None = None,
    ):
        self.base, self.pins, self.weights = base, pins, weights
        moving = not switches.rigid_only
        near = _distance_to_pins(model, pins, switches.symmetric)
        free = (1 - smoothstep(weights.hold.from_mm, weights.hold.to_mm, near)) * (1 - kept)
        field = error_field(model, weights.error)
        if moving and switches.shape:
            covariance = field.covariance(pins.corners, pins.shares, switches.symmetric, normal_mm)
            self.shape = (
                covariance * free[:, None, None, None] * np.einsum("pk,pk->p", pins.shares, free[pins.corners])[:, None]
            )
        else:
            self.shape = np.zeros((len(base.rest), 3, len(pins.view), 3))
        self.at_pins = np.einsum("pk,pkiqj->piqj", pins.shares, self.shape[pins.corners])
        held = field.skin & ((near > weights.hold.to_mm) | (kept > 0.5))
        self.action_prior = _action_prior(model, base, held, switches, weights) if moving and switches.expression else None
        self.at_pins_actions = pins.on(base.basis.astype(np.float64))
        self.pose_priors = [
            _pose_prior(
                camera, weights.pose, switches.focal == "free", not moving or not (switches.shape or switches.expression)
            )
            for camera in base.cameras
        ]

    def solve(self, pins: PinSet) -> Solved:
        """The most likely head for these pins, which may differ in pixels and deviations."""
        self._begin(pins)
        for step in range(self.weights.steps):
            self._step(first=step == 0)
        return Solved(self.offset, self.base.actions + self.change, tuple(self.cameras))

    def against_others(self, pins: PinSet) -> tuple[np.ndarray, np.ndarray]:
        """How much the fit and the other pins are against each pin: (P,) its distance from what they make of its place, mm, and
        (P,) the square of it in deviations (Rasmussen & Williams, Gaussian Processes for Machine Learning, 2006, equation 5.12).
        """
        self._begin(pins)
        matrix, measured = self._system()[:2]
        inverse = np.linalg.inv(matrix)
        pulls = (inverse @ measured.ravel()).reshape(-1, 2)
        own = inverse.reshape(len(pulls), 2, len(pulls), 2)[np.arange(len(pulls)), :, np.arange(len(pulls))]
        away = np.linalg.solve(own, pulls[..., None])[..., 0]
        return np.linalg.norm(away, axis=1), np.einsum("pa,pa->p", pulls, away)

    def _begin(self, pins: PinSet) -> None:
        base, views = self.base, len(self.base.cameras)
        self.pins = pins
        self.offset = np.zeros(base.rest.shape)
        self.change = np.zeros((views, base.basis.shape[0]))
        self.bound = np.zeros(self.change.shape, bool) if base.fixed is None else base.fixed.copy()
        self.pose = np.zeros((views, 7))
        self.cameras = list(base.cameras)
        self.scale = 1.0

    def _system(self) -> tuple[np.ndarray, ...]:
        """(2 P, 2 P) covariance of what the pins measure, and what :meth:`_linearised` returns."""
        pins, count = self.pins, len(self.pins.view)
        measured, by_place, by_pose = self._linearised()
        cover = np.einsum("pai,piqj,qbj->paqb", by_place, self.at_pins, by_place) * self.scale
        for view, prior in enumerate(self.pose_priors):
            mine = np.flatnonzero(pins.view == view)
            if not len(mine):
                continue
            block = np.einsum("pai,ij,qbj->paqb", by_pose[mine], prior, by_pose[mine])
            if self.action_prior is not None:
                by_action = np.einsum("pai,epi->pae", by_place[mine], self.at_pins_actions[:, mine])
                block += np.einsum("pae,ef,qbf->paqb", by_action, self._free_actions(view), by_action) * self.scale
            cover[np.ix_(mine, [0, 1], mine, [0, 1])] += block
        matrix = cover.reshape(2 * count, 2 * count) + np.diag(np.repeat(pins.deviation**2, 2))
        return matrix, measured, by_place, by_pose

    def _step(self, first: bool) -> None:
        pins, count = self.pins, len(self.pins.view)
        matrix, measured, by_place, by_pose = self._system()
        answer = np.linalg.solve(matrix, measured.ravel())
        if first:  # Pins that ask for more than fits are usually wrong by mean that this one is more wrong.
            asked = float(measured.ravel() @ answer) / (2 * count)
            self.scale = float(np.clip(asked, self.weights.error.least_scale, self.weights.error.most_scale))
            return
        pull = np.einsum("pa,pai->pi", answer.reshape(count, 2), by_place)
        self.offset = np.einsum("xipj,pj->xi", self.shape, pull) * self.scale
        for view, prior in enumerate(self.pose_priors):
            mine = np.flatnonzero(pins.view == view)
            if len(mine):
                self._move_camera(view, prior @ np.einsum("pa,pai->i", answer.reshape(count, 2)[mine], by_pose[mine]))
                if self.action_prior is not None:
                    self._move_actions(view, np.einsum("pi,epi->e", pull[mine], self.at_pins_actions[:, mine]))

    def _linearised(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(P, 2) what pins measure of all unknowns together, mm at the pin's depth; (P, 2, 3) its derivative by the place,
        (P, 2, 7) by the camera."""
        pins, count = self.pins, len(self.pins.view)
        measured, by_place, by_pose = np.zeros((count, 2)), np.zeros((count, 2, 3)), np.zeros((count, 2, 7))
        for view, camera in enumerate(self.cameras):
            mine = pins.view == view
            if not mine.any():
                continue
            actions = self.base.actions[view] + self.change[view]
            posed = self.base.rest + self.offset + np.tensordot(actions, self.base.basis, 1)
            points = pins.on(posed)[mine]
            mm_per_px = camera.to_camera(points)[:, 2] / camera.fx
            pixels, project, turn = projection(camera, points, mm_per_px)
            by_place[mine] = project @ camera.R
            out = (pixels - [camera.cx, camera.cy]) * mm_per_px[:, None]
            by_pose[mine] = np.concatenate([project @ turn, project, out[..., None]], -1)
            measured[mine] = (pins.pixels[mine] - pixels) * mm_per_px[:, None]
            unbound = np.where(self.bound[view], 0, self.change[view])
            measured[mine] += np.einsum("pai,epi,e->pa", by_place[mine], self.at_pins_actions[:, mine], unbound)
            measured[mine] += by_pose[mine] @ self.pose[view]
        measured += np.einsum("pai,pi->pa", by_place, pins.on(self.offset))
        return measured, by_place, by_pose

    def _free_actions(self, view: int) -> np.ndarray:
        """(52, 52) covariance of the actions that have not met a bound."""
        free = ~self.bound[view]
        return self.action_prior * np.outer(free, free)

    def _move_actions(self, view: int, pull: np.ndarray) -> None:
        wanted = np.where(self.bound[view], self.change[view], self.scale * self._free_actions(view) @ pull)
        before = self.base.actions[view]
        self.change[view] = np.clip(before + wanted, 0, 1) - before
        self.bound[view] |= np.abs(self.change[view] - wanted) > 1e-9

    def _move_camera(self, view: int, pose: np.ndarray) -> None:
        most = self.weights.pose.step * np.sqrt(np.diag(self.pose_priors[view]))
        by = np.clip(pose - self.pose[view], -most, most)
        self.pose[view] = self.pose[view] + by
        camera, longer = self.cameras[view], np.exp(by[6])
        self.cameras[view] = replace(
            camera, R=cv2.Rodrigues(by[:3])[0] @ camera.R, t=camera.t + by[3:6], fx=camera.fx * longer, fy=camera.fy * longer
        )


def _distance_to_pins(model: HeadModel, pins: PinSet, symmetric: bool) -> np.ndarray:
    """(N,) mm on the mean head to the nearest pin, or to its mirror image."""
    template = model.template.astype(np.float64)
    places = pins.on(template)
    if symmetric:
        places = np.concatenate([places, places * MIRROR])
    return np.sqrt(((template[:, None] - places) ** 2).sum(-1).min(1))


def _action_prior(model: HeadModel, base: Base, held: np.ndarray, switches: Switches, weights: CorrectionWeights) -> np.ndarray:
    """(52, 52) covariance of what the actions' values are wrong by, given that they move nothing that is held."""
    w, basis = weights.hold, base.basis[:, held].reshape(len(base.basis), -1).astype(np.float64)
    precision = np.eye(len(basis)) / weights.error.action**2
    if switches.symmetric:
        names = model.expression_names
        twin = [names.index(_other_side(name)) if _other_side(name) in names else i for i, name in enumerate(names)]
        apart = np.eye(len(names)) - np.eye(len(names))[twin]
        precision += apart @ apart / weights.error.action**2 * w.far_count
    if held.any():
        precision += basis @ basis.T * (w.far_count / (held.sum() * w.far_mm**2))
    return np.linalg.inv(precision)


def _other_side(name: str) -> str:
    if name.endswith("Left"):
        return name[: -len("Left")] + "Right"
    return name[: -len("Right")] + "Left" if name.endswith("Right") else name


def _pose_prior(camera: Camera, w: PoseWeights, free_focal: bool, alone: bool) -> np.ndarray:
    """(7, 7) covariance of turn, shift and the logarithm of the focal length."""
    distance = float(np.linalg.norm(camera.t))
    ray = camera.t / distance
    along = np.outer(ray, ray)
    found = np.zeros((7, 7))
    found[:3, :3] = np.diag(np.square(w.turn))
    found[3:6, 3:6] = (np.eye(3) - along) * w.shift_mm**2 + along * (w.depth * distance) ** 2
    if alone:
        found *= w.alone**2
    if free_focal:  # With a longer lens the head is farther away, and as large in the picture.
        longer = np.concatenate([np.zeros(3), distance * ray, [1.0]])
        found += np.outer(longer, longer) * w.focal**2
    return found
