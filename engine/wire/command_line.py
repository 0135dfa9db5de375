"""Command lines in the user's language: help and complaints are translated where they are shown, like messages.

    parser = Parser(prog="engine", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print as JSON")

A help text is a constant or a message (:func:`.messages.say`); ``%(default)s`` stays for argparse to fill in. Of a
description each paragraph is a text of its own (:func:`paragraphs`). :class:`Parser` adds ``--lang`` and chooses the language
before it parses, so that ``--help`` follows it, too.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, NoReturn

from .columns import width, wrap
from .language import SOURCE, current, language_of, languages, local, system_language, use
from .messages import Message, say

__all__ = ["ARGPARSE", "Parser", "chosen_language", "paragraphs"]

ARGPARSE = (
    "%(heading)s:",
    "%(prog)s: error: %(message)s\n",
    "ambiguous option: %(option)s could match %(matches)s",
    "argument %(argument_name)s: %(message)s",
    "can't open '%(filename)s': %(error)s",
    "expected %s argument",
    "expected %s arguments",
    "expected at least one argument",
    "expected at most one argument",
    "expected one argument",
    "ignored explicit argument %r",
    "invalid %(type)s value: %(value)r",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "invalid choice: %(value)r, maybe you meant %(closest)r? (choose from %(choices)s)",
    "not allowed with argument %s",
    "one of the arguments %s is required",
    "options",
    "positional arguments",
    "show program's version number and exit",
    "show this help message and exit",
    "the following arguments are required: %s",
    "unexpected option string: %s",
    "unknown parser %(parser_name)r (choices: %(choices)s)",
    "unrecognized arguments: %s",
    "usage: ",
)
"""What argparse says by itself, in all versions of Python that are supported."""


def chosen_language(arguments: Sequence[str]) -> str | None:
    """The last language that ``--lang`` names, wherever it stands before ``--``; None without a known one."""
    before = list(takewhile(lambda argument: argument != "--", arguments))
    found = [after for argument, after in zip(before, before[1:]) if argument == "--lang"]
    found += [argument[len("--lang=") :] for argument in before if argument.startswith("--lang=")]
    return next((language_of(name) for name in reversed(found) if _is_known(name)), None)


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a description: lines joined, blocks that are indented as they are."""
    plain = re.sub(r"(:\w+:)?``?", "`", inspect.cleandoc(text))
    blocks = (block.rstrip() for block in re.split(r"\n\s*\n", plain))
    return [block if block.startswith(" ") else " ".join(block.split()) for block in blocks]


class Parser(argparse.ArgumentParser):
    """A parser that speaks the language of ``--lang`` or of the locale.

    Args:
        language: that of the program around, which is then followed instead; there is no ``--lang``.
    """

    def __init__(self, *, language: str | None = None, **keywords: Any):
        super().__init__(**{"formatter_class": _Formatter, **keywords})
        self._language = language
        if language is None:
            self.add_argument(
                "--lang",
                type=_language,
                metavar="LANGUAGE",
                default=argparse.SUPPRESS,
                help="language of what is said, such as en_US or zh_HANS (default: that of the locale)",
            )

    def parse_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> Any:
        """As argparse does; the language is chosen first."""
        words = sys.argv[1:] if args is None else list(args)
        use(self._language or chosen_language(words) or system_language())
        if current() != SOURCE and hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")  # a sentence that the console cannot show must not stop the command
        with _translated():
            return super().parse_args(words, namespace)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the arguments, in the user's language, and leave with status 2."""
        with _translated():
            super().error(local(message))


class _Formatter(argparse.HelpFormatter):
    """Help whose texts are translated, and whose lines are as long as the terminal's columns also in Chinese."""

    def start_section(self, heading: str | None) -> None:
        super().start_section(heading and local(heading))

    def add_usage(self, usage, actions, groups, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, local("usage: ") if prefix is None else prefix)

    def format_help(self) -> str:
        colon = local("%(heading)s:").removeprefix("%(heading)s")  # Python 3.11 does not ask for it
        return re.sub(r"(?m)^(\S.*):$", rf"\1{colon}", super().format_help())

    def _format_usage(self, usage, actions, groups, prefix: str | None) -> str:
        first, *rest = super()._format_usage(usage, actions, groups, prefix).split("\n")
        indent = " " * (width(prefix or "") - len(prefix or ""))
        return "\n".join([first, *(indent + line if line else line for line in rest)])

    def _get_help_string(self, action: argparse.Action) -> str:
        return local(action.help or "")

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if isinstance(text, Message):
            return "\n".join(wrap(local(text), width))
        blocks = [(block, local(block)) for block in paragraphs(text)]
        return "\n\n".join(shown if block.startswith(" ") else "\n".join(wrap(shown, width)) for block, shown in blocks)


@contextmanager
def _translated() -> Iterator[None]:
    """argparse takes its own words from gettext; meanwhile they are :data:`ARGPARSE` in the language of :func:`local`. It is
    left as it was: other programs in Blender's Python use it, too."""
    ours: dict[str, Any] = {"_": local, "ngettext": lambda one, many, count: local(one if count == 1 else many)}
    kept = {name: getattr(argparse, name) for name in ours}
    vars(argparse).update(ours)
    try:
        yield
    finally:
        vars(argparse).update(kept)


def _is_known(name: str) -> bool:
    return language_of(name) != SOURCE or name.lower().startswith("en")


def _language(text: str) -> str:
    if not _is_known(text):
        there = say("there is no language {name}; there are {languages}", name=repr(text), languages=list(languages()))
        raise argparse.ArgumentTypeError(local(there))
    return language_of(text)
