"""Photos without color, of one tone, and in tinted light come out in the hues of faces; all others are not touched."""

from __future__ import annotations

import dataclasses
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.bench.painted import paint, paint_face
from engine.methods import reconstruct
from engine.photo import Landmarker, find_bite, find_covers, load_photo, observe, photo_warnings, segment_skin
from engine.photo.colors import color_kind, with_natural_colors
from engine.photo.colors.judge import closeup, hues, white_of_eye
from engine.photo.parts import photo_parts
from engine.photo.regions import EYES, INNER_LIPS, OUTER_LIPS, OVAL, SURE_SKIN, fill
from engine.photo.weights import WEIGHTS
from engine.pipeline.observe import observe_photos
from engine.system.progress import SILENT
from engine.wire.color import srgb_to_linear
from engine.wire.settings import Settings
from support.odd_light import ODD_LIGHT, grey
from support.small_maps import small_analysis

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

SMILES = ("single/000031.jpg", "single/000114.jpg", "multi_hrn/5932.jpg", "review")
"""Photos of people who show their teeth."""
SKIN = (0.3, 0.95), (-0.75, -0.1)
"""Range of log(R/G) and log(B/G) of natural skin."""


@pytest.fixture(scope="module")
def smiles(shared_dir):
    """Name -> photo and face."""
    found = {}
    with Landmarker() as landmarker:
        for name in SMILES:
            path = shared_dir / "review/inputs/base.jpg" if name == "review" else shared_dir / "photos" / name
            found[name] = observe(path, landmarker)
    return found


def _changed(photo, observation, name):
    pixels = np.ascontiguousarray(ODD_LIGHT[name][0](photo.pixels, observation.landmarks))
    return dataclasses.replace(photo, pixels=pixels, sha256=f"{photo.sha256} {name}")


def _hues(photo, observation) -> dict[str, np.ndarray]:
    """Median hue of skin, lips and the whites of the eyes."""
    view = closeup(photo.pixels, observation, WEIGHTS.judge.reach, 256.0)
    hue = hues(view.soft)
    lips = view.filled(OUTER_LIPS) & ~view.filled(INNER_LIPS)
    whites = white_of_eye(view, 0) | white_of_eye(view, 1)
    places = {"skin": view.filled(*SURE_SKIN), "lips": lips, "white": whites, "eyes": view.filled(*EYES)}
    places |= {f"place {i}": view.filled(polygon) for i, polygon in enumerate(SURE_SKIN)}
    return {name: np.median(hue[place], 0) for name, place in places.items()}


def _is_skin(hue) -> bool:
    return all(low < value < high for value, (low, high) in zip(hue, SKIN))


@pytest.mark.parametrize("name", [name for name, (_, code) in ODD_LIGHT.items() if code not in (None, "painted")])
def test_odd_light_becomes_a_face_s_hues_and_is_told(smiles, name):
    for photo, observation in list(smiles.values())[:2]:
        odd = _changed(photo, observation, name)
        natural = with_natural_colors(odd, observation)
        code = ODD_LIGHT[name][1]
        if name == "green screen" and natural is odd:
            continue  # on a dark or distant face it does not show
        assert [remark for remark, _ in natural.remarks] == [code]
        assert natural.shot is odd.pixels and natural.pixels.shape == odd.pixels.shape
        found = _hues(natural, observation)
        for place in ("skin", "place 0", "place 1"):  # both cheeks, in the light of two lamps, too
            assert _is_skin(found[place]), (place, found[place])
        assert found["lips"][0] > found["skin"][0] + 0.08  # redder
        assert found["white"][0] < found["skin"][0] + 0.02  # not redder, in the lids' shade


@pytest.mark.parametrize("photo_name", SMILES)
def test_teeth_are_found_without_color(smiles, photo_name):
    photo, observation = smiles[photo_name]
    assert find_bite(photo, observation).color is not None
    for name in ("grey", "sepia", "cyanotype", "blue only", "blue light"):
        bite = find_bite(with_natural_colors(_changed(photo, observation, name), observation), observation)
        assert bite is not None and bite.color is not None, name


@pytest.mark.parametrize("photo_name", SMILES)
def test_half_the_color_is_strengthened(smiles, photo_name):
    photo, observation = smiles[photo_name]
    pale = _changed(photo, observation, "half saturation")
    natural = with_natural_colors(pale, observation)
    assert [code for code, _ in natural.remarks] == ["no_color"]
    (red, blue), (pale_red, pale_blue) = (_hues(one, observation)["skin"] for one in (natural, pale))
    assert red - blue > 1.25 * (pale_red - pale_blue) and _is_skin((red, blue))
    for one in (natural, pale):
        assert find_bite(one, observation).color is not None


def test_closed_lips_get_no_teeth_without_color(shared_dir):
    with Landmarker() as landmarker:
        photo, observation = observe(shared_dir / "photos/single/000007.jpg", landmarker)
    bite = find_bite(with_natural_colors(_changed(photo, observation, "grey"), observation), observation)
    assert bite is None or bite.color is None


def test_the_skin_beside_paint_replaces_it(smiles):
    photo, observation = smiles["review"]
    half = dataclasses.replace(photo, pixels=paint_face(photo.pixels, observation.landmarks, (40, 90, 170)), sha256="half")
    natural = with_natural_colors(half, observation)
    assert [code for code, _ in natural.remarks] == ["painted"]
    found = _hues(natural, observation)
    assert np.abs(found["place 0"] - found["place 1"]).max() < 0.25
    change = np.abs(natural.pixels.astype(int) - half.pixels).max(-1)
    low, high = observation.landmarks.min(0).astype(int) - 20, observation.landmarks.max(0).astype(int) + 20
    change[low[1] : high[1], low[0] : high[0]] = 0
    assert change.max() <= 1  # what is not painted is as it was


@pytest.mark.parametrize("photo_name", SMILES)
def test_white_paint_on_one_side_is_no_lamp(smiles, photo_name):
    photo, observation = smiles[photo_name]
    white = paint_face(photo.pixels, observation.landmarks, (240, 240, 238))
    natural = with_natural_colors(dataclasses.replace(photo, pixels=white, sha256="half white"), observation)
    assert [code for code, _ in natural.remarks] == ["painted"]
    found = _hues(natural, observation)
    assert np.abs(found["place 0"] - found["place 1"]).max() < 0.4 and _is_skin(found["place 1"])


def test_black_paint_on_one_side_leaves_the_other_as_it_is(smiles):
    photo, observation = smiles["multi_hrn/5932.jpg"]
    half = dataclasses.replace(photo, pixels=paint_face(photo.pixels, observation.landmarks, (25, 25, 25)), sha256="black")
    assert with_natural_colors(half, observation) is half


def test_hair_before_a_green_screen_is_not_green(smiles):
    photo, observation = smiles["multi_hrn/5932.jpg"]
    odd = _changed(photo, observation, "green screen")
    natural = with_natural_colors(odd, observation)
    view = closeup(photo.pixels, observation, WEIGHTS.judge.reach, 256.0)
    hair = photo_parts(photo, observation).window(view.window.corner, view.window.scale, view.shape)["hair"] > 0.8
    green, brown = (
        np.median(hues(closeup(one.pixels, observation, WEIGHTS.judge.reach, 256.0).soft)[hair], 0)[0] for one in (odd, natural)
    )
    assert green < -0.1 and brown > -0.03


def test_a_face_that_is_painted_all_over_keeps_its_paint(smiles):
    photo, observation = smiles["review"]
    pixels = paint_face(photo.pixels, observation.landmarks, (60, 150, 70), half=False)
    green = dataclasses.replace(photo, pixels=pixels, sha256="green")
    natural = with_natural_colors(green, observation)
    assert [code for code, _ in natural.remarks] == ["painted"]
    assert natural.pixels is pixels and natural.as_shot is None


def test_photos_in_color_are_not_touched(shared_dir):
    folder = shared_dir / "photos"
    with Landmarker() as landmarker:
        for path in sorted([*folder.glob("single/*"), *folder.glob("multi_*/*.jpg")]):
            photo, observation = observe(path, landmarker)
            assert with_natural_colors(photo, observation) is photo, path.name


def test_a_mask_is_no_lamp(shared_dir, landmarker):
    for name in ("mask_blue.jpg", "glasses.jpg"):
        assert color_kind(*observe(shared_dir / "review/inputs" / name, landmarker)).kind == "normal"


@pytest.mark.parametrize("name", ["000037.jpg", "00133.png"])
@pytest.mark.parametrize("mask", ["white mask", "black mask"])
def test_a_mask_without_color_is_neither_a_lamp_nor_a_photo_without_color(shared_dir, landmarker, tmp_path, name, mask):
    photo, face = observe(shared_dir / "photos/single" / name, landmarker)
    path = tmp_path / "masked.png"
    Image.fromarray(paint(mask, photo.pixels, face.landmarks).pixels).save(path)
    assert color_kind(*observe(path, landmarker)).kind == "normal"


@pytest.mark.parametrize("light", ["grey", "blue light"])
@pytest.mark.parametrize("thing", ["blue mask", "broad"])
def test_what_lies_over_a_face_stays_found_in_new_colors(portrait, landmarker, tmp_path, light, thing):
    photo, face = observe(portrait, landmarker)
    pixels, where, _ = paint(thing, photo.pixels, face.landmarks)
    path = tmp_path / "worn.png"
    Image.fromarray(ODD_LIGHT[light][0](pixels, face.landmarks)).save(path)
    ((_, natural, found),), _ = observe_photos(landmarker, [path], Settings(), SILENT)
    assert natural.as_shot is not None and found.veil is not None
    inside = where & (fill(where.shape, face.landmarks, OVAL) > 0)
    skin = segment_skin(natural, found)
    assert skin.skin[inside].mean() < 0.35
    codes = [one["code"] for one in photo_warnings(natural, found, find_covers(natural, found, skin))]
    assert ("covered" if "mask" in thing else "glasses") in codes


@pytest.mark.parametrize("tone", [((40, 25, 0), (255, 240, 170)), ((30, 0, 0), (255, 190, 180))])
def test_a_cap_in_one_tone_is_no_glasses(shared_dir, landmarker, tmp_path, tone):
    """What was found in the photo's own colors stays what it was."""
    file = tmp_path / "toned.png"
    share = grey(load_photo(shared_dir / "photos/single/015259.jpg").pixels)[..., :1] / 255
    Image.fromarray(np.uint8(np.array(tone[0]) * (1 - share) + np.array(tone[1]) * share)).save(file)
    ((_, photo, face),), _ = observe_photos(landmarker, [file], Settings(), SILENT)
    codes = [one["code"] for one in photo_warnings(photo, face, find_covers(photo, face, segment_skin(photo, face)))]
    assert "toned" in codes and "glasses" not in codes


def test_the_report_in_black_and_white(shared_dir):
    """microsoft/Bringing-Old-Photos-Back-to-Life#146 as it was handed in: she smiles."""
    with Landmarker() as landmarker:
        photo, observation = observe(shared_dir / "review/inputs/black_and_white.jpg", landmarker)
    natural = with_natural_colors(photo, observation)
    assert [code for code, _ in natural.remarks] == ["no_color"]
    assert _is_skin(_hues(natural, observation)["skin"])
    assert find_bite(natural, observation).color is not None
    assert find_bite(photo, observation) is None or find_bite(photo, observation).color is None  # what colors are needed for


def test_brightness_stays_the_photo_s(portrait):
    photo = load_photo(portrait)
    with Landmarker() as landmarker:
        observation = landmarker.detect(photo)[0]
    plain = dataclasses.replace(photo, pixels=grey(photo.pixels), sha256="grey")
    natural = with_natural_colors(plain, observation)
    change = (
        cv2.cvtColor(natural.pixels, cv2.COLOR_RGB2LAB)[..., 0].astype(int)
        - cv2.cvtColor(plain.pixels, cv2.COLOR_RGB2LAB)[..., 0]
    )
    assert np.quantile(np.abs(change), 0.99) <= 8


@pytest.mark.parametrize("pixels", ["black", "white", "noise", "one channel", "two levels"])
def test_no_picture_ends_in_a_division_by_zero(portrait, pixels):
    photo = load_photo(portrait)
    with Landmarker() as landmarker:
        observation = landmarker.detect(photo)[0]
    random = np.random.default_rng(1)
    picture = {
        "black": np.zeros_like(photo.pixels),
        "white": np.full_like(photo.pixels, 255),
        "noise": random.integers(0, 256, photo.pixels.shape, dtype=np.uint8),
        "one channel": random.integers(0, 2, photo.pixels.shape, dtype=np.uint8) * np.uint8([0, 0, 255]),
        "two levels": np.uint8(255 * (photo.pixels > 127)),
    }[pixels]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        natural = with_natural_colors(dataclasses.replace(photo, pixels=picture, sha256=pixels), observation)
    assert natural.pixels.dtype == np.uint8 and natural.pixels.shape == picture.shape


def test_a_head_of_a_photo_without_color(shared_dir, tmp_path):
    """The bundle tells what was guessed, keeps the photo as it was shot, and shows skin and enamel."""
    with small_analysis():
        bundle = reconstruct(
            shared_dir / "review/inputs/black_and_white.jpg",
            tmp_path / "head",
            Settings(texture_size=256, quality="draft", hair=False),
        )
    assert "no_color" in [warning["code"] for warning in bundle.manifest["quality"]["warnings"]]
    shot = cv2.imread(str(tmp_path / "head" / "photo_0.jpg")).astype(int)
    assert np.abs(shot - shot[..., :1]).max() <= 2
    albedo = srgb_to_linear(cv2.imread(str(tmp_path / "head" / "albedo.png"))[..., ::-1] / np.float32(255))
    assert _is_skin(np.median(hues(albedo.reshape(-1, 3)), 0))
