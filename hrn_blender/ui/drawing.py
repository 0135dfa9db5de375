"""What several panels draw with."""

from __future__ import annotations

import re
from collections.abc import Callable

import blf

from ..state.language import CONTEXT, words

__all__ = ["Sidebar", "draw_name", "draw_progress", "draw_text", "wrap"]


_HAN = r"\u2e80-\u9fff\uf900-\ufaff"
"""Chinese characters, as a part of a character class."""
_OPEN = r"“‘（《【"
"""Chinese punctuation that opens something and may not end a line."""
_CLOSE = r"、。，．：；！？）》】”’"
"""Chinese punctuation that closes something and may not begin a line."""
_PIECE = re.compile(rf"\s*(?:[{_OPEN}]*[{_HAN}][{_CLOSE}]*|[^\s{_HAN}{_CLOSE}]+[{_CLOSE}]*|\S)")
"""What a line is not broken within: a word, or one Chinese character with the punctuation that may not leave it."""


def draw_text(layout, message: str, context, icon: str = "NONE") -> None:
    """`message` in as many lines as the region needs: labels do not wrap by themselves."""
    scale = max(context.preferences.system.ui_scale, 0.1)  # 0 without a display.
    region = context.region
    width = region.width if region is not None and region.width > 1 else 300 * scale
    # Margins of the panel and of a box, the category tabs, the icon.
    room = max(width - (62 if icon == "NONE" else 84) * scale, 100 * scale)
    blf.size(0, context.preferences.ui_styles[0].widget.points * scale if context.preferences.ui_styles else 11 * scale)
    lines = wrap(words(message), lambda line: blf.dimensions(0, line)[0] <= room)
    column = layout.column(align=True)
    column.scale_y = 0.75
    for number, line in enumerate(lines):
        column.label(text=line, translate=False, icon=icon if number == 0 else ("BLANK1" if icon != "NONE" else "NONE"))


def wrap(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text` in lines that fit, broken between words and between Chinese characters; at least one line.

    Args:
        fits: whether a line is short enough.
    """
    lines = [""]
    for piece in _PIECE.findall(" ".join(text.split())):
        if lines[-1] and not fits(lines[-1] + piece.rstrip()):
            lines.append(piece.strip())
        else:
            lines[-1] = (lines[-1] + piece).lstrip()
    return [line.rstrip() for line in lines]


def draw_name(layout, name: str, picture: int, icon: str) -> None:
    """`name` beside its picture, or beside `icon` where `picture` is 0."""
    if picture:
        layout.label(text=name, translate=False, icon_value=picture)
    else:
        layout.label(text=name, translate=False, icon=icon)


def draw_progress(layout, message: str, fraction: float) -> None:
    """A progress bar with `message` in it; `fraction` is 0 to 1."""
    text = words(message)
    if hasattr(layout, "progress"):
        layout.progress(text=text, factor=fraction, type="BAR")
    else:
        layout.label(text=f"{text}  {fraction:.0%}", translate=False)


class Sidebar:
    """Where the add-on's panels live."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "HRN"
    bl_translation_context = CONTEXT
