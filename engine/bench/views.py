"""``engine bench views``: accuracy of heads from several photos, on the development heads of a benchmark folder.

Prints the face's and the whole head's mean distance in mm after similarity alignment (``score.py`` of the benchmark),
for five views, for three of them, and for five that look as phones make them: compressed, noisy, soft, each with its
own exposure and white balance, and without a focal length.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from ..fit.views import fit_views
from ..head import load_head_model
from ..photo import Landmarker, observe
from ..wire.color import linear_to_power, power_to_linear
from ..wire.columns import pad
from ..wire.columns import row as table_row
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .accuracy import load_score, scored

__all__ = ["main", "phone_photo"]

_FIVE = ("mv_m60", "mv_m30", "mv_p00", "mv_p30", "mv_p60")
"""Names of the five photos of a head, turned from 60 degrees to one side to 60 to the other."""
_SETS = {"five": (_FIVE, False), "three": (_FIVE[1:4], False), "phone": (_FIVE, True)}
"""The photos of each set, and whether they are made to look like a phone's."""


def phone_photo(source: Path, target: Path, seed: int) -> None:
    """Write a JPEG (quality 60, no EXIF) of a photo, softened, noisy, darker or brighter, warmer or colder."""
    import cv2

    random = np.random.default_rng(seed)
    with Image.open(source) as image:
        pixels = np.asarray(image.convert("RGB"), np.float32)
    pixels = cv2.GaussianBlur(pixels, (0, 0), 0.8)
    gain = 2.0 ** random.uniform(-0.3, 0.3) * np.array([random.uniform(0.93, 1.07), 1, random.uniform(0.93, 1.07)])
    pixels = 255 * linear_to_power(power_to_linear(np.clip(pixels / 255, 0, 1)) * gain) + random.normal(0, 3.0, pixels.shape)
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels + 0.5, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=60)
    target.write_bytes(out.getvalue())


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench views", description=__doc__)
    parser.add_argument(
        "--bench",
        type=Path,
        default=Path(__file__).resolve().parents[3] / "shared" / "bench",
        help="benchmark folder with score.py and dev/",
    )
    parser.add_argument("--set", choices=(*_SETS, "all"), default="all", help="which photos (default: all)")
    parser.add_argument("--heads", help="comma-separated; all when absent")
    parser.add_argument("--quality", default="standard", help="quality of the heads (default: %(default)s)")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    options = parser.parse_args(argv)
    if not (options.bench / "score.py").is_file():
        print(local(say("No benchmark at {folder}: give its folder with --bench.", folder=options.bench)), file=sys.stderr)
        return 1
    model, score, landmarker = load_head_model(), load_score(options.bench / "score.py"), Landmarker()
    homes = sorted(path for path in (options.bench / "dev").iterdir() if (path / "gt.npz").is_file())
    if options.heads:
        homes = [home for home in homes if home.name in options.heads.split(",")]
    found: dict[str, list[dict]] = {}
    print(
        table_row(
            (local(say("photos")), 7),
            (local(say("head")), 5),
            (local(say("face")), -6),
            (local(say("median")), -7),
            (local(say("head")), -6),
            (local(say("scale %")), -8),
            (local(say("focal px")), -9),
            ("", 1),
        )
        + local(say("shares"))
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in _SETS if options.set == "all" else (options.set,):
            files, phone = _SETS[name]
            for number, home in enumerate(homes):
                paths = [next((home / "photos").glob(file + ".*")) for file in files]
                if phone:
                    copies = [Path(folder) / f"{home.name}_{path.stem}.jpg" for path in paths]
                    for k, (path, copy) in enumerate(zip(paths, copies)):
                        phone_photo(path, copy, seed=100 * number + k)
                    paths = copies
                views = fit_views(model, [observe(path, landmarker) for path in paths], Settings(quality=options.quality)).views
                got = scored(score, model, model.posed(views[0]).astype(float), home.name, options.bench, folder)
                row = {"head": home.name, **got, "whole": got["by_region"]["head"]}
                found.setdefault(name, []).append(row)
                print(
                    f"{name:7} {home.name:5} {row['face']:6.3f} {row['median']:7.3f} {row['whole']:6.2f} "
                    f"{row['scale_percent']:8.1f} {views[0].coarse.camera.fx:9.0f}  "
                    + " ".join(f"{view.share:.2f}" for view in views),
                    flush=True,
                )

            def mean(key):
                return float(np.mean([row[key] for row in found[name]]))

            print(
                f"{name:7} {pad(local(say('all')), 5)} {mean('face'):6.3f} {mean('median'):7.3f} {mean('whole'):6.2f}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, default=float))
    return 0
