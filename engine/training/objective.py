"""From predicted coefficients to Deep3D's training objective."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ..published.basel import losses
from ..published.basel.alignment import CROP_SIZE
from ..published.basel.coefficients import split
from ..published.basel.files import FaceModelData
from ..published.basel.model import FaceModel, PosedFace
from ..published.basel.objectives import Likeness, training_terms
from ..published.basel.pose import rotate, rotation_matrix
from ..published.basel.rendering import rasterize_crop, render_vertices
from ..published.deep3d.augmentation import recognition_similarity
from ..published.nets.arcface import ArcFaceNet, face_features
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .choices import FRONT_MASKS
from .dataset import CropBatch

__all__ = ["Objective", "BatchResult"]


class BatchResult(NamedTuple):
    """What one batch gives."""

    terms: dict[str, torch.Tensor]
    """Weighted scalars; their sum is the objective."""
    face: PosedFace
    rendered: torch.Tensor
    """(B, 3, S, S)."""
    coverage: torch.Tensor
    """(B, 1, S, S) of the whole face."""


class Objective:
    """The six terms with their weights; the recognition term only with a network.

    Args:
        data: the face model with its fields for training.
        size: side of the crops.
        front_mask: one of :data:`.choices.FRONT_MASKS`.
        recognition: ArcFace in evaluation mode, without gradients; None leaves its term out.
        device: for everything.

    Raises:
        HrnError: CHECKPOINT_INVALID when the model file lacks the fields that training needs; SETTINGS_INVALID.
    """

    def __init__(
        self,
        data: FaceModelData,
        *,
        size: int = CROP_SIZE,
        front_mask: str = "released",
        recognition: ArcFaceNet | None = None,
        device="cpu",
    ):
        if front_mask not in FRONT_MASKS:
            raise HrnError(ErrorCode.SETTINGS_INVALID, say("The front mask must be one of {known}.", known=list(FRONT_MASKS)))
        if recognition is not None and size != CROP_SIZE:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("The recognition term needs crops of {expected} pixels, not {size}.", expected=CROP_SIZE, size=size),
                hint="Leave --size or --recognition out.",
            )
        fields = (("skinmask", data.skin), ("tri_mask2", data.front_triangles), ("frontmask2_idx", data.front_vertices))
        for name, value in fields:
            if value is None:
                raise HrnError(
                    ErrorCode.CHECKPOINT_INVALID,
                    say("The face model has no field “{name}”, which training needs.", name=name),
                    hint="Make BFM_model_front.mat again with `engine models --make-bfm`.",
                )
        self.model = FaceModel.build(data).to(device=device)
        self._size, self._recognition = size, recognition
        self._skin = torch.from_numpy(data.skin).to(device)
        if front_mask == "whole":
            self._front = None
        else:
            self._front = losses.front_triangles(
                torch.from_numpy(data.front_triangles),
                torch.from_numpy(data.front_vertices),
                corrected=front_mask == "corrected",
            ).to(device)

    def __call__(self, vector: torch.Tensor, batch: CropBatch) -> BatchResult:
        """(B, 257) predictions for the crops of `batch`; computed in float32 whatever the network ran in."""
        coefficients = split(vector.float())
        face = self.model(coefficients)
        fragments = rasterize_crop(face.camera, self.model.triangles, self._size)
        rendered = render_vertices(fragments, face.color)
        front = fragments.mask if self._front is None else rasterize_crop(face.camera.detach(), self._front, self._size).mask
        features = target_features = None
        if self._recognition is not None:
            seen = np.stack([recognition_similarity(points) for points in face.landmarks.detach().double().cpu().numpy()])
            matrix = torch.from_numpy(seen).float().to(rendered.device)
            features = face_features(self._recognition, rendered, matrix)
            with torch.no_grad():
                target_features = face_features(self._recognition, batch.picture, batch.recognition)
        terms = training_terms(
            coefficients,
            face.texture,
            self._skin,
            Likeness(face.landmarks, rendered, features),
            Likeness(batch.landmarks, batch.picture, target_features),
            (batch.skin * front).detach(),
        )
        return BatchResult(terms, face, rendered, fragments.mask)

    @torch.no_grad()
    def errors(self, outcome: BatchResult, batch: CropBatch) -> dict[str, torch.Tensor]:
        """(B,) errors by name: ``landmarks_px`` in pixels of a crop of 224; where the truth is known (not-a-number
        elsewhere) ``vertices_mm`` of the face turned as in the picture and ``shape_mm`` of the face without pose, both
        centred, since the crop does not tell the exact position."""
        truth = split(batch.truth)
        shape, mine = self.model.shape(truth.identity, truth.expression), outcome.face.shape

        def apart(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
            return 100 * ((a - a.mean(1, keepdim=True)) - (b - b.mean(1, keepdim=True))).norm(dim=-1).mean(-1)

        return {
            "landmarks_px": (outcome.face.landmarks - batch.landmarks).norm(dim=-1).mean(-1),
            "vertices_mm": apart(rotate(mine, outcome.face.rotation), rotate(shape, rotation_matrix(truth.angles))),
            "shape_mm": apart(mine, shape),
        }
