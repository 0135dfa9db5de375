"""What a bundle's quality report complains about. No bpy."""

from __future__ import annotations

from typing import Any

from ..engine.wire.messages import Message

__all__ = ["quality_warnings"]


def quality_warnings(report: dict[str, Any] | None) -> list[Message]:
    """The report's warnings as sentences; older ones are plain text."""
    warnings = (report or {}).get("warnings") or []
    return [Message.from_json(one) if isinstance(one, dict) else Message(str(one)) for one in warnings]
