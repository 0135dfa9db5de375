"""Training states in the published container, from which training goes on exactly where it stopped.

``net_recon``, ``opt_00`` and ``sched_00`` are the reference's; ``position``, ``random`` and ``scaler`` are what it lacks
for an exact continuation. Every file can be read with ``weights_only``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch

from ..published.nets.checkpoint import read_checkpoint
from ..wire.atomic import copy_file, output_error, partials_of, replace_file
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say

__all__ = ["LATEST", "copy_state", "epoch_path", "newest", "read_state", "write_state"]

LATEST = "epoch_latest.pth"
"""Name of the file of the newest state."""
_PARTS = ("net_recon", "opt_00", "sched_00", "position", "random")
"""What a state must hold."""
_POSITION = ("epoch", "step", "iteration")
"""Whole numbers that say how far a training is."""


def epoch_path(folder: Path, epoch: int) -> Path:
    """Where the state after `epoch` (from 1) is kept."""
    return folder / f"epoch_{epoch}.pth"


def newest(folder: Path) -> Path | None:
    """The state to continue from: the latest, otherwise that of the highest epoch."""
    if (folder / LATEST).is_file():
        return folder / LATEST
    epochs = {
        int(found[1]): path for path in folder.glob("epoch_*.pth") if (found := re.fullmatch(r"epoch_(\d+)\.pth", path.name))
    }
    return epochs[max(epochs)] if epochs else None


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Writes `state` so that at any moment either the old or the new file is there as a whole.

    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    try:
        for left in partials_of(path):  # by a training that was killed while it wrote; a state is large
            left.unlink(missing_ok=True)
        replace_file(path, lambda file: torch.save(state, file))
    except RuntimeError as error:  # torch reports a full disk so
        raise HrnError(ErrorCode.DISK_FULL, say("There is no space left for {path}.", path=path)) from error
    except OSError as error:
        raise output_error(error, path) from error


def copy_state(source: Path, path: Path) -> None:
    """The same state under a second name, without taking space twice where the disk allows it.

    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    try:
        copy_file(source, path)
    except OSError as error:
        raise output_error(error, path) from error


def read_state(path: Path) -> dict[str, Any]:
    """A state that training can go on from.

    Raises:
        HrnError: CHECKPOINT_INVALID also for a file of weights only.
    """
    content = read_checkpoint(path).content
    missing = [name for name in _PARTS if name not in content]
    position = content.get("position")
    if not missing and not (isinstance(position, dict) and all(isinstance(position.get(key), int) for key in _POSITION)):
        missing = ["position"]
    if missing:
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say("{path} has no {names}, so training cannot continue from it.", path=path, names=missing),
            hint="Start in a new folder, with this file as --init.",
            details={"missing": missing},
        )
    return dict(content)
