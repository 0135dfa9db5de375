"""What every method keeps in memory between two heads."""

from __future__ import annotations

from ..system.progress import Progress

__all__ = ["Warm"]


class Warm:
    """The head model and the landmark networks, loaded with the first photo."""

    def __init__(self):
        self._model = self._landmarker = None

    def _load_optimiser(self, progress: Progress) -> None:
        """For methods that fit: the first optimiser of a process loads a second's worth of PyTorch's modules."""
        progress(0.3, "Loading the optimiser")
        import torch

        torch.optim.Adam([torch.zeros(1)])

    def _load_shared(self, progress: Progress) -> None:
        """
        Raises:
            HrnError: MODEL_MISSING.
        """
        if self._model is None:
            from ..head import load_head_model

            self._model = load_head_model(progress)
        if self._landmarker is None:
            progress(0.9, "Loading the landmark networks")
            from ..photo import Landmarker

            self._landmarker = Landmarker()
