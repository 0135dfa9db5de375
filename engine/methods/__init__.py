"""The ways to fill the shape hierarchy, and :func:`reconstruct`, which runs one of them.

A method keeps what is slow to load (networks, the head model, compiled code) between photos; :func:`get_method`
returns the one instance per process, so that a warm server, a batch and a script share it.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..system.progress import SILENT, Progress, Receiver
from ..wire.bundle import Bundle, check_replaceable, check_writable, load_bundle, output_path, remove_leftovers
from ..wire.claims import claimed
from ..wire.corrections import Corrections
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from ..wire.methods import check_photo_count, method_info
from ..wire.pytorch import require_pytorch
from ..wire.settings import Settings

if TYPE_CHECKING:
    from ..corrections.replay import Replay

__all__ = ["Method", "add_photo", "get_method", "reconstruct", "retexture"]


class Method(Protocol):
    """What the ``create()`` of a method's module returns."""

    def missing(self) -> list[str]:
        """What has to be installed before the method can run, one sentence each; empty when it is ready."""

    def warm_up(self, progress: Progress = SILENT) -> None:
        """Load everything that does not depend on the photo."""

    def reconstruct(
        self, photos: Sequence[str | os.PathLike], out: str | os.PathLike, settings: Settings, progress: Progress
    ) -> Bundle:
        """See :func:`reconstruct`."""


_created: dict[str, Method] = {}
_lock = threading.Lock()


def get_method(name: str) -> Method:
    """The method of that name.

    Raises:
        HrnError: ``METHOD_UNKNOWN``; ``MODEL_MISSING`` where it needs PyTorch and that is not installed.
    """
    info = method_info(name)
    if info.pytorch:
        require_pytorch(say("Method “{name}”", name=name))
    with _lock:
        if name not in _created:
            _created[name] = importlib.import_module(f"..{info.module}", __name__).create()
        return _created[name]


def reconstruct(
    photos: str | os.PathLike | Sequence[str | os.PathLike],
    out: str | os.PathLike,
    settings: Settings | None = None,
    progress: Receiver | None = None,
    claim: str | None = None,
    corrections: Corrections | Mapping | str | os.PathLike | None = None,
) -> Bundle:
    """Reconstruct one head.

    Args:
        photos: path of the photo, or several paths of photos of one person.
        out: folder that becomes the bundle; must not exist, be empty, or be a bundle, which is then replaced.
        settings: defaults when omitted.
        claim: token of the claim on `out` that the caller holds (:mod:`engine.wire.claims`); claimed here when omitted.
        progress: ``progress(stage, fraction, message)``, see :data:`engine.system.progress.Receiver`; may raise to cancel.
        corrections: by hand, made on a head of these photos; a file of them, or their JSON, whose masks then lie in `out`.

    Returns:
        Bundle: complete, on disk. When this raises, `out` is as it was before.

    Raises:
        HrnError: every code of :class:`ErrorCode` that concerns photos, output, settings, memory and cancelling.
    """
    settings = settings or Settings()
    photos = [photos] if isinstance(photos, (str, os.PathLike)) else list(photos)
    method = get_method(settings.method)
    if not photos:
        raise HrnError(ErrorCode.SETTINGS_INVALID, "No photo was given.")
    check_photo_count(settings.method, len(photos))
    out = output_path(out)
    check_replaceable(out)
    replay = None if corrections is None else _replay(corrections, out)
    if replay is not None and settings.method != "open":
        raise HrnError(ErrorCode.SETTINGS_INVALID, "Only method “open” takes corrections.")
    with claimed(out, claim):
        remove_leftovers(out)
        check_writable(out)
        if replay is not None:
            return method.reconstruct(photos, out, settings, Progress(progress), replay)  # type: ignore[call-arg]
        return method.reconstruct(photos, out, settings, Progress(progress))


def retexture(
    bundle: Bundle | str | os.PathLike,
    corrections: Corrections | Mapping | str | os.PathLike,
    out: str | os.PathLike,
    progress: Receiver | None = None,
    *,
    folder: str | os.PathLike | None = None,
    claim: str | None = None,
) -> Bundle:
    """Make a bundle of a head with corrections, its textures and hair made anew from the bundle's copies of its photos.

    Args:
        bundle: the head, corrected before or not: corrections count from its own fit.
        corrections: what is corrected, its JSON, or its file.
        out: folder that becomes the bundle, see :func:`reconstruct`; may be the same one.
        progress: see :func:`reconstruct`.
        folder: where the masks lie; the file's own folder, or else the bundle.
        claim: see :func:`reconstruct`.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``, ``BUNDLE_INVALID``, and those of :func:`reconstruct`. Nothing is changed then.
    """
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    replay = _replay(corrections, bundle.path if folder is None else Path(folder))
    out = output_path(out)
    check_replaceable(out)
    with claimed(out, claim):
        remove_leftovers(out)
        check_writable(out)
        return get_method("open").retexture(bundle, replay, out, Progress(progress))  # type: ignore[attr-defined]


def add_photo(
    bundle: Bundle | str | os.PathLike,
    photo: str | os.PathLike,
    out: str | os.PathLike,
    progress: Receiver | None = None,
    *,
    corrections: Corrections | Mapping | str | os.PathLike | None = None,
    folder: str | os.PathLike | None = None,
    claim: str | None = None,
) -> Bundle:
    """Make a bundle of a head from its photos and one more, fitted together from where the head stands.

    Args:
        bundle: the head.
        photo: path of another photo of the same person.
        out: folder that becomes the bundle, see :func:`reconstruct`; may be the same one.
        progress: see :func:`reconstruct`.
        corrections: by hand, played again on the new fit; those of the bundle when omitted.
        folder: where the masks lie; the file's own folder, or else the bundle.
        claim: see :func:`reconstruct`.

    Raises:
        HrnError: ``PHOTO_UNMATCHED`` where it is another person's photo or one that the head has; ``NO_FACE``;
            ``BUNDLE_INVALID``; ``CORRECTIONS_INVALID``; and those of :func:`reconstruct`. Nothing is changed then.
    """
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    about = bundle.manifest.get("corrections")
    if corrections is None and about:
        corrections = bundle.path / about["file"]
    replay = None if corrections is None else _replay(corrections, bundle.path if folder is None else Path(folder))
    out = output_path(out)
    check_replaceable(out)
    with claimed(out, claim):
        remove_leftovers(out)
        check_writable(out)
        return get_method("open").add_photo(bundle, photo, out, replay, Progress(progress))  # type: ignore[attr-defined]


def _replay(corrections: Corrections | Mapping | str | os.PathLike, folder: Path) -> Replay:
    from ..corrections.refit import given_corrections
    from ..corrections.replay import Replay

    return Replay(*given_corrections(corrections, folder))
