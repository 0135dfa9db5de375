"""What lies over a face hides landmarks and facial actions: what takes their place.

The landmark networks draw a mouth on a mask and skew it under fingers. Where something hides the face, landmarks hardly count;
actions are those of the other side where that shows, else at rest; afterwards the fitted head's own points stand for the hidden
ones, so that no later stage has to ask again.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.smoothstep import smoothstep
from ..head.model import HeadModel
from ..photo.regions import BROWS, EYES, FACE_POINTS, INNER_LIPS, IRISES, LANDMARKS, OUTER_LIPS
from ..types import ARKIT_ACTIONS, CoarseFit, FaceObservation, Veil
from .weights import WEIGHTS, VeiledWeights

__all__ = ["blind_eyes", "doubt_at", "hidden_actions", "hidden_landmarks", "outlined", "resting", "unveiled"]

_NOSE = (48, 64, 98, 97, 2, 326, 327, 294, 278, 4, 5)
"""Landmarks around the tip of the nose."""
_GROUPS = (
    (("mouth", "cheekPuff"), (OUTER_LIPS, OUTER_LIPS)),
    (("jaw", "tongue"), (INNER_LIPS, INNER_LIPS)),
    (("nose",), (_NOSE, _NOSE)),
    (("brow",), BROWS),
    (("eyeSquint", "cheekSquint"), EYES),
    (("eye",), tuple((centre, *edge) for centre, edge in IRISES)),
)
"""Beginnings of the actions' names, and the landmarks that show them on the right and on the left."""
_OPENING = INNER_LIPS
"""Landmarks of which few may be hidden: who does not see the teeth does not see the jaw."""


def hidden_actions(veil: Veil | None, weights: VeiledWeights = WEIGHTS.veiled) -> np.ndarray:
    """(52,) in [0, 1]: how far what lies over the face hides each of :data:`~engine.types.ARKIT_ACTIONS`."""
    out = np.zeros(len(ARKIT_ACTIONS))
    if veil is None:
        return out
    for number, name in enumerate(ARKIT_ACTIONS):
        right, left = next(places for starts, places in _GROUPS if name.startswith(starts))
        sides = [right] if name.endswith("Right") else [left] if name.endswith("Left") else [right, left]
        limits = weights.opening if right is _OPENING else weights.action
        out[number] = smoothstep(*limits, max(float(veil.hidden[list(side)].mean()) for side in sides))
    return out


def hidden_landmarks(veil: Veil | None, weights: VeiledWeights = WEIGHTS.veiled) -> np.ndarray:
    """(478,) in [0, 1]: how far the fitted head's own points stand for the landmarks of a photo."""
    if veil is None:
        return np.zeros(LANDMARKS)
    hidden = smoothstep(*weights.landmark, veil.hidden)
    # Half a mouth of one kind and half of another would be none: the networks' guess is better where a part of it is seen.
    hidden[[*OUTER_LIPS, *INNER_LIPS]] = hidden_actions(veil, weights)[ARKIT_ACTIONS.index("mouthClose")]
    return hidden


def blind_eyes(veil: Veil | None) -> list[int]:
    """Numbers of the eyes whose iris is hidden, 0 right, 1 left."""
    return [] if veil is None else [eye for eye, (centre, _) in enumerate(IRISES) if veil.hidden[centre] > 0.5]


def resting(actions: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """(52,) the actions, each as far as it is hidden like that of the other side, and at rest where both are.

    Args:
        actions: (52,) values. hidden: (52,) from :func:`hidden_actions`.
    """
    other = np.array([_twin(name) for name in ARKIT_ACTIONS])
    guess = (1 - hidden[other]) * actions[other] * (other != np.arange(len(other)))
    return (1 - hidden) * actions + hidden * guess


def _twin(name: str) -> int:
    """The number of the action that does the same on the other side; gaze turns both eyes the same way."""
    end, start = next(((e, name[: -len(e)]) for e in ("Left", "Right") if name.endswith(e)), ("", name))
    if start.startswith("eyeLook") and start[7:] in ("In", "Out"):
        start = "eyeLookOut" if start.endswith("In") else "eyeLookIn"
    return ARKIT_ACTIONS.index(start + {"Left": "Right", "Right": "Left", "": ""}[end])


def doubt_at(points: np.ndarray, observation: FaceObservation, weights: VeiledWeights = WEIGHTS.veiled) -> np.ndarray:
    """(P,) factor of the variance of places (P, 2) in the photo, pixels: 1 where nothing hides the face."""
    veil = observation.veil
    if veil is None:
        return np.ones(len(points))
    _, near = cKDTree(observation.landmarks[:FACE_POINTS]).query(points)
    return 1 + weights.doubt * veil.hidden[near].astype(float) ** 2


def outlined(surface: np.ndarray, veil: Veil | None, weights: VeiledWeights = WEIGHTS.veiled) -> np.ndarray:
    """(H, W) the uncovered face for the search of its outline, which is not where something begins to lie over it."""
    return surface if veil is None else np.maximum(surface, veil.over * np.float32(weights.surface / 255))


def unveiled(model: HeadModel, observation: FaceObservation, found: CoarseFit) -> FaceObservation:
    """The observation with the fitted head's points and actions in place of hidden ones; itself where nothing is hidden."""
    veil = observation.veil
    if veil is None or not veil.hidden.any():
        return observation
    points = found.camera.project(model.landmarks(model.shape(found.identity, found.expression)).astype(np.float64))[0]
    hidden = hidden_landmarks(veil)[:, None]
    landmarks = observation.landmarks * (1 - hidden) + points * hidden
    actions = resting(observation.blendshapes, hidden_actions(veil))
    return replace(observation, landmarks=landmarks.astype(np.float32), blendshapes=actions.astype(np.float32))
