"""The panel Hair: the strands of the active head. Its sliders are the modifiers' and the material's own inputs."""

from __future__ import annotations

import bpy

from ..build.hair.bind import unbound
from ..build.hair.build import find_hair
from ..build.hair.material import BRIGHTNESS, CHOSEN, MELANIN, REDNESS, ROUGHNESS, color_input
from ..build.hair.modifiers import slider_input
from ..build.hair.names import GROUP_PROPERTY
from ..build.hair.skin import BARE, TINT, shown, skin_input
from ..build.hair_games.names import KINDS, find_games
from ..engine.wire.messages import say
from ..state.hair import active_hair, lacking, other_heads
from ..state.heads import active_head
from ..state.language import CONTEXT, words
from .drawing import Sidebar, draw_text
from .hair_games import draw_games

__all__ = ["register", "unregister"]


def _name(group: str) -> str:
    """What a group is called."""
    return {
        "hair": words("Scalp Hair"),
        "brows": words("Brows"),
        "lashes": words("Lashes"),
        "beard": words("Beard"),
    }[group]


class HRN_PT_hair(Sidebar, bpy.types.Panel):
    bl_idname = "HRN_PT_hair"
    bl_label = "Hair"

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and bool(find_hair(head) or lacking(head) or any(shown(head).values()))

    def draw(self, context):
        layout = self.layout
        head = active_head(context)
        hair = active_hair(context)
        found = find_hair(head)
        for name, strands in found.items():
            row = layout.row(align=True)
            chosen = strands == hair
            row.operator(
                "hrn.hair_select", text=_name(name), icon="RADIOBUT_ON" if chosen else "RADIOBUT_OFF", translate=False
            ).group = name
            visible = not strands.hide_viewport
            eye = row.operator("hrn.hair_show", text="", icon="HIDE_OFF" if visible else "HIDE_ON")
            eye.group, eye.show = name, not visible
            row.operator("hrn.hair_remove", text="", icon="X").group = name
        if lacking(head):
            layout.operator("hrn.hair_add", icon="ADD")
        if any(value and name not in found for name, value in shown(head).items()):
            draw_text(layout, say("Hair was deleted, but the skin still shows its traces."), context, icon="INFO")
            layout.operator("hrn.hair_remove", text="Remove Traces", icon="BRUSH_DATA").group = next(
                name for name, value in shown(head).items() if value and name not in found
            )
        if hair is not None:
            self._draw_strands(layout, context, hair)
            self._draw_color(layout, head, hair)
            self._draw_actions(layout)
        if "hair" in found or any(find_games(head, kind) for kind in KINDS):
            draw_games(layout, head)
        if other_heads(context, head):
            layout.menu("HRN_MT_hair_heads", icon="COMMUNITY")

    @staticmethod
    def _draw_strands(layout, context, hair) -> None:
        column = layout.column(align=True)
        for name, text in (
            ("density", words("Density")),
            ("viewport", words("Viewport Share")),
            ("spread", words("Spread")),
            ("length", words("Length")),
            ("thickness", words("Thickness")),
            ("clump", words("Clump")),
            ("noise", words("Noise")),
            ("frizz", words("Frizz")),
            ("curl", words("Curl")),
        ):
            value = slider_input(hair, name)
            if value is not None:
                column.prop(value.owner, value.path, text=text, translate=False)
        if slider_input(hair, "density") is None:
            draw_text(layout, say("Blender's hair nodes are missing here: only the guides are shown."), context, icon="ERROR")
        loose = unbound(hair)
        if loose:
            message = say("{count} strands were drawn or moved since; Attach Again ties them to the skin.", count=loose)
            draw_text(layout, message, context, icon="INFO")

    @staticmethod
    def _draw_color(layout, head, hair) -> None:
        column = layout.column(align=True)
        for socket, text in (
            (color_input(hair, CHOSEN), words("Chosen Color")),
            (color_input(hair, MELANIN), words("Melanin")),
            (color_input(hair, REDNESS), words("Redness")),
            (color_input(hair, BRIGHTNESS), words("Brightness")),
            (color_input(hair, ROUGHNESS), words("Roughness")),
            (skin_input(head, TINT) if hair[GROUP_PROPERTY] == "hair" else None, words("Scalp Tint")),
            (skin_input(head, BARE), words("Skin without Painted Hair")),
        ):
            if socket is not None:
                column.prop(socket, "default_value", text=text, translate=False, slider=True)

    @staticmethod
    def _draw_actions(layout) -> None:
        column = layout.column(align=True)
        column.operator("hrn.hair_cut", icon="MOD_LENGTH")
        column.operator_menu_enum("hrn.hair_mirror", "side", icon="MOD_MIRROR")
        column.operator("hrn.hair_comb_to_photo", icon="LOOP_BACK")
        column.operator("hrn.hair_attach", icon="SNAP_ON")


class HRN_MT_hair_heads(bpy.types.Menu):
    bl_idname = "HRN_MT_hair_heads"
    bl_label = "Hair from Another Head"
    bl_translation_context = CONTEXT

    def draw(self, context):
        head = active_head(context)
        for other in other_heads(context, head) if head is not None else ():
            self.layout.operator("hrn.hair_from_head", text=other.name, translate=False, icon="USER").head = other.name


_CLASSES = (HRN_MT_hair_heads, HRN_PT_hair)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
