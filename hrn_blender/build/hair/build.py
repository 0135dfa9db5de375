"""The groups of a bundle's hair as curves objects on its head."""

from __future__ import annotations

import bpy
import numpy as np

from ...engine.wire.hair import GROUPS, HairGroup
from ..images import load_image
from ..ledger import Ledger
from ..names import UV_MAP
from ..source import HeadSource
from .bind import bind, set_rest
from .material import MARK as COLOR_MARK
from .material import VERSION as COLOR_VERSION
from .material import build_color_group, build_hair_material, build_laid_material
from .modifiers import add_modifiers
from .names import GROUP_PROPERTY, PLACES, REST, ROOT
from .skin import BARE, add_skin_nodes, build_skin_group, root_weights, set_shown, skin_input, tie_scalp
from .skin import MARK as SKIN_MARK
from .stamp import stamp
from .strands import from_bundle, new_curves, read_attribute, read_guides, set_attribute

__all__ = ["VIEWPORT_SHARE", "add_group", "build_hair", "find_hair", "homes", "prepare_head", "skin_group", "tint_scalp"]

VIEWPORT_SHARE = 0.25
"""Part of the children that the viewport shows, unless asked for otherwise: a pose follows in a fifth of the time."""
_HAIRS = 100_000
"""Hairs of a scalp. Curves are fewer and stand for several each: they are thicker by the root of how many, which keeps light
from shining through."""
_THICKEST = 4.0
"""The most that a strand is thickened: beyond, a sparse groom looks like wires."""


def find_hair(head: bpy.types.Object) -> dict[str, bpy.types.Object]:
    """Group -> its curves object on `head`, in the order of :data:`engine.wire.hair.GROUPS`."""
    found = {child.get(GROUP_PROPERTY): child for child in head.children if child.type == "CURVES"}
    return {name: found[name] for name in GROUPS if name in found}


def homes(head: bpy.types.Object) -> list[bpy.types.Collection]:
    """The collections for what is added to `head`: its own, or the scene's where these are another file's, overridden or not."""
    own = [one for one in head.users_collection if one.library is None and one.override_library is None]
    return own or [bpy.context.scene.collection]


def build_hair(
    source: HeadSource,
    head: bpy.types.Object,
    collection: bpy.types.Collection,
    share: float,
    ledger: Ledger,
) -> dict[str, bpy.types.Object]:
    """Group -> curves object, bound to `head`, which is complete and at no other place than the origin.

    Args:
        share: part of the children that the viewport shows.
    """
    if not source.hair:
        return {}
    prepare_head(source, head, ledger)
    made = {name: add_group(name, group, source, head, collection, share, ledger) for name, group in source.hair.items()}
    bind(list(made.values()), head)
    for hair in made.values():
        stamp(hair)
    tint_scalp(head)
    return made


def prepare_head(source: HeadSource, head: bpy.types.Object, ledger: Ledger) -> None:
    """What `head` needs beneath curves: its rest positions, and nodes in its materials; once is enough."""
    if head.data.attributes.get(REST) is None:
        set_rest(head, source.vertices + source.deformation)
    if skin_input(head, BARE) is None:
        path = source.maps.get("albedo_bare")
        bare = None if path is None else load_image(path, f"{source.name} albedo bare", "sRGB", ledger)
        add_skin_nodes(head, skin_group(ledger), source.scalp_color, bare, "lashes" in source.hair)


def skin_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """The node group of :mod:`.skin`, once per file."""
    return _shared(build_skin_group, SKIN_MARK, ledger)


def add_group(
    name: str,
    group: HairGroup,
    source: HeadSource,
    head: bpy.types.Object,
    collection: bpy.types.Collection,
    share: float,
    ledger: Ledger,
) -> bpy.types.Object:
    """A curves object for one group, not bound yet."""
    data = new_curves(f"{head.name} {name}", from_bundle(group, source.origin), ledger)
    hair = ledger.add(bpy.data.objects.new(data.name, data))
    hair[GROUP_PROPERTY] = name
    hair.parent = head
    collection.objects.link(hair)
    data.surface, data.surface_uv_map = head, UV_MAP
    colors = _shared(build_color_group, COLOR_MARK, ledger, COLOR_VERSION)
    build_material = build_hair_material if name == "hair" else build_laid_material
    data.materials.append(build_material(data.name, group.style.roughness, colors, ledger))
    thickness = 1.0
    if name == "hair":
        thickness = float(np.clip(np.sqrt(_HAIRS / max(1, len(group.points) * group.style.children)), 1, _THICKEST))
    add_modifiers(hair, head, group.style, thickness, share, ledger)
    set_shown(head, name, True)
    return hair


def tint_scalp(head: bpy.types.Object) -> None:
    """Let the head know anew where its hair is rooted, and of what colour it is. Where curves of the face were removed, it remembers where they were."""
    groups = find_hair(head)
    hair, rest = groups.get("hair"), read_attribute(head.data, REST)
    if rest is None:
        return
    for name in [name for name in PLACES if name in groups]:
        weights = root_weights(rest, read_guides(groups[name].data).roots)
        set_attribute(head.data, PLACES[name], "FLOAT", "POINT", weights)
    roots = read_guides(hair.data).roots if hair is not None else np.zeros((0, 3), np.float32)
    set_attribute(head.data, ROOT, "FLOAT", "POINT", root_weights(rest, roots))
    tie_scalp(head, hair)
    head.data.update_tag()


def _shared(build, mark: str, ledger: Ledger, version: int = 1) -> bpy.types.NodeTree:
    """The node group with this mark, once per file: a batch of heads is slower with groups of their own. What an older add-on
    left in the file serves its own heads only."""
    for tree in bpy.data.node_groups:
        if tree.get(mark) == version and tree.library is None:
            return tree
    return build(ledger)
