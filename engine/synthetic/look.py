"""The frozen front of the landmark network, for many crops."""

from __future__ import annotations

import struct
import zipfile

import numpy as np

from ..fit.coarse.tflite import read_network
from ..photo.face_nets import model_path

__all__ = ["LiteLook", "INNER", "TorchLook", "landmark_network_bytes"]

INNER = 377
"""Tensor at 16 x 16 x 128: early enough that a tail may be tried from anywhere behind it."""


def landmark_network_bytes() -> bytes:
    with zipfile.ZipFile(model_path()) as archive:
        return archive.read("face_landmarks_detector.tflite")


class TorchLook:
    """With PyTorch: no further package needed, about 40 ms a crop."""

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


class LiteLook:
    """With ``ai-edge-litert`` where it is installed: the same numbers, four times as fast."""

    def __init__(self):
        from ai_edge_litert.interpreter import Interpreter

        data = bytearray(landmark_network_bytes())
        outputs = struct.pack("<4I", 3, *read_network(bytes(data)).outputs)
        # The file's second output (is there a face) gives way to the inner tensor, which is otherwise not kept.
        at = data.index(outputs)
        self._output = struct.unpack_from("<I", data, at + 4)[0]
        struct.pack_into("<I", data, at + 8, INNER)
        self._net = Interpreter(model_content=bytes(data), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]

    def __call__(self, crop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(256, 256, 3) uint8 -> (128, 16, 16) activations, (478, 3) landmarks in crop pixels."""
        self._net.set_tensor(self._input, crop[None].astype(np.float32) / 255)
        self._net.invoke()
        return (self._net.get_tensor(INNER)[0].transpose(2, 0, 1), self._net.get_tensor(self._output).reshape(478, 3))
