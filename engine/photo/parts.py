"""What each pixel around a face is: skin, hair, brows, beard, glasses, covers, hats, clothes, other people, background.

By the product's own networks (:mod:`.part_net`): one looks at two squares of 256 pixels around the person, the other at one
around the face alone, for what is worn over it. They say where things are, not where they end to the pixel: those who need
borders follow the photo's.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from ..nets.layers import Layer
from ..nets.tflite import Network, read_network
from ..types import FaceObservation, Photo
from .carried import carried_path, known_bytes
from .landmarks import width_of
from .part_net import FACE_LAYERS, FRONTS, LAYERS, PARTS, SIDE, close_input, network_as_onnx, unfolded
from .part_worn import Worn, expected, worn_of
from .places import place_maps
from .regions import CHIN, OVAL, TOP, fill
from .weights import WEIGHTS

__all__ = [
    "PartNet",
    "PhotoParts",
    "Square",
    "crop_centre",
    "face_centre",
    "face_network",
    "find_parts",
    "front_networks",
    "part_network",
    "photo_parts",
]

DATA = Path(__file__).with_name("data") / "parts.npz"
"""What was trained: weights of :data:`engine.photo.part_net.LAYERS`."""
FACE_DATA = Path(__file__).with_name("data") / "parts_face.npz"
"""The same of :data:`engine.photo.part_net.FACE_LAYERS`."""


def front_networks() -> dict[str, Network]:
    """The published networks in front, by name; those whose files are absent, or others than the known ones, are not in it."""
    found = {}
    for name, front in FRONTS.items():
        file = carried_path(front.file)
        data = known_bytes(file, front.sha256) if file else None
        if data is not None:
            found[name] = read_network(data)
    return found


class PartNet:
    """A whole network. One call at a time; other threads wait.

    Args:
        trained: weights and biases as of :func:`~engine.photo.part_net.network_as_onnx`.
        layers: :data:`~engine.photo.part_net.LAYERS` or :data:`~engine.photo.part_net.FACE_LAYERS`.
    """

    def __init__(self, networks: dict[str, Network], trained: dict[str, np.ndarray], layers: tuple[Layer, ...] = LAYERS):
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(network_as_onnx(networks, trained, layers), np.uint8))
        self._answer = layers[-1]
        self._lock = threading.Lock()

    def __call__(self, picture: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Chances of the parts, (P, 128, 128) float32, or (P, 256, 256) of the face alone.

        Args:
            picture: (256, 256, 3) uint8 RGB. landmarks: (478, 2) in its pixels.
        """
        close = close_input(picture, place_maps(landmarks / 2, SIDE // 2))
        with self._lock:
            self._net.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / 255, "picture")
            self._net.setInput(close[None], "close")
            odds = self._net.forward(self._answer.name)[0]
        if self._answer.channels > len(PARTS):
            odds = unfolded(odds)
        chances = np.exp(odds - odds.max(0))
        return chances / chances.sum(0)


@functools.cache
def part_network() -> PartNet | None:
    """The network, loaded once; None where a front is absent."""
    networks = front_networks()
    if len(networks) < len(FRONTS) or not DATA.is_file():
        return None
    with np.load(DATA) as data:
        trained = dict(data)
    return PartNet(networks, trained)


@functools.cache
def face_network() -> PartNet | None:
    """The network for the face alone, loaded once; None where a front is absent."""
    networks = front_networks()
    if len(networks) < len(FRONTS) or not FACE_DATA.is_file():
        return None
    with np.load(FACE_DATA) as data:
        trained = dict(data)
    return PartNet(networks, trained, FACE_LAYERS)


@dataclass(frozen=True)
class Square:
    """One square of a photo and what it shows."""

    x: float
    """Left edge, pixels of the photo."""
    y: float
    """Upper edge."""
    side: float
    chances: np.ndarray
    """(P, S, S) float32."""
    counts: np.ndarray
    """(S, S) float32: how much each of them counts."""


@dataclass(frozen=True)
class PhotoParts:
    """What the network found around one face of a photo."""

    squares: tuple[Square, ...]
    worn: Worn = Worn()
    """What is worn over the face."""

    def window(self, origin: tuple[float, float], scale: float, shape: tuple[int, int]) -> dict[str, np.ndarray]:
        """Chances (H, W) float32 of each part in a window of the photo; all is background where the network did not look.

        Args:
            origin: pixel of the photo at the window's top left corner. scale: pixels of the window per pixel of the photo.
            shape: (H, W)
        """
        height, width = shape
        total, weight = np.zeros((height, width, len(PARTS)), np.float32), np.full((height, width), 1e-6, np.float32)
        total[..., 0] = 1e-6
        for square in self.squares:
            count = square.chances.shape[-1]
            step = count / square.side / scale
            matrix = np.array([[1 / step, 0, 0], [0, 1 / step, 0]])
            place = (np.array((square.x, square.y)) - origin) * scale
            matrix[:, 2] = place + 0.5 / step - 0.5
            options = {"dsize": (width, height), "flags": cv2.INTER_LINEAR}
            share = cv2.warpAffine(square.counts, matrix, **options)
            # OpenCV takes four channels at most.
            for start in range(0, len(PARTS), 4):
                some = np.ascontiguousarray(square.chances[start : start + 4].transpose(1, 2, 0))
                moved = cv2.warpAffine(some, matrix, borderMode=cv2.BORDER_REPLICATE, **options)
                total[..., start : start + 4] += share[..., None] * moved.reshape(height, width, -1)
            weight += share
        total /= weight[..., None]
        return {name: np.ascontiguousarray(total[..., number]) for number, name in enumerate(PARTS)}


def _face_counts(points: np.ndarray, count: int) -> np.ndarray:
    """(count, count) float32: how much the square around the face counts, more than others in the face, as they do beside it, where
    it sees too little of other people and of what is behind, and not at its edges.

    Args:
        points: (478, 2) landmarks in its pixels.
    """
    w = WEIGHTS.parts
    beside = cv2.distanceTransform((fill((count, count), points, OVAL) == 0).astype(np.uint8), cv2.DIST_L2, 3)
    within = np.clip(1 - beside * (2 * w.close_reach / count / w.close_fade), 0, 1)
    place = (np.arange(count, dtype=np.float32) + 0.5) / count
    ramp = np.clip(np.minimum(place, 1 - place) / w.close_border, 0, 1)
    return ((w.close_beside + (w.close_weight - w.close_beside) * within) * np.minimum.outer(ramp, ramp)).astype(np.float32)


_found: OrderedDict[tuple, PhotoParts] = OrderedDict()
_finding = threading.Lock()


def photo_parts(photo: Photo, observation: FaceObservation) -> PhotoParts | None:
    """The parts around one face of a photo, looked at once; None where the network is not installed."""
    if part_network() is None:
        return None
    landmarks = observation.landmarks if observation.looked_at is None else observation.looked_at
    key = photo.sha256, photo.size, photo.as_shot is None, landmarks.tobytes()
    with _finding:
        found = _found.pop(key, None)
    if found is None:
        found = find_parts(photo.pixels, landmarks, width_of(landmarks))
    with _finding:
        _found[key] = found
        while len(_found) > WEIGHTS.parts.kept:
            _found.popitem(last=False)
    return found


def find_parts(
    pixels: np.ndarray, landmarks: np.ndarray, face: float, network: PartNet | None = None, closer: PartNet | None = None
) -> PhotoParts | None:
    """Look at a face and what is around it; None where the networks are not installed.

    Args:
        pixels: (H, W, 3) uint8. landmarks: (478, 2) pixels. face: width of the face, pixels.
        network, closer: for the person and for the face alone; the product's where the first is not given.
    """
    if network is None:
        network, closer = part_network(), face_network()
    if network is None:
        return None
    points = np.asarray(landmarks, np.float64)[:, :2]
    weights = WEIGHTS.parts
    squares = []
    for reach, weight in weights.crops:
        squares.append(_looked(network, pixels, points, crop_centre(points), 2 * reach * face, weight))
    if closer is None:
        return PhotoParts(tuple(squares))
    near = _looked(closer, pixels, points, face_centre(points), 2 * weights.close_reach * face, 1.0)
    count = near.chances.shape[-1]
    local = (points - (near.x, near.y)) * (count / near.side)
    worn = worn_of(near.chances, local)
    near = replace(near, counts=_face_counts(local.astype(np.float32), count), chances=expected(near.chances, worn))
    return PhotoParts((*squares, near), worn)


def _looked(network: PartNet, pixels: np.ndarray, points: np.ndarray, centre: np.ndarray, side: float, weight: float) -> Square:
    """A square as a network sees it and its mirror image."""
    x, y = centre - side / 2
    scale = SIDE / side
    picture = _square(pixels, x, y, side)
    chances = network(picture, ((points - (x, y)) * scale).astype(np.float32))
    mirrored = (points - (x, y)) * scale * (-1, 1) + (SIDE, 0)
    chances = (chances + network(np.ascontiguousarray(picture[:, ::-1]), mirrored.astype(np.float32))[..., ::-1]) / 2
    return Square(float(x), float(y), side, chances, np.full(chances.shape[1:], weight, np.float32))


def crop_centre(points: np.ndarray) -> np.ndarray:
    """(2,) middle of what the networks for people and parts look at, from (478, 2) landmarks of the same pixels."""
    return face_centre(points) + WEIGHTS.parts.below * (points[CHIN] - points[TOP])


def face_centre(points: np.ndarray) -> np.ndarray:
    """(2,) middle of a face's oval, from (478, 2) landmarks."""
    oval = points[list(OVAL)]
    return (oval.min(0) + oval.max(0)) / 2


def _square(pixels: np.ndarray, x: float, y: float, side: float) -> np.ndarray:
    """(256, 256, 3) uint8: a square of a picture; beyond its edge the last pixels go on."""
    height, width = pixels.shape[:2]
    shrink = side / SIDE
    if shrink > 1:  # the mean of what falls into a pixel, then the exact place
        x0, y0 = max(0, int(x) - 2), max(0, int(y) - 2)
        x1, y1 = min(width, int(x + side) + 3), min(height, int(y + side) + 3)
        part = pixels[y0:y1, x0:x1]
        size = max(1, round((x1 - x0) / shrink)), max(1, round((y1 - y0) / shrink))
        pixels = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        ratio = np.array(size) / (x1 - x0, y1 - y0)
        x, y, step = (x - x0) * ratio[0], (y - y0) * ratio[1], shrink * ratio
    else:
        step = np.full(2, shrink)
    matrix = np.array([[step[0], 0, x + 0.5 * step[0] - 0.5], [0, step[1], y + 0.5 * step[1] - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
