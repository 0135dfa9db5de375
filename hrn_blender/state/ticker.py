"""The timer that moves something on while Blender stays usable.

Nothing waits inside Blender: child processes are looked at in short steps. Where timers do not run (Blender
as a Python module) tests and scripts call :meth:`Ticker.tick` by hand.
"""

from __future__ import annotations

from collections.abc import Callable

import bpy

from .windows import redraw

__all__ = ["Ticker"]

_SOON = 0.02
"""Seconds until the first step after a call for one."""


class Ticker:
    """A timer that runs while there is something to do, through the opening of other files and undo.

    Args:
        step: does what is due and returns the seconds until the next step, None when there is nothing to wait for.
        shown: what the panels show of it; they are drawn again when it differs after a step.
        file_loaded: called when another file has been opened; returns whether there is something to do.
        undone: called after an undo; returns whether there is something to do.
        leaving: called when Blender closes, where it says so (from 5.0).
    """

    def __init__(
        self,
        step: Callable[[], float | None],
        *,
        shown: Callable[[], object] | None = None,
        file_loaded: Callable[[], bool] | None = None,
        undone: Callable[[], bool] | None = None,
        leaving: Callable[[], None] | None = None,
    ):
        self._step, self._shown = step, shown
        self._drawn: object = None
        self._timer = lambda: self.tick()  # One object for good: Blender knows a timer by its identity.
        wanted = {"load_post": _waking(self, file_loaded), "undo_post": _waking(self, undone), "exit_pre": leaving}
        self._handlers = {name: _handler(call) for name, call in wanted.items() if call is not None}

    def start(self) -> None:
        """Listen to Blender; the timer itself runs from the first :meth:`wake` on."""
        for name, handler in self._handlers.items():
            if hasattr(bpy.app.handlers, name):
                getattr(bpy.app.handlers, name).append(handler)

    def stop(self) -> None:
        """No step and no call any more."""
        self._unregister()
        for name, handler in self._handlers.items():
            if hasattr(bpy.app.handlers, name):
                getattr(bpy.app.handlers, name).remove(handler)

    def wake(self, seconds: float = _SOON) -> None:
        """Make sure that the next step comes in `seconds`."""
        self._unregister()
        bpy.app.timers.register(self._timer, first_interval=seconds, persistent=True)

    def tick(self) -> float | None:
        """One step; returns the seconds until the next, None when there is nothing to wait for."""
        seconds = self._step()
        if self._shown is not None:
            shown = self._shown()
            if shown != self._drawn:
                self._drawn = shown
                redraw()
        return seconds

    @property
    def running(self) -> bool:
        """Whether a step is due at some time."""
        return bpy.app.timers.is_registered(self._timer)

    def _unregister(self) -> None:
        if self.running:
            bpy.app.timers.unregister(self._timer)


def _waking(ticker: Ticker, call: Callable[[], bool] | None) -> Callable[[], None] | None:
    """`call`, followed by a step of `ticker` where it says that there is something to do."""
    if call is None:
        return None

    def wake_if_needed() -> None:
        if call():
            ticker.wake()

    return wake_if_needed


def _handler(call: Callable[[], None]) -> Callable:
    """`call` as a handler that Blender keeps when another file is opened; of methods it would not."""

    @bpy.app.handlers.persistent
    def handler(*_arguments) -> None:
        call()

    return handler
