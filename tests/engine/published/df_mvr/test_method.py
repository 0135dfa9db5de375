"""Method `df_mvr`: three photos, one face. The network is held to the reference elsewhere; here its answer is given."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from engine.geometry.obj import read_obj
from engine.head.landmarks68 import five_of_478
from engine.methods import get_method, reconstruct
from engine.photo import Landmarker, observe
from engine.published.basel import alignment
from engine.published.basel.camera import MVR_CAMERA
from engine.published.basel.coefficients import split
from engine.published.basel.files import read_bfm_front, read_landmark_template
from engine.published.basel.model import FaceModel
from engine.published.df_mvr import geometry
from engine.wire.errors import HrnError
from engine.wire.settings import Settings
from support.official.files import write_face_model
from support.small_maps import small_analysis

POSES = {"lt": ((0.05, 0.3, 0.0), (0.1, 0, -9.1)), "ft": ((0, 0, 0.02), (0, 0.05, -9.0)), "rt": ((0, -0.3, 0), (-0.1, 0, -9.0))}


class Answer:
    """In place of the network."""

    def __init__(self):
        rng = np.random.default_rng(4)
        named = {
            "face_id": rng.standard_normal(80),
            "face_exp": 0.5 * rng.standard_normal(64),
            "face_color": np.zeros(80),
            "face_gamma": np.zeros(27),
        }
        for view, (angles, offset) in POSES.items():
            named |= {f"face_rotate_{view}": np.array(angles), f"face_offset_xyz_{view}": np.array(offset)}
        self.found = {name: torch.tensor(value)[None].float() for name, value in named.items()}
        self.inputs = ()

    def labels(self, picture):
        assert picture.shape == (1, 3, 224, 224) and -1 <= picture.min() and picture.max() <= 1
        return torch.full((1, 224, 224), 3)

    def __call__(self, *views):
        self.inputs = views
        return self.found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("licensed")
    write_face_model(path)
    return path


@pytest.fixture
def method(folder, monkeypatch):
    """The method as if its files were there."""
    found, answer = get_method("df_mvr"), Answer()

    def prepare(progress):
        found.load({"bfm": folder / "BFM_model_front.mat", "lm3d": folder / "similarity_Lm3D_all.mat", "df_mvr": ""}, progress)
        from engine.head import load_head_model

        found._model, found._landmarker = load_head_model(), Landmarker()

    monkeypatch.setattr("engine.published.df_mvr.method.load", lambda name, path: answer)
    monkeypatch.setattr(found, "_load", prepare)
    return answer


def test_three_photos_become_one_head_seen_by_three_cameras(method, portrait, folder, tmp_path):
    photos = [tmp_path / f"{name}.png" for name in ("left", "front", "right")]
    for number, path in enumerate(photos):
        Image.open(portrait).convert("RGB").crop((20 * number, 0, 400 + 20 * number, 400)).save(path)
    with small_analysis():
        bundle = reconstruct(photos, tmp_path / "head", Settings(method="df_mvr", texture_size=256))
    bundle.verify()
    manifest = bundle.manifest
    assert [photo["name"] for photo in manifest["photos"]] == ["front.png", "left.png", "right.png"]
    assert manifest["quality"]["transfer_mm"]["p95"] < 0.3
    assert [view.shape for view in method.inputs] == [(1, 4, 224, 224)] * 3 and method.inputs[0][0, 3].unique() == 3
    # Each camera sees the front view's mesh where the reference's own projection has that view.
    model = FaceModel.build(read_bfm_front(folder / "BFM_model_front.mat"), camera=MVR_CAMERA)
    answer = method.found
    vector = torch.cat(
        [
            answer["face_id"],
            answer["face_exp"],
            answer["face_color"],
            torch.zeros(1, 3),
            answer["face_gamma"],
            torch.zeros(1, 3),
        ],
        1,
    )
    poses = [geometry.Rigid(answer[f"face_rotate_{view}"], answer[f"face_offset_xyz_{view}"]) for view in POSES]
    wanted = geometry.faces(model, split(vector), poses)
    mesh = read_obj(bundle.path / "df_mvr" / f"{manifest['name']}.obj")
    matrix = np.array(manifest["published"]["mesh_to_head"])
    points = mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    template = alignment.five_points(read_landmark_template(folder / "similarity_Lm3D_all.mat"))
    for view, path in enumerate(photos):
        place = [photo["name"] for photo in manifest["photos"]].index(path.name)
        camera = manifest["cameras"][place]
        x, y, z = (points @ np.array(camera["R"]).T + camera["t"]).T
        seen = np.stack([camera["fx"] * x / z + camera["cx"], camera["fy"] * y / z + camera["cy"]], 1)
        photo, observation = observe(path, Landmarker(), 0)
        five = five_of_478(observation.landmarks.astype(float)) - 0.5
        similarity = alignment.estimate_similarity(alignment.flip_y(five, 400), template)
        window = alignment.crop_window(*photo.size, similarity)
        # Its pixels are counted from whole numbers at their centres.
        there = alignment.crop_pixels_to_photo(wanted.pixels[view][0].numpy() + 0.5, window)
        assert np.abs(seen - there).max() < 0.02


def test_fewer_photos_are_refused(method, portrait, tmp_path):
    with pytest.raises(HrnError, match="exactly 3 photos, not 1"):
        reconstruct([portrait], tmp_path / "head", Settings(method="df_mvr"))
    Image.new("RGB", (600, 600), (90, 120, 90)).save(tmp_path / "nobody.png")
    ImageOps.mirror(Image.open(portrait)).save(tmp_path / "mirrored.png")
    three = [portrait, tmp_path / "nobody.png", tmp_path / "mirrored.png"]
    with pytest.raises(HrnError, match="three usable photos, not 2") as caught:
        reconstruct(three, tmp_path / "head", Settings(method="df_mvr"))
    assert "one from the left" in caught.value.hint
