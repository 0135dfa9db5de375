"""The head that meets the pins: without triangles that turn over, and without pins that the others contradict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..camera import Camera
from ..fit.mid.deformation import propagate, without_folds
from ..fit.skin_surface import SkinSurface
from ..head.model import HeadModel
from ..wire.corrections import Switches
from .base import Base
from .ease import eased
from .solve import PinSet, PinSolver, Solved
from .weights import CorrectionWeights, EaseWeights

__all__ = ["Meeting", "Met", "pinned_pixels"]


@dataclass(frozen=True)
class Met:
    """A head and how well it meets the pins."""

    solved: Solved
    offset: np.ndarray
    """(N, 3) mm, that of `solved` without folds."""
    away: np.ndarray
    """(P,) pixels from each pin to its place."""
    deviation: np.ndarray
    """(P,) mm: how much each pin was believed."""

    def outvoted(self, pins: PinSet) -> np.ndarray:
        """(P,) bool: the others contradict this pin, and it counts little."""
        return self.deviation > pins.deviation


class Meeting:
    """Looks for the head that meets pins.

    Args:
        surface: skin of the model. kept: (N,) in [0, 1], how far each vertex is locked.
    """

    def __init__(
        self,
        model: HeadModel,
        surface: SkinSurface,
        base: Base,
        switches: Switches,
        kept: np.ndarray,
        weights: CorrectionWeights,
    ):
        self._model, self._surface, self._base = model, surface, base
        self._switches, self._kept, self._weights = switches, kept, weights
        self._solvers: dict[float | None, PinSolver] = {}

    def met(self, pins: PinSet) -> Met:
        """The head that meets all pins, or all but those that are outvoted: pins because of which others cannot be met, and
        which these and the fit make the least likely. Where two are as likely, both go on counting."""
        found = self._met(pins, pins.deviation)
        for _ in range(len(pins.view) // self._weights.vote.share):
            if (found.away * self._missed(pins, found)).max(initial=0) <= self._weights.vote.from_px:
                break
            without = self._without_one(pins, found)
            if without is None:
                break
            found = without
        return found

    def _without_one(self, pins: PinSet, found: Met) -> Met | None:
        """The head with one more pin outvoted, where that lets others be met that are not; it is believed as Geman and McClure's
        function does (Bulletin of the ISI, 1987)."""
        vote, believed = self._weights.vote, replace(pins, deviation=found.deviation)
        away, unlikely = self._solver(pins, None).against_others(believed)
        missed, places = self._missed(pins, found), pins.on(self._base.rest)
        near = np.linalg.norm(places[:, None] - places[missed], axis=2).min(1) < vote.near_mm
        order = [one for one in np.argsort(-unlikely) if near[one] and not found.outvoted(pins)[one]]
        alike = False
        for one, next_one in zip(order[: vote.candidates], order[1:]):
            tied, alike = alike, unlikely[one] < max(vote.clear * unlikely[next_one], unlikely[next_one] + vote.apart)
            others = missed & (np.arange(len(missed)) != one)
            if tied or alike or not others.any():
                continue
            deviation = found.deviation.copy()
            deviation[one] *= 1 + (away[one] / vote.scale_mm) ** 2
            trial = self._met(pins, deviation)
            if trial.away[others].sum() < vote.helps * found.away[others].sum():
                return trial
        return None

    def _missed(self, pins: PinSet, found: Met) -> np.ndarray:
        """(P,) firm pins that are not met though they are believed."""
        return (found.away > self._weights.met_px) & (pins.deviation <= self._weights.firm_mm) & ~found.outvoted(pins)

    def _met(self, pins: PinSet, deviation: np.ndarray) -> Met:
        """What folds take away, and what firm pins miss beside others, is asked for once more (Osher et al., Multiscale
        Modeling & Simulation 2005), as long as that helps; and where it does not, with moves that are eased around what would
        turn over, of a skin that moves alike on both sides of a gap."""
        w, base = self._weights, self._base
        firm = (pins.deviation <= w.firm_mm) & (deviation <= pins.deviation)
        found: Met | None = None
        best = np.inf
        for normal_mm, ease in ((None, None), (w.ease.normal_mm, w.ease)):
            asked, last = replace(pins, deviation=deviation), np.inf
            for _ in range(1 + w.again):
                solved = self._solver(pins, normal_mm).solve(asked)
                offset = self._unfolded(solved, ease)
                offset[self._kept >= 1] = 0
                missing = pins.pixels - pinned_pixels(base, solved.cameras, solved.actions, base.rest + offset, pins)
                away = np.linalg.norm(missing, axis=1)
                worst = float((away * firm).max(initial=0))
                if found is None or worst < best:
                    best, found = worst, Met(solved, offset, away, deviation)
                if worst <= w.met_px * w.well_met:
                    return found
                if worst > last * w.helps:
                    break
                last = worst
                again = firm & (away > w.met_px * w.well_met)
                asked = replace(asked, pixels=asked.pixels + missing * again[:, None])
            if best <= w.met_px:
                break
        assert found is not None
        return found

    def _solver(self, pins: PinSet, normal_mm: float | None) -> PinSolver:
        if normal_mm not in self._solvers:
            self._solvers[normal_mm] = PinSolver(
                self._model, self._base, pins, self._switches, self._kept, self._weights, normal_mm
            )
        return self._solvers[normal_mm]

    def _unfolded(self, solved: Solved, ease: EaseWeights | None) -> np.ndarray:
        """(N, 3) the offset, carried to what is not skin, without turning any triangle over: at rest and in the first photo.

        Args:
            ease: how it is eased before.
        """
        base, surface = self._base, self._surface
        offset = solved.offset[surface.vertices]
        if not offset.any():
            return np.zeros_like(base.rest)
        rest = base.rest[surface.vertices]
        for vertices in (rest, rest + np.tensordot(solved.actions[0], base.basis, 1)[surface.vertices]):
            if ease is not None:
                offset = eased(vertices, surface.triangles, offset, ease)
            offset = without_folds(vertices, surface.triangles, offset)
        return propagate(self._model, surface, offset).astype(np.float64)


def pinned_pixels(base: Base, cameras: Sequence[Camera], actions: np.ndarray, rest: np.ndarray, pins: PinSet) -> np.ndarray:
    """(P, 2) where the photos show the pins' places.

    Args:
        actions: (V, 52). rest: (N, 3) mm, the head without actions.
    """
    found = np.zeros((len(pins.view), 2))
    for number, view in enumerate(pins.view):
        corners = pins.corners[number]
        posed = rest[corners] + np.tensordot(actions[view], base.basis[:, corners], 1)
        found[number] = cameras[view].project((pins.shares[number] @ posed)[None])[0][0]
    return found
