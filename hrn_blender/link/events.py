"""What an engine child can be, how it is started, and what it reports. No bpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ..engine.wire.errors import HrnError
from ..engine.wire.messages import Message

__all__ = ["EngineState", "Event", "Failed", "Finished", "Launch", "Progress", "Ready", "Stopped", "message_of"]


class EngineState(str, Enum):
    STOPPED = "stopped"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"


@dataclass(frozen=True)
class Launch:
    """How to start the engine."""

    command: Sequence[str]
    env: Mapping[str, str]
    cwd: str | None = None


@dataclass(frozen=True)
class Ready:
    """The engine started and answered; `info` is its result of ``initialize``."""

    info: dict
    seconds: float


@dataclass(frozen=True)
class Progress:
    id: int
    stage: str
    fraction: float
    """0 to 1 within the stage."""
    message: Message
    overall: float | None = None
    """0 to 1 over the whole request, if the engine says so."""


@dataclass(frozen=True)
class Finished:
    id: int
    result: dict


@dataclass(frozen=True)
class Failed:
    """A request failed; the error's code is ``CANCELLED`` when the user wanted it so."""

    id: int
    error: HrnError


@dataclass(frozen=True)
class Stopped:
    """The child is gone although no request suffers from it."""

    reason: str


def message_of(said: object) -> Message:
    """The message that the engine has written: as an object with its template and parameters, or as plain text."""
    return Message.from_json(said) if isinstance(said, dict) else Message(str(said))


Event = Ready | Progress | Finished | Failed | Stopped
