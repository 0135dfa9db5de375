"""The uncorrected fit that corrections count from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..camera import Camera
from ..head.model import HeadModel
from ..pipeline.assemble import camera_from_json
from ..types import View
from ..wire.bundle import Bundle

__all__ = ["Base", "base_of_bundle", "base_of_views"]

MM = 1000.0
"""Millimetres per metre."""


@dataclass(frozen=True)
class Base:
    """A fitted head of N vertices in V photos, mm."""

    neutral: np.ndarray
    """(N, 3) without deformation."""
    deformation: np.ndarray
    """(N, 3)"""
    basis: np.ndarray
    """(52, N, 3) what each facial action moves at value 1."""
    actions: np.ndarray
    """(V, 52) values in each photo."""
    cameras: tuple[Camera, ...]
    photos: tuple[str, ...]
    """(V,) checksums of the users' files."""
    identity: np.ndarray
    """(K,)"""
    folds: np.ndarray
    """(N, 3) what of the deformation was read from the photos' shading; zero where nothing was."""
    fixed: np.ndarray | None = None
    """(V, 52) bool: actions whose values no re-fit changes; none where it is absent."""

    @property
    def rest(self) -> np.ndarray:
        """(N, 3) float64 mm without any action."""
        return self.neutral.astype(np.float64) + self.deformation

    def posed(self, view: int) -> np.ndarray:
        """(N, 3) float64 mm as in a photo."""
        return self.rest + np.tensordot(self.actions[view], self.basis, 1)

    def on_neutral(self, neutral: np.ndarray, identity: np.ndarray) -> Base:
        """The same with another undeformed head."""
        return replace(self, neutral=neutral, identity=identity)


def base_of_bundle(bundle: Bundle) -> Base:
    """The uncorrected fit of a bundle, corrected or not.

    Raises:
        HrnError: ``BUNDLE_INVALID``.
    """
    manifest, arrays = bundle.manifest, bundle.arrays()
    before = manifest.get("corrections", {}).get("base", {})
    used = [photo for photo in manifest["photos"] if photo.get("used", True)]
    cameras = before.get("cameras", manifest["cameras"])
    actions = before.get("expressions") or [manifest["photos"][camera["photo"]]["expression"] for camera in cameras]
    if "expressions" not in before:
        actions = [manifest["expression"]["photo_values"], *actions[1:]]
    basis = arrays["expression_deltas"].astype(np.float64) * MM
    if "fit_deltas" in arrays:
        basis[before["actions"]] = arrays["fit_deltas"] * MM
    return Base(
        arrays.get("fit_vertices", arrays["vertices"]).astype(np.float64) * MM,
        arrays.get("fit_deformation", arrays["deformation"]).astype(np.float64) * MM,
        basis,
        np.array(actions, np.float64),
        tuple(camera_from_json(camera) for camera in cameras),
        tuple(manifest["photos"][camera["photo"]]["sha256"] for camera in cameras)
        if cameras
        else tuple(p["sha256"] for p in used),
        np.array(before.get("identity", manifest["identity"]), np.float64),
        _folds_of(arrays) * MM,
    )


def _folds_of(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """(N, 3) float64 m: the folds of a bundle's uncorrected fit."""
    name = "fit_folds" if "fit_deformation" in arrays else "folds"
    return arrays[name].astype(np.float64) if name in arrays else np.zeros(arrays["vertices"].shape)


def base_of_views(model: HeadModel, views: tuple[View, ...]) -> Base:
    """The fit of photos that have just been fitted."""
    first = views[0]
    basis, folds = model.expression_basis.astype(np.float64), np.zeros(model.template.shape)
    if (relief := first.mid.relief) is not None:
        folds += relief.at_rest(first.coarse.expression)
        if relief.correctives is not None:
            basis[list(relief.actions)] += relief.correctives
    return Base(
        model.shape(first.coarse.identity).astype(np.float64),
        first.mid.deformation.astype(np.float64),
        basis,
        np.array([view.coarse.expression for view in views], np.float64),
        tuple(view.coarse.camera for view in views),
        tuple(view.photo.sha256 for view in views),
        first.coarse.identity.astype(np.float64),
        folds,
    )
