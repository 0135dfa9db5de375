"""Folds that are surely told become as deep as folds are, what is hardly told vanishes, and lines are even."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fit.relief.full import along_lines, fuller
from engine.fit.relief.network import Told
from engine.fit.relief.weights import WEIGHTS

SIDE = 160
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32)
FOLD = -0.1 * np.exp(-0.5 * ((ROWS - 80) / 6) ** 2).astype(np.float32)


def _depth(error: float) -> np.ndarray:
    """(3,) times as deep as told, in the middle of a fold of 0.1 mm in every band."""
    told = Told(np.stack([FOLD] * 3), np.full((3, SIDE, SIDE), error, np.float32))
    return fuller(told, np.ones_like(FOLD), WEIGHTS)[:, 80, 80] / FOLD[80, 80]


def test_a_fold_is_deeper_than_what_is_sure_of_it_and_one_that_is_wholly_sure_is_not():
    assert _depth(1e-4) == pytest.approx(np.ones(3), abs=0.02)
    assert (_depth(0.1) > 1.1).all()
    assert (_depth(0.2) > _depth(0.1)).all()
    assert (_depth(0.2) < WEIGHTS.full.most).all()


def test_what_is_hardly_told_vanishes():
    assert not _depth(100.0).any()


def test_nothing_told_is_nothing():
    told = Told(np.zeros((3, SIDE, SIDE), np.float32), np.full((3, SIDE, SIDE), 0.1, np.float32))
    assert not fuller(told, np.zeros_like(FOLD), WEIGHTS).any()


def test_a_line_is_freed_of_noise_and_a_bump_stays():
    within, noise = np.ones_like(FOLD), np.random.default_rng(0).normal(0, 0.005, FOLD.shape).astype(np.float32)
    lined = along_lines(FOLD + noise, within, 6.0, 8.0)
    valley = slice(72, 89), slice(20, 140)
    assert (lined - FOLD)[valley].std() < 0.6 * noise[valley].std()
    assert lined[80, 20:140].mean() == pytest.approx(-0.1, abs=0.003)
    bump = 0.1 * np.exp(-0.5 * ((ROWS - 80) ** 2 + (COLUMNS - 80) ** 2) / 8**2)
    assert along_lines(bump.astype(np.float32), within, 3.0, 8.0)[80, 80] > 0.08
