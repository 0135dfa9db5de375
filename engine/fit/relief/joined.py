"""The relief of several photos of one head: what each one's shading tells, brought together on the head's surface.

Every photo is read as one alone would be. In the pixels of each, the others' heights are looked up through the head; what
counts is how squarely and finely a photo shows a place, and how far the photos agree there. The mesh carries the same folds
in all of them; each photo keeps a picture of the common height, from which the displacement map is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from ...geometry.mesh import facing_of, vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...render import interpolate
from ...system.concurrency import concurrently
from ...system.progress import SILENT, Progress
from ...types import Relief, View
from ...wire.settings import Settings
from .actions import correctives_of
from .filters import blur_within
from .fit import believed_height, smooth, solved_heights, with_relief
from .heights import Part, joint_heights, placed, read_height
from .places import action_amounts, places_on_template
from .solved import Solved
from .split import carried_offset, longer, shade_of, shown
from .weights import WEIGHTS, ReliefWeights
from .weights.joined import JoinedWeights

__all__ = ["join_heights", "shares_of", "with_joint_relief"]


class _Read(NamedTuple):
    """What one photo tells."""

    solved: Solved
    relief: Relief
    """With its own height, until the photos have come together."""
    vertices: np.ndarray
    """(N, 3) mm, the smooth head as it is posed in the photo."""
    share: np.ndarray
    """(N, 2) how much the photo counts at each vertex and at its mirror image."""


def with_joint_relief(
    model: HeadModel,
    views: Sequence[View],
    settings: Settings | None = None,
    progress: Progress = SILENT,
    weights: ReliefWeights = WEIGHTS,
) -> list[View]:
    """The views of one head with the folds that their photos show: the same deformation in all of them, and ``mid.relief`` in
    those that were read. The views themselves where the first one's photo tells nothing.

    Args:
        views: they share identity and deformation, and ``mid.measured``; the first has the head's facial actions.
        settings: ``quality`` draft reads none.
        progress: may raise to cancel.
    """
    views = [smooth(view) for view in views]
    measured = views[0].mid.measured
    measured = np.full(len(model.template), np.inf, np.float32) if measured is None else measured
    if settings is not None and settings.quality == "draft":
        return views
    shaping = [number for number, view in enumerate(views) if view.share > 0 or number == 0]
    if len(shaping) == 1:
        first = with_relief(model, views[0], settings, progress, weights)
        return _deformed(views, first.mid.deformation, {0: first.mid.relief} if first.mid.relief else {})
    posed = [model.posed(view) for view in views]
    shares = shares_of(model, views, posed, weights)
    chosen = _chosen(shares, shaping, weights.joined.most_views)
    tasks = [partial(_read, model, views[i], posed[i], shares[i], weights) for i in chosen]
    found = {i: read for i, read in zip(chosen, concurrently(tasks, progress.part(0.0, 0.8))) if read is not None}
    if 0 not in found:
        return views
    reliefs = dict(zip(found, join_heights(model, list(found.values()), measured, weights)))
    progress(0.9)
    first, expression = reliefs[0], views[0].coarse.expression
    actions, correctives = correctives_of(model, expression, first.offset, weights)
    if actions:
        rest = replace(first, actions=actions, correctives=correctives).at_rest(expression)
        for i, relief in reliefs.items():
            own = replace(relief, actions=actions, correctives=correctives)
            reliefs[i] = replace(own, offset=rest + own.by_actions(views[i].coarse.expression))
    else:
        rest = first.offset
    progress(1.0)
    return _deformed(views, views[0].mid.deformation + rest, reliefs)


def _deformed(views: Sequence[View], deformation: np.ndarray, reliefs: dict[int, Relief]) -> list[View]:
    """The views with a common deformation, and the reliefs of some."""
    return [
        replace(view, mid=replace(view.mid, deformation=deformation, relief=reliefs.get(number)))
        for number, view in enumerate(views)
    ]


def _read(model: HeadModel, view: View, posed: np.ndarray, share: np.ndarray, weights: ReliefWeights) -> _Read | None:
    """What one photo tells, as for a photo alone; None where it is too small or shows too little bare skin."""
    solved = solved_heights(model, view, weights=weights)
    if solved is None:
        return None
    height = believed_height(model, solved, weights)
    relief = shown(solved.picture, solved.trust, height, np.zeros_like(height), len(posed), weights)
    return _Read(solved, relief, posed, np.stack([share, share[model.mirror]], 1))


def shares_of(model: HeadModel, views: Sequence[View], posed: Sequence[np.ndarray], weights: ReliefWeights) -> list[np.ndarray]:
    """(N,) float32 for each view: how much its photo counts against the others at each vertex.

    Args:
        posed: (N, 3) mm, the smooth head in each.
    """
    near, _ = places_on_template(model, weights.places)
    amounts = [action_amounts(model, view.coarse.expression, weights.places)[0] for view in views]
    out = []
    for view, vertices, own in zip(views, posed, amounts):
        camera = view.coarse.camera
        facing = facing_of(camera.position, vertices, vertex_normals(vertices, model.triangles))
        pixels = np.minimum(camera.fx / np.maximum(camera.project(vertices.astype(float))[1], 1), weights.picture.pixels_per_mm)
        other = (near * np.abs(own - amounts[0])).max(1)
        share = np.maximum(facing, 0) ** weights.joined.slanted * pixels**weights.joined.fine
        out.append((share * (1 - smoothstep(*weights.joined.others_folds, other))).astype(np.float32))
    return out


def _chosen(shares: list[np.ndarray], among: list[int], most: int) -> list[int]:
    """Numbers of the views that are read, the first one among them: each next one adds most to what the others show."""
    chosen, total = [0], shares[0].copy()
    while len(chosen) < min(most, len(among)):
        rest = [i for i in among if i not in chosen]
        best = max(rest, key=lambda i: float(np.sqrt(total + shares[i]).sum()))
        chosen.append(best)
        total += shares[best]
    return sorted(chosen)


def join_heights(
    model: HeadModel,
    found: Sequence[_Read],
    measured: np.ndarray,
    weights: ReliefWeights = WEIGHTS,
) -> list[Relief]:
    """The reliefs of several photos, the first one's first, with what they tell together; the mesh carries the same in all.

    Args:
        measured: (N,) mm, shortest waves that the deformation has already from where the photos match; infinite: none.
    """
    bands = [_bands(model, read, measured, weights) for read in found]
    places = [placed(model, read.relief, read.vertices) for read in found]
    reliefs, broads = [], []
    for read, own in zip(found, bands):
        broad, rest = (
            _agreed(model, found, places, [band[number] for band in bands], (read, number), weights.joined) for number in (0, 1)
        )
        broad, rest = (np.where(read.solved.trust > 0, image, alone) for image, alone in zip((broad, rest), own))
        broads.append(broad)
        shade = shade_of(read.solved.picture, read.solved.lit, rest, weights)
        reliefs.append(replace(read.relief, height=broad + rest, shade=shade))
    parts = [Part(*each, read.share) for *each, read in zip(reliefs, broads, places, found)]
    offset, along = carried_offset(model, found[0].vertices, joint_heights(parts, weights.split))
    return [replace(relief, offset=offset, carried=along, share=read.share[:, 0]) for relief, read in zip(reliefs, found)]


def _bands(model: HeadModel, read: _Read, measured: np.ndarray, weights: ReliefWeights) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) mm each: waves that the mesh carries, without those that the matches have measured; shorter ones."""
    picture, trust, height = read.solved.picture, read.solved.trust, read.relief.height
    waves = (weights.split.mesh_mm, *weights.joined.ladder_mm)
    parts = [longer(picture, trust, height, wave, weights) for wave in waves]
    shortest = interpolate(picture.raster, model.triangles, np.minimum(measured, 2 * waves[-1])[:, None])[..., 0]
    broad = np.zeros_like(height)
    for low, high, one, other in zip(waves, waves[1:], parts, parts[1:]):
        broad += (one - other) * smoothstep(low, high, shortest)
    broad += parts[-1] * (shortest > waves[-1])
    return broad.astype(np.float32), height - parts[0]


def _agreed(
    model: HeadModel,
    found: Sequence[_Read],
    places: Sequence[np.ndarray],
    images: Sequence[np.ndarray],
    where: tuple[_Read, int],
    joined: JoinedWeights,
) -> np.ndarray:
    """(H, W) float32 mm: a band of all photos' heights in the pixels of one, as far as they agree.

    Args:
        places: of each photo, see :func:`.heights.placed`. images: (H, W) mm, the band in each.
        where: the photo in whose pixels they are brought together, and number of the band.
    """
    here, band = where
    raster, shape = here.solved.picture.raster, here.solved.trust.shape
    weight, height = [], []
    for read, place, image in zip(found, places, images):
        at = interpolate(raster, model.triangles, np.column_stack([place, read.share])).reshape(-1, 8)
        told, known, share = read_height(Part(read.relief, image, at[:, :6], at[:, 6:]), 0)
        height.append(told.reshape(shape))
        weight.append((known * share).reshape(shape))
    total = np.maximum(sum(weight), np.float32(1e-6))
    mean = sum(w / total * h for w, h in zip(weight, height))
    apart = sum(w / total * (h - mean) ** 2 for w, h in zip(weight, height))
    # As many as equal ones would be.
    count = 1 / np.maximum(sum((w / total) ** 2 for w in weight), 1 / len(found))
    reach, within = joined.doubt_mm[band] * here.solved.picture.pixels_per_mm, here.solved.trust + np.float32(1e-4)
    more = np.maximum(count - 1, np.float32(1e-3))
    common, noise = blur_within(mean * mean, within, reach), blur_within(apart / more, within, reach)
    true = np.maximum(common - noise, 0) / np.maximum(common, np.float32(1e-8))
    least, most = joined.doubted[band], joined.agreed[band]
    several = np.clip(more, 0, 1)
    return (mean * (1 + several * (least + (most - least) * true - 1))).astype(np.float32)
