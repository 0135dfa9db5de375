"""What a child ``engine serve`` can be, how it is started, and what :mod:`.client` reports of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from .errors import HrnError
from .messages import Message

__all__ = ["Early", "EngineState", "Event", "Failed", "Finished", "Launch", "Progress", "Ready", "Stopped"]


class EngineState(str, Enum):
    """What a child can be."""

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
    """How far the request with this `id` has come."""

    id: int
    stage: str
    fraction: float
    """0 to 1 within the stage."""
    message: Message
    overall: float | None = None
    """0 to 1 over the whole request, if the engine says so."""


@dataclass(frozen=True)
class Early:
    """The request with this `id` has something to show before it is finished."""

    id: int
    file: str
    """An NPZ of :mod:`engine.pipeline.early`, in the folder that the request named."""


@dataclass(frozen=True)
class Finished:
    """The request with this `id` has succeeded; `result` is its answer."""

    id: int
    result: dict


@dataclass(frozen=True)
class Failed:
    """A request failed; the error's code is ``CANCELLED`` when the user wanted it so."""

    id: int
    error: HrnError
    lost: bool = False
    """The child is gone with it: it died, hung or talked nonsense."""
    was_ready: bool = True
    """False when that child had not even come up."""


@dataclass(frozen=True)
class Stopped:
    """The child is gone although no request suffers from it."""

    reason: str


Event = Ready | Progress | Early | Finished | Failed | Stopped
