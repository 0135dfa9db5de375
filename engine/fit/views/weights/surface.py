"""What is believed about points and outlines, and how the head follows them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = [
    "Bending",
    "CloudWeights",
    "CoefficientWeights",
    "DoubtWeights",
    "EyeWeights",
    "LandmarkWeights",
    "LightWeights",
    "OutlineWeights",
    "SurfaceWeights",
]


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
    hairy: float = 0.5
    """Chance that a match lies on a beard, or on hair over the face, from which on it says nothing of where the skin is."""
    edge_mm: float = 8.0
    """Hair nearer than that to bare skin lies on the skin, mm: ..."""
    edge_points: int = 20
    """... where that many bare points are as near."""
    lift_mm: float = 1.5
    """How far off the surface lids and lips may be laid, mm."""


@dataclass(frozen=True)
class CoefficientWeights:
    """Identity and facial actions through the points."""

    person_gain: float = 16.0
    """Variance of a person's identity about the coarse fit's, as a multiple of what :func:`.coarse.fit.person_precision` says:
    how coefficients go together is worth more than how large they may be, for it tells bare cheeks from brows, nose and lips."""
    person_photos: int = 5
    """Photos from which on that holds; with fewer it shrinks with the square of how many stand beside the first, for their errors
    go together."""
    dense: tuple[float, float] = (6000.0, 7000.0)
    """Worth of the points on a bare face from which on coefficients count one by one, not as they go together in people, and from
    which on only so: five photos of skin that shows something have 7000 to 8000 (two for each), of even skin, or three, 5500."""
    dense_mm: float = 5.0
    """What the model cannot follow there, mm: the surface follows the points itself."""
    skull_mm: float = 1.0
    """How far scalp and ears are moved beside the coarse fit's by what the face tells, mm (root mean square)."""
    model_mm: float = 1.5
    """What the model cannot follow, as an error of a point, mm; points within a patch share it."""
    hidden: tuple[float, float] = (0.002, 0.015)
    """Share of the points on hair, with that of the landmarks that something hides, from which on the rest of a face begins to say
    less of it, and from which on it says least: then no coefficient is believed to be off by more than 1, ..."""
    hidden_mm: float = 3.0
    """... and this is what the model cannot follow, mm."""
    face_mm: float = 70.0
    """Points nearer to the tip of the nose than that count for that share, mm."""
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
    rigid_precision: float = 1e-4
    """Precision of the head's move, turn and growth, which are fitted along and thrown away."""
    rigid_mm: float = 100.0
    """Distance from the middle at which a growth by 1 is as large as that move, mm."""
    identity_limit: float = 3.5
    """Largest identity coefficient, in deviations of the head model."""


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
    hair_far_mm: float = 4.0
    """Distance at which a point of hair that lies within the head has lost three quarters of its weight, mm."""
    candidates: int = 6
    """Triangles with the nearest centres among which a point's nearest place is looked for."""
    density_rounds: int = 2
    """How often the density of points is averaged with the neighbours'."""


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
    steps: int = 10
    """Steps in which an eyeball is moved, at most."""
    settled_mm: float = 0.01
    """Move in a step that ends it, mm."""


@dataclass(frozen=True)
class LandmarkWeights:
    """Landmarks of all photos on the head's surface."""

    hairy: tuple[float, float] = (0.1, 0.6)
    """Chance of a beard at a landmark from which on it is doubted, and at which wholly."""
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
    within_mm: float = 3.0
    """How far within the photo's outline it is looked up what ends there, mm."""
    hairy: float = 0.5
    """Chance of a beard there from which on the skin may end within."""
    worn: float = 0.3
    """How far something may lie over the face there, or where the outline is."""
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
    cut_trust: float = 0.33
    """The same before a busy background, as a share of that: what lies behind the jaw is often taken for neck there."""
    inside: float = 0.5
    """Share of `near_mm` from which on all within the fitted head is head where a mask is judged."""
    least_pixels: int = 400
    """With fewer pixels that surely are background, or head, nothing is told."""
    joined_px: float = 2.0
    """Gaps and holes up to that are closed, pixels."""
    samples: int = 4000
    """Pixels of the background that its colour is fitted to, at most."""
    rounds: int = 5
    """How often it is fitted, each time without what strays from it."""
    mad_sigma: float = 1.48
    """Standard deviation of a Gaussian over its median absolute deviation."""
    stray: float = 3.0
    """Deviations from which on a pixel strays."""
    plain: float = 0.8
    """Share of the background that must not."""
    half_px: int = 7
    """Side of the window in which the head beside a half covered pixel lies, pixels."""
    cut_least_side: int = 8
    """Least side of that picture, pixels."""
    cut_least: int = 50
    """With fewer pixels of surely head, or background, nothing is cut out."""
    cut_rounds: int = 4
    """Rounds of GrabCut."""
    snap_mm: float = 1.5
    """How far around a cut the picture's edges are looked for, mm."""
    snap_contrast: float = 1e-3
    """Variance of a colour in [0, 1] below which nothing is an edge."""
    snap_steep: float = 1.5
    """By how much steeper the border is made afterwards."""
    plausible: tuple[float, float] = (0.85, 0.25)
    """Least share of the head, and largest share of the background, in a mask that is believed."""
    least_points: int = 10
    """With fewer points an outline of the scalp is taken for hair."""
    hidden: float = 2.0
    """Factor of the weight of neck and ears by which an outline there is not believed."""


@dataclass(frozen=True)
class LightWeights:
    """The light of each photo on the final head."""

    facing: tuple[float, float] = (0.25, 0.4)
    """Cosine between normal and view at which skin begins to count, and over how much it comes to count."""
    soft_mm: float = 2.0
    """Standard deviation by which the photo is smoothed, mm."""
    least: float = 1e-3
    """Least linear brightness of which a logarithm is taken."""
