"""Reconstructions whose texture does not matter to the test."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def small_analysis(size: int = 256) -> Iterator[None]:
    """The texture is analysed on a small map: whatever the size of the maps, this takes half the time of a draft."""
    from engine import texture

    modules = [importlib.import_module(about.name) for about in pkgutil.walk_packages(texture.__path__, "engine.texture.")]
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            if hasattr(module, "ANALYSIS_SIZE"):
                patch.setattr(module, "ANALYSIS_SIZE", size)
        yield
