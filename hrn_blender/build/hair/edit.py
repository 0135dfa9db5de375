"""What buttons do to the guides: cut, mirror, comb back, take from another head, bind anew, remove.

All of it works on the curves as they are at rest, whatever the head's expression; objects keep their modifiers and materials.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from mathutils.geometry import barycentric_transform

from ...engine.wire.bundle import MATERIALS
from ..ledger import Ledger
from ..mesh import REST_KEYS
from ..mesh_arrays import points_of
from ..names import UV_MAP
from ..source import HeadSource
from . import follow
from .bind import bind, followed_points, measure, set_follow_input, set_rest
from .build import VIEWPORT_SHARE, add_group, find_hair, homes, prepare_head, skin_group, tint_scalp
from .modifiers import slider_input
from .names import PLACE_UV, REST, SURFACE_UV
from .restore import restored
from .skin import BARE, SCALP_COLOR, add_skin_nodes, set_shown, skin_input
from .stamp import stamp
from .strands import Guides, from_bundle, new_curves, read_attribute, read_guides, set_attribute, write_points

__all__ = [
    "attach_again",
    "comb_to_photo",
    "cut",
    "grow",
    "hair_from",
    "lengths",
    "mirror",
    "remove",
    "rest_is_now",
    "write_guides",
]

_MIDDLE = 0.001
"""Metres from the plane of symmetry within which a strand is its own mirror image."""


def cut(hair: bpy.types.Object, head: bpy.types.Object, longest: float | None = None, below: float | None = None) -> int:
    """Shorten the guides for good; returns how many became shorter.

    Args:
        longest: metres along the strand; None: as the slider Length shows them, which goes back to 1.
        below: height over the head's origin, metres, under which nothing remains; then `longest` may be None, too.
    """
    guides = read_guides(hair.data)
    slider = slider_input(hair, "length")
    along, whole = _along(guides)
    keep = np.full(len(whole), np.inf)
    if longest is not None:
        keep = np.minimum(keep, longest)
    if below is not None:
        keep = np.minimum(keep, _until_below(guides, along, below))
    if longest is None and below is None and slider is not None:
        keep = whole * slider.value
        slider.set(1.0)
    short = keep < whole * 0.999
    grown = (keep > whole * 1.001) & np.isfinite(keep)
    if grown.any():
        factor = np.where(grown, keep / np.maximum(whole, 1e-9), 1.0)[guides.curve, None]
        roots = guides.roots[guides.curve]
        guides = guides.moved(roots + factor * (guides.points - roots))
    write_guides(hair, head, _shortened(guides, along, np.where(short, np.maximum(keep, 1e-4), whole), short))
    return int(short.sum() + grown.sum())


def lengths(guides: Guides) -> np.ndarray:
    """(G,) metres along each curve."""
    return _along(guides)[1]


def _along(guides: Guides) -> tuple[np.ndarray, np.ndarray]:
    """(M,) metres from the root along each curve, and (G,) lengths of the curves."""
    steps = np.linalg.norm(np.diff(guides.points, axis=0, prepend=guides.points[:1]), axis=1)
    steps[guides.offsets[:-1]] = 0
    total = np.cumsum(steps)
    along = total - total[guides.offsets[:-1]][guides.curve]
    return along, along[guides.offsets[1:] - 1]


def _until_below(guides: Guides, along: np.ndarray, height: float) -> np.ndarray:
    """(G,) metres along each curve at which it sinks below `height`; infinite where it never does."""
    found = np.full(len(guides.uv), np.inf)
    z = guides.points[:, 2]
    under = np.flatnonzero(z < height)[::-1]
    found[guides.curve[under]] = along[under]  # The first one of each curve is written last.
    for curve in np.flatnonzero(np.isfinite(found)):
        first = guides.offsets[curve] + int(np.argmax(z[guides.offsets[curve] : guides.offsets[curve + 1]] < height))
        if first > guides.offsets[curve]:
            share = (z[first - 1] - height) / max(z[first - 1] - z[first], 1e-9)
            found[curve] = along[first - 1] + share * (along[first] - along[first - 1])
    return found


def _shortened(guides: Guides, along: np.ndarray, keep: np.ndarray, chosen: np.ndarray) -> Guides:
    """The guides with those that are `chosen` (G,) sampled anew over `keep` (G,) metres."""
    values = np.concatenate([guides.points, guides.radius[:, None], guides.color], 1)
    for curve in np.flatnonzero(chosen):
        part = slice(guides.offsets[curve], guides.offsets[curve + 1])
        at = np.linspace(0, keep[curve], part.stop - part.start)
        values[part] = np.stack([np.interp(at, along[part], column) for column in values[part].T], 1)
    return replace(guides, points=values[:, :3], radius=values[:, 3], color=values[:, 4:])


def mirror(hair: bpy.types.Object, head: bpy.types.Object, left: bool) -> int:
    """Replace one side's strands by the mirror images of the other's; returns how many were made.

    Args:
        left: the subject's left side is kept.
    """
    guides = read_guides(hair.data)
    middle = -float(head.get("hrn_origin", (0, 0, 0))[0])
    side = (guides.roots[:, 0] - middle) * (1 if left else -1)
    kept = guides.chosen(side > -_MIDDLE)
    copied = guides.chosen(side > _MIDDLE)
    points = copied.points.copy()
    points[:, 0] = 2 * middle - points[:, 0]
    copied = copied.moved(points)
    uv = _root_uv(head, copied.roots)
    write_guides(hair, head, kept.joined(replace(copied, uv=uv)))
    return len(uv)


def _root_uv(head: bpy.types.Object, roots: np.ndarray) -> np.ndarray:
    """(G, 2) places in the UV map of the skin that is nearest to `roots` (G, 3) on the head at rest."""
    mesh = head.data
    quads, slots = np.empty(len(mesh.loops), np.int32), np.empty(len(mesh.polygons), np.int32)
    starts, sizes = np.empty(len(mesh.polygons), np.int32), np.empty(len(mesh.polygons), np.int32)
    mesh.loops.foreach_get("vertex_index", quads)
    for name, values in (("material_index", slots), ("loop_start", starts), ("loop_total", sizes)):
        mesh.polygons.foreach_get(name, values)
    uv = read_attribute(mesh, PLACE_UV)  # The map itself may have been renamed or removed since.
    corners = [
        (start, start + step, start + step + 1)
        for start, size in zip(
            starts[slots == MATERIALS.index("skin")].tolist(), sizes[slots == MATERIALS.index("skin")].tolist()
        )
        for step in range(1, size - 1)
    ]
    loops = np.array(corners, np.int32)
    rest = read_attribute(mesh, REST)
    places, uv = rest[quads[loops]], uv[loops]
    tree = BVHTree.FromPolygons(rest.tolist(), quads[loops].tolist(), all_triangles=True)
    found = np.zeros((len(roots), 2), np.float32)
    for index, root in enumerate(roots.tolist()):
        place, _, triangle, _ = tree.find_nearest(root)
        here, there = map(Vector, places[triangle].tolist()), map(Vector, uv[triangle].tolist())
        found[index] = barycentric_transform(place, *here, *there)[:2]
    return found


def comb_to_photo(head: bpy.types.Object, source: HeadSource, groups: list[str]) -> None:
    """Give the groups their guides of the bundle back; sliders stay. The head may have been built from an earlier version of the
    bundle, whose neck, and so whose origin, was elsewhere.

    Args:
        source: the head's bundle.
    """
    origin = np.array(head.get("hrn_origin", source.origin), np.float64)
    present = find_hair(head)
    _write_all({present[name]: from_bundle(source.hair[name], origin) for name in groups}, head)
    for name in groups:
        stamp(present[name])


def hair_from(head: bpy.types.Object, other: bpy.types.Object) -> list[bpy.types.Object]:
    """Replace the hair of `head` by that of `other`: each strand at the same place of the UV map, turned with the skin there,
    and scaled with the size of the head."""
    with restored(head), Ledger() as ledger:
        return _hair_from(head, other, ledger)


def _hair_from(head: bpy.types.Object, other: bpy.types.Object, ledger: Ledger) -> list[bpy.types.Object]:
    theirs = find_hair(other)
    if head.data.attributes.get(REST) is None:
        rest_is_now(head)
    scalp = skin_input(other, SCALP_COLOR)
    if skin_input(head, BARE) is None:
        add_skin_nodes(head, skin_group(ledger), tuple(scalp.default_value) if scalp else None, None, "lashes" in theirs)
    elif scalp is not None and "hair" in theirs:
        skin_input(head, SCALP_COLOR).default_value = scalp.default_value
    frames = measure(list(theirs.values()), other)
    scale = _size(head) / _size(other)
    mine, made = find_hair(head), {}
    for (name, model), (place, turn) in zip(theirs.items(), frames):
        guides = read_guides(model.data)
        hair = made[name] = _copy(model, head, ledger)
        ((here, heading),) = measure([hair], head)
        local = _rotate(guides.points - place[guides.curve], turn[guides.curve], back=True) * scale
        write_points(hair.data, here[guides.curve] + _rotate(local, heading[guides.curve]))
    bind(list(made.values()), head)
    _discard([mine[name] for name in made if name in mine])
    for name, hair in made.items():
        model = theirs[name]
        hair.name = model.name.replace(other.name, head.name) if other.name in model.name else f"{head.name} {name}"
        hair.data.name = hair.name
        set_shown(head, name, True)
    tint_scalp(head)
    return list(made.values())


def _copy(model: bpy.types.Object, head: bpy.types.Object, ledger: Ledger) -> bpy.types.Object:
    """A copy of curves for another head, with data and materials of its own, not bound yet."""
    hair = ledger.add(model.copy())
    hair.parent, hair.matrix_parent_inverse, hair.matrix_basis = head, model.matrix_parent_inverse, model.matrix_basis
    hair.hide_viewport = hair.hide_render = False  # The other head may show its cards instead.
    for collection in homes(head):
        collection.objects.link(hair)
    hair.data = new_curves(hair.name, read_guides(model.data), ledger)
    hair.data.surface, hair.data.surface_uv_map = head, UV_MAP
    for material in model.data.materials:
        hair.data.materials.append(ledger.add(material.copy()) if material is not None else None)
    set_follow_input(hair, follow.HEAD, head)
    set_follow_input(hair, follow.VERTICES, len(head.data.vertices))
    return hair


def _size(head: bpy.types.Object) -> float:
    """Root mean square distance of the vertices at rest from their middle, metres."""
    rest = read_attribute(head.data, REST)
    return float(np.sqrt(((rest - rest.mean(0)) ** 2).sum(1).mean()))


def _rotate(points: np.ndarray, quaternions: np.ndarray, back: bool = False) -> np.ndarray:
    """(M, 3) points turned by (M, 4) unit quaternions (w, x, y, z), or back."""
    w, axis = quaternions[:, :1], quaternions[:, 1:] * (-1 if back else 1)
    twice = 2 * np.cross(axis, points)
    return points + w * twice + np.cross(axis, twice)


def attach_again(head: bpy.types.Object) -> None:
    """Bind all strands to the head's present shape, where they are now: also those that were drawn or slid since."""
    strands = list(find_hair(head).values())
    for hair, points in zip(strands, followed_points(strands, head)):
        write_points(hair.data, points)
    rest_is_now(head)
    for hair in strands:
        guides = read_guides(hair.data)
        placeless = ~guides.uv.any(1)  # Drawn by another tool than Sculpt Mode's.
        if placeless.any():
            guides.uv[placeless] = _root_uv(head, guides.roots[placeless])
            set_attribute(hair.data, SURFACE_UV, "FLOAT2", "CURVE", guides.uv)
    bind(strands, head, plant=False)
    tint_scalp(head)


def rest_is_now(head: bpy.types.Object) -> None:
    """Take the mesh with its deformation and folds, and without any expression, as the head at rest."""
    mesh = head.data
    blocks = mesh.shape_keys.key_blocks if mesh.shape_keys is not None else {}
    rest = points_of(mesh.vertices, np.float32)
    for number, key in enumerate(blocks[name] for name in REST_KEYS if name in blocks):
        deformed, basis = points_of(key.points, np.float32), points_of(key.relative_key.points, np.float32)
        rest = (rest if number else basis) + key.value * (deformed - basis)
    set_rest(head, rest)
    for hair in find_hair(head).values():
        set_follow_input(hair, follow.VERTICES, len(mesh.vertices))


def grow(head: bpy.types.Object, source: HeadSource, wanted: Collection[str] | None = None) -> list[bpy.types.Object]:
    """Build the groups of the bundle that `head` lacks; all of them, or none.

    Args:
        wanted: only these groups; None: any.
    """
    present = find_hair(head)
    with restored(head), Ledger() as ledger:
        prepare_head(source, head, ledger)
        made = [
            add_group(name, group, source, head, homes(head)[0], VIEWPORT_SHARE, ledger)
            for name, group in source.hair.items()
            if name not in present and (wanted is None or name in wanted)
        ]
        bind(made, head)
        for hair in made:
            stamp(hair)
        tint_scalp(head)
    return made


def remove(head: bpy.types.Object, groups: list[str]) -> None:
    """Take groups off the head, with their data and materials; the skin shows again what they covered."""
    present = find_hair(head)
    for name in groups:
        set_shown(head, name, False)
    _discard([present[name] for name in groups if name in present])
    tint_scalp(head)


def _discard(strands: list[bpy.types.Object]) -> None:
    """Delete curves with the data and materials that nobody else uses."""
    for hair in strands:
        data, materials = hair.data, [material for material in hair.data.materials if material is not None]
        bpy.data.objects.remove(hair)
        if data.users == 0:
            bpy.data.hair_curves.remove(data)
        bpy.data.batch_remove([material for material in materials if material.users == 0])


def write_guides(hair: bpy.types.Object, head: bpy.types.Object, guides: Guides) -> None:
    """Give `hair` other curves, bound to `head`; it keeps its own where that fails."""
    _write_all({hair: guides}, head)


def _write_all(wanted: dict[bpy.types.Object, Guides], head: bpy.types.Object) -> None:
    """:func:`write_guides` for several at once, which takes as long as for one."""
    before = {hair: hair.data for hair in wanted}
    with Ledger() as ledger:
        try:
            for hair, guides in wanted.items():
                data = new_curves(hair.data.name, guides, ledger)
                for material in hair.data.materials:
                    data.materials.append(material)
                data.surface, data.surface_uv_map = head, UV_MAP
                hair.data = data
            bind(list(wanted), head)
        except BaseException:
            for hair, old in before.items():
                hair.data = old
            raise
    for hair, old in before.items():
        name = old.name
        if old.users == 0:
            bpy.data.hair_curves.remove(old)
            hair.data.name = name
    tint_scalp(head)
