"""The face as a function of coefficients: shape, texture, normals, landmarks, posed and lit vertices.

Equations of Deng et al., *Accurate 3D Face Reconstruction with Weakly-Supervised Learning* (CVPRW 2019), which HRN,
3DDFA-V3 and DF_MVR share; they differ in the parameters of :class:`FaceModel` and in the camera.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import torch

from . import lighting, pose
from .camera import ALIGNED_CAMERA, CropCamera
from .coefficients import Coefficients
from .files import FaceModelData

__all__ = ["FaceModel", "PosedFace", "recentred", "vertex_normals"]

_RECENTRE_ROWS = 35709
"""The references recentre by the mean of these first vertices, also in models that have more."""


class PosedFace(NamedTuple):
    """Everything that follows from a batch of coefficients; B faces of N vertices."""

    shape: torch.Tensor
    """(B, N, 3) unposed, decimetres."""
    rotation: torch.Tensor
    """(B, 3, 3) acts on columns."""
    world: torch.Tensor
    """(B, N, 3) posed."""
    camera: torch.Tensor
    """(B, N, 3), z is the depth."""
    projection: torch.Tensor
    """(B, N, 2) crop pixels, y up."""
    landmarks: torch.Tensor
    """(B, 68, 2) crop pixels, y up."""
    normals: torch.Tensor
    """(B, N, 3) unposed, unit."""
    world_normals: torch.Tensor
    """(B, N, 3)."""
    texture: torch.Tensor
    """(B, N, 3) unlit RGB, 0..1, not clipped unless the model says so."""
    color: torch.Tensor
    """(B, N, 3) lit RGB, not clipped."""


@dataclass(frozen=True)
class FaceModel:
    """A linear face model in torch. Floats share one dtype and device."""

    mean: torch.Tensor
    """(3N,)."""
    identity_basis: torch.Tensor
    """(3N, 80)."""
    expression_basis: torch.Tensor
    """(3N, 64)."""
    mean_texture: torch.Tensor
    """(3N,) 0..255."""
    texture_basis: torch.Tensor
    """(3N, 80)."""
    triangles: torch.Tensor
    """(F, 3) int64."""
    vertex_faces: torch.Tensor
    """(N, 8) int64, F is padding."""
    keypoints: torch.Tensor
    """(68,) int64."""
    camera: CropCamera = ALIGNED_CAMERA
    clip_texture: bool = False
    """Clip lit colours to 0..1, as 3DDFA-V3 does."""

    @classmethod
    def build(
        cls, data: FaceModelData, *, recentre: bool = True, camera: CropCamera = ALIGNED_CAMERA, clip_texture: bool = False
    ) -> FaceModel:
        """The model from a file's content, float32 on the CPU.

        Args:
            data: as read.
            recentre: subtract the mean vertex (Deep3D, HRN, DF_MVR); 3DDFA-V3's file is centred already.
            camera: the camera of the method.
            clip_texture: see the attribute.
        """
        mean = recentred(data.mean) if recentre else data.mean
        return cls(
            *(
                torch.from_numpy(array)
                for array in (
                    mean.reshape(-1),
                    data.identity_basis,
                    data.expression_basis,
                    data.mean_texture.reshape(-1),
                    data.texture_basis,
                    data.triangles,
                    data.vertex_faces,
                    data.keypoints,
                )
            ),
            camera,
            clip_texture,
        )

    def to(self, *, device=None, dtype: torch.dtype | None = None) -> FaceModel:
        """The same model elsewhere or in another precision."""
        moved = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, torch.Tensor):
                moved[field.name] = value.to(device=device, dtype=dtype if value.is_floating_point() else None)
        return replace(self, **moved)

    def shape(self, identity: torch.Tensor, expression: torch.Tensor) -> torch.Tensor:
        """(B, 80), (B, 64) -> (B, N, 3) unposed vertices."""
        flat = identity @ self.identity_basis.T + expression @ self.expression_basis.T + self.mean
        return flat.reshape(len(identity), -1, 3)

    def texture(self, coefficients: torch.Tensor) -> torch.Tensor:
        """(B, 80) -> (B, N, 3) unlit RGB in 0..1, not clipped."""
        flat = (coefficients @ self.texture_basis.T + self.mean_texture) / 255
        return flat.reshape(len(coefficients), -1, 3)

    def normals(self, shape: torch.Tensor) -> torch.Tensor:
        """(B, N, 3) vertices -> (B, N, 3) unit normals."""
        return vertex_normals(shape, self.triangles, self.vertex_faces)

    def pose(self, shape: torch.Tensor, coefficients: Coefficients, texture: torch.Tensor | None = None) -> PosedFace:
        """Poses, lights and projects `shape`, which may differ from the linear model's (deformed faces).

        Args:
            shape: (B, N, 3) unposed.
            coefficients: texture, angles, gamma and translation are used.
            texture: (B, N, 3) unlit colours instead of the model's.
        """
        rotation = pose.rotation_matrix(coefficients.angles)
        world = pose.transform(shape, rotation, coefficients.translation)
        in_camera = self.camera.to_camera(world)
        projection = self.camera.project(in_camera)
        normals = self.normals(shape)
        world_normals = pose.rotate(normals, rotation)
        if texture is None:
            texture = self.texture(coefficients.texture)
        color = lighting.shade(texture, world_normals, coefficients.gamma)
        if self.clip_texture:
            color = color.clamp(0, 1)
        return PosedFace(
            shape,
            rotation,
            world,
            in_camera,
            projection,
            projection[:, self.keypoints],
            normals,
            world_normals,
            texture,
            color,
        )

    def __call__(self, coefficients: Coefficients) -> PosedFace:
        """The face of a batch of coefficients."""
        return self.pose(self.shape(coefficients.identity, coefficients.expression), coefficients)


def recentred(mean):
    """(N, 3) array with the mean of its first 35709 vertices moved to the origin, in its own precision."""
    return mean - mean[:_RECENTRE_ROWS].mean(0, keepdims=True)


def vertex_normals(shape: torch.Tensor, triangles: torch.Tensor, vertex_faces: torch.Tensor) -> torch.Tensor:
    """Unit sum of the unit normals ``(v1 - v2) x (v2 - v3)`` of the listed faces.

    Args:
        shape: (B, N, 3).
        triangles: (F, 3) int64.
        vertex_faces: (N, K) int64; the value F stands for no face.
    """
    # Coordinates apart and `gather` rather than indexing: several times as fast, gradients included.
    a, b, c = (_chosen(shape.transpose(1, 2), triangles[:, corner]) for corner in range(3))
    faces = _unit(torch.cross(a - b, b - c, dim=1))
    faces = torch.cat([faces, torch.zeros_like(faces[:, :, :1])], 2)
    around = _chosen(faces, vertex_faces.reshape(-1)).reshape(*faces.shape[:2], *vertex_faces.shape)
    return _unit(around.sum(3)).transpose(1, 2)


def _unit(columns: torch.Tensor) -> torch.Tensor:
    """(B, 3, n) of length one; `normalize` is slow where coordinates lie apart."""
    return columns / (columns**2).sum(1, keepdim=True).clamp(min=1e-24).sqrt()


def _chosen(rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """(B, C, n) -> (B, C, k): the columns of these numbers."""
    return rows.gather(2, columns.expand(*rows.shape[:2], -1))
