"""Memory between two reconstructions."""

from __future__ import annotations

import ctypes
import gc
import sys

__all__ = ["give_back_memory"]


def give_back_memory() -> None:
    """Return what the last reconstruction no longer needs to the system.

    Cycles first: a failed one's arrays hang on the frames of its traceback. Then the C library's heap: glibc keeps freed
    pieces between live ones, and the process would grow a little with every photo (measured: 2.5 MiB, without end).
    """
    gc.collect()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except (AttributeError, OSError):
            pass  # another C library, which has no such function
