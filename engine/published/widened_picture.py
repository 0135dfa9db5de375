"""The slightly widened picture of a face from which HRN reads its last texture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from torch import nn

from .nets.official import load
from .widening_warp import LONG_SIDE, widen_face

__all__ = ["Finders", "load_finders", "widened"]


class Finders(NamedTuple):
    """The official networks that find a face and its 106 points."""

    detector: nn.Module
    landmarks: nn.Module


def load_finders(paths: Mapping[str, Path]) -> Finders | None:
    """The official detector and landmark network, if both are there.

    Raises:
        HrnError: CHECKPOINT_INVALID.
    """
    if "detector" not in paths or "landmarks" not in paths:
        return None
    return Finders(load("face_detector", paths["detector"]), load("landmarks_106", paths["landmarks"]))


def widened(finders: Finders | None, picture: np.ndarray, release: str, degree: float) -> tuple[np.ndarray, str]:
    """The widened picture and ``"official"``, or the picture as it is and why.

    Args:
        picture: (H, W, 3) uint8 RGB.
        release: of :data:`engine.published.widening_warp.LONG_SIDE`.
        degree: strength.
    """
    import cv2

    from .nets.landmark106 import find_106_points, points_of_crop
    from .nets.retinaface_detect import detect_faces

    if finders is None:
        return picture, "left out: files absent"
    height, width = picture.shape[:2]
    scale = LONG_SIDE[release] / max(height, width)
    size = max(1, int(width * scale)), max(1, int(height * scale))
    reduced = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
    # The released program hands the detector red and blue exchanged.
    faces = detect_faces(finders.detector, reduced[..., ::-1])
    if not faces:
        return picture, "left out: the detector saw no face"
    points = find_106_points(lambda crop: points_of_crop(finders.landmarks, crop), reduced[..., ::-1], [faces[0].box])[0]
    return widen_face(picture, points, faces[0].box, size, degree), "official"
