"""Reconstructions whose texture does not matter to the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def small_analysis(size: int = 256) -> Iterator[None]:
    """The texture is analysed on a small map: whatever the size of the maps, this takes half the time of a draft."""
    from engine.texture import analysis, build, compose, displacement

    with pytest.MonkeyPatch.context() as patch:
        for module in (analysis, build, compose, displacement):
            patch.setattr(module, "ANALYSIS_SIZE", size)
        yield
