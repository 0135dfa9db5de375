"""Maps from several rendered photos of one head, whose colour, light and disagreements are known."""

from dataclasses import replace

import numpy as np
import pytest

from engine.camera import Camera
from engine.system.progress import SILENT, Progress
from engine.texture import build_textures
from engine.texture.atlas import gather
from engine.wire.color import srgb_to_linear
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.head_scene import SIZE, SKIN, Scene, Where

YAWS = (0.0, -50.0, 50.0)
GAINS = ((1.0, 1.0, 1.0), (1.45, 1.2, 1.0), (0.6, 0.65, 0.8))
"""Exposure and white balance of each photo."""
SPOT = (-28.0, -28.0)
"""x and y on the right cheek, mm."""


def freckles(place):
    """Dark spots of 2 mm everywhere on a lattice, so that a shift between photos would double them."""
    wave = np.sin(place[..., 0] * 0.9) * np.sin(place[..., 1] * 0.9) * np.sin(place[..., 2] * 0.9 + 1.0)
    return 1 - 0.3 * np.clip(wave, 0, 1)[..., None]


@pytest.fixture(scope="module")
def where(model):
    return Where(model)


@pytest.fixture(scope="module")
def scenes(model):
    return [Scene(model, yaw, gain=gain, paint=freckles, hand=False) for yaw, gain in zip(YAWS, GAINS)]


def build(model, views, progress=SILENT, size=SIZE):
    return build_textures(model, views, Settings(texture_size=size), progress)


@pytest.fixture(scope="module")
def maps(model, scenes):
    return build(model, [scene.view() for scene in scenes])


@pytest.fixture(scope="module")
def alone(model, scenes):
    return build(model, [scenes[0].view()])


def log_skin(where, maps, rows):
    color = np.log(np.maximum(srgb_to_linear(where.of(maps.albedo) / 255)[rows], 1e-3))
    return color - np.median(color, 0)


def test_exposure_and_white_balance_leave_no_step(where, maps):
    seen = (where.of(maps.confidence) == 2) & where.plain
    off = log_skin(where, maps, seen) - np.log(freckles(where.place[seen]))
    off -= np.median(off, 0)
    assert np.quantile(np.abs(off), 0.9) < 0.13 < 0.3 * np.ptp(np.log(np.array(GAINS)), 0).max()
    side = np.sign(where.place[seen, 0]) * (np.abs(where.place[seen, 0]) > 40)
    means = [off[side == s].mean(0) for s in (-1, 0, 1)]
    assert np.abs(np.ptp(means, 0)).max() < 0.05
    level = np.median(srgb_to_linear(where.of(maps.albedo) / 255)[seen], 0)
    assert np.ptp(np.log(level / SKIN)) < 0.06, "the hue is the reference's"


def test_more_is_seen_from_more_sides(where, alone, maps):
    seen, before = (where.of(one.confidence) == 2 for one in (maps, alone))
    assert seen.sum() > 1.15 * before.sum()
    assert (seen | ~before)[where.plain].mean() > 0.97
    assert maps.vertex_confidence.sum() > alone.vertex_confidence.sum()


def freckle_gain(where, maps, rows):
    """1 if freckles are as deep as they are, less if they are blurred, missing or doubled."""
    known = np.log(freckles(where.place[rows]))[:, 0]
    found = log_skin(where, maps, rows).mean(1)
    known = known - known.mean()
    return (known @ (found - found.mean())) / (known @ known), np.corrcoef(known, found)[0, 1]


def test_detail_is_not_averaged_away(where, maps):
    rows = (where.of(maps.confidence) == 2) & where.plain
    gain, likeness = freckle_gain(where, maps, rows)
    assert 0.8 < gain < 1.15 and likeness > 0.8


def test_photos_that_do_not_fit_exactly_are_aligned(model, where, scenes):
    moved = []
    for scene, shift in zip(scenes, (0.0, 7.0, -7.0)):  # about 4 mm
        camera = scene.camera
        other = Camera(
            camera.width, camera.height, camera.fx, camera.fy, camera.cx + shift, camera.cy - 0.4 * shift, camera.R, camera.t
        )
        view = scene.view()
        moved.append(replace(view, coarse=replace(view.coarse, camera=other)))
    maps = build(model, moved)
    rows = (where.of(maps.confidence) == 2) & where.plain & (np.abs(where.place[:, 0]) > 46)
    assert rows.sum() > 2000
    gain, likeness = freckle_gain(where, maps, rows)
    assert gain > 0.7 and likeness > 0.7


def from_spot(place):
    return np.hypot(place[..., 0] - SPOT[0], place[..., 1] - SPOT[1]) + 100 * (place[..., 2] < -30)


@pytest.mark.parametrize("who", [0, 2], ids=["the reference", "the squarest"])
def test_what_one_photo_of_three_contradicts_is_left_out(model, where, scenes, who):
    def stained(place):
        return freckles(place) * np.where(from_spot(place)[..., None] < 9, [1.1, 0.6, 0.55], 1)

    yaws, gains = (0.0, -45.0, -22.0), (GAINS[0], GAINS[1], (0.8, 0.8, 0.7))
    shown = [
        Scene(model, yaw, gain=gain, paint=stained if k == who else freckles, hand=False)
        for k, (yaw, gain) in enumerate(zip(yaws, gains))
    ]
    maps = build(model, [scene.view() for scene in shown])
    away = from_spot(where.place)
    color = np.log(srgb_to_linear(where.of(maps.albedo) / 255))
    patch, ring = (where.skin & (away < 6), where.plain & (np.abs(away - 15) < 3))
    assert patch.sum() > 100
    assert np.abs(np.median(color[patch], 0) - np.median(color[ring], 0)).max() < 0.12


def test_a_blink_beside_the_reference_does_not_ghost(model, where, scenes, alone):
    def closed(place):
        lid = (np.abs(np.abs(place[..., 0]) - 32) < 22) & (np.abs(place[..., 1] - 8) < 22) & (place[..., 2] > -30)
        return np.where(lid[..., None], 0.35, freckles(place))

    # Finer than the reference: but for the feature it would be the better photo.
    blink = Scene(model, 0.0, size=900, paint=closed, hand=False)
    both = build(model, [scenes[0].view(), blink.view()])
    lids = where.skin & (gather(where.texels, model.triangles, model.part("right_eye", "left_eye")) > 0.5)
    first, second = (np.log(srgb_to_linear(where.of(one.albedo) / 255) + 1e-3)[lids] for one in (alone, both))
    assert np.abs(np.median(first, 0) - np.median(second, 0)).max() < 0.1


def test_progress_and_cancel(model, scenes):
    steps = []

    def cancel(stage, fraction, message):
        steps.append(fraction)
        if len(steps) == 5:
            raise HrnError(ErrorCode.CANCELLED, "cancelled")

    with pytest.raises(HrnError) as failure:
        build(model, [scene.view() for scene in scenes], Progress(cancel))
    assert failure.value.code == ErrorCode.CANCELLED and steps == sorted(steps)
