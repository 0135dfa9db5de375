"""What all stages stand on: points, meshes and their files."""

from __future__ import annotations

import numpy as np
import pytest

from engine.geometry.mesh import stiffness_and_mass, uv_density, vertex_normals
from engine.geometry.obj import ObjStyle, read_obj, write_obj
from engine.geometry.sampling import farthest_points
from engine.texture.unlit.surface import Surface
from support.checkout import ROOT

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
    write_obj(tmp_path / "a.obj", vertices, np.array([[0, 1, 2, 3]]), style=ObjStyle(".7f"))
    lines = (tmp_path / "a.obj").read_text().splitlines()
    assert lines[3] == "v 0.0000000 1.0000000 0.5000000" and lines[4:] == ["f 1 2 3 4"]
    assert read_obj(tmp_path / "a.obj", split=True).faces.tolist() == [[0, 1, 2], [0, 2, 3]]


def test_stiffness_holds_the_cotangents_and_the_mass_a_third_of_each_triangle():
    corners = np.array([[0, 0, 0], [2, 0, 0], [0, 2, 0.0]])
    stiffness, mass = stiffness_and_mass(corners, np.array([[0, 1, 2]]))
    # Right angle at 0: its cotangent, 0, is raised to 0.02; 45 degrees at the others.
    np.testing.assert_allclose(stiffness.toarray(), [[1, -0.5, -0.5], [-0.5, 0.51, -0.01], [-0.5, -0.01, 0.51]], atol=1e-12)
    np.testing.assert_allclose(mass, 2 / 3)


def test_a_membrane_stays_between_what_it_spans_although_triangles_are_obtuse_and_thin():
    random = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(12.0), np.arange(12.0))
    points = np.stack([x.ravel() + 0.9 * y.ravel(), 0.3 * y.ravel(), random.normal(0, 0.1, 144)], 1)
    quad = (np.arange(11)[:, None] * 12 + np.arange(11)).ravel()
    triangles = np.vstack([np.stack([quad, quad + 1, quad + 13], 1), np.stack([quad, quad + 13, quad + 12], 1)])
    value, known = np.zeros(144), np.zeros(144)
    value[[65, 143]], known[[0, 65, 143]] = 1, 1e5
    field = Surface(points, triangles).smooth(value, known, 3.0)
    assert field.min() > -1e-6 and field.max() < 1 + 1e-6  # 1.03 with the cotangents as they are
    assert field[143] - field[0] > 0.9


def test_the_cotangents_are_taken_in_one_place():
    files = [file for file in (ROOT / "engine").rglob("*.py") if "cotangent = " in file.read_text(encoding="utf-8")]
    assert [file.relative_to(ROOT).as_posix() for file in files] == ["engine/geometry/mesh.py"]
