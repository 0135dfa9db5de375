"""Hair cards: strips that stand for the groom, stay out of the head, and fit the atlas."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head
from hrn_blender.build.hair_games.atlas import SIZE, TILES, bake, draw_strands
from hrn_blender.build.hair_games.guides import groom_guides
from hrn_blender.build.hair_games.names import CARDS, find_games, triangles_of
from hrn_blender.build.hair_games.skin import head_skin
from hrn_blender.build.hair_games.strips import make_cards
from support.addon import ui as addon_ui
from support.addon.build import census
from support.addon.grooms import STYLES, falling_hair
from support.addon.operators import fails
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """Style -> a bundle whose hair has it."""
    folder = tmp_path_factory.mktemp("grooms")
    plain = make_bundle(folder / "plain", texture_size=16)
    return {
        style: make_bundle(folder / style, texture_size=16, hair={"hair": falling_hair(plain.arrays(), style)})
        for style in STYLES
    }


@pytest.fixture
def head(addon, bundles):
    """A head with a bob, active."""
    return stand(bundles["bob"])


def stand(bundle) -> bpy.types.Object:
    result = build_head(bundle.path)
    bpy.context.view_layer.update()
    bpy.context.view_layer.objects.active = result.head
    return result.head


def strands(head) -> bpy.types.Object:
    return next(child for child in head.children if child.type == "CURVES")


def made_cards(head, triangles=3000):
    return make_cards(groom_guides(strands(head), head), head_skin(head), triangles)


def spread(cards, count: int = 7) -> np.ndarray:
    """(Q, count ** 2, 3) points all over the quads."""
    s, t = (axis.ravel() for axis in np.meshgrid(np.linspace(0, 1, count), np.linspace(0, 1, count)))
    weight = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], 1)
    return np.einsum("kc,qcx->qkx", weight, cards.vertices[cards.faces])


# -- the atlas -------------------------------------------------------------------------------------------------------


def test_the_atlas_is_the_same_every_time():
    first = draw_strands()
    draw_strands.cache_clear()
    second = draw_strands()
    for name in ("strands", "alpha", "flow", "depth"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_tiles_do_not_touch_each_other():
    owner = np.zeros((SIZE, SIZE), int)
    for tile in TILES:
        owner[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] += 1
    assert owner.max() == 1
    alpha = draw_strands().alpha
    for tile in TILES:
        part = alpha[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        assert part.max() == 1
        assert not part[:, [0, -1]].any(), "filtering would mix neighbours"
        assert not part[-2:].any()


def test_kinds_of_tiles_differ_as_their_names_say():
    alpha = draw_strands().alpha

    def cover(kind, first, last):
        parts = [alpha[t.top : t.top + t.height, t.left : t.left + t.width] for t in TILES if t.kind == kind]
        return np.mean([part[int(first * len(part)) : int(last * len(part))].mean() for part in parts])

    assert cover("dense", 0.1, 0.5) > 0.85 and cover("short", 0.1, 0.4) > 0.8
    assert cover("wisp", 0, 1) < 0.5
    assert cover("fringe", 0.75, 1) < 0.75 * cover("dense", 0.75, 1) + 0.1


def test_flow_runs_down_and_depth_lies_above_what_it_covers():
    maps = draw_strands()
    shown = maps.alpha > 0.5
    np.testing.assert_allclose(np.linalg.norm(maps.flow, axis=-1), 1, atol=1e-4)
    assert (maps.flow[shown][:, 1] < -0.9).mean() > 0.95
    assert maps.depth.min() >= 0 and maps.depth.max() <= 1 and maps.depth[shown].std() > 0.1


def test_the_baked_texture_has_the_colours_asked_for():
    maps = draw_strands()
    ramps = np.linspace(0.02, 0.2, 12).reshape(4, 1, 3) * np.ones((1, 5, 1))
    baked = bake(maps, ramps)
    assert baked.dtype == np.uint8 and baked.shape == (SIZE, SIZE, 4)
    linear = np.where(baked[..., :3] <= 10, baked[..., :3] / 255 / 12.92, ((baked[..., :3] / 255 + 0.055) / 1.055) ** 2.4)
    for tile in TILES:
        place = np.s_[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width]
        mean = (linear[place] * maps.alpha[place][..., None]).sum((0, 1)) / maps.alpha[place].sum()
        np.testing.assert_allclose(mean, ramps[tile.shade, 0], rtol=0.06, atol=0.002)


# -- strips ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
def test_cards_keep_out_of_the_head_and_start_at_its_skin(addon, bundles, style):
    head = stand(bundles[style])
    cards, skin = made_cards(head), head_skin(head)
    assert len(cards.faces) > 200
    assert skin(spread(cards))[0].min() > -0.001
    first = np.flatnonzero(np.diff(cards.card, prepend=-1))
    roots = 0.5 * (cards.vertices[first] + cards.vertices[first + 1])
    height = np.abs(skin(roots)[0])
    assert np.quantile(height, 0.95) < 0.0015 and height.max() < 0.005, "cards begin at the skin"


def test_no_card_passes_through_an_eye(addon, bundles):
    head = stand(bundles["long"])
    cards = made_cards(head, 7000)
    from mathutils.bvhtree import BVHTree

    tree = BVHTree.FromPolygons(cards.vertices.tolist(), cards.faces.tolist())
    for material in ("eyes", "teeth", "lashes"):
        assert not tree.overlap(head_skin(head, (material,)).first.tree)


@pytest.mark.parametrize("triangles", [600, 7000, 14000])
def test_the_number_of_triangles_is_kept(addon, bundles, triangles):
    cards = made_cards(stand(bundles["long"]), triangles)
    assert 0.7 * triangles < 2 * len(cards.faces) <= triangles


def test_each_card_lies_in_one_tile_with_its_root_at_the_top(head):
    cards = made_cards(head)
    for number in range(0, cards.card.max() + 1, 7):
        uv = cards.uv[cards.card == number]
        boxes = [tile.uv for tile in TILES]
        inside = [(uv >= np.array(b[:2]) - 1e-6).all() and (uv <= np.array(b[2:]) + 1e-6).all() for b in boxes]
        assert sum(inside) == 1
        v = uv[::2, 1]
        assert v[0] == pytest.approx(boxes[inside.index(True)][3], abs=1e-6) and (np.diff(v) < 0).all()


def test_shading_never_turns_away_from_whoever_sees_the_card(head):
    """A shading normal on the far side of the card is black."""
    cards = made_cards(head)
    corner = cards.vertices[cards.faces]
    own = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    own /= np.linalg.norm(own, axis=1, keepdims=True)
    facing = (own[:, None] * cards.normals[cards.faces]).sum(2)
    assert (facing > 0).mean() > 0.98
    np.testing.assert_allclose(np.linalg.norm(cards.normals, axis=1), 1, atol=1e-4)


def test_cards_face_away_from_the_head(head):
    cards, skin = made_cards(head), head_skin(head)
    corner = cards.vertices[cards.faces]
    own = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    assert ((own * skin(corner.mean(1))[1]).sum(1) > 0).mean() > 0.9


def test_vertex_colours_are_the_grooms(head):
    guides = groom_guides(strands(head), head)
    cards = make_cards(guides, head_skin(head), 3000)
    assert cards.color.min() >= guides.color.min() - 1e-5 and cards.color.max() <= guides.color.max() + 1e-5
    np.testing.assert_allclose(cards.color.mean(0), guides.color.mean((0, 1)), rtol=0.15)
    assert abs(np.median(cards.tint) - 1) < 0.25, "the texture holds the colour, too"


def test_the_scalp_is_covered(addon, bundles):
    """Rays from around the head towards places of the scalp meet a card's visible part first."""
    head = stand(bundles["bob"])
    cards, skin = made_cards(head, 7000), head_skin(head)
    from mathutils import Vector
    from mathutils.bvhtree import BVHTree

    tree = BVHTree.FromPolygons(cards.vertices.tolist(), cards.faces.tolist())
    roots = groom_guides(strands(head), head).points[:, 0]
    near, normal = skin(roots)
    hit = [tree.ray_cast(Vector(root + 0.12 * n), Vector(-n))[0] is not None for root, n in zip(roots, normal)]
    assert np.mean(hit) > 0.97


def test_cards_are_the_same_every_time(head):
    first, second = made_cards(head), made_cards(head)
    np.testing.assert_array_equal(first.vertices, second.vertices)
    np.testing.assert_array_equal(first.uv, second.uv)


# -- in Blender ------------------------------------------------------------------------------------------------------


def test_one_click_makes_cards_and_hides_the_strands(head):
    assert bpy.ops.hrn.hair_cards(triangles=3000) == {"FINISHED"}
    cards = find_games(head, CARDS)
    assert cards.parent == head and len(cards.data.materials) == 1 and cards.data.uv_layers.active.name == "UVMap"
    assert 2000 < triangles_of(cards) <= 3000
    assert strands(head).hide_viewport and strands(head).hide_render and not cards.hide_viewport
    assert {a.name for a in cards.data.color_attributes} == {"hair_tint", "hair_color"} and cards.data.has_custom_normals
    assert bpy.ops.hrn.hair_show_as(way="curves") == {"FINISHED"}
    assert not strands(head).hide_viewport and cards.hide_viewport and cards.hide_render


def test_making_them_again_replaces_them(head):
    bpy.ops.hrn.hair_cards(triangles=2000)
    before, place = census(), find_games(head, CARDS).name
    bpy.ops.hrn.hair_cards(triangles=4000)
    assert census() == before and find_games(head, CARDS).name == place
    assert 2000 < triangles_of(find_games(head, CARDS)) <= 4000


def test_removing_them_leaves_nothing(head):
    before = census()
    bpy.ops.hrn.hair_cards(triangles=1000)
    assert bpy.ops.hrn.hair_games_remove(way="cards") == {"FINISHED"}
    assert census() == before and not strands(head).hide_viewport


def test_cards_follow_what_was_combed_and_cut(head):
    hair = strands(head)

    def lowest() -> float:
        bpy.ops.hrn.hair_cards(triangles=2000)
        return min(v.co.z for v in find_games(head, CARDS).data.vertices)

    before = lowest()
    points = np.empty(3 * len(hair.data.points), np.float32)
    hair.data.position_data.foreach_get("vector", points)
    points = points.reshape(-1, 3)
    first = np.empty(len(hair.data.curves), np.int32)
    hair.data.curves.foreach_get("first_point_index", first)
    root = np.repeat(points[first], np.diff(np.append(first, len(points))), 0)
    hair.data.position_data.foreach_set("vector", (root + 0.4 * (points - root)).ravel())
    hair.data.update_tag()
    assert lowest() > before + 0.02


def test_the_slider_length_counts(head):
    from hrn_blender.build.hair.modifiers import slider_input

    hair = strands(head)
    whole = groom_guides(hair, head)
    slider_input(hair, "length").set(0.5)
    hair.update_tag()
    half = groom_guides(hair, head)

    def length(guides):
        return np.linalg.norm(np.diff(guides.points, axis=1), axis=2).sum(1).mean()

    assert len(half.points) == len(whole.points), "children are no guides"
    assert length(half) == pytest.approx(0.5 * length(whole), rel=0.1)
    assert [m.show_viewport for m in hair.modifiers] == [True] * len(hair.modifiers)


def test_the_sliders_of_the_colour_count(head):
    from hrn_blender.build.hair.material import color_input

    hair = strands(head)
    photo = groom_guides(hair, head).color
    color_input(hair, "Brightness").default_value = 2.0
    np.testing.assert_allclose(groom_guides(hair, head).color, np.clip(2 * photo, 0, 1), atol=1e-5)
    color_input(hair, "Brightness").default_value = 1.0
    color_input(hair, "Chosen Color").default_value, color_input(hair, "Melanin").default_value = 1.0, 0.95
    black = groom_guides(hair, head).color
    assert np.ptp(black, axis=(0, 1)).max() < 1e-6 and black.max() < 0.06
    color_input(hair, "Melanin").default_value = 0.2
    blond = groom_guides(hair, head).color[0, 0]
    assert blond[0] > blond[1] > blond[2] and blond[0] > 0.15


def test_a_failure_midway_leaves_nothing(head, monkeypatch):
    from hrn_blender.build.hair_games import cards as module

    def broken(*_):
        raise MemoryError("no more")

    before = census()
    monkeypatch.setattr(module, "place_beside", broken)
    fails(bpy.ops.hrn.hair_cards, "could not be changed")
    assert census() == before and not strands(head).hide_viewport


def test_two_heads_share_the_neutral_maps(addon, bundles):
    images = []
    for style in ("bob", "short"):
        head = stand(bundles[style])
        bpy.ops.hrn.hair_cards(triangles=1000)
        tree = find_games(head, CARDS).data.materials[0].node_tree
        images.append({n.image.name for n in tree.nodes if n.bl_idname == "ShaderNodeTexImage"})
    assert len(images[0] & images[1]) == 4 and len(images[0] | images[1]) == 6
    for name in images[0] | images[1]:
        image = bpy.data.images[name]
        assert image.packed_file is not None and tuple(image.size) == (SIZE, SIZE)


def test_the_panel_shows_the_triangles(head):
    assert "hrn.hair_cards" in [entry[1] for entry in addon_ui.draw("HRN_PT_hair")]
    bpy.ops.hrn.hair_cards(triangles=3000)
    drawn = addon_ui.texts(addon_ui.draw("HRN_PT_hair"))
    assert f"{triangles_of(find_games(head, CARDS))} triangles" in drawn.replace("\n", " ")


def test_a_head_without_hair_says_so(addon, tmp_path):
    stand(make_bundle(tmp_path / "bald", texture_size=16))
    fails(bpy.ops.hrn.hair_cards, "no hair")


def test_cards_are_made_quickly(head, record_property):
    draw_strands.cache_clear()
    for triangles in (3000, 7000, 14000):
        started = time.process_time()
        bpy.ops.hrn.hair_cards(triangles=triangles)
        seconds = time.process_time() - started
        record_property(f"cards_{triangles}_seconds", seconds)
        print(f"hair cards of {triangles_of(find_games(head, CARDS))} triangles: {seconds:.1f} s of processor time")
        assert seconds < 20, "something looks at every pixel or point in Python"
