"""What the arrays and the manifest of a bundle must be."""

from __future__ import annotations

import math

import numpy as np

from .errors import ErrorCode, HrnError
from .messages import say

__all__ = ["ARRAYS", "OPTIONAL_ARRAYS", "check_arrays", "check_numbers"]

ARRAYS = {
    # name: (dtype kind, shape with N vertices, Q quads, E expressions, P parts, L landmarks)
    "vertices": ("f", ("N", 3)),
    "deformation": ("f", ("N", 3)),
    "expression_deltas": ("f", ("E", "N", 3)),
    "faces": ("i", ("Q", 4)),
    "uv": ("f", ("Q", 4, 2)),
    "face_material": ("i", ("Q",)),
    "parts": ("f", ("P", "N")),
    "confidence": ("f", ("N",)),
    "confidence_class": ("i", ("N",)),
    "landmark_vertices": ("i", ("L", 3)),
    "landmark_weights": ("f", ("L", 3)),
    "landmarks_detected": ("f", ("L", 2)),
    "landmarks_fitted": ("f", ("L", 2)),
}
"""Arrays of ``mesh.npz``.

``vertices`` is the neutral coarse head, ``deformation`` the mid-frequency offset that is added to it,
``expression_deltas`` the 52 ARKit actions at value 1. ``confidence_class``: 0 prior, 1 completed, 2 seen.
``landmark_vertices``/``landmark_weights`` place landmark points on the surface (barycentric), ``landmarks_detected``
and ``landmarks_fitted`` are pixels in the first photo.
"""
OPTIONAL_ARRAYS = {
    "folds": ("f", ("N", 3)),
    "measured_waves": ("f", ("N",)),
    "fit_vertices": ("f", ("N", 3)),
    "fit_deformation": ("f", ("N", 3)),
    "fit_folds": ("f", ("N", 3)),
    "fit_deltas": ("f", ("A", "N", 3)),
}
"""Arrays that some bundles have: ``folds`` is what of ``deformation`` are folds, waves of 6 to 20 mm, read from shading;
``measured_waves`` the shortest waves that it has from where several photos match. The others are the head before it was
corrected by hand: ``fit_deltas`` are rows of ``expression_deltas``, of the A actions that the manifest names."""


def check_arrays(arrays: dict[str, np.ndarray]) -> None:
    """
    Raises:
        HrnError: ``BUNDLE_INVALID`` naming an array whose type, shape or values are wrong.
    """
    sizes: dict[str, int] = {}
    for name, (kind, shape) in (ARRAYS | OPTIONAL_ARRAYS).items():
        if name in OPTIONAL_ARRAYS and name not in arrays:
            continue
        array = arrays[name]
        kinds = {"f": "f", "i": "iu"}[kind]
        if array.dtype.kind not in kinds or array.ndim != len(shape):
            raise HrnError(
                ErrorCode.BUNDLE_INVALID,
                say("Array “{name}” has type {type} and shape {shape}.", name=name, type=array.dtype, shape=str(array.shape)),
            )
        for want, have in zip(shape, array.shape):
            if sizes.setdefault(want, have) != have if isinstance(want, str) else want != have:
                raise HrnError(
                    ErrorCode.BUNDLE_INVALID,
                    say(
                        "Array “{name}” has shape {shape} instead of {expected}.",
                        name=name,
                        shape=str(array.shape),
                        expected=str(shape),
                    ),
                )
        if kind == "f" and not np.isfinite(array).all():
            raise HrnError(ErrorCode.BUNDLE_INVALID, say("Array “{name}” contains values that are not finite.", name=name))
    for name in ("faces", "landmark_vertices"):
        if arrays[name].size and not 0 <= arrays[name].min() <= arrays[name].max() < sizes["N"]:
            raise HrnError(ErrorCode.BUNDLE_INVALID, say("Array “{name}” refers to vertices that do not exist.", name=name))


def check_numbers(place: str, value: object) -> None:
    """
    Args:
        place: of `value` in the manifest, for the sentence; empty for the manifest itself.

    Raises:
        HrnError: ``BUNDLE_INVALID`` naming the place of a number that is not finite, which JSON has not.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("“{place}” of the manifest is not a finite number.", place=place))
    if isinstance(value, dict):
        for name, one in value.items():
            check_numbers(f"{place}.{name}" if place else str(name), one)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            check_numbers(f"{place}[{number}]", one)
