"""``python hair_photos.py JOB ...``: photographs of generated heads with known hair; runs in a Python that has ``bpy``.

Each JOB is a folder that ``engine bench hair`` wrote: ``scene.npz`` (head, shoulders and hair in Blender's axes, metres), ``scene.json``
(camera, lamps, how hair grows around its guides) and ``albedo.png``. Blender's own hair nodes add the neighbours of each
guide; Cycles writes ``photo.exr`` (linear, with alpha), and ``strands.npz`` keeps the curves as the nodes made them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector
from photo_scene import add_camera, add_sky, photographed, read_job, render, scatters

NODES = "datafiles/assets/geometry_nodes/procedural_hair_node_assets.blend"
"""Blender's hair nodes (CC0), below its system folder."""
KEPT = 9000, 24
"""Most curves that are kept of a head, and points of each."""


def photograph(job: Path) -> None:
    scene, (arrays, told) = bpy.context.scene, read_job(job)
    add_head(scene, arrays, job / "albedo.png", told)
    hair = add_hair(scene, arrays, told) if len(arrays["hair_points"]) else None
    place_camera(scene, told["camera"])
    for lamp in told["lamps"]:
        add_lamp(scene, lamp)
    add_sky(scene, told["sky"])
    scene.view_settings.view_transform = "Standard"
    render(scene, job / "photo.exr", told, denoised=True, bounces=told.get("bounces", 6), bits=16)
    if hair is not None:
        keep_strands(hair, job / "strands.npz")


def add_mesh(scene, name: str, vertices, quads) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], quads.tolist())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(quads), bool))
    thing = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(thing)
    return thing


def add_head(scene, arrays, albedo: Path, told) -> None:
    head = add_mesh(scene, "head", arrays["head_vertices"], arrays["head_quads"])
    layer = head.data.uv_layers.new(name="UVMap")
    layer.data.foreach_set("uv", arrays["head_uv"].astype(np.float32).ravel())
    for name, roughness, scatter in (("skin", 0.5, 0.12), ("other", 0.25, 0.0)):
        material = bpy.data.materials.new(name)
        material.use_nodes = True
        shader = material.node_tree.nodes["Principled BSDF"]
        texture = material.node_tree.nodes.new("ShaderNodeTexImage")
        texture.image = bpy.data.images.load(str(albedo))
        material.node_tree.links.new(texture.outputs["Color"], shader.inputs["Base Color"])
        shader.inputs["Roughness"].default_value = roughness
        if scatter:
            scatters(shader, scatter, (0.008, 0.003, 0.0015))
        head.data.materials.append(material)
    head.data.polygons.foreach_set("material_index", (arrays["head_material"] > 0).astype(np.int32))
    body = add_mesh(scene, "shoulders", arrays["body_vertices"], arrays["body_quads"])
    cloth = bpy.data.materials.new("cloth")
    cloth.use_nodes = True
    cloth.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*told["cloth"], 1)
    cloth.node_tree.nodes["Principled BSDF"].inputs["Roughness"].default_value = 0.9
    body.data.materials.append(cloth)


def add_hair(scene, arrays, told) -> bpy.types.Object:
    points = arrays["hair_points"]
    count, size, _ = points.shape
    curves = bpy.data.hair_curves.new("hair")
    curves.add_curves([size] * count)
    curves.position_data.foreach_set("vector", points.astype(np.float32).ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    along = np.linspace(0, 1, size)
    radius.data.foreach_set("value", np.tile(told["radius"] * (1 - 0.7 * along**3), count).astype(np.float32))
    color = curves.attributes.new("hair_color", "FLOAT_COLOR", "CURVE")
    color.data.foreach_set("color", np.column_stack([arrays["hair_color"], np.ones(count)]).astype(np.float32).ravel())
    thing = bpy.data.objects.new("hair", curves)
    scene.collection.objects.link(thing)
    curves.materials.append(hair_material(told["roughness"]))
    path = os.path.join(bpy.utils.resource_path("LOCAL"), NODES)
    if not os.path.isfile(path):
        path = os.path.join(bpy.utils.system_resource("DATAFILES"), NODES.split("/", 1)[1])
    for name, values in told["nodes"]:
        if name not in bpy.data.node_groups:
            with bpy.data.libraries.load(path, link=False) as (_, wanted):
                wanted.node_groups = [name]
        modifier = thing.modifiers.new(name, "NODES")
        modifier.node_group = bpy.data.node_groups[name]
        sockets = {
            item.name: item.identifier for item in modifier.node_group.interface.items_tree if item.item_type == "SOCKET"
        }
        for key, value in values.items():
            modifier[sockets[key]] = value
    return thing


def hair_material(roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new("hair")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    shader = tree.nodes.new("ShaderNodeBsdfHairPrincipled")
    shader.parametrization = "COLOR"
    shader.inputs["Roughness"].default_value = roughness
    shader.inputs["Radial Roughness"].default_value = 0.5
    shader.inputs["IOR"].default_value = 1.45
    shader.inputs["Random Roughness"].default_value = 0.2
    color = tree.nodes.new("ShaderNodeAttribute")
    color.attribute_name = "hair_color"
    tree.links.new(color.outputs["Color"], shader.inputs["Color"])
    tree.links.new(shader.outputs[0], tree.nodes.new("ShaderNodeOutputMaterial").inputs["Surface"])
    return material


def place_camera(scene, told) -> None:
    thing = add_camera(scene, told)
    thing.data.shift_x, thing.data.shift_y = told["shift_x"], told["shift_y"]
    thing.matrix_world = np.array(told["matrix"]).T.tolist()


def add_lamp(scene, told) -> None:
    light = bpy.data.lights.new("lamp", "AREA")
    light.size, light.energy, light.color = told["size"], told["power"], told["color"]
    thing = bpy.data.objects.new("lamp", light)
    place = Vector(told["place"])
    thing.location = place
    thing.rotation_euler = (place - Vector(told["aim"])).to_track_quat("Z", "Y").to_euler()
    scene.collection.objects.link(thing)


def keep_strands(hair: bpy.types.Object, path: Path) -> None:
    """The curves after the nodes, thinned out."""
    made = hair.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    places = np.empty(3 * len(made.points), np.float32)
    made.points.foreach_get("position", places) if hasattr(made.points[0], "foreach_get") else made.position_data.foreach_get(
        "vector", places
    )
    size = len(made.points) // len(made.curves)
    places = places.reshape(-1, size, 3)
    some = np.random.default_rng(0).permutation(len(places))[: KEPT[0]]
    along = np.round(np.linspace(0, size - 1, min(size, KEPT[1]))).astype(int) if size > 48 else np.arange(size)
    np.savez_compressed(path, points=places[some][:, along].astype(np.float32))


if __name__ == "__main__":
    sys.exit(photographed(sys.argv[1:], photograph))
