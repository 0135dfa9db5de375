"""Photo values and light."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from engine.wire.color import linear_to_power, linear_to_srgb, power_to_linear, srgb_to_linear
from support.checkout import ROOT


def test_the_curve_of_srgb_is_that_of_the_standard():
    values = np.array([0, 0.04045, 0.5, 1])
    assert srgb_to_linear(values, np.float64) == pytest.approx([0, 0.0031308, 0.2140411, 1], abs=1e-7)
    steps = np.linspace(0, 1, 1000)
    assert np.abs(linear_to_srgb(srgb_to_linear(steps)) - steps).max() < 2e-6
    assert srgb_to_linear(steps).dtype == np.float32 and srgb_to_linear(steps, np.float64).dtype == np.float64
    assert linear_to_srgb([-1, 2]) == pytest.approx([0, 1], abs=1e-6)


def test_the_power_is_close_to_the_curve_and_goes_both_ways():
    steps = np.linspace(0, 1, 1000)
    assert np.abs(power_to_linear(steps) - srgb_to_linear(steps)).max() < 0.01
    assert np.abs(linear_to_power(power_to_linear(steps)) - steps).max() < 1e-12
    assert power_to_linear(steps.astype(np.float32)).dtype == np.float32


def _curve(tree: ast.AST) -> list[int]:
    """Lines with a number of sRGB's curve, of its plain power, or of its luminance."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in (12.92, 0.04045, 0.0031308, 0.2126, 0.7152, 0.0722):
            found.append(node.lineno)
        if isinstance(node, ast.BinOp) and ast.unparse(node).endswith(("** 2.2", "** (1 / 2.2)")):
            found.append(node.lineno)
    return found


def test_the_curve_is_written_down_once():
    files = {
        file.relative_to(ROOT).as_posix(): _curve(ast.parse(file.read_text(encoding="utf-8")))
        for folder in ("engine", "hrn_blender")
        for file in (ROOT / folder).rglob("*.py")
    }
    assert len(files) > 200 and _curve(ast.parse("x ** 2.2")) and _curve(ast.parse("(x + 1) ** (1 / 2.2)"))
    assert {name for name, lines in files.items() if lines} == {"engine/wire/color.py"}
