"""Hair of any style and color for a sitter: the rules of :mod:`.hair_grow` with everything drawn at random, and beards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.mesh import vertex_normals
from ..geometry.smoothstep import smoothstep
from .hair_grow import clumped, curled, grow, haired
from .hair_styles import COLORS, STYLES, Style
from .parts import Part
from .sitter import Sitter, Studio

__all__ = ["Locks", "beard_locks", "draw_color", "draw_style", "hair_locks", "scalp_share"]


@dataclass(frozen=True)
class GroomWeights:
    """How hair is drawn at random."""

    kinds: tuple[tuple[str, float], ...] = (
        ("buzz", 1.2), ("short", 5.5), ("fringe", 0.9), ("bob", 0.9), ("long", 1.4), ("curly", 1.0), ("afro", 0.6),
        ("tail", 1.0), ("bun", 1.0), ("braid", 0.6), ("receding", 1.2), ("bald", 0.4),
    )  # fmt: skip
    """Kinds of the known styles and how often each is drawn."""
    dyed: float = 0.07
    """Share of hair in a color that does not grow."""
    children: int = 11
    """Strands around each guide."""
    spread: tuple[float, float] = (1.6, 4.0)
    """How far they stand from their guide, mm."""
    width: tuple[float, float] = (0.24, 0.5)
    """Thickness at which strands are drawn, mm: there are fewer of them than hairs."""
    tone: float = 0.16
    """Deviation of the brightness from strand to strand, as a logarithm."""
    lock_tone: float = 0.22
    """Deviation of the brightness from lock to lock."""
    beard_roots: int = 2600
    """Guides of a full beard."""


WEIGHTS = GroomWeights()


class Locks(NamedTuple):
    """Strands that are drawn together."""

    guides: np.ndarray
    """(G, P, 3) float32 mm, roots first."""
    strands: np.ndarray
    """(G, C, P, 3) float32 mm."""
    color: np.ndarray
    """(G, C, P, 3) float32 linear albedo."""
    width: float
    """mm"""
    gloss: float
    """Strength of the highlights."""
    label: int
    """Place in :data:`.parts.PARTS`."""


def draw_style(rng: np.random.Generator, weights: GroomWeights = WEIGHTS) -> Style:
    """A hair style like a known one, all its numbers moved."""
    names, often = zip(*weights.kinds)
    kind = rng.choice(names, p=np.array(often) / sum(often))
    style = [known for known in STYLES if known.kind == kind][rng.integers(sum(known.kind == kind for known in STYLES))]
    mirror = rng.choice([-1, 1])
    size = np.exp(rng.normal(0, 0.22))
    part = style.part
    if part is None and style.comb == "down" and rng.random() < 0.5:
        part = rng.uniform(-45, 45)
    fringe = style.fringe * np.exp(rng.normal(0, 0.2))
    if not fringe and style.comb in ("down", "forward", "side") and rng.random() < 0.18:
        fringe = rng.uniform(30, 110)
    curl = style.curl
    wave = tuple(value * np.exp(rng.normal(0, 0.2)) for value in style.wave)
    if not curl[0] and style.top > 120 and rng.random() < 0.3:
        wave = (rng.uniform(3, 14), rng.uniform(45, 110))
    bare = style.bare
    if not bare and style.comb != "out" and rng.random() < 0.06:
        bare = str(rng.choice(["temples", "front", "crown"]))
    faded = rng.uniform(0.08, 0.5) if style.kind in ("short", "receding", "afro") and rng.random() < 0.4 else 1.0
    tie = np.array(style.tie) + [rng.normal(0, 6), rng.normal(0, 12), 0]
    if style.comb in ("tail", "braid") and rng.random() < 0.35:  # gathered at the side, falling over the shoulder
        tie = np.array([rng.choice([-1, 1]) * rng.uniform(50, 72), rng.uniform(-70, -20), rng.uniform(-125, -95)])
    return replace(
        style,
        top=style.top * size * np.exp(rng.normal(0, 0.12)),
        side=style.side * size * faded * np.exp(rng.normal(0, 0.2)),
        back=style.back * size * faded * np.exp(rng.normal(0, 0.2)),
        tail=style.tail * np.exp(rng.normal(0, 0.25)),
        part=None if part is None else mirror * part * rng.uniform(0.6, 1.3),
        fringe=fringe,
        lift=style.lift
        * np.exp(rng.normal(0, 0.3))
        * (rng.uniform(1, 2.6) if style.kind in ("long", "bob", "fringe") else 1.0),
        tie=tuple(float(value) for value in tie),
        curl=tuple(value * np.exp(rng.normal(0, 0.2)) for value in curl),
        wave=wave,
        frizz=style.frizz * np.exp(rng.normal(0, 0.4)) + rng.gamma(1.0, 0.5),
        clump=float(np.clip(style.clump + rng.normal(0, 0.25), 0, 0.95)),
        even=rng.uniform(0.05, 0.3),
        bare=bare,
    )


def draw_color(rng: np.random.Generator, weights: GroomWeights = WEIGHTS) -> np.ndarray:
    """(3,) linear albedo of hair: what grows, mixed, or dyed."""
    if rng.random() < weights.dyed:
        hue = rng.dirichlet([0.35, 0.35, 0.35]) * rng.uniform(0.1, 1.2)
        return np.clip(hue + 0.02, 0.01, 0.75)
    names = ("black", "dark", "brown", "light", "auburn", "red", "blond", "pale", "grey", "white")
    often = np.array([0.17, 0.19, 0.17, 0.09, 0.06, 0.05, 0.11, 0.06, 0.06, 0.04])
    first, second = (np.array(COLORS[name]) for name in rng.choice(names, 2, p=often))
    share = rng.beta(0.6, 3)
    return np.exp(np.log(first) * (1 - share) + np.log(second) * share + rng.normal(0, 0.15) + rng.normal(0, 0.04, 3))


def hair_locks(sitter: Sitter, style: Style, color: np.ndarray, rng: np.random.Generator, scale: float = 1.0) -> Locks | None:
    """The strands of a style on a sitter, or None for the bald.

    Args:
        scale: of the numbers of strands, below 1 for people at the border.
    """
    guides = grow(style, sitter.body, sitter.solid, rng)
    if scale < 1:
        guides = guides[: int(len(guides) * scale)]
    if not len(guides):
        return None
    guides = clumped(style, curled(style, guides, rng), rng).astype(np.float32)
    spread = rng.uniform(*WEIGHTS.spread) * (0.5 if style.kind in ("buzz", "short", "receding") else 1.0)
    tips = rng.uniform(0.5, 1.2) if style.top < 150 else rng.uniform(0.6, 3.0)
    return _locks(guides, color, rng, spread, tips, style.frizz, Part.HAIR)


def _locks(guides, color, rng, spread: float, tips: float, frizz: float, label: int) -> Locks:
    """Strands around guides, each in its color."""
    count, points = guides.shape[:2]
    children = max(3, round(WEIGHTS.children * (0.55 if points > 60 else 1.0)))
    along = np.linspace(0, 1, points, dtype=np.float32)[None, None, :, None]
    around = rng.standard_normal((count, children, 1, 3), np.float32) * np.float32(0.55 * spread)
    around[:, 0] = 0
    stray = rng.standard_exponential((count, children, 1, 1), np.float32) ** np.float32(1.5)
    turns = np.pi * np.arange(1, 4)[None] * np.linspace(0, 1, points)[:, None]
    basis = (np.concatenate([np.sin(turns), np.cos(turns) - 1], 1) / np.tile(np.arange(1, 4), 2)).astype(np.float32)
    wave = np.matmul(basis, rng.standard_normal((count, children, 6, 3), np.float32))
    length = np.linalg.norm(np.diff(guides, axis=1), axis=2).sum(1)
    loose = np.clip(length / 120, 0.04, 1)[:, None, None, None].astype(np.float32)
    wave *= along * np.minimum(stray, 6) * loose * np.float32(frizz + 0.3)
    strands = guides[:, None] + around * np.float32(0.4 + (tips - 0.4) * along) + wave
    if rng.random() < 0.8:  # cut unevenly: a strand ends somewhere near its tip
        keep = 1 - 0.25 * rng.random((count, children, 1, 1), np.float32)
        strands = strands * keep + (1 - keep) * _shifted(strands)
    roots = guides[:, 0]
    chiefs = roots[rng.permutation(count)[: max(1, count // 14)]]
    lock = rng.normal(0, WEIGHTS.lock_tone, len(chiefs))[cKDTree(chiefs).query(roots)[1]]
    tone = np.exp(lock[:, None] + rng.normal(0, WEIGHTS.tone, (count, children))).astype(np.float32)
    albedo = np.broadcast_to(color.astype(np.float32), (count, children, 3)).copy()
    if rng.random() < 0.25:  # single grey hairs, or strands that were bleached
        other = np.array(COLORS[str(rng.choice(["grey", "white", "blond"]))]) if rng.random() < 0.8 else draw_color(rng)
        which = (
            (rng.random((count, children), np.float32) < rng.uniform(0.05, 0.4))
            if rng.random() < 0.6
            else (lock[:, None] > 0.1)
        )
        albedo = np.where(which[..., None], other.astype(np.float32), albedo)
    tipped = np.exp(rng.normal(0.05, 0.2)) if rng.random() < 0.8 else rng.uniform(1.5, 4)
    fade = (1 + (np.float32(tipped) - 1) * along**2) * tone[:, :, None, None]
    shaded = np.clip(albedo[:, :, None] * fade, 0.002, 0.9)
    return Locks(guides, strands, shaded, rng.uniform(*WEIGHTS.width), rng.gamma(1.5, 0.06), label)


def _shifted(strands: np.ndarray) -> np.ndarray:
    """Each point where the one before it was."""
    return np.concatenate([strands[:, :, :1], strands[:, :, :-1]], 2)


def scalp_share(studio: Studio, style: Style) -> np.ndarray:
    """(N,) in [0, 1]: how much of each vertex's skin is beneath hair."""
    model = studio.model
    scalp = smoothstep(0.3, 0.7, model.part("scalp"))
    return scalp * haired(style, model.template.astype(float))


def beard_locks(
    studio: Studio, posed: np.ndarray, share: np.ndarray, length: float, color: np.ndarray, rng: np.random.Generator
) -> Locks | None:
    """Strands of a beard.

    Args:
        posed: (N, 3) mm. share: (N,) how densely each vertex is grown over. length: mm, of the longest.
    """
    model = studio.model
    triangles = model.triangles
    corner = posed[triangles]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    dense = area * share[triangles].min(1)
    if dense.sum() < 60:
        return None
    count = int(np.clip(WEIGHTS.beard_roots * dense.sum() / 14000, 200, WEIGHTS.beard_roots))
    which = rng.choice(len(triangles), count, p=dense / dense.sum())
    weight = rng.dirichlet(np.ones(3), count)
    normals = vertex_normals(posed, triangles)

    def at(values):
        return np.einsum("gk,gk...->g...", weight, values[triangles[which]])

    root, normal, place = at(posed), at(normals), at(model.template.astype(float))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    lip = (place[:, 1] > -66) & (np.abs(place[:, 0]) < 32)
    side = np.sign(place[:, :1]) * np.clip(np.abs(place[:, :1]) / 25, 0.15, 1)
    comb = np.where(lip[:, None], side * [1.0, 0, 0] + [0, -0.55, 0.1], np.array([0, -1.0, 0.15]))
    comb = comb - 0.7 * (comb * normal).sum(1, keepdims=True) * normal
    size = length * np.exp(rng.normal(0, 0.2, count)) * np.where(lip, np.minimum(1, 14 / length), 1)
    size *= 0.35 + 0.65 * smoothstep(-40, -95, place[:, 1])
    along = np.linspace(0, 1, 10)[None, :, None]
    stand = normal * rng.uniform(0.2, 0.6) + rng.normal(0, 0.25, (count, 3))
    way = comb[:, None] * along + stand[:, None] * (along - 0.45 * along**2)
    guides = (root[:, None] + size[:, None, None] * way).astype(np.float32)
    return _locks(guides, color, rng, rng.uniform(1.2, 2.4), 0.9, rng.uniform(0.3, 2.0), Part.BEARD)
