"""``engine bench accuracy``: how far the fitted heads lie from heads of known geometry.

Prints, per head and view, the face's mean distance in mm after similarity alignment, beside the model's own mean head
(which never sees a photo) measured the same way: on the development heads of a benchmark folder with its ``score.py``,
and on heads that :mod:`engine.synthetic` generates.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import numpy as np

from ..geometry.obj import ObjStyle, write_obj
from ..head import HeadModel, load_head_model
from ..head.model import MATERIALS
from ..photo import Landmarker, load_photo
from ..wire.columns import pad
from ..wire.columns import row as table_row
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .meshes import NOW_LANDMARKS
from .stages import fit_stages

__all__ = ["load_score", "main", "scored", "write_scoring_obj"]

VIEWS = ("frontal", "side")
"""The views of a benchmark's photos for which errors are given apart."""


def write_scoring_obj(model: HeadModel, vertices: np.ndarray, path: Path) -> np.ndarray:
    """Skin, neck and eyeballs in metres as quads; returns the seven landmarks, (7, 3) metres."""
    kept = np.isin(model.face_material, [MATERIALS.index("skin"), MATERIALS.index("eyes")])
    used, faces = np.unique(model.faces[kept], return_inverse=True)
    write_obj(path, vertices[used] / 1000, faces.reshape(-1, 4), style=ObjStyle(".7f"))
    return model.landmarks(vertices)[list(NOW_LANDMARKS)].astype(float) / 1000


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench accuracy", description=__doc__)
    parser.add_argument(
        "--bench",
        type=Path,
        default=Path(__file__).resolve().parents[3] / "shared" / "bench",
        help="benchmark folder with score.py and dev/",
    )
    parser.add_argument("--generated", type=int, default=0, metavar="N", help="also fit N generated heads of each look")
    parser.add_argument("--distances", type=int, default=0, metavar="N", help="also N people at each of seven known distances")
    parser.add_argument("--groups", type=int, default=0, metavar="N", help="also N people of each group of age and weight")
    parser.add_argument(
        "--hard", type=int, default=0, metavar="N", help="also N generated heads of each hard kind: beard, shade, jaw"
    )
    parser.add_argument("--tones", type=int, default=0, metavar="N", help="also N lights on each tone of skin")
    parser.add_argument("--stage", choices=("coarse", "mid", "all"), default="all", help="stage of the fit (default: all)")
    parser.add_argument("--part-distance", action="store_true", help="with the setting of this name")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args(argv)
    model, settings = load_head_model(), Settings(part_distance=options.part_distance)
    found: dict = {}
    stages = ("coarse", "mid") if options.stage == "all" else (options.stage,)
    if (options.bench / "score.py").is_file():
        found["dev"] = _bench_heads(model, options.bench, stages, settings)
    else:
        print(local(say("No benchmark at {folder}: give its folder with --bench.", folder=options.bench)), file=sys.stderr)
        if not (options.generated or options.distances or options.groups or options.tones or options.hard):
            return 1
    if options.generated:
        from .generated import score_generated

        found["generated"] = score_generated(model, options.generated, stages, settings)
    if options.distances:
        from .distances import score_distances

        found["distances"] = score_distances(model, options.distances, stages)
    if options.hard:
        from .hard import score_hard

        found["hard"] = score_hard(options.hard, stages, settings)
    if options.groups:
        from .people import score_groups

        found["groups"] = score_groups(model, options.groups, stages, settings)
    if options.tones:
        from .people import score_tones

        found["tones"] = score_tones(model, options.tones, settings)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    return 0


def _bench_heads(model: HeadModel, bench: Path, stages: tuple[str, ...], settings: Settings) -> list[dict]:
    score = load_score(bench / "score.py")
    landmarker, rows = Landmarker(), []
    print(
        table_row(
            (local(say("head")), 5),
            (local(say("view")), 8),
            (local(say("stage")), 7),
            (local(say("face")), -6),
            (local(say("mean head")), -10),
            (local(say("ratio")), -6),
            (local(say("median")), -7),
            (local(say("regions")), -8),
            (local(say("(mean h.)")), -9),
            (local(say("scale %")), -8),
            (local(say("focal px")), -9),
            (local(say("error %")), -8),
            (local(say("marks px")), -9),
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        for home in sorted(path for path in (bench / "dev").iterdir() if (path / "gt.npz").is_file()):
            base = scored(score, model, model.template.astype(float), home.name, bench, folder)
            for view in VIEWS:
                file = next((home / "photos").glob(view + ".*"))
                photo = load_photo(file)
                faces = landmarker.detect(photo)
                if not faces:
                    print(f"{home.name:5} {view:8} {local(say('no face found'))}")
                    continue
                true_focal = _true_focal(home, view)
                for stage, (vertices, fit) in fit_stages(model, photo, faces[0], stages, settings).items():
                    got = scored(score, model, vertices, home.name, bench, folder)
                    rows.append(
                        {
                            "head": home.name,
                            "view": view,
                            "stage": stage,
                            "mean_head": base["face"],
                            **got,
                            "mean_head_regions": base["regions"],
                            "ratio": got["face"] / base["face"],
                            "landmarks_px": float(np.median(fit.residual_px)),
                            "focal_source": fit.focal_source,
                            "focal_ratio": fit.camera.fx / true_focal,
                        }
                    )
                    print(
                        f"{home.name:5} {view:8} {stage:7} {got['face']:6.3f} {base['face']:10.3f} "
                        f"{got['face'] / base['face']:6.2f} {got['median']:7.3f} {got['regions']:8.3f} "
                        f"{base['regions']:9.3f} {got['scale_percent']:8.1f} {fit.camera.fx:6.0f} {fit.focal_source[:2]} "
                        f"{100 * rows[-1]['focal_ratio'] - 100:+8.0f} {rows[-1]['landmarks_px']:9.2f}",
                        flush=True,
                    )
    _tell_means(rows, stages)
    return rows


def _tell_means(rows: list[dict], stages: tuple[str, ...]) -> None:
    """Print the means of all heads, and how far off the distance is where it was estimated."""
    for stage in stages:
        for view in VIEWS:
            some = [row for row in rows if row["stage"] == stage and row["view"] == view]
            if some:

                def mean(name):
                    return float(np.mean([row[name] for row in some]))

                worst = local(say("worst ratio {ratio:.2f}", ratio=max(row["ratio"] for row in some)))
                print(
                    f"{pad(local(say('all')), 5)} {view:8} {stage:7} {mean('face'):6.3f} {mean('mean_head'):10.3f} "
                    f"{mean('face') / mean('mean_head'):6.2f} {mean('median'):7.3f} {mean('regions'):8.3f} "
                    f"{mean('mean_head_regions'):9.3f}   {worst}"
                )
    guessed = [np.log(row["focal_ratio"]) for row in rows if row["stage"] == stages[0] and row["focal_source"] == "estimated"]
    if guessed:
        off = 100 * float(np.sqrt(np.mean(np.square(guessed))))
        print(
            local(
                say(
                    "{count} photos without EXIF data: the estimated distance is off by {off:.0f} %",
                    count=len(guessed),
                    off=off,
                )
            )
        )


def _true_focal(home: Path, view: str) -> float:
    """Pixels; a head that is seen so large is as many times too far away as the fitted focal length is too long."""
    views = json.loads((home / "cameras.json").read_text(encoding="utf-8"))["views"]
    return float(views[view]["K"][0][0])


def scored(score: ModuleType, model: HeadModel, vertices: np.ndarray, head: str, bench: Path, folder: str) -> dict:
    """The benchmark's errors of a fitted head of (N, 3) `vertices` in mm, by name; lengths in mm, the error of the scale in per
    cent."""
    path = Path(folder) / "head.obj"
    landmarks = write_scoring_obj(model, vertices, path)
    found = score.score(str(path), head, root=None, lm=landmarks, unit_mm=1000.0, quality=False, albedo=False)
    summary = found["summary"]
    return {
        "face": summary["face_mean_mm"],
        "median": summary["face_median_mm"],
        "regions": found["similarity"]["region_aligned_mm"]["mean_of_4"],
        "scale_percent": summary["metric_scale_error_pct"],
        "by_region": {name: part["mean"] for name, part in found["similarity"]["regions_mm"].items() if part},
    }


def load_score(path: Path) -> ModuleType:
    """The benchmark's metric, imported from its own folder."""
    spec = importlib.util.spec_from_file_location("benchmark_score", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    raise SystemExit(main())
