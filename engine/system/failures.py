"""Any exception as an error that a user can understand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..wire.atomic import is_disk_full
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say

__all__ = ["ViewFailed", "as_hrn_error", "of_view", "unexpected"]

_log = logging.getLogger(__name__)
_MEMORY_WORDS = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "insufficient memory",
    "cannot allocate",
    "failed to allocate",
    "bad allocation",
    "bad_alloc",
)
"""Words, in lower case, with which libraries say that memory is short."""


class ViewFailed(Exception):
    """A stage failed because of one of several photos; the others can go on without it.

    Args:
        number: of the photo among those that the stage was given.
        error: what happened, for the report.
    """

    def __init__(self, number: int, error: HrnError):
        super().__init__(f"photo {number}: {error.message}")
        self.number = number
        self.error = error


@contextmanager
def of_view(number: int) -> Iterator[None]:
    """Blame photo `number` for what fails unexpectedly inside the block.

    Cancelling, lack of memory, a full disk and errors with a code of their own concern all photos and pass.

    Raises:
        ViewFailed: instead of any unexpected exception, whose traceback goes to the log.
    """
    try:
        yield
    except Exception as error:
        raise ViewFailed(number, unexpected(error)) from error


def unexpected(error: Exception) -> HrnError:
    """What is to be said of an unexpected exception, whose traceback goes to the log.

    Raises:
        Exception: `error` itself, where it has a code of its own or tells already which photo it concerns.
    """
    if isinstance(error, (HrnError, ViewFailed)):
        raise error
    failure = as_hrn_error(error)
    if failure.code is not ErrorCode.INTERNAL:
        raise error
    return failure


def as_hrn_error(error: BaseException) -> HrnError:
    """The matching :class:`HrnError`; the traceback of an unexpected exception goes to the log.

    NumPy raises MemoryError, torch RuntimeError, OpenCV its own ``cv2.error``: the last two are told by their text.
    """
    if isinstance(error, HrnError):
        _log.info("%s: %s %s", error.code.value, error.message, error.details or "")
        return error
    if isinstance(error, ViewFailed):
        return error.error
    if isinstance(error, KeyboardInterrupt):
        return HrnError(ErrorCode.CANCELLED, "The reconstruction was interrupted.")
    _log.error("unexpected %s", type(error).__name__, exc_info=error)
    if isinstance(error, MemoryError) or any(words in str(error).lower() for words in _MEMORY_WORDS):
        return HrnError(ErrorCode.OUT_OF_MEMORY, "The reconstruction needs more memory than is available.")
    if isinstance(error, OSError) and is_disk_full(error):
        return HrnError(
            ErrorCode.DISK_FULL, say("There is no space left for {path}.", path=error.filename or say("the result"))
        )
    if isinstance(error, ModuleNotFoundError):
        return HrnError(ErrorCode.MODEL_MISSING, say("The Python package “{name}” is not installed.", name=error.name))
    return HrnError(ErrorCode.INTERNAL, say("The engine failed unexpectedly: {error}.", error=_one_line(error)))


def _one_line(error: BaseException) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".: ")
    return text if len(text) <= 200 else text[:197] + "…"
