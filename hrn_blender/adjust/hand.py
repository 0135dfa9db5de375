"""What the artist's hand does in Adjust Mode, without a window: pins are set, dragged, taken out, undone. NumPy only."""

from __future__ import annotations

import numpy as np

from .camera import PhotoCamera, project
from .fitted import Fitted
from .follow import Drag, begin_drag
from .hit import nearest_on_screen, point_near
from .pins import History, Pin, PinSet

__all__ = ["Hand"]


class Hand:
    """The pins of one head and what is done with them. Places are pixels of the photo that is shown.

    Args:
        fitted: the head as the engine last fitted it.
        pins: those that it has.
        photo: number of the photo that is shown first.
    """

    def __init__(self, fitted: Fitted, pins: PinSet, photo: int):
        self.fitted = fitted
        self.photo = photo
        self.history = History(pins)
        self.symmetric = False
        self.held: int | None = None
        """The number of the pin in the hand."""
        self._pins: PinSet | None = None
        self._drag: Drag | None = None
        self._grip = (0.0, 0.0)
        self._drawn: dict[int, np.ndarray] = {}

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def pins(self) -> PinSet:
        """The pins as they are at this moment, those in the hand included."""
        return self.history.present if self._pins is None else self._pins

    @property
    def eye(self) -> PhotoCamera:
        """The camera of the photo that is shown."""
        eye = self.fitted.eye(self.photo)
        assert eye is not None
        return eye

    @property
    def posed(self) -> np.ndarray:
        """(N, 3) the head as it is drawn: the fit, or the preview until there is a newer one."""
        return self._drawn.get(self.photo, self.fitted.posed(self.photo))

    def places(self) -> tuple[list[int], np.ndarray, np.ndarray]:
        """The pins of this photo: their numbers, (K, 2) where the mesh has their points, and (K, 2) where they belong."""
        numbers, pins, posed = self.pins.of(self.photo), self.pins.pins, self.posed
        points = np.array([pins[number].point.on(posed) for number in numbers]).reshape(-1, 3)
        targets = np.array([pins[number].pixel for number in numbers], np.float64).reshape(-1, 2)
        return numbers, project(points, self.eye)[0], targets

    def under(self, pixel: tuple[float, float], reach: float) -> int | None:
        """The number of the pin of this photo that lies within `reach` of a pixel."""
        numbers, _, targets = self.places()
        found = nearest_on_screen(targets, pixel, reach)
        return None if found is None else numbers[found]

    # -- what is done --------------------------------------------------------------------------------------------------

    def press(self, pixel: tuple[float, float], reach: float) -> bool:
        """Take the pin there, or set a new one on the skin there; whether there is something in the hand now."""
        number = self.under(pixel, reach)
        pins = self.history.present
        if number is None:
            point = point_near(self.fitted, self.photo, pixel, reach, self.posed)
            if point is None:
                return False
            x, y = project(point.on(self.posed), self.eye)[0]
            pins = pins.added(Pin(self.photo, point, (float(x), float(y))))
            number = len(pins) - 1
        self._grip = pins.pins[number].pixel[0] - pixel[0], pins.pins[number].pixel[1] - pixel[1]
        self._pins, self.held = pins, number
        self._begin()
        return True

    def _begin(self) -> None:
        assert self.held is not None
        pins = self.pins.pins
        others = [pins[number].point for number in self.pins.of(self.photo) if number != self.held]
        self._drag = begin_drag(self.fitted, self.posed, self.eye, pins[self.held].point, others, self.symmetric)

    def move(self, pixel: tuple[float, float]) -> None:
        """Drag what is in the hand along with a pixel; it stays within the photo."""
        if self.held is None or self._pins is None or self._drag is None:
            return
        places = zip(pixel, self._grip, (self.eye.width, self.eye.height))
        x, y = (min(max(value + grip, 0.5), size - 0.5) for value, grip, size in places)
        self._pins = self._pins.moved(self.held, (x, y))
        self._drawn[self.photo] = self._drag.to((x, y))

    def release(self) -> bool:
        """Let go; whether the pins are others than before."""
        if self._pins is None:
            return False
        before = self.history.present
        self.history.push(self._pins)
        self._pins = self._drag = self.held = None
        return self.history.present != before

    def drop(self) -> None:
        """Let go and leave all as it was before the hand took it."""
        self._pins = self._drag = self.held = None
        self._drawn.pop(self.photo, None)

    def remove(self, pixel: tuple[float, float], reach: float) -> bool:
        """Take out the pin there; whether there was one."""
        number = self.under(pixel, reach)
        if number is None or self.held is not None:
            return False
        self.history.push(self.history.present.without([number]))
        return True

    def step_back(self) -> bool:
        """Undo the last change of a pin; whether there was one."""
        return self.held is None and self.history.undo()

    def step_forward(self) -> bool:
        """Redo what was undone last; whether there was something."""
        return self.held is None and self.history.redo()

    def turn_to(self, step: int) -> None:
        """Show the photo that is so many further, around the end."""
        numbers = [eye.number for eye in self.fitted.eyes]
        if self.held is None and numbers:
            self.photo = numbers[(numbers.index(self.photo) + step) % len(numbers)]

    def take(self, fitted: Fitted) -> None:
        """Go on with the engine's newest answer, in the middle of a drag, too."""
        self.fitted = fitted
        self._drawn.clear()
        if fitted.eye(self.photo) is None and fitted.eyes:  # Its camera was deleted.
            self.drop()
            self.photo = fitted.eyes[0].number
        if self.held is not None and self._pins is not None:
            x, y = self._pins.pins[self.held].pixel
            self._begin()
            self.move((x - self._grip[0], y - self._grip[1]))
