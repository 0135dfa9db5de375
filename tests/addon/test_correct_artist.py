"""What artists do to a head while it is corrected: rename, copy, undo, save, paint, delete. Nothing of theirs is lost."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np

from hrn_blender.adjust.pins import PinSet
from hrn_blender.build import DEFORMATION_KEY, build_head
from hrn_blender.build.draft import drafts
from hrn_blender.build.head import bundle_path
from hrn_blender.build.keep import head_images
from hrn_blender.build.refit import photo_cameras
from support.addon.correct import pin, places
from support.addon.hair import only_guides, seen
from support.addon.operators import choose, run
from support.synthetic_bundle import make_bundle


@pytest.fixture
def scene(addon, tmp_path):
    """A head of two photos, active; a function that adds another."""
    from hrn_blender.state import correct

    def add(name: str, **options) -> bpy.types.Object:
        head = build_head(make_bundle(tmp_path / "made" / name, density=8, name=name, views=(True, True), **options).path).head
        bpy.context.view_layer.update()
        bpy.context.view_layer.objects.active = head
        return head

    return SimpleNamespace(session=addon, correct=correct, head=add("anna"), add=add, folder=tmp_path / "made")


def moved(head: bpy.types.Object, before: np.ndarray, key: str = "Basis") -> float:
    """Millimetres to the left that a key has moved as a whole."""
    way = 1000 * (places(head, key) - before)
    np.testing.assert_allclose(way, np.broadcast_to(way[0], way.shape), atol=2e-3)
    return float(way[0, 0])


def test_an_answer_finds_its_head_under_another_name_and_no_other_head_under_its_own(scene, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.4")
    head, other = scene.head, scene.add("berta")
    before = places(head, "Basis"), places(other, "Basis")
    bpy.context.view_layer.objects.active = head
    assert pin(head, wait=0) == {"FINISHED"}
    head.name, other.name = "carla", "anna"
    assert scene.correct.running(head) is not None and scene.correct.running(other) is None
    assert scene.correct.wait(head, 20)
    assert moved(head, before[0]) == pytest.approx(1, abs=0.01) and moved(other, before[1]) == 0


def test_a_head_deleted_while_the_engine_works_is_no_error(scene, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.3")
    pin(scene.head, wait=0)
    bpy.data.objects.remove(scene.head)
    deadline = time.monotonic() + 20
    while scene.session.queue.busy and time.monotonic() < deadline:
        scene.session.ticker.tick()
    assert not scene.session.queue.busy and scene.session.notice is None and scene.correct._put() is None


def test_undo_in_the_middle_and_back_and_forth_afterwards(scene, monkeypatch):
    """The answer that comes after an undo still finds its head; going on from an undone state counts from that state."""
    name, before = scene.head.name, places(scene.head, "Basis")
    bpy.ops.ed.undo_push(message="Start")
    scene.head.location.x = 1.0
    bpy.ops.ed.undo_push(message="Move")
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.4")
    uid = scene.head.session_uid
    pin(scene.head, wait=0)
    bpy.ops.ed.undo()
    head = bpy.data.objects[name]
    assert head.session_uid == uid and scene.correct.wait(head, 20)
    head = bpy.data.objects[name]
    assert moved(head, before) == pytest.approx(1, abs=0.01)
    bpy.ops.ed.undo()
    assert moved(bpy.data.objects[name], before) == 0
    bpy.ops.ed.redo()
    assert moved(bpy.data.objects[name], before) == pytest.approx(1, abs=0.01)
    bpy.ops.ed.undo()
    head = bpy.data.objects[name]
    bpy.context.view_layer.objects.active = head
    pins = len(scene.correct.pins_of_head(head))
    pin(head)
    assert moved(bpy.data.objects[name], before) == pytest.approx(pins + 1, abs=0.01)


def test_maps_that_were_put_off_for_another_head_follow(scene, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.3")
    head, other = scene.head, scene.add("berta")
    bpy.context.view_layer.objects.active = head
    pin(head)
    assert bpy.ops.hrn.adjust_texture(wait=0) == {"FINISHED"}
    scene.session.ticker.tick()  # The engine has begun with them.
    bpy.context.view_layer.objects.active = other
    pin(other)
    deadline = time.monotonic() + 20
    while head.hrn_correct.texture_old and time.monotonic() < deadline:
        scene.session.ticker.tick()
        scene.correct.ticker.tick()
    assert not head.hrn_correct.texture_old


def test_an_answer_on_its_way_does_not_reach_a_file_that_was_opened_meanwhile(scene, monkeypatch, tmp_path):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.3")
    name = scene.head.name
    path = str(tmp_path / "anna.blend")
    before = places(scene.head, "Basis")
    pin(scene.head, wait=0)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    scene.session.ticker.tick()
    time.sleep(0.8)  # The answer lies there unread.
    bpy.ops.wm.open_mainfile(filepath=path)
    head = bpy.data.objects[name]
    deadline = time.monotonic() + 20
    while scene.session.queue.busy and time.monotonic() < deadline:
        scene.session.ticker.tick()
        scene.correct.ticker.tick()
    assert moved(head, before) == 0
    assert head.hrn_correct.fit_old, "but the file knows that its pin has not been fitted"
    bpy.context.view_layer.objects.active = head
    assert bpy.ops.hrn.adjust_refit(wait=20) == {"FINISHED"}
    assert moved(head, before) == pytest.approx(1, abs=0.01) and not head.hrn_correct.fit_old


def test_keys_that_stand_on_the_deformation_add_what_they_added(scene):
    from hrn_blender.build.refit import Answer, apply_answer, fitted_of

    head, fitted = scene.head, fitted_of(scene.head)
    deformation = head.data.shape_keys.key_blocks[DEFORMATION_KEY]
    own = head.shape_key_add(name="Scar", from_mix=False)
    own.relative_key = deformation
    own.points.foreach_set("co", (places(head, DEFORMATION_KEY) + (0, 0.002, 0)).astype(np.float32).ravel())
    further = np.zeros_like(fitted.deformation)
    further[:, 2] = 0.003
    apply_answer(head, fitted, Answer(fitted.vertices, fitted.deformation + further, (), fitted.values))
    np.testing.assert_allclose(places(head, "Scar") - places(head, DEFORMATION_KEY), further * 0 + (0, 0.002, 0), atol=1e-6)


def test_applied_shape_keys_take_the_whole_fit(scene):
    from hrn_blender.build.refit import Answer, apply_answer, fitted_of

    head = scene.head
    bpy.ops.object.shape_key_remove(all=True, apply_mix=True)
    fitted = fitted_of(head)
    before = np.array([vertex.co for vertex in head.data.vertices])
    apply_answer(head, fitted, Answer(fitted.vertices, fitted.deformation + (0, 0, 0.003), (), fitted.values))
    after = np.array([vertex.co for vertex in head.data.vertices])
    np.testing.assert_allclose(after - before, before * 0 + (0, 0, 0.003), atol=1e-6)


def test_hair_follows_the_skin_and_sliders_stay(scene):
    head = scene.add("berta", hair=True)
    hair = next(child for child in head.children if child.type == "CURVES")
    only_guides(hair)
    slider = head.data.shape_keys.key_blocks["jawOpen"]
    before = seen(hair).roots
    slider_before = slider.value
    pin(head)
    np.testing.assert_allclose(seen(hair).roots - before, before * 0 + (0.001, 0, 0), atol=2e-5)
    assert slider.value == slider_before
    slider.value = 0.4
    pin(head)
    assert slider.value == pytest.approx(0.4)


def test_a_slider_moved_before_adjust_mode_keeps_what_the_folder_was_corrected_with(scene):
    pin(scene.head)
    document = scene.correct.corrections_of(scene.head)
    document["sliders"], document["locks"]["parts"] = {"jaw_width": 2.5}, ["nose"]
    folder = scene.folder / "anna"
    manifest = json.loads((folder / "head.json").read_text())
    (folder / "corrections.json").write_text(json.dumps(document))
    manifest["corrections"] = {"file": "corrections.json"}
    (folder / "head.json").write_text(json.dumps(manifest))
    again = build_head(folder).head
    again.hrn_correct.slider_nose_length = 1.5
    assert scene.correct.wait(again, 20)
    sent = scene.correct.corrections_of(again)
    assert sent["sliders"] == {"jaw_width": 2.5, "nose_length": 1.5} and sent["locks"]["parts"] == ["nose"]
    assert len(sent["photos"][0]["pins"]) == 1


def test_a_mask_of_the_folder_is_not_dropped_where_the_photo_is_missing(scene):
    bpy.ops.hrn.adjust_paint(kind="ignore")
    pin(scene.head)
    document = scene.correct.corrections_of(scene.head)
    folder = scene.folder / "anna"
    mask = document["photos"][0]["ignore"]
    (folder / mask).write_bytes((scene.correct.folder() / mask).read_bytes())
    (folder / "corrections.json").write_text(json.dumps(document))
    manifest = json.loads((folder / "head.json").read_text())
    manifest["corrections"] = {"file": "corrections.json"}
    (folder / "head.json").write_text(json.dumps(manifest))
    again = build_head(folder).head
    backgrounds = [camera.data.background_images[0] for camera in photo_cameras(again)]
    photos = [background.image for background in backgrounds]
    for background in backgrounds:
        background.image = None
    for _ in range(2):
        with pytest.raises(Exception, match="photo"):
            scene.correct.read_from_bundle(again)
    for background, photo in zip(backgrounds, photos):
        background.image = photo
    scene.correct.read_from_bundle(again)
    assert any(camera.hrn_correct.ignore for camera in photo_cameras(again)) and len(scene.correct.pins_of_head(again)) == 1


def test_what_was_painted_on_a_mask_is_saved_with_the_file(scene, tmp_path):
    bpy.ops.hrn.adjust_paint(kind="ignore")
    camera = photo_cameras(scene.head)[0]
    name, image = camera.name, camera.hrn_correct.ignore
    values = np.array(image.pixels[:], np.float32)
    values[3:400:4] = 0
    image.pixels.foreach_set(values)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "anna.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "anna.blend"))
    assert np.sum(np.array(bpy.data.objects[name].hrn_correct.ignore.pixels[:])[3::4] == 0) == 100


def test_maps_that_are_painted_on_or_lie_elsewhere_are_not_read_again(scene):
    painted, lost = head_images(scene.head)[:2]
    painted.pixels[0] = 0.123
    assert painted.is_dirty
    value = painted.pixels[0]
    lost.pack()
    lost.filepath = "/nowhere/albedo.png"
    pin(scene.head)
    assert bpy.ops.hrn.adjust_texture(wait=20) == {"FINISHED"}
    assert painted.is_dirty and painted.pixels[0] == value
    assert lost.packed_file is not None and lost.size[0] > 0


def test_a_file_that_was_moved_with_the_copy_of_its_head_goes_on(scene, tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    name = scene.head.name
    bpy.ops.wm.save_as_mainfile(filepath=str(project / "anna.blend"))
    assert bpy.ops.hrn.copy_head() == {"FINISHED"}
    bpy.ops.wm.save_mainfile()
    project.rename(tmp_path / "elsewhere")
    (scene.folder / "anna").rename(scene.folder / "gone")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "elsewhere" / "anna.blend"))
    head = bpy.data.objects[name]
    assert bundle_path(head) == str(tmp_path / "elsewhere" / "heads" / "anna")
    bpy.context.view_layer.objects.active = head
    assert pin(head) == {"FINISHED"}


def test_a_cancelled_draft_leaves_the_artists_material(addon, photo, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=1.5,early=1")
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon, lambda: bool(drafts()))
    clay = bpy.data.materials.new("Clay")
    drafts()[0].data.materials[0] = clay
    bpy.ops.hrn.cancel()
    run(addon)
    assert not drafts() and "Clay" in bpy.data.materials


@pytest.fixture
def mode(scene, monkeypatch):
    """Adjust Mode without a window: neither viewport nor pictures."""
    from hrn_blender.build.refit import fitted_of
    from hrn_blender.operators.adjust import modal

    viewport = SimpleNamespace(shown=[], given_back=0)

    class View:
        area = SimpleNamespace(header_text_set=lambda _text: None, tag_redraw=lambda: None, regions=[])
        zoom = 0

        def __init__(self, *_):
            pass

        def look_through(self, camera):
            viewport.shown.append(camera.name)

        def give_back(self):
            viewport.given_back += 1

        def find(self):
            return True

        def nothing(self, *_):
            return None

        show_surface = fill = frame = nothing

        def region(self):
            return SimpleNamespace(x=0, y=0, width=100, height=100)

    monkeypatch.setattr(modal, "View", View)
    monkeypatch.setattr(modal, "Overlay", lambda _fitted: SimpleNamespace(place=lambda *_: None))
    monkeypatch.setattr(modal, "_begin_timer", lambda _context: None)
    window = SimpleNamespace(scene=bpy.context.scene)
    context = SimpleNamespace(scene=bpy.context.scene, window=window, area=None, active_object=scene.head)
    made = modal.Mode(context, scene.head, fitted_of(scene.head))
    made.viewport, made.event = (
        viewport,
        lambda kind="TIMER": made.take(
            SimpleNamespace(type=kind, value="PRESS", mouse_x=0, mouse_y=0, ctrl=False, shift=False, oskey=False)
        ),
    )
    yield made
    made.leave()


def test_pins_cleared_in_the_sidebar_do_not_come_back_with_the_next_one(scene, mode):
    mode._hand.history.push(PinSet())
    pin(scene.head)
    mode.event()
    assert len(mode._hand.pins) == 1, "one set by a script"
    bpy.ops.hrn.adjust_clear(what="PINS", wait=20)
    mode.event()
    assert len(mode._hand.pins) == 0
    assert mode._hand.step_back() and len(mode._hand.pins) == 1, "but Ctrl Z brings it back"


def test_the_mode_goes_on_under_another_name_and_ends_with_the_head_or_its_cameras(scene, mode):
    scene.head.name = "carla"
    assert mode.event() == {"PASS_THROUGH"} and scene.correct.is_adjusted(scene.head)
    first, second = photo_cameras(scene.head)
    bpy.data.objects.remove(first)
    assert mode.event() == {"PASS_THROUGH"}
    assert mode.viewport.shown[-1] == second.name, "the other photo"
    bpy.data.objects.remove(second)
    assert mode.event() & {"FINISHED", "CANCELLED"} and not scene.correct.adjusted and mode.viewport.given_back == 1


def test_a_file_saved_in_the_mode_has_the_viewport_as_it_was(scene, mode, tmp_path):
    shown = len(mode.viewport.shown)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    assert mode.viewport.given_back == 1 and len(mode.viewport.shown) == shown + 1, "and the mode goes on"
    mode.leave()
    bpy.ops.wm.save_mainfile()
    assert mode.viewport.given_back == 2


def test_the_mode_ends_with_the_addon(scene, mode):
    from hrn_blender.operators import adjust

    adjust.unregister()
    assert mode.viewport.given_back == 1 and not scene.correct.adjusted and not scene.correct.listeners
    adjust.register()
