"""The `hrn_face_fit` method: ModelScope's face reconstruction of February 2023, "inference and fitting", the one that its
model card describes (damo/cv_resnet50_face-reconstruction before HRN's networks came into it).

Coarse coefficients, then a hundred steps move all of them and two offset maps of the face; the face's shape goes over to
a head with eyes and neck, and a texture sheet is fitted and blended into the official template.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ...geometry.obj import obj_normals, write_obj
from ...pipeline.image_files import write_jpeg
from ...system.progress import SILENT, Progress
from ...wire.settings import Settings
from ..basel import alignment
from ..basel.border import camera_over_photo, eye_origin, to_engine
from ..basel.coefficients import Coefficients, split
from ..basel.contour import contour_loss, edge_columns
from ..basel.files import read_landmark_template
from ..basel.objectives import EdgeColumns
from ..basel.pose import rotation_matrix
from ..carry import SeenFace
from ..in_crop import marks_in_crop, picture_tensor
from ..masks import FaceMask
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.official import load
from ..widened_picture import Finders, load_finders, widened
from . import head_model
from . import offsets as offset_maps
from .face_model import FittedFace, read_fitted_face
from .face_texture import SHEET_SIZE, TALL, FacePictures, finished_sheet
from .files import read_picture
from .fit import SHAPE_STEPS, HeadEvidence, fit_face
from .head_model import HeadFace, Offsets
from .sheet import SHEET_SIZES, SheetEffort, fit_sheet

__all__ = ["FittedHrnFace", "create"]

_PICTURE = 1024
"""Side of the larger crop, from which the texture is fitted, pixels, as published."""
_WIDENING = 0.02
"""Strength of the widening, as published."""


class _Effort(NamedTuple):
    steps: int
    sheets: tuple[int, ...]
    sheet_steps: int
    size: int
    """Texels of the finished texture along u."""


_PUBLISHED = _Effort(SHAPE_STEPS, SHEET_SIZES, 100, SHEET_SIZE)
"""Effort of the method as published."""
_DRAFT = _Effort(25, SHEET_SIZES[:4], 25, 1024)
"""Effort of the draft quality."""


def create() -> FittedHrnFace:
    """A new instance of the `hrn_face_fit` method."""
    return FittedHrnFace()


class FittedHrnFace(PublishedMethod):
    """ModelScope's face of February 2023 for one photo."""

    name = "hrn_face_fit"

    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        self._load_optimiser(progress)
        self._template = alignment.five_points(read_landmark_template(paths["lm3d"]))
        self._coarse = load("hrn_face.coarse", paths["fit_coarse"])
        self._finders: Finders | None = load_finders(paths)
        self._face_mask = FaceMask(paths)
        progress(0.4, "Reading the official files")
        self._files: FittedFace = read_fitted_face(paths)
        self._pictures = FacePictures(
            *(read_picture(paths[f"fit_{name}"]) for name in ("texture", "front", "left_eye", "right_eye"))
        )

    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        face, image = faces[0], faces[0].photo.pixels
        effort = _DRAFT if settings.quality == "draft" else _PUBLISHED
        up = alignment.flip_y(face.points, len(image))
        window, crop, _ = alignment.align(image, up, self._template)
        with torch.no_grad():
            start = split(self._coarse(picture_tensor(crop)))
        progress(0.02, "Finding the face's outline")
        mask, masked_by = self._face_mask(face, window, crop)
        progress(0.05, "Fitting the face to the photo")
        left, right = edge_columns(mask[None])
        outline = EdgeColumns(torch.from_numpy(left), torch.from_numpy(right))
        evidence = HeadEvidence(
            picture_tensor(crop), torch.from_numpy(marks_in_crop(face, window)).float()[None], None, outline
        )
        fitted, offsets = fit_face(
            self._files.face,
            start,
            evidence,
            steps=effort.steps,
            progress=progress.part(0.05, 0.5, "Fitting the face to the photo"),
        )
        offsets = self._smoothed(fitted, offsets, outline)
        progress(0.5, "Transferring the face to the head")
        with torch.no_grad():
            opened, shown, relaxed = (
                self._files.given_out(each, offsets)
                for each in (
                    head_model.opened_eyes(fitted),
                    fitted,
                    fitted._replace(expression=torch.zeros_like(fitted.expression)),
                )
            )
        wide, word = widened(self._finders, image, "modelscope", _WIDENING)
        large = alignment.align(
            wide, up, self._template, size=_PICTURE, rescale=alignment.RESCALE * _PICTURE / alignment.CROP_SIZE
        )[1]
        texture = self._texture(opened, picture_tensor(large), effort, progress.part(0.5, 0.95, "Fitting the face's texture"))
        return self._prediction(
            face, window, fitted, offsets, (opened, shown, relaxed), texture, {"face_mask": masked_by, "widened": word}
        )

    @torch.no_grad()
    def _smoothed(self, fitted: Coefficients, offsets: Offsets, outline: EdgeColumns) -> Offsets:
        uv = self._files.face.face_uv.numpy()
        projection = self._files.face(fitted, offsets).posed.projection
        edges = contour_loss(projection, *outline)[1][0].nonzero()[:, 0].numpy()
        smooth = offset_maps.smooth_offset(
            offsets.shape[0].permute(1, 2, 0).numpy(),
            offset_maps.edge_mask(uv, edges),
            offset_maps.fusion_mask(uv),
            everywhere=False,
        )
        return offsets._replace(shape=torch.from_numpy(smooth.transpose(2, 0, 1).copy())[None])

    def _texture(self, head: HeadFace, picture: torch.Tensor, effort: _Effort, progress: Progress) -> np.ndarray:
        """(5 size / 4, size, 3) uint8 RGB."""

        sheet, _ = fit_sheet(
            head.posed,
            self._files.without_head(),
            torch.from_numpy(self._files.uv),
            picture,
            torch.ones(1, 1, *picture.shape[2:]),
            SheetEffort(effort.sheets, effort.sheet_steps, TALL),
            progress=progress,
        )
        sheet = cv2.resize(255 * sheet[0].permute(1, 2, 0).numpy(), (effort.size, int(effort.size * TALL)))
        sheet = finished_sheet(sheet, self._pictures, progress.part(1.0, 1.0))
        return np.clip(np.round(sheet, out=sheet), 0, 255, out=sheet).astype(np.uint8)

    def _prediction(
        self,
        given: GivenFace,
        window,
        fitted: Coefficients,
        offsets: Offsets,
        heads: tuple[HeadFace, HeadFace, HeadFace],
        texture: np.ndarray,
        about: dict,
    ) -> Prediction:
        files, model = self._files, self._files.head
        mean, skin = model.origin.numpy(), self._files.skin_vertices
        origin = eye_origin(model.linear) - mean
        # The registration follows the skin; the product's head has eyes of its own.
        shown, relaxed = ((head.canonical[0, :skin] - model.origin).numpy() for head in heads[1:])
        triangles = model.linear.triangles.numpy()
        camera = camera_over_photo(
            rotation_matrix(fitted.angles)[0].double().numpy(), fitted.translation[0].double().numpy(), window, origin
        )
        mesh = heads[0].canonical[0].numpy()

        @torch.no_grad()
        def write(folder: Path, stem: str) -> list[str]:
            name = f"{stem}_head_mesh"
            write_jpeg(folder / f"{name}.jpg", texture)
            write_obj(
                folder / f"{name}.obj",
                mesh,
                triangles,
                uv=(files.uv, files.uv_faces),
                normals=obj_normals(mesh, triangles),
                texture=f"{name}.jpg",
            )
            face = files.face(fitted, offsets)
            write_obj(
                folder / f"{stem}_face_mesh.obj",
                face.canonical[0].numpy(),
                files.face.linear.triangles.numpy(),
                colors=face.posed.color[0].numpy().clip(0, 1),
            )
            return sorted(path.name for path in folder.iterdir())

        return Prediction(
            relaxed,
            triangles[(triangles < skin).all(1)],
            files.keypoints,
            origin,
            [SeenFace(given.photo, given.observation, to_engine(shown, origin), camera)],
            np.eye(3),
            mean.astype(np.float64),
            write,
            about,
        )
