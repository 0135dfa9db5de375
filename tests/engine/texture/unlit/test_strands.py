"""Strands of hair are followed to their tips; moles and wrinkles beside them are none."""

import numpy as np

from engine.texture.atlas import Texels
from engine.texture.unlit.strands import with_strands

SIDE, MM = 128, 2.0
Y, X = np.mgrid[:SIDE, :SIDE] / MM  # millimetres, the hair hangs from above


def darkened(allowed=1.0):
    """(SIDE, SIDE) after following: hair down to 10 mm, a strand at 30 mm that thins out until 24 mm, a mole at
    (45, 24), and a wrinkle at 40 mm."""
    strand = 1.2 * np.clip((24 - Y) / 14, 0.1, 1) * np.exp(-0.5 * ((X - 30) / 0.5) ** 2) * (Y < 24)
    mole = 0.4 * np.exp(-0.5 * ((X - 45) ** 2 + (Y - 24) ** 2))
    wrinkle = 0.3 * np.exp(-0.5 * ((Y - 40) / 0.7) ** 2)
    light = 0.3 * np.exp(-np.maximum(2.0 * (Y < 10), strand + mole + wrinkle))
    index = np.arange(SIDE * SIDE, dtype=np.int32)
    texels = Texels(SIDE, 0, SIDE, index, index * 0, np.ones((len(index), 3), np.float32) / 3)
    sure = (light < 0.15).astype(np.float32).ravel()
    one = np.ones(SIDE * SIDE, np.float32)
    out = with_strands(texels, sure, light.ravel().astype(np.float32), one, allowed * one, MM)
    return out.reshape(SIDE, SIDE), sure.reshape(SIDE, SIDE)


def at(image, x, y):
    return image[int(y * MM), int(x * MM)]


def test_a_strand_is_hair_to_its_tip():
    after, before = darkened()
    assert at(before, 30, 12) == 1 and at(before, 30, 20) == 0, "only its root is too dark by itself"
    assert (after >= before).all()
    assert min(at(after, 30, y) for y in (14, 17, 20, 22)) > 0.7
    assert at(after, 30.5, 15) > 0.5, "and the fringe beside it"


def test_moles_wrinkles_and_plain_skin_are_no_hair():
    after, _ = darkened()
    for x, y in ((45, 24), (30, 40), (10, 40), (20, 20), (34, 20), (30, 30)):
        assert at(after, x, y) < 0.02


def test_nothing_is_followed_where_no_hair_can_lie():
    after, before = darkened(allowed=0.0)
    assert (after == before).all()
