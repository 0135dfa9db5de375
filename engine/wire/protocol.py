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

``ping`` answers at any time, also while a reconstruction runs. All requests and notifications: ``docs/protocol.md``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields

from .errors import ErrorCode, HrnError
from .messages import reason, say

__all__ = [
    "MAX_LINE_BYTES",
    "PROTOCOL_VERSION",
    "STAGES",
    "STAGE_SECONDS",
    "Settings",
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
"""Longer lines are garbage: bulk data travels in files."""

STAGES = ("start", "photo", "landmarks", "coarse", "mid", "albedo", "displacement", "bundle", "done")
"""Stages in the order in which ``progress`` names them."""

STAGE_SECONDS = {"photo": 0.1, "landmarks": 0.2, "coarse": 1.5, "mid": 3.0, "albedo": 2.0, "displacement": 1.0, "bundle": 1.0}
"""What each stage takes with the default settings on two cores: only the proportions matter, for progress bars."""

_QUALITIES = ("draft", "standard", "high")


@dataclass(frozen=True)
class Settings:
    """Settings of one reconstruction, with the defaults that both sides use."""

    method: str = "open"
    texture_size: int = 2048
    """Side of the square maps in pixels, 256 to 8192."""
    quality: str = "standard"
    """``draft`` (no mid frequency), ``standard`` or ``high`` (more iterations)."""
    detail: float = 1.0
    """Gain of the displacement map, 0 to 4."""
    keep_expression: bool = True
    """Whether the photo's expression is set on the shape keys; otherwise the head is built relaxed."""
    face_index: int = 0
    """Which face, largest first."""
    focal_px: float | None = None
    """Focal length in pixels of the photo as it is in the file; None: `focal_mm`, else from EXIF, else estimated."""
    focal_mm: float | None = None
    """Focal length in millimetres as on a 36 x 24 mm film camera, compared by the diagonal (CIPA DCG-001); the same for
    all photos, whatever their sizes."""
    seed: int = 0
    same_expression: bool | None = None
    """Several photos: whether the face is the same in all of them; None: decided from the photos."""
    hair_texture: bool = False
    """Method ``hrn_head``: the back of its texture gets the colour of the photo's hair instead of bald skin."""
    corrected: bool = False
    """Methods ``hrn``, ``mvhrn`` and ``hrn_face``: without the documented bugs of what was released."""
    part_distance: bool = False
    """Method ``open``: hold eyes, brows, lips and the face to their regions in the photo, besides single landmarks."""

    def __post_init__(self):
        def bad(text: str):
            raise HrnError(ErrorCode.SETTINGS_INVALID, text)

        for name in ("texture_size", "face_index", "seed"):
            if not isinstance(getattr(self, name), int) or isinstance(getattr(self, name), bool):
                bad(say("Setting “{name}” must be a whole number, not {value}.", name=name, value=repr(getattr(self, name))))
        for name in ("detail", "focal_px", "focal_mm"):
            if not isinstance(getattr(self, name), (int, float)) and getattr(self, name) is not None:
                bad(say("Setting “{name}” must be a number, not {value}.", name=name, value=repr(getattr(self, name))))
        if not isinstance(self.method, str) or not isinstance(self.keep_expression, bool):
            bad(say("Setting “method” must be a name, and “keep_expression” must be true or false."))
        for name in ("hair_texture", "corrected", "part_distance"):
            if not isinstance(getattr(self, name), bool):
                bad(say("Setting “{name}” must be true or false.", name=name))
        if self.same_expression not in (None, True, False):
            bad(say("Setting “same_expression” must be true, false or absent."))
        if not 256 <= self.texture_size <= 8192:
            bad(say("The texture size must be a whole number from 256 to 8192, not {value}.", value=self.texture_size))
        if self.quality not in _QUALITIES:
            bad(say("The quality must be one of {known}, not {value}.", known=_QUALITIES, value=repr(self.quality)))
        if self.detail is None or not 0 <= self.detail <= 4:
            bad(say("The detail must be between 0 and 4, not {value}.", value=repr(self.detail)))
        if self.face_index < 0:
            bad(say("The face number must be 0 or more, not {value}.", value=self.face_index))
        if self.focal_px is not None and not 10 <= self.focal_px <= 1e6:
            bad(say("The focal length must be between 10 and 1000000 pixels, not {value}.", value=repr(self.focal_px)))
        if self.focal_mm is not None and not 5 <= self.focal_mm <= 2000:
            bad(say("The focal length must be between 5 and 2000 mm, not {value}.", value=repr(self.focal_mm)))
        if self.focal_mm is not None and self.focal_px is not None:
            bad(say("The focal length is given both in millimetres and in pixels; give only one of them."))

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Settings:
        """Settings from a message.

        Raises:
            HrnError: ``SETTINGS_INVALID`` for unknown names and values out of range.
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            raise HrnError(ErrorCode.SETTINGS_INVALID, say("There is no setting “{name}”.", name=unknown[0]))
        try:
            return cls(**data)
        except (TypeError, ValueError) as error:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID, say("A setting has the wrong type: {reason}.", reason=reason(error))
            ) from error


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
    return {"id": id_, "method": method, "params": params or {}}


def notification(method: str, params: dict | None = None) -> dict:
    return {"method": method, "params": params or {}}


def response(id_: int, result: dict) -> dict:
    return {"id": id_, "result": result}


def error_response(id_: int | None, error: HrnError) -> dict:
    return {"id": id_, "error": error.to_json()}


def encode_line(message: dict) -> bytes:
    """One message as one line of UTF-8 JSON, newline included."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def decode_line(line: bytes) -> dict:
    """The message in one line.

    Raises:
        HrnError: ``ENGINE_PROTOCOL`` when the line is no JSON object or too long.
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
