"""The OBJ export, read back by another program."""

from __future__ import annotations

import errno

import numpy as np
import pytest

from engine.pipeline.export import export_head
from engine.wire.bundle import posed_vertices
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.formats import EXPORT_FORMATS
from support.obj_reader import read
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("export") / "head")


def posed(bundle):
    return posed_vertices(bundle.arrays(), bundle.manifest["expression"]["values"])


@pytest.mark.parametrize("name", ["head.obj", "mein Kopf ü 頭.obj", "deep/er/head.OBJ"])
def test_everything_comes_back(bundle, tmp_path, name):
    files = export_head(bundle, tmp_path / name)
    v, vt, quads, uses = read(files[0])
    arrays = bundle.arrays()
    assert np.abs(v - posed(bundle)).max() < 1e-5
    order = np.argsort(arrays["face_material"], kind="stable")
    assert (quads[..., 0] == arrays["faces"][order]).all()
    assert np.abs(vt[quads[..., 1]] - arrays["uv"][order]).max() < 1e-5
    assert uses == [bundle.manifest["materials"][i] for i in arrays["face_material"][order]]
    library = next(line for line in files[0].read_text(encoding="utf-8").splitlines() if line.startswith("mtllib "))[7:]
    assert " " not in library
    text = (files[0].parent / library).read_text(encoding="utf-8")
    assert [line[7:] for line in text.splitlines() if line.startswith("newmtl ")] == bundle.manifest["materials"]
    texture = next(line[7:] for line in text.splitlines() if line.startswith("map_Kd "))
    assert " " not in texture
    assert (files[0].parent / texture).read_bytes() == bundle.file("albedo").read_bytes()
    assert sorted(files) == sorted(p for p in files[0].parent.iterdir() if p.is_file())


def test_a_relaxed_bundle_exports_a_relaxed_head(tmp_path):
    from engine.wire.settings import Settings

    relaxed = make_bundle(tmp_path / "head", settings=Settings(keep_expression=False))
    arrays = relaxed.arrays()
    v, *_ = read(export_head(relaxed, tmp_path / "head.obj")[0])
    assert np.abs(v - arrays["vertices"] - arrays["deformation"]).max() < 1e-5


def test_another_reader_agrees(bundle, tmp_path):
    trimesh = pytest.importorskip("trimesh")
    path = export_head(bundle, tmp_path / "head.obj")[0]
    mesh = trimesh.load(path, force="mesh", process=False)
    assert len(mesh.faces) == 2 * len(bundle.arrays()["faces"])
    assert np.abs(mesh.bounds - np.stack([posed(bundle).min(0), posed(bundle).max(0)])).max() < 1e-5


@pytest.mark.parametrize(
    "place,code",
    [
        ("head.ply", ErrorCode.SETTINGS_INVALID),
        ("head", ErrorCode.SETTINGS_INVALID),
        ("file.txt/head.obj", ErrorCode.OUTPUT_NOT_WRITABLE),
        ("folder.obj", ErrorCode.OUTPUT_NOT_WRITABLE),
    ],
)
def test_impossible_places(bundle, tmp_path, place, code):
    (tmp_path / "file.txt").touch()
    (tmp_path / "folder.obj").mkdir()
    with pytest.raises(HrnError) as caught:
        export_head(bundle, tmp_path / place)
    assert caught.value.code is code


def test_each_format_has_a_module_and_a_place_in_the_help(bundle, tmp_path, capsys):
    from engine.cli import main

    assert len({one.suffix for one in EXPORT_FORMATS}) == len(EXPORT_FORMATS) > 0
    with pytest.raises(SystemExit):
        main(["reconstruct", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for one in EXPORT_FORMATS:
        assert f"{one.name} ({one.suffix})" in said
        files = export_head(bundle, tmp_path / f"head{one.suffix.upper()}")
        assert files[0] == tmp_path / f"head{one.suffix.upper()}" and all(file.is_file() for file in files)


def test_a_full_disk_keeps_the_old_file(bundle, tmp_path, monkeypatch):
    old = export_head(bundle, tmp_path / "head.obj")[0].read_bytes()
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    with pytest.raises(HrnError) as caught:
        export_head(bundle, tmp_path / "head.obj")
    assert caught.value.code is ErrorCode.DISK_FULL
    assert (tmp_path / "head.obj").read_bytes() == old and not list(tmp_path.glob("*.partial")) + list(tmp_path.glob(".*"))
