"""What the coarse stage believes, with unit and meaning; where no source is named, chosen on generated heads."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["WEIGHTS", "CoarseWeights", "PopulationWeights"]


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


WEIGHTS = CoarseWeights()
"""What is believed unless something else is given."""
