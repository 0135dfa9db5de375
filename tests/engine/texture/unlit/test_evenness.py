"""What is evened out in an unlit colour, and what stays: on a flat patch of skin of two texels a millimetre."""

import numpy as np
import pytest

from engine.texture.atlas import Texels
from engine.texture.seen import Place, Seen
from engine.texture.unlit.evenness import even_out

SIDE, MM = 128, 2.0
SKIN = np.array([0.40, 0.24, 0.16], np.float32)
Y, X = np.mgrid[:SIDE, :SIDE] / MM  # millimetres
MIDDLE = SIDE / MM / 2


def spread(value):
    return np.full(SIDE * SIDE, value, np.float32)


def evened(darkness, *, height=0.0, central=1.0, raised=1.0, tint=(1, 1, 1), weight=1.0):
    """(SIDE, SIDE, 3) colour, relative to skin, after evening out skin that is this much darker, and the fold's share."""
    color = (SKIN * np.exp(-np.asarray(darkness)[..., None] * np.asarray(tint))).astype(np.float32).reshape(-1, 3)
    index = np.arange(SIDE * SIDE, dtype=np.int32)
    texels = Texels(SIDE, 0, SIDE, index, index * 0, np.ones((len(index), 3), np.float32) / 3)
    part = {name: spread(0) for name in ("eyes", "brows", "lips", "nose", "scalp", "neck")}
    place = Place(texels, np.zeros((1, 3), np.int32), spread(MM), spread(height), part)
    one, none = spread(1), spread(0)
    seen = Seen(color, one, one, one > 0, one, spread(central), none, none, none, none)
    base = np.tile(SKIN, (len(index), 1))
    weight = np.broadcast_to(np.float32(weight), Y.shape).ravel()
    gain, fold = even_out(place, seen, weight, color, base, np.broadcast_to(raised, Y.shape).ravel(), none)
    return (color * gain / SKIN).reshape(SIDE, SIDE, 3), fold.reshape(SIDE, SIDE)


def line(width):
    return 0.5 * np.exp(-0.5 * ((X - MIDDLE - 0.3 * (Y - MIDDLE)) / width) ** 2)


def spot(radius):
    return 0.5 * np.exp(-0.5 * ((X - MIDDLE) ** 2 + (Y - MIDDLE) ** 2) / radius**2)


def left(darkness, **where):
    """How much of the darkness in the middle is left."""
    color, _ = evened(darkness, **where)
    m = SIDE // 2
    return -np.log(color[m, m]).mean() / np.asarray(darkness)[m, m]


@pytest.mark.parametrize("width", (1.0, 2.0))
def test_folds_lose_half_of_their_shade_and_say_so(width):
    color, fold = evened(line(width))
    m = SIDE // 2
    assert 0.35 < left(line(width)) < 0.75
    assert fold[m, m] > 0.1, "the relief can put it back"
    assert abs(np.log(color[m, m]) - fold[m, m] + 0.5).max() < 0.08


@pytest.mark.parametrize("radius", (0.7, 1.5, 2.5))
def test_moles_stay(radius):
    assert left(spot(radius)) > 0.9


def test_flat_skin_stays():
    color, fold = evened(0 * X)
    assert np.abs(color - 1).max() < 0.01 and not fold.any()


def test_the_rim_of_what_is_seen_is_no_fold():
    weight = np.clip((MIDDLE + 8 - X) / 4, 0, 1) + 0.01 * (X < MIDDLE + 12)
    color, fold = evened(0 * X + 0.03, weight=weight)
    assert fold.max() < 0.01
    assert np.abs(np.log(color) + 0.03).max() < 0.04


def test_shadow_is_lifted_where_the_light_was_raised_but_a_beard_is_not():
    patch = 0.4 / (1 + np.exp(np.hypot(X - MIDDLE, Y - MIDDLE) - 12))
    raised = np.where(X < MIDDLE + 14, 2.5, 1.0) * np.where(X > MIDDLE - 14, 1, 0.4)
    assert left(patch) > 0.9, "in good light it is the skin's"
    assert left(patch, raised=raised) < 0.5
    assert left(patch, raised=raised, tint=(1.25, 0.95, 0.6)) > 0.7, "greyer than skin"


def test_strands_go_from_the_forehead_beside_hair_only():
    strand = line(0.5)
    above = {"height": 30.0, "central": 0.1}
    assert left(strand, **above) < 0.35
    assert left(strand, height=30.0, central=0.5) > 0.5, "high on a bare forehead"
    assert left(spot(0.7), height=30.0, central=0.5) > 0.9
    assert left(spot(0.7), height=-30.0, central=0.1) > 0.6, "on a cheek that turns away"


def test_dark_places_do_not_glow():
    nostril = 1.6 / (1 + np.exp(2 * (np.hypot(X - MIDDLE, Y - MIDDLE) - 4)))
    m = SIDE // 2
    for tint in ((0.2, 1.4, 1.4), (1.2, 1.2, 0.2)):
        before = np.log(SKIN) - nostril[m, m] * np.array(tint)
        color, _ = evened(nostril, tint=tint)
        after = np.log(color[m, m] * SKIN)
        assert before[0] - before[1] > 2.0 or before[2] > before[1]
        assert -0.2 < after[0] - after[1] < 1.6
        assert after[2] < after[1] + 0.25
