"""Symmetrise, Relax the Expression, Make It the Rest Shape."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, FloatProperty

from ...build.map_symmetry import symmetric_maps
from ...build.new_maps import take_maps
from ...build.symmetry import make_rest_shape, mirrored, relax, symmetrise
from ...engine.wire.errors import HrnError
from ...state import history, session
from ...state.heads import active_head
from ...state.language import CONTEXT, report
from ...state.session import fail
from .own import QuietHead

__all__ = ["CLASSES"]


class _Shape(QuietHead):
    """An operator that changes the shape of a head, which is kept as a version first."""

    def _change(self, context, what: Callable[[bpy.types.Object], object]) -> set[str]:
        head = active_head(context)
        session.dismiss()
        try:
            history.keep(head, self.bl_label)
            what(head)
        except HrnError as error:
            return fail(self, error, head.name)
        return {"FINISHED"}


def _amount(description: str):
    """The slider from nothing to all of a change."""
    return FloatProperty(
        name="Amount", translation_context=CONTEXT, default=1.0, min=0.0, max=1.0, subtype="FACTOR", description=description
    )


class HRN_OT_symmetrise(_Shape, bpy.types.Operator):
    """Make both sides of the head alike. Expressions and keys of your own stay; photos no longer fit exactly"""

    bl_idname = "hrn.symmetrise"
    bl_label = "Symmetrise"
    bl_options = {"REGISTER", "UNDO"}

    amount: _amount(description="How far both sides go to their mean")
    maps: BoolProperty(
        name="Maps Too",
        translation_context=CONTEXT,
        default=False,
        description="Skin, displacement and normals become symmetric as well, in a folder beside the head's own",
    )

    def execute(self, context):
        def change(head: bpy.types.Object) -> None:
            if self.maps:
                mirrored(head.data)  # What it refuses writes nothing.
                self._made = symmetric_maps(head, self.amount)
            moved = symmetrise(head, self.amount)
            if self._made is not None:
                take_maps(head, self._made)
            self.report({"INFO"}, report("Moved by up to {mm:.1f} mm", mm=1000 * moved))

        if getattr(self, "_made", None) is not None:  # Blender has undone it, and does it again with another setting.
            shutil.rmtree(self._made, ignore_errors=True)
        self._made = None
        return self._change(context, change)


class HRN_OT_relax_expression(_Shape, bpy.types.Operator):
    """Show the person's neutral face. The photo's expression becomes one shape key, whose value you can raise again"""

    bl_idname = "hrn.relax_expression"
    bl_label = "Relax the Expression"
    bl_options = {"REGISTER", "UNDO"}

    amount: _amount(description="How much of the expression goes, with the folds that it makes")

    def execute(self, context):
        return self._change(context, lambda head: relax(head, self.amount))


class HRN_OT_rest_shape(_Shape, bpy.types.Operator):
    """Make the head as it is now the basis of its shape keys. All keys still add to it what they added before"""

    bl_idname = "hrn.rest_shape"
    bl_label = "Make It the Rest Shape"
    bl_options = {"REGISTER", "UNDO"}

    everything: BoolProperty(
        name="Deformation and Folds Too",
        translation_context=CONTEXT,
        default=False,
        description="The keys Deformation and Folds go into the basis as well, and are gone",
    )

    def execute(self, context):
        return self._change(context, lambda head: make_rest_shape(head, self.everything))


CLASSES = (HRN_OT_symmetrise, HRN_OT_relax_expression, HRN_OT_rest_shape)
