"""Many subjects, bad ones among them, workers and the command killed at random: every good one ends as a valid bundle."""

from __future__ import annotations

import json
import sys

import pytest

from engine.bench import batch as bench_batch
from engine.bench.killed_run import run_and_kill
from engine.wire.bundle import load_bundle
from support.batch import Bench

pytestmark = [pytest.mark.alone, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]


def test_random_kills_lose_nothing_and_redo_little(tmp_path):
    bench = Bench(tmp_path)
    for number in range(16):
        bench.photo(
            f"{number}.jpg", "noface" if number % 10 == 3 else f"die_once {tmp_path / 'mark'}" if number == 11 else "ok 0.4"
        )
    figures = run_and_kill(
        bench.command("--jobs", 2),
        kill_every=0.6,
        runner_share=0.35,
        seed=3,
        log=tmp_path / "out.txt",
        environment=bench.environment,
        limit=4,
    )
    if figures.status == 34:  # three workers in a row killed while they started
        figures.status = bench.run("--jobs", 2).returncode
    before = bench.begun()
    assert bench.run("--retry-failed", "--jobs", 2).returncode == 1 and figures.status == 1
    assert figures.runner_kills and figures.worker_kills
    good = sorted(str(n) for n in range(16) if n % 10 != 3)
    assert bench.results() == good  # and nothing half-written beside them
    for name in good:
        load_bundle(bench.out / name).verify()
    assert len(before) <= 16 + 2 * (2 * figures.runner_kills + figures.worker_kills) + 2
    assert {json.loads(p.read_text())["status"] for p in (bench.out / ".hrn_batch").glob("*.json")} == {"done", "failed"}


def test_people_of_the_benchmark(tmp_path):
    pytest.importorskip("skimage", reason="carries the portrait")
    bad = bench_batch.make_people(tmp_path / "people", 40, 0, bad_share=0.25)
    assert len(bad) == 10 and set(bad.values()) == set(bench_batch._BAD)
    assert sorted(p.stem for p in (tmp_path / "people").iterdir()) == [f"subject {n:03d}" for n in range(40)]
    (tmp_path / "heads" / ".hrn_batch").mkdir(parents=True)
    (tmp_path / "heads" / "odd.partial").mkdir()
    wrong = bench_batch.check_results(tmp_path / "people", tmp_path / "heads", bad)
    assert len(wrong) == 30 + sum(kind != "folder_as_photo" for kind in bad.values()) + 1


def test_the_real_engine(tmp_path, portrait):
    """Once with the real thing: two photos and one that shows nobody, one worker."""
    import cv2
    import numpy as np

    from engine.cli import main

    (tmp_path / "people" / "Eileen").mkdir(parents=True)
    face = cv2.imread(str(portrait))[:300, 60:360]
    cv2.imwrite(str(tmp_path / "people" / "Eileen" / "1.png"), face)
    cv2.imwrite(str(tmp_path / "people" / "nobody.png"), np.full((300, 300, 3), 90, np.uint8))
    arguments = [
        "batch",
        str(tmp_path / "people"),
        "--out",
        str(tmp_path / "heads"),
        "--texture-size",
        "256",
        "--quality",
        "draft",
        "--jobs",
        "1",
    ]
    assert main(arguments) == 1
    bundle = load_bundle(tmp_path / "heads" / "Eileen")
    bundle.verify()
    record = json.loads((tmp_path / "heads" / ".hrn_batch" / "Eileen.json").read_text(encoding="utf-8"))
    assert [row["sha256"] for row in record["photos"]] == [row["sha256"] for row in bundle.manifest["photos"]]
    assert (bundle.path / record["preview"]).is_file()
    assert "NO_FACE" in (tmp_path / "heads" / "report.html").read_text(encoding="utf-8")
