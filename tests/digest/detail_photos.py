"""``python detail_photos.py JOB ...``: photographs of surfaces that are known by pixel; runs in a Python that has ``bpy``.

Each JOB is a folder that ``engine bench detail --cycles`` wrote: ``scene.npz`` (what the camera sees as a grid with a colour at
each vertex, and the head that casts shadows; Blender's camera axes, metres) and ``scene.json`` (camera, lamps). Cycles' linear
picture comes back as ``photo.npy``, premultiplied by its alpha, row 0 at the top.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector


def main(jobs: list[str]) -> int:
    for job in jobs:
        begin = time.monotonic()
        bpy.ops.wm.read_factory_settings(use_empty=True)
        photograph(Path(job))
        print(f"{Path(job).name}: {time.monotonic() - begin:.1f} s", flush=True)
    return 0


def photograph(job: Path) -> None:
    scene, told = bpy.context.scene, json.loads((job / "scene.json").read_text(encoding="utf-8"))
    with np.load(job / "scene.npz") as archive:
        arrays = dict(archive)
    seen = add_mesh(scene, "seen", arrays["vertices"], arrays["quads"])
    color = seen.data.color_attributes.new("Color", "FLOAT_COLOR", "POINT")
    color.data.foreach_set(
        "color", np.column_stack([arrays["colors"], np.ones(len(arrays["colors"]))]).astype(np.float32).ravel()
    )
    for scatter in (told["scatter"], 0.0):
        seen.data.materials.append(colored(scatter, told["roughness"]))
    seen.data.polygons.foreach_set("material_index", 1 - arrays["skin"].astype(np.int32))
    add_mesh(scene, "caster", arrays["caster"], arrays["triangles"]).visible_camera = False
    add_mesh(scene, "backing", arrays["backing"], arrays["quads"]).visible_camera = False
    add_camera(scene, told)
    for lamp in told["lamps"]:
        add_sun(scene, lamp)
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (*told["sky"], 1)
    scene.world = world
    render(scene, job, told)


def add_mesh(scene, name: str, vertices, faces) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", faces.astype(np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    mesh.update(calc_edges=True)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    thing = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(thing)
    return thing


def colored(scatter: float, roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new("skin")
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    color = material.node_tree.nodes.new("ShaderNodeAttribute")
    color.attribute_name = "Color"
    material.node_tree.links.new(color.outputs["Color"], shader.inputs["Base Color"])
    shader.inputs["Roughness"].default_value = roughness
    if scatter:
        shader.inputs["Subsurface Weight"].default_value = scatter
        shader.inputs["Subsurface Radius"].default_value = (0.004, 0.0015, 0.0008)
        shader.inputs["Subsurface Scale"].default_value = 1.0
    return material


def add_camera(scene, told) -> None:
    camera = bpy.data.cameras.new("camera")
    camera.sensor_fit, camera.sensor_width = "HORIZONTAL", 36.0
    camera.lens, camera.clip_start = told["lens"], 0.01
    thing = bpy.data.objects.new("camera", camera)
    scene.collection.objects.link(thing)
    scene.camera = thing
    scene.render.resolution_x, scene.render.resolution_y = told["width"], told["height"]


def add_sun(scene, told) -> None:
    light = bpy.data.lights.new("lamp", "SUN")
    light.angle, light.energy, light.color = told["angle"], told["strength"], told["color"]
    thing = bpy.data.objects.new("lamp", light)
    thing.rotation_euler = Vector(told["towards"]).to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(thing)


def render(scene, job: Path, told) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = told["samples"]
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 3
    scene.cycles.seed = 0
    scene.render.film_transparent = True
    scene.render.threads_mode, scene.render.threads = "FIXED", told["threads"]
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.render.image_settings.color_mode = "RGBA"
    scene.render.image_settings.color_depth = "32"
    scene.render.filepath = str(job / "photo.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(job / "photo.exr"))
    pixels = np.empty(told["width"] * told["height"] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    np.save(job / "photo.npy", pixels.reshape(told["height"], told["width"], 4)[::-1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
