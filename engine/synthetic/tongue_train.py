"""Teach the coarse stage to see a tongue that is put out, and write its data file.

    python -m engine.synthetic.tongue_train --work DIR

People with actions of all kinds, a fifth of them with their tongues out (:mod:`.action_heads`), in the varied and in the plain
look; layers on the landmark network's front learn from them, which stays as it is. One core needs half an hour for drawing and
five minutes for learning. Pictures are kept in DIR (0.13 GB for each thousand heads) and used again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

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

from ..fit.coarse.network import TONGUE
from ..fit.coarse.population import load_people
from ..fit.coarse.regress import TONGUE_FILE
from ..head import load_head_model
from ..head.model import HeadModel
from .action_heads import PAIRS, TURNS, sample_actions, sample_actor, sample_grin, sample_tongue
from .anatomy import Anatomy
from .dataset import mirrored_names
from .front import front_activations
from .groups import group_axes
from .render import Renderer, develop
from .tongue_net import TongueNet

__all__ = ["Drawn", "draw_actors", "fit_tongue", "main"]

_SEED = 4105
"""First number of the generators of people."""
_ALONE = ("tongueOut", "cheekPuff", "jawOpen", "mouthPucker")
"""Actions that are learnt by their values; of :data:`.action_heads.PAIRS` and turns, left minus right. The tongue's counts most."""
_IMPORTANT = 8.0
"""Weight of the tongue."""
_COMPANY = 0.25
"""Weight of what the sides differ in."""
_SPREAD = 0.682
"""Standard deviation of the activations."""


class Drawn(NamedTuple):
    """Pictures of people with actions."""

    activations: np.ndarray
    """(n, 128, 16, 16) float16 of the front."""
    values: np.ndarray
    """(n, 52) float16 actions."""


class Part(NamedTuple):
    """Some of the people."""

    name: str
    varied: bool
    """With :mod:`.variety`, else in the plain look."""
    seed: tuple[int, ...]
    """What follows the first number of the generators."""
    sample: Callable[[tuple[str, ...], np.random.Generator], np.ndarray]
    """Draws their actions."""


PARTS = (
    Part("varied", True, (), sample_actions),
    Part("plain", False, (0,), sample_actions),
    Part("grins", True, (1,), sample_grin),
    Part("tongues", False, (2,), sample_tongue),
)
"""Kinds of people; teeth in smiles are what is most easily taken for a tongue, and open mouths are not enough."""


def draw_actors(model: HeadModel, folder: Path, heads: int, part: Part, tell: Callable[[str], object] = print) -> Drawn:
    """Two pictures each of `heads` people, as drawn and mirrored; read from `folder` where they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    there = (folder / "done").is_file()
    mode = "r" if there else "w+"
    data = Drawn(
        np.memmap(folder / "activations.bin", "float16", mode, shape=(2 * heads, 128, 16, 16)),
        np.memmap(folder / "values.bin", "float16", mode, shape=(2 * heads, len(model.expression_names))),
    )
    if there:
        return data
    renderer, anatomy, people, axes = Renderer(model), Anatomy(model), load_people(model), group_axes(model)
    front, mirrored = front_activations(TONGUE.start), mirrored_names(model.expression_names)
    for number in range(heads):
        rng = np.random.default_rng([_SEED, *part.seed, number])
        head = sample_actor(model, rng, anatomy, people, axes, part.sample)
        shot = renderer.shoot(head, rng, varied=part.varied)
        pictures = np.stack([develop(shot, rng, flip, varied=part.varied) for flip in (False, True)])
        data.activations[2 * number : 2 * number + 2] = front(pictures)
        data.values[2 * number], data.values[2 * number + 1] = head.expression, head.expression[mirrored]
        if number % 200 == 199:
            tell(f"{number + 1} of {heads} heads")
    for array in data:
        array.flush()
    (folder / "done").touch()
    return data


def fit_tongue(
    names: tuple[str, ...], data: Drawn, epochs: int, tell: Callable[[str], object] = print, batch: int = 64
) -> TongueNet:
    """Train on all of `data`.

    Args:
        names: of the actions. epochs: times that every picture is seen. batch: pictures of one step.
    """
    torch.manual_seed(0)
    order, place = np.random.default_rng(0), names.index
    values = np.asarray(data.values, np.float32)
    alone = [values[:, place(name)] for name in _ALONE]
    differ = [values[:, place(name + "Left")] - values[:, place(name + "Right")] for name in (*PAIRS, *TURNS)]
    target = torch.from_numpy(np.stack([*alone, *differ], 1))
    weight = torch.tensor([_IMPORTANT] + [1.0] * 3 + [_COMPANY] * len(differ))
    net, steps = TongueNet(len(weight)), len(values) // batch
    optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=epochs * steps, pct_start=0.15)
    for epoch in range(epochs):
        net.train()
        shuffled, total = order.permutation(len(values)), 0.0
        for step in range(steps):
            pick = np.sort(shuffled[step * batch : (step + 1) * batch])
            seen = torch.from_numpy(data.activations[pick].astype(np.float32)) / _SPREAD
            # Photos are not renders: nothing may hang on how strong a channel is.
            seen = seen * (1 + 0.1 * torch.randn(batch, 1, 1, 1)) + 0.15 * torch.randn(batch, 128, 1, 1) * seen.std()
            loss = (((net(seen) - target[pick]) ** 2) * weight).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        tell(f"epoch {epoch + 1}: {total / steps:.4f}")
    return net.eval()


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.tongue_train", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--heads", type=int, default=6000, help="of the varied look")
    parser.add_argument("--plain-heads", type=int, default=1400, help="of the plain look")
    parser.add_argument("--grins", type=int, default=1200, help="people whose teeth show")
    parser.add_argument("--tongues", type=int, default=1500, help="people whose mouths are open with and without a tongue")
    parser.add_argument("--epochs", type=int, default=8, help="times that every picture is seen")
    parser.add_argument("--out", type=Path, default=TONGUE_FILE, help="file that is written")
    options = parser.parse_args(argv)
    model = load_head_model()
    counts = options.heads, options.plain_heads, options.grins, options.tongues
    parts = [
        draw_actors(model, options.work / f"{part.name}-{model.version}-{heads}", heads, part)
        for part, heads in zip(PARTS, counts)
    ]
    data = Drawn(*(np.concatenate(pair) for pair in zip(*parts)))
    write(fit_tongue(model.expression_names, data, options.epochs), options.out)
    return 0


def write(net: TongueNet, out: Path) -> None:
    """Write what :class:`engine.fit.coarse.network.DenseNet` reads: the first answer alone, for activations as they are."""
    values = {name: value.numpy() for name, value in net.state_dict().items()}
    values["reduce.weight"] = values["reduce.weight"] / _SPREAD
    for part in ("weight", "bias"):
        values[f"answer.{part}"] = values[f"answer.{part}"][:1]
    np.savez_compressed(out, **{name: value.astype(np.float16) for name, value in values.items()})


if __name__ == "__main__":
    raise SystemExit(main())
