"""Pictures that nothing natural has, made of photos, and the whole way from each to a head: what must never end in a crash or in a
number that is not finite.

    python tests/support/odd_pictures.py PHOTO ... [--mixed N]

makes a head, with hair, of every change of every photo and of N mixed changes of each, and prints what broke.
"""

from __future__ import annotations

import argparse
import json
import math
import runpy
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).resolve().parent / "paths.py"))

from engine.methods import reconstruct
from engine.photo import Landmarker, observe
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.odd_light import grey
from support.small_maps import small_analysis

__all__ = ["CHANGES", "broken", "mixed"]

Change = Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]
"""(H, W, 3) uint8, (478, 2) landmarks, random numbers -> the changed picture."""


def _coded(values: np.ndarray) -> np.ndarray:
    return np.uint8(np.clip(np.round(values), 0, 255))


def _gains(pixels: np.ndarray, _: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _coded(pixels * np.exp(rng.uniform(-3, 1.5, 3)))


def _posterised(pixels: np.ndarray, _: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    step = 255 / (rng.integers(2, 6) - 1)
    return _coded(np.round(pixels / step) * step)


def _without(count: int) -> Change:
    def change(pixels: np.ndarray, _: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return pixels * np.isin(np.arange(3), rng.permutation(3)[count:]).astype(np.uint8)

    return change


def _one_bit(pixels: np.ndarray, points: np.ndarray, _: np.random.Generator) -> np.ndarray:
    plain = grey(pixels)
    return np.uint8(255 * (plain > np.median(_around(plain, points))))


def _around(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The part of a picture in which the face lies."""
    low, high = np.maximum(points[:, :2].min(0), 0).astype(int), points[:, :2].max(0).astype(int) + 2
    return pixels[low[1] : high[1], low[0] : high[0]]


def _powered(pixels: np.ndarray, _: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return _coded(255 * (pixels / 255) ** rng.choice([0.15, 0.3, 4, 8]))


def _noisy(pixels: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    out = pixels.copy()
    face = _around(out, points)
    share = rng.uniform(0.3, 0.7)
    face[:] = _coded((1 - share) * face + share * rng.integers(0, 256, face.shape))
    return out


def _clipped(pixels: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = (np.arange(pixels.shape[1]) > points[4, 0]) ^ bool(rng.integers(2))
    return _coded(pixels * np.where(side, 12.0, 1.0)[:, None])


CHANGES: dict[str, Change] = {
    "gains": _gains,
    "posterised": _posterised,
    "a channel empty": _without(1),
    "two channels empty": _without(2),
    "grey": lambda pixels, *_: grey(pixels),
    "inverted": lambda pixels, *_: 255 - pixels,
    "solarised": lambda pixels, *_: np.where(pixels > 127, 255 - pixels, pixels),
    "one bit": _one_bit,
    "powered": _powered,
    "noise on the face": _noisy,
    "half burnt": _clipped,
}
"""Name -> the change."""


def mixed(pixels: np.ndarray, points: np.ndarray, seed: int) -> tuple[str, np.ndarray]:
    """Two changes one after the other: their names and the picture. As many seeds as there are changes take each of them."""
    rng = np.random.default_rng(seed)
    first = seed % len(CHANGES)
    names = [list(CHANGES)[i] for i in (first, (first + rng.integers(1, len(CHANGES))) % len(CHANGES))]
    for name in names:
        pixels = CHANGES[name](pixels, points, rng)
    return " + ".join(names), pixels


def broken(pixels: np.ndarray, folder: Path) -> str:
    """What is wrong with the way from a picture to its head; empty where there is a whole head, or the sentence that there is no
    face.

    Args:
        pixels: (H, W, 3) uint8. folder: for the files.
    """
    photo = folder / "odd.png"
    cv2.imwrite(str(photo), np.ascontiguousarray(pixels[..., ::-1]))
    with small_analysis(), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            bundle = reconstruct(photo, folder / "head", Settings(texture_size=256, quality="draft"))
        except HrnError as error:
            allowed = error.code in (ErrorCode.NO_FACE, ErrorCode.FACE_TOO_SMALL)
            return "" if allowed else f"{error.code}: {error}"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    bad = [name for name, array in bundle.arrays().items() if array.dtype.kind == "f" and not np.isfinite(array).all()]
    if (folder / "head" / "hair.npz").is_file():
        with np.load(folder / "head" / "hair.npz") as hair:
            bad += [name for name in hair.files if hair[name].dtype.kind == "f" and not np.isfinite(hair[name]).all()]
    if not _finite(json.loads(json.dumps(bundle.manifest))):
        bad.append("manifest")
    return ", ".join(bad)


def _finite(value: object) -> bool:
    """Whether all numbers within are."""
    if isinstance(value, dict):
        return all(_finite(one) for one in value.values())
    if isinstance(value, list):
        return all(_finite(one) for one in value)
    return not isinstance(value, float) or math.isfinite(value)


def main(arguments: list[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--mixed", type=int, default=6)
    given = parser.parse_args(arguments)
    failures = heads = 0
    with Landmarker() as landmarker:
        faces = {path: observe(path, landmarker) for path in given.photos}
    for path, (photo, face) in faces.items():
        pictures = [(name, change(photo.pixels, face.landmarks, np.random.default_rng(0))) for name, change in CHANGES.items()]
        pictures += [mixed(photo.pixels, face.landmarks, seed) for seed in range(given.mixed)]
        for name, pixels in pictures:
            with tempfile.TemporaryDirectory() as folder:
                wrong = broken(pixels, Path(folder))
                heads += Path(folder, "head").is_dir()
            failures += bool(wrong)
            print(Path(path).stem, name, wrong or "-", flush=True)
    print(f"{failures} broken; {heads} heads")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
