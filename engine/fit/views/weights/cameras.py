"""What is believed about cameras, lenses, and the matches between photos."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CameraWeights", "FrameWeights", "LensWeights", "MatchWeights", "OrderWeights", "PlaceWeights", "SamePersonWeights"]


@dataclass(frozen=True)
class FrameWeights:
    """The window of a photo in which it is worked on."""

    face_mm: float = 145.0
    """Width of a face, mm: what the working resolution is chosen by."""
    margin: float = 0.12
    """How far a frame reaches beyond the head on each side, as a share of the head's longer side."""
    least_px: int = 16
    """Least side of a frame, pixels."""


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
    settled: float = 2e-4
    """Gain of a step, as a share of what is left unexplained, below which the fit has settled at one residual."""
    narrower: tuple[float, float] = (0.7, 0.5)
    """Factor of that residual after each step, and after one in which the fit has settled."""
    damping: tuple[float, float] = (1e-4, 1e-7)
    """Levenberg-Marquardt damping at first, and at least."""
    damping_factor: float = 10.0
    """Factor by which it falls after a step that helped, and grows after one that did not."""
    tries: int = 6
    """Steps that are tried with more damping before none is taken."""
    most_zoom: float = 0.3
    """Largest change of a log focal length in one step."""
    most_step_mm: float = 15.0
    """Largest move of a point in one step, mm."""
    point_px: float = 1.0
    """Residual at which an observation has lost three quarters of its weight where a point is placed for fixed cameras, frame
    pixels."""
    point_steps: tuple[int, int] = (8, 3)
    """Gauss-Newton steps for that, and in how many at first every observation counts alike."""
    least_sigma: tuple[float, float] = (1e-4, 1e-6)
    """Least deviation of a log focal length, and of a distortion, that is kept as it is."""


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
    hidden: float = 3.0
    """By how much a face of which all landmarks are hidden is worse; one from the side is by 1 (at `side_degrees`)."""
    guessed: float = 0.8
    """By how much less of a photo's own head counts where all landmarks are hidden."""
    half_hidden: float = 0.5
    """How far an action may be hidden in a photo and still count there."""
    still_actions: float = 0.15
    """How far the points may change a facial action of a person who kept still."""
    moving_actions: float = 0.01
    """The same of one who did not: matches on a face that moved say nothing about it."""
    still_count: int = 3
    """How many facial actions these are."""


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
    worn: float = 0.3
    """How far something may lie over a pixel that is matched: what moves with the head is not yet its skin."""
    step_face: float = 60.0
    """Anchors across the width of a face."""
    least_noise: float = 1.0
    """Least product of two patches' variances, grey levels: flat patches are not alike."""
    grey: float = 45.0
    """Grey levels of a normalised contrast of 1."""
    least_weight: float = 1e-3
    """Weight that is added to a window's."""
    nearest: int = 2
    """Views on either side with which each is compared."""
    most_degrees: float = 75.0
    """Largest angle between two views that are compared, degrees."""
    baseline_degrees: float = 4.0
    """Least angle that tells depth, degrees."""
    no_baseline_degrees: float = 30.0
    """By how much views nearer than that are put back in the order of neighbours, degrees."""
    least_seen: int = 200
    """With fewer pixels that both should show nothing is matched."""
    margin_px: int = 12
    """How far the flow's window reaches beyond them, pixels."""
    rim_px: int = 5
    """Side of the window around a pixel that must lie on the head in both."""
    whole: float = 0.99
    """Share of that window's middle that does."""
    flow_patch: tuple[int, int] = (8, 4)
    """Side and stride of the flow's patches, pixels."""
    flow_descent: tuple[int, int] = (12, 16)
    """Gradient descents of the flow, and of one to the last pixel."""
    flow_refined: tuple[int, int] = (1, 5)
    """Variational refinements of the same."""


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
    contrast: float = 0.01
    """Least contrast of a feature (SIFT)."""
    tries: int = 2000
    """Poses that are tried (RANSAC)."""
    confidence: float = 0.999
    """Chance of the best pose that ends the search before."""
    least_matches: int = 6
    """Matches without which there is no pose."""
    least_seen: float = 0.02
    """Share of the drawn picture that must show the head."""
    rim_px: int = 5
    """Side of the window around a feature that must lie on the head, pixels of the drawn picture."""
