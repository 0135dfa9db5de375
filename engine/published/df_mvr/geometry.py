"""DF_MVR (three views of one face): geometry, weight map, losses and result file.

The face model is that of Deep3D with :data:`engine.published.basel.camera.MVR_CAMERA`; pictures have y **down** here and are 223
pixels wide in PyTorch3D 0.5.0's counting. Views are left, front, right.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ...geometry.obj import ObjStyle, write_obj
from ..basel import losses, pose
from ..basel.alignment import CropWindow
from ..basel.coefficients import Coefficients
from ..basel.lighting import shade
from ..basel.model import FaceModel

__all__ = [
    "ALIGNED",
    "LANDMARK_WEIGHTS",
    "Rigid",
    "ViewFaces",
    "WEIGHTS",
    "crop_box",
    "faces",
    "landmark_loss",
    "photo_loss",
    "points_loss",
    "regularisers",
    "soft_alpha",
    "weight_map",
    "write_mesh",
]

_SIZE = 224
LANDMARK_WEIGHTS = losses.landmark_weights((range(28, 31), range(36, 48), range(60, 68)))
"""Nose tip, eyes and inner mouth count twenty times."""
WEIGHTS = {"landmarks": 2e-2, "prior": 3e-4, "photo": 24.0, "gamma": 10.0, "reflectance": 5.0, "points": 1.0, "mask": 1.0}
ALIGNED = (47, 50, 53, 56, 41, 79, 85)
"""Of the 101 points in space, those on which prediction and target are aligned."""
_BACKGROUND, _SKIN, _PART = 25, 50, 99
_SHARPNESS = 1e-4


class Rigid(NamedTuple):
    """Pose of one view."""

    angles: torch.Tensor
    """(B, 3) radians."""
    translation: torch.Tensor
    """(B, 3) decimetres; z near -9."""


class ViewFaces(NamedTuple):
    """One face in its views."""

    world: list[torch.Tensor]
    """Per view (B, N, 3), camera at z = 1 looking to -z."""
    pixels: list[torch.Tensor]
    """Per view (B, N, 2), y down."""
    colour: torch.Tensor
    """(B, N, 3) lit, shared by the views."""


def faces(model: FaceModel, coefficients: Coefficients, views: list[Rigid], *, lit_by: int = -1) -> ViewFaces:
    """Poses the shared face in every view.

    Args:
        model: with the camera of this method.
        coefficients: identity, expression, texture and gamma are used.
        views: left, front, right.
        lit_by: the view whose rotation turns the normals for the light. The released method takes the right view's
            for all.
    """
    shape = model.shape(coefficients.identity, coefficients.expression)
    rotations = [pose.rotation_matrix(view.angles) for view in views]
    world = [pose.transform(shape, rotation, view.translation) for rotation, view in zip(rotations, views)]
    pixels = []
    for points in world:
        up = model.camera.project(model.camera.to_camera(points))
        pixels.append(torch.stack([up[..., 0], _SIZE - 1 - up[..., 1]], -1))
    normals = pose.rotate(model.normals(shape), rotations[lit_by])
    return ViewFaces(world, pixels, shade(model.texture(coefficients.texture), normals, coefficients.gamma))


def soft_alpha(squared_distance: torch.Tensor) -> torch.Tensor:
    """Opacity of a covered pixel, 0.5 at an edge of its triangle to 1, from the squared distance (in normalised device
    coordinates) to the nearest edge; it scales the photo weight."""
    return torch.sigmoid(squared_distance / _SHARPNESS)


def landmark_loss(predicted: list[torch.Tensor], target: list[torch.Tensor]) -> torch.Tensor:
    """Weighted mean distance (not squared) of (B, 68, 2) landmarks in pixels, mean of the views."""
    return sum(
        (LANDMARK_WEIGHTS.to(p.device) * torch.linalg.vector_norm(p - q, dim=-1)).mean()
        for p, q in zip(predicted, target, strict=True)
    ) / len(predicted)


def photo_loss(rendered: torch.Tensor, target: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Weighted mean colour distance of (B, 3, H, W) pictures in 0..1; `weight` (B, 1, H, W) is weight map times
    alpha."""
    distance = torch.linalg.vector_norm(255 * (rendered - target), dim=1, keepdim=True)
    return (distance * weight / 255).sum() / weight.sum().clamp(min=1)


def points_loss(predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean distance of (B, 101, 3) points after the similarity that best takes seven of the prediction's points to the
    target's (rotation by singular vectors, scale by root mean square radius)."""
    chosen = list(ALIGNED)
    p_mean, q_mean = predicted[:, chosen].mean(1, keepdim=True), target[:, chosen].mean(1, keepdim=True)
    p, q = predicted[:, chosen] - p_mean, target[:, chosen] - q_mean
    u, _, vh = torch.linalg.svd(q.transpose(1, 2) @ p)
    scale = torch.sqrt((q**2).sum((1, 2)) / (p**2).sum((1, 2)))[:, None, None]
    aligned = scale * (predicted - p_mean) @ (u @ vh).transpose(1, 2) + q_mean
    return torch.linalg.vector_norm(aligned - target, dim=-1).mean()


def regularisers(coefficients: Coefficients, colour: torch.Tensor, skin: torch.Tensor) -> dict[str, torch.Tensor]:
    """Weighted prior, light and reflectance terms; the last is on *lit* colours here."""
    values = {
        "prior": losses.coefficient_prior(coefficients),
        "gamma": losses.gamma_loss(coefficients.gamma),
        "reflectance": losses.reflectance_loss(colour, skin),
    }
    return {name: WEIGHTS[name] * value for name, value in values.items()}


def weight_map(labels: np.ndarray) -> np.ndarray:
    """(H, W) labels of the face parser -> (H, W) uint8 photo weights in hundredths: 25 for background, 50 for skin, 99
    for parts and the skin around them.

    The released loader turns them into 32, 128 and 254 of 255, but leaves the parts of the left view at 0.99.
    """
    parts = cv2.dilate((labels > 1).astype(np.uint8), np.ones((10, 10), np.uint8)) > 0
    return np.where(labels == 0, _BACKGROUND, np.where(parts, _PART, _SKIN)).astype(np.uint8)


def crop_box(window: CropWindow) -> tuple[int, int, int, int, float]:
    """Left, right, upper and lower edge of the crop in the resized photo, and photo pixels per resized pixel."""
    return (window.left, window.left + window.size, window.up, window.up + window.size, window.width / window.resized[0])


def write_mesh(path: Path | str, front: np.ndarray, triangles: np.ndarray) -> None:
    """The published ``.obj``: (N, 3) vertices of the front view in camera space, all in one grey."""
    grey = np.full((len(front), 3), 127)
    write_obj(
        path,
        front,
        triangles,
        colours=grey,
        style=ObjStyle(".8f", ("DF_MVR", f"{len(front)} vertices", f"{len(triangles)} faces")),
    )
