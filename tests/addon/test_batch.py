"""Batch Import in Blender: operators, table and grid, with the engine's real batch around a stand-in for the method."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from support.addon import ui as addon_ui
from support.addon.operators import fails, heads_in_scene
from support.addon.table import addon_module, heads_by_name, run, states


def test_folder_becomes_a_grid_of_named_heads(table, people):
    assert bpy.ops.hrn.batch_start() == {"FINISHED"}
    run(table)
    assert states(table) == {"ben": "done", "carl": "failed", "Zoë": "done"}
    out = people.parent / "people heads"
    assert (out / "Zoë" / "head.json").is_file() and (out / "report.html").is_file()
    heads = heads_by_name()
    assert set(heads) == {"Zoë", "ben"}
    bpy.context.view_layer.update()
    places = [tuple(round(x, 3) for x in head.matrix_world.translation) for head in heads.values()]
    assert len(set(places)) == 2
    for head in heads.values():
        (label,) = [child for child in head.children if child.type == "FONT"]
        assert label.data.body == head.name
        assert label.matrix_world.translation.z < head.matrix_world.translation.z
    (collection,) = [c for c in bpy.context.scene.collection.children if c.get("hrn_batch")]
    assert {c.name for c in collection.children} == {"Head Zoë", "Head ben"}  # Not of the photo, whose name is 1.jpg.


def test_grid_has_no_two_heads_in_one_place():
    from hrn_blender.build.grid import COLUMN_WIDTH, ROW_HEIGHT, grid_place

    for total in (1, 2, 5, 9, 40):
        places = [grid_place(n, total) for n in range(total)]
        assert len(set(places)) == total and min(z for _, _, z in places) > 0
        assert max(x for x, _, _ in places) == pytest.approx(-min(x for x, _, _ in places))
    first, second, third = (grid_place(n, 4) for n in range(3))
    assert second[0] - first[0] == pytest.approx(COLUMN_WIDTH) and first[2] - third[2] == pytest.approx(ROW_HEIGHT)


def test_table_shows_state_error_hint_and_what_can_be_done(table):
    bpy.ops.hrn.batch_start()
    drawn = addon_ui.draw("HRN_PT_batch")
    assert ("operator", "hrn.batch_pause", "") in drawn and any(e[0] == "progress" for e in drawn)
    assert "Closing Blender" in addon_ui.texts(drawn).replace("\n", " ")
    run(table)
    state = bpy.context.window_manager.hrn
    assert [row.name for row in state.subjects] == list(table.batch.subjects)
    state.active_subject = [row.name for row in state.subjects].index("carl")
    drawn = addon_ui.draw("HRN_PT_batch")
    shown = addon_ui.texts(drawn).replace("\n", " ")
    assert "2 done, 1 failed" in shown and "There is no face in carl.jpg" in shown and "Use a photo in which" in shown
    assert ("operator", "hrn.batch_retry", "Retry") in drawn
    from hrn_blender.operators.batch import HRN_OT_batch_select

    class Row:
        subject = "carl"

    assert "no face" in HRN_OT_batch_select.description(bpy.context, Row)
    assert bpy.ops.hrn.batch_select(subject="Zoë") == {"FINISHED"}
    drawn = addon_ui.draw("HRN_PT_batch")
    assert ("operator", "hrn.batch_build", "Build Head") in drawn
    assert "eyes are closed" in addon_ui.texts(drawn).replace("\n", " ")


def test_second_start_makes_nothing_and_builds_nothing_twice(table, people):
    bpy.ops.hrn.batch_start()
    run(table)
    before = (people.parent / "people heads" / "ben" / "head.json").stat().st_mtime_ns
    bpy.ops.hrn.batch_start()
    run(table)
    assert states(table) == {"ben": "done", "carl": "failed", "Zoë": "done"} and len(heads_in_scene()) == 2
    assert (people.parent / "people heads" / "ben" / "head.json").stat().st_mtime_ns == before


def test_only_files_builds_nothing_until_asked(table):
    bpy.context.scene.hrn.batch.when_done = "FILES"
    bpy.ops.hrn.batch_start()
    run(table)
    assert not heads_in_scene()
    assert bpy.ops.hrn.batch_build(subject="ben") == {"FINISHED"}
    assert set(heads_by_name()) == {"ben"}
    assert bpy.ops.hrn.batch_place_all(into="BUILD") == {"FINISHED"}
    run(table)
    assert set(heads_by_name()) == {"ben", "Zoë"}
    fails(bpy.ops.hrn.batch_build, "no finished head", subject="carl")


def test_building_of_many_can_be_stopped(table):
    bpy.context.scene.hrn.batch.when_done = "FILES"
    bpy.ops.hrn.batch_start()
    run(table)
    assert not bpy.ops.hrn.batch_cancel.poll()
    bpy.ops.hrn.batch_place_all(into="BUILD")
    run(table, until=lambda: heads_in_scene())
    assert "1 to build" in addon_ui.texts(addon_ui.draw("HRN_PT_batch"))
    assert bpy.ops.hrn.batch_cancel() == {"FINISHED"}
    run(table)
    assert len(heads_in_scene()) == 1 and set(states(table).values()) == {"done", "failed"}


def test_undo_takes_back_one_head_of_the_grid(table):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.hrn.batch_start()
    run(table)
    assert len(heads_in_scene()) == 2
    bpy.ops.ed.undo()
    assert len(heads_in_scene()) == 1 and len(bpy.context.window_manager.hrn.subjects) == 3
    bpy.ops.hrn.batch_place_all(into="BUILD")
    run(table)
    assert len(heads_in_scene()) == 2


def test_no_camera_stands_before_a_face_of_the_grid_until_it_is_looked_through(table):
    bpy.ops.hrn.batch_start()
    run(table)
    cameras = [o for o in bpy.context.scene.objects if o.type == "CAMERA"]
    assert len(cameras) == 2 and all(camera.hide_viewport for camera in cameras)
    bpy.context.view_layer.objects.active = heads_by_name()["ben"]
    assert bpy.ops.hrn.look_through_photo() == {"FINISHED"}
    assert [camera.hide_viewport for camera in cameras] == [camera != bpy.context.scene.camera for camera in cameras]


def test_heads_of_a_grid_share_node_groups_but_no_slider(table):
    from hrn_blender.build import strength_socket

    bpy.ops.hrn.batch_start()
    run(table)
    bpy.ops.hrn.batch_build(subject="ben")
    heads = heads_in_scene()
    shared = len(bpy.data.node_groups)
    assert len(heads) == 3 and shared == len({group.name.split(".")[0] for group in bpy.data.node_groups})
    strength_socket(heads[0]).default_value = 2.0
    assert [strength_socket(head).default_value for head in heads] == [2.0, 1.0, 1.0]
    bpy.ops.hrn.load_bundle(directory=heads[0]["hrn_bundle"])
    assert len(bpy.data.node_groups) == 2 * shared  # A head built alone is independent.


def test_undo_steps_of_many_heads_cost_a_small_part_of_the_time(table, monkeypatch):
    """With many heads in the file an undo step takes long, so that several share one; an undo in between costs none."""
    bpy.context.scene.hrn.batch.when_done = "FILES"
    bpy.ops.hrn.batch_start()
    run(table)
    bpy.ops.ed.undo_push(message="before"), bpy.ops.ed.undo_push(message="something else")
    monkeypatch.setattr(table, "_recorded_at", time.monotonic())
    monkeypatch.setattr(table, "_recording_seconds", 100.0)
    bpy.ops.hrn.batch_place_all(into="BUILD")
    table.ticker.tick()
    assert len(heads_in_scene()) == 1 and table._unrecorded
    bpy.ops.ed.undo()
    assert not heads_in_scene()
    run(table)
    assert len(heads_in_scene()) == 2 and not table._unrecorded
    bpy.ops.ed.undo()
    assert not heads_in_scene()  # One step for both; only the last of a row must be recorded.
    bpy.ops.ed.redo()
    assert len(heads_in_scene()) == 2


def test_pictures_that_were_drawn_long_ago_make_room(addon, tmp_path, monkeypatch):
    from hrn_blender.state import thumbnails

    monkeypatch.setattr(thumbnails, "_LIMIT", 3)
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    for path in paths:
        path.write_bytes(b"")
    for path in paths:
        thumbnails.icon(path), thumbnails.icon(paths[0]), thumbnails.icon(tmp_path / "missing.png")
    assert set(thumbnails._previews) == set(thumbnails._recent) == {str(paths[n]) for n in (0, 3, 4)}


def test_focal_length_of_the_settings_reaches_every_head(table, people):
    from hrn_blender.engine.wire.bundle import load_bundle

    settings = bpy.context.scene.hrn
    settings.use_focal, settings.focal_mm = True, 85
    assert "85 mm" in addon_ui.texts(addon_ui.draw("HRN_PT_batch")).replace("\n", " ")
    bpy.ops.hrn.batch_start()
    run(table)
    for name in ("Zoë", "ben"):
        assert load_bundle(people.parent / "people heads" / name).manifest["settings"]["focal_mm"] == 85


def test_pause_holds_the_rest_back_and_resume_finishes_it(table, people):
    (people / "ben.jpg").write_text("ok 1")
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: "running" in states(table).values())
    bpy.ops.hrn.batch_pause()
    run(table, until=lambda: "running" not in states(table).values())
    deadline = time.monotonic() + 0.5
    run(table, until=lambda: time.monotonic() > deadline)
    assert "queued" in states(table).values() and table.batch.paused
    assert "Paused" in addon_ui.texts(addon_ui.draw("HRN_PT_batch"))
    bpy.ops.hrn.batch_pause()
    run(table)
    assert set(states(table).values()) == {"done", "failed"}


def test_one_is_cancelled_and_tried_again(table, people):
    (people / "ben.jpg").write_text(f"slow_once {people / 'marker'}")
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: states(table).get("ben") == "running" and (people / "marker").exists())
    bpy.ops.hrn.batch_cancel(subject="ben")
    run(table)
    assert states(table) == {"ben": "cancelled", "carl": "failed", "Zoë": "done"}
    assert bpy.ops.hrn.batch_retry(subject="ben") == {"FINISHED"}
    run(table)
    assert states(table) == {"ben": "done", "carl": "failed", "Zoë": "done"} and set(heads_by_name()) == {"ben", "Zoë"}


def test_all_are_cancelled_and_the_same_start_goes_on(table, people):
    (people / "ben.jpg").write_text(f"slow_once {people / 'marker'}")
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: (people / "marker").exists())
    assert bpy.ops.hrn.batch_cancel() == {"FINISHED"}
    run(table)
    assert states(table)["ben"] == "cancelled" and addon_module().notice is None
    assert ("operator", "hrn.batch_start", "Continue") in addon_ui.draw("HRN_PT_batch")
    bpy.ops.hrn.batch_start()
    run(table)
    assert states(table) == {"ben": "done", "carl": "failed", "Zoë": "done"}


def test_failed_photo_is_replaced_and_retried(table, people):
    bpy.ops.hrn.batch_start()
    run(table)
    (people / "carl.jpg").write_text("ok")
    assert bpy.ops.hrn.batch_retry() == {"FINISHED"}
    run(table)
    assert set(states(table).values()) == {"done"} and len(heads_in_scene()) == 3


def test_crashed_batch_is_one_error_and_the_next_start_goes_on(table, people):
    (people / "ben.jpg").write_text(f"slow_once {people / 'marker'}")
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: (people / "marker").exists())
    table.batch._child.kill()
    run(table)
    notice = addon_module().notice
    assert notice.error.code.value == "ENGINE_CRASHED" and "goes on where it stopped" in notice.error.hint
    assert bpy.ops.hrn.batch_start() == {"FINISHED"} and addon_module().notice is None
    run(table)
    assert states(table)["ben"] == "done"


def test_wrong_folders_are_clear_errors(table, people, tmp_path):
    choice = bpy.context.scene.hrn.batch
    choice.source = ""
    assert not bpy.ops.hrn.batch_start.poll()
    choice.source = str(tmp_path / "missing")
    fails(bpy.ops.hrn.batch_start, "does not exist")
    choice.source = choice.out = str(people)
    fails(bpy.ops.hrn.batch_start, "folder of the photos itself")
    choice.out = ""
    (people.parent / "list.json").write_text("{")
    assert bpy.ops.hrn.batch_choose(filepath=str(people.parent / "list.json")) == {"FINISHED"}
    assert choice.source == str(people.parent / "list.json")
    bpy.ops.hrn.batch_start()
    run(table)
    assert addon_module().notice.subject == "Batch"
    assert bpy.ops.hrn.batch_choose(directory=str(people)) == {"FINISHED"} and Path(choice.source) == people


def test_table_survives_opening_another_file(table):
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: len(table.batch.subjects) == 3)
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert len(bpy.context.window_manager.hrn.subjects) == 3
    run(table)
    assert states(table) == {"ben": "done", "carl": "failed", "Zoë": "done"}


def test_disabling_the_addon_stops_the_batch(table, people):
    import hrn_blender

    (people / "ben.jpg").write_text(f"slow_once {people / 'marker'}")
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: (people / "marker").exists())
    child = table.batch._child
    hrn_blender.unregister()
    assert child.wait(5) and table.batch is None
    hrn_blender.register()
