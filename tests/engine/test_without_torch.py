"""Method `open` and the engine around it need no PyTorch: it may be absent, and it is not loaded where it is there."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from engine import __version__
from engine.wire.bundle import load_bundle
from engine.wire.protocol import PROTOCOL_VERSION
from support.checkout import PROGRAMS
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
