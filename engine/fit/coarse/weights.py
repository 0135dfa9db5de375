"""What the coarse stage believes, with unit and meaning; where no source is named, chosen on generated heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["WEIGHTS", "CoarseWeights", "DistanceWeights", "PopulationWeights", "Way"]


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


WEIGHTS = CoarseWeights()
"""What is believed unless something else is given."""
