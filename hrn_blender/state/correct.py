"""Corrections of heads: what is wanted of each, the engine's answers, and their way into the scene.

A head's corrections are its own: they lie in its property group ``hrn_correct`` and in those of its photo cameras, so they are
saved and undone with it. Here is only what runs: at most one request for each head, after which the newest corrections follow
if they have changed meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import bpy

from ..adjust.pins import PinSet
from ..build.head import BUNDLE_PROPERTY, bundle_path
from ..build.new_maps import folder_for_maps, take_groom, take_maps
from ..build.refit import apply_answer, fitted_of, read_answer
from ..engine.wire.bundle import load_bundle
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..link.errands import Errand
from . import history, session
from .corrected import (
    MASKS,
    SLIDER,
    corrections_of,
    folder,
    keep_masks,
    mask_of,
    pins_of_head,
    quiet,
    read_from_bundle,
    remove_folder,
    set_pins,
)
from .heads import by_uid
from .said import add_kept_hair, keep_about_maps
from .said import keep as keep_what_is_said
from .ticker import Ticker
from .windows import ready_to_change, redraw, window_context

__all__ = [
    "MASKS",
    "NewMaps",
    "SLIDER",
    "adjusted",
    "corrections_of",
    "folder",
    "is_adjusted",
    "keep_masks",
    "listeners",
    "mask_of",
    "pins_of_head",
    "quiet",
    "read_from_bundle",
    "refit",
    "refit_or_say",
    "retexture",
    "retexture_later",
    "running",
    "set_pins",
    "wait",
]


class NewMaps(NamedTuple):
    """Maps that the engine has made anew for a head."""

    folder: str
    before: dict
    """The quality report of the head's folder before."""
    now: dict
    """The quality report of the folder with the new maps."""


_RETRY = 0.2
"""Seconds between looks at whether an answer may be put into the scene."""

listeners: list[Callable[[bpy.types.Object], None]] = []
"""Called with a head after it has taken another fit."""
adjusted: set[int] = set()
"""Heads in Adjust Mode, by ``session_uid`` as everywhere here: names change, and another head may take them. Their undo steps are
made when the mode is left."""
_refits: dict[int, Errand] = {}
"""Head -> the request that runs for it."""
_again: set[int] = set()
"""Heads whose corrections have changed while their request ran."""
_answers: dict[int, tuple[dict, PinSet]] = {}
"""Head -> the answer that waits to be put into the scene, and the pins that it answers."""
_textures: dict[int, Errand] = {}
"""Head -> the request for maps that runs for it."""
_new_maps: dict[int, NewMaps] = {}
"""Head -> its new maps, which wait to be put into the scene."""
_finish: set[int] = set()
"""Heads that get new maps when nothing else about corrections is going on."""
_number = 0


# -- requests ----------------------------------------------------------------------------------------------------------


def is_adjusted(head: bpy.types.Object) -> bool:
    """Whether a head is in Adjust Mode."""
    return head.session_uid in adjusted


def running(head: bpy.types.Object) -> Errand | None:
    """The request that runs for a head."""
    return _refits.get(head.session_uid) or _textures.get(head.session_uid)


def _head(uid: int) -> bpy.types.Object | None:
    """The head with this ``session_uid``, where it is still one."""
    head = by_uid(bpy.data.objects, uid)
    return head if head is not None and BUNDLE_PROPERTY in head else None


def refit(head: bpy.types.Object) -> None:
    """Have the engine fit the head to its corrections; the scene follows when it has answered. Returns at once.

    Raises:
        HrnError: ``BUNDLE_INVALID``.
    """
    global _number
    uid, name = head.session_uid, head.name
    read_from_bundle(head)
    if not head.hrn_correct.texture_old:  # Once for each new folder, not for each pin.
        try:
            history.keep(head, "Correct", corrected=True)
        except HrnError as error:
            session.show_error(error, head.name)  # A full disk keeps nobody from correcting.
    head.hrn_correct.fit_old = head.hrn_correct.texture_old = True
    if uid in _refits:
        _again.add(uid)
        return
    _number += 1
    params = {
        "bundle": bundle_path(head),
        "corrections": corrections_of(head),
        "folder": str(folder()),
        "out": str(folder() / f"refit_{_number}.npz"),
    }
    for other in list(_textures):  # What is seen at once goes first; the maps follow afterwards.
        session.queue.give_up(_textures[other])
        _finish.add(other)
    sent = pins_of_head(head)
    errand = Errand("refit", params, lambda result: _answered(uid, result, sent), lambda error: _refused(uid, name, error))
    _refits[uid] = session.queue.ask(errand)
    session.ticker.wake()
    ticker.wake(_RETRY)


def _answered(uid: int, result: dict, sent: PinSet) -> None:
    _refits.pop(uid, None)
    _answers[uid] = result, sent
    if _put() is not None:
        ticker.wake(_RETRY)
    _follow(uid)


def _refused(uid: int, name: str, error: HrnError) -> None:
    _refits.pop(uid, None)
    if error.code is not ErrorCode.CANCELLED and uid not in _again:
        session.show_error(error, name)
        redraw()
    _follow(uid)


def _follow(uid: int) -> None:
    """Send the newest corrections where they have changed meanwhile."""
    if uid in _again:
        _again.discard(uid)
        head = _head(uid)
        if head is not None:
            _try(refit, head)


def _try(what: Callable, head: bpy.types.Object) -> None:
    try:
        what(head)
    except HrnError as error:
        session.show_error(error, head.name)
        redraw()


def refit_or_say(head: bpy.types.Object) -> None:
    """:func:`refit`, with what went wrong in the panel."""
    _try(refit, head)


def _put() -> float | None:
    """Put waiting answers into the scene as soon as nothing is edited there; the seconds until the next try."""
    for uid in list(_answers):
        head = _head(uid)
        if head is None:
            del _answers[uid]
        elif ready_to_change():
            _try(_apply, head)
    for uid in list(_new_maps):
        head = _head(uid)
        if head is None:
            del _new_maps[uid]
        elif ready_to_change():
            _try(_take_maps, head)
    for uid in list(_finish) if not (adjusted or _refits or _answers) else ():
        if uid in _textures:
            continue
        _finish.discard(uid)
        head = _head(uid)
        if head is not None and head.hrn_correct.texture_old:
            _try(retexture, head)
    return _RETRY if _answers or _new_maps or _finish else None


def _apply(head: bpy.types.Object) -> None:
    result, sent = _answers.pop(head.session_uid)
    fitted = fitted_of(head)
    answer = read_answer(head, result)
    Path(result["geometry"]).unlink(missing_ok=True)
    apply_answer(head, fitted, answer)
    keep_what_is_said(head, result, sent, fitted)
    head.hrn_correct.fit_old = head.session_uid in _again
    if not is_adjusted(head):
        undo_step()
    for listener in list(listeners):
        listener(head)
    redraw()


def undo_step() -> None:
    """Let Blender remember the scene as it is now."""
    with window_context():
        bpy.ops.ed.undo_push(message="Correct Head")


def retexture(head: bpy.types.Object) -> None:
    """Have the engine make the head's maps anew for its present shape, and store the corrections in its folder. Returns at once.

    Raises:
        HrnError: ``BUNDLE_INVALID``.
    """
    read_from_bundle(head)
    uid, name = head.session_uid, head.name
    if uid in _textures:
        session.queue.give_up(_textures.pop(uid))
    out = folder_for_maps(
        head, [*(one.folder for one in _new_maps.values()), *(one.params["out"] for one in _textures.values())]
    )
    params = {"bundle": bundle_path(head), "corrections": corrections_of(head), "folder": str(folder()), "out": out}
    before = load_bundle(bundle_path(head)).manifest["quality"]
    errand = Errand("retexture", params, lambda _result: None, title=say("Taking the skin from the photo"))
    errand.done = lambda result: _textured(uid, errand, (before, result.get("quality", {})))
    errand.failed = lambda error: _untextured(uid, name, errand, error)
    _textures[uid] = session.queue.ask(errand)
    session.ticker.wake()


def retexture_later(head: bpy.types.Object) -> None:
    """:func:`retexture` as soon as the last fit of the head is in the scene and Adjust Mode is left."""
    _finish.add(head.session_uid)
    ticker.wake(_RETRY)


def _ended(uid: int, errand: Errand) -> None:
    if _textures.get(uid) is errand:
        del _textures[uid]


def _textured(uid: int, errand: Errand, reports: tuple[dict, dict]) -> None:
    _ended(uid, errand)
    _new_maps[uid] = NewMaps(errand.params["out"], *reports)
    if _put() is not None:
        ticker.wake(_RETRY)


def _take_maps(head: bpy.types.Object) -> None:
    maps = _new_maps.pop(head.session_uid)
    copied = maps.folder != bundle_path(head)
    take_maps(head, maps.folder)
    head.hrn_correct.texture_old = head.session_uid in _refits
    kept = take_groom(head)
    keep_about_maps(head, maps.before, maps.now)
    if copied:
        session.queue.add_bundle(maps.folder, load_bundle(maps.folder).manifest)  # Build Again finds it in the list.
        session.sync()
    add_kept_hair(head, kept)
    redraw()


def _untextured(uid: int, name: str, errand: Errand, error: HrnError) -> None:
    _ended(uid, errand)
    if error.code is not ErrorCode.CANCELLED:
        session.show_error(error, name)
    redraw()


def wait(head: bpy.types.Object, seconds: float) -> bool:
    """Wait until the engine has answered, for scripts; returns whether it has.

    Args:
        seconds: how long at most.
    """
    deadline = time.monotonic() + seconds
    uid = head.session_uid
    while running(head) is not None or uid in _answers or uid in _new_maps:
        if time.monotonic() > deadline:
            return False
        session.ticker.tick()
        ticker.tick()
        time.sleep(0.01)
    return True


def _forget() -> bool:
    """Another file is open: what ran belongs to heads that are gone."""
    for errand in [*_refits.values(), *_textures.values()]:
        session.queue.give_up(errand)
    _clear()
    return False


def _clear() -> None:
    for kept in (_refits, _textures, _answers, _new_maps, _again, _finish, adjusted):
        kept.clear()


ticker = Ticker(_put, file_loaded=_forget)


@bpy.app.handlers.persistent
def _saving(*_arguments) -> None:
    keep_masks()


def register() -> None:
    ticker.start()
    bpy.app.handlers.save_pre.append(_saving)


def unregister() -> None:
    bpy.app.handlers.save_pre.remove(_saving)
    ticker.stop()
    _clear()
    listeners.clear()
    remove_folder()
