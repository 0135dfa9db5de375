"""What Compare draws: two shapes of one mesh with their skin, on either side of a line."""

from __future__ import annotations

from pathlib import Path

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ...build.mesh_arrays import smooth_normals
from ...engine.wire.bundle import MATERIALS

__all__ = ["Side", "Wipe", "difference"]

_VERTEX = """
void main()
{
  bent = normal;
  place = uv;
  gl_Position = matrix * vec4(pos, 1.0);
}
"""
_FRAGMENT = """
void main()
{
  vec3 skin = mix(vec3(0.52, 0.4, 0.34), texture(albedo, place).rgb, painted);
  float light = 0.25 + 0.75 * max(dot(normalize(bent), lamp), 0.0);
  vec3 linear = skin * light;
  color = vec4(pow(linear, vec3(1.0 / 2.2)), 1.0);
}
"""
_PASTE_VERTEX = """
void main()
{
  place = uv;
  gl_Position = ModelViewProjectionMatrix * vec4(pos, 0.0, 1.0);
}
"""
_PASTE_FRAGMENT = """
void main()
{
  color = texture(image, place);
  if (srgbTarget) {
    color.rgb = pow(color.rgb, vec3(2.2));
  }
}
"""
"""Blender sets ``srgbTarget`` where what it draws into encodes colours by itself, as viewports do and pictures do not."""
_GROUND = (0.18, 0.18, 0.19, 1.0)
"""Colour around the heads, sRGB."""
_LINE = (1.0, 0.55, 0.05, 1.0)
"""Colour of the line."""


def difference(one: np.ndarray, other: np.ndarray, skin: np.ndarray) -> tuple[float, float]:
    """Mean and largest distance of the same points of two shapes, mm.

    Args:
        one, other: (N, 3) metres. skin: numbers of the vertices that count.
    """
    away = np.linalg.norm(one[skin] - other[skin], axis=1) * 1000
    return float(away.mean()), float(away.max())


class Side:
    """One of the two: places in the active head's object space, the picture of its skin, and its name."""

    def __init__(self, places: np.ndarray, picture: bpy.types.Image | Path | None, name: str):
        self.places, self.name = np.asarray(places, np.float64), name
        self._own: bpy.types.Image | None = None
        if isinstance(picture, Path):
            picture = self._own = bpy.data.images.load(str(picture), check_existing=False) if picture.is_file() else None
        self.image = picture
        self.batch = None
        self.screen: gpu.types.GPUOffScreen | None = None

    def drop_screen(self) -> None:
        """Give the memory of its picture back."""
        if self.screen is not None:
            self.screen.free()
            self.screen = None

    def drop(self) -> None:
        """Take away what was made for it."""
        self.drop_screen()
        if self._own is not None:
            bpy.data.images.remove(self._own)
            self._own = self.image = None


class Wipe:
    """Draws two sides of a line in one region.

    Args:
        mesh: whose faces and UV map both have.
        matrix: of the object that they stand in for.
    """

    def __init__(self, mesh: bpy.types.Mesh, matrix, sides: tuple[Side, Side]):
        self.sides, self._matrix, self.share = sides, matrix, 0.5
        self._corners, self._uv, self._triangles = _triangles(mesh)
        self._shader = _shader()
        self._plain = gpu.shader.from_builtin("UNIFORM_COLOR")
        self._picture = _paste_shader()
        faces = self._corners[self._triangles]
        for side in sides:
            side.batch = batch_for_shader(
                self._shader,
                "TRIS",
                {
                    "pos": np.ascontiguousarray(side.places[self._corners], np.float32),
                    "normal": np.ascontiguousarray(smooth_normals(side.places, faces)[self._corners], np.float32),
                    "uv": np.ascontiguousarray(self._uv, np.float32),
                },
                indices=self._triangles,
            )

    def paint(self, width: int, height: int, perspective, view) -> None:
        """Draw both sides on screens of their own, as a region of this size sees the object."""
        lamp = np.linalg.inv(np.array((view @ self._matrix).to_3x3(), np.float64)) @ np.array([0.3, 0.35, 0.9])
        lamp /= np.linalg.norm(lamp)
        for side in self.sides:
            if side.screen is None or (side.screen.width, side.screen.height) != (width, height):
                side.drop_screen()
                side.screen = gpu.types.GPUOffScreen(width, height, format="RGBA8")
            with side.screen.bind():
                gpu.state.active_framebuffer_get().clear(color=_GROUND, depth=1.0)
                gpu.state.depth_test_set("LESS_EQUAL")
                gpu.state.depth_mask_set(True)
                gpu.state.blend_set("NONE")
                self._shader.bind()
                self._shader.uniform_float("matrix", perspective @ self._matrix)
                self._shader.uniform_float("lamp", tuple(lamp))
                self._shader.uniform_float("painted", 0.0 if side.image is None else 1.0)
                self._shader.uniform_sampler("albedo", _texture(side.image))
                side.batch.draw(self._shader)
                gpu.state.depth_mask_set(False)
                gpu.state.depth_test_set("NONE")

    def paste(self, width: int, height: int) -> None:
        """Show what was painted on either side of the line, in a region of this size."""
        edge = min(max(self.share, 0.0), 1.0)
        for side, (low, high) in zip(self.sides, ((0.0, edge), (edge, 1.0))):
            corners = [(low, 0), (high, 0), (high, 1), (low, 0), (high, 1), (low, 1)]
            places = [(x * width, y * height) for x, y in corners]
            self._picture.bind()
            self._picture.uniform_sampler("image", side.screen.texture_color)
            batch_for_shader(self._picture, "TRIS", {"pos": places, "uv": corners}).draw(self._picture)
        x = edge * width
        line = [(x - 1, 0), (x + 1, 0), (x + 1, height), (x - 1, 0), (x + 1, height), (x - 1, height)]
        self._plain.bind()
        self._plain.uniform_float("color", _LINE)
        batch_for_shader(self._plain, "TRIS", {"pos": line}).draw(self._plain)

    def drop(self) -> None:
        """Take away all that was made."""
        for side in self.sides:
            side.drop()


def _texture(image: bpy.types.Image | None) -> gpu.types.GPUTexture:
    if image is not None:
        return gpu.texture.from_image(image)
    return gpu.types.GPUTexture((1, 1), format="RGBA8")


def _shader() -> gpu.types.GPUShader:
    about, between = gpu.types.GPUShaderCreateInfo(), gpu.types.GPUStageInterfaceInfo("hrn_wipe")
    between.smooth("VEC3", "bent")
    between.smooth("VEC2", "place")
    about.push_constant("MAT4", "matrix")
    about.push_constant("VEC3", "lamp")
    about.push_constant("FLOAT", "painted")
    about.sampler(0, "FLOAT_2D", "albedo")
    about.vertex_in(0, "VEC3", "pos")
    about.vertex_in(1, "VEC3", "normal")
    about.vertex_in(2, "VEC2", "uv")
    about.vertex_out(between)
    about.fragment_out(0, "VEC4", "color")
    about.vertex_source(_VERTEX)
    about.fragment_source(_FRAGMENT)
    return gpu.shader.create_from_info(about)


def _paste_shader() -> gpu.types.GPUShader:
    about, between = gpu.types.GPUShaderCreateInfo(), gpu.types.GPUStageInterfaceInfo("hrn_wipe_paste")
    between.smooth("VEC2", "place")
    about.push_constant("MAT4", "ModelViewProjectionMatrix")
    about.push_constant("BOOL", "srgbTarget")
    about.sampler(0, "FLOAT_2D", "image")
    about.vertex_in(0, "VEC2", "pos")
    about.vertex_in(1, "VEC2", "uv")
    about.vertex_out(between)
    about.fragment_out(0, "VEC4", "color")
    about.vertex_source(_PASTE_VERTEX)
    about.fragment_source(_PASTE_FRAGMENT)
    return gpu.shader.create_from_info(about)


def _triangles(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(C,) vertex of each corner, (C, 2) its UV, and (T, 3) corners of triangles: of what is solid, without lashes."""
    mesh.calc_loop_triangles()
    corners, triangles = np.empty(len(mesh.loops), np.int32), np.empty(3 * len(mesh.loop_triangles), np.int32)
    slots = np.empty(len(mesh.loop_triangles), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    mesh.loop_triangles.foreach_get("loops", triangles)
    mesh.loop_triangles.foreach_get("material_index", slots)
    uv = np.zeros(2 * len(mesh.loops), np.float32)
    if mesh.uv_layers.active is not None:
        mesh.uv_layers.active.uv.foreach_get("vector", uv)
    return corners, uv.reshape(-1, 2), triangles.reshape(-1, 3)[slots != MATERIALS.index("lashes")]
