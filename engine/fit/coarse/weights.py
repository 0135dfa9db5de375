"""What the coarse stage believes, with unit and meaning; where no source is named, chosen on generated heads."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["WEIGHTS", "CoarseWeights"]


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


WEIGHTS = CoarseWeights()
"""What is believed unless something else is given."""
