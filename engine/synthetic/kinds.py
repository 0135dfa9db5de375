"""What the sliders for age, weight and sex do to a head: ``python -m engine.synthetic.kinds``.

The head's own data have average heads of children and old people, of heavy and thin people, of men and women (:mod:`.groups`);
what each differs in from the average adult, as far as identities explain it on the face, is what a slider adds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..corrections.kinds import KINDS_FILE
from ..head import HeadModel, load_head_model
from ..wire.command_line import Parser
from .anchored import anchored_moves
from .group_train import face_identities
from .groups import AXES, MALE, group_axes

__all__ = ["main", "write_kinds"]

_ANCHORS = 420
"""About so many of the face's vertices stand for an identity in the shipped file."""
_SHOWN = ("child", "old", "heavy", "thin")
"""Groups that sliders lead to."""


def write_kinds(model: HeadModel, path: Path) -> None:
    """Write what :mod:`engine.corrections.kinds` reads.

    Raises:
        HrnError: MODEL_MISSING when the data of the head are absent or damaged.
    """
    groups = (*(axis for axis in AXES if axis.name in _SHOWN), MALE)
    anchors, moved = anchored_moves(model, _ANCHORS, face_identities(model, group_axes(model, groups)))
    np.savez_compressed(path, vertices=anchors, names=np.array([group.name for group in groups]), moved=moved)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.kinds", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=KINDS_FILE, help="file that is written")
    options = parser.parse_args(argv)
    write_kinds(load_head_model(), options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
