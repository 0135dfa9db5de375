"""Hair styles whose every strand is known: the rules by which :mod:`.hair_grow` grows them on generated heads."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COLORS", "STYLES", "Style"]

COLORS = {
    "black": (0.010, 0.008, 0.007),
    "dark": (0.030, 0.018, 0.011),
    "brown": (0.085, 0.045, 0.022),
    "light": (0.190, 0.110, 0.055),
    "auburn": (0.150, 0.042, 0.016),
    "red": (0.300, 0.095, 0.030),
    "blond": (0.420, 0.270, 0.120),
    "pale": (0.560, 0.430, 0.270),
    "grey": (0.220, 0.210, 0.200),
    "white": (0.620, 0.610, 0.590),
}
"""Linear sRGB of the strands."""


@dataclass(frozen=True)
class Style:
    """One hair style. Lengths in millimetres; places on the mean head in model space."""

    name: str
    kind: str
    """The kind of hair that its figures are told for."""
    top: float
    """Length on the top of the head."""
    side: float
    """Length at the sides."""
    back: float
    """Length at the back."""
    comb: str = "down"
    """Where the hair is combed: ``down``, ``back``, ``forward``, ``side``, ``up``, ``out``, or gathered to a ``tail``, a
    ``bun``, a ``braid`` or two ``braids``."""
    color: str = "brown"
    """Name in :data:`COLORS`."""
    head: int = 0
    """Number of the generated head."""
    yaw: float = 0.0
    """Degrees by which the camera goes around the head, positive to show its left side."""
    part: float | None = None
    """Place of the parting, mm to the subject's left; without, hair falls from the middle to both sides."""
    fringe: float = 0.0
    """Length of the hair that falls over the forehead; 0 where none does."""
    lift: float = 8.0
    """How far the outermost hair stands off the skin."""
    tie: tuple[float, float, float] = (0.0, 30.0, -195.0)
    """Where gathered hair meets."""
    tail: float = 0.0
    """Length of gathered hair beyond the tie."""
    curl: tuple[float, float] = (0.0, 0.0)
    """Radius and length of one turn of the curls; 0 where there are none."""
    wave: tuple[float, float] = (0.0, 0.0)
    """Amplitude and length of waves that neighbours share."""
    frizz: float = 0.0
    """Size of quick wandering."""
    clump: float = 0.3
    """How far tips meet, 0 to 1."""
    bare: str = ""
    """Where no hair grows: ``temples``, ``front``, ``top``, ``crown`` or ``all``."""
    even: float = 0.1
    """Share by which lengths differ at random."""


def _styles() -> tuple[Style, ...]:
    long, short = "long", "short"
    # fmt: off
    return (
        Style("buzz", "buzz", 5, 4, 4, "up", "dark", 0, 8, lift=5, clump=0),
        Style("buzz blond", "buzz", 7, 5, 5, "up", "blond", 2, -20, lift=6, clump=0),
        Style("crew", short, 18, 8, 8, "forward", "brown", 1, 10, lift=12),
        Style("crop", short, 35, 18, 20, "forward", "dark", 4, -12, fringe=28, lift=12),
        Style("crop grey", short, 40, 22, 25, "forward", "grey", 0, 25, fringe=20, lift=14),
        Style("fade", short, 35, 3, 4, "back", "black", 3, 0, lift=22),
        Style("fade high", short, 55, 2, 3, "side", "dark", 2, -30, part=35, lift=25),
        Style("spikes", short, 38, 12, 14, "up", "brown", 1, 0, lift=38, clump=0.8),
        Style("spikes blond", short, 48, 16, 18, "up", "pale", 4, 20, lift=48, clump=0.85),
        Style("side parting", short, 65, 22, 22, "side", "brown", 0, 0, part=38, lift=14),
        Style("side parting left", short, 80, 28, 28, "side", "light", 2, 22, part=-40, lift=16),
        Style("swept back", short, 85, 30, 35, "back", "dark", 1, -10, lift=20),
        Style("slicked", short, 100, 40, 45, "back", "black", 4, 0, lift=6, clump=0.7),
        Style("quiff", short, 70, 12, 14, "back", "auburn", 2, 15, lift=40, clump=0.5),
        Style("pixie", short, 70, 45, 40, "side", "red", 5, -15, part=-30, fringe=55, lift=14),
        Style("bowl", "fringe", 110, 90, 80, "forward", "dark", 3, 0, fringe=75, lift=12),
        Style("fringe bob", "bob", 210, 170, 150, "down", "black", 5, 0, fringe=72, lift=14),
        Style("bob", "bob", 215, 165, 150, "down", "brown", 3, 18, lift=16),
        Style("bob parted", "bob", 240, 180, 165, "down", "blond", 5, -25, part=35, lift=14),
        Style("bob wavy", "bob", 230, 175, 160, "down", "auburn", 1, 10, part=-28, lift=18, wave=(7, 60)),
        Style("shoulder", long, 310, 260, 240, "down", "light", 3, 0, lift=12),
        Style("long straight", long, 430, 390, 370, "down", "dark", 5, 0, lift=10),
        Style("long blond", long, 450, 400, 380, "down", "pale", 3, -20, part=25, lift=10),
        Style("long parted", long, 420, 380, 360, "down", "black", 1, 30, part=-35, lift=12),
        Style("long fringe", "fringe", 420, 380, 360, "down", "red", 5, 12, fringe=68, lift=12),
        Style("long wavy", long, 400, 350, 330, "down", "brown", 3, 10, lift=18, wave=(10, 70)),
        Style("long wavy red", long, 420, 370, 350, "down", "red", 5, -28, part=30, lift=20, wave=(12, 80)),
        Style("long back", long, 380, 350, 330, "back", "light", 0, 20, lift=14),
        Style("short curls", "curly", 50, 30, 35, "out", "dark", 4, 0, lift=45, curl=(5, 16), frizz=1.5),
        Style("curls", "curly", 160, 130, 125, "down", "brown", 5, -10, lift=35, curl=(8, 26), frizz=2),
        Style("long curls", "curly", 330, 290, 270, "down", "auburn", 3, 15, lift=30, curl=(9, 32), frizz=2),
        Style("ringlets", "curly", 300, 260, 250, "down", "blond", 5, 0, lift=18, curl=(9, 40), frizz=0.5, clump=0.9),
        Style("afro", "afro", 75, 70, 70, "out", "black", 6, 0, lift=75, curl=(3.5, 9), frizz=2.5, clump=0.1),
        Style("afro short", "afro", 35, 28, 28, "out", "black", 6, 22, lift=35, curl=(3, 8), frizz=2, clump=0.1),
        Style("afro brown", "afro", 100, 90, 95, "out", "dark", 7, -15, lift=100, curl=(4.5, 12), frizz=3, clump=0.2),
        Style("ponytail", "tail", 0, 0, 0, "tail", "brown", 3, 0, tail=260, lift=6),
        Style("ponytail high", "tail", 0, 0, 0, "tail", "blond", 5, 35, tie=(0, 105, -180), tail=280, lift=6),
        Style("ponytail low", "tail", 0, 0, 0, "tail", "auburn", 1, -35, tie=(0, -55, -165), tail=220, lift=8, part=20),
        Style("bun", "bun", 0, 0, 0, "bun", "dark", 3, 38, tie=(0, 40, -192), tail=110, lift=6),
        Style("bun high", "bun", 0, 0, 0, "bun", "light", 5, -20, tie=(0, 122, -120), tail=120, lift=6),
        Style("braid", "braid", 0, 0, 0, "braid", "brown", 3, 30, tie=(0, -30, -178), tail=330, lift=7),
        Style("braids", "braid", 0, 0, 0, "braids", "red", 5, 0, tie=(62, -60, -125), tail=260, lift=7),
        Style("receding", "receding", 45, 22, 25, "back", "brown", 0, 0, lift=14, bare="temples"),
        Style("receding grey", "receding", 35, 20, 20, "back", "grey", 4, 18, lift=10, bare="front"),
        Style("ring of hair", "receding", 20, 24, 26, "down", "grey", 2, 0, lift=9, bare="top"),
        Style("bald crown", "receding", 40, 20, 22, "forward", "dark", 0, -25, lift=10, bare="crown"),
        Style("bald", "bald", 0, 0, 0, "up", "dark", 0, 0, bare="all"),
        Style("bald dark", "bald", 0, 0, 0, "up", "black", 6, 20, bare="all"),
        Style("bald light", "bald", 0, 0, 0, "up", "blond", 4, -15, bare="all"),
    )
    # fmt: on


STYLES = _styles()
"""Every style, in the order in which they are told."""
