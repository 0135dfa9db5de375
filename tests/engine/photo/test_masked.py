"""Faces behind printed masks are found by eyes and brows; cats, cups and the prints alone are not."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.bench.painted import paint
from engine.fit import fit_coarse
from engine.fit.plausible import refuse_implausible
from engine.photo import load_photo, observe
from engine.photo.masked import is_masked, with_masked_faces
from engine.photo.parts import part_network
from engine.types import Photo
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings

UPPER = (33, 133, 263, 362, 105, 334)
"""Corners of the eyes, and brows."""
JAW = (454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 117, 197, 346)
"""Outline of a mask over the nose."""


@pytest.fixture(autouse=True)
def network():
    if part_network() is None:
        pytest.skip("needs the networks of parts")


def leopard(height: int, width: int, spot: float) -> np.ndarray:
    """(H, W, 3) brown rings on yellow."""
    noise = cv2.GaussianBlur(np.random.default_rng(5).standard_normal((height, width)).astype(np.float32), (0, 0), spot)
    return np.where((np.abs(noise / noise.std()) > 0.8)[..., None], (60, 40, 25), (205, 165, 110)).astype(np.uint8)


def polka(height: int, width: int, step: int) -> np.ndarray:
    """(H, W, 3) light dots on red."""
    out = np.full((height, width, 3), (150, 20, 30), np.uint8)
    for y in range(0, height, step):
        for x in range(0, width, step):
            cv2.circle(out, (x, y), max(1, step // 4), (250, 250, 245), -1)
    return out


def printed(pixels: np.ndarray, landmarks: np.ndarray, print_of: np.ndarray | None = None) -> np.ndarray:
    """The photo with a mask of leopard skin, or of another print, over nose and mouth."""
    mask = np.zeros(pixels.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(landmarks[list(JAW)]).astype(np.int32)], 255)
    face = float(np.ptp(landmarks[:, 0]))
    alpha = cv2.GaussianBlur(mask, (0, 0), max(0.6, 0.006 * face))[..., None] / 255
    print_of = leopard(*pixels.shape[:2], 0.02 * face) if print_of is None else print_of
    return np.uint8(pixels * (1 - alpha) + print_of * alpha)


def dotted(pixels: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The same with large dots."""
    step = round(0.16 * np.ptp(landmarks[:, 0]))
    return printed(pixels, landmarks, polka(*pixels.shape[:2], step))


WORN = (
    ("000002.jpg", printed, None),
    ("00016.png", printed, None),
    ("00016.png", None, "black mask"),
    ("00437.png", dotted, None),
    ("00437.png", dotted, "sunglasses"),
    ("00016.png", printed, "sunglasses"),
    ("000002.jpg", dotted, "broad"),
)
"""Photo, mask, and what is painted over it."""


@pytest.mark.parametrize("name, mask, thing", WORN)
def test_the_face_behind_it_is_found(shared_dir, landmarker, model, tmp_path, name, mask, thing):
    photo = load_photo(shared_dir / "photos/single" / name, max_side=900)
    bare = landmarker.detect(photo)[0].landmarks
    pixels = photo.pixels if mask is None else mask(photo.pixels, bare)
    pixels = pixels if thing is None else paint(thing, pixels, bare).pixels
    path = tmp_path / "masked.png"
    Image.fromarray(pixels).save(path)
    masked, face = observe(path, landmarker)
    away = np.linalg.norm(face.landmarks[list(UPPER)] - bare[list(UPPER)], axis=1).mean()
    assert face.count == 1 and away < 0.06 * np.ptp(bare[:, 0])
    assert face.veil.tinted or thing != "sunglasses"
    assert {"nose", "mouth", "chin"} <= set(face.veil.places)
    found = fit_coarse(model, masked, face, Settings())
    refuse_implausible(masked, face, found)
    far = replace(found, residual_px=np.full(478, 0.05 * np.ptp(bare[:, 0]), np.float32))
    refuse_implausible(masked, replace(face, score=0.5), far)


def nobody() -> dict[str, np.ndarray]:
    """Pictures without a face, some with a mask's print."""
    out = {"leopard": leopard(400, 400, 12), "polka dots": polka(400, 400, 40)}
    head = np.full((400, 400, 3), (190, 150, 130), np.uint8)
    cv2.ellipse(head, (200, 210), (120, 150), 0, 0, 360, (225, 180, 155), -1)
    head[200:370, 84:316] = polka(170, 232, 26)
    out["a mannequin without eyes in a dotted scarf"] = head
    socket = np.full((400, 400, 3), 235, np.uint8)
    for x in (160, 240):
        cv2.rectangle(socket, (x - 7, 130), (x + 7, 180), (40, 40, 40), -1)
    cv2.circle(socket, (200, 260), 20, (40, 40, 40), -1)
    out["a socket"] = socket
    return out


@pytest.mark.parametrize("name", nobody())
def test_prints_alone_are_nobody(landmarker, name):
    photo = Photo(nobody()[name], name, name, None)
    faces = landmarker.detect(photo)
    assert with_masked_faces(photo, faces, landmarker) is faces


def test_a_socket_is_not_a_masked_face(landmarker, model, tmp_path):
    """Though the part network may take what is below its holes for a cover."""
    path = tmp_path / "socket.png"
    plate = np.full((500, 500, 3), (235, 235, 230), np.uint8)
    cv2.rectangle(plate, (120, 80), (380, 420), (250, 250, 248), -1)
    cv2.rectangle(plate, (120, 80), (380, 420), (170, 170, 170), 3)
    for x in (200, 300):
        cv2.rectangle(plate, (x - 8, 170), (x + 8, 230), (40, 40, 40), -1)
    cv2.circle(plate, (250, 320), 26, (40, 40, 40), -1)
    Image.fromarray(plate).save(path)
    with pytest.raises(HrnError) as caught:
        photo, face = observe(path, landmarker)
        refuse_implausible(photo, face, fit_coarse(model, photo, face, Settings()))
    assert caught.value.code is ErrorCode.NO_FACE


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "clock_motion.png"])
def test_cats_and_cups_wear_no_masks(landmarker, name):
    folder = Path(list(importlib.util.find_spec("skimage").submodule_search_locations)[0]) / "data"
    photo = load_photo(folder / name)
    faces = landmarker.detect(photo)
    assert with_masked_faces(photo, faces, landmarker) is faces
    assert not any(is_masked(photo.pixels, one.landmarks) for one in faces)


def test_a_bare_face_is_not_masked(landmarker, portrait):
    photo = load_photo(portrait)
    (face,) = landmarker.detect(photo)
    assert not is_masked(photo.pixels, face.landmarks)
    assert is_masked(printed(photo.pixels, face.landmarks), face.landmarks)


@pytest.mark.parametrize("thing", ["black mask", "fingers from below"])
def test_a_pattern_beside_a_covered_face_is_no_second_person(landmarker, shared_dir, tmp_path, thing):
    """The holes of the chair behind her."""
    photo, face = observe(shared_dir / "photos/single/00521.png", landmarker)
    Image.fromarray(paint(thing, photo.pixels, face.landmarks).pixels).save(tmp_path / "a.png")
    seen = observe(tmp_path / "a.png", landmarker)[1]
    assert seen.count == 1 and np.linalg.norm(seen.landmarks - face.landmarks, axis=1).mean() < 0.1 * np.ptp(
        face.landmarks[:, 0]
    )
