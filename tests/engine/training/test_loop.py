"""Training of the coarse network: data, objective, exact continuation, several processes."""

from __future__ import annotations

import csv
import dataclasses
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from engine.cli import main
from engine.published.basel import losses
from engine.published.basel.alignment import five_points
from engine.published.basel.coefficients import split
from engine.published.basel.files import read_bfm_front
from engine.published.basel.model import recentred
from engine.published.nets.arcface import ArcFaceNet
from engine.published.nets.official import load
from engine.training import checkpoint, layout, record
from engine.training.dataset import CropBatch, FaceCrops, epoch_batches
from engine.training.loop import Pictures, TrainingOptions, build_network, train
from engine.training.objective import Objective
from engine.training.schedule import make_schedule
from engine.training.synthetic import draw_coefficients, face_fields, make_pictures
from engine.wire.errors import ErrorCode, HrnError
from support.checkout import ROOT, python_path
from support.golden import models as golden_models

OPTIONS = TrainingOptions(
    epochs=2, batch=4, learning_rate=1e-3, backbone="resnet18", size=32, workers=0, log_every=1, front_mask="corrected"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder of 12 pictures to learn from and 4 to measure on, model and template of the small grid."""
    folder = tmp_path_factory.mktemp("training")
    model = golden_models.mini_model()
    front = np.arange(480, 1440)
    inside = np.isin(model.triangles, front).all(1)
    (folder / "model").mkdir()
    savemat(
        folder / "model/BFM_model_front.mat",
        {
            "meanshape": model.mean.reshape(1, -1),
            "idBase": 40 * model.identity_basis,
            "exBase": 20 * model.expression_basis,
            "meantex": model.mean_texture.reshape(1, -1),
            "texBase": 5 * model.texture_basis,
            "tri": model.triangles + 1,
            "point_buf": model.vertex_faces + 1,
            "keypoints": model.keypoints[None] + 1,
            "frontmask2_idx": front[:, None] + 1,
            "tri_mask2": model.triangles[inside] - 480 + 1,
            "skinmask": np.ones((1, 1920)),
        },
    )
    stored = read_bfm_front(folder / "model/BFM_model_front.mat", vertices=None)
    points = recentred(stored.mean)[stored.keypoints].astype(float)
    savemat(folder / "model/similarity_Lm3D_all.mat", {"lm": points})
    make_pictures(folder, stored, 12, mode="train")
    make_pictures(folder, stored, 2, mode="val")
    return folder, stored, five_points(points), layout.read_list(folder, "train"), layout.read_list(folder, "val")


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield


def learn(data, out, options=OPTIONS, stop=lambda: False):
    _folder, model, template, samples, held_out = data
    return train(Pictures(samples, held_out, template), model, out, options, stop=stop)


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("uninterrupted")
    return out, learn(data, out)


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def test_an_interrupted_training_goes_on_bit_by_bit(data, trained, tmp_path, after=4):
    """Stopped within the second epoch."""
    calls = iter(range(1, 100))
    with pytest.raises(HrnError) as caught:
        learn(data, tmp_path, stop=lambda: next(calls) == after)
    assert caught.value.code is ErrorCode.CANCELLED
    assert checkpoint.read_state(tmp_path / checkpoint.LATEST)["position"]["iteration"] == after
    learn(data, tmp_path)
    for name in ("epoch_2.pth", checkpoint.LATEST):
        assert same(checkpoint.read_state(tmp_path / name), checkpoint.read_state(trained[0] / name))
    assert (tmp_path / "training.csv").read_text() == (trained[0] / "training.csv").read_text()
    assert (tmp_path / "validation.csv").read_text() == (trained[0] / "validation.csv").read_text()


def test_states_are_official_files(trained):
    out, errors = trained
    state = torch.load(out / "epoch_2.pth", weights_only=True)
    assert {"net_recon", "opt_00", "sched_00"} <= state.keys()
    net = load("deep3d.coarse_resnet18", out / "epoch_2.pth")
    assert net(torch.zeros(1, 3, 64, 64)).shape == (1, 257)
    assert [row["iteration"] for row in rows(out / "training.csv")] == list("123456")
    assert float(rows(out / "validation.csv")[-1]["landmarks_px"]) == pytest.approx(errors["landmarks_px"], rel=1e-4)
    assert not list(out.glob(".*"))


def test_the_loss_falls_and_the_rate_follows_the_schedule(data, tmp_path):
    options = dataclasses.replace(OPTIONS, epochs=2, batch=2, learning_rate=2e-4, decay_epochs=1, augment=False)
    learn(data, tmp_path, options)
    course = [(float(row["loss"]), float(row["rate"])) for row in rows(tmp_path / "training.csv")]
    assert np.mean(course[-6:], 0)[0] < 0.9 * np.mean(course[:6], 0)[0]
    assert [rate for _, rate in course] == pytest.approx([2e-4] * 6 + [4e-5] * 6)


def rates(kind, losses, **options):
    """The learning rates of ten epochs, beginning with 1, whose held-out losses are given."""
    optimizer = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make_schedule(optimizer, kind, **{"epochs": 10, "decay_epochs": 4, "decay": 0.2, **options})
    found = []
    for loss in losses:
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step(*([loss] if kind == "plateau" else []))
    return found


def test_schedules():
    ten = range(10)
    assert rates("step", ten) == pytest.approx([1] * 4 + [0.2] * 4 + [0.04] * 2)
    assert rates("linear", ten) == pytest.approx([1] * 4 + [1 - k / 7 for k in range(1, 7)])
    assert rates("linear", ten, decay_epochs=10) == [1] * 10
    assert rates("cosine", ten) == pytest.approx([(1 + np.cos(np.pi * k / 10)) / 2 for k in ten])
    assert rates("plateau", [1.0] * 8 + [0.5] * 2) == pytest.approx([1] * 7 + [0.2] * 3)
    assert rates("plateau", [0.95**k for k in ten]) == [1] * 10
    with pytest.raises(ValueError, match="sawtooth"):
        rates("sawtooth", ten)


def test_a_plateau_looks_at_what_is_held_out_and_is_remembered(data, tmp_path, monkeypatch):
    asked = []
    step = torch.optim.lr_scheduler.ReduceLROnPlateau.step
    monkeypatch.setattr(
        torch.optim.lr_scheduler.ReduceLROnPlateau,
        "step",
        lambda self, loss, *more: asked.append(loss) or step(self, loss, *more),
    )
    options = dataclasses.replace(OPTIONS, schedule="plateau")
    learn(data, tmp_path, dataclasses.replace(options, epochs=1))
    learn(data, tmp_path, options)
    assert asked == pytest.approx([float(row["loss"]) for row in rows(tmp_path / "validation.csv")[1:]], rel=1e-4)
    best = checkpoint.read_state(tmp_path / checkpoint.LATEST)["sched_00"]["best"]
    assert best == pytest.approx(min(asked)) and len(asked) == 2
    for schedule, held_out in (("step", data[4]), ("plateau", [])):
        with pytest.raises(HrnError) as caught:
            learn((*data[:4], held_out), tmp_path, dataclasses.replace(options, schedule=schedule))
        assert caught.value.code is ErrorCode.SETTINGS_INVALID


def test_two_processes_share_a_batch(data, tmp_path):
    """The first step of the heads' biases depends on the whole batch only, since the heads start at zero."""
    command = [
        "-m",
        "engine",
        "train",
        "deep3d",
        "--data",
        str(data[0]),
        "--backbone",
        "resnet18",
        "--size",
        "32",
        "--batch",
        "12",
        "--epochs",
        "1",
        "--workers",
        "0",
        "--device",
        "cpu",
        "--learning-rate",
        "1e-3",
        "--no-augmentation",
    ]
    env = python_path(OMP_NUM_THREADS="1")
    two = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc_per_node",
            "2",
            *command,
            "--out",
            str(tmp_path / "two"),
        ],
        capture_output=True,
        text=True,
        env=env,
        cwd=ROOT,
    )
    assert two.returncode == 0, two.stderr[-3000:]
    assert two.stdout.count("12 pictures, 2 held out; 2 × cpu") == 1 and "recognition term is off" in two.stdout
    assert main([*command[2:], "--out", str(tmp_path / "one")]) == 0
    (a, b) = (checkpoint.read_state(tmp_path / name / "epoch_1.pth") for name in ("one", "two"))
    assert a["net_recon"].keys() == b["net_recon"].keys() and b["position"]["iteration"] == 1
    for head in (0, 1, 2, 5):
        moment = [state["opt_00"]["state"][60 + 2 * head + 1]["exp_avg"] for state in (a, b)]
        assert torch.nn.functional.cosine_similarity(*moment, dim=0) > 0.99


def test_half_precision_and_one_last_layer(data, tmp_path):
    options = dataclasses.replace(OPTIONS, epochs=1, batch=12, precision="bf16", last_fc=True)
    assert np.isfinite(learn(data, tmp_path, options)["vertices_mm"])
    assert checkpoint.read_state(tmp_path / "epoch_1.pth")["net_recon"]["backbone.fc.weight"].dtype == torch.float32


def crops(data, augment, size=32):
    return FaceCrops(data[3], data[2], size=size, augment=augment, seed=3)


def batch_of(crops, keys):
    return CropBatch(*(torch.stack(part) for part in zip(*(crops.crop(key) for key in keys), strict=True)))


def test_crops_do_not_depend_on_their_order(data):
    a, b = crops(data, True), crops(data, True)
    second = b.crop((1, 5))
    first = a.crop((0, 5))
    assert all(torch.equal(x, y) for x, y in zip(a.crop((1, 5)), second, strict=True) if not x.isnan().any())
    assert not torch.equal(first.picture, second.picture)
    assert first.picture.shape == (3, 32, 32) and 0 <= first.skin.min() and first.skin.max() <= 1


def test_aligned_landmarks_lie_on_the_truth(data):
    """The crop of a rendered picture is nearly the picture again, so true coefficients give its landmarks."""
    objective = Objective(data[1], size=32, front_mask="whole")
    batch = batch_of(crops(data, False), [(0, number) for number in range(4)])
    shape = objective(batch.truth, batch)
    assert objective.errors(shape, batch)["vertices_mm"].max() < 1e-3
    guess = objective(torch.zeros_like(batch.truth), batch)
    assert objective.errors(shape, batch)["landmarks_px"].mean() < objective.errors(guess, batch)["landmarks_px"].mean()


def test_synthetic_coefficients_are_standard_deviations():
    """As with the Basel model: the prior and the steps of training are made for such units."""
    from engine.head import load_head_model

    head = load_head_model()
    drawn = split(draw_coefficients(head.expression_names, 400, np.random.default_rng(0)))
    assert 0.7 < drawn.identity.std() < 1.1 and 0.7 < drawn.expression[:, :52].square().mean().sqrt() < 1.3
    # Decimetres: no unit of an expression moves the face by centimetres.
    assert 0.005 < np.abs(face_fields(head)["exBase"]).max() < 0.08


def test_every_picture_once_an_epoch_and_shared_by_all_processes():
    whole = epoch_batches(11, 4, 3, seed=5)
    assert len(whole) == 2 and len({key for batch in whole for key in batch}) == 8
    shares = [epoch_batches(11, 4, 3, seed=5, rank=rank, world=2) for rank in (0, 1)]
    assert [sorted(a + b) for a, b in zip(*shares, strict=True)] == [sorted(batch) for batch in whole]
    assert epoch_batches(11, 4, 3, seed=5, first=1) == whole[1:] and epoch_batches(11, 4, 4, seed=5) != whole


def test_front_masks(data):
    """The released code draws triangles that are none of the mesh; corrected ones are."""
    raw, front = (torch.from_numpy(array) for array in (data[1].front_triangles, data[1].front_vertices))
    mesh = set(map(tuple, data[1].triangles.tolist()))
    share = [
        np.mean([tuple(triangle) in mesh for triangle in losses.front_triangles(raw, front, corrected=fixed).tolist()])
        for fixed in (False, True)
    ]
    assert share[1] == 1
    batch = batch_of(crops(data, False), [(0, 0), (0, 1)])
    photo = {
        kind: float(Objective(data[1], size=32, front_mask=kind)(torch.zeros(2, 257), batch).terms["photo"])
        for kind in ("released", "corrected", "whole")
    }
    assert len(set(photo.values())) == 3
    with pytest.raises(HrnError):
        Objective(dataclasses.replace(data[1], skin=None))


def test_recognition_term(data):
    torch.manual_seed(0)
    net = ArcFaceNet().eval().requires_grad_(False)
    batch = batch_of(crops(data, False, 224), [(0, 0), (0, 1)])
    vector = torch.zeros(2, 257, requires_grad=True)
    terms = Objective(data[1], recognition=net)(vector, batch).terms
    assert set(terms) == {"features", "photo", "landmarks", "prior", "gamma", "reflectance"}
    (slope,) = torch.autograd.grad(terms["features"], vector)
    assert slope.isfinite().all() and slope[:, 144:224].abs().max() > 0
    with pytest.raises(HrnError):
        Objective(data[1], recognition=net, size=64)


def test_starting_weights(data, trained, tmp_path):
    assert torch.equal(build_network(OPTIONS).backbone.conv1.weight, build_network(OPTIONS).backbone.conv1.weight)
    again = build_network(dataclasses.replace(OPTIONS, init=trained[0] / "epoch_2.pth"))
    assert torch.equal(
        again.state_dict()["final_layers.3.bias"],
        checkpoint.read_state(trained[0] / "epoch_2.pth")["net_recon"]["final_layers.3.bias"],
    )
    trunk = {**again.backbone.state_dict(), "fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    torch.save(trunk, tmp_path / "resnet18.pth")
    for last_fc in (False, True):
        net = build_network(dataclasses.replace(OPTIONS, init=tmp_path / "resnet18.pth", last_fc=last_fc))
        assert torch.equal(net.backbone.conv1.weight, again.backbone.conv1.weight)
        assert all(parameter.requires_grad for parameter in net.parameters())


def test_a_failed_write_keeps_the_old_state(tmp_path, monkeypatch):
    path = tmp_path / "state.pth"
    checkpoint.write_state(path, {"a": 1})

    def full(_state, file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(HrnError) as caught:
        checkpoint.write_state(path, {"a": 2})
    assert caught.value.code is ErrorCode.DISK_FULL
    assert torch.load(path, weights_only=True) == {"a": 1} and [file.name for file in tmp_path.iterdir()] == ["state.pth"]


def test_errors_say_what_to_do(data, trained, tmp_path):
    def code(out, options, samples=None):
        with pytest.raises(HrnError) as caught:
            train(Pictures(samples or data[3], [], data[2]), data[1], out, options)
        return caught.value

    assert code(tmp_path, dataclasses.replace(OPTIONS, batch=32)).code is ErrorCode.SETTINGS_INVALID
    assert code(tmp_path, dataclasses.replace(OPTIONS, precision="fp16")).code is ErrorCode.SETTINGS_INVALID
    assert code(trained[0], dataclasses.replace(OPTIONS, batch=6)).code is ErrorCode.SETTINGS_INVALID
    torch.save({"net_recon": {}}, tmp_path / "epoch_3.pth")
    assert code(tmp_path, OPTIONS).code is ErrorCode.CHECKPOINT_INVALID
    with pytest.raises(HrnError) as caught:
        layout.read_list(tmp_path, "train")
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    broken = layout.write_sample(tmp_path / "set", "x", np.zeros((8, 8, 3), np.uint8), np.zeros((68, 2)))
    broken.image.write_bytes(b"no picture")
    assert "x.png" in code(tmp_path / "new", dataclasses.replace(OPTIONS, batch=2), [broken] * 2).message


def test_events_are_records_with_checksums(tmp_path):
    events = record.EventFile(tmp_path)
    events.scalar("loss", 0.5, 300)
    events.close()
    assert record.checksum(b"123456789") == struct.pack(
        "<I", ((0xE3069283 >> 15 | 0xE3069283 << 17 & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF
    )
    content = next(tmp_path.iterdir()).read_bytes()
    messages = []
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        assert content[8:12] == record.checksum(content[:8])
        messages.append(content[12 : 12 + length])
        assert content[12 + length : 16 + length] == record.checksum(messages[-1])
        content = content[16 + length :]
    assert len(messages) == 2 and messages[1].endswith(b"loss\x15" + struct.pack("<f", 0.5))


def test_tables_forget_what_came_after_the_state(tmp_path):
    table = record.Table(tmp_path / "t.csv", ("iteration", "loss"), 0)
    for iteration in (1, 2, 3):
        table.add({"iteration": iteration, "loss": 0.1 * iteration})
    table.close()
    record.Table(tmp_path / "t.csv", ("iteration", "loss"), 2).close()
    assert [row["iteration"] for row in rows(tmp_path / "t.csv")] == ["1", "2"]


def test_photos_become_data_and_stay_as_they_are(data, portrait, tmp_path):
    source = tmp_path / "photos"
    (source / "detections").mkdir(parents=True)
    Image.open(portrait).convert("RGB").save(source / "a woman.jpg")
    Image.fromarray(np.full((80, 90, 3), 120, np.uint8)).save(source / "empty.png")
    Image.open(portrait).convert("RGB").save(source / "given.png")
    template = recentred(data[1].mean)[data[1].keypoints]
    points = template[:, :2] * (90, -90) + (200, 200)
    np.savetxt(source / "detections/given.txt", points)
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    out = tmp_path / "data"
    command = [
        "train",
        "deep3d",
        "--data",
        str(out),
        "--lm3d",
        str(data[0] / "model/similarity_Lm3D_all.mat"),
        "--prepare",
        str(source),
    ]
    assert main(command) == 0
    assert main([*command[:-1], str(source / "a woman.jpg"), "--mode", "val"]) == 0
    assert before == {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    samples = layout.read_list(out, "train")
    assert [sample.image.name for sample in samples] == ["a_woman.png", "given.png"]
    assert layout.read_list(out, "val")[0].image.name == "a_woman_2.png"
    size = Image.open(samples[1].image).size
    np.testing.assert_allclose(layout.read_landmarks(samples[1].landmarks), points * (1, -1) + (0, size[1] - 1), atol=1e-3)
    marks = layout.read_landmarks(samples[0].landmarks)
    assert marks[27:31, 1].argmax() == 0 and marks[36, 0] < marks[45, 0]  # y up: the nose's root above its tip
    mask = np.asarray(Image.open(samples[0].mask))
    height, x, y = len(mask), *marks[30].astype(int)
    assert mask.shape[2] == 3 and mask[height - 1 - y - 5 : height - 1 - y + 5, x - 5 : x + 5].mean() > 128
    main([*command[:-1], str(source / "empty.png")])
    assert "No face" in (out / "unusable.txt").read_text()
    crop = FaceCrops(samples, five_points(template), augment=False).crop((0, 0))
    assert crop.picture.shape == (3, 224, 224)
