"""What the texture believes about skin, light and photos, as numbers with unit and meaning.

Where a docstring names no source, the number was chosen by looking at the heads of photos that differ in light, age, skin and
hair; it is a taste that stands where nothing was measured. Pairs are the beginning and the end of a smooth step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .completion import CompletionWeights, GrainWeights, LevelWeights, PaintWeights, ReliefWeights, ScalpWeights
from .photos import AlignWeights, MaskWeights, MergeWeights, SightWeights
from .skin import (
    BalanceWeights,
    DarkWeights,
    EvenWeights,
    FlatWeights,
    GlossWeights,
    HairWeights,
    HighlightWeights,
    LipWeights,
    ShadingWeights,
    StrandWeights,
)

__all__ = [
    "WEIGHTS",
    "AlignWeights",
    "BalanceWeights",
    "CompletionWeights",
    "DarkWeights",
    "EvenWeights",
    "FlatWeights",
    "GlossWeights",
    "GrainWeights",
    "HairWeights",
    "HighlightWeights",
    "LevelWeights",
    "LipWeights",
    "MaskWeights",
    "MergeWeights",
    "PaintWeights",
    "ReliefWeights",
    "ScalpWeights",
    "ShadingWeights",
    "SightWeights",
    "StrandWeights",
    "TextureWeights",
]


@dataclass(frozen=True)
class TextureWeights:
    """All of them."""

    analysis_size: int = 1024
    """Side of the map on which everything smooth is worked out, texels."""
    mask: MaskWeights = field(default_factory=MaskWeights)
    sight: SightWeights = field(default_factory=SightWeights)
    shading: ShadingWeights = field(default_factory=ShadingWeights)
    flat: FlatWeights = field(default_factory=FlatWeights)
    balance: BalanceWeights = field(default_factory=BalanceWeights)
    highlight: HighlightWeights = field(default_factory=HighlightWeights)
    hair: HairWeights = field(default_factory=HairWeights)
    align: AlignWeights = field(default_factory=AlignWeights)
    merge: MergeWeights = field(default_factory=MergeWeights)
    strands: StrandWeights = field(default_factory=StrandWeights)
    even: EvenWeights = field(default_factory=EvenWeights)
    scalp: ScalpWeights = field(default_factory=ScalpWeights)
    relief: ReliefWeights = field(default_factory=ReliefWeights)
    dark: DarkWeights = field(default_factory=DarkWeights)
    gloss: GlossWeights = field(default_factory=GlossWeights)
    lips: LipWeights = field(default_factory=LipWeights)
    level: LevelWeights = field(default_factory=LevelWeights)
    completion: CompletionWeights = field(default_factory=CompletionWeights)
    grain: GrainWeights = field(default_factory=GrainWeights)
    paint: PaintWeights = field(default_factory=PaintWeights)


WEIGHTS = TextureWeights()
"""What is believed unless something else is given."""
