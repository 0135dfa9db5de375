"""The mattes of a phone's portrait come along with the photo, turned as it is, and the hair stage believes them."""

from __future__ import annotations

import logging
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("pillow_heif")
from PIL import Image

from engine.hair.mask import hair_mask
from engine.hair.window import make_window, matte_in_window
from engine.photo.load import load_photo
from engine.photo.mattes import HAIR, PERSON
from support.head_scene import Scene
from support.heic_mattes import APPLE_HAIR, APPLE_PERSON, portrait_heic

SIZE = (400, 300)


def scene() -> tuple[Image.Image, dict[str, Image.Image]]:
    """A red rectangle in front of grey, its matte, and that of its dark upper part; the mattes at half the size."""
    photo, person, hair = Image.new("RGB", SIZE, (128, 128, 128)), Image.new("L", (200, 150)), Image.new("L", (200, 150))
    photo.paste((220, 30, 30), (40, 20, 240, 200))
    photo.paste((20, 10, 10), (40, 20, 240, 80))
    person.paste(255, (20, 10, 120, 100))
    hair.paste(255, (20, 10, 120, 40))
    return photo, {APPLE_PERSON: person, APPLE_HAIR: hair}


def written(tmp_path, data: bytes):
    path = tmp_path / "portrait.heic"
    path.write_bytes(data)
    return load_photo(path)


def agreement(photo, name: str, there: np.ndarray) -> float:
    matte = cv2.resize(photo.mattes[name], photo.size, interpolation=cv2.INTER_LINEAR)
    return float(((matte > 127) == there).mean())


@pytest.mark.parametrize("orientation, turned", [(1, True), (3, True), (6, True), (8, True), (5, True), (6, False), (8, False)])
def test_mattes_lie_on_the_upright_photo(tmp_path, orientation, turned):
    photo = written(tmp_path, portrait_heic(*scene(), orientation, turned))
    assert photo.size == (SIZE if orientation in (1, 3) else SIZE[::-1])
    dark = photo.pixels.max(2) < 80
    red = photo.pixels[..., 0].astype(int) - photo.pixels[..., 1] > 80
    assert set(photo.mattes) == {PERSON, HAIR}
    assert agreement(photo, PERSON, dark | red) > 0.985 and agreement(photo, HAIR, dark) > 0.985


def test_a_reduced_photo_keeps_its_mattes(tmp_path):
    path = tmp_path / "portrait.heic"
    path.write_bytes(portrait_heic(*scene()))
    photo = load_photo(path, max_side=120)
    assert photo.size == (120, 90) and agreement(photo, HAIR, photo.pixels.max(2) < 80) > 0.97


def test_files_without_mattes_have_none(tmp_path):
    assert written(tmp_path, portrait_heic(scene()[0], {})).mattes == {}
    path = tmp_path / "plain.png"
    scene()[0].save(path)
    assert load_photo(path).mattes == {}


def test_a_matte_of_another_shape_or_another_kind_is_left_out(tmp_path):
    photo, mattes = scene()
    mattes[APPLE_HAIR] = Image.new("L", (200, 200), 255)
    mattes["urn:com:apple:photo:2020:aux:semanticskymatte"] = Image.new("L", (200, 150), 255)
    assert set(written(tmp_path, portrait_heic(photo, mattes)).mattes) == {PERSON}


def test_a_matte_that_cannot_be_read_does_not_cost_the_photo(tmp_path, monkeypatch, caplog):
    from engine.photo import mattes

    monkeypatch.setattr(mattes, "_MOST_PIXELS", 10)
    with caplog.at_level(logging.WARNING):
        photo = written(tmp_path, portrait_heic(*scene()))
    assert photo.size == SIZE and photo.mattes == {} and "matte of the hair" in caplog.text


def test_hair_is_where_the_phone_says(model):
    """On a head whose hair has no colour of its own; brows, beards and the hair of somebody else in the picture stay out."""
    painted = Scene(model, yaw=0.0, hand=False)
    view = painted.view()
    height, width = painted.photo.pixels.shape[:2]
    window = make_window(model, model.template, view)
    scalp = (window.parts["scalp"] > 0.5) & (window.level > 0.75)
    alpha = np.zeros((height, width), np.uint8)
    ys, xs = np.nonzero(scalp)
    x, y = (np.stack([xs, ys]) + 0.5) / window.scale + np.array(window.origin)[:, None]
    alpha[y.astype(int).clip(0, height - 1), x.astype(int).clip(0, width - 1)] = 255
    alpha = cv2.morphologyEx(alpha, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    mine = alpha.copy()
    alpha[: height // 5, : width // 8] = 255  # Somebody else's.
    chin = view.observation.landmarks[152].astype(int)
    alpha[chin[1] - 20 : chin[1] - 5, chin[0] - 20 : chin[0] + 20] = 255
    photo = replace(painted.photo, mattes={HAIR: alpha[::2, ::2]})
    matte = matte_in_window(window, photo, HAIR)
    assert matte.shape == window.skin.shape and ((matte > 0.5) == scalp)[np.isfinite(window.head_near)].mean() > 0.9
    found = hair_mask(window, matte=matte)
    wanted = matte_in_window(window, replace(photo, mattes={HAIR: mine[::2, ::2]}), HAIR) > 0.5
    overlap = ((found.hair > 0.5) & wanted).sum() / ((found.hair > 0.5) | wanted).sum()
    assert found.refusal == "" and overlap > 0.95
