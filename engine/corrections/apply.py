"""A fit with corrections: the geometry that they make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..fit.skin_surface import skin_surface
from ..head.model import HeadModel
from ..wire.corrections import Corrections, refuse_other_photos
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, say
from .base import Base
from .locks import locked
from .meet import Meeting, Met, pinned_pixels
from .neutral import as_neutral
from .sliders import slid
from .solve import PinSet
from .weights import WEIGHTS, CorrectionWeights

__all__ = ["Corrected", "PinReport", "corrected"]


@dataclass(frozen=True)
class PinReport:
    """How far a pin's place is from where it was dragged to."""

    photo: int
    """Number of the camera."""
    id: str
    before_px: float
    error_px: float
    outvoted: bool
    """The others contradict it."""

    def to_json(self) -> dict:
        """The report as the engine's answer has it."""
        return {
            "photo": self.photo,
            "id": self.id,
            "before_px": round(self.before_px, 3),
            "error_px": round(self.error_px, 3),
            "outvoted": self.outvoted,
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
    if not names:
        return Corrected(base, np.zeros_like(base.rest), base.actions, base.cameras, (), ())
    found = Meeting(model, surface, base, corrections.switches, kept, weights).met(pins)
    reports = _reports(base, found, pins, names)
    numbers = {photo.sha256: photo.name for photo in corrections.photos}
    photos = [numbers.get(sha256, "") for sha256 in base.photos]
    return Corrected(
        base, found.offset, found.solved.actions, found.solved.cameras, reports, _warnings(reports, photos, weights.met_px)
    )


def _warnings(reports: tuple[PinReport, ...], photos: list[str], met_px: float) -> tuple[tuple[str, Message], ...]:
    """What is to be told of the pins.

    Args:
        photos: name of each camera's photo.
    """
    found = []
    for number, one in enumerate(reports, 1):
        if one.outvoted and one.error_px > met_px:
            sentence = say(
                "Pin {number} in {photo} is {pixels:.1f} pixels off: the other pins contradict it.",
                number=number,
                photo=photos[one.photo],
                pixels=one.error_px,
            )
            found.append(("pin_outvoted", sentence))
    missed = [one.error_px for one in reports if one.error_px > met_px and not one.outvoted]
    if missed:
        sentence = say(
            "{count} pins are not met, by up to {pixels:.0f} pixels: locks, switches or other pins hold the head.",
            count=len(missed),
            pixels=max(missed),
        )
        found.append(("pin_not_met", sentence))
    return tuple(found)


def _refuse_another_head(model: HeadModel, base: Base, corrections: Corrections) -> None:
    """
    Raises:
        HrnError: ``CORRECTIONS_INVALID`` for corrections of another mesh or of other photos.
    """
    if corrections.head_model_version not in ("", model.version) or len(base.rest) != len(model.template):
        raise HrnError(ErrorCode.CORRECTIONS_INVALID, "The corrections belong to a head with another mesh.")
    refuse_other_photos(corrections, base.photos)
    for photo in corrections.photos:
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


def _reports(base: Base, found: Met, pins: PinSet, names: list[str]) -> tuple[PinReport, ...]:
    before = np.linalg.norm(pinned_pixels(base, base.cameras, base.actions, base.rest, pins) - pins.pixels, axis=1)
    return tuple(
        PinReport(int(view), name, float(first), float(last), bool(out))
        for view, name, first, last, out in zip(pins.view, names, before, found.away, found.outvoted(pins))
    )
