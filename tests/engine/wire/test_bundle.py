"""A bundle is whole or absent."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.wire import bundle as bundle_module
from engine.wire.bundle import ARRAYS, check_replaceable, load_bundle, remove_leftovers, write_bundle
from engine.wire.errors import ErrorCode, HrnError
from support.checkout import python_path
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "head")


@pytest.fixture
def copy(original, tmp_path):
    import shutil

    shutil.copytree(original.path, tmp_path / "head")
    return tmp_path / "head"


def edit(path: Path, change) -> None:
    manifest = json.loads((path / "head.json").read_text(encoding="utf-8"))
    change(manifest)
    (path / "head.json").write_text(json.dumps(manifest), encoding="utf-8")


def code_of(function, *arguments) -> ErrorCode:
    with pytest.raises(HrnError) as caught:
        function(*arguments)
    return caught.value.code


def test_folds_are_read_where_a_bundle_has_them_and_checked(tmp_path):
    bundle = make_bundle(tmp_path / "folds", folds=True)
    arrays = bundle.arrays()
    assert set(arrays) == {*ARRAYS, "folds"}
    np.savez(bundle.path / "mesh.npz", **(arrays | {"folds": arrays["folds"][1:]}))
    assert code_of(bundle.arrays) is ErrorCode.BUNDLE_INVALID


def test_round_trip(original):
    bundle = load_bundle(original.path)
    bundle.verify()
    arrays = bundle.arrays()
    assert set(arrays) == set(ARRAYS)
    assert arrays["faces"].shape[1] == 4 and len(arrays["expression_deltas"]) == 52
    assert bundle.file("displacement").is_file()
    assert sorted(bundle.manifest["files"]) == sorted(p.name for p in original.path.iterdir() if p.name != "head.json")


def test_the_fitted_landmarks_are_the_head_through_the_camera(original):
    arrays, manifest = original.arrays(), original.manifest
    head = (
        arrays["vertices"]
        + arrays["deformation"]
        + np.tensordot(np.array(manifest["expression"]["photo_values"]), arrays["expression_deltas"], 1)
    )
    points = np.einsum("lk,lkd->ld", arrays["landmark_weights"], head[arrays["landmark_vertices"]])
    camera = manifest["cameras"][0]
    local = points @ np.array(camera["R"]).T + camera["t"]
    pixels = local[:, :2] / local[:, 2:] * (camera["fx"], camera["fy"]) + (camera["cx"], camera["cy"])
    assert np.abs(pixels - arrays["landmarks_fitted"]).max() < 0.01


@pytest.mark.parametrize("name", ["ein Kopf ü", "頭 [1]", "a'b\"c", "x" * 200, ".hidden", "head.v2"])
def test_any_name(tmp_path, name):
    assert make_bundle(tmp_path / name).path == tmp_path / name
    make_bundle(tmp_path / name).verify()
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: (p / "head.json").unlink(),
        lambda p: (p / "head.json").write_text("{"),
        lambda p: (p / "head.json").write_text("[]"),
        lambda p: (p / "mesh.npz").unlink(),
        lambda p: (p / "albedo.png").write_bytes(b"short"),
        lambda p: edit(p, lambda m: m.update(schema="other")),
        lambda p: edit(p, lambda m: m.update(schema_version=99)),
        lambda p: edit(p, lambda m: m.update(schema_version="1")),
        lambda p: edit(p, lambda m: m["files"].update({"../secret": {"bytes": 1, "sha256": ""}})),
        lambda p: edit(p, lambda m: m["files"].pop("mesh.npz")),
        lambda p: edit(p, lambda m: m.pop("files")),
        lambda p: edit(p, lambda m: m.pop("cameras")),
        lambda p: edit(p, lambda m: m.update(maps=None)),
        lambda p: edit(p, lambda m: m["maps"]["albedo"].update(file="elsewhere.png")),
    ],
)
def test_a_damaged_bundle_is_refused(copy, damage):
    damage(copy)
    assert code_of(load_bundle, copy) is ErrorCode.BUNDLE_INVALID


def test_a_changed_byte_is_found(copy):
    data = bytearray((copy / "albedo.png").read_bytes())
    data[-20] ^= 1
    (copy / "albedo.png").write_bytes(data)
    assert code_of(load_bundle(copy).verify) is ErrorCode.BUNDLE_INVALID


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.update(vertices=a["vertices"][:-1]),
        lambda a: a.update(uv=a["uv"].astype(np.int32)),
        lambda a: a["vertices"].__setitem__((0, 0), np.nan),
        lambda a: a["faces"].__setitem__((0, 0), len(a["vertices"])),
        lambda a: a["faces"].__setitem__((0, 0), -1),
    ],
)
def test_wrong_arrays_are_refused_before_anything_is_written(original, tmp_path, change):
    arrays = original.arrays()
    change(arrays)
    with pytest.raises(HrnError) as caught, write_bundle(tmp_path / "head", {}, arrays):
        raise AssertionError("the block must not run")
    assert caught.value.code is ErrorCode.BUNDLE_INVALID and not list(tmp_path.iterdir())


def test_a_number_that_is_not_finite_is_refused_by_its_place(original, tmp_path):
    with pytest.raises(HrnError, match=r"cameras\[1\].fx") as caught:
        with write_bundle(tmp_path / "head", {"cameras": [{}, {"fx": float("nan")}]}, original.arrays()):
            pass
    assert caught.value.code is ErrorCode.BUNDLE_INVALID and not list(tmp_path.iterdir())


def test_objects_in_the_archive_are_not_unpickled(copy):
    np.savez(copy / "mesh.npz", vertices=np.array([{"a": 1}], object))
    edit(copy, lambda m: m["files"]["mesh.npz"].update(bytes=(copy / "mesh.npz").stat().st_size))
    assert code_of(load_bundle(copy).arrays) is ErrorCode.BUNDLE_INVALID


class TestOutput:
    def test_new_and_empty_folders_and_bundles_may_be_written(self, tmp_path, copy):
        (tmp_path / "empty").mkdir()
        for path in (tmp_path / "new" / "deep", tmp_path / "empty", copy):
            check_replaceable(path)

    def test_other_content_is_kept(self, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        assert code_of(check_replaceable, tmp_path) is ErrorCode.OUTPUT_EXISTS
        assert code_of(check_replaceable, tmp_path / "notes.txt") is ErrorCode.OUTPUT_EXISTS

    def test_impossible_places(self, tmp_path):
        (tmp_path / "file").write_text("")
        for place in (tmp_path / "file" / "head", "bad\0name", "/"):
            assert code_of(check_replaceable, place) in (ErrorCode.OUTPUT_NOT_WRITABLE, ErrorCode.OUTPUT_EXISTS)

    @pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc, a folder in which not even root may write")
    def test_a_folder_that_refuses(self):
        assert code_of(make_bundle, "/proc/head") is ErrorCode.OUTPUT_NOT_WRITABLE

    def test_a_folder_without_write_permission(self, tmp_path, monkeypatch):
        access = os.access
        monkeypatch.setattr(os, "access", lambda p, mode: Path(p) != tmp_path and access(p, mode))
        assert code_of(make_bundle, tmp_path / "head") is ErrorCode.OUTPUT_NOT_WRITABLE
        assert not list(tmp_path.iterdir())

    def test_replacing_keeps_the_old_one_until_the_new_one_is_whole(self, copy):
        before = load_bundle(copy).manifest

        def fail(*_):
            raise RuntimeError("in the middle")

        with pytest.raises(RuntimeError), pytest.MonkeyPatch.context() as patch:
            patch.setattr("support.synthetic_bundle.write_exr", fail)
            make_bundle(copy, name="second")
        assert load_bundle(copy).manifest == before
        make_bundle(copy, name="second")
        assert load_bundle(copy).manifest["name"] == "second"
        assert [p.name for p in copy.parent.iterdir()] == ["head"]

    @pytest.mark.parametrize("where", ["maps", "mesh", "manifest"])
    def test_a_full_disk(self, tmp_path, monkeypatch, where):
        def full(*_, **__):
            raise OSError(errno.ENOSPC, "No space left on device")

        target = {"maps": "support.synthetic_bundle.write_exr", "mesh": "numpy.savez", "manifest": "os.fsync"}[where]
        monkeypatch.setattr(target, full)
        assert code_of(make_bundle, tmp_path / "head") is ErrorCode.DISK_FULL
        assert not list(tmp_path.iterdir())

    def test_a_failed_swap_restores_the_old_bundle(self, copy, monkeypatch):
        rename = os.replace

        def refuse(source, target):
            if str(source).endswith(".partial"):
                raise PermissionError(errno.EACCES, "Access is denied")
            rename(source, target)

        monkeypatch.setattr(os, "replace", refuse)
        assert code_of(make_bundle, copy) is ErrorCode.OUTPUT_NOT_WRITABLE
        assert load_bundle(copy).manifest["name"] == "synthetic"
        assert [p.name for p in copy.parent.iterdir()] == ["head"]


class TestKilled:
    def test_leftovers_of_the_same_name_go_and_no_others(self, copy):
        parent = copy.parent
        others = [".other.0badc0de.partial", ".head.v2.0badc0de.partial", "head.partial"]
        for name in [".head.0badc0de.partial", *others]:
            (parent / name).mkdir()
        make_bundle(copy)
        assert sorted(p.name for p in parent.iterdir()) == sorted(["head", *others])

    def test_a_bundle_caught_between_two_renames_comes_back(self, copy):
        copy.rename(copy.with_name(".head.0badc0de.old"))
        remove_leftovers(copy)
        load_bundle(copy).verify()
        assert [p.name for p in copy.parent.iterdir()] == ["head"]

    def test_kill_9_leaves_no_bundle_and_the_next_run_cleans_up(self, tmp_path):
        code = (
            "import sys, os; from support import synthetic_bundle as s; "
            "s.write_exr = lambda *a: os.kill(os.getpid(), 9); s.make_bundle(sys.argv[1])"
        )
        run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "head")], env=python_path())
        assert run.returncode == -9
        left = [p.name for p in tmp_path.iterdir()]
        assert len(left) == 1 and left[0].endswith(".partial")
        assert code_of(load_bundle, tmp_path / "head") is ErrorCode.BUNDLE_INVALID
        make_bundle(tmp_path / "head")
        assert [p.name for p in tmp_path.iterdir()] == ["head"]

    def test_the_process_forgets_folders_that_it_finished(self, tmp_path):
        make_bundle(tmp_path / "head")
        assert not bundle_module._own_partials
