"""The stage that grows hair on a finished head, the same for every method."""

from __future__ import annotations

from ..head.model import HeadModel
from ..system.progress import Progress
from ..wire.settings import Settings
from .solution import Solution

__all__ = ["warm_hair", "with_hair"]


def with_hair(found: Solution, settings: Settings, progress: Progress) -> Solution:
    """The solution with the hair of its photos, unless ``settings.hair`` is off.

    Raises:
        HrnError: ``CANCELLED`` from `progress`.
    """
    if not settings.hair:
        return found
    from ..hair.build import build_hair

    growing = progress.stage("hair", "Growing the hair")
    growing(0.0)
    return found._replace(hair=build_hair(found.model, found.views, found.textures, growing))


def warm_hair(model: HeadModel) -> None:
    """Load the stage and its compiled code before the first photo."""
    from ..hair.build import build_hair  # noqa: F401
    from ..hair.warm import warm_up

    warm_up(model)
