"""What a photo shows of the head, texel by texel, and where on the head a texel lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.smoothstep import smoothstep
from ..head.model import HeadModel
from .atlas import Texels, gather
from .weights import WEIGHTS, SightWeights

__all__ = ["Masks", "Place", "Seen", "forehead_trust", "place_of"]


@dataclass(frozen=True)
class Masks:
    """What the pixels of a photo's crop show, (h, w) float32 in [0, 1]."""

    usable: np.ndarray
    """Pixels that are good for texture."""
    skin: np.ndarray
    """Pixels of bare skin."""
    inner: np.ndarray
    """Pixels that lie safely inside the face."""
    brows_shown: bool
    """Whether a brow is in sight."""
    over: np.ndarray
    """What lies over the face."""


@dataclass(frozen=True)
class Seen:
    """The texels of a map in one photo; n texels, float32 in [0, 1] unless said."""

    color: np.ndarray
    """(n, 3) linear, as photographed."""
    weight: np.ndarray
    """(n,) how well each texel is seen."""
    shown: np.ndarray
    """(n,) the same, whatever lies before the skin."""
    front: np.ndarray
    """(n,) bool: not hidden by the head itself."""
    bare: np.ndarray
    """(n,) seen to be bare skin (scalp included)."""
    central: np.ndarray
    """(n,) where neither hair nor grazing light is to be feared."""
    brows: np.ndarray
    eyes: np.ndarray
    lips: np.ndarray
    certain: np.ndarray
    """(n,) within the contours of brows, eyes and lips: dark things belong to the face."""

    @property
    def feature(self) -> np.ndarray:
        """(n,) brows, eyes and lips."""
        return np.clip(np.maximum(np.maximum(self.brows, self.eyes), self.lips), 0, 1)


@dataclass(frozen=True)
class Place:
    """What the model says about n texels."""

    texels: Texels
    triangles: np.ndarray
    """(T, 3) int32."""
    density: np.ndarray
    """(n,) texels per mm."""
    height: np.ndarray
    """(n,) mm above the eyes."""
    part: dict[str, np.ndarray]
    """(n,) float32 weight of eyes, brows, lips, nose, scalp and neck."""

    @property
    def mm(self) -> float:
        """Texels of one millimetre, as a rule."""
        return float(np.median(self.density))


_PARTS = {
    "eyes": ("right_eye", "left_eye"),
    "brows": ("right_brow", "left_brow"),
    "lips": ("upper_lip", "lower_lip"),
    "nose": ("nose",),
    "scalp": ("scalp",),
    "neck": ("neck",),
}
"""Parts of the head that texels are asked for, each with the model's names for it."""


def place_of(model: HeadModel, texels: Texels, density: np.ndarray) -> Place:
    """
    Args:
        density: (N,) texels per mm at the vertices, on a map of side 1.
    """
    triangles = model.triangles.astype(np.int32)
    found = gather(
        texels,
        triangles,
        np.stack([density * texels.size, model.template[:, 1], *(model.part(*names) for names in _PARTS.values())], 1),
    )
    found = np.ascontiguousarray(found.T)
    return Place(texels, triangles, found[0], found[1], dict(zip(_PARTS, found[2:])))


def forehead_trust(place: Place, weights: SightWeights = WEIGHTS.sight) -> np.ndarray:
    """(n,) share of :attr:`Seen.central` that the height leaves: hair falls on the forehead."""
    return 1 - weights.forehead * smoothstep(*weights.forehead_mm, place.height)
