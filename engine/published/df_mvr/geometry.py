"""DF_MVR (three views of one face): geometry and result file.

The face model is that of Deep3D with :data:`engine.published.basel.camera.MVR_CAMERA`; pictures have y **down** here and are 223
pixels wide in PyTorch3D 0.5.0's counting. Views are left, front, right.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ...geometry.obj import ObjStyle, write_obj
from ..basel import pose
from ..basel.coefficients import Coefficients
from ..basel.lighting import shade
from ..basel.model import FaceModel

__all__ = ["Rigid", "ViewFaces", "faces", "write_mesh"]

_SIZE = 224
"""Side of the crop that the network sees, pixels, as published."""


class Rigid(NamedTuple):
    """Pose of one view."""

    angles: torch.Tensor
    """(B, 3) radians."""
    translation: torch.Tensor
    """(B, 3) decimetres; z near -9."""


class ViewFaces(NamedTuple):
    """One face in its views."""

    world: list[torch.Tensor]
    """(B, N, 3) posed vertices of each view, decimetres; the camera is at z = 1 and looks to -z."""
    pixels: list[torch.Tensor]
    """(B, N, 2) pixels of each view, y down."""
    color: torch.Tensor
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


def write_mesh(path: Path | str, front: np.ndarray, triangles: np.ndarray) -> None:
    """The published ``.obj``: (N, 3) vertices of the front view in camera space, all in one grey."""
    grey = np.full((len(front), 3), 127)
    write_obj(
        path,
        front,
        triangles,
        colors=grey,
        style=ObjStyle(".8f", ("DF_MVR", f"{len(front)} vertices", f"{len(triangles)} faces")),
    )
