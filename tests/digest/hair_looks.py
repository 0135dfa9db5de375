"""``python hair_looks.py OUT JOB ...``: how bright strands look whose shader has a given color; runs in a Python that has ``bpy``.

Each JOB is a folder of known hair as ``engine bench hair`` keeps it. Its head is made an even grey and its hair takes one
color after the other, three at a time, one per channel, in two materials: that of the known photos, and the one that the add-on builds. OUT
gets JSON: per job and material, pairs of the shader's value and of the albedo of a matt surface that looks as bright in the face's
place. The tables of ``engine/bench/hair_looks.py`` and the curve of ``hrn_blender/build/hair/material.py`` come from it.
"""

from __future__ import annotations

import json
import runpy
import sys
import tempfile
from pathlib import Path

import bpy
import hair_photos
import numpy as np

runpy.run_path(str(Path(__file__).resolve().parents[1] / "support" / "paths.py"))

SIDE = 256
"""Side of the pictures, pixels."""
SAMPLES = 8
"""Samples per pixel, before the denoiser."""
BOUNCES = {"known": 6, "built": 12}
"""Bounces of light: as the known photos are made, and as Blender has it unless told otherwise."""
GREY = 0.4
"""Albedo of the head."""
VALUES = (0.004, 0.01, 0.018), (0.03, 0.05, 0.085), (0.14, 0.22, 0.32), (0.45, 0.62, 0.85)
"""The shader's colors."""
FACE = (0.0, 0.025, -0.035)
"""Middle of the face in the head's axes, metres: x, y into the face, z."""
FACE_RADIUS = 0.055
"""Radius of the disc in which its brightness is read, metres."""


def main(out: str, *jobs: str) -> int:
    found = {}
    for job in map(Path, jobs):
        told = json.loads((job / "scene.json").read_text(encoding="utf-8"))
        found[job.name] = {name: looks(job, told, name) for name in ("known", "built")}
        print(
            job.name,
            {name: [[round(v, 3) for v in one] for one in pairs] for name, pairs in found[job.name].items()},
            flush=True,
        )
    Path(out).write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


def looks(job: Path, told: dict, material: str) -> list[tuple[float, float]]:
    """(shader's value, albedo that it looks like) in the light of one job."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    with np.load(job / "scene.npz") as archive:
        arrays = dict(archive)
    hair_photos.add_head(scene, arrays, job / "albedo.png", told)
    hair = hair_photos.add_hair(scene, arrays, told)
    hair_photos.add_camera(scene, told["camera"])
    for lamp in told["lamps"]:
        hair_photos.add_lamp(scene, lamp)
    scene.world = bpy.data.worlds.new("sky")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (*told["sky"], 1)
    grey = bpy.data.materials.new("grey")
    grey.use_nodes = True
    shader = grey.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (GREY, GREY, GREY, 1)
    shader.inputs["Roughness"].default_value, shader.inputs["Specular IOR Level"].default_value = 1.0, 0.0
    solids = [scene.objects["head"], scene.objects["shoulders"]]
    for solid in solids:
        for slot in solid.material_slots:
            slot.material = grey
    told = {**told, "bounces": BOUNCES[material]}
    if material == "built":
        hair.data.materials[0] = built_material()
    for solid in solids:
        solid.is_holdout = True
    cover = picture(scene, told, 2)[..., 3]
    for solid in solids:
        solid.is_holdout = False
    pure = cover > 0.97
    for _ in range(2):
        pure = pure & np.roll(pure, 1, 0) & np.roll(pure, -1, 0) & np.roll(pure, 1, 1) & np.roll(pure, -1, 1)
    bare = face_disc(scene) & (cover < 0.02)
    pairs = []
    for values in VALUES:
        color = hair.data.attributes["hair_color"]
        color.data.foreach_set("color", np.tile(np.float32([*values, 1]), len(color.data)))
        hair.data.update_tag()
        seen = picture(scene, told, SAMPLES)
        light = np.median(seen[bare][:, :3], 0) / GREY
        pairs += [(value, float(look)) for value, look in zip(values, np.median(seen[pure][:, :3], 0) / light)]
    return pairs


def built_material() -> bpy.types.Material:
    """The add-on's material of scalp hair; its node group is bypassed, so that the shader gets the strands' color as it is."""
    from hrn_blender.build.hair.material import build_color_group, build_hair_material
    from hrn_blender.build.ledger import Ledger

    ledger = Ledger()
    material = build_hair_material("built", 0.28, build_color_group(ledger), ledger)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    strand = next(node for node in nodes if node.bl_idname == "ShaderNodeBsdfHairPrincipled")
    attribute = next(node for node in nodes if node.bl_idname == "ShaderNodeAttribute")
    links.new(attribute.outputs["Color"], strand.inputs["Color"])
    return material


def face_disc(scene) -> np.ndarray:
    """(SIDE, SIDE) bool, row 0 at the bottom: the face's middle."""
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector

    head = np.empty(3 * len(scene.objects["head"].data.vertices), np.float32)
    scene.objects["head"].data.vertices.foreach_get("co", head)
    front = head.reshape(-1, 3)[:, 1].min()
    middle = Vector((FACE[0], front + FACE[1], FACE[2]))
    at = world_to_camera_view(scene, scene.camera, middle)
    side = scene.camera.matrix_world.to_3x3() @ Vector((1, 0, 0))
    reach = abs(world_to_camera_view(scene, scene.camera, middle + FACE_RADIUS * side).x - at.x) * SIDE
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    return (x - at.x * SIDE) ** 2 + (y - at.y * SIDE) ** 2 < reach**2


def picture(scene, told: dict, samples: int) -> np.ndarray:
    """(SIDE, SIDE, 4) linear, row 0 at the bottom."""
    with tempfile.TemporaryDirectory() as folder:
        camera = {**told["camera"], "width": SIDE, "height": SIDE}
        scene.render.resolution_x, scene.render.resolution_y = camera["width"], camera["height"]
        hair_photos.render(scene, Path(folder), {**told, "samples": samples, "threads": 2})
        image = bpy.data.images.load(str(Path(folder) / "photo.exr"))
        pixels = np.empty(4 * SIDE * SIDE, np.float32)
        image.pixels.foreach_get(pixels)
        bpy.data.images.remove(image)
    return pixels.reshape(SIDE, SIDE, 4)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
