"""Out of Blender: cards and mesh with the head as glTF, FBX and USD, strands as Alembic and USD, read back again."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import BuildOptions, build_head
from hrn_blender.build.hair_games.names import CARDS, find_games, triangles_of
from hrn_blender.build.hair_games.skin import Skin
from hrn_blender.build.mesh import REST_KEYS
from support.addon.build import pixels
from support.addon.grooms import falling_hair
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle
from support.synthetic_hair import synthetic_hair


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grooms")
    arrays = make_bundle(folder / "plain", texture_size=16).arrays()
    return make_bundle(
        folder / "head", texture_size=16, name="Zoë", hair=synthetic_hair(arrays) | {"hair": falling_hair(arrays)}
    )


@pytest.fixture
def head(addon, bundle):
    head = build_head(bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    return head


@pytest.fixture
def cards(head):
    bpy.ops.hrn.hair_cards(triangles=2000)
    return find_games(head, CARDS)


def select(*things) -> None:
    for thing in bpy.context.view_layer.objects:
        thing.select_set(thing in things)
    bpy.context.view_layer.objects.active = things[0]


def glb(path) -> tuple[dict, bytes]:
    data = path.read_bytes()
    length = struct.unpack("<I", data[12:16])[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def accessor(document, data, number) -> np.ndarray:
    about = document["accessors"][number]
    view = document["bufferViews"][about["bufferView"]]
    dtype = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}[about["componentType"]]
    width = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}[about["type"]]
    start = view.get("byteOffset", 0) + about.get("byteOffset", 0)
    return np.frombuffer(data, dtype, about["count"] * width, start).reshape(-1, width)


def texture(document, reference) -> str:
    return document["images"][document["textures"][reference["index"]]["source"]]["name"]


def check_glb(path, triangles: int) -> dict:
    document, data = glb(path)
    material = next(m for m in document["materials"] if m["name"] == "Zoë hair cards")
    assert material["alphaMode"] == "MASK" and 0.2 < material["alphaCutoff"] < 0.6 and material["doubleSided"]
    assert texture(document, material["pbrMetallicRoughness"]["baseColorTexture"]) == "Zoë hair cards color"
    number = document["materials"].index(material)
    parts = [p for mesh in document["meshes"] for p in mesh["primitives"] if p.get("material") == number]
    assert sum(len(accessor(document, data, p["indices"])) for p in parts) == 3 * triangles
    for part in parts:
        assert {"POSITION", "NORMAL", "TEXCOORD_0"} <= set(part["attributes"])
        uv = accessor(document, data, part["attributes"]["TEXCOORD_0"])
        assert uv.min() >= 0 and uv.max() <= 1 and np.ptp(uv, axis=0).min() > 0.5
        if "COLOR_0" in part["attributes"]:
            tint = accessor(document, data, part["attributes"]["COLOR_0"]).astype(float)
            assert tint.mean() > 0.6 * tint.max(), "engines multiply it with the texture, which is coloured already"
    image = document["images"][document["textures"][material["pbrMetallicRoughness"]["baseColorTexture"]["index"]]["source"]]
    view = document["bufferViews"][image["bufferView"]]
    picture = path.with_name("from_glb.png")
    picture.write_bytes(data[view.get("byteOffset", 0) :][: view["byteLength"]])
    shown = pixels(str(picture))
    assert shown.shape == (1024, 1024, 4) and 0.2 < shown[..., 3].mean() < 0.95
    return document


def check_imported(importer, path, triangles: int) -> bpy.types.Object:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importer(filepath=str(path))
    found = [o for o in bpy.data.objects if o.type == "MESH" and "hair" in o.name]
    assert len(found) == 1 and triangles_of(found[0]) == triangles
    mesh = found[0].data
    assert len(mesh.uv_layers) == 1
    uv = np.empty(2 * len(mesh.loops), np.float32)
    mesh.uv_layers[0].uv.foreach_get("vector", uv)
    assert np.ptp(uv.reshape(-1, 2), axis=0).min() > 0.5
    shader = next(n for n in mesh.materials[0].node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    image = shader.inputs["Base Color"].links[0].from_node.image
    assert tuple(image.size) == (1024, 1024) and image.has_data and image.channels == 4
    assert shader.inputs["Alpha"].links, "cut out again"
    return found[0]


# -- Blender's own exporters, as a user calls them ------------------------------------------------------------------


def test_gltf_by_blenders_menu(head, cards, tmp_path):
    count = triangles_of(cards)
    select(head, cards)
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "head.glb"), use_selection=True)
    check_glb(tmp_path / "head.glb", count)


@pytest.mark.parametrize("vertex_color", ["MATERIAL", "ACTIVE"])
def test_gltf_is_never_coloured_twice(head, cards, tmp_path, vertex_color):
    """With vertex colours, too: they are relative to the texture."""
    choices = bpy.ops.export_scene.gltf.get_rna_type().properties["export_vertex_color"].enum_items
    if vertex_color not in [item.identifier for item in choices]:
        pytest.skip("this Blender does not offer it")
    select(head, cards)
    count = triangles_of(cards)
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "head.glb"), use_selection=True, export_vertex_color=vertex_color)
    check_glb(tmp_path / "head.glb", count)


def test_fbx_by_blenders_menu(head, cards, tmp_path):
    count = triangles_of(cards)
    select(head, cards)
    bpy.ops.export_scene.fbx(filepath=str(tmp_path / "head.fbx"), use_selection=True, path_mode="COPY", embed_textures=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "head.fbx").rename(tmp_path / "elsewhere" / "head.fbx")
    check_imported(bpy.ops.import_scene.fbx, tmp_path / "elsewhere" / "head.fbx", count)


def test_usd_by_blenders_menu(head, cards, tmp_path):
    count = triangles_of(cards)
    select(head, cards)
    bpy.ops.wm.usd_export(filepath=str(tmp_path / "head.usdc"), selected_objects_only=True)
    check_imported(bpy.ops.wm.usd_import, tmp_path / "head.usdc", count)


SUFFIXES = {"fbx": "fbx", "gltf": "glb", "usd": "usdc", "obj": "obj"}


def skin_image(material: bpy.types.Material) -> str:
    """Name of the image at the base colour of an imported material."""
    shader = next(n for n in material.node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    links = shader.inputs["Base Color"].links
    return links[0].from_node.image.name if links else ""


@pytest.mark.parametrize("groups", [BuildOptions(hair=False), BuildOptions()], ids=["bald", "haired"])
@pytest.mark.parametrize("kind", SUFFIXES)
def test_blenders_menu_takes_the_painted_skin(addon, bundle, tmp_path, kind, groups):
    """Curves stay behind in these formats: a head without painted brows would have none."""
    build_head(bundle.path, options=groups)
    path = str(tmp_path / f"head.{SUFFIXES[kind]}")
    if kind == "fbx":
        bpy.ops.export_scene.fbx(filepath=path, path_mode="COPY", embed_textures=True)
        importer = bpy.ops.import_scene.fbx
    elif kind == "gltf":
        bpy.ops.export_scene.gltf(filepath=path)
        importer = bpy.ops.import_scene.gltf
    elif kind == "usd":
        bpy.ops.wm.usd_export(filepath=path, export_curves=False, export_hair=False)
        importer = bpy.ops.wm.usd_import
    else:
        bpy.ops.wm.obj_export(filepath=path, path_mode="COPY")
        importer = bpy.ops.wm.obj_import
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importer(filepath=path)
    skin = next(m for m in bpy.data.materials if "skin" in m.name.lower())
    name = skin_image(skin).lower()
    assert "albedo" in name and "bare" not in name


# -- the operator ----------------------------------------------------------------------------------------------------


def test_exported_as_gltf_with_the_skin_of_a_head_without_curves(head, cards, tmp_path):
    count = triangles_of(cards)
    brows = next(child for child in head.children if child.get("hrn_hair_group") == "brows")
    cards.hide_viewport = True
    select(brows)
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "head.glb"), kind="GLTF") == {"FINISHED"}
    document = check_glb(tmp_path / "head.glb", count)
    skin = next(m for m in document["materials"] if m["name"].endswith("skin"))
    assert texture(document, skin["pbrMetallicRoughness"]["baseColorTexture"]) == "head_albedo", "with painted brows"
    assert [o for o in bpy.context.view_layer.objects if o.select_get()] == [brows] and cards.hide_viewport
    assert bpy.context.view_layer.objects.active == brows


def test_the_neutral_maps_lie_beside_the_file(head, cards, tmp_path):
    bpy.ops.hrn.export(filepath=str(tmp_path / "head.glb"), kind="GLTF")
    shapes = {name: pixels(str(tmp_path / f"head hair {name}.png")).shape[:2] for name in ("strands", "alpha", "flow", "depth")}
    assert set(shapes.values()) == {(1024, 1024)}


def test_exported_as_fbx_with_both_textures(head, cards, tmp_path):
    count = triangles_of(cards)
    bpy.ops.hrn.export(filepath=str(tmp_path / "head"), kind="FBX")
    check_imported(bpy.ops.import_scene.fbx, tmp_path / "head.fbx", count)
    skin = next(m for m in bpy.data.materials if m.name.endswith("skin"))
    shader = next(n for n in skin.node_tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")
    assert "albedo" in shader.inputs["Base Color"].links[0].from_node.image.name


def test_exported_as_usd(head, cards, tmp_path):
    count = triangles_of(cards)
    bpy.ops.hrn.export(filepath=str(tmp_path / "head.usdc"), kind="USD")
    check_imported(bpy.ops.wm.usd_import, tmp_path / "head.usdc", count)


@pytest.mark.parametrize("kind, suffix", [("ALEMBIC", ".abc"), ("USD", ".usdc")])
def test_strands_go_out_as_rendered(head, tmp_path, kind, suffix):
    """All groups, with their children; the same number of points after they were read back."""
    hair = {child["hrn_hair_group"]: child for child in head.children if child.type == "CURVES"}
    guides = {name: len(one.data.curves) for name, one in hair.items()}
    path = tmp_path / f"head{suffix}"
    assert bpy.ops.hrn.export(filepath=str(path), kind=kind, hair="curves") == {"FINISHED"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if kind == "ALEMBIC":
        bpy.ops.wm.alembic_import(filepath=str(path), as_background_job=False)
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    counts = {}
    for thing in bpy.data.objects:
        if thing.type in ("CURVES", "CURVE"):
            data = thing.evaluated_get(graph).data
            splines = len(data.curves) if thing.type == "CURVES" else len(data.splines)
            points = len(data.points) if thing.type == "CURVES" else sum(len(s.points) for s in data.splines)
            assert points >= 4 * splines
            counts[thing.name] = splines
    assert sorted(counts.values()) == sorted(n * (3 if name == "hair" else 4) for name, n in guides.items())
    assert any(o.type == "MESH" for o in bpy.data.objects), "the head as well"


@pytest.mark.parametrize("kind", ["GLTF", "FBX", "USD", "ALEMBIC"])
def test_a_folder_that_is_not_there_is_named(head, cards, tmp_path, kind):
    fails(bpy.ops.hrn.export, "absent is not a folder", filepath=str(tmp_path / "absent" / "head"), kind=kind)


def test_a_folder_instead_of_a_file_gets_the_heads_name(head, cards, tmp_path):
    assert bpy.ops.hrn.export(filepath=f"{tmp_path}/", kind="ALEMBIC", hair="cards") == {"FINISHED"}
    assert (tmp_path / f"{head.name}.abc").is_file()


def test_an_exporter_that_fails_is_quoted_in_one_line(head, cards, tmp_path, monkeypatch):
    from hrn_blender.build.export import files

    def broken(*_):
        raise RuntimeError("Error: Python: Traceback (most recent call last):\n  File x\nKeyError: 'q'\nLocation: ops.py:109\n")

    monkeypatch.setitem(files.FORMATS, "GLTF", files.FORMATS["GLTF"]._replace(write=broken))
    fails(
        bpy.ops.hrn.export,
        "head.glb could not be written: KeyError: 'q'.",
        filepath=str(tmp_path / "head.glb"),
        kind="GLTF",
    )


@pytest.mark.parametrize("kind", ["GLTF", "FBX"])
def test_cards_lie_on_the_skin_that_goes_out_and_it_keeps_its_expressions(head, cards, tmp_path, kind):
    actions = {key.name for key in head.data.shape_keys.key_blocks[1:]} - set(REST_KEYS)
    triangles = triangles_of(head)
    bpy.ops.hrn.export(filepath=str(tmp_path / "head"), kind=kind)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    importer, suffix = {"GLTF": (bpy.ops.import_scene.gltf, "glb"), "FBX": (bpy.ops.import_scene.fbx, "fbx")}[kind]
    importer(filepath=str(tmp_path / f"head.{suffix}"))
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    found = {("hair" in o.name): o for o in bpy.context.scene.objects if o.type == "MESH" and "Zo" in o.name}
    assert actions <= {key.name for key in found[False].data.shape_keys.key_blocks}
    assert triangles_of(found[False]) == triangles
    (skin, faces), (points, _) = (world_mesh(found[hair].evaluated_get(graph)) for hair in (False, True))
    assert Skin(skin, faces)(points)[0].min() > -0.001


def world_mesh(evaluated) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) vertices in the world and (T, 3) triangles, of a head those of its skin."""
    mesh = evaluated.to_mesh()
    mesh.calc_loop_triangles()
    vertices, faces = np.empty(3 * len(mesh.vertices), np.float32), np.empty(3 * len(mesh.loop_triangles), np.int32)
    mesh.vertices.foreach_get("co", vertices)
    mesh.loop_triangles.foreach_get("vertices", faces)
    turn = np.array(evaluated.matrix_world)
    names = [slot.material.name for slot in evaluated.material_slots]
    kept = [len(names) == 1 or names[triangle.material_index].endswith("skin") for triangle in mesh.loop_triangles]
    return vertices.reshape(-1, 3) @ turn[:3, :3].T + turn[:3, 3], faces.reshape(-1, 3)[kept]


def test_hair_that_is_not_there_is_named(head, tmp_path):
    for kind, hair, text in (("GLTF", "curves", "carries no strands"), ("USD", "cards", "no hair of that kind")):
        fails(bpy.ops.hrn.export, text, filepath=str(tmp_path / "head"), kind=kind, hair=hair)


def test_a_bald_head_goes_out_bald(head, tmp_path):
    bpy.ops.hrn.hair_remove()
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "head"), kind="ALEMBIC") == {"FINISHED"}
    assert (tmp_path / "head.abc").is_file()


def test_strands_cannot_go_into_gltf(head, tmp_path):
    fails(bpy.ops.hrn.export, "carries no strands", filepath=str(tmp_path / "head.glb"), kind="GLTF", hair="curves")
    assert not (tmp_path / "head.glb").exists()
