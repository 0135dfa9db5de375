"""Several photos of one person: choosing them, sending them, and looking through their cameras."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from support.addon import ui as addon_ui
from support.addon.operators import choose, fails, heads_in_scene, run


@pytest.fixture
def photos(photo) -> list[Path]:
    found = [photo, photo.with_name("left.jpg"), photo.with_name("a stranger.jpg"), photo.with_name("right.jpg")]
    for path in found:
        path.write_bytes(b"")
    return found


def browse(operator, *paths: Path) -> set:
    return operator(directory=str(paths[0].parent), files=[{"name": p.name} for p in paths])


def test_photos_are_added_removed_and_cleared(addon, photos):
    state = bpy.context.window_manager.hrn
    choose(photos[0])
    assert browse(bpy.ops.hrn.add_photos, photos[1], photos[2]) == {"FINISHED"}
    assert browse(bpy.ops.hrn.add_photos, photos[1], photos[3]) == {"FINISHED"}  # The second is known already.
    assert addon.photos == [str(photos[n]) for n in (0, 1, 2, 3)] == [item.name for item in state.photos]
    state.active_photo = 2
    assert bpy.ops.hrn.remove_photo() == {"FINISHED"}
    assert addon.photos == [str(photos[n]) for n in (0, 1, 3)]
    state.active_photo = 2
    bpy.ops.hrn.remove_photo()
    assert state.active_photo == 1
    choose(photos[3])
    assert addon.photos == [str(photos[3])]
    bpy.ops.hrn.clear_photos()
    assert not addon.photos and not bpy.ops.hrn.remove_photo.poll()


def test_more_photos_than_a_head_takes_are_refused(addon, photo):
    many = [photo.with_name(f"{n}.jpg") for n in range(31)]
    for path in many:
        path.write_bytes(b"")
    choose(*many[:30])
    fails(bpy.ops.hrn.add_photos, "up to 30 photos", directory=str(photo.parent), files=[{"name": many[30].name}])
    assert len(addon.photos) == 30


def test_the_chosen_methods_number_of_photos_is_kept(addon, photos, monkeypatch):
    from hrn_blender.state import model_files

    rows = [{"name": name, "ready": True, "hidden": False} for name in ("open", "hrn", "mvhrn", "df_mvr")]
    monkeypatch.setattr(model_files, "report", {"methods": rows})
    settings = bpy.context.scene.hrn
    settings.method, folder = "hrn", str(photos[0].parent)
    fails(bpy.ops.hrn.choose_photo, "takes one photo, not 2", directory=folder, files=[{"name": p.name} for p in photos[:2]])
    assert not addon.photos and "mvhrn" in addon.notice.error.hint
    settings.method = "df_mvr"
    choose(photos[0])
    browse(bpy.ops.hrn.add_photos, photos[1])
    fails(bpy.ops.hrn.reconstruct, "exactly 3 photos, not 2")
    assert "one from the left" in addon.notice.error.hint
    browse(bpy.ops.hrn.add_photos, photos[2])
    fails(bpy.ops.hrn.add_photos, "up to 3 photos", directory=folder, files=[{"name": photos[3].name}])
    settings.method = "hrn"
    fails(bpy.ops.hrn.reconstruct, "takes one photo, not 3")
    assert not addon.queue.jobs and addon.queue.engine.pid is None
    settings.method = "mvhrn"
    assert bpy.ops.hrn.reconstruct() == {"FINISHED"} and len(addon.queue.jobs) == 1


def test_several_photos_become_one_head_with_a_camera_for_each_that_was_used(addon, photos):
    choose(*photos)
    assert bpy.ops.hrn.reconstruct() == {"FINISHED"}
    (job,) = addon.queue.jobs
    assert list(job.photos) == photos
    run(addon)
    (head,) = heads_in_scene()
    cameras = [o for o in head.children if o.type == "CAMERA"]
    assert sorted(c.name for c in cameras) == ["Zoë 1 camera", "Zoë 1 camera 2", "Zoë 1 camera 4"]
    assert {c["hrn_photo"]: c["hrn_photo_name"] for c in cameras} == {0: "Zoë 1.png", 1: "Zoë 1 2.png", 3: "Zoë 1 4.png"}


def test_each_photos_camera_can_be_looked_through(addon, photos):
    scene = bpy.context.scene
    choose(*photos)
    bpy.ops.hrn.reconstruct()
    run(addon)
    shown = addon_ui.draw("HRN_PT_head")
    assert ("menu", "HRN_MT_photo_cameras", "Look Through Photo Camera") in shown

    def look(**how) -> int:
        assert bpy.ops.hrn.look_through_photo(**how) == {"FINISHED"}
        return scene.camera["hrn_photo"]

    assert look() == 0 and (scene.render.resolution_x, scene.render.resolution_y) == (480, 600)
    assert [look(step=1) for _ in range(3)] == [1, 3, 0]
    assert [look(step=-1) for _ in range(2)] == [3, 1]
    scene.render.resolution_x = 99
    assert look() == 1 and scene.render.resolution_x == 480
    assert look(camera="Zoë 1 camera 4") == 3
    assert ("menu", "HRN_MT_photo_cameras", "Photo 4  Zoë 1 4.png  33%") in addon_ui.draw("HRN_PT_head")
    entries = [e[2] for e in addon_ui.draw("HRN_MT_photo_cameras")]
    assert entries == ["Photo 1  Zoë 1.png  33%", "Photo 2  Zoë 1 2.png  33%", "Photo 4  Zoë 1 4.png  33%"]


def test_photos_expression_is_taken_when_asked(addon, photos):
    choose(*photos)
    bpy.ops.hrn.reconstruct()
    run(addon)
    (head,) = heads_in_scene()
    keys = head.data.shape_keys.key_blocks
    before = keys["jawOpen"].value
    bpy.ops.hrn.look_through_photo(camera="Zoë 1 camera 2")
    assert keys["jawOpen"].value == before
    bpy.ops.hrn.look_through_photo(camera="Zoë 1 camera 2", take_expression=True)
    assert keys["jawOpen"].value == pytest.approx(before / 2) and keys["Deformation"].value == 1
    bpy.ops.hrn.look_through_photo(camera="Zoë 1 camera", take_expression=True)
    assert keys["jawOpen"].value == pytest.approx(before)


def test_panel_lists_the_photos_and_says_what_they_are_for(addon, photos):
    choose(photos[0])
    one = addon_ui.draw("HRN_PT_main")
    assert ("operator", "hrn.choose_photo", photos[0].name) in one and "views" not in addon_ui.texts(one)
    assert ("operator", "hrn.reconstruct", "Reconstruct from Photo") in one
    choose(*photos)
    several = addon_ui.draw("HRN_PT_main")
    assert [e[1] for e in several if e[0] == "label"][:4] == [p.name for p in photos]
    shown = addon_ui.texts(several).replace("\n", " ")
    assert "views of one person" in shown and "Reconstruct from 4 Photos" in shown


def test_expression_setting_is_sent_only_when_it_was_set(addon):
    from hrn_blender.engine.wire.settings import Settings

    settings = bpy.context.scene.hrn
    assert settings.engine_settings() == Settings()
    settings.same_expression = "SAME"
    assert settings.engine_settings() == Settings(same_expression=True)
    settings.same_expression = "DIFFERENT"
    assert settings.engine_settings() == Settings(same_expression=False)
