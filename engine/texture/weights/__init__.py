"""What the texture believes about skin, light and photos, as numbers with unit and meaning.

Where a docstring names no source, the number was chosen by looking at the heads of photos that differ in light, age, skin and
hair; it is a taste that stands where nothing was measured. Pairs are the beginning and the end of a smooth step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .completion import (
    WAVES_MM,
    CompletionWeights,
    FieldWeights,
    GrainWeights,
    LevelWeights,
    NoiseWeights,
    PadWeights,
    PaintWeights,
    ReliefWeights,
    ScalpWeights,
)
from .paint import EyeWeights, InnerWeights, MouthWeights, ToothWeights
from .photos import AlignWeights, ChromaWeights, MaskWeights, MergeWeights, SightWeights, SlideWeights, ViewWeights
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
    "WAVES_MM",
    "WEIGHTS",
    "AlignWeights",
    "BalanceWeights",
    "ChromaWeights",
    "CompletionWeights",
    "DarkWeights",
    "EvenWeights",
    "EyeWeights",
    "FieldWeights",
    "FlatWeights",
    "GlossWeights",
    "GrainWeights",
    "HairWeights",
    "HighlightWeights",
    "InnerWeights",
    "LevelWeights",
    "LipWeights",
    "MaskWeights",
    "MergeWeights",
    "MouthWeights",
    "NoiseWeights",
    "PadWeights",
    "PaintWeights",
    "ReliefWeights",
    "ScalpWeights",
    "ShadingWeights",
    "SightWeights",
    "SlideWeights",
    "StrandWeights",
    "TextureWeights",
    "ToothWeights",
    "ViewWeights",
]


@dataclass(frozen=True)
class TextureWeights:
    """All of them."""

    analysis_size: int = 1024
    """Side of the map on which everything smooth is worked out, texels."""
    floor: float = 2e-3
    """Linear value as which darker colours count where colours are compared as logarithms."""
    view: ViewWeights = field(default_factory=ViewWeights)
    slide: SlideWeights = field(default_factory=SlideWeights)
    chroma: ChromaWeights = field(default_factory=ChromaWeights)
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
    noise: NoiseWeights = field(default_factory=NoiseWeights)
    grain: GrainWeights = field(default_factory=GrainWeights)
    fields: FieldWeights = field(default_factory=FieldWeights)
    paint: PaintWeights = field(default_factory=PaintWeights)
    pad: PadWeights = field(default_factory=PadWeights)
    inner: InnerWeights = field(default_factory=InnerWeights)
    eyes: EyeWeights = field(default_factory=EyeWeights)
    teeth: ToothWeights = field(default_factory=ToothWeights)
    mouth: MouthWeights = field(default_factory=MouthWeights)


WEIGHTS = TextureWeights()
"""What is believed unless something else is given."""
