"""A head bundle in the engine's millimetres, as it is in its photos."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from ..camera import Camera
from ..fit import fit_coarse, fit_mid
from ..head.model import MATERIALS, HeadModel
from ..photo import Landmarker, observe
from ..pipeline.assemble import camera_from_json
from ..types import View
from ..wire.bundle import Bundle, posed_vertices
from ..wire.hair import HairGroup
from ..wire.settings import Settings
from .hair_metrics import Depth, depth_in_head, refined

__all__ = ["NotMeasured", "buried", "fitted_view", "in_photo", "photo_camera", "posed_head"]


class NotMeasured(Exception):
    """What a part of the bench lacks; its one argument is a sentence (:func:`engine.wire.messages.say`)."""


def fitted_view(model: HeadModel, path: Path, landmarker: Landmarker, settings: Settings) -> View:
    """A photo with the head that is fitted to it alone."""
    photo, observation = observe(path, landmarker)
    return View(
        photo, observation, *fit_mid(model, photo, observation, fit_coarse(model, photo, observation, settings), settings)
    )


def photo_camera(bundle: Bundle, number: int = 0) -> Camera:
    """The camera of one of a bundle's photos."""
    return camera_from_json(bundle.manifest["cameras"][number])


def posed_head(bundle: Bundle, number: int = 0) -> np.ndarray:
    """(N, 3) mm: the head with the facial action that it has in one of its photos."""
    arrays, manifest = bundle.arrays(), bundle.manifest
    used = [photo for photo in manifest["photos"] if photo.get("used", True)]
    return 1000 * posed_vertices(arrays, used[number].get("expression", manifest["expression"]["photo_values"]))


def in_photo(bundle: Bundle, points: np.ndarray, number: int = 0) -> np.ndarray:
    """(G, P, 3) metres: curves at rest brought to the head of a photo, each with the motion of the skin at its root."""
    arrays = bundle.arrays()
    rest = (arrays["vertices"] + arrays["deformation"]).astype(np.float64)
    _, near = cKDTree(rest).query(points[:, 0])
    shift = posed_head(bundle, number)[near] / 1000 - rest[near]
    return (points + shift[:, None]).astype(np.float32)


def buried(fine: HeadModel, vertices: np.ndarray, groups: Mapping[str, HairGroup]) -> Depth:
    """How deep the guides of all groups lie in skin and eyes, at their points and half way between two; the rest of its hair.

    Args:
        fine: the subdivided head, (N, 3) mm `vertices` of it at rest.
        groups: at least ``hair``.
    """
    solid = np.repeat(np.isin(fine.face_material, [MATERIALS.index(name) for name in ("skin", "eyes")]), 2)
    found = {
        name: depth_in_head(refined(group.points * 1000.0, 2 * group.points.shape[1] - 1), vertices, fine.triangles[solid])
        for name, group in groups.items()
    }
    return found["hair"]._replace(worst=max(one.worst for one in found.values()))
