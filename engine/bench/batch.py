"""``engine bench batch``: a batch under kills and bad photos, and what a second worker is worth. Linux only.

    engine bench batch stress --subjects 200        a tenth of them unusable, workers and the command killed at random
    engine bench batch speedup --subjects 8         the same subjects with one and with two workers

Subjects are crops of the portrait that comes with the engine, each one different, or of photos given with --photos.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from ..system.machine import cores
from ..wire.bundle import load_bundle
from ..wire.errors import HrnError
from .killed_run import run_and_kill

__all__ = ["main", "make_people"]

_MAIN = Path(__file__).resolve().parent.parent / "__main__.py"
_BAD = ("no_image", "truncated", "no_face", "tiny", "empty_file", "dangling_link", "small_face", "folder_as_photo")
"""Kinds of bad photos, which are mixed in by turns."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = argparse.ArgumentParser(
        prog="engine bench batch", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("stress", "speedup"))
    parser.add_argument("--subjects", type=int, default=200, metavar="N")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photos to take crops of, one face each")
    parser.add_argument("--texture-size", type=int, default=256, metavar="PIXELS")
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="workers under stress (default: %(default)s)")
    parser.add_argument(
        "--kill-every",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="mean time between two kills under stress, 0 for none (default: %(default)s)",
    )
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="repetitions of the speed-up (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    options = parser.parse_args(argv)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="hrn-batch-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return (stress if options.what == "stress" else speedup)(options, folder)
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def _command(options: argparse.Namespace, people: Path, out: Path, jobs: int) -> list[str]:
    return [
        sys.executable,
        "-I",
        str(_MAIN),
        "batch",
        str(people),
        "--out",
        str(out),
        "--jobs",
        str(jobs),
        "--texture-size",
        str(options.texture_size),
        "--quality",
        options.quality,
    ]


# -- stress ------------------------------------------------------------------------------------------------------------


def stress(options: argparse.Namespace, folder: Path) -> int:
    """Exit status 0 when every good subject is a valid bundle, every bad one failed, and nothing else is left."""
    people, out = folder / "people", folder / "heads"
    bad = make_people(people, options.subjects, options.seed, options.photos)
    print(f"{options.subjects} subjects, {len(bad)} of them unusable; {options.jobs} workers on {cores()} cores", flush=True)
    command = _command(options, people, out, options.jobs)
    first = run_and_kill(command, kill_every=options.kill_every, runner_share=0.25, seed=options.seed, log=folder / "log.txt")
    begin = time.monotonic()
    again = run_and_kill(command, kill_every=0, runner_share=0, seed=0, log=folder / "log.txt")
    wrong = check_results(people, out, bad)
    print(
        f"first pass: {first.seconds:.0f} s, {first.worker_kills} workers and the command {first.runner_kills} times killed, "
        f"exit status {first.status}"
    )
    print(f"same command once more: {time.monotonic() - begin:.1f} s, exit status {again.status}")
    _print_memory(first)
    for sentence in wrong:
        print(f"wrong: {sentence}")
    print(
        "every good subject is a valid bundle, every bad one has its error, nothing else is left"
        if not wrong
        else f"{len(wrong)} faults"
    )
    return 1 if wrong else 0


def _print_memory(figures) -> None:
    peaks = [max(values) for values in figures.worker_mib.values() if len(values) > 20]
    print(f"memory of the command: {_quarters(figures.runner_mib)} MiB")
    longest = max(figures.worker_mib.values(), key=len, default=[])
    print(
        f"memory of the worker that lived longest ({len(longest) / 2:.0f} s): {_quarters(longest)} MiB; "
        f"highest of all {max(peaks, default=0):.0f} MiB"
    )


def _quarters(values: list[float]) -> str:
    """Medians over the four quarters of the time: what grows, shows."""
    parts = [part for part in np.array_split(np.array(values), 4) if len(part)]
    return ", ".join(f"{np.median(part):.0f}" for part in parts)


def check_results(people: Path, out: Path, bad: dict[str, str]) -> list[str]:
    """What is not as it has to be, as sentences."""
    wrong, names = [], {path.stem for path in people.iterdir()}
    for name in sorted(names - set(bad)):
        try:
            load_bundle(out / name).verify()
        except HrnError as error:
            wrong.append(f"{name}: {error}")
    for name, kind in bad.items():
        try:
            record = json.loads((out / ".hrn_batch" / f"{name}.json").read_text(encoding="utf-8"))
        except OSError:
            record = {}
        if kind == "folder_as_photo":
            if record or (out / name).exists():
                wrong.append(f"{name}: a folder without photos became a subject")
        elif record.get("status") != "failed" or record["error"]["code"] in ("INTERNAL", "ENGINE_CRASHED"):
            wrong.append(f"{name} ({kind}): {record.get('status')} {record.get('error')}")
        if (out / name).exists():
            wrong.append(f"{name} ({kind}): there is a bundle")
    extra = {path.name for path in out.iterdir()} - names - {".hrn_batch", "report.html"}
    wrong += [f"left behind: {name}" for name in sorted(extra)]
    wrong += [f"left behind: {path.name}" for path in (out / ".hrn_batch").glob(".*.partial")]
    return wrong


# -- speed-up ----------------------------------------------------------------------------------------------------------


def speedup(options: argparse.Namespace, folder: Path) -> int:
    """Wall time of the same subjects with one worker and with two, alternating; medians."""
    people = folder / "people"
    make_people(people, options.subjects, options.seed, options.photos, bad_share=0.0)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    work: dict[int, list[float]] = {1: [], 2: []}
    for run in range(options.runs):
        for jobs in (1, 2) if run % 2 == 0 else (2, 1):  # whatever else the machine does hits both alike
            out = folder / f"heads_{run}_{jobs}"
            command = _command(options, people, out, jobs)
            figures = run_and_kill(command, kill_every=0, runner_share=0, seed=0, log=folder / "log.txt")
            if figures.status:
                print(f"the batch ended with {figures.status}; see {folder / 'log.txt'}", file=sys.stderr)
                return 1
            seconds[jobs].append(figures.seconds)
            work[jobs].append(figures.cpu_seconds)
            print(
                f"run {run}, {jobs} worker{'s' * (jobs > 1)}: {figures.seconds:.1f} s, {figures.cpu_seconds:.1f} s of "
                f"processor time; other programs kept {figures.others_cores:.2f} cores busy",
                flush=True,
            )
            shutil.rmtree(out)
    one, two = statistics.median(seconds[1]), statistics.median(seconds[2])
    print(
        f"{options.subjects} subjects at {options.texture_size}, {options.quality}, {cores()} cores, medians of "
        f"{options.runs}: one worker {one:.1f} s, two {two:.1f} s, {one / two:.2f} times the work; processor time "
        f"{statistics.median(work[1]):.1f} s and {statistics.median(work[2]):.1f} s"
    )
    return 0


# -- photos ------------------------------------------------------------------------------------------------------------


def make_people(folder: Path, count: int, seed: int, photos: Path | None = None, bad_share: float = 0.1) -> dict[str, str]:
    """Fill a folder with `count` subjects; returns the bad ones and what is wrong with each."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = (
        [image for image in map(cv2.imread, map(str, sorted(photos.iterdir()))) if image is not None]
        if photos
        else [_portrait()]
    )
    rng = np.random.default_rng(seed)
    bad_numbers = rng.permutation(count)[: round(bad_share * count)]
    bad = {}
    for number in range(count):
        name = f"subject {number:03d}"
        if number in bad_numbers:
            bad[name] = _BAD[len(bad) % len(_BAD)]
            _write_bad(folder / f"{name}.jpg", bad[name], sources[0], rng)
        else:
            cv2.imwrite(str(folder / f"{name}.jpg"), _variant(sources[number % len(sources)], rng))
    return bad


def _portrait() -> np.ndarray:
    spec = importlib.util.find_spec("skimage")
    image = cv2.imread(str(Path(spec.origin).parent / "data" / "astronaut.png"))
    return image[:300, 60:360]


def _variant(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same face turned a little, cut, lit and sized differently."""
    scale = rng.uniform(320, 480) / max(image.shape[:2])
    image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(-8, 8), 1.0)
    image = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    gain = rng.uniform(0.8, 1.15, 3)
    return np.clip(image * gain, 0, 255).astype(np.uint8)


def _write_bad(path: Path, kind: str, image: np.ndarray, rng: np.random.Generator) -> None:
    if kind == "no_image":
        path.write_text("This is a letter, not a photo.\n")
    elif kind == "truncated":
        data = cv2.imencode(".jpg", image)[1].tobytes()
        path.write_bytes(data[: len(data) // 3])
    elif kind == "no_face":
        cv2.imwrite(str(path), rng.integers(90, 160, (400, 400, 3)).astype(np.uint8))
    elif kind == "tiny":
        cv2.imwrite(str(path), cv2.resize(image, (12, 12)))
    elif kind == "empty_file":
        path.touch()
    elif kind == "dangling_link":
        path.symlink_to("gone.jpg")
    elif kind == "small_face":
        small = np.full((400, 400, 3), 128, np.uint8)
        small[100:164, 100:164] = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(path), small)
    else:
        path.mkdir()
