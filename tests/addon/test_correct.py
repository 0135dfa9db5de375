"""Corrections in Blender: from a pin to the engine and back into the head that stands in the scene."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np

from hrn_blender.adjust.camera import project
from hrn_blender.adjust.pins import PinSet
from hrn_blender.build import DEFORMATION_KEY, build_head
from hrn_blender.build.refit import fitted_of, photo_cameras
from hrn_blender.engine.wire.sliders import SLIDERS
from support.addon import ui as addon_ui
from support.addon.correct import pin, places
from support.addon.operators import fails
from support.checkout import ROOT
from support.pages import blocks
from support.synthetic_bundle import make_bundle


@pytest.fixture
def scene(addon, tmp_path):
    """A head of two photos in the scene, active."""
    from hrn_blender.state import correct

    bundle = make_bundle(tmp_path / "heads" / "anna", density=8, name="anna", views=(True, True))
    head = build_head(bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    return SimpleNamespace(session=addon, correct=correct, head=head, bundle=bundle)


def test_the_fit_of_a_new_head_is_its_folder(scene):
    fitted = fitted_of(scene.head)
    arrays = scene.bundle.arrays()
    assert len(fitted.eyes) == 2
    at = np.einsum("lk,lkd->ld", arrays["landmark_weights"], fitted.posed(0)[arrays["landmark_vertices"]])
    np.testing.assert_allclose(project(at, fitted.eyes[0])[0], arrays["landmarks_fitted"], atol=0.05)


def test_a_pin_moves_the_head_and_keeps_what_the_artist_made(scene):
    head = scene.head
    own = head.shape_key_add(name="Broken Nose", from_mix=False)
    sculpted = places(head, "Broken Nose")
    sculpted[5] += 0.01
    own.points.foreach_set("co", sculpted.ravel())
    smile = head.data.shape_keys.key_blocks["mouthSmileLeft"]
    smile.value = 0.77
    before = {name: places(head, name) for name in ("Basis", DEFORMATION_KEY, "jawOpen")}
    assert pin(head) == {"FINISHED"}
    for name, was in before.items():
        np.testing.assert_allclose(places(head, name) - was, np.broadcast_to((0.001, 0, 0), was.shape), atol=1e-6)
    np.testing.assert_allclose(places(head, "Broken Nose") - sculpted, before["Basis"] * 0 + (0.001, 0, 0), atol=1e-6)
    assert smile.value == pytest.approx(0.77)
    assert pin(head) == {"FINISHED"}  # Counted from the folder's fit, not from the last one.
    np.testing.assert_allclose(places(head, "Basis") - before["Basis"], before["Basis"] * 0 + (0.002, 0, 0), atol=1e-6)


def test_pins_are_saved_with_the_file_and_sent_whole(scene, tmp_path):
    pin(scene.head)
    name = scene.head.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "anna.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "anna.blend"))
    head = bpy.data.objects[name]
    assert len(scene.correct.pins_of_head(head)) == 1
    sent = scene.correct.corrections_of(head)
    assert sent["photos"][0]["sha256"] == scene.bundle.manifest["photos"][0]["sha256"]
    assert len(sent["photos"]) == 1 and len(sent["photos"][0]["pins"]) == 1
    assert fitted_of(head).vertices[0, 0] == pytest.approx(places(head, "Basis")[0, 0], abs=1e-6)


def test_switches_locks_and_sliders_are_sent(scene):
    head, wanted = scene.head, scene.head.hrn_correct
    wanted.symmetric, wanted.neutral, wanted.focal_free, wanted.lock_nose = True, True, True, True
    wanted.slider_jaw_width = 44.0  # Beyond the limit.
    wanted.deviation = 1.5
    pin(head)
    group = head.vertex_groups.new(name="Mine")
    group.add([3, 4], 1.0, "REPLACE")
    group.add([5], 0.2, "REPLACE")
    wanted.lock_group = "Mine"
    assert scene.correct.wait(head, 20)
    sent = scene.correct.corrections_of(head)
    assert sent["switches"] == {
        "rigid_only": False, "shape": True, "expression": True, "symmetric": True, "neutral": True, "focal": "free",
    }  # fmt: skip
    assert sent["locks"] == {"parts": ["nose"], "vertices": [3, 4]}
    assert sent["sliders"] == {"jaw_width": SLIDERS["jaw_width"].maximum}
    assert sent["photos"][0]["pins"][0]["deviation_mm"] == 1.5
    assert bpy.ops.hrn.adjust_clear(what="ALL", wait=20) == {"FINISHED"}
    sent = scene.correct.corrections_of(head)
    assert not any(sent["locks"].values()) and not sent["sliders"] and not sent["photos"]


def test_changes_while_the_engine_works_end_with_the_newest(scene, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.4")
    before = places(scene.head, "Basis")
    for _ in range(4):
        assert pin(scene.head, wait=0) == {"FINISHED"}
    assert scene.correct.wait(scene.head, 20)
    np.testing.assert_allclose(places(scene.head, "Basis") - before, before * 0 + (0.004, 0, 0), atol=1e-6)


def test_the_selected_camera_is_the_photo_that_is_meant(scene):
    from hrn_blender.state.heads import meant_camera

    first, second = photo_cameras(scene.head)
    bpy.context.scene.camera = first
    assert meant_camera(bpy.context, scene.head) == first
    bpy.context.view_layer.objects.active = second
    assert meant_camera(bpy.context, scene.head) == second
    drawn = addon_ui.draw("HRN_PT_correct")
    assert any(entry[:2] == ("operator", "hrn.adjust") for entry in drawn), "in the camera's sidebar, too"
    assert bpy.ops.hrn.adjust_paint(kind="skin") == {"FINISHED"}
    assert second.hrn_correct.skin is not None and first.hrn_correct.skin is None


def test_a_mask_is_what_was_painted_away(scene):
    head = scene.head
    camera = photo_cameras(head)[0]
    assert bpy.ops.hrn.adjust_paint(kind="ignore") == {"FINISHED"}
    image = camera.hrn_correct.ignore
    values = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)
    assert (values[..., 3] == 1).all() and values[..., :3].std() > 0
    values[-3:, :5, 3] = 0  # Blender's rows begin at the bottom.
    image.pixels.foreach_set(values.astype(np.float32).ravel())
    assert bpy.ops.hrn.adjust_use_masks(wait=20) == {"FINISHED"}
    sent = scene.correct.corrections_of(head)
    written = bpy.data.images.load(str(scene.correct.folder() / sent["photos"][0]["ignore"]))
    grey = np.array(written.pixels[:]).reshape(image.size[1], image.size[0], 4)[::-1, :, 0]
    assert grey[:3, :5].min() == 1 and grey.sum() == 15
    assert bpy.ops.hrn.adjust_remove_mask(kind="ignore", wait=20) == {"FINISHED"}
    assert camera.hrn_correct.ignore is None


def test_a_head_made_with_corrections_shows_them(scene):
    pin(scene.head)
    document = scene.correct.corrections_of(scene.head)
    document["switches"] |= {"symmetric": True, "neutral": True}
    document["sliders"] = {"jaw_width": 2.5}
    document["photos"][0]["pins"][0]["deviation_mm"] = 0.8
    manifest = json.loads((scene.bundle.path / "head.json").read_text())
    (scene.bundle.path / "corrections.json").write_text(json.dumps(document))
    manifest["corrections"] = {"file": "corrections.json"}
    (scene.bundle.path / "head.json").write_text(json.dumps(manifest))
    again = build_head(scene.bundle.path).head
    scene.correct.read_from_bundle(again)
    assert scene.correct.pins_of_head(again).pins[0].point == scene.correct.pins_of_head(scene.head).pins[0].point
    assert (
        again.hrn_correct.symmetric and again.hrn_correct.neutral and again.hrn_correct.slider_jaw_width == pytest.approx(2.5)
    )
    assert again.hrn_correct.deviation == pytest.approx(0.8)
    scene.correct.set_pins(again, PinSet())
    scene.correct.read_from_bundle(again)
    assert not len(scene.correct.pins_of_head(again)), "what the artist has taken out does not come back"


def test_a_head_whose_corrections_were_undone_stands_on_the_fit_before_them(scene):
    """The folder was corrected meanwhile: the mesh was not built from what it holds now."""
    head, before = scene.head, fitted_of(scene.head)
    arrays = dict(scene.bundle.arrays())
    arrays |= {"fit_vertices": arrays["vertices"], "fit_deformation": arrays["deformation"]}
    arrays["vertices"] = arrays["vertices"] + np.float32([0, 0, 0.002])
    np.savez(scene.bundle.path / "mesh.npz", **arrays)
    manifest = json.loads((scene.bundle.path / "head.json").read_text())
    manifest["files"]["mesh.npz"]["bytes"] = (scene.bundle.path / "mesh.npz").stat().st_size
    (scene.bundle.path / "head.json").write_text(json.dumps(manifest))
    np.testing.assert_allclose(fitted_of(head).vertices, before.vertices, atol=1e-6)
    again = build_head(scene.bundle.path).head
    at = fitted_of(again).vertices + np.array(again["hrn_origin"])
    np.testing.assert_allclose(at - before.vertices - np.array(head["hrn_origin"]), at * 0 + (0, -0.002, 0), atol=1e-6)


def test_new_maps_are_read_and_told(scene):
    pin(scene.head)
    assert scene.head.hrn_correct.texture_old
    assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}
    assert not scene.head.hrn_correct.texture_old


@pytest.mark.parametrize("mode, code", [("error,code=CORRECTIONS_INVALID", "CORRECTIONS_INVALID"), ("crash", "ENGINE_CRASHED")])
def test_what_goes_wrong_is_one_message_and_changes_nothing(scene, monkeypatch, mode, code):
    before = places(scene.head, "Basis")
    monkeypatch.setenv("HRN_FAKE_ENGINE", mode)
    with pytest.raises(RuntimeError):
        pin(scene.head)
    assert scene.session.notice.error.code.value == code
    np.testing.assert_array_equal(places(scene.head, "Basis"), before)
    assert len(scene.correct.pins_of_head(scene.head)) == 1, "the pin is still there"
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok")
    scene.session.queue.engine.kill(1)
    assert bpy.ops.hrn.adjust_refit(wait=20) == {"FINISHED"}
    assert np.abs(places(scene.head, "Basis") - before).max() == pytest.approx(0.001, abs=1e-6)


def test_bad_pins_and_a_moved_folder_are_refused(scene):
    operator = bpy.ops.hrn.adjust_pin
    fails(operator, "outside the photo", vertices=(0, 1, 2), pixel=(-40.0, 5.0))
    fails(operator, "no photo number 7", photo=7, vertices=(0, 1, 2), pixel=(4.0, 5.0))
    fails(operator, "no such point", vertices=(0, 1, 10**6), pixel=(4.0, 5.0))
    scene.bundle.path.rename(scene.bundle.path.with_name("moved"))
    fails(operator, "moved|not|no", vertices=(0, 1, 2), pixel=(4.0, 5.0))
    assert scene.session.notice.error.code.value == "BUNDLE_INVALID"


@pytest.mark.parametrize(
    "change, said",
    [
        (("sha256", "f" * 64), "another head: it has no photo"),
        (("ignore", "gone.png"), "is not there"),
        (("ignore", "preview.png"), "pixels; the photo"),
    ],
)
def test_what_is_wrong_with_a_folders_corrections_is_one_sentence_and_the_way_on(scene, change, said):
    pin(scene.head)
    document = scene.correct.corrections_of(scene.head)
    document["photos"][0][change[0]] = change[1]
    manifest = json.loads((scene.bundle.path / "head.json").read_text())
    (scene.bundle.path / "corrections.json").write_text(json.dumps(document))
    (scene.bundle.path / "head.json").write_text(json.dumps(manifest | {"corrections": {"file": "corrections.json"}}))
    head = build_head(scene.bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    with pytest.raises(RuntimeError, match=f"{said}.*Clear > Everything"):
        bpy.ops.hrn.adjust_refit(wait=20)
    assert bpy.ops.hrn.adjust_clear(what="ALL", wait=20) == {"FINISHED"}
    assert pin(head) == {"FINISHED"} and len(scene.correct.pins_of_head(head)) == 1


def test_a_mesh_with_other_vertices_is_refused(scene):
    scene.head.shape_key_clear()
    scene.head.data.vertices.add(1)
    fails(bpy.ops.hrn.adjust_pin, "no longer has the vertices", vertices=(0, 1, 2), pixel=(4.0, 5.0), wait=20)


def test_a_pin_that_is_not_met_is_told_of_until_the_pins_change(scene, monkeypatch):
    from hrn_blender.state import said

    pin(scene.head)
    assert not said.sentences(scene.head) and not said.missed(scene.head)
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,off=4.23")
    scene.session.queue.engine.kill(1)
    pin(scene.head)
    (sentence,) = said.sentences(scene.head)
    assert "Pin 2" in sentence and "4.2 pixels" in sentence and "pin 1 near it" in sentence
    assert said.missed(scene.head) == {1: pytest.approx(4.23)}
    assert any("4.2 pixels" in str(entry) for entry in addon_ui.draw("HRN_PT_correct"))
    scene.head.hrn_correct.rigid_only = True
    assert scene.correct.wait(scene.head, 20)
    assert "Camera Only" in said.sentences(scene.head)[0]
    scene.correct.set_pins(scene.head, PinSet(scene.correct.pins_of_head(scene.head).pins[:1]))
    assert not said.sentences(scene.head) and not said.missed(scene.head), "they are others by now"


def test_a_pin_that_the_others_contradict_is_named_with_the_reason(scene, monkeypatch):
    from hrn_blender.state import said

    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,off=21.4,out=1")
    pin(scene.head)
    pin(scene.head)
    (sentence,) = said.sentences(scene.head)
    assert "Pin 2" in sentence and "21.4 pixels off: the other pins contradict it" in sentence


def test_what_the_engine_says_about_new_maps_is_in_the_panel_until_there_are_others(scene, monkeypatch):
    from hrn_blender.state import said

    pin(scene.head)
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,warns=1")
    scene.session.queue.engine.kill(1)
    for _ in range(2):  # The folder knows it by the second time.
        assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}
        assert said.about_maps(scene.head) == ["The photo is dark."]
    pin(scene.head)
    assert any("The photo is dark." in str(entry) for entry in addon_ui.draw("HRN_PT_correct"))
    manifest = json.loads((scene.bundle.path / "head.json").read_text())
    manifest["quality"]["warnings"] = []
    (scene.bundle.path / "head.json").write_text(json.dumps(manifest))
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok")
    scene.session.queue.engine.kill(1)
    assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}
    assert not said.about_maps(scene.head) and not said.sentences(scene.head)


def test_the_script_of_the_documentation_corrects_a_head(addon, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundle = make_bundle(tmp_path / "head", density=8, name="anna", views=(True, True))
    (block,) = [block for block in blocks(ROOT / "docs" / "user" / "scripting.md") if block.info == ("python", "correct")]
    names: dict = {}
    exec(compile(block.text, "scripting.md", "exec"), names)
    assert names["head"]["hrn_bundle"] == str(bundle.path) and (tmp_path / "corrected.blend").is_file()
    kept = json.loads((bundle.path / "corrections.json").read_text())
    assert len(kept["photos"][0]["pins"]) == 1 and kept["sliders"] == {"nose_length": 2.0} and kept["switches"]["symmetric"]
    assert not names["head"].hrn_correct.slider_nose_length


def test_the_panel_shows_pins_and_sliders(scene):
    pin(scene.head)
    drawn = addon_ui.draw("HRN_PT_correct")
    assert ("label", "1 pins") in drawn and any(entry[:2] == ("operator", "hrn.adjust") for entry in drawn)
    assert any(entry[:2] == ("operator", "hrn.adjust_texture") for entry in drawn)
    assert ("prop", "slider_jaw_width", "Jaw width (mm)") in addon_ui.draw("HRN_PT_correct_sliders")
    for name in ("HRN_PT_correct_locks", "HRN_PT_correct_masks"):
        assert addon_ui.draw(name)
