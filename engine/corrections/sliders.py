"""Sliders "by numbers": the change of identity that changes one measure of the head and least of all else.

A measure is linear in the vertices. Of all changes that change it as asked, the one that is most likely among people and
moves what does not belong to it least is taken: ridge on the covariance of identities. What is pinned stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..fit.coarse.population import load_people
from ..head.model import HeadModel
from .base import Base
from .kinds import KINDS, kinds_move
from .solve import PinSet
from .weights import WEIGHTS, SliderWeights

__all__ = ["measure", "slid", "slider_move"]

_X = 0
"""To the person's left."""
_Y = 1
"""Upwards."""
_Z = 2
"""To the front."""

_LANDMARKS: dict[str, tuple[tuple[int, int, float], ...]] = {
    "forehead_slope": ((10, _Z, 1), (9, _Z, -1)),
    "face_length": ((168, _Y, 1), (152, _Y, -1)),
    "cheek_width": ((454, _X, 1), (234, _X, -1)),
    "cheek_fullness": ((280, _X, 0.5), (50, _X, -0.5), (280, _Z, 0.5), (50, _Z, 0.5)),
    "jaw_width": ((397, _X, 0.5), (172, _X, -0.5), (288, _X, 0.5), (58, _X, -0.5)),
    "chin_height": ((17, _Y, 1), (152, _Y, -1)),
    "chin_forward": ((199, _Z, 1), (168, _Z, -1)),
    "chin_width": ((400, _X, 1), (176, _X, -1)),
    "nose_length": ((168, _Y, 1), (2, _Y, -1)),
    "nose_width": ((358, _X, 1), (129, _X, -1)),
    "nose_forward": ((4, _Z, 1), (168, _Z, -1)),
    "nose_bridge_width": ((419, _X, 1), (196, _X, -1)),
    "eye_width": ((263, _X, 0.5), (362, _X, -0.5), (133, _X, 0.5), (33, _X, -0.5)),
    "eye_height": ((386, _Y, 0.5), (374, _Y, -0.5), (159, _Y, 0.5), (145, _Y, -0.5)),
    "eye_distance": ((263, _X, 0.5), (362, _X, 0.5), (133, _X, -0.5), (33, _X, -0.5)),
    "brow_height": (
        *((one, _Y, 0.25) for one in (105, 66, 334, 296)),
        *((one, _Y, -0.25) for one in (33, 133, 362, 263)),
    ),
    "mouth_width": ((291, _X, 1), (61, _X, -1)),
    "upper_lip": ((0, _Y, 1), (13, _Y, -1)),
    "lower_lip": ((14, _Y, 1), (17, _Y, -1)),
}
"""Landmark, axis and coefficient of what each measure is the sum of, mm."""


def measure(model: HeadModel, name: str, weights: SliderWeights = WEIGHTS.slider) -> np.ndarray:
    """(N, 3) how a measure changes with each vertex: mm per mm, degrees per mm for an angle."""
    out = np.zeros((len(model.template), 3))
    if name in _LANDMARKS:
        for landmark, axis, factor in _LANDMARKS[name]:
            np.add.at(out[:, axis], model.landmark_vertices[landmark], factor * model.landmark_weights[landmark])
        return out
    for vertices, axis, factor in _ends(model, name, weights):
        out[vertices, axis] += factor / len(vertices)
    return out


def _ends(model: HeadModel, name: str, weights: SliderWeights) -> list[tuple[np.ndarray, int, float]]:
    """Vertices, axis and coefficient of the measures that no landmark marks."""
    place = model.template.astype(np.float64)
    least = WEIGHTS.hold.part
    scalp = np.flatnonzero((model.part("scalp") > least) & (model.part("right_ear", "left_ear") < weights.ear))

    def most(among: np.ndarray, key: np.ndarray) -> np.ndarray:
        return among[np.argsort(-key[among], kind="stable")[: weights.extremes]]

    if name == "head_width":
        return [(most(scalp, place[:, 0]), _X, 1.0), (most(scalp, -place[:, 0]), _X, -1.0)]
    if name == "skull_height":
        return [(most(scalp, place[:, 1]), _Y, 1.0)]
    if name == "skull_depth":
        return [(most(scalp, -place[:, 2]), _Z, -1.0)]
    found = []
    for ear, side in (("left_ear", 1.0), ("right_ear", -1.0)):
        among = np.flatnonzero(model.part(ear) > least)
        if name == "ear_size":
            found += [(most(among, place[:, 1]), _Y, 0.5), (most(among, -place[:, 1]), _Y, -0.5)]
        else:
            rim, root = most(among, -place[:, 2]), most(among, place[:, 2])
            lever = np.radians(1) * (place[root, 2].mean() - place[rim, 2].mean())
            found += [(rim, _X, side / (2 * lever)), (root, _X, -side / (2 * lever))]
    return found


def slider_move(
    model: HeadModel,
    name: str,
    pins: PinSet | None = None,
    kept: np.ndarray | None = None,
    weights: SliderWeights = WEIGHTS.slider,
) -> np.ndarray:
    """(K,) change of identity for one unit of a slider.

    Args:
        pins: places that stay. kept: (N,) in [0, 1] what is locked.
    """
    gradient, people = measure(model, name, weights), load_people(model)
    basis = model.identity_basis.astype(np.float64)
    count = len(basis)
    precision = np.linalg.inv(people.modes.T @ people.modes + weights.person_variance * np.eye(count))
    near = np.sqrt(((model.template[:, None].astype(np.float64) - model.template[np.abs(gradient).any(1)]) ** 2).sum(-1).min(1))
    elsewhere = np.clip((near - weights.near_mm) / weights.fade_mm, 0, 1) ** 2
    if kept is not None:
        elsewhere = np.maximum(elsewhere, kept * weights.lock_gain)
    rows = basis * np.sqrt(elsewhere)[None, :, None]
    rows = rows.reshape(count, -1)
    precision += rows @ rows.T * (weights.count / (len(near) * weights.elsewhere_mm**2))
    if pins is not None and len(pins.view):
        held = pins.on(basis).reshape(count, -1)
        precision += held @ held.T / weights.pinned_mm**2
    change = np.linalg.solve(precision, np.einsum("knd,nd->k", basis, gradient))
    return change / np.einsum("knd,nd,k->", basis, gradient, change)


def slid(model: HeadModel, base: Base, sliders: Mapping[str, float], pins: PinSet, kept: np.ndarray) -> Base:
    """The fit with its sliders set; each is orthogonal to what is pinned, and to the other sliders that are set."""
    values = {name: value for name, value in sliders.items() if value}
    if not values:
        return base
    basis = model.identity_basis.astype(np.float64)
    change = _without_pinned(model, kinds_move(model, values), pins) + _measures_move(model, values, pins, kept)
    offset = np.tensordot(change, basis, 1) * (1 - kept)[:, None]
    return base.on_neutral(base.neutral + offset, base.identity + np.pad(change, (0, max(0, len(base.identity) - len(change)))))


def _measures_move(model: HeadModel, values: Mapping[str, float], pins: PinSet, kept: np.ndarray) -> np.ndarray:
    """(K,) change of identity by the sliders of measures. Each also changes a little of what the others measure: solved
    together, each measure changes as it was asked to."""
    names = [name for name in values if name not in KINDS]
    if not names:
        return np.zeros(len(model.identity_basis))
    basis = model.identity_basis.astype(np.float64)
    moves = np.array([slider_move(model, name, pins, kept) for name in names])
    effect = np.array([[np.einsum("knd,nd,k->", basis, measure(model, name), move) for move in moves] for name in names])
    amounts = np.linalg.lstsq(effect, np.array([values[name] for name in names]), rcond=WEIGHTS.slider.alike)[0]
    return amounts @ moves


def _without_pinned(model: HeadModel, change: np.ndarray, pins: PinSet, weights: SliderWeights = WEIGHTS.slider) -> np.ndarray:
    """(K,) a change of identity without what it does to pinned places: the likeliest one that takes it back."""
    if not len(pins.view) or not change.any():
        return change
    held = pins.on(model.identity_basis.astype(np.float64)).reshape(len(change), -1)
    people = load_people(model)
    covariance = people.modes.T @ people.modes + weights.person_variance * np.eye(len(change))
    spread = covariance @ held
    noise = weights.pinned_mm**2 * np.eye(held.shape[1])
    return change - spread @ np.linalg.solve(held.T @ spread + noise, change @ held)
