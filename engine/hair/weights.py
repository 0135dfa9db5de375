"""What is believed of hair: the numbers of the groom, each with its unit. Lengths in the image are in face widths."""

from __future__ import annotations

from dataclasses import dataclass

from .cut_weights import CutWeights, TiedWeights

__all__ = [
    "ColorWeights",
    "CombWeights",
    "FlowWeights",
    "GroomWeights",
    "RootWeights",
    "StrandWeights",
    "StyleWeights",
    "VolumeWeights",
    "WEIGHTS",
]

Range = tuple[float, float]
"""From where on, and where wholly; or least and largest."""


@dataclass(frozen=True)
class FlowWeights:
    """The direction of strands in the image."""

    shading: float = 0.04
    """Standard deviation of what counts as shading and is taken out first, face widths."""
    derivative: float = 0.007
    """Standard deviation of the derivative, face widths."""
    tensor: float = 0.016
    """Standard deviation of the structure tensor, face widths."""
    edge: Range = (0.012, 0.032)
    """Distance from the mask's border from which on an edge may be a strand, and at which it surely is, face widths."""
    contrast_most: float = 1.5
    """Largest energy, over the median, that raises confidence."""
    fill: tuple[tuple[float, float], ...] = ((0.02, 1.0), (0.06, 0.15), (0.15, 0.02))
    """Standard deviations, face widths, and weights with which confident directions spread."""
    sides: Range = (0.95, 0.70)
    """Level at which gravity hardly tells the sign of a direction, and from which down it does."""
    sides_least: float = 0.03
    """How much it counts above."""
    hanging: Range = (0.5, 0.3)
    """Level at which hair begins to hang straight down, and from which down it does."""
    rounds: tuple[tuple[int, float], ...] = ((40, 0.05), (20, 0.02))
    """Rounds, and standard deviation in face widths, of the agreement on signs."""
    prior: float = 0.25
    """Say of the prior in each round."""
    soft: float = 0.012
    """Standard deviation of the signed field, face widths: it fades where signs meet."""


@dataclass(frozen=True)
class VolumeWeights:
    """The space that hair fills."""

    thickness: Range = (2.0, 42.0)
    """Least and largest thickness over the scalp, mm."""
    crown: float = 0.45
    """Level from which up the outline's distance from the head is thickness."""
    spread: tuple[tuple[float, float], ...] = ((0.12, 1.0), (0.4, 0.05), (1.2, 0.002))
    """Standard deviations, face widths, and weights with which thickness spreads from the outline."""
    unknown: float = 8.0
    """Thickness where no outline is seen, mm."""
    skin: float = 3.0
    """Thickness at the border to bare skin, mm."""
    ramp: float = 0.16
    """Distance from that border at which the full thickness is reached, face widths."""
    back: float = 1.1
    """Thickness behind over that in front."""
    behind_level: Range = (0.45, 0.8)
    """Levels from which on hair behind the head begins to stand off across the skin as it does at the outline, and does."""
    outer: tuple[float, float] = (1.7, 4.0)
    """The surface may swell to this many times the thickness plus so many mm."""
    round_radius: Range = (25.0, 75.0)
    """Radius of the round profile of hanging hair, and of hair round the skull, mm."""
    round_level: Range = (0.4, 0.7)
    """Levels between which one becomes the other."""
    inside: float = 0.10
    """How far within the head's outline the round profile holds, face widths."""
    curtain: float = 0.12
    """How much nearer to the viewer the back of hanging hair may come per mm that it falls ..."""
    curtain_level: float = 0.55
    """... below this level."""
    hangs: float = 0.02
    """Share of the hair beside the head that may hang lower than it is said to do behind."""
    sides: float = 0.75
    """Level below which the outline tells how thick hair is beside the ears."""
    nape: tuple[float, float] = (2.0, 20.0)
    """How far hair hangs over the nape behind the head, over its thickness beside the ears; and at most, mm: a shaved neck has
    none there."""
    joined: float = 0.3
    """Level below which hair on both sides of the neck is joined behind it."""
    voxel: float = 5.0
    """Side of a voxel, mm."""
    carve: float = 3.0
    """How far a further photo's outline may be off before it cuts hair away, mm."""
    unclear: tuple[float, float, float, float] = (0.45, 0.2, 0.35, 0.5)
    """What is neither hair nor skin nor ground, on or around the head: level from which up it is looked for, how far from the
    head, face widths, chance of a person above which it is not ground, chance of skin below which it is not skin."""


@dataclass(frozen=True)
class RootWeights:
    """Where strands may stand."""

    candidates: int = 24000
    """Places on the head that are asked."""
    beyond: float = 18.0
    """How far beyond the model's scalp hair may grow, mm."""
    facing: float = 0.15
    """Cosine to the line of sight from which on a photo tells whether hair grows at a place."""
    further: float = 0.5
    """Say of a further photo beside the first."""
    unclear: float = 0.4
    """Say of a photo where it shows neither hair nor skin."""
    soft: float = 0.012
    """Standard deviation by which the mask is blurred that tells, face widths."""
    hair: float = 0.8
    """Chance of hair in it from which on a root stands: a little within, for a strand stands for those around it."""
    fringe: float = 0.22
    """Share of the forehead covered with hair from which on that hair is a fringe and has no roots there."""
    long_area: float = 0.12
    """Hair below level 0.15, in squared face widths, from which on it hangs past the temples and has no roots there."""
    scalp: float = 0.35
    """Weight of the scalp that a root needs beneath hair that falls over the skin."""
    goes_on: float = 18.0
    """How far bare skin goes on beyond what a photo shows of it, mm."""
    outline: float = 3.0
    """Error of the fitted head across the line of sight by which roots keep behind a receding hairline, mm; where the skin
    turns away that is a long way on it, at most `goes_on`."""
    receded: tuple[float, float] = (0.8, 45.0)
    """Weight of the model's scalp on bare skin, and its height on the mean head, mm, above which the hairline there has receded:
    beside ears scalp is bare on any head."""
    bald: float = 0.35
    """Chance of hair below which the scalp is bare."""
    top: Range = (20.0, 90.0)
    """Heights on the mean head between which a bald top's border may lie, mm."""
    middle: tuple[float, float] = (40.0, 68.0)
    """The middle of the top on the mean head: so far from the midline at most, and higher than that, mm."""
    horizon: float = 0.25
    """Share of the seen top of the head that lies farthest back: the bald top goes on behind it ..."""
    bald_share: float = 0.8
    """... if at least this share of it is bare ..."""
    over: float = 5.0
    """... and no hair that stands so far off the skin looks out from behind, mm."""


@dataclass(frozen=True)
class StrandWeights:
    """The strands."""

    points: int = 24
    """Points of a guide."""
    seen: int = 800
    """Guides through seen hair."""
    grown: int = 700
    """Guides grown through the completed field."""
    under: int = 700
    """Short guides beneath, which hide the skin."""
    whorl: tuple[int, float] = (120, 40.0)
    """More of them near the crown, whence all hair runs away, and within how many mm of it."""
    step: float = 0.02
    """Step of tracing in the image, face widths."""
    turn: float = 0.4
    """Share of the last direction in the next one."""
    dive: float = 1.0
    """Most change of depth per length in the image: tips at the outline do not bend behind it."""
    sign: float = 0.25
    """Length of the soft field below which it has no sign and a strand ends."""
    lean: float = 0.5
    """How far upstream the root lies for each mm that it lies deeper."""
    behind: tuple[float, float, float] = (30.0, 50.0, 0.7)
    """Distance from the scalp from which on a strand comes from farther back, at which it wholly does, mm, and how far back
    it then comes from, over that distance."""
    rise: float = 1.3
    """Length that a strand takes to rise from the skin for each mm that it rises."""
    least_seen: float = 0.4
    """Share of its length that is seen at least."""
    far: float = 100.0
    """A seen strand without a root within this distance is dropped, mm."""
    hang_depth: float = 120.0
    """Most depth behind the front surface that hanging hair fills with seen strands, mm."""
    long_area: float = 0.12
    """Hair below level 0.15, in squared face widths, from which on length is not bounded."""
    shell: float = 6.0
    """Thickness below which hair is a shell of short hairs that lie along the flow, mm."""
    shell_length: tuple[float, float] = (2.0, 1.1)
    """Their length: mm, and times the thickness."""
    shell_strength: float = 0.62
    """Coherence above which thin hair is combed hair, and no shell."""
    shell_more: float = 1.35
    """How many times more guides a shell has."""
    many: Range = (20.0, 70.0)
    """Length of hair that takes as many guides as a shell, and from which on the usual number covers the head, mm."""
    over: Range = (0.3, 0.75)
    """Share of the way to the hull in which completed strands run whose root a photo shows: beneath the seen ones."""
    hidden: Range = (0.4, 0.98)
    """The same where no photo shows the root."""
    beneath: Range = (0.05, 0.35)
    """The same of the short hair beneath."""
    leaving: Range = (10.0, 80.0)
    """How far strands go on that leave the photo at its lower border, mm."""
    tips: float = 0.22
    """Largest share that is cut off a tip."""
    tufts: tuple[float, float, float] = (0.3, 12.0, 0.16)
    """How far tips are drawn together in tufts; the largest distance of tips that are, mm; share of strands that lead one."""
    clearance: float = 0.6
    """Least distance of points from the skin, mm."""
    margin: Range = (2.9, 4.5)
    """How far within the outline visible points lie, and how far outside of it those that are moved there, mm."""
    outside: float = 0.38
    """Chance of hair below which a visible point lies on bare ground."""
    sunk: float = 1.5
    """Depth in the head, by voxels, from which on a strand ends there, mm."""
    radius: float = 0.05
    """Half the thickness of a strand, mm."""
    hairline: tuple[float, float] = (0.4, 14.0)
    """Thickness of a strand at its root on the border of the hair, over that of others, and the length over which it becomes as
    thick as they are, mm: the border of a scalp carries fine hair."""


@dataclass(frozen=True)
class CombWeights:
    """Strands turned into the direction that a photo shows."""

    strength: float = 0.9
    """Share of the angle by which a clearly seen piece turns."""
    steady: float = 0.4
    """Share of a piece's turn that the next one keeps."""
    doubt: float = 0.15
    """Confidence of the flow at which it tells half."""
    front: Range = (6.0, 14.0)
    """Depth behind the hair's front to which a strand is seen, and from which on it is not, mm."""
    rise: float = 12.0
    """Most change of depth, mm."""
    held: float = 0.4
    """Share of its length over which a strand that is brought back to where it was seen leaves its root."""


@dataclass(frozen=True)
class ColorWeights:
    """Color of strands without the photo's light."""

    shell: tuple[float, float] = (0.25, 0.6)
    """A shell's hair shows skin between: its color is this quantile of brightness, times this."""
    least: float = 0.2
    """Share of the hair that has to be left when doubtful places are left out."""
    unlike: float = 13.0
    """Difference in Lab from the face's skin from which on a place is hair without skin in it."""
    border: float = 0.022
    """Width of the mask's border that carries the background's color, face widths."""
    behind: float = 0.075
    """Width of the background beside the hair that tells what shines through it, face widths."""
    outer_inner: tuple[float, float] = (0.3, 0.6)
    """Shares of the hair, from the outline inwards, up to which it is outer hair, and from which on it is inner hair."""
    through: Range = (0.1, 0.24)
    """How far the outer hair's color is on its way to the background's where it begins to count as translucent, and does."""
    aside: float = 0.25
    """Share of that change that may be anything else; twice as much, and the background does not explain it."""
    left_out: float = 0.7
    """Share of translucent hair, from the outline inwards, that tells no color."""
    shading: float = 0.25
    """Standard deviation of slow shading, face widths; half of it, as a power, goes."""
    shading_range: Range = (0.6, 1.7)
    """Least and largest correction of it."""
    highlight: float = 0.9
    """Quantile of brightness above which is highlight."""
    local: tuple[float, float] = (0.45, 0.12)
    """Share of the local tint so many face widths within the mask; towards its border, and else, it is that of the whole."""
    gain: Range = (0.5, 2.5)
    """Least and largest exposure."""
    tint: Range = (0.7, 1.4)
    """Least and largest tint of the light."""
    tint_power: float = 0.5
    """How much of the light's tint goes, as a power: the whole makes blond hair green."""
    olive: tuple[float, float, float] = (1.25, 0.15, 0.7)
    """log(G/B) of hair is at most so many times log(R/G) plus so much; the share of what lies beyond that is taken out."""
    range: Range = (0.003, 0.85)
    """Least and largest channel."""
    variation: float = 0.2
    """Standard deviation of log brightness from strand to strand."""


@dataclass(frozen=True)
class StyleWeights:
    """The curves between the guides. Several: of a groom, of a shell of short hairs, and of long hair."""

    smooth: float = 0.08
    """Standard deviation of the smooth flow that strands curl about, face widths."""
    slow_mm: float = 18.0
    """Standard deviation of what is slower than a curl, mm."""
    confidence: float = 0.25
    """Confidence of the flow from which on it tells of curls."""
    least_places: int = 20
    """Traces of fewer steps tell nothing."""
    least_samples: int = 2000
    """Fewer places along all traces tell nothing."""
    curl_angle: float = 11.0
    """Root mean square of the angle to the smooth flow from which on hair is curly, degrees."""
    coarse: Range = (4.0, 6.0)
    """Points of a guide per turn up to which it cannot show a curl, and from which on it wholly can."""
    frizz: float = 1.2
    """Frizz of hair without any coherence, mm."""
    children: tuple[int, int, int] = (9, 24, 13)
    """Curves for each guide."""
    spread: tuple[float, float, float] = (2.6, 2.3, 3.2)
    """Distance within which they stand, mm; outwards, too, so that a shell, whose hairs are as short, must keep it small to keep to
    its outline."""
    clump: float = 0.2
    """How far their tips meet."""
    noise: float = 1.5
    """Slow wandering, mm."""
    roughness: float = 0.28
    """Roughness of the strands along their length."""


@dataclass(frozen=True)
class GroomWeights:
    """All of them."""

    flow: FlowWeights = FlowWeights()
    volume: VolumeWeights = VolumeWeights()
    roots: RootWeights = RootWeights()
    cut: CutWeights = CutWeights()
    tied: TiedWeights = TiedWeights()
    strands: StrandWeights = StrandWeights()
    comb: CombWeights = CombWeights()
    color: ColorWeights = ColorWeights()
    style: StyleWeights = StyleWeights()
    lead: float = 0.5
    """What a further photo shows counts so much beside what the first one shows: hair is not the same in all of them."""
    seed: int = 1
    """Start of all random choices."""


WEIGHTS = GroomWeights()
"""The numbers as they are used."""
