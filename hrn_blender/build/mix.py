"""Two heads mixed: a third one whose shape keys, places of features and skin lie between them, or beyond."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .eyes import ATTRIBUTE as IRISES
from .images import picture_nodes
from .lashes import ATTRIBUTE as LASHES
from .ledger import Ledger
from .mesh_arrays import points_of, vectors_of
from .teeth import ATTRIBUTE as TEETH

__all__ = ["MIXED", "make_mix", "set_mix"]

MIXED = "hrn_mixed"
"""Custom property of a mixed head: the names of both heads, for people."""
_NODE = "HRN Mix"
"""Name of the node whose value is the share of the second head's skin."""
_VECTORS = (IRISES, LASHES, TEETH)
"""Point attributes that say where features are."""


def make_mix(first: bpy.types.Object, second: bpy.types.Object, name: str, scene: bpy.types.Scene) -> bpy.types.Object:
    """A new head of the first one's object that can become the second one; it has neither cameras nor hair."""
    with Ledger() as ledger:
        head = ledger.add(first.copy())
        head.data = ledger.add(first.data.copy())
        head.name = head.data.name = name
        head.parent = None
        head[MIXED] = f"{first.name}, {second.name}"
        collection = ledger.add(bpy.data.collections.new(f"Head {name}"))
        collection.objects.link(head)
        scene.collection.children.link(collection)
        for slot, material in enumerate(first.data.materials):
            if material is not None and slot < len(second.data.materials) and second.data.materials[slot] is not None:
                made = ledger.add(material.copy())
                _mix_pictures(made, second.data.materials[slot])
                head.data.materials[slot] = made
    return head


def _pictures(material: bpy.types.Material) -> dict[str, bpy.types.Node]:
    """Name of the file -> the node that shows it."""
    return {Path(bpy.path.abspath(node.image.filepath)).name: node for node in picture_nodes(material)}


def _mix_pictures(material: bpy.types.Material, other: bpy.types.Material) -> None:
    """Let each picture of a material be mixed with the picture of the same name in another one."""
    tree, theirs = material.node_tree, _pictures(other)
    share = None
    for name, node in _pictures(material).items():
        if name not in theirs:
            continue
        if share is None:
            share = tree.nodes.new("ShaderNodeValue")
            share.name = share.label = _NODE
            share.location = (node.location[0] - 300, node.location[1] + 300)
        second = tree.nodes.new("ShaderNodeTexImage")
        second.image, second.interpolation = theirs[name].image, node.interpolation
        second.location = (node.location[0], node.location[1] - 280)
        for link in node.inputs["Vector"].links:
            tree.links.new(link.from_socket, second.inputs["Vector"])
        mixer = tree.nodes.new("ShaderNodeMix")
        mixer.data_type, mixer.clamp_factor = "RGBA", False
        mixer.location = (node.location[0] + 280, node.location[1])
        followers = [link.to_socket for link in node.outputs["Color"].links]
        tree.links.new(share.outputs[0], mixer.inputs[0])
        inputs = [one for one in mixer.inputs if one.type == "RGBA"]
        tree.links.new(node.outputs["Color"], inputs[0])
        tree.links.new(second.outputs["Color"], inputs[1])
        result = next(one for one in mixer.outputs if one.type == "RGBA")
        for socket in followers:
            tree.links.new(result, socket)


def set_mix(head: bpy.types.Object, first: bpy.types.Object, second: bpy.types.Object, share: float) -> None:
    """Make a mixed head this much of the second one: shape keys, their values, places of features, skin.

    Args:
        share: 0 the first head, 1 the second; beyond that their difference is exaggerated.
    """
    ours, a, b = (one.data.shape_keys for one in (head, first, second))
    for block in ours.key_blocks if ours is not None else ():
        one = _points(a, block.name, first)
        other = _points(b, block.name, second)
        block.points.foreach_set("co", np.ascontiguousarray(one + share * (other - one), np.float32).ravel())
        values = [keys.key_blocks[block.name].value if _has(keys, block.name) else 0.0 for keys in (a, b)]
        block.value = values[0] + share * (values[1] - values[0])
    one, other = points_of(first.data.vertices), points_of(second.data.vertices)
    head.data.vertices.foreach_set("co", np.ascontiguousarray(one + share * (other - one), np.float32).ravel())
    for name in _VECTORS:
        _mix_attribute(head.data, first.data, second.data, name, share)
    for material in head.data.materials:
        node = material.node_tree.nodes.get(_NODE) if material is not None and material.node_tree is not None else None
        if node is not None:
            node.outputs[0].default_value = share
    head.data.update()
    head.update_tag()


def _has(keys: bpy.types.Key | None, name: str) -> bool:
    return keys is not None and name in keys.key_blocks


def _points(keys: bpy.types.Key | None, name: str, head: bpy.types.Object) -> np.ndarray:
    """(N, 3) of a key; a head without it is at rest there."""
    if keys is None:
        return points_of(head.data.vertices)
    return points_of((keys.key_blocks[name] if name in keys.key_blocks else keys.reference_key).points)


def _mix_attribute(mesh: bpy.types.Mesh, first: bpy.types.Mesh, second: bpy.types.Mesh, name: str, share: float) -> None:
    attribute, one, other = mesh.attributes.get(name), vectors_of(first, name), vectors_of(second, name)
    if attribute is not None and one is not None and other is not None:
        attribute.data.foreach_set("vector", (one + np.float32(share) * (other - one)).ravel())
