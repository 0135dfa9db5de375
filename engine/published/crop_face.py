"""A face that a network reads off one aligned crop, which Deep3D and 3DDFA-V3 share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from .basel import alignment
from .basel.border import camera_over_photo, eye_origin, to_engine
from .basel.coefficients import Coefficients, split
from .basel.model import FaceModel, PosedFace
from .carry import SeenFace
from .method import GivenFace, Prediction

__all__ = ["CropFace", "crop_prediction", "crop_face"]


class CropFace(NamedTuple):
    """A face in its aligned crop."""

    window: alignment.CropWindow
    crop: np.ndarray
    """(224, 224, 3) uint8."""
    points: np.ndarray
    """(n, 2) the given points in the crop, y up."""
    coefficients: Coefficients
    face: PosedFace


def crop_prediction(given: GivenFace, found: CropFace, model: FaceModel, write, about: dict) -> Prediction:
    """What a network said about the aligned crop, in the frame of the whole photo.

    Args:
        write, about: as of :class:`.method.Prediction`.
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
