"""``engine bench hair``: hair against photos, against known grooms, and as a face recogniser sees it.

    engine bench hair ../shared                              # everything; photographs the known grooms once
    engine bench hair ../shared --only known --styles bob fade
    engine bench hair ../shared --only stored --photos vd034 # smaller, larger, mirrored, cut, compressed, turned
    engine bench hair ../shared --recognizer VENV/bin/python # likeness, too: engine/requirements/likeness.txt

Prints the figures of every photo and style, the worst ones, and what falls short of the limits
(:mod:`.hair_limits`); the exit status is 1 when something does, or was asked for and cannot be done.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ..synthetic.hair_styles import STYLES
from ..wire.bundle import Bundle, load_bundle
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import Message, say
from ..wire.paths import engine_home
from ..wire.settings import Settings
from . import hair_known, hair_limits, hair_real
from .hair_bundle import NotMeasured
from .hair_likeness import distances, write_sizes
from .hair_masks import score_masks
from .hair_sheet import write_sheet
from .hair_stored import score_stored
from .hair_truth import load_truth, photograph

__all__ = ["main"]

_PARTS = ("photos", "known", "masks", "likeness", "stored")
"""What can be measured ..."""
_ASKED = {"stored"}
"""... of it only when it is named: it takes a reconstruction for each photo and way to store it."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``. Exit status 1 when something falls short, failed, or was asked for and cannot be done."""
    parser = Parser(prog="engine bench hair", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="photos, or the developers' files with a folder photos")
    parser.add_argument("--only", nargs="+", choices=_PARTS, metavar="PART", help="these parts only")
    parser.add_argument("--photos", nargs="+", metavar="NAME", help="these photos only, without suffix")
    parser.add_argument("--styles", nargs="+", metavar="NAME", help="these known styles only; see --list")
    parser.add_argument("--jobs", type=Path, metavar="DIR", help="where the known grooms' photos are kept")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the heads in this folder")
    parser.add_argument("--recognizer", type=Path, metavar="PYTHON", help="a Python with engine/requirements/likeness.txt")
    parser.add_argument("--quality", default="standard", help="of the heads of real photos (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of Cycles (default: %(default)s)")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="a .jpg of the worst known styles beside what came back")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument("--list", action="store_true", help="list the known styles")
    options = parser.parse_args(argv)
    if options.list:
        for style in STYLES:
            print(f"{style.name:18}{style.kind}")
        return 0
    parts = set(options.only or _PARTS) - (set() if options.only else _ASKED)
    found: dict[str, list] = {}
    short: list[Message] = []
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.keep or Path(temporary)).absolute()
        bundles: dict[str, Bundle] = {}
        if parts & {"photos", "likeness"}:
            subjects = _subjects(options.folder, options.photos)
            if not subjects:
                parser.error(say("{folder} has no photos", folder=options.folder))
            rows, bundles = hair_real.score_real(subjects, work / "photos", Settings(quality=options.quality), _tell)
            found["photos"] = rows
            short += hair_limits.photos(rows, _tell)
        if "masks" in parts:
            short += _masks(options.folder, found)
        if "stored" in parts:
            subjects = _subjects(options.folder, options.photos)
            found["stored"] = score_stored(subjects, Settings(quality="draft"), _tell)
            short += hair_limits.stored(found["stored"], _tell)
        if "known" in parts:
            short += _known(options, work / "known", found)
        if "likeness" in parts:
            short += _likeness(options, bundles, work, found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=float), encoding="utf-8")
    for line in short:
        print(local(say("falls short: {what}", what=line)))
    if not short:
        print(local(say("all limits are kept")))
    return int(bool(short))


def _tell(text: str) -> None:
    print(text, flush=True)


def _subjects(folder: Path, wanted: list[str] | None) -> dict[str, list[Path]]:
    """Photos by name, the demo's with them."""
    subjects = hair_real.find_photos(folder)
    package = find_spec("skimage")
    demo = Path(package.origin).parent / "data" / "astronaut.png" if package and package.origin else None
    if demo and demo.is_file():
        subjects["astronaut"] = [demo]
    return {name: paths for name, paths in subjects.items() if not wanted or name in wanted}


def _known(options: argparse.Namespace, heads: Path, found: dict) -> list[Message]:
    styles = tuple(style for style in STYLES if not options.styles or style.name in options.styles)
    jobs = (options.jobs or engine_home() / "bench" / "hair").absolute()
    try:
        photograph(styles, jobs, lambda text: print(text, file=sys.stderr), options.threads)
    except NotMeasured as failure:
        return [failure.args[0]]
    settings = Settings(quality="draft", texture_size=512)
    found["known"] = hair_known.score_known(styles, jobs, heads, settings, _tell)
    if options.sheet:
        names = hair_known.worst(found["known"])
        named = {style.name: style for style in styles}
        write_sheet(options.sheet, [(load_truth(jobs / name, named[name]), load_bundle(heads / name)) for name in names])
    return hair_limits.known(found["known"], _tell)


def _masks(folder: Path, found: dict) -> list[Message]:
    """The masks against those drawn by hand."""
    rows = found["masks"] = score_masks(folder)
    if not rows:
        return [say("no photo with a drawn mask is here")]
    return hair_limits.masks(rows, _tell)


def _likeness(options: argparse.Namespace, bundles: dict[str, Bundle], work: Path, found: dict) -> list[Message]:
    """Whether hair brings heads nearer to their photos."""
    if options.recognizer is None:
        absent = say("likeness was not measured: --recognizer needs a Python with engine/requirements/likeness.txt")
        if options.only:
            return [absent]
        print(local(absent))
        return []
    names = [name for name, bundle in bundles.items() if bundle.manifest.get("hair", {}).get("groups")]
    sizes = [write_sizes(bundles[name], work / "likeness" / name) for name in names]
    try:
        told = distances(sizes, options.recognizer, work)
    except NotMeasured as failure:
        return [failure.args[0]]
    found["likeness"] = [{"photo": name, **one._asdict()} for name, one in zip(names, told)]
    return hair_limits.likeness(dict(zip(names, told)), _tell)
