"""The `tddfa_v3` method: Wang et al., *3D Face Reconstruction with the Geometric Guidance of Facial Part Segmentation*
(CVPR 2024).

The coarse network with ResNet-50, or with the small MobileNet-V3 where the quality is draft and its file is there; landmark
sets, parts, PCA texture and extracted texture are kept in the published form.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ...pipeline.image_files import write_png
from ...system.progress import SILENT, Progress
from ...types import Photo
from ...wire.settings import Settings
from ..basel import alignment
from ..basel.files import read_landmark_template
from ..basel.model import FaceModel
from ..crop_face import CropFace, crop_face, crop_prediction
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.official import load
from . import face as tddfa
from . import output as tddfa_output
from . import texture as tddfa_texture
from .files import TddfaModelData, read_tddfa_file

__all__ = ["TddfaV3", "create"]


class _Official(NamedTuple):
    data: TddfaModelData
    model: FaceModel
    template: np.ndarray
    """(5, 3)"""
    resnet: torch.nn.Module
    mobilenet: torch.nn.Module | None


def create() -> TddfaV3:
    """A new instance of the `tddfa_v3` method."""
    return TddfaV3()


class TddfaV3(PublishedMethod):
    """3DDFA-V3 for one photo."""

    name = "tddfa_v3"

    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        data = read_tddfa_file(paths["tddfa"])
        self._official = _Official(
            data,
            FaceModel.build(data.face, recentre=False, clip_texture=True),
            alignment.five_points(read_landmark_template(paths["lm3d"])),
            load("tddfa_v3.coarse", paths["tddfa_resnet"]),
            load("tddfa_v3.coarse_mobilenet", paths["tddfa_mobilenet"]) if "tddfa_mobilenet" in paths else None,
        )

    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        official = self._official
        small = settings.quality == "draft" and official.mobilenet is not None
        found = crop_face(
            faces[0].photo.pixels,
            faces[0].points,
            official.template,
            official.mobilenet if small else official.resnet,
            official.model,
        )
        return crop_prediction(
            faces[0],
            found,
            official.model,
            lambda folder, stem: _write(folder, stem, faces[0].photo, found, official),
            {"backbone": "MobileNet-V3" if small else "ResNet-50"},
        )


@torch.inference_mode()
def _write(folder: Path, stem: str, photo: Photo, found: CropFace, official: _Official) -> list[str]:
    """``.png``, ``.npy``, ``_pcaTex.obj`` and ``_extractTex.obj`` (Poisson blend) as published, and the median blend of
    the earlier release as ``_extractTex_median.obj``; returns their names."""
    data, model, face = official.data, official.model, found.face
    drawn = tddfa.render(model, face)
    visible = tddfa.visible_vertices(model, face, drawn.raster)
    landmarks = {
        name: tddfa_output.landmarks_in_photo(points, found.window)
        for name, points in tddfa.landmark_sets(model, data, face, found.coefficients).items()
    }
    parts, visible_parts = (
        tddfa_output.segmentation_in_photo(masks, found.window)
        for masks in (tddfa.part_masks(data, face), tddfa.visible_part_masks(model, data, drawn, visible))
    )
    tddfa_output.write_dictionary(folder / f"{stem}.npy", landmarks, visible_parts, parts)
    write_png(
        folder / f"{stem}.png",
        tddfa_output.picture_grid(
            photo.pixels, found.window, drawn.shape, drawn.face, drawn.mask, landmarks, visible_parts, parts
        ),
    )
    points, triangles = face.camera[0].numpy(), model.triangles.numpy()
    lit = face.color[0].numpy()
    tddfa_output.write_mesh(folder / f"{stem}_pcaTex.obj", points, triangles, lit)
    names = [f"{stem}.png", f"{stem}.npy", f"{stem}_pcaTex.obj"]
    for name, blend in (("extractTex", "poisson"), ("extractTex_median", "median")):
        texture = tddfa_texture.extracted_texture(
            data.uv, triangles, found.crop.astype(np.float32) / 255, face.projection[0].numpy(), lit, visible, blend=blend
        )
        tddfa_output.write_mesh(
            folder / f"{stem}_{name}.obj", points, triangles, tddfa_texture.to_vertices(texture, data.uv).clip(0, 1)
        )
        names.append(f"{stem}_{name}.obj")
    return names
