"""The part distance as a term of the mid-frequency stage: its normal equations, its points, and that it moves parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.camera import Camera
from engine.fit.mid import part_regions
from engine.fit.mid.fit import MidWeights
from engine.fit.mid.terms.parts import PARTS, PartTerm, squared_distance
from engine.fit.skin_surface import skin_surface
from engine.wire.settings import Settings
from reference import part_distance as prdl
from support.mid_scene import Scene


@pytest.fixture(scope="module")
def camera():
    return Camera(640, 640, 1500.0, 1500.0, 320, 320, np.diag([1.0, -1, -1]), np.array([0, 0, 700.0]))


def test_normal_equations_are_those_of_the_loss():
    """Value and gradient as the loss of the published method has them; the matrix is that of its residuals' slopes."""
    random = np.random.default_rng(3)
    points, region = random.normal(size=(12, 2)) * 4 + 15, random.normal(size=(30, 2)) * 5 + 12
    grid = prdl.anchors(9, 11, dtype=torch.float64) * 3
    wanted = prdl.describe(torch.from_numpy(region), grid)
    np.testing.assert_array_equal(grid, 3 * part_regions.anchors(9, 11))
    np.testing.assert_allclose(part_regions.describe(region, grid.numpy()), wanted, rtol=1e-12)
    value, square, slope = squared_distance(points, grid.numpy(), wanted.numpy())
    variable = torch.from_numpy(points).requires_grad_(True)
    loss = ((prdl.describe(variable, grid) - wanted) ** 2).sum() / 2
    loss.backward()
    assert value == pytest.approx(loss.item(), rel=1e-9)
    np.testing.assert_allclose(slope, variable.grad.reshape(-1), rtol=1e-7, atol=1e-9)
    slopes = torch.autograd.functional.jacobian(lambda p: prdl.describe(p, grid), torch.from_numpy(points))
    slopes = slopes.reshape(-1, slopes[0, 0].numel()).numpy()
    np.testing.assert_allclose(square, slopes.T @ slopes, rtol=1e-6, atol=1e-8)


def test_every_part_has_points_on_both_sides(model, camera):
    marks = camera.project(model.landmarks(model.template).astype(float))[0]
    term = PartTerm(model, skin_surface(model), marks, 700 / 1500, MidWeights(part=1.0))
    assert set(term.parts) == set(PARTS)
    assert all(len(part.points.corners) >= 60 for part in term.parts.values())


def test_a_moved_head_is_brought_back(model, camera):
    """Normal equations of pose alone, from landmarks of the unmoved head: a few steps undo a shift and a turn."""
    surface = skin_surface(model)
    marks = camera.project(model.landmarks(model.template).astype(float))[0]
    term = PartTerm(model, surface, marks, 700 / 1500, MidWeights(part=1.0))
    skin, basis = model.template[surface.vertices].astype(float), np.zeros((3 * len(surface.vertices), 0))
    angle = np.radians(4)
    roll = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = replace(camera, R=roll @ camera.R, t=camera.t + [6.0, -4.0, 0])
    import cv2

    def error():
        return (
            np.linalg.norm(moved.project(model.landmarks(model.template).astype(float))[0] - marks, axis=1).mean() * 700 / 1500
        )

    before = error()
    for _ in range(12):
        hessian, gradient = np.zeros((6, 6)), np.zeros(6)
        term.add(hessian, gradient, moved, skin, basis)
        move = -np.linalg.solve(hessian + np.diag([1e3, 1e3, 1e-3, 1e-4, 1e-4, 1e-2]), gradient)
        moved = replace(moved, R=cv2.Rodrigues(move[:3])[0] @ moved.R, t=moved.t + move[3:])
    assert before > 6 and error() < 0.7


def test_it_is_a_setting_of_the_stage(model, monkeypatch):
    """Off unless asked for; where it is on, the parts lie nearer to their regions before landmarks are laid exactly."""
    from engine.fit.mid import fit as mid

    scene = Scene(model)
    # The detector saw the mouth lower than it is: the region that the parts are held to.
    marks = scene.observation.landmarks.copy()
    mouth = sorted({*PARTS["upper_lip"], *PARTS["lower_lip"]})
    marks[mouth, 1] += 6
    scene.observation = replace(scene.observation, landmarks=marks)
    left = {}
    for name, weights in (("off", MidWeights()), ("on", MidWeights(part=0.7))):
        kept = {}
        finish = mid.finished

        def result(problem, *rest, kept=kept):
            kept["mouth"] = problem.state.camera.project(problem.model.landmarks(_whole(problem)))[0][mouth, 1].mean()
            return finish(problem, *rest)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(mid, "finished", result)
            scene.fit(patch, weights=weights)
        left[name] = marks[mouth, 1].mean() - kept["mouth"]
    assert left["off"] > 1 and abs(left["on"]) < 0.7 * left["off"]
    used = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mid, "Problem", lambda *given: used.append(given[6]) or 1 / 0)
        for part_distance in (False, True):
            with pytest.raises(ZeroDivisionError):
                mid.fit_mid(model, scene.photo, scene.observation, scene.coarse, Settings(part_distance=part_distance))
    assert used[0] == MidWeights() and used[0].part == 0 < used[1].part


def _whole(problem) -> np.ndarray:
    head = problem.state.base.copy()
    head[problem.state.surface.vertices] = problem.state.skin()
    return head
