"""The coarse stage: the average face, and a network that has seen renders of this head."""

import numpy as np
import pytest

from engine.bench.generated import face_distance
from engine.fit import fit_coarse
from engine.fit.coarse.focal import choose_focal
from engine.fit.coarse.population import anchored_identity, canonical_face, canonical_identity, load_people
from engine.geometry.similarity import similarity
from engine.photo import Landmarker
from engine.photo.regions import BROWS, EYES, FACE_POINTS
from engine.synthetic.dataset import face_vertices
from engine.synthetic.render import Renderer
from engine.synthetic.windows import draw_photo
from engine.system.progress import Progress
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings

SEED = 31


@pytest.fixture(scope="module")
def photos(model):
    """Rendered heads: (head, photo, true focal length, observation)."""
    renderer, landmarker, found = Renderer(model), Landmarker(), []
    for number in range(6):
        head, photo, focal = draw_photo(renderer, SEED, number, side=480)
        faces = landmarker.detect(photo)
        if faces:
            found.append((head, photo, focal, faces[0]))
    assert len(found) >= 4
    return found


@pytest.fixture(scope="module")
def fits(model, photos):
    return [fit_coarse(model, photo, observation, Settings()) for _, photo, _, observation in photos]


def test_canonical_face_is_a_face_in_millimetres():
    face = canonical_face()
    assert face.shape == (468, 3)
    assert 130 < np.ptp(face[:, 0]) < 180 and 150 < np.ptp(face[:, 1]) < 210
    assert face[1, 2] > face[152, 2] > face[234, 2]  # Tip of the nose, chin, ear: ever farther back.
    assert face[263, 0] > 0 > face[33, 0]  # The subject's left is +x.
    mirrored = face * [-1, 1, 1]
    assert np.linalg.norm(mirrored[:, None] - face[None], axis=-1).min(1).max() < 1.0


def test_the_canonical_identity_is_nearer_to_the_canonical_face_and_modest(model):
    identity = canonical_identity(model)
    assert 0.05 < np.sqrt((identity**2).mean()) < 0.6

    def distance(coefficients):
        points = model.landmarks(model.shape(coefficients.astype(np.float32)))[:468].astype(float)
        scale, R, t = similarity(canonical_face(), points)
        return np.linalg.norm(scale * canonical_face() @ R.T + t - points, axis=1).mean()

    assert distance(identity) < 0.9 * distance(np.zeros_like(identity))


def test_averages_of_people_agree_more_with_each_other_than_with_the_sliders_mean(model):
    people = load_people(model)
    face = face_vertices(model)
    heads = [model.shape(identity.astype(np.float32)) for identity in people.averages]
    mean = model.shape(people.mean.astype(np.float32))
    apart = [face_distance(model, one, other, face) for one in heads for other in heads if one is not other]
    assert 0.3 < np.mean(apart) < 1.5
    assert all(face_distance(model, head, mean, face) < face_distance(model, head, model.template, face) for head in heads)


def test_people_differ_by_a_few_millimetres_in_a_few_ways(model):
    people = load_people(model)
    length = np.linalg.norm(people.modes, axis=1)
    assert 5 <= len(people.modes) <= 44 and (np.diff(length) < 0).all()
    face = face_vertices(model)
    mean = model.shape(people.mean.astype(np.float32))
    first = model.shape((people.mean + people.modes[0]).astype(np.float32))
    assert 0.5 < face_distance(model, first, mean, face) < 3


def test_identities_are_known_by_what_they_do_to_some_vertices(model):
    identity = np.random.default_rng(0).normal(size=(3, len(model.identity_basis)))
    vertices = face_vertices(model)[::9]
    moved = np.einsum("nk,kad->nad", identity, model.identity_basis[:, vertices])
    found = anchored_identity(model, vertices, moved)
    np.testing.assert_allclose(np.einsum("nk,kad->nad", found, model.identity_basis[:, vertices]), moved, atol=0.1)
    with pytest.raises(HrnError) as caught:
        anchored_identity(model, vertices, moved + np.random.default_rng(1).normal(size=moved.shape))
    assert caught.value.code == ErrorCode.MODEL_MISSING


def test_brows_are_as_high_above_the_eyes_as_peoples(model):
    on_head = model.landmarks(model.shape(load_people(model).mean)).astype(float)[:FACE_POINTS]
    scale, R, t = similarity(canonical_face(), on_head)
    away = (on_head - (scale * canonical_face() @ R.T + t))[:, 1]
    lids, brows = away[list(EYES[0] + EYES[1])].mean(), away[list(BROWS[0] + BROWS[1])].mean()
    assert abs(brows - lids) < 2.0
    hair = model.part("right_brow", "left_brow") > 0.5
    height = model.template[hair, 1].mean() - model.landmarks(model.template)[list(BROWS[0]), 1].mean()
    assert abs(height) < 1.5


def test_a_file_without_the_canonical_face_is_named(monkeypatch, tmp_path):
    import zipfile

    import engine.fit.coarse.population as population

    path = tmp_path / "face_landmarker.task"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(population._ENTRY, b"\x0a\x05abc")
    monkeypatch.setattr(population, "model_path", lambda: path)
    with pytest.raises(HrnError) as caught:
        canonical_face()
    assert caught.value.code == ErrorCode.MODEL_MISSING


def test_heads_are_nearer_to_the_truth_than_the_mean_head(model, photos, fits):
    face = face_vertices(model)
    fitted = [
        face_distance(model, head.posed, model.shape(fit.identity, fit.expression), face)
        for (head, _, _, _), fit in zip(photos, fits, strict=True)
    ]
    mean = [face_distance(model, head.posed, model.template, face) for head, _, _, _ in photos]
    assert np.mean(fitted) < 0.9 * np.mean(mean)


def test_landmarks_come_near_and_values_stay_in_bounds(photos, fits):
    for (_, _, _, observation), fit in zip(photos, fits, strict=True):
        width = np.ptp(observation.landmarks[:, 0])
        assert np.median(fit.residual_px) < 0.04 * width
        assert fit.expression.min() >= 0 and fit.expression.max() <= 1
        assert np.abs(fit.identity).max() <= 3
        assert fit.focal_source == "estimated" and fit.camera.t[2] > 150


def test_a_given_focal_length_is_kept(model, photos):
    _, photo, focal, observation = photos[0]
    fit = fit_coarse(model, photo, observation, Settings(focal_px=focal))
    assert fit.camera.fx == pytest.approx(focal) and fit.focal_source == "user"
    same = focal * np.hypot(36, 24) / np.hypot(*photo.size)
    assert choose_focal(photo, Settings(focal_mm=same), 1.0) == (pytest.approx(focal), "user")


def test_result_is_the_same_twice(model, photos, fits):
    _, photo, _, observation = photos[0]
    again = fit_coarse(model, photo, observation, Settings())
    np.testing.assert_array_equal(again.identity, fits[0].identity)
    np.testing.assert_array_equal(again.camera.t, fits[0].camera.t)


def test_every_window_reports_so_that_a_cancel_is_noticed(model, photos):
    _, photo, _, observation = photos[0]
    told = []
    fit_coarse(model, photo, observation, Settings(), Progress(lambda stage, fraction, message: told.append(fraction)))
    assert len(told) >= 20 and told == sorted(told) and 0 <= told[0] and told[-1] <= 1


def test_cancelling_stops_the_fit(model, photos):
    _, photo, _, observation = photos[0]

    def cancel(stage, fraction, message):
        raise HrnError(ErrorCode.CANCELLED, "cancelled")

    with pytest.raises(HrnError):
        fit_coarse(model, photo, observation, Settings(), Progress(cancel))
