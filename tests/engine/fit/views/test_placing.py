"""Photos without landmarks are placed by their features."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.camera import orbit_camera
from engine.fit.views.placing import find_pose, place_photo
from engine.fit.views.state import Frame, ViewState
from engine.pipeline.preview import render_head

SIDE = 500


def skin(seed: int) -> np.ndarray:
    """(1024, 1024, 3) uint8 with freckles of several sizes."""
    random = np.random.default_rng(seed)
    grain = sum(cv2.GaussianBlur(random.normal(0, 1, (1024, 1024)), (0, 0), size) * size for size in (1.5, 3, 6))
    return np.clip(np.array([190, 140, 115]) + 22 * grain[..., None], 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def views(model):
    found = []
    for yaw in (0, 45):
        camera = orbit_camera(model.template, yaw, width=SIDE, height=SIDE)
        pixels = render_head(model, model.template, camera, skin(1))
        view = ViewState(None, None, camera, np.zeros(52), "exif", None, frame=Frame(1.0, 0, 0, SIDE, SIDE))
        view.grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
        view.draw(model.template, model.triangles)
        found.append(view)
    return found


def test_a_profile_is_placed(model, views):
    true = orbit_camera(model.template, 84, 4, width=SIDE, height=SIDE)
    pixels = render_head(model, model.template, true, skin(1))
    unknown = replace(true, R=np.eye(3), t=np.array([0, 0, 500.0]))
    found = place_photo(pixels, unknown, views, model.triangles)
    error = np.linalg.norm(found.project(model.template)[0] - true.project(model.template)[0], axis=1)
    assert np.median(error) < 0.01 * SIDE
    assert abs(found.yaw_degrees - true.yaw_degrees) < 3


def test_another_skin_is_not(model, views):
    camera = orbit_camera(model.template, 60, width=SIDE, height=SIDE)
    assert place_photo(render_head(model, model.template, camera, skin(2)), camera, views, model.triangles) is None
    assert place_photo(np.full((300, 300, 3), 120, np.uint8), camera, views, model.triangles) is None


def test_matches_at_one_place_are_no_pose(model, views):
    points = np.repeat(model.template[:1].astype(float), 20, 0) + np.linspace(0, 1e-4, 20)[:, None]
    assert find_pose(views[0].camera, points, np.tile([SIDE / 2, SIDE / 2], (20, 1)), 4.0) is None
