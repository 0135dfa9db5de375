"""Smooth ground beside a head that no hair is like: a dark wall behind dark hair."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from ..photo.regions import disk
from .mask_scene import Scene
from .mask_weights import WALL, WallWeights

__all__ = ["smooth_ground", "without_ground"]


def smooth_ground(scene: Scene, told: np.ndarray | None, weights: WallWeights = WALL) -> np.ndarray:
    """(H, W) bool: places beside the head that are smoother than the hair on it and darker.

    The fitted head says where hair is for certain; what hangs or stands off it is as bright as that hair or has strands.

    Args:
        told: (H, W) chance of hair by the part network; None where it is not installed.
    """
    window = scene.window
    hair = scene.head & (window.parts["scalp"] > weights.scalp) & ~scene.oval & window.shown & (window.skin < weights.skin)
    if told is not None:
        hair &= told > weights.told
    if hair.sum() < weights.least * window.face**2:
        return np.zeros(hair.shape, bool)
    light, texture = scene.features[..., 0], scene.features[..., 3]
    dark, middle = np.quantile(light[hair], (weights.tail, 0.5))
    rough, least = np.quantile(texture[hair], (weights.smooth, weights.least_rough))
    beside = ~scene.head & window.shown & (window.level > weights.level)
    dark = beside & ((light < dark) | ((light < middle) & (texture < weights.even * least)))
    smooth = dark & (texture < rough)
    wide = cv2.morphologyEx(smooth.astype(np.uint8), cv2.MORPH_OPEN, disk(weights.size * window.face))
    # Contrast is blurred over the edge of whatever stands before the wall.
    ground = (cv2.dilate(wide, disk(weights.rim * window.face)) > 0) & dark
    return ground if told is None else ground & ~_surely_hair(scene, ground, told, weights)


def _surely_hair(scene: Scene, ground: np.ndarray, told: np.ndarray, weights: WallWeights) -> np.ndarray:
    """(H, W) bool: pieces of ground that both networks take for this person's hair: it is hair in shadow. Where hues are guessed,
    they are to be surer."""
    sure = weights.sure_guessed if scene.window.hues_guessed else weights.sure
    count, label = cv2.connectedComponents(ground.astype(np.uint8))
    size = np.maximum(np.bincount(label.ravel(), minlength=count), 1)
    people, hair = (np.bincount(label.ravel(), one.ravel(), count) / size for one in (scene.people, told))
    return ((people > sure[0]) & (hair > sure[1]))[label]


def without_ground(
    scene: Scene, person: np.ndarray | None, parts: Mapping[str, np.ndarray] | None, weights: WallWeights = WALL
) -> tuple[np.ndarray | None, Mapping[str, np.ndarray] | None]:
    """`person` and `parts`, as for :func:`~engine.hair.mask.hair_mask`, with smooth ground as background; the same ones where
    there is none."""
    ground = smooth_ground(scene, None if parts is None else parts["hair"], weights)
    if not ground.any():
        return person, parts
    if person is not None:
        person = np.where(ground, weights.chance, person).astype(np.float32)
    if parts is not None:
        parts = dict(parts) | {"hair": np.where(ground, weights.chance, parts["hair"]).astype(np.float32)}
    return person, parts
