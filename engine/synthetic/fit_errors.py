"""How fits of one photo are wrong, measured on generated heads: ``python -m engine.synthetic.fit_errors``.

Heads that the generator draws are photographed, fitted as any photo, and compared with themselves, vertex by vertex, after the
similarity that lays the faces onto each other. What the head's identities explain of the difference is one sample of how fits
err; :mod:`engine.corrections.errors_of_fits` takes its covariance from all of them. Every third head is of the plain look, the
others are people as :mod:`.variety` has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..corrections.errors_of_fits import ERRORS_FILE
from ..fit import fit_coarse, fit_mid
from ..fit.coarse.population import load_people
from ..geometry.similarity import similarity
from ..head import HeadModel, load_head_model
from ..photo import Landmarker
from ..types import Photo, View
from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .anatomy import Anatomy
from .anchored import anchored_moves
from .dataset import face_vertices
from .heads import SampledHead, sample_head, sample_person
from .render import Renderer, develop

__all__ = ["error_modes", "fitted_heads", "main", "write_errors"]

SEED = 771
"""Seed of the heads; no benchmark and no training has it."""
_PLAIN = 3
"""Every so many heads, one is of the plain look."""
_WARP_MM = 1.5
"""Typical size of what lies outside the model in heads of the plain look."""
_SIDE = 640
"""Sides of the photos, pixels."""
_MARGIN = 2.4
"""Sides of the photos over that of the face's box."""
_DRAWN = 1.15
"""Pixels drawn over those of the photo."""
_RIDGE = 1.0
"""Weight of identity coefficients against mm² summed over the face's vertices."""
_ANCHORS = 160
"""About so many of the face's vertices stand for an identity in the shipped file."""


def fitted_heads(model: HeadModel, heads: Sequence[int], seed: int = SEED) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(N, 3) mm of each head and (N, 3) mm of its fit, both as in the photo; without those whose face is not found.

    Args:
        heads: numbers; head i is drawn from the generator ``[seed, i]``.
    """
    renderer, anatomy, people = Renderer(model), Anatomy(model), load_people(model)
    with Landmarker() as landmarker:
        for number in heads:
            rng = np.random.default_rng([seed, number])
            varied = number % _PLAIN != 0
            head: SampledHead
            head = sample_person(model, rng, anatomy, people) if varied else sample_head(model, rng, _WARP_MM)
            shot = renderer.shoot(head, rng, side=round(_SIDE * _DRAWN), margin=_MARGIN, varied=varied)
            photo = Photo(develop(shot, rng, side=_SIDE, varied=varied), f"generated {number}", "0" * 64, None)
            faces = landmarker.detect(photo)
            if not faces:
                continue
            try:
                coarse = fit_coarse(model, photo, faces[0], Settings())
                fitted = View(photo, faces[0], *fit_mid(model, photo, faces[0], coarse, Settings()))
            except HrnError:
                continue
            yield head.posed.astype(np.float64), model.posed(fitted).astype(np.float64)


def error_modes(model: HeadModel, truth: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """(M, K) identities that explain what M fits are wrong by.

    Args:
        truth, fitted: (M, N, 3) mm.
    """
    face = face_vertices(model)
    basis = model.identity_basis[:, face].reshape(len(model.identity_basis), -1).astype(np.float64)
    solve = np.linalg.inv(basis @ basis.T + _RIDGE * np.eye(len(basis))) @ basis
    found = []
    for true, fit in zip(truth, fitted):
        scale, R, t = similarity(true[face], fit[face])
        found.append(solve @ (scale * true[face] @ R.T + t - fit[face]).ravel())
    return np.array(found)


def write_errors(model: HeadModel, modes: np.ndarray, path: Path) -> None:
    """Write the samples as what they do to some vertices.

    Args:
        modes: (M, K) identities.
    """
    anchors, moved = anchored_moves(model, _ANCHORS, modes)
    np.savez_compressed(path, vertices=anchors, modes=moved)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.fit_errors", description=__doc__.split("\n")[0])
    parser.add_argument("--heads", type=int, default=141, help="heads that are drawn")
    parser.add_argument("--out", type=Path, default=ERRORS_FILE, help="file that is written")
    options = parser.parse_args(argv)
    model = load_head_model()
    truth, fitted = zip(*fitted_heads(model, range(options.heads)))
    modes = error_modes(model, np.array(truth), np.array(fitted))
    write_errors(model, modes, options.out)
    size = options.out.stat().st_size / 1000
    print(local(say("{file}: {count} fits, {size:.0f} KB", file=options.out, count=len(modes), size=size)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
