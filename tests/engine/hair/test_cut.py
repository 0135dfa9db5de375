"""Hair that stands, lies sleek, or is tied comes back as such."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.camera import orbit_camera
from engine.geometry.mesh import vertex_normals
from engine.hair import groom_hair
from engine.hair.body import body_mesh
from engine.hair.cut import cut_of
from engine.hair.field import View
from engine.hair.flow import Fall, hair_flow
from engine.hair.seen import hanging_area, seen_hair
from engine.hair.skin import skin_triangles
from engine.hair.style import measured_style
from engine.hair.volume import hair_volume
from engine.hair.warm import drawn_textures, drawn_view
from engine.hair.weights import WEIGHTS

SIZE = 320


def drawn(model, yaw, coat):
    return drawn_view(model, model.template, orbit_camera(model.template, yaw, width=SIZE, height=SIZE, fill=0.6), coat)


def groomed(model, view):
    return groom_hair(model, [view], model.template, drawn_textures())


def painted(view, rgb):
    """The view with other hair: (H, W, 3) where its mask says hair."""
    hair = view.mask.hair[..., None] > 0.5
    return replace(view, window=replace(view.window, rgb=np.where(hair, rgb, view.window.rgb).clip(0, 255).astype(np.uint8)))


def lengths(strands):
    return np.linalg.norm(np.diff(strands.points[strands.layer == 0], axis=1), axis=2).sum(1)


def leaning(model, strands):
    """Cosine between each outer strand's chord and the way out of the skin at its root."""
    corners = skin_triangles(model).vertices
    normals = vertex_normals(model.template, corners)
    out = np.einsum("gk,gkc->gc", strands.root_weights, normals[corners[strands.root_face]])
    chord = strands.points[:, -1] - strands.points[:, 0]
    cosine = (chord * out).sum(1) / np.maximum(np.linalg.norm(chord, axis=1) * np.linalg.norm(out, axis=1), 1e-9)
    return cosine[strands.layer == 0]


@pytest.fixture(scope="module")
def coils(model):
    """A ball of hair 60 mm thick in which nothing is parallel."""
    view = drawn(model, 10, 60)
    return groomed(model, painted(view, 60 + np.random.default_rng(0).normal(0, 30, (SIZE, SIZE, 1))))


@pytest.fixture(scope="module")
def sleek(model):
    return groomed(model, drawn(model, 10, 14))


def test_a_ball_of_coils_stands_as_high_as_it_looks(model, coils):
    strands, style, report = coils
    assert report["stands"] and report["curly"] and not report["long"]
    assert np.median(lengths(strands)) == pytest.approx(60, rel=0.25)
    assert np.median(leaning(model, strands)) > 0.85
    assert 0.002 < style.curl_radius < 0.008 and style.curl_length > style.curl_radius


def test_sleek_hair_lies_and_is_longer_than_it_is_thick(model, sleek):
    strands, style, report = sleek
    assert not report["stands"] and not report["tied"] and style.curl_radius == 0
    assert np.median(leaning(model, strands)) < 0.6
    assert np.median(lengths(strands)) > 1.5 * 14


def found(model, view):
    """One photo of the template head as the groom reads it."""
    seen, fall = seen_hair(view, WEIGHTS.volume), Fall.of(model, model.template)
    volume = hair_volume(model, model.template, seen, body_mesh(model, model.template), WEIGHTS.volume)
    return View(seen, volume, hair_flow(seen, volume.smooth, fall, WEIGHTS.flow))


@pytest.mark.parametrize("fall", [0.0, 170.0])
def test_a_little_blur_does_not_decide_between_straight_and_coiled(model, fall):
    view = drawn_view(model, model.template, orbit_camera(model.template, 10, width=SIZE, height=SIZE, fill=0.6), 25.0, fall)
    view = found(model, view)

    def radius(coherence):
        flow = view.flow._replace(coherence=np.full_like(view.flow.coherence, coherence))
        return measured_style(cut_of([view._replace(flow=flow)], WEIGHTS), (0.0, 0.0), WEIGHTS.style, WEIGHTS.cut).curl_radius

    radii = np.array([radius(one) for one in np.arange(0.47, 0.80, 0.01)])
    assert radii[0] > 0.003 and radii[-1] == 0
    assert np.abs(np.diff(radii)).max() < 0.001


def test_hair_that_the_photos_border_cuts_goes_on_below_it(model):
    view = drawn_view(model, model.template, orbit_camera(model.template, 10, width=SIZE, height=SIZE, fill=0.6), 25.0, 170.0)
    seen = seen_hair(view, WEIGHTS.volume)
    cut = replace(seen, window=replace(seen.window, shown=seen.window.level > 0.1))
    assert (cut.mask & cut.window.shown & (cut.window.level < 0.15)).sum() < WEIGHTS.strands.long_area * cut.face**2
    assert hanging_area(cut) > WEIGHTS.strands.long_area
    short = seen_hair(drawn(model, 10, 14), WEIGHTS.volume)
    assert hanging_area(replace(short, window=replace(short.window, shown=short.window.level > 0.1))) < 0.02


def with_knot(view, model, reach, radius):
    """The view with a disc of hair behind the head: its middle `reach` face widths beyond the back of the head's outline."""
    head = np.isfinite(view.window.head_near)
    row = int(view.window.landmarks[10, 1])
    back = np.flatnonzero(head[row])[[0, -1]]
    toward = view.window.camera.project(np.array([[0.0, 60.0, -260.0]]))[0][0, 0]
    column = back[np.abs(back - toward).argmin()] + np.sign(toward - back.mean()) * reach * view.window.face
    y, x = np.mgrid[:SIZE, :SIZE]
    disc = (x - column) ** 2 + (y - row) ** 2 < (radius * view.window.face) ** 2
    hair = np.where(disc, 1, view.mask.hair).astype(np.float32)
    knotted = replace(view, mask=replace(view.mask, hair=hair))
    stripes = 60 * (1 + 0.35 * np.sin(2 * np.pi * x / 6.0))[..., None] * np.ones(3)
    return painted(knotted, stripes), disc


def test_what_stands_out_of_tight_hair_is_a_bun(model):
    view, disc = with_knot(drawn(model, 40, 5), model, 0.1, 0.22)
    strands, _, report = groomed(model, view)
    assert report["tied"] == "bun"
    outer = strands.points[strands.layer == 0]
    pixels = view.window.camera.project(outer[:, -1].astype(float))[0].astype(int).clip(0, SIZE - 1)
    assert disc[pixels[:, 1], pixels[:, 0]].mean() > 0.35, "strands end in the bun"
    assert np.ptp(strands.points[:, 0, 0]) > 100, "they come from all over the head"
    assert np.median(lengths(strands)) > 120


def test_tight_hair_alone_is_not_tied_but_may_be_behind_the_head(model):
    report = groomed(model, drawn(model, 40, 5))[2]
    assert (report["tied"], report["behind"]) == ("", "unseen")
    assert groomed(model, drawn(model, 65, 5))[2]["behind"] == "", "from the side a tail would be seen"


def test_thick_and_standing_hair_is_not_tied_behind_the_head(sleek, coils):
    assert sleek[2]["behind"] == coils[2]["behind"] == ""
