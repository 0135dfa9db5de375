"""Method `open` and the engine around it need no PyTorch: it may be absent, and it is not loaded where it is there."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from engine import __version__
from engine.wire.bundle import load_bundle
from engine.wire.errors import EXIT_CODES, ErrorCode
from engine.wire.protocol import PROTOCOL_VERSION
from engine.wire.pytorch import PYTORCH_MISSING
from support.checkout import PROGRAMS, python_path
from support.official.files import write_deep3d
from support.serve_client import Client

PROGRAM = PROGRAMS / "engine_without_torch.py"

pytestmark = pytest.mark.alone


def engine(*arguments, **env: str) -> subprocess.CompletedProcess:
    """The engine's command line; it must not load PyTorch, whether that is there or not."""
    result = subprocess.run(
        [sys.executable, "-I", str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **env},
    )
    assert result.stderr.splitlines()[-1].strip() == "loaded:", result.stderr
    return result


def test_a_reconstruction(portrait, tmp_path):
    """All stages, and what is off by default."""
    result = engine("reconstruct", portrait, "--out", tmp_path / "head", "--texture-size", 512, "--part-distance")
    assert result.returncode == 0, result.stderr
    bundle = load_bundle(tmp_path / "head")
    bundle.verify()
    assert {"photo", "coarse", "mid", "albedo", "displacement", "bundle"} <= set(bundle.manifest["timings"])


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_it_is_not_loaded_where_it_is_installed(portrait, tmp_path):
    result = engine(
        "reconstruct", portrait, "--out", tmp_path / "head", "--texture-size", 256, "--quality", "draft", ENGINE_WITH_TORCH="1"
    )
    assert result.returncode == 0, result.stderr


def test_several_photos(shared_dir, tmp_path):
    photos = sorted((shared_dir / "photos" / "multi_3view" / "0033107").glob("*.*g"))[:2]
    result = engine("reconstruct", *photos, "--out", tmp_path / "head", "--texture-size", 256, "--quality", "draft")
    assert result.returncode == 0, result.stderr


def test_serve(portrait, tmp_path):
    """The warm engine of Blender and of a batch's workers: it starts, warms up and reconstructs."""
    with Client(PROGRAM) as client:
        client.send(1, "initialize", protocol=PROTOCOL_VERSION, client_version=__version__)
        assert "open" in client.answer(1)["result"]["methods"]
        client.notified("warm", 60)
        client.reconstruct(2, str(portrait), tmp_path / "head", texture_size=256, quality="draft")
        assert client.answer(2, 120)["result"]["bundle"] == str(tmp_path / "head")
        client.send(3, "models")
        assert [row["name"] for row in client.answer(3)["result"]["methods"] if row["ready"]] == ["open"]


def test_a_batch(portrait, tmp_path):
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "eileen.png").write_bytes(portrait.read_bytes())
    result = engine("batch", tmp_path / "people", "--out", tmp_path / "heads", "--quality", "draft", "--texture-size", 256)
    assert result.returncode == 0, result.stderr
    load_bundle(next((tmp_path / "heads").rglob("head.json")).parent).verify()


@pytest.mark.parametrize("what", ["accuracy", "speed", "views", "batch", "now"])
def test_benchmarks_start(what):
    assert engine("bench", what, "--help").returncode == 0


def test_what_needs_it_says_how_to_get_it(portrait, tmp_path):
    """One sentence with what to do, before anything is read or begun."""
    for arguments in (
        ("reconstruct", portrait, "--out", tmp_path / "head", "--method", "hrn"),
        ("train", "deep3d", "--data", tmp_path / "data"),
        ("train", "deep3d", "--data", tmp_path, "--synthetic", 3),
    ):
        result = engine(*arguments)
        assert result.returncode == EXIT_CODES[ErrorCode.MODEL_MISSING], result.stderr
        said = result.stderr.splitlines()[-2]
        assert "needs PyTorch" in said and "install_deps.py install --with published" in said and "Install PyTorch" in said
        assert "Traceback" not in result.stderr
    assert not (tmp_path / "head").exists() and not (tmp_path / "data").exists()
    code = "import sys; sys.modules['torch'] = None; import engine.synthetic.train"
    recipe = subprocess.run([sys.executable, "-c", code], env=python_path(), capture_output=True, text=True)
    assert recipe.returncode == 1 and recipe.stderr.count("\n") == 1 and "install --with published" in recipe.stderr


def test_the_table_of_methods_says_so_once_and_leaves_networks_unread(tmp_path):
    write_deep3d(tmp_path)
    listed = engine("models", "--folder", tmp_path)
    assert listed.returncode == 0 and listed.stdout.count(PYTORCH_MISSING) == 1 and listed.stdout.count("PyTorch") == 2, (
        listed.stdout
    )
    report = json.loads(engine("models", "--folder", tmp_path, "--json").stdout)
    rows = {row["name"]: row for row in report["methods"]}
    assert report["pytorch"] is False and rows["open"]["ready"] and not rows["deep3d"]["ready"]
    assert rows["deep3d"]["missing"] == [PYTORCH_MISSING]
    assert {"unread"} <= {file["state"] for file in rows["deep3d"]["files"]} <= {"there", "unread", "missing"}
