"""Method `tddfa_v3` from official-looking files: published results, both backbones, and the head."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.geometry.obj import read_obj
from engine.head.landmarks68 import five_of_478
from engine.methods import get_method, reconstruct
from engine.photo import Landmarker, observe
from engine.published.files import required_paths
from engine.published.method import GivenFace
from engine.published.nets.checkpoint import read_npy_dictionary
from engine.wire.bundle import load_bundle
from engine.wire.settings import Settings
from support.official.files import write_tddfa
from support.small_maps import small_analysis


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("licensed")
    write_tddfa(path)
    return path


@pytest.fixture(scope="module")
def bundle(portrait, folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, small_analysis():
        patch.setenv("HRN_MODEL_FILES", str(folder))
        return reconstruct(
            portrait, tmp_path_factory.mktemp("out") / "head", Settings(method="tddfa_v3", texture_size=256, quality="draft")
        )


def test_the_bundle_is_whole_and_names_the_backbone(bundle):
    load_bundle(bundle.path).verify()
    about = bundle.manifest["published"]
    assert about["backbone"] == "MobileNet-V3" and len(about["files"]) == 5
    assert bundle.manifest["quality"]["transfer_mm"]["p95"] < 0.3


def test_the_dictionary_has_landmarks_and_parts_of_the_whole_photo(bundle):
    content = read_npy_dictionary(bundle.path / "tddfa_v3" / "astronaut.npy")
    assert {name: value.shape for name, value in content.items()} == {
        "ldm68": (68, 2),
        "ldm106": (106, 2),
        "ldm106_2d": (106, 2),
        "ldm134": (134, 2),
        "seg": (512, 512, 8),
        "seg_visible": (512, 512, 1),
    }
    # The 68 points lie where the bundle's camera sees the published mesh.
    mesh = read_obj(bundle.path / "tddfa_v3" / "astronaut_pcaTex.obj")
    matrix, camera = np.array(bundle.manifest["published"]["mesh_to_head"]), bundle.manifest["cameras"][0]
    points = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    x, y, z = (points @ np.array(camera["R"]).T + camera["t"]).T
    seen = np.stack([camera["fx"] * x / z + camera["cx"], camera["fy"] * y / z + camera["cy"]], 1)
    from support.official.face_like import face_like

    # The reference flips landmarks by 223 and renderings by 224: one crop pixel.
    assert np.abs(seen[face_like().keypoints] - content["ldm68"]).max() < 1.0
    assert cv2.imread(str(bundle.path / "tddfa_v3" / "astronaut.png")).shape == (4 * 512, 4 * 512, 3)


def test_the_two_extracted_textures_differ_from_the_models_own(bundle):
    own = bundle.path / "tddfa_v3"
    colors = [
        np.loadtxt(
            (line for line in (own / f"astronaut_{name}.obj").read_text().splitlines() if line.startswith("v ")),
            usecols=(4, 5, 6),
        )
        for name in ("pcaTex", "extractTex", "extractTex_median")
    ]
    assert all(0 <= values.min() and values.max() <= 1 for values in colors)
    assert np.abs(colors[1] - colors[0]).mean() > 0.02 and np.abs(colors[2] - colors[0]).mean() > 0.02


def test_better_quality_takes_the_large_backbone(folder, portrait):
    method = get_method("tddfa_v3")
    method.load(required_paths("tddfa_v3", folder))
    photo, observation = observe(portrait, Landmarker(), 0)
    points = five_of_478(observation.landmarks.astype(float)) - 0.5
    faces = [GivenFace(photo, observation, points, False)]
    found = method.predict(faces, Settings(method="tddfa_v3"))
    assert found.about == {"backbone": "ResNet-50"}
    assert method.predict(faces, Settings(quality="draft")).about != found.about
