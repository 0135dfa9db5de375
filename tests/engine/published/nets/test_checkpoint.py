"""Official files are read as data: nothing in them runs, every difference is named."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from engine.published.nets.checkpoint import load_network, read_checkpoint, read_npy_dictionary
from engine.wire.errors import ErrorCode, HrnError


class Tiny(nn.Module):
    """Two layers with the kinds of entries that official files hold."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.bn = nn.BatchNorm2d(3)


class Exploit:
    """Unpickling this makes a directory."""

    def __init__(self, marker: Path):
        self.marker = str(marker)

    def __reduce__(self):
        return os.mkdir, (self.marker,)


@pytest.fixture()
def marker(tmp_path) -> Path:
    """A directory that the exploit makes; proven to work before the test, absent again at its start and at its end."""
    path = tmp_path / "executed"
    pickle.loads(pickle.dumps(Exploit(path)))
    assert path.is_dir(), "the exploit of this test does not work"
    path.rmdir()
    yield path
    assert not path.exists(), "a file was executed while it was read"


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(5)
    net = Tiny()
    nn.init.uniform_(net.bn.running_mean)
    return {key: value.clone() for key, value in net.state_dict().items()}


def refused(call, *arguments) -> HrnError:
    with pytest.raises(HrnError) as caught:
        call(*arguments)
    assert caught.value.code is ErrorCode.CHECKPOINT_INVALID
    assert "Traceback" not in str(caught.value) and "\n" not in caught.value.message
    return caught.value


def same(net: nn.Module, weights: dict) -> bool:
    return all(torch.equal(net.state_dict()[key], value) for key, value in weights.items())


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: w,
        lambda w: OrderedDict(("module." + key, value) for key, value in w.items()),
        lambda w: {"state_dict": {key.replace("conv.", "conv.module.", 1): value for key, value in w.items()}},
        lambda w: {"net_recon": w, "opt_00": {"state": {}}, "sched_00": {"last_epoch": 3}},
        lambda w: {"generator": w},
    ],
    ids=["flat", "module", "state_dict", "net_recon", "generator"],
)
def test_every_container_loads(tmp_path, weights, wrap, zipped):
    torch.save(wrap(weights), tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    net = load_network(Tiny, tmp_path / "a.pth")
    assert same(net, weights)
    assert not net.training and not any(p.requires_grad for p in net.parameters())
    assert torch.isfinite(net.conv(torch.ones(1, 2, 4, 4))).all()


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_hierarchy_of_networks_with_what_training_leaves(tmp_path, weights, zipped):
    net = Tiny()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 10, 0.2)
    net.conv(torch.ones(1, 2, 4, 4)).sum().backward()
    optimizer.step()
    schedule.step()
    sched = schedule.state_dict() | {"best": np.float64(2.5), "history": np.arange(3)}
    other = {key: value + 1 for key, value in weights.items()}
    torch.save(
        {
            "net_recon": weights,
            "mid_net": other,
            "alpha": nn.Parameter(torch.tensor([0.5])),
            "beta": torch.tensor([0.25]),
            "opt_00": optimizer.state_dict(),
            "sched_00": sched,
        },
        tmp_path / "epoch_10.pth",
        _use_new_zipfile_serialization=zipped,
    )
    checkpoint = read_checkpoint(tmp_path / "epoch_10.pth")
    assert same(load_network(Tiny, checkpoint, "net_recon"), weights)
    assert same(load_network(Tiny, checkpoint, "mid_net"), other)
    assert (checkpoint.number("alpha"), checkpoint.number("beta")) == (0.5, 0.25)
    assert checkpoint.content["sched_00"]["best"] == 2.5
    assert "high_net" in refused(load_network, Tiny, checkpoint, "high_net").message
    assert "gamma" in refused(checkpoint.number, "gamma").message


def test_differences_are_named_and_counted(tmp_path, weights):
    wrong = {
        **weights,
        "conv.weight": torch.zeros(3, 2, 5, 5),
        "fc.weight": torch.zeros(1),
        "fc.bias": torch.zeros(1),
        "fc.scale": torch.zeros(1),
        "fc.a": torch.zeros(1),
        "fc.b": torch.zeros(1),
        "fc.c": torch.zeros(1),
    }
    del wrong["bn.running_var"]
    torch.save(wrong, tmp_path / "net.pth")
    error = refused(load_network, Tiny, tmp_path / "net.pth")
    for part in (
        "net.pth",
        "Tiny",
        "1 weights are missing (bn.running_var)",
        "6 are unknown (fc.weight",
        "and 2 more",
        "conv.weight is 3×2×5×5 instead of 3×2×3×3",
    ):
        assert part in error.message
    assert error.details["missing"] == ["bn.running_var"] and len(error.details["unexpected"]) == 6


def test_what_may_be_ignored_and_what_may_be_absent(tmp_path, weights):
    old = {key: value for key, value in weights.items() if not key.endswith("num_batches_tracked")}
    torch.save({**old, "fc.weight": torch.zeros(2)}, tmp_path / "old.pth")
    assert "fc.weight" in refused(load_network, Tiny, tmp_path / "old.pth").message
    with torch.device("cpu"):
        net = load_network(Tiny, tmp_path / "old.pth", ignore=("fc.",))
    assert same(net, old) and net.bn.num_batches_tracked == 0


def test_half_precision_becomes_single_and_nan_is_refused(tmp_path, weights):
    torch.save(
        {key: value.half() if value.is_floating_point() else value for key, value in weights.items()}, tmp_path / "half.pth"
    )
    assert load_network(Tiny, tmp_path / "half.pth").conv.weight.dtype is torch.float32
    bad = weights["conv.weight"].clone()
    bad[0, 0, 0, 0] = float("nan")
    torch.save({**weights, "conv.weight": bad}, tmp_path / "nan.pth")
    assert "1 are not numbers (conv.weight)" in refused(load_network, Tiny, tmp_path / "nan.pth").message


def test_no_file(tmp_path):
    for read in (read_checkpoint, read_npy_dictionary):
        with pytest.raises(HrnError) as caught:
            read(tmp_path / "absent.pth")
        assert caught.value.code is ErrorCode.MODEL_MISSING


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html><body>404 not found</body></html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", "Git LFS pointer"),
        (b"please ask the authors for this file\n" * 9, "it is text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3, "damaged, or not a file"),
        (b"\x80", "damaged, or not a file"),
    ],
)
def test_what_is_no_network_file(tmp_path, content, says):
    path = tmp_path / "net_recon.pth"
    path.write_bytes(content)
    assert says in refused(read_checkpoint, path).message
    refused(read_npy_dictionary, path)


@pytest.mark.parametrize("value", [torch.zeros(3), [torch.zeros(3)], {}, {"a": 3}, {"state_dict": {"a": "text"}}])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_wrong_content(tmp_path, value, zipped):
    torch.save(value, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    refused(load_network, Tiny, tmp_path / "x.pth")


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_truncated_anywhere(tmp_path, weights, zipped):
    path = tmp_path / "x.pth"
    torch.save(weights, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    for part in (0.02, 0.2, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(len(whole) * part)])
        refused(load_network, Tiny, path)


@pytest.mark.parametrize("where", ["alone", "zip", "legacy", "beside the weights", "in the weights"])
def test_malicious_checkpoint_executes_nothing(tmp_path, marker, weights, where):
    path, exploit = tmp_path / "epoch_10.pth", Exploit(marker)
    if where == "alone":
        path.write_bytes(pickle.dumps(exploit, 2))
    else:
        content = {
            "beside the weights": {"net_recon": weights, "sched_00": exploit},
            "in the weights": {**weights, "extra": exploit},
        }.get(where, exploit)
        torch.save(content, path, _use_new_zipfile_serialization=where != "legacy")
    error = refused(read_checkpoint, path)
    assert "contains program code (posix.mkdir)" in error.message or os.name == "nt"
    assert "none of it was run" in error.message


def test_malicious_pickle_inside_an_archive_executes_nothing(tmp_path, marker, weights):
    """An archive of torch whose data.pkl is replaced, and one that claims to be a scripted program."""
    torch.save(weights, tmp_path / "good.pth")
    for extra in ((), ("constants.pkl",)):
        path = tmp_path / "bad.pth"
        with zipfile.ZipFile(tmp_path / "good.pth") as good, zipfile.ZipFile(path, "w") as bad:
            for item in good.infolist():
                bad.writestr(item, pickle.dumps(Exploit(marker), 2) if item.filename.endswith("data.pkl") else good.read(item))
            for name in extra:
                bad.writestr(f"good/{name}", pickle.dumps(Exploit(marker), 2))
        refused(read_checkpoint, path)


FACE_MODEL = {
    "u": np.arange(6.0).reshape(6, 1),
    "tri": np.arange(6, dtype=np.int32).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
    "big": np.arange(3, dtype=">i4"),
    "empty": np.zeros((0, 3)),
    "flag": np.array([True, False]),
    "parts": [np.arange(3), np.arange(2)],
    "name": "mean",
    "n": np.int64(7),
    "names": np.array(["a", "bc"]),
    "ragged": np.array([np.arange(2), np.arange(3)], dtype=object),
    "more": {"k": (1, 2.5, None)},
}


def npy_bytes(pickled: bytes) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
    return file.getvalue() + pickled


def pickled_by_old_numpy(value, protocol: int) -> bytes:
    """As NumPy before 2.0 names its modules."""
    content = pickle.dumps(np.array(value, dtype=object), protocol)
    frames = [place for opcode, _, place in pickletools.genops(content) if opcode.name == "FRAME"]
    for place in reversed(frames):  # their lengths would no longer be right
        content = content[:place] + content[place + 9 :]
    for name in (b"numpy._core.multiarray", b"numpy._core.numeric"):
        old = name.replace(b"_core", b"core")
        content = content.replace(b"\x8c" + bytes([len(name)]) + name, b"\x8c" + bytes([len(old)]) + old)
        content = content.replace(b"c" + name + b"\n", b"c" + old + b"\n")
    return content


def equal(a, b) -> bool:
    if isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in b)
    if isinstance(b, (list, tuple)) or (isinstance(b, np.ndarray) and b.dtype.hasobject):
        return type(a) is type(b) and len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(b, np.ndarray):
        return type(a) is np.ndarray and a.dtype == b.dtype and np.array_equal(a, b)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("old", [False, True], ids=["numpy2", "numpy1"])
def test_dictionary_of_arrays(tmp_path, protocol, old):
    content = pickled_by_old_numpy(FACE_MODEL, protocol) if old else pickle.dumps(np.array(FACE_MODEL), protocol)
    if old:
        assert b"numpy.core" in content and b"numpy._core" not in content.replace(b"numpy._core.numeric", b"")
    (tmp_path / "face_model.npy").write_bytes(npy_bytes(content))
    assert equal(read_npy_dictionary(tmp_path / "face_model.npy"), FACE_MODEL)


def test_dictionary_as_numpy_saves_it(tmp_path):
    np.save(tmp_path / "face_model.npy", FACE_MODEL, allow_pickle=True)
    read = read_npy_dictionary(tmp_path / "face_model.npy")
    assert equal(read, FACE_MODEL)
    read["u"][0] = 5  # arrays may be written to
    whole = (tmp_path / "face_model.npy").read_bytes()
    for part in (0.01, 0.1, 0.5, 0.99):
        (tmp_path / "face_model.npy").write_bytes(whole[: int(len(whole) * part)])
        refused(read_npy_dictionary, tmp_path / "face_model.npy")
    for wrong in (np.zeros(3), np.array([1, "a"], dtype=object), np.array("text", dtype=object)):
        np.save(tmp_path / "face_model.npy", wrong, allow_pickle=True)
        refused(read_npy_dictionary, tmp_path / "face_model.npy")


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: {"u": np.zeros(3), "x": e}, lambda e: [e]])
def test_malicious_dictionary_executes_nothing(tmp_path, marker, protocol, wrap):
    path = tmp_path / "face_model.npy"
    path.write_bytes(npy_bytes(pickle.dumps(np.array(wrap(Exploit(marker)), dtype=object), protocol)))
    error = refused(read_npy_dictionary, path)
    assert "contains program code (posix.mkdir)" in error.message or os.name == "nt"


class Call:
    """Pickles as `function(*arguments)`, then `state`."""

    def __init__(self, function, *arguments, state=None):
        self.parts = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self):
        return self.parts


ARRAY = np.zeros(0).__reduce__()[0]


@pytest.mark.parametrize(
    "value",
    [
        Call(getattr, "a", "upper"),
        Call(eval, "1"),
        Call(copyreg._reconstructor, dict, dict, {}),
        Call(np.load, "x"),
        Call(np.ndarray, (1,), np.dtype("O")),
        Call(np.dtype, "i4,O"),
        Call(np.dtype, [("a", "O")]),
        Call(np.frombuffer, b"12345678", np.dtype("f8")),
        np.zeros(2, "i4,f4"),
        np.float64,
        np.datetime64("2020"),
        # object pointers out of raw bytes, and sizes that do not fit
        Call(ARRAY, np.ndarray, (0,), b"b", state=(1, (1,), np.dtype("O"), False, b"A" * 8)),
        Call(ARRAY, np.ndarray, (0,), b"b", state=(1, (2**40,), np.dtype("f8"), False, b"A" * 8)),
        Call(ARRAY, np.ndarray, (0,), b"b", state=(1, (-1,), np.dtype("f8"), False, b"")),
        # altering the reader itself
        Call(ARRAY, np.ndarray, (0,), b"b", state=(None, {"__class__": 3})),
    ],
)
def test_nothing_but_arrays_comes_out_of_a_pickle(tmp_path, value):
    path = tmp_path / "face_model.npy"
    path.write_bytes(npy_bytes(pickle.dumps({"u": value}, 4)))
    refused(read_npy_dictionary, path)


def test_a_pickle_cannot_alter_the_reader(tmp_path):
    """BUILD on one of the admitted functions would otherwise set its attributes."""
    path = tmp_path / "face_model.npy"
    for state in (b"\x8c\x04call\x8c\x01x", b"\x8c\x08__dict__\x8c\x01x"):
        for core in (b"core", b"_core"):
            program = b"\x80\x04cnumpy." + core + b".multiarray\n_reconstruct\nN}" + state + b"s\x86b."
            path.write_bytes(npy_bytes(program))
            refused(read_npy_dictionary, path)
    np.save(path, FACE_MODEL, allow_pickle=True)
    assert equal(read_npy_dictionary(path), FACE_MODEL)
