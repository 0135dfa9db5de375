"""What cameras, programs and people do to photos of parts: exposure, color, blur, noise, captions, compression."""

from __future__ import annotations

import cv2
import numpy as np

from ..wire.color import linear_to_power
from .parts import SIDE, Part
from .variety import finish

__all__ = ["develop_parts", "reduced_labels"]


def reduced_labels(labels: np.ndarray, first: int | None = None) -> np.ndarray:
    """(S/2, S/2) uint8: the label that most of each 2 x 2 pixels have; of ties, the one of the first of them.

    Args:
        first: a label that one pixel is enough for.
    """
    side = len(labels) // 2
    four = labels.reshape(side, 2, side, 2).transpose(0, 2, 1, 3).reshape(side, side, 4)
    count = (four[..., :, None] == four[..., None, :]).sum(-1)
    most = np.take_along_axis(four, count.argmax(-1)[..., None], -1)[..., 0]
    return most if first is None else np.where((four == first).any(-1), np.uint8(first), most)


_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_PLAIN,
)  # fmt: skip


def _captions(light: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
    """Write bars and words over a picture (S, S, 3) of radiance about 1 and its labels, in place."""
    side = len(light)
    tall, wide = int(side * rng.uniform(0.03, 0.14)), int(side * rng.uniform(0.25, 1.1))
    x, y = int(rng.uniform(-0.1, 0.8) * side), int(rng.uniform(0.05, 0.9) * side)
    color = tuple(float(v) for v in (rng.random(3) if rng.random() < 0.5 else np.full(3, rng.choice([0.0, 1.0]))))
    bar = np.zeros((side, side), np.uint8)
    if rng.random() < 0.5:
        cv2.rectangle(bar, (x, y), (x + wide, y + tall), 1, -1)
        light[bar > 0] = color
        labels[bar > 0] = Part.COVER
        color = tuple(1 - v for v in color)
    words = "".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVWXYZabcdefghiklmnoprstuvw 0123456789"), rng.integers(4, 24)))
    bar[:] = 0
    font = int(rng.choice(_FONTS))
    scale, thick = tall / (30 if font != cv2.FONT_HERSHEY_PLAIN else 16), max(1, int(tall / 30 * rng.uniform(1.5, 5)))
    at = (x + 4, y + int(0.8 * tall))
    if rng.random() < 0.4:  # with an outline
        cv2.putText(bar, words, at, font, scale, 1, thick + int(rng.integers(2, 6)))
        light[bar > 0] = 1 - np.array(color)
        labels[bar > 0] = Part.COVER
        bar[:] = 0
    cv2.putText(bar, words, at, font, scale, 1, thick)
    light[bar > 0] = color
    labels[bar > 0] = Part.COVER


def _sticker(light: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> None:
    """Put a filled shape somewhere, in place: a disc, a star or a blot of one color, with another's border."""
    side = len(light)
    turn = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    points, deep = int(rng.integers(3, 9)), rng.uniform(0, 0.45)
    radius = side * rng.uniform(0.03, 0.16) * (1 + deep * np.cos(points * turn + rng.uniform(0, 6)))
    ring = rng.uniform(0.2, 0.8, 2) * side + radius[:, None] * np.stack([np.cos(turn), np.sin(turn)], 1)
    ring = np.round(ring).astype(np.int32)
    mask = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [ring], 1)
    light[mask > 0] = rng.random(3)
    labels[mask > 0] = Part.COVER
    if rng.random() < 0.5:
        mask[:] = 0
        cv2.polylines(mask, [ring], True, 1, int(rng.integers(1, 8)))
        light[mask > 0] = rng.random(3)
        labels[mask > 0] = Part.COVER


def _exposed(light: np.ndarray, subject: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Radiance at the brightness at which a camera would have taken it: by the person, or by all."""
    bright = light.mean(-1)
    where = subject if rng.random() < 0.7 and subject.any() else np.ones_like(subject)
    level = np.percentile(bright[where][::5], 75) + 1e-6
    gain = np.clip(rng.normal(0.42, 0.14), 0.1, 0.9) / level
    if rng.random() < 0.08:
        gain *= np.exp(rng.choice([-1.2, 0.9]) * rng.uniform(0.3, 1))
    out = light * np.float32(gain) * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
    kind = rng.random()
    if kind < 0.06:  # lamps in stage colors, or a white balance that is far off
        out = out * np.exp(rng.normal(0, 0.6, 3)).astype(np.float32)
    if rng.random() < 0.5:  # film's shoulder
        out = out * (1 + out / 4) / (1 + out)
    return out


def _toned(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """No color, sepia, pale, or strong color."""
    grey = picture @ np.array([0.3, 0.59, 0.11], np.float32)
    kind = rng.random()
    if kind < 0.04:
        return np.repeat(grey[..., None], 3, -1)
    if kind < 0.07:
        return np.clip(grey[..., None] * np.float32([1.1, rng.uniform(0.85, 1), rng.uniform(0.5, 0.85)]), 0, 1)
    strength = np.float32(rng.uniform(0.55, 1.35))
    return np.clip(grey[..., None] + (picture - grey[..., None]) * strength, 0, 1)


def develop_parts(
    light: np.ndarray, labels: np.ndarray, rng: np.random.Generator, close: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """A photo (SIDE, SIDE, 3) uint8 sRGB and its labels (SIDE, SIDE) uint8.

    Args:
        light: (2 SIDE, 2 SIDE, 3) radiance. labels: (2 SIDE, 2 SIDE) of it.
        close: of the face alone: more has words and stickers on it, and frames are labelled wherever something of them is.
    """
    face = (labels == Part.SKIN) | (labels == Part.LIPS)
    out = np.clip(_exposed(light, face, rng), 0, 1)
    if rng.random() < (0.12 if close else 0.06):
        labels = labels.copy()
        _captions(out, labels, rng)
    if close and rng.random() < 0.04:
        labels = labels.copy()
        _sticker(out, labels, rng)
    if rng.random() < 0.12:  # bloom
        out = np.clip(out + np.float32(rng.uniform(0.1, 0.5)) * cv2.GaussianBlur(np.maximum(out - 0.7, 0), (0, 0), 12), 0, 1)
    out = cv2.resize(out, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    picture = linear_to_power(out).astype(np.float32)
    contrast = np.float32(rng.uniform(-0.1, 0.4))
    picture = picture * (1 - contrast) + contrast * picture * picture * (3 - 2 * picture)
    picture = finish(_toned(picture, rng), rng, grey=0.0)
    if rng.random() < 0.35:  # a small or a blurred original
        size = int(SIDE * np.exp(rng.uniform(np.log(0.22), np.log(0.9))))
        way = rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
        small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (SIDE, SIDE), interpolation=int(way))
    if rng.random() < 0.35:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.4))
    if rng.random() < 0.05:  # moved
        size = int(rng.integers(3, 9))
        kernel = np.zeros((size, size), np.float32)
        ends = rng.integers(0, size, 2)
        cv2.line(kernel, (0, int(ends[0])), (size - 1, int(ends[1])), 1.0)
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    grain = rng.standard_normal((SIDE, SIDE, 3), np.float32)
    if rng.random() < 0.3:
        grain = np.repeat(grain[..., :1], 3, -1)
    picture = picture + grain * np.float32(rng.gamma(1.0, 0.012))
    eight = np.ascontiguousarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.6:
        coded = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))])[1]
        eight = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return eight, reduced_labels(labels, Part.GLASSES if close else None)
