"""How many workers this machine bears, and each one's share of its threads."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ..wire.protocol import Settings

__all__ = ["available_memory", "cores", "default_workers", "thread_environment", "worker_memory"]

_BASE_BYTES = 2_300_000_000
"""Of one worker whatever the texture size: libraries, head model, networks, and room for many large photos."""
_BYTES_PER_TEXEL = 50
"""On top, at the peak (docs/speed.md has the measured peaks: 1.5 GB at 2048, 3.2 GB at 8192)."""
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS",
            "OPENCV_FOR_THREADS_NUM")


def worker_memory(settings: Settings) -> int:
    """Bytes that one worker needs at its peak: about 2.5 GB at 2048."""
    return _BASE_BYTES + _BYTES_PER_TEXEL * settings.texture_size ** 2


def default_workers(settings: Settings) -> int:
    """As many as free memory and cores bear, at least one."""
    fit = available_memory() // worker_memory(settings) if available_memory() else cores()
    return max(1, min(cores(), fit))


def thread_environment(workers: int) -> dict[str, str]:
    """Environment variables that give each of `workers` processes its share of the cores.

    Without them every library starts one thread per core in every worker, and they spend their time on each other.
    """
    share = str(max(1, cores() // workers))
    return {name: share for name in _THREADS}


def cores() -> int:
    """Cores that this process may use: affinity and container limits count."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        pass
    return max(1, count)


def available_memory() -> int:
    """Bytes that new processes can take without swapping; 0 where the system does not say."""
    if sys.platform == "win32":
        return _windows_memory()
    free = _meminfo() or _unix_memory()
    limit = _number("/sys/fs/cgroup/memory.max")
    if limit is not None:
        free = min(free or limit, max(0, limit - (_number("/sys/fs/cgroup/memory.current") or 0)))
    return free


def _meminfo() -> int:
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    return 0


def _unix_memory() -> int:
    """macOS tells its whole memory only; half of it is what a batch may plan with."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return 0


def _windows_memory() -> int:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong),
                    *((name, ctypes.c_ulonglong) for name in ("total", "free", "page_total", "page_free", "virtual_total",
                                                              "virtual_free", "extended"))]

    status = Status(length=ctypes.sizeof(Status))
    return status.free if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else 0


def _number(path: str) -> int | None:
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None
