"""Finished heads as an asset library: files, Asset Browser, linked heads made editable."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from support.addon import ui as addon_ui
from support.addon.operators import heads_in_scene
from support.addon.table import addon_module, run


def test_asset_library_gets_a_linkable_head_with_its_picture(table, people, monkeypatch):
    refreshes = []
    monkeypatch.setattr(table, "refresh_browsers", lambda: refreshes.append(table.assets_left()))
    (people / "ben.jpg").unlink()
    libraries = bpy.context.preferences.filepaths.asset_libraries
    before = len(libraries)
    bpy.context.scene.hrn.batch.when_done = "LIBRARY"
    bpy.ops.hrn.batch_start()
    run(table, until=lambda: table.assets_left())
    run(table, until=lambda: not table.batch.alive and not table.assets_left())
    assert refreshes == [0]
    assert addon_module().notice is None and not heads_in_scene()
    out = people.parent / "people heads"
    library = libraries[len(libraries) - 1]
    assert len(libraries) == before + 1 and (Path(library.path), library.import_method) == (out, "LINK")
    try:
        file = out / "Zoë" / "head.blend"
        with bpy.data.libraries.load(str(file), link=True, assets_only=True) as (found, wanted):
            wanted.collections = found.collections
        (collection,) = wanted.collections
        assert collection.asset_data is not None and collection.preview.image_size[0] > 0
        assert {o.type for o in collection.objects} == {"MESH", "CAMERA"} and collection.name == "Head Zoë"
        written = file.stat().st_mtime_ns
        assert bpy.ops.hrn.batch_place_all(into="LIBRARY") == {"FINISHED"}
        assert table.assets_left() == 0 and len(libraries) == before + 1 and file.stat().st_mtime_ns == written
        assert "Add Missing" in addon_ui.texts(addon_ui.draw("HRN_PT_batch"))
    finally:
        libraries.remove(library)


def test_asset_that_cannot_be_written_is_one_clear_error(table, people):
    for name in ("ben.jpg", "carl.jpg"):
        (people / name).unlink()
    bpy.context.scene.hrn.batch.when_done = "FILES"
    bpy.ops.hrn.batch_start()
    run(table)
    (people.parent / "people heads" / "Zoë" / "albedo.png").unlink()
    libraries = bpy.context.preferences.filepaths.asset_libraries
    try:
        bpy.ops.hrn.batch_place_all(into="LIBRARY")
        run(table, until=lambda: not table.assets_left())
        notice = addon_module().notice
        assert notice.subject == "Zoë" and "albedo.png" in notice.error.message
    finally:
        libraries.remove(libraries[len(libraries) - 1])


def link_as_instance(file: Path) -> bpy.types.Object:
    """The head of an asset file as the Asset Browser puts it into a scene."""
    with bpy.data.libraries.load(str(file), link=True, assets_only=True) as (found, wanted):
        wanted.collections = found.collections
    empty = bpy.data.objects.new("Zoë", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", wanted.collections[0]
    empty.location.x = 0.5
    bpy.context.scene.collection.objects.link(empty)
    empty.select_set(True)
    bpy.context.view_layer.objects.active = empty
    return empty


def test_linked_head_is_made_editable_and_stays_so(addon, tmp_path):
    from hrn_blender.build import strength_socket
    from hrn_blender.build.hair.build import find_hair
    from hrn_blender.build.hair.material import color_input
    from hrn_blender.build.hair.modifiers import slider_input
    from hrn_blender.build.hair.skin import shown
    from hrn_blender.cli.build import main
    from hrn_blender.compat import modifier_input
    from support.synthetic_bundle import make_bundle

    make_bundle(tmp_path / "Zoë", texture_size=16, density=6, hair=True)
    assert main(["build", str(tmp_path / "Zoë"), "--out", str(tmp_path / "head.blend"), "--asset"]) == 0
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    link_as_instance(tmp_path / "head.blend")
    assert ("operator", "hrn.make_editable", "Make Editable") in addon_ui.draw("HRN_PT_head")
    bpy.context.view_layer.update()
    assert bpy.ops.hrn.make_editable() == {"FINISHED"}
    (head,) = heads_in_scene()
    assert bpy.context.active_object == head and "Detail" in addon_ui.texts(addon_ui.draw("HRN_PT_head"))
    assert bpy.ops.hrn.detail_in_mesh() == {"FINISHED"} and head.modifiers["HRN Detail"].texture.image is not None
    assert bpy.ops.hrn.detail_in_mesh() == {"FINISHED"} and "HRN Detail" not in head.modifiers
    head.data.shape_keys.key_blocks["jawOpen"].value = 0.75
    strength_socket(head).default_value = 2.5
    hair = find_hair(head)["hair"]
    slider_input(hair, "thickness").set(6.5)
    color_input(hair, "Melanin").default_value = 0.375
    bpy.ops.hrn.hair_show(group="beard", show=False)
    bpy.context.view_layer.objects.active = hair
    bpy.ops.object.mode_set(mode="SCULPT_CURVES")  # The strands can be combed.
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "user.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "user.blend"))
    (head,) = heads_in_scene()
    assert head.data.shape_keys.key_blocks["jawOpen"].value == pytest.approx(0.75)
    assert strength_socket(head).default_value == 2.5
    hair = find_hair(head)["hair"]
    assert hair.data.surface == head and modifier_input(hair.modifiers[0], "Head").value == head
    assert slider_input(hair, "thickness").value == 6.5 and color_input(hair, "Melanin").default_value == 0.375
    assert find_hair(head)["beard"].hide_render and not shown(head)["beard"] and shown(head)["hair"]
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)


def test_nothing_else_is_offered_to_be_made_editable(addon):
    assert not bpy.ops.hrn.make_editable.poll()
    empty = bpy.data.objects.new("empty", None)
    bpy.context.scene.collection.objects.link(empty)
    bpy.context.view_layer.objects.active = empty
    assert not bpy.ops.hrn.make_editable.poll() and not addon_ui.draw("HRN_PT_head")


def test_open_asset_browsers_are_refreshed_and_nothing_else(monkeypatch):
    from hrn_blender.state import asset_library

    here, refreshed = [], []

    class Override:
        def __init__(self, **context):
            self.context = context

        def __enter__(self):
            here.append(self.context["area"].name)

        def __exit__(self, *_):
            here.pop()

    class Refresh:
        def poll(self):
            return here[-1] != "busy"

        def __call__(self):
            refreshed.append(here[-1])

    areas = [
        SimpleNamespace(name=name, ui_type=kind, regions=[SimpleNamespace(type="HEADER"), SimpleNamespace(type="WINDOW")])
        for name, kind in (("a", "ASSETS"), ("files", "FILES"), ("busy", "ASSETS"), ("b", "ASSETS"))
    ]
    windows = [SimpleNamespace(screen=SimpleNamespace(areas=areas))]
    fake = SimpleNamespace(
        app=SimpleNamespace(background=False),
        ops=SimpleNamespace(asset=SimpleNamespace(library_refresh=Refresh())),
        context=SimpleNamespace(window_manager=SimpleNamespace(windows=windows), temp_override=Override),
    )
    monkeypatch.setattr(asset_library, "bpy", fake)
    asset_library.refresh_browsers()
    assert refreshed == ["a", "b"]
    fake.app.background = True
    asset_library.refresh_browsers()
    assert refreshed == ["a", "b"]
