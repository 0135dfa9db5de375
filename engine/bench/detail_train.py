"""Teach the relief network what shading tells, and write its data file.

    python -m engine.bench.detail_train --lessons DIR --minutes 60   # needs PyTorch; writes engine/fit/relief/data/relief.npz

Lessons are what :mod:`.detail_lessons` makes; it may still be making them: new ones are read before each round. The loss is the
squared error of each band, weighted by how far off the network expects to be (Seitzer et al., "On the Pitfalls of
Heteroscedastic Uncertainty Estimation with Probabilistic Neural Networks", ICLR 2022, beta 0.5). What ships is the mean of the
network over the last steps.
"""

from __future__ import annotations

import copy
import sys
import time
from pathlib import Path

import numpy as np

from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.messages import say
from ..wire.pytorch import require_pytorch

try:
    require_pytorch(say("Training the relief network"))
except HrnError as error:
    raise SystemExit(str(error)) from None

import torch
import torch.nn.functional as F

from ..fit.relief.channels import COARSE, FINE, MIRRORED
from ..fit.relief.network import ANSWERS, LAYERS, NETWORK_FILE, SEEN
from ..fit.relief.weights import WEIGHTS
from ..synthetic.layers import Layers, average
from .detail_lessons import Lesson, load_lesson

__all__ = ["ReliefLayers", "heights_of", "loss_of", "main", "piece_of"]

_SIZE = (144, 128)
"""Height and width of a piece of a face, in squares of four pixels."""
_LEAST = 0.35
"""Least share of a piece that shows skin, if any of some shows so much."""
_TRIES = 6
"""Pieces that are tried for that."""
_BATCH = 6
"""Pieces of a step."""
_RATE = 3e-3
"""Highest rate of learning."""
_AVERAGE = 0.995
"""How much less an older step counts in the mean that ships."""
_PLAIN = 0.7
"""Weight of a picture without relief over that of one with."""
_SPREAD = (0.55, 0.6, 0.45)
"""Usual deviation of each true band, in the network's units."""
_CONTRAST = 0.15
"""Deviation of the factor by which a piece's brightness and solved heights are scaled: light is known no better."""
_HUE = 0.3
"""The same for its hues."""
_GRAIN = (0.3, 0.3)
"""Share of pieces with more grain, and the most of it."""
_GREY = 0.1
"""Share of pieces without hues."""
_TOLD = {"residual": 0.15, "resolution": 0.1}
"""Deviation of what is added to these channels."""
_SCALED = ("slow", "robust_broad", "robust_middle", "plain_broad", "plain_middle")
"""Channels that scale with brightness."""
_HUES = ("red_blue", "red_green")
"""Channels of hues."""
_BEGIN = -2.0
"""Log odds of half the most gain that the network begins with."""


class ReliefLayers(Layers):
    """:data:`engine.fit.relief.network.LAYERS` to be trained."""

    def __init__(self):
        super().__init__(LAYERS, {"seen": SEEN})
        last = self.convolve[LAYERS[-1].name]
        with torch.no_grad():
            last.weight *= 0.1
            last.bias.zero_()
            last.bias[ANSWERS["gains"]] = _BEGIN

    def forward(self, coarse: torch.Tensor, fine: torch.Tensor) -> torch.Tensor:
        """(B, A, H, W) answers to (B, C, H, W) and (B, F, 2 H, 2 W)."""
        return self.answers({"seen": torch.cat([coarse, _squares(fine)], 1)})


def _squares(fine: torch.Tensor) -> torch.Tensor:
    """As :func:`engine.fit.relief.channels.squares`, of (B, F, 2 H, 2 W)."""
    count, channels, height, width = fine.shape
    four = fine.reshape(count, channels, height // 2, 2, width // 2, 2).permute(0, 3, 5, 1, 2, 4)
    return four.reshape(count, 4 * channels, height // 2, width // 2)


def heights_of(answers: torch.Tensor, coarse: torch.Tensor, fine: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """The three bands in the network's units, the finest at full size, and the logarithms of their expected squared errors."""
    gains = WEIGHTS.channels.most_gain * torch.sigmoid(answers[:, ANSWERS["gains"]])
    rest = answers[:, ANSWERS["rest"]]
    bands = []
    for number, name in enumerate(("broad", "middle")):
        robust, plain = (coarse[:, COARSE.index(f"{kind}_{name}")] for kind in ("robust", "plain"))
        bands.append(gains[:, number] * robust + gains[:, number + 3] * plain + rest[:, number])
    share = F.interpolate(gains[:, [2, 5]], scale_factor=2, mode="bilinear", align_corners=False)
    robust, plain = (fine[:, FINE.index(f"{kind}_fine")] for kind in ("robust", "plain"))
    four = answers[:, ANSWERS["fine_rest"]]
    count, _, height, width = four.shape
    finest = four.reshape(count, 2, 2, height, width).permute(0, 3, 1, 4, 2).reshape(count, 2 * height, 2 * width)
    return *bands, share[:, 0] * robust + share[:, 1] * plain + finest, answers[:, ANSWERS["doubt"]]


def loss_of(
    answers: torch.Tensor, piece: tuple[torch.Tensor, ...], weight: torch.Tensor
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The loss, and the mean squared error of each band over its variance; `weight` (B,) of the pieces."""
    coarse, fine, broad, finest, trust = piece
    *bands, doubt = heights_of(answers, coarse, fine)
    doubt = doubt.clamp(*WEIGHTS.channels.doubt)
    whole = trust * weight[:, None, None]
    squares = F.avg_pool2d(whole[:, None], 2)[:, 0]
    truths, losses, errors = (broad[:, 0], broad[:, 1], finest), [], []
    for number, (band, true, spread) in enumerate(zip(bands, truths, _SPREAD)):
        size = band.shape[-2:]
        told = (
            doubt[:, number] if size == doubt.shape[-2:] else F.interpolate(doubt[:, number, None], size, mode="nearest")[:, 0]
        )
        counts = squares if size == doubt.shape[-2:] else whole
        square, variance = ((band - true) / spread) ** 2, told.exp()
        total = counts.sum()
        losses.append(0.5 * (counts * variance.detach().sqrt() * (square / variance + told)).sum() / total)
        errors.append((counts * square).sum().detach() / total)
    return torch.stack(losses).sum(), errors


def piece_of(lesson: Lesson, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """A piece of a lesson, varied: its arrays up to the trust, float32."""
    height, width = lesson.coarse.shape[1:]
    trust = lesson.coarse[COARSE.index("trust")]
    for _ in range(_TRIES):
        y, x = (int(rng.integers(0, max(have - want, 0) + 1)) for have, want in zip((height, width), _SIZE))
        if (trust[y : y + _SIZE[0] : 4, x : x + _SIZE[1] : 4] > 0.5).mean() > _LEAST:
            break

    def cut(array: np.ndarray) -> np.ndarray:
        by = array.shape[-2] // height
        part = array[..., by * y : by * (y + _SIZE[0]), by * x : by * (x + _SIZE[1])].astype(np.float32)
        missing = [(0, by * want - have) for want, have in zip(_SIZE, part.shape[-2:])]
        return np.pad(part, [(0, 0)] * (part.ndim - 2) + missing)

    coarse, fine, broad, finest, trust = (cut(array) for array in lesson[:5])
    if rng.random() < 0.5:
        coarse, fine, broad, finest, trust = (array[..., ::-1].copy() for array in (coarse, fine, broad, finest, trust))
        coarse[[COARSE.index(name) for name in MIRRORED]] *= -1
    contrast = np.float32(np.exp(rng.normal(0, _CONTRAST)))
    coarse[[COARSE.index(name) for name in _SCALED]] *= contrast
    fine *= contrast
    hues = [COARSE.index(name) for name in _HUES]
    coarse[hues] *= np.float32(np.exp(rng.normal(0, _HUE)) * (rng.random() >= _GREY))
    for name, deviation in _TOLD.items():
        coarse[COARSE.index(name)] += np.float32(rng.normal(0, deviation))
    if rng.random() < _GRAIN[0]:
        grain = np.float32(rng.uniform(0, _GRAIN[1])) * rng.normal(size=finest.shape).astype(np.float32)
        fine[FINE.index("left")] += grain * (trust > 0)
    return coarse, fine, broad, finest, trust


def _read(folder: Path, known: dict[Path, Lesson]) -> None:
    """Read what has been made since."""
    for file in sorted(set(folder.glob("*.npz")) - set(known)):
        try:
            known[file] = load_lesson(file)
        except (OSError, ValueError, EOFError, KeyError):
            continue  # still being written


def _write(layers: Layers, file: Path) -> None:
    np.savez_compressed(file, **{name: value.astype(np.float16) for name, value in layers.folded().items()})


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.bench.detail_train", description=__doc__.split("\n")[0])
    parser.add_argument("--lessons", type=Path, required=True, help="where the lessons are")
    parser.add_argument("--minutes", type=float, default=60, help="how long it learns")
    parser.add_argument("--start", type=Path, help="a state that an earlier run has left")
    parser.add_argument("--state", type=Path, help="where to leave this run's")
    parser.add_argument("--out", type=Path, default=NETWORK_FILE, help="file that is written")
    options = parser.parse_args(argv)
    torch.manual_seed(0)
    rng, layers, lessons, queue = np.random.default_rng(0), ReliefLayers(), {}, []
    if options.start:
        layers.load_state_dict(torch.load(options.start, weights_only=True))
    kept = copy.deepcopy(layers).eval()
    optimizer = torch.optim.AdamW(layers.parameters(), _RATE, weight_decay=1e-3)
    begun, step, seen = time.time(), 0, []
    while (gone := (time.time() - begun) / (60 * options.minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1, step / 60 + 0.02) * (0.5 + 0.5 * np.cos(np.pi * gone))
        if len(queue) < _BATCH:
            _read(options.lessons, lessons)
            if not lessons:
                parser.error(say("no lessons in {folder}", folder=options.lessons))
            queue = [list(lessons)[number] for number in rng.permutation(len(lessons))] or queue
        chosen, queue = [lessons[file] for file in queue[:_BATCH]], queue[_BATCH:]
        piece = tuple(torch.from_numpy(np.stack(arrays)) for arrays in zip(*(piece_of(lesson, rng) for lesson in chosen)))
        weight = torch.tensor([1.0 if lesson.wrinkled else _PLAIN for lesson in chosen])
        with torch.autocast("cpu", torch.bfloat16):
            answers = layers(*piece[:2])
        loss, errors = loss_of(answers.float(), piece, weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), 2.0)
        optimizer.step()
        average(kept, layers, min(_AVERAGE, step / (step + 10)))
        step, seen = step + 1, [*seen, [float(error) for error in errors]]
        if step % 100 == 0:
            text = f"{step} steps, {len(lessons)} lessons, errors {np.mean(seen, 0).round(3)}"
            print(text, flush=True)
            seen = []
            _write(kept, options.out)
    _write(kept, options.out)
    if options.state:
        torch.save(kept.state_dict(), options.state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
