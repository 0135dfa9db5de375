"""What the tests of building share."""

from __future__ import annotations

import bpy
import numpy as np

COLLECTIONS = (
    "armatures",
    "cameras",
    "collections",
    "images",
    "lights",
    "materials",
    "meshes",
    "node_groups",
    "objects",
    "scenes",
    "shape_keys",
    "textures",
    "worlds",
)


def census() -> dict[str, list[str]]:
    """Names of all data-blocks, by kind."""
    return {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in COLLECTIONS}


def node(tree: bpy.types.NodeTree, bl_idname: str) -> bpy.types.Node:
    """The only node of a kind."""
    found = [n for n in tree.nodes if n.bl_idname == bl_idname]
    assert len(found) == 1, f"{len(found)} nodes of kind {bl_idname}"
    return found[0]


def source(sockets, name: str) -> bpy.types.NodeSocket:
    """The socket that feeds the input `name`."""
    links = sockets[name].links
    assert len(links) == 1, f"{name} has {len(links)} links"
    return links[0].from_socket


def posed_vertices(head: bpy.types.Object) -> np.ndarray:
    """(N, 3) world positions after shape keys, as Blender evaluates them, without subdivision."""
    modifier = next(m for m in head.modifiers if m.type == "SUBSURF")
    shown, modifier.show_viewport = modifier.show_viewport, False
    try:
        depsgraph = bpy.context.evaluated_depsgraph_get()
        depsgraph.update()
        evaluated = head.evaluated_get(depsgraph)
        points = np.empty(3 * len(evaluated.data.vertices), np.float32)
        evaluated.data.vertices.foreach_get("co", points)
        matrix = np.array(evaluated.matrix_world)
        return points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
    finally:
        modifier.show_viewport = shown


def surface_points(points: np.ndarray, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """(L, 3) landmark points on (N, 3) vertices."""
    return np.einsum("lk,lkd->ld", arrays["landmark_weights"], points[arrays["landmark_vertices"]])


def pixels(path: str) -> np.ndarray:
    """(H, W, channels) float32 of an image file, bottom row first."""
    image = bpy.data.images.load(path, check_existing=False)
    try:
        values = np.empty(image.size[0] * image.size[1] * image.channels, np.float32)
        image.pixels.foreach_get(values)
        return values.reshape(image.size[1], image.size[0], image.channels)
    finally:
        bpy.data.images.remove(image)
