"""Pictures whose colours nothing natural has: no division by zero, no number that is not finite, in any stage of a photo.

Warnings of NumPy about divisions and invalid values count as failures here.
"""

from __future__ import annotations

import dataclasses
import warnings

import cv2
import numpy as np
import pytest

from engine.fit.features.jaw import bite_shift
from engine.geometry.harmonics import fit_lighting
from engine.hair.short_color import hair_paint
from engine.methods import reconstruct
from engine.photo import Landmarker, face_quality, find_bite, find_covers, load_photo, photo_warnings, segment_skin
from engine.photo.colors import with_natural_colors
from engine.types import Photo
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.small_maps import small_analysis

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def _grey(pixels):
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)


def _only(*channels):
    return lambda pixels: pixels * np.isin(np.arange(3), channels).astype(np.uint8)


def _edges(pixels):
    return np.repeat(cv2.Canny(cv2.GaussianBlur(_grey(pixels)[..., 0], (0, 0), 1.5), 30, 80)[..., None], 3, 2)


ODD = {
    "red": _only(0),
    "green": _only(1),
    "blue": _only(2),
    "no red": _only(1, 2),
    "no green": _only(0, 2),
    "no blue": _only(0, 1),
    "grey": _grey,
    "inverted": lambda pixels: 255 - pixels,
    "swapped": lambda pixels: pixels[..., ::-1].copy(),
    "two levels": lambda pixels: np.uint8(255 * (pixels > 127)),
    "four levels": lambda pixels: pixels // 64 * np.uint8(85),
    "black and white": lambda pixels: np.uint8(255 * (_grey(pixels) > 110)),
    "chalk on a board": _edges,
    "a drawing": lambda pixels: 255 - _edges(pixels),
    "nearly black": lambda pixels: pixels // 64,
    "black": np.zeros_like,
    "white": lambda pixels: np.full_like(pixels, 255),
    "burnt": lambda pixels: np.uint8(np.minimum(pixels.astype(int) * 6, 255)),
    "magenta": lambda pixels: np.uint8(np.minimum(pixels * np.array([2, 0.02, 2]), 255)),
}


@pytest.fixture(scope="module")
def face(portrait):
    """The portrait and its face, measured once in its true colours."""
    photo = load_photo(portrait)
    with Landmarker() as landmarker:
        return photo, landmarker.detect(photo)[0]


def _finite(value) -> bool:
    if dataclasses.is_dataclass(value):
        return all(_finite(getattr(value, field.name)) for field in dataclasses.fields(value))
    return not isinstance(value, (np.ndarray, float)) or bool(np.isfinite(value).all())


@pytest.mark.parametrize("change", [*ODD, *(f"gains {seed}" for seed in range(6))])
def test_what_is_read_of_a_photo_stays_finite(face, change):
    photo, observation = face
    if change.startswith("gains"):
        gains = np.random.default_rng(int(change[6:])).choice([0, 0.004, 0.1, 1, 3, 40], 3)
        pixels = np.uint8(np.clip(photo.pixels * gains, 0, 255))
    else:
        pixels = ODD[change](photo.pixels)
    photo = dataclasses.replace(photo, pixels=np.ascontiguousarray(pixels))
    with_natural_colors(dataclasses.replace(photo, sha256=change), observation)
    mask = segment_skin(photo, observation)
    covers = find_covers(photo, observation, mask)
    assert _finite(mask) and _finite(covers)
    assert all(np.isfinite(value) for value in face_quality(photo, observation, covers).values())
    photo_warnings(photo, observation, covers)
    bite = find_bite(photo, observation)
    assert bite is None or _finite(bite)


@pytest.mark.parametrize("seed", range(8))
def test_teeth_of_any_colours_stay_finite(model, face, seed):
    """Also in a mouth that stands wide open, with lips and what lies between them in any colours, black ones included."""
    random = np.random.default_rng(seed)
    photo, observation = face
    points = observation.landmarks.copy()
    centre = points[[13, 14]].mean(0)
    lower = points[:, 1] > centre[1] + 1
    points[lower, 1] += 40  # the jaw dropped: what lies between the lips is chin and beard
    blocks = random.choice([0, 1, 90, 255], (24, 24, 3)).astype(np.uint8)
    pixels = cv2.resize(blocks, photo.size, interpolation=cv2.INTER_NEAREST)
    if seed % 2:
        pixels[..., seed // 2 % 3] = 0
    opened = dataclasses.replace(observation, landmarks=points)
    bite = find_bite(Photo(pixels, "blocks", "", None), opened)
    assert bite is None or _finite(bite)
    if bite is not None:
        expression = np.zeros(len(model.expression_names), np.float32)
        head = model.shape(np.zeros(model.identity_basis.shape[0], np.float32))
        assert np.isfinite(bite_shift(model, head, expression, bite)).all()


@pytest.mark.parametrize("level", [0.0, 1e-12, 1.0])
def test_light_of_a_channel_without_light_is_finite(level):
    random = np.random.default_rng(1)
    normals = random.normal(size=(400, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    colors = random.uniform(0, 1, (400, 3)) * [1, level, 0]
    for weights in (np.ones(400), np.zeros(400), (np.arange(400) < 5).astype(float)):
        assert np.isfinite(fit_lighting(normals, colors, np.ones((1, 3)), weights)).all()


def test_hair_without_light_has_a_color():
    class Closeup:
        face, on_skin, skin = 40.0, np.ones((30, 30), bool), np.ones((30, 30), np.float32)

    density = np.zeros((30, 30), np.float32)
    density[5:15] = 1
    paint = hair_paint(Closeup(), np.zeros((30, 30, 3), np.float32), density)
    assert np.isfinite(paint.color).all() and np.isfinite(paint.local).all() and np.isfinite(paint.darkness)


@pytest.mark.parametrize("change", ["no blue", "chalk on a board", "green"])
def test_a_head_comes_of_it_or_no_face(face, tmp_path, change):
    cv2.imwrite(str(tmp_path / "odd.png"), ODD[change](face[0].pixels)[..., ::-1])
    with small_analysis(), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            bundle = reconstruct(tmp_path / "odd.png", tmp_path / "head", Settings(texture_size=256, quality="draft"))
        except HrnError as error:
            assert error.code is ErrorCode.NO_FACE
            return
    assert all(np.isfinite(array).all() for array in bundle.arrays().values() if array.dtype.kind == "f")


def test_the_report_whose_blue_channel_is_empty(shared_dir, tmp_path):
    """microsoft/…#146 and langgenius/dify#11792 as they were handed in."""
    with small_analysis():
        photo = shared_dir / "review" / "inputs" / "blue_channel_zero.png"
        assert reconstruct(photo, tmp_path / "head", Settings(texture_size=256, quality="draft")).arrays()
