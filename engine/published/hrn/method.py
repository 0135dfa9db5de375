"""The `hrn` method, one view: Lei et al., *A Hierarchical Representation Network for Accurate and Detailed Face
Reconstruction from In-The-Wild Images* (CVPR 2023), in the order of the released program.

Coarse coefficients → albedo and texture maps → de-retouching → deformation → displacement → texture fit → dense mesh, from
the official files. The face mask, published as a TensorFlow graph, is that of the user's ONNX conversion, or the engine's own
skin mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ...system.progress import SILENT, Progress
from ...wire.settings import Settings
from ..basel import alignment, uv_maps
from ..basel.border import camera_over_photo, eye_origin, to_engine
from ..basel.coefficients import split
from ..basel.files import read_landmark_template
from ..carried_relief import Relief
from ..carry import SeenFace
from ..in_crop import picture_tensor
from ..masks import FaceMask
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.checkpoint import read_checkpoint
from ..nets.official import load
from ..widened_picture import load_finders, widened
from .face import HrnFace
from .fit import TEXTURE_STEPS, fit_texture
from .output import write_results
from .stages import Levels, base_stage, detail_stage, read_hrn_model

__all__ = ["Hrn", "create"]

_PICTURE = 512
"""Side of the larger crop, from which textures are read, pixels, as published."""
_WIDENING = 0.03
"""Strength of the widening, as published."""
_DRAFT_STEPS = 20
"""Steps of the last texture's fit in the draft quality."""


def create() -> Hrn:
    """A new instance of the `hrn` method."""
    return Hrn()


class Hrn(PublishedMethod):
    """HRN for one photo; the other two methods on its networks derive from it."""

    name = "hrn"
    networks = "hrn"
    """Key of the networks' file, and beginning of their names."""
    retouching = "de_retouching"
    """Key of the de-retouching network's file."""
    release = "hrn"
    """A key of :data:`engine.published.widening_warp.LONG_SIDE`."""
    mask_tile = True
    """Whether the strip shows the validity."""

    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        self._load_optimiser(progress)
        self._template = alignment.five_points(read_landmark_template(paths["lm3d"]))
        checkpoint = read_checkpoint(paths[self.networks])
        self._coarse, self._deform, self._displace = (
            load(f"{self.networks}.{role}", checkpoint) for role in ("coarse", "deformation", "displacement")
        )
        self._alpha, self._beta = (torch.tensor([checkpoint.number(name)]) for name in ("alpha", "beta"))
        progress(0.4, "Reading the official files")
        self._retouch = None
        if self.retouching in paths:
            self._retouch = load(f"{self.networks}.de_retouching", paths[self.retouching])
        self._finders = load_finders(paths)
        self._face_mask = FaceMask(paths)
        self._hrn = read_hrn_model(*(paths[key] for key in ("bfm", "uv", "template", "albedo_mean", "albedo_basis")))

    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        self.choose(settings)
        found = self.stages(faces[0], progress)
        picture, word = widened(self._finders, found.crop, self.release, _WIDENING)
        steps = _DRAFT_STEPS if settings.quality == "draft" else TEXTURE_STEPS
        texture = fit_texture(
            self._hrn,
            found.detail,
            picture_tensor(picture),
            steps=steps,
            progress=progress.part(0.7, 1.0, "Fitting the published texture"),
        )
        found = found._replace(texture=texture)
        coefficients, levels = found.base.coefficients, found.detail.levels
        rotation = found.detail.face.rotation[0].double().numpy()
        return self.prediction(
            coefficients.identity,
            levels,
            found.mask,
            [(faces[0], found)],
            rotation,
            coefficients.translation[0].double().numpy(),
            lambda folder, stem: write_results(folder, stem, found, self._hrn, self.mask_tile),
            {**self.about(found), "widened": word},
        )

    def choose(self, settings: Settings) -> None:
        """Take the released formulas, bugs and all, or the corrected ones."""
        self._hrn = replace(self._hrn, corrected=settings.corrected)

    def about(self, *views: HrnFace) -> dict:
        return {
            "known_bugs": "corrected" if self._hrn.corrected else "as released",
            "face_mask": "; ".join(dict.fromkeys(found.masked_by for found in views)),
            "de_retouching": "official" if self._retouch else "left out: file absent",
        }

    def prediction(
        self,
        identity: torch.Tensor,
        levels: Levels,
        valid: torch.Tensor,
        views: Sequence[tuple[GivenFace, HrnFace]],
        rotation: np.ndarray,
        translation: np.ndarray,
        write,
        about: dict,
    ) -> Prediction:
        """One face, of one view or fused of several, in its views.

        Args:
            identity: (1, 80). levels: of the face. valid: (1, 1, 256, 256) where the levels say something.
            rotation, translation: unposed points -> those of the mesh file that `write` makes.
        """
        hrn, model = self._hrn, self._hrn.face
        origin = eye_origin(model)
        offsets = uv_maps.apply_offsets(levels.deformation, hrn.uv)
        relaxed = model.shape(identity, torch.zeros_like(views[0][1].base.coefficients.expression)) + offsets
        seen = []
        for face, found in views:
            shown = model.shape(identity, found.base.coefficients.expression) + offsets
            camera = camera_over_photo(
                found.detail.face.rotation[0].double().numpy(),
                found.base.coefficients.translation[0].double().numpy(),
                found.window,
                origin,
            )
            seen.append(SeenFace(face.photo, face.observation, to_engine(shown[0].detach().numpy(), origin), camera))
        # Decimetres to millimetres; the maps cover the face once.
        relief = Relief(
            100 * levels.displacement[0, 0].detach().numpy(),
            (valid[0, 0] * hrn.raster.covered).numpy().astype(np.float32),
            hrn.uv.numpy(),
        )
        return Prediction(
            relaxed[0].detach().numpy(),
            model.triangles.numpy(),
            model.keypoints.numpy(),
            origin,
            seen,
            rotation,
            translation,
            write,
            about,
            relief,
        )

    @torch.no_grad()
    def stages(self, face: GivenFace, progress: Progress = SILENT) -> HrnFace:
        """The three levels of one view; its texture is the shaded albedo."""
        image = face.photo.pixels
        up = alignment.flip_y(face.points, len(image))
        window, crop, _ = alignment.align(image, up, self._template)
        _, large, _ = alignment.align(
            image, up, self._template, size=_PICTURE, rescale=alignment.RESCALE * _PICTURE / alignment.CROP_SIZE
        )
        picture = picture_tensor(large)
        mask, masked_by = self._face_mask(face, window, crop)
        face_mask = torch.from_numpy(mask)[None, None]
        coefficients = split(self._coarse(picture_tensor(crop)))
        progress(0.3, "Reading the skin's maps")
        base = base_stage(self._hrn, coefficients, picture, face_mask, self._retouch or _unchanged)
        smooth = uv_maps.smooth_mask(base.valid_mask)
        progress(0.6, "Predicting the detail")
        stage = detail_stage(self._hrn, base, picture, smooth, self._deform, self._displace, self._alpha, self._beta)
        return HrnFace(window, crop, face_mask, masked_by, base, stage, smooth, stage.color_high)


def _unchanged(texture: torch.Tensor) -> torch.Tensor:
    """The de-retouching network's answer that changes nothing."""
    return torch.full_like(texture, 0.5)
