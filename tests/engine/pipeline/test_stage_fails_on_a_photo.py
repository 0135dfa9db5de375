"""No single photo aborts the others: a stage that fails on one leaves that photo's say out, by name."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.fit.views import fit as joint
from engine.hair import build as hair_stage
from engine.methods import reconstruct
from engine.system.failures import ViewFailed
from engine.texture.sources import opened
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.small_maps import small_analysis

DRAFT = Settings(texture_size=256, quality="draft")


def _failing(monkeypatch, module, name, which):
    """`module.name` divides by zero for the photos whose view, found among its arguments, `which` picks."""
    real = getattr(module, name)

    def fails(*args, **named):
        if which(*args):
            raise ZeroDivisionError("float division by zero")
        return real(*args, **named)

    monkeypatch.setattr(module, name, fails)


@pytest.fixture
def four(portrait, tmp_path):
    """The portrait and three cuts of it, told apart by their sizes."""
    pixels = cv2.imread(str(portrait))
    paths = [portrait]
    for name, cut in (("coarse", pixels[:420, 10:430]), ("paint", pixels[:410, 20:430]), ("hair", pixels[:400, 20:420])):
        paths.append(tmp_path / f"{name}.png")
        cv2.imwrite(str(paths[-1]), cut)
    return paths


def test_each_stage_leaves_out_the_photo_that_it_fails_on(four, tmp_path, monkeypatch):
    import engine.fit.coarse.fit as coarse

    _failing(monkeypatch, coarse, "fit_coarse", lambda model, photo, *_: photo.name == "coarse.png")
    # The reference is the largest face, the whole portrait's or a cut's: the photo's own size tells it from the others.
    _failing(monkeypatch, hair_stage, "make_window", lambda model, posed, view: view.photo.name == "hair.png")
    real = opened.photo_masks
    fails_on = cv2.imread(str(four[2])).shape[:2]
    monkeypatch.setattr(
        opened, "photo_masks", lambda source, mask, *rest: 1 / 0 if mask.shape == fails_on else real(source, mask, *rest)
    )
    with small_analysis():
        manifest = reconstruct(four, tmp_path / "head", DRAFT).manifest
    used = {photo["name"]: photo["used"] for photo in manifest["photos"]}
    told = {warning["code"] + " " + warning["message"] for warning in manifest["quality"]["warnings"]}
    assert not used["coarse.png"] and used["astronaut.png"]
    assert any(text.startswith("photo_left_out") and "coarse.png" in text for text in told)
    for name, stage in (("paint.png", "texture"), ("hair.png", "hair")):
        # A photo that happens to be the reference is left out altogether.
        if used[name]:
            assert any(text.startswith("stage_failed") and name in text and stage in text for text in told), told
        else:
            assert any(text.startswith("photo_left_out") and name in text for text in told), told
    assert "hair" in manifest


@pytest.mark.parametrize("stage", ["observe", "with_natural_colors", "with_veil"])
def test_a_photo_that_cannot_be_looked_at_is_left_out(four, monkeypatch, stage):
    from engine import photo as room
    from engine.photo import Landmarker, colors, veil
    from engine.pipeline.observe import observe_photos
    from engine.system.progress import SILENT

    module = {"observe": room, "with_natural_colors": colors, "with_veil": veil}[stage]
    grey = cv2.imread(str(four[1]))
    cv2.imwrite(str(four[1]), cv2.cvtColor(grey, cv2.COLOR_BGR2GRAY))  # of which the veil is looked for again
    _failing(monkeypatch, module, stage, lambda one, *_: getattr(one, "name", one and str(one)).endswith("coarse.png"))
    with Landmarker() as landmarker:
        faces, left_out = observe_photos(landmarker, four[:3], DRAFT, SILENT)
        with pytest.raises(ZeroDivisionError):
            observe_photos(landmarker, four[1:2], DRAFT, SILENT)
    assert [path for path, *_ in faces] == [four[0], four[2]]
    assert [(one.name, one.error.code) for one in left_out] == [("coarse.png", ErrorCode.INTERNAL)]


def test_the_photo_on_which_the_joint_fit_fails_is_found(four, monkeypatch):
    from engine.fit import views
    from engine.methods import open as method
    from engine.photo import Landmarker
    from engine.pipeline.observe import observe_photos
    from engine.system.progress import SILENT

    tried = []

    def fit(model, faces, *_):
        tried.append([photo.name for photo, _ in faces])
        if "hair.png" in tried[-1]:
            np.linalg.solve(np.zeros((2, 2)), np.ones(2))

    monkeypatch.setattr(views, "fit_views", fit)
    with Landmarker() as landmarker:
        faces = [found[1:] for found in observe_photos(landmarker, four, DRAFT, SILENT)[0]]
    with pytest.raises(ViewFailed) as raised:
        method._fitted(None, faces, [], DRAFT, SILENT)
    assert faces[raised.value.number][0].name == "hair.png" and raised.value.error.code is ErrorCode.INTERNAL
    assert len(tried[-1]) == 3


def test_a_joint_fit_that_fails_leaves_the_best_photo(four, tmp_path, monkeypatch):
    monkeypatch.setattr(joint.Problem, "improve", lambda *_: np.linalg.solve(np.zeros((2, 2)), np.ones(2)))
    with small_analysis():
        manifest = reconstruct(four[:2], tmp_path / "head", DRAFT).manifest
    assert sorted(photo["used"] for photo in manifest["photos"]) == [False, True]


def test_hair_that_cannot_be_grown_leaves_a_bald_head(portrait, tmp_path, monkeypatch):
    _failing(monkeypatch, hair_stage, "groom_hair", lambda *_: True)
    with small_analysis():
        manifest = reconstruct(portrait, tmp_path / "head", DRAFT).manifest
    assert "hair" not in manifest
    assert [w for w in manifest["quality"]["warnings"] if w["code"] == "stage_failed" and "astronaut.png" in w["message"]]


@pytest.mark.parametrize("code", [ErrorCode.CANCELLED, ErrorCode.OUT_OF_MEMORY])
def test_what_concerns_all_photos_still_ends_the_work(portrait, tmp_path, monkeypatch, code):
    def ends(*_):
        raise HrnError(code, "It ends.")

    monkeypatch.setattr(hair_stage, "make_window", ends)
    with small_analysis(), pytest.raises(HrnError) as raised:
        reconstruct(portrait, tmp_path / "head", DRAFT)
    assert raised.value.code is code and not (tmp_path / "head").exists()


def test_numbers_that_are_not_finite_are_refused_by_the_stage_that_made_them(portrait, tmp_path, monkeypatch):
    import dataclasses

    from engine.methods import open as method

    real = method.with_hair

    def spoilt(found, *rest):
        displacement = found.textures.displacement.copy()
        displacement[3, 4] = np.nan
        return real(found._replace(textures=dataclasses.replace(found.textures, displacement=displacement)), *rest)

    monkeypatch.setattr(method, "with_hair", spoilt)
    with small_analysis(), pytest.raises(HrnError, match="displacement"):
        reconstruct(portrait, tmp_path / "head", dataclasses.replace(DRAFT, hair=False))
    assert not (tmp_path / "head").exists()
