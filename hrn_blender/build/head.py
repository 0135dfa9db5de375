"""One bundle -> one collection with the finished head."""

from __future__ import annotations

import ntpath
import os
from dataclasses import dataclass, field, replace

import bpy

from .. import compat
from .camera import build_camera, match_scene_to_camera
from .draft import take_over
from .hair.build import VIEWPORT_SHARE, build_hair
from .images import picture_nodes
from .ledger import Ledger
from .materials import build_materials
from .mesh import add_shape_keys, add_subdivision, add_vertex_groups, build_mesh
from .names import ACTIONS_PROPERTY
from .source import HeadSource, read_source

__all__ = ["BESIDE", "BUNDLE_PROPERTY", "BuildOptions", "HeadResult", "build_head", "bundle_path", "find_heads"]

BUNDLE_PROPERTY = "hrn_bundle"
"""Custom property of head objects: the folder they were built from."""
BESIDE = "heads"
"""Name of the folder beside a .blend file that holds copies of its heads' bundles."""
HAIR_PROPERTY = "hrn_hair_groups"
"""Custom property of head objects: the groups of hair that their bundle has, built or not."""


@dataclass(frozen=True)
class BuildOptions:
    """How a head is built."""

    name: str = ""
    """What objects are called; empty: as the bundle says."""
    viewport_subdivision: int = 1
    render_subdivision: int = 2
    adaptive: bool = False
    """Let Cycles subdivide as finely as the displacement needs (slower, more memory)."""
    adaptive_edge: float = 0.0005
    """Edge length in metres for adaptive subdivision."""
    pack: bool = False
    """Store maps and photos inside the .blend file."""
    share_groups: bool = False
    """Share the four node groups with other heads built with this: for many heads in one file."""
    hair: bool = True
    """Build the bundle's hair, brows, lashes and beard as curves."""
    hair_share: float = VIEWPORT_SHARE
    """Part of the strands between the guides that the viewport shows, 0 to 1; renders show all."""
    set_scene: bool = False
    """Also make the photo's camera the scene's camera and take over its resolution."""


@dataclass(frozen=True)
class HeadResult:
    """What was built; the objects live as long as Blender keeps them."""

    collection: bpy.types.Collection
    head: bpy.types.Object
    cameras: tuple[bpy.types.Object, ...]
    """One per photo that was used, as in the bundle."""
    materials: dict[str, bpy.types.Material] = field(default_factory=dict)
    hair: dict[str, bpy.types.Object] = field(default_factory=dict)
    """Group of hair (``hair``, ``brows``, ``lashes``, ``beard``) -> its curves; empty for a head without."""


def build_head(
    bundle_path: str | os.PathLike,
    *,
    scene: bpy.types.Scene | None = None,
    parent: bpy.types.Collection | None = None,
    options: BuildOptions = BuildOptions(),
    draft: bpy.types.Object | None = None,
) -> HeadResult:
    """Build the head of a bundle as a new collection. Building a bundle twice gives two independent heads.

    Args:
        bundle_path: a head bundle's folder.
        scene: the scene that shows the head; the current one when omitted.
        parent: the collection that gets the new one as a child; the scene's own when omitted.
        options: see :class:`BuildOptions`.
        draft: an unfinished head (:mod:`.draft`) that becomes this one.

    Raises:
        HrnError: ``BUNDLE_INVALID`` before anything is created.
        Exception: whatever else goes wrong, after everything created so far has been removed.
    """
    source = read_source(bundle_path)
    if options.name:
        source = replace(source, name=options.name)
    scene = scene or bpy.context.scene
    with Ledger() as ledger:
        result = _build(source, scene, parent or scene.collection, options, ledger, draft)
    if options.set_scene and result.cameras:
        match_scene_to_camera(scene, result.cameras[0])
    return result


def _build(
    source: HeadSource,
    scene: bpy.types.Scene,
    parent: bpy.types.Collection,
    options: BuildOptions,
    ledger: Ledger,
    draft: bpy.types.Object | None,
) -> HeadResult:
    mesh = build_mesh(source, ledger)
    materials = build_materials(source, ledger, options.share_groups)
    for material in materials.values():
        mesh.materials.append(material)
    head, collection = _object(source, mesh, parent, ledger, draft)
    add_vertex_groups(head, source)
    add_shape_keys(head, source)
    subdivision = add_subdivision(head, options.viewport_subdivision, options.render_subdivision)
    _record(head, source)
    hair = build_hair(source, head, collection, options.hair_share, ledger) if options.hair else {}

    cameras = []
    for camera in source.cameras:
        name = f"{source.name} camera" + (f" {camera.number + 1}" if camera.number else "")
        view = build_camera(camera, name, scene, ledger)
        view.parent = head  # Moving the head keeps the photo lined up.
        collection.objects.link(view)
        cameras.append(view)
    if options.pack:
        for image in {node.image for material in materials.values() for node in picture_nodes(material)} | {
            b.image for v in cameras for b in v.data.background_images
        }:
            image.pack()
    if options.adaptive:
        compat.enable_adaptive_subdivision(scene, head, subdivision, options.adaptive_edge)
    return HeadResult(collection, head, tuple(cameras), materials, hair)


def _object(
    source: HeadSource,
    mesh: bpy.types.Mesh,
    parent: bpy.types.Collection,
    ledger: Ledger,
    draft: bpy.types.Object | None,
) -> tuple[bpy.types.Object, bpy.types.Collection]:
    """The head's object and the collection for all that belongs to it: new ones, or those of the draft."""
    collection = None
    if draft is None:
        head = ledger.add(bpy.data.objects.new(source.name, mesh))
    else:
        head = draft
        collection = take_over(head, mesh, source.name)
    if collection is None:
        collection = ledger.add(bpy.data.collections.new(f"Head {source.name}"))
        parent.children.link(collection)
        if draft is None:
            collection.objects.link(head)
    return head, collection


def _record(head: bpy.types.Object, source: HeadSource) -> None:
    """Where the head comes from, for people and for rebuilding."""
    head[BUNDLE_PROPERTY] = str(source.bundle.path.absolute())
    head["hrn_subject"] = source.name
    head["hrn_method"] = source.method
    head["hrn_engine_version"] = source.engine_version
    head["hrn_schema_version"] = source.bundle.manifest["schema_version"]
    head["hrn_origin"] = source.origin.tolist()
    head[HAIR_PROPERTY] = " ".join(source.hair)
    head[ACTIONS_PROPERTY] = "\n".join(source.expression_names)


def bundle_path(head: bpy.types.Object) -> str:
    """The folder of a head; where it is gone and the .blend file was moved together with a copy of it, that copy."""
    kept = bpy.path.abspath(head[BUNDLE_PROPERTY], library=head.library)
    if not os.path.isdir(kept) and bpy.data.filepath:
        beside = os.path.join(os.path.dirname(bpy.data.filepath), BESIDE, ntpath.basename(kept))  # Of any system's paths.
        if os.path.isdir(beside):
            return beside
    return kept


def find_heads(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The heads of `scene`, by name."""
    return sorted((o for o in scene.objects if o.type == "MESH" and BUNDLE_PROPERTY in o), key=lambda o: o.name)
