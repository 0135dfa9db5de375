"""Whether PyTorch is there, without loading it. Published methods and training need it; method ``open`` does not."""

from __future__ import annotations

import importlib.util

from .errors import ErrorCode, HrnError

__all__ = ["PYTORCH_MISSING", "has_pytorch", "require_pytorch"]

_HOW = "Run `python3 install_deps.py install --with published`, or click Install PyTorch in Blender."
PYTORCH_MISSING = f"Published methods need PyTorch, which is not installed. {_HOW}"


def has_pytorch() -> bool:
    """Whether it can be imported."""
    return importlib.util.find_spec("torch") is not None


def require_pytorch(what: str) -> None:
    """
    Args:
        what: that needs it, as the subject of the sentence.

    Raises:
        HrnError: MODEL_MISSING where it is not installed.
    """
    if not has_pytorch():
        raise HrnError(ErrorCode.MODEL_MISSING, f"{what} needs PyTorch, which is not installed.", hint=_HOW)
