"""The settings as flags of the command line: what declares them, what reads them, and what writes them."""

from __future__ import annotations

import argparse
from typing import Any

from .messages import Message, say
from .settings import SETTINGS, Setting, Settings

__all__ = ["add_flags", "as_flags", "from_flags"]

_TYPES = {"str": str, "int": int, "float": float}
"""What reads the value of an option, by the kind of its setting."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """A flag for each setting; :func:`from_flags` takes what they parse to."""
    for setting in SETTINGS.values():
        how: dict[str, Any] = {"dest": setting.name, "default": setting.default, "help": _help(setting)}
        if setting.kind != "bool":
            how |= {"type": _TYPES[setting.kind], "metavar": setting.metavar}
        elif setting.optional:
            how["action"] = argparse.BooleanOptionalAction
        else:
            how["action"] = "store_false" if setting.default else "store_true"
        parser.add_argument(setting.flag, **how)


def from_flags(options: argparse.Namespace) -> Settings:
    """The settings that were given.

    Raises:
        HrnError: ``SETTINGS_INVALID``.
    """
    return Settings(**{name: getattr(options, name) for name in SETTINGS})


def as_flags(settings: Settings) -> list[str]:
    """Arguments that :func:`from_flags` makes the same settings of; defaults are left out."""
    arguments = []
    for setting in SETTINGS.values():
        value = getattr(settings, setting.name)
        if value == setting.default:
            continue
        if setting.kind != "bool":
            arguments += [f"{setting.flag}={value}"]
        elif setting.optional and not value:
            arguments.append(f"--no-{setting.flag[2:]}")
        else:
            arguments.append(setting.flag)
    return arguments


def _help(setting: Setting) -> str:
    if setting.hidden_flag:
        return argparse.SUPPRESS
    words = Message(setting.help)
    if len(setting.methods) > 1:
        words = say("methods {methods}: {help}", methods=list(setting.methods), help=words)
    elif setting.methods:
        words = say("method {method}: {help}", method=setting.methods[0], help=words)
    if setting.only_choices:
        *others, last = (str(choice.value) for choice in setting.choices)
        words = say("{help}: {choices}", help=words, choices=say("{others} or {last}", others=others, last=last))
    if setting.maximum is not None:
        words = say("{help}, {least} to {most}", help=words, least=setting.minimum, most=setting.maximum)
    if setting.kind == "bool" or setting.default is None:
        return words
    return say("{help} (default: %(default)s)", help=words)
