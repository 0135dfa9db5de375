"""Hair of heads that artists have worked on: animated, rigged, triangulated, hidden, dyed, shown as cards, linked."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head
from hrn_blender.build.hair.build import find_hair
from hrn_blender.build.hair.edit import lengths
from hrn_blender.build.hair.material import color_input, pigment_color
from hrn_blender.build.hair.skin import SCALP_COLOR, shown, skin_node
from hrn_blender.build.hair.strands import read_guides
from hrn_blender.build.hair_games.names import find_games
from hrn_blender.engine.wire.hair_color import BUILT, SCALP_SHARE
from support.addon.hair import only_guides, seen
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("hair") / "head", texture_size=16, hair=True)


@pytest.fixture
def head(addon, bundle) -> bpy.types.Object:
    """An active head with hair."""
    return activate(build_head(bundle.path).head)


def activate(thing: bpy.types.Object) -> bpy.types.Object:
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = thing
    thing.select_set(True)
    return thing


def keyframed(head) -> None:
    key = head.data.shape_keys.key_blocks["jawOpen"]
    key.value = 1
    key.keyframe_insert("value", frame=1)


def driven(head) -> None:
    head.data.shape_keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "1.0"


def twisted(head) -> None:
    modifier = head.modifiers.new("Twist", "SIMPLE_DEFORM")
    modifier.deform_method, modifier.deform_axis, modifier.angle = "TWIST", "Z", 0.8


@pytest.mark.parametrize("pose", [keyframed, driven, twisted])
@pytest.mark.parametrize("group", ["beard", "hair"])
def test_what_poses_a_head_does_not_change_what_buttons_do_to_its_strands(head, pose, group):
    hair = activate(find_hair(head)[group])
    only_guides(hair)
    head.data.shape_keys.key_blocks["jawOpen"].value = 0
    before = seen(hair).points
    pose(head)
    assert bpy.ops.hrn.hair_comb_to_photo() == {"FINISHED"}
    assert bpy.ops.hrn.hair_attach() == {"FINISHED"}
    if head.modifiers.get("Twist"):
        head.modifiers.remove(head.modifiers["Twist"])
    head.data.shape_keys.animation_data_clear()
    head.data.shape_keys.key_blocks["jawOpen"].value = 0
    np.testing.assert_allclose(seen(hair).points, before, atol=2e-6)


def test_cards_and_mesh_on_triangles_and_on_a_hidden_head(head):
    bpy.ops.hrn.hair_cards(triangles=600)
    whole = vertices(find_games(head, "cards"))
    head.hide_viewport = True
    activate(find_games(head, "cards"))
    assert bpy.ops.hrn.hair_cards(triangles=600) == {"FINISHED"}
    np.testing.assert_array_equal(vertices(find_games(head, "cards")), whole)
    head.hide_viewport = False
    activate(head).modifiers.new("Triangles", "TRIANGULATE")
    assert bpy.ops.hrn.hair_cards(triangles=600) == {"FINISHED"}
    assert bpy.ops.hrn.hair_mesh(triangles=600) == {"FINISHED"}


def vertices(thing: bpy.types.Object) -> np.ndarray:
    values = np.empty(3 * len(thing.data.vertices), np.float32)
    thing.data.vertices.foreach_get("co", values)
    return values


def test_strands_come_back_into_view_when_they_change(head, bundle, tmp_path):
    shutil.copytree(bundle.path, tmp_path / "other")
    other = activate(build_head(tmp_path / "other").head)
    assert bpy.ops.hrn.hair_cards(triangles=300) == {"FINISHED"}
    activate(head)
    for change in (
        lambda: bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.05),
        lambda: bpy.ops.hrn.hair_mirror(side="LEFT"),
        lambda: bpy.ops.hrn.hair_comb_to_photo(),
        lambda: bpy.ops.hrn.hair_from_head(head=other.name),
    ):
        bpy.ops.hrn.hair_cards(triangles=300)
        assert find_hair(head)["hair"].hide_render
        assert change() == {"FINISHED"}
        assert not find_hair(head)["hair"].hide_render and not find_hair(head)["hair"].hide_viewport
        assert find_games(head, "cards").hide_render


def scalp(head) -> np.ndarray:
    """What the skin's node is told of the strands' colour."""
    bpy.context.view_layer.update()
    inputs = skin_node(head).inputs
    return np.array([inputs[name].default_value for name in ("Chosen Color", "Melanin", "Redness", "Brightness")])


def dye(head, *values: float) -> None:
    for name, value in zip(("Chosen Color", "Melanin", "Redness", "Brightness"), values):
        color_input(find_hair(head)["hair"], name).default_value = value


def test_the_scalp_is_dyed_with_the_hair(head, bundle, tmp_path):
    np.testing.assert_allclose(scalp(head), [0, 0.8, 0.2, 1], atol=1e-6)
    dye(head, 0.75, 0.3, 0.6, 1.5)
    np.testing.assert_allclose(scalp(head), [0.75, 0.3, 0.6, 1.5], atol=1e-6)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "dyed.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "dyed.blend"))
    head = activate(next(thing for thing in bpy.context.scene.objects if "hrn_bundle" in thing))
    dye(head, 1, 0.5, 0.1, 1)
    np.testing.assert_allclose(scalp(head), [1, 0.5, 0.1, 1], atol=1e-6)
    other = build_head(bundle.path).head
    dye(other, 1, 0.95, 0, 1)
    bpy.ops.hrn.hair_from_head(head=other.name)
    np.testing.assert_allclose(scalp(head), [1, 0.95, 0, 1], atol=1e-6)
    dye(head, 0.5, 0.5, 0.5, 2)
    np.testing.assert_allclose(scalp(head), [0.5, 0.5, 0.5, 2], atol=1e-6)
    np.testing.assert_allclose(scalp(other), [1, 0.95, 0, 1], atol=1e-6)
    bpy.ops.hrn.hair_remove(group="hair")
    np.testing.assert_allclose(scalp(head), [0, 0.8, 0.2, 1], atol=1e-6)


@pytest.mark.parametrize("melanin", [0.2, 0.5, 0.95])
def test_the_dyed_scalp_is_a_shade_of_what_the_strands_look_like(head, melanin):
    dye(head, 1, melanin, 0.3, 1)
    skin_node(head).inputs["Scalp Tint"].default_value = 1
    skin_node(head).inputs[SCALP_COLOR].default_value = (1, 0, 1, 1)
    expected = SCALP_SHARE * BUILT.look(np.array(pigment_color(melanin, 0.3)))
    np.testing.assert_allclose(tinted(head), expected, rtol=0.02, atol=0.002)


def tinted(head) -> np.ndarray:
    """(3,) colour that the skin's node group gives where hair is rooted, by a render of it on a plane."""
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_plane_add()
    plane = bpy.context.active_object
    plane.data.attributes.new("hair_root", "FLOAT", "POINT").data.foreach_set("value", [1.0] * 4)
    plane["hrn_shown_hair"] = 1.0
    material = bpy.data.materials.new("tint")
    material.use_nodes = True
    tree, node = material.node_tree, skin_node(head)
    tree.nodes.clear()
    group, light, out = (tree.nodes.new(f"ShaderNode{kind}") for kind in ("Group", "Emission", "OutputMaterial"))
    group.node_tree = node.node_tree
    bpy.context.view_layer.update()
    for given, copied in zip(node.inputs, group.inputs):
        copied.default_value = given.default_value
    tree.links.new(group.outputs["Color"], light.inputs["Color"])
    tree.links.new(light.outputs[0], out.inputs["Surface"])
    plane.data.materials.append(material)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location.z, scene.camera = 1, camera
    scene.collection.objects.link(camera)
    head.hide_render = find_hair(head)["hair"].hide_render = True
    for child in head.children:
        child.hide_render = True
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 1, False
    scene.render.resolution_x = scene.render.resolution_y = 4
    scene.view_settings.view_transform = "Raw"
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.filepath = bpy.app.tempdir + "tint.exr"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    return np.array(image.pixels[:]).reshape(-1, image.channels)[:, :3].mean(0)


def saved_head(bundle, file) -> None:
    """A file with a head that shows its cards."""
    head = activate(build_head(bundle.path).head)
    head.name = "library head"
    bpy.ops.hrn.hair_cards(triangles=300)
    bpy.ops.wm.save_as_mainfile(filepath=str(file))


def linked(file) -> bpy.types.Object:
    """The head of a file, whose collection is linked as it is."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(file), link=True) as (found, wanted):
        wanted.collections = found.collections
    bpy.context.scene.collection.children.link(wanted.collections[0])
    return activate(next(thing for thing in wanted.collections[0].objects if "hrn_bundle" in thing))


def the_head() -> bpy.types.Object:
    (head,) = (thing for thing in bpy.context.scene.objects if "hrn_bundle" in thing)
    return activate(head)


def test_hair_of_another_file_is_not_changed_unsaved(addon, bundle, tmp_path):
    saved_head(bundle, tmp_path / "library.blend")
    linked(tmp_path / "library.blend")
    for operator, inputs in ((bpy.ops.hrn.hair_show, {"show": False}), (bpy.ops.hrn.hair_show_as, {"way": "curves"})):
        fails(operator, "Make Editable", **inputs)


@pytest.mark.parametrize("by_button", [True, False])
def test_what_is_changed_on_a_head_of_another_file_outlives_changes_there(addon, bundle, tmp_path, by_button):
    library, file = tmp_path / "library.blend", tmp_path / "user.blend"
    saved_head(bundle, library)
    head = linked(library)
    if by_button:
        assert bpy.ops.hrn.make_editable() == {"FINISHED"}
    else:  # Blender's own menu.
        head.users_collection[0].override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
        bpy.context.scene.collection.children.unlink(head.users_collection[0])
    head = the_head()
    if by_button:
        head.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    activate(find_hair(head)["hair"])
    assert bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.01) == {"FINISHED"}
    assert bpy.ops.hrn.hair_remove(group="brows") == {"FINISHED"}
    assert bpy.ops.hrn.hair_mesh(triangles=400) == {"FINISHED"}
    assert bpy.ops.hrn.hair_games_remove(way="cards") == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.wm.open_mainfile(filepath=str(library))
    the_head().users_collection[0].objects.link(bpy.data.objects.new("more", None))
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.open_mainfile(filepath=str(file))
    head = the_head()
    groups = [child["hrn_hair_group"] for child in head.children if "hrn_hair_group" in child]
    assert sorted(groups) == ["beard", "hair", "lashes"] and not shown(head)["brows"]
    assert lengths(read_guides(find_hair(head)["hair"].data)).max() < 0.011
    assert [child["hrn_hair_games"] for child in head.children if "hrn_hair_games" in child] == ["mesh"]
    if by_button:
        assert head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.5)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
