"""The tuned numbers of hair cards."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CARD_WEIGHTS", "CardWeights"]


@dataclass(frozen=True)
class CardWeights:
    """Tuned numbers; found by eye on rendered heads of long, chin-length and short hair."""

    shortest: float = 0.002
    """Metres below which a guide makes no card."""
    rows: int = 17
    """Points to which guides are resampled."""
    under: float = 0.24
    """Share of the triangles for the hair beneath, where the groom has any."""
    wisps: float = 0.1
    """Share of the triangles for loose strands that break the outline."""
    segment: float = 0.022
    """Metres of straight hair per quad at :attr:`reference` triangles."""
    reference: int = 10000
    """Triangles at which quads are as long as :attr:`segment`; their length goes with the inverse fourth root of the number."""
    bend: float = 0.55
    """Radians of bending that ask for a quad more."""
    most: int = 12
    """Quads of the longest card."""
    apart: float = 1.5
    """Width of a card over the distance to its neighbours, the mean of the second and third nearest."""
    narrowest: float = 0.005
    """Least width in metres, before it tapers."""
    widest: float = 0.028
    """Greatest width in metres."""
    taper: tuple[float, float] = (0.6, 0.6)
    """Width at the root and at the tip over the width between."""
    wisp_width: float = 0.005
    """Width in metres of a card of loose strands."""
    roll: float = 0.22
    """Standard deviation of a card's turn about its strand, radians; of loose strands three times as much."""
    short: float = 0.06
    """Metres up to which a card takes a short tile."""
    ragged: float = 0.2
    """Share of other outer cards that take a tile with ragged tips."""
    root_depth: float = 0.0003
    """Metres by which roots start under the skin."""
    clear: tuple[float, float] = (0.0016, 0.0007)
    """Metres above the skin, of outer cards and of those beneath."""
    rise: float = 0.008
    """Metres from the root over which a card rises to that height."""
    lift: float = 0.0012
    """Metres by which loose strands lie farther out than the cards that they come from."""
    allowed: float = 0.0007
    """Deepest point of a card inside the head, metres; a card that stays deeper gets narrower, or goes."""
    face_normal: float = 0.65
    """Share of the card's own normal in the shading normal; the rest is the head's."""
    body: float = 0.006
    """Metres off the middle of the hair around it that turn a strand outward as much as the skin beneath it does."""
    free: float = 0.015
    """Distance from the skin beyond which that counts in full; on the skin, hair lies along it."""
    around: float = 0.03
    """Size of the hair around it, metres."""
    rounding: float = 0.25
    """Sideways lean of the shading normal at a card's edges, as if its cross-section were an arc."""


CARD_WEIGHTS = CardWeights()
"""The numbers in use."""
