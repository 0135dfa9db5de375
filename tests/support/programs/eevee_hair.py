"""Renders the strands of a bundle's head with each engine and prints their mean brightness as JSON.

A program of its own, because Blender ends the process where EEVEE finds no OpenGL.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import bpy
import numpy as np

runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))

from hrn_blender.build import build_head, preview
from hrn_blender.build.camera import match_scene_to_camera

SIDE = 64


def brightness(result, engine: str, file: Path) -> float:
    """Mean linear brightness of the pixels that strands cover wholly."""
    with preview._studio(result, preview.PreviewOptions(engine=engine, samples=4)) as (scene, _):
        match_scene_to_camera(scene, result.cameras[0])
        render = scene.render
        scale = SIDE / max(render.resolution_x, render.resolution_y)
        render.resolution_x, render.resolution_y = (round(side * scale) for side in (render.resolution_x, render.resolution_y))
        render.film_transparent, scene.cycles.use_denoising = True, False
        render.image_settings.file_format, render.image_settings.color_mode = "OPEN_EXR", "RGBA"
        render.filepath = str(file)
        bpy.ops.render.render(write_still=True, scene=scene.name)
    image = bpy.data.images.load(str(file))
    pixels = np.empty(4 * image.size[0] * image.size[1], np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(-1, 4)
    return float(pixels[pixels[:, 3] > 0.9, :3].mean())


def main(bundle: str, folder: str) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    result = build_head(bundle)
    result.head.hide_render = True
    for name, hair in result.hair.items():
        hair.hide_render = name != "hair"
    found = {engine: brightness(result, engine, Path(folder, f"{engine}.exr")) for engine in ("cycles", "eevee")}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
