"""``engine bench added``: a photo added to a finished head, against a fresh run of the same photos.

On the heads of a benchmark folder, the frontal photo is reconstructed and the side photo added, and both are reconstructed
together. Printed are the face's mean distance from the true head and the seconds of both ways, without hair; the last line has the
ratios' means. Exits with 1 where the added photo leaves a head worse than a fresh run does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import numpy as np

from ..corrections.base import base_of_bundle
from ..head import HeadModel, load_head_model
from ..methods import add_photo, get_method, reconstruct
from ..wire.bundle import Bundle
from ..wire.columns import row as table_row
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .accuracy import load_score, write_scoring_obj

__all__ = ["main"]

SAMPLES = 12000
"""Points of the true head in which its distance is measured."""
MOST = 1.02
"""Most of the mean distance, added over fresh."""
_COLUMNS = (8, 12, 12, 12, 12, 12)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench added", description=__doc__)
    parser.add_argument("--bench", type=Path, required=True, help="benchmark folder with score.py and dev/")
    parser.add_argument("--only", action="append", metavar="NAME", help="do only this head; may be repeated")
    options = parser.parse_args(argv)
    homes = sorted(home for home in (options.bench / "dev").iterdir() if (home / "photos" / "side.jpg").is_file())
    homes = [home for home in homes if not options.only or home.name in options.only]
    if not homes:
        print(local(say("No benchmark at {folder}: give its folder with --bench.", folder=options.bench)), file=sys.stderr)
        return 1
    model, score = load_head_model(), load_score(options.bench / "score.py")
    get_method("open").warm_up()
    heads = [say("head"), say("one photo, mm"), say("added, mm"), say("fresh, mm"), say("added, s"), say("fresh, s")]
    print(table_row(*zip(map(local, heads), _COLUMNS)))
    distances, seconds = [], []
    for home in homes:
        one, added, fresh, took = _compared(model, score, home)
        distances.append(added / fresh)
        seconds.append(took[0] / took[1])
        values = (f"{one:.3f}", f"{added:.3f}", f"{fresh:.3f}", f"{took[0]:.1f}", f"{took[1]:.1f}")
        print(table_row(*zip([home.name, *values], _COLUMNS)), flush=True)
    print(local(say("added : fresh: distance {d:.2f}, time {t:.2f}", d=float(np.mean(distances)), t=float(np.mean(seconds)))))
    return int(np.mean(distances) > MOST)


def _compared(model: HeadModel, score: ModuleType, home: Path) -> tuple[float, float, float, tuple[float, float]]:
    """Distances in mm of one photo's head, of that with the other photo added and of both photos together; seconds."""
    front, side = (home / "photos" / f"{name}.jpg" for name in ("frontal", "side"))
    settings = Settings(hair=False)
    with tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        one = reconstruct(front, at / "one", settings)
        begin = time.perf_counter()
        added = add_photo(one, side, at / "added")
        between = time.perf_counter()
        fresh = reconstruct([front, side], at / "fresh", settings)
        took = between - begin, time.perf_counter() - between
        return (*(_distance(model, score, home.name, bundle) for bundle in (one, added, fresh)), took)  # type: ignore[return-value]


def _distance(model: HeadModel, score: ModuleType, name: str, bundle: Bundle) -> float:
    """Mean distance of the face from the true head, mm."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "head.obj"
        landmarks = write_scoring_obj(model, np.float32(base_of_bundle(bundle).posed(0)), path)
        settings = {"quality": False, "albedo": False, "region_icp": False, "n": SAMPLES}
        found = score.score(str(path), name, root=None, lm=landmarks, unit_mm=1000.0, **settings)
    return found["summary"]["face_mean_mm"]
