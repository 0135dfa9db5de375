"""The way hair runs in a photo: the axis of the strands at every pixel, and the sense from root to tip.

Axis: structure tensor of the light, as a double angle. Sense: hair at the sides falls; the rest follows from its
neighbours, so that a parting, a fringe or a sweep is found where the axes tell it (after Chai et al., "Single-View Hair
Modeling for Portrait Manipulation", 2012, whose strokes this replaces).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..head.model import HeadModel
from .seen import Seen, blur, inside_distance
from .weights import FlowWeights

__all__ = ["Flow", "Fall", "hair_flow", "unit"]

WHORL = 30.0
"""Distance over which the whorl around the crown dies away, mm."""


class Flow(NamedTuple):
    """Pictures of one photo."""

    axis: np.ndarray
    """(H, W) float32 angle of the strands, modulo pi, filled everywhere."""
    confidence: np.ndarray
    """(H, W) float32: how surely it was seen, about 1 for clear strands."""
    coherence: np.ndarray
    """(H, W) float32 in [0, 1]: how parallel they are."""
    field: np.ndarray
    """(H, W, 2) float32 soft direction from root to tip; shorter than 1 where senses meet, 0 outside of the hair."""


class Fall(NamedTuple):
    """How hair would lie on a head that nothing is known about: away from the crown, and down."""

    crown: np.ndarray
    """(3,) mm."""
    middle: np.ndarray
    """(3,) mm: centre of the skull."""
    top: float
    """Height of the skull's top, mm."""

    @staticmethod
    def of(model: HeadModel, posed: np.ndarray) -> Fall:
        scalp = posed[model.part("scalp") > 0.5]
        top, middle = float(scalp[:, 1].max()), float(np.median(scalp[:, 2]))
        return Fall(np.array([8.0, top - 12, middle - 35]), np.array([0.0, top - 100, middle]), top)

    def direction(self, points: np.ndarray) -> np.ndarray:
        """(n, 3) unit directions at (n, 3) points, mm."""
        out = unit(points - self.middle)
        pole = unit(self.crown - self.middle)
        away = unit(-(pole - (out @ pole)[:, None] * out))
        # Around the crown it turns as a whorl.
        near = np.exp(-np.linalg.norm(points - self.crown, axis=1, keepdims=True) / WHORL)
        away = unit(away + 0.8 * near * np.cross(out, away))
        down = np.array([0.0, -1.0, 0.0])
        fallen = np.clip((self.top - 30 - points[:, 1]) / 100, 0, 1)[:, None]
        flow = away * (1 - 0.75 * fallen) + down * (0.15 + 0.85 * fallen)
        below = np.clip((self.top - 120 - points[:, 1]) / 60, 0, 1)[:, None]
        return unit(flow * (1 - below) + below * (down + 0.15 * away))


def hair_flow(seen: Seen, front: np.ndarray, fall: Fall, weights: FlowWeights) -> Flow:
    """The flow of one photo's hair.

    Args:
        front: (H, W) depth of the hair's front surface, mm.
        fall: how hair lies that nothing is known about.
    """
    axis, confidence, coherence = _axis(seen, weights)
    return Flow(axis, confidence, coherence, _directed(seen, axis, front, fall, weights))


def unit(vectors: np.ndarray) -> np.ndarray:
    """(..., n) vectors of length 1."""
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-9)


def _axis(seen: Seen, weights: FlowWeights) -> tuple[np.ndarray, ...]:
    """Axis, confidence, coherence."""
    face, mask = seen.face, seen.mask
    light = cv2.cvtColor(seen.window.rgb, cv2.COLOR_RGB2LAB)[..., 0].astype(np.float32) * (100 / 255)
    light -= blur(light, weights.shading * face)
    light = blur(light, weights.derivative * face)
    across = cv2.Sobel(light, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(light, cv2.CV_32F, 0, 1, ksize=3)
    low, high = (edge * face for edge in weights.edge)
    trust = np.clip((inside_distance(mask) - low) / (high - low), 0, 1)
    sigma = weights.tensor * face
    # The strand runs across the gradient, hence the signs.
    cosine = blur(-(across * across - down * down) * trust, sigma)
    sine = blur(-2 * across * down * trust, sigma)
    energy = blur((across * across + down * down) * trust, sigma)
    strength = np.hypot(cosine, sine)
    coherence = strength / (energy + 1e-3) * mask
    shown = cv2.erode(seen.window.shown.astype(np.uint8), np.ones((5, 5), np.uint8))
    typical = float(np.median(energy[mask])) if mask.any() else 1.0
    confidence = coherence**2 * np.clip(energy / (typical + 1e-6), 0, weights.contrast_most) * mask * shown
    pair = np.stack([cosine, sine], -1) / np.maximum(strength, 1e-6)[..., None] * confidence[..., None]
    filled = sum(weight * blur(pair, sigma * face) for sigma, weight in weights.fill)
    axis = 0.5 * np.arctan2(filled[..., 1], filled[..., 0])
    return axis.astype(np.float32), confidence.astype(np.float32), coherence.astype(np.float32)


def _prior(seen: Seen, front: np.ndarray, fall: Fall, weights: FlowWeights) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 2) the fall in the image, and (H, W) how far it tells the sense."""
    rows, columns = np.nonzero(seen.mask)
    pixels = np.stack([columns, rows], -1) + 0.5
    depth = front[rows, columns].astype(np.float64)
    points = seen.lift(pixels, depth)
    ahead, _ = seen.camera.project(points + fall.direction(points))
    prior = np.zeros((*seen.mask.shape, 2), np.float32)
    prior[rows, columns] = unit(ahead - pixels)
    level = seen.window.level
    high, low = weights.hanging
    hanging = np.clip((high - level) / (high - low), 0, 1)[..., None]
    prior = prior * (1 - hanging) - seen.up.astype(np.float32) * hanging
    high, low = weights.sides
    say = np.clip((high - level) / (high - low), weights.sides_least, 1) * seen.mask
    return prior * seen.mask[..., None], say.astype(np.float32)


def _directed(seen: Seen, axis: np.ndarray, front: np.ndarray, fall: Fall, weights: FlowWeights) -> np.ndarray:
    """(H, W, 2) the soft field; senses are agreed upon at half size."""
    face, (height, width) = seen.face, seen.mask.shape
    prior, say = _prior(seen, front, fall, weights)
    along = np.stack([np.cos(axis), np.sin(axis)], -1)
    half = (max(2, width // 2), max(2, height // 2))

    def small(image: np.ndarray) -> np.ndarray:
        return cv2.resize(image, half, interpolation=cv2.INTER_AREA)

    double = small(np.stack([np.cos(2 * axis), np.sin(2 * axis)], -1))
    angle = 0.5 * np.arctan2(double[..., 1], double[..., 0])
    line = np.stack([np.cos(angle), np.sin(angle)], -1)
    inside, trust = small(seen.mask.astype(np.float32)), small(say)
    told = (small(prior) * line).sum(-1) * trust
    sense = line * told[..., None]
    for rounds, sigma in weights.rounds:
        for _ in range(rounds):
            agreed = blur(sense, sigma * face / 2)
            amount = (agreed * line).sum(-1) + weights.prior * told * trust
            sense = line * (amount / (np.abs(amount) + 0.02) * inside)[..., None]
    large = cv2.resize(sense, (width, height), interpolation=cv2.INTER_LINEAR)
    sign = np.where((large * along).sum(-1) >= 0, 1.0, -1.0)
    return blur(along * (sign * seen.mask)[..., None], weights.soft * face)
