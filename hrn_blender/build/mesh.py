"""The head mesh: quads, UV map, vertex groups, shape keys and subdivision."""

from __future__ import annotations

import bpy
import numpy as np

from ..engine.wire.bundle import MATERIALS
from .eyes import ATTRIBUTE as IRIS_ATTRIBUTE
from .eyes import iris_places
from .lashes import ATTRIBUTE as LASH_ATTRIBUTE
from .lashes import lash_coordinates
from .ledger import Ledger
from .names import BLEED, ROUGHNESS, UV_MAP
from .source import HeadSource
from .teeth import ATTRIBUTE as TOOTH_ATTRIBUTE
from .teeth import tooth_coordinates

__all__ = [
    "CONFIDENCE_GROUPS",
    "DEFORMATION_KEY",
    "FOLDS_KEY",
    "REST_KEYS",
    "add_shape_keys",
    "add_subdivision",
    "add_vertex_groups",
    "build_mesh",
    "fill_group",
    "fill_groups",
    "set_places",
    "set_quads",
]

DEFORMATION_KEY = "Deformation"
"""Name of the shape key that holds the deformation beyond the head model."""
FOLDS_KEY = "Folds"
"""Name of the shape key that holds the folds which the photo's shading shows."""
REST_KEYS = (DEFORMATION_KEY, FOLDS_KEY)
"""Names of the shape keys that belong to the head at rest, unlike the facial actions."""
CONFIDENCE_GROUPS = ("prior", "completed", "seen")
"""Names of the groups of ``confidence_class`` 0, 1 and 2."""

_ROUGHNESS_OF_PARTS = {
    "nose": 0.42,
    "upper_lip": 0.38,
    "lower_lip": 0.36,
    "right_eye": 0.46,
    "left_eye": 0.46,
    "right_ear": 0.52,
    "left_ear": 0.52,
    "scalp": 0.74,
    "neck": 0.55,
}
"""Roughness of parts that differ from other skin: the scalp carries cropped hair, which scatters what skin would mirror."""
_ROUGHNESS = 0.51
"""Roughness of other skin."""
_BLEED_OF_PARTS = {"right_eye": 0.12, "left_eye": 0.12, "upper_lip": 0.7, "lower_lip": 0.7}
"""Share of subsurface scattering of parts that differ from other skin: the rims of lids and lips are folded thinner than red
light travels. The head is hollow behind them: what passes is lost, and the rims would turn green."""
_OILY = 0.06
"""How much smoother the middle of the forehead is, where glands are dense."""


def build_mesh(source: HeadSource, ledger: Ledger) -> bpy.types.Mesh:
    """The neutral coarse head with all its quads, smooth shaded, UV-mapped, with material indices."""
    mesh = ledger.add(bpy.data.meshes.new(source.name))
    set_quads(mesh, source.vertices, source.faces)
    mesh.polygons.foreach_set("material_index", np.ascontiguousarray(source.face_material, np.int32))
    layer = mesh.uv_layers.new(name=UV_MAP, do_init=False)
    layer.uv.foreach_set("vector", np.ascontiguousarray(source.uv, np.float32).ravel())
    for name, values in (
        (ROUGHNESS, _roughness(source)),
        (BLEED, _by_part(np.ones(len(source.vertices), np.float32), source, _BLEED_OF_PARTS)),
    ):
        mesh.attributes.new(name, "FLOAT", "POINT").data.foreach_set("value", values)
    places = set_places(mesh, source)
    mesh.update()
    _crease(mesh, np.unique(source.faces[source.face_material == MATERIALS.index("teeth")]), places)
    return mesh


def set_places(mesh: bpy.types.Mesh, source: HeadSource) -> np.ndarray:
    """Tell the materials where irises, lashes and teeth are; returns :func:`.teeth.tooth_coordinates`."""
    eyes, lashes, skin, teeth = (source.face_material == MATERIALS.index(name) for name in ("eyes", "lashes", "skin", "teeth"))
    places = tooth_coordinates(source.vertices, source.faces[teeth])
    for name, values in (
        (IRIS_ATTRIBUTE, iris_places(source.vertices, source.faces[eyes], source.uv[eyes])),
        (LASH_ATTRIBUTE, lash_coordinates(source.vertices, source.faces[lashes], np.unique(source.faces[skin]))),
        (TOOTH_ATTRIBUTE, places),
    ):
        attribute = mesh.attributes.get(name) or mesh.attributes.new(name, "FLOAT_VECTOR", "POINT")
        attribute.data.foreach_set("vector", values.ravel())
    return places


def set_quads(mesh: bpy.types.Mesh, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Smooth quads in an empty mesh; Blender's own ``from_pydata`` takes five times as long over arrays."""
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", np.ascontiguousarray(vertices, np.float32).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 4, dtype=np.int32))
    mesh.update(calc_edges=True)


def _crease(mesh: bpy.types.Mesh, teeth: np.ndarray, places: np.ndarray) -> None:
    """Keep subdivision from shrinking the teeth by a third, until they disappear behind the lips: their band is folded
    over at the biting edge, which is creased, while along the jaw it stays round. Teeth without places in
    :func:`tooth_coordinates` are creased everywhere."""
    ends = np.empty(2 * len(mesh.edges), np.int32)
    mesh.edges.foreach_get("vertices", ends)
    hard = np.zeros(len(places), bool)
    hard[teeth] = places[teeth, 1] == 0
    sharp = hard[ends.reshape(-1, 2)].all(1)
    mesh.attributes.new("crease_edge", "FLOAT", "EDGE").data.foreach_set("value", sharp.astype(np.float32))


def _roughness(source: HeadSource) -> np.ndarray:
    """(N,) float32: lips, nose and the middle of the forehead shine more than cheeks, neck and scalp less."""
    value = np.full(len(source.vertices), _ROUGHNESS, np.float32)
    brows = [source.vertices[source.parts[name] > 0.5] for name in ("right_brow", "left_brow") if name in source.parts]
    if brows and min(map(len, brows)):
        # Between the brows' outer ends, from their height to a brow's distance above it.
        centre = np.mean([b.mean(0) for b in brows], 0)
        width = np.linalg.norm(brows[0].mean(0) - brows[1].mean(0))
        across = (source.vertices[:, 0] - centre[0]) / (0.6 * width)
        above = (source.vertices[:, 2] - centre[2] - 0.45 * width) / (0.45 * width)
        value -= (_OILY * np.exp(-(across**2) - above**2) * (source.vertices[:, 1] < 0.5 * centre[1])).astype(np.float32)
    return _by_part(value, source, _ROUGHNESS_OF_PARTS)


def _by_part(value: np.ndarray, source: HeadSource, targets: dict[str, float]) -> np.ndarray:
    """(N,) float32 `value`, replaced by each part's target as far as a vertex belongs to it."""
    for part, target in targets.items():
        if part in source.parts:
            value = value + source.parts[part] * (target - value)
    return np.ascontiguousarray(value, np.float32)


def add_vertex_groups(head: bpy.types.Object, source: HeadSource) -> None:
    """One group per part, ``confidence`` with the weights themselves, and one group per confidence class."""
    for name, weights in {**source.parts, **_confidence(source)}.items():
        fill_group(head.vertex_groups.new(name=name), weights)


def fill_groups(head: bpy.types.Object, source: HeadSource) -> None:
    """Give the groups of confidence that a head still has the weights of another bundle."""
    every = list(range(len(head.data.vertices)))
    for name, weights in _confidence(source).items():
        group = head.vertex_groups.get(name)
        if group is not None:
            group.remove(every)
            fill_group(group, weights)


def _confidence(source: HeadSource) -> dict[str, np.ndarray]:
    """Name -> (N,) weights."""
    groups = {"confidence": source.confidence}
    for number, name in enumerate(CONFIDENCE_GROUPS):
        groups[name] = (source.confidence_class == number).astype(np.float32)
    return groups


def fill_group(group: bpy.types.VertexGroup, weights: np.ndarray) -> None:
    """Give the vertices of a group (N,) weights in [0, 1]; those without keep what they have."""
    # Vertices of equal weight are assigned together; 1/1024 is finer than anybody can paint.
    steps = np.round(np.clip(weights, 0, 1) * 1024).astype(int)
    inside = np.flatnonzero(steps)
    order = inside[np.argsort(steps[inside], kind="stable")]
    values, starts = np.unique(steps[order], return_index=True)
    members = order.tolist()
    for value, start, end in zip(values.tolist(), starts.tolist(), [*starts[1:].tolist(), len(members)]):
        group.add(members[start:end], value / 1024, "REPLACE")


def add_shape_keys(head: bpy.types.Object, source: HeadSource) -> None:
    """``Basis`` (neutral coarse), the ARKit actions at the photo's values, ``Deformation`` and, where the bundle tells them
    apart, ``Folds`` at 1."""

    def key(name: str, offset: np.ndarray | None, value: float, highest: float) -> None:
        block = head.shape_key_add(name=name, from_mix=False)
        if offset is not None:
            block.points.foreach_set("co", (source.vertices + offset).ravel())
            block.slider_max = highest
            block.value = value

    key("Basis", None, 0, 1)
    for name, delta, value in zip(source.expression_names, source.expression_deltas, source.expression_values):
        key(name, delta, float(value), max(1.0, float(value)))
    folds = 0.0 if source.folds is None else source.folds
    key(DEFORMATION_KEY, source.deformation - folds, 1.0, 1.5)
    if source.folds is not None:
        key(FOLDS_KEY, source.folds, 1.0, 4.0)
    head.data.shape_keys.name = source.name
    head.active_shape_key_index = 0


def add_subdivision(head: bpy.types.Object, viewport: int, render: int) -> bpy.types.SubsurfModifier:
    """Catmull-Clark subdivision, so that displacement has something to move."""
    modifier = head.modifiers.new("Subdivision", "SUBSURF")
    modifier.levels = viewport
    modifier.render_levels = render
    # Smoothing the UVs like the surface keeps each texel on the place of the face where it was seen.
    modifier.uv_smooth = "PRESERVE_BOUNDARIES"
    return modifier
