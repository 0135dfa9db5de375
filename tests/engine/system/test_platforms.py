"""What runs on other systems only, against stand-ins for their interfaces: Windows, macOS, Linux containers."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.system import machine
from engine.wire import atomic, child_process, locks, windows_job
from engine.wire.errors import ErrorCode, HrnError

WINDOWS, MAC = SimpleNamespace(platform="win32"), SimpleNamespace(platform="darwin")
VM_STAT = """Mach Virtual Memory Statistics: (page size of 16384 bytes)
Pages free:                               10000.
Pages active:                            300000.
Pages inactive:                           20000.
Pages speculative:                         3000.
Pages wired down:                        100000.
Pages purgeable:                           4000.
"Translation faults":                 123456789.
File-backed pages:                        99999.
"""


class Msvcrt:
    """One byte can be locked once; closing the file does not unlock it at once, as Windows warns."""

    LK_NBLCK, LK_UNLCK = 2, 0

    def __init__(self):
        self.locked: set[int] = set()
        self.error: OSError | None = None

    def locking(self, descriptor: int, mode: int, count: int) -> None:
        file = os.fstat(descriptor).st_ino
        assert count == 1
        if mode == self.LK_UNLCK:
            self.locked.remove(file)
        elif self.error is not None:
            raise self.error
        elif file in self.locked:
            raise PermissionError(errno.EACCES, "Permission denied")
        else:
            self.locked.add(file)


@pytest.fixture
def msvcrt(monkeypatch):
    fake = Msvcrt()
    monkeypatch.setitem(sys.modules, "msvcrt", fake)
    monkeypatch.setattr(locks, "sys", WINDOWS)
    return fake


class TestWindowsLocks:
    def test_one_at_a_time_and_free_as_soon_as_it_is_closed(self, msvcrt, tmp_path):
        with locks.try_lock(tmp_path / "x"):
            assert locks.try_lock(tmp_path / "x") is None
        lock = locks.try_lock(tmp_path / "x")
        lock.close(), lock.close()
        assert not msvcrt.locked

    def test_a_drive_without_locks_is_one_sentence(self, msvcrt, tmp_path):
        msvcrt.error = OSError(errno.EINVAL, "Invalid argument")
        with pytest.raises(HrnError) as caught:
            locks.try_lock(tmp_path / "x")
        assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE


class TestWindowsFiles:
    @pytest.fixture(autouse=True)
    def windows(self, monkeypatch):
        monkeypatch.setattr(atomic, "sys", WINDOWS)

    def test_a_record_that_a_virus_scanner_reads_is_replaced_a_moment_later(self, tmp_path, monkeypatch):
        replace, refusals = os.replace, [PermissionError(errno.EACCES, "in use")] * 3

        def sometimes(source, target):
            if refusals:
                raise refusals.pop()
            replace(source, target)

        monkeypatch.setattr(os, "replace", sometimes)
        atomic.replace_file(tmp_path / "x", "new")
        assert (tmp_path / "x").read_text() == "new" and not refusals

    def test_files_are_flushed_through_a_handle_that_may_write_and_folders_not_at_all(self, tmp_path, monkeypatch):
        modes = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE))
        fcntl = pytest.importorskip("fcntl")
        (tmp_path / "a").write_text("a")
        atomic.flush_file(tmp_path / "a")
        atomic.flush_folder(tmp_path)
        assert modes == [os.O_RDWR]

    def test_a_read_only_file_is_no_reason_to_stop(self, tmp_path, monkeypatch):
        def refused(*_):
            raise PermissionError(errno.EACCES, "read-only")

        monkeypatch.setattr(atomic, "open", refused, raising=False)
        atomic.flush_file(tmp_path / "photo.jpg")
        monkeypatch.setattr(atomic, "sys", MAC)
        with pytest.raises(PermissionError):
            atomic.flush_file(tmp_path / "photo.jpg")

    @pytest.mark.parametrize("winerror", [39, 112, 1295])
    def test_a_full_disk_is_known_by_its_windows_number(self, winerror):
        error = OSError(errno.EINVAL, "The disk is full.")
        error.winerror = winerror
        assert atomic.output_error(error, Path("x")).code is ErrorCode.DISK_FULL


class TestMemory:
    def test_mac(self, monkeypatch):
        monkeypatch.setattr(machine, "sys", MAC)
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=VM_STAT))
        assert machine.available_memory() == 33000 * 16384

    @pytest.mark.parametrize(
        "answer", ["", "Mach Virtual Memory Statistics:", OSError("no such tool"), subprocess.TimeoutExpired("vm_stat", 5)]
    )
    def test_mac_without_its_tool_plans_with_half_of_all(self, monkeypatch, answer):
        def run(*_, **__):
            if isinstance(answer, Exception):
                raise answer
            return SimpleNamespace(stdout=answer)

        monkeypatch.setattr(machine, "sys", MAC)
        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 16384, "SC_PHYS_PAGES": 1000}.get)
        assert machine.available_memory() == 500 * 16384

    @pytest.mark.parametrize(
        "free, commit, found, expected",
        [(8 << 30, 20 << 30, 1, 8 << 30), (8 << 30, 3 << 30, 1, 3 << 30), (8 << 30, 3 << 30, 0, 0)],
    )
    def test_windows(self, monkeypatch, free, commit, found, expected):
        def status(pointer):
            structure = pointer._obj
            assert structure.length == ctypes.sizeof(structure) == 64  # as MEMORYSTATUSEX has it
            structure.free, structure.page_free = free, commit
            return found

        monkeypatch.setattr(machine, "sys", WINDOWS)
        monkeypatch.setattr(
            ctypes, "windll", SimpleNamespace(kernel32=SimpleNamespace(GlobalMemoryStatusEx=status)), raising=False
        )
        assert machine.available_memory() == expected

    @pytest.mark.parametrize(
        "files",
        [
            {
                "memory.max": "8000000000\n",
                "memory.current": "6000000000\n",
                "memory.stat": "anon 5\ninactive_file 1000000000\n",
                "cpu.max": "150000 100000\n",
            },
            {
                "memory/memory.limit_in_bytes": "8000000000\n",
                "memory/memory.usage_in_bytes": "6000000000\n",
                "memory/memory.stat": "total_inactive_file 1000000000\n",
                "cpu/cpu.cfs_quota_us": "150000\n",
                "cpu/cpu.cfs_period_us": "100000\n",
            },
        ],
        ids=["version 2", "version 1"],
    )
    def test_containers_limits_count(self, tmp_path, monkeypatch, files):
        for name, text in {**files, "meminfo": "MemTotal: 64000000 kB\nMemAvailable: 32000000 kB\n"}.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        monkeypatch.setattr(machine, "sys", SimpleNamespace(platform="linux"))
        monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
        monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "meminfo")
        monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)
        assert machine.available_memory() == 3_000_000_000 and machine.cores() == 2
        (tmp_path / next(iter(files))).unlink()
        assert machine.available_memory() == 32_000_000 * 1024

    def test_cores_without_limits(self, tmp_path, monkeypatch):
        monkeypatch.setattr(machine, "_CGROUPS", tmp_path)
        monkeypatch.delattr(os, "process_cpu_count", raising=False)
        monkeypatch.delattr(os, "sched_getaffinity", raising=False)
        monkeypatch.setattr(os, "cpu_count", lambda: 6)
        assert machine.cores() == 6
        (tmp_path / "cpu.max").write_text("max 100000\n")
        assert machine.cores() == 6


class Kernel:
    """``kernel32``: a job ends its processes when its only handle is closed."""

    def __init__(self, refuse: str = ""):
        self.refuse, self.processes, self.calls = refuse, [], []
        for name in (
            "CreateJobObjectW",
            "SetInformationJobObject",
            "AssignProcessToJobObject",
            "TerminateJobObject",
            "CloseHandle",
        ):
            setattr(self, name, self._function(name))

    def _function(self, name):
        def call(*arguments):
            self.calls.append(name)
            if name == self.refuse:
                return 0
            if name == "SetInformationJobObject":
                limits = arguments[2]._obj
                assert arguments[1] == 9 and arguments[3] == ctypes.sizeof(limits) == 144  # 64 bits, as winnt.h has it
                assert limits.BasicLimitInformation.LimitFlags == 0x2000
                assert type(limits.BasicLimitInformation).LimitFlags.offset == 16
            elif name == "AssignProcessToJobObject":
                self.processes.append(arguments[1])
            elif name in ("TerminateJobObject", "CloseHandle"):
                for process in self.processes:
                    process.kill()
            return 1

        return lambda *arguments: call(*arguments)


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="sizes of 64 bit structures")
class TestWindowsProcesses:
    @pytest.fixture
    def start(self, monkeypatch):
        """Starts a child as on Windows, with a kernel of the test's."""
        plain, children = subprocess.Popen, []

        def popen(command, creationflags=0, **options):
            assert creationflags == 0x8000000 | 0x200 and "start_new_session" not in options
            process = plain(command, **options)
            process._handle = process
            return process

        def start(kernel: Kernel, code: str = "import time; time.sleep(60)"):
            monkeypatch.setattr(child_process, "sys", WINDOWS)
            monkeypatch.setattr(child_process, "int", lambda handle: handle, raising=False)
            monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x8000000, raising=False)
            monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
            monkeypatch.setattr(subprocess, "Popen", popen)
            monkeypatch.setattr(ctypes, "WinDLL", lambda name: kernel, raising=False)
            children.append(child_process.ChildProcess([sys.executable, "-c", code], env=dict(os.environ)))
            end = time.monotonic() + 10
            while children[-1].pid is None or "CreateJobObjectW" not in kernel.calls:
                assert time.monotonic() < end
                time.sleep(0.01)
            return children[-1]

        yield start
        for child in children:
            child._popen.kill()

    def test_a_child_belongs_to_a_job_and_is_killed_with_all_that_it_started(self, start):
        kernel = Kernel()
        child = start(kernel)
        child.kill()
        assert child.wait(5)
        assert kernel.calls == [
            "CreateJobObjectW",
            "SetInformationJobObject",
            "AssignProcessToJobObject",
            "TerminateJobObject",
            "CloseHandle",
        ]

    def test_what_a_child_leaves_behind_ends_with_it(self, start):
        kernel = Kernel()
        assert start(kernel, "pass").wait(5)
        assert kernel.calls[-1] == "CloseHandle" and "TerminateJobObject" not in kernel.calls

    @pytest.mark.parametrize("refuse", ["CreateJobObjectW", "AssignProcessToJobObject"])
    def test_without_a_job_windows_own_tool_kills_the_tree(self, start, monkeypatch, refuse):
        commands = []
        monkeypatch.setattr(subprocess, "run", lambda command, **_: commands.append(command))
        child = start(Kernel(refuse))
        child.kill()
        assert child.wait(5)
        assert commands == [["taskkill", "/F", "/T", "/PID", str(child.pid)]]

    def test_an_unknown_windows_is_no_crash(self, monkeypatch):
        def missing(name):
            raise OSError("no such library")

        monkeypatch.setattr(ctypes, "WinDLL", missing, raising=False)
        with pytest.raises(OSError):
            windows_job.Job(4)
