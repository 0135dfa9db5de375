"""ModelScope's fits of the shape of head or face to one photo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from ...system.progress import SILENT, Progress
from ..basel.coefficients import Coefficients
from ..basel.contour import soft_occupancy
from ..basel.model import PosedFace
from ..basel.objectives import (
    EdgeColumns,
    HeadScene,
    modelscope_face_terms,
    modelscope_head_terms,
    modelscope_start_terms,
    total,
)
from ..basel.pose import transform
from ..basel.rendering import rasterize_crop, render_vertices
from .head_model import FACE_OFFSET_SIZE, HEAD_OFFSET_SIZE, HeadFace, ModelScopeMesh, Offsets

__all__ = ["FACE_TRIANGLES", "HeadEvidence", "fit_face", "fit_head"]

FACE_TRIANGLES = 69732
"""The fitting mesh's first triangles are its face."""
TRANSLATION_STEPS = 150
"""Iterations of :func:`fit_head` that move the translation only, as published."""
SHAPE_STEPS = 100
"""Iterations of :func:`fit_head` after those, and all of :func:`fit_face`, as published."""


@dataclass(frozen=True)
class HeadEvidence:
    """What the fit looks at, all in one crop (of rescale 75 for the head, 102 for the face); a batch of one."""

    picture: torch.Tensor
    """(1, 3, 224, 224), 0..1."""
    landmarks: torch.Tensor
    """(1, 68, 2) crop pixels, y up."""
    head_mask: torch.Tensor | None
    """(1, 1, 224, 224) matte of the head, 0..1; not used for the face alone."""
    outline: EdgeColumns
    """The outline of the face mask."""


def fit_head(
    model: ModelScopeMesh,
    start: Coefficients,
    evidence: HeadEvidence,
    *,
    face_triangles: int = FACE_TRIANGLES,
    steps: tuple[int, int] = (TRANSLATION_STEPS, SHAPE_STEPS),
    progress: Progress = SILENT,
) -> tuple[Coefficients, Offsets]:
    """First the translation alone, then offset maps, identity, expression, texture and light.

    Args:
        model: the fitting mesh.
        start: coefficients of the coarse network (from the crop of rescale 102).
        face_triangles: how many of the mesh's first triangles are its face.

    Returns:
        fitted coefficients and offset maps.
    """
    offsets = _no_offsets(start.identity.device)
    values = {name: part.detach().clone() for name, part in start._asdict().items()}
    first = steps[0] / max(sum(steps), 1)
    with torch.no_grad():
        still = model(Coefficients(**values), offsets).posed
    values["translation"].requires_grad_(True)
    _adam(
        [values["translation"]],
        1e-1,
        steps[0],
        progress.part(0.0, first),
        lambda: modelscope_start_terms(
            _moved_scene(model, still, Coefficients(**values), offsets, face_triangles), evidence.picture, evidence.landmarks
        ),
    )
    values["translation"] = values["translation"].detach()
    fitted = [values[name].requires_grad_(True) for name in ("identity", "expression", "texture", "gamma")]
    _adam(
        [*offsets, *fitted],
        1e-3,
        steps[1],
        progress.part(first, 1.0),
        lambda: modelscope_head_terms(
            _head_scene(model, Coefficients(**values), offsets, face_triangles),
            evidence.picture,
            evidence.landmarks,
            evidence.head_mask,
            evidence.outline,
        ),
    )
    return _fixed(values), Offsets(*(offset.detach() for offset in offsets))


def fit_face(
    model: ModelScopeMesh, start: Coefficients, evidence: HeadEvidence, *, steps: int = SHAPE_STEPS, progress: Progress = SILENT
) -> tuple[Coefficients, Offsets]:
    """The fit of the face alone, of February 2023: offset maps and all coefficients together.

    Args:
        model: the face, without head.
        start: coefficients of the coarse network (from the same crop).

    Returns:
        fitted coefficients and offset maps; those of the head are zero.
    """
    offsets = _no_offsets(start.identity.device)
    values = {name: part.detach().clone().requires_grad_(True) for name, part in start._asdict().items()}
    _adam(
        [offsets.shape, offsets.texture, *values.values()],
        1e-3,
        steps,
        progress,
        lambda: modelscope_face_terms(
            _face_scene(model, Coefficients(**values), offsets), evidence.picture, evidence.landmarks, evidence.outline
        ),
    )
    return _fixed(values), Offsets(*(offset.detach() for offset in offsets))


def _adam(
    parameters: Iterable[torch.Tensor],
    rate: float,
    steps: int,
    progress: Progress,
    terms: Callable[[], dict[str, torch.Tensor]],
) -> None:
    optimiser = torch.optim.Adam(parameters, lr=rate)
    for step in range(steps):
        optimiser.zero_grad()
        total(terms()).backward()
        optimiser.step()
        progress((step + 1) / steps)


def _no_offsets(device) -> Offsets:
    sizes = Offsets(FACE_OFFSET_SIZE, FACE_OFFSET_SIZE, HEAD_OFFSET_SIZE, HEAD_OFFSET_SIZE)
    return Offsets(*(torch.zeros(1, 3, side, side, device=device, requires_grad=True) for side in sizes))


def _fixed(values: dict[str, torch.Tensor]) -> Coefficients:
    return Coefficients(**{name: value.detach() for name, value in values.items()})


def _moved_scene(
    model: ModelScopeMesh, still: PosedFace, coefficients: Coefficients, offsets: Offsets, face_triangles: int
) -> HeadScene:
    """The face of a head that differs from `still` by its translation alone; shape and light are taken from there."""
    camera = model.linear.camera
    points = camera.to_camera(transform(still.shape, still.rotation, coefficients.translation))
    projection = camera.project(points)
    face = rasterize_crop(points, model.linear.triangles[:face_triangles])
    return HeadScene(
        coefficients,
        projection[:, : len(model.face_uv)],
        projection[:, model.linear.keypoints],
        render_vertices(face, still.color),
        face.mask,
        None,
        None,
        None,
        offsets.shape,
        offsets.texture,
        None,
    )


def _head_scene(model: ModelScopeMesh, coefficients: Coefficients, offsets: Offsets, face_triangles: int) -> HeadScene:
    head: HeadFace = model(coefficients, offsets)
    posed = head.posed
    triangles = model.linear.triangles
    face, whole = (rasterize_crop(posed.camera, part) for part in (triangles[:face_triangles], triangles))
    occupancy = whole.interpolate(soft_occupancy(posed.projection, whole.mask)[..., None])
    return HeadScene(
        coefficients,
        posed.projection[:, : len(model.face_uv)],
        posed.landmarks,
        render_vertices(face, posed.color),
        face.mask,
        render_vertices(whole, posed.color),
        whole.mask,
        occupancy,
        offsets.shape,
        offsets.texture,
        offsets.head_shape,
    )


def _face_scene(model: ModelScopeMesh, coefficients: Coefficients, offsets: Offsets) -> HeadScene:
    posed = model(coefficients, offsets).posed
    face = rasterize_crop(posed.camera, model.linear.triangles)
    return HeadScene(
        coefficients,
        posed.projection,
        posed.landmarks,
        render_vertices(face, posed.color),
        face.mask,
        None,
        None,
        None,
        offsets.shape,
        offsets.texture,
        None,
    )
