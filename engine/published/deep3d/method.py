"""The `deep3d` method: Deng et al., *Accurate 3D Face Reconstruction with Weakly-Supervised Learning* (CVPRW 2019).

Points → aligned crop → 257 coefficients → face, from the official files; strip, mesh and coefficients are also kept in
the published form.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ...system.progress import SILENT, Progress
from ...wire.errors import HrnError
from ...wire.protocol import Settings
from ..basel import alignment
from ..basel.border import camera_over_photo, eye_origin, to_engine
from ..basel.coefficients import Coefficients, split
from ..basel.files import read_bfm_front, read_landmark_template
from ..basel.model import FaceModel, PosedFace
from ..basel.rendering import overlay, rasterize_crop, render_vertices
from ..carry import SeenFace
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.checkpoint import read_checkpoint
from ..nets.official import load
from . import output as deep3d_output

__all__ = ["CropFace", "Deep3d", "create", "crop_face", "crop_prediction", "published_files"]


class CropFace(NamedTuple):
    """A face in its aligned crop."""

    window: alignment.CropWindow
    crop: np.ndarray
    """(224, 224, 3) uint8."""
    points: np.ndarray
    """(n, 2) the given points in the crop, y up."""
    coefficients: Coefficients
    face: PosedFace


def create() -> Deep3d:
    return Deep3d()


class Deep3d(PublishedMethod):
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


def crop_prediction(given: GivenFace, found: CropFace, model: FaceModel, write, about: dict) -> Prediction:
    """What a network said about the aligned crop, in the frame of the whole photo.

    Args:
        write, about: as of :class:`.published.Prediction`.
    """
    origin = eye_origin(model)
    relaxed = model.shape(found.coefficients.identity, torch.zeros_like(found.coefficients.expression))
    rotation = found.face.rotation[0].double().numpy()
    translation = found.coefficients.translation[0].double().numpy()
    seen = SeenFace(
        given.photo,
        given.observation,
        to_engine(found.face.shape[0].numpy(), origin),
        camera_over_photo(rotation, translation, found.window, origin),
    )
    return Prediction(
        relaxed[0].numpy(),
        model.triangles.numpy(),
        model.keypoints.numpy(),
        origin,
        [seen],
        rotation,
        translation,
        write,
        about,
    )


@torch.inference_mode()
def crop_face(image: np.ndarray, points: np.ndarray, template: np.ndarray, net, model: FaceModel) -> CropFace:
    """The coarse face of a photo.

    Args:
        image: (H, W, 3) uint8 RGB.
        points: (5, 2) or (68, 2) pixels, centre of the first at (0, 0), y down.
        template: (5, 3) of the landmark template.
        net: (1, 3, 224, 224) in 0..1 -> (1, 257).

    Raises:
        HrnError: NO_FACE, FACE_TOO_SMALL when the points allow no crop.
    """
    window, crop, inside = alignment.align(image, alignment.flip_y(points, len(image)), template)
    picture = torch.from_numpy(crop.copy()).permute(2, 0, 1)[None].float() / 255
    coefficients = split(net(picture))
    return CropFace(window, crop, inside, coefficients, model(coefficients))


@torch.inference_mode()
def published_files(folder: Path, stem: str, found: CropFace, model: FaceModel) -> list[str]:
    """Writes ``<stem>.png``, ``.obj`` and ``.mat`` as the reference's test program does; returns their names."""
    fragments = rasterize_crop(found.face.camera, model.triangles)
    picture = torch.from_numpy(found.crop.copy()).permute(2, 0, 1)[None].float() / 255
    drawn = overlay(render_vertices(fragments, found.face.colour), picture, fragments.mask)[0].clamp(0, 1)
    drawn = (255 * drawn.permute(1, 2, 0).numpy()).astype(np.uint8)
    deep3d_output.write_picture(
        folder / f"{stem}.png", deep3d_output.picture_strip(found.crop, drawn, found.face.landmarks[0].numpy(), found.points)
    )
    vertices, colours = deep3d_output.mesh_arrays(found.face)
    deep3d_output.write_mesh(folder / f"{stem}.obj", vertices, model.triangles.numpy(), colours)
    deep3d_output.write_coefficients(folder / f"{stem}.mat", deep3d_output.coefficient_arrays(found.coefficients, found.face))
    return [f"{stem}.png", f"{stem}.obj", f"{stem}.mat"]
