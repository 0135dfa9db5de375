"""Shapes of a head that stands in the scene: made symmetric, relaxed, made the rest shape."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from ..engine.wire.bundle import load_bundle
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .head import bundle_path
from .mesh import DEFORMATION_KEY, REST_KEYS
from .mesh_arrays import mixed_places, points_of
from .names import UV_MAP
from .refit import keep_fit

__all__ = ["EXPRESSION_KEY", "make_rest_shape", "mirrored", "relax", "symmetrise"]

EXPRESSION_KEY = "Photo's Expression"
"""Name of the shape key that holds an expression that was relaxed."""
_NEAR = 1e-3
"""Largest distance in the UV map between a place and the mirror image of its counterpart."""


def mirrored(mesh: bpy.types.Mesh) -> np.ndarray:
    """(N,) the vertex on the other side of each, its own number in the middle: the UV map is its own mirror image.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the mesh or its UV map was edited.
    """
    layer = mesh.uv_layers.get(UV_MAP) or mesh.uv_layers.active
    count, corners = len(mesh.vertices), np.empty(len(mesh.loops), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    uv = np.zeros(2 * len(corners), np.float32)
    if layer is not None:
        layer.uv.foreach_get("vector", uv)
    uv = uv.reshape(-1, 2)
    vertices, first = np.unique(corners, return_index=True)
    tree = KDTree(len(corners))
    for number, (u, v) in enumerate(uv.tolist()):
        tree.insert((u, v, 0.0), number)
    tree.balance()
    found = np.full(count, -1)
    for vertex, corner in zip(vertices.tolist(), first.tolist()):
        u, v = uv[corner].tolist()
        _, number, away = tree.find((1 - u, v, 0.0))
        if away < _NEAR:
            found[vertex] = corners[number]
    if (found < 0).any() or (found[found] != np.arange(count)).any():
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            "The two sides of this head's mesh do not correspond to each other any more.",
            hint="Build the head again: its mesh or UV map was edited.",
        )
    return found


def symmetrise(head: bpy.types.Object, amount: float) -> float:
    """Bring both sides of the head at rest nearer to their mean; returns how far the surface moved at most, in metres.

    What shape keys add stays, but for the deformation and the folds, which become symmetric themselves.

    Args:
        amount: 0 nothing, 1 wholly symmetric.

    Raises:
        HrnError: see :func:`mirrored`.
    """
    other = mirrored(head.data)
    keep_fit(head)
    middle = -float(head.get("hrn_origin", (0, 0, 0))[0])
    before = mixed_places(head)

    def even(offsets: np.ndarray, about: float = 0.0) -> np.ndarray:
        mirror = offsets[other] * (-1, 1, 1) + (2 * about, 0, 0)
        return offsets + amount * 0.5 * (mirror - offsets)

    keys = head.data.shape_keys
    if keys is None:
        _set(head.data.vertices, even(points_of(head.data.vertices), middle))
    else:
        basis = points_of(keys.reference_key.points)
        wanted = even(basis, middle)
        offsets = {block.name: points_of(block.points) - points_of(block.relative_key.points) for block in keys.key_blocks}
        offsets |= {name: even(offsets[name]) for name in REST_KEYS if name in offsets and name != keys.reference_key.name}
        _rebuild(head, wanted, offsets)
    head.data.update()
    return float(np.linalg.norm(mixed_places(head) - before, axis=1).max())


def relax(head: bpy.types.Object, amount: float) -> None:
    """Take the facial expression away: what the actions and this key do now becomes one key, whose value one can raise again.

    Args:
        amount: 1: the person's neutral face; 0: the expression stays, as the one key.

    Raises:
        HrnError: ``BUNDLE_INVALID``: there are no actions, or they are animated.
    """
    keys = head.data.shape_keys
    names = load_bundle(bundle_path(head)).manifest["expression"]["names"]
    actions = [] if keys is None else [block for block in keys.key_blocks[1:] if block.name in names]
    if not actions:
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("{head} has no facial actions any more.", head=head.name))
    animation = keys.animation_data
    if animation is not None and (animation.action is not None or len(animation.drivers)):
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("The expression of {head} is animated.", head=head.name),
            hint="Remove the animation of its shape keys first, or relax a copy.",
        )
    basis, change = points_of(keys.reference_key.points), 0.0
    for block in [*actions, *([keys.key_blocks[EXPRESSION_KEY]] if EXPRESSION_KEY in keys.key_blocks else [])]:
        if block.value and not block.mute:
            change = change + block.value * (points_of(block.points) - points_of(block.relative_key.points))
    kept = keys.key_blocks.get(EXPRESSION_KEY) or head.shape_key_add(name=EXPRESSION_KEY, from_mix=False)
    _set(kept.points, basis + change)
    kept.slider_max, kept.value = 1.5, 1.0 - amount
    for block in actions:
        block.value = 0.0
    head.data.update()


def make_rest_shape(head: bpy.types.Object, everything: bool) -> None:
    """Make the present mix of shape keys the basis. Every key still adds to it what it added before; those that were in the mix
    go back to 0.

    Args:
        everything: also the keys of the deformation and the folds, which then are gone; otherwise they stay as they are.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the head has no shape keys.
    """
    keys = head.data.shape_keys
    if keys is None:
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("{head} has no shape keys.", head=head.name))
    keep_fit(head)
    stays = () if everything else REST_KEYS
    offsets = {block.name: points_of(block.points) - points_of(block.relative_key.points) for block in keys.key_blocks}
    wanted = points_of(keys.reference_key.points)
    for block in keys.key_blocks:
        if block != keys.reference_key and block.name not in stays and not block.mute:
            wanted = wanted + block.value * offsets[block.name]
    for block in list(keys.key_blocks):
        if block == keys.reference_key or block.name in stays:
            continue
        if block.name in REST_KEYS:
            offsets.pop(block.name)
            _free(keys, block)
            head.shape_key_remove(block)
        elif not block.mute:
            block.value = 0.0
    if everything and keys.reference_key.name != DEFORMATION_KEY:
        # Re-fits tell by this name that the deformation is in the basis.
        offsets[DEFORMATION_KEY] = offsets.pop(keys.reference_key.name)
        keys.reference_key.name = DEFORMATION_KEY
    _rebuild(head, wanted, offsets)
    head.data.update()


def _free(keys: bpy.types.Key, gone: bpy.types.ShapeKey) -> None:
    """Let the keys that are relative to one be relative to the basis."""
    for block in keys.key_blocks:
        if block.relative_key == gone:
            block.relative_key = keys.reference_key


def _rebuild(head: bpy.types.Object, basis: np.ndarray, offsets: dict[str, np.ndarray]) -> None:
    """Give the keys their offsets from the keys that they are relative to, on another basis."""
    keys = head.data.shape_keys
    places: dict[str, np.ndarray] = {keys.reference_key.name: basis}

    def place(block: bpy.types.ShapeKey, depth: int = 0) -> np.ndarray:
        if block.name not in places:
            relative = block.relative_key if depth < len(keys.key_blocks) else keys.reference_key
            places[block.name] = offsets[block.name] + (basis if relative == block else place(relative, depth + 1))
        return places[block.name]

    for block in keys.key_blocks:
        _set(block.points, place(block))
    _set(head.data.vertices, basis)


def _set(points, places: np.ndarray) -> None:
    points.foreach_set("co", np.ascontiguousarray(places, np.float32).ravel())
