"""The `hrn_head` method: a whole head of one photo, as ModelScope's head reconstruction (damo/cv_HRN_head-reconstruction).

Coarse coefficients, then inference becomes fitting: translation, offset maps, identity, expression, colours and light follow
the photo's pixels, 68 points and the head's matte; then the smoothed offsets make the mesh that is given out, of the Basel
face with FLAME's head and neck, and a texture sheet is fitted and blended into the official template.
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
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import as_message, say
from ...wire.settings import Settings
from ..basel import alignment
from ..basel.border import camera_over_photo, eye_origin, to_engine
from ..basel.coefficients import Coefficients, split
from ..basel.contour import contour_loss, edge_columns
from ..basel.files import BFM_VERTICES, read_landmark_template
from ..basel.objectives import EdgeColumns
from ..basel.pose import rotation_matrix
from ..carry import SeenFace
from ..files import FILES
from ..in_crop import marks_in_crop, picture_tensor, skin_in_crop
from ..masks import FaceMask, HeadMatte
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.official import load
from ..widened_picture import Finders, load_finders, widened
from . import head_model, head_texture
from . import offsets as offset_maps
from .files import read_head_files, read_picture
from .fit import FACE_TRIANGLES, SHAPE_STEPS, TRANSLATION_STEPS, HeadEvidence, fit_head
from .sheet import SHEET_SIZES, SHEET_STEPS, SheetEffort, fit_sheet

__all__ = ["HrnHead", "create"]

_RESCALE = 75.0
"""Crop pixels per decimetre of the picture that is fitted."""
_PICTURE = 1024
"""Side of the larger crop, from which the texture is fitted, pixels, as published."""
_WIDENING = 0.04
"""Strength of the widening, as published."""
_HAIR_FILES = ("head_hair_area", "head_foreground", "head_cheek")
"""The official mask pictures by which the hair is coloured; it is left out unless all are there."""


class _Effort(NamedTuple):
    steps: tuple[int, int]
    sheets: tuple[int, ...]
    sheet_steps: int
    size: int
    """Texels of the finished texture."""


_PUBLISHED = _Effort((TRANSLATION_STEPS, SHAPE_STEPS), SHEET_SIZES, SHEET_STEPS, head_texture.SHEET_SIZE)
"""Effort of the method as published."""
_DRAFT = _Effort((60, 25), SHEET_SIZES[:4], 25, 1024)
"""Effort of the draft quality."""


def create() -> HrnHead:
    """A new instance of the `hrn_head` method."""
    return HrnHead()


class HrnHead(PublishedMethod):
    """ModelScope's head for one photo."""

    name = "hrn_head"

    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        self._load_optimiser(progress)
        self._template = alignment.five_points(read_landmark_template(paths["lm3d"]))
        self._coarse = load("hrn_head.coarse", paths["hrn_head"])
        self._finders: Finders | None = load_finders(paths)
        self._face_mask, self._head_matte = FaceMask(paths), HeadMatte(paths)
        progress(0.4, "Reading the official files")
        self._files = read_head_files(paths)
        self._bald, self._front = (read_picture(paths[key]) for key in ("head_bald", "head_front"))
        self._hair = {key: read_picture(paths[key]) for key in _HAIR_FILES if key in paths}

    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        if settings.hair_texture:
            self._require_hair()
        face, image = faces[0], faces[0].photo.pixels
        effort = _DRAFT if settings.quality == "draft" else _PUBLISHED
        up = alignment.flip_y(face.points, len(image))
        start = self._start(image, up)
        window, crop, _ = alignment.align(image, up, self._template, rescale=_RESCALE)
        progress(0.02, "Cutting out the head")
        evidence, matte, masked_by = self._evidence(face, window, crop)

        fitting = progress.part(0.05, 0.5, "Fitting the head to the photo")
        fitting(0.0)
        fitted, offsets = fit_head(
            self._files.fitting, start, evidence, face_triangles=FACE_TRIANGLES, steps=effort.steps, progress=fitting
        )
        heads = self._heads(fitted, offsets, evidence.outline)
        wide, word = widened(self._finders, image, "modelscope", _WIDENING)
        large = alignment.align(wide, up, self._template, size=_PICTURE, rescale=_RESCALE * _PICTURE / alignment.CROP_SIZE)[1]
        texture = self._texture(
            heads.published,
            picture_tensor(large),
            matte,
            effort,
            settings.hair_texture,
            progress.part(0.5, 0.95, "Fitting the head's texture"),
        )
        return self._prediction(
            face,
            window,
            fitted,
            heads,
            texture,
            {**masked_by, "widened": word, "hair_texture": "with hair" if settings.hair_texture else "bald template"},
        )

    def _require_hair(self) -> None:
        """
        Raises:
            HrnError: MODEL_MISSING.
        """
        for key in _HAIR_FILES:
            if key not in self._hair:
                file = FILES[key]
                raise HrnError(
                    ErrorCode.MODEL_MISSING,
                    say("Hair in the texture needs {file}, which is missing or cannot be used.", file=file.name),
                    hint=say("Get it from {source}, or switch “Hair in Texture” off.", source=as_message(file.source)),
                    details={"file": file.name},
                )

    @torch.no_grad()
    def _start(self, image: np.ndarray, up: np.ndarray) -> Coefficients:
        _, crop, _ = alignment.align(image, up, self._template)
        found = split(self._coarse(picture_tensor(crop)))
        if head_model.too_far_turned(found):
            raise HrnError(
                ErrorCode.NO_FACE,
                "The head is turned by more than 30 degrees, which this method does not support.",
                hint="Use a photo from the front, or another method.",
            )
        return found

    def _evidence(
        self, face: GivenFace, window: alignment.CropWindow, crop: np.ndarray
    ) -> tuple[HeadEvidence, np.ndarray, dict[str, str]]:
        """What the fit looks at, the (224, 224) mask of the head, and whose masks these are."""
        marks = marks_in_crop(face, window)
        mask, masked_by = self._face_mask(face, window, crop)
        matte, cut_by = self._head_matte(crop, skin_in_crop(face, window), alignment.flip_y(marks, len(crop)))
        left, right = edge_columns(mask[None])
        return (
            HeadEvidence(
                picture_tensor(crop),
                torch.from_numpy(marks).float()[None],
                torch.from_numpy(matte)[None, None],
                EdgeColumns(torch.from_numpy(left), torch.from_numpy(right)),
            ),
            matte,
            {"face_mask": masked_by, "head_mask": cut_by},
        )

    @torch.no_grad()
    def _heads(self, fitted: Coefficients, offsets: head_model.Offsets, outline: EdgeColumns) -> _Heads:
        fitting, output, uv, adjustments = self._files
        projection = fitting(fitted, offsets).posed.projection[:, : len(fitting.face_uv)]
        edges = contour_loss(projection, *outline)[1][0].nonzero()[:, 0].numpy()
        smooth = offset_maps.smooth_offset(
            offsets.shape[0].permute(1, 2, 0).numpy(),
            offset_maps.edge_mask(uv, edges),
            offset_maps.fusion_mask(uv[:BFM_VERTICES]),
        )
        # The head's own offset leads the fit but is left out of the mesh that is given out.
        offsets = offsets._replace(
            shape=torch.from_numpy(smooth.transpose(2, 0, 1).copy())[None], head_shape=torch.zeros_like(offsets.head_shape)
        )
        opened = head_model.opened_eyes(fitted)
        adjustment = head_model.reshape_neck(output.linear.shape(opened.identity, opened.expression)[0], adjustments)
        still = fitted._replace(expression=torch.zeros_like(fitted.expression))
        return _Heads(*(output(each, offsets, adjustment=adjustment) for each in (opened, fitted, still)))

    def _texture(
        self,
        head: head_model.HeadFace,
        picture: torch.Tensor,
        matte: np.ndarray,
        effort: _Effort,
        with_hair: bool,
        progress: Progress,
    ) -> np.ndarray:
        """(size, size, 3) uint8 RGB."""

        shown = torch.from_numpy(cv2.resize(matte, (_PICTURE, _PICTURE)))[None, None]
        uv = torch.from_numpy(self._files.uv)
        sheet, _ = fit_sheet(
            head.posed,
            self._files.output.linear.triangles,
            uv,
            picture,
            shown,
            SheetEffort(effort.sheets, effort.sheet_steps),
            progress=progress,
        )
        sheet = 255 * sheet[0].permute(1, 2, 0).numpy()
        sheet = cv2.resize(sheet, (effort.size, effort.size))
        progress(1.0)
        mask = head_texture.front_mask(self._front, effort.size)
        if with_hair:
            area, foreground, cheek = (self._hair[key] for key in _HAIR_FILES)
            sheet = head_texture.evenly_lit(sheet, head_texture.upper_mask(cheek, effort.size))
        progress(1.0)
        behind = head_texture.matched_template(sheet, self._bald, mask)
        progress(1.0)
        if with_hair:
            behind = head_texture.filled_hair(behind, sheet, head_texture.upper_mask(area, effort.size))
            mask = head_texture.foreground_mask(foreground, effort.size)
        return head_texture.blend(sheet, behind, mask).round().clip(0, 255).astype(np.uint8)

    def _prediction(
        self, face: GivenFace, window, fitted: Coefficients, heads: _Heads, texture: np.ndarray, about: dict
    ) -> Prediction:
        model, uv = self._files.output, self._files.uv
        mean = model.origin.numpy()
        origin = eye_origin(model.linear) - mean
        relaxed, shown = ((head.canonical[0] - model.origin).numpy() for head in (heads.relaxed, heads.shown))
        camera = camera_over_photo(
            rotation_matrix(fitted.angles)[0].double().numpy(), fitted.translation[0].double().numpy(), window, origin
        )
        triangles = model.linear.triangles.numpy()
        mesh = heads.published.canonical[0].numpy()

        def write(folder: Path, stem: str) -> list[str]:
            name = f"{stem}_head_mesh"
            write_jpeg(folder / f"{name}.jpg", texture)
            write_obj(
                folder / f"{name}.obj", mesh, triangles, uv=uv, normals=obj_normals(mesh, triangles), texture=f"{name}.jpg"
            )
            return sorted(path.name for path in folder.iterdir())

        return Prediction(
            relaxed,
            triangles,
            model.linear.keypoints.numpy(),
            origin,
            [SeenFace(face.photo, face.observation, to_engine(shown, origin), camera)],
            np.eye(3),
            mean.astype(np.float64),
            write,
            about,
        )


class _Heads(NamedTuple):
    """The mesh that is given out, in three states."""

    published: head_model.HeadFace
    """The head with the photo's expression and the eyes opened a little more."""
    shown: head_model.HeadFace
    """The head as in the photo."""
    relaxed: head_model.HeadFace
    """The head without expression."""
