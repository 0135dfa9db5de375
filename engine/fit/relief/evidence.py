"""What tells whether a solved height is a fold: energy, direction, place, light, pigment, by pixel and band.

The heights are split into bands of wavelength: 6 to 20, 2 to 6 and below 2 mm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...head.model import HeadModel
from ...render import interpolate
from .filters import bands, blur, blur_within, doubled_direction
from .light import Lit
from .picture import Picture
from .places import Places
from .weights import EvidenceWeights

__all__ = ["Evidence", "band_deviations", "evidence_of"]


class Evidence(NamedTuple):
    """n pixels of a picture of H x W in which skin is trusted."""

    rows: np.ndarray
    """(n,) flat positions of the pixels."""
    told: np.ndarray
    """(n, F) float32: what is known of each."""
    robust: np.ndarray
    """(n, 3) float32 mm: the bands of the robust height."""
    plain: np.ndarray
    """(n, 3) float32 mm: the bands of the plain height."""


def band_deviations(mm: float, waves: tuple[float, ...], w: EvidenceWeights) -> tuple[float, ...]:
    """Deviations in pixels of the filters that part heights at these wavelengths (mm)."""
    return tuple(w.deviation * wave * mm for wave in waves)


def evidence_of(
    model: HeadModel,
    picture: Picture,
    lit: Lit,
    solved: tuple[np.ndarray, np.ndarray],
    trusts: tuple[np.ndarray, np.ndarray],
    places: Places,
    w: EvidenceWeights,
) -> Evidence:
    """
    Args:
        solved: the robust and the plain height, (H, W) mm each.
        trusts: where skin shows, and where its brightness tells shape, (H, W) each.
    """
    mm, (trust, shading) = picture.pixels_per_mm, trusts
    rows = np.flatnonzero(trust > w.least_trust)
    within = trust + np.float32(1e-4)
    deviations = band_deviations(mm, w.waves_mm, w)
    robust, plain = (bands(height, within, deviations)[1:] for height in solved)
    fold_x, fold_y = places.along
    fold_length = np.maximum(np.hypot(fold_x, fold_y), 1e-9)
    fold = ((fold_x**2 - fold_y**2) / fold_length**2, 2 * fold_x * fold_y / fold_length**2)
    told = []
    for number, (one, other) in enumerate(zip(robust, plain)):
        around = w.around_mm[number] * mm
        least = np.float32(w.least_mm[number] ** 2)
        energy = [np.maximum(blur_within(x * x, within, around), 0) for x in (one, other)]
        wide = np.maximum(blur_within(other * other, within, w.wide * around), 0)
        both = blur_within(one * other, within, around) / np.sqrt(energy[0] * energy[1] + least**2)
        coherent, along_x, along_y = doubled_direction(other, w.coherent_mm[number] * mm)
        logs = [0.5 * np.log(x + least).ravel()[rows] for x in (*energy, wide)]
        # Against the face's own level: what all of it has is paint or noise, at whatever strength.
        usual = [float(np.median(log)) if len(rows) else 0.0 for log in logs[:2]]
        told += [logs[0] - usual[0], logs[1] - usual[1], logs[2] - usual[1], logs[0] - logs[1], both.ravel()[rows]]
        told += [coherent.ravel()[rows], (coherent * places.directed * (along_x * fold[0] + along_y * fold[1])).ravel()[rows]]
    place = interpolate(picture.raster, model.triangles, model.template.astype(np.float64)).reshape(-1, 3)[rows]
    place = place / np.float32(w.place_mm)
    soft = blur(shading, w.soft_mm * mm) / np.maximum(blur(trust, w.soft_mm * mm), np.float32(1e-3))
    lean = np.log(np.linalg.norm(lit.lean, axis=-1) + np.float32(w.least_lean))
    images = (places.chance, places.directed, trust, soft, lean, picture.facing, lit.left)
    told += [image.ravel()[rows] for image in images]
    told += [np.abs(place[:, 0]), place[:, 1], place[:, 2]]
    return Evidence(
        rows,
        np.stack(told, 1).astype(np.float32),
        *(np.stack([band.ravel()[rows] for band in parts], 1).astype(np.float32) for parts in (robust, plain)),
    )
