"""Adjust Mode over heads that were moved, turned, scaled unevenly, mirrored and parented: the wire lies over the photo."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Euler, Matrix, Vector

from hrn_blender.adjust.camera import project
from hrn_blender.build import build_head, match_scene_to_camera
from hrn_blender.build.refit import fitted_of, photo_cameras
from hrn_blender.operators.adjust.view import over_photo, photo_frame
from support.synthetic_bundle import make_bundle

PLACES = {
    "moved": ((1.0, 2.0, 3.0), (0.3, -0.5, 1.0), (1, 1, 1)),
    "even": ((0.0, 0.0, 1.0), (0.0, 0.0, 2.0), (100, 100, 100)),
    "uneven": ((0.5, 0.0, 0.0), (0.2, 0.1, 0.0), (1, 2, 0.5)),
    "mirrored": ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), (-1, 1, 1)),
}


@pytest.fixture
def head(addon, tmp_path) -> bpy.types.Object:
    return build_head(make_bundle(tmp_path / "anna", density=8, name="anna", views=(True, True)).path).head


def seen(head: bpy.types.Object, camera: bpy.types.Object) -> tuple[SimpleNamespace, SimpleNamespace]:
    """A region and its view through a camera, made as Blender makes them."""
    match_scene_to_camera(bpy.context.scene, camera)
    render, region = bpy.context.scene.render, SimpleNamespace(width=900, height=700)
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    window = camera.calc_matrix_camera(graph, x=render.resolution_x, y=render.resolution_y)
    columns = [Vector(column[:3]).normalized() for column in camera.matrix_world.col[:3]]
    place = Matrix(
        [[columns[0][i], columns[1][i], columns[2][i], camera.matrix_world[i][3]] for i in range(3)] + [[0, 0, 0, 1]]
    )
    return region, SimpleNamespace(perspective_matrix=window @ place.inverted())


@pytest.mark.parametrize("parented", [False, True])
@pytest.mark.parametrize("place", PLACES)
def test_the_wire_lies_over_the_photo_wherever_the_head_is(head, place, parented):
    head.location, head.rotation_euler, head.scale = PLACES[place]
    if parented:
        empty = bpy.data.objects.new("Rig", None)
        empty.rotation_euler, empty.scale = Euler((0.4, 0.7, 0.1)), (0.5, 3.0, 1.0)
        bpy.context.scene.collection.objects.link(empty)
        head.parent = empty
    fitted = fitted_of(head)
    for camera in photo_cameras(head):
        region, view = seen(head, camera)
        eye = fitted.eye(camera["hrn_photo"])
        frame = photo_frame(region, view, bpy.context.scene, camera)
        matrix = over_photo(head, camera, eye)
        points = fitted.posed(eye.number)[:: len(fitted.vertices) // 9]
        drawn = [location_3d_to_region_2d(region, view, matrix @ Vector(point)) for point in points]
        np.testing.assert_allclose(drawn, frame.to_region(project(points, eye)[0]), atol=0.05)
        if place in ("moved", "even") and not parented:
            np.testing.assert_allclose(np.array(matrix), np.array(head.matrix_world), atol=1e-4 * max(head.scale))


def test_a_camera_that_was_parented_anew_is_the_same_one(head):
    camera = photo_cameras(head)[1]
    before = fitted_of(head).eyes[1]
    bpy.context.view_layer.update()
    world = camera.matrix_world.copy()
    head.location.x = 2.0
    bpy.context.view_layer.update()
    camera.parent = None
    camera.matrix_world = Matrix.Translation((2, 0, 0)) @ world
    camera.parent = head
    camera.matrix_parent_inverse = head.matrix_world.inverted()
    bpy.context.view_layer.update()
    after = fitted_of(head).eyes[1]
    np.testing.assert_allclose(after.location, before.location, atol=1e-5)
    np.testing.assert_allclose(after.rotation, before.rotation, atol=1e-5)
