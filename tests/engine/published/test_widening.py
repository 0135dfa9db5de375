"""The widened face, OBJ files, and their normals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.geometry.obj import ObjStyle, obj_normals, read_obj, write_obj
from engine.published import widening_warp
from engine.published.basel.coefficients import split
from engine.published.basel.model import FaceModel
from engine.wire.errors import ErrorCode, HrnError
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden
from support.golden.rules import photo, uni


def test_warp_as_released():
    golden = HrnGolden("liquify")
    dx, dy = uni("warp/x", (60, 80), -4, 4), uni("warp/y", (60, 80), -4, 4)
    dx[:20, :20] = dy[:20, :20] = 0.1
    assert golden.equal("warped", widening_warp.warp(photo(60, 80), dx, dy))
    assert golden.equal("enlarged_bbox", widening_warp.enlarged_box((30, 40, 130, 190), 150, 200))
    assert golden.error("spread_flow_100_r6", widening_warp.radial_flow(100, 6)).max() < 2e-4


def test_what_is_read_from_outside_the_picture():
    """The released warp also says how far in from each side pixels are read from beyond it, which nothing uses; here it
    follows from the places that the warp reads, which a picture of column numbers shows."""
    golden = HrnGolden("liquify")
    dx, dy = uni("warp/x", (60, 80), -4, 4), uni("warp/y", (60, 80), -4, 4)
    dx[:20, :20] = dy[:20, :20] = 0.1
    margin, found = 5, []
    for flow in (dy.T, dx):
        numbers = np.arange(flow.shape[1] + 2 * margin, dtype=np.uint8)
        picture = np.repeat(np.broadcast_to(numbers, (flow.shape[0] + 2, len(numbers)))[..., None], 3, 2)
        across = np.pad(flow, ((1, 1), (margin, margin)))
        # Half a row aside nothing snaps to a corner.
        read = widening_warp.warp(picture, across, np.full_like(across, 0.5))[1:-1, margin:-margin, 0].astype(int) - margin
        before = np.flatnonzero((read < 0).any(0))
        beyond = np.flatnonzero((read >= flow.shape[1]).any(0))
        found += [before.max() + 1, beyond.min()]
    assert golden.equal("bounds", found)


def _points():
    """106 points: an oval for the outline, everything else near the middle."""
    angle = np.linspace(0.1, np.pi - 0.1, 33)
    points = np.full((106, 2), 200.0)
    points[:33] = np.stack([200 + 80 * np.cos(angle), 180 + 110 * np.sin(angle)], 1)
    return points


def test_widening_moves_the_outline_outwards_and_nothing_else():
    points, box = _points(), (120, 80, 280, 300)
    flow = widening_warp.widening_flow(points, box, 400, 400, 0.03)
    assert np.abs(flow[:60]).max() == 0 and np.abs(flow[195:206, 195:206]).max() < 0.02
    x, y = points[28].astype(int)
    towards = np.array([200, 190]) - [x, y]
    assert flow[y, x] @ towards > 0.5 * np.linalg.norm(flow[y, x]) * np.linalg.norm(towards) > 0
    image = np.zeros((400, 400, 3), np.uint8)
    inside = np.hypot((np.arange(400)[None] - 200) / 80, (np.arange(400)[:, None] - 180) / 110) < 1
    image[inside] = 255
    wide = widening_warp.widen_face(image, points, box, (400, 400), 0.03)
    assert (wide[..., 0] > 127).sum() > (image[..., 0] > 127).sum()
    doubled = widening_warp.widen_face(np.repeat(np.repeat(image, 2, 0), 2, 1), points, box, (400, 400), 0.03)
    assert np.abs(doubled[::2, ::2].astype(int) - wide).mean() < 1


def test_a_face_at_the_rim_of_the_picture_is_left_alone():
    assert not widening_warp.widening_flow(_points(), (0, 0, 1, 1), 400, 400, 0.03).any()


def test_mesh_normals():
    golden = HrnGolden("estimate_normals")
    model = FaceModel.build(golden_models.mini_model())
    face = model(split(torch.from_numpy(golden_models.mini_coefficients())))
    assert golden.error("normals", obj_normals(face.world[0].numpy(), model.triangles.numpy())).max() < 5e-5


def test_meshes_are_written_and_read(tmp_path):
    vertices, faces = np.random.default_rng(0).normal(size=(5, 3)), np.array([[0, 1, 2], [2, 1, 4]])
    uv = np.random.default_rng(1).random((5, 2))
    path = tmp_path / "mesh.obj"
    write_obj(path, vertices, faces, uv=uv, normals=obj_normals(vertices, faces), texture="mesh.jpg", style=ObjStyle("r"))
    mesh = read_obj(path)
    assert np.array_equal(mesh.vertices, vertices) and np.array_equal(mesh.faces, faces)
    assert np.array_equal(mesh.uv, uv) and np.array_equal(mesh.uv_faces, faces)
    assert "f 1/1/1 2/2/2 3/3/3" in path.read_text() and "map_Kd mesh.jpg" in path.with_suffix(".mtl").read_text()
    write_obj(path, vertices, faces, colors=np.full((5, 3), 0.5), style=ObjStyle(header=("made here",)))
    lines = path.read_text().splitlines()
    assert lines[0] == "# made here" and lines[1].endswith("0.500000 0.500000 0.500000") and lines[-1] == "f 3 2 5"
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("uv", [False, True])
@pytest.mark.parametrize("normals", [False, True])
def test_every_form_of_a_corner_is_read_as_written(tmp_path, uv, normals):
    rng = np.random.default_rng(1)
    vertices, faces = rng.standard_normal((9, 3)), rng.integers(0, 9, (7, 3))
    given = {"uv": (rng.random((5, 2)), rng.integers(0, 5, (7, 3)))} if uv else {}
    path = tmp_path / "mesh.obj"
    write_obj(path, vertices, faces, **given, normals=vertices if normals else None, style=ObjStyle("r"))
    mesh = read_obj(path)
    assert np.array_equal(mesh.vertices, vertices) and np.array_equal(mesh.faces, faces) and mesh.faces.dtype == np.int64
    assert len(mesh.uv_faces) == 7 * uv and (not uv or np.array_equal(mesh.uv_faces, given["uv"][1]))
    # A face of four corners, and one in another form, are no reason to read the others differently.
    text = path.read_text()
    path.write_text(text + "f 1 2 3\nf 4/1 5/1 6/1 7/1\n" if uv else text + "f 1 2 3\nf 4 5 6 7\n")
    with pytest.raises(HrnError, match="not a triangle"):
        read_obj(path)
    mixed = read_obj(path, split=True)
    assert mixed.faces[7:].tolist() == [[0, 1, 2], [3, 4, 5], [3, 5, 6]] and np.array_equal(mixed.faces[:7], faces)
    assert np.array_equal(mixed.uv_faces[: 7 * uv], mesh.uv_faces)


@pytest.mark.parametrize("text", ["v 1 2\nf 1 1 1\n", "v 0 0 0\nf 1 2 3\n", "v 0 0 0\nf 1 1 1 1\n", "", "v a b c\n"])
def test_broken_template_meshes(tmp_path, text):
    path = tmp_path / "bad.obj"
    path.write_text(text)
    with pytest.raises(HrnError) as caught:
        read_obj(path)
    assert caught.value.code == ErrorCode.CHECKPOINT_INVALID
