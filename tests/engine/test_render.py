"""Rasterizer backends: coverage, edge rules, depth order, perspective, and agreement with the reference."""

import numpy as np
import pytest

from engine.render import BACKENDS, interpolate, rasterize

TRIANGLE = np.array([[0, 1, 2]])


def draw(backend, points, depth, triangles, width=8, height=8):
    return rasterize(np.asarray(points, float), np.asarray(depth, float), np.asarray(triangles), width, height,
                     backend=backend)


def sphere(rings=24, sectors=32):
    """A closed UV sphere, so that many triangles share edges and overlap in depth."""
    v, u = np.meshgrid(np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, sectors, endpoint=False), indexing="ij")
    points = np.stack([np.sin(v) * np.cos(u), np.cos(v), np.sin(v) * np.sin(u)], -1).reshape(-1, 3)
    a = np.arange(rings)[:, None] * sectors + np.arange(sectors)
    b = np.arange(rings)[:, None] * sectors + (np.arange(sectors) + 1) % sectors
    quads = np.stack([a, b, b + sectors, a + sectors], -1).reshape(-1, 4)
    return points, quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1]])
def test_right_triangle_covers_the_pixel_centres_inside(backend, order):
    """Corners (0,0), (4,0), (0,4): centres with x + y <= 4, edges included, for either winding."""
    result = draw(backend, [[0, 0], [4, 0], [0, 4]], [1, 1, 1], [order], 6, 5)
    row, column = np.mgrid[:5, :6]
    np.testing.assert_array_equal(result.triangle == 0, (column + 0.5) + (row + 0.5) <= 4)
    assert np.all(np.isinf(result.depth[result.triangle < 0]))
    assert np.all(result.weights[result.triangle < 0] == 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_first_pixel_centre_is_half_half(backend):
    """A tiny triangle about (0.5, 0.5) lights the top-left pixel only."""
    result = draw(backend, [[0.4, 0.4], [0.7, 0.4], [0.4, 0.7]], [1, 1, 1], TRIANGLE)
    assert np.argwhere(result.triangle == 0).tolist() == [[0, 0]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_nearest_wins_and_equal_depth_goes_to_the_lower_number(backend):
    points = [[0, 0], [8, 0], [0, 8]] * 3
    near_last = draw(backend, points[:6], [5] * 3 + [2] * 3, [[0, 1, 2], [3, 4, 5]])
    assert set(near_last.triangle[near_last.triangle >= 0]) == {1}
    assert np.allclose(near_last.depth[near_last.triangle >= 0], 2)
    tie = draw(backend, points, [5] * 3 + [2] * 6, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    assert set(tie.triangle[tie.triangle >= 0]) == {1}


@pytest.mark.parametrize("backend", BACKENDS)
def test_behind_the_camera_degenerate_and_outside_are_skipped(backend):
    points = [[0, 0], [8, 0], [0, 8], [20, 20], [30, 20], [20, 30], [1, 1], [2, 2], [3, 3]]
    depth = [1, -1, 1, 1, 1, 1, 1, 1, 1]
    result = draw(backend, points, depth, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 0, 2]])
    assert np.all(result.triangle == -1)


@pytest.mark.parametrize("backend", BACKENDS)
def test_triangle_larger_than_the_image_fills_it(backend):
    result = draw(backend, [[-1e4, -1e4], [3e4, -1e4], [-1e4, 3e4]], [1, 1, 1], TRIANGLE, 7, 3)
    assert np.all(result.triangle == 0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_are_perspective_correct(backend):
    """Interpolating the 3-D corners and projecting again must hit the pixel centre."""
    corners = np.array([[-3.0, -2, 4], [5, -1, 12], [-1, 4, 7]])
    pixels = corners[:, :2] / corners[:, 2:] * 40 + 30
    result = draw(backend, pixels, corners[:, 2], TRIANGLE, 64, 64)
    hit = result.triangle == 0
    points = interpolate(result, TRIANGLE, corners)[hit]
    row, column = np.nonzero(hit)
    assert hit.sum() > 100
    np.testing.assert_allclose(points[:, :2] / points[:, 2:] * 40 + 30, np.stack([column, row], 1) + 0.5, atol=1e-3)
    np.testing.assert_allclose(points[:, 2], result.depth[hit], rtol=1e-5)
    np.testing.assert_allclose(result.weights[hit].sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("backend", BACKENDS)
def test_shared_edges_leave_no_crack_and_constant_depth_gives_affine_weights(backend):
    """A jittered grid covers its whole interior, also where an edge passes through pixel centres."""
    rng = np.random.default_rng(3)
    n = 9
    y, x = np.mgrid[:n, :n].astype(float)
    inner = (x > 0) & (x < n - 1) & (y > 0) & (y < n - 1)
    points = np.stack([x + inner * rng.uniform(-0.3, 0.3, x.shape), y + inner * rng.uniform(-0.3, 0.3, x.shape)], -1)
    points = points.reshape(-1, 2) * 5.0
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    triangles = np.concatenate([np.stack([a, a + 1, a + n + 1], 1), np.stack([a, a + n + 1, a + n], 1)])
    result = draw(backend, points, np.ones(len(points)), triangles, 40, 40)
    assert np.all(result.triangle >= 0)
    row, column = np.mgrid[:40, :40]
    np.testing.assert_allclose(interpolate(result, triangles, points), np.stack([column, row], -1) + 0.5, atol=1e-4)


def test_no_crack_along_long_diagonals():
    """Random fans about a far-off vertex: every centre inside the hull belongs to a triangle."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
        points = np.concatenate([rng.uniform(20, 44, (1, 2)), 32 + 200 * np.stack([np.cos(angle), np.sin(angle)], 1)])
        fan = np.stack([np.zeros(40, int), 1 + np.arange(40), 1 + (np.arange(40) + 1) % 40], 1)
        assert np.all(draw("portable", points, np.ones(41), fan, 64, 64).triangle >= 0)


def test_portable_equals_reference_on_a_turned_sphere():
    points, triangles = sphere()
    angle = 0.7
    rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0.3, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    camera = points @ rotation.T + [0.1, -0.2, 2.6]
    pixels = camera[:, :2] / camera[:, 2:] * 60 + 40
    slow = draw("reference", pixels, camera[:, 2], triangles, 90, 80)
    fast = draw("portable", pixels, camera[:, 2], triangles, 90, 80)
    np.testing.assert_array_equal(fast.triangle, slow.triangle)
    np.testing.assert_allclose(fast.weights, slow.weights, atol=1e-6)
    np.testing.assert_allclose(fast.depth, slow.depth, rtol=1e-6)
    assert (slow.triangle >= 0).mean() > 0.2


def test_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="unknown rasterizer"):
        rasterize(np.zeros((3, 2)), np.ones(3), TRIANGLE, 4, 4, backend="magic")
