"""A head before it is finished: its shape painted with the photo, in the object that the finished head then takes over."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from .. import compat
from ..engine.wire.bundle import MATERIALS
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .images import picture_nodes
from .ledger import Ledger
from .mesh import set_quads
from .source import neck_centre, to_blender

__all__ = ["DRAFT_PROPERTY", "drafts", "find_draft", "remove_draft", "shape_draft", "take_over"]

DRAFT_PROPERTY = "hrn_draft"
"""Custom property of an unfinished head, its collection, its material and its picture: the number of the job that they belong to."""

_NAME_PROPERTY = "hrn_draft_name"
"""Custom property of an unfinished head and its collection: what they were called at first."""
_PICTURE_PROPERTY = "hrn_draft_picture"
"""Custom property of an unfinished head's material: the name of the file of the photo on it."""


def find_draft(job: int) -> bpy.types.Object | None:
    """The unfinished head of a job, where it is still there."""
    return next((one for one in bpy.data.objects if one.get(DRAFT_PROPERTY) == job), None)


def drafts() -> list[bpy.types.Object]:
    """All unfinished heads of the file."""
    return [one for one in bpy.data.objects if DRAFT_PROPERTY in one]


def shape_draft(file: Path, job: int, name: str, scene: bpy.types.Scene) -> bpy.types.Object:
    """Show what the engine knows of a head, in a new object or in the one that shows it already.

    Args:
        file: an NPZ of the engine, with the picture that it names beside it.

    Raises:
        HrnError: ``ENGINE_PROTOCOL``: it cannot be read.
    """
    try:
        with np.load(file) as arrays:
            found = {key: arrays[key] for key in arrays.files}
        posed, faces = to_blender(found["posed"].astype(np.float64)), found["faces"]
        faces = faces[found["face_material"] != MATERIALS.index("lashes")]
        uv = _seen(found)[faces]
        picture = file.with_name(str(found["picture"]))
    except (KeyError, ValueError, OSError, IndexError) as error:
        raise HrnError(ErrorCode.ENGINE_PROTOCOL, say("The unfinished head cannot be read: {reason}.", reason=error)) from error
    places = (posed - neck_centre(posed, found["faces"])).astype(np.float32)
    head = find_draft(job)
    if head is not None and len(head.data.vertices) == len(places):
        head.data.vertices.foreach_set("co", places.ravel())
        head.data.uv_layers[0].uv.foreach_set("vector", uv.ravel())
        _paint_anew(head, picture, job)
        head.data.update()
        return head
    with Ledger() as ledger:
        mesh = ledger.add(bpy.data.meshes.new(name))
        set_quads(mesh, places, faces)
        mesh.uv_layers.new(do_init=False).uv.foreach_set("vector", np.ascontiguousarray(uv, np.float32).ravel())
        mesh.update()
        mesh.materials.append(_painted(picture, name, job, ledger))
        head = ledger.add(bpy.data.objects.new(name, mesh))
        collection = ledger.add(bpy.data.collections.new(f"Head {name}"))
        head[DRAFT_PROPERTY] = collection[DRAFT_PROPERTY] = job
        head[_NAME_PROPERTY], collection[_NAME_PROPERTY] = head.name, collection.name
        collection.objects.link(head)
        scene.collection.children.link(collection)
    return head


def _seen(found: dict[str, np.ndarray]) -> np.ndarray:
    """(N, 2) float32 where the photo shows each vertex, as UV."""
    seen = found["posed"] @ found["R"].T + found["t"]
    x = found["fx"] * seen[:, 0] / seen[:, 2] + found["cx"]
    y = found["fy"] * seen[:, 1] / seen[:, 2] + found["cy"]
    return np.stack([x / found["width"], 1 - y / found["height"]], 1).astype(np.float32)


def _paint_anew(head: bpy.types.Object, picture: Path, job: int) -> None:
    """Show another photo on an unfinished head, where the shape is now seen in another one."""
    material = head.data.materials[0] if head.data.materials else None
    if material is None or DRAFT_PROPERTY not in material or material[_PICTURE_PROPERTY] == picture.name:
        return
    gone = _pictures_of([material])
    with Ledger() as ledger:
        head.data.materials[0] = _painted(picture, head.name, job, ledger)
    bpy.data.batch_remove([material, *gone])


def _pictures_of(materials: list[bpy.types.Material]) -> list[bpy.types.Image]:
    """The pictures of unfinished heads in materials."""
    return [node.image for material in materials for node in picture_nodes(material) if DRAFT_PROPERTY in node.image]


def _painted(picture: Path, name: str, job: int, ledger: Ledger) -> bpy.types.Material:
    """A rough material with the photo on it; the picture is stored in the file, as its own file will be gone."""
    material = ledger.add(bpy.data.materials.new(f"{name} draft"))
    material[DRAFT_PROPERTY], material[_PICTURE_PROPERTY] = job, picture.name
    tree = compat.ensure_node_tree(material)
    shader = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    compat.socket(shader.inputs, "Roughness").default_value = 0.6
    if picture.is_file():
        image = ledger.add(bpy.data.images.load(str(picture), check_existing=False))
        image.pack()
        image[DRAFT_PROPERTY] = job
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        tree.links.new(node.outputs[0], compat.socket(shader.inputs, "Base Color"))
    return material


def remove_draft(head: bpy.types.Object) -> None:
    """Take an unfinished head away with all that was made for it."""
    collections = [one for one in head.users_collection if DRAFT_PROPERTY in one]
    gone = _made_for(head)
    bpy.data.batch_remove([head, *[one for one in collections if len(one.all_objects) <= 1], *gone])


def _made_for(head: bpy.types.Object) -> list[bpy.types.ID]:
    """Mesh, material and picture of an unfinished head; a material that the artist has given it is his."""
    materials = [one for one in head.data.materials if one is not None and DRAFT_PROPERTY in one]
    return [head.data, *materials, *_pictures_of(materials)]


def take_over(head: bpy.types.Object, mesh: bpy.types.Mesh, name: str) -> bpy.types.Collection | None:
    """Make an unfinished head the object of a finished one's mesh, where it stands and as it is selected.

    Returns:
        Its collection, for what else belongs to the head; None where the artist has put it into another one.
    """
    gone = _made_for(head)
    head.data = mesh
    bpy.data.batch_remove(gone)
    mesh.name = name
    _settle(head, name)
    collection = next((one for one in head.users_collection if DRAFT_PROPERTY in one), None)
    if collection is not None:
        _settle(collection, f"Head {name}")
    return collection


def _settle(one: bpy.types.ID, name: str) -> None:
    """Make what belonged to an unfinished head a finished one's, under its name or the one that the artist has given it meanwhile."""
    if one.get(_NAME_PROPERTY, one.name) == one.name:
        one.name = name
    for key in (DRAFT_PROPERTY, _NAME_PROPERTY):
        if key in one:
            del one[key]
