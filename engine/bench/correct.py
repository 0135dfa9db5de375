"""``engine bench correct``: how much pins help, set by a program that knows the true surface, as an artist would.

On the heads of a benchmark folder, the frontal photo is fitted. Ten times the place is pinned that is farthest from where the
photo shows it, with one pixel of noise: features (eyes, nose, lips) and the face's outline. Then five more in the side photo, on
the fit of both photos. Features are the benchmark's own landmarks, in which no fit has a say. Printed are the picture error of the true points that were not pinned and the face's mean distance from
the true surface, after the pins over before them. Exits with 1 where a limit is missed.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from ..camera import Camera
from ..corrections.apply import Corrected, corrected
from ..corrections.base import Base, base_of_views
from ..fit.skin_surface import skin_surface
from ..head import HeadModel, load_head_model
from ..photo import Landmarker, observe
from ..render import rasterize
from ..types import View
from ..wire.columns import row as table_row
from ..wire.command_line import Parser
from ..wire.corrections import Corrections, PhotoCorrections, Pin
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .accuracy import load_score, write_scoring_obj
from .correct_times import print_times
from .true_places import contours, feature_places

__all__ = ["Artist", "Place", "main"]

FEATURES = slice(30, 60)
"""Landmarks of the benchmark's 68 that an artist can name: tip and base of the nose, lids, the lips' outside."""
NOISE_PX = 1.0
"""Deviation of where the artist sees a place, pixels."""
APART_MM = 12.0
"""Least distance between two pins of one photo on the mean head."""
OUTLINE_MM = 8.0
"""Distance between two places of the outline."""
SEARCH_MM = 12.0
"""How far from the head's outline the true one is looked for."""
AGREE = 0.8
"""Least cosine between the directions of two outlines."""
BESIDE_MM = 3.0
"""Largest distance of the true outline along itself from there, mm: an artist drags an outline across itself."""
DEPTH_MM = 10.0
"""Most by which their depths behind the features differ: a jaw before a neck is not the neck's outline."""
BEHIND_MM = 6.0
"""A place that lies farther behind what is seen there is hidden."""
FRONTAL = 5
"""Pins in the frontal photo, at first."""
MORE = 5
"""More of them."""
SIDE = 5
"""Pins in the side photo."""
LIMITS = {"picture": 0.5, "frontal": 0.95, "worst": 1.02, "side": 0.8}
"""Most of: the picture error's ratio; the distance's, on average and on any head, frontal; the distance's with the side photo."""
SAMPLES = 12000
"""Points of the true head in which its distance is measured."""


@dataclass(frozen=True)
class Place:
    """A place of the head and where a photo truly shows it."""

    corners: np.ndarray
    """(3,) vertices."""
    weights: np.ndarray
    """(3,)"""
    pixel: np.ndarray
    """(2,)"""
    across: np.ndarray | None
    """(2,) direction in which it is off if it is on the outline; None of a feature."""

    def off(self, camera: Camera, posed: np.ndarray) -> float:
        """How far the head's place is from it, pixels."""
        away = camera.project((self.weights @ posed[self.corners])[None])[0][0] - self.pixel
        return float(np.linalg.norm(away) if self.across is None else abs(away @ self.across))


@dataclass(frozen=True)
class Truth:
    """The true head before a photo's true camera."""

    vertices: np.ndarray
    """(M, 3) mm"""
    triangles: np.ndarray
    camera: Camera
    elsewhere: np.ndarray
    """(M,) in [0, 1]: 1 on neck, ears and scalp, which are not the face's outline."""
    marks: np.ndarray
    """(L, 3) mm: the true features."""
    corners: np.ndarray
    """(L, 3) vertices: where they are on the model."""
    weights: np.ndarray
    """(L, 3) barycentric."""


class Artist:
    """Sets pins on one head.

    Args:
        model: head model. base: the fit. truths: of each photo. seed: of the noise.
    """

    def __init__(self, model: HeadModel, base: Base, truths: list[Truth], seed: int = 5):
        self.model, self.surface = model, skin_surface(model)
        self.base, self.truths = base, truths
        self.noise = np.random.default_rng(seed)
        self.places = [self._places(number) for number in range(len(truths))]
        self.pinned: list[list[int]] = [[] for _ in truths]
        self.pins: list[list[Pin]] = [[] for _ in truths]
        self.found = self.with_pins()

    def set_pins(self, photo: int, count: int) -> None:
        """Pin the worst place of a photo, look, and again."""
        for _ in range(count):
            away = np.array(self.errors(photo))
            where = np.array([one.weights @ self.model.template[one.corners] for one in self.places[photo]])
            for pinned in self.pinned[photo]:
                away[np.linalg.norm(where - where[pinned], axis=1) < APART_MM] = 0
            worst = int(away.argmax())
            place = self.places[photo][worst]
            pixel = np.clip(place.pixel + self.noise.normal(0, NOISE_PX, 2), 0, self._size(photo))
            self.pinned[photo].append(worst)
            self.pins[photo].append(Pin(tuple(place.corners.tolist()), tuple(place.weights.tolist()), tuple(pixel.tolist())))
            self.found = self.with_pins()

    def errors(self, photo: int, found: Corrected | None = None) -> list[float]:
        """How far each place of a photo is off, pixels."""
        posed, camera = self.posed(photo, found), (found or self.found).cameras[photo]
        return [one.off(camera, posed) for one in self.places[photo]]

    def posed(self, photo: int, found: Corrected | None = None) -> np.ndarray:
        """(N, 3) mm: the head as it is in a photo."""
        found = found or self.found
        return self.base.rest + found.offset + np.tensordot(found.actions[photo], self.base.basis, 1)

    def ratio(self, photo: int) -> float:
        """Picture error of the places that are not pinned, after over before."""
        free = [i for i in range(len(self.places[photo])) if i not in self.pinned[photo]]
        before = corrected(self.model, self.base, Corrections())
        return float(np.mean(np.array(self.errors(photo))[free]) / np.mean(np.array(self.errors(photo, before))[free]))

    def with_pins(self) -> Corrected:
        """The head with the pins that are set."""
        photos = [
            PhotoCorrections(str(number), self.base.photos[number], self._size(number), tuple(pins))
            for number, pins in enumerate(self.pins)
        ]
        return corrected(self.model, self.base, Corrections(photos=tuple(photos)))

    def _size(self, photo: int) -> tuple[int, int]:
        return self.base.cameras[photo].width, self.base.cameras[photo].height

    def _places(self, photo: int) -> list[Place]:
        """Features that show, and the face's outline."""
        model, camera, truth = self.model, self.base.cameras[photo], self.truths[photo]
        posed = self.base.posed(photo)
        pixels, depth = camera.project(posed)
        raster = rasterize(pixels, depth, model.triangles, camera.width, camera.height)
        found = []
        for corners, weights, mark in zip(truth.corners, truth.weights, truth.camera.project(truth.marks)[0]):
            spot, away = camera.project((weights @ posed[corners])[None])
            x, y = np.clip(spot[0].astype(int), 0, np.array(self._size(photo)) - 1)
            seen = raster.triangle[y, x]
            if seen >= 0 and away[0] < raster.weights[y, x] @ depth[model.triangles[seen]] + BEHIND_MM:
                found.append(Place(corners, weights, mark, None))
        return found + self._outline(photo, posed, float(np.median(depth)) / camera.fx)

    def _outline(self, photo: int, posed: np.ndarray, mm_per_px: float) -> list[Place]:
        model, surface, truth = self.model, self.surface, self.truths[photo]
        triangles = surface.vertices[surface.triangles]
        spots, away, seen, shares = contours(self.base.cameras[photo], posed, triangles)
        true_spots, true_away, true_seen, true_shares = contours(truth.camera, truth.vertices, truth.triangles)
        deep = self.base.cameras[photo].to_camera(posed)[:, 2], truth.camera.to_camera(truth.vertices)[:, 2]
        mean = [
            np.median((deep[0][truth.corners] * truth.weights).sum(1)),
            np.median(truth.camera.to_camera(truth.marks)[:, 2]),
        ]
        behind = (true_shares * deep[1][truth.triangles[true_seen]]).sum(1) - mean[1]
        strange = (true_shares * truth.elsewhere[truth.triangles[true_seen]]).sum(1) > 0.5
        rim = np.zeros(len(posed))
        rim[surface.vertices] = surface.outline
        rim[model.part("neck", "right_ear", "left_ear", "scalp") > 0.5] = 0
        taken: list[np.ndarray] = []
        found = []
        for number in np.random.default_rng(0).permutation(len(spots)):
            corners, weights = triangles[seen[number]], shares[number].astype(np.float64)
            x, y, z = weights @ model.template[corners]
            beside_the_ear = z < -50 or (y > 0 and z < 0)
            if weights @ rim[corners] < 0.5 or beside_the_ear:
                continue
            if taken and np.linalg.norm(np.array(taken) - spots[number], axis=1).min() < OUTLINE_MM / mm_per_px:
                continue
            apart = true_spots - spots[number]
            gap = np.linalg.norm(apart, axis=1)
            gap[np.abs(apart @ [-away[number][1], away[number][0]]) > BESIDE_MM / mm_per_px] = np.inf
            gap[strange | (true_away @ away[number] < AGREE)] = np.inf
            gap[np.abs(behind - (weights @ deep[0][corners] - mean[0])) > DEPTH_MM] = np.inf
            nearest = int(gap.argmin())
            if gap[nearest] < SEARCH_MM / mm_per_px:
                taken.append(spots[number])
                found.append(Place(corners, weights, true_spots[nearest], true_away[nearest]))
        return found


@dataclass(frozen=True)
class Row:
    """One head's figures."""

    head: str
    before: float
    """mm, the frontal photo's fit."""
    picture: tuple[float, float]
    """Ratios with five and ten pins."""
    frontal: tuple[float, float]
    """Ratios of the distance with five and ten pins."""
    both: float
    """Ratio of the distance of the fit of both photos, without pins."""
    side: float
    """Ratio of the distance with the pins in both photos."""
    side_alone: float
    """The same over the distance of the fit of both photos without pins: what the pins alone do."""
    missed: float
    """Largest distance of a pin from its place, pixels."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench correct", description=__doc__)
    parser.add_argument(
        "--bench",
        type=Path,
        default=Path(__file__).resolve().parents[3] / "shared" / "bench",
        help="benchmark folder with score.py and dev/",
    )
    parser.add_argument("--heads", default="", help="only these heads, comma-separated")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--times", action="store_true", help="only measure how long a warm re-fit of one and of five photos takes"
    )
    options = parser.parse_args(argv)
    if options.times:
        return print_times(load_head_model())
    if not (options.bench / "score.py").is_file():
        print(local(say("No benchmark at {folder}: give its folder with --bench.", folder=options.bench)))
        return 1
    chosen = [name for name in options.heads.split(",") if name]
    homes = sorted(path for path in (options.bench / "dev").iterdir() if (path / "gt.npz").is_file())
    model, score = load_head_model(), load_score(options.bench / "score.py")
    heads = [say("head"), say("mm before"), say("picture, 5 pins"), say("10"), say("distance, 5 pins"), say("10")]
    heads += [say("both photos"), say("and side pins"), say("pins alone"), say("pin px")]
    print(table_row(*zip(map(local, heads), _COLUMNS)))
    rows = []
    with Landmarker() as landmarker:
        known = [_Head(model, score, landmarker, home) for home in homes]
    places = feature_places(model, [one.aligned for one in known], [one.marks for one in known])
    for head, place in zip(known, places):
        if chosen and head.home.name not in chosen:
            continue
        row = head.play(place)
        rows.append(row)
        values = (row.before, *row.picture, *row.frontal, row.both, row.side, row.side_alone, row.missed)
        print(table_row(*zip([row.head, *(f"{value:.2f}" for value in values)], _COLUMNS)), flush=True)
    if options.json:
        options.json.write_text(json.dumps([row.__dict__ for row in rows], indent=1))
    return _verdict(rows)


_COLUMNS = (6, -10, -16, -6, -17, -6, -12, -14, -11, -7)
"""Width of each column."""


def _verdict(rows: list[Row]) -> int:
    """Print the last line, and what is missed; 1 where something is."""
    if not rows:
        return 1
    picture, frontal, side = (
        float(np.mean(values))
        for values in ([r.picture[1] for r in rows], [r.frontal[1] for r in rows], [r.side for r in rows])
    )
    worst = max(rows, key=lambda r: r.frontal[1])
    reached = {"picture": picture, "frontal": frontal, "worst": worst.frontal[1], "side": side}
    missed = [name for name, most in LIMITS.items() if reached[name] > most]
    for name in missed:
        print(
            local(say("{name}: {value:.2f} instead of at most {most:.2f}", name=name, value=reached[name], most=LIMITS[name]))
        )
    both, pins = (float(np.mean(values)) for values in ([r.both for r in rows], [r.side_alone for r in rows]))
    print(
        local(say("Both photos without pins: ratio {both:.2f}; over that fit the pins alone: {pins:.2f}", both=both, pins=pins))
    )
    print(
        local(
            say(
                "10 pins, frontal: picture {picture:.2f}, ratio {frontal:.2f}; and 5 more, side: ratio {side:.2f}",
                picture=picture,
                frontal=frontal,
                side=side,
            )
        )
    )
    return 1 if missed else 0


class _Head:
    """One head of the benchmark, fitted to its frontal photo.

    Args:
        home: its folder. score: the benchmark's program.
    """

    def __init__(self, model: HeadModel, score: ModuleType, landmarker: Landmarker, home: Path):
        self.model, self.score, self.home = model, score, home
        self.faces = [observe(next((home / "photos").glob(view + ".*")), landmarker) for view in ("frontal", "side")]
        self.base = base_of_views(model, (_fitted(model, *self.faces[0]),))
        self.before, similarity = self.distance(self.base.posed(0))
        with np.load(home / "gt.npz") as data:
            self.vertices, self.triangles = data["V"].astype(np.float64), data["F"].astype(np.int64)
            self.elsewhere = np.maximum.reduce([data["reg_" + name].astype(np.float64) for name in ("neck", "ears", "scalp")])
            self.marks = data["lm68"].astype(np.float64)[FEATURES]
        scale, R, t = (np.array(similarity[name]) for name in ("scale_pred_to_mm", "R", "t"))
        self.aligned = scale / 1000 * (self.base.posed(0) @ R.T) + t
        """(N, 3) mm, the fitted head laid onto the true one."""

    def distance(self, posed: np.ndarray) -> tuple[float, dict]:
        """Mean distance of the face from the true one, mm, and the similarity that aligns them."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "head.obj"
            landmarks = write_scoring_obj(self.model, np.float32(posed), path)
            settings = {"quality": False, "albedo": False, "region_icp": False, "n": SAMPLES}
            found = self.score.score(str(path), self.home.name, root=None, lm=landmarks, unit_mm=1000.0, **settings)
        return found["summary"]["face_mean_mm"], found["similarity"]

    def truth(self, view: str, place: tuple[np.ndarray, np.ndarray]) -> Truth:
        """The true head before the camera of a view; `place`: of its features on the model."""
        data = json.loads((self.home / "cameras.json").read_text(encoding="utf-8"))["views"][view]
        K = np.array(data["K"])
        inner = data["width"], data["height"], K[0, 0], K[1, 1], K[0, 2], K[1, 2]
        camera = Camera(*inner, np.array(data["R"]), np.array(data["t"]))
        return Truth(self.vertices, self.triangles, camera, self.elsewhere, self.marks, *place)

    def play(self, place: tuple[np.ndarray, np.ndarray]) -> Row:
        """Set all pins."""
        artist = Artist(self.model, self.base, [self.truth("frontal", place)])
        picture, frontal = [], []
        for count in (FRONTAL, MORE):
            artist.set_pins(0, count)
            picture.append(artist.ratio(0))
            frontal.append(self.distance(artist.posed(0))[0] / self.before)
        views = _of_both(self.model, self.faces)
        both = base_of_views(self.model, views)
        second = self.distance(both.posed(0))[0]
        names = ["frontal" if view.photo.sha256 == self.faces[0][0].sha256 else "side" for view in views]
        again = Artist(self.model, both, [self.truth(name, place) for name in names])
        again.pins[names.index("frontal")] = list(artist.pins[0])
        again.found = again.with_pins()
        if "side" in names:
            again.set_pins(names.index("side"), SIDE)
        after = self.distance(again.posed(0))[0]
        missed = max(one.error_px for one in (*artist.found.pins, *again.found.pins))
        ratios = second / self.before, after / self.before, after / second, missed
        return Row(self.home.name, self.before, tuple(picture), tuple(frontal), *ratios)  # type: ignore[arg-type]


def _fitted(model: HeadModel, photo, observation) -> View:
    from ..fit import fit_coarse, fit_mid, with_relief

    settings = Settings()
    coarse = fit_coarse(model, photo, observation, settings)
    return with_relief(model, View(photo, observation, *fit_mid(model, photo, observation, coarse, settings)), settings)


def _of_both(model: HeadModel, faces: list) -> tuple[View, ...]:
    from ..fit.views import fit_views

    return tuple(fit_views(model, faces, Settings()).views)


if __name__ == "__main__":
    raise SystemExit(main())
