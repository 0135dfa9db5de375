"""Rendered heads as whole photos, for going through the pipeline like any other."""

from __future__ import annotations

import numpy as np

from ..fit.coarse.population import load_people
from ..types import Photo
from .anatomy import Anatomy
from .heads import SampledHead, sample_head, sample_person
from .render import Renderer, develop

__all__ = ["draw_photo"]


def draw_photo(
    renderer: Renderer, seed: int, number: int, side: int = 640, margin: float = 2.4, warp_mm: float = 2.4, varied: bool = False
) -> tuple[SampledHead, Photo, float]:
    """A head, a square photo of it with the face in the middle, and the photo's true focal length in pixels.

    Args:
        warp_mm: of heads in the plain look. varied: people and looks as in :mod:`.variety`.
    """
    rng = np.random.default_rng([seed, number])
    model = renderer.model
    head = sample_person(model, rng, Anatomy(model), load_people(model)) if varied else sample_head(model, rng, warp_mm)
    shot = renderer.shoot(head, rng, side=round(side * 1.15), margin=margin, varied=varied)
    pixels = develop(shot, rng, side=side, varied=varied)
    scale = float(np.hypot(shot.transform[0, 0], shot.transform[0, 1])) * side / 256
    return head, Photo(pixels, f"generated {number}", "0" * 64, None), shot.camera.fx * scale
