"""Why the engine died, as far as its exit code and last words tell."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from .errors import ErrorCode, HrnError
from .messages import say

__all__ = ["count_oom_kills", "explain_exit"]

_MEMORY_WORDS = ("MemoryError", "bad_alloc", "out of memory", "can't allocate memory", "Cannot allocate memory")
"""Words with which Python and libraries say that memory is short."""
_WINDOWS_NO_MEMORY = {0xC0000017, 0xC000012D}
"""Windows' exit codes STATUS_NO_MEMORY and STATUS_COMMITMENT_LIMIT."""
_KILLED = (-9, 137)
"""Exit codes of SIGKILL: as seen by the parent, and as passed on by a shell or launcher in between."""


def count_oom_kills() -> int | None:
    """How many processes Linux has killed for want of memory since it started; None on other systems."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        for line in Path("/proc/vmstat").read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return None


def explain_exit(code: int, last_words: Iterable[str], oom_kills_before: int | None) -> HrnError:
    """The error of a child that ended in the middle of a request.

    Args:
        code: as of :attr:`subprocess.Popen.returncode`; negative is a signal.
        last_words: its last lines of stderr.
        oom_kills_before: :func:`count_oom_kills` when it was started.
    """
    tail = list(last_words)[-10:]
    details = {"exit_code": code, "stderr": tail}
    after = count_oom_kills()
    counted = oom_kills_before is not None and after is not None and after > oom_kills_before
    starved = code in _KILLED and counted
    if starved or code & 0xFFFFFFFF in _WINDOWS_NO_MEMORY or any(w in line for w in _MEMORY_WORDS for line in tail):
        return HrnError(ErrorCode.OUT_OF_MEMORY, "The engine ran out of memory.", details=details)
    if code in _KILLED:
        return HrnError(
            ErrorCode.ENGINE_CRASHED,
            "The engine was killed by the system or by another program.",
            hint="Try again. If it happens again, memory is probably short: close other programs or choose a smaller texture size.",
            details=details,
        )
    if code < 0:
        return HrnError(ErrorCode.ENGINE_CRASHED, say("The engine crashed (signal {number}).", number=-code), details=details)
    shown = str(code) if code < 256 else f"0x{code:08X}"
    return HrnError(
        ErrorCode.ENGINE_CRASHED, say("The engine stopped unexpectedly (exit code {code}).", code=shown), details=details
    )
