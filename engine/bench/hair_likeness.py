"""Whether a face recogniser finds a rebuilt head more like its photo with hair than without."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..head import load_head_model
from ..head.subdivision import subdivided
from ..pipeline.image_files import write_png
from ..pipeline.preview import render_head
from ..wire.bundle import Bundle
from ..wire.hair import load_hair
from ..wire.messages import reason, say
from .hair_bundle import NotMeasured, in_photo, photo_camera, posed_head
from .hair_metrics import tufts
from .scripts import last_line

__all__ = ["Likeness", "around_head", "distances", "recognized", "write_pictures", "write_sizes"]

_SCRIPT = Path(__file__).resolve().parents[2] / "tests" / "digest" / "face_distances.py"
_HEAD_PIXELS = 420
"""Height of the head in the pictures."""
_SIZES = (357, 420, 504)
"""Heights of the head in the pictures whose distances count as one: a single picture's distance changes by 0.003 with its size
alone, as much as what is looked for."""


class Likeness(NamedTuple):
    """Distances of dlib's network between a photo and its head; None where it finds no face."""

    bald: float | None
    haired: float | None


def write_sizes(bundle: Bundle, folder: Path) -> list[list[Path]]:
    """Write the photo, the head without hair and the head with hair, all cut alike, in several sizes; their paths."""
    fine, finer = subdivided(load_head_model())
    camera, posed = photo_camera(bundle), finer @ posed_head(bundle)
    photo = cv2.imread(str(bundle.path / bundle.manifest["cameras"][0]["file"]))[..., ::-1]

    def albedo(name: str) -> np.ndarray | None:
        told = bundle.manifest["maps"].get(name)
        return None if told is None else cv2.imread(str(bundle.path / told["file"]))[..., ::-1]

    groups = {name: tufts(group._replace(points=in_photo(bundle, group.points))) for name, group in load_hair(bundle).items()}
    painted, bare = albedo("albedo"), albedo("albedo_bare")
    written = []
    for size in _SIZES:
        cut, shown = around_head(camera, photo, posed, size)
        pictures = {
            "photo": shown,
            "bald": render_head(fine, posed, cut, painted, background=150),
            "haired": render_head(
                fine, posed, cut, painted if bare is None or not groups else bare, background=150, tufts=groups
            ),
        }
        written.append(write_pictures(folder / str(size), pictures))
    return written


def around_head(camera: Camera, photo: np.ndarray, vertices: np.ndarray, size: int = _HEAD_PIXELS) -> tuple[Camera, np.ndarray]:
    """The photo around a head of (N, 3) mm, and its camera.

    Args:
        camera: of the whole photo, (H, W, 3) uint8.
        size: height of the head, pixels.
    """
    pixels, _ = camera.project(vertices)
    low, high = pixels.min(0), pixels.max(0)
    space = 0.25 * (high - low).max()
    x0, y0 = np.maximum(np.floor(low - space), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high + space), (camera.width, camera.height)).astype(int)
    scale = size / max(1.0, float((high - low).max()))
    cut = camera.cropped(int(x0), int(y0), int(x1 - x0), int(y1 - y0)).scaled(scale)
    smaller = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cut, cv2.resize(photo[y0:y1, x0:x1], (cut.width, cut.height), interpolation=smaller)


def write_pictures(folder: Path, pictures: dict[str, np.ndarray]) -> list[Path]:
    """Write (H, W, 3) uint8 pictures by their names into a folder, which is made; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.png" for name in pictures]
    for path, image in zip(paths, pictures.values()):
        write_png(path, np.ascontiguousarray(image))
    return paths


def distances(heads: Sequence[Sequence[Sequence[Path]]], python: Path, scratch: Path) -> list[Likeness]:
    """The recogniser's distances of each head's (photo, bald, haired) triples, their mean over the sizes.

    Args:
        python: interpreter of an environment with ``engine/requirements/likeness.txt``.

    Raises:
        NotMeasured: it cannot be run.
    """
    told = iter(recognized([triple for head in heads for triple in head], python, scratch))
    return [Likeness(*map(_mean, zip(*(next(told) for _ in head)))) for head in heads]


def _mean(values: Sequence[float | None]) -> float | None:
    return None if None in values else float(np.mean(values))


def recognized(pictures: Sequence[Sequence[Path]], python: Path, scratch: Path) -> list[list[float | None]]:
    """The recogniser's distances from each first picture to the others of its row; None where it finds no face.

    Args:
        python: interpreter of an environment with ``engine/requirements/likeness.txt``.

    Raises:
        NotMeasured: it cannot be run.
    """
    listed = scratch / "pairs.json"
    listed.write_text(json.dumps([[str(path) for path in one] for one in pictures]), encoding="utf-8")
    try:
        done = subprocess.run([str(python), str(_SCRIPT), str(listed)], capture_output=True, text=True)
    except OSError as error:
        raise NotMeasured(say("the recogniser cannot be run: {reason}", reason=reason(error))) from error
    if done.returncode:
        raise NotMeasured(say("the recogniser cannot be run: {reason}", reason=last_line(done.stderr)))
    return json.loads(done.stdout)
