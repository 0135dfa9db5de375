"""How many workers this machine has room for, and the share of its threads that each one gets."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
from pathlib import Path

from ..wire.settings import Settings

__all__ = ["available_memory", "cores", "default_workers", "thread_environment", "worker_memory"]

_BASE_BYTES = 2_300_000_000
"""Bytes of one worker whatever the texture size: libraries, head model, networks, and room for many large photos."""
_BYTES_PER_TEXEL = 50
"""Bytes per texel on top of these, at the peak (docs/evidence/speed.md has the measured peaks: 1.4 GB at 2048, 3.2 GB at
8192)."""
_CGROUPS = Path("/sys/fs/cgroup")
"""Where Linux shows its control groups."""
_MEMINFO = Path("/proc/meminfo")
"""Where Linux shows its memory."""
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)
"""Environment variables by which libraries choose their number of threads."""


def worker_memory(settings: Settings) -> int:
    """Bytes that one worker needs at its peak: about 2.5 GB at 2048."""
    return _BASE_BYTES + _BYTES_PER_TEXEL * settings.texture_size**2


def default_workers(settings: Settings) -> int:
    """As many workers as free memory and cores allow, at least one."""
    fit = available_memory() // worker_memory(settings) if available_memory() else cores()
    return max(1, min(cores(), fit))


def thread_environment(workers: int) -> dict[str, str]:
    """Environment variables that give each of `workers` processes its share of the cores.

    Without them every library starts one thread per core in every worker, and they spend their time on each other.
    """
    share = str(max(1, cores() // workers))
    return dict.fromkeys(_THREADS, share)


def cores() -> int:
    """Cores that this process may use: affinity and container limits count where the system tells them."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        count = os.process_cpu_count() or 1
    else:
        count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _cpu_quota()
    return max(1, count if quota is None else min(count, round(quota)))


def available_memory() -> int:
    """Bytes that new processes can take without swapping; 0 where the system does not say."""
    if sys.platform == "win32":
        return _windows_memory()
    if sys.platform == "darwin":
        return _mac_memory() or _half_of_all_memory()
    free = _meminfo() or _half_of_all_memory()
    limit = _container_memory()
    return free if limit is None else min(free or limit, limit)


# -- Linux -------------------------------------------------------------------------------------------------------------


def _cpu_quota() -> float | None:
    """Cores that a container may use, from either version of Linux' control groups."""
    try:
        quota, period = (_CGROUPS / "cpu.max").read_text().split()
        return int(quota) / int(period)
    except (OSError, ValueError):
        pass  # No container, no limit ("max"), or version 1.
    quota, period = _number(_CGROUPS / "cpu/cpu.cfs_quota_us"), _number(_CGROUPS / "cpu/cpu.cfs_period_us")
    return quota / period if quota and period and quota > 0 else None


def _container_memory() -> int | None:
    """Bytes that are left of a container's limit; files that it keeps in memory give way and do not count as used."""
    for limit_file, used_file, cached_name in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit = _number(_CGROUPS / limit_file)
        if limit is not None:
            used = _number(_CGROUPS / used_file) or 0
            return max(0, limit - used + _fields((_CGROUPS / used_file).parent / "memory.stat").get(cached_name, 0))
    return None


def _meminfo() -> int:
    return _fields(_MEMINFO).get("MemAvailable:", 0) << 10


def _fields(path: Path) -> dict[str, int]:
    """Lines ``name number …`` of one of the kernel's files."""
    try:
        rows = [line.split() for line in path.read_text().splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[1].isdigit()}
    except (OSError, ValueError):
        return {}


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


# -- macOS and Windows -------------------------------------------------------------------------------------------------


def _mac_memory() -> int:
    """Free pages and those that macOS gives up without swapping, by its own tool."""
    try:
        text = subprocess.run(["/usr/bin/vm_stat"], capture_output=True, text=True, timeout=5, check=True).stdout
        page = int(re.search(r"page size of (\d+) bytes", text)[1])
    except (OSError, subprocess.SubprocessError, TypeError):
        return 0
    pages = dict(re.findall(r"^Pages (\w+): +(\d+)\.$", text, re.MULTILINE))
    return page * sum(int(pages.get(kind, 0)) for kind in ("free", "inactive", "speculative"))


def _half_of_all_memory() -> int:
    """What a batch may plan with where a system tells its whole memory only."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return 0


class _WindowsStatus(ctypes.Structure):
    """MEMORYSTATUSEX of ``sysinfoapi.h``."""

    _fields_ = [
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *(
            (name, ctypes.c_uint64)
            for name in ("total", "free", "page_total", "page_free", "virtual_total", "virtual_free", "extended")
        ),
    ]


def _windows_memory() -> int:
    """Free memory, or what may still be committed where that is less: without a paging file Windows promises no more."""
    status = _WindowsStatus(length=ctypes.sizeof(_WindowsStatus))
    found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return min(status.free, status.page_free) if found else 0
