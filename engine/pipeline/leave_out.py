"""One of several photos that a stage fails on is left out of that stage, by name; the others go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..system.failures import ViewFailed
from ..types import View
from ..wire.messages import Message
from .solution import StageFailure

__all__ = ["without_failing"]

Result = TypeVar("Result")


def without_failing(
    stage: Message, views: tuple[View, ...], work: Callable[[tuple[View, ...]], Result]
) -> tuple[Result, tuple[StageFailure, ...]]:
    """What a stage makes of the photos, and those that it could not use.

    Args:
        stage: what it makes, for the report.
        views: the first is the reference, without which the stage cannot work.
        work: the stage.

    Raises:
        ViewFailed: the stage fails on the reference; its number is 0.
    """
    kept = list(views)
    failures: list[StageFailure] = []
    while True:
        try:
            return work(tuple(kept)), tuple(failures)
        except ViewFailed as failed:
            if failed.number == 0:
                raise
            failures.append(StageFailure(stage, kept.pop(failed.number).photo.name, failed.error))
