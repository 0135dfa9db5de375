"""A fit with corrections: the geometry that they make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..camera import Camera
from ..fit.mid.deformation import propagate, without_folds
from ..fit.skin_surface import SkinSurface, skin_surface
from ..head.model import HeadModel
from ..wire.corrections import Corrections, Switches
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, say
from .base import Base
from .ease import eased
from .locks import locked
from .neutral import as_neutral
from .sliders import slid
from .solve import PinSet, PinSolver, Solved
from .weights import WEIGHTS, CorrectionWeights, EaseWeights

__all__ = ["Corrected", "PinReport", "corrected"]


@dataclass(frozen=True)
class PinReport:
    """How far a pin's place is from where it was dragged to."""

    photo: int
    """Number of the camera."""
    id: str
    before_px: float
    error_px: float

    def to_json(self) -> dict:
        """The report as the engine's answer has it."""
        return {
            "photo": self.photo,
            "id": self.id,
            "before_px": round(self.before_px, 3),
            "error_px": round(self.error_px, 3),
        }


@dataclass(frozen=True)
class Corrected:
    """The corrected head, mm."""

    base: Base
    """The head with its sliders, before the pins."""
    offset: np.ndarray
    """(N, 3) what the pins add to the deformation."""
    actions: np.ndarray
    """(V, 52)"""
    cameras: tuple
    pins: tuple[PinReport, ...]
    warnings: tuple[tuple[str, Message], ...]
    """Codes and sentences."""

    @property
    def deformation(self) -> np.ndarray:
        """(N, 3) float64."""
        return self.base.deformation + self.offset


def corrected(model: HeadModel, base: Base, corrections: Corrections, weights: CorrectionWeights = WEIGHTS) -> Corrected:
    """Apply corrections to a fit.

    Raises:
        HrnError: ``CORRECTIONS_INVALID`` where they belong to another head.
    """
    _refuse_another_head(model, base, corrections)
    if corrections.switches.neutral:
        base = as_neutral(model, base)
    pins, names = _pin_set(base, corrections)
    surface = skin_surface(model)
    kept = locked(model, surface, corrections.locks, weights.hold)
    base = slid(model, base, corrections.sliders, pins, kept)
    solved, offset, reports = _met(model, surface, base, (pins, names), corrections.switches, kept, weights)
    warnings = []
    missed = [one for one in reports if one.error_px > weights.met_px]
    if missed:
        worst = max(one.error_px for one in missed)
        warnings.append(
            (
                "pin_not_met",
                say(
                    "{count} pins are not met, by up to {pixels:.0f} pixels: locks, switches or other pins hold the head.",
                    count=len(missed),
                    pixels=worst,
                ),
            )
        )
    return Corrected(base, offset, solved.actions, solved.cameras, reports, tuple(warnings))


def _refuse_another_head(model: HeadModel, base: Base, corrections: Corrections) -> None:
    """
    Raises:
        HrnError: ``CORRECTIONS_INVALID`` for corrections of another mesh or of other photos.
    """
    if corrections.head_model_version not in ("", model.version) or len(base.rest) != len(model.template):
        raise HrnError(ErrorCode.CORRECTIONS_INVALID, "The corrections belong to a head with another mesh.")
    for photo in corrections.photos:
        if photo.sha256 not in base.photos:
            raise HrnError(
                ErrorCode.CORRECTIONS_INVALID,
                say("The corrections are of another head: it has no photo {name}.", name=photo.name),
            )
        camera = base.cameras[base.photos.index(photo.sha256)]
        if abs(photo.size[0] / photo.size[1] * camera.height / camera.width - 1) > WEIGHTS.format_px / min(
            camera.width, camera.height
        ):
            raise HrnError(
                ErrorCode.CORRECTIONS_INVALID,
                say("The corrections of {name} were made on a picture of another format.", name=photo.name),
            )
        most = max((max(pin.vertices) for pin in photo.pins), default=0)
        if most >= len(base.rest):
            raise HrnError(ErrorCode.CORRECTIONS_INVALID, "The corrections belong to a head with another mesh.")
    if max(corrections.locks.vertices, default=0) >= len(base.rest):
        raise HrnError(ErrorCode.CORRECTIONS_INVALID, "The corrections belong to a head with another mesh.")


def _pin_set(base: Base, corrections: Corrections) -> tuple[PinSet, list[str]]:
    found: list[tuple] = []
    for photo in corrections.photos:
        view = base.photos.index(photo.sha256)
        scale = base.cameras[view].width / photo.size[0]
        found += [
            (view, pin.vertices, pin.weights, np.array(pin.pixel) * scale, pin.deviation_mm, pin.id) for pin in photo.pins
        ]
    columns = list(zip(*found)) if found else [()] * 6
    return (
        PinSet(
            np.array(columns[0], int),
            np.array(columns[1], int).reshape(-1, 3),
            np.array(columns[2], np.float64).reshape(-1, 3),
            np.array(columns[3], np.float64).reshape(-1, 2),
            np.array(columns[4], np.float64),
        ),
        list(columns[5]),
    )


def _met(
    model: HeadModel,
    surface: SkinSurface,
    base: Base,
    given: tuple[PinSet, list[str]],
    switches: Switches,
    kept: np.ndarray,
    weights: CorrectionWeights,
) -> tuple[Solved, np.ndarray, tuple[PinReport, ...]]:
    """The head that meets the pins, (N, 3) its offset, and the reports. What folds take away, and what firm pins miss beside
    others, is asked for once more (Osher et al., Multiscale Modeling & Simulation 2005), as long as that helps; and where it
    does not, with moves that are eased around what would turn over."""
    pins, names = given
    best = np.inf, Solved(np.zeros_like(base.rest), base.actions, base.cameras), np.zeros_like(base.rest)
    solver = PinSolver(model, base, pins, switches, kept, weights)
    for ease in (None, weights.ease):
        asked = pins.pixels
        for _ in range(1 + weights.again):
            solved = solver.solve(asked)
            offset = _unfolded(model, surface, base, solved, ease)
            offset[kept >= 1] = 0
            missing = pins.pixels - _pixels(base, solved.cameras, solved.actions, base.rest + offset, pins)
            away = np.linalg.norm(missing, axis=1) * (pins.deviation <= weights.firm_mm)
            worst = float(away.max(initial=0))
            if worst < best[0]:
                best = worst, solved, offset
            if worst <= weights.met_px * weights.well_met:
                break
            asked = asked + missing * (away > weights.met_px * weights.well_met)[:, None]
        if best[0] <= weights.met_px:
            break
    _, solved, offset = best
    return solved, offset, _reports(base, solved, offset, pins, names)


def _pixels(base: Base, cameras: Sequence[Camera], actions: np.ndarray, rest: np.ndarray, pins: PinSet) -> np.ndarray:
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


def _unfolded(model: HeadModel, surface: SkinSurface, base: Base, solved: Solved, ease: EaseWeights | None) -> np.ndarray:
    """(N, 3) the offset, carried to what is not skin, without turning any triangle over: at rest and in the first photo.

    Args:
        ease: how it is eased before.
    """
    offset = solved.offset[surface.vertices]
    if not offset.any():
        return np.zeros_like(base.rest)
    rest = base.rest[surface.vertices]
    for vertices in (rest, rest + np.tensordot(solved.actions[0], base.basis, 1)[surface.vertices]):
        if ease is not None:
            offset = eased(vertices, surface.triangles, offset, ease)
        offset = without_folds(vertices, surface.triangles, offset)
    return propagate(model, surface, offset).astype(np.float64)


def _reports(base: Base, solved: Solved, offset: np.ndarray, pins: PinSet, names: list[str]) -> tuple[PinReport, ...]:
    before = _pixels(base, base.cameras, base.actions, base.rest, pins)
    after = _pixels(base, solved.cameras, solved.actions, base.rest + offset, pins)
    away = [np.linalg.norm(one - pins.pixels, axis=1) for one in (before, after)]
    return tuple(
        PinReport(int(view), name, float(first), float(last)) for view, name, first, last in zip(pins.view, names, *away)
    )
