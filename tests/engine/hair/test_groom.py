"""Grooms of drawn heads keep off the skin, within the outline, on the scalp, and away from where the photo shows skin."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial import cKDTree

from engine.camera import orbit_camera
from engine.hair import HairView, groom_hair, warm_up
from engine.hair.skin import root_uv, skin_triangles
from engine.hair.warm import drawn_textures, drawn_view
from engine.head.model import MATERIALS

SIZE = 320


def camera_at(model, yaw):
    return orbit_camera(model.template, yaw, width=SIZE, height=SIZE, fill=0.66)


def groomed(model, *views):
    return groom_hair(model, views, model.template, drawn_textures())


def distance_outside(model, points):
    """Signed distance to the head, by another way than the product's: winding of the nearest point's own triangle."""
    quads = np.isin(model.face_material, [MATERIALS.index("skin"), MATERIALS.index("eyes")])
    corners = model.template[model.triangles[np.repeat(quads, 2)]].astype(float)
    grid = np.array([(i, j, 6 - i - j) for i in range(7) for j in range(7 - i)]) / 6
    samples = np.einsum("gk,tkc->tgc", grid, corners).reshape(-1, 3)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal = np.repeat(normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12), len(grid), 0)
    distance, nearest = cKDTree(samples).query(points, k=4)
    side = np.einsum("nkc,nkc->nk", points[:, None] - samples[nearest], normal[nearest])
    return np.where((side > 0).any(1), distance[:, 0], -distance[:, 0])


@pytest.fixture(scope="module")
def short(model):
    view = drawn_view(model, model.template, camera_at(model, 12), coat=18)
    return view, *groomed(model, view)


@pytest.fixture(scope="module")
def long(model):
    view = drawn_view(model, model.template, camera_at(model, -15), coat=30, fall=170)
    return view, *groomed(model, view)


def seen_pixels(view, points):
    """Pixels of the points that nothing hides, and whether each lies in the mask grown by one pixel."""
    pixels, depth = view.window.camera.project(points.reshape(-1, 3).astype(float))
    column, row = pixels.astype(int).clip(0, SIZE - 1).T
    visible = (depth < view.window.head_near[row, column] + 1) & ((pixels > 0) & (pixels < SIZE)).all(1)
    wide = cv2.dilate(view.mask.hair, np.ones((3, 3)))
    return visible, wide[row, column] > 0.5, row, column


@pytest.mark.parametrize("which", ["short", "long"])
def test_strands_keep_off_the_head(model, which, request):
    _, strands, _, _ = request.getfixturevalue(which)
    between = np.concatenate([strands.points[:, 1:], (strands.points[:, 1:-1] + strands.points[:, 2:]) / 2], 1)
    distance = distance_outside(model, between.reshape(-1, 3).astype(float))
    below = between.reshape(-1, 3)[:, 1] < model.template[model.neck_loop, 1].max() + 1
    assert distance[~below].min() > -1.0


def test_a_fringe_over_the_eyes_keeps_out_of_the_head(model):
    view = drawn_view(model, model.template, camera_at(model, 12), coat=14, fall=60)
    over = (view.window.level > 0.45) & np.isfinite(view.window.head_near)
    view = replace(view, mask=replace(view.mask, hair=np.maximum(view.mask.hair, over).astype(np.float32)))
    points = groomed(model, view)[0].points.astype(float)
    points = np.concatenate([points[:, 1:], (points[:, 1:-1] + points[:, 2:]) / 2], 1).reshape(-1, 3)
    eyes = model.template[np.unique(model.faces[model.face_material == MATERIALS.index("eyes")])]
    near = points[cKDTree(eyes).query(points)[0] < 25]
    assert len(near) > 500, "the fringe reaches the eyes"
    assert distance_outside(model, near).min() > -1.0


@pytest.mark.parametrize("which", ["short", "long"])
def test_strands_fill_the_outline_and_stay_within_it(which, request):
    view, strands, _, _ = request.getfixturevalue(which)
    visible, inside, row, column = seen_pixels(view, strands.points[:, 1:])
    assert inside[visible].mean() > 0.97
    hit = np.zeros((SIZE, SIZE), bool)
    hit[row[visible], column[visible]] = True
    near = cv2.dilate(hit.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))) > 0
    hair = view.mask.hair > 0.5
    assert near[hair].mean() > 0.95


@pytest.mark.parametrize("which", ["short", "long"])
def test_roots_stand_on_the_scalp(model, which, request):
    _, strands, _, _ = request.getfixturevalue(which)
    skin = skin_triangles(model)
    corners = skin.vertices[strands.root_face]
    root = np.einsum("gk,gkc->gc", strands.root_weights, model.template[corners])
    assert np.abs(root - strands.points[:, 0]).max() < 0.01
    scalp = np.einsum("gk,gk->g", strands.root_weights, model.part("scalp")[corners])
    assert (scalp > 0.3).mean() > 0.9
    assert np.isfinite(root_uv(skin, strands)).all()


def test_hair_that_hangs_over_the_temples_is_rooted_above_them(model, long):
    _, strands, _, _ = long
    seen = strands.source == 2
    scalp = (strands.root_weights * model.part("scalp")[skin_triangles(model).vertices[strands.root_face]]).sum(1)
    assert seen.sum() > 100 and (scalp[seen] > 0.3).all()


def test_short_hair_is_short_and_long_hair_hangs(short, long):
    def length(strands):
        return np.linalg.norm(np.diff(strands.points[strands.layer == 0], axis=1), axis=2).sum(1)

    assert np.quantile(length(short[1]), 0.9) < 80
    assert np.quantile(length(long[1]), 0.9) > 140
    assert long[3]["long"] and not short[3]["long"]


def test_seen_strands_run_as_in_the_picture(short):
    view, strands, _, _ = short
    points = strands.points[strands.source == 2][:, 8:]
    pixels, _ = view.window.camera.project(points.reshape(-1, 3).astype(float))
    visible, _, _, _ = seen_pixels(view, points)
    step = np.diff(pixels.reshape(*points.shape[:2], 2), axis=1)[visible.reshape(points.shape[:2])[:, 1:]]
    step = step[np.linalg.norm(step, axis=1) > 0.3]
    # The stripes are upright; where the hair is narrow its border, which is not, has a say.
    angle = np.degrees(np.arctan2(np.abs(step[:, 0]), np.abs(step[:, 1])))
    assert np.median(angle) < 12


def test_seen_strands_run_as_a_slanted_picture(model):
    view = drawn_view(model, model.template, camera_at(model, 0), coat=18)
    y, x = np.mgrid[:SIZE, :SIZE].astype(float)
    slant = np.radians(35)
    stripes = 1 + 0.5 * np.sin(2 * np.pi * (x * np.cos(slant) - y * np.sin(slant)) / 7)
    rgb = np.where(view.mask.hair[..., None] > 0.5, 70 * stripes[..., None], view.window.rgb).clip(0, 255).astype(np.uint8)
    strands, _, _ = groomed(model, replace(view, window=replace(view.window, rgb=rgb)))
    points = strands.points[strands.source == 2][:, 4:]
    pixels, depth = view.window.camera.project(points.reshape(-1, 3).astype(float))
    visible, _, row, column = seen_pixels(view, points)
    # In front of the head's upper half, away from the border, where the stripes are clear.
    inner = cv2.erode((view.mask.hair > 0.5).astype(np.uint8), np.ones((9, 9))) > 0
    clear = (visible & inner[row, column] & (depth < view.window.head_near[row, column])).reshape(points.shape[:2])
    step = np.diff(pixels.reshape(*points.shape[:2], 2), axis=1)[clear[:, 1:] & clear[:, :-1]]
    step = step[np.linalg.norm(step, axis=1) > 0.3]
    # The stripes run along (sin, cos) of the slant.
    across = (step[:, 0] * np.cos(slant) - step[:, 1] * np.sin(slant)) / np.linalg.norm(step, axis=1)
    assert len(step) > 1000
    assert np.degrees(np.median(np.arcsin(np.abs(across)))) < 3


def test_a_receding_hairline_stays_bare(model):
    view = drawn_view(model, model.template, camera_at(model, 0), coat=8)
    window, mask = view.window, view.mask
    bare = (window.level > 0.9) & (window.parts["scalp"] > 0.5) & (np.abs(window.camera.cx - np.arange(SIZE) - 0.5) < 25)
    hair = np.where(bare, 0, mask.hair)
    shown = np.where(bare, 1, window.surface).astype(np.float32)
    strands, _, _ = groomed(model, HairView(replace(window, skin=shown, surface=shown), replace(mask, hair=hair)))
    visible, _, row, column = seen_pixels(view, strands.points[:, 1:])
    inner = cv2.erode(bare.astype(np.uint8), np.ones((3, 3))) > 0
    assert inner.sum() > 100
    assert not inner[row[visible], column[visible]].any()


def test_thin_hair_is_a_shell_of_short_hairs(model):
    view = drawn_view(model, model.template, camera_at(model, 5), coat=3)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 25, (SIZE, SIZE, 1))
    rgb = np.where(view.mask.hair[..., None] > 0.5, 60 + noise, view.window.rgb).clip(0, 255).astype(np.uint8)
    strands, style, report = groomed(model, replace(view, window=replace(view.window, rgb=rgb)))
    assert report["shell"]
    length = np.linalg.norm(np.diff(strands.points, axis=1), axis=2).sum(1)
    assert 2 <= np.median(length) <= 9
    assert np.quantile(length, 0.99) < 15
    assert style.curl_radius == 0


def test_a_bald_top_goes_on_behind_the_horizon(model):
    view = drawn_view(model, model.template, camera_at(model, 0), coat=10)
    window, mask = view.window, view.mask
    top = window.level > 0.85
    hair = np.where(top, 0, mask.hair)
    shown = np.where(top & np.isfinite(window.head_near), 1, window.surface).astype(np.float32)
    strands, _, _ = groomed(model, HairView(replace(window, skin=shown, surface=shown), replace(mask, hair=hair)))
    roots = strands.points[:, 0]
    crown = model.template[model.part("scalp") > 0.5, 1].max()
    assert roots[:, 1].max() < crown - 12, "the crown, which the photo does not show, is bare as well"
    assert ((roots[:, 2] < -140) & (roots[:, 1] < 30)).sum() > 100, "the back of the head is not"


@pytest.mark.parametrize("refusal", ["bald", "covered", "unclear"])
def test_a_refused_mask_gives_no_strands(model, refusal):
    view = drawn_view(model, model.template, camera_at(model, 0), coat=12)
    strands, _, report = groomed(model, replace(view, mask=replace(view.mask, refusal=refusal)))
    assert len(strands.points) == 0 and report["guides"] == 0


def test_two_photos_make_one_groom(model):
    sides = [drawn_view(model, model.template, camera_at(model, yaw), coat=16) for yaw in (-45, 50)]
    strands, _, _ = groomed(model, *sides)
    seen = strands.points[strands.source == 2]
    # Both sides of the head have hair that a photo shows, and neither photo contradicts the other's strands.
    left, right = (seen[:, 8, 0] > 30).sum(), (seen[:, 8, 0] < -30).sum()
    assert min(left, right) > 80
    for view in sides:
        visible, inside, _, _ = seen_pixels(view, strands.points[:, 1:])
        assert inside[visible].mean() > 0.93


@pytest.mark.parametrize(("taken_for", "most"), [("something", 0.9), ("ground", 0.7)])
def test_photos_that_lost_their_hair_take_little_from_the_first(model, taken_for, most):
    def lost(yaw):
        view = drawn_view(model, model.template, camera_at(model, yaw), coat=16)
        gone = view.window.level > 0.6
        hair = np.where(gone, 0, view.mask.hair).astype(np.float32)
        person = np.where(gone & (taken_for == "ground"), 0, view.mask.person).astype(np.float32)
        return replace(view, mask=replace(view.mask, hair=hair, person=person))

    first = drawn_view(model, model.template, camera_at(model, 0), coat=16)
    strands, _, _ = groomed(model, first, lost(-40), lost(40))
    visible, inside, row, column = seen_pixels(first, strands.points[:, 1:])
    assert inside[visible].mean() > 0.97
    hit = np.zeros((SIZE, SIZE), np.uint8)
    hit[row[visible], column[visible]] = 1
    near = cv2.dilate(hit, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))) > 0
    assert near[first.mask.hair > 0.5].mean() > most


def test_the_same_photos_give_the_same_hair(model, short):
    again, style, _ = groomed(model, short[0])
    assert np.array_equal(again.points, short[1].points)
    assert np.array_equal(again.color, short[1].color)
    assert style == short[2]


def test_hair_has_the_color_of_the_drawing(short):
    color = np.median(short[1].color.reshape(-1, 3), 0)
    assert color[0] > color[1] > color[2]
    assert 0.02 < color.mean() < 0.12


def test_warming_up_needs_no_photo(model):
    warm_up(model)
