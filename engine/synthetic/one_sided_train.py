"""Learn what landmarks do when one side of the face acts, and write the coarse stage's data file.

    python -m engine.synthetic.one_sided_train

People in the plain look, each relaxed and with every action of the left side, in the same picture otherwise: how far the
landmarks move against their mirror image, the median of all; and what a turn of the head does to relaxed faces. One core needs
two minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from ..fit.coarse.one_sided import ONE_SIDED, ONE_SIDED_FILE, Odd, mirror_difference
from ..fit.coarse.population import load_people
from ..fit.crop import to_crop
from ..head import load_head_model
from ..head.model import HeadModel
from ..wire.command_line import Parser
from .anatomy import Anatomy
from .front import LandmarkFront
from .heads import SampledHead, sample_person
from .render import Renderer, develop

__all__ = ["learn_moves", "learn_turned", "main"]

_SEED = 5105
"""First number of the generators of people who act."""
_TURNED_SEED = 6105
"""The same of those at rest."""
_AMOUNT = 0.8
"""Value of each action."""
_WARP_MM = 0.6
"""Typical size of what lies outside the model in these heads."""
_MOST_YAW = 30.0
"""Turn of a head beyond which nobody acts, degrees."""
_MOST_TURN = 38.0
"""The same of those at rest, degrees."""
_FARTHEST_MM = 8.0
"""What a landmark differs in from its mirror image at most, mm: beyond, the landmarks are wrong."""


class _Studio:
    """Draws heads and looks at them."""

    def __init__(self, model: HeadModel):
        self.model, self.renderer, self.look = model, Renderer(model), LandmarkFront()
        self.anatomy, self.people = Anatomy(model), load_people(model)

    def person(self, rng: np.random.Generator) -> SampledHead:
        """Somebody at rest."""
        head = sample_person(self.model, rng, self.anatomy, self.people, warp_mm=_WARP_MM)
        return head._replace(posed=head.neutral)

    def seen(self, head: SampledHead, rng: np.random.Generator, most_yaw: float) -> tuple[Odd, float] | None:
        """The mirror difference in a picture of the head, and its turn in degrees; None where it is turned further."""
        shot = self.renderer.shoot(head, rng)
        if abs(shot.camera.yaw_degrees) > most_yaw:
            return None
        crop = self.look(develop(shot, rng))[1][:, :2].astype(float)
        landmarks = to_crop(cv2.invertAffineTransform(shot.transform), crop)
        return mirror_difference(self.model, shot.camera, head.neutral, landmarks), shot.camera.yaw_degrees


def learn_moves(model: HeadModel, heads: int, tell: Callable[[str], object] = print) -> np.ndarray:
    """(A, 478, 2) mm: medians over `heads` people of what an action in full changes in the mirror difference."""
    studio, number = _Studio(model), -1
    moves = np.full((heads, len(ONE_SIDED), 478, 2), np.nan)
    for done in range(heads):
        relaxed = None
        while relaxed is None:
            number += 1
            head = studio.person(np.random.default_rng([_SEED, number]))
            relaxed = studio.seen(head, np.random.default_rng([_SEED, number, 1]), _MOST_YAW)
        for action, name in enumerate(ONE_SIDED):
            move = _AMOUNT * model.expression_basis[model.expression_names.index(name + "Left")]
            acting = head._replace(posed=(head.neutral + move).astype(np.float32))
            acted = studio.seen(acting, np.random.default_rng([_SEED, number, 1]), _MOST_YAW)
            both = relaxed[0].seen & acted[0].seen
            moves[done, action, both] = ((acted[0].away - relaxed[0].away) / _AMOUNT)[both]
        if done % 20 == 19:
            tell(f"{done + 1} of {heads} heads")
    seen = np.isfinite(moves).any(0)
    return np.where(seen, np.nanmedian(np.where(seen, moves, 0.0), 0), 0.0)


def learn_turned(model: HeadModel, heads: int) -> np.ndarray:
    """(478, 2) mm: the mirror difference of relaxed faces over the sine of their turn, by least squares."""
    studio, total, weight = _Studio(model), np.zeros((478, 2)), np.full(478, 1e-9)
    for number in range(heads):
        rng = np.random.default_rng([_TURNED_SEED, number])
        found = studio.seen(studio.person(rng), rng, _MOST_TURN)
        if found is not None:
            odd, turn = found[0], np.sin(np.radians(found[1]))
            total += turn * np.clip(odd.away, -_FARTHEST_MM, _FARTHEST_MM) * odd.seen[:, None]
            weight += turn**2 * odd.seen
    return total / weight[:, None]


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.one_sided_train", description=__doc__.split("\n")[0])
    parser.add_argument("--heads", type=int, default=80, help="people who act")
    parser.add_argument("--turned-heads", type=int, default=220, help="people at rest")
    parser.add_argument("--out", type=Path, default=ONE_SIDED_FILE, help="file that is written")
    options = parser.parse_args(argv)
    model = load_head_model()
    moves, turned = learn_moves(model, options.heads), learn_turned(model, options.turned_heads)
    np.savez_compressed(
        options.out, names=np.array(ONE_SIDED), moves=moves.astype(np.float16), turned=turned.astype(np.float16)
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
