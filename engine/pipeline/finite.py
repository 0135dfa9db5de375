"""No number that is not finite leaves a stage: it would only be met where nobody knows any more where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from ..types import View
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .solution import Solution

__all__ = ["refuse_non_finite", "refuse_view"]


def refuse_view(view: View) -> None:
    """
    Raises:
        HrnError: ``INTERNAL`` naming the stage whose numbers about this photo are not finite.
    """
    coarse = {"camera": view.coarse.camera, "identity": view.coarse.identity, "expression": view.coarse.expression}
    _refuse("coarse", {**coarse, "residual": view.coarse.residual_px})
    mid = view.mid
    _refuse(
        "mid",
        {
            "deformation": mid.deformation,
            "lighting": mid.lighting,
            "skin": mid.skin_mask,
            "residual": mid.photometric_residual,
            "share": view.share,
        },
    )


def refuse_non_finite(found: Solution) -> None:
    """
    Raises:
        HrnError: ``INTERNAL`` naming the first stage that left numbers that are not finite.
    """
    for view in found.views:
        refuse_view(view)
    textures = found.textures
    _refuse("albedo", {"confidence": textures.vertex_confidence, "deformation": textures.deformation})
    _refuse("displacement", {"displacement": textures.displacement})
    if found.hair is not None:
        _refuse("hair", {"scalp_color": found.hair.scalp_color, "report": found.hair.report})
        for name, tuft in found.hair.tufts.items():
            _refuse("hair", {name: tuft.strands, f"{name} style": tuft.style})


def _refuse(stage: str, values: dict[str, Any]) -> None:
    wrong = [name for name, value in values.items() if not all(np.isfinite(one).all() for one in _numbers(value))]
    if wrong:
        raise HrnError(
            ErrorCode.INTERNAL,
            say("The stage “{stage}” has made numbers that are not finite: {names}.", stage=stage, names=wrong),
        )


def _numbers(value: Any) -> Iterator[np.ndarray]:
    """All numbers in arrays, dataclasses, dictionaries and lists."""
    if isinstance(value, (np.ndarray, int, float, np.number)):
        array = np.asarray(value)
        if array.dtype.kind == "f":
            yield array
    elif isinstance(value, dict):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _numbers(one)
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name))
