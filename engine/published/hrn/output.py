"""HRN's results as files: the strip, the two meshes, and the maps as pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ...geometry.obj import obj_normals, write_obj
from ...pipeline.image_files import write_exr, write_jpeg, write_png
from ..basel import uv_maps
from ..basel.rendering import overlay, rasterize_crop, render_texture
from .dense_mesh import dense_mesh
from .face import HrnFace
from .stages import HrnModel
from .turning import write_turning

__all__ = ["METRES", "write_results"]

_GREY = 0.8
"""Albedo (0..1) of the grey faces in the strip of pictures."""
METRES = 0.1
"""Metres per decimetre."""


@torch.no_grad()
def write_results(
    folder: Path, stem: str, found: HrnFace, model: HrnModel, mask_tile: bool = True, *, turning: bool = True
) -> list[str]:
    """Write everything under the published names where there are any; returns the names.

    * ``_0_hrn_output.jpg``: the strip of ten pictures of 224 pixels, or nine without `mask_tile`;
    * ``_0_hrn_output.gif``: steps of the reconstruction, and the finished face turning, where asked for;
    * ``_0_hrn_mid_mesh.obj`` with ``.mtl`` and the fitted texture as ``.jpg``: the deformed face, posed, decimetres;
    * ``_0_hrn_high_mesh.obj``: the dense mesh with the displacement, with UV and the same texture (the published one has
      neither);
    * maps: ``deformation.exr`` (metres, unposed model axes), ``displacement.exr`` (metres along the normal), ``albedo.png``,
      ``de_retouched_albedo.png``, ``texture.png`` (of the photo), ``valid.png``, ``position.exr`` (metres, unposed).
    """
    stem = f"{stem}_0_hrn"
    face, levels = found.detail.face, found.detail.levels
    vertices, faces = face.world[0].numpy(), model.face.triangles.numpy()
    write_jpeg(folder / f"{stem}_mid_mesh.jpg", _picture(found.texture))
    write_obj(
        folder / f"{stem}_mid_mesh.obj",
        vertices,
        faces,
        uv=model.uv.numpy(),
        normals=obj_normals(vertices, faces),
        texture=f"{stem}_mid_mesh.jpg",
    )
    dense = dense_mesh(
        found.detail.world_map[0].numpy(),
        found.detail.normal_map[0].numpy(),
        levels.displacement[0, 0].numpy(),
        corrected=model.corrected,
    )
    write_obj(folder / f"{stem}_high_mesh.obj", dense.vertices, dense.faces, uv=dense.uv, texture=f"{stem}_mid_mesh.jpg")
    strip = _strip(found, model, mask_tile)
    write_jpeg(folder / f"{stem}_output.jpg", strip)
    if turning:
        write_turning(folder / f"{stem}_output.gif", strip, found, model)
    write_exr(folder / "deformation.exr", _rows(levels.deformation) * METRES)
    write_exr(folder / "displacement.exr", levels.displacement[0, 0].numpy() * np.float32(METRES))
    write_exr(folder / "position.exr", _rows(found.base.position_map) * METRES)
    for name, image in (
        ("albedo", found.base.albedo_map),
        ("de_retouched_albedo", found.base.retouched_albedo),
        ("texture", found.base.texture_map),
    ):
        write_png(folder / f"{name}.png", _picture(image))
    write_png(folder / "valid.png", np.round(255 * found.mask[0, 0].clamp(0, 1).numpy()).astype(np.uint8))
    return sorted(path.name for path in folder.iterdir())


def _strip(found: HrnFace, model: HrnModel, mask_tile: bool) -> np.ndarray:
    """(224, 224 tiles, 3) uint8: input, rendering over it, grey base, middle and high, deformation, displacement, albedo,
    de-retouched albedo, validity."""
    base, stage = found.base, found.detail
    gamma = base.coefficients.gamma
    grey = torch.full_like(base.albedo_map, _GREY)
    crop = torch.from_numpy(found.crop.copy()).permute(2, 0, 1)[None].float() / 255
    fragments = rasterize_crop(stage.face.camera, model.face.triangles)
    plain = rasterize_crop(base.face.camera, model.face.triangles)
    from .detail import detail_normals

    fine = detail_normals(stage.world_map, stage.normal_map, stage.levels.displacement, corrected=model.corrected)
    greys = [(plain, model.raster(base.face.world_normals)), (fragments, stage.normal_map), (fragments, fine)]
    tiles = [crop, overlay(render_texture(fragments, model.uv, found.texture), crop, fragments.mask)]
    for drawn, normals in greys:
        shaded = uv_maps.grey_level(uv_maps.shade_map(grey, normals, gamma))
        tiles.append(overlay(render_texture(drawn, model.uv, shaded), crop, drawn.mask))
    maps = [
        _stretched(stage.levels.deformation),
        _stretched(stage.levels.displacement).expand(1, 3, -1, -1),
        base.albedo_map,
        base.retouched_albedo,
        *([found.mask.expand(1, 3, -1, -1)] if mask_tile else []),
    ]
    tiles += [uv_maps.resize(image, found.crop.shape[0]) for image in maps]
    return np.concatenate([_picture(tile) for tile in tiles], 1)


def _stretched(values: torch.Tensor) -> torch.Tensor:
    low, high = values.min(), values.max()
    return (values - low) / (high - low).clamp(min=1e-12)


def _rows(maps: torch.Tensor) -> np.ndarray:
    """(1, C, S, S) -> (S, S, C) float32."""
    return np.ascontiguousarray(maps[0].permute(1, 2, 0).numpy(), np.float32)


def _picture(image: torch.Tensor) -> np.ndarray:
    """(1, 3, S, S) in 0..1 -> (S, S, 3) uint8, clipped."""
    return np.round(255 * _rows(image).clip(0, 1)).astype(np.uint8)
