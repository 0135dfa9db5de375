"""Crops, the way back to the photo and the camera over the uncropped photo."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.published.basel import alignment, border
from engine.published.basel.coefficients import split
from engine.published.basel.model import FaceModel
from engine.wire.errors import ErrorCode, HrnError
from reference import face_box
from support.golden import models as golden_models
from support.golden.numbers import HrnGolden, Numbers
from support.golden.rules import normal, pattern_bytes, photo, strided
from support.official.licensed import official_file

_FIVE = np.array([(330, 190), (470, 186), (404, 300), (340, 400), (470, 402)], float)
"""Of ``golden/hrn/align_for_lm``, in its photo of 600 x 800."""


@pytest.mark.parametrize("name", ["shrink", "enlarge", "offside"])
def test_hrn_crops(name):
    golden = HrnGolden(f"align_{name}")
    height, width = golden.fact("image")
    image = photo(height, width)
    template = HrnGolden("lm3d")["five"]
    landmarks = alignment.flip_y(golden["lm68_ydown"].astype(np.float64), height)
    similarity = alignment.estimate_similarity(alignment.five_points(landmarks), template)
    assert golden.error("pos_s", np.float64(similarity.scale)).max() < 1e-5
    assert golden.error("pos_t", [[similarity.tx], [similarity.ty]]).max() < 1e-5
    for suffix, size, rescale in (("", 224, 102.0), ("512", 512, 102.0 * 512 / 224), ("75", 224, 75.0)):
        window, crop, moved = alignment.align(image, landmarks, template, size=size, rescale=rescale)
        assert golden.error("params" + suffix, window.params).max() < 1e-5
        assert golden.error("lm_crop" + suffix, moved).max() < 1e-5
        crop_name = "crop" + (suffix or "224")
        assert np.abs(golden.sample(crop_name, crop).astype(int) - golden[crop_name]).max() <= 1
        np.testing.assert_allclose(alignment.to_photo(moved, window), landmarks, atol=1e-9)


def test_template_points():
    from support.golden.rules import state_of

    template = state_of("lm3d_all").standard_normal((68, 3)) * 0.3
    template[[36, 39, 42, 45, 30, 48, 54]] = [
        (-0.46, 0.29, 0.02),
        (-0.17, 0.28, 0.10),
        (0.17, 0.28, 0.10),
        (0.46, 0.29, 0.02),
        (0, -0.02, 0.52),
        (-0.27, -0.40, 0.16),
        (0.27, -0.40, 0.16),
    ]
    golden = HrnGolden("lm3d")
    mini = HrnGolden("mini_model")
    for stored, name in ((golden, "five"), (mini, "lm3d_five")):
        assert stored.error(name, alignment.five_points(template)).max() < 1e-6, name


def test_deep3d_alignment_from_5_and_68_points():
    golden = Numbers("deep3d/maths")
    image = pattern_bytes(523, 401)
    template = golden["align/lm3d_std"].astype(np.float64)
    five = alignment.flip_y(golden["align/lm5_in"].astype(np.float64), 523)
    window, crop, moved = alignment.align(image, five, template)
    np.testing.assert_allclose(window.params, golden["align/trans_params"], rtol=1e-6)
    np.testing.assert_allclose(moved, golden["align/lm5_out"], rtol=1e-6)
    difference = np.abs(strided(crop, 4096).astype(int) - golden["align/image_out"])
    assert (difference <= 1).mean() > 0.995
    points = golden["align/lm68_in"]
    np.testing.assert_allclose(alignment.five_points(points), golden["align/extract_5p"], rtol=1e-6)
    window, _, moved = alignment.align(image, points, template)
    np.testing.assert_allclose(window.params, golden["align/trans_params_68"], rtol=1e-6)
    np.testing.assert_allclose(moved, golden["align/lm68_out"], rtol=1e-6)


def test_crop_for_the_landmark_network():
    golden = HrnGolden("align_for_lm")
    image = photo(600, 800)[..., ::-1]
    points = _FIVE
    regressor = golden_models.box_regressor()
    assert golden.error("synthetic_bbox", face_box.regress_box(points, regressor)).max() < 1e-5
    crop, box = face_box.crop_for_landmarks(image, points, regressor)
    assert golden.equal("synthetic_bbox_int", np.array(box[:4]))
    assert golden.error("synthetic_scale", np.reshape(box.scale, golden["synthetic_scale"].shape)).max() < 1e-6
    assert np.abs(golden.sample("synthetic_crop", crop).astype(int) - golden["synthetic_crop"]).max() <= 1
    np.testing.assert_allclose(face_box.to_photo((points - [box.x, box.y]) * box.scale, box), points)


def test_crops_around_boxes_of_the_official_regressor():
    """What was cut with the regressor; the test after this one needs the regressor itself."""
    hrn = HrnGolden("align_for_lm")
    crop, box = face_box.cut_box(photo(600, 800)[..., ::-1], hrn["real_bbox"])
    assert list(box[:4]) == hrn["real_bbox_int"].tolist() and box.scale == pytest.approx(float(hrn["real_scale"]), rel=1e-6)
    assert np.abs(hrn.sample("real_crop", crop).astype(int) - hrn["real_crop"]).max() <= 1
    golden = Numbers("deep3d/maths")
    crop, box = face_box.cut_box(pattern_bytes(523, 401)[..., ::-1], golden["lm68det/bbox_float"])
    assert list(box[:4]) == golden["lm68det/bbox_int"].tolist()
    assert box.scale == pytest.approx(float(golden["lm68det/scale"][0]), rel=1e-6)
    assert (np.abs(strided(crop, 2048).astype(int) - golden["lm68det/crop"]) <= 1).mean() > 0.995


def test_the_official_regressor():
    regressor = face_box.read_box_regressor(official_file("BBRegressorParam_r.mat"))
    golden = HrnGolden("align_for_lm")
    assert golden.error("real_bbox", face_box.regress_box(_FIVE, regressor)).max() < 1e-5
    crop, box = face_box.crop_for_landmarks(photo(600, 800)[..., ::-1], _FIVE, regressor)
    assert list(box[:4]) == golden["real_bbox_int"].tolist()
    assert np.abs(golden.sample("real_crop", crop).astype(int) - golden["real_crop"]).max() <= 1
    deep3d = Numbers("deep3d/maths")
    found = face_box.regress_box(deep3d["align/lm5_in"], regressor)
    np.testing.assert_allclose(found, deep3d["lm68det/bbox_float"], rtol=1e-6)


def _answer(golden):
    """The network's answer, its box, and where the points lie in the photo."""
    left, top, side, _ = golden["lm68det/bbox_int"]
    return (
        golden["lm68det/net_out"][0],
        face_box.FaceBox(left, top, side, side, 224 / side),
        golden["lm68det/landmarks"].astype(np.float64),
    )


def test_answers_of_the_68_point_network_return_to_the_photo():
    """Without the file of the mean face: the one that the stored landmarks imply is a face, upright and symmetric, and
    leads back to them."""
    output, box, up = _answer(Numbers("deep3d/maths"))
    rows = (522 - up[:, 1] - box.y) * box.scale
    implied = np.stack([(up[:, 0] - box.x) * box.scale, 223 - rows], 1) - output.reshape(68, 2)
    assert abs(implied[0, 0] + implied[16, 0]) < 2 and abs(implied[36, 0] + implied[45, 0]) < 3
    assert implied[[36, 45], 1].min() > implied[30, 1] > implied[[48, 54], 1].max() > implied[8, 1]
    np.testing.assert_allclose(face_box.landmarks_of_network(output, implied, box, 523), up, rtol=1e-6)


def test_the_official_mean_face():
    mean = np.loadtxt(official_file("test_mean_face.txt")).reshape(68, 2)
    output, box, up = _answer(Numbers("deep3d/maths"))
    np.testing.assert_allclose(face_box.landmarks_of_network(output, mean, box, 523), up, rtol=1e-6)


@pytest.mark.parametrize("shift, inside", [((-100, -60), True), ((330, 240), True), ((-900, 0), False)])
def test_a_face_box_beside_the_photo(shift, inside):
    """The window equals the one cut from the whole black canvas, also where it leaves the canvas."""
    import cv2

    image = photo(300, 400)
    points = np.array([(165, 95), (235, 93), (202, 150), (170, 200), (235, 201)], float) + shift
    result = face_box.crop_for_landmarks(image, points, golden_models.box_regressor())
    assert (result is not None) == inside
    if inside:
        crop, box = result
        canvas = np.zeros((600, 800, 3), np.uint8)
        canvas[150:450, 200:600] = image
        x, y = box.x + 200, box.y + 150
        part = canvas[y : y + box.height, x : x + box.width]
        np.testing.assert_array_equal(crop, cv2.resize(part, (224, 224), interpolation=cv2.INTER_CUBIC))


def test_degenerate_landmarks_are_errors_in_words():
    template = normal("template", (5, 3))
    with pytest.raises(HrnError) as caught:
        alignment.align(photo(50, 60), np.full((5, 2), 7.0), template)
    assert caught.value.code == ErrorCode.NO_FACE
    with pytest.raises(HrnError) as caught:
        alignment.align(photo(500, 600), template[:, :2] * 0.2 + 100, template)
    assert caught.value.code == ErrorCode.FACE_TOO_SMALL


@pytest.mark.parametrize("size", [224, 512])
@pytest.mark.parametrize(
    "height, width, place, pixels",
    [(777, 501, (260.3, 420.9), 131.7), (300, 420, (60.0, 250.0), 151.3), (240, 200, (90.0, 110.0), 70.6)],
)
def test_the_camera_over_the_photo_sees_what_the_crop_camera_sees(height, width, place, pixels, size):
    """Crop pixels of the reference's projection, carried to the photo by the crop's own resize and offset."""
    model = FaceModel.build(golden_models.mini_model())
    face = model(split(torch.from_numpy(golden_models.mini_coefficients())))
    window = alignment.crop_window(width, height, alignment.Similarity(pixels, *place), size=size, rescale=102 * size / 224)
    origin = border.eye_origin(model)
    points = border.to_engine(face.shape[0].numpy(), origin)
    translation = split(torch.from_numpy(golden_models.mini_coefficients())).translation[0]
    camera = border.camera_over_photo(face.rotation[0].numpy(), translation.numpy(), window, origin)
    pixel, depth = camera.project(points.astype(np.float64))
    y_up = face.projection[0].double().numpy()
    in_crop = np.stack([y_up[:, 0], 224 - y_up[:, 1]], 1) * size / 224
    expected = alignment.crop_pixels_to_photo(in_crop, window)
    np.testing.assert_allclose(pixel, expected, atol=1e-3)
    np.testing.assert_allclose(depth, face.camera[0, :, 2] * 100, atol=1e-3)
    # The resized picture is where the crop says: the middle of a photo pixel comes back to itself.
    assert np.linalg.det(camera.R) == pytest.approx(1, abs=1e-6)


def test_the_landmark_camera_meets_landmarks_of_the_photo():
    """Landmarks found in the photo, moved to the crop as the loss sees them, come back by the camera."""
    model = FaceModel.build(golden_models.mini_model())
    parts = split(torch.from_numpy(golden_models.mini_coefficients()))
    face = model(parts)
    # A window without truncation: both of the references' mappings are then one.
    window = alignment.crop_window(640, 480, alignment.Similarity(51.0, 300.0, 200.0))
    assert window.resized == (1280, 960)
    origin = border.eye_origin(model)
    camera = border.camera_over_photo(
        face.rotation[0].numpy(), parts.translation[0].numpy(), window, origin, follow="landmarks"
    )
    landmarks = alignment.flip_y(alignment.to_photo(face.landmarks[0].numpy(), window), 480)
    pixel, _ = camera.project(border.to_engine(face.shape[0, model.keypoints].numpy(), origin).astype(float))
    # Index i is the pixel whose centre is i + 0.5; the resize by two moves an index by a quarter of a pixel.
    np.testing.assert_allclose(pixel, landmarks + 0.5, atol=0.2501)
