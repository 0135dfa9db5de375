"""What the mid-frequency stage believes, with unit and meaning; where no source is named, chosen on generated heads and photos."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "WEIGHTS",
    "CellWeights",
    "FoldWeights",
    "FollowWeights",
    "LampWeights",
    "LidWeights",
    "MidWeights",
    "OutlineWeights",
    "PartWeights",
    "RegistrationWeights",
    "Search",
    "SkyWeights",
]


@dataclass(frozen=True)
class CellWeights:
    """How the photo is read around skin vertices."""

    pixels_per_mm: float = 1.6
    """Resolution at which it is read, pixels per mm; vertices are 3 to 6 mm apart."""
    margin_px: int = 4
    """How far the crop reaches beyond the head, pixels of the photo."""


@dataclass(frozen=True)
class SkyWeights:
    """How finely it is told which part of the sky a vertex sees."""

    directions: int = 96
    """Number of directions."""
    side: int = 144
    """Side of the shadow maps, pixels."""
    width: float = 2.05
    """Width of a shadow map over the head's radius."""
    lift: float = 0.75
    """How far vertices are lifted off the surface, texels of a shadow map."""
    behind: float = 1.5
    """Depth behind the first surface up to which a vertex is lit, texels."""
    facing: float = -0.2
    """Least cosine between normal and direction at which the sky is looked for: normals turn while the shape is fitted."""


@dataclass(frozen=True)
class LampWeights:
    """When a hard lamp joins the light of the sky (:mod:`.lamp`)."""

    better: float = 0.9
    """What sky and lamp may leave unexplained of what the sky alone leaves."""
    least_strength: float = 0.5
    """Brightness that the lamp gives to skin that faces it, over the face's mean brightness."""
    stray: float = 0.25
    """Log brightness that is left unexplained at which a vertex has lost three quarters of its weight."""
    floor: float = 0.05
    """Brightness that is added before ratios are taken, as a share of the mean."""
    ridge: float = 1e-3
    """Precision of all but the even light, relative to the mean brightness."""
    steps: int = 4
    """Re-weightings."""
    refine: tuple[float, ...] = (9.0, 5.0)
    """Distances from the best direction at which better ones are looked for, degrees."""
    soft_rounds: int = 2
    """Averages with the neighbours' that make the edge of a shadow soft."""
    least_vertices: int = 200
    """With fewer vertices no lamp is looked for."""


@dataclass(frozen=True)
class Search:
    """How far the photo's border may be from the predicted outline."""

    reach: float = 8.0
    """How far from the predicted outline its picture is searched, mm."""
    outer: float = 3.5
    """Distance beyond the prediction at which a border has lost three quarters of its weight, mm."""
    inner: float = 2.0
    """The same within it, mm: hair hangs over cheeks."""


@dataclass(frozen=True)
class OutlineWeights:
    """How the photo's border of the skin is found across the predicted outline."""

    trust: float = 0.5
    """Trust of a vertex from which on the outline there is the face's."""
    step_mm: float = 0.5
    """Distance between the places at which the mask is read, mm."""
    crowd_mm: float = 12.0
    """Length of outline in which points share their weight, mm."""
    patch_mm: float = 12.0
    """Length of outline that counts as one measurement, mm."""
    least: float = 1e-3
    """Weight below which a point is left out."""
    seen_mm: tuple[float, float] = (-1.0, 20.0)
    """Place beside the outline at which the point itself is looked for, and how much nearer the first surface there may be, mm:
    a cheek of 60 mm radius is 11 mm nearer 1 mm inside."""
    free_mm: tuple[float, float] = (2.0, 25.0)
    """Place beside the outline behind which nothing may lie nearer than that, mm: behind nostril wings and ears lies cheek."""
    beside_mm: tuple[float, float] = (1.0, 4.0)
    """Distances from a border between which there must be skin inside, and something else outside, mm."""
    skin: tuple[float, float] = (0.8, 0.2)
    """Least share of skin inside, and largest share outside."""


@dataclass(frozen=True)
class PartWeights:
    """Parts of the face held to their regions in the photo (:mod:`.terms.parts`)."""

    error_mm: float = 6.0
    """Error of a part's place where the setting asks for the parts' distance, mm."""
    points: int = 70
    """Points that stand for a part."""
    face_points: int = 160
    """Points that stand for the face, which is larger than the other parts."""
    region_points: int = 3000
    """Points of a region, where nothing else is asked for."""
    anchors: int = 24
    """Number of anchors, from which a part's distances are measured, along the longer side of their grid."""
    margin: float = 0.15
    """How far the grid of anchors reaches beyond the face on each side, as a share of the face's size."""
    cell_mm: float = 0.5
    """Side of a cell of the raster in which regions are drawn, mm."""
    measurements: float = 6.0
    """Independent measurements that a part amounts to: place, size and slant."""
    least_points: int = 8
    """A part or region with no more points is left out."""
    front: float = 0.15
    """Least cosine of a normal to the front of the average head at which its skin belongs to a part."""


@dataclass(frozen=True)
class FoldWeights:
    """How folds are taken out of an offset."""

    least_area: float = 0.25
    """Share of its area, signed along its old normal, that a triangle must keep."""
    rounds: int = 30
    """How often the offset is averaged around offending triangles; in the second half it is shrunk there, too."""
    beside: float = 0.5
    """Share of that which their neighbours take part in."""
    average: float = 0.7
    """Share of the way to the neighbours' mean in a round."""
    shrink: float = 0.3
    """Share of the offset that is taken away in a round."""


@dataclass(frozen=True)
class FollowWeights:
    """How what is not skin follows the skin."""

    nearest: int = 8
    """Skin vertices that a vertex follows."""
    soft_mm: float = 1.0
    """Distance that is added to theirs in the inverse squares by which they count, mm."""


@dataclass(frozen=True)
class LidWeights:
    """How lids are closed."""

    half_shut: tuple[float, float] = (0.35, 0.65)
    """Distance of the photo's lids, over that of the same head's with relaxed lids, up to which an action closes them, and from
    which on the shape of the eye is as it is."""
    narrower: tuple[float, float] = (0.65, 0.82)
    """The same over the distance of the other eye's lids: people's eyes are alike."""
    shut_mm: float = 0.6
    """Distance of the photo's lids below which they touch, mm."""
    overlap_mm: float = 0.3
    """How far they then overlap, mm: landmarks lie on the edges' outsides, and nobody looks through between lids that touch."""
    least_effect_mm: float = 1.0
    """Least move, by an action in full, of what the action is to correct, mm."""
    steps: int = 3
    """How often lids are moved: they close along a curve."""


@dataclass(frozen=True)
class RegistrationWeights:
    """How landmarks are laid exactly."""

    field: tuple[tuple[float, float], ...] = ((1.5, 40.0), (1.0, 14.0), (0.7, 6.0))
    """Standard deviation and correlation length of the field's parts, mm."""
    action_sigma: float = 0.12
    """Standard deviation of all other actions around the given ones."""
    wide_jaw: tuple[float, float] = (0.3, 0.6)
    """Opening of the jaw from which on it is wide open, and at which wholly: the landmarks of such faces lie beside lips and chin, and
    what the actions would do to follow them costs shape."""
    wide_sigma: float = 0.04
    """Standard deviation of these actions then."""
    one_sided: float = 0.15
    """Difference of both sides' action from which on one side counts as doing more ..."""
    one_sided_sigma: float = 0.04
    """... and the standard deviation of such actions."""
    eye_sigma: float = 0.5
    """Standard deviation of the actions of gaze and lids, which no other stage measures and any face may take."""
    shut: float = 0.06
    """Distance of the photo's lids over that of the eye's corners below which the eye is shut."""
    edges_mm: float = 0.35
    """Standard deviation of landmarks on the edges of lids and lips around the places that they mark, mm."""
    nose_mm: float = 0.8
    """The same around nose and nostrils, mm."""
    brows_mm: float = 0.9
    """The same on brows, mm."""
    iris_mm: float = 1.0
    """The same of irises, mm."""
    rest_mm: float = 2.5
    """The same of all others, mm."""
    least_facing: float = 0.2
    """Least cosine between a landmark's normal and the direction to the camera at which it is used."""
    least_slope: float = 0.5
    """Least cosine between normal and view with which a move across the view becomes one along the normal."""
    normal_mm: float = 12.0
    """Distance that two places of the surface count as apart when their normals differ by one radian, mm."""
    steps: int = 3
    """Gauss-Newton steps in which the actions are found."""
    average: float = 0.5
    """Share of the neighbours in an average with them."""
    slope_rounds: int = 8
    """Averages of the normals with their neighbours': lips and lids have normals in all directions, and the slope that matters
    is that of the face there."""
    lip_rounds: int = 3
    """Averages of the lips' weight."""
    lips: float = 2.0
    """Factor of that weight, up to 1, by which lips move as rolls."""
    roll_rounds: int = 60
    """Averages with the neighbours, until the skin around the lips is felt all over them."""
    along_rounds: int = 4
    """Averages of the move along the view."""
    nearest: int = 4
    """Vertices by which the surface is found again."""
    soft_mm: float = 0.5
    """Distance that is added to theirs in the inverse squares by which they count, mm."""
    height_rounds: int = 1
    """Averages of the way back onto the surface."""
    hole_mm: float = 5.0
    """Distance from a nostril's rim up to which nothing is pulled back onto the old surface, mm; from twice that on, everything
    is."""


@dataclass(frozen=True)
class MidWeights:
    """What the stage believes about the world; lengths in mm, colours as log ratios."""

    identity: float = 0.15
    """Deviation of each identity coefficient from the coarse fit."""
    broad: float = 1.0
    """Deviation of the broad offset where the skin may move freely, mm."""
    fine: float = 0.6
    """Deviation of the fine offset along the normal there, mm."""
    albedo: float = 0.15
    """Deviation of slow log albedo."""
    photo: float = 0.06
    """Usual residual of log brightness."""
    patch: float = 80.0
    """Area of skin that counts as one independent measurement of brightness, mm^2."""
    bright: float = 0.30
    """Residual of a vertex that is brighter than predicted at which it has lost three quarters of its weight."""
    dark: float = 0.18
    """The same of a darker one. Cast shadows, hair and pores darken, so it is less."""
    landmark: float = 6.0
    """Independent error of a landmark, mm."""
    landmark_common: float = 10.0
    """Error that neighbouring landmarks share, mm."""
    contour: float = 1.5
    """Error of the photo's border of the face, mm."""
    turn: float = 0.02
    """Error of the coarse pose's rotation, radians."""
    shift: float = 1.5
    """Error of the coarse pose across that ray, mm."""
    depth: float = 0.03
    """Error of the coarse pose along the ray to the head, as a share of the distance."""
    part: float = 0.0
    """Error of the place of an eye, a brow, a lip or the face as a region (:mod:`.terms.parts`), mm; 0 leaves it out."""
    steps: int = 8
    """Gauss-Newton steps at standard quality."""
    least_steps: int = 3
    """Steps that are taken at least."""
    settled: float = 0.02
    """Largest move of a skin vertex in a step that ends the fit, mm."""
    most_move: float = 4.0
    """Largest move of a skin vertex that one step may make, mm."""
    light: float = 1e-3
    """Precision of the prior on the light, which leaves it nearly free."""
    landmark_reach: float = 35.0
    """Distance over which landmarks share their error, mm."""
    landmark_far: float = 5.0
    """Residual at which a landmark's own error has doubled, mm: one that is far off is hidden, or simply wrong."""
    cell: float = 40.0
    """Area around a vertex above which more area adds no information, mm^2."""
    facing: tuple[float, float] = (0.2, 0.4)
    """Cosine to the view from which on a vertex counts for the light, and how far above that it counts in full."""
    clean: tuple[float, float] = (0.5, 0.4)
    """Share of bare skin around a vertex from which on it counts for the light, and how far above that it counts in full."""
    burnt: tuple[float, float] = (0.97, 0.07)
    """Linear value of the brightest channel at which a vertex is burnt out, and how far below it begins to be."""
    channels: tuple[float, float, float] = (0.5, 0.4, 0.1)
    """Grey of the residual: skin colour varies least in red and most in blue, light the other way round."""
    seen: float = 0.5
    """Area of bare skin around a vertex from which on it counts, mm^2."""
    bright_trust: float = 0.3
    """Trust of vertices whose median is the photo's level of brightness."""
    usual: float = 0.2
    """That level where there are none."""
    floor: float = 0.03
    """Brightness that is added before logarithms are taken, as a share of the level."""
    least_level: float = 1e-3
    """Least level."""
    least_trust: float = 0.02
    """Trust from which on a vertex is compared."""
    least_vertices: int = 50
    """With fewer vertices brightness tells nothing."""
    cells: CellWeights = field(default_factory=CellWeights)
    sky: SkyWeights = field(default_factory=SkyWeights)
    lamp: LampWeights = field(default_factory=LampWeights)
    search: Search = field(default_factory=Search)
    outline: OutlineWeights = field(default_factory=OutlineWeights)
    parts: PartWeights = field(default_factory=PartWeights)
    folds: FoldWeights = field(default_factory=FoldWeights)
    follow: FollowWeights = field(default_factory=FollowWeights)
    registration: RegistrationWeights = field(default_factory=RegistrationWeights)
    lids: LidWeights = field(default_factory=LidWeights)


WEIGHTS = MidWeights()
"""What is believed unless something else is given."""
