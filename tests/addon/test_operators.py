"""From the click to the head: operators and panel in Blender, against the scripted engine, pumped by hand."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from support.addon import ui as addon_ui
from support.addon.operators import choose, fails, heads_in_scene, run
from support.stopwatch import best_of

# -- the way that works --------------------------------------------------------------------------------------------


def test_one_photo_one_click_one_head(addon, photo, tmp_path):
    assert choose(photo) == {"FINISHED"}
    assert bpy.ops.hrn.reconstruct() == {"FINISHED"}
    run(addon)
    (head,) = heads_in_scene()
    assert bpy.context.active_object == head and head.select_get()
    assert Path(head["hrn_bundle"]) == tmp_path / "home" / "heads" / "Zoë 1"
    assert addon.notice is None


def test_settings_reach_the_engine(addon, photo, monkeypatch):
    settings = bpy.context.scene.hrn
    settings.texture_size, settings.quality, settings.detail = "1024", "draft", 1.5
    settings.keep_expression, settings.face_number = False, 3
    choose(photo)
    bpy.ops.hrn.reconstruct()
    sent = addon.queue.jobs[0].settings
    assert (sent.texture_size, sent.quality, sent.detail) == (1024, "draft", 1.5)
    assert (sent.keep_expression, sent.face_index, sent.focal_mm) == (False, 2, None)
    settings.use_focal, settings.focal_mm = True, 85
    bpy.ops.hrn.reconstruct()
    assert (addon.queue.jobs[1].settings.focal_mm, addon.queue.jobs[1].settings.focal_px) == (85, None)


def test_defaults_are_those_of_the_engine(addon):
    from hrn_blender.engine.wire.settings import Settings

    assert bpy.context.scene.hrn.engine_settings() == Settings()


def test_result_can_be_built_again_and_removed_from_the_list(addon, photo):
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon)
    assert bpy.ops.hrn.build_result() == {"FINISHED"}
    assert len(heads_in_scene()) == 2
    folder = addon.queue.jobs[0].bundle
    assert bpy.ops.hrn.remove_result() == {"FINISHED"}
    assert not addon.queue.jobs and not bpy.context.window_manager.hrn.jobs
    assert (folder / "head.json").is_file() and len(heads_in_scene()) == 2


def test_bundle_from_disk_needs_no_engine(addon, tmp_path, monkeypatch):
    from support.synthetic_bundle import make_bundle

    monkeypatch.delenv("HRN_ENGINE_COMMAND")
    make_bundle(tmp_path / "old head", name="Old")
    assert bpy.ops.hrn.load_bundle(filepath=str(tmp_path / "old head" / "head.json")) == {"FINISHED"}
    assert [h.name for h in heads_in_scene()] == ["Old"]
    assert addon.queue.engine.pid is None
    assert bpy.ops.hrn.load_bundle(directory=str(tmp_path / "old head")) == {"FINISHED"}


def test_undo_removes_the_head_in_one_step(addon, photo):
    bpy.ops.ed.undo_push(message="before")
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("mine", None))
    bpy.ops.ed.undo_push(message="an object of the user")
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon)
    assert len(heads_in_scene()) == 1
    bpy.ops.ed.undo()
    assert not heads_in_scene() and "mine" in bpy.context.scene.objects
    assert not [m for m in bpy.data.meshes if m.name.startswith("Zoë")]
    bpy.ops.ed.redo()
    assert len(heads_in_scene()) == 1


def test_head_waits_until_the_user_leaves_edit_mode(addon, photo):
    mesh = bpy.data.meshes.new("m")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    mine = bpy.data.objects.new("mine", mesh)
    bpy.context.scene.collection.objects.link(mine)
    bpy.context.view_layer.objects.active = mine
    choose(photo)
    bpy.ops.hrn.reconstruct()
    bpy.ops.object.mode_set(mode="EDIT")
    run(addon, until=lambda: not addon.queue.busy)
    for _ in range(5):
        addon.ticker.tick()
    assert addon.waiting_to_build() and not heads_in_scene()
    assert "Object Mode" in addon_ui.texts(addon_ui.draw("HRN_PT_main"))
    bpy.ops.object.mode_set(mode="OBJECT")
    run(addon)
    assert len(heads_in_scene()) == 1


def test_another_file_gets_the_head_only_when_the_artist_says_so(addon, photo):
    choose(photo)
    for _ in range(2):
        bpy.ops.hrn.reconstruct()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert len(bpy.context.window_manager.hrn.jobs) == 2
    run(addon)
    assert not heads_in_scene() and [job.name for job in addon.asking()] == ["Zoë 1", "Zoë 1"]
    shown = addon_ui.texts(addon_ui.draw("HRN_PT_main"))
    assert "begun in" in shown and "Build Here" in shown
    first, second = addon.asking()
    assert bpy.ops.hrn.build_result(job_id=first.id) == {"FINISHED"} and len(heads_in_scene()) == 1
    assert bpy.ops.hrn.keep_result(job_id=second.id) == {"FINISHED"} and not addon.asking()
    assert len(heads_in_scene()) == 1 and len(addon.queue.jobs) == 2


def test_the_same_file_opened_again_gets_its_head(addon, photo, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    choose(photo)
    bpy.ops.hrn.reconstruct()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mine.blend"))
    run(addon)
    assert len(heads_in_scene()) == 1 and not addon.asking()


def test_a_photo_is_known_by_its_content(addon, photo, tmp_path):
    """Whatever it is called; what is left out is named."""
    (tmp_path / "scan 1").write_bytes(b"\xff\xd8\xff\xe0 and so on")
    (tmp_path / "list.txt").write_text("not a photo")
    assert choose(tmp_path / "scan 1", tmp_path / "list.txt") == {"FINISHED"}
    assert [Path(path).name for path in addon.photos] == ["scan 1"]


def test_camera_of_the_photo_becomes_the_scenes(addon, photo):
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon)
    assert bpy.ops.hrn.look_through_photo() == {"FINISHED"}
    scene = bpy.context.scene
    assert scene.camera.parent == heads_in_scene()[0]
    assert (scene.render.resolution_x, scene.render.resolution_y) == (480, 600)


# -- the ways that do not ------------------------------------------------------------------------------------------


def test_without_a_photo_the_button_is_off(addon):
    assert not bpy.ops.hrn.reconstruct.poll()


def test_other_files_are_not_photos(addon, tmp_path):
    (tmp_path / "notes.txt").write_text("")
    fails(bpy.ops.hrn.choose_photo, "not a photo", directory=str(tmp_path), files=[{"name": "notes.txt"}])
    fails(bpy.ops.hrn.choose_photo, "not a photo", directory=str(tmp_path), files=[{"name": "missing.png"}])
    assert not addon.photos


def test_photo_that_vanished_is_a_clear_error(addon, photo):
    choose(photo)
    photo.unlink()
    fails(bpy.ops.hrn.reconstruct, "does not exist")
    assert addon.notice.error.code.value == "PHOTO_UNREADABLE"


def test_missing_engine_turns_the_button_off_and_offers_the_install(addon, photo, monkeypatch):
    from hrn_blender.link.location import engine_status

    monkeypatch.delenv("HRN_ENGINE_COMMAND")
    engine_status(fresh=True)
    choose(photo)
    assert not bpy.ops.hrn.reconstruct.poll()
    drawn = addon_ui.draw("HRN_PT_main")
    assert ("operator", "hrn.install_engine", "Install Engine") in drawn
    assert "not installed yet" in addon_ui.texts(drawn)
    assert addon_ui.draw("HRN_PT_engine") == []


@pytest.mark.parametrize(
    "mode, code",
    [
        ("crash", "ENGINE_CRASHED"),
        ("kill,signal=9", "ENGINE_CRASHED"),
        ("garbage", "ENGINE_PROTOCOL"),
        ("oom", "OUT_OF_MEMORY"),
        ("error,code=NO_FACE", "NO_FACE"),
    ],
)
def test_failure_is_shown_once_and_the_next_click_works(addon, photo, monkeypatch, mode, code):
    monkeypatch.setenv("HRN_FAKE_ENGINE", mode)
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon)
    assert addon.notice.error.code.value == code
    drawn = addon_ui.draw("HRN_PT_main")
    shown = addon_ui.texts(drawn).replace("\n", " ")
    assert addon.notice.error.message.split(".")[0][:15] in shown
    assert ("operator", "hrn.copy_details", "Copy Details") in drawn
    assert code in addon.notice.details() and "Zoë 1" in addon.notice.details()
    assert not heads_in_scene()
    addon.queue.engine.kill(2)
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.1")
    bpy.ops.hrn.reconstruct()
    assert addon.notice is None
    run(addon)
    assert len(heads_in_scene()) == 1


def test_incomplete_bundle_is_one_error_and_leaves_the_scene_alone(addon, photo, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "bad_bundle")
    choose(photo)
    bpy.ops.hrn.reconstruct()
    before = len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.images)
    run(addon)
    assert addon.notice.error.code.value == "BUNDLE_INVALID"
    assert (len(bpy.data.objects), len(bpy.data.meshes), len(bpy.data.images)) == before


@pytest.mark.parametrize("mode", ["slow", "hang"])
def test_cancel_works_within_a_second_and_leaves_no_entry(addon, photo, monkeypatch, mode):
    monkeypatch.setenv("HRN_FAKE_ENGINE", mode)
    choose(photo)

    def attempt() -> float:
        bpy.ops.hrn.reconstruct()
        run(addon, until=lambda: addon.queue.engine.state.value == "busy")
        drawn = addon_ui.draw("HRN_PT_main")
        assert any(entry[0] == "progress" for entry in drawn) and ("operator", "hrn.cancel", "") in drawn
        started = time.monotonic()
        assert bpy.ops.hrn.cancel(job_id=addon.queue.active.id) == {"FINISHED"}
        run(addon)
        return time.monotonic() - started

    best_of(attempt, 1.0)
    assert not addon.queue.jobs and addon.notice is None and not heads_in_scene()


def test_cancel_all_clears_the_queue(addon, photo, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "slow")
    choose(photo)
    for _ in range(3):
        bpy.ops.hrn.reconstruct()
    assert "2 more waiting" in addon_ui.texts(addon_ui.draw("HRN_PT_main"))
    bpy.ops.hrn.cancel()
    run(addon)
    assert not addon.queue.jobs


def test_install_is_refused_offline_and_explained(addon, monkeypatch):
    monkeypatch.delenv("HRN_ENGINE_COMMAND")
    if bpy.app.online_access:
        pytest.skip("this Blender is allowed to go online")
    fails(bpy.ops.hrn.install_engine, "not allowed to use the internet")
    assert "Allow Online Access" in addon.notice.error.hint


def test_install_shows_progress_and_its_failure(addon, tmp_path):
    script = tmp_path / "installer.py"
    script.write_text(
        "import json, sys, time\n"
        "def say(m, **p): print(json.dumps({'method': m, 'params': p}), flush=True)\n"
        "print('noise')\n"
        "say('progress', stage='engine', fraction=0.4, message='Installing PyTorch')\n"
        "time.sleep(0.5)\n"
        "if len(sys.argv) > 1: say('error', message='No space left.'); sys.exit(1)\n"
    )
    addon.start_install([sys.executable, str(script), "fail"], dict(os.environ))
    run(addon, until=lambda: addon.install.fraction == 0.4)
    shown = addon_ui.texts(addon_ui.draw("HRN_PT_main"))
    assert "Installing PyTorch" in shown and "40%" in shown
    run(addon, until=lambda: addon.install is None)
    assert "No space left" in addon.notice.error.message
    addon.start_install([sys.executable, str(script)], dict(os.environ))
    assert addon.notice is None
    run(addon, until=lambda: addon.install is None)
    assert addon.notice is None


def test_install_can_be_stopped(addon):
    def attempt() -> float:
        addon.start_install([sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
        addon.ticker.tick()
        assert bpy.ops.hrn.cancel_install() == {"FINISHED"}
        started = time.monotonic()
        run(addon, until=lambda: addon.install is None)
        return time.monotonic() - started

    best_of(attempt, 2.0)
    assert addon.notice is None


# -- drawing -------------------------------------------------------------------------------------------------------


def test_first_look_asks_for_a_photo(addon):
    drawn = addon_ui.draw("HRN_PT_main")
    assert drawn[0] == ("operator", "hrn.choose_photo", "Choose Photo...")
    assert ("operator", "hrn.load_bundle", "Open Head from Disk") in addon_ui.draw("HRN_PT_heads")
    assert addon_ui.draw("HRN_PT_head") == []
    assert any(entry[:2] == ("prop", "texture_size") for entry in addon_ui.draw("HRN_PT_settings"))


def test_finished_head_is_listed_with_its_warning_and_sliders(addon, photo):
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon)
    shown = addon_ui.texts(addon_ui.draw("HRN_PT_heads")).replace("\n", " ")
    assert "Zoë 1" in shown and "eyes are closed" in shown and "Build Again" in shown
    drawn = addon_ui.draw("HRN_PT_head")
    assert ("prop", "default_value", "Detail") in drawn and ("prop", "value", "Deformation") in drawn


def test_preferences_are_drawn(addon):
    from hrn_blender.ui.preferences import HRN_Preferences

    layout = addon_ui.Layout()

    class Preferences:
        bl_rna = HRN_Preferences.bl_rna

    preferences = Preferences()
    preferences.layout = layout
    HRN_Preferences.draw(preferences, bpy.context)
    assert ("prop", "output_folder", None) in layout.drawn


def test_drop_takes_photos(addon, photo):
    if not hasattr(bpy.types, "FileHandler"):
        pytest.skip("this Blender has no file handlers")
    assert bpy.ops.hrn.drop_photo(directory=str(photo.parent), files=[{"name": photo.name}]) == {"FINISHED"}
    assert addon.photos == [str(photo)]


def test_every_format_that_the_engine_reads_can_be_chosen_and_dropped(addon, tmp_path):
    from hrn_blender.engine.wire.formats import PHOTO_FORMATS, PHOTO_GLOB, PHOTO_SUFFIXES
    from hrn_blender.operators.photos import HRN_FH_photo
    from hrn_blender.state import thumbnails

    for turned in (str.lower, str.upper):
        names = [f"{number}{turned(suffix)}" for number, suffix in enumerate(PHOTO_SUFFIXES)]
        for name in names:
            (tmp_path / name).write_bytes(b"")
        for operator in (bpy.ops.hrn.choose_photo, bpy.ops.hrn.drop_photo):
            addon.choose([])
            assert operator(directory=str(tmp_path), files=[{"name": name} for name in names]) == {"FINISHED"}
            assert [Path(path).name for path in addon.photos] == names
    assert HRN_FH_photo.bl_file_extensions.split(";") == list(PHOTO_SUFFIXES)
    browser = bpy.ops.hrn.choose_photo.get_rna_type().properties["filter_glob"]
    assert browser.default == PHOTO_GLOB
    for one in PHOTO_FORMATS:
        for suffix in one.suffixes:
            assert (suffix in thumbnails._UNKNOWN_TO_BLENDER) is not one.shown_by_blender


def test_what_is_no_photo_among_photos_is_named(addon, photo, capfd):
    (photo.parent / "clip.mp4").write_bytes(b"x")
    assert bpy.ops.hrn.choose_photo(
        directory=str(photo.parent), files=[{"name": "clip.mp4"}, {"name": photo.name}, {"name": "gone.jpg"}]
    ) == {"FINISHED"}
    assert addon.photos == [str(photo)]
    said = capfd.readouterr()
    assert "clip.mp4, gone.jpg" in said.out + said.err
