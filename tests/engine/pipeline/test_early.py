"""What is shown of a head before it is finished."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.camera import Camera
from engine.pipeline.early import PICTURE_PX, show_early, watched
from engine.types import CoarseFit, Photo


@pytest.fixture
def fit(model) -> tuple[Photo, CoarseFit]:
    """A grey photo of 2500 pixels and a head half a metre before its camera."""
    photo = Photo(np.full((2000, 2500, 3), 120, np.uint8), "a.jpg", "0" * 64, None)
    camera = Camera(2500, 2000, 3000.0, 3000.0, 1250.0, 1000.0, np.diag([1.0, -1.0, -1.0]), np.array([0.0, 0.0, 500.0]))
    identity = np.zeros(len(model.identity_basis), np.float32)
    identity[0] = 1
    return photo, CoarseFit(camera, identity, np.zeros(52, np.float32), np.zeros(478, np.float32), "estimated")


def test_who_does_not_watch_gets_nothing(model, fit, tmp_path):
    show_early(model, *fit)
    with watched(tmp_path, lambda path: pytest.fail("too early")):
        pass
    show_early(model, *fit)
    assert not list(tmp_path.iterdir())


def test_who_watches_gets_each_shape_in_metres_and_one_picture(model, fit, tmp_path):
    told = []
    with watched(tmp_path, told.append):
        show_early(model, *fit)
        show_early(model, *fit, np.full(model.template.shape, 2.0, np.float32))
    assert told == [tmp_path / "early_0.npz", tmp_path / "early_1.npz"]
    first, second = (dict(np.load(path)) for path in told)
    np.testing.assert_allclose(1000 * first["posed"], model.shape(fit[1].identity), atol=1e-3)
    np.testing.assert_allclose(second["posed"] - first["posed"], 0.002, atol=1e-6)
    assert first["t"].tolist() == [0, 0, 0.5] and int(first["width"]) == 2500
    assert str(first["picture"]) == str(second["picture"]) == "early_0.jpg"
    assert max(cv2.imread(str(tmp_path / "early_0.jpg")).shape) <= PICTURE_PX


def test_a_shape_seen_in_another_photo_has_another_picture(model, fit, tmp_path):
    other = replace(fit[0], pixels=fit[0].pixels[:400, :300], sha256="1" * 64)
    told = []
    with watched(tmp_path, told.append):
        for photo in (fit[0], other, fit[0]):
            show_early(model, photo, fit[1])
    pictures = [str(np.load(path)["picture"]) for path in told]
    assert pictures == ["early_0.jpg", "early_1.jpg", "early_0.jpg"]
    assert cv2.imread(str(tmp_path / "early_1.jpg")).shape == (400, 300, 3)


def test_what_cannot_be_written_stops_nothing(model, fit, tmp_path):
    with watched(tmp_path / "not there", lambda path: pytest.fail("there is nothing")):
        show_early(model, *fit)
