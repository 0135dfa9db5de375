"""The camera sees the head exactly as the photo did."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

from hrn_blender.build import BuildOptions, build_head, match_scene_to_camera
from support.addon.build import posed_vertices, surface_points
from support.synthetic_bundle import make_bundle

TILT = np.radians(25)
TILTED = [[np.cos(TILT), np.sin(TILT), 0], [np.sin(TILT), -np.cos(TILT), 0], [0, 0, -1]]


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def camera(width, height, fx, fy, cx, cy, rotation=None, translation=(0.01, -0.02, 0.7)):
    return {
        "photo": 0,
        "file": "photo_0.png",
        "width": width,
        "height": height,
        "fx": fx,
        "fy": fy,
        "cx": cx,
        "cy": cy,
        "R": np.array(rotation or np.diag([1.0, -1, -1])).tolist(),
        "t": list(translation),
    }


def expected_pixels(bundle):
    """Landmarks by the formula of docs/develop/bundle.md: the head in the photo's pose through the first camera."""
    arrays, view = bundle.arrays(), bundle.manifest["cameras"][0]
    posed = (
        arrays["vertices"]
        + arrays["deformation"]
        + np.tensordot(bundle.manifest["expression"]["values"], arrays["expression_deltas"], 1)
    )
    local = surface_points(posed, arrays) @ np.array(view["R"]).T + view["t"]
    return local[:, :2] / local[:, 2:] * (view["fx"], view["fy"]) + (view["cx"], view["cy"])


def seen_pixels(bundle, result, scene):
    """Landmarks of the evaluated mesh through Blender's camera, in pixels of the render with y down."""
    points = surface_points(posed_vertices(result.head), bundle.arrays())
    frame = np.array([world_to_camera_view(scene, scene.camera, Vector(p)) for p in points])
    assert (frame[:, 2] > 0).all()
    return frame[:, :2] * (1, -1) * (scene.render.resolution_x, scene.render.resolution_y) + (0, scene.render.resolution_y)


@pytest.mark.parametrize("photo_size", [(480, 600), (901, 400), (333, 333), (64, 1000)])
def test_reprojection_of_the_engine_s_own_landmarks(tmp_path, photo_size):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=8, photo_size=photo_size)
    result = build_head(bundle.path, options=BuildOptions(set_scene=True))
    seen = seen_pixels(bundle, result, bpy.context.scene)
    assert np.abs(seen - bundle.arrays()["landmarks_fitted"]).max() < 0.05


@pytest.mark.parametrize(
    "view",
    [
        camera(480, 600, 960, 960, 500, 20),
        camera(480, 600, 960, 960, -300, 900),
        camera(901, 400, 700, 700, 10, 390),
        camera(480, 600, 960, 700, 250, 290),
        camera(480, 600, 700, 960, 250, 290),
        camera(901, 400, 500, 1100, 800, 30),
        camera(480, 600, 960, 960, 240, 300, TILTED, (0.1, 0.05, 0.4)),
        camera(480, 600, 30000, 30000, 240, 300, None, (0, 0, 30)),
    ],
    ids=[
        "off-centre",
        "centre outside",
        "wide off-centre",
        "tall pixels",
        "wide pixels",
        "wide, tall pixels",
        "tilted",
        "tele",
    ],
)
def test_reprojection_of_unusual_cameras(tmp_path, view):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=6, photo_size=(view["width"], view["height"]), cameras=[view])
    result = build_head(bundle.path, options=BuildOptions(set_scene=True))
    seen = seen_pixels(bundle, result, bpy.context.scene)
    assert np.abs(seen - expected_pixels(bundle)).max() < 0.1


@pytest.mark.parametrize("change", [{"cx": 260.0}, {"cy": 280.0}, {"fx": 990.0}, {"fy": 930.0}, {"t": [0.02, -0.02, 0.7]}])
def test_the_reprojection_test_notices_a_wrong_camera(tmp_path, change):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=6, cameras=[camera(480, 600, 960, 960, 240, 300)])
    wrong = make_bundle(tmp_path / "w", texture_size=16, density=6, cameras=[camera(480, 600, 960, 960, 240, 300) | change])
    result = build_head(wrong.path, options=BuildOptions(set_scene=True))
    assert np.abs(seen_pixels(bundle, result, bpy.context.scene) - expected_pixels(bundle)).max() > 2


def test_the_neutral_head_is_not_what_the_photo_shows(tmp_path):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=8)
    result = build_head(bundle.path, options=BuildOptions(set_scene=True))
    for block in result.head.data.shape_keys.key_blocks:
        block.value = 0
    seen = seen_pixels(bundle, result, bpy.context.scene)
    assert np.abs(seen - bundle.arrays()["landmarks_fitted"]).max() > 2


@pytest.mark.parametrize("frame", [(1920, 1080), (1080, 1920), (600, 600)])
@pytest.mark.parametrize("photo_size", [(480, 600), (901, 400)])
def test_the_photo_lines_up_whatever_the_scene_s_resolution(tmp_path, frame, photo_size):
    """The photo fits into the frame (letterboxed); the head has to lie on it without the scene being changed."""
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=6, photo_size=photo_size)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = frame
    result = build_head(bundle.path, scene=scene)
    assert (scene.render.resolution_x, scene.render.resolution_y) == frame
    scene.camera = result.cameras[0]
    scale = min(frame[0] / photo_size[0], frame[1] / photo_size[1])
    border = (np.array(frame) - scale * np.array(photo_size)) / 2
    photo = (seen_pixels(bundle, result, scene) - border) / scale
    assert np.abs(photo - bundle.arrays()["landmarks_fitted"]).max() < 0.05


def test_the_photo_is_the_camera_s_background(tmp_path):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=4)
    data = build_head(bundle.path).cameras[0].data
    background = data.background_images[0]
    assert data.show_background_images and len(data.background_images) == 1
    assert bpy.path.abspath(background.image.filepath) == str(bundle.path / "photo_0.png")
    assert tuple(background.image.size) == (480, 600)
    assert (background.display_depth, background.frame_method, background.alpha) == ("BACK", "FIT", 1.0)
    assert background.image.colorspace_settings.name == "sRGB"


def test_a_moved_head_takes_its_camera_along(tmp_path):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=6)
    result = build_head(bundle.path, options=BuildOptions(set_scene=True))
    result.head.matrix_basis = Matrix.Translation((3, -2, 1)) @ Matrix.Rotation(1.1, 4, "Z")
    bpy.context.view_layer.update()
    seen = seen_pixels(bundle, result, bpy.context.scene)
    assert np.abs(seen - bundle.arrays()["landmarks_fitted"]).max() < 0.05


def test_every_photo_gets_its_camera(tmp_path):
    views = [camera(480, 600, 960, 960, 240, 300), camera(480, 600, 900, 900, 240, 300, TILTED) | {"photo": 1}]
    result = build_head(make_bundle(tmp_path / "b", texture_size=16, density=4, cameras=views).path)
    assert len(result.cameras) == 2 and len({v.name for v in result.cameras}) == 2
    assert result.cameras[0].matrix_basis != result.cameras[1].matrix_basis


def test_only_photo_cameras_can_set_the_scene():
    other = bpy.data.objects.new("c", bpy.data.cameras.new("c"))
    with pytest.raises(ValueError):
        match_scene_to_camera(bpy.context.scene, other)
