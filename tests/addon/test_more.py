"""More of one person: another photo for a head that stands in the scene, and its earlier versions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np

from hrn_blender.build import DEFORMATION_KEY, build_head
from hrn_blender.build.head import BUNDLE_PROPERTY, bundle_path
from hrn_blender.build.keep import head_images
from hrn_blender.build.refit import photo_cameras
from hrn_blender.engine.wire.bundle import load_bundle
from support.addon.correct import pin, places
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle

MM = np.float32([0.001, 0, 0])


def activate(head) -> None:
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head


@pytest.fixture
def scene(addon, tmp_path):
    """A head of one photo in the scene, active, and another photo."""
    from hrn_blender.state import adding, correct, history

    bundle = make_bundle(tmp_path / "heads" / "anna", density=8, name="anna")
    head = build_head(bundle.path).head
    activate(head)
    photo = tmp_path / "side.png"
    photo.write_bytes(b"another photo")
    return SimpleNamespace(
        session=addon, adding=adding, correct=correct, history=history, head=head, bundle=bundle, photo=str(photo)
    )


def add(scene, wait: float = 20.0) -> set[str]:
    return bpy.ops.hrn.add_photo(filepath=scene.photo, wait=wait)


def folders_of_maps(head) -> set[str]:
    return {Path(bpy.path.abspath(image.filepath)).parent.name for image in head_images(head)}


def test_an_added_photo_refines_the_same_object(scene):
    head = scene.head
    own = head.shape_key_add(name="Broken Nose", from_mix=False)
    sculpted = places(head, "Broken Nose")
    sculpted[5] += 0.01
    own.points.foreach_set("co", sculpted.ravel())
    head.name, head.data.shape_keys.key_blocks["mouthSmileLeft"].value = "Renamed", 0.77
    before = {name: places(head, name) for name in ("Basis", DEFORMATION_KEY, "Broken Nose")}
    assert add(scene) == {"FINISHED"}
    assert bpy.data.objects["Renamed"] == head and len([o for o in bpy.data.objects if BUNDLE_PROPERTY in o]) == 1
    for name, was in before.items():
        np.testing.assert_allclose(places(head, name) - was, np.broadcast_to(MM, was.shape), atol=1e-6)
    assert head.data.shape_keys.key_blocks["mouthSmileLeft"].value == pytest.approx(0.77)
    assert [camera["hrn_photo"] for camera in photo_cameras(head)] == [0, 1]
    assert Path(bundle_path(head)).name == "anna_2" and folders_of_maps(head) == {"anna_2"}
    assert scene.bundle.path.is_dir(), "the former folder stays for the undo"


def test_pins_stay_with_their_photo(scene):
    pin(scene.head)
    was = scene.correct.pins_of_head(scene.head).pins[0]
    assert add(scene) == {"FINISHED"}
    assert scene.correct.pins_of_head(scene.head).pins == (was,)
    assert not scene.head.hrn_correct.fit_old


def test_a_copy_gets_the_photo_alone(scene):
    other = scene.head.copy()
    other.data = scene.head.data.copy()
    bpy.context.scene.collection.objects.link(other)
    before = places(other, "Basis")
    assert add(scene) == {"FINISHED"}
    np.testing.assert_array_equal(places(other, "Basis"), before)
    assert bundle_path(other) == str(scene.bundle.path)


@pytest.mark.parametrize("back", [False, True], ids=["added", "back"])
def test_a_copy_that_shares_the_materials_keeps_its_maps(scene, back):
    """As Shift D makes it."""
    other = scene.head.copy()
    other.data = scene.head.data.copy()
    bpy.context.scene.collection.objects.link(other)
    assert add(scene) == {"FINISHED"}
    assert folders_of_maps(scene.head) == {"anna_2"} and folders_of_maps(other) == {"anna"}
    if back:
        third = scene.head.copy()
        third.data = scene.head.data.copy()
        bpy.context.scene.collection.objects.link(third)
        assert bpy.ops.hrn.version_back() == {"FINISHED"}
        assert folders_of_maps(scene.head) == {"anna"} and folders_of_maps(third) == {"anna_2"}


def test_what_cannot_be_added_is_one_sentence_and_changes_nothing(scene, tmp_path):
    before = places(scene.head, "Basis")
    stranger = tmp_path / "stranger.png"
    stranger.write_bytes(b"somebody else")
    fails(bpy.ops.hrn.add_photo, "nothing that the head's photos confirm", filepath=str(stranger), wait=20)
    fails(bpy.ops.hrn.add_photo, "text.txt is not a photo", filepath=str(tmp_path / "text.txt"), wait=20)
    assert add(scene) == {"FINISHED"}
    fails(bpy.ops.hrn.add_photo, "shows the same view as side.png", filepath=scene.photo, wait=20)
    np.testing.assert_allclose(places(scene.head, "Basis") - before, before * 0 + MM, atol=1e-6)
    assert len(photo_cameras(scene.head)) == 2
    shutil.rmtree(bundle_path(scene.head))
    fails(bpy.ops.hrn.add_photo, "head.json", filepath=str(stranger), wait=20)


def test_cancelling_keeps_nothing(scene, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=5")
    assert add(scene, wait=0) == {"FINISHED"}
    assert not bpy.ops.hrn.add_photo.poll()
    assert bpy.ops.hrn.add_photo_cancel() == {"FINISHED"}
    assert scene.adding.wait(scene.head, 20) and scene.session.notice is None
    assert [path.name for path in scene.bundle.path.parent.iterdir()] == ["anna"]


def test_back_and_forward_among_versions(scene):
    head = scene.head
    first = places(head, "Basis")
    add(scene)
    own = head.shape_key_add(name="Mine", from_mix=False)
    own.value = 0.4
    assert len(scene.history.versions(head)) == 1
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    np.testing.assert_array_equal(places(head, "Basis"), first)
    assert len(photo_cameras(head)) == 1 and "Mine" not in head.data.shape_keys.key_blocks
    assert Path(bundle_path(head)) == scene.bundle.path and folders_of_maps(head) == {"anna"}
    assert not bpy.ops.hrn.version_back.poll()
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    np.testing.assert_allclose(places(head, "Basis") - first, first * 0 + MM, atol=1e-6)
    assert len(photo_cameras(head)) == 2 and head.data.shape_keys.key_blocks["Mine"].value == pytest.approx(0.4)
    assert folders_of_maps(head) == {"anna_2"} and not bpy.ops.hrn.version_forward.poll()
    assert len(scene.history.versions(head)) == 2, "going among versions makes no more of them"


def test_versions_outlive_new_maps_in_the_heads_folder_and_saving(scene, tmp_path):
    head, albedo = scene.head, scene.bundle.path / "albedo.png"
    was = albedo.read_bytes()
    first = places(head, "Basis")
    pin(head)
    albedo.write_bytes(was + b"\0")  # As new maps, or an artist's brush, would.
    manifest = json.loads((scene.bundle.path / "head.json").read_text())
    manifest["files"]["albedo.png"] |= {"bytes": len(was) + 1, "sha256": "1" * 64}
    (scene.bundle.path / "head.json").write_text(json.dumps(manifest))
    name = head.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "anna.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "anna.blend"))
    head = bpy.data.objects[name]
    activate(head)
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    np.testing.assert_array_equal(places(head, "Basis"), first)
    assert not len(scene.correct.pins_of_head(head)), "the pin came after it"
    assert (Path(bundle_path(head)) / "albedo.png").read_bytes() == was
    assert albedo.read_bytes() != was, "what the folder holds now is not lost"
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    assert len(scene.correct.pins_of_head(head)) == 1 and Path(bundle_path(head)) == scene.bundle.path


def test_versions_are_bounded_and_share_what_is_the_same(scene):
    head = scene.head
    for number in range(scene.history.MOST + 2):
        head.data.shape_keys.key_blocks["jawOpen"].value = number / 20
        assert bpy.ops.hrn.version_keep() == {"FINISHED"}
        assert bpy.ops.hrn.version_keep() == {"FINISHED"}  # Nothing has changed: no second one.
    found = [Path(version.folder) for version in scene.history.versions(head)]
    assert len(found) == scene.history.MOST == len(list(found[0].parent.iterdir()))
    assert (found[0] / "bundle" / "albedo.png").samefile(found[-1] / "bundle" / "albedo.png")
    assert not (found[0] / "bundle" / "albedo.png").samefile(scene.bundle.path / "albedo.png")
    assert bpy.ops.hrn.version_go(number=0) == {"FINISHED"}, "the version that one goes to makes no way"
    assert head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(2 / 20)


def test_versions_are_found_where_the_project_was_moved(scene, tmp_path):
    head, name = scene.head, scene.head.name
    first = places(head, "Basis")
    bpy.ops.hrn.version_keep()
    head.data.shape_keys.key_blocks["Basis"].points[0].co.x += 0.01
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "anna.blend"))
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "heads", tmp_path / "elsewhere" / "heads")
    shutil.move(tmp_path / "anna.blend", tmp_path / "elsewhere" / "anna.blend")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "elsewhere" / "anna.blend"))
    head = bpy.data.objects[name]
    activate(head)
    assert bpy.ops.hrn.compare(version=0) == {"FINISHED"}
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    np.testing.assert_array_equal(places(head, "Basis"), first)
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}


def test_a_version_that_is_gone_is_one_sentence(scene):
    add(scene)
    shutil.rmtree(scene.history.versions(scene.head)[0].folder)
    before = places(scene.head, "Basis")
    fails(bpy.ops.hrn.version_back, "no longer on the disk")
    np.testing.assert_array_equal(places(scene.head, "Basis"), before)


def test_a_head_without_versions_says_so(scene):
    assert not bpy.ops.hrn.version_back.poll() and not bpy.ops.hrn.version_forward.poll()
    with pytest.raises(RuntimeError, match="no earlier version"):
        bpy.ops.hrn.version_back()


def test_comparing_says_how_far_two_results_are_apart(scene, tmp_path, capfd):
    head = scene.head
    assert not bpy.ops.hrn.compare.poll()
    twin = build_head(make_bundle(tmp_path / "heads" / "ben", density=8, name="ben").path).head
    twin.location, twin.data.shape_keys.key_blocks["jawOpen"].value = (1, 0, 0), 0.0
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.0
    activate(head)
    images = set(bpy.data.images)
    assert bpy.ops.hrn.compare(other=twin.name) == {"FINISHED"}
    assert "0.00 mm apart on average" in capfd.readouterr().out
    add(scene)
    capfd.readouterr()
    images = set(bpy.data.images)
    assert bpy.ops.hrn.compare() == {"FINISHED"}
    assert ": 1.00 mm apart on average, 1.00 mm at most" in capfd.readouterr().out
    assert set(bpy.data.images) == images, "nothing is left behind"
    small = build_head(make_bundle(tmp_path / "heads" / "carl", density=6, name="carl").path).head
    activate(head)
    fails(bpy.ops.hrn.compare, "different meshes", other=small.name)
    fails(bpy.ops.hrn.compare, "no other head", other="nobody")


def mix(head) -> np.ndarray:
    """(N, 3) the head as its shape keys show it."""
    from hrn_blender.build.mesh_arrays import mixed_places

    return mixed_places(head)


def give_mirrored_uv(head) -> np.ndarray:
    """A UV map that is its own mirror image; returns (N,) the counterpart of each vertex."""
    rest = points = places(head, "Basis").astype(np.float64) + np.float64(head["hrn_origin"])
    corners = np.array([loop.vertex_index for loop in head.data.loops])
    x, y, z = points[corners].T
    slots = np.concatenate([[polygon.material_index] * polygon.loop_total for polygon in head.data.polygons])
    uv = np.stack([0.5 + 3 * x, 0.5 + 3 * (0.7548776662 * y + 0.5698402909 * z) + 3 * slots], 1).astype(np.float32)
    head.data.uv_layers["UVMap"].uv.foreach_set("vector", uv.ravel())
    away = np.linalg.norm(rest[None] * (-1, 1, 1) - rest[:, None], axis=2)
    assert away.min(1).max() < 1e-5, "the synthetic head is symmetric"
    return away.argmin(1)


def test_symmetrise_makes_both_sides_alike_and_keeps_what_keys_add(scene):
    head = scene.head
    other, middle = give_mirrored_uv(head), -head["hrn_origin"][0]
    own = head.shape_key_add(name="Mine", from_mix=False)
    sculpted = places(head, "Mine")
    sculpted[5] += 0.01
    own.points.foreach_set("co", sculpted.ravel())
    dent = 0.002 * (places(head, "Basis")[:, :1] > middle + 1e-3)
    for block in head.data.shape_keys.key_blocks:
        block.points.foreach_set("co", (places(head, block.name) + dent).astype(np.float32).ravel())
        block.value = float(block.name == DEFORMATION_KEY)
    before, jaw = mix(head), places(head, "jawOpen") - places(head, "Basis")

    def uneven() -> float:
        now = mix(head)
        return float(np.abs(now[other] * (-1, 1, 1) + (2 * middle, 0, 0) - now).max())

    assert uneven() > 1e-3
    assert bpy.ops.hrn.symmetrise(amount=0.5) == {"FINISHED"}
    assert 0.4 < np.linalg.norm(mix(head) - before, axis=1).max() / 0.001 < 2
    assert bpy.ops.hrn.symmetrise(amount=1.0) == {"FINISHED"}
    assert uneven() < 1e-6
    np.testing.assert_allclose(places(head, "jawOpen") - places(head, "Basis"), jaw, atol=1e-6)
    np.testing.assert_allclose((places(head, "Mine") - places(head, "Basis"))[5], [0.01] * 3, atol=1e-6)
    assert [version.name for version in scene.history.versions(head)] == ["Symmetrise"] * 2
    assert bpy.ops.hrn.version_go(number=0) == {"FINISHED"}
    np.testing.assert_array_equal(mix(head), before)
    assert pin(head) == {"FINISHED"}
    np.testing.assert_allclose(mix(head) - before, before * 0 + MM, atol=1e-6)


def picture(head, name: str) -> np.ndarray:
    """(H, W, 3) of a map of a head as its material shows it."""
    image = next(one for one in head_images(head) if Path(one.filepath).name.startswith(name))
    return np.array(image.pixels[:]).reshape(image.size[1], image.size[0], -1)[..., :3]


def test_symmetrise_brings_the_maps_to_the_mean_of_both_sides(scene):
    head = scene.head
    give_mirrored_uv(head)
    painted = next(one for one in head_images(head) if Path(one.filepath).name == "albedo.png")
    values = np.array(painted.pixels[:], np.float32)
    values[:400] = 0.25
    painted.pixels.foreach_set(values)
    painted.pack()  # Painted on, and stored in the .blend file alone.
    before = {name: picture(head, name) for name in ("albedo.png", "displacement", "normal")}
    assert any(np.abs(one - one[:, ::-1]).max() > 0.01 for one in before.values())
    assert bpy.ops.hrn.symmetrise(maps=True) == {"FINISHED"}
    for name, was in before.items():
        now, step = picture(head, name), 1 / 255 if name == "albedo.png" else 1e-4
        if name == "normal":
            np.testing.assert_allclose(now[:, ::-1] * (-1, 1, 1) + (1, 0, 0), now, atol=step)
            np.testing.assert_allclose(np.linalg.norm(2 * now - 1, axis=2), 1, atol=step)
        else:
            np.testing.assert_allclose(now, (was + was[:, ::-1]) / 2, atol=step)
    made = load_bundle(bundle_path(head))
    made.verify()
    assert made.path != scene.bundle.path and set(made.manifest["files"]) == set(scene.bundle.manifest["files"])
    assert bpy.ops.hrn.version_back() == {"FINISHED"}
    assert bundle_path(head) == str(scene.bundle.path)
    assert bpy.ops.hrn.version_forward() == {"FINISHED"}
    assert bundle_path(head) == str(made.path) and folders_of_maps(head) == {made.path.name}


def test_symmetrise_refuses_an_edited_uv_map(scene):
    before = mix(scene.head)
    scene.head.data.uv_layers["UVMap"].uv.foreach_set("vector", np.zeros(2 * len(scene.head.data.loops), np.float32))
    fails(bpy.ops.hrn.symmetrise, "do not correspond", maps=True)
    assert [path.name for path in scene.bundle.path.parent.iterdir() if ".versions" not in path.name] == ["anna"]
    np.testing.assert_array_equal(mix(scene.head), before)


def test_a_relaxed_expression_is_one_key_that_brings_it_back(scene):
    head = scene.head
    blocks = head.data.shape_keys.key_blocks
    blocks["jawOpen"].value, blocks["mouthSmileLeft"].value = 0.4, 0.6
    smiling = mix(head)
    assert bpy.ops.hrn.relax_expression() == {"FINISHED"}
    relaxed = places(head, DEFORMATION_KEY)
    np.testing.assert_allclose(mix(head), relaxed, atol=1e-6)
    assert np.abs(smiling - relaxed).max() > 1e-3
    blocks["Photo's Expression"].value = 1.0
    np.testing.assert_allclose(mix(head), smiling, atol=1e-6)
    assert bpy.ops.hrn.relax_expression(amount=0.25) == {"FINISHED"}, "once more: the key stands for both"
    np.testing.assert_allclose(mix(head) - relaxed, 0.75 * (smiling - relaxed), atol=1e-6)
    blocks["jawOpen"].driver_add("value")
    fails(bpy.ops.hrn.relax_expression, "is animated")


@pytest.mark.parametrize("everything", [False, True])
def test_the_rest_shape_is_what_was_seen_and_keys_add_what_they_added(scene, everything):
    head = scene.head
    blocks = head.data.shape_keys.key_blocks
    blocks["jawOpen"].value = 0.4
    seen, smile = mix(head), places(head, "mouthSmileLeft") - places(head, "Basis")
    deformation = places(head, DEFORMATION_KEY) - places(head, "Basis")
    assert bpy.ops.hrn.rest_shape(everything=everything) == {"FINISHED"}
    np.testing.assert_allclose(mix(head), seen, atol=1e-6)
    basis = head.data.shape_keys.reference_key.name
    np.testing.assert_allclose(places(head, basis), seen - (0 if everything else deformation), atol=1e-6)
    np.testing.assert_allclose(places(head, "mouthSmileLeft") - places(head, basis), smile, atol=1e-6)
    assert blocks["jawOpen"].value == 0.0
    assert pin(head) == {"FINISHED"}, "pins still move it"
    np.testing.assert_allclose(mix(head) - seen, seen * 0 + MM, atol=1e-6)


def test_a_mixed_head_goes_from_one_to_the_other_and_beyond(scene, tmp_path):
    first = scene.head
    second = build_head(make_bundle(tmp_path / "heads" / "ben", density=8, name="ben", hair=True).path).head
    for name in ("Basis", "jawOpen", DEFORMATION_KEY):
        block = second.data.shape_keys.key_blocks[name]
        block.points.foreach_set("co", (places(second, name) * 1.1).ravel())
    second.data.shape_keys.key_blocks["jawOpen"].value = 0.8
    activate(first)
    before = [(mix(head), places(head, "jawOpen")) for head in (first, second)]
    assert bpy.ops.hrn.mix_heads(other=second.name, share=0.25, hair="SECOND") == {"FINISHED"}
    head = bpy.context.view_layer.objects.active
    assert head not in (first, second) and not photo_cameras(head)
    jaws = [one[1] for one in before]
    for share in (0.25, 0.0, 1.0, 1.5, -0.5):
        head.hrn_mix.share = share
        np.testing.assert_allclose(places(head, "jawOpen"), jaws[0] + share * (jaws[1] - jaws[0]), atol=1e-6)
        (node,) = [n for n in head.data.materials[0].node_tree.nodes if n.name == "HRN Mix"]
        assert node.outputs[0].default_value == pytest.approx(share)
    head.hrn_mix.share = 1.0
    np.testing.assert_allclose(mix(head), before[1][0], atol=1e-5)
    assert any(child.type == "CURVES" for child in head.children)
    for one, (shape, _) in zip((first, second), before):
        np.testing.assert_array_equal(mix(one), shape)
    assert not any(
        one.poll() for one in (bpy.ops.hrn.adjust, bpy.ops.hrn.adjust_refit, bpy.ops.hrn.adjust_texture, bpy.ops.hrn.add_photo)
    )
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mix.blend"))
    name = head.name
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mix.blend"))
    bpy.data.objects[name].hrn_mix.share = 0.0
    np.testing.assert_allclose(mix(bpy.data.objects[name]), before[0][0], atol=1e-5)


def test_what_cannot_be_mixed_is_one_sentence(scene, tmp_path):
    assert not bpy.ops.hrn.mix_heads.poll()
    small = build_head(make_bundle(tmp_path / "heads" / "carl", density=6, name="carl").path).head
    activate(scene.head)
    heads = len(bpy.data.objects)
    fails(bpy.ops.hrn.mix_heads, "different meshes", other=small.name)
    fails(bpy.ops.hrn.mix_heads, "no other head", other="nobody")
    assert len(bpy.data.objects) == heads
