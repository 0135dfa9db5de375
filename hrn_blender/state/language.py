"""Words in the language that Blender is set to.

What Blender draws by itself (names and tooltips of operators, panels and properties, constant labels) it translates by
itself, from the table that :func:`register` hands over: the add-on's own file in ``translations/`` and the engine's
(:mod:`engine.wire.language`). Sentences with parameters are messages (:mod:`engine.wire.messages`); they become text
here, where they are drawn, and Blender is told to leave them as they are (``translate=False``).
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.wire.language import catalog, read_po
from ..engine.wire.messages import Message
from .settings import ADDON

__all__ = ["register", "report", "table", "tip", "unregister", "words"]

_FOLDER = Path(__file__).resolve().parents[1] / "translations"
_blender = bpy.app.translations


def words(message: str, /, **parameters) -> str:
    """`message` as a label.

    Args:
        message: a message, a constant text, or a template for `parameters`.
    """
    return _render(_blender.pgettext_iface, message, parameters)


def tip(message: str, /, **parameters) -> str:
    """`message` as a tooltip, or as the reason why something cannot be clicked."""
    return _render(_blender.pgettext_tip, message, parameters)


def report(message: str, /, **parameters) -> str:
    """`message` as a report in the status bar and the Info editor."""
    return _render(_blender.pgettext_rpt, message, parameters)


def _render(look, message: str, parameters: dict) -> str:
    if not isinstance(message, Message):
        message = Message(message, parameters)
    return message.render(look)


def table() -> dict[str, dict[tuple[str, str], str]]:
    """All translations as Blender wants them: by language, then by context and English text.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is damaged.
    """
    default = _blender.contexts.default
    found = {}
    for file in sorted(_FOLDER.glob("*.po")):
        texts = {(default, text): translation for text, translation in catalog(file.stem).items()}
        texts |= {(context or default, text): translation for (context, text), translation in read_po(file).items()}
        found[file.stem] = texts
    return found


def register() -> None:
    _blender.register(ADDON, table())


def unregister() -> None:
    _blender.unregister(ADDON)
