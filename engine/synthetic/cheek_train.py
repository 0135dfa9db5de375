"""Teach the coarse stage to see blown cheeks, and write its data file.

    python -m engine.synthetic.cheek_train --work DIR

Pictures of people before and while they act (:mod:`.cheek_pairs`); layers on the landmark network's front, which stays as it
is, learn how far the left cheek is blown and what else the left side does, and how much more than in other pictures of the same
person and than its right side, which is the left one of a mirror image. A quarter of a second of one core draws a person, six
pictures of 0.13 MB, and teaches it in as much time. Pictures are kept in DIR and used again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.messages import say
from ..wire.pytorch import require_pytorch

try:
    require_pytorch(say("Training the coarse stage's network"))
except HrnError as error:
    raise SystemExit(str(error)) from None

import torch

from ..fit.coarse.regress import CHEEKS_FILE
from ..head import load_head_model
from .action_heads import TURNS
from .cheek_net import FROM, CheekNet
from .cheek_pairs import PARTS, VIEWS, Acted, draw_pairs

__all__ = ["fit_cheeks", "main", "write"]

_PUFF = "cheekPuff"
"""What is learnt."""
_OFTEN = ("noseSneer", "cheekSquint", "jaw", "browOuterUp", "browDown")
"""Actions that are learnt beside it and not shipped: what people of :mod:`.cheek_pairs` do ..."""
_SELDOM = ("mouthSmile", "mouthUpperUp", "eyeSquint", "eyeBlink", "mouthFrown", "jawOpen", "mouthPucker", "mouth")
"""... and what they do beside that."""
_WEIGHTS = (3.0, 1.0, 0.3)
"""Weights of blown cheeks and of these two."""
_CHANGE = 2.0
"""Weight of what differs between the views of a person, over that of what they have in common."""
_GAIN = 0.1
"""Standard deviation of the factor of all activations. Photos are not renders: nothing may hang on how strong a channel is."""
_OFFSET = 0.1
"""Standard deviation of what is added to each channel of activations, which have unit spread."""
_GRAIN = 0.15
"""Standard deviation of what is added to each of their values."""
_SHIFT = 2
"""Largest number of rows and columns that activations are moved by."""


def fit_cheeks(
    names: tuple[str, ...], data: Acted, epochs: int, tell: Callable[[str], object] = print, batch: int = 6, rate: float = 2e-3
) -> tuple[CheekNet, np.ndarray]:
    """Train on all of `data`.

    Args:
        names: of the actions. epochs: times that every picture is seen. batch: people of one step.

    Returns:
        The layers, and (64,) the spread of the activations that they expect.
    """
    torch.manual_seed(0)
    order = np.random.default_rng(0)
    people = len(data.values) // VIEWS
    activations = data.activations.reshape(people, VIEWS, *data.activations.shape[1:])
    target = torch.from_numpy(_of_left_side(names, data.values).reshape(people, VIEWS, -1))
    weight = torch.tensor([_WEIGHTS[0], *[_WEIGHTS[1]] * len(_OFTEN), *[_WEIGHTS[2]] * len(_SELDOM)])
    spread = np.maximum(activations[:: max(people // 300, 1)].astype(np.float32).std((0, 1, 3, 4)), 1e-3)
    net, steps = CheekNet(len(weight)), people // batch
    optimiser = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * steps, pct_start=0.15)
    scale = torch.from_numpy(spread)[:, None, None]
    for epoch in range(epochs):
        net.train()
        shuffled, total = order.permutation(people), 0.0
        for step in range(steps):
            pick = np.sort(shuffled[step * batch : (step + 1) * batch])
            move = order.integers(-_SHIFT, _SHIFT, 2, endpoint=True)
            seen = np.roll(activations[pick], move, (-2, -1))[..., FROM:].astype(np.float32)
            seen = torch.from_numpy(seen) / scale
            seen = seen * (1 + _GAIN * torch.randn(batch, 1, 1, 1, 1)) + _OFFSET * torch.randn(batch, 1, len(spread), 1, 1)
            seen = seen + _GRAIN * torch.randn(seen.shape)
            error = net(seen.flatten(0, 1)).unflatten(0, (batch, VIEWS)) - target[pick]
            common = error.mean(1, keepdim=True)
            loss = ((common**2 + _CHANGE * (error - common) ** 2) * weight).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        tell(f"epoch {epoch + 1}: {total / max(steps, 1):.4f}")
    return net.eval(), spread


def _of_left_side(names: tuple[str, ...], values: np.ndarray) -> np.ndarray:
    """(n, answers) what the left side does of (n, 52) actions; what moves both sides is positive to the left."""
    number, found = names.index, []
    for name in (_PUFF, *_OFTEN, *_SELDOM):
        if name in names:
            found.append(values[:, number(name)])
        elif name in TURNS:
            found.append(values[:, number(name + "Left")] - values[:, number(name + "Right")])
        else:
            found.append(values[:, number(name + "Left")])
    return np.stack(found, 1)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.cheek_train", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--people", type=int, default=550, help="people who do anything")
    parser.add_argument("--puffs", type=int, default=200, help="people who blow their cheeks")
    parser.add_argument("--epochs", type=int, default=18, help="times that every picture is seen")
    parser.add_argument("--out", type=Path, default=CHEEKS_FILE, help="file that is written")
    options = parser.parse_args(argv)
    model = load_head_model()
    drawn = [
        draw_pairs(model, options.work / f"{part.name}-{model.version}", count, part)
        for part, count in zip(PARTS, (options.people, options.puffs))
    ]
    data = Acted(*map(np.concatenate, zip(*drawn)))
    write(*fit_cheeks(model.expression_names, data, options.epochs), options.out)
    return 0


def write(net: CheekNet, spread: np.ndarray, out: Path) -> None:
    """Write what :class:`engine.fit.coarse.network.DenseNet` reads: the first answer alone, for activations as they are."""
    values = net.state()
    values["reduce.weight"] = values["reduce.weight"] / spread[:, None, None]
    for part in ("weight", "bias"):
        values[f"answer.{part}"] = values[f"answer.{part}"][:1]
    np.savez_compressed(out, **{name: value.astype(np.float16) for name, value in values.items()})


if __name__ == "__main__":
    raise SystemExit(main())
