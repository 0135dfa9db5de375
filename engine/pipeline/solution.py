"""What a method found out about one head, ready to be written as a bundle."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..hair.types import Hair
from ..head.model import HeadModel
from ..types import CoarseFit, FaceObservation, MidFit, Photo, Textures, View
from ..wire.errors import HrnError
from ..wire.messages import Message

__all__ = ["KeptCorrections", "LeftOut", "Solution", "StageFailure"]


class LeftOut(NamedTuple):
    """A photo that contributes nothing to the head."""

    name: str
    error: HrnError
    path: str | os.PathLike | None = None


class StageFailure(NamedTuple):
    """A photo that helped the head, but not in one stage, which failed on it."""

    stage: Message
    """What the stage makes."""
    name: str
    error: HrnError


class KeptCorrections(NamedTuple):
    """What a bundle keeps of corrections by hand, and of the fit before them."""

    content: dict
    """As JSON."""
    masks: dict[str, Path]
    """Name in the bundle -> file."""
    base: dict
    """Cameras, actions and identity before them, as JSON."""
    arrays: dict[str, np.ndarray]
    """The head before them, metres."""
    warnings: tuple[tuple[str, Message], ...] = ()
    """Codes and sentences."""


class Solution(NamedTuple):
    """Everything that the stages found out about one head."""

    model: HeadModel
    views: tuple[View, ...]
    """The photo that shows the face best comes first; its facial actions are the head's."""
    textures: Textures
    left_out: tuple[LeftOut, ...] = ()
    hair: Hair | None = None
    """None where none was asked for."""
    failures: tuple[StageFailure, ...] = ()
    corrections: KeptCorrections | None = None
    """None where nothing was corrected by hand."""

    @property
    def photo(self) -> Photo:
        return self.views[0].photo

    @property
    def observation(self) -> FaceObservation:
        return self.views[0].observation

    @property
    def coarse(self) -> CoarseFit:
        return self.views[0].coarse

    @property
    def mid(self) -> MidFit:
        return self.views[0].mid

    @property
    def posed(self) -> np.ndarray:
        """(N, 3) float32 mm: the head as it is in the first photo, expression and deformation included."""
        return self.model.posed(self.views[0])
