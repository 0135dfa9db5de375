"""The hair mesh: one surface around the groom, outside of the head, with strands along its UV map."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head
from hrn_blender.build.hair_games.guides import groom_guides
from hrn_blender.build.hair_games.names import CARDS, MESH, find_games, triangles_of
from hrn_blender.build.hair_games.shell import _lifted, make_shell, strands_of, surface_nets
from hrn_blender.build.hair_games.skin import head_skin
from support.addon.build import census
from support.addon.grooms import falling_hair
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("grooms")
    arrays = make_bundle(folder / "plain", texture_size=16).arrays()
    return make_bundle(folder / "head", texture_size=16, hair={"hair": falling_hair(arrays)})


@pytest.fixture
def head(addon, bundle):
    head = build_head(bundle.path).head
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = head
    return head


def guides_of(head):
    return groom_guides(next(child for child in head.children if child.type == "CURVES"), head)


def arrays_of(thing) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, 3) vertices, (Q, 4) faces and (Q, 4, 2) UV of an object's mesh."""
    mesh = thing.data
    vertices, faces = np.empty(3 * len(mesh.vertices), np.float32), np.empty(len(mesh.loops), np.int32)
    uv = np.empty(2 * len(mesh.loops), np.float32)
    mesh.vertices.foreach_get("co", vertices)
    mesh.loops.foreach_get("vertex_index", faces)
    mesh.uv_layers[0].uv.foreach_get("vector", uv)
    return vertices.reshape(-1, 3), faces.reshape(-1, 4), uv.reshape(-1, 4, 2)


def open_edges(faces) -> int:
    edges = np.sort(np.concatenate([faces[:, [i, (i + 1) % 4]] for i in range(4)]), 1)
    return int((np.unique(edges, axis=0, return_counts=True)[1] % 2).sum())


def test_surface_nets_draw_a_sphere():
    x = np.stack(np.meshgrid(*[np.arange(20.0)] * 3, indexing="ij"), -1)
    vertices, faces = surface_nets(np.linalg.norm(x - 9.5, axis=-1) - 6.3)
    assert open_edges(faces) == 0
    np.testing.assert_allclose(np.linalg.norm(vertices - 9.5, axis=1), 6.3, atol=0.15)
    corner = vertices[faces]
    normal = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    assert ((normal * (corner.mean(1) - 9.5)).sum(1) > 0).all(), "seen from outside"


@pytest.mark.parametrize("triangles", [1000, 8000])
def test_the_number_of_triangles_is_kept(head, triangles):
    shell = make_shell(strands_of(guides_of(head)), head_skin(head), triangles)
    assert 0.6 * triangles < 2 * len(shell.faces) <= triangles


@pytest.mark.parametrize("closed", [False, True])
def test_the_mesh_holds_the_hair_and_keeps_out_of_the_head(head, closed):
    assert bpy.ops.hrn.hair_mesh(triangles=4000, closed=closed) == {"FINISHED"}
    vertices, faces, _ = arrays_of(find_games(head, MESH))
    skin = head_skin(head)
    s, t = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 5)))
    weight = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], 1)
    # A closed one lies on the head, unseen, and has to pass around what is as thin as an ear.
    assert skin(np.einsum("kc,qcx->qkx", weight, vertices[faces]))[0].min() > (-0.002 if closed else -0.001)
    assert (open_edges(faces) == 0) == closed
    from mathutils.bvhtree import BVHTree

    tree = BVHTree.FromPolygons(vertices.tolist(), faces.tolist())
    outer = strands_of(guides_of(head), outer=True).points
    away = np.array([tree.find_nearest(point)[3] for point in outer.tolist()])
    assert np.quantile(away, 0.95) < 0.03, "a mesh of this hair, not a ball"
    corner = vertices[faces]
    assert np.ptp(vertices, axis=0)[2] > 0.8 * np.ptp(outer, axis=0)[2]
    assert np.isfinite(corner).all()


def test_strands_run_along_v_and_the_texture_has_their_colours(head):
    bpy.ops.hrn.hair_mesh(triangles=4000)
    made, strands = find_games(head, MESH), strands_of(guides_of(head), outer=True)
    vertices, faces, uv = arrays_of(made)
    assert uv.min() >= 0 and uv.max() <= 1
    tree, corner = strands.tree(), vertices[faces]
    along = np.array([strands.along[tree.find(point)[1]] for point in corner.mean(1).tolist()])
    across, down = corner[:, 1] - corner[:, 0], corner[:, 3] - corner[:, 0]
    turn = np.stack([uv[:, 1] - uv[:, 0], uv[:, 3] - uv[:, 0]], 2)
    place = np.einsum("qij,qj->qi", np.linalg.pinv(np.stack([across, down], 2)), along)
    step = np.einsum("qij,qj->qi", turn, place)
    angle = np.degrees(np.arctan2(np.abs(step[:, 0]), -step[:, 1]))
    assert np.median(angle) < 15 and np.quantile(angle, 0.8) < 45
    area = np.abs(np.linalg.det(turn)) / np.maximum(np.linalg.norm(np.cross(across, down), axis=1), 1e-12)
    assert np.quantile(area, 0.9) < 6 * np.quantile(area, 0.1), "no part is much coarser than another"
    image = next(n.image for n in made.data.materials[0].node_tree.nodes if n.bl_idname == "ShaderNodeTexImage")
    values = np.empty(1024 * 1024 * image.channels, np.float32)
    image.pixels.foreach_get(values)
    shown = values.reshape(1024, 1024, -1)[..., :3]
    at = np.clip((uv.mean(1) * 1024).astype(int), 0, 1023)
    linear = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(np.median(linear[at[:, 1], at[:, 0]], 0), np.median(strands.color, 0), rtol=0.3)


def test_mesh_and_cards_live_side_by_side_one_of_them_shown(head):
    bpy.ops.hrn.hair_cards(triangles=1000)
    bpy.ops.hrn.hair_mesh(triangles=1000)
    cards, mesh = find_games(head, CARDS), find_games(head, MESH)
    assert cards.hide_viewport and not mesh.hide_viewport
    assert triangles_of(mesh) <= 1000
    bpy.ops.hrn.hair_show_as(way="cards")
    assert mesh.hide_viewport and mesh.hide_render and not cards.hide_render
    assert bpy.ops.hrn.hair_games_remove(way="cards") == {"FINISHED"}
    assert not mesh.hide_viewport


def test_making_it_again_replaces_it(head):
    bpy.ops.hrn.hair_mesh(triangles=1000)
    before = census()
    bpy.ops.hrn.hair_mesh(triangles=2000)
    assert census() == before and triangles_of(find_games(head, MESH)) > 1000


def test_it_goes_out_as_gltf(head, tmp_path):
    bpy.ops.hrn.hair_mesh(triangles=1000)
    count = triangles_of(find_games(head, MESH))
    assert bpy.ops.hrn.export(filepath=str(tmp_path / "head.glb"), kind="GLTF") == {"FINISHED"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "head.glb"))
    found = next(o for o in bpy.data.objects if o.type == "MESH" and o.name.endswith("hair mesh"))
    assert triangles_of(found) == count
    image = next(n.image for n in found.data.materials[0].node_tree.nodes if n.bl_idname == "ShaderNodeTexImage")
    assert tuple(image.size) == (1024, 1024) and not (tmp_path / "head hair alpha.png").exists()


def test_it_is_made_quickly(head, record_property):
    started = time.process_time()
    bpy.ops.hrn.hair_mesh(triangles=5000)
    seconds = time.process_time() - started
    record_property("mesh_seconds", seconds)
    print(f"a hair mesh of {triangles_of(find_games(head, MESH))} triangles: {seconds:.1f} s of processor time")
    assert seconds < 20, "the whole space is searched instead of what is near the hair"


def test_faces_that_stay_in_the_head_are_known_and_none_is_stretched():
    """Depths are those after the last move, beside faces that were deep, too: what is too deep is left out by them."""
    radius = 0.1

    def ball(points):
        length = np.linalg.norm(points, axis=-1, keepdims=True)
        return length[..., 0] - radius, points / length

    side = np.linspace(-0.12, 0.12, 25)
    x, y = np.meshgrid(side, side)
    z = 0.09 + 0.01 * np.random.default_rng(1).uniform(-1, 1, x.shape)  # Through the ball's cap, up to 2 cm deep.
    vertices = np.stack([x, y, z], -1).reshape(-1, 3)
    number = np.arange(len(vertices)).reshape(x.shape)
    faces = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], -1).reshape(-1, 4)
    moved, deepest = _lifted(vertices, faces, ball, 0.012)
    assert np.linalg.norm(moved - vertices, axis=1).max() < 0.0121
    s, t = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1, 4), np.linspace(0, 1, 4)))
    weight = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], 1)
    now = ball(np.einsum("kc,qcx->qkx", weight, moved[faces]))[0].min(1)
    known = np.isfinite(deepest)
    np.testing.assert_allclose(deepest[known], now[known], atol=1e-9)
    assert now[~known].min() > 0
