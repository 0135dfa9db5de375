"""The part of a photo around a face, reduced, in which its skin and what lies over it are told; and the way back."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..types import FaceObservation
from .landmarks import face_width
from .regions import OVAL
from .weights import WEIGHTS, SkinWeights

__all__ = ["FaceWindow", "face_window", "guided"]


class FaceWindow(NamedTuple):
    """A window of (h, w) reduced pixels."""

    pixels: np.ndarray
    """(h, w, 3) uint8 sRGB."""
    points: np.ndarray
    """(478, 2) float32 landmarks in these pixels."""
    face: float
    """Width of the face in them."""
    large: np.ndarray
    """The same part of the photo at full size."""
    corner: tuple[int, int]
    """Pixel of the photo at the window's top left corner, x and y."""

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w)"""
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def scale(self) -> float:
        """Its pixels per pixel of the photo."""
        return self.pixels.shape[1] / self.large.shape[1]

    def reduced(self, image: np.ndarray) -> np.ndarray:
        """(h, w) float32 of the photo's (H, W) uint8 map, in [0, 1]."""
        x, y = self.corner
        part = np.ascontiguousarray(image[y : y + self.large.shape[0], x : x + self.large.shape[1]])
        part = cv2.resize(part, self.shape[::-1], interpolation=cv2.INTER_AREA) if part.shape != self.shape else part
        return part.astype(np.float32) / 255

    def in_photo(
        self, part: np.ndarray, shape: tuple[int, int], smooth: bool = True, w: SkinWeights = WEIGHTS.skin
    ) -> np.ndarray:
        """(H, W) map of the whole photo, 0 outside the window, from an (h, w) one: its border follows the photo's edges, or the
        nearest value is taken.

        Args:
            shape: (H, W). smooth: whether it follows edges.
        """
        if part.shape != self.large.shape[:2]:
            if smooth:
                part = _enlarge(part, self.pixels, self.large, w)
            else:
                part = cv2.resize(part, self.large.shape[1::-1], interpolation=cv2.INTER_NEAREST)
        x, y = self.corner
        out = np.zeros(shape, part.dtype)
        out[y : y + part.shape[0], x : x + part.shape[1]] = part
        return out


def face_window(
    pixels: np.ndarray, observation: FaceObservation, reach: float = WEIGHTS.skin.reach, face_px: float = WEIGHTS.skin.face_px
) -> FaceWindow | None:
    """The window around a face; None where it lies beside the photo.

    Args:
        pixels: (H, W, 3) uint8 sRGB.
        reach: half its side, of the face.
        face_px: width of the face in it at most, pixels.
    """
    height, width = pixels.shape[:2]
    face = face_width(observation)
    points = observation.landmarks
    low, high = points[list(OVAL)].min(0), points[list(OVAL)].max(0)
    centre = (low + high) / 2
    x0, y0 = np.maximum(np.floor(centre - reach * face), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(centre + reach * face), (width, height)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return None
    large = pixels[y0:y1, x0:x1]
    scale = min(1.0, face_px / face)
    least = WEIGHTS.crop.least_px
    size = max(least, round((x1 - x0) * scale)), max(least, round((y1 - y0) * scale))
    small = cv2.resize(large, size, interpolation=cv2.INTER_AREA) if scale < 1 else large
    local = ((points - (x0, y0)) * (size[0] / (x1 - x0), size[1] / (y1 - y0))).astype(np.float32)
    return FaceWindow(small, local, face * scale, large, (int(x0), int(y0)))


def guided(values: np.ndarray, guide: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """Edge-aware mean of (h, w) `values` along the edges of (h, w) `guide`."""
    ksize = (2 * radius + 1,) * 2

    def mean(a: np.ndarray) -> np.ndarray:
        return cv2.blur(a.astype(np.float32), ksize, borderType=cv2.BORDER_REFLECT)

    mg, mv = mean(guide), mean(values)
    slope = (mean(guide * values) - mg * mv) / (mean(guide * guide) - mg * mg + eps)
    return mean(slope) * guide + mean(mv - slope * mg)


def _enlarge(part: np.ndarray, small: np.ndarray, large: np.ndarray, w: SkinWeights) -> np.ndarray:
    """A reduced map at the size of the window, its border snapped to the window's edges (fast guided filter)."""
    guide = small.astype(np.float32).mean(-1) / 255
    ksize = (w.enlarge_side,) * 2
    mg, mv = cv2.blur(guide, ksize), cv2.blur(part, ksize)
    slope = (cv2.blur(guide * part, ksize) - mg * mv) / (cv2.blur(guide * guide, ksize) - mg * mg + w.enlarge_contrast)
    shift = mv - slope * mg
    size = large.shape[1::-1]
    slope, shift = (cv2.resize(cv2.blur(a, ksize), size, interpolation=cv2.INTER_LINEAR) for a in (slope, shift))
    grey = cv2.transform(large, np.full((1, 3), 1 / 3)).astype(np.float32) / 255
    return np.clip(slope * grey + shift, 0, 1).astype(np.float32)
