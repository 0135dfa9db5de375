"""What every method keeps in memory between two heads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..system.progress import Progress

if TYPE_CHECKING:  # Both are slow to load and wanted with the first photo only.
    from ..head.model import HeadModel
    from ..photo import Landmarker

__all__ = ["Warm"]


class Warm:
    """The head model and the landmark networks, loaded with the first photo."""

    def __init__(self):
        self._model: HeadModel | None = None
        self._landmarker: Landmarker | None = None

    def _shared(self) -> tuple[HeadModel, Landmarker]:
        """The head model and the networks, after :meth:`_load_shared`."""
        assert self._model is not None and self._landmarker is not None, "_load_shared comes first"
        return self._model, self._landmarker

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
