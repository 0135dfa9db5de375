"""Colours of what no photo shows well: eyeballs, teeth, tongue, mouth, lashes."""

from __future__ import annotations

import numpy as np

from ...head.eyeballs import socket_faces, sphere_through
from ...head.model import MATERIALS, HeadModel
from ..atlas import Texels
from ..weights import WEIGHTS, EyeWeights, TextureWeights
from .grain import octave_noise
from .inner_colors import InnerColors
from .srgb import linear
from .teeth import tooth_colors

__all__ = ["baked_colors"]


def baked_colors(
    model: HeadModel,
    texels: Texels,
    rows: np.ndarray,
    place: np.ndarray,
    density: np.ndarray,
    inner: InnerColors,
    weights: TextureWeights = WEIGHTS,
) -> np.ndarray:
    """Linear colours of texels that are not skin.

    Args:
        texels: of the band.
        rows: (m,) which of them.
        place: (m, 3) mm where they are on the mean head.
        density: (m,) texels per mm on a map of side 1.
        inner: what the photo tells about eyes and teeth.
        weights: what is believed of their colours.

    Returns:
        (m, 3) float32.
    """
    part = Texels(texels.size, texels.row0, texels.row1, texels.index[rows], texels.triangle[rows], texels.weights[rows])
    material = model.face_material[part.triangle // 2]
    position = place
    out = np.empty((len(rows), 3), np.float32)
    w = weights.mouth
    noise = octave_noise(place, density, w.grain, texels.size, seed=3)[:, None]
    plain = {"tongue": linear(w.tongue), "lashes": linear(w.lash)}
    for number, name in enumerate(MATERIALS):
        chosen = material == number
        if not chosen.any() or name == "skin":
            continue
        if name == "eyes":
            out[chosen] = _eye(model, part, chosen, position[chosen], inner, weights.eyes)
        elif name == "teeth":
            out[chosen] = tooth_colors(
                model,
                model.triangles[part.triangle[chosen], 0],
                position[chosen],
                inner.enamel,
                1 / np.maximum(density[chosen] * texels.size, 1e-6),
                weights.teeth,
            )
            out[chosen] *= 1 + w.tooth_grain * noise[chosen]
        elif name == "mouth":
            z = position[chosen][:, 2]
            deep = np.clip((z.max() - z) / w.throat_mm, 0, 1)[:, None]
            out[chosen] = linear(w.mouth) * (1 - w.throat_dark * deep) * (1 + noise[chosen])
            socket = socket_faces(model)[part.triangle // 2]
            out[socket] = linear(w.caruncle) * (1 + noise[socket])
        else:
            out[chosen] = plain[name] * (1 + noise[chosen])
    return out


def _eye(
    model: HeadModel, part: Texels, chosen: np.ndarray, position: np.ndarray, inner: InnerColors, weights: EyeWeights
) -> np.ndarray:
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
        rho = np.where(front, off * radius / weights.iris_mm, weights.outside).astype(np.float32)
        angle = np.arctan2(d[:, 1], d[:, 0]).astype(np.float32)
        out[mine] = _eye_color(rho, angle, d.astype(np.float32), inner.iris, inner.sclera, side, weights)
    return out


def _ring_noise(angle: np.ndarray, rho: np.ndarray, frequency: int, seed: int) -> np.ndarray:
    """Noise in [-1, 1] that runs radially: many cycles around the pupil, few along the radius."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(-1, 1, (4, frequency)).astype(np.float32)
    x = (angle / (2 * np.pi) + 0.5) * frequency
    y = np.clip(rho, 0, 1) * (len(table) - 1 - 1e-3)
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - i, y - j
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)

    def at(a, b):
        return table[a, b % frequency]

    return (at(j, i) * (1 - fx) + at(j, i + 1) * fx) * (1 - fy) + (at(j + 1, i) * (1 - fx) + at(j + 1, i + 1) * fx) * fy


def _eye_color(rho, angle, direction, iris, sclera, seed, w: EyeWeights):
    # Sclera: whitest beside the iris, pinker and darker towards the corners and the back, faint veins.
    away = np.clip((1 - direction[:, 2]) / w.away, 0, 1)[:, None]
    color = sclera * (1 - away * np.array(w.away_tint, np.float32))
    wind, turns = w.vein_wave
    veins = np.abs(_ring_noise(angle + wind * np.sin(turns * away[:, 0]), away[:, 0], w.vein_cycles, w.vein_seed + seed))
    grow, late = w.vein_begin
    veins = np.clip(1 - veins / w.vein_width, 0, 1) * np.clip(away[:, 0] * grow - late, 0, 1)
    color = color * (1 - w.vein * veins[:, None] * np.array(w.vein_tint, np.float32))
    fine, coarse = (_ring_noise(angle, rho, *each) for each in zip(w.fibre_cycles, (k + seed for k in w.fibre_seeds)))
    fibres = w.fibre_share[0] * fine + w.fibre_share[1] * coarse
    ring = iris * (1 + w.fibre * fibres[:, None])
    # A lighter collarette around the pupil, darker towards the limbus.
    dark, begin, over = w.falloff
    ring = ring * (w.middle - dark * np.clip((rho - begin) / over, 0, 1) ** 2)[:, None]
    middle, width, light = w.collarette
    collarette = np.exp(-(((rho - middle - w.collarette_waves * fibres) / width) ** 2))[:, None]
    ring = ring * (1 + light * collarette * np.array(w.collarette_tint, np.float32))
    dark, begin, over = w.limbus
    ring = ring * (1 - dark * np.clip((rho - begin) / over, 0, 1) ** w.limbus_power)[:, None]
    end, over = w.limbus_edge
    inside = np.clip((end - rho) / over, 0, 1)[:, None]  # the limbus is not a sharp line
    color = color * (1 - inside) + ring * inside
    beyond, over = w.pupil_edge
    pupil = np.clip((w.pupil + beyond - rho) / over, 0, 1)[:, None]
    return (color * (1 - pupil) + np.full(3, w.pupil_light, np.float32) * pupil).astype(np.float32)
