"""ModelScope's head: the Basel face joined to a head and neck, with offset maps for face and head.

Two meshes share one set of coefficients: the *fitting* model (face without eye sockets' rims, head and neck, eyeballs,
38924 vertices) and the *output* model (whole Basel face, head and neck, 37550 vertices). In both the face comes first
and the head's 1841 vertices follow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from ..basel.coefficients import Coefficients
from ..basel.files import BFM_VERTICES, FaceModelData
from ..basel.model import FaceModel, PosedFace
from ..basel.uv_maps import apply_offsets

__all__ = [
    "FACE_OFFSET_SIZE",
    "HEAD_OFFSET_SIZE",
    "HEAD_VERTICES",
    "HeadFace",
    "ModelScopeMesh",
    "Offsets",
    "build_fitting",
    "build_output",
    "opened_eyes",
    "reshape_neck",
    "too_far_turned",
]

HEAD_VERTICES = 1841
"""Number of vertices of the head beyond the Basel face."""
FACE_OFFSET_SIZE = 300
"""Side of the face's offset maps in texels."""
HEAD_OFFSET_SIZE = 100
"""Side of the head's offset map in texels."""
_SKIN = (200.0, 146.0, 118.0)
"""Colour (RGB, 0..255) of skin vertices of the head that no face model colours."""
_HAIR = 40.0
"""Grey level (0..255) of vertices of the head under hair."""
_NECK_TOP = 37476
"""Vertex of the output mesh at the top of the neck."""
_NECK_BOTTOM = 37357
"""Vertex of the output mesh at the bottom of the neck."""
_NECK_LENGTH = 0.72
"""Height between the two that the stretched neck gets, decimetres."""
_MAX_ANGLE = 3.14 / 6
"""Largest angle of a face that the method takes, radians, as published."""
_EYE_EXPRESSIONS = ((16, 1.0), (17, 1.0), (19, 1.5))
"""Numbers of the expression coefficients that open the eyes, and how much is added to each, as published."""


class Offsets(NamedTuple):
    """What the fit adds to the linear model, as maps (B, 3, S, S): decimetres, and colours of 0..1."""

    shape: torch.Tensor
    """Offsets of the face's vertices, 300 texels a side."""
    texture: torch.Tensor
    head_shape: torch.Tensor
    """Offsets of the head's vertices, 100 texels a side."""
    head_texture: torch.Tensor


class HeadFace(NamedTuple):
    """A posed head; the unposed shapes are not recentred."""

    posed: PosedFace
    plain: torch.Tensor
    """(B, n, 3) unposed, before the offsets."""
    canonical: torch.Tensor
    """(B, n, 3) unposed, with the offsets: the mesh that is given out."""


@dataclass(frozen=True)
class ModelScopeMesh:
    """One of the two meshes."""

    linear: FaceModel
    """The linear model of the mesh, not recentred."""
    origin: torch.Tensor
    """(3,) mean of the Basel face, subtracted before posing."""
    face_uv: torch.Tensor
    """(f, 2) of the face's vertices, which come first."""
    head_uv: torch.Tensor
    """(1841, 2), or (0, 2) where no offset reaches the head."""
    movable: torch.Tensor
    """(k,) int64 vertices of the head, counted from its first, that the head's shape offset moves."""

    def to(self, device) -> ModelScopeMesh:
        """The same model elsewhere."""
        return ModelScopeMesh(
            self.linear.to(device=device),
            *(value.to(device) for value in (self.origin, self.face_uv, self.head_uv, self.movable)),
        )

    def __call__(self, coefficients: Coefficients, offsets: Offsets, *, adjustment: torch.Tensor | None = None) -> HeadFace:
        """The head of a batch of coefficients.

        Args:
            offsets: see :class:`Offsets`.
            adjustment: (n, 3) added to the shape, see :func:`reshape_neck`.
        """
        shape = self.linear.shape(coefficients.identity, coefficients.expression)
        plain = shape if adjustment is None else shape + adjustment
        faces, heads = len(self.face_uv), slice(len(self.face_uv), len(self.face_uv) + len(self.head_uv))
        moved, texture = torch.zeros_like(plain), self.linear.texture(coefficients.texture).clone()
        moved[:, :faces] = apply_offsets(offsets.shape, self.face_uv)
        moved[:, faces + self.movable] = apply_offsets(offsets.head_shape, self.head_uv)[:, self.movable]
        texture[:, :faces] += apply_offsets(offsets.texture, self.face_uv)
        texture[:, heads] += apply_offsets(offsets.head_texture, self.head_uv)
        canonical = plain + moved
        return HeadFace(self.linear.pose(canonical - self.origin, coefficients, texture), plain, canonical)


def build_fitting(
    data: FaceModelData, face: FaceModelData, kept: np.ndarray, hair: np.ndarray, keypoints: np.ndarray, uv: np.ndarray
) -> ModelScopeMesh:
    """The mesh that is fitted.

    Args:
        data: ``ourRefineFull_model.mat``; its texture rows are in the Basel face's numbering, its face lists are used
            as stored, see :func:`engine.published.modelscope.files.read_head_model`.
        face: ``BFM_model_front.mat``, for its mean.
        kept: (f,) vertices of the Basel face that the mesh begins with.
        hair: vertices of the mesh under hair.
        keypoints: (68,) vertices of the mesh.
        uv: (37550, 2) of the output mesh.
    """
    count, faces = len(data.mean), len(kept)
    texture = np.tile(np.array(_SKIN, np.float32), (count, 1))
    texture[:faces] = data.mean_texture[kept]
    texture[hair] = _HAIR
    basis = np.zeros((count, 3, data.texture_basis.shape[1]), np.float32)
    basis[:faces] = data.texture_basis.reshape(-1, 3, basis.shape[2])[kept]
    data = replace(
        data, mean_texture=texture, texture_basis=basis.reshape(3 * count, -1), keypoints=np.asarray(keypoints, np.int64)
    )
    return _head_model(data, face, uv[kept], uv[BFM_VERTICES:], np.asarray(hair, np.int64) - faces)


def build_output(data: FaceModelData, face: FaceModelData, uv: np.ndarray) -> ModelScopeMesh:
    """The mesh that is given out: ``ourRefineBFMEye0504_model.mat`` with the UVs of its template."""
    return _head_model(data, face, uv[:BFM_VERTICES], uv[BFM_VERTICES:], np.arange(HEAD_VERTICES))


def reshape_neck(
    shape: torch.Tensor,
    parts: dict[str, torch.Tensor],
    *,
    nose: float = 0.1,
    neck: float = 0.3,
    slim: float = 0.5,
    stretch: bool = True,
) -> torch.Tensor:
    """Changes to the output mesh: a little less nose, a straighter, slimmer and longer neck.

    Args:
        shape: (n, 3) unposed, not recentred.
        parts: ``nose``, ``neck``, ``slim``, ``length``: (n, 3) differences to the mean shape.
        stretch: brings the neck to its fixed length.

    Returns:
        (n, 3) to add to `shape`.
    """
    change = nose * parts["nose"] + neck * parts["neck"] + slim * parts["slim"]
    if stretch:
        y = (shape + change)[:, 1]
        longer = parts["length"][_NECK_TOP, 1] - parts["length"][_NECK_BOTTOM, 1]
        change = change + (_NECK_LENGTH - (y[_NECK_TOP] - y[_NECK_BOTTOM])) / longer * parts["length"]
    return change


def opened_eyes(coefficients: Coefficients) -> Coefficients:
    """The expression with the eyes opened a little, less so where they are open already."""
    expression = coefficients.expression.clone()
    numbers = [number for number, _ in _EYE_EXPRESSIONS]
    degree = torch.where(expression[:, numbers].sum(1) > 1, 0.5, 1.0)
    for number, weight in _EYE_EXPRESSIONS:
        expression[:, number] += weight * degree
    return coefficients._replace(expression=expression)


def too_far_turned(coefficients: Coefficients) -> bool:
    """Whether any angle is beyond about 30 degrees, which the method refuses."""
    return bool((coefficients.angles.abs() > _MAX_ANGLE).any())


def _head_model(data, face, face_uv, head_uv, movable) -> ModelScopeMesh:
    origin = face.mean[:BFM_VERTICES].mean(0)
    return ModelScopeMesh(
        FaceModel.build(data, recentre=False),
        torch.from_numpy(origin),
        torch.from_numpy(face_uv),
        torch.from_numpy(head_uv),
        torch.from_numpy(movable),
    )
