"""``engine bench df_mvr``: DF_MVR's evaluation, on predictions and scans in its mesh's numbering.

The metric is NoW's; DF_MVR calls the mean scan-to-mesh distance of a mesh RMSE and averages it over the meshes.
Decimetres become millimetres, as there. See docs/evidence/evaluation.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from ..wire.bundle import load_bundle
from ..wire.columns import pad
from ..wire.command_line import Parser
from ..wire.errors import ErrorCode, HrnError
from ..wire.language import local
from ..wire.messages import say
from .meshes import Mesh, is_bundle, read_mesh
from .now_metric import compare

__all__ = ["LANDMARK_VERTICES", "main", "rmse"]

LANDMARK_VERTICES = (2215, 5828, 10455, 14065, 8192, 5522, 10795)
"""Vertices of the seven landmarks on both meshes, in NoW's order."""
_MILLIMETRES = 100.0
"""Millimetres per unit of DF_MVR's meshes, the decimetre."""


def rmse(scan: Mesh, prediction: Mesh, scan_vertices=LANDMARK_VERTICES, vertices=LANDMARK_VERTICES) -> float:
    """Mean distance in millimetres from the scan's face to the aligned prediction; both in decimetres.

    Raises:
        HrnError: CHECKPOINT_INVALID when a mesh has not got the landmarks.
    """
    for name, mesh, numbers in ((say("scan"), scan, scan_vertices), (say("prediction"), prediction, vertices)):
        if max(numbers) >= len(mesh.vertices):
            raise HrnError(
                ErrorCode.CHECKPOINT_INVALID,
                say(
                    "The {mesh} has {count} vertices, but its landmarks go up to number {largest}.",
                    mesh=name,
                    count=len(mesh.vertices),
                    largest=max(numbers),
                ),
                hint="See docs/evidence/evaluation.md.",
            )
    points, found = _MILLIMETRES * scan.vertices, prediction._replace(vertices=_MILLIMETRES * prediction.vertices)
    return float(compare(points, points[list(scan_vertices)], found, found.vertices[list(vertices)]).distances.mean())


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench df_mvr", description=__doc__)
    parser.add_argument("predictions", type=Path, help="folder with NAME.obj, or head bundles NAME/ of method df_mvr")
    parser.add_argument("--scans", type=Path, required=True, help="folder with NAME.obj (or .ply) in decimetres")
    parser.add_argument(
        "--scan-vertices",
        type=_numbers,
        default=LANDMARK_VERTICES,
        metavar="N,N,N,N,N,N,N",
        help="landmarks of the scans, counted from 0 (default: those of DF_MVR's mesh)",
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args(argv)
    found = {}
    for path in sorted(options.predictions.iterdir()):
        if not is_bundle(path) and path.suffix.lower() != ".obj":
            continue
        name = path.name if path.is_dir() else path.stem
        scan = next((file for suffix in (".obj", ".ply") if (file := options.scans / (name + suffix)).is_file()), None)
        if scan is None:
            print(local(say("{name}: there is no scan of this name", name=name)), file=sys.stderr)
            continue
        found[name] = rmse(read_mesh(scan), read_mesh(_mesh_of(path)), options.scan_vertices)
        print(f"{name:40} {found[name]:7.4f} mm", flush=True)
    if not found:
        print(local(say("Nothing to compare in {folder}.", folder=options.predictions)), file=sys.stderr)
        return 1
    mean = float(np.mean(list(found.values())))
    print(f"{pad(local(say('mean of {count}', count=len(found))), 40)} {mean:7.4f} mm")
    if options.json:
        options.json.write_text(json.dumps({"mean": mean, "by_mesh": found}, indent=1))
    return 0


def _mesh_of(path: Path) -> Path:
    if path.is_file():
        return path
    published = load_bundle(path).manifest.get("published", {})
    name = next((name for name in published.get("files", ()) if name.endswith(".obj")), None)
    if published.get("method") != "df_mvr" or name is None:
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("{path} is not a head of method “df_mvr”.", path=path))
    return path / name


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(int(word) for word in text.split(","))
    if len(numbers) != 7 or min(numbers) < 0:
        raise argparse.ArgumentTypeError(local(say("seven vertex numbers are needed")))
    return numbers
