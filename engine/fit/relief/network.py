"""The network that reads heights from what a whole face shows (:mod:`.channels`).

A U-Net of 350 000 weights, trained on generated heads with known relief, fitted by the product
(``python -m engine.bench.detail_train``). For every pixel and band of wavelength it answers how far either solved height is
believed and what neither has, so that the squared error is least: little where it looks like paint, noise or a misfitted
nose, much along a fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import cv2
import numpy as np

from ...nets.graph import Nodes
from ...nets.layers import Layer, add_layers
from ...nets.onnx_bytes import FLOAT, model, port
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import say
from .channels import COARSE, FINE, MIRRORED, Channels, squares
from .weights import ChannelWeights

__all__ = ["ANSWERS", "LAYERS", "NETWORK_FILE", "SEEN", "Told", "load_network", "opened", "told_by", "told_once"]

NETWORK_FILE = Path(__file__).parent / "data" / "relief.npz"
"""The weights that are shipped."""
SEEN = len(COARSE) + 4 * len(FINE)
"""Channels of the input."""
ANSWERS = {"gains": slice(0, 6), "rest": slice(6, 8), "fine_rest": slice(8, 12), "doubt": slice(12, 15)}
"""Channels of the answer. ``gains`` of the robust height's three bands and of the plain one's, as log odds of half the most;
``rest``: what is added to the two longer bands; ``fine_rest``: to the finest, for the four pixels of each place, row by row;
``doubt``: logarithm of the squared error that is expected of each band. Heights in :attr:`.ChannelWeights.height`."""

LAYERS = (
    Layer("a", ("seen",), 32, 3),
    Layer("b", ("a",), 32, 3),
    Layer("c", ("b",), 48, 3, 2),
    Layer("d", ("c",), 48, 3),
    Layer("e", ("d",), 64, 3, 2),
    Layer("f", ("e",), 64, 3),
    Layer("g", ("f",), 80, 3, 2),
    Layer("h", ("g",), 80, 3),
    Layer("i", ("h",), 80, 3),
    Layer("j", ("^i", "f"), 64),
    Layer("k", ("j",), 48, 3),
    Layer("l", ("^k", "d"), 48),
    Layer("m", ("l",), 40, 3),
    Layer("n", ("^m", "b"), 32),
    Layer("o", ("n",), 32, 3),
    Layer("answer", ("o",), ANSWERS["doubt"].stop, plain=True),
)
"""Down to an eighth of the input's size and back."""


class Told(NamedTuple):
    """(3, H, W) float32 of the grid's pixels: the bands 6 to 20, 2 to 6 and below 2 mm."""

    height: np.ndarray
    """mm"""
    deviation: np.ndarray
    """mm: what the height is expected to be off by."""


@cache
def load_network() -> Mapping[str, np.ndarray]:
    """The weights that are shipped, by name.

    Raises:
        HrnError: CHECKPOINT_INVALID when their file is damaged.
    """
    try:
        with np.load(NETWORK_FILE) as kept:
            return {f"{layer.name}.{kind}": kept[f"{layer.name}.{kind}"] for layer in LAYERS for kind in ("weight", "bias")}
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say("{path} is damaged or of another version.", path=NETWORK_FILE),
            hint="Install the engine again.",
        ) from error


def told_by(trained: Mapping[str, np.ndarray], channels: Channels, w: ChannelWeights) -> Told:
    """What the network says of a face: the mean of what it says of it and of its mirror image.

    Args:
        trained: see :func:`load_network`.
    """
    net = opened(trained, channels.coarse.shape[1:])
    turn = np.ones((len(COARSE), 1, 1), np.float32)
    turn[[COARSE.index(name) for name in MIRRORED]] = -1
    own = told_once(net, channels.coarse, channels.fine, channels.heights, w)
    other = told_once(
        net, *(np.ascontiguousarray(x[..., ::-1]) for x in (turn * channels.coarse, channels.fine, channels.heights)), w
    )
    return Told(*((one + mirrored[..., ::-1]) / 2 for one, mirrored in zip(own, other)))


def opened(trained: Mapping[str, np.ndarray], shape: tuple[int, ...]) -> cv2.dnn.Net:
    """The network for (H, W) squares: ``seen`` (1, :data:`SEEN`, H, W) -> ``answer`` (1, A, H, W)."""
    graph = Nodes()
    add_layers(graph, LAYERS, ("seen",), trained)
    ports = port("seen", FLOAT, (1, SEEN, *shape)), port("answer", FLOAT, (1, LAYERS[-1].channels, *shape))
    file = model(graph.nodes, [ports[0]], [ports[1]], graph.constants)
    return cv2.dnn.readNetFromONNX(np.frombuffer(file, np.uint8))


def told_once(net: cv2.dnn.Net, coarse: np.ndarray, fine: np.ndarray, heights: np.ndarray, w: ChannelWeights) -> Told:
    """What the network says of the arrays of a :class:`.Channels`."""
    net.setInput(np.concatenate([coarse, squares(fine)])[None], "seen")
    answer = net.forward()[0]
    gains = w.most_gain / (1 + np.exp(-_doubled(answer[ANSWERS["gains"]])))
    four = answer[ANSWERS["fine_rest"]].reshape(2, 2, *answer.shape[1:])
    finest = four.transpose(2, 0, 3, 1).reshape(1, *fine.shape[1:])
    unit = np.array(w.height, np.float32)[:, None, None]
    rest = unit * np.concatenate([_doubled(answer[ANSWERS["rest"]]), finest])
    deviation = unit * np.exp(0.5 * np.clip(_doubled(answer[ANSWERS["doubt"]]), *w.doubt))
    return Told(gains[:3] * heights[:3] + gains[3:] * heights[3:] + rest, deviation)


def _doubled(images: np.ndarray) -> np.ndarray:
    """(C, 2 H, 2 W) of (C, H, W), bilinear."""
    size = (2 * images.shape[2], 2 * images.shape[1])
    return np.stack([cv2.resize(image, size, interpolation=cv2.INTER_LINEAR) for image in images])
