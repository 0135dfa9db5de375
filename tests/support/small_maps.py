"""Reconstructions whose texture does not matter to the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest


@contextmanager
def small_analysis(size: int = 256) -> Iterator[None]:
    """The texture is analysed on a small map: whatever the size of the maps, this takes half the time of a draft."""
    from engine.texture import build

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "WEIGHTS", replace(build.WEIGHTS, analysis_size=size))
        yield
