"""Matches between the views, and the cameras and points that explain them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...geometry.mesh import vertex_normals
from ...geometry.similarity import similarity
from ...system.progress import Progress
from .bundle_adjustment import Lens, OnMesh, Triangulated, adjust, triangulate
from .hairy import hairy_tracks
from .head import JointHead
from .matching import Tracks, choose_pairs, match_views
from .motion import find_moves
from .same_person import agreement
from .state import ViewState
from .weights import Round, ViewsWeights

__all__ = ["Compared", "compare"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Compared:
    """What the matches say."""

    agreement: np.ndarray
    """(V, V), see :func:`.same_person.agreement`."""
    consistent: float | None = None
    """Share of the matches that lie on one point; None where there were too few to work out cameras."""
    tracks: Tracks | None = None
    """P tracks that are believed; None where they are too few, then nothing has changed."""
    points: np.ndarray | None = None
    """(P, 3) mm on the first view's head."""
    hairy: np.ndarray | None = None
    """(P,) bool: those on a beard, or on hair over the face; the skin lies behind them."""
    distortion: np.ndarray | None = None
    """(V,) first radial coefficient of each view's lens."""
    distortion_deviation: np.ndarray | None = None
    """(V,)"""


def compare(
    head: JointHead,
    anchor: np.ndarray,
    views: list[ViewState],
    lenses: list[Lens],
    step: Round,
    turn_precision: Callable[[int], np.ndarray],
    weights: ViewsWeights,
    progress: Progress,
) -> Compared:
    """Match the views, and give them the cameras that explain the matches best.

    Args:
        anchor: (N, 3) mm: the head as it was believed before the photos were compared; it says how large the head is.
        views: drawn as the head is now.
        turn_precision: from the number of observations; see :func:`.bundle_adjustment.adjust`.
    """
    posed = [view.vertices for view in views]
    pairs = choose_pairs(views, weights.match)
    tracks, possible = match_views(
        views, pairs, head.triangles, head.usable, step.least_ncc, step.fine, progress.part(0.0, 0.5), weights.match
    )
    if len(tracks.contrast) < len(views):
        return Compared(agreement(tracks, np.ones(len(tracks.contrast), bool), possible, weights.same_person))
    corners = head.triangles[tracks.triangle]
    places = np.stack([np.einsum("pk,pkd->pd", tracks.weights, vertices[corners]) for vertices in posed])
    matches = _on_mesh(tracks, corners, places, posed[0], head.triangles)
    cameras, distortion, deviation = adjust(
        [view.work for view in views],
        matches,
        lenses,
        np.array([view.frame.factor for view in views]),
        replace(weights.camera, start_px=step.start_px),
        turn_precision(len(tracks.view)),
        progress.part(0.5, 0.7),
    )
    progress(0.7)
    if step.moves:
        cameras = find_moves(head, views, cameras, distortion, tracks, lenses, weights)
        posed = head.all_posed(views)
        places = np.stack([np.einsum("pk,pkd->pd", tracks.weights, vertices[corners]) for vertices in posed])
        matches = _on_mesh(tracks, corners, places, posed[0], head.triangles)
    found = triangulate(cameras, distortion, tracks, matches.points, matches.moves, weights.camera)
    consistent = found.rms < weights.camera.most_rms_px
    agree = agreement(tracks, consistent, possible, weights.same_person)
    share = float(consistent.mean())
    _log.info("of %d matches %.0f %% are consistent", len(consistent), 100 * share)
    keep = consistent & _believed(found, matches.points, weights)
    if keep.sum() < weights.camera.least_tracks:
        _log.info("only %d of %d matches agree with one another", keep.sum(), len(keep))
        return Compared(agree, share)
    tracks, points, own = tracks.take(keep), found.points[keep], matches.points[keep]
    hairy = hairy_tracks(head, tracks, views) > weights.cloud.hairy
    bare = ~hairy if (~hairy).sum() >= weights.camera.least_tracks else np.ones(len(points), bool)
    # Place and turn are those of the mesh; its size is what was believed before the photos were compared.
    anchored = np.einsum("pk,pkd->pd", tracks.weights, anchor[corners[keep]])
    scale, _, _ = similarity(points[bare], anchored[bare])
    _, R, t = similarity(points[bare] * scale, own[bare])
    seen = np.bincount(tracks.view, minlength=len(views))
    for number, (view, camera) in enumerate(zip(views, cameras)):
        view.share = seen[number] / seen.sum()
        if seen[number] >= weights.camera.least_observations:
            turned = camera.R @ R.T
            view.take_work_camera(replace(camera, R=turned, t=scale * camera.t - turned @ t))
    # From the anchor's facial actions to the head's.
    points = scale * points @ R.T + t + places[0][keep] - own
    return Compared(agree, share, tracks, points, hairy, distortion, deviation)


def _on_mesh(tracks: Tracks, corners: np.ndarray, places: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> OnMesh:
    """The tracks on the mesh.

    Args:
        corners: (P, 3) vertices around each. places: (V, P, 3) mm: where each lies in every view's head.
        vertices: (N, 3) mm of the first view's head.
    """
    track = np.repeat(np.arange(len(corners)), np.diff(tracks.start))
    own = places[tracks.anchor_view, np.arange(len(corners))]
    moves = places[tracks.view, track] - own[track]
    normals = np.einsum("pk,pkd->pd", tracks.weights, vertex_normals(vertices, triangles)[corners])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    return OnMesh(tracks, own, moves, normals)


def _believed(found: Triangulated, own: np.ndarray, weights: ViewsWeights) -> np.ndarray:
    """(P,) points that say where they are, and lie near the mesh. Photos from one place agree on everything but depth."""
    vague = np.linalg.eigvalsh(found.information)[:, 0] < weights.camera.most_vague_mm**-2
    return ~vague & (np.linalg.norm(found.points - own, axis=1) < weights.camera.most_move_mm)
