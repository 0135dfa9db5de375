"""Runs a batch command to its end while killing its workers and the command itself; watches its memory. Linux only."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["KilledRun", "children", "resident_mib", "run_and_kill"]

_SAMPLE_SECONDS = 0.5
"""Time between two measurements of memory, seconds."""


@dataclass
class KilledRun:
    """The course of a command that was killed again and again."""

    status: int = -1
    """Exit status of the run that was left alone in the end."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Processor time of the command and its workers."""
    others_cores: float = 0.0
    """Cores that other programs kept busy meanwhile, on average."""
    worker_kills: int = 0
    runner_kills: int = 0
    runner_mib: list[float] = field(default_factory=list)
    """Resident memory of the command itself over time."""
    worker_mib: dict[int, list[float]] = field(default_factory=dict)
    """The same for each worker process."""


def run_and_kill(
    command: Sequence[str],
    *,
    kill_every: float,
    runner_share: float,
    seed: int,
    log: Path,
    environment: dict[str, str] | None = None,
    limit: float = 7200.0,
) -> KilledRun:
    """Run `command`, again after every time it was killed, until it ends by itself.

    Args:
        kill_every: mean seconds between two SIGKILLs; 0 for none.
        runner_share: part of the kills that hit the command instead of one of its workers.
        log: receives stdout and stderr of all runs.
        limit: seconds after which no more is killed, so that it ends.
    """
    chance, figures, begin, cpu = random.Random(seed), KilledRun(), time.monotonic(), _cpu_seconds()
    busy = _busy_seconds()
    next_kill = chance.expovariate(1 / kill_every) if kill_every else float("inf")
    with open(log, "ab") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment)
        sampled = 0.0
        try:
            while True:
                now = time.monotonic() - begin
                if now >= next_kill and now < limit:
                    next_kill = now + chance.expovariate(1 / kill_every)
                    workers = children(process.pid)
                    if chance.random() < runner_share:
                        process.kill()
                        process.wait()
                        figures.runner_kills += 1
                        process = subprocess.Popen(
                            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, env=environment
                        )
                    elif workers:
                        os.kill(chance.choice(workers), signal.SIGKILL)
                        figures.worker_kills += 1
                if now - sampled >= _SAMPLE_SECONDS:
                    sampled = now
                    figures.runner_mib.append(resident_mib(process.pid))
                    for pid in children(process.pid):
                        figures.worker_mib.setdefault(pid, []).append(resident_mib(pid))
                if (status := process.poll()) is not None:
                    figures.status, figures.seconds = status, time.monotonic() - begin
                    figures.cpu_seconds = _cpu_seconds() - cpu
                    figures.others_cores = max(0.0, _busy_seconds() - busy - figures.cpu_seconds) / figures.seconds
                    return figures
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait()


def _cpu_seconds() -> float:
    """Processor time of all processes below this one that have ended and were waited for, seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _busy_seconds() -> float:
    """Processor time that all programs of this machine have used since it started."""
    user, nice, system = map(int, Path("/proc/stat").read_text().split(maxsplit=4)[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """Process numbers of a process's children."""
    try:
        return [int(word) for task in Path(f"/proc/{pid}/task").iterdir() for word in (task / "children").read_text().split()]
    except OSError:
        return []


def resident_mib(pid: int) -> float:
    """Resident memory of a process in MiB; 0 when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0
