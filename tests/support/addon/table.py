"""Using Batch Import as an artist does."""

from __future__ import annotations

from support.addon.operators import heads_in_scene, tick_until

__all__ = ["addon_module", "heads_by_name", "run", "states"]


def run(table, until=None, seconds: float = 60.0) -> None:
    """Tick until the batch has ended and is built, or `until()`."""
    tick_until(
        table.ticker,
        until or (lambda: not (table.batch.alive or table.waiting_to_build())),
        seconds,
        lambda: [(s.key, s.state) for s in table.batch.subjects.values()],
    )


def states(table) -> dict[str, str]:
    return {s.key: s.state.value for s in table.batch.subjects.values()}


def heads_by_name() -> dict:
    return {head.name: head for head in heads_in_scene()}


def addon_module():
    from hrn_blender.state import session

    return session
