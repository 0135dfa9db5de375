"""The maths of HRN's stages between its networks, in the published order.

Networks are passed in as functions; see :mod:`engine.published.nets`. B is the number of faces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ...geometry.obj import read_obj
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import say
from ..basel import uv_maps
from ..basel.coefficients import Coefficients
from ..basel.files import BFM_VERTICES, AlbedoBasis, read_albedo_basis, read_bfm_front, read_uv
from ..basel.model import FaceModel, PosedFace
from ..basel.uv_raster import UvRaster, rasterize_uv
from . import detail

__all__ = [
    "BaseStage",
    "DetailStage",
    "HrnModel",
    "Levels",
    "Network",
    "base_stage",
    "compose",
    "detail_stage",
    "read_hrn_model",
    "read_levels",
]

Network = Callable[[torch.Tensor], torch.Tensor]
_RETOUCH_SIZE = 512
"""Side of the map that the de-retouching network sees, texels, as published."""


@dataclass(frozen=True)
class HrnModel:
    """What the stages need of the official files."""

    face: FaceModel
    raster: UvRaster
    """Made with the faces of ``template_bfm.obj``."""
    uv: torch.Tensor
    """(N, 2) float32."""
    albedo: AlbedoBasis
    corrected: bool = False
    """Sampling, detail normals and dense mesh as they were meant instead of as they were trained and released."""

    def to(self, device) -> HrnModel:
        """The same model elsewhere; the albedo basis stays in main memory until it is used."""
        return replace(self, face=self.face.to(device=device), raster=self.raster.to(device), uv=self.uv.to(device))


class BaseStage(NamedTuple):
    """The coarse face and its maps (row 0 at the top)."""

    coefficients: Coefficients
    face: PosedFace
    position_map: torch.Tensor
    """(B, 3, 256, 256) unposed, decimetres."""
    albedo_map: torch.Tensor
    """(B, 3, 256, 256)."""
    texture_map: torch.Tensor
    """(B, 3, 256, 256) of the picture, 0..1."""
    valid_mask: torch.Tensor
    """(B, 1, 256, 256) the picture's face mask, read like a texture."""
    retouched_albedo: torch.Tensor
    """(B, 3, 256, 256): albedo with the skin's marks put back."""


class Levels(NamedTuple):
    """The two levels of detail as maps, masked."""

    deformation: torch.Tensor
    """(B, 3, 64, 64) decimetres, unposed model axes."""
    displacement: torch.Tensor
    """(B, 1, 256, 256) decimetres along the normal."""


class DetailStage(NamedTuple):
    """The deformed face and its shaded maps."""

    levels: Levels
    face: PosedFace
    """Deformed; not displaced."""
    color_mid: torch.Tensor
    """(B, 3, 256, 256) shaded with the deformed face's normals."""
    color_high: torch.Tensor
    """(B, 3, 256, 256) shaded with the detail normals."""
    world_map: torch.Tensor
    """(B, 3, 256, 256) posed positions."""
    normal_map: torch.Tensor
    """(B, 3, 256, 256) rotated normals of the deformed face."""


def read_hrn_model(
    bfm: Path | str,
    uv: Path | str,
    template: Path | str,
    albedo_mean: Path | str,
    albedo_basis: Path | str,
    *,
    vertices: int | None = BFM_VERTICES,
    albedo_size: int = 512,
) -> HrnModel:
    """The model from its official files.

    Args:
        bfm: ``BFM_model_front.mat``.
        uv: ``bfm_uvs2.npy``.
        template: ``template_bfm.obj``, whose faces draw the maps.
        albedo_mean, albedo_basis: ``bfm_tex_mean2.npy``, ``bfm_texmap_base2.npy``.
        vertices, albedo_size: expected sizes.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID naming file and field.
    """
    data = read_bfm_front(bfm, vertices=vertices)
    table = read_uv(uv, len(data.mean))
    faces = read_obj(template).faces
    if not len(faces) or faces.max() >= len(table):
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say(
                "The file {file} cannot be used: {fault}.",
                file=Path(template).name,
                fault=say("its faces are not those of {count} vertices", count=len(table)),
            ),
            details={"file": str(template), "field": "mesh"},
        )
    return HrnModel(
        FaceModel.build(data),
        rasterize_uv(table, faces),
        torch.from_numpy(table.astype(np.float32)),
        read_albedo_basis(albedo_mean, albedo_basis, albedo_size),
    )


def base_stage(
    model: HrnModel, coefficients: Coefficients, picture: torch.Tensor, mask: torch.Tensor, retouch: Network
) -> BaseStage:
    """The coarse level.

    Args:
        picture: (B, 3, 512, 512) aligned crop, 0..1.
        mask: (B, 1, 224, 224) of the face, 0..1.
        retouch: de-retouching network: (B, 3, 512, 512) in -1..1 -> blend of 0..1.
    """
    face = model.face(coefficients)
    camera_map = model.raster(face.camera)
    texture = uv_maps.sample_picture(picture, camera_map, camera=model.face.camera, corrected=model.corrected)
    albedo = uv_maps.albedo_map(model.albedo, coefficients.texture)
    signed = texture * 2 - 1
    blend = retouch(uv_maps.resize(signed, _RETOUCH_SIZE))
    return BaseStage(
        coefficients,
        face,
        model.raster(face.shape),
        albedo,
        texture,
        uv_maps.sample_picture(mask, camera_map, camera=model.face.camera, corrected=model.corrected),
        uv_maps.turn_off_retouching(albedo, signed, blend),
    )


def read_levels(
    model: HrnModel,
    base: BaseStage,
    picture: torch.Tensor,
    mask: torch.Tensor,
    deform: Network,
    displace: Network,
    alpha: torch.Tensor,
    beta: torch.Tensor,
) -> Levels:
    """The two detail networks' maps.

    Args:
        picture: as in :func:`base_stage`.
        mask: (B, 1, 256, 256): ``base.valid_mask``, smoothed by :func:`engine.published.basel.uv_maps.smooth_mask` in the demo.
        deform, displace: generators whose outputs are in -1..1.
        alpha, beta: (1,) trained factors of the checkpoint.
    """
    output = deform(detail.deformation_input(base.position_map, base.texture_map))
    deformation = detail.deformation_map(output, alpha, mask)
    deformed = _deformed(model, base.coefficients, base.face.shape, deformation)
    texture = uv_maps.sample_picture(
        picture, model.raster(deformed.camera), camera=model.face.camera, corrected=model.corrected
    )
    output = displace(detail.displacement_input(base.position_map, texture, deformation))
    return Levels(deformation, detail.displacement_map(output, beta, mask))


def compose(
    model: HrnModel, coefficients: Coefficients, shape: torch.Tensor, albedo: torch.Tensor, levels: Levels
) -> DetailStage:
    """The detailed face of coarse shape and levels; differentiable in all of them (MV-HRN fits them).

    Args:
        shape: (B, N, 3) coarse, unposed.
        albedo: (B, 3, 256, 256) with the skin's marks.
    """
    face = _deformed(model, coefficients, shape, levels.deformation)
    world, normals = model.raster(face.world), model.raster(face.world_normals)
    fine = detail.detail_normals(world, normals, levels.displacement, corrected=model.corrected)
    return DetailStage(
        levels,
        face,
        uv_maps.shade_map(albedo, normals, coefficients.gamma),
        uv_maps.shade_map(albedo, fine, coefficients.gamma),
        world,
        normals,
    )


def detail_stage(
    model: HrnModel,
    base: BaseStage,
    picture: torch.Tensor,
    mask: torch.Tensor,
    deform: Network,
    displace: Network,
    alpha: torch.Tensor,
    beta: torch.Tensor,
) -> DetailStage:
    """:func:`read_levels`, then :func:`compose`."""
    levels = read_levels(model, base, picture, mask, deform, displace, alpha, beta)
    return compose(model, base.coefficients, base.face.shape, base.retouched_albedo, levels)


def _deformed(model: HrnModel, coefficients: Coefficients, shape: torch.Tensor, deformation: torch.Tensor) -> PosedFace:
    return model.face.pose(shape + uv_maps.apply_offsets(deformation, model.uv), coefficients)
