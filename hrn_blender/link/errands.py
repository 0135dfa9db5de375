"""Small requests to the engine beside the queue of reconstructions. No bpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import Message

__all__ = ["Errand"]


def _ignore(*_) -> None:
    pass


@dataclass(eq=False)
class Errand:
    """One request, whose end is a call of `done` or `failed`, never of both."""

    method: str
    params: dict
    done: Callable[[dict], None]
    """Called with the result."""
    failed: Callable[[HrnError], None] = _ignore
    """Called with what went wrong; ``CANCELLED`` when it was given up."""
    title: Message | str = ""
    """What the panel says while it runs; empty for what takes a moment."""
    fraction: float = 0.0
    """0 to 1 where the engine tells."""
    request_id: int | None = None
    ended: bool = False
    given_up: bool = False
    """Nobody wants the result any more, which may come all the same."""

    def finish(self, result: dict) -> None:
        """The engine has answered."""
        if self.given_up:
            self.drop()
            return
        self.ended = True
        self.done(result)

    def fail(self, error: HrnError) -> None:
        """It has come to nothing."""
        self.ended = True
        self.failed(error)

    def drop(self) -> None:
        """It is given up: before the engine has heard of it, or when its answer was on its way."""
        self.fail(HrnError(ErrorCode.CANCELLED, "Nothing was changed."))
