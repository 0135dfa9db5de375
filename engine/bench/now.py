"""``engine bench now``: the metric of the NoW benchmark, scan to mesh.

One prediction against one scan; or all predictions of the benchmark's data set, which its users bring along; or the
`open` method on development heads of known geometry. Predictions are meshes with seven landmarks beside them, as the
benchmark wants them, or head bundles, which know their landmarks. See docs/evidence/evaluation.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..geometry.obj import write_obj
from ..wire.atomic import write_whole
from ..wire.columns import pad, row
from ..wire.command_line import Parser
from ..wire.errors import ErrorCode, HrnError
from ..wire.language import local
from ..wire.messages import as_message, reason, say
from .meshes import NOW_LANDMARKS, Mesh, bundle_head, is_bundle, outer_mesh, read_mesh, read_points
from .now_metric import CURVE, METRES, Aligned, compare, summary

__all__ = ["Image", "listed_images", "main", "prediction_of", "reconstruct"]

_LISTS = {"validation": "imagepathsvalidation.txt", "test": "imagepathstest.txt"}
"""Files of the benchmark that list the images of each set."""
_PICTURES = "iphone_pictures"
"""Folder of the benchmark's images."""


class Image(NamedTuple):
    """One line of the benchmark's list."""

    subject: str
    challenge: str
    name: str
    """File name with its suffix."""

    @property
    def stem(self) -> Path:
        return Path(self.subject, self.challenge, Path(self.name).stem)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench now", description=__doc__)
    parser.add_argument(
        "prediction", type=Path, nargs="?", help="mesh or head bundle; with --dataset the folder of all predictions"
    )
    parser.add_argument("--scan", type=Path, help="mesh in millimetres")
    parser.add_argument("--scan-points", type=Path, help="the scan's seven landmarks: .pp, .txt or .npy")
    parser.add_argument("--points", type=Path, help="those of a mesh (default: .npy or .txt of its name beside it)")
    parser.add_argument("--dataset", type=Path, help="the benchmark's folder: scans/, scans_lmks_onlypp/ and its lists")
    parser.add_argument(
        "--set", choices=tuple(_LISTS), default="validation", help="list of the benchmark (default: %(default)s)"
    )
    parser.add_argument("--challenge", help="only this one, such as selfie")
    parser.add_argument(
        "--reconstruct",
        action="store_true",
        help=say("first fit `open` to the listed images of {folder}/ that have no prediction", folder=_PICTURES),
    )
    parser.add_argument("--bench", type=Path, help="folder with development heads: fit and measure these")
    parser.add_argument("--unit", choices=tuple(METRES), help="measure without scaling; the unit of meshes (bundles: m)")
    parser.add_argument("--posed", action="store_true", help="bundles with the photo's expression, not neutral")
    parser.add_argument("--json", type=Path, help="write all figures, the curve included, to this file")
    options = parser.parse_args(argv)
    if options.bench:
        found = _bench_heads(options)
    elif options.dataset and options.prediction:
        found = _dataset(options)
    elif options.prediction and options.scan and options.scan_points:
        found = _pair(options)
    else:
        parser.error(say("give PREDICTION with --scan and --scan-points, PREDICTION with --dataset, or --bench"))
    if options.json:
        options.json.write_text(json.dumps({"curve_mm": CURVE.tolist(), **found}, indent=1))
    return 0 if found["all"]["points"] else 1


def prediction_of(path: Path, points: Path | None = None, posed: bool = False) -> tuple[Mesh, np.ndarray, bool]:
    """Mesh, seven landmarks and whether it is a bundle (whose unit is known).

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID, BUNDLE_INVALID.
    """
    if is_bundle(path):
        return *bundle_head(path, posed), True
    if points is None:
        points = next((file for suffix in (".npy", ".txt") if (file := path.with_suffix(suffix)).is_file()), None)
        if points is None:
            raise HrnError(
                ErrorCode.MODEL_MISSING,
                say("{path} has no landmarks (.npy or .txt) beside it.", path=path),
                hint="See docs/evidence/evaluation.md.",
            )
    return read_mesh(path), read_points(points), False


def listed_images(dataset: Path, which: str = "validation", challenge: str | None = None) -> list[Image]:
    """The images of one of the benchmark's lists, of one challenge or of all.

    Raises:
        HrnError: SETTINGS_INVALID.
    """
    path = dataset / _LISTS[which]
    try:
        lines = [line.strip().split("/") for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("{path} cannot be read: {reason}.", path=path, reason=reason(error)),
            hint="Give the benchmark's folder with --dataset.",
        ) from error
    images = [Image(*words[-3:]) for words in lines if len(words) >= 3]
    return [image for image in images if not challenge or image.challenge == challenge]


def reconstruct(dataset: Path, images: list[Image], out: Path) -> None:
    """Writes the `open` method's neutral head of every image, as the benchmark wants it, in metres."""
    from ..head import load_head_model
    from ..photo import Landmarker, load_photo
    from .stages import fit_stages

    model, landmarker = load_head_model(), Landmarker()
    for image in images:
        target = out / image.stem
        if any(is_bundle(target) or target.with_name(target.name + suffix).is_file() for suffix in (".obj", ".ply")):
            continue
        try:
            photo = load_photo(dataset / _PICTURES / Path(*image))
            faces = landmarker.detect(photo)
        except HrnError as error:
            print(f"{image.stem}: {local(error.sentence)}", file=sys.stderr)
            continue
        if not faces:
            print(local(say("{name}: no face found", name=image.stem)), file=sys.stderr)
            continue
        vertices, coarse = fit_stages(model, photo, faces[0], ("mid",))["mid"]
        neutral = vertices - model.shape(coarse.identity, coarse.expression) + model.shape(coarse.identity)
        mesh = outer_mesh(neutral / 1000, model.faces, model.face_material)
        points = model.landmarks(neutral)[list(NOW_LANDMARKS)].astype(np.float64) / 1000
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target.with_name(target.name + ".npy"), lambda file: np.save(file, points, allow_pickle=False))
        write_obj(target.with_name(target.name + ".obj"), *mesh)


# -- the three ways to call it -------------------------------------------------------------------------------------


def _pair(options: argparse.Namespace) -> dict:
    mesh, points, known = prediction_of(options.prediction, options.points, options.posed)
    got = compare(
        read_mesh(options.scan).vertices, read_points(options.scan_points), mesh, points, unit=_unit(options.unit, known)
    )
    figures = summary([got.distances])
    _head()
    _line(options.prediction.name, figures, got)
    return {"all": figures}


def _dataset(options: argparse.Namespace) -> dict:
    images = listed_images(options.dataset, options.set, options.challenge)
    if options.reconstruct:
        reconstruct(options.dataset, images, options.prediction)
    by_challenge: dict[str, list[np.ndarray]] = {}
    rows, missing, scans = [], 0, {}
    _head()
    for image in images:
        try:
            mesh, points, known = prediction_of(_prediction_path(options.prediction / image.stem), posed=options.posed)
        except HrnError as error:
            missing += 1
            print(f"{image.stem}: {local(error.message)}", file=sys.stderr)
            continue
        if image.subject not in scans:
            scans = {image.subject: _scan(options.dataset, image.subject)}  # images of one subject follow each other
        got = compare(*scans[image.subject], mesh, points, unit=_unit(options.unit, known))
        by_challenge.setdefault(image.challenge, []).append(got.distances.astype(np.float32))
        rows.append({"image": image.stem.as_posix(), **summary([got.distances]), "scale": got.scale})
        rows[-1].pop("curve")
        _line(image.stem.as_posix(), rows[-1], got)
    found = {name: summary(distances) for name, distances in sorted(by_challenge.items())}
    found["all"] = summary([some for distances in by_challenge.values() for some in distances])
    for name, figures in found.items():
        _line(name, figures)
    told = say(
        "{missing} of {count} predictions are missing; they are not part of the figures", missing=missing, count=len(images)
    )
    print(local(told if missing else say("no prediction is missing")))
    return {**found, "missing": missing, "by_image": rows}


def _bench_heads(options: argparse.Namespace) -> dict:
    """Scans are the true vertices of the face; heads are posed as in the photo, because some of them smile."""
    from ..head import load_head_model
    from ..photo import Landmarker, load_photo
    from .accuracy import VIEWS
    from .stages import fit_stages

    model, landmarker, found = load_head_model(), Landmarker(), {}
    homes = [home for home in sorted((options.bench / "dev").glob("*")) if (home / "gt.npz").is_file()]
    if not homes:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("There are no development heads in {path}.", path=options.bench),
            hint="Give their folder with --bench.",
        )
    unit = 1.0 if options.unit else None

    def measure(kind: str, label: str, vertices: np.ndarray) -> None:
        got = compare(
            scan,
            landmarks,
            outer_mesh(vertices, model.faces, model.face_material),
            model.landmarks(vertices)[list(NOW_LANDMARKS)].astype(float),
            unit=unit,
        )
        found.setdefault(kind, []).append(got.distances)
        _line(label, summary([got.distances]), got)

    _head()
    for home in homes:
        with np.load(home / "gt.npz") as truth:
            scan = truth["V"][truth["reg_face"] | truth["reg_eyes"]].astype(float)
            landmarks = truth["lm7"].astype(float)
        measure("mean head", f"{home.name} {local(say('mean head'))}", model.template.astype(float))
        for view in VIEWS:
            photo = load_photo(next((home / "photos").glob(view + ".*")))
            faces = landmarker.detect(photo)
            if faces:
                measure(view, f"{home.name} {view}", fit_stages(model, photo, faces[0], ("mid",))["mid"][0].astype(float))
    result = {kind: summary(distances) for kind, distances in found.items()}
    for kind, figures in result.items():
        _line(local(say("all {kind}", kind=as_message(kind))), figures)
    result["all"] = summary([some for view in VIEWS for some in found.get(view, [])])
    return result


def _scan(dataset: Path, subject: str) -> tuple[np.ndarray, np.ndarray]:
    return (
        read_mesh(_only(dataset / "scans" / subject, "*.obj")).vertices,
        read_points(_only(dataset / "scans_lmks_onlypp" / subject, "*.pp")),
    )


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise HrnError(
            ErrorCode.MODEL_MISSING,
            say("{path} contains no {pattern}.", path=folder, pattern=pattern),
            hint="See docs/evidence/evaluation.md.",
        )
    return found[0]


def _prediction_path(stem: Path) -> Path:
    """A bundle in a folder of the image's name, or a mesh of its name."""
    names: Iterator[Path] = (stem.with_name(stem.name + suffix) for suffix in (".obj", ".ply"))
    return stem if is_bundle(stem) else next((path for path in names if path.is_file()), stem.with_name(stem.name + ".obj"))


def _unit(name: str | None, is_head: bool) -> float | None:
    return None if name is None else METRES["m" if is_head else name]


def _head() -> None:
    print(
        row(
            (local(say("prediction")), 48),
            (local(say("median")), -7),
            (local(say("mean")), -7),
            (local(say("std")), -7),
            ("1 mm", -6),
            (local(say("points")), -9),
            ("", 1),
            (local(say("(mm; share within 1 mm)")), 0),
        )
    )


def _line(label: str, figures: dict, got: Aligned | None = None) -> None:
    if not figures["points"]:
        return
    within = (
        figures.get("curve", [0] * len(CURVE))[int(np.searchsorted(CURVE, 1.0))]
        if got is None
        else float((got.distances <= 1).mean())
    )
    print(
        f"{pad(label, 48)} {figures['median']:7.3f} {figures['mean']:7.3f} {figures['std']:7.3f} {100 * within:5.1f}% "
        f"{figures['points']:9d}",
        flush=True,
    )
