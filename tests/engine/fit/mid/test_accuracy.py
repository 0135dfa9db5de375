"""How near the mid-frequency stage comes to generated heads of a look that no network has learnt from."""

from __future__ import annotations

import numpy as np

from engine.bench.generated import face_distance
from engine.bench.stages import fit_stages
from engine.photo import Landmarker
from engine.synthetic.dataset import face_vertices
from engine.synthetic.render import Renderer
from engine.synthetic.windows import draw_photo
from engine.wire.settings import Settings

SEED, HEADS = 911, 4


def test_heads_are_nearer_to_the_truth_than_the_mean_head(model):
    """By 15 %, and no more than 10 % farther from it than the coarse stage leaves them (measured: 27 and 5 %)."""
    renderer, landmarker, face = Renderer(model), Landmarker(), face_vertices(model)
    distance = {"mean head": [], "coarse": [], "mid": []}
    for number in range(HEADS):
        head, photo, _ = draw_photo(renderer, SEED, number, side=480, varied=True)
        (found,) = landmarker.detect(photo)
        fits = fit_stages(model, photo, found, ("coarse", "mid"), Settings(quality="draft"))
        distance["mean head"].append(face_distance(model, head.posed, model.template, face))
        for stage, (vertices, _) in fits.items():
            distance[stage].append(face_distance(model, head.posed, vertices, face))
    mean = {name: np.mean(values) for name, values in distance.items()}
    assert all(len(values) == HEADS for values in distance.values())
    assert mean["mid"] < 0.85 * mean["mean head"] and mean["mid"] < 1.1 * mean["coarse"], mean
