"""Recipe for the table of bones: ``python -m engine.head.making.rig`` (about ten seconds).

Joints of neck, head and tongue are MakeHuman's own (its rig ``default``), learned as combinations of skin vertices from the
model's random heads. What opens a mouth or turns an eye is measured on the model's actions instead, so that bones and shape
keys agree: the jaw turns about the point about which `jawOpen` turns the lower teeth, and the weights of jaw and eyes are
those with which linear blend skinning comes nearest to the actions. Prints what that leaves.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ...geometry.sampling import farthest_points
from ...geometry.similarity import similarity
from ...types import ARKIT_ACTIONS
from ...wire.rig import BONES, GAZE_ACTIONS, RIG_FILE, Rig, load_rig
from .. import load_head_model
from ..build import CHIN_HEIGHT, SAMPLES, SEED
from ..identity import align_similarity, read_slider_targets, sample_heads
from ..makehuman import MM_PER_UNIT, BaseMesh, data_root, read_base_mesh
from ..model import MATERIALS, HeadModel
from ..topology import HeadMesh, cut_head

__all__ = ["jaw_apart", "main"]

_RIG = "default"
"""MakeHuman's rig whose neck and tongue these are."""
_CUBES = {
    ("neck_01", 0): "joint-neck",
    ("neck_02", 1): "joint-head",
    ("head", 1): "joint-head-2",
    ("jaw", 0): "joint-mouth",
    ("jaw", 1): "joint-jaw",
    ("tongue_01", 0): "joint-tongue-1",
    ("tongue_02", 0): "joint-tongue-2",
    ("tongue_03", 0): "joint-tongue-3",
    ("tongue_03", 1): "joint-tongue-4",
}
"""(bone, 0 head or 1 tail) -> MakeHuman's cube around that joint. `joint-mouth` follows the jaw's joint with the person; its
place is measured."""
_TAILS = {"root": "neck_01", "neck_01": "neck_02", "neck_02": "head", "tongue_01": "tongue_02", "tongue_02": "tongue_03"}
"""Bones whose tail is another's head."""
_CARRIED = {"neck01": "neck_01", "neck02": "neck_02", "neck03": "neck_02", "spine": "root", "clavicle": "root"}
_CARRIED |= {"shoulder": "root", "upperarm": "root", "breast": "root"}
_CARRIED |= {"tongue01": "tongue_01", "tongue05": "tongue_01", "tongue02": "tongue_02", "tongue06": "tongue_02"}
_CARRIED |= {"tongue03": "tongue_03", "tongue04": "tongue_03", "tongue07": "tongue_03"}
"""Beginning of the name of MakeHuman's bone -> ours, whose weights it adds to; all others' go to the head or are measured."""

_TONGUE = tuple(bone for bone in BONES if bone.startswith("tongue"))
"""The tongue's bones."""

_SUPPORT = 40
"""Vertices that say where one joint is: with more the places of unseen heads come no nearer."""
_RIDGE = 3.0
"""mm by which each of those vertices may be off by itself: keeps a joint's weights small, so that folds do not move it."""
_HELD_BACK = 300
"""Heads that the joints are judged on and not learned from."""
_SLACK = 2.0
"""mm: what a bone moves by less has no weight worth measuring."""
_FAINT = 0.004
"""Weights below this are left out."""


def main() -> None:
    """Measure, write the table, print what it leaves."""
    model, root = load_head_model(), data_root()
    mesh = read_base_mesh(root)
    head = cut_head(mesh)
    open_jaw, hinge, degrees = _hinge(model, head)
    vertices, weights = _joints(model, root, mesh, head, hinge)
    skin = _skin(model, root, mesh, head, _jaw_share(model, head, open_jaw, hinge))
    balls, turns = _gazes(model)
    _carry_eyes(model, skin, balls, turns)
    skin[skin < _FAINT] = 0
    skin /= skin.sum(0)
    bone, vertex = np.nonzero(skin)
    np.savez_compressed(
        RIG_FILE,
        vertices=np.int32(skin.shape[1]),
        joint_vertices=vertices.astype(np.int32),
        joint_weights=weights,
        skin_bone=bone.astype(np.int8),
        skin_vertex=vertex.astype(np.int16),
        skin_weight=skin[bone, vertex].astype(np.float16),
        jaw_degrees=np.float64(degrees),
        gaze_degrees=np.array([np.mean([degree for _, degree in pair]) for pair in zip(*turns)]),
    )
    apart = jaw_apart(model, load_rig())
    print(f"jawOpen: {degrees:.1f} degrees; bone and action are {apart.mean():.2f} mm apart, most {apart.max():.1f}")


def jaw_apart(model: HeadModel, rig: Rig) -> np.ndarray:
    """(N,) mm between where the jaw's weights take a vertex and where `jawOpen` takes it, at its full value."""
    angle = -np.radians(rig.jaw_degrees)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]])
    hinge = rig.joints(model.template)[_row("jaw"), 0]
    carried = rig.skin[[_row(bone) for bone in ("jaw", *_TONGUE)]].sum(0)
    return np.linalg.norm(carried[:, None] * _along(turn, hinge, model.template)[1] - _action(model, "jawOpen"), axis=1)


def _row(bone: str) -> int:
    return list(BONES).index(bone)


def _action(model: HeadModel, name: str) -> np.ndarray:
    return model.expression_basis[ARKIT_ACTIONS.index(name)].astype(np.float64)


def _helper(head: HeadMesh, group: str) -> np.ndarray:
    return np.unique(head.faces[head.face_helper == group])


def _hinge(model: HeadModel, head: HeadMesh) -> tuple[np.ndarray, np.ndarray, float]:
    """How `jawOpen` turns the lower teeth: (3, 3) rotation, (3,) mm of a fixed point on the midline, degrees."""
    teeth = _helper(head, "helper-lower-teeth")
    rest = model.template[teeth].astype(np.float64)
    turn, shift = _rigid(rest, rest + _action(model, "jawOpen")[teeth])
    side = (np.eye(3) - turn)[1:, 1:]
    return turn, np.array([0.0, *np.linalg.solve(side, shift[1:])]), _degrees(turn)


def _rigid(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _, turn, _ = similarity(source, target)
    return turn, target.mean(0) - turn @ source.mean(0)


def _degrees(turn: np.ndarray) -> float:
    return float(np.degrees(np.arccos((np.trace(turn) - 1) / 2)))


def _gazes(model: HeadModel) -> tuple[list[np.ndarray], list[list[tuple[np.ndarray, float]]]]:
    """The left and the right eyeball's vertices, and for each how its four actions turn it: rotation, degrees."""
    balls, turns = [model.eyeballs[1], model.eyeballs[0]], []
    for ball, side in zip(balls, ("Left", "Right")):
        rest = model.template[ball].astype(np.float64)
        found = [_rigid(rest, rest + _action(model, f"eyeLook{end}{side}")[ball])[0] for end in GAZE_ACTIONS]
        turns.append([(turn, _degrees(turn)) for turn in found])
    return balls, turns


def _joints(model: HeadModel, root: Path, mesh: BaseMesh, head: HeadMesh, hinge: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(B, 2, K) vertices and weights of the joints, from random heads; prints how far off those of unseen heads are."""
    cubes = {cube: np.unique(mesh.faces[mesh.face_group == cube]) for cube in _CUBES.values()}
    source = np.concatenate([head.source, *cubes.values()])
    base = mesh.vertices[source] * MM_PER_UNIT
    count = len(head.source)
    weight = np.zeros(len(source))
    skin = np.unique(head.faces[head.face_material == MATERIALS.index("skin")])
    weight[skin[base[skin, 1] > CHIN_HEIGHT]] = 1
    people = align_similarity(sample_heads(base, read_slider_targets(root, source, len(mesh.vertices)), SAMPLES, SEED), weight)
    people = people.astype(np.float64) - people[:, model.eyeballs].mean((1, 2))[:, None]
    ends = np.cumsum([count, *map(len, cubes.values())])
    places = {cube: people[:, a:b].mean(1) for cube, a, b in zip(cubes, ends, ends[1:])}
    places["joint-mouth"] = places["joint-mouth"] + hinge - places["joint-mouth"].mean(0)
    targets = {joint: places[cube] for joint, cube in _CUBES.items()}
    targets["root", 0] = people[:, head.neck_loop].mean(1)
    targets["neck_02", 0] = (targets["neck_01", 0] + targets["neck_02", 1]) / 2
    targets["head", 0] = targets["neck_02", 1]
    front = np.argsort(-model.template[model.eyeballs[1], 2])[:8]
    for name, ball in (("eye_L", model.eyeballs[1]), ("eye_R", model.eyeballs[0])):
        targets[name, 0] = people[:, ball].mean(1)
        targets[name, 1] = people[:, ball[front]].mean(1)
    for bone, other in _TAILS.items():
        targets[bone, 1] = targets[other, 0]
    found = {joint: _regressor(model, head, people[:, :count], joint[0], target) for joint, target in targets.items()}
    rows = [[found[bone, end] for end in (0, 1)] for bone in BONES]
    return tuple(np.array([[joint[k] for joint in row] for row in rows]) for k in (0, 1))


def _regressor(
    model: HeadModel, head: HeadMesh, people: np.ndarray, bone: str, target: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(K,) vertices and weights that give a joint's place.

    Args:
        people: (S, N, 3) mm. target: (S, 3) mm, the joint in each.
    """
    near = _support(model, head, bone)
    half = near[(model.template[near, 0] >= 0) | (bone == "eye_R")]
    chosen = half[farthest_points(model.template[half], _SUPPORT if bone.startswith("eye") else _SUPPORT // 2)]
    if not bone.startswith("eye"):  # On the midline: as many on either side, of one weight.
        chosen = np.concatenate([chosen, model.mirror[chosen]])
    learned = len(people) - _HELD_BACK
    design = people[:learned][:, chosen].transpose(0, 2, 1).reshape(-1, len(chosen))
    matrix = design.T @ design + learned * _RIDGE**2 * np.eye(len(chosen))
    ones = np.ones((1, len(chosen)))
    system = np.block([[matrix, ones.T], [ones, np.zeros((1, 1))]])
    weights = np.linalg.solve(system, np.append(design.T @ target[:learned].ravel(), 1.0))[:-1]
    if not bone.startswith("eye"):
        weights = (weights + np.roll(weights, len(weights) // 2)) / 2
    off = np.linalg.norm(np.einsum("k,skd->sd", weights, people[learned:][:, chosen]) - target[learned:], axis=1)
    print(f"{bone}: {off.mean():.2f} mm off in unseen heads, most {off.max():.1f}; |weights| {np.linalg.norm(weights):.2f}")
    return chosen, weights


def _support(model: HeadModel, head: HeadMesh, bone: str) -> np.ndarray:
    """Vertices that may say where a joint is: those that no hair, lid or lip moves."""
    if bone.startswith("eye"):
        return model.eyeballs[int(bone.endswith("L"))]
    if bone.startswith("tongue"):
        return _helper(head, "helper-tongue")
    if bone == "root":
        return head.neck_loop
    still = (
        np.linalg.norm(_action(model, "jawOpen"), axis=1) < 1 if bone in ("head", "neck_02") else np.ones(len(model.template))
    )
    return np.flatnonzero((model.part("skin", "neck", "left_ear", "right_ear") > 0.9) & (still > 0))


def _skin(model: HeadModel, root: Path, mesh: BaseMesh, head: HeadMesh, jaw: np.ndarray) -> np.ndarray:
    """(B, N) weights of all bones but the eyes.

    Args:
        jaw: (N,) how far each vertex goes with the jaw.
    """
    path = root / "mpfb2" / "rigs" / "standard" / f"weights.{_RIG}.json"
    theirs = json.loads(path.read_text(encoding="utf-8"))["weights"]
    whole = np.zeros((len(BONES), len(mesh.vertices)))
    for name, pairs in theirs.items():
        ours = next((bone for start, bone in _CARRIED.items() if name.startswith(start)), "head")
        numbers, weights = np.array(pairs, np.float64).reshape(-1, 2).T
        np.add.at(whole[_row(ours)], numbers.astype(np.int64), weights)
    skin = whole[:, head.source]
    skin[_row("head"), skin.sum(0) == 0] = 1
    skin /= skin.sum(0)
    skin = (skin + skin[:, model.mirror]) / 2
    tongues = [_row(bone) for bone in _TONGUE]
    others = np.ones(len(BONES), bool)
    others[tongues] = False
    tongue = skin[tongues].sum(0)
    # The jaw carries its tongue: what these bones hold is moved with it as a whole.
    share = np.maximum(jaw - tongue, 0) / np.maximum(1 - tongue, 1e-9)
    skin[others] *= 1 - share
    skin[_row("jaw")] += share * (1 - tongue)
    return skin


def _jaw_share(model: HeadModel, head: HeadMesh, open_jaw: np.ndarray, hinge: np.ndarray) -> np.ndarray:
    """(N,) how far each vertex goes with the jaw when `jawOpen` is 1: least squares, within 0 and 1."""
    action, moved = _along(open_jaw, hinge, model.template)[1], _action(model, "jawOpen")
    share = ((action * moved).sum(1) / ((action**2).sum(1) + _SLACK**2)).clip(0, 1)
    for group in ("helper-lower-teeth", "helper-tongue"):
        share[_helper(head, group)] = 1
    return (share + share[model.mirror]) / 2


def _along(turn: np.ndarray, centre: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) where a turn about `centre` takes points, and by what it moves them."""
    turned = (points - centre) @ turn.T + centre
    return turned, turned - points


def _carry_eyes(
    model: HeadModel, skin: np.ndarray, balls: list[np.ndarray], turns: list[list[tuple[np.ndarray, float]]]
) -> None:
    """Give eyeballs, lids and lashes to the bones of the eyes, in place: least squares over the four actions of each eye."""
    for bone, side, ball, found in zip(("eye_L", "eye_R"), ("Left", "Right"), balls, turns):
        centre = model.template[ball].mean(0)
        above, below = np.zeros((2, len(model.template)))
        for end, (turn, _) in zip(GAZE_ACTIONS, found):
            moved = _along(turn, centre, model.template)[1]
            above += (moved * _action(model, f"eyeLook{end}{side}")).sum(1)
            below += (moved**2).sum(1)
        share = (above / (below + _SLACK**2)).clip(0, 1)
        share[ball] = 1
        skin *= 1 - share
        skin[_row(bone)] += share


if __name__ == "__main__":
    main()
