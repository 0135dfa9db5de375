"""``python face_distances.py PAIRS``: how unlike a face recogniser finds pictures; runs in a Python that has ``dlib``.

PAIRS is a JSON list of lists of paths: a photo, then pictures of its head. Prints, as JSON, for each list the distances
from the photo to the other pictures (dlib's network: the same person below 0.6), null where no face was found. Models:
package ``face_recognition_models`` (CC0), the 5 landmarks and the network of 128 numbers.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import dlib
import numpy as np

MODELS = Path(importlib.util.find_spec("face_recognition_models").origin).parent / "models"


def main(path: str) -> int:
    find = dlib.get_frontal_face_detector()
    place = dlib.shape_predictor(str(MODELS / "shape_predictor_5_face_landmarks.dat"))
    weights = str(MODELS / "dlib_face_recognition_resnet_model_v1.dat")

    def numbers(file: str, near=None):
        image = dlib.load_rgb_image(file)
        found = find(image, 1) or ([near] if near is not None else [])
        if not found:
            return None, None
        face = max(found, key=lambda box: box.area())
        # A new network for each: its random copies of the picture are then the same ones for all, in whatever order.
        network = dlib.face_recognition_model_v1(weights)
        return np.array(network.compute_face_descriptor(image, place(image, face), 10)), face

    told = []
    for photo, *others in json.loads(Path(path).read_text(encoding="utf-8")):
        own, face = numbers(photo)
        rest = [numbers(other, face)[0] for other in others]
        told.append([None if own is None or one is None else float(np.linalg.norm(own - one)) for one in rest])
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
