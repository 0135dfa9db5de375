"""What scripts share that photograph jobs with Blender's Cycles; for a Python that has ``bpy``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np


def photographed(jobs: list[str], photograph: Callable[[Path], None]) -> int:
    """Photograph each job in an empty file, and say how long it took; the exit status."""
    for job in jobs:
        begin = time.monotonic()
        bpy.ops.wm.read_factory_settings(use_empty=True)
        photograph(Path(job))
        print(f"{Path(job).name}: {time.monotonic() - begin:.1f} s", flush=True)
    return 0


def read_job(job: Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays of ``scene.npz``, and what ``scene.json`` tells."""
    with np.load(job / "scene.npz") as archive:
        return dict(archive), json.loads((job / "scene.json").read_text(encoding="utf-8"))


def add_camera(scene, told) -> bpy.types.Object:
    camera = bpy.data.cameras.new("camera")
    camera.sensor_fit, camera.sensor_width = "HORIZONTAL", 36.0
    camera.lens, camera.clip_start = told["lens"], 0.01
    thing = bpy.data.objects.new("camera", camera)
    scene.collection.objects.link(thing)
    scene.camera = thing
    scene.render.resolution_x, scene.render.resolution_y = told["width"], told["height"]
    return thing


def add_sky(scene, color) -> None:
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*color, 1)
    scene.world = world


def scatters(shader: bpy.types.ShaderNode, share: float, radius: tuple[float, float, float]) -> None:
    """Let a share of the light scatter below the surface; radius in metres."""
    shader.inputs["Subsurface Weight"].default_value = share
    shader.inputs["Subsurface Radius"].default_value = radius
    shader.inputs["Subsurface Scale"].default_value = 1.0


def render(scene, path: Path, told, *, denoised: bool, bounces: int, bits: int) -> None:
    """Render to an OpenEXR file with alpha, by the job's samples and threads."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = told["samples"]
    scene.cycles.use_denoising = denoised
    scene.cycles.max_bounces = bounces
    scene.cycles.seed = 0
    scene.render.film_transparent = True
    scene.render.threads_mode, scene.render.threads = "FIXED", told["threads"]
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = str(bits)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
