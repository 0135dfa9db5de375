"""The queue of reconstructions. No bpy.

A :class:`Job` is one head to be made from one or more photos. :class:`JobQueue` feeds jobs to the engine one at a
time. Nothing happens by itself: the owner calls :meth:`JobQueue.pump`, from a timer in Blender, by hand in tests.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from ..engine.wire.bundle import remove_leftovers
from ..engine.wire.claims import Claim, claim_free
from ..engine.wire.client import Early, EngineProcess, EngineState, Failed, Finished, Progress, Ready, Stopped
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import Message, say
from ..engine.wire.names import folder_name
from ..engine.wire.photo_paths import photo_path
from ..engine.wire.protocol import overall_fraction
from ..engine.wire.settings import Settings
from .errands import Errand
from .quality import quality_warnings

__all__ = ["Job", "JobEvent", "JobQueue", "JobState"]


class JobState(str, Enum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


@dataclass
class Job:
    """One head to be made, being made or made."""

    id: int
    name: str
    photos: tuple[Path, ...]
    settings: Settings
    out: Path
    """The bundle; a folder that nobody else uses."""
    claim: Claim | None = None
    """The right to make that folder, until the job has ended."""
    state: JobState = JobState.QUEUED
    stage: str = ""
    message: Message = Message("")
    fraction: float = 0.0
    """0 to 1 over all stages; never goes back."""
    error: HrnError | None = None
    result: dict = field(default_factory=dict)
    seconds: float = 0.0
    """Duration of the work from its start to its end."""
    request_id: int | None = None
    started: float = 0.0
    early: Path | None = None
    """The newest shape that the engine has shown before the head is finished."""

    @property
    def bundle(self) -> Path:
        return Path(self.result.get("bundle") or self.out)

    @property
    def warnings(self) -> list[Message]:
        """What the engine's quality report complains about, as sentences."""
        return quality_warnings(self.result.get("quality"))


@dataclass(frozen=True)
class JobEvent:
    """Something about a job changed."""

    job: Job
    kind: str
    """``started``, ``progress``, ``early``, ``done``, ``failed`` or ``cancelled``."""


class JobQueue:
    """Jobs in the order in which they were added; at most one runs. Errands go before those that wait.

    Args:
        early: gives an empty folder for what a job can show before it is finished; nothing is shown without.
    """

    def __init__(self, engine: EngineProcess, early: Callable[[], Path] | None = None):
        self.engine = engine
        self._early = early
        self.jobs: list[Job] = []
        self._next_id = 1
        self._events: list[JobEvent] = []
        self.errands: list[Errand] = []
        """Errands that wait or run, the first one first."""

    # -- for the owner -------------------------------------------------------------------------------------------

    @property
    def active(self) -> Job | None:
        """The job that the engine works on."""
        return next((j for j in self.jobs if j.state in (JobState.RUNNING, JobState.CANCELLING)), None)

    @property
    def waiting(self) -> int:
        return sum(j.state is JobState.QUEUED for j in self.jobs)

    @property
    def busy(self) -> bool:
        return bool(self.errands) or any(not j.state.ended for j in self.jobs)

    def get(self, id_: int) -> Job | None:
        return next((j for j in self.jobs if j.id == id_), None)

    def add(self, photos: Sequence[str | Path], settings: Settings, folder: str | Path, name: str | None = None) -> Job:
        """Queue one head from `photos`; its bundle becomes a new folder inside `folder`.

        Raises:
            HrnError: ``PHOTO_UNREADABLE``, ``OUTPUT_NOT_WRITABLE``.
        """
        paths = tuple(photo_path(p) for p in photos)
        for path in paths:
            if not path.is_file():
                raise HrnError(ErrorCode.PHOTO_UNREADABLE, say("{path} does not exist.", path=path))
        name = name or paths[0].stem
        claim = claim_free(Path(folder).absolute(), folder_name(name, empty="head"))
        job = Job(self._next_id, name, paths, settings, claim.path, claim)
        self._next_id += 1
        self.jobs.append(job)
        return job

    def add_bundle(self, path: str | Path, manifest: dict) -> Job:
        """List a bundle from disk as a finished job."""
        path = Path(path)
        photos = tuple(path / p["file"] for p in manifest.get("photos", []) if isinstance(p, dict) and "file" in p)
        job = Job(
            self._next_id,
            path.name,
            photos,
            Settings(),
            path,
            state=JobState.DONE,
            fraction=1.0,
            result={"bundle": str(path), "quality": manifest.get("quality", {}), "timings": manifest.get("timings", {})},
        )
        self._next_id += 1
        self.jobs.append(job)
        return job

    def cancel(self, id_: int) -> None:
        job = self.get(id_)
        if job is None:
            return
        if job.state is JobState.QUEUED:
            self._end(job, JobState.CANCELLED)
        elif job.state is JobState.RUNNING:
            job.state = JobState.CANCELLING
            job.message = say("Cancelling")
            self.engine.cancel(job.request_id)

    def cancel_all(self) -> None:
        for job in list(self.jobs):
            self.cancel(job.id)

    def ask(self, errand: Errand) -> Errand:
        """Let the engine do this as soon as no job runs."""
        self.errands.append(errand)
        return errand

    def give_up(self, errand: Errand) -> None:
        """End an errand; what runs ends as soon as the engine says so, and never with a result."""
        errand.given_up = True
        if errand.request_id is not None:
            self.engine.cancel(errand.request_id)
        elif errand in self.errands:
            self.errands.remove(errand)
            errand.drop()

    def remove(self, id_: int) -> None:
        """Take a finished job off the list; its files stay."""
        self.jobs = [j for j in self.jobs if j.id != id_ or not j.state.ended]

    def pump(self) -> list[JobEvent]:
        """Let the engine's news in, start the next job, and say what changed. Takes a few milliseconds at most."""
        for event in self.engine.poll():
            self._take(event)
        if self.active is None and self.errands:
            self._start_errand(self.errands[0])
        elif self.active is None:
            following = next((j for j in self.jobs if j.state is JobState.QUEUED), None)
            if following is not None:
                self._start(following)
        job = self.active
        if job is not None and not job.message and self.engine.state is EngineState.STARTING:
            job.message = say("Starting the engine")
        events, self._events = self._events, []
        return events

    def shutdown(self, wait: float = 1.0) -> None:
        """Kill the engine and clear away what it left half-written."""
        job = self.active
        self.engine.kill(wait)
        self.engine.poll()
        if job is not None:
            _clear(job.out)
        for one in self.jobs:
            if one.claim is not None:
                one.claim.release()
        self.errands.clear()

    # -- inside --------------------------------------------------------------------------------------------------

    def _start(self, job: Job) -> None:
        job.state = JobState.RUNNING
        job.started = time.monotonic()
        if job.claim is not None and job.out.exists():  # A program that claims nothing took the name while the job was waiting.
            job.claim.release()
            job.claim = claim_free(job.out.parent, folder_name(job.name, empty="head"))
            job.out = job.claim.path
        self._events.append(JobEvent(job, "started"))
        job.request_id = self.engine.request(
            "reconstruct",
            {
                "photos": [str(p) for p in job.photos],
                "out": str(job.out),
                "settings": job.settings.to_json(),
                "claim": job.claim.token if job.claim is not None else None,
                "early": str(self._early()) if self._early is not None else None,
            },
        )

    def _start_errand(self, errand: Errand) -> None:
        if errand.request_id is None:
            errand.request_id = self.engine.request(errand.method, errand.params)

    def _take_for(self, errand: Errand, event) -> None:
        if isinstance(event, Progress):
            overall = overall_fraction(event.stage, event.fraction) if event.overall is None else event.overall
            errand.fraction = max(errand.fraction, overall)
            return
        self.errands.remove(errand)
        if isinstance(event, Finished):
            errand.finish(event.result)
        else:
            errand.fail(event.error)

    def _take(self, event) -> None:
        job = self.active
        errand = self.errands[0] if self.errands else None
        if errand is not None and errand.request_id is not None and errand.request_id == getattr(event, "id", None):
            self._take_for(errand, event)
            return
        if isinstance(event, (Ready, Stopped)) or job is None or event.id != job.request_id:
            return
        if isinstance(event, Progress):
            job.stage, job.message = event.stage, event.message or Message(event.stage.capitalize())
            overall = overall_fraction(event.stage, event.fraction) if event.overall is None else event.overall
            job.fraction = max(job.fraction, overall)
            self._events.append(JobEvent(job, "progress"))
        elif isinstance(event, Early):
            job.early = Path(event.file)
            self._events.append(JobEvent(job, "early"))
        elif isinstance(event, Finished):
            job.result = event.result
            job.fraction = 1.0
            self._end(job, JobState.DONE)
        elif isinstance(event, Failed):
            job.error = event.error
            cancelled = event.error.code is ErrorCode.CANCELLED
            claim, job.claim = job.claim, None
            threading.Thread(target=_clear, args=(job.out, claim), name="hrn-clear", daemon=True).start()
            self._end(job, JobState.CANCELLED if cancelled else JobState.FAILED)

    def _end(self, job: Job, state: JobState) -> None:
        job.state = state
        job.seconds = time.monotonic() - job.started if job.started else 0.0
        job.message = Message("")
        if job.claim is not None:
            job.claim.release()
            job.claim = None
        self._events.append(JobEvent(job, state.value))


def _clear(out: Path, claim: Claim | None = None) -> None:
    """Remove the temporary folders of a bundle whose writer was killed, then give its name back. A finished bundle is left
    alone."""
    time.sleep(0.2)  # A killed process writes on for a moment.
    remove_leftovers(out)
    if claim is not None:
        claim.release()
