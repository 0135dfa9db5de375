"""Messages between the add-on and ``engine serve``.

One JSON object per line, UTF-8, in the shapes of JSON-RPC 2.0: requests and notifications carry ``method`` and
``params``, responses carry ``result`` or ``error``. The engine's first line is the ``ready`` notification. End of its
stdin means "exit".

    -> {"id": 1, "method": "initialize", "params": {"protocol": 1, "client_version": "0.1.0"}}
    <- {"id": 1, "result": {"protocol": 1, "engine_version": "0.1.0", "methods": ["open"], "pid": 4711}}
    -> {"id": 2, "method": "reconstruct", "params": {"photos": ["a.jpg"], "out": "dir", "settings": {}}}
    <- {"method": "progress", "params": {"id": 2, "stage": "coarse", "fraction": 0.3, "overall": 0.2,
                                         "message": "Fitting the head"}}
    <- {"id": 2, "result": {"bundle": "dir", "quality": {}, "timings": {}}}
    -> {"id": 3, "method": "cancel", "params": {"id": 2}}
    -> {"id": 4, "method": "shutdown", "params": {}}

``ping`` answers at any time, also while a reconstruction runs. All requests and notifications: ``docs/develop/protocol.md``.
"""

from __future__ import annotations

import json

from .errors import ErrorCode, HrnError
from .messages import say

__all__ = [
    "MAX_LINE_BYTES",
    "PROTOCOL_VERSION",
    "STAGES",
    "STAGE_SECONDS",
    "decode_line",
    "encode_line",
    "error_response",
    "notification",
    "overall_fraction",
    "request",
    "response",
    "versions_match",
]

PROTOCOL_VERSION = 1
"""Raised by one whenever an older add-on could misread a newer engine."""

MAX_LINE_BYTES = 1 << 20
"""Most bytes of a line; longer lines are garbage, because bulk data travels in files."""

STAGE_SECONDS = {
    "photo": 0.1,
    "landmarks": 0.2,
    "coarse": 1.5,
    "mid": 3.0,
    "albedo": 2.0,
    "displacement": 1.0,
    "hair": 2.5,
    "bundle": 1.0,
}
"""What each stage takes with the default settings on two cores: only the proportions matter, for progress bars."""

STAGES = ("start", *STAGE_SECONDS, "done")
"""Stages in the order in which ``progress`` names them."""


def overall_fraction(stage: str, fraction: float) -> float:
    """How much of a whole reconstruction is done, 0 to 1, when `fraction` of `stage` is.

    Never falls while the stages follow each other as in :data:`STAGES`; an unknown stage counts as the start.
    """
    if stage == "done":
        return 1.0
    names = list(STAGE_SECONDS)
    if stage not in names:
        return 0.0
    before = sum(STAGE_SECONDS[name] for name in names[: names.index(stage)])
    return (before + STAGE_SECONDS[stage] * min(max(fraction, 0.0), 1.0)) / sum(STAGE_SECONDS.values())


def versions_match(client: str, engine: str) -> bool:
    """Whether an add-on and an engine of these versions belong together: equal major and minor number."""
    return client.split(".")[:2] == engine.split(".")[:2]


def request(id_: int, method: str, params: dict | None = None) -> dict:
    """A request; its answer carries the same `id_`."""
    return {"id": id_, "method": method, "params": params or {}}


def notification(method: str, params: dict | None = None) -> dict:
    """A message that is not answered."""
    return {"method": method, "params": params or {}}


def response(id_: int, result: dict) -> dict:
    """The answer to request `id_` when it succeeded."""
    return {"id": id_, "result": result}


def error_response(id_: int | None, error: HrnError) -> dict:
    """The answer to request `id_` when it failed; None answers what could not be read as a request."""
    return {"id": id_, "error": error.to_json()}


def encode_line(message: dict) -> bytes:
    """One message as one line of UTF-8 JSON, newline included."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode_line(line: bytes) -> dict:
    """The message in one line.

    Raises:
        HrnError: ``ENGINE_PROTOCOL`` when the line is not a JSON object or too long.
    """
    if len(line) > MAX_LINE_BYTES:
        raise HrnError(ErrorCode.ENGINE_PROTOCOL, say("A message of {bytes} bytes is longer than allowed.", bytes=len(line)))
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        text = bytes(line[:80]).decode("utf-8", "replace").strip()
        raise HrnError(
            ErrorCode.ENGINE_PROTOCOL, say("The engine wrote a line that is not a message: {line}", line=repr(text))
        ) from error
    if not isinstance(message, dict):
        raise HrnError(ErrorCode.ENGINE_PROTOCOL, "The engine wrote a message that is not an object.")
    return message
