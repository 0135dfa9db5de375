"""What the coarse stage believes, with unit and meaning; where no source is named, chosen on generated heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["WEIGHTS", "CoarseWeights", "DistanceWeights", "OneSidedWeights", "PopulationWeights", "TongueWeights", "Way"]


@dataclass(frozen=True)
class PopulationWeights:
    """How averages of people become identities of the head model."""

    sigma_mm: float = 12.0
    """Landmarks of the model and vertices of the canonical face name places that differ by some 2 mm, alike over patches of
    about 40 points: as independent errors, 2 sqrt(40), mm."""
    along: float = 0.05
    """Weight of differences along the surface, which mostly say that the points are named differently."""
    steps: int = 15
    """Rounds in which size and pose of the canonical face and the identity are found in turn."""
    ridge: float = 1e-2
    """Added to the diagonal of the equations that recover an identity from its displacements, mm^2."""
    tolerance_mm: float = 0.1
    """Mean error of the recovered displacements from which on they are another head's, mm."""


class Way(NamedTuple):
    """One way in which people are photographed; distances and lenses by their medians."""

    share: float
    """Share of all photos."""
    distance_mm: float
    """From the camera to the eyes."""
    distance_spread: float
    """Deviation of its logarithm."""
    lens_mm: float
    """Focal length as on 35 mm film, by the diagonal."""
    lens_spread: float
    """Deviation of its logarithm."""


@dataclass(frozen=True)
class DistanceWeights:
    """From how far people are photographed, and what their pictures' frames and the network's guess say about it."""

    ways: tuple[Way, ...] = (
        Way(0.25, 480.0, 0.30, 27.0, 0.15),  # a selfie, a webcam
        Way(0.20, 1200.0, 0.50, 26.0, 0.08),  # by somebody else, the phone's main camera
        Way(0.20, 1300.0, 0.45, 55.0, 0.25),  # by somebody else, the phone's portrait mode
        Way(0.35, 1700.0, 0.55, 75.0, 0.35),  # a camera
    )
    """Distances: arm's length and a little more (Ward et al., "Nasal distortion in short-distance photographs: the selfie
    effect", JAMA Facial Plastic Surgery 2018: 12 inches to 5 feet), and Hall's personal and social distances (*The hidden
    dimension*, 1966: 0.45 to 1.2 and to 3.6 m). Lenses: phones' front (22 to 32 mm), main (24 to 28 mm) and portrait cameras
    (48 to 77 mm), portrait lenses (50 to 135 mm). The shares are judged, not counted."""
    formats: tuple[float, ...] = (4 / 3, 3 / 2, 16 / 9)
    """Long by short side of the pictures that cameras take ..."""
    format_error: float = 0.015
    """... to that share."""
    cropped: float = 0.5
    """Chance that a picture in such a format is a part of what the camera saw ..."""
    odd_cropped: float = 0.97
    """... and that one in another format is."""
    crop: float = 0.7
    """Mean of the logarithm of how many times smaller the part is."""
    guess_offset: float = 3.79
    """The logarithm of the network's guess in mm is this ..."""
    guess_slope: float = 0.454
    """... plus that times the true one's (140 renders from 0.33 to 4 m; it learnt from 0.33 to 2.2 m) ..."""
    guess_error: float = 0.33
    """... within that: 0.21 on its own renders, 0.37 on the development heads."""
    guess_tails: float = 3.0
    """Degrees of freedom of Student's distribution of that error: now and then the guess is far off."""
    nearest_mm: float = 200.0
    """Nearest distance that is thought of."""
    farthest_mm: float = 12000.0
    """Farthest."""
    steps: int = 240
    """Number of distances between them that are weighed."""


@dataclass(frozen=True)
class OneSidedWeights:
    """What is believed of the landmarks' difference from their mirror image."""

    deviation: float = 0.4
    """Deviation of left minus right of an action."""
    pose: tuple[float, float, float] = (3.0, 0.1, 0.1)
    """Deviations of what the pose is wrong by: shift aside in mm, turn about the upright axis and tilt in radians."""
    field: tuple[tuple[float, float], ...] = ((0.6, 40.0), (0.4, 14.0))
    """Standard deviation and correlation length of the asymmetry of people's faces, mm (halved, as the differences are)."""
    noise_mm: float = 0.5
    """Standard deviation of a landmark's own error, halved, mm."""
    oval_mm: float = 1.0
    """The same on the face's outline, mm."""
    least_facing: float = 0.1
    """Least cosine between a landmark's normal and the direction to the camera at which it is used."""
    middle_mm: float = 1.0
    """Distance from the middle up to which a landmark lies in it, mm."""
    least_points: int = 60
    """Landmarks of one half that must be seen, with their twins."""
    turn_error: float = 0.5
    """Deviation of what a turn does to the landmarks, as a share of its mean."""
    turn_gain: float = 10.0
    """Growth of the variance of asymmetry and landmarks with the square of the turn's sine."""
    turned: tuple[float, float] = (15.0, 30.0)
    """Turn of the head up to which landmarks and their twins are seen alike, and from which on they are not, degrees."""
    brow: tuple[float, float] = (0.25, 0.45)
    """Difference of the brows' heights, as a share of the action, up to which it is the person's, and from which on it is an
    action: the larger one of 34 photos at rest is 0.25 where both brows are seen alike ..."""
    brow_gain: float = 1.4
    """... and the action per difference: landmarks follow less on photos than on renders."""
    brow_most: float = 0.6
    """Largest difference of the brows that is believed: caps and fringes hide one of them."""
    brow_floor: float = 0.02
    """Score that is added for a raised brow: it is done more often than lowering one."""
    jaw: tuple[float, float] = (0.22, 0.36)
    """The same of the jaw's shift: chins are up to 0.23 beside the middle ..."""
    jaw_gain: float = 1.3
    """... and the action per shift ..."""
    jaw_most: float = 0.5
    """... up to this: teeth must not leave the cheeks where landmarks lag behind."""
    mouth: tuple[float, float] = (0.25, 0.45)
    """The same of a mouth that is drawn to a side ..."""
    mouth_gain: float = 1.2
    """... and the action per shift."""
    smile: tuple[float, float] = (0.22, 0.4)
    """The same of a smile's corners ..."""
    smile_gain: float = 1.3
    """... and the action per difference."""
    straight: tuple[float, float] = (10.0, 18.0)
    """Turn of the head up to which a mouth's shift is seen by landmarks alone, and from which on scores have to agree, degrees."""
    mouth_score: tuple[float, float] = (0.03, 0.12)
    """Difference of both sides' scores of a mouth drawn aside that begins to agree, and that does."""


@dataclass(frozen=True)
class TongueWeights:
    """When a tongue is believed to be out."""

    seen: tuple[float, float] = (0.56, 0.66)
    """The network's answer up to which there is none, and from which on there is one: of 34 photos without, nine tenths have less
    than 0.21, one that speaks 0.56; tongues that were drawn on 23 photos have 0.85 in the middle."""
    teeth: tuple[float, float] = (0.4, 0.54)
    """Share of the mouth's opening that upper teeth fill up to which a tongue may come out, and from which on none does."""
    gain: float = 1.1
    """Value of the action per answer."""
    least_jaw: float = 0.1
    """Least opening of the jaw with a tongue out: it has to pass between the teeth."""


@dataclass(frozen=True)
class CheekWeights:
    """When cheeks are believed to be blown."""

    seen: tuple[float, float] = (0.34, 0.46)
    """The network's answer up to which they are not, and from which on they are: of 84 photos and renders of faces that do not blow
    them, those that the other limits leave have 0.31 at most; one that presses its lips together, turned aside, has 0.35 and 0.42."""
    turned: tuple[float, float] = (20.0, 35.0)
    """Turn of the head up to which that is so, and from which on a cheek's outline tells nothing, degrees: in profile, thin faces,
    too, have up to 0.58."""
    open: tuple[float, float] = (0.15, 0.3)
    """Score of an open jaw from which on lips do not hold the air for sure, and from which on they do not."""
    smile: tuple[float, float] = (0.25, 0.5)
    """Score of a smile up to which full cheeks do not come from it, and from which on they do."""
    gain: float = 1.3
    """Value of the action per answer."""
    sigma: float = 0.05
    """Deviation of that value."""


@dataclass(frozen=True)
class CoarseWeights:
    """How far the network's landmarks and its guess of the shape are believed."""

    steps: int = 5
    """Gauss-Newton steps at most."""
    noise_gain: float = 64.0
    """Factor of the landmarks' covariance: they come from the same features as the guess of the shape, so they tell little
    that it did not."""
    prior_gain: float = 0.5
    """Factor of the guess's covariance while the landmarks are fitted."""
    guess_gain: float = 2.0
    """The guess's error on photos, as a multiple of its covariance on held-out renders."""
    person_variance: float = 0.2
    """Variance of a person's identity coefficients beyond what scanned people differ in."""
    group_floor: float = 0.2
    """Share of a group that adults' faces, too, are often taken to show."""
    bare_face: tuple[float, float] = (0.2, 0.6)
    """Shares of bare skin in the lower face up to which nothing is believed about weight, and from which on all is (beards: 0
    to 0.05; shaven faces, stubble and folds: 0.6 and more)."""
    bearded_face: tuple[float, float] = (0.2, 0.5)
    """Shares of beard in the lower face up to which groups are believed, and from which on none is."""
    face_precision: float = 60.0
    """1/mm^2 of the mean square over the face: some 60 independent places to 1 mm."""
    skull_precision: float = 10.0
    """1/mm^2 of the mean square over the skull: some 20 independent places to 1.5 mm."""
    least_expression_sigma: float = 0.02
    """Least deviation of a facial action from the guess."""
    identity_limit: float = 3.0
    """Largest identity coefficient, in deviations of the head model."""
    pose_prior: float = 1e-8
    """Precision of the pose: nothing is believed about it."""
    settled_mm: float = 1e-3
    """Largest move of a landmark in a step that ends the fit, mm."""
    part: float = 0.5
    """Weight of a part from which on a vertex is the face's, or the skull's."""
    distance_mm: float = 800.0
    """Distance of a portrait when nothing else is known, mm: perspective depends on it alone, not on the lens or the crop."""
    windows: tuple[tuple[float, float, float, float], ...] = (
        (0.0, 1.0, 0.0, 0.0),
        (0.07, 1.08, 0.015, 0.02),
        (-0.07, 0.94, -0.015, -0.015),
        (0.0, 1.12, 0.0, 0.03),
        (0.0, 1.06, 0.0, -0.02),
    )
    """Turn (radians), margin over the usual one, and shift (shares of the side) of the windows whose answers are averaged, each
    also mirrored."""
    covariance_floor: float = 1e-4
    """Variance that is added to that of the guess's errors, so that it has an inverse."""
    people: PopulationWeights = field(default_factory=PopulationWeights)
    distance: DistanceWeights = field(default_factory=DistanceWeights)
    one_sided: OneSidedWeights = field(default_factory=OneSidedWeights)
    tongue: TongueWeights = field(default_factory=TongueWeights)
    cheeks: CheekWeights = field(default_factory=CheekWeights)


WEIGHTS = CoarseWeights()
"""What is believed unless something else is given."""
