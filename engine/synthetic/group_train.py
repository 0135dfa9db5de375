"""Teach the coarse stage's network to see groups of people and write its data file.

    python -m engine.synthetic.group_train

People of every age and weight (:mod:`.groups`) in the varied look, each in two pictures; a linear map from the network's
features to the shares of groups that they have, by ridge regression. One core needs about a quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..fit.coarse.groups import GROUPS_FILE
from ..fit.coarse.population import load_people
from ..fit.coarse.regress import Regressor, load_regressor
from ..head import load_head_model
from ..head.model import HeadModel
from ..wire.command_line import Parser
from .anatomy import Anatomy
from .anchored import anchored_moves
from .dataset import face_vertices
from .groups import AXES, draw_group, group_axes, shares
from .heads import sample_person
from .metric import NormalSpace
from .render import Renderer, develop

__all__ = ["Seen", "draw_faces", "face_identities", "learn", "main"]

_SEED = 3105
"""First number of the generators of people."""
_RIDGE = 100.0
"""Precision of the map's weights, relative to that of one picture."""
_ADULTS = 5.0
"""How much more an average adult counts: most photos show adults."""
_NEAR = 0.15
"""Shares of groups within which somebody counts as an average adult."""
_ANCHORS = 420
"""About so many of the face's vertices stand for an identity in the file."""


class Seen(NamedTuple):
    """What the network says about n pictures, and what they show."""

    features: np.ndarray
    """(n, F)"""
    identity: np.ndarray
    """(n, K) guessed."""
    shares: np.ndarray
    """(n, G) true."""


def draw_faces(model: HeadModel, regressor: Regressor, heads: int, tell: Callable[[str], object] = print) -> Seen:
    """Two pictures each of `heads` people."""
    renderer, anatomy, people, axes = Renderer(model), Anatomy(model), load_people(model), group_axes(model)
    features, guesses, true = [], [], []
    for number in range(heads):
        rng = np.random.default_rng([_SEED, number])
        share = shares(draw_group(rng))
        head = sample_person(model, rng, anatomy, people, group=np.tensordot(share, axes, 1))
        shot = renderer.shoot(head, rng, varied=True)
        seen = regressor.look.features(np.stack([develop(shot, rng, flip, varied=True) for flip in (False, True)]))
        features.append(seen)
        guesses.append(regressor.identities(regressor.look.answers(seen).identity))
        true += [share, share]
        if number % 200 == 199:
            tell(f"{number + 1} of {heads} heads")
    return Seen(np.concatenate(features).astype(float), np.concatenate(guesses), np.array(true))


def learn(seen: Seen) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The map's weights (F, G) and bias (G,), and how a guess moves with each group's share (G, K)."""
    design = np.column_stack([seen.features, np.ones(len(seen.features))])
    counts = 1 + _ADULTS * np.exp(-0.5 * (seen.shares**2).sum(1) / _NEAR**2)
    weighted = design.T * counts
    found = np.linalg.solve(weighted @ design + _RIDGE * np.eye(design.shape[1]), weighted @ seen.shares)
    shown = np.column_stack([seen.shares, np.ones(len(seen.shares))])
    answered = np.linalg.lstsq(shown, seen.identity, rcond=None)[0][:-1]
    return found[:-1], found[-1], answered


def face_identities(model: HeadModel, fields: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """(G, N, 3) mm -> (G, K) the identities that come closest to them over the face, without pose and size."""
    face = face_vertices(model)
    space = NormalSpace(model, face)
    root = np.sqrt(space.weight)
    basis = space.project(model.identity_basis[:, face].astype(float)) * root
    gram = basis @ basis.T + ridge * len(face) / 300 * np.eye(len(basis))
    return np.linalg.solve(gram, basis @ (space.project(fields[:, face]) * root).T).T


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.group_train", description=__doc__.split("\n")[0])
    parser.add_argument("--heads", type=int, default=2400, help="people from whom it learns")
    parser.add_argument("--out", type=Path, default=GROUPS_FILE, help="file that is written")
    options = parser.parse_args(argv)
    model = load_head_model()
    regressor = load_regressor(model)
    write(model, learn(draw_faces(model, regressor, options.heads)), options.out)
    return 0


def write(model: HeadModel, learnt: tuple[np.ndarray, np.ndarray, np.ndarray], out: Path) -> None:
    """Write what :func:`engine.fit.coarse.groups.load_groups` reads."""
    weight, bias, answered = learnt
    differ = face_identities(model, group_axes(model))
    anchors, differ, answered = anchored_moves(model, _ANCHORS, differ, answered)
    np.savez_compressed(
        out,
        vertices=anchors,
        names=np.array([axis.name for axis in AXES]),
        weight=weight.astype(np.float32),
        bias=bias.astype(np.float32),
        differ=differ,
        answered=answered,
    )


if __name__ == "__main__":
    raise SystemExit(main())
