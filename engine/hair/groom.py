"""From photos with their masks to guide curves on the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry.sampling import farthest_points
from ..head.model import HeadModel
from ..types import Textures
from ..wire.hair import HairStyle
from .agree import agreed
from .body import body_mesh
from .color import hair_color, skin_albedo
from .comb import combed
from .ears import Ears
from .field import Field, View, hair_field
from .finish import Skin, lengthened, lifted_off, pushed_out, resampled, trimmed, tufted
from .flow import Fall, hair_flow
from .grow import grown_strands
from .roots import Roots, hair_roots
from .seen import Seen, seen_hair
from .space import Space, hair_space
from .style import curled, measured_curl, measured_style, shown_share
from .trace import Curves, Traces, joined, seen_strands, spread_seeds, traced
from .types import HairView, Strands, no_strands
from .volume import hair_volume, overhang
from .weights import WEIGHTS, GroomWeights, StrandWeights

__all__ = ["groom_hair"]

SEEN = 2
"""`source` of a strand that a photo shows."""
COMPLETED = 1
"""`source` of a strand that was grown from what photos show elsewhere."""
OUTER = 0
"""`layer` of what makes the hair's shape."""
UNDER = 1
"""`layer` of the short hair beneath."""
_DENSE = 48
"""Places of a strand while it is being cut."""
_CHIN = 215.0
"""Height of the head's top above the chin, mm: below it hair hangs."""
_UNDER = 45.0
"""Most length of the hair beneath, mm."""
_ENDLESS = 700.0
"""Length that bounds nothing, mm."""


def groom_hair(
    model: HeadModel,
    views: Sequence[HairView],
    posed: np.ndarray,
    textures: Textures,
    weights: GroomWeights = WEIGHTS,
) -> tuple[Strands, HairStyle, dict]:
    """Guide curves of the scalp's hair.

    Args:
        views: the photos, the first one first. Those whose mask was refused are not read; no strands when all were.
        posed: (N, 3) mm, the head as it is in the first photo.
        textures: of the head; its albedo tells the photos' light.

    Returns:
        The strands on `posed`, how the curves between them look, and what was measured.
    """
    usable = [view for view in views if not view.mask.refusal and (view.mask.hair > 0.5).sum() > 50]
    nothing = no_strands(weights.strands.points), measured_style([], (0.0, 0.0), False, weights.style), {"guides": 0}
    if not usable:
        return nothing
    posed = posed.astype(np.float64)
    rng = np.random.default_rng(weights.seed)
    fall, mesh = Fall.of(model, posed), body_mesh(model, posed)
    shown = [_view(model, posed, seen_hair(view, weights.volume), mesh, fall, weights) for view in usable]
    roots = hair_roots(model, posed, [view.seen for view in shown], weights.roots, rng)
    if len(roots.point) < 100:
        return nothing
    space = hair_space(model, posed, mesh, [(view.seen, view.volume) for view in shown], weights.volume)
    ears = Ears(model, posed, [view.seen for view in shown])
    lengths = _Lengths.of(shown, weights)
    shares = _shares(shown, weights.lead)
    traces = _traces(shown, shares, weights.strands.seen * lengths.more, weights.strands, rng)
    field = hair_field(shown, shares, space, fall, ears)
    scene = _Scene(model, posed, shown, traces, roots, space, field, lengths, fall, ears)
    curves, source, layer = _strands(scene, weights, rng)
    curl = (0.0, 0.0) if lengths.shell else measured_curl(shown, traces, weights.style)
    points, root, source, layer = _finished(scene, curves, source, layer, curl, weights, rng)
    color = _colors(scene, points, textures, weights, rng)
    strands = Strands(
        points.astype(np.float32),
        roots.face[root],
        roots.weights[root].astype(np.float32),
        np.full(points.shape[:2], weights.strands.radius, np.float32) * _taper(points.shape[1]),
        color.astype(np.float32),
        source.astype(np.uint8),
        layer.astype(np.uint8),
    )
    finer = 1 - shown_share(np.median(_length(points)), curl[1], weights.strands.points, weights.style)
    style = measured_style(shown, (finer * curl[0], curl[1]), lengths.shell, weights.style)
    return strands, style, _report(scene, strands)


class _Lengths:
    """How long hair may be at a place of the head."""

    def __init__(self, views: list[View], long: bool, sides: float, weights: StrandWeights):
        self._views, self.long, self._sides, self._weights = views, long, sides, weights
        thickness = np.median([np.median(view.volume.thickness[view.seen.mask]) for view in views])
        coherence = np.median([np.median(view.flow.coherence[view.seen.mask]) for view in views])
        self._typical = float(thickness)
        self.shell = bool(thickness < weights.shell and coherence < weights.shell_strength and not long)

    @property
    def more(self) -> float:
        """How many times the usual number of guides the hair takes."""
        if self.shell:
            return self._weights.shell_more
        length = float(self.of_thickness(np.array([self._typical]))[0])
        return float(np.interp(length, self._weights.many, (self._weights.shell_more, 1.0)))

    @staticmethod
    def of(views: list[View], weights: GroomWeights) -> _Lengths:
        area, beside = 0.0, []
        for view in views:
            seen = view.seen
            area = max(area, float((seen.mask & seen.window.shown & (seen.window.level < 0.15)).sum()) / seen.face**2)
            places, over = overhang(seen, weights.volume)
            beside.append(over[seen.window.level[tuple(places.T)] < 0.75])
        sides = np.concatenate(beside)
        return _Lengths(
            views, area > weights.strands.long_area, float(np.median(sides)) if len(sides) > 10 else 0.0, weights.strands
        )

    def thickness(self, points: np.ndarray) -> np.ndarray:
        """(n,) mm of hair over the skull at (n, 3) points: the mean of the photos by how much outline each shows."""
        told, total = np.zeros(len(points)), 0.0
        for view in self._views:
            pixels, _ = view.seen.camera.project(points)
            told += (1 + view.volume.outline) * view.seen.sample(view.volume.thickness, pixels)
            total += 1 + view.volume.outline
        return told / total

    def at(self, points: np.ndarray) -> np.ndarray:
        """(n,) mm: the length of hair that grows at (n, 3) points."""
        return self.of_thickness(self.thickness(points))

    def of_thickness(self, thickness: np.ndarray) -> np.ndarray:
        """(n,) mm: the length of hair that is so thick over the skull."""
        weights = self._weights
        if self.shell:
            return weights.shell_length[0] + weights.shell_length[1] * np.minimum(thickness, weights.shell)
        base, times, most = weights.short_length
        short = np.minimum(base + times * thickness, most)
        low, high = weights.sides
        long = 1.0 if self.long else np.clip((self._sides - low) / (high - low), 0, 1)
        return short * (_ENDLESS / short) ** long


@dataclass(frozen=True)
class _Scene:
    """All that strands are made from."""

    model: HeadModel
    posed: np.ndarray
    views: list[View]
    traces: list[Traces]
    roots: Roots
    space: Space
    field: Field
    lengths: _Lengths
    fall: Fall
    ears: Ears


def _view(model: HeadModel, posed: np.ndarray, seen: Seen, mesh, fall: Fall, weights: GroomWeights) -> View:
    volume = hair_volume(model, posed, seen, mesh, weights.volume)
    return View(seen, volume, hair_flow(seen, volume.smooth, fall, weights.flow))


def _strands(scene: _Scene, weights: GroomWeights, rng: np.random.Generator) -> tuple[Curves, np.ndarray, np.ndarray]:
    """All strands, unfinished, with `source` and `layer`."""
    own, roots = weights.strands, scene.roots
    groups, source, layer = [], [], []
    for view, traces in zip(scene.views, scene.traces):
        if not len(traces.paths):
            continue
        seeds = traces.paths[:, traces.paths.shape[1] // 2]
        lengths = scene.lengths.of_thickness(view.seen.sample(view.volume.thickness, seeds).astype(np.float64))
        groups.append(seen_strands(view, traces, lengths, roots, scene.field, scene.space, own, rng))
        source += [SEEN] * len(groups[-1].points)
        layer += [OUTER] * len(groups[-1].points)
    for chosen, kind in _grown_roots(scene, own, rng):
        lengths = scene.lengths.at(roots.point[chosen])
        lengths = np.minimum(0.6 * lengths, _UNDER) if kind == UNDER else lengths
        low, high = own.beneath if kind == UNDER else np.where(roots.shown[chosen][:, None], own.over, own.hidden).T
        share = low + (high - low) * rng.random(len(chosen)) ** 0.8
        lengths = lengths * rng.uniform(0.7, 1.1, len(chosen))
        groups.append(grown_strands(roots, chosen, share, lengths, scene.field, scene.space, scene.fall.top - _CHIN))
        source += [COMPLETED] * len(groups[-1].points)
        layer += [kind] * len(groups[-1].points)
    return joined(groups), np.array(source), np.array(layer)


def _grown_roots(scene: _Scene, weights: StrandWeights, rng: np.random.Generator) -> list[tuple[np.ndarray, int]]:
    """Roots of grown strands, and their layer."""
    points, more = scene.roots.point, scene.lengths.more

    def spread(among: np.ndarray, count: int) -> np.ndarray:
        some = rng.choice(among, min(len(among), 5 * count), replace=False)
        return some[farthest_points(points[some], count)]

    every = np.arange(len(points))
    count, reach = weights.whorl
    crown = np.flatnonzero(np.linalg.norm(points - scene.fall.crown, axis=1) < reach)
    groups = [(spread(every, round(weights.grown * more)), OUTER), (spread(every, round(weights.under * more)), UNDER)]
    return groups + ([(spread(crown, count), UNDER)] if len(crown) > count else [])


def _traces(
    views: list[View], shares: list[np.ndarray], count: float, weights: StrandWeights, rng: np.random.Generator
) -> list[Traces]:
    """Traces of each view; a view is asked for those places that it shows best."""
    areas = [float(share[view.seen.mask].sum()) / view.seen.face**2 for view, share in zip(views, shares)]
    return [
        traced(view, spread_seeds(view, share, round(count * area / sum(areas)), rng), weights)
        for view, share, area in zip(views, shares, areas)
    ]


def _shares(views: list[View], lead: float) -> list[np.ndarray]:
    """(H, W) of each view: 1 where it is the one that shows the hair best, else 0.

    Args:
        lead: say of others beside the first.
    """
    shares = []
    for number, view in enumerate(views):
        share = np.ones(view.seen.mask.shape)
        rows, columns = np.nonzero(view.seen.mask)
        pixels = np.stack([columns, rows], -1) + 0.5
        points = view.seen.lift(pixels, view.volume.smooth[rows, columns].astype(np.float64))
        own = _facing(view, points) * (lead if number else 1.0)
        for other, rival in enumerate(views):
            if other != number:
                theirs = _facing(rival, points) * (lead if other else 1.0)
                share[rows, columns] *= (own > theirs) if number > other else (own >= theirs)
        shares.append(share)
    return shares


def _facing(view: View, points: np.ndarray) -> np.ndarray:
    """(n,) how well a photo shows places of the hair: 1 far within its outline, 0 where it does not show them."""
    from .seen import inside_distance

    seen = view.seen
    pixels, depth = seen.camera.project(points)
    rows, columns = seen.at(pixels)
    front = seen.within(pixels) & (depth < view.volume.smooth[rows, columns] + 15) & seen.mask[rows, columns]
    outline = inside_distance(view.volume.region | seen.head)
    return front * np.minimum(1, outline[rows, columns] * seen.mm / 60)


def _finished(
    scene: _Scene, curves: Curves, source: np.ndarray, layer: np.ndarray, curl: tuple[float, float], weights: GroomWeights,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Points, roots, source and layer of the strands that stay."""
    own = weights.strands
    long, whole = _going_on(curves, own, rng)
    dense = _smoothed(pushed_out(resampled(long, whole, _DENSE), scene.space, 1.2))
    if not scene.lengths.shell:
        dense = tufted(dense, np.flatnonzero(layer == OUTER), *own.tufts)
    if curl[0]:
        # The seen ones have their curls from the photo.
        which = np.flatnonzero((source == COMPLETED) & (layer == OUTER) & ~scene.roots.shown[curves.root])
        radius = curl[0] * shown_share(_length(dense[which]), curl[1], own.points, weights.style)
        dense[which] = curled(dense[which], radius, curl[1], rng)
    # After what gathers and smooths them, for that turns them, too.
    dense = combed(dense, scene.views, weights.lead, weights.comb)
    dense, held = agreed(dense, scene.views, *own.margin, own.outside)
    count, keep = trimmed(dense, scene.views, held, scene.ears, own.outside, weights.volume.carve)
    keep &= count >= 6
    points = resampled(dense[keep], count[keep], own.points)
    points[:, 0] = scene.roots.point[curves.root[keep]]
    points = lifted_off(points, Skin(scene.model, scene.posed), scene.space, own.clearance)
    return points, curves.root[keep], source[keep], layer[keep]


def _length(points: np.ndarray) -> np.ndarray:
    """(G,) mm of strands (G, M, 3)."""
    return np.linalg.norm(np.diff(points, axis=1), axis=2).sum(1)


def _smoothed(points: np.ndarray) -> np.ndarray:
    """(G, M, 3): each place but the ends drawn to its neighbours."""
    points = points.copy()
    for _ in range(2):
        points[:, 1:-1] = 0.5 * points[:, 1:-1] + 0.25 * (points[:, :-2] + points[:, 2:])
    return points


def _going_on(curves: Curves, weights: StrandWeights, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Strands that leave the photo go on below it, and so do those that nobody sees and that end as low."""
    each = np.arange(len(curves.points))
    end = curves.points[each, curves.count - 1, 1]
    if curves.leaves.sum() < 5:
        return curves.points, curves.count
    which = np.flatnonzero(curves.leaves | (end < np.median(end[curves.leaves]) + weights.leaving[0]))
    least, most = weights.leaving
    return lengthened(curves.points, curves.count, which, least + (most - least) * rng.random(len(which)) ** 1.6)


def _colors(
    scene: _Scene, points: np.ndarray, textures: Textures, weights: GroomWeights, rng: np.random.Generator
) -> np.ndarray:
    """(G, P, 3) linear: the photos' color where they show a point, else the whole's; steady along each strand."""
    albedo = skin_albedo(scene.model, textures)
    flat = points.reshape(-1, 3)
    total, weight, medians = np.zeros((len(flat), 3)), np.zeros(len(flat)), []
    for view in scene.views:
        seen = view.seen
        color, median = hair_color(seen, albedo, scene.lengths.shell, weights.color)
        medians.append(median)
        pixels, depth = seen.camera.project(flat)
        behind = depth - seen.sample(view.volume.smooth, pixels)
        shown = np.clip((seen.sample(seen.hair, pixels) - 0.5) * 4, 0, 1) * seen.within(pixels) * np.clip(1 - behind / 40, 0, 1)
        total += shown[:, None] * np.stack([seen.sample(color[..., c], pixels) for c in range(3)], -1)
        weight += shown
    typical = np.mean(medians, 0)
    share = np.minimum(weight, 1)[:, None]
    mixed = total / np.maximum(weight, 1e-6)[:, None] * share + (1 - share) * typical
    mixed = mixed.reshape(*points.shape)
    mixed = 0.6 * mixed.mean(1, keepdims=True) + 0.4 * mixed
    vary = np.exp(rng.normal(0, weights.color.variation, (len(points), 1, 1)))
    return np.clip(mixed * vary, *weights.color.range)


def _taper(points: int) -> np.ndarray:
    """(P,) thickness of a strand along it, thin at the tip."""
    along = np.linspace(0, 1, points, dtype=np.float32)
    return np.clip(1.0 - np.clip((along - 0.6) / 0.4, 0, 1) ** 2 * 0.75, 0.2, 1)


def _report(scene: _Scene, strands: Strands) -> dict:
    length = _length(strands.points)
    return {
        "guides": len(strands.points),
        "seen": int((strands.source == SEEN).sum()),
        "long": bool(scene.lengths.long),
        "shell": scene.lengths.shell,
        "thickness_mm": [round(float(np.median(view.volume.thickness[view.seen.mask])), 1) for view in scene.views],
        "length_mm": round(float(np.median(length)), 1) if len(length) else 0.0,
        "voxels": list(scene.space.distance.shape[:3]),
    }
