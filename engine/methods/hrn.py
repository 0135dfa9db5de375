"""The `hrn` method, one view: Lei et al., *A Hierarchical Representation Network for Accurate and Detailed Face
Reconstruction from In-The-Wild Images* (CVPR 2023), in the order of the released program.

Coarse coefficients → albedo and texture maps → de-retouching → deformation → displacement → texture fit → dense mesh, from
the official files. The face mask, published as a TensorFlow graph only, is the engine's own skin mask.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..bfm import alignment, detail, uv_maps
from ..bfm.border import camera_over_photo, eye_origin
from ..bfm.coefficients import split
from ..bfm.fat_face import LONG_SIDE, widen_face
from ..bfm.files import read_albedo_basis, read_bfm_front, read_landmark_template, read_uv
from ..bfm.hrn import BaseStage, DetailStage, HrnModel, base_stage, detail_stage
from ..bfm.hrn_fit import TEXTURE_STEPS, fit_texture
from ..bfm.model import FaceModel
from ..bfm.obj import read_obj
from ..bfm.uv_raster import rasterize_uv
from ..nets.checkpoint import read_checkpoint
from ..nets.official import load
from ..types import FaceObservation, Photo
from ..wire.protocol import Settings
from .hrn_output import write_results
from .published import Prediction, PublishedMethod
from .relief import Relief

__all__ = ["Hrn", "HrnFace", "create"]

_PICTURE = 512
_WIDENING = 0.03
_DRAFT_STEPS = 20


class HrnFace(NamedTuple):
    """Everything that one view gives; batches of one."""

    window: alignment.CropWindow
    crop: np.ndarray
    """(224, 224, 3) uint8."""
    base: BaseStage
    detail: DetailStage
    mask: torch.Tensor
    """(1, 1, 256, 256) smoothed validity."""
    texture: torch.Tensor
    """(1, 3, 256, 256) fitted, not clipped."""


def create() -> "Hrn":
    return Hrn()


class Hrn(PublishedMethod):
    name = "hrn"
    retouching = "de_retouching"
    """Key of the de-retouching network's file."""
    release = "hrn"
    """Of :data:`engine.bfm.fat_face.LONG_SIDE`."""
    mask_tile = True
    """Whether the strip shows the validity."""

    def load(self, paths: dict[str, Path], progress) -> None:
        self._template = alignment.five_points(read_landmark_template(paths["lm3d"]))
        checkpoint = read_checkpoint(paths[self.name])
        self._coarse, self._deform, self._displace = (
            load(f"{self.name}.{role}", checkpoint) for role in ("coarse", "deformation", "displacement"))
        self._alpha, self._beta = (torch.tensor([checkpoint.number(name)]) for name in ("alpha", "beta"))
        progress("start", 0.4, "Reading the official files")
        self._retouch = load(f"{self.name}.de_retouching", paths[self.retouching]) if self.retouching in paths else None
        self._finders = None
        if "detector" in paths and "landmarks" in paths:
            self._finders = load("face_detector", paths["detector"]), load("landmarks_106", paths["landmarks"])
        uv = read_uv(paths["uv"])
        face = FaceModel.build(read_bfm_front(paths["bfm"]))
        albedo = read_albedo_basis(paths["albedo_mean"], paths["albedo_basis"])
        self._hrn = HrnModel(face, rasterize_uv(uv, read_obj(paths["template"]).faces),
                             torch.from_numpy(uv.astype(np.float32)), albedo)

    def predict(self, photo: Photo, observation: FaceObservation, points: np.ndarray, settings: Settings, progress
                ) -> Prediction:
        from ..photo import segment_skin

        mask = segment_skin(photo, observation).surface
        found, widened = self._face(photo.pixels, points, mask, settings, progress)
        about = {"face_mask": "the engine's skin mask", "widened": widened,
                 "de_retouching": "official" if self._retouch else "left out: file absent"}
        model, origin = self._hrn.face, eye_origin(self._hrn.face)
        coefficients = found.base.coefficients
        offsets = detail.apply_offsets(found.detail.levels.deformation, self._hrn.uv)
        relaxed = model.shape(coefficients.identity, torch.zeros_like(coefficients.expression)) + offsets
        rotation = found.detail.face.rotation[0].double().numpy()
        translation = coefficients.translation[0].double().numpy()
        # Decimetres to millimetres; the maps cover the face once.
        relief = Relief(100 * found.detail.levels.displacement[0, 0].numpy(),
                        (found.mask[0, 0] * self._hrn.raster.covered).numpy().astype(np.float32), self._hrn.uv.numpy())
        return Prediction(relaxed[0].numpy(), found.detail.face.shape[0].numpy(), model.triangles.numpy(),
                          model.keypoints.numpy(), origin,
                          camera_over_photo(rotation, translation, found.window, origin), rotation, translation,
                          lambda folder, stem: write_results(folder, stem, found, self._hrn, self.mask_tile), about, relief)

    def _face(self, image: np.ndarray, points: np.ndarray, mask: np.ndarray, settings: Settings, progress
              ) -> tuple[HrnFace, str]:
        up = alignment.flip_y(points, len(image))
        window, crop, _ = alignment.align(image, up, self._template)
        _, picture, _ = alignment.align(image, up, self._template, size=_PICTURE,
                                        rescale=alignment.RESCALE * _PICTURE / alignment.CROP_SIZE)
        small, large = _tensor(crop), _tensor(picture)
        face_mask = torch.from_numpy(alignment.crop((255 * mask).astype(np.uint8), window).copy())[None, None].float() / 255
        with torch.no_grad():
            coefficients = split(self._coarse(small))
            progress("coarse", 0.3, "Reading the skin's maps")
            base = base_stage(self._hrn, coefficients, large, face_mask, self._retouch or _unchanged)
            smooth = uv_maps.smooth_mask(base.valid_mask)
            progress("coarse", 0.6, "Asking the networks for the detail")
            stage = detail_stage(self._hrn, base, large, smooth, self._deform, self._displace, self._alpha, self._beta)
        picture, how = self._widened(crop)
        steps = _DRAFT_STEPS if settings.quality == "draft" else TEXTURE_STEPS
        texture = fit_texture(self._hrn, stage, _tensor(picture), steps=steps,
                              tick=lambda share: progress("coarse", 0.7 + 0.3 * share, "Fitting the published texture"))
        return HrnFace(window, crop, base, stage, smooth, texture), how

    def _widened(self, crop: np.ndarray) -> tuple[np.ndarray, str]:
        """The slightly widened crop, if the official detector and landmark network are there and see the face."""
        import cv2

        from ..nets.landmark106 import find_106_points, points_of_crop
        from ..nets.retinaface_detect import detect_faces

        if self._finders is None:
            return crop, "left out: files absent"
        detector, landmarks = self._finders
        side = LONG_SIDE[self.release]
        large = cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC)
        # The released program hands the detector red and blue exchanged.
        faces = detect_faces(detector, large[..., ::-1])
        if not faces:
            return crop, "left out: the detector saw no face in the crop"
        points = find_106_points(lambda picture: points_of_crop(landmarks, picture), large[..., ::-1], [faces[0].box])[0]
        return widen_face(crop, points, faces[0].box, (side, side), _WIDENING), "official"


def _unchanged(texture: torch.Tensor) -> torch.Tensor:
    """The de-retouching network's answer that changes nothing."""
    return torch.full_like(texture, 0.5)


def _tensor(picture: np.ndarray) -> torch.Tensor:
    """(H, W, 3) uint8 -> (1, 3, H, W) in 0..1."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
