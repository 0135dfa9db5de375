"""The stage that grows hair on a finished head, the same for every method."""

from __future__ import annotations

from ..hair.types import Hair
from ..head.model import HeadModel
from ..system.failures import ViewFailed, of_view
from ..system.progress import Progress
from ..types import View
from ..wire.messages import say
from ..wire.settings import Settings
from .leave_out import without_failing
from .solution import Solution, StageFailure

__all__ = ["warm_hair", "with_hair"]


def with_hair(found: Solution, settings: Settings, progress: Progress) -> Solution:
    """The solution with the hair of its photos, unless ``settings.hair`` is off.

    Photos on which the stage fails are left out of it; a head whose reference it fails on stays bald. Both are reported.

    Raises:
        HrnError: ``CANCELLED`` from `progress`, lack of memory.
    """
    if not settings.hair:
        return found
    from ..hair.build import build_hair

    growing = progress.stage("hair", "Growing the hair")
    growing(0.0)
    stage = say("hair")

    def grow(views: tuple[View, ...]) -> Hair:
        with of_view(0):  # what cannot be blamed on one of the others
            return build_hair(found.model, views, found.textures, growing)

    try:
        hair, failures = without_failing(stage, found.views, grow)
    except ViewFailed as failed:
        hair, failures = None, (StageFailure(stage, found.photo.name, failed.error),)
    return found._replace(hair=hair, failures=found.failures + failures)


def warm_hair(model: HeadModel) -> None:
    """Load the stage and its compiled code before the first photo."""
    from ..hair.build import build_hair  # noqa: F401
    from ..hair.warm import warm_up

    warm_up(model)
