"""Mid-frequency stage: pixels, landmarks and the face's outline refine the coarse head.

Analysis by synthesis in the spirit of HRN's deformation map (Lei et al., CVPR 2023), solved as a maximum a posteriori
Gauss-Newton problem in a reduced basis rather than predicted: identity (held near the coarse fit), a broad offset in
x, y, z, a fine offset along the normal, slow log albedo, and light. Every data term says how little it knows: photo
residuals are counted per patch of skin, not per pixel, and landmarks err together.
"""

from __future__ import annotations

import numpy as np

from ...head.model import HeadModel
from ...system.progress import SILENT, Progress
from ...types import CoarseFit, FaceObservation, MidFit, Photo
from ...wire.settings import Settings
from ..veiled import outlined
from .finish import finished
from .problem import Problem
from .weights import WEIGHTS, MidWeights

__all__ = ["MidWeights", "fit_mid"]


def fit_mid(
    model: HeadModel,
    photo: Photo,
    observation: FaceObservation,
    coarse: CoarseFit,
    settings: Settings,
    progress: Progress = SILENT,
    weights: MidWeights | None = None,
) -> tuple[CoarseFit, MidFit]:
    """Refine a coarse fit with the photo's pixels.

    Args:
        model: head model. photo: upright photo. observation: the face's landmarks.
        coarse: camera, identity and expression to start from.
        settings: ``quality`` draft leaves the shape alone, high takes twice the steps; ``part_distance`` compares the
            parts' regions, too.
        progress: may raise to cancel.
        weights: for experiments.

    Returns:
        The coarse fit with refined pose and identity, and the deformation, light and skin mask.
    """
    from ...photo import find_covers, segment_skin

    weights = weights or MidWeights(part=WEIGHTS.parts.error_mm if settings.part_distance else 0.0)
    finding, reading = progress.part(0.0, 0.1, "Finding bare skin"), progress.part(0.1, 0.2, "Estimating the light")
    matching, finishing = progress.part(0.2, 0.9, "Matching the photo"), progress.part(0.9, 1.0, "Finishing the shape")
    finding(0.0)
    skin = segment_skin(photo, observation, finding)
    reading(0.0)
    problem = Problem(
        model,
        photo,
        observation,
        coarse,
        skin.skin * (1 - skin.highlight),
        outlined(skin.surface, observation.veil),
        weights,
        reading,
    )
    steps = {"draft": 0, "standard": weights.steps, "high": 2 * weights.steps}[settings.quality]
    for step in range(steps):
        if problem.step(matching.part(step / steps, (step + 1) / steps)) < weights.settled and step >= weights.least_steps:
            break
    return finished(
        problem,
        observation,
        skin.skin.astype(np.float32),
        find_covers(photo, observation, skin),
        finishing,
    )
