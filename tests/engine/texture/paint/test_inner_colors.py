"""Eyes and teeth are as bright beside the skin as in the photo, and no brighter than real ones."""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.photo.regions import EYES
from engine.texture.paint.inner_colors import measure_inner_colors


def _view(light, iris=(0.05, 0.03, 0.015), white=(0.4, 0.36, 0.32)):
    """Two eyes in skin, irises of 12 pixels' radius, in `light` (3,)."""
    picture = np.full((160, 400, 3), (0.40, 0.25, 0.18), np.float32)
    landmarks = np.zeros((478, 2), np.float32)
    rows, columns = np.mgrid[:160, :400]
    for contour, x, centre in zip(EYES, (100, 300), (468, 473)):
        turn = np.linspace(0, 2 * np.pi, len(contour), endpoint=False)
        landmarks[list(contour)] = np.stack([x + 34 * np.cos(turn), 80 + 16 * np.sin(turn)], 1)
        landmarks[centre] = (x, 80)
        landmarks[centre + 1 : centre + 5] = np.array([x, 80]) + [[12, 0], [0, 12], [-12, 0], [0, -12]]
        picture[np.hypot((columns + 0.5 - x) / 34, (rows + 0.5 - 80) / 16) < 1] = white
        picture[np.hypot(columns + 0.5 - x, rows + 0.5 - 80) < 12] = iris
    pixels = np.round(65535 * np.clip(picture * light, 0, 1)).astype(np.uint16)
    return SimpleNamespace(
        landmarks=landmarks, pyramid=(pixels,), pixels_per_mm=2.0, camera=SimpleNamespace(height=160, width=400)
    )


SKIN = np.array([0.40, 0.25, 0.18])


@pytest.mark.parametrize("light", [(1, 1, 1), (0.2, 0.2, 0.2), (0.9, 0.4, 0.3)])
def test_the_photos_light_does_not_change_them(light):
    teeth = np.array([1.3, 1.9, 2.2])
    level = 1 / np.array(light)
    found = measure_inner_colors(_view(light), level, teeth, SKIN)
    plain = measure_inner_colors(_view((1, 1, 1)), np.ones(3), teeth, SKIN)
    for one, other in zip(found, plain):
        assert one == pytest.approx(other, rel=0.08)
    assert found.iris == pytest.approx([0.05, 0.03, 0.015], rel=0.2)


def test_darker_teeth_are_darker_and_neither_glow_nor_turn_green():
    bright, dark, green = (
        measure_inner_colors(_view((1, 1, 1)), np.ones(3), np.array(teeth), SKIN).enamel
        for teeth in ((5, 8, 9), (0.9, 1.2, 1.3), (0.5, 3, 1))
    )
    assert dark.mean() < 0.75 * bright.mean() and bright.max() < 0.85
    assert green[0] > green[1] > green[2]
