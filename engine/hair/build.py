"""All that grows on one head: hair, brows, lashes and beard, from its photos."""

from __future__ import annotations

from collections.abc import Sequence

from ..head.model import HeadModel
from ..system.progress import SILENT, Progress
from ..types import Textures, View
from .mask import hair_mask
from .types import Hair, HairView
from .window import make_window

__all__ = ["build_hair"]


def build_hair(model: HeadModel, views: Sequence[View], textures: Textures, progress: Progress = SILENT) -> Hair:
    """The hair, brows, lashes and beard of a head.

    Args:
        views: the head's photos; the groom is made on the head as it is in the first.
        progress: may raise to cancel.
    """
    posed = [model.shape(view.coarse.identity, view.coarse.expression) + view.mid.deformation for view in views]
    looking = progress.part(0.0, 0.4, "Finding the hair")
    seen = []
    for number, (view, vertices) in enumerate(zip(views, posed)):
        looking(number / len(views))
        window = make_window(model, vertices, view)
        seen.append(HairView(window, hair_mask(window)))
    raise NotImplementedError
