"""``engine bench speed``: what each stage takes on a warm engine, when its shape is first shown, and the memory's high-water mark.

Wall time depends on what else the machine does; CPU time is printed beside it for a fair comparison.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ..methods import get_method, reconstruct
from ..pipeline.clock import StageClock
from ..pipeline.early import watched
from ..system.progress import SILENT
from ..wire.columns import pad, row
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings

__all__ = ["main", "peak_memory_mib"]


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench speed", description=__doc__)
    parser.add_argument("photos", type=Path, nargs="+", metavar="PHOTO", help="one photo, or several of one person")
    parser.add_argument(
        "--counts",
        metavar="N,N",
        help="repeat with so many of the photos (in turn, over again when they run out), such as 1,2,5,10,20",
    )
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="warm runs; medians are printed (default: 3)")
    parser.add_argument(
        "--texture-size", type=int, default=2048, metavar="PIXELS", help="side of the maps (default: %(default)s)"
    )
    parser.add_argument("--quality", default="standard", help="quality of the heads (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print as JSON")
    options = parser.parse_args(argv)
    settings = Settings(texture_size=options.texture_size, quality=options.quality)

    begin = time.perf_counter()
    get_method(settings.method).warm_up()
    warm_up = time.perf_counter() - begin
    counts = [int(n) for n in options.counts.split(",")] if options.counts else [len(options.photos)]
    figures = {
        "warm_up": round(warm_up, 3),
        "runs": options.runs,
        "texture_size": options.texture_size,
        "quality": options.quality,
        "counts": {},
    }
    for count in counts:
        photos = [options.photos[i % len(options.photos)] for i in range(count)]
        figures["counts"][count] = _measure(photos, settings, options.runs)
        if not options.json:
            _print(count, figures)
    if options.json:
        print(json.dumps(figures, indent=1))
    return 0


def _measure(photos: list[Path], settings: Settings, runs: int) -> dict:
    walls, works, peaks = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(runs + 1):
            work = StageClock(SILENT, time.process_time)
            early: list[tuple[float, float]] = []
            begun = time.perf_counter(), time.process_time()
            with watched(Path(folder), lambda _path: early.append((time.perf_counter(), time.process_time()))):
                bundle = reconstruct(photos, Path(folder) / "head", settings, work)
            if run:  # the first one fills caches
                shown = [seconds - start for seconds, start in zip(early[0], begun)] if early else [0.0, 0.0]
                walls.append(bundle.manifest["timings"] | {"shape shown": shown[0]})
                works.append(work.timings() | {"shape shown": shown[1]})
            peaks.append(peak_memory_mib())
            total = bundle.manifest["timings"]["total"]
            print(local(say("run {run}: {seconds:.2f} s", run=run, seconds=total)), file=sys.stderr)
    stages = {
        name: {
            "wall": statistics.median(t.get(name, 0.0) for t in walls),
            "cpu": statistics.median(t.get(name, 0.0) for t in works),
        }
        for name in walls[0]
    }
    return {"stages": stages, "peak_mib": round(max(peaks))}


def _print(count: int, figures: dict) -> None:
    found = figures["counts"][count]
    told = say(
        "photos: {count}, median of {runs} warm runs, {size} maps",
        count=count,
        runs=figures["runs"],
        size=figures["texture_size"],
    )
    print(row((local(say("stage")), 13), (local(say("wall s")), -8), (local(say("cpu s")), -7), ("", 2), (local(told), 0)))
    for name, seconds in found["stages"].items():
        print(f"{name:14}{seconds['wall']:8.2f}{seconds['cpu']:8.2f}")
    print(f"{pad(local(say('warm-up')), 14)}{figures['warm_up']:8.2f}")
    print(f"{pad(local(say('peak memory')), 14)}{found['peak_mib']:8d} MiB")


def peak_memory_mib() -> float:
    """Largest resident set of this process so far, in MiB; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
