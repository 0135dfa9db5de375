"""How far a piece of work has come, passed on to whoever asked for it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["SILENT", "Progress", "Receiver"]

Receiver = Callable[[str, float, str], object]
"""``receiver(stage, fraction, message)``: what callers of the engine give. The fraction is 0 to 1 within the stage, which is one
of :data:`engine.wire.protocol.STAGES`. What the receiver raises ends the work: ``CANCELLED`` when the user gave up."""


class Progress:
    """A range of a stage that one piece of work fills from 0 to 1.

    Work calls it now and then, and gives parts of it to the work that it consists of::

        progress(0.0)
        regions = segment(photo, progress.part(0.0, 0.3, "Finding bare skin"))
        for number, photo in enumerate(photos):
            progress((number + 1) / len(photos))

    Calls and parts may come from several threads when the receiver allows it; nothing changes in the object itself.

    Args:
        receiver: called with stage, fraction and message; None listens to nothing.
    """

    __slots__ = ("_message", "_receiver", "_span", "_stage", "_start")

    def __init__(self, receiver: Receiver | None = None):
        self._receiver = receiver
        self._stage = self._message = ""
        self._start, self._span = 0.0, 1.0

    def __call__(self, fraction: float, message: str | None = None) -> None:
        """Say that this fraction of the work is done.

        Args:
            fraction: 0 to 1.
            message: what is done now; the message of the part where omitted.

        Raises:
            HrnError: ``CANCELLED`` when the user gave up; whatever else the receiver raises.
        """
        if self._receiver is not None:
            self._receiver(self._stage, self._start + self._span * fraction, self._message if message is None else message)

    def stage(self, stage: str, message: str = "") -> Progress:
        """All of one of the stages."""
        found = Progress(self._receiver)
        found._stage, found._message = stage, message
        return found

    def part(self, start: float, end: float, message: str | None = None) -> Progress:
        """The range from `start` to `end` of this one, under a message of its own where one is given."""
        found = Progress(self._receiver)
        found._stage, found._message = self._stage, self._message if message is None else message
        found._start, found._span = self._start + self._span * start, self._span * (end - start)
        return found


SILENT = Progress()
"""Work that nobody watches."""
