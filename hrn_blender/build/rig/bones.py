"""An armature for a head: bones where its joints are, weights, and the modifier."""

from __future__ import annotations

import bpy

from ...engine.wire.errors import ErrorCode, HrnError
from ...engine.wire.messages import say
from ...engine.wire.rig import Rig, load_rig
from ..ledger import Ledger
from .face import lead_of, set_lead
from .names import rename_bones
from .places import BONE_PROPERTY, place_bones, rest_of
from .weights import give_weights

__all__ = ["build_rig", "find_rig", "fit_rig", "remove_rig"]

MODIFIER = "Rig"
"""Name of the armature modifier."""


def find_rig(head: bpy.types.Object) -> bpy.types.Object | None:
    """The armature that was built for a head, where it still moves it."""
    found = [m.object for m in head.modifiers if m.type == "ARMATURE" and m.object is not None]
    return next((rig for rig in found if any(BONE_PROPERTY in bone for bone in rig.data.bones)), None)


def build_rig(head: bpy.types.Object, rig: Rig | None = None) -> bpy.types.Object:
    """Give a head an armature, which becomes its parent and stands where it stands. Its sliders lead (:func:`.face.set_lead`).

    Args:
        head: of this file, in the current view layer, in object mode.
        rig: the table of bones; the shipped one when omitted.

    Raises:
        HrnError: ``BUNDLE_INVALID``: vertices were added or removed. ``SETTINGS_INVALID``: the head follows another armature,
            or is moved by keys, drivers or constraints of its own, which would move it twice.
    """
    rig = rig or load_rig()
    if any(m.type == "ARMATURE" and m.object is not None for m in head.modifiers):
        raise HrnError(ErrorCode.SETTINGS_INVALID, say("{head} already follows an armature.", head=head.name))
    if _moves_itself(head):
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("{head} is moved by keys, drivers or constraints of its own.", head=head.name),
            hint="Remove them, add the rig, and move its armature instead.",
        )
    points = rest_of(head, rig)
    with Ledger() as ledger:
        armature = ledger.add(bpy.data.armatures.new(f"{head.name} rig"))
        thing = ledger.add(bpy.data.objects.new(f"{head.name} rig", armature))
        for collection in head.users_collection:
            collection.objects.link(thing)
        thing.show_in_front = True
        armature.display_type = "STICK"
        _take_place(head, thing)
        place_bones(thing, rig.joints(points))
        rename_bones(thing, "BLENDER")
        give_weights(head, thing, rig)
        modifier = head.modifiers.new(MODIFIER, "ARMATURE")
        modifier.object = thing
        head.modifiers.move(len(head.modifiers) - 1, 0)  # Before subdivision.
        set_lead(head, thing, "KEYS", rig)
    return thing


def fit_rig(head: bpy.types.Object, thing: bpy.types.Object, rig: Rig | None = None) -> None:
    """Put the bones where the joints of the head are now, after it was corrected, mixed or sculpted. Poses, keys, names and
    painted weights stay.

    Raises:
        HrnError: as :func:`build_rig`, for the vertices.
    """
    rig = rig or load_rig()
    place_bones(thing, rig.joints(rest_of(head, rig)))
    set_lead(head, thing, lead_of(thing), rig)


def remove_rig(head: bpy.types.Object, thing: bpy.types.Object, rig: Rig | None = None) -> None:
    """Take the armature, its weights and what it couples away again; the head stays where it stands."""
    set_lead(head, thing, None, rig or load_rig())
    place = head.matrix_world.copy()
    for modifier in [m for m in head.modifiers if m.type == "ARMATURE" and m.object == thing]:
        head.modifiers.remove(modifier)
    for name in [bone.name for bone in thing.data.bones if BONE_PROPERTY in bone]:
        if name in head.vertex_groups:
            head.vertex_groups.remove(head.vertex_groups[name])
    head.parent, head.matrix_parent_inverse = thing.parent, thing.matrix_parent_inverse
    head.parent_type, head.parent_bone = thing.parent_type, thing.parent_bone
    head.matrix_world = place
    armature = thing.data
    bpy.data.objects.remove(thing)
    if not armature.users:
        bpy.data.armatures.remove(armature)


def _moves_itself(head: bpy.types.Object) -> bool:
    """Whether something else than its parent moves the object."""
    data = head.animation_data
    if head.constraints or data is None:
        return bool(head.constraints)
    placed = [driver for driver in data.drivers if driver.data_path.split("_")[0] in ("location", "rotation", "scale", "delta")]
    return data.action is not None or bool(data.nla_tracks) or bool(placed)


def _take_place(head: bpy.types.Object, thing: bpy.types.Object) -> None:
    """The armature stands where the head stands, below the same parent, and carries the head."""
    thing.parent, thing.parent_type, thing.parent_bone = head.parent, head.parent_type, head.parent_bone
    thing.matrix_parent_inverse = head.matrix_parent_inverse
    thing.rotation_mode = head.rotation_mode
    thing.matrix_basis = head.matrix_basis
    head.parent, head.parent_type, head.parent_bone = thing, "OBJECT", ""
    head.matrix_parent_inverse.identity()
    head.matrix_basis.identity()
