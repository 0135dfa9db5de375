"""The pictures of ``docs/user/photos.md``: what people have, and the heads that come of it.

    python tests/support/photo_pictures.py docs/img

makes ``photos_covers.jpg`` and ``photos_light.jpg`` from the demo's portrait (NASA, public domain).
"""

from __future__ import annotations

import argparse
import importlib.util
import runpy
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).resolve().parent / "paths.py"))

from engine.bench.painted import paint
from engine.methods import reconstruct
from engine.photo import Landmarker, observe
from engine.photo.landmarks import face_width
from engine.wire.settings import Settings
from support.odd_light import ODD_LIGHT

COVERS = ("broad", "silver", "sunglasses", "blue mask", "fingers on the mouth", "words on the lips")
"""Things of :data:`engine.bench.painted.THINGS`."""
LIGHTS = ("grey", "sepia", "blue light", "red and blue", "no blue", "half painted")
"""Changes of :data:`support.odd_light.ODD_LIGHT`."""
CELL = 240
"""Side of one picture, pixels."""


def main(arguments: list[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    spec = importlib.util.find_spec("skimage")
    with Landmarker() as landmarker:
        photo, face = observe(Path(spec.submodule_search_locations[0]) / "data" / "astronaut.png", landmarker)
    covers = [paint(name, photo.pixels, face.landmarks).pixels for name in COVERS]
    lights = [ODD_LIGHT[name][0](photo.pixels, face.landmarks) for name in LIGHTS]
    middle = face.landmarks[:, :2].mean(0)
    for name, pictures in (("photos_covers.jpg", covers), ("photos_light.jpg", lights)):
        pairs = [np.hstack([_around(picture, middle, face_width(face)), _head(picture)]) for picture in pictures]
        sheet = np.vstack([np.hstack(pairs[start : start + 3]) for start in range(0, len(pairs), 3)])
        cv2.imwrite(str(folder / name), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 86])
    return 0


def _around(picture: np.ndarray, middle: np.ndarray, width: float) -> np.ndarray:
    """(CELL, CELL, 3): head and shoulders."""
    half = 1.35 * width
    left, top = np.maximum((middle - half).astype(int), 0)
    right, low = (middle + half).astype(int)
    return cv2.resize(picture[top:low, left:right], (CELL, CELL), interpolation=cv2.INTER_AREA)


def _head(picture: np.ndarray) -> np.ndarray:
    """(CELL, CELL, 3): the preview of the head that comes of a picture."""
    with tempfile.TemporaryDirectory() as folder:
        photo, bundle = Path(folder, "photo.png"), Path(folder, "head")
        cv2.imwrite(str(photo), picture[..., ::-1])
        reconstruct([photo], bundle, Settings(texture_size=1024))
        preview = cv2.imread(str(bundle / "preview.png"))[..., ::-1]
    return cv2.resize(preview, (CELL, CELL), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    sys.exit(main())
