"""Maps of a rendered head whose colour, light and occlusions are known."""

import cv2
import numpy as np
import pytest

from engine.geometry.harmonics import light_normals, shade
from engine.geometry.mesh import vertex_normals
from engine.head.model import MATERIALS
from engine.system.progress import Progress
from engine.texture.atlas import bands, each_band, gather
from engine.texture.paint.grain import octave_noise
from engine.texture.relief.normals import tangent_normals
from engine.texture.weights import WAVES_MM
from engine.wire.color import srgb_to_linear
from engine.wire.errors import ErrorCode, HrnError
from support.head_scene import SIDE_LIGHT, SIZE, SKIN, Scene, Where


@pytest.fixture(scope="module")
def where(model):
    return Where(model)


@pytest.fixture(scope="module")
def scene(model):
    return Scene(model)


@pytest.fixture(scope="module")
def maps(scene):
    return scene.build()


def linear(where, maps):
    return srgb_to_linear(where.of(maps.albedo) / 255)


def spread_of_light(scene, where, rows):
    """90 % of the log shading on these texels is within this of its median."""
    normals = light_normals(scene.camera, vertex_normals(scene.model.template, scene.model.triangles, np.float32))
    log = np.log(gather(where.texels, scene.model.triangles, shade(normals, SIDE_LIGHT)[:, 0])[rows])
    return np.quantile(np.abs(log - np.median(log)), 0.9)


def level(where, maps):
    """Albedo and light are known only up to a common factor: the seen skin's median colour."""
    return np.median(linear(where, maps)[(where.of(maps.confidence) == 2) & where.plain], 0)


def test_side_light_is_taken_out_of_the_albedo(scene, where, maps):
    color = linear(where, maps)
    seen = (where.of(maps.confidence) == 2) & where.plain
    assert seen.sum() > 5000
    off = np.log(color[seen] / SKIN)
    level = np.median(off, 0)
    assert np.ptp(level) < 0.03, "the hue is the skin's"
    assert np.quantile(np.abs(off - level), 0.9) < 0.1 < 0.25 * spread_of_light(scene, where, seen)
    forehead = [np.median(color[where.near(x, 45, 8)]) for x in (-25, 25)]
    assert 0.93 < forehead[0] / forehead[1] < 1.07


def test_light_that_the_fit_missed_is_mostly_taken_out(scene, where):
    flat = np.zeros((9, 3))
    flat[0] = 0.8
    maps = scene.build(lighting=flat)
    color = linear(where, maps)
    seen = (where.of(maps.confidence) == 2) & where.plain
    off = np.log(color[seen] / SKIN)
    assert np.quantile(np.abs(off - np.median(off, 0)), 0.9) < 0.5 * spread_of_light(scene, where, seen)


def test_neither_background_nor_hand_enters_the_albedo(where, maps):
    color = linear(where, maps)[where.skin]
    assert (color[:, 1] < color[:, 0]).all(), "nothing greener than skin"
    assert (color[:, 2] < color[:, 0]).all(), "nothing bluer than skin"
    hand = where.near(38, -30, 7)
    assert hand.sum() > 100
    assert np.abs(np.log(linear(where, maps)[hand].mean(0) / level(where, maps))).max() < 0.1


def test_covered_and_turned_away_skin_continues_without_a_step(where, maps):
    color = where.texels.image(linear(where, maps).mean(1).astype(np.float32))
    usable = where.texels.image(where.plain.astype(np.float32))
    seen = where.texels.image(((where.of(maps.confidence) == 2) & where.plain).astype(np.float32))

    def mean(weights):
        amount = cv2.blur(weights, (9, 9))
        return cv2.blur(color * weights, (9, 9)) / np.maximum(amount, 1e-6), amount

    inside, enough = mean(seen)
    outside, too = mean(usable - seen)
    seam = (enough > 0.25) & (too > 0.25)
    assert seam.sum() > 500
    step = np.abs(np.log(inside[seam] / outside[seam]))
    assert np.quantile(step, 0.9) < 0.05 and np.quantile(step, 0.98) < 0.1
    far = where.plain & (where.of(maps.confidence) < 2)
    assert np.abs(np.log(np.median(linear(where, maps)[far], 0) / level(where, maps))).max() < 0.1


def test_confidence_says_what_was_seen(model, where, maps):
    value = where.of(maps.confidence)
    assert set(np.unique(maps.confidence)) <= {0, 1, 2}
    assert (value[where.near(-15, 50, 4)] == 2).mean() > 0.95, "the forehead is in full view"
    assert (value[where.near(38, -30, 6)] == 1).mean() > 0.95, "the hand's place is completed"
    assert (value[where.near(0, 0, 30, front=False)] == 2).sum() == 0, "the back of the head is not in the photo"
    assert (value[~where.skin] < 2).all()
    vertex = maps.vertex_confidence
    assert vertex.dtype == np.float32 and 0 <= vertex.min() and vertex.max() <= 1
    at = np.argmin(np.abs(model.template - [-15, 45, 22]).sum(1))
    behind = np.argmin(model.template[:, 2])
    assert vertex[at] > 0.8 and vertex[behind] < 0.2


def test_relief_has_no_lattice_and_no_mean(where, maps):
    relief = where.of(maps.displacement)
    assert (relief[~where.skin] == 0).all()
    assert 0 < relief.std() and np.abs(relief).max() < 0.6
    assert abs(relief[where.skin].mean()) < 0.002
    assert abs(relief[where.skin & (where.of(maps.confidence) < 2)].mean()) < 0.01
    middle = where.texels.index[where.near(0, 45, 4)]
    row, column = np.median(middle // SIZE).astype(int), np.median(middle % SIZE).astype(int)
    patch = maps.displacement[row - 24 : row + 24, column - 24 : column + 24]
    patch = (patch - patch.mean()) * np.outer(np.hanning(48), np.hanning(48))
    power = np.abs(np.fft.fft2(patch)) ** 2
    high = np.abs(np.fft.fftfreq(48)) > 0.4
    assert power[np.ix_(high, high)].sum() < 0.01 * power.sum()


def test_a_crease_becomes_a_furrow(where, maps):
    relief, height = where.of(maps.displacement), where.place[:, 1]
    beside = (np.abs(where.place[:, 0] + 12) < 10) & where.skin & (where.place[:, 2] > 0)
    furrow = relief[beside & (np.abs(height - 42) < 0.8)].mean()
    around = relief[beside & (np.abs(np.abs(height - 42) - 5) < 2)].mean()
    assert furrow < around - 0.01


def test_normals_mean_the_relief(model, where):
    # A relief that is a linear function of the place has the gradient's tangential part as its slope.
    gradient = np.array([0.02, 0.06, -0.03])
    height = where.texels.image((where.place @ gradient).astype(np.float32))
    encoded = tangent_normals(model, model.template, height)
    normal = where.of(encoded).astype(np.float64) / 65535 * 2 - 1
    slope = np.hypot(normal[:, 0], normal[:, 1]) / normal[:, 2]
    n = gather(where.texels, model.triangles, vertex_normals(model.template, model.triangles, np.float32)).astype(np.float64)
    n /= np.linalg.norm(n, axis=1, keepdims=True)
    wanted = np.linalg.norm(gradient - (n @ gradient)[:, None] * n, axis=1)
    inside = cv2.erode(where.texels.image(where.plain.astype(np.uint8)), np.ones((5, 5))).reshape(-1)[where.texels.index] > 0
    ratio = slope[inside] / wanted[inside]
    assert 0.97 < np.median(ratio) < 1.03
    assert np.quantile(np.abs(ratio - 1), 0.9) < 0.12
    # OpenGL: uphill to the right leans left, uphill to the top leans down.
    across = np.tile(np.arange(SIZE, dtype=np.float32) * 0.05, (SIZE, 1))
    assert np.median(where.of(tangent_normals(model, model.template, across))[inside, 0]) < 32768
    assert np.median(where.of(tangent_normals(model, model.template, across.T.copy()))[inside, 1]) > 32768
    flat = tangent_normals(model, model.template, np.zeros((SIZE, SIZE), np.float32))
    assert np.abs(flat.astype(int) - [32768, 32768, 65535]).max() <= 1


def test_sizes_agree(model, scene, where, maps):
    big = scene.build(2048)
    assert big.albedo.shape == (2048, 2048, 3) and big.albedo.dtype == np.uint8
    assert big.normal.dtype == np.uint16 and big.displacement.dtype == np.float32
    small = cv2.resize(big.albedo, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    inner = cv2.erode(where.texels.image(where.skin.astype(np.uint8)), np.ones((5, 5)))
    inner = where.of(inner) > 0
    difference = np.abs(where.of(small).astype(int) - where.of(maps.albedo))[inner]
    assert difference.mean() < 2
    assert np.quantile(difference, 0.99) < 14
    relief = [
        where.of(cv2.GaussianBlur(cv2.resize(one.displacement, (SIZE, SIZE), interpolation=cv2.INTER_AREA), (0, 0), 1.5))[inner]
        for one in (big, maps)
    ]
    assert np.corrcoef(*relief)[0, 1] > 0.85


def test_same_input_same_maps(scene, maps):
    again = scene.build()
    for name in ("albedo", "displacement", "normal", "deformation", "confidence", "vertex_confidence", "eye_color"):
        assert np.array_equal(getattr(again, name), getattr(maps, name)), name


def test_brows_under_a_cap_are_drawn(model, where):
    capped = Scene(model, yaw=0.0, covered=lambda place: place[..., 1] > 12).build()
    brows = gather(where.texels, model.triangles, model.part("right_brow", "left_brow")) > 0.9
    color = linear(where, capped)
    above = where.near(0, 50, 15)
    assert color[brows].mean() < 0.75 * color[above].mean()
    assert np.abs(np.log(np.median(color[above], 0) / level(where, capped))).max() < 0.1
    hair = color[where.near(0, 40, 40, front=False)].mean(0)
    assert hair[0] > hair[1] > 0.95 * hair[2], "the cap's blue is not the hair's colour"


def test_cancel_ends_the_work(scene):
    steps = []

    def cancel(stage, fraction, message):
        steps.append(stage)
        if len(steps) == 3:
            raise HrnError(ErrorCode.CANCELLED, "cancelled")

    with pytest.raises(HrnError) as failure:
        scene.build(progress=Progress(cancel))
    assert failure.value.code == ErrorCode.CANCELLED and len(steps) == 3


def test_a_failure_in_one_band_is_reported():
    def work(row0, row1):
        if row0 > 0:
            raise ValueError("band")

    with pytest.raises(ValueError, match="band"):
        each_band(work, bands(2048))


def test_grain_has_the_asked_spread_in_millimetres():
    y, x = np.mgrid[0:400, 0:400] / 10.0
    place = np.stack([x, y, 0.4 * x], -1).reshape(-1, 3).astype(np.float32)
    density = np.full(len(place), 10 / 2048, np.float32)
    for k in (1, 3):
        spectrum = np.zeros(6)
        spectrum[k] = 0.03
        noise = octave_noise(place, density, spectrum, 2048)
        assert abs(noise.mean()) < 0.005 and 0.02 < noise.std() < 0.045
        image = noise.reshape(400, 400)
        half, whole = (
            np.corrcoef(image[:, :-d].ravel(), image[:, d:].ravel())[0, 1]
            for d in (max(1, int(WAVES_MM[k] * 10 / 16)), int(WAVES_MM[k] * 10 / 2))
        )
        assert half > 0.5 and whole < 0.25, "neighbours agree, half a wave away they do not"
    fine = np.zeros(6)
    fine[5] = 0.03
    assert not octave_noise(place, density, fine, 256).any(), "a map that cannot show a wave has none of it"


def test_teeth_have_gaps_and_gums(model, maps):
    where = Where(model)
    teeth = model.face_material[where.texels.triangle // 2] == MATERIALS.index("teeth")
    color, place = srgb_to_linear(where.of(maps.albedo) / 255)[teeth], where.place[teeth]
    front = (np.abs(place[:, 0]) < 12) & (place[:, 2] > 10)
    upper = front & (np.abs(place[:, 1] + 64) < 2.5)
    assert np.quantile(color[upper].mean(1), 0.03) < 0.8 * np.median(color[upper].mean(1))
    gum = front & (place[:, 1] > -53)
    assert gum.any() and (color[gum, 1] < 0.5 * color[gum, 0]).mean() > 0.9
