"""The weighted objectives of the published methods, term by term.

Every function returns a dictionary of weighted scalar terms; their sum is the objective. Names say what is measured.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from . import losses
from .coefficients import Coefficients
from .contour import contour_loss

__all__ = [
    "DEEP3D_WEIGHTS",
    "HeadScene",
    "MultiView",
    "EdgeColumns",
    "modelscope_face_terms",
    "modelscope_head_terms",
    "modelscope_start_terms",
    "mvhrn_terms",
    "total",
    "training_terms",
]

DEEP3D_WEIGHTS = {"features": 0.2, "photo": 1.92, "landmarks": 1.6e-3, "prior": 3e-4, "gamma": 10.0, "reflectance": 5.0}
"""Weights of the terms of Deep3D's training, as published."""


class EdgeColumns(NamedTuple):
    """Columns between which the face lies in each row of the picture, see :mod:`engine.published.basel.contour`."""

    left: torch.Tensor
    """(B, 224) int64."""
    right: torch.Tensor


class MultiView(NamedTuple):
    """One view of MV-HRN's fit."""

    coefficients: Coefficients
    projection: torch.Tensor
    """(B, N, 2) crop pixels, y up."""
    landmarks: torch.Tensor
    """(B, 68, 2)."""
    mid: torch.Tensor
    """(B, 3, 224, 224) rendered with the deformed face."""
    high: torch.Tensor
    """(B, 3, 224, 224) rendered with displaced normals."""
    coverage: torch.Tensor
    """(B, 1, 224, 224)."""
    deformation: torch.Tensor
    """(B, 3, 64, 64) already masked by the view's validity."""
    displacement: torch.Tensor
    """(B, 1, 256, 256) already masked."""


class HeadScene(NamedTuple):
    """One step of the fit of ModelScope's head, or of its face alone, which leaves out the fields that describe the head."""

    coefficients: Coefficients
    projection: torch.Tensor
    """(B, n, 2) of the face's vertices only."""
    landmarks: torch.Tensor
    face: torch.Tensor
    """(B, 3, 224, 224) rendered face."""
    face_coverage: torch.Tensor
    head: torch.Tensor | None
    """(B, 3, 224, 224) rendered head."""
    head_coverage: torch.Tensor | None
    occupancy: torch.Tensor | None
    """(B, 1, 224, 224) soft coverage of the head."""
    shape_offset: torch.Tensor
    """(B, 3, 300, 300) of the face."""
    texture_offset: torch.Tensor
    head_shape_offset: torch.Tensor | None
    """(B, 3, 100, 100) of the head."""


def total(terms: dict[str, torch.Tensor]) -> torch.Tensor:
    """The objective: the sum of its terms."""
    return sum(terms.values())


class Likeness(NamedTuple):
    """What Deep3D's training compares of two faces."""

    landmarks: torch.Tensor
    """(B, 68, 2) crop pixels, y up."""
    picture: torch.Tensor
    """(B, 3, H, W)."""
    features: torch.Tensor | None
    """(B, D) unit face-recognition features; None leaves their term out."""


def training_terms(
    coefficients: Coefficients,
    texture: torch.Tensor,
    skin: torch.Tensor,
    drawn: Likeness,
    target: Likeness,
    mask: torch.Tensor,
) -> dict[str, torch.Tensor]:
    """Deep3D's training objective.

    Args:
        coefficients: predicted.
        texture: (B, N, 3) unlit; `skin`: (N,) mask of the reflectance term.
        drawn, target: the face that was predicted, and the one in the pictures.
        mask: (B, 1, H, W) skin mask times coverage of the front of the face, without gradient.
    """
    values = {
        **({} if drawn.features is None else {"features": losses.perceptual_loss(drawn.features, target.features)}),
        "photo": losses.photo_loss(drawn.picture, target.picture, mask),
        "landmarks": losses.landmark_loss(drawn.landmarks, target.landmarks),
        "prior": losses.coefficient_prior(coefficients),
        "gamma": losses.gamma_loss(coefficients.gamma),
        "reflectance": losses.reflectance_loss(texture, skin),
    }
    return {name: DEEP3D_WEIGHTS[name] * value for name, value in values.items()}


def mvhrn_terms(
    view: MultiView, target: torch.Tensor, target_landmarks: torch.Tensor, outline: EdgeColumns
) -> dict[str, torch.Tensor]:
    """MV-HRN's objective for one view; the fit sums it over the views."""
    return {
        "photo_high": 1.92 * losses.photo_loss(view.high, target, view.coverage),
        "photo_mid": 1.92 * losses.photo_loss(view.mid, target, view.coverage),
        "landmarks": 1.6e-3 * 0.1 * losses.landmark_loss(view.landmarks, target_landmarks),
        "deformation_smooth": 1000 * losses.total_variation(view.deformation),
        "deformation_even": 10000 * losses.variation_spread(view.deformation),
        "displacement_size": view.displacement.abs().mean(),
        "displacement_smooth": 10000 * losses.total_variation(view.displacement),
        "displacement_even": 10000 * losses.variation_spread(view.displacement),
        "contour": 20 * contour_loss(view.projection, *outline)[0],
        "prior": 3e-4 * losses.coefficient_prior(view.coefficients),
        "gamma": 10 * losses.gamma_loss(view.coefficients.gamma),
    }


def modelscope_start_terms(scene: HeadScene, target: torch.Tensor, target_landmarks: torch.Tensor) -> dict[str, torch.Tensor]:
    """The objective of ModelScope's head in its first 150 iterations, which move the translation only."""
    return {
        "landmarks": 1.6e-4 * losses.landmark_loss(scene.landmarks, target_landmarks),
        "photo_face": 0.1 * 1.92 * losses.photo_loss(scene.face, target, scene.face_coverage),
    }


def modelscope_face_terms(
    scene: HeadScene, target: torch.Tensor, target_landmarks: torch.Tensor, outline: EdgeColumns
) -> dict[str, torch.Tensor]:
    """The objective of ModelScope's face of February 2023 ("inference and fitting"), and the face's part of
    :func:`modelscope_head_terms`."""
    return {
        "photo_face": 1.92 * losses.photo_loss(scene.face, target, scene.face_coverage),
        "landmarks": 1.6e-4 * losses.landmark_loss(scene.landmarks, target_landmarks),
        "prior": 3e-4 * losses.coefficient_prior(scene.coefficients),
        "gamma": 10 * losses.gamma_loss(scene.coefficients.gamma),
        "offset_smooth": 10000 * losses.total_variation(scene.shape_offset),
        "offset_even": 50000 * losses.variation_spread(scene.shape_offset),
        "texture_offset_size": 10 * scene.texture_offset.abs().mean(),
        "contour": 20 * contour_loss(scene.projection, *outline)[0],
    }


def modelscope_head_terms(
    scene: HeadScene, target: torch.Tensor, target_landmarks: torch.Tensor, head_mask: torch.Tensor, outline: EdgeColumns
) -> dict[str, torch.Tensor]:
    """The objective of ModelScope's head from its 151st iteration on.

    Args:
        head_mask: (B, 1, 224, 224) of the head matte, 0..1.
    """
    return {
        **modelscope_face_terms(scene, target, target_landmarks, outline),
        "head_mask": 20 * losses.dice_loss(scene.occupancy, head_mask),
        "photo_head": 1.92 * losses.photo_loss(scene.head, target, scene.head_coverage),
        "head_offset_smooth": 100 * losses.total_variation(scene.head_shape_offset),
        "head_offset_even": 500 * losses.variation_spread(scene.head_shape_offset),
    }
