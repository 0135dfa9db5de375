"""The small goldens of ``tests/golden`` are those of the developers' folder, and few."""

from __future__ import annotations

import numpy as np
import pytest

from support.golden import numbers
from support.golden.numbers import SHIPPED, HrnGolden, Numbers

JUMPING = {
    "hrn/stage1/texture_map",
    "hrn/stage1/tex_valid_mask",
    "hrn/stage1/de_retouched_albedo_map",
    "hrn/stage2/displacement_map",
    "hrn/stage2/colour_high",
    "hrn/stage2_smoothed/displacement_map",
    "hrn/stage2_smoothed/colour_high",
    "hrn/texture_sampling/texture_map",
    "hrn/texture_sampling/valid_mask",
    "tddfa_v3/maths/uv_pca",
    "tddfa_v3/maths/uv_img",
    "tddfa_v3/maths/uv_weight",
    "tddfa_v3/maths/extractTex_median",
}
"""Pictures that are sampled by whole rows: single elements may fall on the other side."""


def same(name: str, ours: np.ndarray, golden: np.ndarray) -> None:
    assert ours.shape == golden.shape, name
    if golden.dtype.kind in "bi":
        # Pixels: one to either side.
        assert np.abs(ours.astype(int) - golden.astype(int)).max() <= ("predict_" in name), name
        return
    if golden.dtype.kind == "u":
        assert (np.abs(ours.astype(int) - golden.astype(int)) <= 1).mean() > 0.99, name
        return
    off = np.abs(ours.astype(np.float64) - golden.astype(np.float64)) / max(np.abs(golden).max(), 1e-12)
    if "poisson" in name:
        assert off.mean() < 3 / 255, f"{name}: depends on OpenCV's version"
    elif name in JUMPING:
        assert (off < 1e-3).mean() > 0.95, name
    else:
        assert off.max() < (1e-9 if ours.dtype == np.float64 and "/networks/" in name else 1e-4), name


def test_they_are_few():
    assert 100_000 < sum(path.stat().st_size for path in SHIPPED.iterdir() if path.suffix in (".npz", ".json")) < 500_000


@pytest.mark.parametrize("system", ["deep3d", "df_mvr", "hrn", "tddfa_v3"])
def test_they_are_the_references(shared_dir, system):
    with np.load(SHIPPED / f"{system}.npz") as archive:
        names = archive.files
    assert len(names) > 40
    for name in names:
        file, key = name.split("/", 1)
        if system == "hrn":
            small, full = HrnGolden(file, full=False), HrnGolden(file, full=True)
            step, rest = divmod(small.meta["arrays"][key]["stride"], full.meta["arrays"][key]["stride"])
            assert rest == 0 and small.meta["arrays"][key]["shape"] == full.meta["arrays"][key]["shape"], name
            for end in ("min", "max"):
                ours, golden = small.meta["arrays"][key][end], full.meta["arrays"][key][end]
                assert ours == pytest.approx(golden, rel=1e-3, abs=1e-3 * abs(full.meta["arrays"][key]["max"])), name
            golden = full[key]
            same(f"hrn/{name}", small[key], golden if step == 1 else golden.reshape(-1)[::step])
        else:
            golden, ours = Numbers(f"{system}/{file}", full=True)[key], Numbers(f"{system}/{file}", full=False)[key]
            if ours.size < golden.size:
                assert ours.size == numbers.few_of(golden.size), name
                golden = golden.reshape(-1)[:: (golden.size - 1) // (ours.size - 1)]
            same(f"{system}/{name}", ours, golden)


def test_the_facts_are_the_references(shared_dir):
    facts = numbers._facts()
    assert facts["keys"] == numbers.key_lists()
    for folder, about in facts["hrn"].items():
        meta = HrnGolden(folder, full=True).meta
        for name, value in about.items():
            if name == "input":
                assert value["shape"] == meta[name]["shape"]
                np.testing.assert_allclose(value["first4"], meta[name]["first4"], atol=1e-7)
            elif name != "arrays":
                assert value == pytest.approx(meta[name], rel=1e-9), (folder, name)
