"""Hues of a small compressed photo: blocks go, lips and dark marks keep theirs, brightness stays."""

import cv2
import numpy as np
import pytest

from engine.camera import Camera
from engine.photo.regions import EYES, INNER_LIPS, OUTER_LIPS
from engine.texture.sources.chroma import calmed
from engine.texture.sources.photo_view import PhotoView
from engine.wire.color import LUMINANCE, srgb_to_linear

SIDE = 224
SKIN, LIPS = np.array([200.0, 150, 120]), np.array([190.0, 130, 125])
Y, X = np.mgrid[:SIDE, :SIDE]
GREY = np.array([0.299, 0.587, 0.114])


def view_of(picture):
    """A crop of a face of 1 mm a pixel whose mouth lies at (112, 170)."""
    landmarks = np.full((478, 2), 20.0, np.float32)
    for contour, width, height in ((EYES[0], 12, 6), (EYES[1], 12, 6), (OUTER_LIPS, 40, 20), (INNER_LIPS, 30, 1)):
        turn = np.linspace(0, 2 * np.pi, len(contour), endpoint=False)
        centre = (112, 170) if contour in (OUTER_LIPS, INNER_LIPS) else (70 if contour is EYES[0] else 154, 90)
        landmarks[list(contour)] = np.stack([width * np.cos(turn), height * np.sin(turn)], 1) + centre
    levels = [np.round(65535 * srgb_to_linear(np.clip(picture, 0, 255) / 255)).astype(np.uint16)]
    levels += [cv2.pyrDown(levels[0])]
    none = np.zeros((1, 2), np.float32)
    return PhotoView(
        Camera(SIDE, SIDE, 500.0, 500.0, 112.0, 112.0, np.eye(3), np.zeros(3)),
        tuple(levels),
        landmarks,
        1.0,
        none,
        none,
        none[:, 0],
        none[:, 0],
        np.ones((8, 8), np.float32),
        1.0,
    )


def compressed(picture):
    """Colours stored as a JPEG of low quality stores them: brightness as it is, one colour in each block."""
    rng = np.random.default_rng(3)
    grey = picture @ GREY
    blocks = cv2.resize((picture - grey[..., None]), (SIDE // 16, SIDE // 16), interpolation=cv2.INTER_AREA)
    red, blue = (np.round((blocks[..., k] + rng.normal(0, 3, blocks.shape[:2])) / 6) * 6 for k in (0, 2))
    green = -(GREY[0] * red + GREY[2] * blue) / GREY[1]
    return grey[..., None] + np.kron(np.stack([red, green, blue], -1), np.ones((16, 16, 1)))


def hues(view):
    color = view.pyramid[0].astype(np.float64) + 1
    return np.log(color / (color @ LUMINANCE)[..., None])


@pytest.fixture(scope="module")
def skin():
    """(SIDE, SIDE, 3) sRGB skin that shading and stubble darken, with a mole and a mouth."""
    stubble = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 1, (SIDE, SIDE)), (0, 0), 0.8)
    picture = SKIN * (1 - 0.3 * X / SIDE + 0.15 * stubble * (Y > 110))[..., None].clip(0.3, 1.2)
    mouth = ((X - 112) / 40) ** 2 + ((Y - 170) / 20) ** 2 < 1
    picture[mouth] *= LIPS / SKIN
    return picture, (Y < 140) & (Y > 10), mouth


def test_blocks_of_color_go_and_brightness_stays(skin):
    picture, plain, _ = skin
    plain = plain & (abs(Y - 90) > 12)
    before = view_of(compressed(picture))
    after = calmed(before, np.ones((SIDE, SIDE), np.float32), 1.0)
    spread, steps = (
        [measure(hues(x)) for x in (before, after)]
        for measure in (lambda hue: hue[plain].std(0), lambda hue: np.abs(np.diff(hue, axis=1)[plain[:, 1:]]).mean(0))
    )
    assert spread[0].max() > 0.04
    assert (spread[1] < 0.6 * spread[0]).all() and (steps[1] < 0.3 * steps[0]).all()
    light = [x.pyramid[0].astype(np.float64) @ LUMINANCE for x in (before, after)]
    assert np.abs(light[1] / light[0] - 1).max() < 1e-3
    assert after.pyramid[1].shape == before.pyramid[1].shape
    assert (after.pyramid[1] != before.pyramid[1]).any(), "coarser levels follow"


def test_lips_and_dark_marks_keep_their_hue(skin):
    picture, _, mouth = skin
    mole = np.hypot(X - 112, Y - 50) < 9
    picture = np.where(mole[..., None], picture * [0.75, 0.6, 0.5], picture)
    before = view_of(picture)
    after = calmed(before, np.ones((SIDE, SIDE), np.float32), 1.0)
    inside = np.hypot(X - 112, Y - 50) < 5
    around = (np.hypot(X - 112, Y - 50) < 24) & (np.hypot(X - 112, Y - 50) > 15)
    inner = ((X - 112) / 36) ** 2 + ((Y - 170) / 16) ** 2 < 1
    outer = (((X - 112) / 46) ** 2 + ((Y - 170) / 26) ** 2 > 1) & (abs(Y - 170) < 40)
    for here, there, share in ((inside, around, 0.7), (inner, outer, 0.85)):
        difference = [(hues(x)[here].mean(0) - hues(x)[there].mean(0)) for x in (before, after)]
        assert np.abs(difference[0]).max() > 0.1
        assert difference[1] @ difference[0] > share * (difference[0] @ difference[0])


def test_eyes_and_what_is_not_skin_stay(skin):
    before = view_of(compressed(skin[0]))
    half = (X < 100).astype(np.float32)
    after = calmed(before, half, 1.0)
    same = (before.pyramid[0] == after.pyramid[0]).all(-1)
    assert same[:140, 110:].all() and not same[:60, :90].all()
    assert same[((X - 70) / 9) ** 2 + ((Y - 90) / 4) ** 2 < 1].all()


def test_a_photo_reduced_so_far_that_blocks_vanish_stays(skin):
    before = view_of(skin[0])
    assert calmed(before, np.ones((SIDE, SIDE), np.float32), 0.1) is before
