"""Corrections on the way from photos to a bundle: after the fit, before the textures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..fit.relief.joined import with_joint_relief
from ..head.model import HeadModel
from ..pipeline.assemble import METRE, camera_json
from ..pipeline.solution import KeptCorrections
from ..system.progress import SILENT, Progress
from ..types import FaceObservation, Photo, View
from ..wire.corrections import Corrections, refuse_other_photos
from ..wire.settings import Settings
from .apply import corrected
from .base import Base, base_of_views
from .masks import painted_masks, with_painted_cover, with_painted_skin

__all__ = ["Replay", "corrected_views"]

_SAME_MM = 1e-3
"""Moves of an action that differ less are the same, mm: bundles have rounded metres."""


class Replay(NamedTuple):
    """Corrections that a reconstruction goes by."""

    corrections: Corrections
    folder: Path
    """Where their masks lie."""

    def check(self, photos: Collection[str]) -> None:
        """Refuse what belongs to another head than that of the photos with these checksums, before anything is fitted.

        Raises:
            HrnError: ``CORRECTIONS_INVALID``.
        """
        refuse_other_photos(self.corrections, photos)

    def covered(self, photo: Photo, observation: FaceObservation) -> FaceObservation:
        """The face as the masks have it."""
        return with_painted_cover(photo, observation, painted_masks(photo, self.corrections, self.folder))


def corrected_views(
    model: HeadModel,
    views: Sequence[View],
    replay: Replay,
    settings: Settings,
    base: Base | None = None,
    progress: Progress = SILENT,
) -> tuple[list[View], KeptCorrections]:
    """The fitted photos with corrections, and what the bundle keeps of them.

    Args:
        base: the uncorrected fit, where it is not that of `views`.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``.
    """
    base = base_of_views(model, tuple(views)) if base is None else base
    found = corrected(model, base, replay.corrections)
    neutral = model.shape(np.float32(found.base.identity))
    # Without folds: they are read again where the skin lies now.
    deformation = np.float32(found.deformation + found.base.neutral - neutral - found.base.folds)
    result = []
    for number, view in enumerate(views):
        coarse = replace(
            view.coarse,
            camera=found.cameras[number],
            identity=np.float32(found.base.identity),
            expression=np.float32(found.actions[number]),
        )
        points = coarse.camera.project(
            model.landmarks(model.shape(coarse.identity, coarse.expression) + deformation).astype(np.float64)
        )[0]
        residual = np.linalg.norm(points - view.observation.landmarks, axis=1).astype(np.float32)
        mid = replace(view.mid, deformation=deformation, relief=None)
        one = replace(view, coarse=replace(coarse, residual_px=residual), mid=mid)
        result.append(with_painted_skin(one, painted_masks(view.photo, replay.corrections, replay.folder)))
    result = with_joint_relief(model, result, settings, progress)
    relief = result[0].mid.relief
    folding = np.abs(base.basis - model.expression_basis).max((1, 2)) > _SAME_MM
    actions = sorted({*np.flatnonzero(folding).tolist(), *(relief.actions if relief is not None else ())})
    kept = KeptCorrections(
        replay.corrections.to_json(),
        {name: replay.folder / name for photo in replay.corrections.photos for name in (photo.ignore, photo.skin) if name},
        {
            "cameras": [{"photo": number, **camera_json(camera)} for number, camera in enumerate(base.cameras)],
            "expressions": np.round(base.actions, 5).tolist(),
            "identity": np.round(base.identity, 5).tolist(),
            "actions": actions,
        },
        {
            "fit_vertices": np.float32(base.neutral * METRE),
            "fit_deformation": np.float32(base.deformation * METRE),
            "fit_folds": np.float32(base.folds * METRE),
            "fit_deltas": np.float32(base.basis[actions] * METRE),
        },
        found.warnings,
    )
    return result, kept
