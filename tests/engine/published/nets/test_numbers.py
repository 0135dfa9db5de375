"""The networks have the names, shapes and numbers of the published ones.

Names: every list of the developers' folder. Numbers: outputs of the references run with weights made by rule.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.published.basel.uv_maps import resize, turn_off_retouching
from engine.published.nets.arcface import ArcFaceNet, face_features, warp_face
from engine.published.nets.bisenet import FaceMaskNet
from engine.published.nets.coarse import CoarseNet
from engine.published.nets.deretouch import DeRetouchNet
from engine.published.nets.df_mvr import VIEWS, MultiViewNet
from engine.published.nets.generator import deformation_generator, displacement_generator
from engine.published.nets.involution import Involution
from engine.published.nets.landmark106 import Landmark106Net, find_106_points, points_of_crop, soft_argmax
from engine.published.nets.retinaface import RetinaFaceNet
from engine.published.nets.retinaface_detect import anchors, decode_boxes, decode_points, detect_faces, prepare_picture
from reference.wide_coarse import WideCoarseNet
from support.golden.nets import common_rule, df_mvr_factor, difference, empty, filled, hrn_rule, outputs_of
from support.golden.numbers import HrnGolden, Numbers, key_lists, listing_digest
from support.golden.rules import det, normal, pattern_bytes, pattern_image, photo, smooth, uni

NETWORKS = {
    "hrn/net_coarse/keys.json": CoarseNet,
    "hrn/net_ms_head_coarse/keys.json": CoarseNet,
    "hrn/net_ms_head_coarse2_unused/keys.json": WideCoarseNet,
    "hrn/net_deformation/keys.json": deformation_generator,
    "hrn/net_displacement/keys.json": displacement_generator,
    "hrn/net_deretouch/keys.json": DeRetouchNet,
    "hrn/net_landmark106/keys.json": Landmark106Net,
    "hrn/net_retinaface/keys.json": RetinaFaceNet,
    "deep3d/keys_recon_resnet50.json": CoarseNet,
    "deep3d/keys_recon_resnet18.json": lambda: CoarseNet("resnet18"),
    "deep3d/keys_recon_resnet50_lastfc.json": lambda: CoarseNet(last_fc=True),
    "deep3d/keys_recog_iresnet50.json": ArcFaceNet,
    "tddfa_v3/keys_resnet50.json": CoarseNet,
    "tddfa_v3/keys_mbnetv3.json": lambda: CoarseNet("mobilenet_v3"),
    "tddfa_v3/keys_lmk106.json": Landmark106Net,
    "tddfa_v3/keys_retinaface.json": RetinaFaceNet,
    "df_mvr/keys_mvrnet.json": MultiViewNet,
    "df_mvr/keys_face_mask.json": FaceMaskNet,
}
HRN, F64, F32 = 1e-4, 1e-9, 2e-5


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order, and nothing taken from whatever else runs."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def goldens():
    """golden/ and the arrays of ``networks.npz`` of a method."""

    def arrays(method: str):
        return Numbers(f"{method}/networks")

    return arrays


@pytest.fixture(scope="module")
def hrn():
    return lambda name: HrnGolden(name)


def as_tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array))


def test_no_key_list_is_forgotten():
    assert set(key_lists()) == set(NETWORKS)


@pytest.mark.parametrize("file", NETWORKS)
def test_names_and_shapes(file):
    """Those of the published files, in their order: the lists' digests are compared."""
    weights = empty(NETWORKS[file]).state_dict()
    ours = [(key, tuple(w.shape), str(w.dtype).removeprefix("torch.")) for key, w in weights.items()]
    assert listing_digest(ours) == key_lists()[file], ours


# ---- HRN and ModelScope


def hrn_net(golden: HrnGolden, build, **options):
    """The network of a golden folder, after checking that the weights are the ones that made it."""
    net = filled(build, hrn_rule(golden.fact("gain")), **options)
    weights = [value for value in net.state_dict().values() if value.is_floating_point()]
    count, total = sum(value.numel() for value in weights), sum(float(value.double().sum()) for value in weights)
    assert len(net.state_dict()) == golden.fact("n_keys", len(net.state_dict()))
    assert count == golden.fact("n_float_values", count)
    assert total == pytest.approx(golden.fact("param_sum", total), rel=1e-9)
    return net


def hrn_input(golden: HrnGolden, value: np.ndarray) -> torch.Tensor:
    about = golden.fact("input", {"shape": list(value.shape), "first4": value.reshape(-1)[:4].tolist()})
    assert list(value.shape) == about["shape"] and np.allclose(value.reshape(-1)[:4], about["first4"], atol=1e-7)
    return as_tensor(value)


def test_hrn_coarse_networks(hrn):
    golden = hrn("net_coarse")
    net = hrn_net(golden, CoarseNet)
    image = hrn_input(golden, uni("input/coarse", (1, 3, 224, 224)))
    with outputs_of(net, ["backbone"]) as inner:
        coefficients = net(image)
    assert golden.error("coeffs", coefficients).max() < HRN
    assert golden.error("features", inner["backbone"]).max() < HRN
    assert hrn("net_ms_head_coarse").error("coeffs", coefficients).max() < HRN

    golden = hrn("net_ms_head_coarse2_unused")
    wide = hrn_net(golden, WideCoarseNet, known=net.state_dict())
    assert golden.error("coeffs", wide(image)).max() < HRN


@pytest.mark.parametrize(
    ("name", "build", "shape"),
    [("deformation", deformation_generator, (1, 6, 64, 64)), ("displacement", displacement_generator, (1, 9, 256, 256))],
)
def test_hrn_generators(hrn, name, build, shape):
    golden = hrn(f"net_{name}")
    net = hrn_net(golden, build)
    assert golden.error("map", net(hrn_input(golden, det(f"input/{name}", shape, 0.5)))).max() < HRN


def test_hrn_de_retouching(hrn):
    golden = hrn("net_deretouch")
    net = hrn_net(golden, DeRetouchNet)
    image = hrn_input(golden, uni("input/deretouch", (1, 3, 512, 512), -1, 1))
    assert golden.error("blend", net(image)).max() < HRN
    texture = as_tensor(2 * smooth(3, 256, 256) - 1)[None]
    albedo = turn_off_retouching(
        as_tensor(uni("input/deretouch_albedo", (1, 3, 256, 256), 0.2, 0.9)), texture, net(resize(texture, 512))
    )
    assert hrn("deretouch_run").error("albedo_out", albedo).max() < HRN


def test_hrn_106_points(hrn):
    golden = hrn("net_landmark106")
    net = hrn_net(golden, Landmark106Net)
    maps = net.heat_maps(hrn_input(golden, det("input/landmark", (1, 3, 224, 224), 0.3)))
    assert golden.error("heatmap", maps).max() < HRN
    assert golden.error("out", soft_argmax(maps)).max() < HRN
    points = points_of_crop(net, photo(224, 224))
    assert hrn("landmark106_process").error("points212", points.reshape(1, 212)).max() < HRN


def test_hrn_retinaface(hrn):
    golden = hrn("net_retinaface")
    net = hrn_net(golden, RetinaFaceNet)
    outputs = net(hrn_input(golden, det("input/retinaface", (1, 3, 512, 512), 0.5)))
    for name, value in zip(("loc", "conf_logits", "landm"), outputs, strict=True):
        assert golden.error(name, value).max() < HRN


def test_hrn_retinaface_decoding(hrn):
    golden, priors = hrn("retinaface_decode"), anchors()
    assert golden.error("priors", priors).max() < 1e-5
    boxes = decode_boxes(as_tensor(det("input/rf_loc", (10752, 4), 0.7)), priors)
    assert golden.error("boxes", boxes).max() < 1e-5
    points = decode_points(as_tensor(det("input/rf_land", (10752, 10), 0.7)), priors)
    assert golden.error("landmarks", points).max() < 1e-5


# ---- Deep3D and 3DDFA-V3


def stage_names(golden, prefix: str) -> list[str]:
    return [name.removeprefix(prefix + "stage/") for name in golden.files if name.startswith(prefix + "stage/")]


def check_network(golden, prefix: str, net, *inputs: np.ndarray) -> None:
    """Single precision where stored, then double precision with every stored stage."""
    if f"{prefix}f32" in golden.files:
        result = net(*(as_tensor(value.astype(np.float32)) for value in inputs))
        assert difference(result, golden[f"{prefix}f32"]) < F32
    net.double()
    names = stage_names(golden, prefix)
    with outputs_of(net, names) as inner:
        result = net(*(as_tensor(value).double() for value in inputs))
    assert difference(result, golden[f"{prefix}f64"]) < F64
    for name in names:
        assert difference(inner[name], golden[f"{prefix}stage/{name}"]) < F64, name


def single(image: np.ndarray) -> np.ndarray:
    """Inputs are rounded to single precision before they enter either run."""
    return image.astype(np.float32)[None]


def test_deep3d_and_tddfa_resnet50(goldens):
    net, image = filled(CoarseNet, common_rule()), single(pattern_image(3, 224, 224))
    weights = {key: value.clone() for key, value in net.state_dict().items()}
    golden = goldens("tddfa_v3")
    assert difference(net(as_tensor(image)), golden["resnet50/f32"]) < F32
    check_network(goldens("deep3d"), "resnet50/", net, image)
    with outputs_of(net, stage_names(golden, "resnet50/")) as inner:
        assert difference(net(as_tensor(image).double()), golden["resnet50/f64"]) < F64
    assert all(difference(inner[name], golden[f"resnet50/stage/{name}"]) < F64 for name in inner)

    last = filled(lambda: CoarseNet(last_fc=True), common_rule(), known=weights).double()
    assert difference(last(as_tensor(image).double()), goldens("deep3d")["resnet50_lastfc/f64"]) < F64


@pytest.mark.parametrize(
    ("method", "prefix", "backbone"), [("deep3d", "resnet18/", "resnet18"), ("tddfa_v3", "mbnetv3/", "mobilenet_v3")]
)
def test_small_coarse_networks(goldens, method, prefix, backbone):
    net = filled(lambda: CoarseNet(backbone), common_rule())
    check_network(goldens(method), prefix, net, single(pattern_image(3, 224, 224)))


def test_deep3d_recognition(goldens):
    golden, net = goldens("deep3d"), filled(ArcFaceNet, common_rule())
    image, matrix = as_tensor(single(pattern_image(3, 224, 224))), as_tensor(golden["recog/M"])
    assert difference(warp_face(image, matrix), golden["recog/crop_f32_112"]) < F32
    assert difference(face_features(net, image, matrix), golden["recog/feat_norm_f32"]) < F32
    net.double()
    names = stage_names(golden, "recog/")
    assert names
    assert difference(face_features(net, image.double(), matrix.double()), golden["recog/feat_norm_f64"]) < F64
    small = as_tensor(single(pattern_image(3, 112, 112))).double()
    with outputs_of(net, names) as inner:
        assert difference(net(2 * small - 1), golden["recog/plain_f64"]) < F64
    for name in names:
        assert difference(inner[name], golden[f"recog/stage/{name}"]) < F64, name


def test_tddfa_106_points(goldens):
    net = filled(Landmark106Net, common_rule())
    net.block19.weight *= 5e-6  # else the soft-argmax saturates
    picture = pattern_bytes(224, 224, 0.3).astype(np.float64) - (103.94, 116.78, 123.68)
    check_network(goldens("tddfa_v3"), "lmk106/", net, single((picture / 255).transpose(2, 0, 1)))


def test_tddfa_106_points_in_two_passes(goldens):
    golden, crops, k = goldens("tddfa_v3"), [], np.arange(106)

    def predict(crop: np.ndarray) -> np.ndarray:
        crops.append(crop)
        red = 0.1 * crop[100, 100, 0]
        return np.stack([112 + 60 * np.cos(0.37 * k) + red, 112 + 70 * np.sin(0.53 * k)], 1)

    picture = np.ascontiguousarray(pattern_bytes(400, 560, 0.7)[..., ::-1])
    points = find_106_points(predict, picture, [[300, -20, 520, 240], [60, 90, 200, 250]])
    assert np.abs(points - golden["lmk106/wrapper/landmarks"]).max() < 1e-4
    for number, crop in enumerate(crops):
        assert difference(crop, golden[f"lmk106/wrapper/crop{number}"]) == 0, number
    assert len(crops) == 4


def test_tddfa_retinaface(goldens):
    golden, net = goldens("tddfa_v3"), filled(RetinaFaceNet, common_rule()).double()
    image = single((pattern_image(3, 512, 512, 0.2) - 0.45) / 0.225)
    names = stage_names(golden, "retinaface/")
    assert names
    with outputs_of(net, names) as inner:
        outputs = net(as_tensor(image).double())
    for name, value in zip(("loc", "conf", "land"), outputs, strict=True):
        assert np.array_equal(value.shape, golden[f"retinaface/{name}_shape"])
        assert difference(value, golden[f"retinaface/{name}_f64"]) < F64
    for name in names:
        assert difference(inner[name], golden[f"retinaface/stage/{name}"]) < F64, name


def test_tddfa_face_detection(goldens):
    golden, priors = goldens("tddfa_v3"), anchors()
    offsets, points = (
        as_tensor(normal(name, (10752, size), 0.5).astype(np.float32)) for name, size in (("loc", 4), ("lan", 10))
    )
    assert np.array_equal(priors.shape, golden["retinaface/prior_count"])
    assert difference(priors, golden["retinaface/prior"]) < 1e-5
    assert difference(decode_boxes(offsets, priors), golden["retinaface/decode_box"]) < 1e-5
    assert difference(decode_points(points, priors), golden["retinaface/decode_land"]) < 1e-5

    classes = torch.tensor([6.0, 0.0]).repeat(10752, 1)
    for number, hit in enumerate(golden["retinaface/predict_hits"]):
        classes[hit, 1] = 7 + 0.35 * number
    image = pattern_bytes(300, 451, 0.1)
    assert difference(prepare_picture(image)[0], golden["retinaface/predict_input"]) < 1e-5
    faces = detect_faces(lambda _square: (offsets[None], classes[None], points[None]), image)
    assert np.abs([face.box for face in faces] - golden["retinaface/predict_bbox"]).max() <= 1
    assert np.abs([face.points for face in faces] - golden["retinaface/predict_landmarks"]).max() <= 1
    assert np.allclose([face.score for face in faces], golden["retinaface/predict_score"], atol=1e-6)
    assert detect_faces(lambda _square: (offsets[None], 0 * classes[None], points[None]), image) == []


# ---- DF_MVR


def test_df_mvr(goldens):
    golden = goldens("df_mvr")
    parser = {f"mask_model.{key}": value for key, value in FaceMaskNet().state_dict().items()}  # not asked here
    net = filled(MultiViewNet, common_rule(df_mvr_factor), known=parser)
    y, x = np.mgrid[:224, :224]
    views = []
    for phase in (0.0, 0.8, 1.6):
        labels = np.floor(5 + 4.9 * np.sin(0.05 * x + phase) * np.cos(0.04 * y))
        views.append(single(np.concatenate([2 * pattern_image(3, 224, 224, phase) - 1, labels[None]])))
    found = net(*map(as_tensor, views))
    heads = [name.removeprefix("para_f32/") for name in golden.files if name.startswith("para_f32/")]
    assert set(heads) == set(found) and all(f"face_rotate_{view}" in found for view in VIEWS)
    for name in heads:
        assert np.abs(found[name].numpy() - golden[f"para_f32/{name}"]).max() < 1e-5, name
    net.double()
    names = stage_names(golden, "")
    with outputs_of(net, [*names, "uuunet"]) as inner:
        found = net(*(as_tensor(view).double() for view in views))
    for name in heads:
        assert difference(found[name], golden[f"para_f64/{name}"]) < F64, name
    assert np.array_equal(inner["uuunet"].shape, golden["fusion_shape"])
    assert difference(inner["uuunet"], golden["fusion_f64"]) < F64
    for name in names:
        assert difference(inner[name], golden[f"stage/{name}"]) < F64, name


@pytest.mark.parametrize(("channels", "kernel", "stride", "side"), [(32, 3, 1, 24), (64, 7, 1, 14), (128, 7, 2, 14)])
def test_involution(goldens, channels, kernel, stride, side):
    golden = goldens("df_mvr")
    net = filled(
        lambda: Involution(channels, kernel, stride), common_rule(), prefix=f"inv{channels}_{kernel}_{stride}."
    ).double()
    source = normal(f"inv_in{channels}_{kernel}_{stride}", (2, channels, side, side)).astype(np.float32)
    result, name = net(as_tensor(source).double()), f"involution/c{channels}_k{kernel}_s{stride}"
    assert np.array_equal(result.shape, golden[f"{name}/shape"])
    assert difference(result, golden[name]) < F64


def test_df_mvr_face_parser(goldens):
    golden = goldens("df_mvr")
    net = filled(FaceMaskNet, common_rule(), prefix="mask_model.").double()
    outputs = net(as_tensor(single(2 * pattern_image(3, 224, 224, 0.3) - 1)).double())
    assert np.array_equal(outputs[0].shape, golden["bisenet/shape"])
    for number, value in enumerate(outputs):
        assert difference(value, golden[f"bisenet/out{number}_f64"]) < F64, number
    labels = outputs[0].argmax(1)[0, ::4, ::4].numpy()
    assert (labels != golden["bisenet/argmax"]).sum() <= 3
