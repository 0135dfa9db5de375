"""Windows' job objects: a child and all that it starts, which end with their owner. Standard library only.

On POSIX a process group does this; Windows has none, and a process whose parent is gone cannot be found from it any more.
The layout of the structures is that of ``winnt.h`` (JOBOBJECT_EXTENDED_LIMIT_INFORMATION).
"""

from __future__ import annotations

import ctypes

__all__ = ["Job"]

_KILL_ON_JOB_CLOSE = 0x2000
"""Windows' JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE."""
_EXTENDED_LIMIT_INFORMATION = 9
"""Windows' number of the class JobObjectExtendedLimitInformation."""
_KILLED = 137
"""Exit code of what is killed: the one that shells report for SIGKILL."""


class _BasicLimits(ctypes.Structure):
    _fields_ = [
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    ]


class _ExtendedLimits(ctypes.Structure):
    _fields_ = [
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    ]


class Job:
    """A job that ends its processes when it is closed, also when this process dies: Windows closes its handle then.

    Args:
        process: handle of the first process (``subprocess.Popen._handle``); what it starts belongs to the job as well.

    Raises:
        OSError: Windows refuses.
    """

    def __init__(self, process: int):
        self._kernel = kernel = _kernel()
        self._handle = kernel.CreateJobObjectW(None, None)
        if not self._handle:
            raise OSError("CreateJobObject failed")
        limits = _ExtendedLimits()
        limits.BasicLimitInformation.LimitFlags = _KILL_ON_JOB_CLOSE
        if not (
            kernel.SetInformationJobObject(
                self._handle, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), ctypes.sizeof(limits)
            )
            and kernel.AssignProcessToJobObject(self._handle, process)
        ):
            self.close()
            raise OSError("AssignProcessToJobObject failed")

    def kill(self) -> None:
        """End all processes of the job."""
        if self._handle:
            self._kernel.TerminateJobObject(self._handle, _KILLED)

    def close(self) -> None:
        """Let go of the job, which ends what is left of it."""
        handle, self._handle = self._handle, None
        if handle:
            self._kernel.CloseHandle(handle)


def _kernel():
    """``kernel32`` with the types of what is used: without them handles would be cut to 32 bits."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    handle, number = ctypes.c_void_p, ctypes.c_uint32
    for name, result, arguments in (
        ("CreateJobObjectW", handle, [ctypes.c_void_p, ctypes.c_wchar_p]),
        ("SetInformationJobObject", ctypes.c_int, [handle, ctypes.c_int, ctypes.c_void_p, number]),
        ("AssignProcessToJobObject", ctypes.c_int, [handle, handle]),
        ("TerminateJobObject", ctypes.c_int, [handle, ctypes.c_uint]),
        ("CloseHandle", ctypes.c_int, [handle]),
    ):
        function = getattr(kernel, name)
        function.restype, function.argtypes = result, arguments
    return kernel
