"""``python blend_contents.py HEAD.blend OUT``: what Blender built, as numbers; runs in a Python that has ``bpy``.

Writes ``OUT.npz`` with the arrays (meshes, attributes, shape keys, weights, pictures that were made) and ``OUT.json`` with all
else by name: objects, cameras, modifiers, drivers, custom properties, materials and node groups with their links and sockets,
collections, and the scene. ``engine bench digest`` runs it by its path and compares what it says.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy
import numpy as np

UNSAID = {
    "bl_description",
    "bl_icon",
    "is_evaluated",
    "session_uid",
    "tag",
    "use_extra_user",
    "use_fake_user",
    "select",
    "show_expanded",
    "is_expanded",
    "location_absolute",
    "pixels",
}
"""Properties that say how a thing is shown in a list, that differ each time, or that are arrays."""


def plain(value):
    """`value` as JSON has it: data-blocks by kind and name, vectors and matrices as lists, anything else as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, bpy.types.ID):
        return f"{type(value).__name__} {value.name}"
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if hasattr(value, "to_dict"):
        return {key: plain(inner) for key, inner in value.to_dict().items()}
    if hasattr(value, "to_list"):
        return plain(value.to_list())
    if isinstance(value, bpy.types.bpy_struct):
        return type(value).__name__
    try:
        return [plain(part) for part in value]
    except TypeError:
        return str(value)


def properties(thing) -> dict:
    """All settings of an RNA struct that can be written, and its custom properties."""
    found = {}
    for about in thing.bl_rna.properties:
        name = about.identifier
        if about.is_readonly or name in UNSAID or about.type == "COLLECTION":
            continue
        found[name] = plain(getattr(thing, name))
    for key in thing.keys() if isinstance(thing, (bpy.types.ID, bpy.types.PoseBone)) else ():
        found[f"[{key}]"] = plain(thing[key])
    return found


def sockets(places) -> list:
    return [
        {
            "name": socket.name,
            "identifier": socket.identifier,
            "type": socket.bl_idname,
            "enabled": socket.enabled,
            "hidden": socket.hide,
            "default": plain(getattr(socket, "default_value", None)),
        }
        for socket in places
    ]


def node_tree(tree) -> dict:
    found = {
        "nodes": {},
        "links": sorted(
            [link.from_node.name, link.from_socket.identifier, link.to_node.name, link.to_socket.identifier]
            for link in tree.links
        ),
    }
    for node in tree.nodes:
        about = {"type": node.bl_idname, **properties(node), "inputs": sockets(node.inputs), "outputs": sockets(node.outputs)}
        if getattr(node, "color_ramp", None):
            about["ramp"] = {**properties(node.color_ramp), "stops": [properties(stop) for stop in node.color_ramp.elements]}
        if getattr(node, "mapping", None) and hasattr(node.mapping, "curves"):
            about["curves"] = [[properties(point) for point in curve.points] for curve in node.mapping.curves]
        found["nodes"][node.name] = about
    found["interface"] = [{"kind": item.item_type, **properties(item)} for item in tree.interface.items_tree]
    return found


def drivers(thing) -> list:
    if not thing.animation_data:
        return []
    return [
        {
            "path": curve.data_path,
            "index": curve.array_index,
            **properties(curve.driver),
            "variables": [
                {**properties(variable), "targets": [properties(target) for target in variable.targets]}
                for variable in curve.driver.variables
            ],
        }
        for curve in thing.animation_data.drivers
    ]


def taken(places, name: str, width: int, kind=np.float32) -> np.ndarray:
    values = np.empty(len(places) * width, kind)
    places.foreach_get(name, values)
    return values.reshape(-1, width) if width > 1 else values


_FIELDS = {
    "FLOAT": ("value", 1, np.float32),
    "INT": ("value", 1, np.int32),
    "BOOLEAN": ("value", 1, bool),
    "INT8": ("value", 1, np.int32),
    "FLOAT_VECTOR": ("vector", 3, np.float32),
    "FLOAT2": ("vector", 2, np.float32),
    "FLOAT_COLOR": ("color", 4, np.float32),
    "BYTE_COLOR": ("color", 4, np.float32),
    "INT32_2D": ("value", 2, np.int32),
    "INT16_2D": ("value", 2, np.int32),
    "QUATERNION": ("value", 4, np.float32),
}


def mesh_arrays(mesh) -> dict[str, np.ndarray]:
    found = {
        "vertices": taken(mesh.vertices, "co", 3),
        "edges": taken(mesh.edges, "vertices", 2, np.int32),
        "corners": taken(mesh.loops, "vertex_index", 1, np.int32),
        "face_sizes": taken(mesh.polygons, "loop_total", 1, np.int32),
        "face_materials": taken(mesh.polygons, "material_index", 1, np.int32),
        "smooth": taken(mesh.polygons, "use_smooth", 1, bool),
    }
    for layer in mesh.uv_layers:
        found[f"uv/{layer.name}"] = taken(layer.uv, "vector", 2)
    for attribute in mesh.attributes:
        if attribute.name == ".select_edge":
            continue  # Blender 5.0 calls these booleans INT32_2D and reads past their end.
        if attribute.data_type == "STRING":
            continue
        name, width, kind = _FIELDS[attribute.data_type]
        found[f"attribute/{attribute.name}/{attribute.domain}"] = taken(attribute.data, name, width, kind)
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys else ():
        found[f"key/{key.name}"] = taken(key.data, "co", 3)
    return found


def weights(thing) -> dict[str, np.ndarray]:
    """One (N,) float32 for each vertex group; -1 for vertices that are not in it."""
    found = {group.index: np.full(len(thing.data.vertices), -1, np.float32) for group in thing.vertex_groups}
    for vertex in thing.data.vertices:
        for member in vertex.groups:
            found[member.group][vertex.index] = member.weight
    return {f"group/{group.name}": found[group.index] for group in thing.vertex_groups}


def contents() -> tuple[dict, dict[str, np.ndarray]]:
    """Everything of the open file: values, and arrays by name."""
    values, arrays = {}, {}
    for thing in bpy.data.objects:
        about = {
            **properties(thing),
            "type": thing.type,
            "data": plain(thing.data),
            "matrix": plain(thing.matrix_world),
            "collections": sorted(c.name for c in thing.users_collection),
            "modifiers": [{"type": m.type, **properties(m)} for m in thing.modifiers],
            "constraints": [{"type": c.type, **properties(c)} for c in thing.constraints],
            "materials": [plain(slot.material) for slot in thing.material_slots],
            "drivers": drivers(thing),
        }
        if thing.type == "MESH":
            about["groups"] = [properties(group) for group in thing.vertex_groups]
            arrays |= {f"objects/{thing.name}/{name}": value for name, value in weights(thing).items()}
        values[f"objects/{thing.name}"] = about
    for mesh in bpy.data.meshes:
        arrays |= {f"meshes/{mesh.name}/{name}": value for name, value in mesh_arrays(mesh).items()}
        values[f"meshes/{mesh.name}"] = {
            **properties(mesh),
            "materials": [plain(m) for m in mesh.materials],
            "uv": [u.name for u in mesh.uv_layers],
            "attributes": [[a.name, a.domain, a.data_type] for a in mesh.attributes],
        }
        if mesh.shape_keys:
            keys = mesh.shape_keys
            values[f"meshes/{mesh.name}/keys"] = {
                **properties(keys),
                "drivers": drivers(keys),
                "order": [key.name for key in keys.key_blocks],
                "blocks": {key.name: {**properties(key), "relative_to": key.relative_key.name} for key in keys.key_blocks},
            }
    for camera in bpy.data.cameras:
        values[f"cameras/{camera.name}"] = {
            **properties(camera),
            "dof": properties(camera.dof),
            "drivers": drivers(camera),
            "backgrounds": [properties(b) for b in camera.background_images],
        }
    for material in bpy.data.materials:
        values[f"materials/{material.name}"] = {
            **properties(material),
            "drivers": drivers(material),
            **(
                {"tree": node_tree(material.node_tree), "tree_drivers": drivers(material.node_tree)}
                if material.node_tree
                else {}
            ),
        }
    for group in bpy.data.node_groups:
        values[f"node_groups/{group.name}"] = {**properties(group), "tree": node_tree(group), "drivers": drivers(group)}
    for image in bpy.data.images:
        values[f"images/{image.name}"] = {
            **properties(image),
            "size": plain(image.size),
            "channels": image.channels,
            "color_space": image.colorspace_settings.name,
        }
        if image.source == "GENERATED":
            arrays[f"images/{image.name}"] = np.array(image.pixels[:], np.float32)
    for collection in bpy.data.collections:
        values[f"collections/{collection.name}"] = {
            **properties(collection),
            "objects": sorted(collection.objects.keys()),
            "children": sorted(collection.children.keys()),
        }
    for scene in bpy.data.scenes:
        values[f"scenes/{scene.name}"] = {
            "camera": plain(scene.camera),
            "render": properties(scene.render),
            "view": properties(scene.view_settings),
            "display": properties(scene.display_settings),
            "units": properties(scene.unit_settings),
            "custom": {key: plain(scene[key]) for key in scene.keys()},
        }
    for kind in ("armatures", "curves", "lights", "texts", "worlds", "actions"):
        values[f"others/{kind}"] = sorted(getattr(bpy.data, kind).keys())
    return values, arrays


def main(blend: str, out: str) -> None:
    bpy.ops.wm.open_mainfile(filepath=str(Path(blend).absolute()))
    values, arrays = contents()
    Path(f"{out}.json").write_text(json.dumps(values, ensure_ascii=False, indent=1), encoding="utf-8")
    np.savez(f"{out}.npz", **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:3])
