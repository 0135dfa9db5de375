"""The ways to fill the shape hierarchy, and :func:`reconstruct`, which runs one of them.

A method keeps what is slow to load (networks, the head model, compiled code) between photos; :func:`get_method`
returns the one instance per process, so that a warm server, a batch and a script share it.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..wire.bundle import Bundle, check_replaceable, remove_leftovers
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from ..wire.protocol import Settings

__all__ = ["METHODS", "Method", "MethodInfo", "Progress", "get_method", "reconstruct"]

Progress = Callable[[str, float, str], None]
"""``progress(stage, fraction, message)``: fraction 0 to 1 within the stage; raises CANCELLED when the user gave up."""


class Method(Protocol):
    """What the ``create()`` of a method's module returns."""

    def missing(self) -> list[str]:
        """What has to be installed before the method can run, one sentence each; empty when it is ready."""

    def warm_up(self, progress: Progress | None = None) -> None:
        """Load everything that does not depend on the photo."""

    def reconstruct(
        self, photos: Sequence[str | os.PathLike], out: str | os.PathLike, settings: Settings, progress: Progress
    ) -> Bundle:
        """See :func:`reconstruct`."""


@dataclass(frozen=True)
class MethodInfo:
    name: str
    title: str
    licence: str
    needs: str
    """What the user has to provide."""
    module: str
    """Where it lives inside this package: the module has a ``create()``."""
    max_photos: int = 1


METHODS = {
    info.name: info
    for info in (
        MethodInfo(
            "open",
            "Analysis by synthesis on the MakeHuman head",
            "CC0 head data, Apache-2.0 landmark networks; results are yours",
            "nothing",
            "methods.open",
            max_photos=30,
        ),
        MethodInfo(
            "deep3d", "Deep3D", "of the official files; no commercial work", "its official files", "published.deep3d.method"
        ),
        MethodInfo("hrn", "HRN", "of the official files; no commercial work", "its official files", "published.hrn.method"),
        MethodInfo(
            "mvhrn",
            "HRN, several views",
            "of the official files; no commercial work",
            "its official files",
            "published.hrn.multi_view",
            max_photos=30,
        ),
        MethodInfo(
            "tddfa_v3",
            "3DDFA-V3",
            "of the official files; no commercial work",
            "its official files",
            "published.tddfa_v3.method",
        ),
        MethodInfo(
            "df_mvr",
            "DF_MVR",
            "of the official files; no commercial work",
            "its official files, and three photos: left, front and right view",
            "published.df_mvr.method",
            max_photos=3,
        ),
        MethodInfo(
            "hrn_face",
            "HRN of ModelScope",
            "of the official files; no commercial work",
            "its official files",
            "published.hrn.modelscope",
        ),
        MethodInfo(
            "hrn_face_fit",
            "Face of ModelScope, fitted (February 2023)",
            "of the official files; no commercial work",
            "its official files",
            "published.modelscope.face_method",
        ),
        MethodInfo(
            "hrn_head",
            "Head of ModelScope",
            "of the official files; no commercial work",
            "its official files",
            "published.modelscope.head_method",
        ),
    )
}
_created: dict[str, Method] = {}
_lock = threading.Lock()


def get_method(name: str) -> Method:
    """The method of that name.

    Raises:
        HrnError: ``METHOD_UNKNOWN``.
    """
    if name not in METHODS:
        raise HrnError(
            ErrorCode.METHOD_UNKNOWN,
            say("There is no method “{name}”. The methods are {known}.", name=name, known=list(METHODS)),
        )
    with _lock:
        if name not in _created:
            _created[name] = importlib.import_module(f"..{METHODS[name].module}", __name__).create()
        return _created[name]


def reconstruct(
    photos: str | os.PathLike | Sequence[str | os.PathLike],
    out: str | os.PathLike,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Bundle:
    """Reconstruct one head.

    Args:
        photos: path of the photo, or several paths of photos of one person.
        out: folder that becomes the bundle; must not exist, be empty, or be a bundle, which is then replaced.
        settings: defaults when omitted.
        progress: see :data:`Progress`.

    Returns:
        Bundle: complete, on disk. When this raises, `out` is as it was before.

    Raises:
        HrnError: every code of :class:`ErrorCode` that concerns photos, output, settings, memory and cancelling.
    """
    settings = settings or Settings()
    photos = [photos] if isinstance(photos, (str, os.PathLike)) else list(photos)
    method = get_method(settings.method)
    most = METHODS[settings.method].max_photos
    if not photos:
        raise HrnError(ErrorCode.SETTINGS_INVALID, "No photo was given.")
    if len(photos) > most:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("Method “{name}” takes up to {most} photos, not {count}.", name=settings.method, most=most, count=len(photos)),
            hint="Choose the sharpest ones, from all around the face.",
        )
    check_replaceable(out)
    remove_leftovers(out)
    return method.reconstruct(photos, out, settings, progress or (lambda stage, fraction, message: None))
