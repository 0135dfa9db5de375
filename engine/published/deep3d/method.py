"""The `deep3d` method: Deng et al., *Accurate 3D Face Reconstruction with Weakly-Supervised Learning* (CVPRW 2019).

Points → aligned crop → 257 coefficients → face, from the official files; strip, mesh and coefficients are also kept in
the published form.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...pipeline.image_files import write_png
from ...system.progress import SILENT, Progress
from ...wire.errors import HrnError
from ...wire.settings import Settings
from ..basel import alignment
from ..basel.files import read_bfm_front, read_landmark_template
from ..basel.model import FaceModel
from ..basel.rendering import overlay, rasterize_crop, render_vertices
from ..crop_face import CropFace, crop_face, crop_prediction
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.checkpoint import read_checkpoint
from ..nets.official import load
from . import output as deep3d_output

__all__ = ["Deep3d", "create", "published_files"]


def create() -> Deep3d:
    """A new instance of the `deep3d` method."""
    return Deep3d()


class Deep3d(PublishedMethod):
    """Deep3DFaceRecon for one photo: coefficients from a network, nothing is fitted."""

    name = "deep3d"

    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        self._template = alignment.five_points(read_landmark_template(paths["lm3d"]))
        self._face_model = FaceModel.build(read_bfm_front(paths["bfm"]))
        checkpoint = read_checkpoint(paths["deep3d"])
        for backbone in ("deep3d.coarse", "deep3d.coarse_resnet18", "deep3d.coarse_last_fc"):
            try:
                self._net = load(backbone, checkpoint)
                return
            except HrnError as error:
                reason = error
        raise reason

    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        found = crop_face(faces[0].photo.pixels, faces[0].points, self._template, self._net, self._face_model)
        model = self._face_model
        return crop_prediction(faces[0], found, model, lambda folder, stem: published_files(folder, stem, found, model), {})


@torch.inference_mode()
def published_files(folder: Path, stem: str, found: CropFace, model: FaceModel) -> list[str]:
    """Writes ``<stem>.png``, ``.obj`` and ``.mat`` as the reference's test program does; returns their names."""
    fragments = rasterize_crop(found.face.camera, model.triangles)
    picture = torch.from_numpy(found.crop.copy()).permute(2, 0, 1)[None].float() / 255
    drawn = overlay(render_vertices(fragments, found.face.color), picture, fragments.mask)[0].clamp(0, 1)
    drawn = (255 * drawn.permute(1, 2, 0).numpy()).astype(np.uint8)
    write_png(
        folder / f"{stem}.png", deep3d_output.picture_strip(found.crop, drawn, found.face.landmarks[0].numpy(), found.points)
    )
    vertices, colors = deep3d_output.mesh_arrays(found.face)
    deep3d_output.write_mesh(folder / f"{stem}.obj", vertices, model.triangles.numpy(), colors)
    deep3d_output.write_coefficients(folder / f"{stem}.mat", deep3d_output.coefficient_arrays(found.coefficients, found.face))
    return [f"{stem}.png", f"{stem}.obj", f"{stem}.mat"]
