"""The texture of hair cards, drawn by rule: strands from root (top) to tip in the tiles of one atlas.

Pure NumPy and deterministic. Four neutral maps serve engines that colour hair themselves; :func:`bake` colours them for one head.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...engine.wire.color import linear_to_srgb

__all__ = ["SHADES", "SIZE", "TILES", "StrandMaps", "Tile", "bake", "draw_strands", "tiles_of"]

SIZE = 1024
"""Side of the maps in pixels."""
SHADES = 4
"""Colours of one head's hair that the atlas holds side by side, so that cards differ without vertex colours."""

_GUTTER = 2
"""Pixels at each side of a tile that stay empty, so that filtering does not mix neighbours."""
_REACH = 2
"""Pixels to each side of a strand's middle that are looked at: more than the widest strand's half."""


@dataclass(frozen=True)
class Tile:
    """One rectangle of the atlas, in pixels from the top left."""

    kind: str
    """``dense`` (the body of the hair), ``fringe`` (ragged tips), ``wisp`` (a few loose strands), ``short`` (root cover)."""
    shade: int
    """The number of the :data:`SHADES` colour that it is baked with."""
    left: int
    top: int
    width: int
    height: int

    @property
    def uv(self) -> tuple[float, float, float, float]:
        """(u0, v0, u1, v1): left, tip, right, root, as shares of the atlas with v up, without the gutter."""
        return (
            (self.left + _GUTTER) / SIZE,
            1 - (self.top + self.height - _GUTTER) / SIZE,
            (self.left + self.width - _GUTTER) / SIZE,
            1 - (self.top + _GUTTER) / SIZE,
        )


def _layout() -> tuple[Tile, ...]:
    """Columns: four dense, two fringes, four wisps, and one of four short tiles."""
    tiles = [Tile("dense", shade, 140 * shade, 0, 140, SIZE) for shade in range(SHADES)]
    tiles += [Tile("fringe", 1 + i, 560 + 112 * i, 0, 112, SIZE) for i in range(2)]
    tiles += [Tile("wisp", shade, 784 + 28 * shade, 0, 28, SIZE) for shade in range(SHADES)]
    tiles += [Tile("short", shade, 896, 256 * shade, 128, 256) for shade in range(SHADES)]
    return tuple(tiles)


TILES = _layout()
"""The atlas."""


def tiles_of(kind: str) -> tuple[int, ...]:
    """Numbers of the tiles of a kind."""
    return tuple(number for number, tile in enumerate(TILES) if tile.kind == kind)


@dataclass(frozen=True)
class _Look:
    """How the strands of one kind of tile are drawn."""

    strands: int
    """Strands per tile."""
    width: tuple[float, float]
    """Thinnest and thickest strand, pixels."""
    shortest: float
    """Length of the shortest strand as a share of the tile; the longest reach its end."""
    wave: float
    """Largest sideways wandering as a share of the tile's width."""
    gather: float
    """How far tips draw towards the middle of their lock, 0 to 1."""
    locks: int
    """Locks that the strands of a tile gather in."""


_LOOKS = {
    "dense": _Look(strands=150, width=(1.6, 3.4), shortest=0.62, wave=0.07, gather=0.6, locks=5),
    "fringe": _Look(strands=95, width=(1.4, 3.0), shortest=0.5, wave=0.05, gather=0.75, locks=4),
    "wisp": _Look(strands=7, width=(1.3, 2.2), shortest=0.45, wave=0.22, gather=0.3, locks=2),
    "short": _Look(strands=130, width=(1.6, 3.2), shortest=0.65, wave=0.04, gather=0.3, locks=7),
}
"""Found by eye on rendered heads of long, chin-length and short hair."""

_DARKEST = 0.3
"""Brightness of the deepest strand against that of the topmost."""
_VARIATION = 0.32
"""Standard deviation of the logarithm of a strand's brightness."""
_TAPER = 0.14
"""Share of a strand's length over which its tip thins out."""
_UNEVEN_ROOTS = 0.07
"""Share of the tile's height within which strands begin."""


@dataclass(frozen=True)
class StrandMaps:
    """What was drawn. Row 0 is the top: the roots."""

    strands: np.ndarray
    """(SIZE, SIZE) float32 brightness, 1 on average over what alpha shows of each tile, also between the strands."""
    alpha: np.ndarray
    """(SIZE, SIZE) float32 in [0, 1]."""
    flow: np.ndarray
    """(SIZE, SIZE, 2) float32 unit direction from root to tip: (u, v), v up."""
    depth: np.ndarray
    """(SIZE, SIZE) float32: 0 the deepest strand, 1 the topmost."""


@lru_cache(maxsize=1)
def draw_strands() -> StrandMaps:
    """The atlas' neutral maps: the same pixels in each call and on each machine."""
    maps = StrandMaps(
        np.ones((SIZE, SIZE), np.float32),
        np.zeros((SIZE, SIZE), np.float32),
        np.zeros((SIZE, SIZE, 2), np.float32),
        np.zeros((SIZE, SIZE), np.float32),
    )
    maps.flow[..., 1] = -1
    for number, (kind, look) in enumerate(_LOOKS.items()):
        _draw_kind([TILES[i] for i in tiles_of(kind)], look, np.random.default_rng(number), maps)
    for tile in TILES:
        place = np.s_[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        alpha, strands = maps.alpha[place], maps.strands[place]
        strands /= (strands * alpha).sum() / alpha.sum()
        strands[alpha == 0] = 1
    for array in (maps.strands, maps.alpha, maps.flow, maps.depth):
        array.setflags(write=False)
    return maps


def _draw_kind(tiles: list[Tile], look: _Look, rng: np.random.Generator, maps: StrandMaps) -> None:
    """Strands over strands, the deepest first; the tiles of a kind side by side."""
    count, rows, total = len(tiles), tiles[0].height, look.strands
    inside = tiles[0].width - 2 * (_GUTTER + 2)
    first = np.array([tile.top * SIZE + tile.left for tile in tiles])[:, None] + np.arange(rows) * SIZE
    down = ((np.arange(rows) + 0.5) / rows).astype(np.float32)
    offsets = np.arange(-_REACH, _REACH + 1)
    flat = [array.reshape(SIZE * SIZE, -1) for array in (maps.strands, maps.depth, maps.alpha)]
    flow = maps.flow.reshape(-1, 2)

    def uniform(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (total, count, 1)).astype(np.float32)

    centres = (
        rng.permuted(np.tile(np.arange(look.locks), (count, 1)), axis=1) + rng.uniform(0.2, 0.8, (count, 1))
    ) / look.locks
    root = uniform(0, 1)
    lock = centres[np.arange(count), np.abs(centres - root).argmin(2)][..., None].astype(np.float32)
    wave = look.wave * uniform(0.2, 1) * np.sin(2 * np.pi * uniform(0.4, 1.6) * down + uniform(0, 2 * np.pi)) * down
    x = _GUTTER + 2 + inside * np.clip(root + look.gather * uniform(0.4, 1) * (lock - root) * down**1.5 + wave, 0, 1)
    length = 1 - (1 - look.shortest) * uniform(0, 1) ** 1.5
    half = 0.5 * uniform(*look.width) * np.sqrt(np.clip((length - down) / _TAPER, 0, 1))
    half *= (down >= _UNEVEN_ROOTS * uniform(0, 1)) & (down <= length - 2 * _GUTTER / rows)
    depth = np.linspace(0, 1, total, dtype=np.float32)
    light = (_DARKEST + (1 - _DARKEST) * depth)[:, None] * np.exp(_VARIATION * rng.normal(size=(total, count))).astype(
        np.float32
    )
    slope = np.gradient(x, axis=2)
    for number in range(total):
        column = np.floor(x[number]).astype(np.int32)
        aside = np.abs((column + np.float32(0.5) - x[number])[..., None] + offsets)
        part = np.minimum(half[number][..., None] + np.float32(0.5) - aside, 1)
        seen = np.flatnonzero((part > 0) & (half[number][..., None] > 0))
        cell, step = np.divmod(seen, len(offsets))
        at = (first + column).ravel()[cell] + offsets[step]
        part, width = part.ravel()[seen, None], half[number].ravel()[cell]
        edge = 1 - 0.35 * np.minimum(1, aside.ravel()[seen] / np.maximum(width, 0.5)) ** 2
        for target, value in zip(flat, (light[number][cell // rows] * edge, depth[number], np.float32(1))):
            old = target[at]
            target[at] = old + part * (np.reshape(value, (-1, 1)) - old)
        lean = slope[number].ravel()[cell]
        scale = 1 / np.sqrt(1 + lean**2)
        flow[at] = np.stack([lean * scale, -scale], -1)


def bake(maps: StrandMaps, ramps: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE, 4) uint8 sRGB with alpha: the strands in the colours of one head.

    Args:
        maps: what :func:`draw_strands` gives.
        ramps: (SHADES, R, 3) linear colours from root to tip of each shade.
    """
    out = np.empty((SIZE, SIZE, 4), np.uint8)
    for tile in TILES:
        place = np.s_[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        ramp = ramps[tile.shade]
        at = np.linspace(0, len(ramp) - 1, tile.height)
        color = np.stack([np.interp(at, np.arange(len(ramp)), channel) for channel in ramp.T], -1)
        value = np.clip(maps.strands[place][..., None] * color[:, None], 0, 1)
        out[*place, :3] = np.round(255 * linear_to_srgb(value))
    out[..., 3] = np.round(255 * maps.alpha)
    return out
