"""A photo that is being added to a finished head: the engine's work, and its way into the scene."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..adjust.document import pins_of
from ..build.head import BUNDLE_PROPERTY, bundle_path
from ..build.renew import renew
from ..engine.wire.bundle import checksum, load_bundle
from ..engine.wire.claims import Claim, claim_free
from ..engine.wire.corrections import Corrections
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..link.errands import Errand
from . import history, session
from .corrected import corrections_of, folder, quiet, read_from_bundle, set_pins
from .heads import by_uid
from .said import add_kept_hair
from .ticker import Ticker
from .windows import ready_to_build, redraw, window_context

__all__ = ["add", "cancel", "running", "wait"]

_RETRY = 0.2
"""Seconds between looks at whether the head may be changed."""


@dataclass
class _Adding:
    errand: Errand
    claim: Claim
    sent: dict
    """The corrections that the engine was given."""
    bundle: str = ""
    """The new folder, when the engine has made it."""


_adding: dict[int, _Adding] = {}
"""Head, by ``session_uid`` -> what is being added."""


def running(head: bpy.types.Object) -> Errand | None:
    """The request that runs for a head."""
    found = _adding.get(head.session_uid)
    return None if found is None else found.errand


def add(head: bpy.types.Object, photo: Path) -> None:
    """Have the engine fit a head to its photos and one more; the scene follows when it has answered. Returns at once.

    Raises:
        HrnError: ``BUNDLE_INVALID``, ``OUTPUT_NOT_WRITABLE``; ``BUSY`` while another photo is added to it.
    """
    uid, name = head.session_uid, head.name
    if uid in _adding:
        raise HrnError(ErrorCode.BUSY, say("Another photo is being added to {head}.", head=name))
    read_from_bundle(head)
    bundle, sent = load_bundle(bundle_path(head)), corrections_of(head)
    _refuse_again(bundle.manifest, photo)
    claim = claim_free(bundle.path.parent, bundle.path.name)
    params = {
        "bundle": str(bundle.path),
        "photo": str(photo),
        "out": str(claim.path),
        "corrections": sent,
        "folder": str(folder()),
        "claim": claim.token,
    }
    title = say("Adding {photo}", photo=photo.name)
    errand = Errand("add_photo", params, lambda result: _made(uid, result), lambda error: _failed(uid, name, error), title)
    _adding[uid] = _Adding(errand, claim, sent)
    session.queue.ask(errand)
    session.ticker.wake()
    ticker.wake(_RETRY)


def _refuse_again(manifest: dict, photo: Path) -> None:
    """
    Raises:
        HrnError: ``PHOTO_UNMATCHED`` where the head has this very file.
    """
    try:
        found = checksum(photo)
    except OSError as error:
        raise HrnError(ErrorCode.PHOTO_UNREADABLE, say("{path} does not exist.", path=photo)) from error
    for one in manifest["photos"]:
        if one.get("used", True) and one.get("sha256") == found:
            raise HrnError(
                ErrorCode.PHOTO_UNMATCHED,
                say("It shows the same view as {file}.", file=one["name"]),
                hint="Photos from other sides make the head better.",
            )


def cancel(head: bpy.types.Object) -> None:
    """Give up what is being added to a head; it stays as it is."""
    found = _adding.get(head.session_uid)
    if found is not None:
        session.queue.give_up(found.errand)


def _failed(uid: int, name: str, error: HrnError) -> None:
    found = _adding.pop(uid, None)
    if found is not None:
        found.claim.release()
    if error.code is not ErrorCode.CANCELLED:
        session.show_error(error, name)
    redraw()


def _made(uid: int, result: dict) -> None:
    found = _adding[uid]
    found.claim.release()
    found.bundle = result["bundle"]
    ticker.wake(_RETRY)


def _step() -> float | None:
    for uid, found in list(_adding.items()):
        if not found.bundle or not ready_to_build():
            continue
        del _adding[uid]
        head = by_uid(bpy.data.objects, uid)
        if head is None or BUNDLE_PROPERTY not in head:
            continue
        try:
            _take(head, found)
        except HrnError as error:
            session.show_error(error, head.name)
        redraw()
    return _RETRY if _adding else None


def _take(head: bpy.types.Object, found: _Adding) -> None:
    """Make the head that of the new folder, in one undo step."""
    now = corrections_of(head)
    history.keep(head, "Add a Photo")
    kept = renew(head, found.bundle, bpy.context.scene)
    manifest = load_bundle(found.bundle).manifest
    wanted = head.hrn_correct
    with quiet():
        set_pins(head, pins_of(Corrections.from_json(now), manifest))  # The photos have new numbers.
        wanted.fit_old = wanted.texture_old = now != found.sent
    add_kept_hair(head, kept)
    with window_context():
        bpy.ops.ed.undo_push(message="Add a Photo")


def wait(head: bpy.types.Object, seconds: float) -> bool:
    """Wait until the photo is added or refused, for scripts; returns whether it is."""
    deadline = time.monotonic() + seconds
    while head.session_uid in _adding:
        if time.monotonic() > deadline:
            return False
        session.ticker.tick()
        ticker.tick()
        time.sleep(0.01)
    return True


def _forget() -> bool:
    """Another file is open: what ran belongs to heads that are gone."""
    for found in list(_adding.values()):
        session.queue.give_up(found.errand)
    _adding.clear()
    return False


ticker = Ticker(_step, file_loaded=_forget)


def register() -> None:
    ticker.start()


def unregister() -> None:
    ticker.stop()
    for found in _adding.values():
        found.claim.release()
    _adding.clear()
