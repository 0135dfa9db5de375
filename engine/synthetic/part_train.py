"""Train the part segmenter on rendered pictures and write its data file.

    python -m engine.synthetic.part_train --pictures DIR [DIR ...] --work DIR

Pictures come from :mod:`engine.synthetic.part_pictures`. Each is varied some times (:mod:`.part_variety`) and looked at by the
frozen fronts once; what they see is kept in DIR (1 MB a picture), and only the layers behind them are trained.
"""

from __future__ import annotations

import time
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

from ..photo.part_net import FRONTS, PARTS, SIDE, close_input, fronts_as_onnx
from ..photo.parts import front_networks
from ..photo.places import PLACES, place_maps
from .part_net import PartLayers
from .part_variety import UNKNOWN, varied
from .parts import PartPictures, open_pictures

__all__ = ["Seen", "evaluate", "look", "main", "train"]

_TAPS = {name: tap[1:] for front in FRONTS.values() for name, tap in front.taps.items()}
"""Channels and side of each tap."""
_WEIGHTS = dict.fromkeys(PARTS, 1.0) | {"hair": 1.3, "hat": 1.3, "lens": 1.5, "glasses": 2.0, "brows": 1.5, "beard": 1.3}
"""How much the pixels of a part count."""


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


def look(pictures: PartPictures, seen: Seen, fronts: Fronts, copies: int, part: tuple[int, int] = (0, 1), plain: bool = False):
    """Vary pictures and keep what the fronts see: copy c of picture i is row i * copies + c.

    Args:
        part: (k, m): every m-th picture from the k-th on. plain: pictures as they are, for judging.
    """
    for i in range(part[0], len(pictures.done), part[1]):
        if not pictures.done[i]:
            continue
        for copy in range(copies):
            row = i * copies + copy
            if seen.done[row]:
                continue
            picture, labels, landmarks = (np.array(array[i]) for array in pictures[:3])
            if not plain:
                picture, labels, landmarks = varied(np.random.default_rng([7, i, copy]), picture, labels, landmarks)
            for name, value in fronts(picture).items():
                seen.taps[name][row] = value
            seen.pictures[row], seen.labels[row] = picture, labels
            seen.places[row] = place_maps(landmarks / 2, SIDE // 2)
            seen.done[row] = 1


def _batch(seen: Seen, rows: np.ndarray, taps: tuple[str, ...]):
    close = np.stack([close_input(seen.pictures[row], seen.places[row]) for row in rows])
    found = {name: torch.from_numpy(seen.taps[name][rows].astype(np.float32)) for name in taps}
    return torch.from_numpy(close), found, np.asarray(seen.labels[rows])


def shares(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each square of four pixels shows.

    Args:
        labels: (B, S, S) uint8.

    Returns:
        (B, P, S/2, S/2) float32 shares of the parts, (B, S/2, S/2) bool: all four are known.
    """
    squares = labels.reshape(len(labels), SIDE // 2, 2, SIDE // 2, 2).transpose(0, 2, 4, 1, 3).reshape(len(labels), 4, -1)
    known = (squares != UNKNOWN).all(1)
    counts = np.zeros((len(labels), len(PARTS), squares.shape[-1]), np.float32)
    for part in range(len(PARTS)):
        counts[:, part] = (squares == part).mean(1)
    half = (SIDE // 2, SIDE // 2)
    return counts.reshape(*counts.shape[:2], *half), known.reshape(-1, *half)


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


def train(
    seen: Seen,
    rows: np.ndarray,
    minutes: float,
    fronts: tuple[str, ...],
    rate: float = 3e-3,
    batch: int = 12,
    epochs: float = 10,
    tell=print,
) -> PartLayers:
    """Train for a number of epochs, or `minutes` if that is less: the rate falls with whichever ends first."""
    torch.manual_seed(0)
    layers = PartLayers(fronts)
    optimiser = torch.optim.AdamW(layers.parameters(), lr=rate, weight_decay=1e-3)
    order = np.random.default_rng(0)
    steps, begun, step, total = int(epochs * len(rows) / batch), time.time(), 0, 0.0
    queue = np.zeros(0, int)
    layers.train()
    while True:
        gone = max(step / steps, (time.time() - begun) / (60 * minutes))
        if gone >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, gone / 0.05 + 0.05) * (0.5 + 0.5 * np.cos(np.pi * gone))
        if len(queue) < batch:
            queue = np.concatenate([queue, order.permutation(rows)])
        pick, queue = np.sort(queue[:batch]), queue[batch:]
        close, taps, labels = _batch(seen, pick, layers.taps)
        loss = loss_of(layers(close, taps), *map(torch.from_numpy, shares(labels)))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), 2.0)
        optimiser.step()
        total += float(loss.detach())
        step += 1
        if step % 100 == 0:
            tell(f"{step} of {steps}, {time.time() - begun:.0f} s: loss {total / 100:.3f}")
            total = 0.0
    return layers.eval()


def evaluate(layers: PartLayers, seen: Seen, rows: np.ndarray) -> dict[str, float]:
    """Intersection over union of each part over all pixels of some rows."""
    both, either = np.zeros(len(PARTS)), np.zeros(len(PARTS))
    with torch.inference_mode():
        for start in range(0, len(rows), 16):
            close, taps, labels = _batch(seen, rows[start : start + 16], layers.taps)
            odds = F.interpolate(layers(close, taps), scale_factor=2, mode="bilinear", align_corners=False)
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
    parser.add_argument("--look", help="K/M: only vary and look at each M-th picture from the K-th on")
    parser.add_argument("--out", type=Path, help="file that is written")
    options = parser.parse_args(argv)
    fronts = tuple(options.fronts)
    seen, rows, held = [], [], []
    if options.look:
        part = tuple(int(n) for n in options.look.split("/"))
        cv2.setNumThreads(1)
        frozen = Fronts(tuple(FRONTS))
        for folder in options.pictures:
            pictures = open_pictures(folder)
            look(pictures, open_seen(options.work / folder.name, len(pictures.done) * options.copies, fronts), frozen, options.copies, part)
        return 0
    (folder,) = options.pictures
    count = len(open_pictures(folder).done) * options.copies
    seen = open_seen(options.work / folder.name, count, fronts)
    done = np.flatnonzero(seen.done)
    held = (done // options.copies) % options.held_out == 0
    rows, held = done[~held], done[held][:: options.copies]
    print(f"{len(rows)} rows, {len(held)} held out", flush=True)
    layers = train(seen, rows, options.minutes, fronts, epochs=options.epochs, tell=lambda text: print(text, flush=True))
    print(" ".join(f"{name} {value:.3f}" for name, value in evaluate(layers, seen, held).items()), flush=True)
    np.savez_compressed(options.out, **{name: value.astype(np.float16) for name, value in layers.folded().items()})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
