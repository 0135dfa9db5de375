"""The pins of a head, and the way back from each change. No Blender."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .hit import SurfacePoint

__all__ = ["History", "Pin", "PinSet"]


@dataclass(frozen=True)
class Pin:
    """This point of the head belongs at this pixel of this photo."""

    photo: int
    """Number of the photo, from 0."""
    point: SurfacePoint
    pixel: tuple[float, float]
    """In the photo, (0.5, 0.5) in the middle of the upper left pixel."""


@dataclass(frozen=True)
class PinSet:
    """All pins of a head, over all its photos. Never changes: each change makes another one, which is what undo keeps."""

    pins: tuple[Pin, ...] = ()

    def __len__(self) -> int:
        return len(self.pins)

    def __iter__(self):
        return iter(self.pins)

    def of(self, photo: int) -> list[int]:
        """Numbers of the pins in one photo."""
        return [number for number, pin in enumerate(self.pins) if pin.photo == photo]

    def added(self, pin: Pin) -> PinSet:
        """With one more, the last."""
        return PinSet((*self.pins, pin))

    def moved(self, number: int, pixel: tuple[float, float]) -> PinSet:
        """With one of them at another pixel of its photo."""
        pins = list(self.pins)
        pins[number] = replace(pins[number], pixel=(float(pixel[0]), float(pixel[1])))
        return PinSet(tuple(pins))

    def without(self, numbers: Iterable[int]) -> PinSet:
        """Without these."""
        gone = set(numbers)
        return PinSet(tuple(pin for number, pin in enumerate(self.pins) if number not in gone))


class History:
    """States one after another, of which one is the present.

    Args:
        present: the first one.
        limit: how many are kept at most.
    """

    def __init__(self, present, limit: int = 256):
        self._states = [present]
        self._now = 0
        self._limit = limit

    @property
    def present(self):
        return self._states[self._now]

    @property
    def changed(self) -> bool:
        """Whether there is a way back."""
        return self._now > 0

    def push(self, state) -> None:
        """Make `state` the present; what had been undone is gone. The present itself is not pushed again."""
        if state == self.present:
            return
        self._states = [*self._states[: self._now + 1], state][-self._limit :]
        self._now = len(self._states) - 1

    def undo(self) -> bool:
        """One step back; False at the beginning."""
        if self._now == 0:
            return False
        self._now -= 1
        return True

    def redo(self) -> bool:
        """One step forward; False at the end."""
        if self._now + 1 == len(self._states):
            return False
        self._now += 1
        return True
