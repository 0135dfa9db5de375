"""What one side of the face does alone, by what its landmarks differ in from their mirror image.

The network of this stage has learnt from faces whose sides do nearly the same, and answers a raised brow or a jaw that is
pushed aside with a face at rest. The landmark network has seen people: half of such a move and more shows in its landmarks. So
the fitted head is made symmetric and laid under the landmarks; what is left, half of the difference between each landmark and
the mirror image of its twin, is a mixture of what the landmarks do when one side acts (learnt by
:mod:`engine.synthetic.one_sided_train`), of a pose that is not quite right and of the asymmetry that every face has, a smooth
random field (Gaussian process regression).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...camera import Camera
from ...geometry.mesh import facing_of, vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.regions import FACE_POINTS, OVAL
from ...types import FaceObservation
from .projection import projection
from .solver import Pose
from .weights import WEIGHTS, OneSidedWeights

__all__ = ["ONE_SIDED", "ONE_SIDED_FILE", "Odd", "mirror_difference", "one_sided", "seen_differences", "twins"]

ONE_SIDED_FILE = Path(__file__).parent / "data" / "one_sided.npz"
"""What landmarks do when one side acts."""
# fmt: off
ONE_SIDED = ("browDown", "browOuterUp", "jaw", "mouth", "mouthSmile", "mouthFrown", "mouthUpperUp", "mouthLowerDown",
             "mouthStretch", "mouthDimple", "noseSneer", "cheekSquint")
# fmt: on
"""Actions that landmarks are explained by, without the ending of the side."""
_WHOLE = ("jaw", "mouth")
"""Those that move both sides."""
_SIDES = ("Left", "Right")
"""Endings of the sides."""


class Odd(NamedTuple):
    """What landmarks differ in from their mirror image."""

    points: np.ndarray
    """(478, 3) mm where they are on the symmetric head."""
    away: np.ndarray
    """(478, 2) mm across and up, in the head's axes: half of the difference."""
    seen: np.ndarray
    """(478,) bool: the landmark and its twin can be compared."""


def one_sided(
    model: HeadModel,
    fitted: Pose,
    observation: FaceObservation,
    bare: float = 1.0,
    weights: OneSidedWeights = WEIGHTS.one_sided,
) -> np.ndarray:
    """(52,) the fitted head's expression with what one side does alone as far as the landmarks show it.

    Args:
        fitted: camera, identity and expression. observation: of the face. bare: share of bare skin in the lower face; landmarks of
            mouth and jaw lie beside a beard's.
        weights: what is believed of landmarks.
    """
    w, number, camera = weights, model.expression_names.index, fitted.camera
    out = np.array(fitted.expression, float)
    odd = mirror_difference(model, camera, model.shape(fitted.identity, _level(model, out)), observation.landmarks)
    found = seen_differences(odd, camera.yaw_degrees, w)
    if not found:
        return out
    scores = observation.blendshapes.astype(float)
    lower = float(smoothstep(*WEIGHTS.bare_face, bare))

    def scored(name: str) -> float:
        return float(scores[number(name + "Left")] - scores[number(name + "Right")])

    def believed(value: float, limits: tuple[float, float], gain: float) -> float:
        return gain * value * float(smoothstep(*limits, abs(value)))

    # Lids of turned smiles look drawn aside: then the scores have to say so, too.
    drawn = max(
        1 - float(smoothstep(*w.straight, abs(camera.yaw_degrees))),
        float(smoothstep(*w.mouth_score, np.sign(found["mouth"]) * scored("mouth"))),
    )
    height = found["browOuterUp"] - found["browDown"]
    brow = float(np.clip(believed(height, w.brow, w.brow_gain), -w.brow_most, w.brow_most))
    jaw = float(np.clip(believed(found["jaw"], w.jaw, w.jaw_gain), -w.jaw_most, w.jaw_most))
    # A higher brow is raised, or the other one is lowered: that is the scores' to say.
    up, down = (max(np.sign(brow) * sign * scored(name), 0.0) for name, sign in (("browOuterUp", 2), ("browDown", -1)))
    raised = (up + w.brow_floor) / (up + down + w.brow_floor)
    differ = {
        "browOuterUp": brow * raised,
        "browDown": -brow * (1 - raised),
        # A face whose one brow is raised seems tilted, and its chin beside the middle.
        "jaw": lower * jaw * (1 - float(smoothstep(*w.brow, abs(height)))),
        "mouth": lower * drawn * believed(found["mouth"], w.mouth, w.mouth_gain),
        "mouthSmile": lower * believed(found["mouthSmile"], w.smile, w.smile_gain),
    }
    for name, seen in differ.items():
        pair = [number(name + side) for side in _SIDES]
        left, right = out[pair]
        if abs(seen) > abs(left - right):
            middle = max((left + right) / 2, abs(seen) / 2)
            out[pair] = np.clip([middle + seen / 2, middle - seen / 2], 0, 1)
    return out


def seen_differences(odd: Odd, yaw: float, weights: OneSidedWeights = WEIGHTS.one_sided) -> dict[str, float]:
    """Actions by their names without a side -> left minus right, as the landmarks tell; nothing where too few are seen or the
    head is turned far.

    Args:
        odd: from :func:`mirror_difference`. yaw: turn of the head, degrees.
        weights: what is believed of landmarks.
    """
    w, learnt, turn = weights, _learnt(), float(np.sin(np.radians(yaw)))
    believed = 1 - float(smoothstep(*w.turned, abs(yaw)))
    used = np.flatnonzero(odd.seen & (odd.points[:, 0] >= -w.middle_mm))
    if believed == 0 or len(used) < w.least_points:
        return {}
    points = odd.points[used]
    pose = np.stack([np.ones((len(used), 2)) * [1, 0], points[:, [2, 2]] * [1, 0], points[:, [1, 0]] * [-1, 1]])
    turned = learnt.turned[used] * turn
    moves = np.concatenate([learnt.moves[:, used], pose, turned * [[[1, 0]], [[0, 1]]]])
    sigma = np.array([*(w.deviation for _ in ONE_SIDED), *w.pose, w.turn_error, w.turn_error])
    away, inverse = odd.away[used] - turned, np.linalg.inv(_covariance(points, used, turn, w))
    hessian, gradient = np.diag(sigma**-2.0), np.zeros(len(sigma))
    for axis in range(2):
        weighted = moves[..., axis] @ inverse
        hessian += weighted @ moves[..., axis].T
        gradient += weighted @ away[:, axis]
    found = np.linalg.solve(hessian, gradient) * believed
    return {name: float(value) for name, value in zip(ONE_SIDED, found)}


def mirror_difference(model: HeadModel, camera: Camera, vertices: np.ndarray, landmarks: np.ndarray) -> Odd:
    """
    Args:
        vertices: (N, 3) mm, a head. landmarks: (478, 2) observed, pixels.
    """
    twin, mirror = twins(model), np.array([-1.0, 1, 1])
    level = (vertices + vertices[model.mirror] * mirror) / 2
    points = model.landmarks(level).astype(float)
    mm_per_px = camera.to_camera(points)[:, 2] / camera.fx
    pixels, project, _ = projection(camera, points, mm_per_px)
    across = (project @ camera.R)[:, :, :2]
    away = np.linalg.solve(across, ((landmarks - pixels) * mm_per_px[:, None])[..., None])[..., 0]
    normals = vertex_normals(level, model.triangles)[model.landmark_vertices[:, 0]]
    inside = ((landmarks >= 0) & (landmarks < (camera.width, camera.height))).all(1)
    seen = inside & (facing_of(camera.position, points, normals) > WEIGHTS.one_sided.least_facing)
    seen[FACE_POINTS:] = False
    return Odd(points, (away - away[twin] * mirror[:2]) / 2, seen & seen[twin])


def _level(model: HeadModel, expression: np.ndarray) -> np.ndarray:
    """(52,) the expression with both sides alike."""
    out = np.array(expression, float)
    for name in ONE_SIDED:
        pair = [model.expression_names.index(name + side) for side in _SIDES]
        out[pair] = 0.0 if name in _WHOLE else out[pair].mean()
    return out


_known: dict[str, np.ndarray] = {}


def twins(model: HeadModel) -> np.ndarray:
    """(478,) the landmark on the other side of each."""
    if model.version not in _known:
        points = model.landmarks(model.template.astype(float))
        _known[model.version] = np.linalg.norm(points[:, None] - points[None] * [-1, 1, 1], axis=-1).argmin(1)
    return _known[model.version]


class Learnt(NamedTuple):
    """What landmarks differ in from their mirror image, halved, mm."""

    moves: np.ndarray
    """(A, 478, 2) where the left side does one of :data:`ONE_SIDED` in full."""
    turned: np.ndarray
    """(478, 2) of a face at rest, times the sine of its turn."""


@cache
def _learnt() -> Learnt:
    with np.load(ONE_SIDED_FILE, allow_pickle=False) as data:
        return Learnt(data["moves"].astype(float), data["turned"].astype(float))


def _covariance(places: np.ndarray, used: np.ndarray, turn: float, w: OneSidedWeights) -> np.ndarray:
    squared = ((places[:, None] - places[None]) ** 2).sum(-1)
    noise = np.where(np.isin(used, OVAL), w.oval_mm, w.noise_mm)
    field = sum(sigma**2 * np.exp(-squared / (2 * length**2)) for sigma, length in w.field)
    return (field + np.diag(noise**2)) * (1 + w.turn_gain * turn**2)
