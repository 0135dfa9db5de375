"""``engine bench hair``: hair against photos, against known grooms, and as a face recogniser sees it.

    engine bench hair ../shared                              # everything; photographs the known grooms once
    engine bench hair ../shared --only known --styles bob fade
    engine bench hair ../shared --recognizer VENV/bin/python # likeness, too: engine/requirements/likeness.txt

Prints the figures of every photo and style, the worst ones, and what falls short of the limits
(:data:`.hair_real.LIMITS`, :data:`.hair_known.LIMITS`); the exit status is 1 when something does.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..wire.bundle import Bundle, load_bundle
from ..wire.paths import engine_home
from ..wire.settings import Settings
from . import hair_known, hair_real
from .hair_likeness import distances, write_pair
from .hair_masks import score_masks
from .hair_sheet import write_sheet
from .hair_styles import STYLES
from .hair_truth import load_truth, photograph

__all__ = ["main"]

_PARTS = ("photos", "known", "masks", "likeness")
"""What can be measured."""


_DRAWN_IOU, _DRAWN_LEAST = 0.93, 12
"""Least mean overlap of masks with drawn ones, and of how many; the issue's."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``. Exit status 1 when something falls short, failed, or was asked for and cannot be done."""
    parser = argparse.ArgumentParser(prog="engine bench hair", description=__doc__.splitlines()[0].split(": ", 1)[1])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="photos, or the developers' files with a folder photos")
    parser.add_argument("--only", nargs="+", choices=_PARTS, metavar="PART", help=f"some of: {', '.join(_PARTS)}")
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
    parts = set(options.only or _PARTS)
    found: dict[str, list] = {}
    short: list[str] = []
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.keep or Path(temporary)).absolute()
        bundles: dict[str, Bundle] = {}
        if parts & {"photos", "likeness"}:
            subjects = _subjects(options.folder, options.photos)
            if not subjects:
                parser.error(f"{options.folder} has no photos")
            rows, bundles = hair_real.score_real(subjects, work / "photos", Settings(quality=options.quality), _tell)
            found["photos"] = rows
            short += hair_real.summary(rows, _tell)
        if "masks" in parts:
            short += _masks(options.folder, found)
        if "known" in parts:
            short += _known(options, work / "known", found)
        if "likeness" in parts:
            short += _likeness(options, bundles, work, found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=float), encoding="utf-8")
    for line in short:
        print(f"falls short: {line}")
    if not short:
        print("all limits are kept")
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


def _known(options: argparse.Namespace, heads: Path, found: dict) -> list[str]:
    styles = tuple(style for style in STYLES if not options.styles or style.name in options.styles)
    jobs = options.jobs or engine_home() / "bench" / "hair"
    try:
        photograph(styles, jobs.absolute(), lambda text: print(text, file=sys.stderr), options.threads)
    except (FileNotFoundError, RuntimeError) as failure:
        return [f"known grooms: {failure}"]
    settings = Settings(quality="draft", texture_size=512)
    found["known"] = hair_known.score_known(styles, jobs.absolute(), heads, settings, _tell)
    if options.sheet:
        names = hair_known.worst(found["known"])
        named = {style.name: style for style in styles}
        write_sheet(options.sheet, [(load_truth(jobs / name, named[name]), load_bundle(heads / name)) for name in names])
    return hair_known.summary(found["known"], _tell)


def _masks(folder: Path, found: dict) -> list[str]:
    """The masks against those drawn by hand."""
    rows = found["masks"] = score_masks(folder)
    if not rows:
        return ["masks: no photo with a drawn mask is here"]
    return compare_masks(rows, _tell)


def compare_masks(rows: list[dict], tell: Callable = print) -> list[str]:
    """Tell the rows of :func:`.hair_masks.score_masks`; what falls short."""
    tell(f"{'drawn mask':20} {'IoU':>5} {'prec':>5} {'rec':>5}")
    for row in rows:
        aside = "  kept aside" if row["kept_aside"] else ""
        if row["iou"] is None:
            tell(f"{row['name']:20} {'no hair to build: ' + (row['refusal'] or 'but it is built')}{aside}")
        else:
            said = f"  refused: {row['refusal']}" if row["refusal"] else ""
            tell(f"{row['name']:20} {row['iou']:5.2f} {row['precision']:5.2f} {row['recall']:5.2f}{said}{aside}")
    scored = [row for row in rows if row["iou"] is not None]
    mean = float(np.mean([row["iou"] for row in scored])) if scored else 0.0
    tell(f"mean IoU of {len(scored)} drawn masks: {mean:.3f}")
    short = []
    if len(scored) < _DRAWN_LEAST:
        short.append(f"masks: {len(scored)} drawn ones were compared (at least {_DRAWN_LEAST})")
    if mean < _DRAWN_IOU:
        short.append(f"masks: IoU {mean:.3f} with the drawn ones on average (at least {_DRAWN_IOU})")
    wrong = [row["name"] for row in rows if row["refusal"] != row["expected"]]
    if wrong:
        short.append(f"masks: refused or accepted wrongly: {', '.join(wrong)}")
    return short


def _likeness(options: argparse.Namespace, bundles: dict[str, Bundle], work: Path, found: dict) -> list[str]:
    """Whether hair brings heads nearer to their photos."""
    if options.recognizer is None:
        print("likeness: not measured (--recognizer PYTHON; `pip install -r engine/requirements/likeness.txt` in a new venv)")
        return ["likeness: no recogniser was given"] if options.only else []
    names = [name for name, bundle in bundles.items() if bundle.manifest.get("hair", {}).get("groups")]
    pairs = [write_pair(bundles[name], work / "likeness" / name) for name in names]
    try:
        told = distances(pairs, options.recognizer, work)
    except (OSError, RuntimeError) as failure:
        return [f"likeness: {failure}"]
    return compare(dict(zip(names, told)), found, _tell)


def compare(told: dict, found: dict, tell: Callable = print) -> list[str]:
    """Tell the distances of :class:`.hair_likeness.Likeness` by photo; what falls short."""
    tell(f"{'photo':16} {'bald':>6} {'haired':>6}  distance of dlib's network to the photo")
    for name, one in told.items():
        numbers = [f"{value:6.3f}" if value is not None else "  none" for value in one]
        tell(f"{name:16} {' '.join(numbers)}")
    found["likeness"] = [{"photo": name, **one._asdict()} for name, one in told.items()]
    both = {name: one for name, one in told.items() if None not in one}
    lost = [name for name, one in told.items() if one.haired is None and one.bald is not None]
    short = [f"likeness: no face is found any more: {', '.join(lost)}"] if lost else []
    if not both:
        return [*short, "likeness: no face was found in any pair"]
    bald, haired = (float(np.mean([getattr(one, key) for one in both.values()])) for key in ("bald", "haired"))
    tell(f"mean of {len(both)}: bald {bald:.3f}, with hair {haired:.3f}")
    worse = [f"{name} {one.bald:.3f} to {one.haired:.3f}" for name, one in both.items() if one.haired > one.bald]
    if worse:
        short.append(f"likeness: farther from the photo with hair: {', '.join(worse)}")
    if haired >= bald:
        short.append(f"likeness: {haired:.3f} with hair and {bald:.3f} without, on average")
    return short
