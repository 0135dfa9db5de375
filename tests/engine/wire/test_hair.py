"""The hair of a bundle: what is written is read again, and what does not fit is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engine.wire.bundle import load_bundle
from engine.wire.errors import HrnError
from engine.wire.hair import GROUPS, VERSION, HairGroup, HairStyle, hair_json, load_hair, write_hair
from support.synthetic_bundle import make_bundle

STYLE = HairStyle(9, 0.003, 0.3, 0.0015, 0.0003, 0.0, 0.03, 0.28)


def group(guides: int = 5, points: int = 4) -> HairGroup:
    rng = np.random.default_rng(3)
    return HairGroup(
        rng.normal(0, 0.1, (guides, points, 3)).astype(np.float32),
        rng.random((guides, 2)).astype(np.float32),
        np.full((guides, points), 5e-5, np.float32),
        rng.random((guides, points, 3)).astype(np.float32),
        np.arange(guides, dtype=np.uint8) % 3,
        np.zeros(guides, np.uint8),
        STYLE,
    )


@pytest.fixture
def folder(tmp_path):
    """A bundle with hair and brows."""
    path = make_bundle(tmp_path / "head").path
    groups = {"hair": group(), "brows": group(3, 2)}
    write_hair(path, groups)
    change(path, lambda manifest: manifest.update(hair=hair_json(groups, scalp_color=[0.1, 0.1, 0.1])))
    return path


def change(path, edit) -> None:
    file = path / "head.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    edit(manifest)
    file.write_text(json.dumps(manifest), encoding="utf-8")


def test_is_read_as_it_was_written(folder):
    found = load_hair(load_bundle(folder))
    assert list(found) == ["hair", "brows"] and set(found) < set(GROUPS)
    for name, expected in {"hair": group(), "brows": group(3, 2)}.items():
        assert found[name].style == STYLE
        for have, want in zip(found[name][:-1], expected[:-1]):
            assert have.dtype == want.dtype and np.array_equal(have, want)


def test_a_head_without_hair_has_none(tmp_path):
    assert load_hair(make_bundle(tmp_path / "bald")) == {}


@pytest.mark.parametrize(
    "edit",
    [
        lambda manifest: manifest["hair"].update(version=VERSION + 1),
        lambda manifest: manifest["hair"].update(version="1"),
        lambda manifest: manifest["hair"].pop("groups"),
        lambda manifest: manifest["hair"]["groups"].update(hair={"style": {}}),
        lambda manifest: manifest["hair"]["groups"]["hair"]["style"].update(spread="wide"),
        lambda manifest: manifest["hair"]["groups"]["hair"]["style"].update(spread=float("nan")),
        lambda manifest: manifest["hair"]["groups"].update(lashes=manifest["hair"]["groups"]["hair"]),
        lambda manifest: manifest.update(hair=[1]),
    ],
)
def test_what_is_newer_or_broken_is_refused(folder, edit):
    change(folder, edit)
    with pytest.raises(HrnError) as caught:
        load_hair(load_bundle(folder))
    assert caught.value.code == "BUNDLE_INVALID"


@pytest.mark.parametrize("name, value", [("points", np.nan), ("color", np.inf)])
def test_numbers_that_are_not_finite_are_refused(tmp_path, name, value):
    bad = group()
    getattr(bad, name)[0] = value
    with pytest.raises(HrnError, match=name):
        write_hair(tmp_path, {"hair": bad})


def test_arrays_that_do_not_belong_together_are_refused(tmp_path):
    with pytest.raises(HrnError, match="root_uv"):
        write_hair(tmp_path, {"hair": group()._replace(root_uv=np.zeros((4, 2), np.float32))})


def test_a_damaged_file_is_refused(folder):
    data = bytearray((folder / "hair.npz").read_bytes())
    data[len(data) // 2 :] = b"\0" * (len(data) - len(data) // 2)
    (folder / "hair.npz").write_bytes(data)
    with pytest.raises(HrnError, match="hair.npz"):
        load_hair(load_bundle(folder))
