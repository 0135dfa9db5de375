"""Text in the columns of a terminal."""

from __future__ import annotations

import re
import textwrap
import unicodedata

__all__ = ["cut", "pad", "row", "width", "wrap"]

_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60"
"""Characters of two columns, between which a line may be broken."""
_UNIT = re.compile(rf"\s+|[（【“‘《]*(?:[{_WIDE}]|[^\s{_WIDE}“‘]+|.)[，。、；：？！）】”’》…]*")
"""What stays on one line: a word, or a wide character with the punctuation around it."""


def width(text: str) -> int:
    """Columns in a terminal: East Asian characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text: str, columns: int) -> str:
    """The text with blanks behind it, at least `columns` wide."""
    return text + " " * (columns - width(text))


def row(*cells: tuple[str, int]) -> str:
    """Texts in so many columns each, with a blank between them; a negative number sets the text at the right end."""
    return " ".join(pad(text, columns) if columns >= 0 else " " * (-columns - width(text)) + text for text, columns in cells)


def wrap(text: str, columns: int) -> list[str]:
    """The text in lines of at most so many columns, broken between words and between wide characters."""
    if not re.search(f"[{_WIDE}]", text):
        return textwrap.wrap(text, columns)
    lines = [""]
    for unit in _UNIT.findall(text):
        if lines[-1] and width(lines[-1] + unit.rstrip()) > columns:
            lines[-1] = lines[-1].rstrip()
            lines.append(unit.lstrip())
        else:
            lines[-1] += unit
    return lines


def cut(text: str, columns: int) -> str:
    """The text without what cannot be printed, shortened to `columns`."""
    text = "".join(c if c.isprintable() else " " for c in text)
    if width(text) <= columns:
        return text
    while text and width(text) > columns - 1:
        text = text[:-1]
    return text + "…"
