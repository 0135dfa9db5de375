"""A copy of a head for as long as an exporter needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import bpy
import numpy as np

from ..ledger import Ledger
from ..rig import find_rig
from ..rig.weights import share_head
from ..shape import Shape, read_shape, subdivided
from .materials import plain_materials
from .options import ExportOptions
from .strips import BAKE_UV, lay_out_strips, teeth_uv

__all__ = ["plain_head"]


@contextmanager
def plain_head(head: bpy.types.Object, stem: str, folder: Path, options: ExportOptions) -> Iterator[bpy.types.Object]:
    """An object as other programs take it, in the scene's collection while the context lasts: named as the head, at rest, with
    the facial actions as shape keys, plain materials with maps in `folder`, and the head's armature modifier, where it has one.

    Args:
        stem: what names of maps begin with.

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE where a map's file is gone.
    """
    with ExitStack() as stack:
        ledger = Ledger()
        stack.callback(ledger.undo)
        thing, shape = _rest(head, options.levels, ledger)
        maps = plain_materials(head, thing, stem, folder, options, ledger)
        lay_out_strips(thing.data)
        _strip(thing.data)
        _set_materials(thing.data, maps)
        _add_keys(thing, shape)
        stack.callback(thing.shape_key_clear)  # Removing the mesh would leave them behind.
        _follow_armature(head, thing)
        names = [(thing, head), (thing.data, head.data)]
        names += [(new, old.material) for new, old in zip(maps, head.material_slots) if new is not None]
        for new, old in names:
            stack.enter_context(_called(new, old))
        bpy.context.scene.collection.objects.link(thing)
        bpy.context.view_layer.update()
        yield thing


def _rest(head: bpy.types.Object, levels: int, ledger: Ledger) -> tuple[bpy.types.Object, Shape]:
    """A new object, in no scene, with the head's mesh at rest and its materials, and its shape."""
    known = {keys.session_uid for keys in bpy.data.shape_keys}
    mesh = ledger.add(head.data.copy())
    cage = ledger.add(bpy.data.objects.new(head.name, mesh))
    cage.shape_key_clear()
    # Before 5.0 copied meshes hold their keys once too often: these would stay.
    bpy.data.batch_remove([keys for keys in bpy.data.shape_keys if keys.session_uid not in known])
    teeth = teeth_uv(mesh)
    if teeth is not None:
        mesh.uv_layers.new(name=BAKE_UV, do_init=False).uv.foreach_set("vector", np.ascontiguousarray(teeth).ravel())
    bpy.context.scene.collection.objects.link(cage)
    try:
        bpy.context.view_layer.update()
        fine, shape = subdivided(cage, read_shape(head), levels)
    finally:
        bpy.context.scene.collection.objects.unlink(cage)
    ledger.add(fine)
    thing = ledger.add(bpy.data.objects.new(head.name, fine))
    _set_materials(fine, [slot.material for slot in head.material_slots])
    thing.matrix_world = head.matrix_world
    return thing, shape


def _set_materials(mesh: bpy.types.Mesh, materials: list[bpy.types.Material | None]) -> None:
    """Replace the materials of a mesh; clearing them would lose which face has which."""
    for number, material in enumerate(materials):
        if number < len(mesh.materials):
            mesh.materials[number] = material
        else:
            mesh.materials.append(material)


def _strip(mesh: bpy.types.Mesh) -> None:
    """Leave out what only our materials read."""
    if BAKE_UV in mesh.uv_layers:
        mesh.uv_layers.remove(mesh.uv_layers[BAKE_UV])
    mesh.uv_layers.active_index = 0
    for name in [a.name for a in mesh.attributes if a.name.startswith("hrn_") or a.name == "crease_edge"]:
        mesh.attributes.remove(mesh.attributes[name])


def _add_keys(thing: bpy.types.Object, shape: Shape) -> None:
    """The actions as shape keys, at the values that they have now."""
    if not shape.actions:
        return
    thing.shape_key_add(name="Basis", from_mix=False)
    for name, action in shape.actions.items():
        block = thing.shape_key_add(name=name, from_mix=False)
        block.points.foreach_set("co", np.ascontiguousarray(shape.rest + action.offset, np.float32).ravel())
        block.slider_max, block.value = max(1.0, action.highest), action.value
    thing.data.shape_keys.name = thing.name


def _follow_armature(head: bpy.types.Object, thing: bpy.types.Object) -> None:
    """Bind the copy to the armature that the head follows; without one, weights are left out."""
    given = next((m for m in head.modifiers if m.type == "ARMATURE" and m.object is not None), None)
    for group in head.vertex_groups:
        thing.vertex_groups.new(name=group.name)
    if given is not None:
        bones = given.object.data.bones
        for group in [g for g in thing.vertex_groups if g.name not in bones]:
            thing.vertex_groups.remove(group)
        if find_rig(head) == given.object:
            share_head(thing, given.object, skinned=True)  # Other programs know no bones that do not deform.
        modifier = thing.modifiers.new(given.name, "ARMATURE")
        modifier.object, modifier.use_deform_preserve_volume = given.object, given.use_deform_preserve_volume
        place = thing.matrix_world.copy()
        thing.parent = given.object
        thing.matrix_world = place
    else:
        thing.vertex_groups.clear()


@contextmanager
def _called(new: bpy.types.ID, old: bpy.types.ID | None) -> Iterator[None]:
    """`new` has the name of `old` while the context lasts: files say what the user sees."""
    if old is None or old.library is not None or new == old:
        yield
        return
    name = old.name
    old.name = f"{name} (head)"
    try:
        new.name = name
        yield
    finally:
        new.name = f"{name} (copy)"
        old.name = name
