"""``engine bench worn``: whether glasses, masks, fingers and words over faces are found.

Things are painted on photos (:mod:`.painted`), which shows exactly where they lie; what is found on the photos as they are
is false, unless somebody in them does wear glasses. With ``--heads``, heads are made of these photos and compared with those of
the photos as they are.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from ..photo import Landmarker, observe
from ..photo.landmarks import face_width
from ..photo.part_net import PARTS
from ..photo.part_worn import Worn
from ..photo.parts import PhotoParts, face_centre, find_parts
from ..photo.regions import OVAL, fill
from ..wire.columns import row
from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.formats import PHOTO_SUFFIXES
from ..wire.language import local
from ..wire.messages import say
from .painted import THINGS, paint
from .worn_heads import compare_heads, print_heads

__all__ = ["Sight", "false_alarms", "main", "score", "sight"]

_SIDE = 256
"""Side of the window in which answers are compared with what was painted, pixels."""
_REACH = 0.75
"""Half of it, face widths."""


class Sight:
    """A photo, its face, and the window in which it is judged.

    Args:
        pixels: (H, W, 3) uint8. landmarks: (478, 2 or more) pixels. width: of the face, pixels.
    """

    def __init__(self, pixels: np.ndarray, landmarks: np.ndarray, width: float):
        self.pixels, self.landmarks, self.width = pixels, np.asarray(landmarks)[:, :2], width
        self.scale = _SIDE / (2 * _REACH * width)
        self.origin = face_centre(self.landmarks) - _REACH * width

    def window(self, picture: np.ndarray) -> np.ndarray:
        """The window of a picture as large as the photo."""
        matrix = np.array([[self.scale, 0, -self.origin[0] * self.scale], [0, self.scale, -self.origin[1] * self.scale]])
        way = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        return cv2.warpAffine(picture, matrix, (_SIDE, _SIDE), flags=way)

    def found(self, pixels: np.ndarray) -> tuple[np.ndarray, PhotoParts]:
        """(256, 256) place in the parts of what each pixel of the window most likely is."""
        parts = find_parts(pixels, self.landmarks, self.width)
        assert parts is not None, "the part networks are not installed"
        chances = parts.window(tuple(self.origin), self.scale, (_SIDE, _SIDE))
        return np.stack([chances[name] for name in PARTS]).argmax(0), parts

    @functools.cached_property
    def bare(self) -> np.ndarray:
        """(256, 256) what is found on the photo as it is."""
        return self.found(self.pixels)[0]


def sight(file: Path, landmarker: Landmarker) -> Sight:
    """The largest face in a photo."""
    photo, observation = observe(file, landmarker)
    return Sight(np.asarray(photo.pixels), observation.landmarks, face_width(observation))


def score(one: Sight, name: str) -> tuple[float, float, Worn]:
    """Intersection over union of a thing that is painted on a photo, the share of it that is found, and the photo's numbers.

    What is found beside the thing on the photo as it is, too, such as other hair, does not count.
    """
    painted = paint(name, one.pixels, one.landmarks)
    best, parts = one.found(painted.pixels)
    there = one.window(painted.mask.astype(np.uint8) * 255) > 90
    named = [PARTS.index(part) for part in painted.parts]
    found = np.isin(best, named) & (there | ~np.isin(one.bare, named))
    both = int((found & there).sum())
    return both / max(int((found | there).sum()), 1), both / max(int(there.sum()), 1), parts.worn


def false_alarms(one: Sight) -> tuple[dict[str, float], Worn]:
    """Shares of the face that are taken for frames, lenses and covers, and the photo's numbers."""
    best, parts = one.found(one.pixels)
    face = fill((_SIDE, _SIDE), (one.landmarks - one.origin) * one.scale, OVAL) > 0
    return {name: float((best[face] == PARTS.index(name)).mean()) for name in ("glasses", "lens", "cover")}, parts.worn


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench worn", description=__doc__)
    parser.add_argument("photos", type=Path, nargs="+", help="photos, or folders of photos")
    parser.add_argument("--things", help="names of what is painted, with commas between; all by default")
    parser.add_argument("--bare", action="store_true", help="nothing is painted")
    parser.add_argument("--heads", action="store_true", help="compare heads instead: shape, albedo and warnings")
    options = parser.parse_args(argv)
    things = options.things.split(",") if options.things else list(THINGS)
    unknown = [thing for thing in things if thing not in THINGS]
    if unknown:
        parser.error(say("There is no {names} to paint; there are {known}.", names=unknown, known=list(THINGS)))
    landmarker, seen = Landmarker(), {}
    for file in _files(options.photos):
        try:
            seen[file.name] = sight(file, landmarker)
        except HrnError as error:
            print(f"{file.name}: {local(error.message)}")
    if options.heads:
        for name, one in seen.items():
            with tempfile.TemporaryDirectory(prefix="hrn-worn-") as folder:
                try:
                    print_heads(name, compare_heads(one.pixels, one.landmarks, things, Path(folder)))
                except HrnError as error:
                    print(f"{name}: {local(error.message)}", flush=True)
        return 0
    _print_found(seen, [] if options.bare else things)
    return 0


def _print_found(seen: dict[str, Sight], things: list[str]) -> None:
    """What is found on photos as they are, and of what is painted on them."""
    names = Worn._fields
    print(_line(local(say("as they are")), (*map(local, (say("frames"), say("lenses"), say("covers"))), *names)))
    for name, one in seen.items():
        shares, worn = false_alarms(one)
        print(_line(name, [f"{value:.3f}" for value in (*shares.values(), *worn)]), flush=True)
    if things:
        print(_line(local(say("painted")), ("IoU", local(say("found")), *names)))
    for thing in things:
        scores = [score(one, thing) for one in seen.values()]
        values = np.array([(overlap, share, *worn) for overlap, share, worn in scores]).mean(0)
        print(_line(thing, [f"{value:.2f}" for value in values]), flush=True)


def _line(name: str, values: Iterable[str]) -> str:
    return row((name, 24), *((value, -11) for value in values))


def _files(places: list[Path]) -> list[Path]:
    """Photos, in the order of their names."""
    files = []
    for place in places:
        inside = sorted(place.rglob("*")) if place.is_dir() else [place]
        files += [file for file in inside if file.suffix.lower() in PHOTO_SUFFIXES]
    return files
