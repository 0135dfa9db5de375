"""Bones of a head: they rest where the head rests, and agree with the facial actions whoever leads."""

from __future__ import annotations

import json
import struct
from math import radians

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head
from hrn_blender.build.mesh_arrays import key_offset, points_of
from hrn_blender.build.rig import (
    NAMINGS,
    VISEMES,
    add_visemes,
    build_rig,
    find_rig,
    fit_rig,
    remove_rig,
    rename_bones,
    set_lead,
)
from hrn_blender.build.rig import bones as bones_module
from hrn_blender.build.shape import read_shape
from hrn_blender.operators import rig as operators
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle
from support.synthetic_hair import synthetic_hair
from support.synthetic_rig import synthetic_rig

NEAR = 2e-6
"""Metres: what single precision leaves."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rig")
    arrays = make_bundle(folder / "plain", texture_size=16).arrays()
    return make_bundle(folder / "head", texture_size=16, name="Zoë", hair=synthetic_hair(arrays))


@pytest.fixture(scope="module")
def table(bundle):
    return synthetic_rig(bundle.arrays()["vertices"].astype(np.float64))


@pytest.fixture
def head(addon, bundle, table, monkeypatch):
    for module in (bones_module, operators):
        monkeypatch.setattr(module, "load_rig", lambda: table)
    head = build_head(bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    return head


@pytest.fixture
def rig(head):
    return build_rig(head)


def shown(head) -> np.ndarray:
    """(N, 3) metres: the cage as keys and bones make it, in the scene."""
    for modifier in head.modifiers:
        modifier.show_viewport = modifier.type == "ARMATURE"
    bpy.context.view_layer.update()
    points = points_of(head.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices)
    return points @ np.array(head.matrix_world.to_3x3()).T + np.array(head.matrix_world.translation)


def relaxed(head) -> None:
    for name in read_shape(head).actions:
        head.data.shape_keys.key_blocks[name].value = 0


def live(rig, bone: str):
    bpy.context.view_layer.update()
    return rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones[bone]


def test_a_rig_changes_nothing_at_first(head, addon):
    head.location, head.rotation_euler, head.scale = (1, 2, 3), (0.3, 0.2, 1), (2, 2, 2)
    before = shown(head)
    bpy.ops.hrn.rig_add()
    rig = find_rig(head)
    assert head.parent == rig and head.modifiers[0].type == "ARMATURE" and bpy.context.mode == "OBJECT"
    assert bpy.context.active_object == head
    np.testing.assert_allclose(shown(head), before, atol=1e-5)
    rig.location.x += 1
    np.testing.assert_allclose(shown(head), before + [1, 0, 0], atol=1e-5)


def test_joints_lie_where_the_table_says(head, rig, table, bundle):
    arrays = bundle.arrays()
    expected = table.joints((arrays["vertices"] + arrays["deformation"]).astype(np.float64))
    for name, (start, end) in zip(("neck_01", "jaw", "eye.L"), expected[[1, 4, 5]]):
        bone = rig.data.bones[name]
        shift = np.array(head["hrn_origin"])
        for place, (x, y, z) in ((bone.head_local, start), (bone.tail_local, end)):
            np.testing.assert_allclose(np.array(place) + shift, np.array([x, -z, y]), atol=1e-5)


def test_bones_follow_the_keys(head, rig):
    keys = head.data.shape_keys.key_blocks
    relaxed(head)
    keys["jawOpen"].value = 0.5
    assert live(rig, "jaw").rotation_euler.x == pytest.approx(-radians(10))
    keys["eyeLookOutLeft"].value, keys["eyeLookInRight"].value = 1, 1
    assert live(rig, "eye.L").rotation_euler.z == pytest.approx(radians(14.1))
    assert live(rig, "eye.R").rotation_euler.z == pytest.approx(radians(14.6))


def test_keys_alone_move_the_face_while_they_lead(head, rig):
    relaxed(head)
    before = shown(head)
    block = head.data.shape_keys.key_blocks["jawOpen"]
    block.value = 1
    np.testing.assert_allclose(shown(head) - before, key_offset(head, block), atol=NEAR)


def test_keys_follow_the_bones(head, rig, table):
    relaxed(head)
    before = shown(head)
    set_lead(head, rig, "BONES", table)
    keys = head.data.shape_keys.key_blocks
    rig.pose.bones["jaw"].rotation_euler.x = -radians(20)
    np.testing.assert_allclose(shown(head) - before, key_offset(head, keys["jawOpen"]), atol=NEAR)
    assert keys["jawOpen"].value == pytest.approx(1)


@pytest.mark.parametrize("share, most", [(1.0, NEAR), (0.5, 1e-3)])
def test_a_jaw_with_weights_opens_the_mouth_as_the_key_does(head, rig, table, share, most):
    relaxed(head)
    before = shown(head)
    wanted = share * key_offset(head, head.data.shape_keys.key_blocks["jawOpen"])
    set_lead(head, rig, "SKIN", table)
    np.testing.assert_allclose(shown(head), before, atol=NEAR)
    rig.pose.bones["jaw"].rotation_euler.x = -share * radians(20)
    np.testing.assert_allclose(shown(head) - before, wanted, atol=most)


@pytest.mark.parametrize("lead, most", [("BONES", NEAR), ("SKIN", 1e-4)])
def test_the_face_stays_when_another_leads(head, rig, table, lead, most):
    """Weights turn what other actions have moved; keys shift it."""
    relaxed(head)
    keys = head.data.shape_keys.key_blocks
    keys["jawOpen"].value, keys["mouthSmileLeft"].value = 1, 0.4
    before = shown(head)
    bpy.ops.hrn.rig_lead(lead=lead)
    np.testing.assert_allclose(shown(head), before, atol=most)
    bpy.ops.hrn.rig_lead(lead="KEYS")
    np.testing.assert_allclose(shown(head), before, atol=NEAR)
    assert keys["jawOpen"].value == pytest.approx(1) and keys["mouthSmileLeft"].value == pytest.approx(0.4)


def test_eyes_look_at_their_target_and_the_keys_follow(head, rig, table):
    relaxed(head)
    set_lead(head, rig, "BONES", table)
    target = rig.pose.bones["look_at"]
    target["influence"] = 1.0
    target.location.x = -0.2  # The bone points to the front, its z axis up: x is to the subject's right.
    rig.update_tag()
    bpy.context.view_layer.update()
    values = {name: head.data.shape_keys.key_blocks[name].value for name in ("eyeLookOutLeft", "eyeLookInRight")}
    assert min(values.values()) > 0.5
    assert head.data.shape_keys.key_blocks["eyeLookInLeft"].value == 0


@pytest.mark.parametrize("lead", ["KEYS", "BONES", "SKIN"])
def test_a_bowed_head_takes_all_of_it_along(head, rig, table, lead):
    relaxed(head)
    set_lead(head, rig, lead, table)
    before = shown(head)
    pose = rig.pose.bones["root"]
    pose.rotation_mode = "XYZ"
    pose.rotation_euler.x = 0.4
    after = shown(head)
    sizes = [np.linalg.norm(points - points[0], axis=1) for points in (before, after)]
    np.testing.assert_allclose(*sizes, atol=1e-5)
    assert np.linalg.norm(after - before, axis=1).max() > 0.05


def test_hair_follows_the_bones(head, rig):
    bpy.context.view_layer.update()
    strands = next(child for child in head.children if child.type == "CURVES")

    def places():
        graph = bpy.context.evaluated_depsgraph_get()
        curves = strands.evaluated_get(graph).data
        return np.array([point.position for point in curves.points[:200]])

    before = places()
    pose = rig.pose.bones["head"]
    pose.rotation_mode = "XYZ"
    pose.rotation_euler.z = 0.5
    bpy.context.view_layer.update()
    assert np.linalg.norm(places() - before, axis=1).max() > 0.01


def test_names_change_and_nothing_else(head, rig, table):
    set_lead(head, rig, "BONES", table)
    rig.pose.bones["jaw"].rotation_euler.x = -0.2
    before = shown(head)
    for naming, names in NAMINGS.items():
        rename_bones(rig, naming)
        assert {bone.name for bone in rig.data.bones} == set(names.values())
        np.testing.assert_allclose(shown(head), before, atol=NEAR)


def test_bones_move_to_where_a_sculpted_head_has_its_joints(head, rig):
    basis = head.data.shape_keys.reference_key
    before = rig.data.bones["eye.L"].head_local.copy()
    rename_bones(rig, "UNREAL")
    for block in head.data.shape_keys.key_blocks:
        for point in block.points:
            point.co.z += 0.01
    assert basis
    fit_rig(head, rig)
    np.testing.assert_allclose(rig.data.bones["FACIAL_L_Eye"].head_local - before, [0, 0, 0.01], atol=1e-5)


def test_a_removed_rig_leaves_the_head_as_it_was(head, rig):
    groups = {group.name for group in head.vertex_groups}
    relaxed(head)
    bpy.ops.hrn.rig_lead(lead="SKIN")
    rig.location.x = 1
    before = shown(head)
    bpy.ops.hrn.rig_remove()
    np.testing.assert_allclose(shown(head), before, atol=1e-5)
    assert find_rig(head) is None and head.parent is None and not bpy.data.armatures
    assert {group.name for group in head.vertex_groups} < groups
    assert "Jaw Correction" not in head.data.shape_keys.key_blocks
    assert build_rig(head)


def test_what_cannot_be_rigged_is_said(head, rig):
    remove_rig(head, rig)
    head.constraints.new("COPY_LOCATION")
    fails(bpy.ops.hrn.rig_add, "of its own")
    head.constraints.clear()
    head.data.clear_geometry()
    fails(bpy.ops.hrn.rig_add, "no longer has the vertices")
    assert not bpy.data.armatures and head.parent is None


def test_a_rigged_head_is_saved_and_opened(head, rig, tmp_path):
    bpy.ops.hrn.rig_lead(lead="BONES")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    head = next(one for one in bpy.data.objects if "hrn_bundle" in one)
    rig = find_rig(head)
    rig.pose.bones["jaw"].rotation_euler.x = -radians(20)
    rig.update_tag()
    bpy.context.view_layer.update()
    assert head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(1)


@pytest.mark.parametrize("kind", list(VISEMES))
def test_visemes_are_keys_that_exports_write(head, kind):
    names = add_visemes(head, kind)
    assert len(names) == {"OCULUS": 15, "MICROSOFT": 22}[kind]
    assert set(names) <= set(read_shape(head).actions)
    known = set(read_shape(head).actions)
    assert {action for parts in VISEMES[kind].values() for action in parts} <= known
    block = head.data.shape_keys.key_blocks[next(name for name in names if name.endswith(("PP", "21")))]
    expected = sum(v * key_offset(head, head.data.shape_keys.key_blocks[a]) for a, v in VISEMES["OCULUS"]["PP"].items())
    np.testing.assert_allclose(key_offset(head, block), expected, atol=NEAR)
    count = len(head.data.shape_keys.key_blocks)
    assert add_visemes(head, kind) == names and len(head.data.shape_keys.key_blocks) == count


@pytest.mark.parametrize("lead", ["KEYS", "SKIN"])
def test_exports_carry_bones_with_whole_weights(head, rig, table, lead, tmp_path):
    set_lead(head, rig, lead, table)
    names = [bone.name for bone in rig.data.bones]
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "a.glb"), kind="GLTF", hair="none", preset="VRM") == {"FINISHED"}
    assert [bone.name for bone in rig.data.bones] == names and rig.data.pose_position == "POSE"
    data = (tmp_path / "a.glb").read_bytes()
    length = struct.unpack("<I", data[12:16])[0]
    document = json.loads(data[20 : 20 + length])
    (skin,) = document["skins"]
    joints = [document["nodes"][number] for number in skin["joints"]]
    assert {"J_Bip_C_Neck", "J_Bip_C_Head", "J_Adj_L_FaceEye"} <= {joint["name"] for joint in joints}
    assert "Jaw Correction" not in document["meshes"][0]["extras"]["targetNames"]

    def numbers(reference: int, kind: type) -> np.ndarray:
        accessor = document["accessors"][reference]
        view = document["bufferViews"][accessor["bufferView"]]
        start = 20 + length + 8 + view.get("byteOffset", 0)
        return np.frombuffer(data, kind, 4 * accessor["count"], start).reshape(-1, 4)

    jaw = [joint["name"] for joint in joints].index("J_Adj_C_Jaw")
    heaviest = []
    for part in document["meshes"][0]["primitives"]:
        weights = numbers(part["attributes"]["WEIGHTS_0"], np.float32)
        np.testing.assert_allclose(weights.sum(1), 1, atol=1e-4)
        heaviest.append((weights * (numbers(part["attributes"]["JOINTS_0"], np.uint8) == jaw)).sum(1).max())
    assert max(heaviest) == pytest.approx(table.skin[4].max(), abs=0.01)


def test_the_command_line_makes_bones_for_the_file(head, bundle, table, tmp_path, monkeypatch):
    from hrn_blender.cli.build import main
    from hrn_blender.engine.wire import rig as module

    monkeypatch.setattr(module, "load_rig", lambda: table)
    assert main(["export", str(bundle.path), "--rig", "--out", str(tmp_path / "a.glb"), "--hair", "none"]) == 0
    data = (tmp_path / "a.glb").read_bytes()
    document = json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])
    names = {document["nodes"][number]["name"] for number in document["skins"][0]["joints"]}
    assert {"neck_01", "head", "jaw", "eye.L", "tongue_03"} <= names
