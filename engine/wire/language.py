"""The language in which messages are shown, and its translations: one PO file for each language in ``translations/``.

Names of languages are Blender's: ``en_US`` (the source), ``zh_HANS``. A file is read when its language is first asked
for. docs/develop/adding_a_language.md tells how to add a language.
"""

from __future__ import annotations

import functools
import locale
import logging
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from .messages import Message

__all__ = [
    "SOURCE",
    "catalog",
    "current",
    "language_of",
    "languages",
    "local",
    "look_in",
    "read_po",
    "system_language",
    "translate",
    "use",
]

SOURCE = "en_US"
"""The language of the templates."""

_FOLDER = Path(__file__).parent / "translations"
_log = logging.getLogger(__name__)
_LINE = re.compile(r'(?:(msgctxt|msgid|msgstr)\s+)?"((?:[^"\\]|\\[nt"\\])*)"')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
"""What the letters after a backslash stand for."""
_SCRIPTS = {"cn": "hans", "sg": "hans", "my": "hans", "tw": "hant", "hk": "hant", "mo": "hant"}
"""Script of Chinese by territory."""
_WINDOWS_NAMES = {
    "chinese (simplified)": "zh_HANS",
    "chinese-simplified": "zh_HANS",
    "chinese": "zh_HANS",
    "chs": "zh_HANS",
    "chinese (traditional)": "zh_HANT",
    "chinese-traditional": "zh_HANT",
    "cht": "zh_HANT",
}
"""Blender's codes of the languages that Windows calls by words."""
_current = SOURCE
_more: list[Path] = []
"""Other folders with translations, of the program around the engine."""


def languages() -> tuple[str, ...]:
    """Names of the languages there are, the source first."""
    return (SOURCE, *sorted(file.stem for file in _FOLDER.glob("*.po")))


def language_of(name: str | None) -> str:
    """The best of :func:`languages` for a locale's name, such as ``zh_CN.UTF-8``, ``zh-Hans`` or Windows'
    ``Chinese (Simplified)_China.936``; the source when there is none."""
    parts = [part for part in re.split(r"[_-]", re.split(r"[.@]", name or "")[0].lower()) if part]
    name = (name or "").lower()
    words = re.split(r"[_.]", name)[0]
    if words in _WINDOWS_NAMES:
        parts = ["zh", _WINDOWS_NAMES[words][3:].lower()]
        if "taiwan" in name or "hong kong" in name:
            parts[1] = "hant"
    if not parts:
        return SOURCE
    if parts[0] == "zh":
        parts[1:] = [_SCRIPTS.get(part, part) for part in parts[1:]] or ["hans"]
    known = {tag.lower(): tag for tag in languages()}
    exact = known.get("_".join(parts[:2])) or known.get(parts[0])
    alike = [tag for key, tag in known.items() if key.split("_")[0] == parts[0] and parts[0] != "zh"]
    return exact or (alike[0] if alike else SOURCE)


def system_language(environ: Mapping[str, str] = os.environ) -> str:
    """The language of the user's locale: ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``, the first that is set; without any of
    them, on Windows, what the system says."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(variable):
            return language_of(environ[variable])
    return language_of(locale.getlocale()[0]) if sys.platform == "win32" else SOURCE


def use(language: str) -> None:
    """Choose the language of :func:`local` for this process."""
    global _current
    _current = language


def current() -> str:
    """The language that was chosen with :func:`use`."""
    return _current


def look_in(folder: Path) -> None:
    """Use the files of another folder, too; what the engine itself translates comes first."""
    if folder not in _more:
        _more.append(folder)
        catalog.cache_clear()


def local(message: str) -> str:
    """A message, or a constant text, in the language chosen with :func:`use`; English unless one was chosen."""
    return str(message) if _current == SOURCE else translate(message, _current)


def translate(message: str, language: str) -> str:
    """A message, a template or a constant text in `language`; as it is where there is no translation."""
    if language == SOURCE:
        return str(message)
    texts = catalog(language)

    def look(template: str) -> str:
        return texts.get(template, template)

    return message.render(look) if isinstance(message, Message) else look(message)


@functools.cache
def catalog(language: str) -> Mapping[str, str]:
    """Translations by template; none for a language without a file, or with a damaged one (the log says so)."""
    texts: dict[str, str] = {}
    for folder in (*_more, _FOLDER):
        try:
            texts |= {text: translated for (_, text), translated in read_po(folder / f"{language}.po").items()}
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            _log.warning("translations are not used: %s", error)
    return MappingProxyType(texts)


def read_po(path: Path) -> dict[tuple[str | None, str], str]:
    """Translations by context (None where there is none) and source text. Untranslated and fuzzy entries, and obsolete
    ones (``#~``), are left out, and so is the header.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not such a file; plural forms are not supported.
    """
    entries: dict[tuple[str | None, str], str] = {}
    entry: dict[str, str] = {}
    field, fuzzy = "", False
    seen: set[tuple[str | None, str]] = set()

    def close() -> None:
        nonlocal entry, field, fuzzy
        if entry:
            if "msgid" not in entry or "msgstr" not in entry:
                raise ValueError(f"{path}, before line {number}: an entry needs msgid and msgstr")
            key = (entry.get("msgctxt"), entry["msgid"])
            if key in seen:
                raise ValueError(f"{path}, before line {number}: {key[1]!r} is there twice")
            seen.add(key)
            if entry["msgid"] and entry["msgstr"] and not fuzzy:
                entries[key] = entry["msgstr"]
            entry, field, fuzzy = {}, "", False

    number = 0
    for number, raw in enumerate([*path.read_text(encoding="utf-8-sig").splitlines(), ""], 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            if "msgstr" in entry or not line:
                close()
            fuzzy = fuzzy or line.startswith("#,") and "fuzzy" in line
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{path}, line {number}: {line!r} is not understood")
        name, text = match[1], _ESCAPE.sub(lambda found: _ESCAPES[found[1]], match[2])
        if name is None:
            if not field:
                raise ValueError(f"{path}, line {number}: text belongs to no entry")
            entry[field] += text
            continue
        if "msgstr" in entry:
            close()
        if name in entry or (name == "msgstr" and "msgid" not in entry):
            raise ValueError(f"{path}, line {number}: {name} is not expected here")
        field, entry[name] = name, text
    return entries
