"""Looking at processes from outside."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["is_running", "pid_exists"]


def pid_exists(pid: int) -> bool:
    """Also true for zombies."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_running(pid: int) -> bool:
    """Whether `pid` runs; an orphan that nobody waits for in this machine's container counts as ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return pid_exists(pid) if not Path("/proc").is_dir() else False
