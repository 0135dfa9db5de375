"""The quick picture of a head."""

import numpy as np

from engine.photo.regions import INNER_LIPS
from engine.pipeline.preview import mouth_shade


def teeth_light(model, opening: float, behind_mm: float, across_mm: float = 0.0) -> float:
    """Share of the light on a tooth at half height between the lips."""
    actions = np.zeros(52, np.float32)
    actions[model.expression_names.index("jawOpen")] = opening
    vertices = model.shape(np.zeros(len(model.identity_basis), np.float32), actions)
    lips = model.landmarks(vertices)[list(INNER_LIPS)]
    rim = lips[np.abs(lips[:, 0] - across_mm).argmin()]
    place = np.array([across_mm, lips[:, 1].mean(), rim[2] - behind_mm], np.float32)
    yes = np.ones((1, 1), bool)
    return float(mouth_shade(model, vertices, place[None, None], ~yes, yes)[0, 0])


def test_teeth_are_as_light_as_the_lips_are_apart(model):
    closed, parted, wide = (teeth_light(model, opening, 3.0) for opening in (0.0, 0.15, 0.6))
    assert closed < 0.5 < parted < wide and wide > 0.85


def test_teeth_deep_in_the_mouth_and_at_its_corners_are_darker(model):
    assert teeth_light(model, 0.3, 20.0) < 0.6 * teeth_light(model, 0.3, 3.0)
    assert teeth_light(model, 0.3, 5.0, 21.0) < 0.7 * teeth_light(model, 0.3, 5.0)


def test_what_is_not_in_the_mouth_keeps_its_light(model):
    no = np.zeros((2, 2), bool)
    assert (mouth_shade(model, model.template, np.zeros((2, 2, 3), np.float32), no, no) == 1).all()
