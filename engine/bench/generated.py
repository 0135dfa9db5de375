"""Accuracy on generated heads: whole photos through the pipeline, the face's distances to the true surface."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..geometry.mesh import vertex_normals
from ..geometry.similarity import similarity
from ..head.model import HeadModel
from ..photo import Landmarker
from ..synthetic.dataset import face_vertices
from ..synthetic.render import Renderer
from ..synthetic.windows import draw_photo
from ..wire.language import local
from ..wire.messages import as_message, say
from ..wire.settings import Settings

__all__ = ["face_distance", "score_generated"]

SEED = 909
"""Seed of the heads; it is not a seed of the training data."""

LOOKS = ("plain", "varied")
"""Looks of the generated photos, one row of figures each."""


def face_distance(model: HeadModel, truth: np.ndarray, fitted: np.ndarray, face: np.ndarray, steps: int = 12) -> float:
    """Mean distance in mm from the true face's vertices to the fitted surface, after similarity alignment.

    Args:
        truth, fitted: (N, 3) mm. face: (F,) vertices, which the alignment and the mean are over.
    """
    corner = truth[model.triangles]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1)
    weight = np.bincount(model.triangles.ravel(), np.repeat(area, 3), len(truth))[face]
    near = np.unique(model.triangles[np.isin(model.triangles, face).any(1)])
    target = truth[face].astype(float)
    surface, moved = fitted.astype(float), None
    scale, R, t = similarity(surface[face], target, weight)
    for _ in range(steps):
        moved = scale * surface @ R.T + t
        normals = vertex_normals(moved, model.triangles)
        _, index = cKDTree(moved[near]).query(target)
        index = near[index]
        gap = ((target - moved[index]) * normals[index]).sum(1)
        step, Q, s = similarity(target - gap[:, None] * normals[index], target, weight)
        scale, R, t = scale * step, Q @ R, step * Q @ t + s
    return float((np.abs(gap) * weight).sum() / weight.sum())


def score_generated(model: HeadModel, count: int, stages: tuple[str, ...], settings: Settings) -> list[dict]:
    """Print and return the errors on `count` heads of each look, of a seed of their own.

    The coarse network learnt from heads of the plain look, never from the varied one, where heads lie around the
    average of people and differ in what the model's sliders lack.
    """
    renderer, landmarker = Renderer(model), Landmarker()
    return [row for look in LOOKS for row in _score_look(renderer, landmarker, count, stages, look, settings)]


def _score_look(
    renderer: Renderer, landmarker: Landmarker, count: int, stages: tuple[str, ...], look: str, settings: Settings
) -> list[dict]:
    from .stages import fit_stages

    model, rows = renderer.model, []
    face = face_vertices(model)
    for number in range(count):
        head, photo, focal = draw_photo(renderer, SEED, number, varied=look == "varied")
        faces = landmarker.detect(photo)
        if not faces:
            continue
        row = {"head": number, "look": look, "mean_head": face_distance(model, head.posed, model.template, face)}
        for stage, (vertices, fit) in fit_stages(model, photo, faces[0], stages, settings).items():
            row[stage] = face_distance(model, head.posed, vertices, face)
            row["focal_ratio"] = fit.camera.fx / focal
        rows.append(row)
    if rows:

        def mean(name):
            return float(np.mean([row[name] for row in rows]))

        print(
            local(
                say(
                    "generated, look {look}, {found} of {count} found: mean head {error:.3f}; {stages}",
                    look=as_message(look),
                    found=len(rows),
                    count=count,
                    error=mean("mean_head"),
                    stages=[
                        say(
                            "{stage} {error:.3f} (better in {better} of {found})",
                            stage=stage,
                            error=mean(stage),
                            better=sum(row[stage] < row["mean_head"] for row in rows),
                            found=len(rows),
                        )
                        for stage in stages
                    ],
                )
            ),
            flush=True,
        )
    return rows
