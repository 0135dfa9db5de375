"""Python packages that are not installed, told without importing them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from ..wire.messages import say

__all__ = ["absent_packages"]


def absent_packages(names: Iterable[str]) -> list[str]:
    """One sentence for each package that cannot be imported."""
    return [say("The Python package “{name}” is not installed.", name=name) for name in names if _is_absent(name)]


def _is_absent(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ValueError:
        return False  # Another thread is importing it right now: OpenCV has no specification meanwhile.
