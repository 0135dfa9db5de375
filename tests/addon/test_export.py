"""A head for other programs: at rest, with named targets and plain materials, and nothing that says where it came from."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head
from hrn_blender.build.export import PRESETS, ExportOptions, export_head
from hrn_blender.build.export.maps import relief_normals
from hrn_blender.build.mesh import DEFORMATION_KEY, FOLDS_KEY
from hrn_blender.build.shape import read_shape
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle
from support.synthetic_hair import synthetic_hair


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    arrays = make_bundle(folder / "plain", texture_size=16).arrays()
    return make_bundle(folder / "head", texture_size=64, name="Zoë", hair=synthetic_hair(arrays))


@pytest.fixture
def head(addon, bundle):
    head = build_head(bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    return head


def everything() -> list[str]:
    """Names of all data-blocks."""
    kinds = (bpy.data.objects, bpy.data.meshes, bpy.data.materials, bpy.data.images, bpy.data.scenes, bpy.data.shape_keys)
    return sorted(block.name_full for kind in kinds for block in kind)


def document_of(path) -> dict:
    data = path.read_bytes()
    return json.loads(data[20 : 20 + struct.unpack("<I", data[12:16])[0]])


def evaluated(head) -> np.ndarray:
    """(N, 3) what the viewport shows of the cage."""
    for modifier in head.modifiers:
        modifier.show_viewport = False
    mesh = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def test_deformation_folds_and_an_artists_key_are_the_rest(head):
    """With all actions at their values, rest and targets give what the viewport shows."""
    sculpted = head.shape_key_add(name="My nose", from_mix=False)
    sculpted.points[5].co.z += 0.01
    sculpted.value = 0.5
    head.data.shape_keys.key_blocks[DEFORMATION_KEY].value = 0.7
    shape = read_shape(head)
    names = [block.name for block in head.data.shape_keys.key_blocks]
    assert list(shape.actions) == [name for name in names if name not in ("Basis", DEFORMATION_KEY, FOLDS_KEY, "My nose")]
    whole = shape.rest + sum(action.value * action.offset for action in shape.actions.values())
    assert np.abs(whole - evaluated(head)).max() < 1e-6


def test_an_artists_key_that_is_off_is_left_out(head):
    before = read_shape(head).rest
    monster = head.shape_key_add(name="Monster", from_mix=False)
    monster.points[5].co.z += 1
    monster.value = 0
    after = read_shape(head)
    assert "Monster" not in after.actions and np.array_equal(after.rest, before)


def numbers(head) -> list[np.ndarray]:
    """What the head's mesh consists of."""
    mesh, found = head.data, []
    for collection, name, width in ((mesh.vertices, "co", 3), (mesh.uv_layers[0].uv, "vector", 2)):
        values = np.empty(width * len(collection), np.float32)
        collection.foreach_get(name, values)
        found.append(values)
    slots = np.empty(len(mesh.polygons), np.int32)
    mesh.polygons.foreach_get("material_index", slots)
    return [*found, slots]


@pytest.mark.parametrize("levels", [0, 1])
def test_the_head_stays_as_it_is(head, tmp_path, levels):
    before = numbers(head)
    bpy.ops.hrn.export(filepath=str(tmp_path / "a.glb"), kind="GLTF", hair="none", levels=levels)
    for was, now in zip(before, numbers(head), strict=True):
        np.testing.assert_array_equal(now, was)


def test_gltf_has_plain_materials_and_the_actions_as_targets(head, tmp_path):
    before = everything()
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "zoe.glb"), kind="GLTF", hair="none") == {"FINISHED"}
    assert everything() == before
    document = document_of(tmp_path / "zoe.glb")
    (mesh,) = document["meshes"]
    names = list(read_shape(head).actions)
    assert mesh["extras"]["targetNames"] == names and len(mesh["primitives"][0]["targets"]) == len(names)
    assert document["nodes"][0]["name"] == head.name == "Zoë"
    materials = {material["name"].split()[-1]: material for material in document["materials"]}
    assert set(materials) == {"skin", "eyes", "teeth", "tongue", "mouth", "lashes"}
    assert materials["lashes"]["alphaMode"] == "MASK" and materials["lashes"]["doubleSided"]
    images = [image["name"] for image in document["images"]]
    assert not any("displacement" in name for name in images)

    def image(reference) -> str:
        return document["images"][document["textures"][reference["index"]]["source"]]["name"]

    skin = materials["skin"]
    assert image(skin["normalTexture"]) == "zoe_normal"
    assert image(skin["pbrMetallicRoughness"]["baseColorTexture"]) == "zoe_albedo"
    assert image(skin["pbrMetallicRoughness"]["metallicRoughnessTexture"]) == "zoe_skin_roughness"
    assert image(materials["teeth"]["pbrMetallicRoughness"]["baseColorTexture"]) in ("zoe_teeth", "zoe_albedo")


def test_nothing_says_where_the_head_came_from(head, bundle, tmp_path):
    for kind in ("GLTF", "FBX", "USD", "OBJ", "ALEMBIC"):
        folder = tmp_path / kind
        folder.mkdir()
        assert bpy.ops.hrn.export(filepath=str(folder / "head"), kind=kind, hair="none") == {"FINISHED"}
        for file in [path for path in folder.rglob("*") if path.is_file()]:
            content = file.read_bytes()
            assert str(bundle.path).encode() not in content and b"hrn_" not in content, file.name
            if kind != "FBX":  # It names the textures that it holds.
                assert b".partial" not in content, file.name


@pytest.mark.parametrize("kind", ["GLTF", "FBX", "USD", "OBJ"])
def test_hair_goes_out_as_cards_made_for_it(head, tmp_path, kind):
    before = everything()
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "head"), kind=kind, hair="BEST") == {"FINISHED"}
    assert everything() == before
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importer, suffix = {
        "GLTF": (bpy.ops.import_scene.gltf, "glb"),
        "FBX": (bpy.ops.import_scene.fbx, "fbx"),
        "USD": (bpy.ops.wm.usd_import, "usdc"),
        "OBJ": (bpy.ops.wm.obj_import, "obj"),
    }[kind]
    importer(filepath=str(tmp_path / f"head.{suffix}"))
    hair = [
        thing
        for thing in bpy.data.objects
        if thing.type in ("MESH", "CURVES") and "hair" in (thing.name + thing.data.name).lower()
    ]
    assert hair or kind == "USD" and any(thing.type == "CURVES" for thing in bpy.data.objects)
    for image in bpy.data.images:
        assert image.size[0] > 0 or image.source == "VIEWER", f"{image.name} is there"


def test_subdivided_targets_move_as_the_cage_does(head, tmp_path):
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "fine.glb"), kind="GLTF", hair="none", levels=1) == {"FINISHED"}
    bpy.ops.hrn.export(filepath=str(tmp_path / "cage.glb"), kind="GLTF", hair="none")
    fine, cage = document_of(tmp_path / "fine.glb"), document_of(tmp_path / "cage.glb")

    def highest(document) -> float:
        accessors = document["accessors"]
        targets = [target for primitive in document["meshes"][0]["primitives"] for target in primitive["targets"]]
        return max(max(np.abs(accessors[t["POSITION"]][end]).max() for end in ("min", "max")) for t in targets)

    def count(document) -> int:
        return sum(document["accessors"][p["indices"]]["count"] for p in document["meshes"][0]["primitives"])

    assert count(fine) == 4 * count(cage)
    assert 0.5 * highest(cage) < highest(fine) <= 1.01 * highest(cage)


def test_what_nodes_make_is_baked(head, tmp_path):
    """Colours behind nodes, roughness by region, and teeth with gums."""
    from support.addon.build import pixels

    tree = head.material_slots[0].material.node_tree
    shader = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    color = tree.nodes.new("ShaderNodeRGB")
    color.outputs[0].default_value = (0.6, 0.1, 0.02, 1.0)
    tree.links.new(color.outputs[0], shader.inputs["Base Color"])
    export_head(head, tmp_path / "head.obj", "OBJ", "none", ExportOptions())
    skin = pixels(str(tmp_path / "head_skin.png"))[..., :3]
    shown = skin[skin.sum(-1) > 0]
    assert np.allclose(np.median(shown, axis=0), [0.797, 0.349, 0.152], atol=0.01)
    rough = pixels(str(tmp_path / "head_skin_roughness.png"))[..., 0]
    assert 0.3 < np.median(rough[rough > 0]) < 0.75 and np.ptp(rough[rough > 0]) > 0.1


def test_maps_have_the_size_that_is_asked_for_and_are_never_enlarged(head, tmp_path):
    from support.addon.build import pixels

    for size, width in ((32, 32), (4096, 64)):
        (folder := tmp_path / str(size)).mkdir()
        export_head(head, folder / "head.obj", "OBJ", "none", ExportOptions(map_size=size))
        assert pixels(str(folder / "head_albedo.png")).shape[:2] == (width, width)


def test_relief_is_as_strong_as_the_sliders_say_and_turned_for_direct3d():
    tilted = np.array([[[0.5 + 0.3, 0.5 + 0.2, 0.5 + 0.5 * 0.69]]])
    flat = relief_normals(tilted, 0.0, False)
    assert np.allclose(flat, [0.5, 0.5, 1.0])
    up, down = relief_normals(tilted, 1.0, False), relief_normals(tilted, 1.0, True)
    assert np.allclose(up[..., 1] + down[..., 1], 1) and np.allclose(up[..., ::2], down[..., ::2])
    assert np.allclose(np.linalg.norm(2 * relief_normals(tilted, 2.0, False) - 1, axis=-1), 1)
    assert PRESETS["UNREAL"].green_down and not PRESETS["UNITY"].green_down


def test_a_head_bound_to_bones_keeps_them(head, tmp_path):
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bone = armature.data.edit_bones.new("head")
    bone.head, bone.tail = (0, 0, 0), (0, 0, 0.1)
    bpy.ops.object.mode_set(mode="OBJECT")
    group = head.vertex_groups.new(name="head")
    group.add(range(len(head.data.vertices)), 1.0, "REPLACE")
    head.modifiers.new("Armature", "ARMATURE").object = armature
    bpy.context.view_layer.objects.active = head
    bpy.ops.hrn.export(filepath=str(tmp_path / "rigged.glb"), kind="GLTF", hair="none")
    document = document_of(tmp_path / "rigged.glb")
    assert [document["nodes"][joint]["name"] for joint in document["skins"][0]["joints"]] == ["head"]
    assert "JOINTS_0" in document["meshes"][0]["primitives"][0]["attributes"]


def test_a_map_that_is_gone_is_named(head, tmp_path):
    image = next(image for image in bpy.data.images if image.name.endswith("albedo"))
    image.filepath = str(tmp_path / "gone.png")
    image.reload()
    fails(bpy.ops.hrn.export, "gone.png", filepath=str(tmp_path / "head.glb"), kind="GLTF", hair="none")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_file_may_have_is_changed(head, tmp_path):
    head.name = "Zoë/Ä: 😀"
    assert bpy.ops.hrn.export(filepath=f"{tmp_path}/", kind="OBJ", hair="none") == {"FINISHED"}
    assert (tmp_path / "Zoë_Ä_ 😀.obj").is_file()


def test_hair_that_is_not_there_is_named(head, tmp_path):
    fails(bpy.ops.hrn.export, "This head has no hair of that kind", filepath=str(tmp_path / "a.glb"), kind="GLTF", hair="mesh")


def test_from_the_command_line(bundle, tmp_path, capsys):
    from hrn_blender.cli.build import main

    assert main(["export", str(bundle.path), "--out", str(tmp_path / "a.glb"), "--preset", "web", "--hair", "none"]) == 0
    assert "a.glb" in capsys.readouterr().out and (tmp_path / "a.glb").is_file()
    assert main(["export", str(bundle.path), "--out", str(tmp_path / "a.max")]) == 1
    assert "--format" in capsys.readouterr().err
    assert main(["build", str(bundle.path), "--out", str(tmp_path / "a.blend")]) == 0
    assert main(["export", str(tmp_path / "a.blend"), "--out", str(tmp_path / "b.glb"), "--hair", "none"]) == 0
    assert main(["export", str(tmp_path / "a.blend"), "--out", str(tmp_path / "c.glb"), "--head", "Nobody"]) == 1
    assert "Nobody" in capsys.readouterr().err and not (tmp_path / "c.glb").exists()
