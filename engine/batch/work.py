"""One subject from claim to record: the same on this machine's workers and on a cluster's."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .. import __version__
from ..wire.claims import Claim
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import list_to_json, say
from .store import LASTING, Fingerprint, Store
from .subjects import Subject

__all__ = ["Outcome", "look_up", "work"]

TAKEOVER_SECONDS = 3.0
"""Seconds before a subject of a killed runner is taken over: its workers notice within a second or two, and may still be
writing until then."""

Reconstruct = Callable[[Subject, Claim], dict]
"""``reconstruct(subject, claim)`` makes the bundle ``claim.path`` and returns the server's answer: bundle, quality, timings. Raises HrnError."""


@dataclass
class Outcome:
    """What became of a subject."""

    status: str
    """``done``, ``failed``, ``cancelled``, or ``waiting``: somebody else has it, or had it a moment ago."""
    record: dict = field(default_factory=dict)
    reused: bool = False
    error: HrnError | None = None
    again_at: float = 0.0
    """The time at which a ``waiting`` subject is tried again, in the clock of :func:`time.monotonic`."""
    cut_off: bool = False
    """Whether a ``waiting`` subject is free, but was begun by a run that was killed, perhaps just now."""


def look_up(store: Store, subject: Subject, retry_failed: bool = False) -> Outcome | None:
    """What an earlier run found out about exactly these photos and settings; None when there is work to do.

    Raises:
        HrnError: ``PHOTO_UNREADABLE``.
    """
    record = store.read(subject.name)
    if record.get("status") not in ("done", "failed"):
        return None
    return _settled(store, subject, record, store.fingerprint(subject, record), retry_failed)


def _settled(store: Store, subject: Subject, record: dict, fingerprint: Fingerprint, retry_failed: bool) -> Outcome | None:
    if record.get("fingerprint") != fingerprint:
        return None
    if record["status"] == "done" and store.bundle(subject.name) is not None:
        return Outcome("done", record, reused=True)
    if record["status"] == "failed" and not retry_failed:
        error = HrnError.from_json(record.get("error") or {})
        if error.code.value in LASTING:
            return Outcome("failed", record, reused=True, error=error)
    return None


def work(
    store: Store,
    subject: Subject,
    reconstruct: Reconstruct,
    *,
    started: Callable[[], None] = lambda: None,
    retry_failed: bool = False,
    patient: bool = True,
) -> Outcome:
    """Do one subject unless it is done, and leave its record. Errors of the subject are outcomes.

    Args:
        started: called before the reconstruction, when there is something to do.
        retry_failed: try again what failed for good.
        patient: leave a subject that a killed run had begun alone for :data:`TAKEOVER_SECONDS` (outcome ``waiting``).

    Raises:
        HrnError: ``DISK_FULL``, ``OUTPUT_NOT_WRITABLE`` when claim or record cannot be written.
    """
    claim = store.claim(subject.name)
    if claim is None:
        return Outcome("waiting", again_at=time.monotonic() + 1.0)
    with claim:
        record = store.read(subject.name)
        begun = time.time()
        about = {
            "subject": subject.name,
            "title": subject.title,
            "settings": subject.settings.to_json(),
            "engine_version": __version__,
            **list_to_json("warnings", subject.warnings),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": begun,
        }
        try:
            if subject.error is not None:
                raise subject.error
            fingerprint = store.fingerprint(subject, record)
            about.update(fingerprint=fingerprint, photos=fingerprint.photos)
            if record.get("status") in ("done", "failed"):
                settled = _settled(store, subject, record, fingerprint, retry_failed)
                if settled is not None:
                    return settled
            if record.get("status") == "running":
                adopted = _adopt(store, subject, record, fingerprint)
                if adopted is not None:
                    return adopted
                if patient:
                    return Outcome("waiting", again_at=time.monotonic() + TAKEOVER_SECONDS, cut_off=True)
            name = store.claim_bundle(subject.name)
            if name is None:  # A Blender or an engine outside this batch is making a head of that name.
                return Outcome("waiting", again_at=time.monotonic() + 1.0)
            with name:
                _refuse_foreign(store, subject, record)
                store.write(subject.name, {**about, "status": "running", "replaces": store.mark(subject.name)})
                started()
                answer = reconstruct(subject, name)
        except HrnError as error:
            status = "cancelled" if error.code is ErrorCode.CANCELLED else "failed"
            outcome = Outcome(
                status,
                {**about, "status": status, "seconds": round(time.time() - begun, 3), "error": error.to_json()},
                error=error,
            )
            try:
                store.write(subject.name, outcome.record)
            except HrnError:
                if error.code is not ErrorCode.DISK_FULL:
                    raise
            return outcome
        return _finish(
            store,
            subject,
            {
                **about,
                "seconds": round(time.time() - begun, 3),
                "quality": answer.get("quality", {}),
                "timings": answer.get("timings", {}),
            },
        )


def _refuse_foreign(store: Store, subject: Subject, record: dict) -> None:
    """
    Raises:
        HrnError: ``OUTPUT_EXISTS`` when the subject's folder holds a head of other photos that this batch did not make.
    """
    bundle = store.bundle(subject.name)
    if bundle is None or record.get("status") in ("done", "running"):
        return
    shown = {photo.get("sha256") for photo in bundle.manifest["photos"]}
    if shown.isdisjoint(row["sha256"] for row in store.fingerprint(subject, record).photos):
        raise HrnError(
            ErrorCode.OUTPUT_EXISTS,
            say("{path} holds a head of another photo, which this batch did not make.", path=bundle.path),
            hint="Rename the photo or the folder, or choose another output folder.",
        )


def _finish(store: Store, subject: Subject, record: dict) -> Outcome:
    bundle = store.bundle(subject.name)
    if bundle is None:
        error = HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("{path} is incomplete although the engine had finished it.", path=store.bundle_path(subject.name)),
            hint="Try again; if it happens again, check the disk.",
        )
        outcome = Outcome("failed", {**record, "status": "failed", "error": error.to_json()}, error=error)
    else:
        store.flush_bundle(subject.name)
        photo = next((row["file"] for row in bundle.manifest["photos"]), None)
        outcome = Outcome("done", {**record, "status": "done", "preview": bundle.manifest.get("preview"), "photo": photo})
    store.write(subject.name, outcome.record)
    return outcome


def _adopt(store: Store, subject: Subject, record: dict, fingerprint: Fingerprint) -> Outcome | None:
    """Take over a bundle that was finished by a run that died before it could record it."""
    mark = store.mark(subject.name)
    bundle = store.bundle(subject.name)
    if record.get("fingerprint") != fingerprint or bundle is None or mark == record.get("replaces"):
        return None
    try:
        bundle.verify()
    except (HrnError, OSError):
        return None
    kept = {key: value for key, value in record.items() if key not in ("schema", "status", "replaces")}
    quality, timings = bundle.manifest.get("quality", {}), bundle.manifest.get("timings", {})
    outcome = _finish(store, subject, {**kept, "seconds": timings.get("total", 0.0), "quality": quality, "timings": timings})
    outcome.reused = True
    return outcome
