"""Many pictures, as the landmark network sees them, with what there is to learn about each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..fit.coarse.population import load_people
from ..fit.crop import to_crop
from ..geometry.mesh import vertex_normals
from ..head.model import MATERIALS, HeadModel
from .anatomy import Anatomy
from .heads import sample_head, sample_person
from .render import Renderer, develop

__all__ = ["Dataset", "FACE_RADIUS_MM", "face_vertices", "generate", "open_dataset"]

FACE_RADIUS_MM = 95.0
"""Radius about the nose of what counts as face (NoW's crop on an average head)."""

WARP_MM = 2.4
"""Typical size of what lies outside the model in heads of the plain look."""


class Dataset(NamedTuple):
    """Memory-mapped arrays of n pictures."""

    activations: np.ndarray
    """(n, 128, 16, 16) float16 of the landmark network, before its trained tail."""
    mediapipe: np.ndarray
    """(n, 478, 3) float16 landmarks by the unchanged network, crop pixels."""
    points: np.ndarray
    """(n, P, 2) float16 true crop pixels of the dense landmarks."""
    posed: np.ndarray
    """(n, F, 3) float16 mm: the face vertices minus the template, in model space."""
    neutral: np.ndarray
    """(n, F, 3) float16 mm, relaxed."""
    expression: np.ndarray
    """(n, 52) float16"""
    pose: np.ndarray
    """(n, 13) float32: crop-camera rotation (9), depth of the origin in mm, focal length in crop pixels, and the
    principal point's offset from the crop's centre in pixels (2)."""


def face_vertices(model: HeadModel) -> np.ndarray:
    """(F,) vertices of the outer skin within NoW's sphere."""
    template = model.template.astype(float)
    points = model.landmarks(template)
    bridge = points[[133, 362]].mean(0)
    centre = points[2] + 0.3 * (bridge - points[2])
    skin = np.zeros(len(template), bool)
    skin[np.unique(model.faces[model.face_material == MATERIALS.index("skin")])] = True
    near = np.linalg.norm(template - centre, axis=1) < FACE_RADIUS_MM
    facing = vertex_normals(template, model.triangles)[:, 2] > -0.35
    return np.flatnonzero(skin & near & facing)


def dense_points(model: HeadModel) -> np.ndarray:
    """(P,) vertices whose pictures the network learns besides the 478 landmarks: spread over skin, ears and eyes."""
    template = model.template.astype(float)
    skin = np.zeros(len(template), bool)
    skin[np.unique(model.faces[model.face_material == MATERIALS.index("skin")])] = True
    candidates = np.flatnonzero(skin & (template[:, 1] > -150) & (template[:, 2] > -110))
    chosen = [candidates[np.argmax(template[candidates, 2])]]
    distance = np.full(len(candidates), np.inf)
    for _ in range(159):
        distance = np.minimum(distance, np.linalg.norm(template[candidates] - template[chosen[-1]], axis=1))
        chosen.append(candidates[np.argmax(distance)])
    return np.array(chosen)


def fields(model: HeadModel) -> dict[str, tuple[tuple[int, ...], str]]:
    faces = len(face_vertices(model))
    return {
        "activations": ((128, 16, 16), "float16"),
        "mediapipe": ((478, 3), "float16"),
        "points": ((478 + 160, 2), "float16"),
        "posed": ((faces, 3), "float16"),
        "neutral": ((faces, 3), "float16"),
        "expression": ((52,), "float16"),
        "pose": ((13,), "float32"),
    }


def open_dataset(folder: Path, model: HeadModel, count: int, mode: str = "r") -> Dataset:
    """Arrays of `count` pictures in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return Dataset(
        **{
            name: np.memmap(folder / f"{name}.bin", dtype, mode, shape=(count, *shape))
            for name, (shape, dtype) in fields(model).items()
        }
    )


def generate(
    model: HeadModel, look, folder: Path, heads: int, seed: int, varied: bool, tell: Callable[[str], object] = print
) -> Dataset:
    """Draw `heads` heads, two pictures each (as rendered and mirrored, developed differently).

    Args:
        look: callable (256, 256, 3) uint8 -> (128, 16, 16) activations and (478, 3) landmarks.
        seed: head i uses the generator ``[seed, i]``.
        varied: people around their average, in the looks of :mod:`.variety`; else heads of the model's own prior in
            the plain look.
    """
    renderer, anatomy, people = Renderer(model), Anatomy(model), load_people(model)
    data = open_dataset(folder, model, 2 * heads, "w+")
    face, extra = face_vertices(model), dense_points(model)
    mirror = model.mirror
    mirrored_action = mirrored_names(model.expression_names)
    for number in range(heads):
        rng = np.random.default_rng([seed, number])
        head = sample_person(model, rng, anatomy, people) if varied else sample_head(model, rng, WARP_MM)
        shot = renderer.shoot(head, rng, varied=varied)
        for flip in (False, True):
            row = 2 * number + flip
            sign = np.array([-1, 1, 1]) if flip else np.ones(3)
            order = mirror if flip else np.arange(len(mirror))
            posed, neutral = head.posed[order] * sign, head.neutral[order] * sign
            camera, transform = shot.camera, shot.transform
            R = camera.R * np.outer(sign, sign)
            scale = float(np.hypot(transform[0, 0], transform[0, 1]))
            turn = np.eye(3)
            turn[:2, :2] = transform[:, :2] / scale
            turn = turn * np.outer(sign, sign)
            centre = to_crop(transform, np.array([camera.cx, camera.cy])) - 128
            t = camera.t * sign
            focal = camera.fx * scale
            R, t = turn @ R, turn @ t
            points = np.concatenate([model.landmarks(posed), posed[extra]])
            at = points @ R.T + t
            centre = centre * sign[:2]
            pixels = at[:, :2] / at[:, 2:] * focal + centre + 128
            data.activations[row], data.mediapipe[row] = look(develop(shot, rng, flip, varied=varied))
            data.points[row] = pixels
            data.posed[row] = (posed - model.template)[face]
            data.neutral[row] = (neutral - model.template)[face]
            data.expression[row] = head.expression[mirrored_action] if flip else head.expression
            data.pose[row] = np.concatenate([R.ravel(), [t[2], focal], centre])
        if number % 200 == 199:
            tell(f"{number + 1} of {heads} heads")
    for array in data:
        array.flush()
    return data


def mirrored_names(names: tuple[str, ...]) -> np.ndarray:
    """(52,) the action of the other side for each action."""
    place = {name: i for i, name in enumerate(names)}
    swap = {"Left": "Right", "Right": "Left"}

    def other(name: str) -> str:
        for side, opposite in swap.items():
            if name.endswith(side):
                return name[: -len(side)] + opposite
        return name

    return np.array([place[other(name)] for name in names])
