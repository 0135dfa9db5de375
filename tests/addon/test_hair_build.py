"""A bundle's hair becomes curves with Blender's own hair nodes, a material for both engines, and a skin that knows of it."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import BuildOptions, build_head
from hrn_blender.build.grid import build_in_grid
from hrn_blender.build.hair import modifiers
from hrn_blender.build.hair.build import find_hair
from hrn_blender.build.hair.edit import remove
from hrn_blender.build.hair.material import CHOSEN, MELANIN, REDNESS, color_input
from hrn_blender.build.hair.modifiers import GROUPS, SLIDERS, slider_input
from hrn_blender.build.hair.names import COLOR, PLACES, ROOT, SHOWN
from hrn_blender.build.hair.skin import BARE, TINT, skin_input
from hrn_blender.build.hair.strands import read_attribute, read_guides
from hrn_blender.engine.wire.errors import ErrorCode, HrnError
from hrn_blender.engine.wire.hair import load_hair
from support.addon.build import census
from support.addon.hair import seen
from support.synthetic_bundle import make_bundle
from support.synthetic_hair import POINTS, synthetic_hair


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("hair") / "head", texture_size=32, density=12, hair=True)


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def test_each_group_is_a_curves_object_of_the_head(bundle):
    result = build_head(bundle.path)
    groups = load_hair(bundle)
    assert list(result.hair) == list(groups) == ["hair", "brows", "lashes", "beard"] and find_hair(result.head) == result.hair
    for name, hair in result.hair.items():
        assert hair.type == "CURVES" and hair.parent == result.head and hair.name in result.collection.objects
        assert (hair.data.surface, hair.data.surface_uv_map) == (result.head, "UVMap")
        guides, group = read_guides(hair.data), groups[name]
        np.testing.assert_allclose(guides.uv, group.root_uv, atol=1e-6)
        np.testing.assert_allclose(guides.radius, group.radius.ravel(), atol=1e-8)
        np.testing.assert_allclose(guides.color, group.color.reshape(-1, 3), atol=1e-6)
        np.testing.assert_array_equal(guides.layer, group.layer)
        assert set(np.diff(guides.offsets)) == {POINTS}


def test_blenders_nodes_start_with_the_style_and_come_once_per_file(bundle):
    first = build_head(bundle.path)
    groups = {tree.name for tree in bpy.data.node_groups}
    assert {*GROUPS, "HRN Follow Head"} <= groups
    second = build_head(bundle.path, options=BuildOptions(share_groups=True))
    new = {tree.name.split(".")[0] for tree in bpy.data.node_groups if tree.name not in groups}
    assert not new & {*GROUPS, "HRN Follow Head", "HRN Hair Color", "HRN Hair Skin"}
    assert all(tree.asset_data is None for tree in bpy.data.node_groups)
    style = load_hair(bundle)["hair"].style
    for result in (first, second):
        hair = result.hair["hair"]
        assert [m.node_group.name for m in hair.modifiers][0] == "HRN Follow Head"
        values = {one.name: value.value for one in SLIDERS if (value := slider_input(hair, one.name)) is not None}
        expected = {
            "density": style.children - 1, "viewport": 0.25, "spread": style.spread, "length": 1, "thickness": 4,
            "clump": style.clump, "noise": 2.5 * style.noise, "frizz": style.frizz,
        }  # fmt: skip
        # Sixty guides stand for a whole scalp: as thick as allowed.
        assert values == pytest.approx(expected, rel=1e-5)


def test_curls_are_a_modifier_where_the_hair_is_curly(tmp_path):
    source = make_bundle(tmp_path / "straight", texture_size=16, density=8)
    groups = synthetic_hair(source.arrays(), 30)
    curly = {"hair": groups["hair"]._replace(style=groups["hair"].style.__class__(4, 0.002, 0.2, 0.001, 0.0, 0.004, 0.02, 0.3))}
    result = build_head(make_bundle(tmp_path / "curly", texture_size=16, density=8, hair=curly).path)
    assert list(result.hair) == ["hair"]
    assert slider_input(result.hair["hair"], "curl").value == pytest.approx(0.004)
    guides = read_guides(result.hair["hair"].data)
    strands = seen(result.hair["hair"])
    lengths = [np.linalg.norm(np.diff(g.points[g.offsets[0] : g.offsets[1]], axis=0), axis=1).sum() for g in (guides, strands)]
    assert lengths[1] > 1.02 * lengths[0]


@pytest.mark.parametrize(
    "slider, value, check",
    [
        ("density", 7, lambda before, after: len(after.uv) > len(before.uv)),
        ("viewport", 1.0, lambda before, after: len(after.uv) == 4 * 60),
        ("length", 0.5, lambda before, after: 0.3 < reach(after) / reach(before) < 0.7),
        ("thickness", 8.0, lambda before, after: after.radius.max() == pytest.approx(2 * before.radius.max(), rel=1e-3)),
        ("noise", 0.02, lambda before, after: np.abs(after.points - before.points).max() > 1e-3),
        ("frizz", 0.02, lambda before, after: np.abs(after.points - before.points).max() > 1e-3),
    ],
)
def test_sliders_drive_what_is_seen(bundle, slider, value, check):
    hair = build_head(bundle.path, options=BuildOptions(hair_share=0.34)).hair["hair"]
    before = seen(hair)
    target = slider_input(hair, slider)
    target.set(value)
    hair.update_tag()
    assert target.value == pytest.approx(value)
    assert check(before, seen(hair))


def test_distances_are_how_far_tips_wander(bundle):
    """Blender's nodes add their offsets up along the curve unless told otherwise: tips wandered by ten times as much."""
    hair = build_head(bundle.path, options=BuildOptions(hair_share=0.0)).hair["hair"]
    rest = read_guides(hair.data)
    tips = rest.offsets[1:] - 1
    for name in ("noise", "frizz", "clump"):
        slider_input(hair, name).set(0.0)
    for name in ("noise", "frizz"):
        slider_input(hair, name).set(0.004)
        hair.update_tag()
        away = np.linalg.norm(seen(hair).points - rest.points, axis=1)
        assert 0.001 < np.median(away[tips]) < 0.008, name
        slider_input(hair, name).set(0.0)


def reach(strands) -> float:
    """Mean distance from root to tip."""
    return np.linalg.norm(strands.points[strands.offsets[1:] - 1] - strands.roots, axis=1).mean()


def test_clumps_draw_the_tips_together(bundle):
    hair = build_head(bundle.path, options=BuildOptions(hair_share=1.0)).hair["hair"]
    for name, value in (("noise", 0.0), ("frizz", 0.0), ("clump", 0.0), ("spread", 0.01)):
        slider_input(hair, name).set(value)
    hair.update_tag()

    def apart() -> float:
        strands = seen(hair)
        tips = strands.points[strands.offsets[1:] - 1]
        _, tuft = np.unique(strands.uv, axis=0, return_inverse=True)
        return float(np.mean([tips[tuft.ravel() == one].std(0).sum() for one in range(10)]))

    loose = apart()
    slider_input(hair, "clump").set(1.0)
    hair.update_tag()
    assert apart() < 0.3 * loose


def test_a_blender_without_hair_nodes_shows_the_guides(bundle, monkeypatch):
    monkeypatch.setattr(modifiers, "_file", lambda: None)
    hair = build_head(bundle.path).hair["hair"]
    assert len(hair.modifiers) == 1 and slider_input(hair, "density") is None
    assert len(seen(hair).uv) == 60


def test_no_hair_on_request_and_for_bald_bundles(bundle, tmp_path):
    head = build_head(bundle.path, options=BuildOptions(hair=False))
    assert head.hair == {} and skin_input(head.head, BARE) is None and head.head["hrn_hair_groups"] == "hair brows lashes beard"
    bald = build_head(make_bundle(tmp_path / "bald", texture_size=16, density=6).path)
    assert bald.hair == {} and bald.head["hrn_hair_groups"] == ""
    assert not any(tree.name == "HRN Follow Head" for tree in bpy.data.node_groups)


def test_a_failed_build_leaves_nothing(bundle, monkeypatch):
    from hrn_blender.build.hair import build

    before = census()
    monkeypatch.setattr(build, "tint_scalp", lambda head: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_head(bundle.path)
    assert census() == before


def test_hair_of_a_newer_version_is_refused_before_anything_is_built(tmp_path):
    import json

    path = make_bundle(tmp_path / "new", texture_size=16, density=6, hair=True).path
    manifest = json.loads((path / "head.json").read_text())
    manifest["hair"]["version"] = 99
    (path / "head.json").write_text(json.dumps(manifest))
    before = census()
    with pytest.raises(HrnError) as caught:
        build_head(path)
    assert caught.value.code is ErrorCode.BUNDLE_INVALID and census() == before


def test_a_batch_shows_guides_only_and_renders_all(bundle, tmp_path):
    head = build_in_grid(bpy.context.scene, tmp_path, str(bundle.path), "Åsa", 0, 4)
    hair = find_hair(head)["hair"]
    assert slider_input(hair, "viewport").value == 0 and slider_input(hair, "density").value == 3
    assert len(seen(hair).uv) == 60


def test_the_material_has_a_shader_for_each_engine_and_both_read_one_color(bundle):
    hair = build_head(bundle.path).hair["hair"]
    tree = hair.data.materials[0].node_tree
    outputs = {node.target: node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial"}
    assert set(outputs) == {"CYCLES", "EEVEE"}
    shaders = {name: node.inputs["Surface"].links[0].from_node for name, node in outputs.items()}
    assert [s.bl_idname for s in (shaders["CYCLES"], shaders["EEVEE"])] == [
        "ShaderNodeBsdfHairPrincipled",
        "ShaderNodeBsdfPrincipled",
    ]
    for shader, name in ((shaders["CYCLES"], "Color"), (shaders["EEVEE"], "Base Color")):
        source = shader.inputs[name].links[0].from_node
        while source.bl_idname == "ShaderNodeVectorMath":
            source = source.inputs[0].links[0].from_node
        assert source.bl_idname == "ShaderNodeGroup"
    attribute = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeAttribute")
    assert attribute.attribute_name == COLOR
    assert [color_input(hair, name).default_value for name in (CHOSEN, MELANIN, REDNESS)] == pytest.approx([0, 0.8, 0.2])


def test_hairs_on_the_skin_have_one_opaque_shader_in_the_look_of_the_photo(bundle):
    for name, hair in build_head(bundle.path).hair.items():
        if name == "hair":
            continue
        nodes = hair.data.materials[0].node_tree.nodes
        (output,) = (node for node in nodes if node.bl_idname == "ShaderNodeOutputMaterial")
        shader = output.inputs["Surface"].links[0].from_node
        assert output.target == "ALL" and shader.bl_idname == "ShaderNodeBsdfPrincipled"
        assert shader.inputs["Base Color"].links[0].from_socket.name == "Look"
        assert color_input(hair, CHOSEN).default_value == 0


def test_the_skin_knows_where_hair_is_rooted(bundle):
    result = build_head(bundle.path)
    weights = read_attribute(result.head.data, ROOT)
    rest = read_attribute(result.head.data, "hrn_rest")
    roots = read_guides(result.hair["hair"].data).roots
    distance = np.linalg.norm(rest[:, None] - roots[None], axis=2).min(1)
    assert weights[distance < 0.004].min() == 1 and weights[distance > 0.015].max() == 0
    assert all(result.head[key] == 1 for key in SHOWN.values())
    assert skin_input(result.head, BARE).default_value == 1 and skin_input(result.head, TINT).default_value > 0.5
    images = {n.image.name for n in result.materials["skin"].node_tree.nodes if n.bl_idname == "ShaderNodeTexImage"}
    assert "synthetic albedo bare" in images


def test_paint_comes_back_where_curves_of_the_face_are_hidden_or_removed(bundle):
    result = build_head(bundle.path)
    head, roots = result.head, read_guides(result.hair["brows"].data).roots
    rest = read_attribute(head.data, "hrn_rest")
    distance = np.linalg.norm(rest[:, None] - roots[None], axis=2).min(1)
    for _ in range(2):  # A head without its brows remembers where they were.
        weights = read_attribute(head.data, PLACES["brows"])
        assert weights[distance < 0.004].min() == 1 and weights[distance > 0.015].max() == 0
        remove(head, ["brows"])
    assert head[SHOWN["brows"]] == 0 and head[SHOWN["beard"]] == 1
    read = {n.attribute_name for n in bpy.data.node_groups["HRN Hair Skin"].nodes if n.bl_idname == "ShaderNodeAttribute"}
    assert {*PLACES.values(), *SHOWN.values()} <= read


def test_renders_see_the_skin_with_hair_and_everybody_else_the_painted_one(bundle):
    tree = build_head(bundle.path).materials["skin"].node_tree
    shaders = {kind: tree.get_output_node(kind).inputs["Surface"].links[0].from_node for kind in ("ALL", "CYCLES", "EEVEE")}
    assert shaders["CYCLES"] == shaders["EEVEE"] != shaders["ALL"] and tree.get_output_node("ALL").is_active_output
    colors = {kind: shader.inputs["Base Color"].links[0].from_node for kind, shader in shaders.items()}
    assert colors["ALL"].image.name == "synthetic albedo" and colors["CYCLES"].node_tree.name == "HRN Hair Skin"
    for mine, theirs in zip(shaders["ALL"].inputs, shaders["CYCLES"].inputs):
        if mine.name != "Base Color":
            assert [link.from_socket for link in mine.links] == [link.from_socket for link in theirs.links], mine.name
            same = getattr(mine, "default_value", None), getattr(theirs, "default_value", None)
            assert same[0] == same[1] or list(same[0]) == list(same[1]), mine.name
    heights = {kind: tree.get_output_node(kind).inputs["Displacement"].links[0].from_socket for kind in shaders}
    assert len(set(heights.values())) == 1


def test_a_bundle_without_bare_albedo_keeps_its_painted_skin(tmp_path):
    groups = synthetic_hair(make_bundle(tmp_path / "a", texture_size=16, density=8).arrays(), 20)
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=8, hair={"hair": groups["hair"]})
    del bundle.manifest["maps"]["albedo_bare"]
    import json

    (bundle.path / "head.json").write_text(json.dumps(bundle.manifest))
    result = build_head(bundle.path)
    assert skin_input(result.head, BARE).default_value == 0
    lashes = result.materials["lashes"].node_tree
    assert not any(n.bl_idname == "ShaderNodeAttribute" and n.attribute_name == SHOWN["lashes"] for n in lashes.nodes)


def test_saved_hair_is_there_again(bundle, tmp_path):
    hair = build_head(bundle.path).hair["hair"]
    points, name = seen(hair).points, hair.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hair.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hair.blend"))
    np.testing.assert_allclose(seen(bpy.data.objects[name]).points, points, atol=1e-6)


def test_the_preview_frames_the_hair(bundle):
    from hrn_blender.build.camera import match_scene_to_camera
    from hrn_blender.build.preview import _window

    windows = []
    for options in (BuildOptions(), BuildOptions(hair=False)):
        result = build_head(bundle.path, options=options)
        scene = bpy.context.scene
        match_scene_to_camera(scene, result.cameras[0])
        bpy.context.view_layer.update()
        windows.append(_window(scene, result.head, result.cameras[0], 0.0))
    (x0, y0, x1, _), (a0, b0, a1, _) = windows
    assert x0 < a0 and y0 < b0 and x1 > a1
