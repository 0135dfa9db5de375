"""The closed list of errors that may reach a user.

Every failure is one :class:`HrnError`: a code that programs can match, one sentence for the artist, and what to do
next. Sentences are messages (:mod:`.messages`) and are shown in the user's language. Tracebacks belong into the log, never
into a message. ``docs/user/errors.md`` lists them all.
"""

from __future__ import annotations

from enum import Enum

from .formats import PHOTO_KINDS
from .messages import Message, as_message, say, sentences

__all__ = ["EXIT_CODES", "ErrorCode", "HrnError"]


class ErrorCode(str, Enum):
    """Codes and, as their second value, the hint shown when the raiser gives none."""

    hint: Message

    def __new__(cls, code: str, hint: str):
        member = str.__new__(cls, code)
        member._value_ = code
        member.hint = as_message(hint)
        return member

    # Photo
    PHOTO_UNREADABLE = "PHOTO_UNREADABLE", "Check that the file exists and that you may read it."
    NOT_AN_IMAGE = "NOT_AN_IMAGE", say("Choose a {kinds} photo.", kinds=PHOTO_KINDS)
    IMAGE_DAMAGED = "IMAGE_DAMAGED", "The file is cut off or damaged; copy it from the camera again."
    IMAGE_TOO_LARGE = "IMAGE_TOO_LARGE", "Scale the photo down to less than 100 megapixels."
    NO_FACE = "NO_FACE", "Use a photo in which one face is clearly visible, from the front or turned halfway."
    FACE_TOO_SMALL = "FACE_TOO_SMALL", "Crop closer or use a photo in which the face is at least 60 pixels wide."
    FACE_INDEX = "FACE_INDEX", "Choose a face number that exists in this photo."
    PHOTO_UNMATCHED = "PHOTO_UNMATCHED", "Use photos of one person, best taken in one go: same light, same face."
    # Output
    OUTPUT_EXISTS = "OUTPUT_EXISTS", "Choose another folder, or one with a head bundle that may be replaced."
    OUTPUT_NOT_WRITABLE = "OUTPUT_NOT_WRITABLE", "Choose a folder that you may write to."
    DISK_FULL = "DISK_FULL", "Free some space or choose another disk, then try again."
    BUNDLE_INVALID = "BUNDLE_INVALID", "Reconstruct the photo again; the folder is not a complete head bundle."
    CORRECTIONS_INVALID = "CORRECTIONS_INVALID", "Choose the corrections that were made on this head, or leave them out."
    CAPTURE_INVALID = "CAPTURE_INVALID", "Choose the .csv file of a take of Live Link Face."
    # Engine
    SETTINGS_INVALID = "SETTINGS_INVALID", "Correct the setting named in the message."
    METHOD_UNKNOWN = "METHOD_UNKNOWN", "Choose one of the methods listed by `engine models`."
    MODEL_MISSING = "MODEL_MISSING", "Run `python3 install_deps.py install` to fetch what is missing."
    CHECKPOINT_INVALID = "CHECKPOINT_INVALID", "Choose the official file of this method."
    ENGINE_MISSING = "ENGINE_MISSING", "Install the engine in the add-on's preferences."
    ENGINE_CRASHED = "ENGINE_CRASHED", "Try again; the log named in the preferences says what happened."
    ENGINE_PROTOCOL = "ENGINE_PROTOCOL", "Try again; if it happens again, repair the engine in the preferences."
    VERSION_MISMATCH = "VERSION_MISMATCH", "Install the engine again, so that the add-on and the engine match."
    OUT_OF_MEMORY = "OUT_OF_MEMORY", "Close other programs or choose a smaller texture size."
    CANCELLED = "CANCELLED", "Nothing was changed."
    BUSY = "BUSY", "Wait for the running reconstruction or cancel it."
    INTERNAL = "INTERNAL", "Please report this, together with the engine's log."


EXIT_CODES = {
    ErrorCode.SETTINGS_INVALID: 2,
    ErrorCode.INTERNAL: 3,
    ErrorCode.CANCELLED: 130,
    ErrorCode.PHOTO_UNREADABLE: 10,
    ErrorCode.NOT_AN_IMAGE: 11,
    ErrorCode.IMAGE_DAMAGED: 12,
    ErrorCode.IMAGE_TOO_LARGE: 13,
    ErrorCode.NO_FACE: 14,
    ErrorCode.FACE_TOO_SMALL: 15,
    ErrorCode.FACE_INDEX: 16,
    ErrorCode.PHOTO_UNMATCHED: 17,
    ErrorCode.OUTPUT_EXISTS: 20,
    ErrorCode.OUTPUT_NOT_WRITABLE: 21,
    ErrorCode.DISK_FULL: 22,
    ErrorCode.BUNDLE_INVALID: 23,
    ErrorCode.CORRECTIONS_INVALID: 24,
    ErrorCode.CAPTURE_INVALID: 25,
    ErrorCode.METHOD_UNKNOWN: 30,
    ErrorCode.MODEL_MISSING: 31,
    ErrorCode.CHECKPOINT_INVALID: 32,
    ErrorCode.ENGINE_MISSING: 33,
    ErrorCode.ENGINE_CRASHED: 34,
    ErrorCode.ENGINE_PROTOCOL: 35,
    ErrorCode.VERSION_MISMATCH: 36,
    ErrorCode.OUT_OF_MEMORY: 37,
    ErrorCode.BUSY: 38,
}
"""Exit status of the engine's command line for each code; 0 is success, 2 also a wrong command line."""


class HrnError(Exception):
    """A failure that a user can understand.

    Args:
        code: what kind of failure.
        message: one sentence, no trailing traceback, paths and numbers included; made by :func:`.messages.say` where it
            has parameters.
        hint: what to do next; the code's own hint when omitted.
        details: JSON-serialisable facts for programs and the log.
    """

    def __init__(self, code: ErrorCode, message: str, *, hint: str | None = None, details: dict | None = None):
        super().__init__(message)
        self.code = ErrorCode(code)  # type: ignore[call-arg]
        self.message = as_message(message)
        self.hint = as_message(self.code.hint if hint is None else hint)
        self.details = details or {}

    @property
    def sentence(self) -> Message:
        """What happened and what to do next. ``error.sentence.render(…)`` is that in another language."""
        return sentences(self.message, self.hint)

    def __str__(self) -> str:
        return str(self.sentence)

    def to_json(self) -> dict:
        """The error as the `error` member of a response: English, with the templates and parameters of its sentences."""
        return {
            "code": self.code.value,
            **self.message.to_json(),
            **self.hint.to_json("hint"),
            "details": self.details,
        }

    @classmethod
    def from_json(cls, data: dict) -> HrnError:
        """Inverse of :meth:`to_json`; an unknown code of a newer engine becomes ``INTERNAL``."""
        try:
            code = ErrorCode(data.get("code"))  # type: ignore[call-arg, arg-type]
        except ValueError:
            code = ErrorCode.INTERNAL
        hint = None if data.get("hint") is None else Message.from_json(data, "hint")
        return cls(code, Message.from_json(data), hint=hint, details=data.get("details"))
