"""One of several photos that a stage fails on is left out of that stage, by name; the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from ..system.failures import ViewFailed, unexpected
from ..types import View
from ..wire.messages import Message
from .solution import StageFailure

__all__ = ["culprit", "without_failing"]

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


def culprit(numbers: Iterable[int], without: Callable[[int], object]) -> int | None:
    """The first of several photos without which a joint stage that failed on all of them succeeds; None where there is none.

    Args:
        numbers: of the photos, in the order in which they are tried.
        without: the stage, less the photo of that number.

    Raises:
        Exception: what concerns all photos, as :func:`~engine.system.failures.unexpected` tells it.
    """
    for number in numbers:
        try:
            without(number)
        except ViewFailed:
            continue
        except Exception as error:
            unexpected(error)
            continue
        return number
    return None
