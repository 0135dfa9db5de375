"""Types of command line arguments."""

from __future__ import annotations

from argparse import ArgumentTypeError

from ..wire.language import local
from ..wire.messages import say

__all__ = ["count", "positive_number"]


def count(text: str) -> int:
    """A whole number from 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise ArgumentTypeError(local(say("invalid value {text}: a whole number from 1 is needed", text=repr(text))))
    return number


def positive_number(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(local(say("invalid value {text}: a number above 0 is needed", text=repr(text))))
    return number
