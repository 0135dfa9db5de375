"""Whether PyTorch is there, without loading it. Published methods and training need it; method ``open`` does not."""

from __future__ import annotations

import importlib.util

from .errors import ErrorCode, HrnError
from .messages import Message, say, sentences

__all__ = ["PYTORCH_MISSING", "has_pytorch", "require_pytorch"]

_HOW = say("Run `python3 install_deps.py install --with published`, or click Install PyTorch in Blender.")
"""How PyTorch is installed."""
PYTORCH_MISSING = sentences(say("Published methods need PyTorch, which is not installed."), _HOW)
"""What is said where PyTorch is missing, and how it is installed."""


def has_pytorch() -> bool:
    """Whether it can be imported."""
    return importlib.util.find_spec("torch") is not None


def require_pytorch(what: Message) -> None:
    """
    Args:
        what: that needs it, as the subject of the sentence.

    Raises:
        HrnError: MODEL_MISSING where it is not installed.
    """
    if not has_pytorch():
        raise HrnError(ErrorCode.MODEL_MISSING, say("{what} needs PyTorch, which is not installed.", what=what), hint=_HOW)
