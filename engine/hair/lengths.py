"""How long hair may be at a place of the head."""

from __future__ import annotations

import numpy as np

from .cut import Cut
from .cut_weights import CutWeights
from .field import View
from .weights import StrandWeights

__all__ = ["Lengths"]

_ENDLESS = 700.0
"""Length that bounds nothing, mm."""


class Lengths:
    """Lengths of a cut.

    Args:
        views: the photos with their volumes.
    """

    def __init__(self, views: list[View], cut: Cut, weights: StrandWeights, limits: CutWeights):
        self._views, self._cut, self._weights, self._limits = views, cut, weights, limits

    @property
    def more(self) -> float:
        """How many times the usual number of guides the hair takes."""
        if self._cut.shell:
            return self._weights.shell_more
        length = float(self.of_thickness(np.array([self._cut.thickness]))[0])
        return float(np.interp(length, self._weights.many, (self._weights.shell_more, 1.0)))

    def thickness(self, points: np.ndarray) -> np.ndarray:
        """(n,) mm of hair over the skull at (n, 3) points: the mean of the photos by how much outline each shows."""
        told, total = np.zeros(len(points)), 0.0
        for view in self._views:
            pixels, _ = view.seen.camera.project(points)
            told += (1 + view.volume.outline) * view.seen.sample(view.volume.thickness, pixels)
            total += 1 + view.volume.outline
        return told / total

    def at(self, points: np.ndarray) -> np.ndarray:
        """(n,) mm: the length of hair that grows at (n, 3) points."""
        level = np.mean(
            [view.seen.sample(view.seen.window.level, view.seen.camera.project(points)[0]) for view in self._views], 0
        )
        return self.of_thickness(self._full(self.thickness(points), level))

    def seen(self, view: View, pixels: np.ndarray) -> np.ndarray:
        """(n,) mm: the length of hair that a photo shows at (n, 2) pixels."""
        thickness = view.seen.sample(view.volume.thickness, pixels).astype(np.float64)
        return self.of_thickness(self._full(thickness, view.seen.sample(view.seen.window.level, pixels)))

    def _full(self, thickness: np.ndarray, level: np.ndarray) -> np.ndarray:
        """(n,) mm: the thickness that tells lengths. Hair that lies flat on top counts as thick as what stands off beside it."""
        low, high = self._limits.flat_top
        top = np.clip((level - low) / (high - low), 0, 1)
        return np.maximum(thickness, top * min(self._cut.sides, self._cut.top))

    def of_thickness(self, thickness: np.ndarray) -> np.ndarray:
        """(n,) mm: the length of hair that is so thick over the skull."""
        cut, limits, weights = self._cut, self._limits, self._weights
        shell = weights.shell_length[0] + weights.shell_length[1] * np.minimum(thickness, weights.shell)
        if cut.shell:
            return shell
        # What lies sleek is longer than what stands off as far; what is thin is cropped.
        low, high = limits.sleek
        sleek = np.clip((cut.coherence - low) / (high - low), 0, 1)
        base, times = (rough * (1 - sleek) + lying * sleek for rough, lying in zip(limits.rough_length, limits.sleek_length))
        low, high = limits.cropped
        full = np.clip((thickness - low) / (high - low), 0, 1)
        short = np.minimum(shell + full * np.maximum(base + times * thickness - shell, 0), limits.longest)
        if cut.stands:
            return short
        if cut.long:
            return np.full_like(short, _ENDLESS)
        low, high, more = limits.full_sides
        return short * more ** np.clip((cut.sides - low) / (high - low), 0, 1)
