"""What the joint fit of several photos believes, with unit and meaning.

Where a docstring names no source, the number was chosen on heads of known shape in several photos (docs on accuracy) and by
looking at real ones. "Frame pixels" are those in which a view is worked on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = [
    "Bending",
    "CameraWeights",
    "CloudWeights",
    "CoefficientWeights",
    "SamePersonWeights",
    "DoubtWeights",
    "EyeWeights",
    "LandmarkWeights",
    "LensWeights",
    "MatchWeights",
    "OrderWeights",
    "OutlineWeights",
    "PlaceWeights",
    "Round",
    "SurfaceWeights",
    "WEIGHTS",
    "ViewsWeights",
]


@dataclass(frozen=True)
class Round:
    """How much the mesh is believed in one round, and how freely it moves."""

    face_px: float
    """Largest width of the face in the frames, pixels."""
    fine: bool
    """Whether matches are worked out to the last pixel, and lids and lips laid on those of the photo."""
    least_ncc: float
    """Normalised cross-correlation that a match must reach."""
    start_px: float
    """Residual at which a match has lost three quarters of its weight at first, frame pixels."""
    robust_mm: float
    """Distance from the surface at which a point has lost three quarters of its weight, mm."""
    stiffness: float
    """Weight of the offset's squared bending, against the weight of one point."""
    membrane: float
    """Weight of its squared gradient."""
    rim_reach_mm: float
    """How far from the head's outline that of the photo is looked for, mm."""
    rim_scale_mm: float
    """Distance at which an outline has lost three quarters of its weight, mm."""


_SMALL_PX = 250.0
"""Enough for cameras, and for whether two photos show one head (:mod:`.same_person` has limits for this size)."""
_ROUNDS = (
    Round(_SMALL_PX, False, 0.5, 4.0, 6.0, 100.0, 1.0, 30.0, 25.0),
    Round(_SMALL_PX, False, 0.65, 1.5, 1.5, 2.0, 0.05, 10.0, 8.0),
    Round(np.inf, True, 0.65, 1.0, 1.0, 0.25, 0.02, 7.0, 5.0),
)
"""The rounds of the standard quality, coarse to fine."""


@dataclass(frozen=True)
class CameraWeights:
    """Cameras and points that explain the matches."""

    prior_mm: float = 0.3
    """Deviation of a point from the mesh along its normal, as if all points were one measurement, mm."""
    iterations: int = 30
    """Gauss-Newton steps at most."""
    start_px: float = 1.0
    """Residual at which an observation has lost three quarters of its weight, at first, frame pixels."""
    least_px: float = 0.6
    """The same when the fit has settled."""
    most_tracks: int = 6000
    """So many points say all there is to say about the cameras."""
    most_rms_px: float = 0.8
    """Reprojection error of a match that is believed, frame pixels."""
    most_move_mm: float = 25.0
    """Distance between a match and the mesh beyond which it is not believed, mm."""
    most_vague_mm: float = 4.0
    """Error of a point for a match that is one pixel off beyond which it says nothing, mm."""
    least_tracks: int = 400
    """Fewer matches than that say less than the pixels of the best photo."""
    least_observations: int = 60
    """A camera with fewer is left where the landmarks put it."""


@dataclass(frozen=True)
class LensWeights:
    """What is believed about lenses before the photos are compared."""

    known_focal: float = 0.01
    """Deviation of a log focal length from EXIF (rounded to whole millimetres, breathing of the lens)."""
    guessed_focal: float = 0.25
    """Deviation of a log focal length guessed from the face."""
    distortion: float = 0.05
    """Deviation of the first radial coefficient, in units of the focal length."""
    significant: float = 5.0
    """Deviations from which on distortion is more than chance."""
    least_px: float = 0.5
    """Move of the head's edge by distortion below which it does not matter, frame pixels."""


@dataclass(frozen=True)
class OrderWeights:
    """How the photo that shows the face best is found, and whether the person kept still."""

    side_degrees: float = 35.0
    """Turn at which a face is seen half from the side, degrees."""
    enough_px: float = 500.0
    """A face of that size is large enough, photo pixels."""
    half_shut: float = 0.4
    """Score of blinking from which on eyes that look down are no longer an explanation."""
    still: float = 0.3
    """Mean difference of the three facial actions that differ most below which the person kept still."""
    still_actions: float = 0.15
    """How far the points may change a facial action of a person who kept still."""
    moving_actions: float = 0.01
    """The same of one who did not: matches on a face that moved say nothing about it."""


@dataclass(frozen=True)
class MatchWeights:
    """Dense matches between two photos."""

    contrast_px: float = 7.0
    """Deviation of the window in which contrast is normalised, frame pixels."""
    least_contrast: float = 1.2
    """Deviation below which a patch carries no signal, grey levels."""
    forth_back_px: float = 0.7
    """How far a match and the match back may differ, frame pixels."""
    patch: int = 15
    """Side of the patches that are compared, frame pixels."""
    least_facing: float = 0.08
    """Cosine to the view below which a surface is not matched."""
    behind_mm: float = 4.0
    """How far behind the nearest surface a point may lie and still count as seen, mm."""
    step_face: float = 60.0
    """Anchors across the width of a face."""


@dataclass(frozen=True)
class SamePersonWeights:
    """How photos that show one head are told (see the page on several photos)."""

    least_agreement: float = 0.12
    """Least share of the places that two photos of one head both show that matches."""
    least_relative: float = 0.3
    """The same, as a share of what is usual among the photos."""
    least_possible: float = 60.0
    """Two photos that have fewer places in common cannot tell whether they show one head."""


@dataclass(frozen=True)
class DoubtWeights:
    """When the points are doubted, and what the surface does then."""

    moved_mm: tuple[float, float] = (1.0, 4.0)
    """Move of the skin between the photos from which on, and at which wholly, matches on it are doubted, mm."""
    consistent: tuple[float, float] = (0.9, 0.5)
    """Share of the matches that lie on one point below which all are doubted, and at which wholly: pixels of photos in quite
    different lights look alike where they are not the same."""
    turn_error: float = float(np.radians(2.5))
    """Deviation of a camera's turn as landmarks tell it, radians."""
    turn_share: float = 0.1
    """What such an error weighs against the matches' own where these are wholly doubted, px^2 per match."""
    stiffness: float = 20.0
    """Weight of the offset's bending where the points are wholly doubted: the surface follows them only at large."""
    membrane: float = 1.0
    """Weight of its gradient there."""


@dataclass(frozen=True)
class CloudWeights:
    """What single points and outlines count."""

    many: int = 8000
    """Number of points above which every other one shapes the surface in all rounds but the last."""
    full_contrast: float = 2.0
    """Deviation of a patch from which on its match counts in full, grey levels."""
    least: float = 0.03
    """Least weight of a match."""
    rim_gap_mm: float = 8.0
    """Where points lie nearer than that, an outline counts less, mm: a mask's border is less exact."""
    lift_mm: float = 1.5
    """How far off the surface lids and lips may be laid, mm."""


@dataclass(frozen=True)
class CoefficientWeights:
    """Identity and facial actions through the points."""

    model_mm: float = 5.0
    """What the model cannot follow, as an error of a point, mm; points within a patch share it."""
    patch_points: float = 20.0
    """Points of such a patch."""
    landmark_mm: float = 1.5
    """Error of a landmark on the surface, mm; they alone say where lips and lids are, points only where the surface is."""
    most_points: int = 3000
    """Points that are used at most."""
    point_far_mm: float = 3.0
    """Distance at which a point has lost three quarters of its weight, mm."""
    landmark_far_mm: float = 6.0
    """Distance at which a landmark has lost half of its weight, mm."""
    steps: int = 4
    """Gauss-Newton steps."""


@dataclass(frozen=True)
class SurfaceWeights:
    """Where points are few."""

    hidden_stiffness: float = 10.0
    """Least weight of the bending of a hidden vertex."""
    hidden_membrane: float = 1.5
    """Least weight of its gradient: it follows its neighbours' offset rather than their slope."""
    hidden_damping: float = 0.01
    """Least weight of its offset: far from all points it has none."""
    seen_density: float = 0.003
    """Points per mm^2 below which a vertex counts as hidden."""
    tangential: float = 0.05
    """How strongly a point holds the surface along itself, relative to across."""
    damping: float = 1e-3
    """Weight of the offset where points are many."""


@dataclass(frozen=True)
class Bending:
    """How freely an offset moves, against the weight of one point."""

    stiffness: float | np.ndarray
    """Weight of the squared bi-Laplacian bending of the offset, one or (V,); more where no points lie."""
    damping: float | np.ndarray
    """Weight of the offset itself, one or (V,)."""
    robust_mm: float
    """Distance at which a point has lost three quarters of its weight, mm."""
    membrane: float | np.ndarray = 0.0
    """Weight of the offset's squared gradient, one or (V,)."""
    steps: int = 3
    """How often the nearest places are looked up anew."""


@dataclass(frozen=True)
class EyeWeights:
    """Eyeballs through the points on them."""

    least_points: int = 25
    """An eye with fewer points stays where its lids put it."""
    robust_mm: float = 1.5
    """Distance from the ball at which a point has lost three quarters of its weight, mm."""
    reach_mm: float = 8.0
    """Points farther off are none of the eye's, mm."""
    prior_mm: tuple[float, float, float] = (0.7, 0.7, 4.0)
    """How far an eyeball may lie from where its lids put it (x, y, z), mm, against points that err by 1 mm together: the part
    of a sphere that shows between the lids tells how deep it lies, hardly where."""
    stiffness: float = 5.0
    """Weight of the bending of the offset that gives each eye its own cornea, against the weight of one point."""
    damping: float = 0.2
    """Weight of that offset itself."""


@dataclass(frozen=True)
class LandmarkWeights:
    """Landmarks of all photos on the head's surface."""

    least_facing: float = 0.35
    """Cosine to the view from which on a landmark names a place."""
    facing_over: float = 0.4
    """How much more of it a landmark needs to count in full."""
    near_mm: float = 4.0
    """Distance from its place on the head at which a landmark has lost half of its weight, mm."""
    most_mm: float = 15.0
    """A landmark that far from its place on the head is simply wrong, or hidden, mm."""


@dataclass(frozen=True)
class OutlineWeights:
    """The head's outline against the background."""

    different: float = 4.0
    """Deviations of the background's colour beyond which a pixel is something else."""
    least_sigma: tuple[float, float, float] = (1.5, 1.0, 1.0)
    """Least deviation of the background in CIE Lab."""
    most_sigma: float = 7.0
    """A background that deviates more is not plain."""
    near_mm: float = 22.0
    """Beyond that distance from the fitted head all is background, and within it by as much all is head, mm."""
    far_mm: float = 60.0
    """The same for pictures that are cut out, mm: hair is in between."""
    cut_side: int = 280
    """Side of the picture that is cut where the background is not plain, pixels."""
    strand_mm: float = 15.0
    """A scalp outline that lies so far outside the head on average is hair, mm."""
    stretch_mm: float = 30.0
    """Length of a stretch of outline, mm."""
    rough_mm: float = 1.5
    """A skull's outline is smooth: over such a stretch it does not depart from its middle by more, mm."""
    under_chin_mm: tuple[float, float] = (9.0, 40.0)
    """Skin less than that below and behind the chin's landmark is the face's, mm."""
    points: float = 3.0
    """What 12 mm of outline are worth, in points."""


@dataclass(frozen=True)
class PlaceWeights:
    """Photos without landmarks, placed by their features."""

    yaws: tuple[float, ...] = (80.0, -80.0, 55.0, -55.0, 30.0, -30.0, 0.0)
    """Turns of the head that are tried, degrees."""
    side: int = 640
    """Side of the drawn head, pixels."""
    largest: int = 1280
    """Long side of the photo in which features are looked for, pixels."""
    features: int = 2000
    """Features at most."""
    ratio: float = 0.8
    """Lowe's ratio of the distances to the nearest and the second nearest feature."""
    inlier: float = 0.006
    """Reprojection error of a match that fits a pose, as a share of the long side."""
    least_inliers: int = 14
    """Matches that must fit a pose."""
    enough_inliers: int = 80
    """Matches that end the search."""
    least_share: float = 0.12
    """Share of all matches that must fit."""
    least_spread: float = 0.15
    """Share of the drawn head over which they must spread."""


@dataclass(frozen=True)
class ViewsWeights:
    """All of them."""

    face_px: dict[str, float] = field(default_factory=lambda: {"draft": 300.0, "standard": 420.0, "high": 700.0})
    """Width of the face in the frames of each quality, pixels."""
    rounds: dict[str, tuple[Round, ...]] = field(
        default_factory=lambda: {"draft": _ROUNDS[::2], "standard": _ROUNDS, "high": (*_ROUNDS, _ROUNDS[-1])}
    )
    """Rounds of each quality."""
    camera: CameraWeights = field(default_factory=CameraWeights)
    lens: LensWeights = field(default_factory=LensWeights)
    order: OrderWeights = field(default_factory=OrderWeights)
    match: MatchWeights = field(default_factory=MatchWeights)
    same_person: SamePersonWeights = field(default_factory=SamePersonWeights)
    doubt: DoubtWeights = field(default_factory=DoubtWeights)
    cloud: CloudWeights = field(default_factory=CloudWeights)
    coefficients: CoefficientWeights = field(default_factory=CoefficientWeights)
    surface: SurfaceWeights = field(default_factory=SurfaceWeights)
    eyes: EyeWeights = field(default_factory=EyeWeights)
    landmarks: LandmarkWeights = field(default_factory=LandmarkWeights)
    outline: OutlineWeights = field(default_factory=OutlineWeights)
    place: PlaceWeights = field(default_factory=PlaceWeights)


WEIGHTS = ViewsWeights()
"""What is believed unless something else is given."""
