"""The picture of ``docs/user/hair.md``: photos, and their grooms from all sides.

    python tests/support/hair_pictures.py HEAD... docs/img/hair_grooms.jpg

draws head bundles with the engine's quick pictures, one row each: the photo, its camera's view, both sides, behind. The page
shows the demo's portrait (NASA, public domain) and generated heads (``engine bench hair --only known --keep DIR``): the rights
to the developers' photos are others'.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).resolve().parent / "paths.py"))

from engine.bench.hair_bundle import in_photo, photo_camera, posed_head
from engine.bench.hair_likeness import around_head
from engine.bench.hair_metrics import tufts
from engine.camera import orbit_camera
from engine.head import load_head_model
from engine.head.subdivision import subdivided
from engine.pipeline.image_files import write_jpeg
from engine.pipeline.preview import render_head
from engine.wire.bundle import load_bundle
from engine.wire.hair import load_hair

SIDE = 240
"""Side of one picture, pixels."""
TURNS = (70.0, -70.0, 180.0)
"""Degrees by which the cameras beside and behind go around the head."""
GROUND = 150
"""Gray behind the heads."""


def main(arguments: list[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("heads", type=Path, nargs="+")
    parser.add_argument("picture", type=Path)
    options = parser.parse_args(arguments)
    write_jpeg(options.picture, np.vstack([row(head) for head in options.heads]))
    return 0


def row(head: Path) -> np.ndarray:
    """(SIDE, 5 SIDE, 3) uint8: the pictures of one bundle."""
    bundle, model = load_bundle(head), load_head_model()
    fine, finer = subdivided(model)
    posed, maps = posed_head(bundle), bundle.manifest["maps"]
    albedo = cv2.imread(str(bundle.path / maps.get("albedo_bare", maps["albedo"])["file"]))[..., ::-1]
    groups = {name: one._replace(points=in_photo(bundle, one.points)) for name, one in load_hair(bundle).items()}
    photo = cv2.imread(str(bundle.path / bundle.manifest["cameras"][0]["file"]))[..., ::-1]
    own, cut = around_head(photo_camera(bundle), photo, posed)
    cloud = np.concatenate([posed, *(1000 * one.points.reshape(-1, 3)[::37] for one in groups.values())])
    cameras = [own, *(orbit_camera(cloud, turn, width=SIDE, height=SIDE, fill=0.95) for turn in TURNS)]
    grown = {name: tufts(one) for name, one in groups.items()}
    drawn = [render_head(fine, finer @ posed, camera, albedo, background=GROUND, tufts=grown) for camera in cameras]
    return np.hstack([_square(picture) for picture in (cut, *drawn)])


def _square(picture: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE, 3): a picture in the middle of a square."""
    scale = SIDE / max(picture.shape[:2])
    size = [max(1, round(scale * side)) for side in picture.shape[1::-1]]
    out = np.full((SIDE, SIDE, 3), GROUND, np.uint8)
    x, y = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
    out[y : y + size[1], x : x + size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return out


if __name__ == "__main__":
    sys.exit(main())
