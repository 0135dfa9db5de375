"""``engine bench detail``: relief that photos show against relief that is known.

    engine bench detail --heads 6 --jobs DIR                 # daily: six pairs, one in each light
    engine bench detail --jobs DIR --held-out --every        # to judge: forty pairs that nothing was built on
    engine bench detail --heads 4 --several --jobs DIR       # three photos of each head
    engine bench detail --heads 0 --bench ../shared/bench    # the benchmark's heads alone
    engine bench detail --heads 0 --recognizer VENV/bin/python --likeness ../shared/photos/single

Pairs are generated heads with folds, bumps and pores, each with its twin without them; the exit status is 1 where a figure
falls short (:mod:`.detail_limits`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ..head import load_head_model
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import Message, say
from ..wire.paths import engine_home
from ..wire.settings import Settings
from .detail_known import HELD_OUT, TUNING, score_pairs, summary, table
from .detail_limits import short_of_heads, short_of_likeness, short_of_pairs
from .hair_bundle import NotMeasured

__all__ = ["main"]

_HEADS = 40
"""Number of pairs by which detail is judged."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``. Exit status 1 when a figure falls short."""
    parser = Parser(prog="engine bench detail", description=__doc__)
    parser.add_argument("--bench", type=Path, metavar="FOLDER", help="benchmark folder with dev/: its heads, too")
    parser.add_argument("--only", nargs="+", metavar="HEAD", help="these heads of the benchmark only")
    parser.add_argument("--heads", type=int, default=_HEADS, metavar="N", help="pairs (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first pair (default: %(default)s)")
    parser.add_argument("--held-out", action="store_true", help="pairs that nothing was built on, instead of those to tune on")
    parser.add_argument("--every", action="store_true", help="all pictures without wrinkles of each pair, not two in turn")
    parser.add_argument("--several", action="store_true", help="three photos of each head, turned by 30 degrees")
    parser.add_argument("--cycles", action="store_true", help="pairs through Blender's Cycles: minutes a picture")
    parser.add_argument("--jobs", type=Path, metavar="DIR", help="where the pairs' photos are kept")
    parser.add_argument("--likeness", type=Path, nargs="+", metavar="PHOTO", help="whether detail makes heads more like photos")
    parser.add_argument("--recognizer", type=Path, metavar="PYTHON", help="a Python with engine/requirements/likeness.txt")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    options = parser.parse_args(argv)
    if options.likeness and options.recognizer is None:
        parser.error(say("--likeness needs --recognizer"))
    settings, found = Settings(hair=False), {}
    short: list[Message] = []
    if options.heads:
        from .detail_pairs import PairStudio

        jobs = (options.jobs or engine_home() / "bench" / "detail").absolute()
        seed, numbers = HELD_OUT if options.held_out else TUNING, range(options.first, options.first + options.heads)
        studio = PairStudio(load_head_model(), jobs, cycles=options.cycles)
        rows = score_pairs(studio, seed, numbers, options.every, settings, _tell, options.several)
        figures = summary(rows)
        found["pairs"] = {"seed": seed, "rows": rows, "summary": figures}
        print(table(figures))
        short += short_of_pairs(figures)
    if options.bench:
        from .detail_heads import heads_table, score_heads

        rows = score_heads(options.bench / "dev", options.only, settings, _tell)
        found["bench"] = rows
        print(heads_table(rows))
        short += short_of_heads(rows)
    if options.likeness:
        from .detail_likeness import likeness_table, score_likeness

        try:
            rows = score_likeness(options.likeness, options.recognizer, settings, _tell)
        except NotMeasured as failure:
            rows, short = [], [*short, failure.args[0]]
        found["likeness"] = rows
        print(likeness_table(rows))
        short += short_of_likeness(rows)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=float), encoding="utf-8")
    for line in short:
        print(local(say("falls short: {what}", what=line)))
    if not short:
        print(local(say("all limits are kept")))
    return int(bool(short))


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
