"""ModelScope's synthetic head: ribbons of vertices in the three official sizes."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np

from engine.published.basel.files import FaceModelData
from support.golden.rules import det, state_of, uni

_FACE, _KEPT, _FULL, _HEAD = 35709, 35241, 38924, 37550


class Parts(NamedTuple):
    fitting: FaceModelData
    output: FaceModelData
    face: FaceModelData
    kept: np.ndarray
    hair: np.ndarray
    keypoints: np.ndarray
    uv: np.ndarray


def _ribbon(count: int) -> np.ndarray:
    i = np.arange(count)
    return np.stack([0.8 * np.cos(0.37 * i), 1 - 2 * i / count, 0.6 + 0.5 * np.sin(0.37 * i)], 1).astype(np.float32)


def _model(tag: str, count: int) -> FaceModelData:
    i = np.arange(count)
    faces = count - 2
    around = np.stack([i, np.maximum(i - 1, 0), np.maximum(i - 2, 0)] + [np.full(count, faces)] * 5, 1)
    return FaceModelData(
        _ribbon(count),
        det(f"{tag}/idBase", (3 * count, 80), 5e-4),
        det(f"{tag}/exBase", (3 * count, 64), 5e-4),
        det(f"{tag}/meantex", (count, 3), 10, 150),
        det(f"{tag}/texBase", (3 * count, 80), 1),
        np.stack([i[:-2], i[1:-1], i[2:]], 1),
        np.minimum(around, faces),
        state_of("head/keypoints").permutation(35000)[:68],
    )


@functools.cache
def parts() -> Parts:
    output = _model("head", _HEAD)
    empty = np.zeros(0, np.float32)
    face = FaceModelData(_ribbon(_FACE) + np.float32(0.01), empty, empty, empty, empty, empty, empty, empty)
    return Parts(
        _model("full", _FULL),
        output,
        face,
        np.sort(state_of("head/keep").permutation(_FACE)[:_KEPT]),
        _KEPT + np.sort(state_of("head/hair").permutation(1841)[:600]),
        state_of("head/kp_fit").permutation(_KEPT)[:68],
        uni("head/uv", (_HEAD, 2), 0.02, 0.98),
    )


def adjust_part(name: str) -> np.ndarray:
    return det(f"head/part/our_full_bfmEyes/{name}", (_HEAD, 3), 0.02)
