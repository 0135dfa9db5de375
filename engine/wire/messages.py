"""Sentences for people that keep what they were made of, so that whoever shows them can translate them.

    raise HrnError(ErrorCode.NOT_AN_IMAGE, say("{file} is not a photo.", file=path.name))
    progress(0.5, say("Reading photo {number} of {count}", number=2, count=3))

A :class:`Message` is the English sentence, an ordinary string for everything that only wants text. Where it is shown,
:meth:`Message.render` makes the sentence of another language from the same template and parameters
(:mod:`.language`). On the wire both travel beside the English text (docs/develop/protocol.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isfinite
from string import Formatter
from typing import Any

__all__ = [
    "SYSTEM_REASONS",
    "Message",
    "as_message",
    "fields_of",
    "list_from_json",
    "list_to_json",
    "reason",
    "say",
    "sentences",
]

_JOIN = ", "
"""Between the elements of a parameter that is a list; translated like a template."""

SYSTEM_REASONS = (
    "File name too long",
    "Input/output error",
    "Is a directory",
    "No such file or directory",
    "Not a directory",
    "Permission denied",
    "Read-only file system",
)
"""What operating systems say most often; these are translated, too. Windows says it in the user's language."""

_fields = Formatter().parse


class Message(str):
    """One sentence in English, made of `template` and `parameters`.

    Attributes:
        template: the sentence with named placeholders in the syntax of :meth:`str.format`, such as ``{width:.0f}``.
            Without parameters it is the sentence itself, braces included.
        parameters: values by name: str, int, float, bool, None, Message, or a list of these.
    """

    template: str
    parameters: dict[str, Any]

    def __new__(cls, template: str, parameters: dict[str, Any] | None = None, text: str | None = None):
        """
        Args:
            text: the English sentence where it is already known; otherwise it is made.

        Raises:
            ValueError: the template is malformed or a parameter is missing.
        """
        values = {name: _plain(value) for name, value in (parameters or {}).items()}
        self = super().__new__(cls, _fill(template, values, str) if text is None else text)
        self.template, self.parameters = str(template), values
        return self

    def __getnewargs__(self):
        return self.template, self.parameters, str(self)

    def render(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language of `translate`, which answers a template with its translation, or with the
        template itself where there is none. Parameters that are messages are translated, too.

        A translation whose placeholders do not fit is not used.
        """
        for template in (translate(self.template), self.template):
            try:
                return _fill(template, self.parameters, translate)
            except ValueError:
                continue
        return str(self)

    def to_json(self, name: str = "message") -> dict[str, Any]:
        """Members of a JSON object: the English text under `name` and, only where there are parameters, `template` and
        `parameters` (``hint_template`` and ``hint_parameters`` for the name ``hint``)."""
        members: dict[str, Any] = {name: str(self)}
        if self.parameters:
            template, parameters = _names(name)
            members[template] = self.template
            members[parameters] = {key: _to_json(value) for key, value in self.parameters.items()}
        return members

    @classmethod
    def from_json(cls, data: dict[str, Any], name: str = "message") -> Message:
        """Inverse of :meth:`to_json`. What is missing or malformed is left out; the English text then stands for all."""
        text = data.get(name)
        text = text if isinstance(text, str) else ""
        template, parameters = (data.get(key) for key in _names(name))
        if isinstance(template, str) and isinstance(parameters, dict) and parameters:
            try:
                values = {str(key): _from_json(value) for key, value in parameters.items()}
                return cls(template, values, text or None)
            except (ValueError, TypeError):
                pass
        return cls(text)


def say(template: str, /, **parameters: Any) -> Message:
    """The message made of a template, which is a constant where this is called, and its parameters.

    Paths and exceptions become text, an :class:`~.errors.HrnError` becomes its sentence and stays translatable.
    """
    return Message(template, parameters)


def as_message(text: str) -> Message:
    """A message as it is, and a constant sentence as one without parameters."""
    return text if isinstance(text, Message) else Message(text)


def sentences(first: str, *others: str) -> Message:
    """Several sentences, one after the other; empty ones are left out."""
    message = as_message(first)
    for other in filter(None, others):
        message = say("{first} {second}", first=message, second=as_message(other)) if message else as_message(other)
    return message


def reason(error: BaseException) -> Message:
    """What went wrong in the words of the operating system or of a library, for the end of a sentence."""
    text = getattr(error, "strerror", None) or str(error).rstrip(". ") or type(error).__name__
    return Message(text)


def list_to_json(name: str, messages: Iterable[str]) -> dict[str, list]:
    """Members of a JSON object for several messages: the English texts under `name` and, only where one has parameters,
    under ``name_messages`` what :meth:`Message.to_json` makes of each."""
    kept = [as_message(message) for message in messages]
    members: dict[str, list] = {name: [str(message) for message in kept]}
    if any(message.parameters for message in kept):
        members[f"{name}_messages"] = [message.to_json() for message in kept]
    return members


def list_from_json(data: dict[str, Any], name: str) -> list[Message]:
    """Inverse of :func:`list_to_json`; what is malformed is left out."""
    texts, whole = data.get(name), data.get(f"{name}_messages")
    if isinstance(whole, list) and all(isinstance(one, dict) for one in whole):
        return [Message.from_json(one) for one in whole]
    return [Message(text) for text in texts if isinstance(text, str)] if isinstance(texts, list) else []


def fields_of(template: str) -> list[tuple[str, str, str]]:
    """Name, conversion and format of each placeholder, sorted.

    Raises:
        ValueError: the template is malformed, or a placeholder is not a plain name.
    """
    found = []
    for _, name, form, conversion in _fields(template):
        if name is not None:
            if not name.isidentifier() or "{" in (form or ""):
                raise ValueError(f"{name!r} cannot be a placeholder")
            found.append((name, conversion or "", form or ""))
    return sorted(found)


def _fill(template: str, parameters: dict[str, Any], translate: Callable[[str], str]) -> str:
    if not parameters:
        return template
    fields_of(template)
    try:
        return template.format(**{name: _shown(value, translate) for name, value in parameters.items()})
    except (LookupError, TypeError) as error:
        raise ValueError(f"{template!r} does not fit its parameters: {error}") from error


def _shown(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, Message):
        return value if translate is str else value.render(translate)
    if isinstance(value, list):
        return translate(_JOIN).join(str(_shown(one, translate)) for one in value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, Message) or value is None or type(value) in (str, int, float, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # the text of an Enum's member, not its name
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    sentence = getattr(value, "sentence", None)
    if isinstance(sentence, Message):
        return sentence
    return value.item() if hasattr(value, "item") else str(value)  # item: a number of NumPy


def _names(name: str) -> tuple[str, str]:
    return ("template", "parameters") if name == "message" else (f"{name}_template", f"{name}_parameters")


def _to_json(value: Any) -> Any:
    if isinstance(value, Message):
        return value.to_json()
    if isinstance(value, list):
        return [_to_json(one) for one in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return Message.from_json(value)
    if isinstance(value, list):
        return [_from_json(one) for one in value]
    return value
