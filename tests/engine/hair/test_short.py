"""Brows, lashes and beard: found where they are, grown as the photo shows them, and taken out of the albedo."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from engine.geometry.smoothstep import smoothstep
from engine.hair.closeup import make_closeup
from engine.hair.covered import covered_skin
from engine.hair.finish import Skin
from engine.hair.lashes import lash_strands
from engine.hair.lids import LidLines, lid_lines
from engine.hair.short import short_hair
from engine.hair.short_masks import beard_place, with_short_masks
from engine.hair.short_match import as_painted
from engine.hair.short_roots import Roots
from engine.hair.short_weights import MATCH
from engine.hair.skin import skin_triangles
from engine.hair.types import HairMask, HairView, Tufts
from engine.hair.window import make_window
from engine.head.parts import brow_mask
from engine.photo.regions import EYES
from engine.pipeline.preview import render_head
from engine.texture.bare import bare_albedo
from engine.types import Textures
from engine.wire.color import linear_to_srgb, srgb_to_linear
from support.head_scene import SIZE, Scene, Where

RISE = 42.0
"""Degrees by which the painted brows' hairs rise outwards; those of most people rise by 10 to 25 there."""
PERIOD_MM = 2.2
"""Distance between two painted hairs."""


def painted_brows(place):
    x, y = np.abs(place[..., 0]), place[..., 1]
    across = -x * np.sin(np.radians(RISE)) + y * np.cos(np.radians(RISE))
    hairs = 0.55 + 0.45 * np.cos(2 * np.pi * across / PERIOD_MM)
    weight = brow_mask(x, y) * (place[..., 2] > -20)
    return (1 - 0.9 * weight * hairs)[..., None]


def painted_beard(place):
    x, y = np.abs(place[..., 0]), place[..., 1]
    lower = smoothstep(-48, -56, y) * smoothstep(-40, -25, place[..., 2])
    lips = smoothstep(30, 26, x) * smoothstep(-88, -84, y) * smoothstep(-56, -60, y)
    hairs = np.cos(2 * np.pi * x / 1.9) * np.cos(2 * np.pi * y / 3.7)
    return (1 - lower * (1 - lips) * (0.62 + 0.3 * hairs))[..., None]


def shaded_chin(place):
    """A lamp from above: what lies lower is darker, evenly."""
    return (1 - 0.5 * smoothstep(-20, -110, place[..., 1]))[..., None]


def both(place):
    return painted_brows(place) * painted_beard(place)


HANG_MM = 60.0
"""How far the long beard hangs below the chin."""


def long_bearded(model):
    """A scene with a pointed beard before the throat."""
    scene = Scene(model, yaw=0.0, paint=both, hand=False)
    corners = np.array([[42, -84, 0], [22, -108 - 0.6 * HANG_MM, 14], [0, -108 - HANG_MM, 14], [-22, -108 - 0.6 * HANG_MM, 14]])
    outline = scene.camera.project(np.concatenate([corners, [[-42.0, -84, 0]]]))[0]
    pixels = scene.photo.pixels.copy()
    inside = cv2.fillPoly(np.zeros(pixels.shape[:2], np.uint8), [outline.astype(np.int32)], 255) > 0
    texture = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 1, inside.shape).astype(np.float32), (0, 0), 0.8)
    pixels[inside] = np.clip(np.float32([52, 44, 40]) + 12 * texture[inside][:, None], 10, 120)
    scene.photo = replace(scene.photo, pixels=pixels)
    scene.mask[inside] = 0
    return scene


def grown(model, scene):
    """The groups of a scene's photo, with what they were made from."""
    view = scene.view()
    posed = model.template.astype(np.float32)
    window = make_window(model, posed, view)
    nothing = np.zeros_like(window.skin)
    found = with_short_masks(model, posed, view, HairView(window, HairMask(nothing, nothing, nothing, nothing + 1)))
    textures = scene.build(lighting=view.mid.lighting)
    groups, lids = short_hair(model, [found], [view], [posed], textures)
    return SimpleNamespace(groups=groups, lids=lids, found=found, textures=textures, posed=posed, view=view)


@pytest.fixture(scope="module")
def bearded(model):
    return grown(model, Scene(model, yaw=12.0, paint=both, hand=False))


@pytest.fixture(scope="module")
def shaven(model):
    return grown(model, Scene(model, yaw=0.0, paint=lambda place: painted_brows(place) * shaded_chin(place), hand=False))


@pytest.fixture(scope="module")
def hidden_brows(model):
    """A cap over one brow, in a half profile."""
    scene = Scene(
        model, yaw=0.0, paint=painted_brows, hand=False, covered=lambda place: (place[..., 0] > 4) & (place[..., 1] > 7)
    )
    return grown(model, scene)


def directions(strands, skin, side):
    """(n, 2) unit directions, seen from the front, of the middle of one brow's hairs, and their roots."""
    points = strands.points
    mine = np.sign(points[:, 0, 0]) == side
    across = np.abs(points[:, 0, 0])
    mine &= (across > 22) & (across < 46)
    way = points[mine][:, 3, :2] - points[mine][:, 0, :2]
    return way / np.linalg.norm(way, axis=1, keepdims=True)


@pytest.mark.parametrize("side", (-1, 1))
def test_brows_run_as_painted(model, bearded, side):
    strands, _ = bearded.groups["brows"]
    way = directions(strands, skin_triangles(model), side)
    assert len(way) > 40
    painted = np.array([side * np.cos(np.radians(RISE)), np.sin(np.radians(RISE))])
    error = np.degrees(np.arccos(np.clip(way @ painted, -1, 1)))
    assert np.median(error) < 20


def test_brows_grow_where_they_are(bearded):
    strands, _ = bearded.groups["brows"]
    x, y = np.abs(strands.points[:, 0, 0]), strands.points[:, 0, 1]
    assert 500 <= len(x) <= 1800
    assert (brow_mask(x, y) > 0.3).mean() > 0.95
    # On both sides, over all of their length.
    for side in (-1, 1):
        mine = x[np.sign(strands.points[:, 0, 0]) == side]
        assert len(mine) > 80 and mine.min() < 16 and mine.max() > 45


def test_a_covered_brow_mirrors_the_other(hidden_brows):
    strands, _ = hidden_brows.groups["brows"]
    left = strands.points[:, 0, 0] > 0
    assert (strands.source[left] == 1).all() and (strands.source[~left] == 2).all()
    assert left.sum() == (~left).sum()
    mirror = strands.points[~left] * [-1, 1, 1]
    assert np.abs(strands.points[left] - mirror).max() < 0.3


def test_a_beard_grows_where_it_is(model, bearded):
    strands, style = bearded.groups["beard"]
    skin = skin_triangles(model)
    place = Roots(strands.root_face, strands.root_weights).on(skin, beard_place(model)[:, None])[:, 0]
    assert 800 <= len(strands.points) <= 2400 and style.children >= 3
    assert (place > 0.02).all()
    length = np.linalg.norm(np.diff(strands.points, axis=1), axis=-1).sum(1)
    assert 1.5 < np.median(length) < 9
    y = strands.points[:, 0, 1]
    assert (y < -84).sum() > 150 and (y > -62).sum() > 15


def test_a_long_beard_hangs_as_far_as_the_photos(model, bearded):
    points = grown(model, long_bearded(model)).groups["beard"][0].points
    lowest = np.quantile(points[..., 1].min(1), 0.01)
    assert abs(lowest - (-108 - HANG_MM)) < 15
    # Pointed: at its tip it is narrow.
    low = points[points[..., 1] < -108 - 0.7 * HANG_MM]
    assert np.quantile(np.abs(low[:, 0]), 0.95) < 32
    # A short one does not hang.
    assert bearded.groups["beard"][0].points[..., 1].min() > -150


def test_shade_is_no_beard(shaven):
    assert "beard" not in shaven.groups
    assert shaven.found.mask.beard.max() == 0
    assert "brows" in shaven.groups and "lashes" in shaven.groups


@pytest.mark.parametrize("kind", ("bearded", "shaven", "hidden_brows"))
def test_roots_lie_on_the_skin_and_hairs_outside_of_the_head(model, kind, request):
    made = request.getfixturevalue(kind)
    skin, outside = skin_triangles(model), Skin(model, made.posed)
    for name, (strands, _) in made.groups.items():
        foot = Roots(strands.root_face, strands.root_weights).on(skin, made.posed)
        assert np.linalg.norm(strands.points[:, 0] - foot, axis=1).max() < 0.3, name
        away, _ = outside.distance(strands.points.reshape(-1, 3).astype(float))
        assert away.min() > -0.3, name
        assert np.isfinite(strands.points).all() and strands.radius.min() > 0
        assert strands.color.min() >= 0 and strands.color.max() <= 1


def test_no_hair_lies_over_eyes_or_mouth(model, bearded):
    from engine.geometry.closest import SurfaceIndex

    skin = skin_triangles(model)
    for name, parts in (("beard", ("upper_lip", "lower_lip")), ("brows", ("right_eye", "left_eye"))):
        points = bearded.groups[name][0].points[:, 2:].reshape(-1, 3).astype(float)
        near = SurfaceIndex(bearded.posed, skin.vertices).query(points)
        over = near.of(model.part(*parts)[:, None].astype(float), skin.vertices)[:, 0]
        assert (over > 0.6).mean() < 0.02, name


def test_hair_is_darker_than_skin(bearded):
    skin = np.median(srgb_to_linear(bearded.textures.albedo[bearded.textures.confidence == 2] / 255), 0)
    for name in ("brows", "beard"):
        color = np.median(bearded.groups[name][0].color, (0, 1))
        assert (color < 0.5 * skin).all(), name
        assert (np.diff(color) <= 1e-6).all(), "hair is never bluer than red"


def lab(image):
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)


def test_brows_are_as_dark_as_the_paint_that_they_stand_for(model, bearded):
    view = bearded.view
    cover = covered_skin(model, bearded.posed, {name: one for name, (one, _) in bearded.groups.items()})
    bare = bare_albedo(model, bearded.textures.albedo, cover)
    closeup, skin = make_closeup(model, bearded.posed, view), skin_triangles(model)
    # Of another color than it is: the paint says which.
    wrong = Tufts(*bearded.groups["brows"])
    wrong = wrong._replace(strands=replace(wrong.strands, color=0.5 * wrong.strands.color + 0.1))
    made = as_painted(closeup, skin, wrong, bearded.textures.albedo, bare, MATCH["brows"])

    def flat(albedo, tufts=()):
        picture = render_head(model, bearded.posed, closeup.camera, albedo, light="flat", tufts=dict(enumerate(tufts)))
        return srgb_to_linear(picture / np.float32(255)).mean(-1)

    skin_only, painted = flat(bare), flat(bearded.textures.albedo)
    rows = np.s_[: int(closeup.landmarks[[33, 263]].mean(0)[1])]
    after, before = flat(bare, [made]), flat(bare, [wrong])
    assert (skin_only - after)[rows].sum() == pytest.approx((skin_only - painted)[rows].sum(), rel=0.2)
    # Not in sum alone, but place by place.
    unlike = [np.abs(cv2.GaussianBlur(one - painted, (0, 0), 0.01 * closeup.face))[rows].sum() for one in (after, before)]
    assert unlike[0] < 0.7 * unlike[1]


def test_the_bare_albedo_shows_no_painted_hair(model, bearded):
    covered = covered_skin(model, bearded.posed, {name: one for name, (one, _) in bearded.groups.items()})
    before = bearded.textures.albedo
    after = bare_albedo(model, before, covered)
    where = Where(model, SIZE)
    x, y = np.abs(where.place[:, 0]), where.place[:, 1]
    front = where.skin & (where.place[:, 2] > -10)
    brow = front & (brow_mask(x, y) > 0.8)
    around = front & (np.abs(y - 30) < 4) & (x < 50)
    chin = front & (y < -88) & (y > -100) & (x < 18)
    for name, hair, skin, least, most in (("brow", brow, around, 12, 5), ("chin", chin, around, 0, 6)):
        was, now, bare = (lab(where.of(image)[part][None]) for image, part in ((before, hair), (after, hair), (after, skin)))
        assert np.linalg.norm(np.median(was, 0) - np.median(bare, 0)) > least, name
        assert np.linalg.norm(np.median(now, 0) - np.median(bare, 0)) < most, name
        # Not a blur either, and no dark rest: as rough as the skin around.
        assert np.quantile(now[:, 0], 0.02) > np.median(bare[:, 0]) - 9, name
    nowhere = front & (np.abs(y + 20) < 6) & (x > 20) & (x < 45)
    assert np.array_equal(where.of(before)[nowhere], where.of(after)[nowhere])
    lips = front & (y < -62) & (y > -78) & (x < 16)
    assert np.abs(where.of(before)[lips].astype(int) - where.of(after)[lips]).mean() < 3


def test_the_scalp_takes_the_hairs_color(model, shaven):
    scalp = np.clip(model.part("scalp"), 0, 1)
    color = np.float32([0.10, 0.03, 0.01])
    after = bare_albedo(model, shaven.textures.albedo, {"hair": scalp}, color)
    where = Where(model, SIZE)
    top = where.skin & (where.place[:, 1] > 95)
    assert np.abs(np.median(where.of(after)[top] / 255, 0) - linear_to_srgb(color)).max() < 0.06
    face = where.skin & (where.place[:, 2] > 0) & (where.place[:, 1] < 40)
    assert np.array_equal(where.of(after)[face], where.of(shaven.textures.albedo)[face])


def test_lashes_line_the_lids_that_the_photo_shows_dark(model, shaven):
    plain = make_closeup(model, shaven.posed, shaven.view)
    even = np.full_like(plain.even, 0.4)
    for rim in EYES:
        line = np.round(plain.landmarks[list(rim[1:8])] * 16).astype(np.int32)
        cv2.polylines(even, [line], False, (0.05, 0.05, 0.05), round(0.04 * plain.face), shift=4)
    pale, lined = (lid_lines([replace(plain, even=one)]) for one in (np.full_like(even, 0.4), even))
    assert pale.lower < 0.05 and lined.lower > 0.9
    assert lined.upper < 0.1

    def cover(lines):
        strands = lash_strands(model, skin_triangles(model), shaven.posed, np.float32([0.05, 0.04, 0.03]), lines)
        falls = strands.points[:, -1, 1] < strands.points[:, 0, 1]
        return strands.radius[falls, 0].sum(), strands.radius[~falls, 0].sum()

    faint, dark = (cover(LidLines(0.5, line, (0.8, 0.25))) for line in (0.0, 1.0))
    assert dark[0] > 5 * faint[0]
    assert dark[1] == pytest.approx(faint[1], rel=0.3)


def test_the_soft_shade_of_stubble_stays_in_the_skin(model, bearded):
    strands, _ = bearded.groups["beard"]
    roots = strands.points[:, :1]
    length = np.linalg.norm(np.diff(strands.points, axis=1), axis=-1).sum(1)[:, None, None]
    stubble = replace(strands, points=roots + (strands.points - roots) * np.float32(0.9) / length)
    where = Where(model, SIZE)
    front = where.skin & (where.place[:, 2] > -10) & (where.place[:, 1] < -50)
    painted = lab(where.of(bearded.textures.albedo)[front][None])[:, 0]
    bare, soft = (
        lab(
            where.of(bare_albedo(model, bearded.textures.albedo, covered_skin(model, bearded.posed, {"beard": hairs})))[front][
                None
            ]
        )[:, 0]
        for hairs in (strands, stubble)
    )
    hairy = bare - painted > 5
    assert hairy.sum() > 200
    assert 0.3 < (bare - soft)[hairy].mean() / (bare - painted)[hairy].mean() < 0.9


def test_nothing_covered_changes_nothing(model, shaven):
    albedo = shaven.textures.albedo
    assert np.array_equal(bare_albedo(model, albedo, {}), albedo)
    assert np.array_equal(bare_albedo(model, albedo, {"hair": np.ones(len(model.template), np.float32)}), albedo)


BARE = ("000006.jpg", "000114.jpg", "vd006.png")
BEARDED = ("000037.jpg", "000007.jpg")


@pytest.fixture(scope="module")
def masks_of(model):
    """``masks_of(path)``: the masks of a photo of a person."""
    from engine.fit import fit_coarse, fit_mid
    from engine.photo import Landmarker, observe
    from engine.types import View
    from engine.wire.settings import Settings

    with Landmarker() as landmarker:

        def made(path):
            photo, observation = observe(path, landmarker)
            first = fit_coarse(model, photo, observation, Settings())
            coarse, mid = fit_mid(model, photo, observation, first, Settings())
            posed = model.shape(coarse.identity, coarse.expression) + mid.deformation
            view = View(photo, observation, coarse, mid)
            window = make_window(model, posed, view)
            nothing = np.zeros_like(window.skin)
            return with_short_masks(model, posed, view, HairView(window, HairMask(nothing, nothing, nothing, nothing + 1)))

        yield made


@pytest.mark.parametrize("name", BARE)
def test_bare_faces_have_no_beard(shared_dir, masks_of, name):
    found = masks_of(shared_dir / "photos" / "single" / name)
    assert found.mask.beard.max() == 0
    assert_brows(found)


def test_the_portrait_has_brows_and_no_beard(portrait, masks_of):
    found = masks_of(portrait)
    assert found.mask.beard.max() == 0
    assert_brows(found)


@pytest.mark.parametrize("name", BEARDED)
def test_bearded_faces_have_a_beard(shared_dir, masks_of, name):
    found = masks_of(shared_dir / "photos" / "single" / name)
    assert (found.mask.beard > 0.05).sum() > 0.02 * found.window.face**2
    assert_brows(found)


def assert_brows(found):
    """Brow hair lies around the landmarks of at least one brow, and nowhere else."""
    from engine.photo.regions import BROWS, fill

    places = fill(found.window.skin.shape, found.window.landmarks, *BROWS)
    near = cv2.dilate(places, np.ones((2 * int(0.04 * found.window.face) + 1,) * 2, np.uint8)) > 0
    assert found.mask.brow[near].sum() > 0.99 * found.mask.brow.sum()
    assert found.mask.brow[places > 0].mean() > 0.15


def test_textures_are_only_asked_for_their_albedo(model, shaven):
    """Other methods bring textures of other sizes."""
    small = Textures(
        cv2.resize(shaven.textures.albedo, (256, 256), interpolation=cv2.INTER_AREA), *(np.zeros(1),) * 4, np.zeros(1)
    )
    scene = Scene(model, yaw=0.0, paint=painted_brows, hand=False)
    groups, _ = short_hair(model, [shaven.found], [scene.view()], [shaven.posed], small)
    assert len(groups["brows"][0].points) > 100
