"""Lids, lips, brows and nose of the head brought exactly onto those of the photo, without changing the head's relief.

A shape that fits well may still lie a millimetre or two beside the photo: enough for lids and lips to take the wrong
colours. What is left between the landmarks and the head is explained by the facial actions and by a smooth random
field in the picture plane (Gaussian process regression); the field slides the vertices along the surface, so that the
surface itself stays where the earlier stages put it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.spatial import cKDTree

from ...camera import Camera
from ...geometry.mesh import facing_of, neighbour_mean, vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.each_eye import openness
from ...photo.regions import BROWS, EYES, FACE_POINTS, INNER_LIPS, IRISES, LANDMARKS, NOSTRILS, OUTER_LIPS, OVAL
from ..coarse.one_sided import ONE_SIDED
from ..coarse.projection import projection
from ..coarse.solver import boxed_step
from ..features.gaze import look_alike
from ..features.jaw import action_limits
from ..skin_surface import SkinSurface
from .weights import WEIGHTS, RegistrationWeights

__all__ = ["fit_actions", "landmark_residuals", "slide", "usable_landmarks"]


@cache
def _noise(w: RegistrationWeights) -> np.ndarray:
    """(478,) mm: how precisely a landmark marks a place of the skin; those of the face's outline mark none."""
    noise = np.full(LANDMARKS, w.rest_mm)
    noise[list(OVAL)] = np.inf
    noise[[i for brow in BROWS for i in brow]] = w.brows_mm
    noise[[1, 2, 4, 5, 19, 94, 98, 97, 326, 327, 48, 278, 64, 294, *(i for nostril in NOSTRILS for i in nostril)]] = w.nose_mm
    noise[[*OUTER_LIPS, *INNER_LIPS, *(i for eye in EYES for i in eye)]] = w.edges_mm
    noise[FACE_POINTS:] = w.iris_mm
    return noise


def _beside_lids() -> np.ndarray:
    """(478, 478): an iris is measured relative to its lids, with which its eyeball moves, so it tells nothing about the
    skin."""
    out = np.eye(LANDMARKS)
    for lids, (centre, edge) in zip(EYES, IRISES):
        out[np.ix_([centre, *edge], lids)] = -1 / len(lids)
    return out


_BESIDE_LIDS = _beside_lids()
"""The answer of :func:`_beside_lids`, made once."""


def fit_actions(
    model: HeadModel,
    camera: Camera,
    relaxed: np.ndarray,
    expression: np.ndarray,
    landmarks: np.ndarray,
    weights: RegistrationWeights = WEIGHTS.registration,
) -> np.ndarray:
    """Facial actions that bring the landmarks onto the photo, near the given ones.

    Args:
        relaxed: (N, 3) mm, the head without expression. expression: (52,) where to start.
        landmarks: (478, 2) observed, pixels.
        weights: what is believed of landmarks.

    Returns:
        (52,) in [0, 1].
    """
    w = weights
    basis = model.landmarks(model.expression_basis).astype(float)
    rest = model.landmarks(relaxed).astype(float)
    value = expression.astype(float).copy()
    used = usable_landmarks(model, camera, relaxed, landmarks, w)
    shut = [eye for eye in (0, 1) if openness(landmarks)[eye] < w.shut]
    for eye in shut:  # An iris that nobody sees tells nothing.
        used = used[~np.isin(used, [IRISES[eye][0], *IRISES[eye][1]])]
    beside = _BESIDE_LIDS[used]
    inverse = np.linalg.inv(_covariance(model, used, w))
    limits = action_limits(model, expression)
    of_eyes = np.array([name.startswith(("eyeLook", "eyeBlink")) for name in model.expression_names])
    wide = smoothstep(*w.wide_jaw, float(expression[model.expression_names.index("jawOpen")]))
    action_sigma = w.action_sigma + wide * (w.wide_sigma - w.action_sigma)
    sigma = np.where(of_eyes, w.eye_sigma, np.minimum(action_sigma, limits))
    sigma[_of_one_side(model, expression, w)] = w.one_sided_sigma
    most = np.minimum(1, expression + limits)
    for _ in range(w.steps):
        points = rest + np.tensordot(value, basis, 1)
        residual, derivative = landmark_residuals(camera, points, landmarks)
        residual = beside @ residual
        jacobian = np.tensordot(beside, np.einsum("lij,elj->lie", derivative, basis), 1)
        hessian = np.diag(sigma**-2.0)
        gradient = (value - expression) / sigma**2
        for axis in range(2):
            weighted = inverse @ jacobian[:, axis]
            hessian += jacobian[:, axis].T @ weighted
            gradient += weighted.T @ residual[:, axis]
        value += boxed_step(hessian, gradient, -value, most - value)
    return look_alike(model, np.clip(value, 0, 1), shut)


def _of_one_side(model: HeadModel, expression: np.ndarray, w: RegistrationWeights) -> list[int]:
    """Numbers of the actions, both sides', that one side does more than the other: the coarse stage has weighed that landmarks
    follow such actions only in part."""
    number = model.expression_names.index
    pairs = [[number(name + side) for side in ("Left", "Right")] for name in ONE_SIDED]
    return [action for pair in pairs if abs(expression[pair[0]] - expression[pair[1]]) > w.one_sided for action in pair]


def slide(
    model: HeadModel,
    surface: SkinSurface,
    camera: Camera,
    vertices: np.ndarray,
    landmarks: np.ndarray,
    weights: RegistrationWeights = WEIGHTS.registration,
) -> np.ndarray:
    """Moves of the skin along itself that bring the landmarks onto the photo.

    Args:
        vertices: (N, 3) mm, the posed head. landmarks: (478, 2) observed, pixels.
        weights: what is believed of landmarks.

    Returns:
        (V, 3) mm for the vertices of `surface`.
    """
    w = weights
    used = usable_landmarks(model, camera, vertices, landmarks, w)
    used = used[used < FACE_POINTS]
    points = model.landmarks(vertices).astype(float)
    residual, _ = landmark_residuals(camera, points, landmarks)
    alpha = np.linalg.solve(_covariance(model, used, w), -residual[used])
    places = model.landmarks(model.template).astype(float)[used]
    field = _kernel(model.template[surface.vertices].astype(float), places, w) @ alpha
    skin = vertices[surface.vertices].astype(float)
    across = field @ camera.R[:2]
    view = skin - camera.position
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    around = neighbour_mean(surface.triangles, len(skin))

    def smooth(values: np.ndarray, rounds: int) -> np.ndarray:
        for _ in range(rounds):
            values = (1 - w.average) * values + w.average * (around @ values)
        return values

    # Folds of lips and lids have normals in all directions; the slope that matters is that of the face there.
    normals = vertex_normals(skin, surface.triangles)
    broad = smooth(normals, w.slope_rounds)
    broad /= np.maximum(np.linalg.norm(broad, axis=1, keepdims=True), 1e-9)
    slope = np.minimum(np.einsum("ij,ij->i", broad, view), -w.least_slope)
    most = np.linalg.norm(across, axis=1)
    along = np.clip(-np.einsum("ij,ij->i", broad, across) / slope, -most, most)
    # Lips are rolls, not a surface to slide along: both move as one, to and fro with the skin around them.
    lips = smooth(model.part("upper_lip", "lower_lip")[surface.vertices].astype(float), w.lip_rounds)
    roll = np.clip(w.lips * lips, 0, 1)
    for _ in range(w.roll_rounds):
        along += roll * (around @ along - along)
    beside = np.stack([np.ones(len(skin)), model.template[surface.vertices, 0].astype(float)], 1)
    level = np.linalg.lstsq(beside * lips[:, None], along * lips, rcond=None)[0]
    along += roll * (beside @ level - along)
    move = across + smooth(along, w.along_rounds)[:, None] * view
    # The tangent plane is not the surface: back onto it, to the nearest part that looks the same way.
    tree = cKDTree(np.hstack([skin, w.normal_mm * normals]))
    distance, near = tree.query(np.hstack([skin + move, w.normal_mm * normals]), k=w.nearest)
    weight = 1 / (distance + w.soft_mm) ** 2
    weight /= weight.sum(1, keepdims=True)
    height = np.einsum("vk,vkd,vkd->v", weight, normals[near], (skin + move)[:, None] - skin[near])
    # Nostrils are holes, with more than one surface near that looks the same way.
    holes = model.landmarks(model.template).astype(float)[[i for nostril in NOSTRILS for i in nostril]]
    away = cKDTree(holes).query(model.template[surface.vertices])[0]
    height = smooth(height, w.height_rounds) * np.clip((away - w.hole_mm) / w.hole_mm, 0, 1) * (1 - roll)
    return move - height[:, None] * np.einsum("vk,vkd->vd", weight, normals[near])


def usable_landmarks(
    model: HeadModel,
    camera: Camera,
    vertices: np.ndarray,
    landmarks: np.ndarray,
    w: RegistrationWeights = WEIGHTS.registration,
) -> np.ndarray:
    """Numbers of the landmarks that can be used: named places that face the camera, within the photo."""
    normals = vertex_normals(vertices, model.triangles)[model.landmark_vertices[:, 0]]
    points = model.landmarks(vertices)
    # The rim of a lid looks up or down, and is seen where the opening of the eye is.
    for lids in EYES:
        rim = points[list(lids)]
        across = np.cross(rim, np.roll(rim, -1, 0)).sum(0)
        normals[list(lids)] = across * np.sign(across[2]) / np.linalg.norm(across)
    facing = facing_of(camera.position, points, normals)
    inside = ((landmarks >= 0) & (landmarks < (camera.width, camera.height))).all(1)
    return np.flatnonzero(np.isfinite(_noise(w)) & (facing > w.least_facing) & inside)


def landmark_residuals(camera: Camera, points: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(L, 2) mm in the picture plane at each point's depth, and (L, 2, 3) its derivative by the points."""
    mm_per_px = camera.to_camera(points)[:, 2] / camera.fx
    pixels, project, _ = projection(camera, points, mm_per_px)
    return (pixels - landmarks) * mm_per_px[:, None], project @ camera.R


def _kernel(a: np.ndarray, b: np.ndarray, w: RegistrationWeights) -> np.ndarray:
    squared = ((a[:, None] - b[None]) ** 2).sum(-1)
    return sum(sigma**2 * np.exp(-squared / (2 * length**2)) for sigma, length in w.field)


def _covariance(model: HeadModel, used: np.ndarray, w: RegistrationWeights) -> np.ndarray:
    places = model.landmarks(model.template).astype(float)[used]
    skin = used < FACE_POINTS
    return _kernel(places, places, w) * np.outer(skin, skin) + np.diag(_noise(w)[used] ** 2)
