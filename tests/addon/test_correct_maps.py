"""New maps and hair after a correction: the corrected head's own, and no other head's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np

from hrn_blender.build import build_head
from hrn_blender.build.hair.build import find_hair
from hrn_blender.build.hair.strands import read_guides, write_points
from hrn_blender.build.head import bundle_path
from hrn_blender.build.keep import head_images, pack
from support.addon import ui as addon_ui
from support.addon.correct import pin
from support.addon.hair import only_guides, seen
from support.synthetic_bundle import make_bundle


@pytest.fixture
def scene(addon, tmp_path):
    """A head with hair in the scene, active; a function that builds its folder once more."""
    from hrn_blender.state import correct

    folder = make_bundle(tmp_path / "made" / "anna", density=8, name="anna", views=(True, True), hair=True).path

    def again() -> bpy.types.Object:
        head = build_head(folder).head
        bpy.context.view_layer.update()
        bpy.context.view_layer.objects.active = head
        return head

    return SimpleNamespace(session=addon, correct=correct, again=again, head=again(), folder=folder)


def new_maps(head: bpy.types.Object) -> None:
    bpy.context.view_layer.objects.active = head
    pin(head)
    assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}


def is_green(head: bpy.types.Object) -> bool:
    image = next(one for one in head_images(head) if "albedo" in one.filepath and "bare" not in one.filepath)
    return image.pixels[1] > 0.9 and image.pixels[0] < 0.1


def duplicated(head: bpy.types.Object) -> bpy.types.Object:
    """As Shift D does with the objects of a head's collection: meshes are copied, materials are not."""
    copies = {one: one.copy() for one in (head, *head.children)}
    for one, copy in copies.items():
        copy.data = one.data.copy()
        bpy.context.scene.collection.objects.link(copy)
        if one is not head:
            copy.parent = copies[head]
    for hair in find_hair(copies[head]).values():
        hair.data.surface = copies[head]
        for modifier in hair.modifiers:
            if modifier.type == "NODES" and modifier.node_group.name.startswith("HRN Follow"):
                from hrn_blender import compat

                compat.modifier_input(modifier, "Head").set(copies[head])
    bpy.context.view_layer.update()
    return copies[head]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("copied", [False, True])
def test_heads_of_one_folder_keep_their_maps_when_one_is_corrected(scene, packed, copied):
    other = scene.head
    if packed:
        pack(other)
    head = duplicated(other) if copied else scene.again()
    if packed:
        pack(head)
    new_maps(head)
    assert is_green(head) and not is_green(other)
    assert bundle_path(other) == str(scene.folder) and bundle_path(head) == f"{scene.folder}_2"
    assert not (scene.folder / "corrections.json").exists()
    for image in head_images(other):
        image.reload()
    assert not is_green(other), "in its file neither"
    mine, theirs = ({slot.material for slot in one.material_slots} for one in (head, other))
    assert not mine & theirs
    assert scene.session.queue.jobs[-1].bundle == scene.folder.with_name("anna_2"), "Build Again has it"
    bpy.context.view_layer.objects.active = head
    new_maps(head)
    assert bundle_path(head) == f"{scene.folder}_2", "it is its own now"


def test_a_copy_that_shares_the_mesh_is_the_same_head(scene):
    twin = scene.head.copy()
    bpy.context.scene.collection.objects.link(twin)
    other = scene.again()
    new_maps(scene.head)
    assert is_green(scene.head) and is_green(twin) and not is_green(other)
    assert bundle_path(scene.head) == bundle_path(twin) == f"{scene.folder}_2"


def test_a_head_that_is_alone_keeps_its_folder(scene):
    new_maps(scene.head)
    assert is_green(scene.head) and bundle_path(scene.head) == str(scene.folder)
    assert (scene.folder / "corrections.json").exists() and not scene.folder.with_name("anna_2").exists()


def test_roots_follow_at_once_and_a_new_groom_replaces_the_old_one(scene):
    hair = find_hair(scene.head)["hair"]
    only_guides(hair)
    before = seen(hair)
    pin(scene.head)
    np.testing.assert_allclose(seen(hair).roots - before.roots, before.roots * 0 + (0.001, 0, 0), atol=2e-5)
    was = lengths(hair)
    assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}
    assert find_hair(scene.head)["hair"] == hair, "the same object, with what the artist set on it"
    np.testing.assert_allclose(lengths(hair), 1.1 * was, rtol=0.02)
    roots = seen(hair).roots - before.roots
    np.testing.assert_allclose(np.median(roots, 0), (0.001, 0, 0), atol=3e-4)


def test_combed_hair_is_kept_and_said(scene):
    hair, brows = find_hair(scene.head)["hair"], find_hair(scene.head)["brows"]
    only_guides(hair)
    points = read_guides(hair.data).points
    points[5] += 0.003
    write_points(hair.data, points)
    was, brows_were = lengths(hair), lengths(brows)
    new_maps(scene.head)
    np.testing.assert_allclose(lengths(hair), was, rtol=0.02)
    np.testing.assert_allclose(lengths(brows), 1.1 * brows_were, rtol=0.02)
    assert any("Yours stays" in str(entry) for entry in addon_ui.draw("HRN_PT_correct"))


def test_maps_wait_while_the_artist_combs(scene, monkeypatch):
    from hrn_blender.state import correct

    monkeypatch.setattr(correct, "ready_to_change", lambda: False)
    correct._new_maps[scene.head.session_uid] = correct.NewMaps(str(scene.folder), {}, {})
    assert correct._put() is not None and not is_green(scene.head)
    monkeypatch.undo()
    correct._put()
    assert not correct._new_maps


def lengths(hair: bpy.types.Object) -> np.ndarray:
    from hrn_blender.build.hair.edit import lengths as of

    return of(read_guides(hair.data))
