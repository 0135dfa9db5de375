"""HRN's two fits: the texture of one view, and several views of one face (MV-HRN)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch

from ...system.progress import SILENT, Progress
from ..basel import losses, uv_maps
from ..basel.objectives import EdgeColumns, MultiView, mvhrn_terms, total
from ..basel.rendering import Fragments, rasterize_crop, render_texture
from .stages import BaseStage, DetailStage, HrnModel, Levels, compose

__all__ = ["FusedFace", "ViewEvidence", "ViewResult", "fit_texture", "fit_several_views", "fuse"]

TEXTURE_STEPS = 100
"""Iterations of :func:`fit_texture`, as published."""
VIEW_STEPS = 50
"""Iterations of :func:`fit_views`, as published."""


@dataclass(frozen=True)
class ViewEvidence:
    """One view before the common fit; a batch of one each."""

    base: BaseStage
    levels: Levels
    """Levels of the single-view path, masked."""
    mask: torch.Tensor
    """(1, 1, 256, 256) validity."""
    picture: torch.Tensor
    """(1, 3, 224, 224) aligned crop, 0..1."""
    landmarks: torch.Tensor
    """(1, 68, 2) crop pixels, y up."""
    outline: EdgeColumns


class ViewResult(NamedTuple):
    """One view after the fit."""

    stage: DetailStage
    base: BaseStage
    """The coarse face with the fitted coefficients; its maps are those of the single-view path."""
    terms: dict[str, float]
    """Weighted terms of the objective at the end."""


class FusedFace(NamedTuple):
    """One face of all views."""

    identity: torch.Tensor
    """(1, 80)."""
    levels: Levels


def fit_texture(
    model: HrnModel, stage: DetailStage, picture: torch.Tensor, *, steps: int = TEXTURE_STEPS, progress: Progress = SILENT
) -> torch.Tensor:
    """The texture that, drawn on the deformed face, gives the picture; where nothing is seen it stays what it was.

    Adam, 1.92 photo + 10 total variation of the change.

    Args:
        picture: (1, 3, 224, 224), the crop of :func:`engine.published.widening_warp.widen_face`.

    Returns:
        (1, 3, 256, 256), not clipped.
    """
    fragments = _drawn(model, stage)
    offset = torch.zeros_like(stage.color_high, requires_grad=True)
    start = stage.color_high.detach()
    optimiser = torch.optim.Adam([offset], lr=1e-2)
    for step in range(steps):
        optimiser.zero_grad()
        rendered = render_texture(fragments, model.uv, start + offset)
        loss = 1.92 * losses.photo_loss(rendered, picture, fragments.mask) + 10 * losses.total_variation(offset)
        loss.backward()
        optimiser.step()
        progress((step + 1) / steps)
    return (start + offset).detach()


def fit_several_views(
    model: HrnModel, views: Sequence[ViewEvidence], *, steps: int = VIEW_STEPS, progress: Progress = SILENT
) -> tuple[list[ViewResult], FusedFace]:
    """MV-HRN: one identity and one deformation for all views, everything else for each.

    Adam with rate 1e-3 on identity, deformation and, per view, displacement, expression, texture, angles, light and
    translation. Albedo and validity stay those of the single views, so texture coefficients follow their prior only.
    In the last step and the result the validity masks are smoothed, as in the published demo.

    Returns:
        the views' results in order, and the face of all views.
    """
    identity = torch.cat([view.base.coefficients.identity for view in views]).mean(0, keepdim=True)
    deformation = torch.cat([view.levels.deformation for view in views]).mean(0, keepdim=True)
    shared = [value.detach().clone().requires_grad_(True) for value in (identity, deformation)]
    own = [
        [value.detach().clone().requires_grad_(True) for value in (view.levels.displacement, *view.base.coefficients[1:])]
        for view in views
    ]
    optimiser = torch.optim.Adam([*shared, *(value for values in own for value in values)], lr=1e-3)
    masks = [view.mask for view in views]

    def result(number: int) -> tuple[DetailStage, BaseStage, dict[str, torch.Tensor]]:
        view, mask = views[number], masks[number]
        displacement, *rest = own[number]
        coefficients = view.base.coefficients._make((shared[0], *rest))
        levels = Levels(shared[1] * uv_maps.resize(mask, shared[1].shape[-1]), displacement * mask)
        shape = model.face.shape(coefficients.identity, coefficients.expression)
        stage = compose(model, coefficients, shape, view.base.retouched_albedo, levels)
        fragments = _drawn(model, stage)
        mid, high = (render_texture(fragments, model.uv, color) for color in (stage.color_mid, stage.color_high))
        terms = mvhrn_terms(
            MultiView(
                coefficients,
                stage.face.projection,
                stage.face.landmarks,
                mid,
                high,
                fragments.mask,
                levels.deformation,
                levels.displacement,
            ),
            view.picture,
            view.landmarks,
            view.outline,
        )
        return stage, view.base._replace(coefficients=coefficients), terms

    for step in range(steps):
        if step == steps - 1:
            masks = [uv_maps.smooth_mask(mask) for mask in masks]
        optimiser.zero_grad()
        for number in range(len(views)):
            total(result(number)[2]).backward()  # view by view: only one view's graph is held at a time
        optimiser.step()
        progress((step + 1) / steps)
    with torch.no_grad():
        done = [result(number) for number in range(len(views))]
    results = [ViewResult(stage, base, {name: value.item() for name, value in terms.items()}) for stage, base, terms in done]
    return results, fuse(shared[0].detach(), shared[1].detach(), results, masks)


def fuse(
    identity: torch.Tensor, deformation: torch.Tensor, results: Sequence[ViewResult], masks: Sequence[torch.Tensor]
) -> FusedFace:
    """One face of the views: the common identity and deformation, and displacements averaged by validity.

    The published method leaves one mesh a view; its author advises these averages.
    """
    weight = sum(masks)
    moved = sum(mask * result.stage.levels.displacement for mask, result in zip(masks, results, strict=True))
    displacement = torch.where(weight > 0, moved / weight.clamp(min=1e-6), torch.zeros_like(moved))
    seen = torch.cat(list(masks)).amax(0, keepdim=True)
    return FusedFace(identity, Levels(deformation * uv_maps.resize(seen, deformation.shape[-1]), displacement))


def _drawn(model: HrnModel, stage: DetailStage) -> Fragments:
    return rasterize_crop(stage.face.camera, model.face.triangles, camera=model.face.camera)
