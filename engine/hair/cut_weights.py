"""What tells cuts and tied hair apart, and how such hair is built: each number with its unit."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CutWeights", "TiedWeights"]

Range = tuple[float, float]
"""From where on, and where wholly; or least and largest."""


@dataclass(frozen=True)
class CutWeights:
    """What tells the cuts apart, and how long short ones are."""

    band: tuple[float, float, float] = (0.03, 0.018, 0.6)
    """Where strands beside the skull are looked at: so far within its outline at most, so far within the hair's at least,
    face widths, and above this level."""
    radial: float = 0.29
    """Squared cosine to the way out of the skull from which on short rough hair stands ..."""
    upright: float = 34.0
    """... if it is thicker than that, mm: thinner hair that runs away from the skull at its outline is swept back."""
    rough: float = 0.74
    """Coherence below which short hair is rough."""
    coiled: float = 0.45
    """Coherence below which hair is a ball of coils ..."""
    coiled_low: float = 0.35
    """... unless more of it than that hangs below the chin, squared face widths."""
    curly: Range = (0.54, 0.46)
    """Coherence below which short hair begins to be coiled, and at which it wholly is: in between coils are flatter, or a
    little noise, size or blur of a photo would decide between straight and coiled."""
    curly_long: Range = (0.71, 0.60)
    """The same of long hair."""
    coils: tuple[tuple[float, float, float], ...] = ((0.38, 3.0, 9.0), (0.50, 5.0, 16.0), (0.65, 8.0, 30.0))
    """Coherence of curly hair, the radius of its coils and the length of one turn, mm: the finer the coils, the more they
    cross."""
    thickness: float = 115.0
    """Largest thickness of hair that stands, mm."""
    tallest: float = 120.0
    """Longest strand that stands, mm."""
    lean: float = 0.35
    """How far straight standing hair leans the way that the photos show, against the way out of the skin."""
    lean_curly: float = 0.08
    """The same of coils."""
    sleek: Range = (0.62, 0.82)
    """Coherence from which on short hair is partly, and wholly sleek."""
    rough_length: tuple[float, float] = (6.0, 1.8)
    """Length of rough hair: mm, and times its thickness."""
    sleek_length: tuple[float, float] = (17.0, 2.9)
    """The same of sleek hair."""
    cropped: Range = (3.0, 10.0)
    """Thickness below which hair is cropped, and from which on it is as long as it looks, mm."""
    flat_top: Range = (0.75, 1.0)
    """Levels from which on hair is partly, and wholly at least as long as that beside the ears, however flat it lies."""
    longest: float = 110.0
    """Most length of short hair, mm."""
    full_sides: tuple[float, float, float] = (17.0, 28.0, 1.6)
    """Thickness beside the ears from which on hair that ends above the chin is longer than that, at which it wholly is, mm,
    and how many times as long it then is."""
    stretched: float = 1.1
    """Straight standing hair is so many times as long as it stands off the skull: it leans."""
    thin: float = 3.2
    """Thickness below which short hair is a shell whatever its strands look like: what is seen of so narrow a band is its
    border, mm."""


@dataclass(frozen=True)
class TiedWeights:
    """Hair that is gathered to a bun or a tail."""

    thickness: float = 13.0
    """Gathered hair lies tighter than that elsewhere, mm."""
    coherence: float = 0.70
    """It is more parallel than that."""
    ears: float = 0.5
    """Share of an ear that hair covers, at most."""
    unseen: float = 7.5
    """Hair that lies tighter than that may be gathered behind the head where no photo looks, mm (known tails 4.7 to 7.5, short
    grey hair 7.8: of what lies looser nothing is said) ..."""
    profile: float = 50.0
    """... and degrees from which on a photo would show a tail there."""
    beyond: float = 9.0
    """Hair farther beyond the skull's outline than all of it is thick, and this, stands out, mm."""
    widest: float = 0.62
    """Greatest width of what stands out above the ears, face widths: a whole head of hair is not a bun."""
    joined: float = 4.0
    """The same of what is joined to it, mm."""
    below: float = 0.30
    """Level below which hair that is not on the face stands out."""
    least: float = 0.012
    """Least area of what stands out, squared face widths."""
    least_width: float = 0.05
    """Least width of it, face widths."""
    compact: float = 1.7
    """A bun is less than so many times as tall as it is wide ..."""
    hangs: float = 0.38
    """... or lies above this level; what hangs lower is a tail."""
    hidden: float = 220.0
    """Length of a tail whose end the shoulders hide, mm."""
    bun: Range = (26.0, 42.0)
    """Least and largest radius of a bun, mm."""
    tail: Range = (190.0, 380.0)
    """Least and largest length of a tail, mm."""
    thick: float = 15.0
    """Half the thickness of a tail, mm."""
    middle: float = 8.0
    """Hair is gathered so near to the middle of the mean head, mm ..."""
    front: float = -95.0
    """... and behind this place of it, mm."""
    nape: float = 18.0
    """Height of a tie at the nape above the ears' lower end, mm."""
    off: float = 9.0
    """How far the tie lies off the skin, mm."""
    over: float = 0.35
    """How far strands go over the head on their way to the tie, against the shortest way."""
    least_level: float = 5.0
    """Least thickness in which gathered strands lie over the skull, mm."""
    points: int = 40
    """Points of a guide."""
