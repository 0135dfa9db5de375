"""The way from a photo and its landmarks to the shape of the head: coarse (parametric), then mid frequency (deformation),
then folds and wrinkles (relief).

The stages are imported when first used, so that lighting helpers do not pull in the optimisers.
"""

from __future__ import annotations

__all__ = ["deformation_map", "fit_coarse", "fit_mid", "with_relief"]

_HOME = {
    "fit_coarse": "coarse.fit",
    "fit_mid": "mid.fit",
    "deformation_map": "mid.deformation",
    "with_relief": "relief.fit",
}
"""Module of each function that is imported only when it is asked for."""


def __getattr__(name: str):
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("." + _HOME[name], __name__), name)
