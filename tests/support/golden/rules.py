"""The rules by which the goldens' inputs are made: arrays as functions of a name and a shape, closed-form pictures,
and the strided samples that are stored.

Two families: ``det``/``uni``/``smooth`` are float32 (HRN and ModelScope), ``normal``/``uniform``/``pattern_image``
are float64 (Deep3D, 3DDFA-V3, DF_MVR).
"""

from __future__ import annotations

import zlib

import numpy as np


def state_of(name: str) -> np.random.RandomState:
    """NumPy's legacy generator seeded by the name; its streams are the same in every version."""
    return np.random.RandomState(zlib.crc32(name.encode("utf-8")) & 0xFFFFFFFF)


def normal(name: str, shape, scale: float = 1.0) -> np.ndarray:
    return state_of(name).standard_normal(shape) * scale


def uniform(name: str, shape, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return low + (high - low) * state_of(name).random_sample(shape)


def det(name: str, shape, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    return (normal(name, shape, scale) + shift).astype(np.float32)


def uni(name: str, shape, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return (state_of(name).random_sample(shape) * (high - low) + low).astype(np.float32)


def smooth(channels: int, height: int, width: int) -> np.ndarray:
    """(C, H, W) float32 in 0..1."""
    k = np.arange(channels)[:, None, None]
    y, x = np.arange(height)[None, :, None], np.arange(width)[None, None, :]
    return (0.5 + 0.25 * np.sin(0.05 * x * (k + 1) + 0.3) + 0.25 * np.cos(0.07 * y + k)).astype(np.float32)


def photo(height: int, width: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB of :func:`smooth`."""
    return np.clip(255 * smooth(3, height, width), 0, 255).astype(np.uint8).transpose(1, 2, 0)


def face_mask() -> np.ndarray:
    """(1, 1, 224, 224) float32: an ellipse that fades out."""
    y, x = np.mgrid[:224, :224]
    return np.clip(1.3 - np.hypot((x - 108) / 75, (y - 116) / 95), 0, 1).astype(np.float32)[None, None]


def pattern_image(channels: int, height: int, width: int, phase: float = 0.0) -> np.ndarray:
    """(C, H, W) float64 in 0..1."""
    c = np.arange(channels, dtype=np.float64)[:, None, None]
    y, x = np.arange(height, dtype=np.float64)[None, :, None], np.arange(width, dtype=np.float64)[None, None, :]
    return (
        0.5
        + 0.25 * np.sin(0.11 * (c + 1) * x + 0.5 * c + phase)
        + 0.20 * np.cos(0.07 * (c + 1) * y - 0.3 * c + 0.5 * phase)
        + 0.05 * np.sin(0.9 * x + 1.3 * y)
    )


def pattern_bytes(height: int, width: int, phase: float = 0.0) -> np.ndarray:
    """(H, W, 3) uint8 of :func:`pattern_image`, truncated."""
    return (pattern_image(3, height, width, phase) * 255).astype(np.uint8).transpose(1, 2, 0)


def strided(array, count: int = 64) -> np.ndarray:
    """`count` evenly spaced elements in C order (all of them when there are no more)."""
    flat = np.asarray(array).reshape(-1)
    if flat.size <= count:
        return flat
    return flat[np.floor(np.linspace(0, flat.size - 1, count)).astype(np.int64)]
