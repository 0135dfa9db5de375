"""Strands stay on the skin: at rest exactly, at every level of subdivision, with expressions, rigs and a moved head."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy
from mathutils import Euler, Matrix

from engine.wire.settings import Settings
from hrn_blender.build import build_head
from hrn_blender.build.hair import edit
from hrn_blender.build.hair.bind import unbound
from hrn_blender.build.hair.names import SURFACE_UV
from hrn_blender.build.hair.strands import read_guides, set_attribute
from support.addon.hair import only_guides, seen, skin_distance
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """As dense a mesh as a real head."""
    settings = Settings(keep_expression=False)
    return make_bundle(tmp_path_factory.mktemp("hair") / "head", texture_size=32, density=24, hair=True, settings=settings)


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def built(bundle):
    """A head whose strands are shown without children."""
    result = build_head(bundle.path)
    for hair in result.hair.values():
        only_guides(hair)
    return result


def moved(hair) -> np.ndarray:
    """(M,) millimetres from where the points are at rest to where they are seen."""
    return 1000 * np.linalg.norm(seen(hair).points - read_guides(hair.data).points, axis=1)


def test_nothing_moves_at_rest_and_roots_are_on_the_skin(built):
    for name, hair in built.hair.items():
        assert moved(hair).max() < 0.01, name
        assert unbound(hair) == 0
        assert 1000 * skin_distance(built.head, seen(hair).roots).max() < 0.05, name


def test_strands_keep_their_places_of_the_bundle(built, bundle):
    """Setting them on the smooth surface moves each as a whole, by what subdivision takes off."""
    from hrn_blender.build.hair.strands import from_bundle
    from hrn_blender.build.source import read_source

    source = read_source(bundle.path)
    for name, hair in built.hair.items():
        given, held = from_bundle(source.hair[name], source.origin), read_guides(hair.data)
        shift = held.points - given.points
        assert 1000 * np.linalg.norm(shift, axis=1).max() < 4
        np.testing.assert_allclose(shift, shift[given.offsets[:-1]][given.curve], atol=1e-6)


def test_a_render_of_finer_skin_shows_the_same_hair(built):
    built.head.modifiers["Subdivision"].levels = built.head.modifiers["Subdivision"].render_levels
    for name, hair in built.hair.items():
        away = moved(hair)
        # The synthetic chin has a fold where the neck begins; subdivision rounds it.
        assert np.quantile(away[read_guides(hair.data).offsets[:-1]], 0.9) < 0.3, name
        assert np.median(away) < 0.4 and away.max() < 4, name
        assert 1000 * skin_distance(built.head, seen(hair).roots).max() < 0.05


@pytest.mark.parametrize(
    "action, group", [("jawOpen", "beard"), ("browInnerUp", "brows"), ("mouthSmileLeft", "beard"), ("eyeBlinkLeft", "lashes")]
)
def test_expressions_leave_no_root_behind(built, action, group):
    hair = built.hair[group]
    built.head.data.shape_keys.key_blocks[action].value = 1.0
    strands = seen(hair)
    assert 1000 * skin_distance(built.head, strands.roots).max() < 0.1
    lengths = [
        np.linalg.norm(np.diff(held.points.reshape(len(held.uv), -1, 3), axis=1), axis=2).sum(1)
        for held in (strands, read_guides(hair.data))
    ]
    np.testing.assert_allclose(*lengths, rtol=1e-3)
    assert moved(hair).max() > 0.5 or action == "mouthSmileLeft"
    built.head.data.shape_keys.key_blocks[action].value = 0.0
    assert moved(hair).max() < 0.01


def test_a_bundle_with_its_expression_carries_the_hair_there(tmp_path):
    """The guides are those of the head at rest, the keys stand at the photo's values."""
    bundle = make_bundle(tmp_path / "smiling", texture_size=16, hair=True)
    result = build_head(bundle.path)
    hair = result.hair["beard"]
    only_guides(hair)
    assert result.head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.25)
    assert moved(hair).max() > 1  # jawOpen at a quarter lowers the chin by five millimetres.
    assert 1000 * skin_distance(result.head, seen(hair).roots).max() < 0.1


@pytest.mark.parametrize("turn", [(0.7, 0, 0), (0, 0.6, 0), (0, 0, -1.2), (0.5, -0.4, 0.9)])
def test_a_rig_turns_the_strands_with_the_head(built, turn):
    armature = bpy.data.armatures.new("rig")
    rig = bpy.data.objects.new("rig", armature)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = armature.edit_bones.new("head")
    bone.head, bone.tail = (0, 0, 0.05), (0, 0, 0.25)
    bpy.ops.object.mode_set(mode="OBJECT")
    group = built.head.vertex_groups.new(name="head")
    group.add(list(range(len(built.head.data.vertices))), 1.0, "REPLACE")
    built.head.modifiers.new("Rig", "ARMATURE").object = rig
    pose = rig.pose.bones["head"]
    pose.rotation_mode = "XYZ"
    pose.rotation_euler = turn
    bpy.context.view_layer.update()
    matrix = np.array(pose.matrix @ armature.bones["head"].matrix_local.inverted())
    for name, hair in built.hair.items():
        expected = read_guides(hair.data).points @ matrix[:3, :3].T + matrix[:3, 3]
        assert 1000 * np.abs(seen(hair).points - expected).max() < 0.1, name


def test_a_moved_head_takes_its_hair_along(built):
    built.head.matrix_world = Matrix.LocRotScale((1, 2, 3), Euler((0.3, 0.2, 1.0)), (2, 2, 2))
    for hair in built.hair.values():
        assert moved(hair).max() < 0.01
        assert np.allclose(hair.matrix_world, built.head.matrix_world)


def test_a_twist_of_the_skin_turns_strands_about_themselves(built):
    """A modifier that turns the upper head about the vertical axis: what follows normals alone would stay."""
    twist = built.head.modifiers.new("Twist", "SIMPLE_DEFORM")
    twist.deform_method, twist.deform_axis, twist.angle = "TWIST", "Z", math.radians(40)
    hair = built.hair["hair"]
    rest, now = read_guides(hair.data), seen(hair)
    top = rest.roots[:, 2] > np.quantile(rest.roots[:, 2], 0.8)
    tips = rest.offsets[1:] - 1
    before = (rest.points[tips] - rest.roots)[top][:, :2]
    after = (now.points[tips] - now.roots)[top][:, :2]
    turned = np.degrees(np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(1)))
    assert np.median(np.abs(turned)) > 10


def test_drawn_and_slid_strands_follow_too_and_are_bound_on_request(built):
    hair, head = built.hair["hair"], built.head
    guides = read_guides(hair.data)
    slid = guides.uv.copy()
    slid[0] = guides.uv[1]
    hair.data.add_curves([5])
    set_attribute(hair.data, SURFACE_UV, "FLOAT2", "CURVE", np.concatenate([slid, guides.uv[2:3]]))
    drawn = guides.roots[2] + np.linspace(0, 0.03, 5)[:, None] * (0, 0, 1)
    hair.data.position_data.foreach_set("vector", np.concatenate([guides.points, drawn]).astype(np.float32).ravel())
    assert unbound(hair) == 2
    head.data.shape_keys.key_blocks["Deformation"].value = 1.4
    now = seen(hair)
    assert 1000 * skin_distance(head, now.roots).max() < 0.1
    assert np.linalg.norm(now.roots[0] - now.roots[1]) < 1e-6
    edit.attach_again(head)
    assert unbound(hair) == 0
    np.testing.assert_allclose(seen(hair).points, now.points, atol=1e-5)
    np.testing.assert_allclose(read_guides(hair.data).points, now.points, atol=1e-5)


def test_a_sculpted_head_keeps_its_hair_and_can_be_the_new_rest(built):
    head, hair = built.head, built.hair["hair"]
    for key in head.data.shape_keys.key_blocks:
        flat = np.empty(3 * len(head.data.vertices), np.float32)
        key.points.foreach_get("co", flat)
        key.points.foreach_set("co", flat * 1.1)
    head.data.update()
    assert 1000 * skin_distance(head, seen(hair).roots).max() < 0.1
    before = seen(hair).points
    edit.attach_again(head)
    np.testing.assert_allclose(seen(hair).points, before, atol=1e-5)
    assert moved(hair).max() < 0.01


def test_without_its_head_the_hair_stays_where_it_is(built):
    hair = built.hair["hair"]
    rest = read_guides(hair.data).points
    bpy.data.objects.remove(built.head)
    np.testing.assert_allclose(seen(hair).points, rest, atol=1e-6)
