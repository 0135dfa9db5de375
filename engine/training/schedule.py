"""How the learning rate falls from epoch to epoch: Deep3D's step, and the other policies that it names."""

from __future__ import annotations

import torch
from torch.optim import lr_scheduler

from .choices import SCHEDULES

__all__ = ["make_schedule"]


def make_schedule(
    optimizer: torch.optim.Optimizer, kind: str, *, epochs: int, decay_epochs: int, decay: float
) -> lr_scheduler.LRScheduler:
    """
    Args:
        kind: ``step``: times `decay` every `decay_epochs`, as published; ``linear``: constant for `decay_epochs`, then in
            equal steps towards zero (the release's falls only after its last epoch); ``plateau``: times `decay` when the
            held-out loss did not fall by one per cent for six epochs (the release's looks at a number that is always
            zero); ``cosine``: half a wave to zero.
        epochs: of the whole training.
    """
    match kind:
        case "step":
            return lr_scheduler.StepLR(optimizer, decay_epochs, decay)
        case "linear":
            falling = max(epochs - decay_epochs, 0) + 1
            return lr_scheduler.LambdaLR(optimizer, lambda epoch: max(0.0, 1 - max(0, epoch + 1 - decay_epochs) / falling))
        case "plateau":
            return lr_scheduler.ReduceLROnPlateau(optimizer, factor=decay, threshold=0.01, patience=5)
        case "cosine":
            return lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    raise ValueError(f"unknown schedule {kind!r}, expected one of {SCHEDULES}")
