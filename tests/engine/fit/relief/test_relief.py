"""Folds that were painted by light come back where they are; paint, noise and flat skin leave none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.fit.relief.fit import read_relief, with_relief
from engine.fit.relief.heights import heights, placed
from engine.fit.relief.picture import face_picture
from engine.fit.relief.weights import WEIGHTS
from engine.render import interpolate
from support.relief_scene import SIDE, lit, nasolabial, relief_scene


@pytest.fixture(scope="module")
def scene(model):
    """A view without colors, its picture at the photo's own size, and places on the template."""
    return relief_scene(model)


def deviation(relief) -> float:
    """Root mean square of a relief where it is known, mm."""
    return float(np.sqrt((relief.height[relief.known > 0.9] ** 2).mean()))


def place_and_middle(model, view) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) places of the relief's picture on the template, and the middle of the fold that :func:`nasolabial` draws."""
    small = face_picture(model, view, WEIGHTS.picture)
    marks = model.landmarks(model.template)
    place = interpolate(small.raster, model.triangles, model.template.astype(float))
    return place, (marks[358] + [8, -5, 0] + marks[291] + [9, 7, 0]) / 2


def in_and_around(model, view, relief) -> tuple[float, float]:
    """Mean height in the fold's middle, and around it, mm."""
    place, middle = place_and_middle(model, view)
    near = np.linalg.norm((place - middle)[..., :2], axis=-1)
    return relief.height[near < 1.5].mean(), relief.height[(near > 7) & (near < 12)].mean()


def test_a_fold_comes_back_where_it_is(model, scene):
    view = lit(scene, nasolabial(scene, model, 0.8))
    relief = read_relief(model, view)
    in_fold, around = in_and_around(model, view, relief)
    assert in_fold < around - 0.12
    place, middle = place_and_middle(model, view)
    near = np.linalg.norm((place - middle)[..., :2], axis=-1)
    deepest = place[np.unravel_index(np.where(near < 15, relief.height, 0).argmin(), near.shape)]
    marks = model.landmarks(model.template)
    across = np.cross(marks[291] - marks[358], [0, 0, 1.0])[:2]
    across /= np.linalg.norm(across)
    assert abs((deepest - middle)[:2] @ across) < 3


def test_bulges_are_bulges(model, scene):
    view = lit(scene, nasolabial(scene, model, -0.8))
    in_bulge, around = in_and_around(model, view, read_relief(model, view))
    assert in_bulge > around + 0.06


def test_smooth_skin_stays_smooth(model, scene):
    relief = read_relief(model, lit(scene, 0.0, noise=0.01))
    fold = read_relief(model, lit(scene, nasolabial(scene, model, 0.8), noise=0.01))
    assert deviation(relief) < 0.02
    assert relief.height.min() > 0.4 * fold.height.min()


def test_a_mole_leaves_no_pit(model, scene):
    _, picture, place = scene
    marks = model.landmarks(model.template)
    spot = np.exp(-(np.linalg.norm(place - marks[425], axis=-1) ** 2) / (2 * 1.5**2))
    mole = 1 - spot[..., None] * np.array([0.5, 0.62, 0.7])
    small = face_picture(model, scene[0], WEIGHTS.picture)
    near = np.linalg.norm(interpolate(small.raster, model.triangles, model.template.astype(float)) - marks[425], axis=-1) < 6
    with_mole, without = (read_relief(model, lit(scene, 0.0, paint)).height for paint in (mole, 1.0))
    assert np.abs(with_mole - without)[near].max() < 0.06


def test_mesh_and_map_add_up(model, scene):
    from engine.geometry.mesh import vertex_normals
    from engine.head.subdivision import subdivided
    from engine.texture.atlas import gather, texel_band
    from engine.texture.relief.measured import Measured

    view = with_relief(model, lit(scene, nasolabial(scene, model, 0.8)))
    relief, vertices = view.mid.relief, model.posed(view)
    texels = texel_band(model, 512, 0, 512)
    rest = Measured(model, [(relief, vertices)], 512).rest(texels)
    fine, first = subdivided(model)
    finer, second = subdivided(fine)
    same = texel_band(finer, 512, 0, 512)
    matrix = second @ first
    drawn = same.image(gather(same, finer.triangles.astype(np.int32), matrix @ vertices))
    smooth = same.image(gather(same, finer.triangles.astype(np.int32), matrix @ (vertices - relief.offset)))
    normals = same.image(gather(same, finer.triangles.astype(np.int32), matrix @ vertex_normals(vertices, model.triangles)))
    added = ((drawn - smooth) * normals).sum(-1) + texels.image(rest)
    place = gather(texels, model.triangles.astype(np.int32), placed(model, relief, vertices - relief.offset))
    whole = texels.image(heights(relief, relief.height, place))
    inside = texels.image(np.ones(len(rest), np.float32)) > 0
    assert np.abs(whole).max() > 0.1 and np.abs(relief.carried).max() > 0.03
    assert np.percentile(np.abs(added - whole)[inside], 99.9) < 0.02


def test_the_other_half_follows_where_it_is_hidden(model, scene):
    view = lit(scene, nasolabial(scene, model, 0.8))
    half = view.mid.skin_mask.copy()
    half[:, : SIDE // 2 - 8] = 0  # the right half of the face
    relief = read_relief(model, replace(view, mid=replace(view.mid, skin_mask=half)))
    value = heights(relief, relief.height, placed(model, relief, model.template))
    deep = int(value.argmin())
    other = int(model.mirror[deep])
    assert model.template[deep, 0] > 0 > model.template[other, 0]
    assert value[other] == pytest.approx(WEIGHTS.split.mirrored * value[deep], rel=0.3)


def test_read_again_is_the_same(model, scene):
    view = lit(scene, nasolabial(scene, model, 0.8))
    once = with_relief(model, view)
    twice = with_relief(model, once)
    np.testing.assert_allclose(twice.mid.deformation, once.mid.deformation, atol=1e-4)
    np.testing.assert_allclose(twice.mid.relief.height, once.mid.relief.height, atol=1e-4)


def test_a_tiny_face_has_none(model, scene):
    view, _, _ = scene
    camera = view.coarse.camera.scaled(1 / 16)
    small = replace(
        view,
        photo=replace(view.photo, pixels=view.photo.pixels[::16, ::16]),
        coarse=replace(view.coarse, camera=camera),
        mid=replace(view.mid, skin_mask=view.mid.skin_mask[::16, ::16]),
    )
    assert with_relief(model, small) is small
