"""A stand-in for Blender's layout, for a Blender without windows: checks what is asked of it and writes it down."""

from __future__ import annotations

from types import SimpleNamespace

import bpy

translate = bpy.app.translations.pgettext_iface
"""What Blender's layout looks its texts up with; a test of another language puts its own here."""
ICONS = {item.identifier for item in bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items}


def _shown(text: str, wanted: bool = True, context: str | None = None) -> str:
    """`text` as Blender draws it: translated, unless the call says no."""
    return translate(text, context) if wanted else text


class Layout:
    """Records labels, operators and properties in the order in which they are drawn."""

    def __init__(self, drawn: list | None = None):
        self.drawn = [] if drawn is None else drawn

    def _nested(self, *_args, **_kwargs) -> Layout:
        return Layout(self.drawn)

    row = column = box = grid_flow = split = _nested

    def separator(self, **_kwargs):
        pass

    def label(self, *, text="", icon="NONE", icon_value=0, translate=True):
        assert icon in ICONS, icon
        self.drawn.append(("label", _shown(text, translate)))

    def operator(self, idname, *, text=None, icon="NONE", emboss=True, depress=False, translate=True):
        assert icon in ICONS, icon
        group, name = idname.split(".")
        rna = getattr(getattr(bpy.ops, group), name).get_rna_type()
        self.drawn.append(("operator", idname, _shown(rna.name if text is None else text, translate, "Operator")))
        return SimpleNamespace()

    def prop(self, data, name, *, text=None, slider=False, icon="NONE", **_kwargs):
        own = name.startswith('["') and name[2:-2] in data  # A modifier's input up to Blender 5.0.
        assert own or name in data.bl_rna.properties, name
        self.drawn.append(("prop", name, text if text is None else _shown(text)))

    def prop_search(self, data, name, owner, collection, *, text=None, icon="NONE"):
        assert name in data.bl_rna.properties and hasattr(owner, collection), (name, collection)
        self.drawn.append(("prop", name, text))

    def progress(self, *, text="", factor=0.0, type="RING"):
        assert type in {"BAR", "RING"} and 0 <= factor <= 1
        self.drawn.append(("progress", text, round(factor, 3)))

    def operator_menu_enum(self, idname, prop, *, text=None, icon="NONE"):
        assert icon in ICONS, icon
        group, name = idname.split(".")
        rna = getattr(getattr(bpy.ops, group), name).get_rna_type()
        assert prop in rna.properties, prop
        self.drawn.append(("operator", idname, _shown(rna.name if text is None else text, True, "Operator")))

    def menu(self, name, *, text=None, icon="NONE", translate=True):
        assert icon in ICONS, icon
        self.drawn.append(("menu", name, _shown(getattr(bpy.types, name).bl_label if text is None else text, translate)))

    def template_icon(self, *, icon_value, scale=1.0):
        self.drawn.append(("picture", icon_value))

    def template_list(self, list_type, _id, data, name, active_data, active_name, *, rows=5):
        assert hasattr(bpy.types, list_type)
        for item in getattr(data, name):
            cls = getattr(bpy.types, list_type)
            cls.draw_item(SimpleNamespace(), bpy.context, Layout(self.drawn), data, item, 0, active_data, active_name)


class _Panel:
    """A panel's methods without an instance, which only Blender can make."""

    def __init__(self, cls, layout):
        self.layout, self._cls = layout, cls

    def __getattr__(self, name):
        return getattr(self._cls, name)


def draw(panel_name: str) -> list:
    """Draw a registered panel unless its poll says no; returns what it drew."""
    cls = getattr(bpy.types, panel_name)
    if "poll" in cls.__dict__ and not cls.poll(bpy.context):
        return []
    layout = Layout()
    cls.draw(_Panel(cls, layout), bpy.context)
    return layout.drawn


def texts(drawn: list) -> str:
    """All that a user could read, in one string."""
    return "\n".join(str(part) for entry in drawn for part in entry[1:])
