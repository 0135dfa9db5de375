"""What the photos show over the face: matches on hair lie before the skin, never on it; what is worn has no say at all."""

from __future__ import annotations

import cv2
import numpy as np

from .head import JointHead
from .matching import Tracks
from .state import ViewState

__all__ = ["hairy_at", "hairy_tracks", "worn_at"]


def hairy_at(view: ViewState, pixel: np.ndarray, scalp: np.ndarray) -> np.ndarray:
    """(n,) chance in [0, 1] that a beard, or hair that hangs over the face, is what (n, 2) pixels of a view's frame show.

    Args:
        scalp: (n,) share in [0, 1] to which hair belongs there: on the scalp it is the head's outline.
    """
    if view.beard is None:
        return np.zeros(len(pixel))
    return _look(view.beard, pixel) + _look(view.hair, pixel) * (1 - scalp)


def worn_at(view: ViewState, pixel: np.ndarray) -> np.ndarray:
    """(n,) in [0, 1]: how far something lies over what (n, 2) pixels of a view's frame show."""
    return np.zeros(len(pixel)) if view.worn is None else _look(view.worn, pixel)


def _look(image: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """(n,) values at (n, 2) pixels."""
    x, y = (np.asarray(pixel) - 0.5).astype(np.float32).T
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).ravel()


def hairy_tracks(head: JointHead, tracks: Tracks, views: list[ViewState]) -> np.ndarray:
    """(P,) mean of the same over all photos in which a match was seen."""
    scalp = np.einsum("pk,pk->p", tracks.weights, head.model.part("scalp")[head.triangles[tracks.triangle]])
    track = np.repeat(np.arange(len(scalp)), np.diff(tracks.start))
    chance = np.zeros(len(tracks.view))
    for number, view in enumerate(views):
        own = tracks.view == number
        if own.any():
            chance[own] = hairy_at(view, tracks.pixel[own], scalp[track[own]])
    return np.bincount(track, chance, len(scalp)) / np.maximum(np.diff(tracks.start), 1)
