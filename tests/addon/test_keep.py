"""Where a head's maps lie: packed, or copied beside the .blend file, which can then be moved or sent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build.keep import copy_beside, head_images, is_packed
from hrn_blender.state import settings
from support.addon.operators import choose, heads_in_scene, run
from support.synthetic_bundle import make_bundle


def _missing() -> list[str]:
    """Images whose files are not there and that are not packed."""
    return [
        image.name
        for image in bpy.data.images
        if image.source == "FILE" and image.packed_file is None and not Path(bpy.path.abspath(image.filepath)).is_file()
    ]


@pytest.fixture
def head(addon, tmp_path):
    make_bundle(tmp_path / "bundles" / "Anna", name="Anna", hair=True)
    bpy.ops.hrn.load_bundle(filepath=str(tmp_path / "bundles" / "Anna" / "head.json"))
    (made,) = heads_in_scene()
    assert len(head_images(made)) >= 4
    return made


def test_a_packed_head_needs_no_files(head, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    assert bpy.ops.hrn.pack_head() == {"FINISHED"} and is_packed(head) and not bpy.ops.hrn.pack_head.poll()
    bpy.ops.wm.save_mainfile()
    shutil.rmtree(tmp_path / "bundles")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert not _missing()


def test_a_copied_head_moves_with_its_file(head, tmp_path):
    assert not bpy.ops.hrn.copy_head.poll()  # Nobody knows yet beside what.
    (tmp_path / "project").mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "project" / "a.blend"))
    assert bpy.ops.hrn.copy_head() == {"FINISHED"}
    bpy.ops.wm.save_mainfile()
    shutil.rmtree(tmp_path / "bundles")
    (tmp_path / "project").rename(tmp_path / "moved")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "moved" / "a.blend"))
    assert not _missing()
    assert (tmp_path / "moved" / "heads" / "Anna" / "head.json").is_file()


def test_the_same_bundle_is_copied_once_and_another_one_beside_it(head, tmp_path):
    blend = tmp_path / "a.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert copy_beside(head, blend) == copy_beside(head, blend) == tmp_path / "heads" / "Anna"
    other = make_bundle(tmp_path / "others" / "Anna", name="Somebody else", density=8)
    head["hrn_bundle"] = str(other.path)
    assert copy_beside(head, blend).name == "Anna_2"


def test_a_packed_head_can_be_copied_too(head, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.hrn.pack_head()
    assert bpy.ops.hrn.copy_head() == {"FINISHED"} and not is_packed(head) and not _missing()


@pytest.mark.parametrize("kept, packed", [("REFER", False), ("PACK", True), ("COPY", False)])
def test_new_heads_follow_the_preference(addon, photo, tmp_path, monkeypatch, kept, packed):
    monkeypatch.setattr(settings.preferences(), "maps", kept)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    choose(photo)
    bpy.ops.hrn.reconstruct()
    run(addon)
    (head,) = heads_in_scene()
    assert is_packed(head) == packed and not _missing()
    assert (tmp_path / "heads").is_dir() == (kept == "COPY")
