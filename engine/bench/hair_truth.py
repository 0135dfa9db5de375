"""Generated heads with known hair: from a style to a photo whose every strand is on record.

A job is a folder: what Blender is to photograph (written here), the picture and the strands (written by
``tests/digest/hair_photos.py``), and ``photo.jpg``, the picture as a camera would have saved it. Jobs are kept between runs.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np

from ..camera import Camera, orbit_camera
from ..fit.coarse.population import load_people
from ..head import load_head_model
from ..head.model import MATERIALS
from ..head.subdivision import subdivided
from ..render import interpolate, rasterize
from ..synthetic.anatomy import Anatomy
from ..synthetic.hair_grow import Body, Solid, clumped, curled, grow, torso
from ..synthetic.hair_styles import COLORS, Style
from ..synthetic.heads import sample_person
from ..synthetic.paint import Column, Paint
from ..synthetic.render import Renderer
from ..synthetic.shade import shade
from ..texture.padding import nearest_covered
from ..wire.color import linear_to_srgb
from ..wire.messages import say
from .hair_bundle import NotMeasured
from .scripts import needs_blender, run_in_blender

__all__ = ["Truth", "load_truth", "photograph"]

SIDE = 576
"""Sides of the photos, pixels."""
SAMPLES = 12
"""Samples per pixel, before the denoiser."""
ALBEDO_SIDE = 1024
"""Side of the heads' painted map."""
VERSION = 3
"""Jobs of another version are made anew."""
_SCRIPT = Path(__file__).resolve().parents[2] / "tests" / "digest" / "hair_photos.py"
_SEED = 1508
"""Seed of the heads; it is not a seed of the training data."""
_TONES = (0.75, 0.95, 0.6, 0.88, 0.7, 0.85, 0.08, 0.25)
"""Brightness of the heads' skin: 0 the darkest, 1 the lightest."""
_LIGHT_SKIN = np.array([0.66, 0.42, 0.31])
"""Linear color of the lightest skin."""
_DARK_SKIN = np.array([0.10, 0.050, 0.030])
"""Linear color of the darkest skin."""


@dataclass(frozen=True)
class Truth:
    """What is known of one photo."""

    style: Style
    photo: Path
    camera: Camera
    vertices: np.ndarray
    """(N, 3) float32 mm of the head, model space, neutral."""
    guides: np.ndarray
    """(G, P, 3) float32 mm: middle lines of curls, roots first."""
    strands: np.ndarray
    """(S, Q, 3) float32 mm: some of the curves that Blender drew."""
    color: np.ndarray
    """(3,) linear sRGB: median of the strands."""
    shoulders: tuple[np.ndarray, np.ndarray] | None = None
    """(V, 3) mm and (T, 3) triangles of the clothes, which hide hair behind them."""


def bald(style: Style) -> bool:
    """Whether the style has no hair at all."""
    return style.bare == "all"


def load_truth(job: Path, style: Style) -> Truth:
    """What :func:`photograph` left in a folder."""
    with np.load(job / "truth.npz") as archive:
        known = dict(archive)
    if bald(style):
        strands = np.zeros((0, 2, 3), np.float32)
    else:
        with np.load(job / "strands.npz") as archive:
            strands = _from_blender(archive["points"])
    told = json.loads((job / "truth.json").read_text(encoding="utf-8"))["camera"]
    camera = Camera(**{**told, "R": np.array(told["R"]), "t": np.array(told["t"])})
    with np.load(job / "scene.npz") as archive:
        quads = archive["body_quads"]
        shoulders = _from_blender(archive["body_vertices"]), np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return Truth(style, job / "photo.jpg", camera, known["vertices"], known["guides"], strands, known["color"], shoulders)


def photograph(styles: tuple[Style, ...], folder: Path, tell=print, threads: int = 2) -> None:
    """Make the photos that `folder` does not have yet, one sub-folder per style.

    Raises:
        NotMeasured: Blender 4.5 as a module, or the checkout's tests, are absent; Blender failed.
    """
    missing = [style for style in styles if not _done(folder / style.name, style)]
    if not missing:
        return
    needs_blender()
    if not _SCRIPT.is_file():
        raise NotMeasured(say("{path} is absent: known hair is photographed from a checkout", path=_SCRIPT))
    painter = _Painter()
    for style in missing:
        shutil.rmtree(folder / style.name, ignore_errors=True)
        painter.write_job(style, folder / style.name, threads)
        tell(style.name)
    well, told = run_in_blender(_SCRIPT, [folder / style.name for style in missing])
    if not well:
        raise NotMeasured(say("Blender could not photograph the hair: {reason}", reason=told))
    for style in missing:
        develop(folder / style.name, style)


def _signature(style: Style) -> str:
    return hashlib.sha256(json.dumps([VERSION, SIDE, asdict(style)], sort_keys=True).encode()).hexdigest()


def _done(job: Path, style: Style) -> bool:
    mark = job / "done"
    return mark.is_file() and mark.read_text(encoding="utf-8") == _signature(style)


def _seed(style: Style) -> np.random.Generator:
    return np.random.default_rng([_SEED, int.from_bytes(hashlib.sha256(style.name.encode()).digest()[:4], "big")])


class _Painter:
    """Holds what is the same for all generated heads."""

    def __init__(self):
        self.model = load_head_model()
        self.fine, self.finer = subdivided(self.model)
        self.renderer = Renderer(self.model)
        self.people, self.anatomy = load_people(self.model), Anatomy(self.model)
        self._heads: dict[int, tuple[Body, Solid, np.ndarray]] = {}

    def head(self, number: int) -> tuple[Body, Solid, np.ndarray]:
        """Head `number` to grow hair on, and its (N, 3) vertices mm."""
        if number not in self._heads:
            rng = np.random.default_rng([_SEED, number])
            vertices = sample_person(self.model, rng, self.anatomy, self.people).neutral
            body = Body(self.fine, self.finer @ vertices, torso(self.model, vertices.astype(float)))
            self._heads[number] = body, Solid(body), vertices
        return self._heads[number]

    def write_job(self, style: Style, job: Path, threads: int) -> None:
        """Everything that Blender needs, and what is known."""
        body, solid, vertices = self.head(style.head)
        rng = _seed(style)
        guides = grow(style, body, solid, rng)
        points = clumped(style, curled(style, guides, rng), rng)
        color = np.array(COLORS[style.color]) * np.exp(rng.normal(0, 0.1, (len(points), 1)))
        job.mkdir(parents=True)
        albedo = self._albedo(style, body, guides, np.random.default_rng([_SEED, style.head, 1]))
        cv2.imwrite(str(job / "albedo.png"), albedo[..., ::-1])
        camera = _camera(style, vertices)
        shown = body.model.face_material != MATERIALS.index("lashes")  # Their strips are black bands at this size.
        np.savez(
            job / "scene.npz",
            head_vertices=_to_blender(body.vertices),
            head_quads=body.model.faces[shown],
            head_uv=body.model.uv[shown].reshape(-1, 2),
            head_material=body.model.face_material[shown],
            body_vertices=_to_blender(body.shoulders[0]),
            body_quads=body.shoulders[1],
            hair_points=_to_blender(points),
            hair_color=np.clip(color, 0, 0.9),
        )
        (job / "scene.json").write_text(json.dumps(_told(style, camera, rng, threads)), encoding="utf-8")
        middle = np.median(color, 0) if len(color) else np.array(COLORS[style.color])
        np.savez(job / "truth.npz", vertices=vertices, guides=guides, color=middle.astype(np.float32))
        told = {**asdict(camera), "R": camera.R.tolist(), "t": camera.t.tolist()}
        (job / "truth.json").write_text(json.dumps({"camera": told}), encoding="utf-8")

    def _albedo(self, style: Style, body: Body, guides: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(S, S, 3) uint8: painted skin, darker where roots are dense."""
        tone = _TONES[style.head]
        skin = np.exp(np.log(_DARK_SKIN) * (1 - tone) + np.log(_LIGHT_SKIN) * tone) * np.exp(rng.normal(0, 0.04, 3))
        hair = np.array(COLORS[style.color])
        paint = _paint(skin, np.minimum(hair, [0.16, 0.10, 0.06]), rng)
        corner = self.model.uv[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 2)
        raster = _unwrapped(corner)
        values = self.renderer.static.copy()
        values[:, Column.NORMAL] = [0, 0, -1]
        values[:, Column.CAMERA] = [0, 0, 1000]
        values[:, Column.OPEN] = 1
        light = np.zeros((9, 3))
        light[0] = 1
        picture = np.zeros((ALBEDO_SIDE, ALBEDO_SIDE, 3))
        model = self.model
        shade(
            raster.triangle,
            raster.weights,
            model.triangles.astype(np.int32),
            np.repeat(model.face_material, 2).astype(np.int32),
            values,
            paint,
            self.renderer.grid,
            self.renderer.curve,
            self.renderer.eye_centres,
            self.renderer.mouth,
            np.array([[0, 0, -1.0], [0, 0, -1.0]]),
            light,
            picture,
        )
        if len(guides):
            picture = self._tinted(picture, body, guides[:, 0], hair)
        picture = picture.reshape(-1, 3)[nearest_covered(raster.triangle >= 0).ravel()].reshape(picture.shape)
        return np.round(255 * linear_to_srgb(np.clip(picture, 0, 1))).astype(np.uint8)

    def _tinted(self, picture: np.ndarray, body: Body, roots: np.ndarray, hair: np.ndarray) -> np.ndarray:
        """Skin between dense roots has some of the hair's colour."""
        from scipy.spatial import cKDTree

        near = cKDTree(roots).query_ball_point(body.vertices, 7.0, return_length=True)
        share = np.clip(near / 14.0, 0, 1) * 0.8
        corner = body.model.uv[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 2)
        places = body.model.triangles.reshape(-1)
        skin = np.repeat(body.model.face_material == 0, 6)
        values = np.where(skin, share[places], 0)[:, None]
        mask = interpolate(_unwrapped(corner), np.arange(len(corner), dtype=np.int32).reshape(-1, 3), values)
        return picture + mask * (0.6 * hair - picture)


def _unwrapped(corner: np.ndarray):
    """The map's pixels as triangles whose (3T, 2) corners in UV are given."""
    at = np.stack([corner[:, 0], 1 - corner[:, 1]], 1).astype(float) * ALBEDO_SIDE
    order = np.arange(len(corner), dtype=np.int32).reshape(-1, 3)
    return rasterize(at, np.ones(len(at)), order, ALBEDO_SIDE, ALBEDO_SIDE)


def _paint(skin: np.ndarray, brow: np.ndarray, rng: np.random.Generator) -> Paint:
    iris = [(0.10, 0.05, 0.025), (0.12, 0.20, 0.28), (0.14, 0.16, 0.08)][rng.integers(3)]
    return Paint(
        tuple(skin),
        tuple(brow),
        tuple(skin * [0.85, 0.55, 0.6]),
        iris,
        (0.0, 0.0, 0.0),
        (0.0, 0.0, 0.0),
        blotch=rng.uniform(0.03, 0.1),
        fine=rng.uniform(0.03, 0.08),
        red_nose=rng.uniform(0.1, 0.5),
        brow_width=rng.uniform(2.8, 4.5),
        brow_rise=0.0,
        brow_strength=rng.uniform(0.6, 0.95),
        hairline=300.0,
        hair_noise=1.0,
        lip_strength=rng.uniform(0.5, 0.9),
        beard=0.0,
        beard_low=0.0,
        iris_radius=5.9,
        pupil_radius=2.0,
        freckle=float(rng.random() < 0.3) * 0.5,
        gloss=0.0,
        shininess=10.0,
        wrap=0.0,
        seed=rng.uniform(0, 40),
        bump=0.0,
        hair_gloss=0.0,
        shadow_red=0.0,
    )


# -- what Blender is told -----------------------------------------------------------------------------------------


def _to_blender(points: np.ndarray) -> np.ndarray:
    """(..., 3) mm in model space -> metres in Blender's axes."""
    return (np.stack([points[..., 0], -points[..., 2], points[..., 1]], -1) / 1000).astype(np.float32)


def _from_blender(points: np.ndarray) -> np.ndarray:
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1).astype(np.float32) * 1000


def _camera(style: Style, vertices: np.ndarray) -> Camera:
    """The head in the upper middle of a square picture, higher where hair is long: its tips are to be seen."""
    pitch = 3.0 * np.sin(1.7 * len(style.name))
    camera = orbit_camera(vertices, style.yaw, pitch, width=SIDE, height=SIDE, focal=2.2, fill=0.58)
    longest = max(style.top, style.side, style.tail + 50)
    return camera.cropped(0, round((0.14 if longest > 250 else 0.03) * SIDE), SIDE, SIDE)


def _told(style: Style, camera: Camera, rng: np.random.Generator, threads: int) -> dict:
    """The members of ``scene.json``."""
    axes = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])
    pose = np.eye(4)
    pose[:3, :3] = axes @ camera.R.T @ np.diag([1.0, -1.0, -1.0])
    pose[:3, 3] = axes @ camera.position / 1000
    lamps = []
    side = rng.choice([-1, 1])
    for azimuth, height, power, size in (
        (side * rng.uniform(15, 60), rng.uniform(15, 45), rng.uniform(26, 40), rng.uniform(0.3, 1.2)),
        (-side * rng.uniform(20, 70), rng.uniform(-5, 30), rng.uniform(6, 20), 1.2),
        (side * rng.uniform(130, 200), 40, rng.uniform(0, 22), 0.6),
    ):
        a, b = np.radians([azimuth + style.yaw, height])
        towards = np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])
        warm = rng.uniform(-0.12, 0.12)
        lamps.append(
            {
                "place": (axes @ (towards * 1.5 + [0, 0.02, -0.07])).tolist(),
                "aim": (axes @ np.array([0, 0.02, -0.07])).tolist(),
                "power": power,
                "size": size,
                "color": [1 + warm, 1.0, 1 - warm],
            }
        )
    cloth = rng.uniform(0.02, 0.5) * rng.uniform(0.6, 1, 3)
    # What clothes must not hide in this bench: dark hair on a dark collar is told for the real photos.
    if np.abs(np.log(cloth.mean() / np.mean(COLORS[style.color]))) < 0.7:
        cloth = cloth * (4 if np.mean(COLORS[style.color]) < 0.12 else 0.15)
    spread = 0.0015 if style.kind in ("buzz", "bun", "braid", "tail", "afro") else 0.003
    nodes: list = [["Duplicate Hair Curves", {"Amount": 5, "Radius": spread, "Tip Roundness": 0.3, "Seed": 1}]]
    wander = min(0.0015, 0.00005 * max(style.top, style.side, style.tail))
    nodes.append(["Hair Curves Noise", {"Distance": wander, "Scale": 20.0, "Seed": 2, "Preserve Length": True}])
    if style.frizz:
        nodes.append(["Frizz Hair Curves", {"Distance": style.frizz / 1000, "Seed": 3, "Preserve Length": True}])
    half = max(camera.width, camera.height)
    return {
        "camera": {
            "matrix": pose.tolist(),
            "lens": camera.fx * 36.0 / camera.width,
            "shift_x": -(camera.cx - camera.width / 2) / half,
            "shift_y": (camera.cy - camera.height / 2) / half,
            "width": camera.width,
            "height": camera.height,
        },
        "lamps": lamps,
        "sky": (rng.uniform(0.25, 0.6) * np.exp(rng.normal(0, 0.06, 3))).tolist(),
        "cloth": np.clip(cloth, 0.01, 0.8).tolist(),
        "radius": 0.00013 if style.kind != "buzz" else 0.0001,
        "roughness": float(rng.uniform(0.25, 0.4)),
        "nodes": nodes,
        "samples": SAMPLES,
        "threads": threads,
    }


def develop(job: Path, style: Style) -> None:
    """``photo.jpg`` from Blender's picture: exposure, background, softness and noise of a camera."""
    import OpenEXR

    rng = np.random.default_rng([_SEED, len(style.name), style.head])
    channels = OpenEXR.File(str(job / "photo.exr"), separate_channels=True).channels()
    picture = np.stack([np.asarray(channels[name].pixels, np.float32) for name in "RGBA"], -1)
    color, alpha = picture[..., :3], np.clip(picture[..., 3:], 0, 1)
    bright = np.percentile(color[alpha[..., 0] > 0.9].mean(-1), 92)
    color = color * (0.55 / max(bright, 0.12))
    hue = rng.uniform(0.12, 0.8) * np.exp(rng.normal(0, 0.15, 3))
    if abs(np.log(hue.mean() / (2.2 * np.mean(COLORS[style.color]) + 0.01))) < 0.5:
        hue = hue * 0.35 if hue.mean() > 0.35 else hue * 2.5
    rough = cv2.resize(rng.random((5, 5, 3)).astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    behind = np.clip(hue * (0.85 + 0.3 * rough), 0, 1)
    eight = 255 * linear_to_srgb(np.clip(color + (1 - alpha) * behind, 0, 1))
    eight = cv2.GaussianBlur(eight.astype(np.float32), (0, 0), 0.5) + rng.normal(0, 1.5, eight.shape)
    eight = np.clip(np.round(eight), 0, 255).astype(np.uint8)
    cv2.imwrite(str(job / "photo.jpg"), eight[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])
    (job / "done").write_text(_signature(style), encoding="utf-8")
