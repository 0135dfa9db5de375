"""The faces of a picture with RetinaFace: preparation, anchors, decoding, suppression of doubles.

Deng et al. (CVPR 2020); anchors and their variances as in Liu et al., "SSD" (ECCV 2016).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
import torch

from .retinaface import ANCHORS

__all__ = ["DetectedFace", "anchors", "decode_boxes", "decode_points", "detect_faces", "prepare_picture", "suppress"]

SIZE = 512
"""Side of the square picture that the network sees, pixels, as published."""
_STRIDES = (8, 16, 32)
"""Pixels between two places of each of the network's maps, finest first."""
_ANCHOR_SIZES = ((16, 32), (64, 128), (256, 512))
"""Sides of the anchors at each place of these maps, pixels, as published."""
_VARIANCES = (0.1, 0.2)
"""Factors of the network's answers about centres and about sizes, as published."""
_MEAN = np.float32([0.485, 0.456, 0.406])
"""Mean of the channels that is taken off (0..1), as published."""
_DEVIATION = np.float32([0.229, 0.224, 0.225])
"""Deviation of the channels by which they are divided (0..1), as published."""

Outputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


class DetectedFace(NamedTuple):
    """A face in whole pixels of the picture, y down; not clipped to the picture, a box may even lie outside of it."""

    box: np.ndarray
    """(4,) int64: x1, y1, x2, y2."""
    score: float
    """0..1."""
    points: np.ndarray
    """(5, 2) int64: left eye, right eye, nose, left and right mouth corner (sides of the picture)."""


def anchors(size: int = SIZE) -> torch.Tensor:
    """(A, 4) float32: centre x, y, width, height of all anchors in fractions of a square picture."""
    found = []
    for stride, sizes in zip(_STRIDES, _ANCHOR_SIZES, strict=True):
        count = -(-size // stride)
        centres = (np.arange(count) + 0.5) * stride / size
        y, x = np.meshgrid(centres, centres, indexing="ij")
        level = np.empty((count, count, ANCHORS, 4))
        level[..., 0], level[..., 1] = x[..., None], y[..., None]
        level[..., 2] = level[..., 3] = np.array(sizes) / size
        found.append(level.reshape(-1, 4))
    return torch.from_numpy(np.concatenate(found).astype(np.float32))


def decode_boxes(offsets: torch.Tensor, priors: torch.Tensor) -> torch.Tensor:
    """(A, 4) outputs of the network -> (A, 4) corners x1, y1, x2, y2 in fractions of the picture."""
    centre = priors[:, :2] + offsets[:, :2] * _VARIANCES[0] * priors[:, 2:]
    size = priors[:, 2:] * torch.exp(offsets[:, 2:] * _VARIANCES[1])
    return torch.cat([centre - size / 2, centre + size / 2], 1)


def decode_points(offsets: torch.Tensor, priors: torch.Tensor) -> torch.Tensor:
    """(A, 10) outputs of the network -> (A, 10) x, y of five points in fractions of the picture."""
    points = priors[:, None, :2] + offsets.unflatten(1, (5, 2)) * _VARIANCES[0] * priors[:, None, 2:]
    return points.flatten(1)


def suppress(boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
    """Indices of the boxes that stay, best first: each removes all worse ones that it overlaps by more than `overlap`.

    Args:
        boxes: (N, 4) corners.
        scores: (N,).
        overlap: intersection over union.
    """
    order = np.argsort(-scores, kind="stable")
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    keep = []
    while order.size:
        best, order = order[0], order[1:]
        keep.append(best)
        low = np.maximum(boxes[best, :2], boxes[order, :2])
        high = np.minimum(boxes[best, 2:], boxes[order, 2:])
        common = np.clip(high - low, 0, None).prod(1)
        with np.errstate(invalid="ignore"):  # two boxes without area
            order = order[~(common / (area[best] + area[order] - common) > overlap)]
    return np.array(keep, np.int64)


def prepare_picture(image: np.ndarray) -> tuple[np.ndarray, tuple[int, int]]:
    """Scales the longer side to 512, normalises, and fills up to a square with zeros (the mean colour).

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        (3, 512, 512) float32 and the pixels added on the left and on the top.
    """
    height, width = image.shape[:2]
    scale = SIZE / max(height, width)
    wide, high = (max(1, int(side * scale + 0.5)) for side in (width, height))
    small = cv2.resize(image, (wide, high), interpolation=cv2.INTER_LINEAR) if scale != 1 else image
    left, top = (SIZE - wide) // 2, (SIZE - high) // 2
    square = np.zeros((SIZE, SIZE, 3), np.float32)
    square[top : top + high, left : left + wide] = (small.astype(np.float32) - 255 * _MEAN) * (1 / (255 * _DEVIATION))
    return np.ascontiguousarray(square.transpose(2, 0, 1)), (left, top)


def detect_faces(
    net: Callable[[torch.Tensor], Outputs], image: np.ndarray, *, minimum: float = 0.7, overlap: float = 0.4
) -> list[DetectedFace]:
    """Faces of a picture, best first; an empty list where there is none.

    Args:
        net: a :class:`.retinaface.RetinaFaceNet`, or anything that gives its outputs.
        image: (H, W, 3) uint8 RGB.
        minimum: score that a face must exceed.
        overlap: intersection over union above which the worse of two boxes is dropped.
    """
    square, padding = prepare_picture(image)
    weight = next(net.parameters()) if isinstance(net, torch.nn.Module) else torch.zeros(())
    with torch.no_grad():
        outputs = net(torch.from_numpy(square)[None].to(weight))
    offsets, classes, point_offsets = (output[0].float().cpu() for output in outputs)
    scores = torch.softmax(classes, 1)[:, 1]
    good = scores > minimum
    priors = anchors()[good]
    boxes = (decode_boxes(offsets[good], priors) * SIZE).numpy()
    points = (decode_points(point_offsets[good], priors) * SIZE).numpy()
    scores = scores[good].numpy()
    keep = suppress(boxes, scores, overlap)
    height, width = image.shape[:2]
    boxes = _to_picture(boxes[keep].reshape(-1, 2, 2), padding, max(height, width)).reshape(-1, 4)
    points = _to_picture(points[keep].reshape(-1, 5, 2), padding, max(height, width))
    faces = []
    for box, score, five in zip(boxes, scores[keep], points, strict=True):
        if box[0] < width - 1 and box[1] < height - 1:  # else it lies in the padding on the right or below
            faces.append(DetectedFace(box, float(score), five))
    return faces


def _to_picture(places: np.ndarray, padding: tuple[int, int], side: int) -> np.ndarray:
    """(..., 2) pixels of the square -> whole pixels of the picture, cut towards zero twice as the reference does."""
    return ((places.astype(np.int64) - np.array(padding)) * (side / SIZE)).astype(np.int64)
