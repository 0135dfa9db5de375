"""The timer that moves the session, the batch and the check of files on."""

from __future__ import annotations

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy


@pytest.fixture
def made():
    """Makes tickers that are stopped after the test."""
    from hrn_blender.state.ticker import Ticker

    tickers = []

    def make(step=lambda: None, **calls):
        tickers.append(Ticker(step, **calls))
        tickers[-1].start()
        return tickers[-1]

    yield make
    for ticker in tickers:
        ticker.stop()


def test_it_runs_from_the_first_call_until_it_is_stopped(made):
    ticker = made()
    assert not ticker.running
    ticker.wake()
    ticker.wake()
    assert ticker.running
    ticker.stop()
    assert not ticker.running
    ticker.start()


def test_the_step_says_when_the_next_one_is_due(made):
    answers = [0.1, 2.0, None]
    ticker = made(lambda: answers.pop(0))
    assert [ticker.tick() for _ in range(3)] == [0.1, 2.0, None]


def test_panels_are_drawn_again_only_when_what_they_show_differs(made, monkeypatch):
    from hrn_blender.state import ticker as module

    drawn, shown = [], ["a"]
    monkeypatch.setattr(module, "redraw", lambda: drawn.append(list(shown)))
    ticker = made(shown=lambda: tuple(shown))
    ticker.tick(), ticker.tick()
    shown.append("b")
    ticker.tick(), ticker.tick()
    assert drawn == [["a"], ["a", "b"]]


def test_opening_files_does_not_end_it_and_wakes_it_where_there_is_something_to_do(made):
    idle = made(file_loaded=lambda: False)
    loads, busy = [], made(file_loaded=lambda: loads.append(1) or True)
    already = made()
    already.wake()
    for _ in range(2):
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert len(loads) == 2  # Blender has kept the handler the first time.
    assert busy.running and already.running and not idle.running


def test_an_undo_wakes_it_where_it_takes_something_back(made):
    calls = []
    ticker = made(undone=lambda: calls.append(1) or len(calls) > 1)
    bpy.ops.ed.undo_push(message="one"), bpy.ops.ed.undo_push(message="two"), bpy.ops.ed.undo_push(message="three")
    bpy.ops.ed.undo()
    assert calls == [1] and not ticker.running
    bpy.ops.ed.undo()
    assert calls == [1, 1] and ticker.running


def test_a_stopped_one_hears_nothing(made):
    handlers = {name: len(getattr(bpy.app.handlers, name)) for name in ("load_post", "undo_post")}
    calls = []
    ticker = made(file_loaded=lambda: calls.append(1) or True, undone=lambda: calls.append(1) or True)
    assert len(bpy.app.handlers.load_post) == handlers["load_post"] + 1
    ticker.stop()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert not calls and {name: len(getattr(bpy.app.handlers, name)) for name in handlers} == handlers
    ticker.start()
