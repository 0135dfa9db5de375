"""What the trained network says about one face: dense landmarks, likely shape, expression and distance."""

from __future__ import annotations

import threading
import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ...head.model import HeadModel, surface_points
from ...nets.tflite import read_network
from ...photo.face_nets import model_path
from ...system.progress import SILENT, Progress
from ...types import FaceObservation, Photo
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import say
from ..crop import CROP_SIDE, crop_pixels, crop_transform, to_crop
from ..weights import WEIGHTS as FIT
from .groups import load_groups
from .network import CHEEKS, DISTANCE_UNIT_MM, TONGUE, DenseNet
from .population import anchored_identity, load_people
from .solver import LandmarkNoise
from .weights import WEIGHTS, CoarseWeights

__all__ = ["CHEEKS_FILE", "TONGUE_FILE", "FaceGuess", "Regressor", "load_regressor"]

_FILE = Path(__file__).parent / "data" / "coarse.npz"
TONGUE_FILE = Path(__file__).parent / "data" / "tongue.npz"
"""Layers that see a tongue."""
CHEEKS_FILE = Path(__file__).parent / "data" / "cheeks.npz"
"""Layers that see blown cheeks."""


@dataclass(frozen=True)
class FaceGuess:
    """The network's averaged answer."""

    points: np.ndarray
    """(P, 2) pixels of the photo: of :meth:`Regressor.points`."""
    identity: np.ndarray
    """(K,)"""
    expression: np.ndarray
    """(52,)"""
    distance_mm: float
    px_per_mm: float
    shares: np.ndarray
    """(G,) how much the person shows of each group (:mod:`.groups`)."""
    tongue: float
    """How far the tongue seems to be out: about 0 for none, about 1 for all of it."""
    cheeks: float
    """How far the cheeks seem to be blown, in the same way."""


class Regressor:
    """Loaded once; reads only, so several threads may call it.

    Raises:
        HrnError: MODEL_MISSING when the landmark network is absent, or the data file was
            trained for another head.
    """

    def __init__(self, model: HeadModel, file: Path = _FILE):
        with np.load(file, allow_pickle=False) as data:
            self.data = {name: data[name] for name in data.files}
        self.people = load_people(model)
        self.groups = load_groups(model)
        self._to_identity, self._shift = self._change_of_basis(model)
        self.point_vertices = self.data["point_vertices"].astype(np.int64)
        self.point_weights = self.data["point_weights"].astype(float)
        with zipfile.ZipFile(model_path()) as archive:
            network = read_network(archive.read("face_landmarks_detector.tflite"))
        more = {}
        for layers, of_them in ((TONGUE, TONGUE_FILE), (CHEEKS, CHEEKS_FILE)):
            with np.load(of_them, allow_pickle=False) as data:
                more[layers.name] = dict(data)
        self.look = DenseNet(network, {name[5:]: value for name, value in self.data.items() if name.startswith("tail.")}, more)
        self._mirror_points = self.data["mirror_points"].astype(np.int64)
        self._mirror_identity = self.data["mirror_identity"].astype(np.float32)
        self._mirror_expression = self.data["mirror_expression"].astype(np.int64)
        covariance = self.data["identity_covariance"].astype(float)
        turned = self._to_identity.T @ covariance @ self._to_identity
        self.identity_precision = np.linalg.inv(turned + WEIGHTS.covariance_floor * np.eye(len(turned)))
        self.expression_sigma = self.data["expression_sigma"].astype(float)

    def points(self, field: np.ndarray) -> np.ndarray:
        """(..., P, 3) The network's points on (..., N, 3) vertices, or their moves under a basis of such: the landmarks
        where the head model had them in training, then vertices all over the head."""
        return surface_points(self.point_vertices, self.point_weights, field)

    def noise(self, gain: float, doubt: np.ndarray | float = 1.0) -> LandmarkNoise:
        """Errors of the dense landmarks in mm, with the covariance times `gain`.

        Args:
            doubt: (P,) factor of each landmark's own variance.
        """
        return LandmarkNoise(
            self.data["noise_mean"].reshape(-1, 2).astype(float),
            self.data["noise_variance"].astype(float) * gain * np.repeat(doubt, 2 if np.ndim(doubt) else 1),
            self.data["noise_modes"].astype(float) * np.sqrt(gain),
        )

    def _change_of_basis(self, model: HeadModel) -> tuple[np.ndarray, np.ndarray]:
        """The map from identity coefficients of the head model as it was in training to those of `model`.

        Returns:
            (K, K') and (K',): ``identity = trained @ matrix + shift``.
        """
        anchors = self.data["anchor_vertices"].astype(np.int64)
        rest, basis = self.data["anchor_template"].astype(float), self.data["anchor_identity"].astype(float)
        matrix = anchored_identity(model, anchors, basis)
        shift = anchored_identity(model, anchors, (rest - model.template[anchors])[None])[0]
        return matrix, shift

    def guess(
        self,
        photo: Photo,
        observation: FaceObservation,
        progress: Progress = SILENT,
        weights: CoarseWeights = WEIGHTS,
    ) -> FaceGuess:
        """Windows around the face, each as it is and mirrored; the answers' mean.

        Args:
            progress: may raise to cancel.
            weights: which windows.
        """
        usual = FIT.window.margin
        transforms = [
            crop_transform(observation.landmarks, usual * margin, turn, (x, y)) for turn, margin, x, y in weights.windows
        ]
        crops = []
        for number, transform in enumerate(transforms):
            progress(0.2 * number / len(transforms))
            crops.append(crop_pixels(photo.pixels, transform))
        both = np.stack([view for crop in crops for view in (crop, crop[:, ::-1])])
        looked = self.look.look(both, progress.part(0.2, 1.0))
        points, identity, expression, view = self.look.answers(looked.features)
        known = self._mirror_points >= 0
        points[1::2, known] = points[1::2, self._mirror_points[known]] * [-1, 1] + [CROP_SIDE, 0]
        identity = self.identities(identity)
        expression[1::2] = expression[1::2][:, self._mirror_expression]
        placed, scales = [], []
        for number, transform in enumerate(transforms):
            back = cv2.invertAffineTransform(transform)
            placed += [to_crop(back, points[2 * number + side]) for side in (0, 1)]
            scales += [float(np.hypot(transform[0, 0], transform[0, 1]))] * 2
        placed, scales = np.stack(placed), np.array(scales)
        placed = np.where(known[:, None], placed.mean(0), placed[::2].mean(0))
        return FaceGuess(
            placed,
            identity.mean(0),
            np.clip(expression.mean(0), 0, 1).astype(float),
            float(DISTANCE_UNIT_MM * np.exp(view[:, 0].mean())),
            float(np.exp(view[:, 1] - np.log(scales)).mean()),
            self.groups.seen(looked.features.astype(float)).mean(0),
            float(looked.tongue.mean()),
            float(looked.cheeks.mean()),
        )

    def identities(self, answered: np.ndarray) -> np.ndarray:
        """(2n, K') the network's identities, of a crop and of its mirror image in turn -> (2n, K) those of this head model."""
        upright = answered.copy()
        upright[1::2] = answered[1::2] @ self._mirror_identity
        return upright.astype(float) @ self._to_identity + self._shift


_loaded: dict[str, Regressor] = {}
_loading = threading.Lock()


def load_regressor(model: HeadModel) -> Regressor:
    """The regressor for this head, from memory after the first call (about 0.2 s).

    Raises:
        HrnError: as :class:`Regressor`; CHECKPOINT_INVALID when the data file is damaged.
    """
    with _loading:
        if model.version not in _loaded:
            try:
                _loaded[model.version] = Regressor(model, _FILE)
            except (OSError, EOFError, KeyError, ValueError, cv2.error, zipfile.BadZipFile) as error:
                raise HrnError(
                    ErrorCode.CHECKPOINT_INVALID,
                    say("{path} is damaged or of another version.", path=_FILE),
                    hint="Install the engine again.",
                ) from error
        return _loaded[model.version]
