"""The joint fit of several photos of one head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ...head.model import HeadModel
from ...system.progress import SILENT, Progress
from ...types import CoarseFit, FaceObservation, Photo, View
from ...wire.settings import Settings
from ..relief.joined import with_joint_relief
from ..veiled import unveiled
from .finish import finished_views
from .problem import Problem
from .same_person import strangers
from .start import order_views, single_fits
from .state import ViewState
from .weights import WEIGHTS, ViewsWeights

__all__ = ["JointFit", "fit_views"]


class JointFit(NamedTuple):
    """What several photos tell about one head."""

    views: list[View]
    """The one that shows the face best comes first."""
    strangers: list[int]
    """Numbers of the photos that do not match the others and were left out."""
    placed: list[int]
    """Numbers of the photos without a face that could be used after all."""


def fit_views(
    model: HeadModel,
    photos: Sequence[tuple[Photo, FaceObservation]],
    settings: Settings,
    progress: Progress = SILENT,
    faceless: Sequence[Photo] = (),
    weights: ViewsWeights = WEIGHTS,
    known: Mapping[int, CoarseFit] = MappingProxyType({}),
) -> JointFit:
    """One head from several photos of it.

    Args:
        model: the head model.
        photos: two or more photos, each with its face.
        settings: ``quality`` and ``same_expression`` (None: decided from the photos) are used.
        progress: may raise to cancel.
        faceless: photos in which no face was found; profiles among them are placed by their features.
        weights: what the fit believes.
        known: number of a photo -> its fit on its own, or one as good, where there is one.

    Returns:
        The joint fit. Where the photos have too little in common, the pixels of the first view alone give the
        deformation.
    """
    fits = single_fits(model, photos, settings, progress.stage("coarse", "Fitting each photo on its own"), known)
    photos = [(photo, unveiled(model, observation, fit)) for (photo, observation), fit in zip(photos, fits)]
    rounds = weights.rounds[settings.quality]
    mid = progress.stage("mid")
    comparing, finishing = mid.part(0.0, 0.85, "Comparing the photos"), mid.part(0.85, 0.9, "Finishing the shape")
    shares = [comparing.part(number / len(rounds), (number + 1) / len(rounds)) for number in range(len(rounds))]
    together = list(range(len(photos)))
    while True:
        views = order_views([_state(i, *photos[i], fits[i]) for i in together], weights.order)
        problem = Problem(model, views, settings, weights)
        if len(views) == 1:
            break
        problem.improve(rounds[0], shares[0])
        odd = {views[i].number for i in strangers(problem.agreement, weights.same_person)}
        if not odd:
            break
        together = [i for i in together if i not in odd]
    rest = [i for i in range(len(photos)) if i not in together]
    if problem.matched:
        spare = {i: photos[i][0] for i in rest} | dict(enumerate(faceless, len(photos)))
        problem.place(spare, shares[0].part(1.0, 1.0, "Placing photos without a face"))
    for number, step in enumerate(rounds[1:], 1):
        if not problem.matched:
            break
        problem.improve(step, shares[number])
        if number == 1:
            problem.dismiss()
        if number == len(rounds) - 2:
            problem.straighten()
    finishing(0.0)
    placed = [view.number for view in views if view.placed]
    views = finished_views(
        model,
        views,
        problem.head.identity,
        problem.head.deformation() if problem.matched else None,
        settings,
        finishing,
        weights.light,
    )
    measured = np.full(len(model.template), np.inf, np.float32)
    measured[problem.head.surface.vertices] = problem.head.resolution
    views = [replace(view, mid=replace(view.mid, measured=measured)) for view in views]
    views = with_joint_relief(model, views, settings, mid.part(0.9, 1.0, "Reading folds and wrinkles"))
    return JointFit(views, [i for i in rest if i not in placed], [i - len(photos) for i in placed if i >= len(photos)])


def _state(number: int, photo: Photo, observation: FaceObservation, found: CoarseFit) -> ViewState:
    return ViewState(photo, observation, found.camera, found.expression.astype(float), found.focal_source, found, number)
