"""What fits are wrong by becomes identities, and files keep what they do to faces."""

import numpy as np
import pytest

from engine.corrections.kinds import KINDS_FILE
from engine.fit.coarse.population import anchored_identity
from engine.synthetic.dataset import face_vertices
from engine.synthetic.fit_errors import error_modes, write_errors
from engine.synthetic.kinds import write_kinds


@pytest.fixture(scope="module")
def modes(model):
    return np.random.default_rng(3).normal(size=(3, len(model.identity_basis))) * 0.4


def moved(model, modes):
    face = face_vertices(model)
    return np.einsum("nk,kad->nad", modes, model.identity_basis[:, face].astype(float))


def test_an_error_that_an_identity_makes_is_that_identitys_whatever_the_pose(model, modes):
    template = model.template.astype(np.float64)
    fitted = np.repeat(template[None], 3, 0)
    truth = 1.1 * np.array([model.shape(np.float32(one)) for one in modes], np.float64) + [30, -4, 9]
    found, face = error_modes(model, truth, fitted), face_vertices(model)
    for one, head in zip(moved(model, found), truth):
        # What is left is the similarity's: heads are laid onto each other before they are compared.
        away = np.column_stack([template[face], np.ones(len(face))])
        rest = head[face] / 1.1 - template[face] - one
        rest -= away @ np.linalg.lstsq(away, rest, rcond=None)[0]
        assert np.sqrt((rest**2).sum(1).mean()) < 0.3


def test_a_file_keeps_what_errors_do_to_the_face(model, modes, tmp_path):
    write_errors(model, modes, tmp_path / "errors.npz")
    with np.load(tmp_path / "errors.npz") as data:
        back = anchored_identity(model, data["vertices"], data["modes"])
    assert np.abs(moved(model, back) - moved(model, modes)).max() < 1


def test_the_shipped_kinds_are_those_of_the_heads_data(model, tmp_path):
    write_kinds(model, tmp_path / "kinds.npz")
    with np.load(tmp_path / "kinds.npz") as made, np.load(KINDS_FILE) as shipped:
        assert made["names"].tolist() == shipped["names"].tolist()
        np.testing.assert_allclose(made["moved"], shipped["moved"], atol=0.02)
