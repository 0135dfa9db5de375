"""Face mask and head matte of a crop: by the published networks where their user has converted them to ONNX
(:mod:`engine.published.nets.mask_network`), else by the engine's own means. Each answer comes with the words that say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .basel import alignment
from .head_mask import head_mask
from .in_crop import skin_in_crop
from .method import GivenFace
from .nets.mask_network import MaskNetwork, read_mask_network

__all__ = ["FaceMask", "HeadMatte"]

_OWN_FACE = "the engine's skin mask"
"""What a result names as its face mask where the user brings no network for it."""
_OWN_HEAD = "the engine's own: skin, and hair by its colours"
"""What a result names as its head mask where the user brings no network for it."""
_LEAST = 1e-4
"""Mean below which a mask shows nothing; ModelScope's rule for mattes."""


class FaceMask:
    """The face mask of ``segment_face`` on the crop itself."""

    def __init__(self, paths: Mapping[str, Path]):
        """
        Args:
            paths: of the method's files, by their keys in the catalogue; ``face_segmenter`` is used where it is among them.

        Raises:
            HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
        """
        self._network = _read(paths, "face_segmenter")

    def __call__(self, face: GivenFace, window: alignment.CropWindow, crop: np.ndarray) -> tuple[np.ndarray, str]:
        """(S, S) float32 in 0..1 of the (S, S, 3) uint8 RGB `crop`, and whose it is."""
        return _by(self._network, crop, lambda: skin_in_crop(face, window), _OWN_FACE)


class HeadMatte:
    """The matte of ``Matting_headparser_6_18`` on the crop itself: the published padding around a face (1.3 to 2 faces) reaches
    beyond all its edges."""

    def __init__(self, paths: Mapping[str, Path]):
        """
        Args:
            paths: as above; ``head_matting`` is used where it is among them.

        Raises:
            HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
        """
        self._network = _read(paths, "head_matting")

    def __call__(self, crop: np.ndarray, skin: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, str]:
        """A matte as of :func:`engine.published.head_mask.head_mask`, and whose it is."""
        return _by(self._network, crop, lambda: head_mask(crop, skin, landmarks), _OWN_HEAD)


def _read(paths: Mapping[str, Path], key: str) -> MaskNetwork | None:
    return read_mask_network(paths[key]) if key in paths else None


def _by(network: MaskNetwork | None, crop: np.ndarray, own, own_words: str) -> tuple[np.ndarray, str]:
    if network is None:
        return own(), own_words
    mask = network(crop)
    if mask.mean() < _LEAST:
        return own(), f"{own_words}; {network.name} found nothing"
    return mask, f"the published network ({network.name})"
