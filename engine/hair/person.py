"""People against background, by MediaPipe's selfie segmenter run with OpenCV; and the parts of the picture.

A small network (249 kB, Apache-2.0) that looks at 256 x 256 pixels. It knows people from the rest, hair included, but not one
person from another.
"""

from __future__ import annotations

import functools
import logging
import threading
from pathlib import Path

import cv2
import numpy as np

from ..photo.carried import carried_path, known_bytes
from ..photo.part_net import FRONTS
from ..photo.parts import crop_centre, photo_parts
from ..photo.weights import WEIGHTS
from ..types import View
from .types import Window

__all__ = ["PersonNet", "person_matte", "segmenter_path", "window_parts"]

_log = logging.getLogger(__name__)

_SIDE = 256
"""Side of the network's input in pixels."""


def segmenter_path() -> Path | None:
    """The network's file: ``$HRN_SELFIE_SEGMENTER``, else the one in the package; None where there is none."""
    return carried_path(FRONTS["selfie"].file)


class PersonNet:
    """The network, loaded once. One call at a time; other threads wait.

    Args:
        data: the bytes of the network's file.
    """

    def __init__(self, data: bytes):
        self._net = cv2.dnn.readNetFromTFLite(np.frombuffer(data, np.uint8))
        self._lock = threading.Lock()

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB -> (256, 256) float32 in [0, 1]."""
        small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        blob = np.ascontiguousarray((small.astype(np.float32) / 255).transpose(2, 0, 1))[None]
        with self._lock:
            self._net.setInput(blob)
            return np.clip(self._net.forward().reshape(_SIDE, _SIDE), 0, 1)


@functools.cache
def _network(file: Path) -> PersonNet | None:
    """The network in a file, or None, with a line in the log, where it is another file than the known one."""
    data = known_bytes(file, FRONTS["selfie"].sha256)
    if data is None:
        return None
    try:
        return PersonNet(data)
    except cv2.error as error:
        _log.warning("%s cannot be read: %s", file, error)
    return None


def person_matte(window: Window) -> np.ndarray | None:
    """(H, W) float32 in [0, 1]: people against background in a window; None where the network is not installed."""
    file = segmenter_path()
    network = _network(file) if file else None
    if network is None:
        return None
    rows, columns = np.flatnonzero(window.shown.any(1)), np.flatnonzero(window.shown.any(0))
    if not len(rows):
        return None
    centre = crop_centre(window.landmarks)
    total, weight = np.zeros(window.skin.shape, np.float32), np.full(window.skin.shape, 1e-6, np.float32)
    low, high = np.array([columns[0], rows[0]]), np.array([columns[-1] + 1, rows[-1] + 1])
    for reach, counts in WEIGHTS.parts.crops:
        half = int(reach * window.face)
        corner, opposite = centre.astype(int) - half, centre.astype(int) + half
        (x0, y0), (x1, y1) = np.maximum(corner, low), np.minimum(opposite, high)
        if x1 <= x0 or y1 <= y0:
            continue
        inside = window.rgb[y0:y1, x0:x1]
        # Where the square reaches beyond the photo: what is repeated there hides people at the border, but without it the network
        # sees neighbours as well as the one in the middle.
        people = cv2.resize(network(inside), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
        if (x1 - x0, y1 - y0) != (2 * half, 2 * half):
            people = (people + _padded(network, inside, ((x0, y0) - corner, opposite - (x1, y1)))) / 2
        total[y0:y1, x0:x1] += counts * people
        weight[y0:y1, x0:x1] += counts
    return total / weight


def window_parts(window: Window, view: View) -> dict[str, np.ndarray] | None:
    """Chances (H, W) float32 of the parts of :data:`engine.photo.part_net.PARTS` in a window of a photo; None where their network
    is not installed."""
    parts = photo_parts(view.photo, view.observation)
    return None if parts is None else parts.window(window.origin, window.scale, window.skin.shape)


def _padded(network: PersonNet, inside: np.ndarray, pads: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(h, w) people in the part of a square that lies in the photo, whose border is repeated beyond it.

    Args:
        inside: (h, w, 3) uint8. pads: pixels that are missing at the left and the top, and at the right and the bottom.
    """
    (left, top), (right, bottom) = pads
    square = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE)
    people = cv2.resize(network(square), square.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return people[top : top + inside.shape[0], left : left + inside.shape[1]]
