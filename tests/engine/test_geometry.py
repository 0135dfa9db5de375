"""What all stages stand on: points, meshes and their files."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.mesh import uv_density, vertex_normals
from engine.geometry.obj import read_obj, write_obj
from engine.geometry.sampling import farthest_points

TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1.0]])
SIDES = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])


def test_farthest_points_start_in_the_middle_and_spread():
    line = np.arange(11.0)[:, None] * [[1.0, 0.0]]
    assert farthest_points(line, 3).tolist() == [5, 0, 10]
    assert sorted(farthest_points(line, 99)) == list(range(11))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_normals_of_a_tetrahedron_point_away_from_its_middle(dtype):
    normals = vertex_normals(np.vstack([TETRAHEDRON, [[9.0, 9, 9]]]), SIDES, dtype)
    assert normals.dtype == dtype
    np.testing.assert_allclose(normals[:4], TETRAHEDRON / np.sqrt(3), atol=1e-6)
    assert normals[4].tolist() == [0, 0, 1]  # nothing touches it


def test_density_is_the_root_of_the_ratio_of_areas():
    quad = np.array([[[0, 0, 0], [2, 0, 0], [2, 3, 0], [0, 3, 0.0]]])
    uv = np.array([[[0, 0], [0.5, 0], [0.5, 0.25], [0, 0.25]]])
    expected = np.sqrt(0.125 / 6)
    assert uv_density(quad, uv) == pytest.approx(expected)
    assert uv_density(quad[:, ::-1], uv) == pytest.approx(expected)  # mirrored islands count alike
    assert uv_density(quad[:, :3], uv[:, :3]) == pytest.approx(expected)


def test_quads_are_written_as_quads(tmp_path):
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.5]])
    write_obj(tmp_path / "a.obj", vertices, np.array([[0, 1, 2, 3]]), number=".7f")
    lines = (tmp_path / "a.obj").read_text().splitlines()
    assert lines[3] == "v 0.0000000 1.0000000 0.5000000" and lines[4:] == ["f 1 2 3 4"]
    assert read_obj(tmp_path / "a.obj", split=True).faces.tolist() == [[0, 1, 2], [0, 2, 3]]
