"""A child process that never makes its owner wait.

Starting, reading, writing and waiting happen in daemon threads; the owner, Blender's main thread or the runner of a
batch, only looks into a queue. This module knows nothing of Blender or of the engine's messages and imports the standard
library only.

One thread owns the life of the child: it starts it, waits for it and reports its exit as the last event. So there are
no zombies, and an exit is always reported after the last line that the child wrote.
"""

from __future__ import annotations

import atexit
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from .atomic import rename
from .windows_job import Job

__all__ = ["ChildProcess", "Exited", "Line", "LogFile", "SpawnFailed", "clean_environment", "kill_all"]

_QUEUE_SIZE = 2000
"""Lines that may wait for the owner. A full queue stops the reader and so, through the full pipe, the child."""

_alive: weakref.WeakSet[ChildProcess] = weakref.WeakSet()


@dataclass(frozen=True)
class Line:
    """One line of the child's stdout, newline included unless it was the last or longer than allowed."""

    data: bytes


@dataclass(frozen=True)
class SpawnFailed:
    """The program could not be started; no other event follows."""

    error: OSError


@dataclass(frozen=True)
class Exited:
    """The child ended; no other event follows. A negative code is a signal, as in :mod:`subprocess`."""

    code: int


Event = Line | SpawnFailed | Exited


def clean_environment(environ: Mapping[str, str], host_folder: str | None = None, **extra: str) -> dict[str, str]:
    """Environment for a foreign Python: without the host's Python settings, preloads and private folders.

    Args:
        environ: usually ``os.environ``.
        host_folder: folder of the host program; entries of the search paths inside it are dropped.
        extra: variables to set.
    """
    dropped = {"LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "__PYVENV_LAUNCHER__"}
    result = {k: v for k, v in environ.items() if not k.upper().startswith("PYTHON") and k not in dropped}
    if host_folder:
        inside = os.path.normcase(os.path.join(os.path.abspath(host_folder), ""))
        for key in ("PATH", "Path", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
            if key in result:
                kept = [
                    p
                    for p in result[key].split(os.pathsep)
                    if not os.path.normcase(os.path.join(os.path.abspath(p), "")).startswith(inside)
                ]
                result[key] = os.pathsep.join(kept)
    result.update(extra)
    return result


class LogFile:
    """A text log that is cut at `max_bytes`; older parts are kept as ``NAME.1`` and ``NAME.2``.

    A log that cannot be written is silently given up.
    """

    def __init__(self, path: Path, max_bytes: int = 1 << 20):
        self.path = Path(path)
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._stream: BinaryIO | None = None
        self._failed = False

    def write(self, data: bytes) -> None:
        with self._lock:
            if self._failed:
                return
            try:
                stream = self._stream
                if stream is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    self._stream = stream = self._open()
                if stream.tell() > self._max_bytes:
                    stream = self._rotate(stream)
                stream.write(data)
            except OSError:
                self._failed = True

    def close(self) -> None:
        with self._lock:
            if self._stream is not None:
                self._stream.close()
                self._stream = None

    def _open(self) -> BinaryIO:
        return open(self.path, "ab", buffering=0)

    def _rotate(self, stream: BinaryIO) -> BinaryIO:
        stream.close()
        try:
            older = [self.path, *(self.path.with_name(f"{self.path.name}.{i}") for i in (1, 2))]
            for source, target in ((older[1], older[2]), (older[0], older[1])):
                if source.exists():
                    rename(source, target, patience=0)
        except OSError:
            pass  # Windows refuses while a second Blender writes to the same log: go on appending.
        self._stream = self._open()
        return self._stream


class ChildProcess:
    """A running program. Construction returns at once; everything is reported by :meth:`events`.

    Args:
        command: program and arguments.
        env: the whole environment.
        cwd: working folder.
        log: where the child's stderr goes.
        max_line: longer lines of stdout are cut there and handed over as they are.
        merge_stderr: hand stderr over as lines of stdout too (still logged).
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str | os.PathLike | None = None,
        log: LogFile | None = None,
        max_line: int = 1 << 20,
        merge_stderr: bool = False,
    ):
        self.command = [str(part) for part in command]
        self.stderr_tail: deque[str] = deque(maxlen=40)
        """The last lines of stderr, for error reports."""
        self._env, self._cwd, self._log, self._max_line, self._merge = dict(env), cwd, log, max_line, merge_stderr
        self._events: queue.Queue[Event] = queue.Queue(_QUEUE_SIZE)
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._popen: subprocess.Popen | None = None
        self._job: Job | None = None
        """Windows: the child with all that it starts."""
        self._kill_wanted = False
        self._ended = threading.Event()
        _alive.add(self)
        self._thread = threading.Thread(target=self._live, name="hrn-child", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen else None

    @property
    def ended(self) -> bool:
        """Whether the program is gone and waited for."""
        return self._ended.is_set()

    def events(self, limit: int = 500) -> list[Event]:
        """What happened since the last call, oldest first, without waiting."""
        found: list[Event] = []
        while len(found) < limit:
            try:
                found.append(self._events.get_nowait())
            except queue.Empty:
                break
        return found

    def next_event(self, timeout: float) -> Event | None:
        """The next event, waited for at most `timeout` seconds; for owners that have a thread to spare."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def send(self, data: bytes) -> None:
        """Write to the child's stdin, without waiting. Data for a dead child is dropped: its exit is reported."""
        self._outbox.put(data)

    def close_stdin(self) -> None:
        """End of input, which asks a well-behaved child to leave."""
        self._outbox.put(None)

    def kill(self) -> None:
        """End the child and everything that it started, without waiting."""
        with self._lock:
            self._kill_wanted = True
            self._kill_now()

    def wait(self, timeout: float) -> bool:
        """Wait for the end; for exit handlers and tests only."""
        return self._ended.wait(timeout)

    # -- threads -------------------------------------------------------------------------------------------------

    def _live(self) -> None:
        options: dict = {}
        if sys.platform == "win32":
            options["creationflags"] = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        else:
            options["start_new_session"] = True  # Ctrl+C in Blender's terminal must not reach the child.
        try:
            popen = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._env,
                cwd=self._cwd,
                **options,
            )
        except (OSError, ValueError) as error:
            self._ended.set()
            self._put(SpawnFailed(error if isinstance(error, OSError) else OSError(str(error))))
            return
        with self._lock:
            self._popen = popen
            if sys.platform == "win32":
                self._join_job(popen)
            if self._kill_wanted:
                self._kill_now()
        threads = [
            threading.Thread(target=run, args=arguments, name=f"hrn-child-{run.__name__}", daemon=True)
            for run, arguments in (
                (self._read_stdout, (popen, popen.stdout)),
                (self._read_stderr, (popen.stderr,)),
                (self._write_stdin, (popen.stdin,)),
            )
        ]
        for thread in threads:
            thread.start()
        code = popen.wait()
        self._outbox.put(None)
        # Lines still in the pipe come before the exit. A grandchild may hold the pipe open: do not wait for it.
        deadline = time.monotonic() + 2
        threads[1].join(0.5)
        while threads[0].is_alive() and time.monotonic() < deadline:
            threads[0].join(0.1)
        with self._lock:
            self._kill_group(popen)
            if self._job is not None:
                self._job.close()
        self._ended.set()
        self._put(Exited(code))

    def _read_stdout(self, popen: subprocess.Popen, stdout: IO[bytes]) -> None:
        try:
            while line := stdout.readline(self._max_line + 1):
                self._put(Line(line))
        except (OSError, ValueError):
            pass
        try:
            popen.wait(2)
        except subprocess.TimeoutExpired:
            self.kill()  # It closed its stdout, so nothing can be heard from it any more.

    def _read_stderr(self, stderr: IO[bytes]) -> None:
        try:
            while line := stderr.readline(1 << 16):
                self.stderr_tail.append(line.decode("utf-8", "replace").rstrip()[:500])
                if self._log is not None:
                    self._log.write(line)
                if self._merge:
                    self._put(Line(line))
        except (OSError, ValueError):
            pass

    def _write_stdin(self, stdin: IO[bytes]) -> None:
        try:
            while (data := self._outbox.get()) is not None:
                stdin.write(data)
                stdin.flush()
        except (OSError, ValueError):
            pass
        try:
            stdin.close()
        except OSError:
            pass

    def _put(self, event: Event) -> None:
        """Hand an event over; give up when the owner let the child go."""
        while True:
            try:
                return self._events.put(event, timeout=0.5)
            except queue.Full:
                if self._kill_wanted:
                    return

    def _kill_now(self) -> None:
        popen = self._popen
        if popen is None or popen.poll() is not None:
            return
        if self._job is not None:
            self._job.kill()
        elif sys.platform == "win32":
            threading.Thread(target=_kill_tree, args=(popen,), name="hrn-child-kill", daemon=True).start()
        else:
            self._kill_group(popen)
            popen.kill()

    def _join_job(self, popen: subprocess.Popen) -> None:
        """Windows has no process groups; where it refuses a job object, :func:`_kill_tree` does what it can."""
        try:
            self._job = Job(int(popen._handle))  # type: ignore[attr-defined]
        except (OSError, AttributeError):
            self._job = None

    @staticmethod
    def _kill_group(popen: subprocess.Popen) -> None:
        """Kill what the child left behind. The group's number stays taken as long as a member lives."""
        if sys.platform != "win32":
            try:
                os.killpg(popen.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass


def _kill_tree(popen: subprocess.Popen) -> None:
    """Windows' own tool follows the tree from parent to child."""
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(popen.pid)]
        try:
            subprocess.run(command, capture_output=True, timeout=5, creationflags=subprocess.CREATE_NO_WINDOW)
        except (OSError, subprocess.TimeoutExpired):
            pass
    popen.kill()


def kill_all(timeout: float = 1.0) -> None:
    """End every child; called when Blender exits."""
    children = [child for child in _alive if not child.ended]
    for child in children:
        child.kill()
    deadline = time.monotonic() + timeout
    for child in children:
        child.wait(max(0.0, deadline - time.monotonic()))


atexit.register(kill_all)
