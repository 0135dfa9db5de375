"""How near the head of a photo with something painted over the face comes to that of the photo as it is.

    PYTHONPATH=.:tests python tests/support/compare_worn.py PHOTO FOLDER [KIND ...]

Prints, for each kind: the mean distance of the face's surface in mm, the mean difference of the albedo's levels in the face,
and the codes of the warnings. The heads stay in the folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from engine.bench.generated import face_distance
from engine.head import load_head_model
from engine.methods import reconstruct
from engine.photo import Landmarker, observe
from engine.synthetic.dataset import face_vertices
from engine.wire.settings import Settings
from support.painted_covers import COVERS, paint_cover


def main(source: str, folder: str, *kinds: str) -> None:
    """Make the heads and print the table."""
    out, settings = Path(folder), Settings(texture_size=1024, hair=False)
    out.mkdir(parents=True, exist_ok=True)
    with Landmarker() as landmarker:
        photo, face = observe(source, landmarker)
    model = load_head_model()
    vertices, near = {}, face_vertices(model)
    albedos = {}
    for kind in ("bare", *(kinds or COVERS)):
        pixels = photo.pixels if kind == "bare" else paint_cover(photo.pixels, face.landmarks, kind)
        cv2.imwrite(str(out / f"{kind}.png"), pixels[..., ::-1])
        bundle = reconstruct(out / f"{kind}.png", out / kind, settings)
        vertices[kind] = 1000 * bundle.arrays()["vertices"]
        albedo = cv2.imread(str(bundle.file("albedo"))).astype(float)
        side = len(albedo)
        albedos[kind] = albedo[int(0.2 * side) : int(0.62 * side), int(0.29 * side) : int(0.71 * side)]
        shape = face_distance(model, vertices["bare"], vertices[kind], near)
        color = float(np.abs(albedos[kind] - albedos["bare"]).mean())
        codes = [warning["code"] for warning in bundle.manifest["quality"]["warnings"]]
        print(f"{kind:18s} shape {shape:.2f} mm  albedo {color:5.2f}  {' '.join(codes)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
