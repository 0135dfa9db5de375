"""The arrays, the manifest and the maps of a bundle, made of the stages' results (see docs/develop/bundle.md).

This is the border where the engine's millimetres become the bundle's metres.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from .. import __version__
from ..camera import Camera
from ..head.model import MATERIALS, PARTS, HeadModel
from ..system.concurrency import concurrently
from ..system.progress import Progress
from ..types import View
from ..wire.corrections import CORRECTIONS_FILE
from ..wire.hair import HairGroup, hair_json, write_hair
from ..wire.json_file import write_object
from ..wire.settings import Settings
from .finite import refuse_non_finite
from .image_files import write_exr, write_jpeg, write_png
from .quality import quality_report
from .solution import Solution

__all__ = ["assemble", "camera_json", "write_maps"]

METRE = np.float32(0.001)
"""Metres per millimetre."""
_LONGEST_MM = np.float32(1000.0)
"""Shortest measured wave that a bundle has where none is, mm: numbers there are finite."""
_CONFIDENCE_GREY = np.array([0, 128, 255], np.uint8)
"""Grey levels of the classes 0, 1 and 2 in the picture of the confidence."""


def assemble(found: Solution, settings: Settings) -> tuple[dict, dict[str, np.ndarray]]:
    """The manifest (without timings and files) and the arrays.

    Raises:
        HrnError: ``INTERNAL`` naming the stage whose numbers are not finite.
    """
    refuse_non_finite(found)
    model, textures, observation, coarse, mid = found.model, found.textures, found.observation, found.coarse, found.mid
    fitted, depth = coarse.camera.project(model.landmarks(found.posed))
    values = np.round(coarse.expression.astype(float), 5)
    arrays = {
        "vertices": model.shape(coarse.identity) * METRE,
        "deformation": mid.deformation * METRE,
        "expression_deltas": model.expression_basis * METRE,
        "faces": model.faces.astype(np.int32),
        "uv": model.uv,
        "face_material": model.face_material.astype(np.int32),
        "parts": model.parts,
        "confidence": textures.vertex_confidence,
        "confidence_class": _at_vertices(model, textures.confidence),
        "landmark_vertices": model.landmark_vertices.astype(np.int32),
        "landmark_weights": model.landmark_weights,
        "landmarks_detected": observation.landmarks,
        "landmarks_fitted": fitted,
    }
    if (relief := mid.relief) is not None:
        arrays["folds"] = relief.at_rest(coarse.expression) * METRE
        if relief.correctives is not None:
            arrays["expression_deltas"][list(relief.actions)] += relief.correctives * METRE
    if mid.measured is not None:
        arrays["measured_waves"] = np.minimum(mid.measured, _LONGEST_MM) * METRE
    if found.corrections is not None:
        arrays.update(found.corrections.arrays)
    arrays = {name: array.astype(np.float32) if array.dtype.kind == "f" else array for name, array in arrays.items()}
    side = textures.albedo.shape[0]
    manifest = {
        "name": Path(found.photo.name).stem,
        "method": settings.method,
        "engine_version": __version__,
        "head_model_version": model.version,
        "unit": "metre",
        "settings": settings.to_json(),
        "photos": [
            *(_photo_json(view, number) for number, view in enumerate(found.views)),
            *({"name": one.name, "used": False, "error": one.error.to_json()} for one in found.left_out),
        ],
        "cameras": [
            {"photo": number, "file": _photo_file(number), **camera_json(view.coarse.camera)}
            for number, view in enumerate(found.views)
        ],
        "maps": {
            "albedo": _map("albedo.png", side, "sRGB", 8, "RGB"),
            "displacement": _map(
                "displacement.exr", textures.displacement.shape[0], "Non-Color", 32, "Y", unit="metre", mid_level=0.0
            ),
            "normal": _map("normal.png", textures.normal.shape[0], "Non-Color", 16, "RGB", convention="OpenGL"),
            "deformation": _map("deformation.exr", textures.deformation.shape[0], "Non-Color", 32, "RGB", unit="metre"),
            "confidence": _map("confidence.png", textures.confidence.shape[0], "Non-Color", 8, "Y"),
        },
        "expression": {
            "names": list(model.expression_names),
            "values": values.tolist() if settings.keep_expression else [0.0] * len(values),
            "photo_values": values.tolist(),
        },
        "materials": list(MATERIALS),
        "parts": list(PARTS),
        "eye_color": [int(c) for c in textures.eye_color],
        "tooth_color": [int(c) for c in textures.tooth_color],
        "identity": np.round(coarse.identity.astype(float), 5).tolist(),
        "lighting": np.round(mid.lighting.astype(float), 6).tolist(),
        "preview": "preview.png",
        "quality": quality_report(found, fitted, depth),
        "timings": {},
    }
    if found.corrections is not None:
        manifest["corrections"] = {"file": CORRECTIONS_FILE, "base": found.corrections.base}
    if found.hair is not None:
        manifest["hair"] = hair_json(
            found.hair.tufts,
            scalp_color=np.round(found.hair.scalp_color.astype(float), 4).tolist(),
            masks=[_mask_file(number) for number in range(len(found.hair.masks))],
        )
        if found.hair.albedo_bare is not None:
            manifest["maps"]["albedo_bare"] = _map("albedo_bare.png", side, "sRGB", 8, "RGB")
    return manifest, arrays


def hair_groups(found: Solution) -> dict[str, HairGroup]:
    """What grows on the head, as the bundle has it: metres, on the head at rest."""
    if found.hair is None or not found.hair.tufts:
        return {}
    from ..hair.skin import at_rest, root_uv, skin_triangles

    skin = skin_triangles(found.model)
    rest = found.model.shape(found.coarse.identity) + found.mid.deformation
    return {
        name: HairGroup(
            at_rest(skin, strands, found.posed, rest) * METRE,
            root_uv(skin, strands),
            strands.radius * METRE,
            strands.color,
            strands.source,
            strands.layer,
            style,
        )
        for name, (strands, style) in found.hair.tufts.items()
    }


def _photo_file(number: int) -> str:
    return f"photo_{number}.jpg"


def _mask_file(number: int) -> str:
    return f"hair_{number}.png"


def _photo_json(view: View, number: int) -> dict:
    photo, observation, coarse = view.photo, view.observation, view.coarse
    return {
        "name": photo.name,
        "sha256": photo.sha256,
        "width": photo.size[0],
        "height": photo.size[1],
        "scale": float(photo.scale),
        "file": _photo_file(number),
        "used": True,
        "share": round(float(view.share), 4),
        "face_index": observation.index,
        "face_count": observation.count,
        "focal_px": float(coarse.camera.fx),
        "focal_source": coarse.focal_source,
        "yaw_degrees": round(coarse.camera.yaw_degrees, 1),
        "landmark_residual_px": round(float(np.median(coarse.residual_px)), 3),
        "expression": np.round(coarse.expression.astype(float), 5).tolist(),
        "lighting": np.round(view.mid.lighting.astype(float), 6).tolist(),
    }


def camera_json(camera: Camera) -> dict:
    """A camera as the manifest has it: `t` in metres."""
    return {
        "width": camera.width,
        "height": camera.height,
        "fx": float(camera.fx),
        "fy": float(camera.fy),
        "cx": float(camera.cx),
        "cy": float(camera.cy),
        "R": np.asarray(camera.R, float).tolist(),
        "t": (np.asarray(camera.t, float) * 0.001).tolist(),
    }


def camera_from_json(data: dict) -> Camera:
    """Inverse of :func:`camera_json`: `t` in millimetres."""
    size, lens = (data["width"], data["height"]), (data["fx"], data["fy"], data["cx"], data["cy"])
    return Camera(*size, *lens, np.array(data["R"], np.float64), np.array(data["t"], np.float64) * 1000)


def write_maps(folder: Path, found: Solution, progress: Progress) -> None:
    """Write all picture files of the bundle, two at a time (the encoders run outside Python's lock).

    Raises:
        OSError: the first failure to write.
        HrnError: ``CANCELLED`` from `progress`, after the writers have stopped.
    """
    textures = found.textures
    tasks: list[Callable[[], object]] = [  # the longest first
        lambda: write_png(folder / "normal.png", textures.normal),
        lambda: write_exr(folder / "displacement.exr", textures.displacement * METRE),
        lambda: write_png(folder / "albedo.png", textures.albedo),
        *(partial(write_jpeg, folder / _photo_file(number), view.photo.shot) for number, view in enumerate(found.views)),
        lambda: write_png(folder / "preview.png", _preview(found)),
        lambda: write_exr(folder / "deformation.exr", textures.deformation * METRE),
        lambda: write_png(folder / "confidence.png", _CONFIDENCE_GREY[textures.confidence]),
    ]
    if (hair := found.hair) is not None:
        tasks.append(lambda: write_hair(folder, hair_groups(found)))
        tasks += [partial(write_png, folder / _mask_file(number), mask) for number, mask in enumerate(hair.masks)]
        if hair.albedo_bare is not None:
            tasks.insert(2, partial(write_png, folder / "albedo_bare.png", hair.albedo_bare))
    if (kept := found.corrections) is not None:
        tasks.append(lambda: write_object(folder / CORRECTIONS_FILE, kept.content))
        tasks += [partial(shutil.copyfile, source, folder / name) for name, source in kept.masks.items()]
    concurrently(tasks, progress.part(0.1, 0.9), most=2)


def _preview(found: Solution) -> np.ndarray:
    """(384, 384, 3) uint8: the textured head, slightly turned."""
    from ..camera import orbit_camera
    from .preview import render_head

    hair = found.hair
    albedo = found.textures.albedo if hair is None or hair.albedo_bare is None else hair.albedo_bare
    step = max(1, albedo.shape[0] // 1024)
    albedo = np.ascontiguousarray(albedo[::step, ::step])
    tufts = hair.tufts if hair is not None else {}
    # Long hair may leave the picture below, as the neck does.
    strands = [one.strands.points.reshape(-1, 3) for one in tufts.values()]
    above = [points[points[:, 1] > found.posed[:, 1].min()] for points in strands]
    camera = orbit_camera(np.concatenate([found.posed, *above]), yaw=25.0, pitch=5.0, width=384, height=384)
    return render_head(found.model, found.posed, camera, albedo, tufts=tufts)


def _map(file: str, side: int, color_space: str, bits: int, channels: str, **more) -> dict:
    return {"file": file, "width": side, "height": side, "color_space": color_space, "bits": bits, "channels": channels, **more}


def _at_vertices(model: HeadModel, texels: np.ndarray) -> np.ndarray:
    """(N,) int32: a (S, S) map of classes at the vertices; on a UV seam the best class of either side."""
    side = texels.shape[0]
    column = np.clip((model.uv[..., 0] * side).astype(int), 0, side - 1)
    row = np.clip(((1 - model.uv[..., 1]) * side).astype(int), 0, side - 1)
    result = np.zeros(len(model.template), np.int32)
    np.maximum.at(result, model.faces, texels[row, column].astype(np.int32))
    return result
