"""Colours of what no photo shows well: eyeballs, teeth, tongue, mouth, lashes."""

from __future__ import annotations

import numpy as np

from ...head.eyeballs import socket_faces, sphere_through
from ...head.model import MATERIALS, HeadModel
from ...wire.color import srgb_to_linear
from ..atlas import Texels
from .grain import octave_noise
from .inner_colors import InnerColors
from .teeth import tooth_colors

__all__ = ["IRIS_RADIUS_MM", "baked_colors"]

IRIS_RADIUS_MM = 5.85
"""Radius of the iris, mm: the horizontal visible iris is 11.7 mm wide in adults."""
_PUPIL = 0.38
"""Pupil radius as a share of the iris."""

_TONGUE = srgb_to_linear(np.array([184, 98, 96]) / 255)
"""Linear colour of the tongue."""
_MOUTH = srgb_to_linear(np.array([142, 62, 58]) / 255)
"""Linear colour of the mouth's inside where it begins; it darkens towards the throat."""
_CARUNCLE = srgb_to_linear(np.array([200, 130, 118]) / 255)
"""Linear colour of the eye sockets: what shows of them lies in the corners of the eyes."""
_LASH = srgb_to_linear(np.array([34, 26, 22]) / 255)
"""Linear colour of lashes."""


def baked_colors(
    model: HeadModel, texels: Texels, rows: np.ndarray, place: np.ndarray, density: np.ndarray, inner: InnerColors
) -> np.ndarray:
    """Linear colours of texels that are not skin.

    Args:
        texels: of the band.
        rows: (m,) which of them.
        place: (m, 3) mm where they are on the mean head.
        density: (m,) texels per mm on a map of side 1.
        inner: what the photo tells about eyes and teeth.

    Returns:
        (m, 3) float32.
    """
    part = Texels(texels.size, texels.row0, texels.row1, texels.index[rows], texels.triangle[rows], texels.weights[rows])
    material = model.face_material[part.triangle // 2]
    position = place
    out = np.empty((len(rows), 3), np.float32)
    noise = octave_noise(place, density, (0.02, 0.03, 0.03, 0.03, 0.02, 0.02), texels.size, seed=3)[:, None]
    plain = {"tongue": _TONGUE, "mouth": _MOUTH, "lashes": _LASH}
    for number, name in enumerate(MATERIALS):
        chosen = material == number
        if not chosen.any() or name == "skin":
            continue
        if name == "eyes":
            out[chosen] = _eye(model, part, chosen, position[chosen], inner)
        elif name == "teeth":
            out[chosen] = tooth_colors(
                model,
                model.triangles[part.triangle[chosen], 0],
                position[chosen],
                inner.enamel,
                1 / np.maximum(density[chosen] * texels.size, 1e-6),
            )
            out[chosen] *= 1 + 0.4 * noise[chosen]
        elif name == "mouth":
            z = position[chosen][:, 2]
            deep = np.clip((z.max() - z) / 40, 0, 1)[:, None]
            out[chosen] = _MOUTH * (1 - 0.55 * deep) * (1 + noise[chosen])
            socket = socket_faces(model)[part.triangle // 2]
            out[socket] = _CARUNCLE * (1 + noise[socket])
        else:
            out[chosen] = plain[name] * (1 + noise[chosen])
    return out


def _eye(model: HeadModel, part: Texels, chosen: np.ndarray, position: np.ndarray, inner: InnerColors) -> np.ndarray:
    out = np.empty((len(position), 3), np.float32)
    vertex = model.triangles[part.triangle[chosen], 0]
    for side, members in enumerate(model.eyeballs):
        mine = np.isin(vertex, members)
        if not mine.any():
            continue
        points = model.template[members].astype(np.float64)
        centre, radius = sphere_through(points)
        d = (position[mine] - centre) / radius
        # On a sphere the chord's distance from the axis is what a front view shows.
        off = np.hypot(d[:, 0], d[:, 1])
        front = d[:, 2] > 0
        rho = np.where(front, off * radius / IRIS_RADIUS_MM, 9).astype(np.float32)
        angle = np.arctan2(d[:, 1], d[:, 0]).astype(np.float32)
        out[mine] = _eye_color(rho, angle, d.astype(np.float32), inner.iris, inner.sclera, side)
    return out


def _ring_noise(angle: np.ndarray, rho: np.ndarray, frequency: int, seed: int) -> np.ndarray:
    """Noise in [-1, 1] that runs radially: many cycles around the pupil, few along the radius."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(-1, 1, (4, frequency)).astype(np.float32)
    x = (angle / (2 * np.pi) + 0.5) * frequency
    y = np.clip(rho, 0, 1) * 2.999
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - i, y - j
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)

    def at(a, b):
        return table[a, b % frequency]

    return (at(j, i) * (1 - fx) + at(j, i + 1) * fx) * (1 - fy) + (at(j + 1, i) * (1 - fx) + at(j + 1, i + 1) * fx) * fy


def _eye_color(rho, angle, direction, iris, sclera, seed):
    # Sclera: whitest beside the iris, pinker and darker towards the corners and the back, faint veins.
    away = np.clip((1 - direction[:, 2]) / 1.2, 0, 1)[:, None]
    color = sclera * (1 - away * np.array([0.22, 0.46, 0.48], np.float32))
    veins = np.abs(_ring_noise(angle + 0.25 * np.sin(9 * away[:, 0]), away[:, 0], 46, 11 + seed))
    veins = np.clip(1 - veins / 0.10, 0, 1) * np.clip(away[:, 0] * 6 - 0.5, 0, 1)
    color = color * (1 - 0.35 * veins[:, None] * np.array([0.25, 1, 1], np.float32))
    fibres = 0.6 * _ring_noise(angle, rho, 96, 23 + seed) + 0.4 * _ring_noise(angle, rho, 37, 29 + seed)
    ring = iris * (1 + 0.30 * fibres[:, None])
    # A lighter collarette around the pupil, darker towards the limbus.
    ring = ring * (1.12 - 0.45 * np.clip((rho - 0.45) / 0.5, 0, 1) ** 2)[:, None]
    collarette = np.exp(-(((rho - 0.5 - 0.03 * fibres) / 0.1) ** 2))[:, None]
    ring = ring * (1 + 0.18 * collarette * np.array([1.15, 1, 0.8], np.float32))
    ring = ring * (1 - 0.78 * np.clip((rho - 0.76) / 0.24, 0, 1) ** 1.5)[:, None]
    inside = np.clip((1.06 - rho) / 0.15, 0, 1)[:, None]  # the limbus is not a sharp line
    color = color * (1 - inside) + ring * inside
    pupil = np.clip((_PUPIL + 0.03 - rho) / 0.06, 0, 1)[:, None]
    return (color * (1 - pupil) + np.array([0.004, 0.004, 0.004], np.float32) * pupil).astype(np.float32)
