"""Words in the language that Blender is set to.

What Blender draws by itself (names and tooltips of operators, panels and properties, constant labels) it translates by
itself, from the table that :func:`register` hands over: the add-on's own file in ``translations/`` and the engine's
(:mod:`engine.wire.language`). Sentences with parameters are messages (:mod:`engine.wire.messages`); they become text
here, where they are drawn, and Blender is told to leave them as they are (``translate=False``).

Blender's own translation comes first: where both know a text in one context, the add-on's entry is not used, and Blender's
"Face" is one of a mesh, its "Expression" one of mathematics. Messages, panels and properties are therefore looked up in a
context of the add-on's own, :data:`CONTEXT`. Tooltips and constant labels stay in the default one, where Blender looks for
them.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ..engine.wire.language import catalog, read_po
from ..engine.wire.messages import Message
from .settings import ADDON

__all__ = ["CONTEXT", "register", "report", "table", "tip", "unregister", "words"]

_FOLDER = Path(__file__).resolve().parents[1] / "translations"
_blender = bpy.app.translations
CONTEXT = "HRN"
"""Where the add-on's words mean what they mean here; ``translation_context`` of its properties and panels."""


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
    return message.render(lambda text: look(text, CONTEXT))


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
        own = {(CONTEXT, text): translation for (context, text), translation in texts.items() if context == default}
        found[file.stem] = texts | own
    return found


def register() -> None:
    _blender.register(ADDON, table())


def unregister() -> None:
    _blender.unregister(ADDON)
