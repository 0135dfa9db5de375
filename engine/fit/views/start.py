"""From single fits to one head in several cameras."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType

import cv2
import numpy as np

from ...camera import Camera
from ...head.model import HeadModel
from ...system.concurrency import concurrently
from ...system.failures import ViewFailed, of_view
from ...system.progress import Progress
from ...types import ARKIT_ACTIONS, CoarseFit, FaceObservation, Photo
from ...wire.errors import ErrorCode, HrnError
from ...wire.settings import Settings
from ..plausible import refuse_implausible
from ..veiled import hidden_actions
from .bundle_adjustment import Lens
from .state import ViewState
from .weights import WEIGHTS, LensWeights, OrderWeights

__all__ = [
    "group_lenses",
    "join",
    "order_views",
    "pose_from_points",
    "same_expression",
    "shared_expression",
    "significant_distortion",
    "single_fits",
]

_BLINKS = [ARKIT_ACTIONS.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight")]
"""Numbers of the actions that close the lids."""
_FACE_ACTIONS = [i for i, name in enumerate(ARKIT_ACTIONS) if not name.startswith(("eyeLook", "cheek", "nose"))]
"""Numbers of the actions whose scores are compared between photos: all but those of gaze, cheeks and nose."""


def single_fits(
    model: HeadModel,
    photos: Sequence[tuple[Photo, FaceObservation]],
    settings: Settings,
    progress: Progress,
    known: Mapping[int, CoarseFit] = MappingProxyType({}),
) -> list[CoarseFit]:
    """The coarse fit of each photo on its own, several at a time; `progress` may raise to cancel all.

    Args:
        known: number of a photo -> its fit, where it has one already.

    Raises:
        ViewFailed: with the number of a photo that cannot be fitted, or shows no face.
    """
    from ..coarse.fit import fit_coarse

    stop = threading.Event()

    def interrupt(stage: str, fraction: float, message: str) -> None:
        if stop.is_set():
            raise HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")

    def fit(number: int, photo: Photo, observation: FaceObservation) -> CoarseFit:
        with of_view(number):
            found = fit_coarse(model, photo, observation, settings, Progress(interrupt))
        try:
            refuse_implausible(photo, observation, found)
        except HrnError as error:
            raise ViewFailed(number, error) from error
        return found

    missing = [number for number in range(len(photos)) if number not in known]
    made = concurrently([partial(fit, number, *photos[number]) for number in missing], progress, stop=stop)
    found = {**known, **dict(zip(missing, made))}
    return [found[number] for number in range(len(photos))]


def order_views(views: list[ViewState], weights: OrderWeights = WEIGHTS.order) -> list[ViewState]:
    """The view that shows the face best first: from the front, large, eyes open; the others in their order."""

    def worth(view: ViewState) -> float:
        face = np.ptp(view.observation.landmarks, 0).max()
        shut = max(float(view.observation.blendshapes[_BLINKS].max()) - weights.half_shut, 0)
        return (
            np.log(min(face, weights.enough_px))
            - (view.camera.yaw_degrees / weights.side_degrees) ** 2
            - shut / weights.half_shut
            - weights.hidden * _hidden(view)
        )

    best = max(range(len(views)), key=lambda i: worth(views[i]))
    return [views[best], *(view for i, view in enumerate(views) if i != best)]


def _hidden(view: ViewState) -> float:
    """Share of the landmarks that something hides."""
    return 0.0 if view.observation.veil is None else float(view.observation.veil.hidden.mean())


def same_expression(views: list[ViewState], weights: OrderWeights = WEIGHTS.order) -> bool:
    """Whether the person kept still: no facial action differs by more than the networks' own error."""
    if len(views) < 2:
        return True
    values = np.array([view.observation.blendshapes for view in views], float)
    # An action that something hides is a guess.
    values[np.array([hidden_actions(view.observation.veil) for view in views]) > weights.half_hidden] = np.nan
    # Turned faces are measured worse, and gaze follows the camera, not the face.
    turned = np.array([abs(view.camera.yaw_degrees) for view in views])
    front = values[turned <= max(weights.side_degrees, np.sort(turned)[1])]
    most, least = (np.where(np.isnan(front), fill, front)[:, _FACE_ACTIONS] for fill in (-np.inf, np.inf))
    spread = np.maximum(most.max(0) - least.min(0), 0)
    return bool(np.sort(spread)[-weights.still_count :].mean() < weights.still)


def shared_expression(views: list[ViewState], weights: OrderWeights = WEIGHTS.order) -> np.ndarray:
    """(52,) facial actions of a person who kept still: medians over the photos that show each, or over all where none does."""
    values = np.array([view.expression for view in views], float)
    hidden = np.array([hidden_actions(view.observation.veil) for view in views]) > weights.half_hidden
    return np.nanmedian(np.where(hidden & ~hidden.all(0), np.nan, values), 0)


def significant_distortion(view: ViewState, k: float, deviation: float, weights: LensWeights) -> bool:
    """Whether a radial coefficient is more than chance and moves the head's edge."""
    points, _ = view.camera.project(view.vertices)
    radius = np.linalg.norm((points - [view.camera.cx, view.camera.cy]) / view.camera.fx, axis=1).max()
    return bool(abs(k) > weights.significant * deviation and abs(k) * radius**3 * view.work.fx > weights.least_px)


def group_lenses(views: list[ViewState], weights: LensWeights) -> list[Lens]:
    """Photos without EXIF of one size are believed to come from one lens; a known focal length is its own."""
    groups: dict[tuple, list[int]] = {}
    for number, view in enumerate(views):
        known = view.focal_source != "estimated"
        key = (known, *sorted(view.photo.size), round(view.camera.fx, 1) if known else 0)
        groups.setdefault(key, []).append(number)
    lenses = []
    for (known, *_), members in groups.items():
        focal = float(np.exp(np.mean([np.log(views[i].camera.fx) for i in members])))
        lenses.append(Lens(members, weights.known_focal if known else weights.guessed_focal, focal, weights.distortion))
    return lenses


def join(model: HeadModel, views: list[ViewState], lenses: list[Lens], weights: OrderWeights) -> np.ndarray:
    """Mean identity of the single fits; the views get one focal length per lens and poses for the common head.

    Returns:
        (K,) identity.
    """
    # A face seen from the front tells both halves, and the networks know it best.
    weight = np.array([1 / (1 + (view.camera.yaw_degrees / weights.side_degrees) ** 2) for view in views])
    # What lies over a face leaves less of it to tell by.
    weight *= [1 - weights.guessed * _hidden(view) for view in views]
    identity = np.average([view.start.identity for view in views], axis=0, weights=weight)
    for lens in lenses:
        for number in lens.views:
            view = views[number]
            own = model.landmarks(model.shape(view.start.identity, view.start.expression)).astype(float)
            pixels = view.start.camera.project(own)[0]
            points = model.landmarks(model.shape(identity, view.expression)).astype(float)
            camera = replace(view.camera, fx=lens.focal, fy=lens.focal)
            view.camera = pose_from_points(camera, points, pixels)
    return identity


def pose_from_points(camera: Camera, points: np.ndarray, pixels: np.ndarray) -> Camera:
    """The camera with the pose in which (L, 3) points in mm appear at (L, 2) pixels."""
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    found, rotation, shift = cv2.solvePnP(points, pixels, matrix, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found:
        return camera
    rotation, shift = cv2.solvePnPRefineLM(points, pixels, matrix, None, rotation, shift)
    return replace(camera, R=cv2.Rodrigues(rotation)[0], t=shift.ravel())
