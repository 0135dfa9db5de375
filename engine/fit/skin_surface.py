"""The skin of a head model as the mid-frequency stage sees it: topology, part weights, smooth offset fields."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from ..geometry.fields import matern_basis
from ..geometry.mesh import neighbours
from ..geometry.sampling import farthest_points
from ..head.cache import write_arrays
from ..head.model import MATERIALS, HeadModel
from ..wire.paths import cache_dir
from .weights import WEIGHTS, SkinFieldWeights

__all__ = ["SkinSurface", "skin_surface"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SkinSurface:
    """Skin vertices in local numbering: V of them, T triangles."""

    vertices: np.ndarray
    """(V,) numbers in the head model."""
    triangles: np.ndarray
    """(T, 3) local."""
    broad: np.ndarray
    """(3V, Kb) basis of the broad offset in x, y, z (row 3 v + axis), for a deviation of 1 mm."""
    fine: np.ndarray
    """(V, Kf) basis of the fine offset along the normal, for a deviation of 1 mm."""
    albedo: np.ndarray
    """(V, Ka) basis of the slow change of log albedo, for a deviation of 1."""
    trust: np.ndarray
    """(V,) how far the colour of each vertex may be explained by its normal: 0 on lips' rims, lids, brows, scalp."""
    edges: np.ndarray
    """(E, 2) mesh edges."""
    outline: np.ndarray
    """(V,) where the head's outline is that of the bare face: cheeks, jaw, chin, temples, nose."""


def skin_surface(model: HeadModel) -> SkinSurface:
    """The surface of `model`: from memory, from the cache on disk, or computed (about a second) and cached."""
    found = _known.get(model.version)
    if found is None or found[0] is not model.template:
        path = cache_dir() / f"{model.version}-surface-{_REVISION}.npz"
        surface = _read(path, model)
        if surface is None:
            surface = _build(model, WEIGHTS.skin)
            _write(path, surface, model)
        found = (model.template, surface)
        _known[model.version] = found
    return found[1]


_REVISION = 1
"""Raise this with every change of the recipe or of its weights."""

_known: dict[str, tuple[np.ndarray, SkinSurface]] = {}


def _fingerprint(model: HeadModel) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(model.template.tobytes() + model.faces.tobytes()).digest(), np.uint8)


def _read(path: Path, model: HeadModel) -> SkinSurface | None:
    try:
        with np.load(path, allow_pickle=False) as data:
            if not np.array_equal(data["fingerprint"], _fingerprint(model)):
                return None
            return SkinSurface(
                **{
                    field.name: data[field.name].astype(np.float64 if data[field.name].dtype.kind == "f" else np.int32)
                    for field in fields(SkinSurface)
                }
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _write(path: Path, surface: SkinSurface, model: HeadModel) -> None:
    arrays = {field.name: getattr(surface, field.name) for field in fields(SkinSurface)}
    arrays = {name: x.astype(np.float32) if x.dtype.kind == "f" else x for name, x in arrays.items()}
    arrays["fingerprint"] = _fingerprint(model)
    try:
        write_arrays(path, arrays)
    except OSError as error:
        _log.warning("the offset fields could not be cached at %s: %s", path, error)


def _build(model: HeadModel, w: SkinFieldWeights) -> SkinSurface:
    triangles = model.triangles[np.repeat(model.face_material == MATERIALS.index("skin"), 2)]
    used, local = np.unique(triangles, return_inverse=True)
    triangles = local.reshape(-1, 3).astype(np.int32)
    place = np.full(len(model.template), -1)
    place[used] = np.arange(len(used))
    mirror = place[model.mirror[used]]
    points = model.template[used].astype(np.float64)
    adjacency = neighbours(triangles, len(used))

    def smooth(values: np.ndarray, rounds: int) -> np.ndarray:
        for _ in range(rounds):
            values = (values + adjacency @ values) / (1 + np.asarray(adjacency.sum(1)).ravel())
        return values

    def part(*names: str) -> np.ndarray:
        return model.part(*names)[used].astype(np.float64)

    moves = _moves(points, part, smooth, w)
    half = points[:, 0] > -1e-3

    def field(reach: float, controls: int, deviation: np.ndarray) -> np.ndarray:
        candidates = np.flatnonzero(half & (deviation > w.least_deviation * deviation.max()))
        chosen = candidates[farthest_points(points[candidates], controls // 2)]
        both = np.union1d(chosen, mirror[chosen])
        basis = matern_basis(points, triangles, both, reach=reach, deviation=deviation)
        # Rotate the basis into even and odd fields: both halves of the covariance are kept, the odd one is shrunk.
        even, odd = (basis + basis[mirror]) / 2, (basis - basis[mirror]) / 2 * w.asymmetry
        return _compressed(even, w.relevant), _compressed(odd, w.relevant)

    even, odd = field(w.broad_reach, w.broad_controls, moves[0])
    broad = np.zeros((len(used), 3, 3 * (even.shape[1] + odd.shape[1])))
    column = 0
    for axis in range(3):
        first, second = (odd / w.asymmetry, even * w.asymmetry) if axis == 0 else (even, odd)
        for block in (first, second):
            broad[:, axis, column : column + block.shape[1]] = block
            column += block.shape[1]
    fine = np.hstack(field(w.fine_reach, w.fine_controls, moves[1]))
    albedo = np.hstack(field(w.albedo_reach, w.albedo_controls, np.ones(len(used))))
    trust, outline = _trust(part, smooth, w), _outline(points, part, smooth, w)
    edges = np.stack(adjacency.nonzero(), 1)
    # Rounded as on disk, so that the first run gives the same result as all later ones.
    broad, fine, albedo, trust, outline = (
        x.astype(np.float32).astype(np.float64)
        for x in (broad.reshape(3 * len(used), -1), fine, albedo, np.clip(trust, 0, 1), outline)
    )
    return SkinSurface(
        used.astype(np.int32), triangles, broad, fine, albedo, trust, edges[edges[:, 0] < edges[:, 1]].astype(np.int32), outline
    )


def _moves(points: np.ndarray, part: Callable, smooth: Callable, w: SkinFieldWeights) -> tuple[np.ndarray, np.ndarray]:
    """(V,) how freely the skin moves, at large and along its normal.

    Args:
        points: (V, 3) mm. part: weight of parts, (V,). smooth: averages (V,) values a number of times.
    """
    begin, over = w.back_mm
    back = np.clip((points[:, 2] - begin) / over, 0, 1)
    ears = part("right_ear", "left_ear")
    move = np.clip(1 - part("scalp") * w.scalp - w.neck * part("neck") - w.ears * ears, w.least, 1) * back
    eyes, lips = part("right_eye", "left_eye"), part("upper_lip", "lower_lip")
    fine = np.clip(move - w.fine_eyes * eyes - w.fine_lips * lips, w.fine_least, 1)
    fine = fine * (1 - w.fine_neck * part("neck")) * (1 - w.fine_neck * ears)
    return smooth(move, w.broad_rounds), smooth(fine, w.fine_rounds)


def _trust(part: Callable, smooth: Callable, w: SkinFieldWeights) -> np.ndarray:
    """(V,) see :attr:`SkinSurface.trust`; arguments as of :func:`_moves`."""
    lips, eyes = (smooth(part(*names), w.trust_rounds) for names in (("upper_lip", "lower_lip"), ("right_eye", "left_eye")))
    trust = (1 - w.trust_lips * lips) * (1 - w.trust_eyes * eyes)
    brows, ears = part("right_brow", "left_brow"), part("right_ear", "left_ear")
    trust *= (1 - w.trust_brows * brows) * (1 - part("scalp")) * (1 - w.trust_ears * ears)
    return trust * (1 - w.trust_neck * part("neck"))


def _outline(points: np.ndarray, part: Callable, smooth: Callable, w: SkinFieldWeights) -> np.ndarray:
    """(V,) see :attr:`SkinSurface.outline`; arguments as of :func:`_moves`."""
    outline = (1 - part("scalp")) * (1 - part("neck")) * (1 - part("right_ear", "left_ear"))
    outline *= (1 - smooth(part("upper_lip", "lower_lip"), w.outline_rounds)) * (1 - part("right_eye", "left_eye"))
    begin, over = w.outline_mm
    return outline * (np.clip((points[:, 2] - begin) / over, 0, 1) * (points[:, 1] < w.outline_height))


def _compressed(basis: np.ndarray, relevant: float) -> np.ndarray:
    """The same Gaussian field in as many columns as its covariance has relevant directions."""
    level, vectors = np.linalg.eigh(basis.T @ basis)
    return basis @ vectors[:, level > relevant * level[-1]][:, ::-1]
