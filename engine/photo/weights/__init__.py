"""What the photo stage believes about faces, skin and what covers them, as numbers with unit and meaning.

Where a docstring names no source, the number was set by looking at the development photos. Colours are linear by the plain
power of :func:`engine.wire.color.power_to_linear`, "of the face" is a share of its width.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .color import Hue, JudgeWeights, NaturalWeights, TintWeights
from .covers import BiteWeights, CoverWeights
from .face import CropWeights, DepthWeights, EachEyeWeights, FocalWeights, LandmarkWeights, MaskedWeights, QualityWeights
from .parts import PartWeights
from .skin import SKIN_HUE, MixtureWeights, SkinWeights
from .thin import ShadingWeights, ThinWeights
from .veil import VeilWeights

__all__ = [
    "SKIN_HUE",
    "WEIGHTS",
    "BiteWeights",
    "CoverWeights",
    "CropWeights",
    "DepthWeights",
    "EachEyeWeights",
    "FocalWeights",
    "Hue",
    "JudgeWeights",
    "LandmarkWeights",
    "MaskedWeights",
    "MixtureWeights",
    "NaturalWeights",
    "PartWeights",
    "PhotoWeights",
    "QualityWeights",
    "ShadingWeights",
    "SkinWeights",
    "ThinWeights",
    "TintWeights",
    "VeilWeights",
]


@dataclass(frozen=True)
class PhotoWeights:
    """All of them."""

    crop: CropWeights = field(default_factory=CropWeights)
    focal: FocalWeights = field(default_factory=FocalWeights)
    depth: DepthWeights = field(default_factory=DepthWeights)
    landmarks: LandmarkWeights = field(default_factory=LandmarkWeights)
    masked: MaskedWeights = field(default_factory=MaskedWeights)
    each_eye: EachEyeWeights = field(default_factory=EachEyeWeights)
    mixture: MixtureWeights = field(default_factory=MixtureWeights)
    skin: SkinWeights = field(default_factory=SkinWeights)
    covers: CoverWeights = field(default_factory=CoverWeights)
    bite: BiteWeights = field(default_factory=BiteWeights)
    quality: QualityWeights = field(default_factory=QualityWeights)
    parts: PartWeights = field(default_factory=PartWeights)
    thin: ThinWeights = field(default_factory=ThinWeights)
    shading: ShadingWeights = field(default_factory=ShadingWeights)
    judge: JudgeWeights = field(default_factory=JudgeWeights)
    tint: TintWeights = field(default_factory=TintWeights)
    natural: NaturalWeights = field(default_factory=NaturalWeights)
    veil: VeilWeights = field(default_factory=VeilWeights)


WEIGHTS = PhotoWeights()
"""What is believed unless something else is given."""
