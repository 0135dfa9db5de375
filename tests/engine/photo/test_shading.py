"""Drawings, signs and sockets in which the detector sees a face are named as such; photos of people, however poor, are not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.photo import load_photo, photo_warnings, select_face
from engine.photo.regions import BROWS, EYES, NOSTRILS, OUTER_LIPS, OVAL
from engine.types import Veil


@pytest.fixture(scope="module")
def seen(landmarker, portrait):
    photo = load_photo(portrait)
    return photo, select_face(landmarker.detect(photo), 0, photo)


def drawn(shape: tuple[int, ...], points: np.ndarray, paper, skin, filled: bool = True) -> np.ndarray:
    """(H, W, 3) the face's outlines as a comic has them."""
    out = np.full(shape, paper, np.uint8)
    outline = [np.round(points[list(OVAL)]).astype(np.int32)]
    thick = max(1, round(0.012 * np.ptp(points[:, 0])))
    cv2.fillPoly(out, outline, skin, cv2.LINE_AA)
    for line in (OVAL, *EYES, *BROWS, *NOSTRILS, OUTER_LIPS):
        corners = [np.round(points[list(line)]).astype(np.int32)]
        if filled and line is OUTER_LIPS:
            cv2.fillPoly(out, corners, (190, 70, 70), cv2.LINE_AA)
        cv2.polylines(out, corners, True, (25, 18, 15), thick, cv2.LINE_AA)
    return out


def photographed(pixels: np.ndarray) -> np.ndarray:
    """The picture as a phone takes it from paper: unsharp, under a lamp beside it, noisy."""
    y, x = np.mgrid[: pixels.shape[0], : pixels.shape[1]] / max(pixels.shape)
    noise = np.random.default_rng(2).normal(0, 3, pixels.shape)
    return np.uint8(np.clip(cv2.GaussianBlur(pixels, (0, 0), 0.8) * (0.75 + 0.2 * x + 0.1 * y)[..., None] + noise, 0, 255))


def codes(photo, face, pixels) -> set[str]:
    return {one["code"] for one in photo_warnings(replace(photo, pixels=np.ascontiguousarray(pixels)), face)}


@pytest.mark.parametrize("paper, skin", [((180, 210, 230), (240, 200, 175)), ((60, 60, 60), (120, 80, 60)), ((255,) * 3,) * 2])
def test_a_drawing_is_named(seen, paper, skin):
    photo, face = seen
    drawing = drawn(photo.pixels.shape, face.landmarks, paper, skin, filled=skin != paper)
    assert "drawn_face" in codes(photo, face, drawing)
    assert "drawn_face" in codes(photo, face, photographed(drawing))


PHOTOS = {
    "as it is": lambda pixels: pixels,
    "blurred": lambda pixels: cv2.GaussianBlur(pixels, (0, 0), 4),
    "dark": lambda pixels: pixels // 8,
    "overexposed": lambda pixels: np.uint8(np.minimum(pixels * 1.7, 255)),
    "burnt": lambda pixels: np.uint8(np.minimum(pixels * 3.0, 255)),
    "hazy": lambda pixels: np.uint8(pixels * 0.4 + 120),
    "grey": lambda pixels: np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, 2),
    "smoothed": lambda pixels: cv2.bilateralFilter(cv2.bilateralFilter(pixels, 9, 40, 9), 9, 40, 9),
    "inverted": lambda pixels: 255 - pixels,
}


@pytest.mark.parametrize("kind", PHOTOS)
def test_a_photo_is_not(seen, kind):
    photo, face = seen
    assert "drawn_face" not in codes(photo, face, PHOTOS[kind](photo.pixels))


def test_of_a_face_that_is_hidden_nothing_is_said(seen):
    """A piece of a forehead is even in photos, too."""
    photo, face = seen
    over = np.full(photo.pixels.shape[:2], 255, np.uint8)
    drawing = drawn(photo.pixels.shape, face.landmarks, (255,) * 3, (240, 200, 175))
    assert "drawn_face" not in codes(photo, replace(face, veil=Veil(over, np.zeros(478, np.float32))), drawing)
