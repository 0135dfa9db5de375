"""``engine serve``: a warm engine that takes requests on stdin and answers on stdout (docs/develop/protocol.md).

The main thread reads requests and answers at once; one worker thread loads the models and then runs one
reconstruction at a time. A second request while one runs is refused with ``BUSY``: the queue of photos belongs to the
client, which can show and reorder it.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from . import __version__
from .requests import WORK, early_folder
from .system.failures import as_hrn_error
from .system.memory import give_back_memory
from .system.progress import Receiver
from .wire.bundle import remove_own_partials
from .wire.claims import release_own_claims
from .wire.errors import ErrorCode, HrnError
from .wire.messages import as_message, say
from .wire.protocol import (
    MAX_LINE_BYTES,
    PROTOCOL_VERSION,
    decode_line,
    encode_line,
    error_response,
    notification,
    overall_fraction,
    response,
    versions_match,
)
from .wire.settings import Settings
from .wire.sliders import SLIDERS

__all__ = ["Server", "serve"]

_log = logging.getLogger(__name__)
_PROGRESS_SECONDS = 0.05
"""Least time between two progress messages of one stage."""
_PARENT_SECONDS = 1.0
"""Seconds between two looks at whether the parent process is still there (stdin may be held open by another child of it)."""


def serve() -> int:
    """Take over stdin and stdout and serve until stdin ends. Does not return: threads may be deep in native code."""
    requests, answers = _take_streams()
    server = Server(requests, answers)
    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: server.quit(128 + number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the client's terminal is the client's business.
    _watch_parent(server)
    server.run()
    return 0


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Private handles of stdin and stdout; whatever a library prints from now on goes to stderr."""
    sys.stdout.flush()
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdout = sys.stderr
    if sys.platform == "win32":
        import msvcrt

        for handle in (requests, answers):
            msvcrt.setmode(handle, os.O_BINARY)
    return os.fdopen(requests, "rb"), os.fdopen(answers, "wb", buffering=0)


def _watch_parent(server: Server) -> None:
    """End with the parent. Not by Linux's death signal: that one follows the *thread* that started us."""
    if sys.platform == "win32":
        return  # Process numbers of parents are not updated there; the client's job object ends us.
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_SECONDS)
        server.quit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()


@dataclass
class _Job:
    id: int
    work: Callable[[Receiver], dict]
    """Does what was asked for; its argument is told of the progress. Answers the result."""
    heavy: bool = True
    """Whether it takes so much memory that giving it back afterwards is worth the time."""
    early: str | None = None
    """Folder for what can be shown before the head is finished."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    started: bool = False
    answered: bool = False
    last_stage: str = ""
    last_sent: float = 0.0


class Server:
    """The protocol on a pair of binary streams.

    Args:
        requests: read line by line until its end.
        answers: unbuffered.
    """

    def __init__(self, requests: BinaryIO, answers: BinaryIO):
        self._requests, self._answers = requests, answers
        self._write_lock = threading.Lock()
        self._state = threading.Lock()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._job: _Job | None = None
        self._quitting = False

    def run(self) -> None:
        """Serve until the requests end, then :meth:`quit`."""
        self._send(notification("ready", {"protocol": PROTOCOL_VERSION, "engine_version": __version__, "pid": os.getpid()}))
        threading.Thread(target=self._work, name="worker", daemon=True).start()
        while line := self._requests.readline(MAX_LINE_BYTES + 1):
            while not line.endswith(b"\n") and len(line) > MAX_LINE_BYTES and (more := self._requests.readline(1 << 16)):
                line = line[: MAX_LINE_BYTES + 1] + (b"\n" if more.endswith(b"\n") else b"")
            if line.strip():
                self._take(line)
        self.quit(0)

    def quit(self, status: int) -> None:
        """End the process now; a reconstruction that runs leaves nothing behind."""
        if self._quitting:
            return
        self._quitting = True
        job = self._job
        if job is not None:
            job.cancelled.set()
        remove_own_partials()
        release_own_claims()
        logging.shutdown()
        os._exit(status)

    # -- requests --------------------------------------------------------------------------------------------------

    def _take(self, line: bytes) -> None:
        id_ = None
        try:
            message = decode_line(line)
            id_ = message.get("id")
            if not isinstance(id_, int) or not isinstance(message.get("params", {}), dict):
                raise HrnError(
                    ErrorCode.ENGINE_PROTOCOL, "A request needs a whole number as its id and an object as its params."
                )
            answer = self._answer(id_, message.get("method"), message.get("params", {}))
            if answer is not None:
                self._send(response(id_, answer))
        except Exception as error:
            self._send(error_response(id_ if isinstance(id_, int) else None, as_hrn_error(error)))
            return
        if message.get("method") == "shutdown":
            self.quit(0)

    def _answer(self, id_: int, method: str | None, params: dict) -> dict | None:
        if method == "initialize":
            return self._initialize(params)
        if method == "ping":
            return {"busy": self._job is not None}
        if method in WORK:
            self._accept(_Job(id_, WORK[method](params), method != "refit", early_folder(params)))
            return None
        if method == "sliders":
            return {"sliders": [slider.to_json() for slider in SLIDERS.values()]}
        if method == "models":
            threading.Thread(target=self._models, args=(id_, params), name="models", daemon=True).start()
            return None
        if method == "cancel":
            return {"cancelled": self._cancel(params.get("id"))}
        if method == "shutdown":
            return {}
        raise HrnError(ErrorCode.ENGINE_PROTOCOL, say("There is no request “{name}”.", name=method))

    def _initialize(self, params: dict) -> dict:
        client = str(params.get("client_version", __version__))
        if params.get("protocol") != PROTOCOL_VERSION or not versions_match(client, __version__):
            raise HrnError(
                ErrorCode.VERSION_MISMATCH,
                say(
                    "The engine has version {engine} and protocol {engine_protocol}; the add-on has version {addon} and protocol {addon_protocol}.",
                    engine=__version__,
                    engine_protocol=PROTOCOL_VERSION,
                    addon=client,
                    addon_protocol=params.get("protocol"),
                ),
                details={"engine_version": __version__, "protocol": PROTOCOL_VERSION},
            )
        from .published.files import offered_methods

        return {
            "protocol": PROTOCOL_VERSION,
            "engine_version": __version__,
            "methods": offered_methods(),
            "pid": os.getpid(),
            "python": sys.version.split()[0],
        }

    def _models(self, id_: int, params: dict) -> None:
        """Answer a request that may read gigabytes, while other work goes on."""
        from .published.files import models_report, offered_methods
        from .published.files.settings import choose

        try:
            folder, commercial = params.get("folder"), params.get("commercial")
            if not isinstance(folder, (str, type(None))) or commercial not in (None, True, False):
                raise HrnError(ErrorCode.SETTINGS_INVALID, "“folder” must be a path, and “commercial” must be true or false.")
            report = models_report(*choose(folder, commercial))
            self._send(response(id_, {**report, "offered": offered_methods()}))
        except Exception as error:
            self._send(error_response(id_, as_hrn_error(error)))

    def _accept(self, job: _Job) -> None:
        with self._state:
            if self._job is not None:
                raise HrnError(ErrorCode.BUSY, say("Reconstruction {number} is running.", number=self._job.id))
            self._job = job
        self._jobs.put(job)

    def _cancel(self, id_) -> bool:
        with self._state:
            job = self._job
            if job is None or job.id != id_:
                return False
            job.cancelled.set()
            if job.started:
                return True  # The worker notices with its next progress.
            self._job, job.answered = None, True
        self._send(error_response(job.id, _cancelled()))
        return True

    # -- worker ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        self._warm_up()
        while True:
            job = self._jobs.get()
            with self._state:
                if job.answered:
                    continue
                job.started = True
            answer = self._worked(job)
            with self._state:
                self._job = None
            self._send(answer)
            if job.heavy:
                give_back_memory()

    def _warm_up(self) -> None:
        from .methods import get_method
        from .system.progress import Progress

        begin = time.monotonic()

        def told(stage: str, fraction: float, message: str) -> None:
            job = self._job
            if job is not None and not job.answered:
                self._progress(job, "start", fraction, message)

        try:
            get_method(Settings().method).warm_up(Progress(told))
        except Exception as error:
            as_hrn_error(error)  # For the log; the first reconstruction meets the same failure and reports it.
            return
        self._send(notification("warm", {"seconds": round(time.monotonic() - begin, 3)}))

    def _worked(self, job: _Job) -> dict:
        def told(stage: str, fraction: float, message: str) -> None:
            if job.cancelled.is_set():
                raise _cancelled()
            self._progress(job, stage, fraction, message)

        def shown(path: Path) -> None:
            self._send(notification("early", {"id": job.id, "file": str(path)}))

        try:
            with _watched(job.early, shown):
                result = job.work(told)
            self._progress(job, "done", 1.0, "Done")
            return response(job.id, result)
        except Exception as error:
            failure = as_hrn_error(error)
        return error_response(job.id, failure)

    def _progress(self, job: _Job, stage: str, fraction: float, message: str) -> None:
        now = time.monotonic()
        if stage == job.last_stage and fraction < 1 and now - job.last_sent < _PROGRESS_SECONDS:
            return
        job.last_stage, job.last_sent = stage, now
        self._send(
            notification(
                "progress",
                {
                    "id": job.id,
                    "stage": stage,
                    "fraction": round(float(fraction), 4),
                    "overall": round(overall_fraction(stage, fraction), 4),
                    **as_message(message).to_json(),
                },
            )
        )

    def _send(self, message: dict) -> None:
        if self._quitting:
            return
        try:
            data = encode_line(message)
            with self._write_lock:
                while data:
                    data = data[self._answers.write(data) :]
        except OSError:
            self.quit(0)  # Nobody listens any more.


def _watched(folder: str | None, shown: Callable[[Path], None]) -> AbstractContextManager[None]:
    """While this lasts, shapes go into `folder`, where there is one."""
    if not folder:
        return nullcontext()
    from .pipeline.early import watched

    return watched(Path(folder), shown)


def _cancelled() -> HrnError:
    return HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")
