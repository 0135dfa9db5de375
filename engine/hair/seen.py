"""One photo's hair as the stages of the groom read it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit

from ..camera import Camera
from ..photo.regions import CHIN, OVAL, TOP, fill
from .types import HairMask, HairView, Window
from .weights import VolumeWeights
from .window import cropped_window

__all__ = ["Seen", "bilinear", "blur", "hanging_area", "inside_distance", "seen_hair"]

_MARGIN = 0.12
"""Face widths around head and hair that are kept."""
_BELOW = 0.15
"""Level below which hair hangs below the chin."""
_CUT = (0.4, -0.3)
"""Level below which hair at the photo's lower border goes on, and down to which it is taken to."""


@dataclass(frozen=True)
class Seen:
    """A window cut down to head and hair, and what is often asked about it. Pictures are (H, W)."""

    window: Window
    hair: np.ndarray
    """(H, W) float32 alpha of scalp hair."""
    mask: np.ndarray
    """(H, W) bool: hair."""
    person: np.ndarray
    """(H, W) float32."""
    head: np.ndarray
    """(H, W) bool: the fitted head's skin."""
    oval: np.ndarray
    """(H, W) bool: the face."""
    unclear: np.ndarray
    """(H, W) bool: something on the head or around it that is neither hair nor skin nor ground: a band, a hand."""
    up: np.ndarray
    """(2,) unit direction of the face's axis in the image."""
    mm: float
    """Millimetres per pixel at the middle of the head."""

    @property
    def camera(self) -> Camera:
        return self.window.camera

    @property
    def face(self) -> float:
        return self.window.face

    @property
    def face_height(self) -> float:
        """Pixels from the chin to the top of the face's oval."""
        return float(np.linalg.norm(self.window.landmarks[TOP] - self.window.landmarks[CHIN]))

    def sample(self, image: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """(n,) values of an (H, W) picture at (n, 2) pixels, bilinear; its border is repeated."""
        return bilinear(np.ascontiguousarray(image, np.float32), np.ascontiguousarray(pixels, np.float64))

    def at(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Row and column of the pixels that (n, 2) places lie in, moved into the picture."""
        height, width = self.mask.shape
        return pixels[:, 1].clip(0, height - 1).astype(int), pixels[:, 0].clip(0, width - 1).astype(int)

    def within(self, pixels: np.ndarray) -> np.ndarray:
        """(n,) bool: inside the picture."""
        height, width = self.mask.shape
        return (pixels[:, 0] > 0) & (pixels[:, 1] > 0) & (pixels[:, 0] < width) & (pixels[:, 1] < height)

    def lift(self, pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """(n, 3) model points in mm at (n, 2) pixels and (n,) depths along the viewing axis."""
        camera = self.camera
        x = (pixels[:, 0] - camera.cx) / camera.fx * depth
        y = (pixels[:, 1] - camera.cy) / camera.fy * depth
        return (np.stack([x, y, depth], -1) - camera.t) @ camera.R


def seen_hair(view: HairView, weights: VolumeWeights) -> Seen:
    """Cut a photo's window down to its head and hair."""
    window, mask = view.window, view.mask
    keep = (mask.hair > 0.3) | np.isfinite(window.head_near)
    rows, columns = np.flatnonzero(keep.any(1)), np.flatnonzero(keep.any(0))
    margin = int(_MARGIN * window.face)
    height, width = keep.shape
    y0, y1 = max(0, rows[0] - margin), min(height, rows[-1] + margin + 1)
    x0, x1 = max(0, columns[0] - margin), min(width, columns[-1] + margin + 1)
    return _seen(cropped_window(window, x0, y0, x1, y1), mask, (slice(y0, y1), slice(x0, x1)), weights)


def _seen(window: Window, mask: HairMask, part: tuple[slice, slice], weights: VolumeWeights) -> Seen:
    hair = np.ascontiguousarray(mask.hair[part], np.float32)
    head = np.isfinite(window.head_near)
    up = (window.landmarks[TOP] - window.landmarks[CHIN]).astype(np.float64)
    middle = float(np.median(window.head_near[head])) + 60.0 if head.any() else float(np.linalg.norm(window.camera.t))
    person = np.ascontiguousarray(mask.person[part], np.float32)
    level, around, chance, skin = weights.unclear
    near = inside_distance(~head) < around * window.face
    unclear = near & (window.level > level) & (person > chance) & (window.surface < skin) & (hair < 0.5) & window.shown
    return Seen(
        window=window,
        hair=hair,
        mask=hair > 0.5,
        person=person,
        head=head,
        unclear=unclear,
        oval=fill(hair.shape, window.landmarks[list(OVAL)]) > 0,
        up=up / np.linalg.norm(up),
        mm=middle / window.camera.fx,
    )


def hanging_area(seen: Seen) -> float:
    """Hair below the chin in squared face widths; hair that the photo's lower border cuts is taken to go on a little below it."""
    level, shown = seen.window.level, seen.window.shown
    area = float((seen.mask & shown & (level < _BELOW)).sum())
    below = np.vstack([shown[1:], np.zeros((1, shown.shape[1]), bool)])
    cut = seen.mask & shown & ~below & (level < _CUT[0])
    area += float(np.clip(np.minimum(level[cut], _BELOW) - _CUT[1], 0, None).sum()) * seen.face_height
    return area / seen.face**2


def blur(image: np.ndarray, sigma: float) -> np.ndarray:
    """(H, W) or (H, W, C) float32, blurred by a Gaussian; wide ones at reduced size."""
    image = np.asarray(image, np.float32)
    step = int(sigma / 5)
    if step < 2:
        return cv2.GaussianBlur(image, (0, 0), sigma)
    height, width = image.shape[:2]
    small = cv2.resize(image, (max(1, width // step), max(1, height // step)), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / step), (width, height), interpolation=cv2.INTER_LINEAR)


def inside_distance(region: np.ndarray) -> np.ndarray:
    """(H, W) float32 pixels from within a region to its border, 0 outside; the picture's border is none."""
    return cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, 5)


@njit(cache=True, nogil=True)
def bilinear(image, pixels):
    """(n,) float32 values of an (H, W) picture at (n, 2) pixels whose centres are at half; its border is repeated."""
    height, width = image.shape
    out = np.empty(len(pixels), np.float32)
    for k in range(len(pixels)):
        x = min(max(pixels[k, 0] - 0.5, 0.0), width - 1.0)
        y = min(max(pixels[k, 1] - 0.5, 0.0), height - 1.0)
        i, j = min(int(y), height - 2), min(int(x), width - 2)
        v, u = y - i, x - j
        top = image[i, j] * (1 - u) + image[i, j + 1] * u
        bottom = image[i + 1, j] * (1 - u) + image[i + 1, j + 1] * u
        out[k] = top * (1 - v) + bottom * v
    return out
