"""Types of command line arguments; argparse refuses what raises ValueError, and names the type in its message."""

from __future__ import annotations

__all__ = ["count", "positive_number"]


def count(text: str) -> int:
    """A whole number from 1."""
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def positive_number(text: str) -> float:
    """A finite number above 0."""
    if not 0 < (number := float(text)) < float("inf"):
        raise ValueError(text)
    return number
