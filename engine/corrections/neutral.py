"""A face that is said to be relaxed in its photo: what the fit took for an expression is the person's shape."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..head.model import HeadModel
from .base import Base

__all__ = ["as_neutral"]

_GAZE = "eyeLook"
"""Begins the names of the actions that turn the eyes: a relaxed face looks somewhere, too."""


def as_neutral(model: HeadModel, base: Base) -> Base:
    """The same head in its first photo, but relaxed there: its expression belongs to the shape, with the folds that it made, and
    its actions stay zero. Other photos show the head as before as far as actions, which are not negative, can say so."""
    facial = np.array([not name.startswith(_GAZE) for name in model.expression_names])
    shown = base.actions[0] * facial
    fixed = np.zeros(base.actions.shape, bool)
    fixed[0] = facial
    return replace(
        base,
        deformation=base.deformation + np.tensordot(shown, base.basis, 1),
        folds=base.folds + np.tensordot(shown, base.basis - model.expression_basis, 1),
        actions=np.clip(base.actions - shown, 0, 1),
        fixed=fixed,
    )
