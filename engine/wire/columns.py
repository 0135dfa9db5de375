"""Text in the columns of a terminal."""

from __future__ import annotations

import unicodedata

__all__ = ["cut", "pad", "width"]


def width(text: str) -> int:
    """Columns in a terminal: East Asian characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """The text with blanks behind it, at least `columns` wide."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """The text without what cannot be printed, shortened to `columns`."""
    text = "".join(c if c.isprintable() else " " for c in text)
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + "…"
