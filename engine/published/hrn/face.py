"""What HRN finds out about one photo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from ..basel import alignment
from .stages import BaseStage, DetailStage

__all__ = ["HrnFace"]


class HrnFace(NamedTuple):
    """Everything that one view gives; batches of one."""

    window: alignment.CropWindow
    crop: np.ndarray
    """(224, 224, 3) uint8."""
    face_mask: torch.Tensor
    """(1, 1, 224, 224) in 0..1."""
    masked_by: str
    """The origin of the face mask, in words."""
    base: BaseStage
    detail: DetailStage
    mask: torch.Tensor
    """(1, 1, 256, 256) smoothed validity."""
    texture: torch.Tensor
    """(1, 3, 256, 256) that is drawn on the meshes, not clipped."""
