"""An X server without a monitor, its mouse and keyboard, and pictures of it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

__all__ = ["Picture", "Screen"]


class Picture:
    """An RGB picture in memory."""

    def __init__(self, width: int, height: int, data: bytes):
        self.width, self.height, self.data = width, height, data

    def pixels(self, box: tuple[int, int, int, int], step: int = 2):
        """(r, g, b) of every `step`-th pixel in the box (left, top, right, bottom)."""
        left, top, right, bottom = box
        for y in range(max(0, top), min(self.height, bottom), step):
            row = y * self.width * 3
            for x in range(max(0, left), min(self.width, right), step):
                yield self.data[row + 3 * x], self.data[row + 3 * x + 1], self.data[row + 3 * x + 2]

    def share(self, box: tuple[int, int, int, int], test) -> float:
        """Share of pixels in the box for which `test(r, g, b)` holds."""
        values = [bool(test(*p)) for p in self.pixels(box)]
        return sum(values) / max(1, len(values))

    def difference(self, other: Picture, box: tuple[int, int, int, int]) -> float:
        """Share of pixels in the box that clearly differ."""
        pairs = list(zip(self.pixels(box), other.pixels(box)))
        return sum(max(abs(a - b) for a, b in zip(*pair)) > 24 for pair in pairs) / max(1, len(pairs))


class Screen:
    """Xvfb inside the throwaway system `root`.

    Args:
        root: the system.
        env: environment of everything that runs inside.
    """

    def __init__(self, root: Path, env: dict[str, str], width: int, height: int):
        self.root, self.width, self.height = root, width, height
        self._server = subprocess.Popen(
            ["chroot", root, "Xvfb", "-displayfd", "1", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=env,
        )
        number = self._server.stdout.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.env = env | {"DISPLAY": f":{number}"}

    def run(self, *command, **options) -> subprocess.CompletedProcess:
        """Run a command inside, on this screen."""
        return subprocess.run(["chroot", self.root, *map(str, command)], env=self.env, check=True, **options)

    def popen(self, *command, **options) -> subprocess.Popen:
        return subprocess.Popen(["chroot", self.root, *map(str, command)], env=self.env, **options)

    def move(self, x: float, y: float) -> None:
        self.run("xdotool", "mousemove", int(x), int(y))
        time.sleep(0.3)

    def press(self) -> None:
        """Click where the mouse is."""
        self.run("xdotool", "click", 1)
        time.sleep(0.3)

    def drag(self, x: float, y: float, to_x: float, to_y: float) -> None:
        self.move(x, y)
        self.run("xdotool", "mousedown", 1)
        for part in (0.3, 0.6, 0.9, 1.0):
            self.move(x + (to_x - x) * part, y + (to_y - y) * part)
        self.run("xdotool", "mouseup", 1)
        time.sleep(0.3)

    def key(self, name: str) -> None:
        self.run("xdotool", "key", name)
        time.sleep(0.3)

    def picture(self) -> Picture:
        found = self.run("import", "-window", "root", "-depth", "8", "rgb:-", capture_output=True).stdout
        return Picture(self.width, self.height, found)

    def save(self, path: Path, crop: tuple[int, int, int, int] | None = None, colors: int = 0) -> None:
        """Write a PNG; `crop` is (left, top, right, bottom), `colors` reduces the palette (mixed by dithering)."""
        command = ["import", "-window", "root"]
        if crop:
            left, top, right, bottom = crop
            command += ["-crop", f"{right - left}x{bottom - top}+{left}+{top}", "+repage"]
        if colors:
            command += ["-colors", str(colors)]
        path.write_bytes(self.run(*command, "png8:-" if colors else "png:-", capture_output=True).stdout)

    def close(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(5)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
