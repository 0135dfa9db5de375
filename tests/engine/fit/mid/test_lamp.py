"""A hard lamp beside the sky, and what it keeps out of the shape."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import engine.fit.mid.terms.photo as photo_term
from engine.fit.mid.lamp import find_lamp
from engine.fit.mid.sky_shadow import SkyTransfer
from engine.fit.skin_surface import skin_surface
from engine.geometry.harmonics import light_normals
from engine.geometry.mesh import vertex_normals
from engine.render import interpolate, rasterize
from engine.types import Photo
from engine.wire.color import linear_to_srgb
from support.mid_scene import Scene

LAMP = np.array([0.85, 0.35, 0.39])
LAMP = LAMP / np.linalg.norm(LAMP)
SKY = np.array([0.15, 0.03, 0.02, 0.0, 0, 0, 0, 0, 0])


@pytest.fixture(scope="module")
def lit(model):
    """The average head in hard light from its left: what it sends to the camera, vertex by vertex."""
    surface, scene = skin_surface(model), Scene(model)
    skin = model.template[surface.vertices].astype(float)
    normals = light_normals(scene.camera, vertex_normals(skin, surface.triangles))
    sky = SkyTransfer((skin @ scene.camera.R.T) * [1, -1, -1], surface.triangles, normals)
    hard = sky.free(LAMP) * np.maximum(normals @ LAMP, 0)
    area = np.where(normals[:, 2] > 0.3, surface.trust, 0)
    return SimpleNamespace(
        surface=surface, sky=sky, normals=normals, even=sky.matrix(normals) @ SKY, hard=hard, area=area, scene=scene
    )


def test_the_lamp_is_found_where_it_is(lit):
    noise = np.random.default_rng(2).normal(1, 0.04, len(lit.hard))
    found = find_lamp(lit.sky, lit.normals, (lit.even + 0.6 * lit.hard) * noise, lit.area, lit.surface.triangles)
    assert found is not None
    lamp, _ = found
    assert np.degrees(np.arccos(lamp.direction @ LAMP)) < 10
    assert lamp.strength == pytest.approx(0.6, rel=0.2)
    seen = lit.area > 0
    assert np.corrcoef(lamp.shading(lit.normals)[seen], lit.hard[seen])[0, 1] > 0.95


def test_soft_light_has_no_lamp(lit):
    noise = np.random.default_rng(2).normal(1, 0.04, len(lit.hard))
    side = lit.sky.matrix(lit.normals) @ np.array([0.4, 0.1, 0.1, 0.25, 0, 0, 0, 0, 0])
    assert find_lamp(lit.sky, lit.normals, side * noise, lit.area, lit.surface.triangles) is None


def test_the_edge_of_a_shadow_makes_no_shape(lit, monkeypatch):
    scene, model = lit.scene, lit.scene.model
    values = np.zeros(len(model.template))
    values[lit.surface.vertices] = lit.even + 0.6 * lit.hard
    color = values[:, None] * [0.62, 0.45, 0.36]
    hard = Scene.__new__(Scene)
    hard.__dict__.update(scene.__dict__)
    raster = rasterize(*scene.camera.project(model.template.astype(float)), model.triangles, *scene.photo.size)
    image = interpolate(raster, model.triangles, color)
    hard.photo = Photo((linear_to_srgb(np.clip(image, 0, 1)) * 255 + 0.5).astype(np.uint8), "hard.png", "1" * 64, None)
    landmarks = scene.camera.project(model.landmarks(model.template.astype(float)))[0]
    hard.observation = replace(scene.observation, landmarks=landmarks.astype(np.float32))
    face = lit.area > 0

    def bent() -> float:
        moved = hard.moved(hard.fit(monkeypatch))[lit.surface.vertices]
        return float(np.abs(np.einsum("vd,vd->v", moved, scene.normals))[face].mean())

    with_lamp = bent()
    monkeypatch.setattr(photo_term, "find_lamp", lambda *_: None)
    assert with_lamp < 0.7 * bent()
