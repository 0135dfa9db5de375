"""Everything that one build has created, so that a failed build can take it back."""

from __future__ import annotations

import bpy

__all__ = ["Ledger"]


class Ledger:
    """Records new data-blocks in order of creation; as a context, takes them back when its block raises."""

    def __init__(self) -> None:
        self._created: list[bpy.types.ID] = []

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind, *_) -> None:
        if kind is not None:
            self.undo()

    def add(self, id_block):
        """Record `id_block` and return it."""
        self._created.append(id_block)
        return id_block

    def undo(self) -> None:
        """Remove everything that was recorded, users first."""
        bpy.data.batch_remove(list(reversed(self._created)))
        self._created.clear()
