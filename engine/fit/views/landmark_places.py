"""Where the landmarks of all photos lie on the head's surface."""

from __future__ import annotations

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.regions import LANDMARKS, OVAL
from ..veiled import hidden_landmarks
from .hairy import hairy_at
from .state import ViewState
from .weights import WEIGHTS, LandmarkWeights

__all__ = ["landmark_places"]


def landmark_places(
    model: HeadModel, views: list[ViewState], posed: list[np.ndarray], weights: LandmarkWeights = WEIGHTS.landmarks
) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the views of the surface points on which the measured landmarks lie.

    Args:
        views: drawn as `posed`, (N, 3) mm each. The first one's facial actions are the head's.

    Returns:
        (478, 3) mm on the first view's head, and (478,) weight: how many views agree, up to 1.
    """
    total, weight = np.zeros((LANDMARKS, 3)), np.zeros(LANDMARKS)
    rest = model.landmarks(posed[0]).astype(float)
    scalp = model.landmarks(model.part("scalp")[:, None])[:, 0]
    for view, vertices in zip(views, posed):
        if view.placed:
            continue
        camera, frame = view.work, view.frame
        pixel = view.observation.landmarks * frame.factor - [frame.x0, frame.y0]
        x, y = (pixel - 0.5).astype(np.float32).T
        height, width = view.facing.shape
        depth = np.where(np.isfinite(view.raster.depth), view.raster.depth, 0).astype(np.float32)

        def look(image):
            return cv2.remap(image, x, y, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=0).ravel()

        z, facing = look(depth), look(view.facing)
        at = np.stack([(pixel[:, 0] - camera.cx) / camera.fx * z, (pixel[:, 1] - camera.cy) / camera.fy * z, z], 1)
        point = (at - camera.t) @ camera.R
        own = model.landmarks(vertices).astype(float)
        near = np.linalg.norm(point - own, axis=1)
        value = (
            np.clip((facing - weights.least_facing) / weights.facing_over, 0, 1)
            * (z > 0)
            / (1 + (near / weights.near_mm) ** 2)
            * (near < weights.most_mm)
            * (1 - smoothstep(*weights.hairy, hairy_at(view, pixel, scalp)))
            * (1 - hidden_landmarks(view.observation.veil))
        )
        total += value[:, None] * (point - own)
        weight += value
    weight[list(OVAL)] = 0  # the face's outline names no place
    places = rest + total / np.maximum(weight, 1e-9)[:, None]
    return places, np.minimum(weight, 1)
