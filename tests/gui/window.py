"""Blender on a screen of the throwaway system, seen through its pictures and the probe that runs inside."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from screen import Picture, Screen

__all__ = [
    "CHECKOUT",
    "HEIGHT",
    "LOOK_FOR_ENGINE",
    "WIDTH",
    "Failure",
    "Panel",
    "Window",
    "expect",
    "fake_engine",
    "is_orange",
    "is_skin",
]

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
WIDTH, HEIGHT = 1440, 900
LOOK_FOR_ENGINE = (
    "import sys; sys.modules['bl_ext.user_default.hrn_blender.link.location'].engine_status(fresh=True); area.tag_redraw()"
)


class Failure(Exception):
    """The window did not show what it should."""


class Window:
    """Blender on a screen inside the throwaway system, with the probe that reports its state."""

    def __init__(self, root: Path, work: Path, pictures: Path, env: dict[str, str]):
        self.root, self.work, self.pictures = root, work, pictures
        self.probe = work / "probe"
        self.probe.mkdir()
        self.inner = Path("/") / work.relative_to(root)
        self.screen = Screen(root, env | {"HRN_PROBE": str(self.inner / "probe")}, WIDTH, HEIGHT)
        self._number = 0
        self._shots = 0
        self._log = open(pictures / "blender.log", "wb")
        self.blender: subprocess.Popen | None = None

    def start(self) -> None:
        self.blender = self.screen.popen(
            "blender",
            "--no-window-focus",
            "--window-geometry",
            0,
            0,
            WIDTH,
            HEIGHT,
            "--offline-mode",
            "--python",
            HERE / "probe.py",
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def inside(self, path: Path) -> str:
        """A path of this machine as Blender sees it."""
        return "/" + str(path.relative_to(self.root))

    def state(self) -> dict:
        try:
            return json.loads((self.probe / "state.json").read_text())
        except (OSError, ValueError):
            return {}

    def wait(self, what: str, test, seconds: float = 30) -> dict:
        """Wait until `test(state)` holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.blender.poll() is not None:
                raise Failure(f"Blender ended with {self.blender.returncode} while waiting for: {what}")
            state = self.state()
            if state.get("error"):
                raise Failure(f"the probe failed: {state['error']}")
            if state and test(state):
                return state
            time.sleep(0.1)
        self.shot("timeout")
        raise Failure(f"not within {seconds} s: {what}; state {json.dumps(self.state())}")

    def order(self, **orders) -> dict:
        """Let the probe do something and wait until it is done and drawn."""
        self._number += 1
        number = self._number
        text = json.dumps({"number": number, "orders": list(orders.items())})
        (self.probe / "order.new").write_text(text)
        os.replace(self.probe / "order.new", self.probe / "order.json")
        self.wait(f"order {orders}", lambda s: s["done"] >= number, 60)
        time.sleep(0.4)
        return self.state()

    def click(self, x: float, y: float) -> None:
        """Move there as a hand does, in two steps, and wait until Blender has drawn the button below the mouse; then until it
        has taken the click, because it counts for the place where the mouse is by then."""
        for place in ((x - 3, y - 2), (x, y)):
            self.screen.move(*place)
        self.keep_up()
        self.screen.press()
        self.keep_up()

    def keep_up(self) -> None:
        """Wait until a busy Blender has come round once or twice."""
        now = time.time()
        self.wait("Blender to keep up", lambda s: s["time"] > now + 0.15)

    def wait_for_picture(self, test, seconds: float = 4) -> Picture:
        """Wait until `test(picture)` holds; the last picture, whether it does or not."""
        deadline = time.monotonic() + seconds
        while not test(picture := self.screen.picture()) and time.monotonic() < deadline:
            time.sleep(0.3)
        return picture

    def shot(self, name: str) -> None:
        self._shots += 1
        self.screen.save(self.pictures / f"{self._shots:02d}_{name}.png")

    def box(self, kind: str) -> tuple[int, int, int, int]:
        return tuple(self.state()["boxes"][kind])

    def close(self) -> None:
        if self.blender is not None and self.blender.poll() is None:
            self.blender.kill()
            self.blender.wait()
        self.screen.close()
        self._log.close()


class Panel:
    """Where things are in the sidebar. Blender does not tell scripts where its buttons are, so the rows are counted:
    a row has 20 pixels and a little space at this resolution."""

    HEADER = 47
    """Middle of the first row below the first panel's header."""

    def __init__(self, window: Window):
        self.window = window

    def click_first_row(self) -> None:
        left, top, right, _ = self.window.box("UI")
        self.window.click((left + right - 20) / 2, top + self.HEADER + 3)

    def click(self, from_right: float, from_top: float) -> None:
        """At a place counted from the sidebar's upper right corner, in pixels."""
        _, top, right, _ = self.window.box("UI")
        self.window.click(right - from_right, top + from_top)

    def toggle(self, from_top: float) -> None:
        """Open or close the panel whose header is so far from the top; a busy Blender may miss a click."""
        left, top, right, _ = self.window.box("UI")
        box = left, top, right, top + 250
        before = self.window.screen.picture()
        for _ in range(3):
            self.click(150, from_top)
            deadline = time.monotonic() + 4
            while time.monotonic() < deadline:
                if self.window.screen.picture().difference(before, box) > 0.01:
                    time.sleep(0.3)
                    return
                time.sleep(0.2)
        raise Failure(f"the header {from_top} pixels below the top cannot be clicked")

    def click_reconstruct(self) -> None:
        """The large button below one photo: picture (7 units), its frame, its name, a gap."""
        left, top, right, _ = self.window.box("UI")
        self.window.click((left + right - 20) / 2, top + 246)


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Failure(what)
    print(f"  ok  {what}", flush=True)


def is_orange(r, g, b) -> bool:
    return r > 170 and g < 130 and b < 110


def is_skin(r, g, b) -> bool:
    return r > 70 and r > g * 1.12 and g > b * 0.95 and r - b > 18


def fake_engine() -> str:
    """Value of HRN_ENGINE_COMMAND for the scripted engine."""
    return json.dumps(["/usr/bin/python3", str(CHECKOUT / "tests" / "support" / "programs" / "fake_engine.py"), "serve"])
