"""Corrections on the way from photos to a bundle, and from one bundle to the next."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.corrections.base import base_of_bundle
from engine.corrections.refit import refit
from engine.corrections.replay import Replay, corrected_views
from engine.fit.relief.joined import with_joint_relief
from engine.fit.skin_surface import skin_surface
from engine.methods import reconstruct, retexture
from engine.wire.corrections import Corrections, PhotoCorrections, Pin, write_corrections
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.relief_scene import lit, nasolabial, relief_scene
from support.serve_client import Client
from support.small_maps import small_analysis

DRAFT = Settings(texture_size=256, quality="draft", hair=False)
JAW = 172
"""Landmark: the right side of the jaw."""


@pytest.fixture(scope="module")
def head(portrait, tmp_path_factory):
    """A head from a part of the portrait."""
    folder = tmp_path_factory.mktemp("replay")
    cv2.imwrite(str(folder / "part.png"), cv2.imread(str(portrait))[:400, 20:420])
    with small_analysis():
        return reconstruct(folder / "part.png", folder / "head", DRAFT)


def dragged(bundle, by=(-14.0, 0.0), **masks) -> Corrections:
    """The jaw dragged by some pixels."""
    arrays, photo = bundle.arrays(), bundle.manifest["photos"][0]
    camera, base = bundle.manifest["cameras"][0], base_of_bundle(bundle)
    vertices, weights = arrays["landmark_vertices"][JAW], arrays["landmark_weights"][JAW]
    pixel = base.cameras[0].project((weights @ base.posed(0)[vertices])[None])[0][0] + by
    pin = Pin(tuple(vertices.tolist()), tuple(weights.tolist()), tuple(pixel.tolist()), id="jaw")
    size = camera["width"], camera["height"]
    return Corrections(photos=(PhotoCorrections(photo["name"], photo["sha256"], size, (pin,), **masks),))


def mask_over(bundle, path: Path, part: tuple[slice, slice]) -> str:
    """The file's name: 255 in a part of the photo."""
    camera = bundle.manifest["cameras"][0]
    mask = np.zeros((camera["height"], camera["width"]), np.uint8)
    mask[part] = 255
    cv2.imwrite(str(path), mask)
    return path.name


def rest(bundle) -> np.ndarray:
    arrays = bundle.arrays()
    return arrays["vertices"] + arrays["deformation"]


@pytest.fixture(scope="module")
def corrected(head, tmp_path_factory):
    """The head with its jaw dragged and the picture's left half ignored, and its corrections."""
    folder = tmp_path_factory.mktemp("corrected")
    half = head.manifest["cameras"][0]["width"] // 2
    given = dragged(head, ignore=mask_over(head, folder / "ignore_0.png", np.s_[:, :half]))
    with small_analysis():
        return retexture(head, given, folder / "head", folder=folder), given


def test_a_retextured_head_has_the_geometry_of_the_refit(head, corrected):
    bundle, given = corrected
    bundle.verify()
    asked = refit(head, replace(given, photos=(replace(given.photos[0], ignore=None),)))
    np.testing.assert_allclose(rest(bundle), asked.vertices + asked.deformation, atol=1e-6)
    assert np.abs(rest(bundle) - rest(head)).max() > 0.002
    np.testing.assert_allclose(bundle.manifest["cameras"][0]["t"], asked.cameras[0]["t"], atol=1e-6)


def test_it_keeps_the_fit_and_the_corrections_with_their_masks(head, corrected):
    bundle, given = corrected
    before, kept = base_of_bundle(head), base_of_bundle(bundle)
    np.testing.assert_allclose(kept.rest, before.rest, atol=1e-3)
    np.testing.assert_allclose(kept.basis, before.basis, atol=1e-3)
    np.testing.assert_allclose(kept.cameras[0].t, before.cameras[0].t, atol=1e-6)
    assert bundle.manifest["corrections"]["file"] == "corrections.json" and (bundle.path / "ignore_0.png").is_file()
    again = refit(bundle, bundle.path / "corrections.json")
    np.testing.assert_allclose(again.vertices + again.deformation, rest(bundle), atol=1e-5)


def test_what_is_painted_over_gives_no_texture(head, corrected):
    bundle, _ = corrected
    before, after = head.arrays(), bundle.arrays()
    seen = (before["confidence_class"] == 2) & (before["parts"].max(0) > 0)
    side = rest(head)[:, 0]
    kept = {
        name: (after["confidence_class"][seen & there] == 2).mean()
        for name, there in (("ignored", side < -0.01), ("free", side > 0.03))
    }
    assert kept["ignored"] < 0.3 < 0.8 < kept["free"]


def test_without_corrections_the_fit_comes_back_in_the_same_folder(head, corrected, tmp_path):
    with small_analysis():
        first = retexture(head, dragged(head), tmp_path / "head")
        moved = rest(first)
        second = retexture(first, Corrections(), first.path)
    assert np.abs(moved - rest(head)).max() > 0.002
    np.testing.assert_allclose(rest(second), rest(head), atol=1e-5)
    with pytest.raises(HrnError) as refused:
        retexture(second, {"schema": "something else"}, second.path)
    assert refused.value.code is ErrorCode.CORRECTIONS_INVALID
    second.verify()


def test_a_reconstruction_replays_a_file_and_goes_by_its_masks(head, portrait, tmp_path):
    photo = tmp_path / "part.png"
    cv2.imwrite(str(photo), cv2.imread(str(portrait))[:400, 20:420])
    given = dragged(head)
    write_corrections(tmp_path / "a.json", given)
    camera = head.manifest["cameras"][0]
    mouth = head.arrays()["landmarks_detected"][13]
    below = np.s_[int(mouth[1] - 0.04 * camera["height"]) :, :]
    masked = replace(given.photos[0], pins=(), ignore=mask_over(head, tmp_path / "ignore_0.png", below))
    write_corrections(tmp_path / "b.json", Corrections(photos=(masked,)))
    with small_analysis():
        pinned = reconstruct(photo, tmp_path / "pinned", DRAFT, corrections=tmp_path / "a.json")
        covered = reconstruct(photo, tmp_path / "covered", DRAFT, corrections=tmp_path / "b.json")
    asked = refit(head, given)
    np.testing.assert_allclose(rest(pinned), asked.vertices + asked.deformation, atol=1e-5)
    jaw = head.arrays()["landmark_vertices"][JAW]
    fits = [base_of_bundle(one).rest for one in (head, pinned, covered)]
    assert np.abs(fits[1] - fits[0]).max() < 1e-3
    # Nothing of the jaw was seen: another one is likeliest.
    assert np.linalg.norm((fits[2] - fits[0])[jaw], axis=1).max() > 0.5


def test_corrections_of_another_head_are_refused_before_anything_is_fitted(head, portrait, tmp_path):
    given = dragged(head)
    given = replace(given, photos=(replace(given.photos[0], name="anna.jpg", sha256="0" * 64),))
    write_corrections(tmp_path / "other.json", given)
    stages: list[str] = []
    for make in (
        lambda: reconstruct(
            portrait, tmp_path / "a", DRAFT, lambda stage, *_: stages.append(stage), None, tmp_path / "other.json"
        ),
        lambda: retexture(head, given, tmp_path / "b", lambda stage, *_: stages.append(stage)),
        lambda: refit(head, given),
    ):
        with pytest.raises(HrnError, match="another head: it has no photo anna.jpg") as refused:
            make()
        assert refused.value.code is ErrorCode.CORRECTIONS_INVALID
    assert "coarse" not in stages and not (tmp_path / "a").exists() and not (tmp_path / "b").exists()


def test_a_head_whose_photo_is_lost_is_refused(head, tmp_path):
    import shutil

    from engine.wire.bundle import load_bundle

    shutil.copytree(head.path, tmp_path / "head")
    (tmp_path / "head" / head.manifest["photos"][0]["file"]).unlink()
    try:
        lost = load_bundle(tmp_path / "head")
    except HrnError:
        return
    with pytest.raises(HrnError, match="copy of its photo"):
        retexture(lost, dragged(head), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_several_photos_keep_their_relief(model):
    scenes = [relief_scene(model, turn) for turn in (0.0, 25.0)]
    shown = [lit(scene, nasolabial(scene, model, 0.8), noise=0.004, seed=number) for number, scene in enumerate(scenes)]
    # On the right, where there is no fold, the photos' matches have measured everything.
    measured = np.where(model.template[:, 0] > 0, np.float32(1000), np.float32(3))
    views = [
        replace(view, photo=replace(view.photo, sha256=str(number)), mid=replace(view.mid, measured=measured))
        for number, view in enumerate(shown)
    ]
    fitted = with_joint_relief(model, views)
    folds = fitted[0].mid.deformation
    assert np.abs(folds).max() > 0.03
    again, kept = corrected_views(model, fitted, Replay(Corrections(), Path()), Settings())
    for view in again:
        assert view.mid.relief is not None
        np.testing.assert_allclose(view.mid.deformation, folds, atol=1e-4)
    np.testing.assert_allclose(kept.arrays["fit_folds"] * 1000, folds, atol=1e-4)
    pinned = model.landmarks(model.posed(fitted[0]))[JAW]
    pixel = fitted[0].coarse.camera.project(pinned[None].astype(float))[0][0] + [-8, 0]
    pin = Pin(
        tuple(model.landmark_vertices[JAW].tolist()),
        tuple(model.landmark_weights[JAW].astype(float).tolist()),
        tuple(pixel.tolist()),
    )
    given = Corrections(photos=(PhotoCorrections("a", "0", fitted[0].photo.size, (pin,)),))
    moved, _ = corrected_views(model, fitted, Replay(given, Path()), Settings())
    np.testing.assert_array_equal(moved[0].mid.deformation, moved[1].mid.deformation)
    change = np.linalg.norm(moved[0].mid.deformation - folds, axis=1)
    assert change.max() > 1
    skin = skin_surface(model).vertices
    away = skin[np.linalg.norm((model.template - model.landmarks(model.template)[JAW])[skin], axis=1) > 45]
    assert change[away].max() < 0.1


def test_the_server_refits_and_names_the_sliders(head, tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    given = dragged(head)
    with Client() as client:
        client.send(1, "refit", bundle=str(head.path), corrections=given.to_json(), out=str(tmp_path / "a.npz"))
        client.send(2, "sliders")
        answer = client.answer(1, 60.0)["result"]
        with np.load(answer["geometry"]) as found:
            asked = refit(head, given)
            np.testing.assert_allclose(found["deformation"], asked.deformation, atol=1e-5)
        assert [pin["id"] for pin in answer["pins"]] == ["jaw"] and answer["pins"][0]["error_px"] < 1 < answer["pins"][0][
            "before_px"
        ]
        assert "jaw_width" in {slider["name"] for slider in client.answer(2)["result"]["sliders"]}
        client.send(3, "retexture", bundle=str(head.path), corrections=given.to_json(), out=str(tmp_path / "new"))
        assert client.answer(3)["result"]["bundle"] == str(tmp_path / "new") and (tmp_path / "new" / "head.json").is_file()
        other = replace(given, head_model_version="other").to_json()
        for number, method in ((4, "refit"), (5, "retexture")):
            client.send(number, method, bundle=str(head.path), corrections={**other, "schema": ""}, out=str(tmp_path / "b"))
            assert client.answer(number)["error"]["code"] == "CORRECTIONS_INVALID"
        assert not (tmp_path / "b").exists()
