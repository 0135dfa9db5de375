"""The spherical-harmonics lighting model."""

import numpy as np
import pytest

from engine.camera import Camera
from engine.geometry import harmonics as lighting
from engine.wire.color import linear_to_srgb, srgb_to_linear


def unit_normals(count=4000, seed=0, front=False):
    normals = np.random.default_rng(seed).normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    if front:
        normals[:, 2] = np.abs(normals[:, 2])
    return normals


def test_basis_is_orthogonal_on_the_sphere():
    basis = lighting.sh_basis(unit_normals(400_000))
    gram = basis.T @ basis / len(basis)
    scale = np.sqrt(np.diag(gram))
    off = gram / scale / scale[:, None] - np.eye(9)
    assert np.abs(off).max() < 0.01


@pytest.mark.parametrize("index, axis", [(1, 1), (2, 2), (3, 0)])
def test_first_band_order_is_y_z_x(index, axis):
    normal = np.zeros(3)
    normal[axis] = 1
    assert lighting.sh_basis(normal)[index] == 1
    assert lighting.sh_basis(-normal)[index] == -1


def test_light_frame_has_y_up_and_z_towards_the_camera():
    camera = Camera(100, 100, 200, 200, 50, 50, np.diag([1.0, -1.0, -1.0]), np.array([0, 0, 500.0]))
    up, towards = lighting.light_normals(camera, np.array([[0, 1.0, 0], [0, 0, 1.0]]))
    np.testing.assert_allclose(up, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(towards, [0, 0, 1], atol=1e-12)


def test_shade_is_positive_for_any_normal():
    light = np.zeros((9, 3))
    light[0], light[2] = 0.1, 0.5
    assert lighting.shade(unit_normals(), light).min() > 0


def test_recovers_known_light_despite_outliers():
    rng = np.random.default_rng(1)
    truth = rng.normal(0, 0.05, (9, 3))
    truth[0] += 0.6
    normals = unit_normals(front=True)
    albedo = rng.uniform(0.3, 0.7, (len(normals), 3))
    colors = albedo * lighting.shade(normals, truth) * rng.normal(1, 0.02, (len(normals), 3))
    colors[:800] *= 0.3
    found = lighting.fit_lighting(normals, colors, albedo, np.ones(len(normals)))
    relative = lighting.shade(normals, found) / lighting.shade(normals, truth) - 1
    assert np.sqrt((relative**2).mean()) < 0.03


def test_few_points_give_a_constant_light():
    normals = unit_normals(10, front=True)
    found = lighting.fit_lighting(normals, np.full((10, 3), 0.2), np.full((1, 3), 0.5), np.ones(10))
    np.testing.assert_allclose(found[0], 0.4)
    assert np.all(found[1:] == 0)


@pytest.mark.parametrize("black", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
@pytest.mark.filterwarnings("error")
def test_a_channel_that_is_black_all_over_has_no_light(black):
    truth = np.zeros((9, 3))
    truth[0], truth[2] = 0.6, 0.2
    normals = unit_normals(front=True)
    colors = 0.5 * lighting.shade(normals, truth)
    colors[:, black] = 0
    found = lighting.fit_lighting(normals, colors, np.full((1, 3), 0.5), np.ones(len(normals)))
    assert np.all(found[:, black] == 0)
    others = [k for k in range(3) if k not in black]
    np.testing.assert_allclose(found[:3, others], truth[:3, others], atol=0.01)


@pytest.mark.filterwarnings("error")
def test_weak_light_is_light():
    normals = unit_normals(front=True)
    found = lighting.fit_lighting(normals, np.full((len(normals), 3), 1e-5), np.ones((1, 3)), np.ones(len(normals)))
    np.testing.assert_allclose(found[0], 1e-5, rtol=0.05)


def test_transfer_curves_are_inverse():
    values = np.linspace(0, 1, 257, dtype=np.float32)
    np.testing.assert_allclose(linear_to_srgb(srgb_to_linear(values)), values, atol=2e-6)
