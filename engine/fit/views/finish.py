"""What the other stages need of every view: light, skin and residuals of the final head."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from ...geometry.harmonics import fit_lighting, light_normals, sh_basis
from ...geometry.mesh import facing_of, vertex_normals
from ...head.model import HeadModel
from ...system.concurrency import concurrently
from ...system.failures import of_view
from ...system.progress import Progress
from ...types import CoarseFit, Covers, MidFit, View
from ...wire.color import srgb_to_linear
from ...wire.settings import Settings
from ..features.ears import ear_shift
from ..features.gaze import level_gaze
from ..features.jaw import bite_shift
from ..features.sockets import socket_shift
from ..mid.fit import fit_mid
from ..mid.lids import shut_lids
from ..skin_surface import skin_surface
from ..veiled import blind_eyes, hidden_landmarks
from ..weights import WEIGHTS as FIT
from .start import pose_from_points
from .state import ViewState
from .weights import WEIGHTS, LightWeights

__all__ = ["finished_views"]


def finished_views(
    model: HeadModel,
    views: list[ViewState],
    identity: np.ndarray,
    deformation: np.ndarray | None,
    settings: Settings,
    progress: Progress,
    weights: LightWeights = WEIGHTS.light,
) -> list[View]:
    """The views as the textures take them.

    Args:
        identity: (K,). deformation: (N, 3) mm; None where the photos could not be compared: then the first photo's
            pixels give it, and landmarks the other cameras.
        weights: what is believed of the light.

    Raises:
        ViewFailed: with the number of a photo that cannot be read.
    """
    from ...photo import find_bite, find_covers, segment_skin

    first = views[0]
    identity = identity.astype(np.float32)
    if deformation is None:
        start = replace(first.start, camera=first.camera, identity=identity, expression=first.expression.astype(np.float32))
        coarse, mid = fit_mid(model, first.photo, first.observation, start, settings, progress.part(0.0, 0.5))
        identity, deformation = coarse.identity, mid.deformation
        first.camera, first.expression = coarse.camera, coarse.expression.astype(float)
        for view in views:
            view.share = 1.0 if view is first else 0.0
            if view is not first:
                vertices = model.shape(identity, view.expression) + deformation
                view.camera = pose_from_points(
                    view.camera, model.landmarks(vertices).astype(float), view.observation.landmarks.astype(float)
                )
    else:
        # One photo's pixels have seen to that already.
        _shut_lids(model, views, identity, deformation)
        blind = [blind_eyes(view.observation.veil) for view in views]
        levelled, straight = level_gaze(model, [view.expression for view in views], blind)
        deformation = deformation + straight
        for view, expression in zip(views, levelled):
            view.expression = expression

    def bare_skin(view: ViewState) -> tuple[np.ndarray, Covers]:
        with of_view(view.number):
            mask = segment_skin(view.photo, view.observation)
            return mask.skin.astype(np.float32), find_covers(view.photo, view.observation, mask)

    found = concurrently([partial(bare_skin, view) for view in views], progress.part(0.5, 0.8))
    skins, covers = [skin for skin, _ in found], [covers for _, covers in found]
    deformation = np.array(deformation, np.float32)
    bare = model.shape(identity, first.expression.astype(np.float32))
    surface = skin_surface(model)
    deformation[surface.vertices] += ear_shift(
        model, surface, bare + deformation, [(view.photo, view.camera, skin) for view, skin in zip(views, skins)]
    ).astype(np.float32)
    with of_view(first.number):
        bite = find_bite(first.photo, first.observation)
    deformation += bite_shift(model, bare + deformation, first.expression, bite).astype(np.float32)
    deformation += socket_shift(model, model.shape(identity) + deformation)

    def finished(view: ViewState, skin: np.ndarray, covers: Covers) -> View:
        expression = view.expression.astype(np.float32)
        vertices = model.shape(identity, expression) + deformation
        points = view.camera.project(model.landmarks(vertices).astype(float))[0]
        hidden = np.ones(len(points)) if view.placed else hidden_landmarks(view.observation.veil)
        if hidden.any():
            landmarks = points + (1 - hidden)[:, None] * (view.observation.landmarks - points)
            view.observation = replace(view.observation, landmarks=landmarks.astype(np.float32))
        residual = np.linalg.norm(points - view.observation.landmarks, axis=1)
        coarse = CoarseFit(view.camera, identity, expression, residual.astype(np.float32), view.focal_source)
        with of_view(view.number):
            lighting, left = _light(model, view, vertices, skin, weights)
        return View(view.photo, view.observation, coarse, MidFit(deformation, lighting, skin, left, covers), view.share)

    return concurrently([partial(finished, *each) for each in zip(views, skins, covers)], progress.part(0.8, 1.0))


def _shut_lids(model: HeadModel, views: list[ViewState], identity: np.ndarray, deformation: np.ndarray) -> None:
    """Close the eyes that a photo shows shut, in that photo alone; of a person who kept still the first photo tells for all."""
    still = all(np.array_equal(view.expression, views[0].expression) for view in views)
    for view in views[:1] if still else views:
        if view.placed:
            continue
        posed = model.shape(identity, view.expression.astype(np.float32)) + deformation
        view.expression = shut_lids(model, view.camera, posed, view.expression, view.observation.landmarks)
    if still:
        for view in views[1:]:
            view.expression = views[0].expression


def _light(
    model: HeadModel, view: ViewState, vertices: np.ndarray, mask: np.ndarray, w: LightWeights
) -> tuple[np.ndarray, float]:
    """(9, 3) lighting and the residual of log brightness, from the bare skin that faces the camera."""
    surface = skin_surface(model)
    skin = vertices[surface.vertices].astype(float)
    normals = vertex_normals(skin, surface.triangles)
    facing = facing_of(view.camera.position, skin, normals)
    place, _ = view.camera.project(skin)
    x, y = (place[:, 0] - 0.5).astype(np.float32), (place[:, 1] - 0.5).astype(np.float32)
    size = max(1.0, w.soft_mm * view.camera.fx / float(np.linalg.norm(view.camera.t)))
    soft = cv2.GaussianBlur(view.photo.pixels, (0, 0), size) if size > 1 else view.photo.pixels

    def sample(image):
        return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)

    color = srgb_to_linear(sample(soft).reshape(len(skin), 3).astype(float) / 255)
    weight = surface.trust * np.clip((facing - w.facing[0]) / w.facing[1], 0, 1) * sample(mask).reshape(-1)
    in_light = light_normals(view.camera, normals)
    lighting = fit_lighting(in_light, color, np.ones((len(skin), 1)), weight)
    predicted = np.maximum(sh_basis(in_light) @ lighting, w.least).mean(1)
    left = np.minimum(np.abs(np.log(np.maximum(color.mean(1), w.least) / predicted)), FIT.most_left)
    return lighting.astype(np.float32), float(np.average(left, weights=weight)) if weight.sum() > 0 else 0.0
