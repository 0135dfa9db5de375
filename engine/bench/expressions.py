"""``engine bench expressions``: heads that the engine made before, with expressions that are known.

The heads of bundles are drawn with one expression at a time (winks, crossed eyes, one-sided smiles and brows, a tongue), each
picture goes through the fit of a single photo, and the values that come back are printed beside the true ones: of every
action that the expression has, and of the same action of the other side, which it has not. Last the distance of the lids
in mm, right and left.

With ``--people``, that many generated people wear each bundle's skin, too. What one side does alone, tongues and faces at rest
have goals; exit code 1 says that one was missed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import orbit_camera
from ..fit import fit_coarse, fit_mid
from ..fit.coarse.population import load_people
from ..head import load_head_model
from ..head.model import HeadModel
from ..photo import Landmarker
from ..photo.regions import EYES
from ..pipeline.preview import render_head
from ..synthetic.anatomy import Anatomy
from ..synthetic.heads import sample_person
from ..types import Photo
from ..wire.bundle import load_bundle
from ..wire.columns import row
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings

__all__ = ["GOALS", "POSES", "Goal", "main", "missed_goals", "shown_actions"]

_SIDE = 640
"""Sides of the rendered photos, pixels."""


def _both(**actions: float) -> dict[str, float]:
    return {name + side: value for name, value in actions.items() for side in ("Left", "Right")}


POSES: tuple[dict[str, float], ...] = (
    {},
    {"eyeBlinkLeft": 0.9, "eyeSquintLeft": 0.3, "cheekSquintLeft": 0.4},
    {"eyeBlinkRight": 0.9, "eyeSquintRight": 0.3, "cheekSquintRight": 0.4},
    _both(eyeBlink=0.85),
    {"eyeBlinkLeft": 0.45},
    _both(eyeSquint=0.8, cheekSquint=0.5),
    _both(eyeWide=0.8),
    _both(eyeLookIn=0.7),
    {"eyeLookOutLeft": 0.7, "eyeLookInRight": 0.7},
    {"eyeLookInLeft": 0.7, "eyeLookOutRight": 0.7},
    _both(eyeLookUp=0.7),
    {"browOuterUpLeft": 0.9},
    {"browOuterUpRight": 0.9},
    {"browDownLeft": 0.9},
    {"noseSneerLeft": 0.9, "mouthUpperUpLeft": 0.5},
    {"noseSneerRight": 0.9, "mouthUpperUpRight": 0.5},
    {"cheekSquintLeft": 0.9},
    {"cheekSquintRight": 0.9},
    {"mouthSmileLeft": 0.8, "cheekSquintLeft": 0.3},
    {"mouthSmileRight": 0.8, "cheekSquintRight": 0.3},
    {"mouthLeft": 0.8},
    {"mouthRight": 0.8},
    {"jawLeft": 0.8},
    {"jawRight": 0.8},
    {"mouthFunnel": 0.8},
    {"mouthPucker": 0.8},
    {"cheekPuff": 0.9},
    {"tongueOut": 1.0, "jawOpen": 0.35},
)
"""The expressions: facial actions and their values."""


class Goal(NamedTuple):
    """What has to come back of an action, as the mean over heads that are turned up to :data:`_TURNED` degrees."""

    least: float
    """Value where the expression has it."""
    other: float = 0.25
    """Largest value of the same action of the other side, which the expression has not."""


GOALS = {
    "browOuterUp": Goal(0.3),
    "browDown": Goal(0.3, 0.35),
    "mouthSmile": Goal(0.4, 0.35),
    "mouth": Goal(0.35),
    "jaw": Goal(0.15),
    "tongueOut": Goal(0.5),
    "cheekPuff": Goal(0.45),
}
"""By the action's name without the ending of the side."""
_AT_REST = 0.15
"""Largest difference between the sides of these actions, and largest value of those without sides, on any face at rest."""
_TURNED = 15.0
"""Turn of a head up to which goals hold, degrees."""
_SEED = 7171
"""Seed of the generated people; it is not a seed of the training data."""


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench expressions", description=__doc__)
    parser.add_argument("heads", type=Path, nargs="+", help="bundles")
    parser.add_argument("--yaw", type=float, nargs="+", default=[0.0, 30.0], help="turns of the heads in degrees")
    parser.add_argument("--only", nargs="+", metavar="ACTION", help="only expressions with one of these facial actions")
    parser.add_argument("--people", type=int, default=0, help="generated people who wear each bundle's skin")
    options = parser.parse_args(argv)
    poses = [pose for pose in POSES if not options.only or set(pose) & set(options.only)]
    model = load_head_model()
    heads = [_Head.of(path) for path in options.heads]
    heads += [one for head in heads if options.people for one in _people(model, head.albedo, options.people)]
    print(
        row(
            (local(say("facial action")), 16),
            (local(say("true value")), -10),
            *((f"{yaw:g}°", -5) for yaw in options.yaw),
            (local(say("true lids")), -11),
            *((f"{yaw:g}°", -9) for yaw in options.yaw),
        )
    )
    missed: list[str] = []
    with Landmarker() as landmarker:
        for pose in poses:
            tried = [[head.fitted(model, landmarker, pose, yaw) for head in heads] for yaw in options.yaw]
            found = [[fit for fit in fits if fit is not None] for fits in tried]
            _print_pose(model, pose, found)
            fits = [fit.values for yaw, fits in zip(options.yaw, found) if abs(yaw) <= _TURNED for fit in fits]
            missed += missed_goals(pose, model.expression_names, np.array(fits)) if fits else []
    if missed:
        print(local(say("goals missed: {names}", names=", ".join(missed))))
    return int(bool(missed))


def missed_goals(pose: dict[str, float], names: tuple[str, ...], values: np.ndarray) -> list[str]:
    """What an expression has a goal for and (n, 52) `values` of heads that show it miss, as ``action value``."""
    mean, missed = values.mean(0), []
    for start, goal in GOALS.items():
        sides = [names.index(start + end) for end in ("Left", "Right", "") if start + end in names]
        true = np.array([pose.get(names[side], 0.0) for side in sides])
        if not pose:
            shown = np.abs(values[:, sides] @ ([1, -1] if len(sides) == 2 else [1])).max()
            missed += [f"{start} {shown:.2f}"] if shown > _AT_REST else []
        elif true.any() and (len(sides) == 1 or true.min() == 0):
            missed += [f"{names[side]} {mean[side]:.2f}" for side, is_ in zip(sides, true) if is_ and mean[side] < goal.least]
            missed += [
                f"{names[side]} {mean[side]:.2f}" for side, is_ in zip(sides, true) if not is_ and mean[side] > goal.other
            ]
    return missed


class _Fit(NamedTuple):
    """What came back of one picture."""

    values: np.ndarray
    """(52,)"""
    lids: np.ndarray
    """(2, 2) mm between the lids, true and fitted, right and left."""


class _Head(NamedTuple):
    """A bundle's head without expression."""

    vertices: np.ndarray
    """(N, 3) mm."""
    albedo: np.ndarray

    @staticmethod
    def of(path: Path) -> _Head:
        bundle = load_bundle(path)
        arrays = bundle.arrays()
        albedo = cv2.imread(str(bundle.path / "albedo.png"))[..., ::-1]
        return _Head((arrays["vertices"] + arrays["deformation"]) * 1000, np.ascontiguousarray(albedo))

    def fitted(self, model: HeadModel, landmarker: Landmarker, pose: dict[str, float], yaw: float) -> _Fit | None:
        """The head drawn and fitted; None where no face was found."""
        values = np.array([pose.get(name, 0.0) for name in model.expression_names], np.float32)
        posed = (self.vertices + np.tensordot(values, model.expression_basis, 1)).astype(np.float32)
        camera = orbit_camera(self.vertices, yaw=yaw, width=_SIDE, height=_SIDE)
        photo = Photo(render_head(model, posed, camera, self.albedo), "rendered", "0" * 64, None)
        faces = landmarker.detect(photo)
        if not faces:
            return None
        settings = Settings()
        coarse, mid = fit_mid(model, photo, faces[0], fit_coarse(model, photo, faces[0], settings), settings)
        surface = model.shape(coarse.identity, coarse.expression) + mid.deformation
        return _Fit(coarse.expression, np.stack([_lids(model, head) for head in (posed, surface)]))


def _people(model: HeadModel, albedo: np.ndarray, count: int) -> list[_Head]:
    """Generated people of any shape in one skin."""
    anatomy, people = Anatomy(model), load_people(model)
    return [
        _Head(sample_person(model, np.random.default_rng([_SEED, number]), anatomy, people).neutral, albedo)
        for number in range(1, count + 1)
    ]


def _lids(model: HeadModel, vertices: np.ndarray) -> list[float]:
    """mm from the lower to the upper lid of the right and the left eye, negative where they overlap."""
    height = model.landmarks(vertices)[:, 1]
    return [float(np.mean([height[rim[16 - k]] - height[rim[k]] for k in (3, 4, 5)])) for rim in EYES]


def shown_actions(pose: dict[str, float], names: tuple[str, ...]) -> list[str]:
    """The actions of an expression, each followed by the same one of the other side; without any, some that are often seen."""
    found: dict[str, None] = {}
    for name in pose or _both(eyeBlink=0, eyeWide=0, mouthSmile=0):
        other = name.replace("Left", "Right") if name.endswith("Left") else name.replace("Right", "Left")
        found.update(dict.fromkeys(one for one in (name, other) if one in names))
    return list(found)


def _print_pose(model: HeadModel, pose: dict[str, float], found: list[list[_Fit]]) -> None:
    """Mean values over the heads, a line for each action; `found` has a list for each turn of the heads."""
    for number, name in enumerate(shown_actions(pose, model.expression_names)):
        action = model.expression_names.index(name)
        cells = [(f"{np.mean([fit.values[action] for fit in fits]):.2f}" if fits else "-", -5) for fits in found]
        if number == 0 and all(found):
            means = [np.mean([fit.lids for fit in fits], 0) for fits in found]
            cells.append(("{:.1f} {:.1f}".format(*means[0][0]), -11))
            cells += [("{:.1f} {:.1f}".format(*mean[1]), -9) for mean in means]
        print(row((name, 16), (f"{pose.get(name, 0.0):.2f}", -10), *cells), flush=True)
