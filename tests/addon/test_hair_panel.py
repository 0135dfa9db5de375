"""The panel Hair: sliders, cutting, mirroring, combing back, hair of another head, removing; and what can be wrong."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import BuildOptions, build_head
from hrn_blender.build.hair import edit
from hrn_blender.build.hair.bind import unbound
from hrn_blender.build.hair.build import find_hair
from hrn_blender.build.hair.edit import lengths
from hrn_blender.build.hair.modifiers import slider_input
from hrn_blender.build.hair.names import SHOWN
from hrn_blender.build.hair.strands import read_guides
from support.addon import ui as addon_ui
from support.addon.build import census
from support.addon.hair import only_guides, seen, skin_distance
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("hair") / "head", texture_size=16, hair=True)


@pytest.fixture
def head(addon, bundle) -> bpy.types.Object:
    """An active head with hair, in the registered add-on's file."""
    return activate(build_head(bundle.path).head)


def activate(thing: bpy.types.Object) -> bpy.types.Object:
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = thing
    return thing


def drawn() -> list:
    return addon_ui.draw("HRN_PT_hair")


def test_no_panel_without_hair(addon, tmp_path):
    activate(build_head(make_bundle(tmp_path / "bald", texture_size=16, density=6).path).head)
    assert drawn() == []


def test_the_panel_shows_the_groups_and_the_sliders_of_one(head):
    shown = drawn()
    words = addon_ui.texts(shown)
    for text in (
        "Scalp Hair",
        "Brows",
        "Lashes",
        "Beard",
        "Density",
        "Length",
        "Thickness",
        "Clump",
        "Noise",
        "Frizz",
        "Melanin",
        "Scalp Tint",
    ):
        assert text in words
    assert "Curl" not in words  # Straight hair.
    activate(find_hair(head)["beard"])
    assert "Scalp Tint" not in addon_ui.texts(drawn()) and "Density" in addon_ui.texts(drawn())


def test_selecting_a_group_makes_it_active(head):
    assert bpy.ops.hrn.hair_select(group="brows") == {"FINISHED"}
    assert bpy.context.view_layer.objects.active == find_hair(head)["brows"]


def test_hiding_takes_the_traces_off_the_skin(head):
    bpy.ops.hrn.hair_show(group="beard", show=False)
    beard = find_hair(head)["beard"]
    assert beard.hide_render and beard.hide_viewport and head[SHOWN["beard"]] == 0 and head[SHOWN["hair"]] == 1
    bpy.ops.hrn.hair_show(show=False)
    assert [head[key] for key in SHOWN.values()] == [0, 0, 0, 0]
    bpy.ops.hrn.hair_show(show=True)
    assert not beard.hide_render and [head[key] for key in SHOWN.values()] == [1, 1, 1, 1]


def test_cut_bakes_the_length_slider(head):
    hair = find_hair(head)["hair"]
    before = lengths(read_guides(hair.data))
    slider_input(hair, "length").set(0.5)
    bpy.ops.hrn.hair_cut(way="SLIDER")
    after = read_guides(hair.data)
    np.testing.assert_allclose(lengths(after), 0.5 * before, rtol=0.03)
    assert slider_input(hair, "length").value == 1 and unbound(hair) == 0
    slider_input(hair, "length").set(2.0)
    bpy.ops.hrn.hair_cut(way="SLIDER")
    np.testing.assert_allclose(lengths(read_guides(hair.data)), before, rtol=0.03)


def test_cut_to_a_length_and_to_a_height(head):
    hair = find_hair(head)["hair"]
    before = read_guides(hair.data)
    bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.05)
    after = read_guides(hair.data)
    np.testing.assert_allclose(lengths(after), np.minimum(lengths(before), 0.05), rtol=0.02)
    np.testing.assert_allclose(after.roots, before.roots, atol=1e-6)
    height = float(np.median(before.roots[:, 2]))
    bpy.ops.hrn.hair_cut(way="HEIGHT", height=height)
    held = read_guides(hair.data)
    above = before.roots[:, 2] > height + 0.002
    assert held.points[above[held.curve], 2].min() > height - 0.001
    assert np.isfinite(held.points).all() and lengths(held).min() > 0


@pytest.mark.parametrize("side", ["LEFT", "RIGHT"])
def test_mirrored_hair_is_symmetric_and_on_the_skin(head, side):
    hair = find_hair(head)["hair"]
    before = read_guides(hair.data)
    bpy.ops.hrn.hair_mirror(side=side)
    after = read_guides(hair.data)
    middle = -head["hrn_origin"][0]
    sign = 1 if side == "LEFT" else -1
    kept = ((before.roots[:, 0] - middle) * sign > 0).sum()
    assert len(after.uv) == pytest.approx(2 * kept, abs=2) and kept > 10
    tips = after.points[after.offsets[1:] - 1] - (middle, 0, 0)
    opposite = np.linalg.norm(tips[:, None] * (-1, 1, 1) - tips[None], axis=2).min(1)
    aside = np.abs(after.roots[:, 0] - middle) > 0.001
    assert np.median(opposite[aside]) < 0.0002 and opposite[aside].max() < 0.003
    only_guides(hair)
    assert skin_distance(head, seen(hair).roots).max() < 1e-4 and unbound(hair) == 0


def test_comb_to_photo_again(head):
    hair = find_hair(head)["hair"]
    first = read_guides(hair.data)
    slider_input(hair, "frizz").set(0.01)
    bpy.ops.hrn.hair_mirror(side="LEFT")
    bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.01)
    bpy.ops.hrn.hair_comb_to_photo()
    again = read_guides(hair.data)
    np.testing.assert_allclose(again.points, first.points, atol=1e-6)
    assert slider_input(hair, "frizz").value == pytest.approx(0.01) and hair.data.surface == head
    assert len(bpy.data.hair_curves) == 4  # Nothing is left over.


def test_strands_of_any_number_of_points_are_handled(head):
    hair = find_hair(head)["hair"]
    hair.data.add_curves([2, 5])
    assert "2 strands" in addon_ui.texts(drawn()).replace("\n", " ")
    bpy.ops.hrn.hair_attach()
    assert unbound(hair) == 0
    bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.03)
    bpy.ops.hrn.hair_mirror(side="RIGHT")
    assert np.isfinite(read_guides(hair.data).points).all()
    if not hasattr(hair.data, "remove_curves"):  # Blender 4.2.
        return
    hair.data.remove_curves()
    bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.03)
    bpy.ops.hrn.hair_mirror(side="RIGHT")
    bpy.ops.hrn.hair_comb_to_photo()
    assert len(hair.data.curves) == 60


def test_hair_of_another_head(head, tmp_path):
    other = build_head(make_bundle(tmp_path / "bald", texture_size=16, name="bald").path).head
    for key in other.data.shape_keys.key_blocks:  # Larger by a quarter.
        flat = np.empty(3 * len(other.data.vertices), np.float32)
        key.points.foreach_get("co", flat)
        key.points.foreach_set("co", 1.25 * flat)
    activate(other)
    assert "Hair from Another Head" in addon_ui.texts(addon_ui.draw("HRN_PT_hair") or [("menu", "Hair from Another Head")])
    bpy.ops.hrn.hair_from_head(head=head.name)
    mine = find_hair(head)["hair"]
    made = find_hair(other)["hair"]
    assert made != mine and made.data != mine.data and made.data.materials[0] != mine.data.materials[0]
    for hair in (made, mine):
        only_guides(hair)
    assert skin_distance(other, seen(made).roots).max() < 1e-4
    np.testing.assert_allclose(lengths(seen(made)), 1.25 * lengths(seen(mine)), rtol=0.02)
    assert other[SHOWN["hair"]] == 1 and skin_distance(head, seen(mine).roots).max() < 1e-4


def test_remove_and_add(head):
    bpy.ops.hrn.hair_remove(group="brows")
    assert "brows" not in find_hair(head) and head[SHOWN["brows"]] == 0
    bpy.ops.hrn.hair_remove()
    assert find_hair(head) == {} and len(bpy.data.hair_curves) == 0
    assert not any("hair" in m.name or "beard" in m.name for m in bpy.data.materials)
    assert ("operator", "hrn.hair_add", "Add Hair") in drawn()
    bpy.ops.hrn.hair_add()
    assert list(find_hair(head)) == ["hair", "brows", "lashes", "beard"] and not bpy.ops.hrn.hair_add.poll()


def test_hair_can_be_added_to_a_head_that_was_built_without(addon, bundle):
    head = activate(build_head(bundle.path, options=BuildOptions(hair=False)).head)
    bpy.ops.hrn.hair_add()
    assert len(find_hair(head)) == 4 and head[SHOWN["hair"]] == 1


def state(head) -> tuple:
    """All that growing hair touches: data-blocks, the head's own attributes, properties and materials."""
    trees = [slot.material.node_tree for slot in head.material_slots]
    links = {(k.from_node.name, k.from_socket.name, k.to_node.name, k.to_socket.name) for tree in trees for k in tree.links}
    kept = {key: value for key, value in head.items() if key in SHOWN.values() and value}
    return census(), links, sorted(a.name for a in head.data.attributes), kept, find_hair(head)


@pytest.mark.parametrize("step", ["bind", "tint_scalp"])
def test_hair_that_cannot_be_added_leaves_nothing(addon, bundle, monkeypatch, step):
    head = activate(build_head(bundle.path, options=BuildOptions(hair=False)).head)
    before = state(head)
    with monkeypatch.context() as patch:
        patch.setattr(edit, step, broken)
        fails(bpy.ops.hrn.hair_add, "The hair could not be changed: no.")
    assert state(head) == before
    assert bpy.ops.hrn.hair_add() == {"FINISHED"} and len(find_hair(head)) == 4


def broken(*_, **__):
    raise RuntimeError("no")


@pytest.mark.parametrize("bald", [False, True])
def test_another_heads_hair_that_cannot_be_taken_leaves_ones_own(head, bundle, tmp_path, monkeypatch, bald):
    mine = activate(build_head(bundle.path, options=BuildOptions(name="mine", hair=not bald)).head)
    before = state(mine)
    with monkeypatch.context() as patch:
        patch.setattr(edit, "bind", broken)
        fails(bpy.ops.hrn.hair_from_head, "The hair could not be changed: no.", head=head.name)
    assert state(mine) == before
    assert bpy.ops.hrn.hair_from_head(head=head.name) == {"FINISHED"}
    assert [hair.name for hair in find_hair(mine).values()] == ["mine hair", "mine brows", "mine lashes", "mine beard"]
    if not bald:  # One's own are gone, with their data.
        assert len(bpy.data.hair_curves) == 8


def test_guides_that_cannot_be_bound_leave_the_old_ones(head, monkeypatch):
    before, points = state(head), read_guides(find_hair(head)["hair"].data).points
    with monkeypatch.context() as patch:
        patch.setattr(edit, "bind", broken)
        fails(bpy.ops.hrn.hair_mirror, "The hair could not be changed: no.", side="LEFT")
    assert state(head) == before
    np.testing.assert_array_equal(read_guides(find_hair(head)["hair"].data).points, points)


def test_deleted_objects_leave_traces_that_can_be_removed(head):
    bpy.data.objects.remove(find_hair(head)["hair"])
    bpy.data.objects.remove(find_hair(head)["brows"])
    assert "the skin still shows its traces" in addon_ui.texts(drawn()).replace("\n", " ")
    bpy.ops.hrn.hair_remove(group="hair")
    bpy.ops.hrn.hair_remove(group="brows")
    assert "traces" not in addon_ui.texts(drawn())


def test_a_deleted_bundle_is_reported_and_nothing_changes(head, tmp_path):
    gone = build_head(make_bundle(tmp_path / "gone", texture_size=16, density=8, hair=True).path).head
    shutil.rmtree(tmp_path / "gone")
    activate(gone)
    before = read_guides(find_hair(gone)["hair"].data).points
    fails(bpy.ops.hrn.hair_comb_to_photo, "contains no readable head.json")
    np.testing.assert_array_equal(read_guides(find_hair(gone)["hair"].data).points, before)


def test_a_head_without_rest_positions_is_reported_and_mended(head):
    head.data.attributes.remove(head.data.attributes["hrn_rest"])
    fails(bpy.ops.hrn.hair_mirror, "no longer has the attribute", side="LEFT")
    bpy.ops.hrn.hair_attach()
    assert bpy.ops.hrn.hair_mirror(side="LEFT") == {"FINISHED"}


@pytest.mark.parametrize("rename", [True, False])
def test_a_renamed_or_removed_uv_map_costs_nothing(head, rename):
    layer = head.data.uv_layers["UVMap"]
    if rename:
        layer.name = "map1"
    else:
        head.data.uv_layers.remove(layer)
    hair = find_hair(head)["hair"]
    for press in (lambda: bpy.ops.hrn.hair_attach(), lambda: bpy.ops.hrn.hair_mirror(side="LEFT")):
        assert press() == {"FINISHED"}
        only_guides(hair)
        assert skin_distance(head, seen(hair).roots).max() < 1e-4 and np.ptp(seen(hair).roots[:, 0]) > 0.05


def test_removed_modifiers_do_not_stop_the_scissors(head):
    hair = activate(find_hair(head)["hair"])
    hair.modifiers.clear()
    assert bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.01) == {"FINISHED"}
    assert [m.node_group.name for m in hair.modifiers] == ["HRN Follow Head"]
    assert bpy.ops.hrn.hair_mirror(side="LEFT") == bpy.ops.hrn.hair_comb_to_photo() == {"FINISHED"}


def test_cards_whose_strands_are_gone_can_still_be_chosen_and_removed(head):
    bpy.ops.hrn.hair_cards(triangles=300)
    bpy.ops.hrn.hair_remove(group="hair")
    assert "Cards: " in addon_ui.texts(drawn())
    assert bpy.ops.hrn.hair_show_as(way="curves") == {"CANCELLED"}
    assert not next(child for child in head.children if "hrn_hair_games" in child).hide_render
    bpy.ops.hrn.hair_games_remove(way="cards")
    assert "Cards: " not in addon_ui.texts(drawn())


def test_a_duplicated_head_and_its_hair_are_its_own(head):
    strands = find_hair(head)
    for thing in (head, *strands.values()):
        thing.select_set(True)
    bpy.ops.object.duplicate()
    copy = activate(next(thing for thing in bpy.context.selected_objects if thing.type == "MESH"))
    before = read_guides(strands["hair"].data).points
    assert bpy.ops.hrn.hair_cut(way="LONGEST", longest=0.01) == {"FINISHED"}
    assert lengths(read_guides(find_hair(copy)["hair"].data)).max() < 0.011
    np.testing.assert_array_equal(read_guides(strands["hair"].data).points, before)
    assert find_hair(copy)["hair"].data.surface == copy


def test_buttons_say_why_they_cannot_be_used(head):
    activate(find_hair(head)["hair"])
    bpy.ops.object.mode_set(mode="SCULPT_CURVES")
    for operator in (bpy.ops.hrn.hair_cut, bpy.ops.hrn.hair_mirror, bpy.ops.hrn.hair_comb_to_photo, bpy.ops.hrn.hair_attach):
        assert not operator.poll()
    assert "Density" in addon_ui.texts(drawn())
    bpy.ops.object.mode_set(mode="OBJECT")


def test_undo_brings_the_strands_back(head):
    name = find_hair(head)["hair"].name
    before = len(bpy.data.objects[name].data.curves)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.hrn.hair_mirror(side="LEFT")
    changed = len(bpy.data.objects[name].data.curves)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert len(bpy.data.objects[name].data.curves) == before != changed
