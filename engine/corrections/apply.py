"""A fit with corrections: the geometry that they make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..fit.mid.deformation import propagate, without_folds
from ..fit.skin_surface import SkinSurface, skin_surface
from ..head.model import HeadModel
from ..wire.corrections import Corrections
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, say
from .base import Base
from .locks import locked
from .sliders import slid
from .solve import PinSet, Solved, solve_pins
from .weights import WEIGHTS, CorrectionWeights

__all__ = ["Corrected", "PinReport", "corrected", "refuse_another_head"]


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
    refuse_another_head(model, base, corrections)
    pins, names = _pin_set(base, corrections)
    surface = skin_surface(model)
    kept = locked(model, surface, corrections.locks, weights.hold)
    base = slid(model, base, corrections.sliders, pins, kept)
    solved = solve_pins(model, base, pins, corrections.switches, kept, weights)
    offset = _unfolded(model, surface, base, solved)
    offset[kept >= 1] = 0
    reports = _reports(base, solved, offset, pins, names)
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


def refuse_another_head(model: HeadModel, base: Base, corrections: Corrections) -> None:
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
        if abs(photo.size[0] / photo.size[1] * camera.height / camera.width - 1) > 2 / min(camera.width, camera.height):
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


def _unfolded(model: HeadModel, surface: SkinSurface, base: Base, solved: Solved) -> np.ndarray:
    """(N, 3) the offset, carried to what is not skin, without turning any triangle over: at rest and in the first photo."""
    offset = solved.offset[surface.vertices]
    if not offset.any():
        return np.zeros_like(base.rest)
    offset = without_folds(base.rest[surface.vertices], surface.triangles, offset)
    moved = np.tensordot(solved.actions[0], base.basis, 1)[surface.vertices]
    offset = without_folds(base.rest[surface.vertices] + moved, surface.triangles, offset)
    return propagate(model, surface, offset).astype(np.float64)


def _reports(base: Base, solved: Solved, offset: np.ndarray, pins: PinSet, names: list[str]) -> tuple[PinReport, ...]:
    found = []
    for number, view in enumerate(pins.view):
        away = []
        for camera, actions, extra in (
            (base.cameras[view], base.actions[view], 0),
            (solved.cameras[view], solved.actions[view], offset),
        ):
            corner = pins.corners[number]
            posed = (base.rest + extra)[corner] + np.tensordot(actions, base.basis[:, corner], 1)
            pixel = camera.project((pins.shares[number] @ posed)[None])[0][0]
            away.append(float(np.linalg.norm(pixel - pins.pixels[number])))
        found.append(PinReport(int(view), names[number], *away))
    return tuple(found)
