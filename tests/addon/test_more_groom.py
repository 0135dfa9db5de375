"""The groom and the painted masks of a head whose photos become more and whose versions come and go."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np

from hrn_blender.build import build_head
from hrn_blender.build.hair.build import find_hair
from hrn_blender.build.hair.edit import lengths as lengths_of
from hrn_blender.build.hair.modifiers import slider_input
from hrn_blender.build.hair.strands import read_guides, write_points
from hrn_blender.build.keep import head_images, pack
from hrn_blender.build.refit import photo_cameras
from support.addon import ui as addon_ui
from support.addon.correct import pin
from support.addon.hair import only_guides, seen, skin_distance
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle


@pytest.fixture
def scene(addon, tmp_path):
    """Makes a head of one photo, active, with or without hair; adds photos to it."""
    from hrn_blender.state import correct, history

    def head(hair: bool = True) -> bpy.types.Object:
        made = build_head(make_bundle(tmp_path / "heads" / "anna", density=8, name="anna", hair=hair).path).head
        bpy.context.view_layer.update()
        bpy.context.view_layer.objects.active = made
        return made

    def add(name: str) -> None:
        (tmp_path / name).write_bytes(name.encode())
        assert bpy.ops.hrn.add_photo(filepath=str(tmp_path / name), wait=20) == {"FINISHED"}

    return SimpleNamespace(session=addon, correct=correct, history=history, head=head, add=add)


def lengths(hair: bpy.types.Object) -> np.ndarray:
    return lengths_of(read_guides(hair.data))


def comb(hair: bpy.types.Object) -> np.ndarray:
    points = read_guides(hair.data).points
    points[3::5] += 0.004
    write_points(hair.data, points)
    return points


def paint(head: bpy.types.Object, pixels: int) -> None:
    bpy.ops.hrn.adjust_paint(kind="ignore")
    image = photo_cameras(head)[0].hrn_correct.ignore
    values = np.array(image.pixels[:], np.float32)
    values[3 : 4 * pixels : 4] = 0
    image.pixels.foreach_set(values)


def painted(head: bpy.types.Object) -> int | None:
    image = photo_cameras(head)[0].hrn_correct.ignore
    return None if image is None else int(np.sum(np.array(image.pixels[:])[3::4] == 0))


def test_an_added_photo_brings_a_new_groom_on_the_new_shape(scene):
    head = scene.head()
    hair = find_hair(head)["hair"]
    only_guides(hair)
    was, away = lengths(hair), skin_distance(head, seen(hair).roots)
    scene.add("side.png")
    assert find_hair(head)["hair"] == hair, "the same object, with what the artist set on it"
    np.testing.assert_allclose(lengths(hair), 1.1 * was, rtol=0.02)
    assert np.median(skin_distance(head, seen(hair).roots)) < np.median(away) + 1e-4
    assert scene.history.versions(head)[0].name == "Add a Photo"


def test_combed_strands_stay_when_a_photo_is_added_and_this_is_said(scene):
    head = scene.head()
    hair, brows = find_hair(head)["hair"], find_hair(head)["brows"]
    comb(hair)
    was, brows_were = lengths(hair), lengths(brows)
    scene.add("side.png")
    np.testing.assert_allclose(lengths(hair), was, rtol=0.02)
    np.testing.assert_allclose(lengths(brows), 1.1 * brows_were, rtol=0.02)
    assert any("Yours stays" in str(entry) for entry in addon_ui.draw("HRN_PT_correct"))


def test_hair_that_only_the_new_photo_shows_grows_and_what_was_removed_does_not(scene):
    head = scene.head(hair=False)
    assert not find_hair(head)
    scene.add("hair.png")
    assert set(find_hair(head)) >= {"hair", "brows"}
    find_hair(head)["hair"].select_set(True)
    bpy.context.view_layer.objects.active = head
    bpy.data.objects.remove(find_hair(head)["hair"])
    scene.add("more hair.png")
    assert "hair" not in find_hair(head) and "brows" in find_hair(head)


def test_going_back_and_forward_brings_combing_and_sliders(scene):
    head = scene.head()
    hair = find_hair(head)["hair"]
    only_guides(hair)
    built, place = read_guides(hair.data).points, seen(hair).points
    slider_input(hair, "density").set(7)
    bpy.ops.hrn.version_keep()
    combed = comb(hair)
    slider_input(hair, "density").set(3)
    combed_place = seen(hair).points
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    np.testing.assert_array_equal(read_guides(hair.data).points, built)
    np.testing.assert_allclose(seen(hair).points, place, atol=1e-6)
    assert slider_input(hair, "density").value == 7
    assert len(scene.history.versions(head)) == 2, "the combing is kept first"
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    np.testing.assert_array_equal(read_guides(hair.data).points, combed)
    np.testing.assert_allclose(seen(hair).points, combed_place, atol=1e-6)
    assert slider_input(hair, "density").value == 3
    scene.add("side.png")
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    np.testing.assert_array_equal(read_guides(find_hair(head)["hair"].data).points, combed)


def test_hair_that_was_removed_or_grown_since_comes_back_and_hides(scene):
    head = scene.head()
    combed = comb(find_hair(head)["hair"])
    bpy.ops.hrn.version_keep()
    bpy.data.objects.remove(find_hair(head)["hair"])
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    np.testing.assert_array_equal(read_guides(find_hair(head)["hair"].data).points, combed)
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    assert find_hair(head)["hair"].hide_viewport and head["hrn_shown_hair"] == 0, "not removed: it may be the artist's"
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    assert not find_hair(head)["hair"].hide_viewport and head["hrn_shown_hair"] == 1


def test_masks_are_part_of_a_version(scene, tmp_path):
    head = scene.head()
    bpy.ops.hrn.version_keep()
    paint(head, 100)
    assert bpy.ops.hrn.version_keep() == {"FINISHED"}
    assert len(scene.history.versions(head)) == 2, "painting makes another state"
    paint(head, 250)
    assert bpy.ops.hrn.version_go(number=0) == {"FINISHED"}
    assert painted(head) is None and len(scene.history.versions(head)) == 3
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    assert painted(head) == 100
    name = head.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "anna.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "anna.blend"))
    head = bpy.data.objects[name]
    bpy.context.view_layer.objects.active = head
    assert painted(head) == 100
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    assert painted(head) == 250


@pytest.mark.parametrize("packed", [False, True])
def test_undoing_new_maps_shows_the_former_ones(scene, packed):
    """Images of the .blend file hold them; those of a folder are what the folder has."""
    head = scene.head()
    if packed:
        pack(head)
    before = {image.name for image in head_images(head)}
    files = {image.filepath for image in head_images(head)}
    pin(head)
    assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}
    now = head_images(head)
    assert {image.name for image in now} == before and {image.filepath for image in now} == files
    assert all((image.packed_file is not None) == packed for image in now)
    former = [image for image in bpy.data.images if image.name.endswith(" before")]
    assert former and all(image.users == 0 for image in former)


def test_a_version_of_a_damaged_groom_is_one_sentence_and_changes_nothing(scene):
    head = scene.head()
    bpy.ops.hrn.version_keep()
    combed = comb(find_hair(head)["hair"])
    (folder,) = [one.folder for one in scene.history.versions(head)]
    with open(f"{folder}/state.npz", "wb") as file:
        file.write(b"damaged")
    fails(bpy.ops.hrn.version_back, "no longer on the disk")
    np.testing.assert_array_equal(read_guides(find_hair(head)["hair"].data).points, combed)
