"""Find the faces of a photo, however large or small, and their 478 landmarks."""

from __future__ import annotations

import os
from dataclasses import replace

import cv2
import numpy as np

from ..types import FaceObservation, Photo
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .each_eye import with_each_eye
from .face_nets import DETECTOR_SIDE, Detection, FaceNets, Roi, roi_of
from .weights import WEIGHTS, LandmarkWeights, MaskedWeights

__all__ = ["Landmarker", "face_width", "select_face", "width_of"]


_KEY_POINTS = ((33, 133), (263, 362), (1,), (13, 14))
"""Landmarks at BlazeFace's first four key points: right eye, left eye, nose, mouth."""


class Landmarker:
    """Face detector and landmarks, warm and reusable; from any thread, one call at a time.

    Args:
        model: the landmarker's ``.task`` file; None: ``$HRN_FACE_LANDMARKER``, else the installed package's.
        weights: when a face is believed.

    Raises:
        HrnError: ``MODEL_MISSING`` or ``CHECKPOINT_INVALID``.
    """

    def __init__(self, model: str | os.PathLike | None = None, weights: LandmarkWeights = WEIGHTS.landmarks):
        self._weights = weights
        self._nets: FaceNets | None = FaceNets(model)

    def close(self) -> None:
        """Free the networks. A closed landmarker detects nothing any more."""
        self._nets = None

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def detect(self, photo: Photo) -> list[FaceObservation]:
        """All faces of the photo, up to ten, largest first; empty when there is none.

        Searches the whole photo, then overlapping windows of a half, a quarter and an eighth of it as long as that
        can bring more than crumbs, then the photo lying on its side or head. Each face is measured in its own square,
        twice: the second square is laid around the first landmarks.
        """
        if self._nets is None:
            raise RuntimeError("the landmarker is closed")
        pixels = photo.pixels
        faces = self._find(pixels)
        if not faces:
            for turns in (1, 3, 2):
                turned = [
                    _turn_back(points, turns, pixels.shape)
                    for points in self._find(np.ascontiguousarray(np.rot90(pixels, turns)), deep=False)
                ]
                # Measured again in the photo as it is, so that z and rounding are the same for every face.
                faces = _distinct([self._measure(pixels, roi_of(points)) for points in turned], self._weights.same_face)
                if faces:
                    break
        faces = sorted(faces, key=width_of, reverse=True)[: self._weights.most_faces]
        faces = [self._average(pixels, self._upright(pixels, points)) for points in faces]
        return [self._observation(pixels, points, i, len(faces)) for i, points in enumerate(faces)]

    def again(self, photo: Photo, observation: FaceObservation, factor: np.ndarray | float = 1.0) -> FaceObservation:
        """The same face measured in another size of its photo, `factor` times (per axis) the first."""
        if self._nets is None:
            raise RuntimeError("the landmarker is closed")
        points = self._average(photo.pixels, observation.landmarks * factor)
        return self._observation(photo.pixels, points, observation.index, observation.count)

    def steady(
        self, photo: Photo, starts: tuple[tuple[float, float], ...], weights: MaskedWeights = WEIGHTS.masked
    ) -> list[np.ndarray]:
        """Landmarks (478, 3) to which squares beside each other come where the detector supposes a face, whether or not both
        networks agree on its mouth; those first to which most squares come.

        Args:
            starts: shift along the face in sides, and relative side, of the squares around each detection.
        """
        if self._nets is None:
            raise RuntimeError("the landmarker is closed")
        w, pixels, answers = weights, photo.pixels, []
        for level in range(self._weights.levels[1]):
            for detection in self._detections(pixels, max(pixels.shape[:2]) / 2**level, w.least_score)[: w.most]:
                roi = detection.roi()
                down = np.array([-np.sin(roi.angle), np.cos(roi.angle)]) * roi.side
                for shift, size in starts:
                    square = replace(roi, cx=roi.cx + shift * down[0], cy=roi.cy + shift * down[1], side=roi.side * size)
                    answers.append(self._measure(pixels, roi_of(self._measure(pixels, square))))
        found = []
        for group in _alike(answers, w.steady):
            if len(group) >= w.agree:
                found.append(np.median(np.stack(group), 0))
        return _distinct(found, self._weights.same_face)

    def _observation(self, pixels: np.ndarray, points: np.ndarray, index: int, count: int) -> FaceObservation:
        score = self._nets.score(pixels, roi_of(points))
        points, blendshapes = with_each_eye(self._nets, pixels, points)
        return FaceObservation(
            landmarks=np.ascontiguousarray(points[:, :2]),
            depth=points[:, 2].copy(),
            blendshapes=blendshapes,
            index=index,
            count=count,
            score=score,
        )

    def _find(self, pixels: np.ndarray, deep: bool = True) -> list[np.ndarray]:
        """Landmarks (478, 3) of every face that stands more or less upright."""
        w, long_side = self._weights, max(pixels.shape[:2])
        faces: list[np.ndarray] = []
        for level in range(w.levels[0] if deep else w.levels[1]):
            side = long_side / 2**level
            largest = max(map(width_of, faces), default=0.0)
            last = level == w.levels[0] - 1
            if level and (side < DETECTOR_SIDE or largest > w.large * side or (last and faces)):
                break
            found = self._detections(pixels, side, w.window_score if level else w.whole_score)
            measured = [self._confirmed(pixels, detection) for detection in found]
            faces = _distinct(faces + [points for points in measured if points is not None], w.same_face)
        return faces

    def _detections(self, pixels: np.ndarray, side: float, minimum: float) -> list[Detection]:
        """Merged detections of all square windows of `side` pixels, overlapping by half."""
        height, width = pixels.shape[:2]
        w = self._weights
        # Each window is reduced to the detector's input: reduce the photo once instead of every window from full size.
        factor = min(1.0, w.sharp * DETECTOR_SIDE / side, w.search_px / max(height, width))
        small = pixels
        if factor < 1:
            small = cv2.resize(
                pixels, (max(1, round(width * factor)), max(1, round(height * factor))), interpolation=cv2.INTER_AREA
            )
        sx, sy = width / small.shape[1], height / small.shape[0]
        window = max(WEIGHTS.crop.least_px, round(side * factor))
        boxes, points, scores = [], [], []
        for y in _starts(small.shape[0], window):
            for x in _starts(small.shape[1], window):
                b, p, s = self._nets.detect(_window(small, x, y, window), minimum)
                offset = np.array([x, y], np.float32)
                boxes.append((b.reshape(-1, 2, 2) * window + offset) * (sx, sy))
                points.append((p * window + offset) * (sx, sy))
                scores.append(s)
        return _merge(np.concatenate(boxes).reshape(-1, 4), np.concatenate(points), np.concatenate(scores), w)

    def _measure(self, pixels: np.ndarray, roi: Roi) -> np.ndarray:
        """(478, 3) landmarks of the face in a square, its square corrected once."""
        roi = roi_of(self._nets.mesh(pixels, roi))
        return self._nets.mesh(pixels, roi)

    def _upright(self, pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
        """The landmarks, measured the other way up where the detector says that they stand on their head."""
        roi = roi_of(points)
        roi = replace(roi, side=self._weights.upright_side * roi.side)
        turned = replace(roi, angle=roi.angle + np.pi)
        gain, least = self._weights.upright
        if self._nets.score(pixels, turned) > max(self._nets.score(pixels, roi) + gain, least):
            return self._measure(pixels, turned)
        return points

    def _average(self, pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
        """(478, 3) landmarks averaged over five slightly different squares.

        The network's answer wobbles with its square; the mean is 4 % closer to the truth than one answer.
        """
        roi = roi_of(points)
        answers = [
            self._nets.mesh(pixels, Roi(roi.cx + dx * roi.side, roi.cy + dy * roi.side, roi.side * size, roi.angle + turn))
            for dx, dy, size, turn in self._weights.wobble
        ]
        return np.mean(answers, 0, dtype=np.float32)

    def _confirmed(self, pixels: np.ndarray, detection: Detection) -> np.ndarray | None:
        """Landmarks, or None when the two networks disagree: then it was not a face."""
        points = self._measure(pixels, detection.roi())
        if not np.isfinite(points).all():
            return None
        seen = np.stack([points[group, :2].mean(0) for group in _KEY_POINTS])
        box = np.ptp(detection.box.reshape(2, 2), 0).mean()
        distance = np.linalg.norm(seen - detection.points[:4], axis=1).mean() / box
        height, width = pixels.shape[:2]
        inside = ((points[:, 0] >= 0) & (points[:, 0] < width) & (points[:, 1] >= 0) & (points[:, 1] < height)).mean()
        return points if distance < self._weights.disagreement and inside > self._weights.inside else None


def face_width(observation: FaceObservation) -> float:
    """Width in pixels that the face has from the front: of a turned face, its height tells."""
    return width_of(observation.landmarks)


def select_face(
    observations: list[FaceObservation], index: int, photo: Photo, weights: LandmarkWeights = WEIGHTS.landmarks
) -> FaceObservation:
    """The face with this number, 0 for the largest.

    Raises:
        HrnError: ``NO_FACE``, ``FACE_INDEX`` or ``FACE_TOO_SMALL`` (below 60 pixels in the file as it is).
    """
    if not observations:
        raise HrnError(ErrorCode.NO_FACE, say("No face was found in {file}.", file=photo.name))
    if not 0 <= index < len(observations):
        count = len(observations)
        raise HrnError(
            ErrorCode.FACE_INDEX,
            say("{file} shows one face; there is no face number {number}.", file=photo.name, number=index)
            if count == 1
            else say(
                "{file} shows {count} faces; there is no face number {number}.", file=photo.name, count=count, number=index
            ),
            details={"count": count},
        )
    observation = observations[index]
    width = face_width(observation) / photo.scale
    if width < weights.least_face_px:
        raise HrnError(
            ErrorCode.FACE_TOO_SMALL,
            say("The face in {file} is only {width:.0f} pixels wide.", file=photo.name, width=width),
            details={"width": round(width)},
        )
    return observation


def width_of(points: np.ndarray) -> float:
    """Width in pixels that a face with these (..., 2 or 3) landmarks has from the front."""
    size = np.ptp(points[:, :2], axis=0)
    return float(max(size[0], WEIGHTS.landmarks.width_of_height * size[1]))


def _starts(length: int, window: int) -> list[int]:
    """First pixels of windows that overlap by half and cover `length`; one, centred, where the window is larger."""
    if window >= length:
        return [(length - window) // 2]
    count = int(np.ceil((length - window) / (window / 2))) + 1
    return [round(i * (length - window) / (count - 1)) for i in range(count)]


def _window(pixels: np.ndarray, x: int, y: int, side: int) -> np.ndarray:
    """(side, side, 3) at (x, y), black outside the picture."""
    height, width = pixels.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + side, width), min(y + side, height)
    if (x0, y0, x1, y1) == (x, y, x + side, y + side):
        return pixels[y0:y1, x0:x1]
    out = np.zeros((side, side, 3), np.uint8)
    out[y0 - y : y1 - y, x0 - x : x1 - x] = pixels[y0:y1, x0:x1]
    return out


def _overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Shared area over the smaller area: also 1 for a box inside another."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = np.prod(np.clip(high - low, 0, None), 1)
    area = np.prod(others[:, 2:] - others[:, :2], 1)
    return shared / np.maximum(np.minimum(np.prod(box[2:] - box[:2]), area), 1e-9)


def _merge(boxes: np.ndarray, points: np.ndarray, scores: np.ndarray, w: LandmarkWeights) -> list[Detection]:
    """Weighted non-maximum suppression: each cluster becomes its score-weighted mean."""
    out = []
    order = np.argsort(-scores, kind="stable")
    while len(order) and len(out) < w.clusters * w.most_faces:
        near = _overlap(boxes[order[0]], boxes[order]) > w.same_box
        near[0] = True
        members = order[near]
        weight = scores[members] / scores[members].sum()
        out.append(
            Detection(
                np.tensordot(weight, boxes[members], 1), np.tensordot(weight, points[members], 1), float(scores[members[0]])
            )
        )
        order = order[~near]
    return out


def _distinct(faces: list[np.ndarray], most: float) -> list[np.ndarray]:
    """The faces without those that lie on a face earlier in the list, with `most` of the smaller one."""
    kept: list[np.ndarray] = []
    for points in faces:
        box = np.concatenate([points[:, :2].min(0), points[:, :2].max(0)])
        boxes = np.array([np.concatenate([k[:, :2].min(0), k[:, :2].max(0)]) for k in kept]).reshape(-1, 4)
        if not len(boxes) or _overlap(box, boxes).max() < most:
            kept.append(points)
    return kept


def _alike(answers: list[np.ndarray], most: float) -> list[list[np.ndarray]]:
    """Landmarks (478, 3) in groups, the largest first: those at most so far, in face widths, from the one with most beside it."""
    groups: list[list[np.ndarray]] = []
    left = [points for points in answers if np.isfinite(points).all()]
    while left:
        flat = np.stack(left)[..., :2]
        away = np.linalg.norm(flat[:, None] - flat[None], axis=3).mean(2) / np.array([width_of(points) for points in left])
        near = away < most
        members = near[near.sum(1).argmax()]
        groups.append([points for points, member in zip(left, members) if member])
        left = [points for points, member in zip(left, members) if not member]
    return groups


def _turn_back(points: np.ndarray, turns: int, shape: tuple[int, ...]) -> np.ndarray:
    """Points of ``np.rot90(photo, turns)`` in the photo of this shape."""
    height, width = shape[:2]
    x, y = points[:, 0], points[:, 1]
    if turns == 1:
        x, y = width - y, x
    elif turns == 2:
        x, y = width - x, height - y
    else:
        x, y = y, height - x
    return np.stack([x, y, points[:, 2]], 1)
