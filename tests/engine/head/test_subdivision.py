"""Catmull-Clark against what is known of it, and the subdivided head."""

import numpy as np
import pytest

from engine.head import load_head_model
from engine.head.subdivision import catmull_clark, subdivided

CUBE = np.array([[-1, -1, -1], [1, -1, -1], [1, 1, -1], [-1, 1, -1], [-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1.0]])
CUBE_FACES = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])


def grid(side):
    """A square of (side - 1)^2 quads in the plane z = 0, and its quads."""
    y, x = np.mgrid[:side, :side]
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    return (
        np.stack([x, y, 0 * x], -1).reshape(-1, 3).astype(float),
        np.stack([corner, corner + 1, corner + side + 1, corner + side], 1),
    )


def volume(points, faces):
    a, b, c, d = (points[faces[:, k]] for k in range(4))
    return (np.einsum("qi,qi->q", a, np.cross(b, c)) + np.einsum("qi,qi->q", a, np.cross(c, d))).sum() / 6


def test_a_cube_becomes_the_known_ball():
    matrix, faces = catmull_clark(CUBE_FACES)
    points = matrix @ CUBE
    assert points.shape == (8 + 12 + 6, 3) and faces.shape == (24, 4)
    np.testing.assert_allclose(points[:8], CUBE * 5 / 9, atol=1e-12)
    np.testing.assert_allclose(np.abs(points[8:20]).max(1), 0.75, atol=1e-12)
    np.testing.assert_allclose(np.abs(points[20:]).max(1), 1.0, atol=1e-12)
    assert 0 < volume(points, faces) < volume(CUBE, CUBE_FACES) == 8.0


def test_weights_add_up_and_a_plane_stays_one():
    points, quads = grid(5)
    matrix, faces = catmull_clark(quads)
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-12)
    fine = matrix @ points
    assert not fine[:, 2].any() and fine[:, :2].min() >= 0 and fine[:, :2].max() <= 4
    inner = np.flatnonzero(((points > 0) & (points < 4))[:, :2].all(1))
    np.testing.assert_allclose(fine[inner], points[inner], atol=1e-12)
    assert (np.cross(fine[faces[:, 1]] - fine[faces[:, 0]], fine[faces[:, 3]] - fine[faces[:, 0]])[:, 2] > 0).all()


def test_sharp_vertices_stay():
    matrix, _ = catmull_clark(CUBE_FACES, np.ones(8, bool))
    np.testing.assert_allclose((matrix @ CUBE)[:8], CUBE, atol=1e-12)
    np.testing.assert_allclose(np.sort(np.abs((matrix @ CUBE)[8:20]), 1), [[0, 1, 1]] * 12, atol=1e-12)


@pytest.fixture(scope="module")
def head():
    return load_head_model()


def test_the_head_keeps_its_place_its_materials_and_its_uv(head):
    fine, matrix = subdivided(head)
    np.testing.assert_allclose(np.asarray(matrix.sum(1)), 1, atol=1e-6)
    assert len(fine.faces) == 4 * len(head.faces) and len(fine.template) == matrix.shape[0]
    assert np.bincount(fine.face_material).tolist() == (4 * np.bincount(head.face_material)).tolist()
    moved = np.linalg.norm(fine.template[: len(head.template)] - head.template, axis=1)
    assert np.median(moved) < 0.3
    np.testing.assert_allclose(fine.uv[::4, 0], head.uv[:, 0])
    np.testing.assert_allclose(fine.uv.reshape(len(head.faces), 4, 4, 2).mean((1, 2)), head.uv.mean(1), atol=1e-6)
    teeth = np.unique(head.faces[head.face_material == 2])
    np.testing.assert_array_equal(fine.template[teeth], head.template[teeth])
    assert np.abs(fine.landmarks(fine.template) - head.landmarks(head.template)).max() < 2.0
