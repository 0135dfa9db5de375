"""Train the coarse stage's network on rendered heads and write its data file.

    python -m engine.synthetic.train --work DIR

First on many heads of the model's own prior in the plain look, then on people in the varied look (:mod:`.variety`) mixed
with some of the first. Two CPU cores need about two hours and a half, of which two thirds are rendering. Rendered
pictures are kept in DIR (1.4 GB for each thousand heads) and used again.
"""

from __future__ import annotations

import time
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

from ..fit.coarse.network import DISTANCE_UNIT_MM, TAIL_START
from ..head import load_head_model
from ..head.model import HeadModel
from ..nets.tflite import Network, read_network
from .backbone import Backbone
from .calibrate import calibration
from .dataset import Dataset, dense_points, face_vertices, generate, mirrored_names, open_dataset
from .front import INNER, LandmarkFront, landmark_network_bytes
from .metric import NormalSpace
from .tail import Tail

__all__ = ["evaluate", "export", "fit_tail", "main", "predict"]

SEEDS = {("train", False): 105, ("train", True): 1105, ("held_out", False): 202, ("held_out", True): 1202}
"""Seeds by part and by whether the look is varied."""
REFINING_RATE = 4e-4
"""Learning rate of the second training, on varied looks."""


class ShapeLoss:
    """Errors of predicted coefficients in the benchmark's linearised metric."""

    def __init__(self, model: HeadModel):
        face = face_vertices(model)
        self.space = NormalSpace(model, face)
        self.identity = torch.from_numpy(self.space.project(model.identity_basis[:, face].astype(float))).float()
        self.expression = torch.from_numpy(self.space.project(model.expression_basis[:, face].astype(float))).float()
        self.weight = torch.from_numpy(self.space.weight).float()

    def target(self, displacement: np.ndarray) -> np.ndarray:
        """(n, F, 3) -> (n, F) float16."""
        return np.concatenate(
            [
                self.space.project(displacement[i : i + 256].astype(float)).astype(np.float16)
                for i in range(0, len(displacement), 256)
            ]
        )

    def residual(self, identity, expression, target) -> torch.Tensor:
        """(B, F) mm."""
        predicted = identity @ self.identity
        if expression is not None:
            predicted = predicted + expression @ self.expression
        return predicted - target


def tail_inputs(data: Dataset, count: int) -> Dataset:
    """The first `count` pictures, with the activations carried on to where the tail begins, in memory."""
    network = read_network(landmark_network_bytes())
    between = Backbone(network, INNER, TAIL_START).eval()
    with torch.inference_mode():
        inner = np.concatenate(
            [
                between(torch.from_numpy(data.activations[i : min(i + 64, count)].astype(np.float32)))
                .numpy()
                .astype(np.float16)
                for i in range(0, count, 64)
            ]
        )
    return Dataset(inner, *(array[:count] for array in data[1:]))


def view_target(pose: np.ndarray) -> np.ndarray:
    """(n, 13) -> (n, 2) as in ``Guess.view``."""
    return np.stack([np.log(pose[:, 9] / DISTANCE_UNIT_MM), np.log(pose[:, 10] / pose[:, 9])], 1).astype(np.float32)


class Effort(NamedTuple):
    """How long and how fast the network learns."""

    epochs: int
    """Times that every picture is seen."""
    rate: float = 7e-4
    """Learning rate at its highest; layers that begin anew take twice as much."""
    batch: int = 96
    """Pictures of one step."""
    seed: int = 0
    """Seed of the order of the pictures."""


def fit_tail(
    model: HeadModel,
    data: Dataset,
    rows: np.ndarray,
    effort: Effort,
    tell: Callable[[str], object] = print,
    check: Callable[[Tail], str] | None = None,
    tail: Tail | None = None,
) -> Tail:
    """Train on `rows` of `data`.

    Args:
        data: with `activations` as from :func:`tail_inputs`.
        rows: may name a picture more than once.
        tell: takes one line of text per epoch. check: adds to it.
        tail: to train further, else a new one is begun.
    """
    seed, rate, batch = effort.seed, effort.rate, effort.batch
    torch.manual_seed(seed)
    if tail is None:
        network = read_network(landmark_network_bytes())
        tail = Tail(network, 478 + len(dense_points(model)), len(model.identity_basis), 52)
        start_from_landmarks(tail, network, data, rows)
    loss_of = ShapeLoss(model)
    posed, neutral = loss_of.target(data.posed[rows]), loss_of.target(data.neutral[rows])
    points = np.asarray(data.points[rows], np.float32)
    expression, view = np.asarray(data.expression[rows], np.float32), view_target(data.pose[rows])
    order = np.random.default_rng(seed)
    steps = effort.epochs * (len(rows) // batch)
    body, fresh = list(tail.body.parameters()), [p for n, p in tail.named_parameters() if not n.startswith("body")]
    optimiser = torch.optim.AdamW([{"params": body, "lr": rate}, {"params": fresh, "lr": 2 * rate}], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, [rate, 2 * rate], total_steps=steps, pct_start=0.15)
    for epoch in range(effort.epochs):
        tail.train()
        shuffled, totals, begun = order.permutation(len(rows)), np.zeros(5), time.time()
        for i in range(len(rows) // batch):
            pick = np.sort(shuffled[i * batch : (i + 1) * batch])
            guess = tail(torch.from_numpy(data.activations[rows[pick]].astype(np.float32)))

            def as_tensor(array):
                return torch.from_numpy(array[pick].astype(np.float32))

            def smooth(residual):
                return torch.nn.functional.smooth_l1_loss(residual, torch.zeros_like(residual), beta=0.7, reduction="none")

            parts = (
                smooth(guess.points - as_tensor(points)).mean(),
                (smooth(loss_of.residual(guess.identity, guess.expression, as_tensor(posed))) * loss_of.weight).mean(),
                (smooth(loss_of.residual(guess.identity, None, as_tensor(neutral))) * loss_of.weight).mean(),
                ((guess.expression - as_tensor(expression)) ** 2).mean(),
                ((guess.view - as_tensor(view)) ** 2).mean(),
            )
            loss = (
                0.25 * parts[0] + parts[1] + 0.5 * parts[2] + 10 * parts[3] + 1.0 * parts[4] + 1e-3 * (guess.identity**2).mean()
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(tail.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            totals += [float(part.detach()) for part in parts]
        tell(
            f"epoch {epoch + 1}: "
            + " ".join(f"{v:.4f}" for v in totals / (len(rows) // batch))
            + f" {time.time() - begun:.0f} s"
            + (" | " + check(tail) if check else "")
        )
    return tail.eval()


def start_from_landmarks(tail: Tail, network: Network, data: Dataset, rows: np.ndarray) -> None:
    """Features are standardised, the first 478 points begin as MediaPipe's own, the others as the best linear map."""
    with torch.inference_mode():
        features = torch.cat(
            [
                tail.body(torch.from_numpy(data.activations[rows[i : i + 64]].astype(np.float32))).flatten(1)
                for i in range(0, min(len(rows), 3000), 64)
            ]
        )
    with torch.no_grad():
        tail.centre.copy_(features.mean(0))
        tail.spread.copy_(features.std(0) + 0.05 * features.std(0).mean())
        last = next(o for o in network.operators if o.outputs[0] == network.outputs[0])
        weight = network.constants[last.inputs[1]].transpose(0, 3, 1, 2).reshape(478, 3, -1)[:, :2].reshape(956, -1)
        bias = network.constants[last.inputs[2]].reshape(478, 3)[:, :2].reshape(-1) - 128
        weight, bias = torch.from_numpy(weight.copy()), torch.from_numpy(bias.copy())
        tail.points.bias[:956] = bias + weight @ tail.centre
        tail.points.weight[:956] = weight * tail.spread
        standard = (features - tail.centre) / tail.spread
        rest = torch.from_numpy(data.points[rows[: len(standard)], 478:].astype(np.float32)).flatten(1) - 128
        tail.points.bias[956:] = rest.mean(0)
        gram = standard.T @ standard + 0.05 * len(standard) * torch.eye(standard.shape[1])
        tail.points.weight[956:] = torch.linalg.solve(gram, standard.T @ (rest - rest.mean(0))).T


def predict(tail: Tail, data: Dataset, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """Guesses for `rows` as arrays."""
    tail.eval()
    with torch.inference_mode():
        parts = [tail(torch.from_numpy(data.activations[rows[i : i + 64]].astype(np.float32))) for i in range(0, len(rows), 64)]
    return tuple(torch.cat(column).numpy() for column in zip(*parts))


def evaluate(model: HeadModel, tail: Tail, data: Dataset, rows: np.ndarray) -> dict[str, float]:
    """Linearised errors on held-out renders, mm, beside the mean head's."""
    loss_of = ShapeLoss(model)
    points, identity, expression, view = predict(tail, data, rows)
    weight = loss_of.space.weight

    def error(residual):
        return float((np.abs(residual) * weight).mean())

    posed, neutral = loss_of.target(data.posed[rows]).astype(float), loss_of.target(data.neutral[rows]).astype(float)
    a, e = torch.from_numpy(identity), torch.from_numpy(expression)
    return {
        "mean_posed": error(posed),
        "posed": error(loss_of.residual(a, e, torch.from_numpy(posed)).numpy()),
        "mean_neutral": error(neutral),
        "neutral": error(loss_of.residual(a, None, torch.from_numpy(neutral)).numpy()),
        "points_px": float(np.abs(points - data.points[rows]).mean()),
        "mediapipe_px": float(np.abs(data.mediapipe[rows][:, :468, :2] - data.points[rows][:, :468]).mean()),
        "log_distance": float(np.sqrt(((view - view_target(data.pose[rows])) ** 2).mean(0))[0]),
        "log_distance_prior": float(view_target(data.pose[rows])[:, 0].std()),
        "expression_rms": float(np.sqrt(((expression - data.expression[rows]) ** 2).mean())),
    }


def export(model: HeadModel, tail: Tail, path: Path, extra: dict[str, np.ndarray] | None = None) -> None:
    """Write what :class:`engine.fit.coarse.regress.Regressor` reads."""
    points = dense_points(model)
    landmarks = model.landmarks(model.template.astype(float))
    distance = np.linalg.norm(landmarks[:, None] - landmarks[None] * [-1, 1, 1], axis=-1)
    place = {int(vertex): 478 + i for i, vertex in enumerate(points)}
    mirror_points = np.concatenate([distance.argmin(1), [place.get(int(model.mirror[v]), -1) for v in points]])
    basis = model.identity_basis.astype(float)
    flipped = basis[:, model.mirror] * [-1, 1, 1]
    flat = basis.reshape(len(basis), -1)
    mirror_identity = np.linalg.solve(flat @ flat.T, flat @ flipped.reshape(len(basis), -1).T).T
    skin = np.flatnonzero(model.part("skin", "nose", "scalp", "neck", "upper_lip", "lower_lip", "right_ear", "left_ear") > 0)
    anchors = skin[:: max(1, len(skin) // 420)]
    values = {"tail." + name: value.numpy().astype(np.float16) for name, value in tail.state_dict().items()}
    on_points = np.repeat(points[:, None], 3, 1), np.tile([1.0, 0, 0], (len(points), 1))
    values.update(
        point_vertices=np.concatenate([model.landmark_vertices, on_points[0]]).astype(np.int32),
        point_weights=np.concatenate([model.landmark_weights, on_points[1]]).astype(np.float32),
        identities=np.array(len(basis)),
        mirror_points=mirror_points.astype(np.int32),
        mirror_identity=mirror_identity.astype(np.float16),
        mirror_expression=mirrored_names(model.expression_names).astype(np.int32),
        anchor_vertices=anchors.astype(np.int32),
        anchor_template=model.template[anchors].astype(np.float32),
        anchor_identity=model.identity_basis[:, anchors].astype(np.float16),
        **(extra or {}),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **values)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.train", description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for the rendered pictures")
    parser.add_argument("--heads", type=int, default=19170, help="of the plain look")
    parser.add_argument("--varied-heads", type=int, default=8000, help="people, in the varied look")
    parser.add_argument("--refining-plain-heads", type=int, default=5000, help="of the plain look, seen again with them")
    parser.add_argument("--held-out", type=int, default=250, help="heads for calibration, not trained on")
    parser.add_argument("--epochs", type=int, default=10, help="on the plain look")
    parser.add_argument("--refining-epochs", type=int, default=7, help="on both")
    data = Path(__file__).resolve().parents[1] / "fit" / "coarse" / "data"
    parser.add_argument("--out", type=Path, default=data / "coarse.npz", help="file that is written")
    options = parser.parse_args(argv)
    model, look = load_head_model(), LandmarkFront()

    def part(name: str, heads: int, varied: bool) -> Dataset:
        folder = options.work / f"{name}-{'varied' if varied else 'plain'}-{model.version}-{heads}"
        if not (folder / "done").is_file():
            generate(model, look, folder, heads, SEEDS[name, varied], varied)
            (folder / "done").touch()
        return tail_inputs(open_dataset(folder, model, 2 * heads), 2 * heads)

    held_out = {varied: part("held_out", options.held_out, varied) for varied in (False, True)}
    rows = np.arange(2 * options.held_out)

    def check(tail: Tail) -> str:
        return " | ".join(
            ("varied: " if varied else "plain: ")
            + " ".join(f"{name} {value:.3f}" for name, value in evaluate(model, tail, data, rows).items())
            for varied, data in held_out.items()
        )

    plain = part("train", options.heads, False)
    tail = fit_tail(model, plain, np.arange(2 * options.heads), Effort(options.epochs), check=check)
    if options.varied_heads:
        varied = part("train", options.varied_heads, True)
        again = 2 * options.refining_plain_heads
        both = Dataset(*(np.concatenate([new, old[:again]]) for new, old in zip(varied, plain)))
        tail = fit_tail(
            model, both, np.arange(len(both.pose)), Effort(options.refining_epochs, REFINING_RATE), check=check, tail=tail
        )
    unseen = Dataset(*(np.concatenate(pair) for pair in zip(*held_out.values())))
    export(model, tail, options.out, calibration(model, unseen, predict(tail, unseen, np.arange(len(unseen.pose)))))
    print(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
