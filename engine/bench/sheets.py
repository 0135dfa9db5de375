"""``engine bench sheets``: one row of pictures per photo, to be looked at.

Columns: the photo; through its camera the coarse head, the head with its deformation, with its displacement (all
without texture); the textured head through the photo's camera in the photo's light, exposed like the photo; and turned by 45 degrees to
either side in studio light. With ``--clay`` instead: the head in untextured clay from the photo's camera, large, under a lamp in
front, one that rakes over it and one above, and beside it another program's picture of the same photo.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np

from ..camera import orbit_camera
from ..head.model import HeadModel
from ..head.subdivision import subdivided
from ..methods import get_method
from ..pipeline.image_files import write_jpeg, write_png
from ..pipeline.preview import render_head
from ..pipeline.solution import Solution
from ..system.failures import as_hrn_error
from ..wire.color import LUMINANCE, srgb_to_linear
from ..wire.command_line import Parser
from ..wire.formats import is_photo_name
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .cells import cut_square, square_camera, write_title
from .clay import beside_of, clay_row

__all__ = ["expanded", "main", "sheet_names", "sheet_row"]

_WRITTEN = {".png", ".jpg", ".jpeg"}
"""Endings of the picture files that can be written."""
COLUMNS = ("photo", "coarse", "mid", "displaced", "textured", "+45", "-45")
"""What the seven pictures of a row show; the last two are the head turned by so many degrees."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench sheets", description=__doc__)
    parser.add_argument("photos", type=Path, nargs="+", help="photos, or folders of photos")
    parser.add_argument("--out", type=Path, required=True, help="a .png or .jpg with all rows, or a folder for the pictures")
    parser.add_argument(
        "--texture-size", type=int, default=1024, metavar="PIXELS", help="side of the maps (default: %(default)s)"
    )
    parser.add_argument("--quality", default="standard", help="quality of the heads (default: %(default)s)")
    parser.add_argument("--together", action="store_true", help="the photos show one person: one sheet with a row per photo")
    parser.add_argument("--cell", type=int, default=360, metavar="PIXELS", help="side of one picture (default: 360)")
    parser.add_argument("--clay", action="store_true", help="untextured clay under three lamps; best with --cell 640")
    parser.add_argument(
        "--beside", nargs="+", default=[], metavar="PHOTO=FILE", help="another's picture of a photo: 00437.png=a.png[@x,y,w,h]"
    )
    options = parser.parse_args(argv)
    try:
        others = dict(map(beside_of, options.beside))
    except ValueError as failure:
        parser.error(say("{text} names no picture", text=str(failure)))
    settings = Settings(texture_size=options.texture_size, quality=options.quality, hair=not options.clay)
    method = get_method("open")
    if options.together:
        found = method.solve(expanded(options.photos), settings)
        rows = [
            _labelled(
                sheet_row(found._replace(views=(view, *found.views)), options.cell),
                f"{view.photo.name} {100 * view.share:.0f} %",
            )
            for view in found.views
        ]
        _write(options.out if options.out.suffix.lower() in _WRITTEN else options.out / "together.jpg", rows)
        return 0
    rows, failed = [], 0
    paths = expanded(options.photos)
    for path, name in zip(paths, sheet_names(paths)):
        try:
            found = method.solve([path], settings)
            if options.clay:
                row = clay_row(found, options.cell, path.name, others.get(path.name))
            else:
                row = _labelled(sheet_row(found, options.cell), path.name)
            print(local(say("{name}: done", name=path.name)), file=sys.stderr)
        except Exception as failure:
            failed += 1
            print(f"{path.name}: {local(as_hrn_error(failure).sentence)}", file=sys.stderr)
            continue
        if options.out.suffix.lower() in _WRITTEN:
            rows.append(row)
        else:
            _write(options.out / f"{name}.jpg", [row])
    if rows:
        wide = max(row.shape[1] for row in rows)
        _write(options.out, [np.pad(row, ((0, 0), (0, wide - row.shape[1]), (0, 0)), constant_values=30) for row in rows])
    return 3 if failed else 0


def sheet_names(photos: list[Path]) -> list[str]:
    """A file name without suffix for each; photos of one name, as in a folder per person, get their folder's before it."""
    times = Counter(photo.stem.lower() for photo in photos)
    return [photo.stem if times[photo.stem.lower()] == 1 else f"{photo.resolve().parent.name} {photo.name}" for photo in photos]


def _write(path: Path, rows: list[np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    (write_png if path.suffix.lower() == ".png" else write_jpeg)(path, np.concatenate(rows))


def sheet_row(found: Solution, cell: int = 360) -> np.ndarray:
    """(cell, 7 * cell, 3) uint8: the columns of :data:`COLUMNS`."""
    coarse, textures = found.coarse, found.textures
    camera, window, bare = _window(found, cell)
    # As smooth as Blender shows it.
    model, finer = subdivided(found.model)
    posed = finer @ found.posed
    clay = [
        render_head(model, finer @ found.model.shape(coarse.identity, coarse.expression), camera),
        render_head(model, posed, camera),
        render_head(model, posed, camera, normal=textures.normal),
    ]
    textured = _in_the_photo(found, model, posed, camera, window, bare)
    turned = [
        render_head(model, posed, orbit_camera(posed, yaw, width=cell, height=cell), textures.albedo, normal=textures.normal)
        for yaw in (45.0, -45.0)
    ]
    return np.concatenate([window, *clay, textured, *turned], 1)


def _in_the_photo(
    found: Solution, model: HeadModel, posed: np.ndarray, camera, window: np.ndarray, bare: np.ndarray
) -> np.ndarray:
    """The textured head in the photo's light. Albedo and light are known only up to a factor per colour: the one that
    gives the skin the photo's median colour is used."""

    def render(light):
        # One colour of light: its hue in directions that no skin faced is only a guess.
        grey = light @ LUMINANCE
        light = grey[:, None] * (light[0] / max(grey[0], 1e-6))
        return render_head(
            model, posed, camera, found.textures.albedo, normal=found.textures.normal, light=light, background=window
        )

    covered = render_head(model, posed, camera, background=0).max(-1) > 0
    first, inside = render(found.mid.lighting), covered & (bare > 0.5)
    if not inside.any():
        return first
    gain = np.array([np.median(srgb_to_linear(picture[inside] / 255), 0) for picture in (window, first)])
    return render(found.mid.lighting * gain[0] / np.maximum(gain[1], 1e-4))


def _window(found: Solution, cell: int):
    """The photo's camera, the photo and its bare skin, cut to a square around the whole head and resized to `cell`."""
    pixels, _ = found.coarse.camera.project(found.posed.astype(np.float64))
    low, high = pixels.min(0), pixels.max(0)
    side = max(8, int(1.05 * (high - low).max()))
    corner = np.floor((low + high - side) / 2).astype(int)
    camera = square_camera(found.coarse.camera, corner, side, cell)
    skin = found.mid.skin_mask.astype(np.float32)
    return camera, *(cut_square(image, corner, side, cell, beyond) for image, beyond in ((found.photo.pixels, 128), (skin, 0)))


def _labelled(row: np.ndarray, name: str) -> np.ndarray:
    cell = row.shape[1] // len(COLUMNS)
    for number, title in enumerate((name, *COLUMNS[1:])):
        write_title(row, title, (number * cell + 6, 18), 0.5)
    return row


def expanded(paths: list[Path]) -> list[Path]:
    """Photos, and the photos of folders."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if is_photo_name(p.name))
        else:
            found.append(path)
    return found
