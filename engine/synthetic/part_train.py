"""Train the part segmenter on rendered pictures and write its data file.

    python -m engine.synthetic.part_train --pictures DIR [DIR ...] --work DIR

Pictures come from :mod:`engine.synthetic.part_pictures`. Each is varied some times (:mod:`.part_variety`) and looked at by the
frozen fronts once; what they see is kept in DIR (1 MB a picture), and only the layers behind them are trained.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.messages import say
from ..wire.pytorch import require_pytorch

try:
    require_pytorch(say("Training the part segmenter"))
except HrnError as error:
    raise SystemExit(str(error)) from None

import torch
import torch.nn.functional as F

from ..photo.part_net import FACE_LAYERS, FRONTS, LAYERS, PARTS, SIDE, close_input, fronts_as_onnx
from ..photo.parts import front_networks
from ..photo.places import PLACES, place_maps
from .layers import average
from .part_net import PartLayers
from .part_variety import UNKNOWN, varied
from .parts import PartPictures, open_pictures

__all__ = ["Seen", "evaluate", "look", "main", "pixels_of", "train"]

_TAPS = {name: tap[1:] for front in FRONTS.values() for name, tap in front.taps.items()}
"""Channels and side of each tap."""
_WEIGHTS = dict.fromkeys(PARTS, 1.0) | {"hair": 1.3, "hat": 1.3, "lens": 1.5, "glasses": 2.0, "brows": 1.5, "beard": 1.3}
"""How much the pixels of a part count."""


_PHASES = 2
"""So many of the four pixels of a place are asked for in a step: they are alike, and answers cost as much as the layers."""


class Seen(NamedTuple):
    """Varied pictures and what the fronts see in them: memory-mapped arrays."""

    taps: dict[str, np.ndarray]
    """Name -> (n, C, S, S) float16."""
    pictures: np.ndarray
    """(n, 256, 256, 3) uint8."""
    labels: np.ndarray
    """(n, 256, 256) uint8."""
    places: np.ndarray
    """(n, PLACES, 128, 128) float16."""
    done: np.ndarray
    """(n,) uint8."""


def open_seen(folder: Path, count: int, fronts: tuple[str, ...]) -> Seen:
    """The folder's arrays, made where they are absent."""
    folder.mkdir(parents=True, exist_ok=True)

    def array(name: str, shape: tuple[int, ...], kind: str) -> np.ndarray:
        file = folder / f"{name}.bin"
        size = count * int(np.prod(shape, dtype=int)) * np.dtype(kind).itemsize
        if not file.exists() or file.stat().st_size != size:
            with open(file, "ab") as stream:
                stream.truncate(size)
        return np.memmap(file, kind, "r+", shape=(count, *shape))

    names = [tap for front in fronts for tap in FRONTS[front].taps]
    half = SIDE // 2
    return Seen(
        {name: array(name, (_TAPS[name][0], _TAPS[name][1], _TAPS[name][1]), "float16") for name in names},
        array("pictures", (SIDE, SIDE, 3), "uint8"),
        array("labels", (SIDE, SIDE), "uint8"),
        array("places", (PLACES, half, half), "float16"),
        array("done", (), "uint8"),
    )


class Fronts:
    """The frozen networks in OpenCV."""

    def __init__(self, names: tuple[str, ...]):
        networks = {name: network for name, network in front_networks().items() if name in names}
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(fronts_as_onnx(networks), np.uint8))
        self.taps = [tap for name in names for tap in FRONTS[name].taps]

    def __call__(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        """(256, 256, 3) uint8 -> name of a tap -> (C, S, S) float32."""
        self._net.setInput(np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32) / 255)
        return {name: value[0] for name, value in zip(self.taps, self._net.forward(self.taps))}


def look(pictures: PartPictures, seen: Seen, fronts: Fronts, copies: int, part: tuple[int, int] = (0, 1)) -> None:
    """Vary pictures and keep what the fronts see: copy c of picture i is row i * copies + c.

    Args:
        part: (k, m): every m-th picture from the k-th on.
    """
    for i in range(part[0], len(pictures.done), part[1]):
        if not pictures.done[i]:
            continue
        for turn in range(copies):
            row = i * copies + turn
            if seen.done[row]:
                continue
            picture, labels, landmarks = (np.array(array[i]) for array in pictures[:3])
            picture, labels, landmarks = varied(np.random.default_rng([7, i, turn]), picture, labels, landmarks)
            for name, value in fronts(picture).items():
                seen.taps[name][row] = value
            seen.pictures[row], seen.labels[row] = picture, labels
            seen.places[row] = place_maps(landmarks / 2, SIDE // 2)
            seen.done[row] = 1


def _batch(sets: Sequence[Seen], rows: np.ndarray, taps: tuple[str, ...]):
    """Inputs and labels; `rows` (B, 2): number of the set, row in it."""
    close = np.stack([close_input(sets[k].pictures[row], sets[k].places[row]) for k, row in rows])
    found = {name: torch.from_numpy(np.stack([sets[k].taps[name][row] for k, row in rows]).astype(np.float32)) for name in taps}
    return torch.from_numpy(close), found, np.stack([sets[k].labels[row] for k, row in rows])


def shares(labels: np.ndarray, phase: tuple[int, int] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """What each square of four pixels shows, or one pixel of each.

    Args:
        labels: (B, S, S) uint8. phase: row and column of the pixel, 0 or 1 each; None: all four.

    Returns:
        (B, P, S/2, S/2) float32 shares of the parts, (B, S/2, S/2) bool: all of them are known.
    """
    squares = labels.reshape(len(labels), SIDE // 2, 2, SIDE // 2, 2).transpose(0, 2, 4, 1, 3)
    if phase is not None:
        squares = squares[:, phase[0] : phase[0] + 1, phase[1] : phase[1] + 1]
    squares = squares.reshape(len(labels), -1, (SIDE // 2) ** 2)
    known = (squares != UNKNOWN).all(1)
    counts = np.zeros((len(labels), len(PARTS), squares.shape[-1]), np.float32)
    for part in range(len(PARTS)):
        counts[:, part] = (squares == part).mean(1)
    half = (SIDE // 2, SIDE // 2)
    return counts.reshape(*counts.shape[:2], *half), known.reshape(-1, *half)


def pixels_of(odds: torch.Tensor) -> torch.Tensor:
    """(B, P, S, S) of the answers of :data:`engine.photo.part_net.FACE_LAYERS`."""
    count, _, side, _ = odds.shape
    four = odds.view(count, 2, 2, len(PARTS), side, side).permute(0, 3, 4, 1, 5, 2)
    return four.reshape(count, len(PARTS), 2 * side, 2 * side)


def loss_of(odds: torch.Tensor, truth: torch.Tensor, known: torch.Tensor, smoothing: float = 0.03) -> torch.Tensor:
    """Smoothed cross entropy and dice of all parts; `truth` and `known` as from :func:`shares`."""
    weight = torch.tensor([_WEIGHTS[name] for name in PARTS])
    log = torch.log_softmax(odds, 1)
    known = known[:, None].float()
    target = (truth * (1 - smoothing) + smoothing / len(PARTS)) * known
    pixel = torch.einsum("bphw,p->bhw", truth, weight)[:, None]
    entropy = -(target * log * pixel).sum() / (pixel * known).sum()
    chance, truth = log.exp() * known, truth * known
    both, total = (chance * truth).sum((0, 2, 3)), (chance + truth).sum((0, 2, 3))
    there = truth.sum((0, 2, 3)) > 20
    dice = 1 - (2 * both + 20) / (total + 20)
    return entropy + 0.5 * dice[there].mean()


def _loss(odds: torch.Tensor, labels: np.ndarray, order: np.random.Generator) -> torch.Tensor:
    """The loss of answers for squares of four pixels, or for two pixels, drawn anew each time, of each."""
    if odds.shape[1] == len(PARTS):
        return loss_of(odds, *map(torch.from_numpy, shares(labels)))
    losses = []
    for number in order.permutation(4)[:_PHASES]:
        phase = int(number) // 2, int(number) % 2
        some = odds[:, int(number) * len(PARTS) : (int(number) + 1) * len(PARTS)]
        losses.append(loss_of(some, *map(torch.from_numpy, shares(labels, phase))))
    return torch.stack(losses).mean()


class Effort(NamedTuple):
    """How long and how fast the layers learn."""

    epochs: float = 10
    """Times that every row is seen."""
    minutes: float = 60
    """End before the epochs do; the rate falls with whichever ends first."""
    rate: float = 3e-3
    """Learning rate at its highest."""
    batch: int = 8
    """Rows of one step."""
    average: float = 0.997
    """The layers that are kept are a mean over steps in which older ones count this much less."""


def train(
    sets: Sequence[Seen],
    rows_of: Callable[[], np.ndarray],
    effort: Effort,
    layers: PartLayers,
    tell: Callable[[str, PartLayers], object],
) -> PartLayers:
    """Train, and give the mean of the layers over the last steps.

    Args:
        rows_of: gives (N, 2), number of a set and row in it; asked before each epoch, as pictures may still be made.
        tell: takes a line of text now and then, and the mean so far.
    """
    torch.manual_seed(0)
    optimiser = torch.optim.AdamW(layers.parameters(), lr=effort.rate, weight_decay=1e-3)
    order, kept = np.random.default_rng(0), copy.deepcopy(layers).eval()
    begun, epochs, step, total, queue = time.time(), 0.0, 0, 0.0, []
    layers.train()
    while True:
        gone = max(epochs / effort.epochs, (time.time() - begun) / (60 * effort.minutes))
        if gone >= 1:
            return kept
        for group in optimiser.param_groups:
            group["lr"] = effort.rate * min(1.0, gone / 0.05 + 0.05) * (0.5 + 0.5 * np.cos(np.pi * gone))
        if len(queue) < effort.batch:
            rows = rows_of()
            queue = list(rows[order.permutation(len(rows))])
        pick, queue = queue[: effort.batch], queue[effort.batch :]
        epochs += effort.batch / len(rows)
        close, taps, labels = _batch(sets, pick, layers.taps)
        loss = _loss(layers(close, taps), labels, order)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), 2.0)
        optimiser.step()
        average(kept, layers, min(effort.average, step / (step + 20)))
        total += float(loss.detach())
        step += 1
        if step % 200 == 0:
            text = f"{step} steps, {epochs:.2f} epochs of {len(rows)} rows, {time.time() - begun:.0f} s: loss {total / 200:.3f}"
            tell(text, kept)
            total = 0.0


def evaluate(layers: PartLayers, sets: Sequence[Seen], rows: np.ndarray) -> dict[str, float]:
    """Intersection over union of each part over all pixels of some rows."""
    both, either = np.zeros(len(PARTS)), np.zeros(len(PARTS))
    with torch.inference_mode():
        for start in range(0, len(rows), 16):
            close, taps, labels = _batch(sets, rows[start : start + 16], layers.taps)
            odds = layers(close, taps)
            if odds.shape[1] > len(PARTS):
                odds = pixels_of(odds)
            else:
                odds = F.interpolate(odds, scale_factor=2, mode="bilinear", align_corners=False)
            found = odds.argmax(1).numpy()
            for part in range(len(PARTS)):
                a, b = (found == part) & (labels != UNKNOWN), labels == part
                both[part] += (a & b).sum()
                either[part] += (a | b).sum()
    return {name: float(both[part] / either[part]) for part, name in enumerate(PARTS) if either[part]}


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.part_train", description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=Path, nargs="+", required=True, help="folders of rendered pictures")
    parser.add_argument("--work", type=Path, required=True, help="folder for what the fronts see")
    parser.add_argument("--held-out", type=int, default=20, help="each so many-th picture is not trained on")
    parser.add_argument("--copies", type=int, default=3, help="varied copies of each picture")
    parser.add_argument("--epochs", type=float, default=10)
    parser.add_argument("--minutes", type=float, default=60, help="end before the epochs do")
    parser.add_argument("--fronts", nargs="+", default=list(FRONTS), choices=list(FRONTS))
    parser.add_argument("--close", action="store_true", help="the layers that look at the face alone")
    parser.add_argument("--look", help="K/M: only vary and look at each M-th picture from the K-th on")
    parser.add_argument("--out", type=Path, help="file that is written")
    options = parser.parse_args(argv)
    fronts, sets = tuple(options.fronts), []
    frozen = Fronts(fronts) if options.look else None
    for folder in options.pictures:
        pictures = open_pictures(folder)
        sets.append(open_seen(options.work / folder.name, len(pictures.done) * options.copies, fronts))
        if frozen:
            look(pictures, sets[-1], frozen, options.copies, tuple(int(n) for n in options.look.split("/")))
    if not options.out:
        return 0

    def rows(held_out: bool) -> np.ndarray:
        out = []
        for number, seen in enumerate(sets):
            done = np.flatnonzero(seen.done)
            last = done // options.copies % options.held_out == 0
            out += [(number, row) for row in (done[last][:: options.copies] if held_out else done[~last])]
        return np.array(out)

    def keep(text: str, layers: PartLayers) -> None:
        print(text, flush=True)
        np.savez_compressed(options.out, **{name: value.astype(np.float16) for name, value in layers.folded().items()})

    layers = train(
        sets,
        lambda: rows(False),
        Effort(options.epochs, options.minutes),
        PartLayers(fronts, FACE_LAYERS if options.close else LAYERS),
        keep,
    )
    keep(" ".join(f"{name} {value:.3f}" for name, value in evaluate(layers, sets, rows(True)).items()), layers)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
