"""``engine bench digest``: does a change of the code leave every result as it was?

    engine bench digest --shared ../shared --write before.json      # before the change
    engine bench digest --shared ../shared --against before.json    # after it

Reconstructs photos with `open` and with every published method (from synthetic official folders, which the checkout's
``tests/digest`` writes), builds heads in Blender, and keeps a digest of all that came out: the arrays, the decoded maps and
pictures, the methods' own files, the manifest without times and versions, and Blender's meshes, keys, groups, node graphs,
objects and cameras. Says "same" for each case, or what differs. Everything is run through command lines, so that a digest
can be compared with one from before all modules were moved.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from PIL import Image

from ..install.environments import BPY_4_5
from ..published.nets.checkpoint import read_npy_dictionary
from ..system.machine import cores
from ..wire.bundle import MANIFEST
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import Message, as_message, say

__all__ = ["CASES", "Case", "contents", "differences", "digest", "main"]

_ENGINE = Path(__file__).resolve().parents[1] / "__main__.py"
_CHECKOUT = _ENGINE.parents[1]
_TOOLS = _CHECKOUT / "tests" / "digest"
_FORMAT = 1
"""Version of the file that digests are kept in; another version is not compared with."""
_SHOWN = 20
"""Differences of one case that are printed."""


class Case(NamedTuple):
    """Photos that are reconstructed in one way."""

    photos: tuple[str, ...]
    """Paths in the folder ``photos`` of the developers' files."""
    settings: tuple[str, ...]
    """Arguments of ``engine reconstruct``."""
    official: str = ""
    """Name of the synthetic official folder; "" where none is needed."""
    built: bool = False
    """Whether Blender builds it, too."""


_VIEWS = tuple(f"multi_3view/0033107/view_{number}.png" for number in range(3))
"""Three photos of one head among the developers' files."""


def _published(method: str, photos: tuple[str, ...] = ("single/000007.jpg",), official: str = "", *more: str) -> Case:
    return Case(photos, ("--method", method, "--quality", "draft", "--texture-size", "256", *more), official or method)


CASES = {
    "000007": Case(("single/000007.jpg",), ("--texture-size", "512"), built=True),
    "vd006": Case(("single/vd006.png",), ("--texture-size", "512")),
    "00521": Case(("single/00521.png",), ("--texture-size", "512")),
    "0033107": Case(_VIEWS, ("--texture-size", "512"), built=True),
    "deep3d": _published("deep3d"),
    "hrn": _published("hrn"),
    "mvhrn": _published("mvhrn", _VIEWS[:2], "hrn"),
    "tddfa_v3": _published("tddfa_v3"),
    "df_mvr": _published("df_mvr", (_VIEWS[1], _VIEWS[0], _VIEWS[2])),
    "hrn_face": _published("hrn_face"),
    "hrn_face_fit": _published("hrn_face_fit"),
    "hrn_head": _published("hrn_head"),
}
"""The reconstructions of which digests are made, by name."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``. Exit status 1 when something differs or failed."""
    parser = Parser(prog="engine bench digest", description=__doc__)
    parser.add_argument("--shared", type=Path, metavar="DIR", help="the developers' files, with the folder photos")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the digest in this file")
    parser.add_argument("--against", type=Path, metavar="FILE", help="compare with a digest that was kept")
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE", help="these cases only; see --list")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the results in this new folder; with those of --write still there, differences are measured",
    )
    parser.add_argument("--jobs", type=int, default=min(2, cores()), metavar="N", help="cases at a time (default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="list the cases")
    options = parser.parse_args(argv)
    if options.list:
        for name, case in CASES.items():
            built = f"  {local(say('and in Blender'))}" if case.built else ""
            print(f"{name:14}{' '.join(case.photos)}  {' '.join(case.settings)}{built}")
        return 0
    if options.shared is None or bool(options.write) == bool(options.against):
        parser.error(say("give --shared DIR, and either --write FILE or --against FILE"))
    if options.keep and options.keep.exists() and any(options.keep.iterdir()):
        parser.error(say("{folder} is not empty", folder=options.keep))
    wanted = options.only or list(CASES)
    before = None
    if options.against:
        before = json.loads(options.against.read_text(encoding="utf-8"))
        if before.get("format") != _FORMAT:
            parser.error(say("{file} is not a digest of this kind", file=options.against))
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.keep or Path(temporary)).absolute()
        found = _run(wanted, options.shared.absolute(), work, max(1, options.jobs))
        if before is None:
            return _write(options.write, found, str(work) if options.keep else None)
        return _compare(before, found, work)


def _write(path: Path, found: dict[str, dict], kept: str | None) -> int:
    path.write_text(json.dumps({"format": _FORMAT, "kept": kept, "cases": found}, indent=0, sort_keys=True), encoding="utf-8")
    for name, case in found.items():
        print(local(say("{name}: {count} entries kept", name=name, count=len(case["entries"]))))
        _print_left_out(case["not_compared"])
    return int(any(case["not_compared"] for case in found.values()))


def _compare(before: dict, found: dict[str, dict], work: Path) -> int:
    status = 0
    for name, new in found.items():
        old = before["cases"].get(name)
        if old is None:
            print(local(say("{name}: not compared: the kept digest does not have this case", name=name)))
            status = 1
            continue
        kept = Path(before["kept"]) / name if before.get("kept") else None
        # A result that could not be made, then or now, is not a difference, and not a success either.
        left_out = old["not_compared"] | new["not_compared"]
        lines = differences(
            *(
                {key: entry for key, entry in case["entries"].items() if key.split("/")[0] not in left_out}
                for case in (old, new)
            ),
            kept,
            work / name,
        )
        there = {key.split("/")[0] for key in new["entries"]} - set(left_out)
        parts = " and ".join(part for part in _PARTS if part in there)
        found_out = local(_count(lines)) if lines else f"same ({parts})" if parts else local(say("not compared"))
        print(f"{name}: {found_out}")
        for line in lines[:_SHOWN]:
            print(f"  {line}")
        if len(lines) > _SHOWN:
            print(f"  {local(say('and {count} more', count=len(lines) - _SHOWN))}")
        _print_left_out(left_out)
        status |= bool(lines or left_out)
    return status


def _count(lines: list[str]) -> Message:
    return say("1 difference") if len(lines) == 1 else say("{count} differences", count=len(lines))


def _print_left_out(left_out: dict[str, str]) -> None:
    for part, reason in left_out.items():
        print(f"  {local(say('{part} not compared: {reason}', part=part, reason=as_message(reason)))}")


# -- making the results -------------------------------------------------------------------------------------------


class _Failed(Exception):
    """A part that could not be made, as one sentence."""


def _run(wanted: list[str], shared: Path, work: Path, jobs: int) -> dict[str, dict]:
    """Make the cases: the ``entries`` of each (see :func:`digest`) and what is ``not_compared``, with the reason."""
    begin = time.monotonic()

    def tell(text: Message) -> None:
        print(f"[{time.monotonic() - begin:4.0f} s] {local(text)}", file=sys.stderr, flush=True)

    def one(name: str, official: Path | None) -> dict:
        place, case, left_out = work / name, CASES[name], {}
        place.mkdir(parents=True, exist_ok=True)
        try:
            _reconstruct(case, shared / "photos", place / "bundle", official)
        except _Failed as failure:
            left_out = dict.fromkeys(_PARTS[: 1 + case.built], failure.args[0])
        else:
            if case.built:
                try:
                    _build(place)
                except _Failed as failure:
                    left_out["blender"] = failure.args[0]
        reasons = list(left_out.values())
        tell(
            say("{name} is done, but for: {reasons}", name=name, reasons=reasons)
            if reasons
            else say("{name} is done", name=name)
        )
        return {"entries": digest(place), "not_compared": left_out}

    needed = list(dict.fromkeys(CASES[name].official for name in wanted if CASES[name].official))
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        # One process writes the folders, while the first cases run that need none.
        folders = pool.submit(_write_official_folders, Path(folder), needed)

        def published(name: str) -> dict:
            try:
                folders.result()
            except _Failed as failure:
                tell(say("{name} is left out: {reason}", name=name, reason=failure.args[0]))
                return {"entries": {}, "not_compared": {"bundle": failure.args[0]}}
            return one(name, Path(folder) / CASES[name].official)

        order = sorted(wanted, key=lambda name: bool(CASES[name].official))
        futures = {
            name: pool.submit(published, name) if CASES[name].official else pool.submit(one, name, None) for name in order
        }
        return {name: futures[name].result() for name in wanted}


def _write_official_folders(folder: Path, names: list[str]) -> None:
    if names:
        script = _TOOLS / "official_folders.py"
        if not script.is_file():
            raise _Failed(say("{file} is absent: the synthetic official folders are made by the checkout's tests", file=script))
        _call([sys.executable, script, folder, *names], say("the official folders could not be written"))


def _reconstruct(case: Case, photos: Path, out: Path, official: Path | None) -> None:
    more = {"HRN_MODEL_FILES": str(official)} if official else {}
    _call(
        [sys.executable, "-I", _ENGINE, "reconstruct", *(photos / name for name in case.photos), "--out", out, *case.settings],
        say("the reconstruction failed"),
        more,
    )


def _build(place: Path) -> None:
    if not BPY_4_5.is_complete():
        raise _Failed(
            say("Blender 4.5 as a module is not installed, or not as it is wanted now (`install_deps.py blender --help` does)")
        )
    script, install = _TOOLS / "blend_contents.py", _CHECKOUT / "install_deps.py"
    for needed in (script, install):
        if not needed.is_file():
            raise _Failed(say("{file} is absent: heads are built from a checkout", file=needed))
    _call(
        [sys.executable, install, "blender", "build", place / "bundle", "--out", place / "head.blend"], say("the build failed")
    )
    _call([BPY_4_5.python, "-I", script, place / "head.blend", place / "blender"], say("the .blend file could not be read"))


def _call(command: list, failure: Message, more: dict[str, str] | None = None) -> None:
    """Run a program on one thread per library, so that the number of cores does not matter."""
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", **(more or {})}
    done = subprocess.run(
        [str(part) for part in command],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        last = next((line for line in reversed((done.stderr or done.stdout).splitlines()) if line.strip()), say("no message"))
        raise _Failed(say("{failure}: {last}", failure=failure, last=last))


# -- what is in them ----------------------------------------------------------------------------------------------

_PARTS = ("bundle", "blender")
"""Parts of a case that differences are told for: what the engine wrote, and what Blender made of it."""
_UNSAID = ("timings", "files", "engine_version", "head_model_version", "schema_version")
"""Members of the manifest that are left out: times, sizes and sums of files whose content is compared, versions."""


def contents(place: Path) -> Iterator[tuple[str, Any]]:
    """What a case's folder holds, by name: arrays, values of JSON, and bytes of other files.

    Args:
        place: with the folder ``bundle`` and, where Blender built it, ``blender.npz`` and ``blender.json``.
    """
    bundle = place / "bundle"
    for path in sorted(bundle.rglob("*")) if bundle.is_dir() else ():
        name = f"bundle/{path.relative_to(bundle).as_posix()}"
        if path == bundle / MANIFEST:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            yield from _values(name, {key: value for key, value in manifest.items() if key not in _UNSAID})
            yield f"{name}/files", sorted(manifest["files"])
        elif path.is_file():
            for part, value in _file(path):
                yield f"{name}/{part}" if part else name, value
    if (place / "blender.npz").is_file():
        for part, value in _file(place / "blender.npz"):
            yield f"blender/{part}", value
        text = (place / "blender.json").read_text(encoding="utf-8").replace(str(place), "<case>")
        yield from ((name, value) for name, value in _values("blender", json.loads(text)) if not name.endswith("_version]"))


def _values(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The leaves of JSON; a list of numbers, however deep, is one leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _values(f"{name}/{key}", inner)
    elif isinstance(value, list) and value and _numbers(value) is None:
        for index, inner in enumerate(value):
            yield from _values(f"{name}/{index}", inner)
    else:
        yield name, value


def _numbers(value: Any) -> np.ndarray | None:
    try:
        found = np.asarray(value)
    except ValueError:
        return None
    return found if found.dtype.kind in "biuf" else None


def _file(path: Path) -> Iterator[tuple[str, Any]]:
    """The arrays that a file holds; what is not known as such gives its bytes."""
    kind = path.suffix.lower()
    if kind == ".npz":
        with np.load(path, allow_pickle=False) as archive:
            for name in archive.files:
                yield name, archive[name]
    elif kind in {".png", ".jpg", ".jpeg", ".webp"}:
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
        yield "", path.read_bytes() if picture is None else picture
    elif kind == ".gif":
        with Image.open(path) as picture:
            for number in range(picture.n_frames):
                picture.seek(number)
                yield f"frame {number}", np.asarray(picture.convert("RGB"))
    elif kind == ".exr":
        import OpenEXR

        (part,) = OpenEXR.File(str(path), separate_channels=True).parts
        for name, channel in sorted(part.channels.items()):
            yield name, channel.pixels
    elif kind == ".obj":
        yield from _obj(path)
    elif kind == ".mat":
        from scipy.io import loadmat

        yield from ((name, value) for name, value in loadmat(path).items() if not name.startswith("__"))
    elif kind == ".npy":
        try:
            yield "", np.load(path, allow_pickle=False)
        except ValueError:
            yield from ((name, np.asarray(value)) for name, value in read_npy_dictionary(path).items())
    else:
        yield "", path.read_bytes()


def _obj(path: Path) -> Iterator[tuple[str, Any]]:
    """Numbers by kind of line, such as ``v`` (N, 3), and the other lines as they are."""
    rows: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, rest = line.partition(" ")
        known = word in {"v", "vt", "vn", "f"}
        rows.setdefault(word if known else "text", []).append(rest if known else line)
    for word, lines in rows.items():
        if word == "text":
            yield word, "\n".join(lines).encode()
        else:
            numbers = np.array(" ".join(lines).replace("/", " ").split(), np.float64)
            yield word, numbers.reshape(len(lines), -1) if numbers.size % len(lines) == 0 else numbers


# -- digests ------------------------------------------------------------------------------------------------------


def digest(place: Path) -> dict[str, dict]:
    """An entry for each of :func:`contents`.

    An array's has ``sha256``, ``shape``, ``dtype`` and, of numbers, ``min``, ``max`` and ``mean``; a file's ``sha256`` and
    ``bytes``; any other the ``value`` itself.
    """
    return {name: _entry(value) for name, value in contents(place)}


def _entry(value: Any) -> dict:
    if isinstance(value, bytes):
        return {"sha256": hashlib.sha256(value).hexdigest(), "bytes": len(value)}
    if not isinstance(value, np.ndarray):
        return {"value": value}
    raw = np.ascontiguousarray(value).tobytes() if value.dtype.kind != "O" else repr(value.tolist()).encode()
    found = {"sha256": hashlib.sha256(raw).hexdigest(), "shape": list(value.shape), "dtype": str(value.dtype)}
    if value.size and value.dtype.kind in "biuf":
        found |= {"min": float(value.min()), "max": float(value.max()), "mean": float(value.mean(dtype=np.float64))}
    return found


def differences(
    old: dict[str, dict], new: dict[str, dict], old_place: Path | None = None, new_place: Path | None = None
) -> list[str]:
    """One line for each entry that differs, exactly compared.

    Args:
        old, new: of :func:`digest`.
        old_place, new_place: folders of what was digested, where it is still there: then differences of arrays are measured.
    """
    changed = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    there = [place is not None and place.is_dir() for place in (old_place, new_place)]
    kept = [
        {name: value for name, value in contents(place) if name in changed} if changed and all(there) else {}
        for place in (old_place, new_place)
    ]
    lines = []
    for name in changed:
        if name not in new:
            lines.append(f"{name}: gone; was {_describe(old[name])}")
        elif name not in old:
            lines.append(f"{name}: new; {_describe(new[name])}")
        else:
            measured = _measure(*(side.get(name, entry.get("value")) for side, entry in zip(kept, (old[name], new[name]))))
            lines.append(f"{name}: {_describe(old[name])} -> {_describe(new[name])}{measured}")
    return lines


def _describe(entry: dict) -> str:
    if "value" in entry:
        text = json.dumps(entry["value"], ensure_ascii=False)
        return text if len(text) <= 80 else f"{text[:80]}..."
    if "bytes" in entry:
        return f"{entry['bytes']} bytes {entry['sha256'][:8]}"
    numbers = f", {entry['min']:.7g} to {entry['max']:.7g}, mean {entry['mean']:.9g}" if "mean" in entry else ""
    return f"{entry['dtype']} {tuple(entry['shape'])}{numbers}, {entry['sha256'][:8]}"


def _measure(old: Any, new: Any) -> str:
    """Largest difference of two arrays, and how much of them differs; "" where that cannot be said."""
    if old is None or new is None or isinstance(old, bytes) or isinstance(new, bytes):
        return ""
    old, new = _numbers(old), _numbers(new)
    if old is None or new is None or old.shape != new.shape or not old.size:
        return ""
    gap = np.abs(old.astype(np.float64) - new.astype(np.float64))
    return f"; largest difference {gap.max():.4g}, in {100 * np.mean(gap > 0):.3g} % of the values"
