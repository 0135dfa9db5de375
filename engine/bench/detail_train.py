"""Teach the relief stage what to believe of a solved height, and write its data file.

    python -m engine.bench.detail_train --jobs DIR     # in an environment with PyTorch; writes engine/fit/relief/data/belief.npz

Generated heads with known relief and their twins without any (:mod:`.detail_pairs`, seeds of their own), fitted by the product;
twins with freckles, too. The network may only scale what was solved, so it learns a gain by pixel and band: the one that leaves
the least squared error. Pictures with stubble and beards are left out: only the twins have such, and it would learn that men
with stubble have no wrinkles. Two dozen heads need about twenty minutes, most of it for rendering.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..fit.relief.evidence import band_deviations, evidence_of
from ..fit.relief.filters import bands
from ..fit.relief.fit import solved_heights
from ..fit.relief.gate import BELIEF_FILE
from ..fit.relief.weights import WEIGHTS
from ..head import load_head_model
from ..methods import get_method
from ..pipeline.solution import Solution
from ..wire.command_line import Parser
from ..wire.settings import Settings
from .detail_pairs import Pair, PairStudio

__all__ = ["Samples", "gathered", "learn", "main", "samples_of"]

_SEED = 777
"""Seed of the heads."""
_PIXELS = 9000
"""Pixels of each picture that count."""
_HIDDEN = 16
"""Units of each hidden layer."""
_STEPS = 800
"""Steps of training."""
_BATCH = 4096
"""Pixels of each step."""
_RATE = 5e-3
"""Highest rate of learning."""
_DECAY = 0.1
"""Decay of weights."""
_NOISE = 0.3
"""Deviation of what is added to the evidence, in its own deviations: generated faces are not all faces."""
_PLAIN = 0.5
"""Weight of a picture without relief over that of one with."""
_FARTHEST = 4.0
"""Deviations beyond which evidence counts as that far."""


class Samples(NamedTuple):
    """n pixels."""

    told: np.ndarray
    """(n, F) evidence."""
    heights: np.ndarray
    """(n, 6) mm: the bands of the robust and of the plain height."""
    true: np.ndarray
    """(n, 3) mm: the bands of the true height, 0 without relief."""
    weight: np.ndarray
    """(n,)"""


def samples_of(found: Solution, pair: Pair, wrinkled: bool, rng: np.random.Generator) -> Samples | None:
    """Pixels of one picture of a pair; None where the stage reads nothing."""
    read = solved_heights(found.model, found.views[0])
    if read is None:
        return None
    picture = read.picture
    evidence = evidence_of(
        found.model, picture, read.lit, (read.robust, read.plain), (read.trust, read.shading), read.places, WEIGHTS.evidence
    )
    height, skin = (_in_picture(image, found.coarse.camera, picture.camera) for image in (pair.height, pair.skin))
    deviations = band_deviations(picture.pixels_per_mm, WEIGHTS.evidence.waves_mm, WEIGHTS.evidence)
    parts = bands(height * wrinkled, (skin > 0.5).astype(np.float32) + np.float32(1e-4), deviations)[1:]
    chosen = np.flatnonzero((skin.ravel() > 0.98)[evidence.rows] & (read.trust.ravel()[evidence.rows] > 0.05))
    chosen = rng.choice(chosen, min(_PIXELS, len(chosen)), replace=False)
    return Samples(
        evidence.told[chosen],
        np.concatenate([evidence.robust, evidence.plain], 1)[chosen],
        np.stack([part.ravel()[evidence.rows[chosen]] for part in parts], 1),
        np.full(len(chosen), 1.0 if wrinkled else _PLAIN, np.float32),
    )


def _in_picture(image: np.ndarray, photo: Camera, picture: Camera) -> np.ndarray:
    """(H, W) float32 of an image of the photo's size in the relief's picture."""
    fx, fy = picture.fx / photo.fx, picture.fy / photo.fy
    column, row = round(photo.cx - picture.cx / fx), round(photo.cy - picture.cy / fy)
    piece = image[row : row + round(picture.height / fy), column : column + round(picture.width / fx)]
    return cv2.resize(np.ascontiguousarray(piece, np.float32), (picture.width, picture.height), interpolation=cv2.INTER_AREA)


def learn(samples: Samples) -> dict[str, np.ndarray]:
    """The arrays of the data file."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    mean, spread = samples.told.mean(0), samples.told.std(0) + np.float32(1e-3)
    told = torch.from_numpy(np.clip((samples.told - mean) / spread, -_FARTHEST, _FARTHEST))
    heights, true, weight = (torch.from_numpy(np.float32(x)) for x in samples[1:])
    scale = torch.from_numpy(1 / np.float32(samples.true[samples.weight == 1].var(0)))
    layers = [torch.nn.Linear(told.shape[1], _HIDDEN), torch.nn.Linear(_HIDDEN, _HIDDEN), torch.nn.Linear(_HIDDEN, 6)]
    network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
    optimizer = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=_STEPS)
    generator = torch.Generator().manual_seed(1)
    for _ in range(_STEPS):
        chosen = torch.randint(0, len(told), (_BATCH,), generator=generator)
        seen = told[chosen]
        gain = WEIGHTS.gate.most_gain * torch.sigmoid(network(seen + _NOISE * torch.randn(seen.shape, generator=generator)))
        found = gain[:, :3] * heights[chosen, :3] + gain[:, 3:] * heights[chosen, 3:]
        loss = ((((found - true[chosen]) ** 2) * scale).sum(1) * weight[chosen]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    kept = {"mean": mean, "spread": spread}
    for number, layer in enumerate(layers):
        kept[f"weights_{number}"] = layer.weight.detach().numpy().T.copy()
        kept[f"bias_{number}"] = layer.bias.detach().numpy()
    return {name: array.astype(np.float32) for name, array in kept.items()}


def gathered(studio: PairStudio, heads: int, tell: Callable[[str], object] = print) -> list[Samples]:
    """The samples of so many heads, one for each picture that could be read."""
    rng, parts = np.random.default_rng(0), []
    for number in range(heads):
        others = ("freckles",) if number % 2 == 0 else ()
        pair = studio.pair(_SEED, number, others)
        for name in ("wrinkled", "plain", *others):
            found = get_method("open").solve([pair.photo(name)], Settings(hair=False, texture_size=256))  # type: ignore[attr-defined]
            part = samples_of(found, pair, name == "wrinkled", rng)
            parts += [] if part is None else [part]
        tell(f"{number + 1} of {heads} heads")
    return parts


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.bench.detail_train", description=__doc__.split("\n")[0])
    parser.add_argument("--heads", type=int, default=24, help="heads from which it learns")
    parser.add_argument("--jobs", type=Path, required=True, help="where their pictures are kept")
    parser.add_argument("--out", type=Path, default=BELIEF_FILE, help="file that is written")
    options = parser.parse_args(argv)
    parts = gathered(PairStudio(load_head_model(), options.jobs), options.heads)
    np.savez(options.out, **learn(Samples(*(np.concatenate(arrays) for arrays in zip(*parts)))))  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
