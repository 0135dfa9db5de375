"""Coarse stage: camera, identity and expression of one photo.

A network trained on renders of this very head (:mod:`.regress`) gives dense landmarks and the most likely identity,
expression and distance; a maximum a posteriori fit then finds the camera and the shape that agree with its landmarks
under perspective, with the covariances of both as measured on heads it has not seen.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from ...camera import Camera
from ...head.model import HeadModel
from ...photo.teeth import find_bite
from ...system.progress import SILENT, Progress
from ...types import CoarseFit, FaceObservation, Photo
from ...wire.settings import Settings
from ..features.jaw import action_limits, with_seen_jaw
from ..features.lids import with_seen_lids
from ..features.sides import with_seen_sides
from ..veiled import doubt_at, hidden_actions, resting
from ..weights import WEIGHTS as FIT
from .cheeks import with_seen_cheeks
from .distance import MEASURED, likely_distance, measured_distance
from .focal import choose_focal, first_camera
from .groups import LowerFace, lower_face
from .one_sided import one_sided
from .regress import FaceGuess, Regressor, load_regressor
from .solver import LandmarkBasis, Pose, Prior, solve
from .tongue import with_seen_tongue
from .weights import WEIGHTS, CoarseWeights

__all__ = ["fit_coarse", "person_precision", "skull_square"]

_FACE = ("skin", "nose", "upper_lip", "lower_lip")
"""Parts of the head that are the face."""
_SKULL = ("scalp", "right_ear", "left_ear")
"""Parts of the head that are the skull."""


def fit_coarse(
    model: HeadModel,
    photo: Photo,
    observation: FaceObservation,
    settings: Settings,
    progress: Progress = SILENT,
    weights: CoarseWeights = WEIGHTS,
) -> CoarseFit:
    """Fit the parametric head to one face.

    Args:
        model: the head model.
        photo: upright photo.
        observation: landmarks of the face; they say where to look.
        settings: ``focal_px`` is used when given.
        progress: may raise to cancel.
        weights: what is believed.

    Raises:
        HrnError: MODEL_MISSING when the landmark network is absent.
    """
    looking, fitting = progress.part(0.0, 0.5, "Looking at the face"), progress.part(0.5, 1.0, "Fitting the head")
    looking(0.0)
    regressor = load_regressor(model)
    guess = _guessed(regressor, photo, observation, looking, weights)
    hidden = hidden_actions(observation.veil)
    lower = lower_face(photo, observation)
    guess = replace(
        guess,
        identity=_likely_person(model, regressor, guess, lower, weights),
        expression=resting(_seen_expression(model, photo, observation, guess), hidden),
    )
    fitting(0.0)
    basis = _point_basis(model, regressor)
    distance = likely_distance(photo.size, guess.px_per_mm, guess.distance_mm, weights.distance)
    measured = measured_distance(photo, observation)
    focal, source = choose_focal(photo, settings, guess.px_per_mm, distance.mm, measured)
    points = basis.points(guess.identity, guess.expression)
    fitting(0.0)
    camera = first_camera(points, guess.points, photo.size, focal)
    if measured is not None and source == "depth":
        skin = model.landmarks(model.shape(guess.identity, guess.expression))[list(MEASURED)].astype(np.float64)
        away = float(np.median(camera.to_camera(skin)[:, 2]))
        camera = first_camera(points, guess.points, photo.size, focal * measured / away)
    scores, yaw = observation.blendshapes, camera.yaw_degrees
    value, limits = with_seen_cheeks(model, guess.expression, scores, guess.cheeks, yaw, lower.bare, weights.cheeks)
    guess = replace(guess, expression=guess.expression + (1 - hidden) * (value - guess.expression))
    noise = regressor.noise(weights.noise_gain, doubt_at(guess.points, observation))

    def solved(camera: Camera, progress: Progress) -> Pose:
        prior = _prior(model, regressor, guess, hidden, limits, weights)
        start = Pose(camera, guess.identity, guess.expression)
        return solve(basis, guess.points, noise, prior, start, weights, progress)

    found = solved(camera, fitting.part(0.0, 0.6))
    # What one side does alone shows beside a symmetric head that lies under the landmarks.
    symmetric = resting(found.expression, hidden)
    seen = resting(one_sided(model, found, observation, lower.bare, weights.one_sided), hidden)
    if not np.array_equal(seen, symmetric):
        guess = replace(guess, expression=guess.expression + seen - symmetric)
        found = solved(found.camera, fitting.part(0.6, 1.0))
    camera, identity, expression = found
    return _finished(model, camera, identity, expression, observation, source)


def _guessed(
    regressor: Regressor, photo: Photo, observation: FaceObservation, progress: Progress, weights: CoarseWeights
) -> FaceGuess:
    """What the network says about the face; where something hides a part of it, the mean of what it says with and without that:
    smooth skin where a mouth should be is as strange to it as a mask."""
    veil = observation.veil
    if veil is None or veil.bare is None:
        return regressor.guess(photo, observation, progress, weights)
    bare = regressor.guess(replace(photo, pixels=veil.bare), observation, progress.part(0.0, 0.5), weights)
    if not veil.places:
        return bare
    worn = regressor.guess(photo, observation, progress.part(0.5, 1.0), weights)
    return FaceGuess(*((getattr(bare, one.name) + getattr(worn, one.name)) / 2 for one in fields(FaceGuess)))


def _seen_expression(model: HeadModel, photo: Photo, observation: FaceObservation, guess: FaceGuess) -> np.ndarray:
    """(52,) What was guessed, with what teeth, lids and the scores of people's faces tell."""
    scores = observation.blendshapes
    bite = find_bite(photo, observation)
    value = with_seen_jaw(model, guess.expression, scores, bite, guess.px_per_mm)
    return with_seen_tongue(model, with_seen_sides(model, with_seen_lids(model, value, scores), scores), guess.tongue, bite)


_persons: dict[tuple[str, CoarseWeights], np.ndarray] = {}


def _likely_person(
    model: HeadModel, regressor: Regressor, guess: FaceGuess, lower: LowerFace, weights: CoarseWeights
) -> np.ndarray:
    """(K,) The person whom a guessed identity speaks for: posterior mean of a Gaussian of people around the average of the
    groups that the face belongs to, given the guess as a measurement; its skull keeps to the average's as far as the face
    allows."""
    groups = regressor.groups
    shares = groups.believed(guess.shares, lower, weights)
    mean, expected = (regressor.people.mean + shares @ moves for moves in (groups.differ, groups.answered))
    key = model.version, weights
    if key not in _persons:
        _persons[key] = _share_believed(model, regressor, weights)
    return mean + _persons[key] @ (guess.identity - expected)


def _share_believed(model: HeadModel, regressor: Regressor, weights: CoarseWeights) -> np.ndarray:
    """(K, K) What of a guess's difference from the average person is believed."""
    differ, some = _differ(regressor, weights)
    unsure = weights.guess_gain * np.linalg.inv(regressor.identity_precision)
    # The network learns from faces: what its answer does to the skull is no more than a side effect.
    face, skull = _mean_square(model, _FACE, weights.part), skull_square(model, weights)
    kept = weights.face_precision * face + some
    return np.linalg.solve(kept + weights.skull_precision * skull, kept @ differ @ np.linalg.inv(differ + unsure))


def _differ(regressor: Regressor, weights: CoarseWeights) -> tuple[np.ndarray, np.ndarray]:
    """(K, K) covariance of people's identities, and the part of it that scanned people do not show."""
    modes = regressor.people.modes
    some = weights.person_variance * np.eye(modes.shape[1])
    return modes.T @ modes + some, some


def person_precision(model: HeadModel, weights: CoarseWeights = WEIGHTS) -> np.ndarray:
    """(K, K) inverse covariance of a person's identity about that of the coarse fit: how people differ, and how far what the
    network says of one is off."""
    regressor = load_regressor(model)
    return np.linalg.inv(_differ(regressor, weights)[0]) + regressor.identity_precision / weights.guess_gain


def skull_square(model: HeadModel, weights: CoarseWeights = WEIGHTS) -> np.ndarray:
    """(K, K): ``x @ it @ x`` is the mean squared distance in mm that identity x moves scalp and ears by."""
    return _mean_square(model, _SKULL, weights.part)


def _mean_square(model: HeadModel, parts: tuple[str, ...], least: float) -> np.ndarray:
    """(K, K): ``x @ it @ x`` is the mean squared distance in mm that identity x moves these parts by."""
    basis = model.identity_basis[:, model.part(*parts) > least].astype(float)
    flat = basis.reshape(len(basis), -1)
    return flat @ flat.T / basis.shape[1]


def _prior(
    model: HeadModel,
    regressor: Regressor,
    guess: FaceGuess,
    hidden: np.ndarray,
    limits: np.ndarray,
    weights: CoarseWeights,
) -> Prior:
    """What is believed before landmarks are fitted; `limits` are (52,) greatest deviations of actions that were seen."""
    sigma = np.maximum(regressor.expression_sigma * np.sqrt(weights.prior_gain), weights.least_expression_sigma)
    sigma = np.minimum(sigma, np.minimum(limits, action_limits(model, guess.expression)))
    sigma += hidden * (np.minimum(sigma, FIT.veiled.action_sigma) - sigma)
    # Babies lie beyond what adults are.
    limit = np.maximum(weights.identity_limit, np.abs(guess.identity))
    return Prior(guess.identity, regressor.identity_precision / weights.prior_gain, guess.expression, sigma, limit)


def _finished(
    model: HeadModel, camera: Camera, identity: np.ndarray, expression: np.ndarray, observation: FaceObservation, source: str
) -> CoarseFit:
    """The result with its residuals against the observed landmarks."""
    points = model.landmarks(model.shape(identity, expression))
    residual = np.linalg.norm(camera.project(points)[0] - observation.landmarks, axis=1)
    return CoarseFit(camera, identity.astype(np.float32), expression.astype(np.float32), residual.astype(np.float32), source)


_bases: dict[str, LandmarkBasis] = {}


def _point_basis(model: HeadModel, regressor: Regressor) -> LandmarkBasis:
    """The model at the dense landmarks."""
    if model.version not in _bases:
        _bases[model.version] = LandmarkBasis(
            *(regressor.points(field) for field in (model.template, model.identity_basis, model.expression_basis))
        )
    return _bases[model.version]
