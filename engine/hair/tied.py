"""Hair that is pulled back tight and gathered: to a bun, or to a tail that hangs.

Found by what stands out: where all else lies tight on the skull, hair beyond it, or beside the neck, is gathered hair. It
is taken to be gathered in the middle of the head, at the height that the photo shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ..geometry.mesh import vertex_normals
from ..head.model import HeadModel
from .cut import Cut
from .cut_weights import TiedWeights
from .ears import Ears
from .field import View
from .flow import Fall, unit
from .roots import Roots
from .seen import inside_distance
from .skin import skin_triangles
from .space import Space
from .trace import Curves

__all__ = ["Tie", "found_tie", "gathered_strands", "unseen_behind"]

_WAY = 26
"""Places of a strand from its root to the tie."""
_WOUND = 34
"""Places of what follows."""
_ROUNDS = 5
"""Rounds in which a strand is brought to its distance from the skull."""


class Tie(NamedTuple):
    """Where hair is gathered, and what becomes of it there."""

    point: np.ndarray
    """(3,) mm, off the skin."""
    out: np.ndarray
    """(3,) unit direction away from the skull."""
    bun: bool
    """It is wound to a bun; else a tail hangs."""
    size: float
    """Radius of the bun, or length of the tail, mm."""
    thick: float
    """Half the thickness of the tail, mm."""


def found_tie(
    model: HeadModel, posed: np.ndarray, views: Sequence[View], cut: Cut, ears: Ears, weights: TiedWeights
) -> Tie | None:
    """Where the photos show gathered hair, or None.

    Args:
        posed: (N, 3) mm.
    """
    if not _may_be_gathered(cut, ears, weights):
        return None
    best: tuple[float, Tie] | None = None
    for view in views:
        if np.median(view.volume.thickness[view.seen.mask]) > weights.thickness:
            continue
        found = _standing_out(view, cut, weights)
        if found is not None and (best is None or found.sum() > best[0]):
            best = float(found.sum()), _tie(model, posed, view, found, weights)
    return None if best is None else best[1]


def unseen_behind(views: Sequence[View], cut: Cut, ears: Ears, weights: TiedWeights) -> bool:
    """Whether hair may be gathered behind the head for all that the photos tell: it lies very tight, and none looks from the
    side."""
    turned = max(abs(view.seen.camera.yaw_degrees) for view in views)
    return _may_be_gathered(cut, ears, weights) and cut.tight < weights.unseen and turned < weights.profile


def _may_be_gathered(cut: Cut, ears: Ears, weights: TiedWeights) -> bool:
    """Whether all hair lies tight and parallel on the skull, off an ear."""
    tight = cut.tight < weights.thickness and cut.coherence > weights.coherence and not (cut.stands or cut.long)
    return tight and min(ears.covered) <= weights.ears


def _standing_out(view: View, cut: Cut, weights: TiedWeights) -> np.ndarray | None:
    """(H, W) bool: the largest piece of hair that tight hair on a skull does not explain."""
    seen = view.seen
    outside = (inside_distance(~seen.head) - inside_distance(seen.head)) * seen.mm
    level = seen.window.level
    low = (level < weights.below) & ~seen.oval
    hair = seen.mask & seen.window.shown
    where = (hair & ((outside > max(cut.tight, 0) + weights.beyond) | low)).astype(np.uint8)
    side = max(3, 2 * round(0.5 * weights.least_width * seen.face) + 1)
    where = cv2.morphologyEx(where, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    count, label, stats, _ = cv2.connectedComponentsWithStats(where)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if stats[largest, cv2.CC_STAT_AREA] < weights.least * seen.face**2:
        return None
    rows, columns = np.nonzero(label == largest)
    across = np.ptp(columns * seen.up[1] - rows * seen.up[0])
    if np.median(level[rows, columns]) > weights.hangs and across > weights.widest * seen.face:
        return None
    # Its surroundings that lie less far out belong to it, down to where it is gathered.
    weak = (hair & ((outside > max(cut.tight, 0) + weights.joined) | low)).astype(np.uint8)
    _, weak_label = cv2.connectedComponents(weak)
    return (weak_label == np.bincount(weak_label[(label == largest) & (weak > 0)]).argmax()) & (weak > 0)


def _tie(model: HeadModel, posed: np.ndarray, view: View, found: np.ndarray, weights: TiedWeights) -> Tie:
    """The tie of a piece of hair that stands out."""
    seen = view.seen
    rows, columns = np.nonzero(found)
    level = seen.window.level[rows, columns]
    pixels = np.stack([columns, rows], 1) + 0.5
    tall = np.ptp(pixels @ seen.up) * seen.mm
    wide = len(rows) * seen.mm**2 / max(tall, 1.0)
    bun = bool(tall < weights.compact * wide or np.quantile(level, 0.05) > weights.hangs)
    low = np.minimum(rows.max() + 3, len(found) - 1), columns[rows.argmax()]
    if not bun and np.isfinite(view.volume.body[0][low]):
        # It goes on behind the shoulders.
        tall = max(tall, weights.hidden)
    places, out = _middle(model, posed, weights)
    size = (
        float(np.clip(np.sqrt(len(rows) / np.pi) * seen.mm, *weights.bun)) if bun else float(np.clip(1.1 * tall, *weights.tail))
    )
    # A bun is gathered behind its middle, a tail at its upper end; one that is only seen beside the neck, at the nape.
    upper = level >= np.quantile(level, 0.0 if bun else 0.85)
    anchor = pixels[upper].mean(0)
    if np.quantile(level, 0.95) < weights.below:
        place = int(np.abs(places[:, 1] - (posed[model.part("left_ear", "right_ear") > 0.5, 1].min() + weights.nape)).argmin())
    else:
        apart = seen.camera.project(places + (0.7 * size if bun else weights.off) * out)[0] - anchor
        place = int((apart**2).sum(1).argmin())
    return Tie(places[place] + weights.off * out[place], out[place], bun, size, weights.thick)


def _middle(model: HeadModel, posed: np.ndarray, weights: TiedWeights) -> tuple[np.ndarray, np.ndarray]:
    """Places in the middle of the back of the scalp where hair may be gathered: (n, 3) mm and (n, 3) directions out."""
    mean = model.template
    use = (model.part("scalp") > 0.5) & (np.abs(mean[:, 0]) < weights.middle) & (mean[:, 2] < weights.front)
    normals = vertex_normals(posed, skin_triangles(model).vertices)
    places = posed[use].astype(np.float64)
    places[:, 0] = np.median(places[:, 0])
    return places, normals[use].astype(np.float64)


def gathered_strands(
    roots: Roots,
    chosen: np.ndarray,
    tie: Tie,
    cut: Cut,
    fall: Fall,
    space: Space,
    weights: TiedWeights,
    rng: np.random.Generator,
) -> Curves:
    """Strands along the skull to the tie, and on.

    Args:
        chosen: (n,) numbers of the roots.
    """
    start = roots.point[chosen]
    disc = rng.normal(0, 0.4 * tie.thick, (len(chosen), 3))
    goal = tie.point + disc
    first, last = unit(start - fall.middle), unit(goal - fall.middle)
    # Over the head, not beneath it, and above the ears.
    over = unit(first + last + weights.over * np.array([0.0, 1.0, -0.3]))
    t = np.linspace(0, 1, _WAY)[None, :, None]
    way = unit((1 - t) ** 2 * first[:, None] + 2 * t * (1 - t) * over[:, None] + t**2 * last[:, None])
    level = max(cut.tight, weights.least_level) * rng.uniform(0.25, 1.0, (len(chosen), 1))
    rise = np.clip(t[..., 0] / 0.2, 0, 1)
    wanted = level * rise * (1 - t[..., 0]) + weights.off * t[..., 0] ** 3
    radius = np.linalg.norm(start - fall.middle, axis=1)[:, None] * np.ones((1, _WAY))
    for _ in range(_ROUNDS):
        spots = fall.middle + way * radius[..., None]
        far = space.at(spots.reshape(-1, 3))[:, 0].reshape(radius.shape)
        radius += np.clip(wanted - far, -25, 25)
    spots = fall.middle + way * radius[..., None]
    close = np.clip((t - 0.85) / 0.15, 0, 1) ** 2
    spots = spots * (1 - close) + goal[:, None] * close
    spots[:, 0] = start
    points = np.concatenate([spots, (_bun if tie.bun else _tail)(tie, disc, rng)], 1)
    return Curves(points, np.full(len(points), points.shape[1]), np.asarray(chosen), np.zeros(len(points), bool))


def _tail(tie: Tie, disc: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, _WOUND, 3): away from the head first, then down; thickest in its upper half."""
    length = tie.size * np.clip(rng.normal(1, 0.08, (len(disc), 1)), 0.75, 1.15)
    far = np.linspace(0.03, 1, _WOUND)[None] * length
    away = 26 * (1 - np.exp(-far / 22))
    line = tie.point + tie.out * away[..., None] - np.array([0.0, 1.0, 0.0]) * np.maximum(far - 0.55 * away, 0)[..., None]
    spread = 1 + 1.4 * np.sin(np.pi * np.clip(far / tie.size, 0, 1)) ** 0.8
    return line + disc[:, None] * spread[..., None]


def _bun(tie: Tie, disc: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(n, _WOUND, 3): once and a half round a ring whose axis points away from the head, spread over its thickness."""
    count = len(disc)
    across = unit(np.cross(tie.out, [1.0, 0.2, 0.1])[None])[0]
    other = np.cross(tie.out, across)
    turn = np.linspace(0, 3 * np.pi, _WOUND)[None] + rng.uniform(0, 2 * np.pi, (count, 1))
    thick = 0.45 * tie.size * rng.uniform(0.5, 1, (count, 1))
    roll = turn + rng.uniform(0, 2 * np.pi, (count, 1))
    ring = (0.55 * tie.size + thick * np.cos(roll))[..., None]
    flat = np.cos(turn)[..., None] * across + np.sin(turn)[..., None] * other
    return tie.point + tie.out * (0.6 * tie.size + thick * np.sin(roll))[..., None] + ring * flat
