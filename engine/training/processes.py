"""One process or several (``torchrun``), each on its own GPU or all on the CPU."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import nn

from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say

__all__ = ["Processes", "join_processes"]

_PATIENCE = timedelta(hours=2)
"""How long the other processes wait while the first measures and writes."""


@dataclass(frozen=True)
class Processes:
    """This process among those that train together."""

    rank: int = 0
    world: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def first(self) -> bool:
        return self.rank == 0

    def wrap(self, net: nn.Module) -> nn.Module:
        """`net` with gradients averaged over the processes; on GPUs batch normalisation uses all of their pictures,
        on the CPU each process its own (PyTorch has no other)."""
        if self.world == 1:
            return net
        if self.device.type != "cuda":
            return nn.parallel.DistributedDataParallel(net)
        return nn.parallel.DistributedDataParallel(_synchronised(net), device_ids=[self.device.index])

    def mean(self, values: dict[str, torch.Tensor]) -> dict[str, float]:
        """Means over the processes."""
        numbers = torch.stack([value.detach().double() for value in values.values()])
        if self.world > 1:
            dist.all_reduce(numbers)
        return dict(zip(values, (numbers / self.world).tolist(), strict=True))

    def of_first(self, value: float) -> float:
        """The first process' value, in all."""
        if self.world == 1:
            return value
        number = torch.tensor(value if self.first else 0.0, dtype=torch.float64, device=self.device)
        dist.all_reduce(number)
        return float(number)

    def any(self, value: bool) -> bool:
        """Whether `value` holds in any process, so that all do the same."""
        if self.world == 1:
            return value
        flag = torch.tensor(float(value), device=self.device)
        dist.all_reduce(flag)
        return bool(flag > 0)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.world > 1:
            dist.barrier()

    def leave(self) -> None:
        if self.world > 1:
            dist.destroy_process_group()


def join_processes(device: str | None = None) -> Processes:
    """Reads what ``torchrun`` says and joins the others.

    Args:
        device: "cpu" or "cuda"; by default a GPU where there is one.

    Raises:
        HrnError: SETTINGS_INVALID without a GPU that was asked for, or with fewer GPUs than processes.
    """
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    world, rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
    local = int(os.environ.get("LOCAL_RANK", 0))
    if kind == "cuda" and local >= torch.cuda.device_count():
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("PyTorch can use {count} NVIDIA GPUs, fewer than there are processes.", count=torch.cuda.device_count()),
            hint="Use --device cpu, or start fewer processes.",
        )
    if kind == "cuda":
        torch.cuda.set_device(local)
    if world > 1:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo", timeout=_PATIENCE)
    return Processes(rank, world, torch.device(kind, local) if kind == "cuda" else torch.device("cpu"))


def _synchronised(net: nn.Module) -> nn.Module:
    """In place, so that parameters, names and whoever holds `net` stay the same."""
    return nn.SyncBatchNorm.convert_sync_batchnorm(net)
