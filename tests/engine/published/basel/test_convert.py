"""``BFM_model_front.mat`` made of the files of the Basel Face Model 2009."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from engine.published.basel import convert, files
from support.golden import bfm2009 as rule
from support.golden.numbers import Numbers
from support.official.licensed import official_file

MADE = ("meanshape", "meantex", "idBase", "exBase", "texBase")


@pytest.fixture(scope="module")
def golden():
    return Numbers("deep3d/bfm_prep")


def write_face_info(folder, golden) -> None:
    savemat(folder / "facemodel_info.mat", {name: np.ones(golden[f"{name}/shape"], np.uint16) for name in rule.COPIED})


def check_kinds(fields, golden) -> None:
    for name, value in fields.items():
        assert list(value.shape) == golden[f"{name}/shape"].tolist(), name
        assert str(value.dtype) == golden[f"{name}/dtype"][0], name


def check_samples(fields, golden) -> None:
    for name in MADE:
        row, column, value = rule.samples(golden, name)
        found = fields[name].reshape(3 * rule.FRONT, -1)[row, column]
        np.testing.assert_allclose(found, value, rtol=1e-6, err_msg=name)


def test_every_number_is_the_references(golden, tmp_path):
    """All stored samples of all fields, at the stated tolerance, without the official index files.

    These are replaced by what the samples imply, which leaves little freedom: 1024 of the 1193 vertices follow from the two
    means alone (the next best row of any vertex is off by 9e-6), and each has three further numbers to meet; of the 64
    deviations each one meets 16 samples. A vertex of the expressions is free only among those between its neighbours.
    """
    origins = rule.find_origins(golden)
    assert origins.margin > 8e-6 and len(origins.vertex) == 1193
    assert np.array_equal(origins.coordinates, rule.samples(golden, "meanshape").row % 3)
    for rising in (origins.vertex, origins.full, origins.cropped):
        assert (np.diff(rising) > 0).all()
    left_out = origins.full - origins.cropped
    assert left_out[0] == 0 and left_out[-1] == rule.FULL - rule.CROPPED and (np.diff(left_out) >= 0).all()
    deviations = np.array([float(f"{value:.5e}") for value in origins.deviations])
    assert tuple(deviations[:4]) == rule.KNOWN_DEVIATIONS
    np.testing.assert_allclose(origins.deviations, deviations, rtol=2e-7, err_msg="the file has six digits")

    rule.write_model(tmp_path)
    rule.write_lists(tmp_path, origins, deviations)
    write_face_info(tmp_path, golden)
    fields = convert.convert_bfm_2009(tmp_path)
    check_kinds(fields, golden)
    check_samples(fields, golden)


def test_every_number_with_the_official_index_files(golden, tmp_path):
    """The same without anything implied, where the user's folder holds the index files of Deep3D."""
    for name in ("BFM_front_idx.mat", "BFM_exp_idx.mat", "facemodel_info.mat", "std_exp.txt"):
        (tmp_path / name).write_bytes(official_file(name).read_bytes())
    rule.write_model(tmp_path)
    fields = convert.convert_bfm_2009(tmp_path)
    check_kinds(fields, golden)
    check_samples(fields, golden)


def test_every_number_is_in_its_place(tmp_path):
    """Of all vertices, with index lists that were drawn."""
    full, cropped, front = rule.FULL, rule.CROPPED, rule.FRONT
    random = np.random.default_rng(1)
    trim = np.sort(random.permutation(full)[:cropped])
    chosen = np.sort(random.permutation(cropped)[:front])
    number = np.arange(3 * full, dtype=np.float32)[:, None]
    wave = np.cos(np.arange(80, dtype=np.float32))[None]
    components = number / 1e3 * wave
    deviation = np.arange(1, 81, dtype=np.float64)[:, None]
    savemat(
        tmp_path / "01_MorphableModel.mat",
        {
            "shapeMU": number,
            "shapePC": components,
            "shapeEV": deviation,
            "texMU": number / 7,
            "texPC": components,
            "texEV": deviation,
        },
    )
    expression = random.standard_normal((80, 3 * cropped)).astype(np.float32)
    (tmp_path / "Exp_Pca.bin").write_bytes(np.int32(79).tobytes() + expression.tobytes())
    (tmp_path / "std_exp.txt").write_text(" ".join(str(1000 + k) for k in range(79)))
    savemat(tmp_path / "BFM_front_idx.mat", {"idx": chosen[:, None] + 1})
    savemat(tmp_path / "BFM_exp_idx.mat", {"trimIndex": trim[:, None] + 1})
    savemat(tmp_path / "facemodel_info.mat", {name: np.ones((1, 3), np.uint16) for name in rule.COPIED})
    fields = convert.convert_bfm_2009(tmp_path)
    rows = (3 * trim[chosen][:, None] + np.arange(3)).reshape(-1)
    np.testing.assert_allclose(fields["meanshape"][0], number[rows, 0] / 1e5, rtol=1e-6)
    np.testing.assert_allclose(fields["meantex"][0], number[rows, 0] / 7, rtol=1e-6)
    expected = number[rows].astype(float) / 1e3 * wave * deviation.T
    np.testing.assert_allclose(fields["idBase"], expected / 1e5, rtol=1e-5)
    np.testing.assert_allclose(fields["texBase"], expected, rtol=1e-5)
    rows = (3 * chosen[:, None] + np.arange(3)).reshape(-1)
    np.testing.assert_allclose(
        fields["exBase"], expression[1:65].T[rows].astype(float) * (1000 + np.arange(64)) / 1e5, rtol=1e-6
    )
    convert.write_bfm_front(fields, tmp_path / "front.mat")
    assert set(files.read_mat(tmp_path / "front.mat")) == set(fields)
