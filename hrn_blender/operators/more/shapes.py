"""Symmetrise, Relax the Expression, Make It the Rest Shape."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, FloatProperty

from ...build.symmetry import make_rest_shape, relax, symmetrise
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


class HRN_OT_symmetrise(_Shape, bpy.types.Operator):
    """Make both sides of the head alike. Expressions and keys of your own stay; photos no longer fit exactly"""

    bl_idname = "hrn.symmetrise"
    bl_label = "Symmetrise"
    bl_options = {"REGISTER", "UNDO"}

    amount: FloatProperty(
        name="Amount",
        translation_context=CONTEXT,
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        description="How far both sides go to their mean",
    )

    def execute(self, context):
        def change(head: bpy.types.Object) -> None:
            moved = symmetrise(head, self.amount)
            self.report({"INFO"}, report("Moved by up to {mm:.1f} mm", mm=1000 * moved))

        return self._change(context, change)


class HRN_OT_relax_expression(_Shape, bpy.types.Operator):
    """Show the person's neutral face. The photo's expression becomes one shape key, whose value you can raise again"""

    bl_idname = "hrn.relax_expression"
    bl_label = "Relax the Expression"
    bl_options = {"REGISTER", "UNDO"}

    amount: FloatProperty(
        name="Amount",
        translation_context=CONTEXT,
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        description="How much of the expression goes, with the folds that it makes",
    )

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
