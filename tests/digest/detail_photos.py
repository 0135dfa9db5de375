"""``python detail_photos.py JOB ...``: photographs of surfaces that are known by pixel; runs in a Python that has ``bpy``.

Each JOB is a folder that ``engine bench detail --cycles`` wrote: ``scene.npz`` (what the camera sees as a grid with a colour at
each vertex, and the head that casts shadows; Blender's camera axes, metres) and ``scene.json`` (camera, lamps). Cycles' linear
picture comes back as ``photo.npy``, premultiplied by its alpha, row 0 at the top.
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from photo_scene import add_camera, add_sky, photographed, read_job, render, scatters


def photograph(job: Path) -> None:
    scene, (arrays, told) = bpy.context.scene, read_job(job)
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
    add_sky(scene, told["sky"])
    render(scene, job / "photo.exr", told, denoised=False, bounces=3, bits=32)
    keep_pixels(job, told)


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
        scatters(shader, scatter, (0.004, 0.0015, 0.0008))
    return material


def add_sun(scene, told) -> None:
    light = bpy.data.lights.new("lamp", "SUN")
    light.angle, light.energy, light.color = told["angle"], told["strength"], told["color"]
    thing = bpy.data.objects.new("lamp", light)
    thing.rotation_euler = Vector(told["towards"]).to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(thing)


def keep_pixels(job: Path, told) -> None:
    image = bpy.data.images.load(str(job / "photo.exr"))
    pixels = np.empty(told["width"] * told["height"] * 4, np.float32)
    image.pixels.foreach_get(pixels)
    np.save(job / "photo.npy", pixels.reshape(told["height"], told["width"], 4)[::-1])


if __name__ == "__main__":
    sys.exit(photographed(sys.argv[1:], photograph))
