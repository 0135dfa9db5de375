"""Detail in Mesh: the relief moves the mesh, once, by the material's own slider, and can be given back."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import add_mesh_detail, build_head, can_have_mesh_detail, has_mesh_detail, remove_mesh_detail
from hrn_blender.build.detail import CARRIED, strength_socket
from support.addon.build import census
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "detail", texture_size=256, density=8)


@pytest.fixture
def head(bundle):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return build_head(bundle.path).head


def surface(head) -> np.ndarray:
    """(M, 3) metres: the evaluated mesh."""
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    seen = head.evaluated_get(graph)
    points = np.empty(3 * len(seen.data.vertices), np.float32)
    seen.data.vertices.foreach_get("co", points)
    return points.reshape(-1, 3)


def moved_mm(head) -> np.ndarray:
    """(M,) by how much the relief moves the surface."""
    with_relief = surface(head)
    head.modifiers["HRN Detail"].show_viewport = False
    without = surface(head)
    head.modifiers["HRN Detail"].show_viewport = True
    return 1000 * np.linalg.norm(with_relief - without, axis=1)


def test_the_mesh_moves_as_far_as_the_map_says_and_the_slider_scales_it(head):
    coarse = len(surface(head))
    add_mesh_detail(head)
    assert len(surface(head)) > 10 * coarse
    once = moved_mm(head)
    assert 0.3 < once.max() < 0.42  # The map's waves are 0.4 mm high, inwards and outwards.
    strength_socket(head).default_value = 2.0
    np.testing.assert_allclose(moved_mm(head), 2 * once, atol=2e-4)
    strength_socket(head).default_value = 0.0
    assert moved_mm(head).max() < 1e-4


def test_waves_go_both_ways(head):
    add_mesh_detail(head)
    high = surface(head)
    strength_socket(head).default_value = 0.0
    smooth = surface(head)
    outwards = ((high - smooth) * (smooth - smooth.mean(0))).sum(1)
    assert outwards.min() < 0 < outwards.max()


def test_the_material_leaves_out_what_the_mesh_carries(head):
    add_mesh_detail(head)
    assert strength_socket(head, CARRIED).default_value == 1
    remove_mesh_detail(head)
    assert strength_socket(head, CARRIED).default_value == 0


def test_giving_it_back_leaves_nothing(head):
    before, levels = census(), [(m.levels, m.render_levels) for m in head.modifiers]
    add_mesh_detail(head)
    add_mesh_detail(head)
    assert has_mesh_detail(head)
    remove_mesh_detail(head)
    assert census() == before and not has_mesh_detail(head)
    assert [(m.levels, m.render_levels) for m in head.modifiers] == levels and not head.animation_data
    assert set(head.keys()) >= {"hrn_bundle"} and "hrn_levels" not in head


def test_the_button_switches_and_undoes(head):
    from hrn_blender import register, unregister

    register()
    try:
        bpy.context.view_layer.objects.active = head
        assert bpy.ops.hrn.detail_in_mesh() == {"FINISHED"} and has_mesh_detail(head)
        assert bpy.ops.hrn.detail_in_mesh() == {"FINISHED"} and not has_mesh_detail(head)
    finally:
        unregister()


def test_other_meshes_and_changed_heads_have_none(head):
    cube = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    assert not can_have_mesh_detail(cube)
    head.modifiers.remove(head.modifiers[0])
    assert not can_have_mesh_detail(head)
