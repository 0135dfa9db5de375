"""``engine bench rendered``: profiles and moved faces, on pictures of a head that the engine made before.

The head of a bundle is drawn from several sides with freckles on its skin, reconstructed from these pictures, and
compared with itself (face and whole head, mean distance in mm after similarity alignment). ``profiles``: 0 and 45
degrees to both sides, without and with 90 degrees, which no landmarks help with. ``moved``: five views with five
expressions, each with its own exposure and white balance; the face as in each photo is compared. ``taken``: generated
people with the bundle's colors in five photos as people take them, by cause: even skin, exposure and white balance, a face
that moves by 1 to 2 mm, a busy room, files without EXIF.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from ..camera import Camera, orbit_camera
from ..fit.views import fit_views
from ..head import load_head_model
from ..head.model import HeadModel
from ..photo import Landmarker, load_photo, observe
from ..pipeline.preview import render_head
from ..synthetic.dataset import face_vertices
from ..wire.bundle import load_bundle
from ..wire.columns import pad, row
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .generated import face_distance
from .taken import HEADS, taken_table

__all__ = ["main"]

_SIDE = 900
"""Sides of the rendered photos, pixels."""
_FRECKLES = 6.0
"""Deviation of the painted marks in steps of 8 bit."""
_WHOLE = ("skin", "scalp", "right_ear", "left_ear")
"""Parts of the head that count as the whole of it."""
_MOVED = (
    (0, {}),
    (-50, {"mouthSmile": 0.6, "cheekSquint": 0.4}),
    (-25, {"jawOpen": 0.3}),
    (25, {"browInnerUp": 0.7, "browOuterUp": 0.6}),
    (50, {"mouthSmile": 0.4, "jawOpen": 0.1}),
)
"""The photos of a head that changes its expression: yaw in degrees and facial actions from 0 to 1."""


@dataclass
class _Subject:
    """A bundle's head without expression."""

    model: HeadModel
    vertices: np.ndarray
    """(N, 3) mm."""
    actions: np.ndarray
    """(52, N, 3) mm."""
    albedo: np.ndarray
    folder: Path
    landmarker: Landmarker

    def posed(self, actions: dict[str, float]) -> np.ndarray:
        value = np.zeros(len(self.actions))
        for number, name in enumerate(self.model.expression_names):
            value[number] = actions.get(name, actions.get(name.removesuffix("Left").removesuffix("Right"), 0.0))
        return (self.vertices + np.tensordot(value, self.actions, 1)).astype(np.float32)

    def picture(self, yaw: float, actions: dict[str, float] | None = None, seed: int | None = None) -> tuple[Path, Camera]:
        """Write a JPEG; with a `seed`, darker or brighter, warmer or colder, and noisy."""
        camera = orbit_camera(self.vertices, yaw=yaw, width=_SIDE, height=_SIDE)
        pixels = render_head(self.model, self.posed(actions or {}), camera, self.albedo).astype(float)
        if seed is not None:
            random = np.random.default_rng(seed)
            pixels = pixels * random.uniform(0.9, 1.1, 3) * random.uniform(0.85, 1.1) + random.normal(0, 2, pixels.shape)
        path = self.folder / f"{yaw}_{seed}.jpg"
        cv2.imwrite(str(path), np.clip(pixels, 0, 255).astype(np.uint8)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
        return path, camera


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="engine bench rendered", description=__doc__)
    parser.add_argument("head", type=Path, help="a bundle, best one of several photos")
    parser.add_argument(
        "--set", choices=("profiles", "moved", "taken", "all"), default="all", help="what is tried (default: all)"
    )
    parser.add_argument(
        "--heads", default=",".join(map(str, HEADS)), help="generated people, comma-separated (default: %(default)s)"
    )
    options = parser.parse_args(argv)
    bundle = load_bundle(options.head)
    arrays = bundle.arrays()
    albedo = cv2.imread(str(bundle.path / "albedo.png"))[..., ::-1].astype(float)
    random = np.random.default_rng(3)
    marks = random.normal(0, 1, albedo.shape[:2])
    marks = cv2.GaussianBlur(marks, (0, 0), 2.0) + 1.5 * cv2.GaussianBlur(marks, (0, 0), 5.0)
    albedo = np.clip(albedo + _FRECKLES * marks[..., None] / marks.std() / 2, 0, 255).astype(np.uint8)
    with TemporaryDirectory() as folder, Landmarker() as landmarker:
        subject = _Subject(
            load_head_model(),
            (arrays["vertices"] + arrays["deformation"]).astype(float) * 1000,
            arrays["expression_deltas"].astype(float) * 1000,
            albedo,
            Path(folder),
            landmarker,
        )
        if options.set in ("profiles", "all"):
            _profiles(subject)
        if options.set in ("moved", "all"):
            _moved(subject)
        if options.set in ("taken", "all"):
            heads = [int(number) for number in options.heads.split(",")]
            taken_table(subject.model, cv2.imread(str(bundle.path / "albedo.png"))[..., ::-1], landmarker, heads)
    return 0


def _profiles(subject: _Subject) -> None:
    pictures = {yaw: subject.picture(yaw) for yaw in (-90, -45, 0, 45, 90)}
    faces = [observe(pictures[yaw][0], subject.landmarker) for yaw in (0, -45, 45)]
    sides = [load_photo(pictures[yaw][0]) for yaw in (-90, 90)]
    whole = np.flatnonzero(subject.model.part(*_WHOLE) > 0.5)
    face = face_vertices(subject.model)
    heading = local(say("cameras' errors, degrees"))
    print(row((local(say("photos")), 16), (local(say("face")), -6), (local(say("head")), -6), ("", 1)) + heading)
    for name, profiles in ((say("three"), []), (say("with profiles"), sides)):
        joint = fit_views(subject.model, faces, Settings(), faceless=profiles)
        fitted = subject.model.posed(joint.views[0]).astype(float)
        first = joint.views[0]
        turns, left_out = [], len(profiles) - len(joint.placed)
        for view in joint.views[1:]:
            yaw = int(view.photo.name.split("_")[0])
            error = _angle(view.coarse.camera.R @ first.coarse.camera.R.T @ pictures[0][1].R @ pictures[yaw][1].R.T)
            turns.append(f"{yaw}: {error:.1f}")
        print(
            f"{pad(local(name), 16)} {face_distance(subject.model, subject.vertices, fitted, face):6.2f} "
            f"{face_distance(subject.model, subject.vertices, fitted, whole):6.2f}  {', '.join(turns)}"
            + (f"  ({local(say('{count} of {all} not placed', count=left_out, all=len(profiles)))})" if profiles else ""),
            flush=True,
        )


def _angle(R: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1))))


def _moved(subject: _Subject) -> None:
    faces, truth = [], {}
    for number, (yaw, actions) in enumerate(_MOVED):
        path, _ = subject.picture(yaw, actions, seed=number)
        faces.append(observe(path, subject.landmarker))
        truth[path.name] = subject.posed(actions).astype(float)
    face = face_vertices(subject.model)
    heading = local(say("each photo, the reference first"))
    print(row((local(say("moved face")), 16), (local(say("mean")), -6), ("", 1)) + heading)
    for name, same in ((say("as decided"), None), (say("as one face"), True)):
        views = fit_views(subject.model, faces, Settings(same_expression=same)).views
        gaps = [
            face_distance(subject.model, truth[view.photo.name], subject.model.posed(view).astype(float), face)
            for view in views
        ]
        print(f"{pad(local(name), 16)} {np.mean(gaps):6.2f}  {' '.join(f'{gap:.2f}' for gap in gaps)}", flush=True)
