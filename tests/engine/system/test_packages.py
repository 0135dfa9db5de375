"""Packages that are not installed are told without importing anything."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

from engine.system.packages import absent_packages


def test_absent_ones_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    found = absent_packages(["json", "cv2", "of_another_world"])
    assert [str(one) for one in found] == [
        "The Python package “cv2” is not installed.",
        "The Python package “of_another_world” is not installed.",
    ]
    assert "of_another_world" not in sys.modules


def test_a_package_that_another_thread_is_importing_is_there(monkeypatch, tmp_path):
    """As OpenCV does, it puts a module without a specification into its place for a moment."""
    started, go_on = threading.Event(), threading.Event()
    module = ModuleType("slow_package")
    module.started, module.go_on = started, go_on
    monkeypatch.setitem(sys.modules, "slow_package_events", module)
    (tmp_path / "slow_package.py").write_text(
        "import sys, types, slow_package_events as events\n"
        "whole, sys.modules[__name__] = sys.modules[__name__], types.ModuleType(__name__)\n"
        "events.started.set(); events.go_on.wait(20)\n"
        "sys.modules[__name__] = whole\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    thread = threading.Thread(target=__import__, args=("slow_package",))
    thread.start()
    try:
        assert started.wait(20) and sys.modules["slow_package"].__spec__ is None
        assert absent_packages(["slow_package"]) == []
    finally:
        go_on.set()
        thread.join(20)
        sys.modules.pop("slow_package", None)
    assert absent_packages(["slow_package"]) == []
