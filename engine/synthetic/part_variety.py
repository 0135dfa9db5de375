"""Rendered pictures of parts made to look like photos of all kinds: the light, the camera, the file, and where the photo ends."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["UNKNOWN", "varied"]

UNKNOWN = 255
"""Label of pixels that nothing is learnt from."""
HAIR = 2
"""Label of hair."""
_RECOLORED = (HAIR, 7, 8, 9, 10, 11, 12, 0)
"""Parts whose color may be anything: hair a little; frames, lenses, covers, hats, clothes, other people, background."""


def varied(
    rng: np.random.Generator, picture: np.ndarray, labels: np.ndarray, landmarks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture as another camera, in other light, would have kept it.

    Args:
        picture: (S, S, 3) uint8. labels: (S, S) uint8. landmarks: (478, 2) pixels.

    Returns:
        The three again; landmarks as far off as a network's are.
    """
    picture, labels, landmarks = _moved(rng, picture, labels, landmarks)
    light = picture.astype(np.float32) / 255
    light = _recolored(rng, light, labels)
    if rng.random() < 0.4:
        light = _lit(rng, light)
    light = _toned(rng, light, 1.0 if rng.random() < 0.3 else 0.4)
    picture = _filed(rng, light) if rng.random() < 0.6 else np.round(light * 255).astype(np.uint8)
    picture, labels = _ended(rng, picture, labels)
    width = max(20.0, float(np.ptp(landmarks[:468, 0])))
    noise = rng.normal(0, 0.012 * width, landmarks.shape)
    shared = rng.normal(0, 0.015 * width, 2)
    middle = landmarks.mean(0)
    scale = np.exp(rng.normal(0, 0.03, 2))
    return picture, labels, ((landmarks - middle) * scale + middle + noise * rng.uniform(0, 1) + shared).astype(np.float32)


def _moved(rng, picture, labels, landmarks):
    """Mirrored, turned, moved and scaled a little."""
    side = len(picture)
    angle, scale = np.radians(rng.normal(0, 8)), np.exp(rng.normal(0, 0.07))
    shift = rng.normal(0, 0.02 * side, 2)
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if rng.random() < 0.5:
        matrix[:, 0] *= -1
    move = side / 2 + shift - matrix @ np.full(2, side / 2)
    warp = np.concatenate([matrix, (move + matrix @ np.full(2, 0.5) - 0.5)[:, None]], 1)
    options = {"dsize": (side, side), "borderMode": cv2.BORDER_REPLICATE}
    picture = cv2.warpAffine(picture, warp, flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR, **options)
    labels = cv2.warpAffine(labels, warp, flags=cv2.INTER_NEAREST, **options)
    return picture, labels, (landmarks @ matrix.T + move).astype(np.float32)


def _recolored(rng, light, labels):
    """Some parts in another color, or in the color of the hair, which is what makes them hard to tell from it."""
    hair = light[labels == HAIR]
    for part in _RECOLORED:
        kind = rng.random()
        if kind > 0.27:
            continue
        mask = cv2.GaussianBlur((labels == part).astype(np.float32), (0, 0), 0.8)[..., None]
        if mask.max() < 0.5:
            continue
        if kind > 0.12 and len(hair) > 200 and part != HAIR:
            gain = (hair.mean(0) + 0.01) / ((light * mask).sum((0, 1)) / mask.sum() + 0.01)
            gain = gain * np.exp(rng.normal(0, 0.1, 3) + rng.normal(0, 0.25))
        else:
            strength = 0.25 if part == HAIR else 1.0
            gain = np.exp(rng.normal(0, 0.35 * strength, 3) + rng.normal(0, 0.5 * max(strength, 0.6)))
        light = light * (1 - mask) + np.clip(light * gain.astype(np.float32), 0, 1) * mask
    return light


def _field(rng, side, cells):
    """(side, side) float32: smooth, mean 0, deviation about 1."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)


def _lit(rng, light):
    """Uneven light, and light of other colors from some sides."""
    side = len(light)
    if rng.random() < 0.5:
        light = light * np.exp(0.3 * rng.random() * _field(rng, side, 3))[..., None]
    if rng.random() < 0.25:
        tint = np.exp(rng.normal(0, 0.3, 3)).astype(np.float32)
        share = np.clip(0.5 + 0.5 * _field(rng, side, 3), 0, 1)[..., None]
        light = light * (1 - share + share * tint)
    return light


def _toned(rng, light, strength):
    """Exposure, white balance, contrast, color."""
    light = np.clip(light, 1e-4, 1) ** np.exp(rng.normal(0, 0.25 * strength))
    light = light * np.exp(rng.normal(0, 0.12 * strength, 3) + rng.normal(0, 0.2 * strength)).astype(np.float32)
    middle = light.mean()
    light = (light - middle) * np.exp(rng.normal(0, 0.2 * strength)) + middle
    grey = (light @ np.float32([0.3, 0.59, 0.11]))[..., None]
    kind = rng.random()
    light = grey + (light - grey) * (0.0 if kind < 0.05 else np.exp(rng.normal(0, 0.3 * strength)))
    if kind < 0.02:
        light = light * np.exp(rng.normal(0, 0.15, 3)).astype(np.float32)
    if kind > 0.97:
        light = cv2.cvtColor(_turned_hue(rng, light), cv2.COLOR_HSV2RGB)
    return np.clip(light, 0, 1).astype(np.float32)


def _turned_hue(rng, light):
    hsv = cv2.cvtColor(np.clip(light, 0, 1).astype(np.float32), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-40, 40)) % 360
    return hsv


def _filed(rng, light):
    """Sharpness, grain and compression."""
    side = len(light)
    if rng.random() < 0.35:
        light = cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 1.6))
    elif rng.random() < 0.25:
        small = int(side / rng.uniform(1.2, 3.0))
        light = cv2.resize(cv2.resize(light, (small, small), interpolation=cv2.INTER_AREA), (side, side))
    elif rng.random() < 0.3:
        light = light + rng.uniform(0.2, 1.0) * (light - cv2.GaussianBlur(light, (0, 0), 1.2))
    if rng.random() < 0.6:
        grain = rng.normal(0, rng.uniform(0.003, 0.035), light.shape).astype(np.float32)
        if rng.random() < 0.5:
            grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * 2
        light = light + grain
    picture = np.round(np.clip(light, 0, 1) * 255).astype(np.uint8)
    if rng.random() < 0.6:
        kept = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(30, 95))])[1]
        picture = cv2.imdecode(kept, cv2.IMREAD_COLOR)
    return picture


def _ended(rng, picture, labels):
    """Beyond the photo's edge its last pixels go on."""
    if rng.random() > 0.3:
        return picture, labels
    side = len(picture)
    picture, labels = picture.copy(), labels.copy()
    for edge in range(4):
        if rng.random() > 0.4:
            continue
        cut = int(side * rng.uniform(0.02, 0.3 if edge else 0.2))
        for array, value in ((picture, None), (labels, UNKNOWN)):
            turned = np.rot90(array, edge)
            turned[:cut] = turned[cut] if value is None else value
    return picture, labels
