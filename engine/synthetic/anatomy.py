"""Shapes that people have and sliders lack: soft tissue under the chin, jowls, a thick neck, long or short parts of
the face.

Fields over the template, so that teeth, tongue and eyelids go along with the skin.
"""

from __future__ import annotations

import numpy as np

from ..head.model import HeadModel

__all__ = ["Anatomy"]

_LANDMARKS = {"nose": 4, "base": 2, "mouth": 13, "chin": 152, "brow": 9, "cheek": 425, "jaw": 397, "eye": 263}
"""Tip of the nose, its base, the lips' line, lowest point of the chin, between the brows, and on the left side the middle
of the cheek, the jaw's angle, the outer corner of the eye."""


class Anatomy:
    """Fields of one head model."""

    def __init__(self, model: HeadModel):
        self.template = model.template.astype(float)
        points = model.landmarks(self.template)
        self.at = {name: points[number] for name, number in _LANDMARKS.items()}

    def _spot(self, centre: np.ndarray, radius: tuple[float, float, float]) -> np.ndarray:
        """(N,) a bell of height 1."""
        return np.exp(-0.5 * (((self.template - centre) / radius) ** 2).sum(1))

    def _ramp(self, axis: int, start: float, end: float) -> np.ndarray:
        """(N,) 0 before `start`, 1 after `end` along an axis, without corners."""
        t = np.clip((self.template[:, axis] - start) / (end - start), 0, 1)
        return t * t * (3 - 2 * t)

    def field(self, rng: np.random.Generator, amount: float) -> np.ndarray:
        """(N, 3) mm.

        Args:
            amount: 1 for the spread of people, roughly.
        """
        place, at = self.template, self.at
        out = np.zeros_like(place)

        def draw(sigma):
            return amount * rng.normal(0, sigma)

        # Proportions: heights of the lower face and of the middle, widths at three levels, depth of the middle line.
        out[:, 1] += draw(2.2) * self._ramp(1, at["base"][1], at["chin"][1])
        out[:, 1] += draw(1.6) * self._ramp(1, at["brow"][1], at["base"][1])
        out[:, 1] += draw(2.5) * self._ramp(1, at["brow"][1], at["brow"][1] + 60)
        out[:, 0] += place[:, 0] * draw(0.035) * self._ramp(1, at["mouth"][1] + 12, at["chin"][1])
        out[:, 0] += place[:, 0] * draw(0.025) * np.exp(-0.5 * ((place[:, 1] - at["nose"][1]) / 22) ** 2)
        out[:, 0] += place[:, 0] * draw(0.025) * self._ramp(1, at["brow"][1] - 15, at["brow"][1] + 30)
        front = self._ramp(2, -70, 10)
        out[:, 2] += draw(0.05) * (place[:, 1] - at["nose"][1]) * front
        out[:, 2] += draw(1.5) * self._ramp(1, at["brow"][1], at["brow"][1] + 25) * front
        # Chin, nose, brow ridge.
        out += self._spot(at["chin"] + [0, 6, 0], (24, 16, 26))[:, None] * [0, draw(1.8), draw(2.6)]
        out += self._spot(at["nose"] - [0, 2, 6], (13, 13, 16))[:, None] * [0, draw(1.4), draw(2.0)]
        out += self._spot((at["nose"] + at["brow"]) / 2, (9, 16, 16))[:, None] * [0, 0, draw(1.4)]
        out[:, 0] += draw(0.07) * place[:, 0] * self._spot(at["nose"] - [0, 5, 10], (22, 12, 16))
        out += self._spot(at["brow"] - [0, 2, 4], (38, 11, 20))[:, None] * [0, draw(0.8), draw(1.6)]
        for side in (-1, 1):
            mirror = np.array([side, 1, 1])
            if side == -1:
                cheek, jowl, jaw = draw(1.6), draw(1.8), draw(1.8)
                slack = abs(draw(1.8))
            tilt = rng.normal(1, 0.12, 3)
            out += cheek * tilt[0] * self._spot(at["cheek"] * mirror, (20, 18, 26))[:, None] * mirror * [0.6, 0, 0.8]
            low = (at["mouth"] + at["jaw"]) / 2 + [0, -6, 6]
            out += self._spot(low * mirror, (18, 16, 24))[:, None] * mirror * np.array([jowl, -slack, 0.4 * jowl]) * tilt[1]
            out += jaw * tilt[2] * self._spot(at["jaw"] * mirror, (20, 24, 30))[:, None] * mirror * [1, -0.2, 0]
        out += self._soft_tissue(rng, amount)
        return out

    def _soft_tissue(self, rng: np.random.Generator, amount: float) -> np.ndarray:
        """(N, 3) what hangs between chin and neck, and how thick the neck is."""
        place, chin = self.template, self.at["chin"]
        out = np.zeros_like(place)
        full = rng.gamma(1.2, 4.0) * amount if rng.random() < 0.5 else rng.normal(0, 1.5)
        full = min(full, 16.0)
        below = chin + [0, rng.uniform(-20, -7), rng.uniform(-34, -12)]
        spot = self._spot(below, (rng.uniform(26, 48), rng.uniform(9, 18), rng.uniform(18, 32)))
        out += full * spot[:, None] * [0, -0.75, 0.5]
        throat = self._ramp(1, chin[1] - 4, chin[1] - 32)
        wide = amount * rng.normal(0.02, 0.09) + max(full, 0) * rng.uniform(0, 0.02)
        axis = np.array([0, 0, -62.0])
        out += wide * throat[:, None] * (place - axis) * [1, 0, 1]
        out[:, 2] += throat * max(0.5 * full, 0) * self._ramp(2, -70, -20)
        return out
