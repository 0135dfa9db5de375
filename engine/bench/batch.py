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
from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.language import local
from ..wire.messages import Message, as_message, say
from .killed_run import run_and_kill

__all__ = ["main", "make_people"]

_MAIN = Path(__file__).resolve().parent.parent / "__main__.py"
_BAD = ("no_image", "truncated", "no_face", "tiny", "empty_file", "dangling_link", "small_face", "folder_as_photo")
"""Kinds of bad photos, which are mixed in by turns."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench batch", description=__doc__)
    parser.add_argument("what", choices=("stress", "speedup"), help="what is tried")
    parser.add_argument("--subjects", type=int, default=200, metavar="N", help="number of subjects (default: %(default)s)")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="photos to take crops of, one face each")
    parser.add_argument(
        "--texture-size", type=int, default=256, metavar="PIXELS", help="side of the maps (default: %(default)s)"
    )
    parser.add_argument("--quality", default="draft", help="quality of the heads (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="workers under stress (default: %(default)s)")
    parser.add_argument(
        "--kill-every",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="mean time between two kills under stress, 0 for none (default: %(default)s)",
    )
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="repetitions of the speed-up (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="start of random numbers")
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
    begun = say(
        "{count} subjects, {bad} of them unusable; {jobs} workers on {cores} cores",
        count=options.subjects,
        bad=len(bad),
        jobs=options.jobs,
        cores=cores(),
    )
    print(local(begun), flush=True)
    command = _command(options, people, out, options.jobs)
    first = run_and_kill(command, kill_every=options.kill_every, runner_share=0.25, seed=options.seed, log=folder / "log.txt")
    begin = time.monotonic()
    again = run_and_kill(command, kill_every=0, runner_share=0, seed=0, log=folder / "log.txt")
    wrong = check_results(people, out, bad)
    ended = say(
        "first pass: {seconds:.0f} s, {workers} workers and the command {commands} times killed, exit status {status}",
        seconds=first.seconds,
        workers=first.worker_kills,
        commands=first.runner_kills,
        status=first.status,
    )
    print(local(ended))
    seconds = time.monotonic() - begin
    print(local(say("same command once more: {seconds:.1f} s, exit status {status}", seconds=seconds, status=again.status)))
    _print_memory(first)
    for sentence in wrong:
        print(local(say("wrong: {sentence}", sentence=sentence)))
    print(
        local(
            say("{count} faults", count=len(wrong))
            if wrong
            else say("every good subject is a valid bundle, every bad one has its error, nothing else is left")
        )
    )
    return 1 if wrong else 0


def _print_memory(figures) -> None:
    peaks = [max(values) for values in figures.worker_mib.values() if len(values) > 20]
    print(local(say("memory of the command: {quarters} MiB", quarters=_quarters(figures.runner_mib))))
    longest = max(figures.worker_mib.values(), key=len, default=[])
    told = say(
        "memory of the worker that lived longest ({seconds:.0f} s): {quarters} MiB; highest of all {highest:.0f} MiB",
        seconds=len(longest) / 2,
        quarters=_quarters(longest),
        highest=max(peaks, default=0),
    )
    print(local(told))


def _quarters(values: list[float]) -> str:
    """Medians over the four quarters of the time: what grows, shows."""
    parts = [part for part in np.array_split(np.array(values), 4) if len(part)]
    return ", ".join(f"{np.median(part):.0f}" for part in parts)


def check_results(people: Path, out: Path, bad: dict[str, str]) -> list[Message]:
    """What is not as it has to be, as sentences."""
    wrong: list[Message] = []
    names = {path.stem for path in people.iterdir()}
    for name in sorted(names - set(bad)):
        try:
            load_bundle(out / name).verify()
        except HrnError as error:
            wrong.append(say("{title}: {text}", title=name, text=error))
    for name, kind in bad.items():
        try:
            record = json.loads((out / ".hrn_batch" / f"{name}.json").read_text(encoding="utf-8"))
        except OSError:
            record = {}
        if kind == "folder_as_photo":
            if record or (out / name).exists():
                wrong.append(say("{title}: a folder without photos became a subject", title=name))
        elif record.get("status") != "failed" or record["error"]["code"] in ("INTERNAL", "ENGINE_CRASHED"):
            wrong.append(as_message(f"{name} ({kind}): {record.get('status')} {record.get('error')}"))
        if (out / name).exists():
            wrong.append(say("{title} ({kind}): there is a bundle", title=name, kind=kind))
    extra = {path.name for path in out.iterdir()} - names - {".hrn_batch", "report.html"}
    wrong += [say("left behind: {name}", name=name) for name in sorted(extra)]
    wrong += [say("left behind: {name}", name=path.name) for path in (out / ".hrn_batch").glob(".*.partial")]
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
                failed = say("the batch ended with {status}; see {log}", status=figures.status, log=folder / "log.txt")
                print(local(failed), file=sys.stderr)
                return 1
            seconds[jobs].append(figures.seconds)
            work[jobs].append(figures.cpu_seconds)
            told = say(
                "run {run}, workers: {jobs}: {seconds:.1f} s, {cpu:.1f} s of processor time; "
                "other programs kept {others:.2f} cores busy",
                run=run,
                jobs=jobs,
                seconds=figures.seconds,
                cpu=figures.cpu_seconds,
                others=figures.others_cores,
            )
            print(local(told), flush=True)
            shutil.rmtree(out)
    one, two = statistics.median(seconds[1]), statistics.median(seconds[2])
    found = say(
        "{count} subjects at {size}, {quality}, {cores} cores, medians of {runs}: one worker {one:.1f} s, two {two:.1f} s, "
        "{times:.2f} times the work; processor time {cpu_one:.1f} s and {cpu_two:.1f} s",
        count=options.subjects,
        size=options.texture_size,
        quality=options.quality,
        cores=cores(),
        runs=options.runs,
        one=one,
        two=two,
        times=one / two,
        cpu_one=statistics.median(work[1]),
        cpu_two=statistics.median(work[2]),
    )
    print(local(found))
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
