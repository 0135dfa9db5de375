"""The client of ``engine serve``: a child process that is started when needed, kept warm and killed without mercy.

:class:`EngineProcess` speaks the protocol of :mod:`.protocol` with a child process, for the add-on and for the workers of
a batch. Its owner calls :meth:`EngineProcess.poll` a few times per second; no call waits longer than it is told to, which
is not at all in Blender.

Rules:

* One request at a time. Every request ends in exactly one :class:`Finished` or :class:`Failed`.
* A child that writes anything but protocol messages, dies, has another version or stays silent is killed. The next
  request starts a new one.
* Cancelling asks first. A child that does not obey within `cancel_grace` seconds is killed; in Blender, a click on
  *Cancel* always works within a second.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .child_process import ChildProcess, Exited, Line, LogFile, SpawnFailed
from .engine_events import Early, EngineState, Event, Failed, Finished, Launch, Progress, Ready, Stopped
from .errors import ErrorCode, HrnError
from .exit_reason import count_oom_kills, explain_exit
from .messages import Message, say
from .protocol import MAX_LINE_BYTES, PROTOCOL_VERSION, decode_line, encode_line, request, versions_match

__all__ = ["Early", "EngineProcess", "EngineState", "Failed", "Finished", "Launch", "Progress", "Ready", "Stopped"]


@dataclass
class _Request:
    id: int
    message: dict
    sent: bool = False
    cancelled_at: float | None = None


@dataclass
class _Session:
    """What belongs to one child, so that nothing of an old child reaches its successor."""

    child: ChildProcess
    started: float
    last_heard: float
    oom_kills: int | None
    initialize_id: int | None = None
    ready: bool = False
    info: dict = field(default_factory=dict)
    ping_id: int | None = None
    pinged: float = 0.0
    leaving: float | None = None
    """Time at which the child was asked to leave."""


class EngineProcess:
    """Supervisor of one engine child.

    Args:
        launch: called when a child is about to be started; may raise :class:`HrnError` (engine missing).
        version: the version that the engine must report.
        log: where the child's stderr goes.
        startup_timeout: seconds until the answer to ``initialize``.
        idle_seconds: the child is stopped after this long without a request; 0 keeps it for ever.
        hang_seconds: a busy child that is silent for this long is pinged; silent as long again, it is killed. 0: it may
            be silent, and the owner looks at :attr:`silent_seconds`.
        cancel_grace: seconds that a child has to obey a cancellation.
    """

    LEAVE_GRACE = 2.0

    def __init__(
        self,
        launch: Callable[[], Launch],
        *,
        version: str,
        log: LogFile | None = None,
        startup_timeout: float = 120.0,
        idle_seconds: float = 600.0,
        hang_seconds: float = 90.0,
        cancel_grace: float = 0.7,
    ):
        self.version = version
        self.startup_timeout = startup_timeout
        self.idle_seconds = idle_seconds
        self.hang_seconds = hang_seconds
        self.cancel_grace = cancel_grace
        self._launch = launch
        self._log = log
        self._session: _Session | None = None
        self._request: _Request | None = None
        self._out: list[Event] = []
        self._next_id = 1
        self._last_used = time.monotonic()
        self._last_poll = time.monotonic()

    # -- for the owner -------------------------------------------------------------------------------------------

    @property
    def state(self) -> EngineState:
        session = self._session
        if session is None or session.leaving is not None:
            return EngineState.STARTING if self._request else EngineState.STOPPED
        if not session.ready:
            return EngineState.STARTING
        return EngineState.BUSY if self._request else EngineState.READY

    @property
    def pid(self) -> int | None:
        return self._session.child.pid if self._session else None

    @property
    def info(self) -> dict:
        """What the running engine said about itself; empty while there is none."""
        return self._session.info if self._session else {}

    @property
    def silent_seconds(self) -> float:
        """Time since the child last said anything, was started or was given its request; 0 without a child."""
        return time.monotonic() - self._session.last_heard if self._session else 0.0

    def start(self) -> None:
        """Warm the engine up before the first request. An error shows with the request, not here."""
        if self._session is None:
            try:
                self._spawn()
            except HrnError:
                pass

    def request(self, method: str, params: dict) -> int:
        """Send a request, starting the engine if needed; the outcome comes from :meth:`poll`.

        Raises:
            HrnError: ``BUSY`` while another request runs.
        """
        if self._request is not None:
            raise HrnError(ErrorCode.BUSY, "The engine is working on another photo.")
        id_ = self._take_id()
        self._request = _Request(id_, request(id_, method, params))
        self._last_used = time.monotonic()
        try:
            if self._session is not None and (self._session.leaving is not None or self._session.child.ended):
                self._drop()
            session = self._session or self._spawn()
            if session.ready:
                self._send_request(session, self._request)
        except HrnError as error:
            self._fail(error)
        return id_

    def cancel(self, id_: int) -> None:
        """Give up a request; it ends as ``CANCELLED`` within a second whatever the engine does."""
        current = self._request
        if current is None or current.id != id_ or current.cancelled_at is not None:
            return
        if not current.sent:
            self._fail(_cancelled())  # The engine has not heard of it; it may go on starting.
            return
        current.cancelled_at = time.monotonic()
        self._send(request(self._take_id(), "cancel", {"id": id_}))

    def poll(self, wait: float = 0.0) -> list[Event]:
        """Everything that happened since the last call. Applies all time limits.

        Args:
            wait: seconds to wait for something to happen, for an owner that has a thread to spare.
        """
        session = self._session
        first = session.child.next_event(wait) if session is not None and wait and not self._out else None
        now = time.monotonic()
        if session is not None:
            if now - self._last_poll > 5 + wait:
                session.last_heard = session.pinged = now  # It was the owner who slept, perhaps the whole machine.
            try:
                for event in [*([first] if first else []), *session.child.events()]:
                    self._handle(session, event, now)
                    if self._session is not session:
                        break
                else:
                    self._check_time(session, now)
            except HrnError as error:
                self.abandon(error)
        self._last_poll = now
        out, self._out = self._out, []
        return out

    def stop(self, reason: str = "stopped") -> None:
        """Ask an idle engine to leave, kill a busy one. Does not wait."""
        session = self._session
        if session is None:
            return
        if self._request is not None or not session.ready:
            self._drop()
            if self._request is not None:
                self._fail(_cancelled())
            return
        self._send(request(self._take_id(), "shutdown", {}))
        session.child.close_stdin()
        session.leaving = time.monotonic()
        self._out.append(Stopped(reason))

    def abandon(self, error: HrnError) -> None:
        """Kill the child because of `error`, which the request, if any, ends with."""
        session = self._session
        if session is not None:
            error.details.setdefault("stderr", list(session.child.stderr_tail)[-10:])
        self._drop()
        if self._request is None:
            self._out.append(Stopped(str(error)))
        elif self._request.cancelled_at is not None:
            self._fail(_cancelled())
        else:
            self._fail(error, session)

    def leave(self, wait: float) -> None:
        """End the child by the end of its input, so that it removes what it has half-written; waits for it.

        Args:
            wait: seconds after which it is killed.
        """
        session, self._session = self._session, None
        if session is not None and not session.child.ended:
            session.child.close_stdin()
            if not session.child.wait(wait):
                session.child.kill()
                session.child.wait(wait)
        if self._request is not None:
            self._fail(_cancelled())

    def kill(self, wait: float = 0.0) -> None:
        """End the engine at once; with `wait` also see it off (at Blender's exit)."""
        session = self._session
        if session is not None:
            self._drop()
            session.child.wait(wait)
        if self._request is not None:
            self._fail(_cancelled())

    # -- messages ------------------------------------------------------------------------------------------------

    def _spawn(self) -> _Session:
        launch = self._launch()
        now = time.monotonic()
        child = ChildProcess(launch.command, env=launch.env, cwd=launch.cwd, log=self._log, max_line=MAX_LINE_BYTES)
        self._session = session = _Session(child, now, now, count_oom_kills())
        if self._log is not None:
            stamp = time.strftime("%Y-%m-%d %H:%M:%S")
            self._log.write(f"{stamp} start: {json.dumps(list(map(str, launch.command)))}\n".encode())
        return session

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _send(self, message: dict) -> None:
        if self._session is not None:
            self._session.child.send(encode_line(message))

    def _send_request(self, session: _Session, wanted: _Request) -> None:
        self._send(wanted.message)
        wanted.sent = True
        session.last_heard = time.monotonic()

    def _handle(self, session: _Session, event, now: float) -> None:
        if isinstance(event, SpawnFailed):
            raise HrnError(ErrorCode.ENGINE_MISSING, say("The engine could not be started: {reason}.", reason=event.error))
        if isinstance(event, Exited):
            self._exited(session, event.code)
            return
        assert isinstance(event, Line)
        if not event.data.endswith(b"\n") and len(event.data) <= MAX_LINE_BYTES:
            return  # The last words of a dying child; its exit says more.
        session.last_heard = now
        session.ping_id = None
        message = decode_line(event.data)
        if "method" in message:
            self._notified(session, message["method"], _object(message.get("params", {})))
        elif "id" in message or "error" in message:
            self._answered(session, message)
        else:
            raise HrnError(ErrorCode.ENGINE_PROTOCOL, "The engine wrote a message of an unknown kind.")

    def _notified(self, session: _Session, method: str, params: dict) -> None:
        if method == "ready":
            if session.initialize_id is None:
                session.initialize_id = self._take_id()
                self._send(
                    request(session.initialize_id, "initialize", {"protocol": PROTOCOL_VERSION, "client_version": self.version})
                )
        elif method == "progress":
            current = self._request
            if current is not None and params.get("id") == current.id and current.cancelled_at is None:
                overall = params.get("overall")
                self._out.append(
                    Progress(
                        current.id,
                        str(params.get("stage", "")),
                        _share(params.get("fraction", 0)),
                        Message.from_json(params),
                        overall and _share(overall),
                    )
                )
        elif method == "early":
            current = self._request
            if current is not None and params.get("id") == current.id and current.cancelled_at is None:
                self._out.append(Early(current.id, str(params.get("file", ""))))
        # Other notifications belong to newer engines and are left unread.

    def _answered(self, session: _Session, message: dict) -> None:
        id_ = message.get("id")
        error = HrnError.from_json(_object(message["error"])) if "error" in message else None
        if id_ is not None and id_ == session.initialize_id:
            if error is not None:
                raise error
            self._initialized(session, _object(message.get("result")))
            return
        current = self._request
        if current is None or id_ != current.id or not current.sent:
            if id_ is None and error is not None:
                raise error  # The engine could not read what we wrote: our next answer may never come.
            return  # The answer to a ping, a cancel or something given up.
        if error is not None:
            self._fail(error)
        elif current.cancelled_at is not None:
            self._fail(_cancelled())  # It was done before it heard us. The user said stop, so it is stopped.
        else:
            self._request = None
            self._last_used = time.monotonic()
            self._out.append(Finished(current.id, _object(message.get("result"))))

    def _initialized(self, session: _Session, info: dict) -> None:
        theirs = info.get("engine_version")
        if not versions_match(self.version, str(theirs)) or info.get("protocol", PROTOCOL_VERSION) != PROTOCOL_VERSION:
            raise HrnError(
                ErrorCode.VERSION_MISMATCH,
                say("The engine has version {theirs}, the add-on needs {ours}.", theirs=theirs, ours=self.version),
            )
        session.ready = True
        session.info = info
        now = time.monotonic()
        self._last_used = now
        self._out.append(Ready(info, now - session.started))
        if self._request is not None:
            self._send_request(session, self._request)

    # -- endings -------------------------------------------------------------------------------------------------

    def _check_time(self, session: _Session, now: float) -> None:
        current = self._request
        if session.leaving is not None:
            if now - session.leaving > self.LEAVE_GRACE:
                self._drop()
        elif not session.ready:
            if now - session.started > self.startup_timeout:
                raise HrnError(
                    ErrorCode.ENGINE_CRASHED,
                    say("The engine did not start within {seconds:.0f} seconds.", seconds=self.startup_timeout),
                )
        elif current is None:
            if self.idle_seconds and now - self._last_used > self.idle_seconds:
                self.stop("idle")
        elif current.cancelled_at is not None:
            if now - current.cancelled_at > self.cancel_grace:
                self._drop()
                self._fail(_cancelled())
        elif not self.hang_seconds:
            return
        elif session.ping_id is None:
            if now - session.last_heard > self.hang_seconds:
                session.ping_id, session.pinged = self._take_id(), now
                self._send(request(session.ping_id, "ping"))
        elif now - session.pinged > self.hang_seconds:
            raise HrnError(ErrorCode.ENGINE_CRASHED, "The engine no longer answers and was stopped.")

    def _exited(self, session: _Session, code: int) -> None:
        self._session = None
        if session.leaving is not None:
            return
        current = self._request
        if current is not None and current.cancelled_at is not None:
            self._fail(_cancelled())
        elif current is not None:
            self._fail(explain_exit(code, session.child.stderr_tail, session.oom_kills), session)
        else:
            self._out.append(Stopped(f"exit code {code}"))

    def _drop(self) -> None:
        """Kill the child and forget it; its own thread sees it off."""
        session, self._session = self._session, None
        if session is not None:
            session.child.kill()

    def _fail(self, error: HrnError, lost: _Session | None = None) -> None:
        """End the request with `error`; `lost` is the child that went down with it."""
        current, self._request = self._request, None
        self._last_used = time.monotonic()
        if self._log is not None:
            error.details.setdefault("log", str(self._log.path))
            if error.code is not ErrorCode.CANCELLED:
                self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {error.code.value}: {error}\n".encode())
        assert current is not None, "only a request can fail"
        self._out.append(Failed(current.id, error, lost is not None, lost is None or lost.ready))


def _cancelled() -> HrnError:
    return HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")


def _share(value) -> float:
    try:
        return min(max(float(value), 0.0), 1.0)
    except (TypeError, ValueError) as error:
        raise HrnError(ErrorCode.ENGINE_PROTOCOL, say("The engine reported bad progress: {value!r}.", value=value)) from error


def _object(value) -> dict:
    if not isinstance(value, dict):
        raise HrnError(ErrorCode.ENGINE_PROTOCOL, "The engine wrote a message in the wrong form.")
    return value
