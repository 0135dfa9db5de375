"""Strands in EEVEE beside those in Cycles. Needs OpenGL or Vulkan; Mesa's software will do (``LIBGL_ALWAYS_SOFTWARE=1``)."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

from support.addon.grooms import falling_hair
from support.checkout import PROGRAMS
from support.synthetic_bundle import make_bundle


def test_strands_are_as_light_in_eevee_as_in_cycles(tmp_path):
    arrays = make_bundle(tmp_path / "plain", texture_size=16, density=8).arrays()
    bundle = make_bundle(tmp_path / "head", texture_size=16, density=8, hair={"hair": falling_hair(arrays)})
    command = [sys.executable, str(PROGRAMS / "eevee_hair.py"), str(bundle.path), str(tmp_path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired:
        pytest.skip("EEVEE took longer than ten minutes: there is only software OpenGL here, on a busy machine")
    if not (tmp_path / "eevee.exr").exists():
        assert (tmp_path / "cycles.exr").exists(), done.stderr
        pytest.skip(f"EEVEE finds no OpenGL or Vulkan here: {(done.stderr.strip().splitlines() or ['Blender ended'])[-1]}")
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"cycles"')))
    assert 0.4 < found["eevee"] / found["cycles"] < 2.0 and found["cycles"] > 0.01, found
