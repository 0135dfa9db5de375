"""The head appears at once: an unfinished one stands in the scene and becomes the finished one."""

from __future__ import annotations

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy
import numpy as np

from hrn_blender.build.draft import DRAFT_PROPERTY, drafts, remove_draft, shape_draft
from support.addon.build import census
from support.addon.operators import choose, heads_in_scene, run


@pytest.fixture
def early(addon, photo, monkeypatch):
    """The engine shows shapes; a reconstruction has begun."""
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=1.5,early=1")
    choose(photo)
    assert bpy.ops.hrn.reconstruct() == {"FINISHED"}
    return addon


def width(head: bpy.types.Object) -> float:
    return float(np.ptp([vertex.co.x for vertex in head.data.vertices]))


def test_the_shape_stands_there_before_the_head_is_finished(early):
    run(early, lambda: bool(drafts()))
    (head,) = drafts()
    first = width(head)
    assert head.select_get() and bpy.context.view_layer.objects.active == head
    assert not heads_in_scene(), "it is no head yet"
    image = next(node.image for node in head.data.materials[0].node_tree.nodes if node.bl_idname == "ShaderNodeTexImage")
    assert image.packed_file is not None
    run(early, lambda: width(head) > first * 1.05)
    (shown,) = [node.image for node in head.data.materials[0].node_tree.nodes if node.bl_idname == "ShaderNodeTexImage"]
    assert shown.name.startswith("early_1") and not [one for one in bpy.data.images if one.name.startswith("early_0")]
    head.location.x = 3.0  # The artist has moved it meanwhile, and chosen something else.
    other = bpy.data.objects.new("Other", None)
    bpy.context.scene.collection.objects.link(other)
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = other
    head.select_set(False)
    run(early)
    assert heads_in_scene() == [head] and not drafts(), "the same object"
    assert head.location.x == 3.0 and not head.select_get() and bpy.context.view_layer.objects.active == other
    assert len(head.data.shape_keys.key_blocks) >= 53 and len(head.users_collection) == 1
    assert DRAFT_PROPERTY not in head and DRAFT_PROPERTY not in head.users_collection[0]
    assert not [name for kind in census().values() for name in kind if "draft" in name or "early" in name]


def test_a_name_that_the_artist_gave_it_stays(early):
    run(early, lambda: bool(drafts()))
    (head,) = drafts()
    collection = head.users_collection[0]
    head.name = "Grandmother"
    run(early)
    assert heads_in_scene() == [head] and head.name == "Grandmother" and collection.name.startswith("Head Zoë")
    assert not [key for one in (head, collection) for key in one.keys() if "draft" in key]


def test_a_cancelled_head_leaves_nothing(early):
    before = census()
    run(early, lambda: bool(drafts()))
    bpy.ops.hrn.cancel()
    run(early)
    assert not drafts() and not heads_in_scene()
    assert census() == before


def test_an_artist_who_edits_is_not_disturbed(addon, photo, monkeypatch):
    monkeypatch.setenv("HRN_FAKE_ENGINE", "ok,seconds=0.5,early=1")
    mesh = bpy.data.objects.new("Mine", bpy.data.meshes.new("Mine"))
    bpy.context.scene.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode="EDIT")
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon, lambda: not addon.queue.busy)
    assert not drafts() and not heads_in_scene()
    bpy.ops.object.mode_set(mode="OBJECT")
    run(addon)
    assert len(heads_in_scene()) == 1


def test_what_an_undo_brings_back_goes(early):
    run(early, lambda: bool(drafts()))
    (head,) = drafts()
    copy = head.copy()  # As an undo to the middle of the work does.
    copy[DRAFT_PROPERTY] = 999
    bpy.context.scene.collection.objects.link(copy)
    run(early)
    early.ticker.tick()
    assert not drafts() and len(heads_in_scene()) == 1


def test_a_damaged_shape_is_no_failure(tmp_path, early):
    from hrn_blender.engine.wire.errors import HrnError

    (tmp_path / "early_0.npz").write_bytes(b"no")
    before = census()
    with pytest.raises(HrnError, match="unfinished head cannot be read"):
        shape_draft(tmp_path / "early_0.npz", 5, "a", bpy.context.scene)
    assert census() == before
    run(early, lambda: bool(drafts()))
    remove_draft(drafts()[0])
    run(early)
    assert len(heads_in_scene()) == 1
