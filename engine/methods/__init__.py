"""The ways to fill the shape hierarchy, and :func:`reconstruct`, which runs one of them.

A method keeps what is slow to load (networks, the head model, compiled code) between photos; :func:`get_method`
returns the one instance per process, so that a warm server, a batch and a script share it.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Sequence
from typing import Protocol

from ..system.progress import SILENT, Progress, Receiver
from ..wire.bundle import Bundle, check_replaceable, check_writable, output_path, remove_leftovers
from ..wire.claims import claimed
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from ..wire.methods import check_photo_count, method_info
from ..wire.pytorch import require_pytorch
from ..wire.settings import Settings

__all__ = ["Method", "get_method", "reconstruct"]


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
) -> Bundle:
    """Reconstruct one head.

    Args:
        photos: path of the photo, or several paths of photos of one person.
        out: folder that becomes the bundle; must not exist, be empty, or be a bundle, which is then replaced.
        settings: defaults when omitted.
        claim: token of the claim on `out` that the caller holds (:mod:`engine.wire.claims`); claimed here when omitted.
        progress: ``progress(stage, fraction, message)``, see :data:`engine.system.progress.Receiver`; may raise to cancel.

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
    with claimed(out, claim):
        remove_leftovers(out)
        check_writable(out)
        return method.reconstruct(photos, out, settings, Progress(progress))
