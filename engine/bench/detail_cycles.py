"""Pairs through Blender's Cycles: another renderer, with light that scatters below the skin and bounces between folds."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..geometry.mesh import vertex_normals
from ..wire.messages import say
from .detail_lights import Lamps
from .hair_bundle import NotMeasured
from .scripts import needs_blender, run_in_blender

__all__ = ["Seen", "closed", "photographed"]

_SCRIPT = Path(__file__).resolve().parents[2] / "tests" / "digest" / "detail_photos.py"
_SAMPLES = 24
"""Samples a pixel, not denoised: a denoiser takes pores for grain."""
_THREADS = 2
"""Threads of Cycles."""
_INSIDE_MM = 1.5
"""How far below its skin the head lies that casts shadows: what the camera sees is a surface of its own."""
_BEHIND_MM = 1.2
"""How far behind what is seen another sheet keeps off light from behind."""
_STEP_MM = 6.0
"""Largest step in depth from pixel to pixel within a surface."""
_WHOLE = 0.3
"""From which coverage on a pixel has a color of its own."""
_SCATTER = 0.25
"""Share of the skin's light that scatters below it."""
_ROUGHNESS = 0.5
"""Roughness of all that is seen."""
_MIRROR = np.array([1, -1, -1])
"""From camera axes to Blender's."""


class Seen(NamedTuple):
    """What a camera sees, by pixel, and what casts shadows; mm in camera axes."""

    camera: Camera
    point: np.ndarray
    """(H, W, 3)"""
    hit: np.ndarray
    """(H, W) bool."""
    skin: np.ndarray
    """(H, W) bool."""
    color: np.ndarray
    """(H, W, 3) linear albedo."""
    caster: tuple[np.ndarray, np.ndarray]
    """(N, 3) vertices and (T, 3) triangles."""


def photographed(seen: Seen, lamps: Lamps) -> np.ndarray:
    """(H, W, 3) float32 linear radiance.

    Raises:
        NotMeasured: Blender 4.5 as a module, or the checkout's tests, are absent; Blender failed.
    """
    needs_blender()
    with TemporaryDirectory() as temporary:
        job = Path(temporary)
        _write(job, seen, lamps)
        well, told = run_in_blender(_SCRIPT, [job])
        if not well or not (job / "photo.npy").is_file():
            raise NotMeasured(say("Blender could not photograph the pairs: {reason}", reason=told))
        return closed(np.load(job / "photo.npy").astype(np.float32))


def closed(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) of a premultiplied (H, W, 4): seams and rims, through which nothing is seen, take their neighbours' color."""
    near = cv2.GaussianBlur(picture, (0, 0), 1.5)
    whole = picture[..., 3:] > _WHOLE
    return np.where(whole, picture[..., :3], near[..., :3]) / np.maximum(np.where(whole, picture[..., 3:], near[..., 3:]), 1e-3)


def _write(job: Path, seen: Seen, lamps: Lamps) -> None:
    number = np.full(seen.hit.shape, -1)
    number[seen.hit] = np.arange(seen.hit.sum())
    corners = np.stack([number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]], -1).reshape(-1, 4)
    depth, skin = seen.point[seen.hit][:, 2], seen.skin[seen.hit]
    corners = corners[(corners >= 0).all(1)]
    quads = corners[np.ptp(depth[corners], axis=1) < _STEP_MM]
    at, triangles = seen.caster
    inside = at - _INSIDE_MM * vertex_normals(at, triangles)
    ray = seen.point[seen.hit] / np.linalg.norm(seen.point[seen.hit], axis=1, keepdims=True)
    np.savez(
        job / "scene.npz",
        vertices=seen.point[seen.hit] * _MIRROR / 1000,
        quads=quads,
        skin=skin[quads].all(1),
        colors=np.clip(seen.color[seen.hit], 0, 1),
        backing=(seen.point[seen.hit] + _BEHIND_MM * ray) * _MIRROR / 1000,
        caster=inside * _MIRROR / 1000,
        triangles=triangles,
    )
    suns = [
        {
            "towards": (towards * _MIRROR).tolist(),
            "angle": 2 * spread,
            "strength": float(np.pi * radiance.max()),
            "color": (radiance / radiance.max()).tolist(),
        }
        for towards, radiance, spread in zip(lamps.towards, lamps.radiance, lamps.spread)
        if radiance.any()
    ]
    camera = seen.camera
    told = {
        "width": camera.width, "height": camera.height, "lens": 36.0 * camera.fx / camera.width, "lamps": suns,
        "sky": (lamps.shine.sum(0) / 4).tolist(), "samples": _SAMPLES, "threads": _THREADS, "scatter": _SCATTER,
        "roughness": _ROUGHNESS,
    }  # fmt: skip
    (job / "scene.json").write_text(json.dumps(told), encoding="utf-8")
