"""The frozen front of the landmark network, for many crops."""

from __future__ import annotations

import zipfile
from collections.abc import Callable

import numpy as np

from ..nets.tflite import read_network
from ..photo.face_nets import model_path

__all__ = ["INNER", "LandmarkFront", "front_activations", "landmark_network_bytes"]

INNER = 377
"""Tensor at 16 x 16 x 128: early enough that a tail may be tried from anywhere behind it."""


def landmark_network_bytes() -> bytes:
    """The TFLite file of MediaPipe's landmark network, from the landmarker's archive."""
    with zipfile.ZipFile(model_path()) as archive:
        return archive.read("face_landmarks_detector.tflite")


def front_activations(stop: int) -> Callable[[np.ndarray], np.ndarray]:
    """The network as far as its tensor number `stop`, in PyTorch: (B, 256, 256, 3) uint8 crops -> (B, C, H, W) float32."""
    import torch

    from .backbone import Backbone

    network = read_network(landmark_network_bytes())
    front = Backbone(network, network.inputs[0], stop).eval()

    def activations(crops: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return front(torch.from_numpy(crops.astype(np.float32) / 255).permute(0, 3, 1, 2).contiguous()).numpy()

    return activations


class LandmarkFront:
    """The network in PyTorch: no further package is needed, and a crop takes about 40 ms."""

    def __init__(self):
        import torch

        from .backbone import Backbone

        network = read_network(landmark_network_bytes())
        self._front = Backbone(network, network.inputs[0], INNER).eval()
        self._rest = Backbone(network, INNER, network.outputs[0]).eval()
        self._torch = torch

    def __call__(self, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(256, 256, 3) uint8 -> (128, 16, 16) activations, (478, 3) landmarks in crop pixels."""
        with self._torch.inference_mode():
            x = self._torch.from_numpy(crop.astype(np.float32) / 255).permute(2, 0, 1)[None].contiguous()
            inner = self._front(x)
            return inner[0].numpy(), self._rest(inner).numpy().reshape(478, 3)
