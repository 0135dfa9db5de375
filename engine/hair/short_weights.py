"""The numbers by which brows, lashes and beards are found and grown, each with its unit and its meaning."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BEARD", "BROW", "LASH", "BeardWeights", "BrowWeights", "LashWeights", "Range"]

Range = tuple[float, float]
"""Where something begins, and where it is complete."""


@dataclass(frozen=True)
class BrowWeights:
    """How brows are told from the skin around them, and how they grow."""

    over: float = 0.12
    """Share of a brow from which on what lies over it, as the rim of glasses does, hides it: a brow is thinner than its outline,
    and a gap in it is worse than a guess."""
    near: float = 0.018
    """Skin nearer than this to a brow's landmarks is not asked for the skin's level, face widths."""
    around: tuple[float, float] = (0.05, 0.16)
    """Standard deviations over which that level is spread, face widths."""
    above: Range = (0.032, 0.012)
    """Distance above the landmarks at which nothing is a brow any more, and from which on it may be; face widths."""
    below: Range = (0.028, 0.006)
    """The same below them, where the eye's socket lies in shade."""
    lid: Range = (0.03, 0.06)
    """Distance from the lids' rims below which nothing is a brow, and from which on it may be; face widths."""
    outer: Range = (1.1, 0.98)
    """Share of the way to the outer end at which nothing is a brow any more, and up to which it may be."""
    inner: Range = (-0.22, -0.08)
    """The same at the inner end."""
    thick: Range = (2.3, 1.5)
    """Distance from the middle line, in half thicknesses of the landmarks' brow, at which nothing is a brow, and up to which
    it may be."""
    rims: Range = (-1.1, -0.4)
    """Distance above the middle line, in half thicknesses, at which a brow over glasses is told from their rims."""
    soft: float = 0.004
    """Standard deviation of the blur before darkness is read, face widths."""
    strong: float = 0.85
    """Share of the landmarks' area that is less dark than what counts as a brow's full darkness."""
    least: float = 0.1
    """Least full darkness, log luminance: paler brows are taken for as dark as that."""
    dark: Range = (0.12, 0.65)
    """Share of the full darkness at which hair begins, and at which it is dense."""
    faint: Range = (0.08, 0.2)
    """Full darkness below which the landmarks alone tell a brow's place, and above which darkness does."""
    faint_alpha: float = 0.45
    """Density of such a brow."""
    guides: int = 700
    """Guides of a brow of usual size."""
    usual_mm2: float = 420.0
    """Usual area of one brow, mm^2: each pixel counts by its density."""
    most: int = 900
    """Most guides of one brow."""
    rise: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 0.12, 0.3, 0.55, 1.0), (80.0, 62.0, 34.0, 14.0, -4.0))
    """Share of the way from the inner to the outer end, and how steeply hairs rise against the brow's line there, degrees."""
    converge: float = 22.0
    """How much more hairs of the lower rim rise, and those of the upper rim fall, in the outer half; degrees."""
    length_mm: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 0.2, 0.5, 0.8, 1.0), (4.5, 6.5, 7.5, 6.5, 5.0))
    """The same shares, and the length of hairs there, mm."""
    vary: float = 0.18
    """Spread of lengths, share."""
    lift_mm: tuple[float, float] = (0.25, 0.8)
    """Least and largest height of a hair's middle over the skin, mm."""
    beyond_mm: float = 0.8
    """How far tips may reach beyond the seen brow, mm."""
    usual: Range = (0.45, 0.9)
    """Weight of the model's brows at which a brow that no photo shows begins, and at which it is dense."""
    radius_mm: float = 0.035
    """Half the thickness of a hair at its root, mm."""
    measured: float = 2.5
    """Weight of the photo's direction where it is sharp, against that of the usual one."""


@dataclass(frozen=True)
class BeardWeights:
    """How beards are told from shaded skin, and how they grow. Places are on the mean head, mm."""

    top: tuple[tuple[float, ...], tuple[float, ...]] = ((0, 9, 20, 32, 45, 56, 66), (-47, -48, -54, -56, -48, -30, -4))
    """Distance from the midline, and height above the eyes up to which a beard may grow there."""
    top_soft: float = 5.0
    """Half width of that border."""
    back: Range = (-56.0, -46.0)
    """Depth at which no beard grows, and from which on it may: ears and nape."""
    low: Range = (-146.0, -122.0)
    """Height at which no beard grows, and from which on it may: the throat."""
    bare: tuple[float, float, float, float] = (16.0, 48.0, -40.0, -12.0)
    """The cheeks, where every face is bare: distances from the midline, heights."""
    forehead: tuple[float, float, float] = (40.0, 28.0, 55.0)
    """The forehead: largest distance from the midline, heights."""
    lip_zone: tuple[float, float] = (22.0, -64.0)
    """The upper lip: largest distance from the midline, least height."""
    chin_zone: tuple[float, float] = (22.0, -80.0)
    """The chin: largest distance from the midline, largest height."""
    jaw_zone: tuple[float, float, float] = (28.0, -95.0, -58.0)
    """The lower cheeks: least distance from the midline, heights."""
    shares: tuple[float, float, float] = (0.3, 0.4, 0.3)
    """Say of upper lip, chin and lower cheeks in how dark the lower face is."""
    unlike: float = 0.14
    """How much darker than the chin the upper lip, and the lower cheeks, may count: more is shade; log luminance."""
    pink: float = 0.6
    """How much of the redness over the cheeks' is taken off the darkness: blood and make-up; log(R/B)."""
    pink_most: float = 0.15
    """Most that is taken off for it: brown hair is redder than skin, too."""
    grey: float = 0.35
    """How much of a greyness below the cheeks' is added to it; log(R/B)."""
    grey_most: float = 0.12
    """Most that greyness adds."""
    present: Range = (0.13, 0.165)
    """Darkness of the lower face at which a beard is suspected, and at which there is one."""
    grain: Range = (1.15, 1.26)
    """Roughness of chin and lower cheeks over that of the cheeks at which stubble is suspected, and at which it is there."""
    rough: Range = (1.6, 1.9)
    """That ratio less 1, over the darkness, at which the same holds: stubble is as rough as it is dark, shade is smooth."""
    rough_most: float = 0.25
    """Darkness beyond which no more roughness is asked for: photos of beards are blurred as well."""
    plain: Range = (0.6, 0.85)
    """Darkness of the lower face at which roughness begins to be no longer asked for, and at which it is not."""
    soft: float = 0.012
    """Standard deviation of the blur before darkness is read, face widths."""
    dark: Range = (0.05, 0.75)
    """Darkness at which hair begins, and at which it is dense; log luminance."""
    denser: float = 1.6
    """Darkness over that of the lower face as a whole that is believed at most."""
    around: tuple[float, float] = (0.05, 0.2)
    """Standard deviations over which the beard's darkness is evened out, face widths."""
    evened: float = 0.5
    """Share of evened darkness: single hairs and gleams do not make gaps in a beard."""
    covered: float = 0.6
    """Share of the chin and the lower cheeks that shows no skin from which on it is a full beard or a cover."""
    hair_texture: float = 0.09
    """Least fine contrast of such a beard, log luminance: cloth and masks are smoother."""
    hue: tuple[float, float] = (1.1, 1.15)
    """Largest blue, and green, over red of a beard: what is bluer is cloth."""
    rooted: Range = (0.03, 0.22)
    """Darkness as a density at which hairs begin to be rooted, and at which they stand as close as they do: short hairs are
    as many as long ones."""
    guides_mm2: float = 0.25
    """Guides per mm^2 of bearded skin."""
    most: int = 2400
    """Most guides."""
    least_mm2: float = 150.0
    """Area of bearded skin below which there is no beard."""
    hairs_mm2: float = 0.8
    """Hairs, children included, per mm^2."""
    most_children: int = 12
    """Most hairs of one guide."""
    length_mm: tuple[tuple[float, ...], tuple[float, ...]] = ((0.0, 0.2, 0.5, 0.8, 1.0), (0.7, 1.1, 2.0, 3.2, 5.5))
    """Density, and the length of hairs that look like that, mm."""
    longest_mm: float = 130.0
    """Longest hairs, mm."""
    hang: float = 1.1
    """Length of the chin's hairs over how far the beard's outline hangs below the chin."""
    shorter: tuple[float, float] = (0.45, 12.0)
    """Length of the cheeks' hairs over the chin's in a long beard, and the longest hairs of the upper lip, mm."""
    vary: float = 0.2
    """Spread of lengths, share."""
    lean: Range = (28.0, 50.0)
    """Least and largest angle between skin and hairs at their roots, degrees."""
    radius_mm: tuple[tuple[float, ...], tuple[float, ...]] = ((1.2, 2.0), (0.035, 0.06))
    """Length of hairs, mm, and half their thickness at the root, mm: of the shortest only tips look out of the skin."""
    tip: tuple[tuple[float, ...], tuple[float, ...]] = ((1.5, 6.0), (0.85, 0.35))
    """Length of hairs, mm, and thickness of their tips over that of their roots: what was shaved is blunt."""
    measured: float = 1.5
    """Weight of the photo's direction where it is sharp, against that of the usual one."""
    lips: float = 0.35
    """Weight of the lips at which hairs end that lie over them."""
    clearance_mm: float = 0.25
    """Least height of a hair over the skin beyond its root, mm."""
    shade: float = 0.12
    """Distance below the chin up to which darkness is taken for the jaw's shade, face widths."""
    outline: float = 0.012
    """How far hairs may leave that outline, face widths."""
    reach: float = 0.6
    """Distance below the jaw up to which an outline is searched for, face widths."""


@dataclass(frozen=True)
class LashWeights:
    """How lashes grow along the model's strips, and how strongly they line the lids."""

    upper: Range = (46, 70)
    """Guides of one upper lid whose line is faint, and of one whose line is dark."""
    lower: Range = (14, 80)
    """The same of one lower lid."""
    along: Range = (0.06, 0.93)
    """Where along its strip the first, and the last, lash of a lid stands."""
    edge_mm: float = 1.0
    """How much nearer to the eye than the strips lashes are rooted, mm."""
    share: tuple[float, float] = (0.85, 0.6)
    """Length of upper and lower lashes, share of their strips."""
    young: float = 0.45
    """Share of the lashes that are growing still: they make the dark line at the lid."""
    young_share: Range = (0.2, 0.6)
    """Length of those, share of the others'."""
    vary: float = 0.16
    """Spread of lengths, share."""
    fan: float = 0.5
    """Spread of the tips along the lid, columns of the strip."""
    sag: float = 0.2
    """How far a lash bends below the line from its root to its tip, share of its length."""
    dark: float = 0.22
    """Brightness of lashes over that of the brows."""
    darkest: tuple[float, float, float] = (0.006, 0.0045, 0.0035)
    """Least linear colour."""
    brightest: float = 0.02
    """Largest luminance: lashes of fair people are painted, or seen as dark against the eye."""
    clearance_mm: float = 0.12
    """Least distance of a lash from lid and eye beyond its root, mm."""
    radius_mm: tuple[Range, Range] = ((0.04, 0.07), (0.018, 0.06))
    """Half the thickness of a lash at its root, mm, where the lid's line is faint and where it is dark: of upper lids, of lower
    ones."""
    line: tuple[float, ...] = (0.005, 0.01, 0.015)
    """Distances from the lid's rim, off the eye, at which its line is looked at, face widths."""
    beyond: tuple[float, ...] = (0.025, 0.03, 0.035)
    """The same for the skin that it is compared with."""
    lined: Range = (0.1, 0.6)
    """Darkness of that line beside the skin at which it begins, and at which it is as dark as lashes and make-up get; log
    luminance."""
    unseen: tuple[float, float] = (0.7, 0.25)
    """How strongly upper and lower lids are lined where no photo tells it."""
    over: float = 0.3
    """Share of what lies over the face from which on a lid is not seen."""
    rim: tuple[float, ...] = (-0.003, 0.0, 0.003)
    """Distances from the rim, off the eye, at which the shade of the lids' edges is looked at, face widths."""
    around: tuple[float, ...] = (0.015, 0.02, 0.025)
    """The same for the skin around the eyes that it is compared with."""
    shade: tuple[Range, Range] = ((0.4, 1.6), (0.15, 1.2))
    """Least and largest shade of the edges of upper and of lower lids, log luminance: photos of 20 people show 0.8 and 0.25."""
    deeper: float = 1.15
    """Depth of the rims' shade over the measured one: the line is fine, and rims are found a pixel beside it."""
    unseen_shade: tuple[float, float] = (0.8, 0.25)
    """That shade where no photo tells it."""
    shade_mm: tuple[Range, Range] = ((0.6, 2.2), (0.4, 2.0))
    """Distance from the rim, off the eye, up to which it is whole, and from which on there is none, of upper and lower lids, mm."""
    margin_mm: float = 4.0
    """Greatest width of a lid's edge, from the rim to the eye, mm."""
    inner: Range = (0.8, 1.0)
    """Share of the way from the outer corner of the eye to the inner one from which on that shade fades, and at which none is
    left."""


@dataclass(frozen=True)
class MatchWeights:
    """How strands take on the shade and the color of the paint that they stand for."""

    times: Range
    """Least and largest factor of the strands' width."""
    dropped: float
    """Factor of its width below which a strand is none."""
    local: float
    """Standard deviation over which widths follow the paint, face widths."""
    thick: float
    """Mean factor of the strands' width that their number is chosen for."""
    children: tuple[int, int]
    """Least and largest number of hairs of a guide."""
    recolored: bool
    """The paint tells the strands' color: where hair is sparse, paint has the skin's."""
    most_cover: float = 0.93
    """Share of the skin that hair covers where the paint is darkest."""
    core: float = 0.85
    """Share of the painted pixels that are less dark than those that tell the hair's color."""
    darkest: float = 0.35
    """Least brightness of hair over that of the paint where it is darkest."""
    brightest: float = 0.9
    """Largest brightness of hair over it."""
    beside: float = 0.012
    """Width of the skin around the strands whose paint they stand for, too, face widths."""
    nearby: Range = (0.6, 1.5)
    """Least and largest channel of that color once the widths are known, over what it was before."""
    rounds: int = 12
    """Number of times that widths are corrected: with 5, the core is all hair and the borders are bare."""
    facing: float = 0.4
    """Cosine of the angle under which skin is looked at from which on it tells anything."""
    least: float = 30.0
    """Fewer pixels that strands cover tell nothing."""
    channels: Range = (0.002, 0.7)
    """Least and largest channel of a strand."""


BROW = BrowWeights()
"""What the engine uses for brows."""
BEARD = BeardWeights()
"""What the engine uses for beards."""
LASH = LashWeights()
"""What the engine uses for lashes."""

MATCH = {
    "brows": MatchWeights((0.05, 2.5), 0.1, 0.007, 0.8, (2, 8), True),
    "beard": MatchWeights((0.06, 1.5), 0.07, 0.015, 0.28, (1, 20), False),
}
"""What the engine uses for each group that stands for paint."""
