"""Writes the small goldens beside this file: ``ENGINE/bin/python tests/golden/make.py`` on a developer's machine.

The tests that compare with ``../shared/golden`` are run, and what this engine gives for each number is noted where it is
compared. When all of them pass, these values of ours are written: whole where they are few, else every k-th or the evenly
spaced ones, in single precision (double where the comparison is finer). Inputs that a test takes from a golden are made
again by their rule, which must give the same. Nothing is written that is not ours or of a rule: made of official files,
it stays in the developers' folder, and so does the test that needs it.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "support" / "paths.py"))

import numpy as np
import pytest

from engine.published.basel.camera import ALIGNED_CAMERA, MVR_CAMERA
from support.checkout import ROOT
from support.golden import numbers
from support.golden.rules import normal, strided

TESTS = ("basel", "deep3d/test_training.py", "df_mvr/test_geometry.py", "hrn/test_maps.py", "hrn/test_stages.py", "modelscope/test_fit.py",
         "modelscope/test_head_model.py", "nets/test_numbers.py", "tddfa_v3/test_face.py", "test_widening.py")  # fmt: skip
NOT_OURS = ("deep3d/bfm_prep:", "deep3d/maths:align/lm", "deep3d/maths:align/trans", "deep3d/maths:align/image", "deep3d/maths:align/extract",
            "deep3d/maths:lm68det/", "deep3d/maths:skin/", "df_mvr/maths:loss/", "df_mvr/maths:mask/", "df_mvr/maths:crop/",
            "hrn/align_shrink:", "hrn/align_enlarge:", "hrn/align_offside:", "hrn/align_for_lm:real", "tddfa_v3/maths:io/")  # fmt: skip
"""Beginnings of the numbers that hang on official files or on inputs without a rule."""
VIEWS = ("lt", "ft", "rt")


def pinhole() -> np.ndarray:
    """(3, 3) of the aligned camera, as the references multiply it from the right."""
    focal, centre = ALIGNED_CAMERA.focal, ALIGNED_CAMERA.centre
    return np.array([[focal, 0, centre], [0, focal, centre], [0, 0, 1]], np.float32).T


def rules() -> dict[tuple[str, str], np.ndarray]:
    """Inputs that tests take from the goldens."""
    some = strided(np.arange(35709), 300)
    made = {
        ("deep3d/maths", "model/vertex_sample"): some,
        ("tddfa_v3/maths", "vertex_sample"): some,
        ("df_mvr/maths", "vertex_sample"): some,
        ("deep3d/maths", "model/persc_proj"): pinhole(),
        ("hrn/bfm_basic", "persc_proj"): pinhole(),
        ("deep3d/networks", "recog/M"): np.array([[[0.52, 0.03, -1.7], [-0.02, 0.5, 4.3]]]),
        ("tddfa_v3/networks", "retinaface/predict_hits"): np.array([3001, 3003, 5000, 8300, 9100, 10400, 10402, 10401]),
    }
    camera = MVR_CAMERA
    scale, depth = camera.focal / camera.centre, camera.far / (camera.far - camera.near)
    matrix = [[scale, 0, 0, 0], [0, scale, 0, 0], [0, 0, depth, 1], [0, 0, -camera.near * depth, 0]]
    made["df_mvr/maths", "camera/R"] = np.diag([-1.0, 1, -1])[None]
    made["df_mvr/maths", "camera/T"] = np.array([[0.0, 0, camera.distance]])
    made["df_mvr/maths", "camera/K"] = np.array([matrix])
    for number, view in enumerate(VIEWS):
        made["df_mvr/maths", f"para/face_rotate_{view}"] = normal(f"dfmvr:rot{view}", (2, 3), 0.1) + (
            0.05,
            0.5 * (number - 1),
            0,
        )
        made["df_mvr/maths", f"para/face_offset_xyz_{view}"] = normal(f"dfmvr:off{view}", (2, 3), 0.03) + (0, 0, -9)
    return made


class Traced(np.ndarray):
    """A golden that tells with what of ours it is compared."""

    origin: tuple[str, str] | None = None
    whole = 0
    note = None

    def __array_finalize__(self, parent):
        for name in ("origin", "whole", "note"):
            setattr(self, name, getattr(parent, name, getattr(type(self), name)))

    def _partner(self, pair) -> None:
        for golden, ours in (pair, pair[::-1]):
            if golden is self and not isinstance(ours, Traced) and np.size(ours) == self.whole == self.size:
                self.note(self.origin, ours)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method == "__call__" and len(inputs) == 2:
            self._partner(inputs)
        options = {name: tuple(map(plain, value)) if name == "out" else plain(value) for name, value in options.items()}
        return getattr(ufunc, method)(*map(plain, inputs), **options)

    def __array_function__(self, function, types, args, kwargs):
        if len(args) >= 2:
            self._partner(args[:2])
        return function(*map(deep_plain, args), **{name: plain(value) for name, value in kwargs.items()})


def plain(value):
    return value.view(np.ndarray) if isinstance(value, Traced) else value


def deep_plain(value):
    return type(value)(map(plain, value)) if isinstance(value, (list, tuple)) else plain(value)


class Recorder:
    def __init__(self):
        self.ours: dict[tuple[str, str], object] = {}

    def saw(self, origin, value) -> None:
        self.ours.setdefault(origin, value)

    def noted(self, origin, value) -> None:
        """Of an array that is compared as it is stored: a value by :meth:`saw` is the whole of it."""
        self.ours.setdefault(origin, value)

    def traced(self, origin, array):
        if array.dtype.kind not in "biuf":
            return array
        traced = array.view(Traced)
        traced.origin, traced.whole, traced.note = origin, array.size, self.noted
        return traced


def fewer(value: np.ndarray, golden: np.ndarray) -> np.ndarray:
    """What is kept of ours for a golden that a sample of `value` is compared with, or the whole of it."""
    value = np.asarray(value)
    value = strided(value, numbers.few_of(golden.size)) if value.size > golden.size else value.reshape(golden.shape)
    if golden.dtype.kind in "biu" and value.dtype.kind == "f":
        value = np.rint(value)
    return value.astype(golden.dtype if golden.dtype.kind in "biu" or golden.dtype == np.float32 else np.float64)


def stride_of(size: int, stride: int) -> int:
    """An odd multiple of `stride` that leaves about FEW elements."""
    return stride if size <= numbers.FEW * stride else stride * (max(1, round(size / stride / numbers.FEW)) | 1)


def write(ours: dict[tuple[str, str], object]) -> None:
    arrays: dict[str, dict[str, np.ndarray]] = {}
    facts: dict = {"keys": numbers.key_lists(), "hrn": {}}
    for (name, key), value in sorted(ours.items(), key=lambda item: item[0]):
        if f"{name}:{key}".startswith(NOT_OURS):
            continue
        system, part = name.split("/", 1)
        if system != "hrn":
            golden = numbers.Numbers(name)[key]
            arrays.setdefault(system, {})[f"{part}/{key}"] = fewer(value, golden)
            continue
        about = facts["hrn"].setdefault(part, {"arrays": {}})
        if key.startswith("fact:"):
            about[key.removeprefix("fact:")] = value
            continue
        golden = numbers.HrnGolden(part)
        value, known = np.asarray(value), golden.meta["arrays"][key]
        if list(value.shape) != known["shape"]:
            value = value.reshape(known["shape"])
        kept = value.astype(known["dtype"])
        if kept.dtype == np.float64:
            kept = kept.astype(np.float32)
        stride = stride_of(kept.size, known["stride"])
        about["arrays"][key] = {
            "shape": list(value.shape),
            "stride": stride,
            "min": float(kept.min()),
            "max": float(kept.max()),
        }
        arrays.setdefault("hrn", {})[f"{part}/{key}"] = kept if stride == 1 else kept.reshape(-1)[::stride]
    for system, content in arrays.items():
        np.savez_compressed(numbers.SHIPPED / f"{system}.npz", **content)
    (numbers.SHIPPED / "facts.json").write_text(
        json.dumps(facts, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8"
    )


def main() -> int:
    if not numbers.FULL.is_dir():
        print("The developers' folder ../shared is absent.", file=sys.stderr)
        return 1
    recorder = numbers.recorder = Recorder()
    folder = ROOT / "tests" / "engine" / "published"
    code = pytest.main(["-q", "-p", "no:cacheprovider", *(str(folder / test) for test in TESTS)])
    numbers.recorder = None
    if code:
        print("Nothing is written: what differs from the references is not shipped.", file=sys.stderr)
        return int(code)
    for (name, key), value in rules().items():
        golden = (numbers.HrnGolden(name.removeprefix("hrn/")) if name.startswith("hrn/") else numbers.Numbers(name))[key]
        value = value.astype(golden.dtype).reshape(golden.shape)
        np.testing.assert_allclose(value, golden, rtol=1e-6, err_msg=f"{name}: {key}")
        recorder.ours[name, key] = value
    write(recorder.ours)
    for path in sorted(numbers.SHIPPED.glob("*.*")):
        print(path.name, path.stat().st_size)
    missing = []
    for path in sorted(numbers.FULL.rglob("*.npz")):
        name = path.relative_to(numbers.FULL).with_suffix("").as_posix().removesuffix("/output")
        missing += [
            f"{name}: {key}"
            for key in np.load(path).files
            if (name, key) not in recorder.ours or f"{name}:{key}".startswith(NOT_OURS)
        ]
    print("Not shipped:", *missing, sep="\n  ")
    return 0


if __name__ == "__main__":
    sys.exit(main())
