"""Where a photo shows hair: color mixtures learned from this photo alone, and places relative to the fitted head."""

from __future__ import annotations

import cv2
import numpy as np

from ..photo.mixture import fit_mixture
from ..photo.regions import OVAL, fill
from ..wire.color import LUMINANCE, power_to_linear
from .types import HairMask, Window

__all__ = ["hair_mask"]

_FLOOR = np.array([3.0, 2.45, 2.45, 0.17], np.float32)
"""Least standard deviations of L, a, b and log contrast in a mixture."""
_EVEN = float(-np.log(100 * 60 * 60 * 4.0))
"""Log density of a uniform law over them."""
_ROUNDS = 4
"""How often the colors are learnt and the pixels judged by them."""


def hair_mask(window: Window, person: np.ndarray | None = None) -> HairMask:
    """Hair of the head in one photo.

    Args:
        person: (H, W) float32 in [0, 1], people against background; None where nothing is known about it.
    """
    known = person is not None
    people = np.ones_like(window.skin) if person is None else person
    nothing = np.zeros_like(window.skin)
    lab = cv2.cvtColor(window.rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    samples = _features(lab, window.face)
    seeds, place = _seeds(window, people), _place(window)
    if seeds["hair"].sum() < 60:
        return HairMask(nothing, window.brow, nothing, people, "bald")
    hair = _grown(window, samples, seeds, place, people, known)
    hair = _beyond_photo(window, hair, people)
    return HairMask(hair.astype(np.float32), window.brow, nothing, people, _refusal(window, lab, hair, people))


def _features(lab: np.ndarray, face: float) -> np.ndarray:
    """(H, W, 4) float32: L, a, b and the log of the local contrast."""
    light, sigma = lab[..., 0], 0.02 * face
    fine = light - cv2.GaussianBlur(light, (0, 0), sigma)
    contrast = 0.5 * np.log(cv2.GaussianBlur(fine * fine, (0, 0), sigma) + 1.0)
    soft = cv2.GaussianBlur(lab, (0, 0), max(0.6, 0.006 * face))
    return np.concatenate([soft, contrast[..., None]], -1).astype(np.float32)


def _outside(window: Window) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) bool the fitted head, and the distance to it in face widths."""
    head = np.isfinite(window.head_near)
    return head, cv2.distanceTransform((~head).astype(np.uint8), cv2.DIST_L2, 5) / window.face


def _oval(window: Window) -> np.ndarray:
    return fill(window.skin.shape, window.landmarks[list(OVAL)]) > 0


def _across(window: Window) -> np.ndarray:
    """(H, W) distance from the face's axis, face widths."""
    points = window.landmarks
    up = points[10] - points[152]
    up = up / np.linalg.norm(up)
    y, x = np.mgrid[: window.skin.shape[0], : window.skin.shape[1]].astype(np.float32)
    return ((x - points[152, 0]) * -up[1] + (y - points[152, 1]) * up[0]) / window.face


def _seeds(window: Window, people: np.ndarray) -> dict[str, np.ndarray]:
    """Places (H, W) bool that are surely hair, background, clothes."""
    head, far = _outside(window)
    level, parts = window.level, window.parts
    scalp = cv2.erode((parts["scalp"] > 0.8).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ring = (far < 0.10) & ~head & (level > 0.55)
    bare = (window.skin > 0.25) | (window.surface > 0.25)
    hair = (scalp | ring) & ~bare & (people > 0.6) & ~_oval(window)
    clothes = (people > 0.7) & (window.skin < 0.2) & (level < -0.55)
    collar = (people > 0.7) & (window.skin < 0.2) & (level < -0.25) & (parts["neck"] < 0.2) & (np.abs(_across(window)) < 0.35)
    background = (people < 0.15) | ((far > 0.8) & (level > 0.9))
    shown = window.shown
    return {"hair": hair & shown, "background": background & shown, "clothes": (clothes & shown) | collar, "scalp": scalp}


def _place(window: Window) -> np.ndarray:
    """(H, W) log odds of hair by the place alone."""
    _, far = _outside(window)
    level, parts = window.level, window.parts
    odds = 2.2 * np.clip(1 - far / 0.35, -1, 1) * (level > 0.1)
    odds += np.where(level < 0.1, -0.4 - 0.8 * np.clip((0.1 - level) / 1.2, 0, 1), 0)
    odds += 2.0 * (parts["scalp"] > 0.8)
    odds -= 8 * np.clip(window.skin - 0.3, 0, 1) + 8 * np.clip(window.surface - 0.3, 0, 1)
    odds -= 6.0 * (_oval(window) & (level < 0.62))
    return odds - 3.5 * (parts["right_ear"] + parts["left_ear"])


def _grown(
    window: Window, samples: np.ndarray, seeds: dict[str, np.ndarray], place: np.ndarray, people: np.ndarray, known: bool
) -> np.ndarray:
    """(H, W) chance of hair."""
    _, far = _outside(window)
    level, face = window.level, window.face
    shape = level.shape
    ears = window.parts["right_ear"] + window.parts["left_ear"]
    guide = window.rgb.astype(np.float32) / 255
    flat = samples.reshape(-1, samples.shape[-1])

    def density(where: np.ndarray, count: int) -> np.ndarray:
        index = np.flatnonzero(where)
        index = index[np.linspace(0, len(index) - 1, min(3000, len(index))).astype(int)]
        mixture = fit_mixture(flat[index], np.ones(len(index), np.float32), count, _FLOOR)
        return mixture.log_density(flat).reshape(shape)

    others = [np.full(shape, _EVEN + np.log(0.1), np.float32)]
    if (window.skin > 0.8).sum() > 60:
        others.append(density(window.skin > 0.8, 4) + np.log(0.2))
    if seeds["background"].sum() > 200:
        others.append(density(seeds["background"], 6) + (np.log(np.clip(1 - people, 0.02, 1)) if known else np.log(0.5)))
    hair = seeds["hair"].astype(np.float32)
    for turn in range(_ROUNDS):
        train = (hair > 0.6) & (((level > 0.15) & (far < 0.3) & (ears < 0.3)) | (turn >= 2)) & (window.surface < 0.3)
        own = density(train if train.sum() > 60 else hair > 0.6, 5)
        rivals = list(others)
        clothes = seeds["clothes"] & ((hair < 0.5) if turn else (own < _EVEN + 1.0))
        if clothes.sum() > 80:
            rivals.append(density(clothes, 5) + np.log(np.clip(0.5 - level, 0.02, 1)))
        odds = np.clip(own - np.logaddexp.reduce(np.stack(rivals), 0), -6, 6) + place
        if known:
            odds += np.clip(4 * (people - 0.5), -4, 1) * 1.5
        odds = _guided(guide, np.clip(odds, -8, 8).astype(np.float32), max(2, int(0.025 * face)), 3e-3)
        hair = _whole(window, 1 / (1 + np.exp(-odds)), seeds["hair"])
    return hair


def _guided(guide: np.ndarray, values: np.ndarray, radius: int, eps: float) -> np.ndarray:
    """Edge-aware mean along the edges of a color picture (He et al., "Guided Image Filtering", 2010)."""

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (2 * radius + 1, 2 * radius + 1))

    centre, level = mean(guide), mean(values)
    cross = mean(guide * values[..., None]) - centre * level[..., None]
    spread = np.empty((*guide.shape[:2], 3, 3), np.float32)
    for i in range(3):
        for j in range(3):
            spread[..., i, j] = mean(guide[..., i] * guide[..., j]) - centre[..., i] * centre[..., j] + (eps if i == j else 0)
    slope = np.linalg.solve(spread, cross[..., None])[..., 0]
    shift = level - (slope * centre).sum(-1)
    return (mean(slope) * guide).sum(-1) + mean(shift)


def _whole(window: Window, hair: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """The chance without thin bridges and without what is not connected to the seeds."""

    def opened(radius: float) -> np.ndarray:
        side = 2 * max(1, round(radius * window.face)) + 1
        return cv2.morphologyEx(
            (hair > 0.5).astype(np.uint8), cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        )

    kept = np.where(window.level < 0.5, opened(0.035), opened(0.012)) > 0
    hair = np.where((hair > 0.5) & ~kept, 0.4, hair)
    count, label = cv2.connectedComponents((hair > 0.5).astype(np.uint8))
    keep = np.bincount(label[seeds], minlength=count) > 0.02 * seeds.sum()
    keep[0] = False
    return np.where(keep[label] | (hair <= 0.5), hair, 0)


def _beyond_photo(window: Window, hair: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Beyond the photo: a coat as thick as the seen outline's."""
    if window.shown.all():
        return hair
    head, far = _outside(window)
    inside = cv2.distanceTransform(head.astype(np.uint8), cv2.DIST_L2, 5) / window.face
    distance = np.where(head, -inside, far)
    mask = (hair > 0.5).astype(np.uint8)
    edge = (mask > 0) & window.shown & (cv2.erode(mask, np.ones((3, 3), np.uint8)) == 0) & ~head & (window.level > 0.55)
    coat = float(np.clip(np.median(distance[edge]), 0.02, 0.25)) if edge.sum() > 20 else 0.08
    more = ~window.shown & (distance < coat) & ((window.parts["scalp"] > 0.3) | ~head) & (window.level > 0.5)
    side = 2 * int(0.06 * window.face) + 1
    more = cv2.morphologyEx((more | (hair > 0.5)).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)) > 0
    return np.where(window.shown, hair, more.astype(hair.dtype))


def _refusal(window: Window, lab: np.ndarray, hair: np.ndarray, people: np.ndarray) -> str:
    """Why there is no hair to be built."""
    scalp = (window.parts["scalp"] > 0.8) & window.shown & (people > 0.8)
    skin = (window.skin > 0.9) & _oval(window)
    if (hair > 0.5).sum() < 50:
        return "bald"
    if scalp.sum() > 50 and skin.sum() > 50:
        difference = np.median(lab[scalp], 0) - np.median(lab[skin], 0)
        if np.hypot(*difference[1:]) < 6.5 and difference[0] > -12:
            return "bald"
    place = scalp & (hair > 0.5)
    place = place if place.sum() > 50 else (hair > 0.5) & window.shown
    if place.sum() > 50:
        color = np.median(power_to_linear(window.rgb[place].astype(np.float32) / 255), 0)
        if color[2] > 1.15 * color[0] or color[1] > 1.2 * color[0] or color @ LUMINANCE > 0.62:
            return "covered"
    return ""
