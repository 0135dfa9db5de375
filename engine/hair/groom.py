"""From photos with their masks to guide curves on the head."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..geometry.sampling import farthest_points
from ..head.model import HeadModel
from ..types import Textures
from ..wire.hair import HairStyle
from .agree import agreed
from .body import body_mesh
from .color import hair_color, skin_albedo
from .comb import combed
from .cut import Cut, cut_of
from .ears import Ears
from .field import Field, View, hair_field
from .finish import Skin, lengthened, lifted_off, pushed_out, resampled, surfaced, trimmed, tufted
from .flow import Fall, hair_flow
from .grow import continued, grown_strands
from .hairline import hairline_thickness
from .lengths import Lengths
from .roots import Roots, hair_roots
from .seen import Seen, inside_distance, seen_hair
from .space import Space, hair_space
from .standing import standing_strands
from .style import curled, measured_curl, measured_style, shown_share
from .tied import Tie, found_tie, gathered_strands, unseen_behind
from .trace import Curves, Traces, joined, seen_strands, spread_seeds, traced
from .types import HairView, Strands, no_strands
from .volume import hair_volume
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
_SHOWN = 8.0
"""A photo shows the end of a strand so far within the outline, and no deeper beneath the hair's front, mm."""
_UNDER = 45.0
"""Most length of the hair beneath, mm."""


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
    nothing = no_strands(weights.strands.points), measured_style(None, (0.0, 0.0), weights.style, weights.cut), {"guides": 0}
    if not usable:
        return nothing
    posed = posed.astype(np.float64)
    rng = np.random.default_rng(weights.seed)
    fall, mesh = Fall.of(model, posed), body_mesh(model, posed)
    shown, cut = _views(model, posed, [seen_hair(view, weights.volume) for view in usable], mesh, fall, weights)
    roots = hair_roots(model, posed, [view.seen for view in shown], weights.roots, rng)
    if len(roots.point) < 100:
        return nothing
    space = hair_space(model, posed, mesh, [(view.seen, view.volume) for view in shown], weights.volume)
    ears = Ears(model, posed, [view.seen for view in shown])
    lengths = Lengths(shown, cut, weights.strands, weights.cut)
    tie = found_tie(model, posed, shown, cut, ears, weights.tied)
    shares = _shares(shown, weights.lead)
    traces = _traces(shown, shares, weights.strands.seen * lengths.more, weights.strands, rng)
    field = hair_field(shown, shares, space, fall, ears)
    scene = _Scene(model, posed, shown, traces, roots, space, field, cut, lengths, fall, ears, tie)
    curves, source, layer = _strands(scene, weights, rng)
    curl = (0.0, 0.0) if cut.shell or tie is not None else measured_curl(shown, traces, weights.style)
    curl = (1 - cut.coiled) * curl[0], curl[1]
    points, root, source, layer = _finished(scene, curves, source, layer, curl, weights, rng)
    color = _colors(scene, points, textures, weights, rng)
    strands = Strands(
        points.astype(np.float32),
        roots.face[root],
        roots.weights[root].astype(np.float32),
        _radius(scene, points, root, weights.strands),
        color.astype(np.float32),
        source.astype(np.uint8),
        layer.astype(np.uint8),
    )
    finer = 1 - shown_share(np.median(_length(points)), curl[1], weights.strands.points, weights.style)
    style = measured_style(cut, (finer * curl[0], curl[1]), weights.style, weights.cut)
    behind = tie is None and unseen_behind(shown, cut, ears, weights.tied)
    return strands, style, _report(scene, strands) | {"behind": "unseen" if behind else ""}


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
    cut: Cut
    lengths: Lengths
    fall: Fall
    ears: Ears
    tie: Tie | None


def _views(
    model: HeadModel, posed: np.ndarray, seen: list[Seen], mesh, fall: Fall, weights: GroomWeights
) -> tuple[list[View], Cut]:
    """All photos with what was found in them, and the cut."""
    shown = [_view(model, posed, one, mesh, fall, weights) for one in seen]
    cut = cut_of(shown, weights)
    most = weights.volume.thickness[1]
    if cut.stands and cut.top > most:
        # Only a ball of hair is thicker than that: elsewhere it is an error of the mask.
        tall = replace(weights, volume=replace(weights.volume, thickness=(weights.volume.thickness[0], weights.cut.thickness)))
        shown = [_view(model, posed, one, mesh, fall, tall) for one in seen]
    return shown, cut


def _view(model: HeadModel, posed: np.ndarray, seen: Seen, mesh, fall: Fall, weights: GroomWeights) -> View:
    volume = hair_volume(model, posed, seen, mesh, weights.volume)
    return View(seen, volume, hair_flow(seen, volume.smooth, fall, weights.flow))


def _strands(scene: _Scene, weights: GroomWeights, rng: np.random.Generator) -> tuple[Curves, np.ndarray, np.ndarray]:
    """All strands, unfinished, with `source` and `layer`."""
    if scene.tie is not None:
        return _gathered(scene, scene.tie, weights, rng)
    if scene.cut.stands:
        return _standing(scene, weights, rng)
    own, roots = weights.strands, scene.roots
    groups, source, layer = [], [], []
    for view, traces in zip(scene.views, scene.traces):
        if not len(traces.paths):
            continue
        seeds = traces.paths[:, traces.paths.shape[1] // 2]
        lengths = scene.lengths.seen(view, seeds)
        found = seen_strands(view, traces, lengths, roots, scene.field, scene.space, own, rng)
        if scene.cut.long:
            lost = _out_of_sight(view, found, scene.cut, rng)
            found = continued(found, lost, scene.field, scene.space, scene.fall.top - _CHIN, rng)
        groups.append(found)
        source += [SEEN] * len(groups[-1].points)
        layer += [OUTER] * len(groups[-1].points)
    for chosen, kind in _grown_roots(scene, own, rng):
        lengths = scene.lengths.at(roots.point[chosen])
        lengths = np.minimum(0.6 * lengths, _UNDER) if kind == UNDER else lengths
        low, high = own.beneath if kind == UNDER else np.where(roots.shown[chosen][:, None], own.over, own.hidden).T
        share = low + (high - low) * rng.random(len(chosen)) ** 0.8
        lengths = lengths * rng.uniform(0.7, 1.1, len(chosen))
        hanging = scene.fall.top - _CHIN
        tips = own.tips * rng.random(len(chosen)) ** 2
        groups.append(grown_strands(roots, chosen, share, lengths, scene.field, scene.space, hanging, tips))
        source += [COMPLETED] * len(groups[-1].points)
        layer += [kind] * len(groups[-1].points)
    return joined(groups), np.array(source), np.array(layer)


def _out_of_sight(view: View, curves: Curves, cut: Cut, rng: np.random.Generator) -> np.ndarray:
    """(n,) numbers of the strands that end within the photo where it does not show it: at the outline, or beneath others.

    Coils are lost sight of everywhere: the more strands are coiled, the more of them.
    """
    seen = view.seen
    end = curves.points[np.arange(len(curves.points)), curves.count - 1]
    pixels, depth = seen.camera.project(end)
    inner = seen.sample(inside_distance(seen.mask), pixels) * seen.mm > _SHOWN
    shown = inner & (depth < seen.sample(view.volume.smooth, pixels) + _SHOWN)
    lost = ~shown
    if cut.coiled > 0:
        lost |= rng.random(len(end)) < cut.coiled
    return np.flatnonzero(~curves.leaves & (curves.count > 3) & lost)


def _spread(scene: _Scene, weights: StrandWeights, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Roots of a head whose strands are all made in one way: (n,) numbers, and (n,) bool which ones lie beneath."""
    total = weights.seen + weights.grown + weights.under
    some = rng.permutation(len(scene.roots))[: 5 * round(total * scene.lengths.more)]
    chosen = some[farthest_points(scene.roots.point[some], max(1, len(some) // 5))]
    return chosen, rng.random(len(chosen)) < weights.under / total


def _standing(scene: _Scene, weights: GroomWeights, rng: np.random.Generator) -> tuple[Curves, np.ndarray, np.ndarray]:
    """The same of hair that stands: each root carries a strand up to the hull."""
    roots = scene.roots
    chosen, under = _spread(scene, weights.strands, rng)
    share = np.where(under, rng.uniform(0.35, 0.7, len(chosen)), 1.05 - 0.3 * rng.random(len(chosen)) ** 2)
    thickness = scene.lengths.thickness(roots.point[chosen])
    curves = standing_strands(roots, chosen, share, thickness, scene.cut.coiled, scene.field, scene.space, weights.cut)
    return curves, np.where(roots.shown[chosen], SEEN, COMPLETED), np.where(under, UNDER, OUTER)


def _gathered(
    scene: _Scene, tie: Tie, weights: GroomWeights, rng: np.random.Generator
) -> tuple[Curves, np.ndarray, np.ndarray]:
    """The same of hair that is tied: what lies beneath is short, the rest goes to the tie."""
    roots = scene.roots
    chosen, under = _spread(scene, weights.strands, rng)
    curves = gathered_strands(roots, chosen, tie, scene.cut, scene.fall, scene.space, weights.tied, rng)
    step = np.linalg.norm(np.diff(curves.points, axis=1), axis=2)
    short = (np.cumsum(step, 1) < _UNDER * rng.uniform(0.4, 1, (len(chosen), 1))).sum(1) + 1
    count = np.where(under, np.maximum(short, 3), curves.count)
    return curves._replace(count=count), np.where(roots.shown[chosen], SEEN, COMPLETED), np.where(under, UNDER, OUTER)


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
    plain = not (scene.cut.shell or scene.tie is not None)
    dense = _smoothed(pushed_out(resampled(long, whole, _DENSE if scene.tie is None else 2 * _DENSE), scene.space, 1.2))
    if plain:
        strength, *gathered = own.tufts
        dense = tufted(dense, np.flatnonzero(layer == OUTER), (1 - scene.cut.coiled) * strength, *gathered)
    if curl[0]:
        # The seen ones have their curls from the photo.
        which = np.flatnonzero((source == COMPLETED) & (layer == OUTER) & ~scene.roots.shown[curves.root])
        radius = curl[0] * shown_share(_length(dense[which]), curl[1], own.points, weights.style)
        dense[which] = curled(dense[which], radius, curl[1], rng)
    if not (scene.cut.stands and scene.cut.curly):
        # After what gathers and smooths them, for that turns them, too.
        # What is combed sideways can end up in the head, where the nearest skin may be that of an eye's socket.
        dense = pushed_out(combed(dense, scene.views, weights.lead, weights.comb), scene.space, 0.0)
    dense, held = agreed(dense, scene.views, *own.margin, own.outside)
    wound = scene.tie is not None
    count, keep = trimmed(dense, scene.views, held, scene.ears, own.outside, weights.volume.carve, wound)
    keep &= count >= 6
    points = resampled(dense[keep], count[keep], own.points if scene.tie is None else weights.tied.points)
    points[:, 0] = scene.roots.point[curves.root[keep]]
    points = lifted_off(points, Skin(scene.model, scene.posed), scene.space, own.clearance)
    points, whole = surfaced(points, scene.space, own.sunk)
    keep[keep] = whole
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
        color, median = hair_color(seen, albedo, scene.cut.shell, weights.color)
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


def _radius(scene: _Scene, points: np.ndarray, root: np.ndarray, weights: StrandWeights) -> np.ndarray:
    """(G, P) float32 mm: half the thickness of strands (G, P, 3) on the roots of these numbers."""
    border = hairline_thickness(scene.roots.point, root, points, weights)
    return np.float32(weights.radius) * _taper(points.shape[1]) * border


def _taper(points: int) -> np.ndarray:
    """(P,) thickness of a strand along it, thin at the tip."""
    along = np.linspace(0, 1, points, dtype=np.float32)
    return np.clip(1.0 - np.clip((along - 0.6) / 0.4, 0, 1) ** 2 * 0.75, 0.2, 1)


def _report(scene: _Scene, strands: Strands) -> dict:
    length = _length(strands.points)
    return {
        "guides": len(strands.points),
        "seen": int((strands.source == SEEN).sum()),
        "long": bool(scene.cut.long),
        "shell": scene.cut.shell,
        "stands": scene.cut.stands,
        "curly": scene.cut.curly,
        "tied": "" if scene.tie is None else "bun" if scene.tie.bun else "tail",
        "thickness_mm": [round(float(np.median(view.volume.thickness[view.seen.mask])), 1) for view in scene.views],
        "length_mm": round(float(np.median(length)), 1) if len(length) else 0.0,
        "voxels": list(scene.space.distance.shape[:3]),
    }
