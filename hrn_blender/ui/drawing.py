"""What several panels draw with."""

from __future__ import annotations

import blf

__all__ = ["CATEGORY", "Sidebar", "draw_name", "draw_progress", "draw_text"]


def draw_text(layout, text: str, context, icon: str = "NONE") -> None:
    """`text` in as many lines as the region needs: labels do not wrap by themselves."""
    scale = max(context.preferences.system.ui_scale, 0.1)  # 0 without a display.
    region = context.region
    width = region.width if region is not None and region.width > 1 else 300 * scale
    # Margins of the panel and of a box, the category tabs, the icon.
    room = max(width - (62 if icon == "NONE" else 84) * scale, 100 * scale)
    blf.size(0, context.preferences.ui_styles[0].widget.points * scale if context.preferences.ui_styles else 11 * scale)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and blf.dimensions(0, longer)[0] > room:
            lines.append(word)
        else:
            lines[-1] = longer
    column = layout.column(align=True)
    column.scale_y = 0.75
    for number, line in enumerate(lines):
        column.label(text=line, translate=False, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))


def draw_name(layout, name: str, picture: int, icon: str) -> None:
    """`name` beside its picture, or beside `icon` where `picture` is 0."""
    if picture:
        layout.label(text=name, translate=False, icon_value=picture)
    else:
        layout.label(text=name, translate=False, icon=icon)


def draw_progress(layout, text: str, fraction: float) -> None:
    if hasattr(layout, "progress"):
        layout.progress(text=text, factor=fraction, type="BAR")
    else:
        layout.label(text=f"{text}  {fraction:.0%}", translate=False)


CATEGORY = "HRN"


class Sidebar:
    """Where the add-on's panels live."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = CATEGORY
