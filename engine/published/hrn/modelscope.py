"""The `hrn_face` method: HRN as ModelScope releases it, with its own files.

The same networks, maths and order as :mod:`.method`; the face is widened from a larger picture, and the strip has no tile for
the validity.
"""

from __future__ import annotations

from .method import Hrn

__all__ = ["HrnOfModelScope", "create"]


def create() -> HrnOfModelScope:
    """A new instance of the `hrn_face` method."""
    return HrnOfModelScope()


class HrnOfModelScope(Hrn):
    """HRN for one photo with ModelScope's files."""

    name = networks = "hrn_face"
    retouching = "hrn_face_retouching"
    release = "modelscope"
    mask_tile = False
