"""What requests of ``engine serve`` ask for: their parameters, checked, and the work (docs/develop/protocol.md)."""

from __future__ import annotations

from collections.abc import Callable

from .system.progress import Receiver
from .wire.bundle import Bundle
from .wire.errors import ErrorCode, HrnError
from .wire.settings import Settings

__all__ = ["WORK", "early_folder"]


def _reconstruction(params: dict) -> Callable[[Receiver], dict]:
    photos, out, claim = params.get("photos"), params.get("out"), _claim(params)
    if not isinstance(photos, list) or not all(isinstance(p, str) for p in photos) or not isinstance(out, str) or not out:
        raise HrnError(ErrorCode.SETTINGS_INVALID, "A reconstruction needs a list of photos and an output folder.")
    settings = params.get("settings") or {}
    if not isinstance(settings, dict):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "The settings must be an object.")
    chosen = Settings.from_json(settings)
    corrections = params.get("corrections")
    if not isinstance(corrections, (dict, str, type(None))):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "The corrections must be an object or a path.")

    def work(told: Receiver) -> dict:
        from .methods import reconstruct

        return _bundle_answer(reconstruct(photos, out, chosen, told, claim, corrections))

    return work


def _refit(params: dict) -> Callable[[Receiver], dict]:
    bundle, corrections, out, folder = _of_correction(params)

    def work(told: Receiver) -> dict:
        from .corrections.refit import refit, write_geometry

        found = refit(bundle, corrections, folder)
        write_geometry(out, found)
        return {"geometry": out, **found.to_json()}

    return work


def _retexture(params: dict) -> Callable[[Receiver], dict]:
    bundle, corrections, out, folder = _of_correction(params)
    claim = _claim(params)

    def work(told: Receiver) -> dict:
        from .methods import retexture

        return _bundle_answer(retexture(bundle, corrections, out, told, folder=folder, claim=claim))

    return work


def _addition(params: dict) -> Callable[[Receiver], dict]:
    bundle, photo, out, folder, corrections = (params.get(n) for n in ("bundle", "photo", "out", "folder", "corrections"))
    paths = all(isinstance(one, str) and one for one in (bundle, photo, out)) and isinstance(folder, (str, type(None)))
    if not (paths and isinstance(corrections, (dict, str, type(None)))):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "Adding a photo needs a head bundle, a photo and an output folder.")
    claim = _claim(params)

    def work(told: Receiver) -> dict:
        from .methods import add_photo

        return _bundle_answer(add_photo(bundle, photo, out, told, corrections=corrections, folder=folder, claim=claim))

    return work


def _of_correction(params: dict) -> tuple[str, dict | str, str, str | None]:
    """Bundle, corrections, output, and folder of the masks."""
    bundle, corrections, out, folder = (params.get(name) for name in ("bundle", "corrections", "out", "folder"))
    paths = isinstance(bundle, str) and isinstance(out, str) and isinstance(folder, (str, type(None)))
    if not (paths and bundle and out and isinstance(corrections, (dict, str))):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "A correction needs a head bundle, corrections and an output.")
    return bundle, corrections, out, folder


def _claim(params: dict) -> str | None:
    claim = params.get("claim")
    if not isinstance(claim, (str, type(None))):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "The claim must be text.")
    return claim


def early_folder(params: dict) -> str | None:
    """Where unfinished shapes of a request are to be written; None: nobody wants them.

    Raises:
        HrnError: SETTINGS_INVALID.
    """
    folder = params.get("early")
    if not isinstance(folder, (str, type(None))):
        raise HrnError(ErrorCode.SETTINGS_INVALID, "The folder for early shapes must be a path.")
    return folder


def _bundle_answer(bundle: Bundle) -> dict:
    return {"bundle": str(bundle.path), "quality": bundle.manifest["quality"], "timings": bundle.manifest["timings"]}


WORK: dict[str, Callable[[dict], Callable[[Receiver], dict]]] = {
    "reconstruct": _reconstruction,
    "refit": _refit,
    "retexture": _retexture,
    "add_photo": _addition,
}
"""Requests that are done one at a time: each checks its parameters and answers what does the work, which gives the result."""
