"""Lids as far open as the photo's, by the facial actions: a shut eye does not belong to the shape of the head."""

from __future__ import annotations

import numpy as np

from ...camera import Camera
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.regions import EYES, LID_MIDDLE
from .registration import landmark_residuals, usable_landmarks
from .weights import WEIGHTS, LidWeights

__all__ = ["close_lids", "shut_lids"]

_SIDES = ("Right", "Left")
"""Endings of the actions of the eyes in their order."""


def shut_lids(
    model: HeadModel,
    camera: Camera,
    vertices: np.ndarray,
    expression: np.ndarray,
    landmarks: np.ndarray,
    weights: LidWeights = WEIGHTS.lids,
) -> np.ndarray:
    """Facial actions with which eyes that the photo shows shut, or nearly so, are as far shut.

    How wide open eyes are differs from one person to the other and is left to the shape; lids that leave less than half of
    what is usual, or much less than those of the other eye, were closed.

    Args:
        vertices: (N, 3) mm, the posed head. expression: (52,) of it. landmarks: (478, 2) observed, pixels.
        weights: when lids are shut.

    Returns:
        (52,) in [0, 1]; only blinking and widening of the eyes differ.
    """
    value = expression.astype(float).copy()
    for _ in range(weights.steps):
        posed = vertices + np.tensordot(np.float32(value - expression), model.expression_basis, 1)
        value = _opened(model, camera, posed, value, landmarks, weights, everywhere=False)
    return value


def close_lids(
    model: HeadModel,
    camera: Camera,
    vertices: np.ndarray,
    expression: np.ndarray,
    landmarks: np.ndarray,
    weights: LidWeights = WEIGHTS.lids,
) -> np.ndarray:
    """Facial actions with which all lids are as far open as the photo's, which :func:`.registration.slide` leaves inexact.

    Args:
        vertices: (N, 3) mm, the posed head after it. expression: (52,) of it. landmarks: (478, 2) observed, pixels.
        weights: when lids are shut.

    Returns:
        (52,) in [0, 1]; only blinking and widening of the eyes differ.
    """
    return _opened(model, camera, vertices, expression, landmarks, weights, everywhere=True)


def _opened(
    model: HeadModel,
    camera: Camera,
    vertices: np.ndarray,
    expression: np.ndarray,
    landmarks: np.ndarray,
    w: LidWeights,
    everywhere: bool,
) -> np.ndarray:
    used = usable_landmarks(model, camera, vertices, landmarks)
    points = model.landmarks(vertices).astype(float)
    residual, derivative = landmark_residuals(camera, points, landmarks)
    mm = camera.to_camera(points)[:, 2:] / camera.fx
    value = expression.astype(float).copy()
    usable = [eye for eye in (0, 1) if np.isin(EYES[eye], used).all()]
    apart = [_apart(landmarks * mm, landmarks, eye) for eye in (0, 1)]
    for eye in usable:
        side = _SIDES[eye]
        actions = [model.expression_names.index(name + side) for name in ("eyeBlink", "eyeWide")]
        seen, missing = apart[eye], _apart(residual, landmarks, eye)
        effects = [
            _apart(np.einsum("lij,lj->li", derivative, model.landmarks(model.expression_basis[action])), landmarks, eye)
            for action in actions
        ]
        left = -missing - (max(seen + w.overlap_mm, 0.0) if seen < w.shut_mm else 0.0)
        if not everywhere:
            usual = max(seen + missing - float(value[actions] @ effects), w.least_effect_mm)
            opened = float(smoothstep(*w.half_shut, seen / usual))
            if len(usable) == 2:
                opened = min(opened, float(smoothstep(*w.narrower, seen / max(apart[1 - eye], w.least_effect_mm))))
            left *= 1 - opened
        # What is in force against it goes first: no lid is widened and half shut at a time.
        takes_back = [value[action] > 0 and left * effect < 0 for action, effect in zip(actions, effects)]
        for k in np.argsort(takes_back, kind="stable")[::-1]:
            action, effect = actions[k], effects[k]
            moved = np.clip(value[action] + left / effect, 0, 1) if abs(effect) > w.least_effect_mm else value[action]
            left -= (moved - value[action]) * effect
            value[action] = moved
    return value


def _apart(field: np.ndarray, landmarks: np.ndarray, eye: int) -> float:
    """How far a field (478, 2) at the landmarks moves the lids of an eye apart, in its unit."""
    lids = EYES[eye]
    across = landmarks[lids[8]] - landmarks[lids[0]]
    if eye == 1:  # its rim runs from the outer corner, too, hence the other way
        across = -across
    down = np.array([-across[1], across[0]]) / max(float(np.linalg.norm(across)), 1e-6)
    return float(np.mean([(field[lids[k]] - field[lids[16 - k]]) @ down for k in LID_MIDDLE]))
