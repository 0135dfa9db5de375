"""The cached head model: built once, rebuilt when damaged or old, a clear error when its data are absent."""

from __future__ import annotations

import numpy as np
import pytest

import engine.head as head
from engine.head import cache, load_head_model, makehuman
from engine.system.progress import Progress
from engine.wire.errors import ErrorCode, HrnError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def builds(model, monkeypatch):
    """Count builds without paying for them."""
    calls = []
    monkeypatch.setattr("engine.head.build.build_head_model", lambda progress: calls.append(1) or model)
    return calls


def forget():
    head._loaded.clear()


def test_built_once_then_read(home, builds, model):
    load_head_model()
    forget()
    again = load_head_model()
    assert len(builds) == 1
    np.testing.assert_array_equal(again.faces, model.faces)
    np.testing.assert_allclose(again.identity_basis, model.identity_basis, atol=0.02)
    assert again.expression_names == model.expression_names and again.version == model.version
    assert [path.name for path in head.model_path().parent.iterdir()] == [head.model_path().name]


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"x" * 4096,
        lambda data: data[:5000] + bytes(2000) + data[7000:],
    ],
)
def test_damaged_cache_is_rebuilt(home, builds, harm):
    load_head_model()
    path = head.model_path()
    path.write_bytes(harm(path.read_bytes()))
    forget()
    load_head_model()
    assert len(builds) == 2
    assert cache.read_cache(path, head.load_head_model().version) is not None


def test_other_version_is_not_used(home, builds, model, tmp_path):
    path = tmp_path / "model.npz"
    cache.write_cache(model, path)
    assert cache.read_cache(path, model.version) is not None
    assert cache.read_cache(path, model.version + "x") is None


def test_failed_write_leaves_nothing(home, model, tmp_path, monkeypatch):
    def fail(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError):
        cache.write_cache(model, tmp_path / "folder" / "model.npz")
    assert not list((tmp_path / "folder").iterdir())


def test_full_disk_still_gives_a_model(home, builds, monkeypatch):
    monkeypatch.setattr(cache, "write_cache", lambda model, path: (_ for _ in ()).throw(OSError(28, "full")))
    forget()
    assert load_head_model() is not None


def test_missing_data_has_its_own_code(home, monkeypatch):
    monkeypatch.setattr(makehuman.importlib.util, "find_spec", lambda name: None)
    forget()
    with pytest.raises(HrnError) as caught:
        load_head_model()
    assert caught.value.code is ErrorCode.MODEL_MISSING


@pytest.mark.parametrize("content", [b"", b"0 1 2\n", b"-1 0 0 0\n", b"99999 0 0 0\n"])
def test_damaged_target_has_its_own_code(tmp_path, content):
    path = tmp_path / "nose.target"
    path.write_bytes(content)
    if not content:
        path.unlink()
    with pytest.raises(HrnError) as caught:
        makehuman.read_target(path, 100)
    assert caught.value.code is ErrorCode.MODEL_MISSING


def test_cancel_stops_the_build(home):
    def progress(stage, fraction, message):
        if fraction > 0.1:
            raise HrnError(ErrorCode.CANCELLED, "Cancelled.")

    forget()
    with pytest.raises(HrnError) as caught:
        load_head_model(Progress(progress).stage("start"))
    assert caught.value.code is ErrorCode.CANCELLED
    assert not head.model_path().exists()
    forget()
