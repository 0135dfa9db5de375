"""What Adjust Mode draws over the photo: the mesh, the lines of the face, the pins."""

from __future__ import annotations

from dataclasses import dataclass

import blf
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ...adjust.fitted import Fitted
from ...adjust.lines import feature_lines, line_points

__all__ = ["Overlay"]


@dataclass(frozen=True)
class Looks:
    """Colors (linear RGBA as the shader takes them) and sizes (pixels at a resolution scale of 1)."""

    wire: tuple[float, float, float] = (0.85, 0.88, 0.92)
    line: tuple[float, float, float, float] = (1.0, 0.55, 0.05, 0.95)
    line_width: float = 2.0
    pin: tuple[float, float, float, float] = (0.15, 0.75, 1.0, 1.0)
    """A pin that is met."""
    off: tuple[float, float, float, float] = (1.0, 0.25, 0.15, 1.0)
    """A pin that is not met, and its way to the mesh."""
    held: tuple[float, float, float, float] = (1.0, 0.95, 0.3, 1.0)
    """The pin under the mouse."""
    rim: tuple[float, float, float, float] = (0.02, 0.02, 0.02, 0.9)
    radius: float = 5.0
    words: tuple[float, float, float, float] = (1.0, 0.65, 0.55, 1.0)
    ground: tuple[float, float, float, float] = (0.02, 0.02, 0.02, 0.75)
    letters: float = 12.0
    """Size of what stands beside a pin that the engine could not meet."""
    nearer: float = 0.0015
    """How much nearer to the camera than the surface its lines are drawn, as a share of their distance."""


LOOKS = Looks()


class Overlay:
    """Draws one head. Indices are made once, places with each call of :meth:`place`."""

    def __init__(self, fitted: Fitted):
        self._lines = feature_lines(fitted)
        skin = fitted.material == 0
        self._triangles = np.ascontiguousarray(fitted.triangles[np.repeat(skin, 2)], np.int32)
        faces = fitted.faces[skin]
        pairs = faces[:, [0, 1, 1, 2, 2, 3, 3, 0]].reshape(-1, 2)
        self._edges = np.ascontiguousarray(np.unique(np.sort(pairs, 1), axis=0), np.int32)
        self._uniform = gpu.shader.from_builtin("UNIFORM_COLOR")
        self._thick = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
        self._surface = self._wire = self._features = None

    def place(self, posed: np.ndarray, eye: np.ndarray) -> None:
        """Take (N, 3) places in the head's object space, seen from (3,) `eye`."""
        nearer = posed + (eye - posed) * LOOKS.nearer
        ends = line_points(self._lines, posed + (eye - posed) * (2 * LOOKS.nearer)).reshape(-1, 3)
        self._surface = batch_for_shader(
            self._uniform, "TRIS", {"pos": np.ascontiguousarray(posed, np.float32)}, indices=self._triangles
        )
        self._wire = batch_for_shader(
            self._uniform, "LINES", {"pos": np.ascontiguousarray(nearer, np.float32)}, indices=self._edges
        )
        self._features = batch_for_shader(self._thick, "LINES", {"pos": np.ascontiguousarray(ends, np.float32)})

    def draw_mesh(self, matrix, opacity: float, viewport: tuple[float, float], scale: float) -> None:
        """The mesh and its lines, what lies behind the head hidden; in the viewport's own space, before anything in pixels.

        Args:
            matrix: from the head's object space to the scene.
            viewport: width and height of the region.
        """
        if self._wire is None:
            return
        gpu.matrix.push()
        gpu.matrix.multiply_matrix(matrix)
        try:
            gpu.state.depth_test_set("LESS_EQUAL")
            gpu.state.depth_mask_set(True)
            gpu.state.color_mask_set(False, False, False, False)
            self._surface.draw(self._colored((0, 0, 0, 0)))
            gpu.state.color_mask_set(True, True, True, True)
            gpu.state.depth_mask_set(False)
            gpu.state.blend_set("ALPHA")
            if opacity > 0:
                self._wire.draw(self._colored((*LOOKS.wire, opacity)))
            self._thick.bind()
            self._thick.uniform_float("color", LOOKS.line)
            self._thick.uniform_float("viewportSize", viewport)
            self._thick.uniform_float("lineWidth", LOOKS.line_width * scale)
            self._features.draw(self._thick)
        finally:
            gpu.state.color_mask_set(True, True, True, True)
            gpu.state.depth_mask_set(False)
            gpu.state.depth_test_set("NONE")
            gpu.state.blend_set("NONE")
            gpu.matrix.pop()

    def _colored(self, color: tuple[float, float, float, float]) -> gpu.types.GPUShader:
        self._uniform.bind()
        self._uniform.uniform_float("color", color)
        return self._uniform

    def draw_pins(
        self, places: np.ndarray, targets: np.ndarray, under: int | None, scale: float, missed: dict[int, str] | None = None
    ) -> None:
        """Pins as dots where they belong, with a line to where the mesh is; in pixels of the region.

        Args:
            places: (K, 2) where the mesh has each pin's point.
            targets: (K, 2) where each pin says that it belongs.
            under: the number of the pin under the mouse.
            missed: pins that the last fit did not meet, with what stands beside them.
        """
        gpu.state.blend_set("ALPHA")
        apart = np.linalg.norm(places - targets, axis=1) > 2 * scale if len(places) else np.zeros(0, bool)
        missed = missed or {}
        apart[list(missed)] = True
        for number in np.flatnonzero(apart):
            line = np.stack([places[number], targets[number]]).astype(np.float32)
            batch_for_shader(self._uniform, "LINES", {"pos": line}).draw(self._colored(LOOKS.off))
        for number, target in enumerate(targets):
            color = LOOKS.held if number == under else LOOKS.off if apart[number] else LOOKS.pin
            self._disk(target, (LOOKS.radius + 1.5) * scale, LOOKS.rim)
            self._disk(target, LOOKS.radius * scale, color)
        for number, text in missed.items():  # Over all pins; pins near each other have their words above and below.
            up = 1.1 * LOOKS.letters * (number % 2 - 0.5) if len(missed) > 1 else 0.0
            self._write(text, targets[number] + (0, up * scale), scale)
        gpu.state.blend_set("NONE")

    def _write(self, text: str, beside: np.ndarray, scale: float) -> None:
        """Words to the right of a place, on a dark ground: skin is as bright as any letter."""
        size, edge = LOOKS.letters * scale, 0.4 * LOOKS.letters * scale
        blf.size(0, size)
        width = blf.dimensions(0, text)[0]
        left, low = float(beside[0]) + 2 * LOOKS.radius * scale + edge, float(beside[1]) - 0.35 * size
        x, y = np.array([left - edge, left + width + edge]), np.array([low - edge, low + 0.75 * size + edge])
        corners = np.array([[x[i], y[j]] for i, j in ((0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1))], np.float32)
        batch_for_shader(self._uniform, "TRIS", {"pos": corners}).draw(self._colored(LOOKS.ground))
        blf.color(0, *LOOKS.words)
        blf.position(0, left, low, 0)
        blf.draw(0, text)
        gpu.state.blend_set("ALPHA")  # Text leaves it switched off.

    def _disk(self, centre: np.ndarray, radius: float, color: tuple[float, float, float, float]) -> None:
        turns = np.linspace(0, 2 * np.pi, 21)
        rim = centre + radius * np.stack([np.cos(turns), np.sin(turns)], 1)
        corners = np.stack([np.broadcast_to(centre, (20, 2)), rim[:-1], rim[1:]], 1).reshape(-1, 2).astype(np.float32)
        batch_for_shader(self._uniform, "TRIS", {"pos": corners}).draw(self._colored(color))
