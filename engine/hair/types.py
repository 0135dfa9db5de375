"""What the stages of the hair hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..camera import Camera
from ..wire.hair import HairStyle
from ..wire.messages import Message

__all__ = ["Hair", "HairMask", "HairWarning", "Tufts", "HairView", "Strands", "Window", "no_strands"]


@dataclass(frozen=True)
class Window:
    """The part of one photo in which hair is looked for, with a face 150 pixels wide.

    All pictures are (H, W). Where the head reaches beyond the photo, the window does too: there the photo's border is
    repeated and `shown` is False.
    """

    rgb: np.ndarray
    """(H, W, 3) uint8 sRGB."""
    camera: Camera
    """The photo's camera for the pixels of this window."""
    shown: np.ndarray
    """(H, W) bool: inside the photo."""
    face: float
    """Width of the face in pixels of the window."""
    landmarks: np.ndarray
    """(478, 2) float32 pixels of the window."""
    level: np.ndarray
    """(H, W) float32 height along the face's axis: 0 at the chin, 1 at the top of the face's oval."""
    head_near: np.ndarray
    """(H, W) float32 mm along the viewing axis to the fitted head's skin, infinity beside it."""
    head_far: np.ndarray
    """(H, W) float32 mm to the last of its skin, minus infinity beside it."""
    parts: dict[str, np.ndarray]
    """Weights (H, W) float32 of the head's surface parts (:data:`engine.head.parts`) that are seen in front."""
    skin: np.ndarray
    """(H, W) float32 in [0, 1]: bare skin of this face."""
    surface: np.ndarray
    """(H, W) float32 in [0, 1]: `skin` with brows, eyes and lips."""
    brow: np.ndarray
    """(H, W) float32 in [0, 1]: the brows' place by the landmarks where nothing covers it."""
    origin: tuple[float, float]
    """Pixel of the photo at the window's top left corner."""
    scale: float
    """Pixels of the window per pixel of the photo."""
    hues_guessed: bool = False
    """Colors say nothing that brightness does not: :attr:`engine.types.Photo.hues_guessed`."""


@dataclass(frozen=True)
class HairMask:
    """Where one photo shows hair of this head, in pixels of the window."""

    hair: np.ndarray
    """(H, W) float32 alpha of scalp hair, also where the window exceeds the photo."""
    brow: np.ndarray
    """(H, W) float32 alpha of brow hair."""
    beard: np.ndarray
    """(H, W) float32 alpha of beard and stubble."""
    person: np.ndarray
    """(H, W) float32: people against background, 1 everywhere when no matting network is installed."""
    refusal: str = ""
    """Why there is no scalp hair to be built: ``bald``, ``covered`` (a cap, a scarf), ``unclear``; empty if there is."""


@dataclass(frozen=True)
class HairView:
    """One photo with its window and its mask."""

    window: Window
    mask: HairMask


@dataclass(frozen=True)
class Strands:
    """Guide curves on the head as it is in the first photo. G guides of P points, roots first."""

    points: np.ndarray
    """(G, P, 3) float32 mm, model space."""
    root_face: np.ndarray
    """(G,) int32 triangle of :func:`engine.hair.skin.skin_triangles` that holds the root."""
    root_weights: np.ndarray
    """(G, 3) float32 barycentric weights in it."""
    radius: np.ndarray
    """(G, P) float32 mm."""
    color: np.ndarray
    """(G, P, 3) float32 linear sRGB."""
    source: np.ndarray
    """(G,) uint8, as in :class:`engine.wire.hair.HairGroup`."""
    layer: np.ndarray
    """(G,) uint8, as there."""


def no_strands(points: int) -> Strands:
    """A group without curves."""
    return Strands(
        np.zeros((0, points, 3), np.float32),
        np.zeros(0, np.int32),
        np.zeros((0, 3), np.float32),
        np.zeros((0, points), np.float32),
        np.zeros((0, points, 3), np.float32),
        np.zeros(0, np.uint8),
        np.zeros(0, np.uint8),
    )


class Tufts(NamedTuple):
    """The guides of one group and what grows around them."""

    strands: Strands
    style: HairStyle

    @property
    def points(self) -> np.ndarray:
        """(G, P, 3) float32 mm: of `strands`."""
        return self.strands.points


@dataclass(frozen=True)
class HairWarning:
    """Why an artist should look at the hair before trusting it."""

    code: str
    """A name for programs."""
    message: Message


@dataclass(frozen=True)
class Hair:
    """All that grows on one head."""

    tufts: dict[str, Tufts]
    """By their names in :data:`engine.wire.hair.GROUPS`; those without curves are absent."""
    scalp_color: np.ndarray
    """(3,) float32 linear sRGB of the skin between the hair's roots."""
    albedo_bare: np.ndarray | None
    """(S, S, 3) uint8 sRGB: the albedo without painted brows, lashes and beard; None where nothing grows."""
    masks: tuple[np.ndarray, ...]
    """(H, W) uint8 alpha of the hair in each photo, in pixels of the photo."""
    report: dict[str, object]
    """What was seen, completed and guessed: ``quality.hair`` of the manifest."""
    warnings: tuple[HairWarning, ...] = ()
