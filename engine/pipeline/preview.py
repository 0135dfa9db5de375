"""A quick picture of a head: for contact sheets, previews and looking at one's own work.

Not a renderer of record (Blender's Cycles is): one key light, a sky and a little gloss, smooth or map normals, twice
supersampled. Fractions of a second a picture on one core.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from scipy.spatial import cKDTree

from ..camera import Camera
from ..geometry.mesh import vertex_normals
from ..head.eyeballs import socket_faces
from ..head.model import MATERIALS, HeadModel
from ..photo.regions import INNER_LIPS
from ..render import Raster, interpolate, rasterize
from ..texture.atlas import corner_triangles
from ..wire.color import LUMINANCE, linear_to_srgb, srgb_to_linear

if TYPE_CHECKING:
    from ..hair.types import Tufts

__all__ = ["mouth_shade", "render_head"]

_CLAY = 0.42
"""Linear albedo of a head without texture."""
_KEY = np.array([-0.45, 0.55, 0.70]) / np.linalg.norm([-0.45, 0.55, 0.70])
"""Unit vector to the main light: to the right, up, towards the camera."""
_LASH_OPACITY = 0.9
"""Share of a strip of lashes that hairs cover at the lid."""
_LEAST_LIGHT = 0.3
"""Least light on the skin, as a share of the light's average over all directions."""
_LID_SHADE = 0.75
"""Share of the light that a lid takes from the eye right below it."""
_LID_SHADE_MM = 2.8
"""Distance over which a lid's shade falls to 1/e, mm."""
_ARCH_MM = 26.0
"""Radius of the arch that the rows of teeth stand on."""
_MOUTH_LIGHT = 0.42
"""Share of the light that reaches the mouth right behind the lips."""
_TEETH_LIGHT = 0.98
"""Share of the light that reaches teeth right behind the lips."""
_MOUTH_SHADE_MM = 45.0
"""Depth behind the lips in which that light halves, mm."""
_LIP_SHADE = 0.5
"""Depth behind the lips that counts: they, and enamel, let light through."""


def render_head(
    model: HeadModel,
    vertices: np.ndarray,
    camera: Camera,
    albedo: np.ndarray | None = None,
    *,
    normal: np.ndarray | None = None,
    light: np.ndarray | str = "studio",
    background: np.ndarray | int = 235,
    tufts: Mapping[str, Tufts] = MappingProxyType({}),
) -> np.ndarray:
    """Shaded picture of a posed head.

    Args:
        model: topology and UV.
        vertices: (N, 3) mm, posed (expression and deformation included).
        camera: point of view; the picture has its size.
        albedo: (S, S, 3) uint8 sRGB; None is grey clay.
        normal: (S, S, 3) uint16 tangent-space normals (OpenGL).
        light: ``"studio"``, ``"flat"`` (albedo as it is) or (9, 3) spherical harmonics as in ``MidFit.lighting``.
        background: grey value, or a (H, W, 3) uint8 picture.
        tufts: what grows on the head, in the same pose, by its names in :data:`engine.wire.hair.GROUPS`; lashes take the place
            of the model's strips.

    Returns:
        (H, W, 3) uint8 sRGB.
    """
    big = camera.scaled(2.0)
    points, depth = big.project(np.asarray(vertices, np.float64))
    triangles = model.triangles.astype(np.int32)
    lash = np.repeat(model.face_material == MATERIALS.index("lashes"), 2)
    scene = _Scene(model, vertices, camera, albedo, normal, light, _lash_density(model))
    color, cover, _, lit = _shaded(scene, points, depth, (big.width, big.height), lash)
    if albedo is not None and lash.any() and "lashes" not in tufts:
        # Once more with the lashes, where they are.
        strips = points[triangles[lash]].reshape(-1, 2)
        low, high = (
            np.clip(edge, 0, (big.width, big.height)).astype(int)
            for edge in (np.floor(strips.min(0)) - 1, np.ceil(strips.max(0)) + 1)
        )
        if (high > low).all():
            part = np.s_[low[1] : high[1], low[0] : high[0]]
            haired, covered, hairs, _ = _shaded(scene, points - low, depth, tuple(high - low), np.zeros_like(lash))
            color[part] += hairs[..., None] * (haired - color[part])
            cover[part] = np.maximum(cover[part], hairs * covered)
    if tufts:
        head = rasterize(points, depth, triangles[~lash], big.width, big.height).depth
        _add_hair(color, cover, tufts, big, head, lit)
    if isinstance(background, np.ndarray):
        behind = cv2.resize(srgb_to_linear(background.astype(np.float32) / 255), (big.width, big.height))
    else:
        behind = np.full((big.height, big.width, 3), srgb_to_linear(np.float32(background / 255)), np.float32)
    picture = color * cover[..., None] + behind * (1 - cover[..., None])
    small = cv2.resize(picture, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return (linear_to_srgb(small) * 255 + 0.5).astype(np.uint8)


def _add_hair(
    color: np.ndarray, cover: np.ndarray, tufts: Mapping[str, Tufts], camera: Camera, head: np.ndarray, lit: np.ndarray
) -> None:
    """Draw strands into a picture and its coverage."""
    from ..hair.draw import draw_tufts, light_beneath

    layer = draw_tufts(tufts.values(), camera, head, lit)
    if laid := [group for name, group in tufts.items() if name != "hair"]:
        color *= light_beneath(draw_tufts(laid, camera, head), camera)[..., None]
    # The picture's color counts as far as it covers: strands beside the head stand before the background.
    covered = layer.alpha + cover * (1 - layer.alpha)
    color *= (cover * (1 - layer.alpha))[..., None]
    color += layer.color
    color /= np.maximum(covered, 1e-6)[..., None]
    cover[:] = covered


class _Scene(NamedTuple):
    """What :func:`render_head` was asked for."""

    model: HeadModel
    vertices: np.ndarray
    camera: Camera
    albedo: np.ndarray | None
    normal: np.ndarray | None
    light: np.ndarray | str
    density: np.ndarray
    """(N,) of the lashes."""


def _shaded(
    scene: _Scene, points: np.ndarray, depth: np.ndarray, size: tuple[int, int], hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Linear colour, coverage, share of lashes and light of a picture of `size` (width, height) without the `hidden` triangles.

    Args:
        points: (N, 2) pixels of the vertices. depth: (N,) mm. hidden: (T,) bool.
    """
    model, vertices, camera, albedo, normal, light, dense = scene
    triangles = model.triangles.astype(np.int32)
    raster = rasterize(points, np.where(np.isfinite(depth), depth, -1), triangles[~hidden], *map(int, size))
    number = np.flatnonzero(~hidden)[np.maximum(raster.triangle, 0)]
    raster = Raster(np.where(raster.triangle >= 0, number, -1).astype(np.int32), raster.weights, raster.depth)
    cover = (raster.triangle >= 0).astype(np.float32)
    hairs = interpolate(raster, triangles, dense[:, None])[..., 0] * cover
    skin_normals = vertex_normals(vertices, triangles, np.float32)
    n = interpolate(raster, triangles, skin_normals)
    position = interpolate(raster, triangles, np.asarray(vertices, np.float32))
    uv = interpolate(raster, corner_triangles(len(model.faces)), model.uv.reshape(-1, 2))
    n /= np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-6)
    material = model.face_material[np.maximum(raster.triangle, 0) // 2]
    if normal is not None:
        n = _mapped_normals(model, vertices, raster, uv, n, normal)
    view = camera.position.astype(np.float32) - position
    view /= np.maximum(np.linalg.norm(view, axis=-1, keepdims=True), 1e-6)
    # Strips such as lashes are seen from both sides.
    n = np.where((n * view).sum(-1, keepdims=True) < -0.2, -n, n).astype(np.float32)
    if albedo is None:
        base = np.full((*cover.shape, 3), _CLAY, np.float32)
    else:
        base = _sample(albedo, uv, raster, model, points)
    if isinstance(light, str) and light == "flat":
        return base, cover, hairs, cover
    # No shadow is cast here: lids shade the eyes, and lips what lies behind them, by their distance.
    socket = socket_faces(model)[np.maximum(raster.triangle, 0) // 2]
    inner = np.isin(material, [MATERIALS.index("mouth"), MATERIALS.index("tongue")]) & ~socket
    teeth = material == MATERIALS.index("teeth")
    eye = material == MATERIALS.index("eyes")
    shade = _lid_shade(model, vertices, position, eye | socket) * mouth_shade(model, vertices, position, inner, teeth)
    # Rows of teeth are shells of a few quads, whose smooth normals turn at their folds: they face as the arch does.
    n[teeth] = _arch_normals(model, vertices, position[teeth])
    in_camera = (n @ camera.R.T.astype(np.float32)) * np.array([1, -1, -1], np.float32)
    if not isinstance(light, str):
        from ..geometry import harmonics as lighting

        # Fitted to skin that faces the camera, the harmonics make up the light from elsewhere, down to none at all.
        alike = np.zeros_like(light)
        alike[0] = light[0]
        lit = np.maximum(lighting.shade(in_camera, light), _LEAST_LIGHT * lighting.shade(in_camera[:1, :1], alike))
        lit = lit.astype(np.float32) * shade[..., None]
        return (base * lit).astype(np.float32), cover, hairs, cover * (lit @ LUMINANCE)
    half = _KEY + [0, 0, 1]
    half /= np.linalg.norm(half)
    key = np.clip(in_camera @ _KEY.astype(np.float32) * 0.85 + 0.15, 0, None)
    sky = 0.5 + 0.5 * in_camera[..., 1]
    fill = np.clip(in_camera @ np.array([0.8, 0.1, 0.6], np.float32), 0, None)
    diffuse = 0.95 * key + 0.22 * sky + 0.20 * fill + 0.06
    facing = np.clip(in_camera @ half.astype(np.float32), 0, None)
    gloss = np.where(eye, 0.9 * facing**400, 0.045 * facing**22 * np.where(inner, shade, 1))
    diffuse = diffuse * shade
    return (base * diffuse[..., None] + gloss[..., None]).astype(np.float32), cover, hairs, cover * diffuse


def _lid_shade(model: HeadModel, vertices: np.ndarray, position: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """(H, W) float32 share of the light that lids leave the `eye` pixels: the upper one hangs over them, the lower one
    takes a third as much."""
    out = np.ones(eye.shape, np.float32)
    if not eye.any():
        return out
    lids = model.part("right_eye", "left_eye") > 0.3
    lids[np.unique(model.faces[model.face_material != MATERIALS.index("skin")])] = False
    points = np.asarray(vertices, np.float64)[lids]
    away, nearest = cKDTree(points).query(position[eye])
    height = np.clip((points[nearest, 1] - position[eye][:, 1]) / np.maximum(away, 1e-3), -1, 1)
    taken = np.exp(-away / _LID_SHADE_MM) * (0.66 + 0.34 * height)
    out[eye] = 1 - _LID_SHADE * taken
    return out


def mouth_shade(
    model: HeadModel, vertices: np.ndarray, position: np.ndarray, inner: np.ndarray, teeth: np.ndarray
) -> np.ndarray:
    """(H, W) float32 share of the light that reaches pixels in the mouth: less the deeper behind the lips, and as much as
    comes through between them (the form factor of a slot)."""
    out = np.ones(teeth.shape, np.float32)
    mouth = inner | teeth
    if not mouth.any():
        return out
    around = model.landmarks(np.asarray(vertices))[list(INNER_LIPS)]
    corner = len(INNER_LIPS) // 2
    lower, upper = around[: corner + 1], np.roll(around[::-1], 1, 0)[: corner + 1]
    line = (lower + upper) / 2
    order = np.argsort(line[:, 0])
    x, _, z = line[order].T
    half = np.maximum(upper - lower, 0)[order, 1] / 2
    place = position[mouth]
    behind = np.maximum(np.interp(place[:, 0], x, z) - place[:, 2], 0)
    slot = np.interp(place[:, 0], x, half)
    through = slot / np.maximum(np.hypot(slot, _LIP_SHADE * behind), 1e-3)
    shade = np.exp2(-np.clip((line[:, 2].max() - place[:, 2]) / _MOUTH_SHADE_MM, 0, 4))
    out[mouth] = np.where(teeth[mouth], _TEETH_LIGHT, _MOUTH_LIGHT) * shade * through
    return out


def _arch_normals(model: HeadModel, vertices: np.ndarray, position: np.ndarray) -> np.ndarray:
    """(n, 3) normals at (n, 3) places of an upright half cylinder through the rows of teeth; enamel lets light through, so
    that it turns less dark towards the sides than its shape."""
    teeth = np.asarray(vertices)[np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])]
    out = position - np.array([teeth[:, 0].mean(), 0, teeth[:, 2].max() - _ARCH_MM], np.float32)
    out[..., 1] = 0
    out /= np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-6)
    out[..., 2] += 1.0
    return out / np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-6)


def _lash_density(model: HeadModel) -> np.ndarray:
    """(N,) float32 share of a strip of lashes that hairs cover: most at the lid, none at the tips."""
    lashes = np.unique(model.faces[model.face_material == MATERIALS.index("lashes")])
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    out = np.zeros(len(model.template), np.float32)
    if len(lashes):
        away = cKDTree(model.template[skin]).query(model.template[lashes])[0]
        out[lashes] = _LASH_OPACITY * np.clip(1 - away / max(np.quantile(away, 0.95), 1e-3), 0, 1) ** 1.5
    return out


def _mapped_normals(model, vertices, raster, uv, n, normal):
    uv_corner = model.uv.reshape(-1, 2)[corner_triangles(len(model.faces))]
    corner = np.asarray(vertices)[model.triangles]
    e1, e2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    d1, d2 = uv_corner[:, 1] - uv_corner[:, 0], uv_corner[:, 2] - uv_corner[:, 0]
    determinant = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    tangent = (e1 * d2[:, 1:] - e2 * d1[:, 1:]) * np.sign(determinant)[:, None]
    t = tangent[np.maximum(raster.triangle, 0)].astype(np.float32)
    t -= n * (t * n).sum(-1, keepdims=True)
    t /= np.maximum(np.linalg.norm(t, axis=-1, keepdims=True), 1e-9)
    b = np.cross(n, t) * np.sign(determinant)[np.maximum(raster.triangle, 0)][..., None]
    size = normal.shape[0]
    xy = _map_position(uv, size)
    m = cv2.remap(normal, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    m = m.astype(np.float32) / 65535 * 2 - 1
    out = t * m[..., :1] + b * m[..., 1:2] + n * m[..., 2:]
    return (out / np.maximum(np.linalg.norm(out, axis=-1, keepdims=True), 1e-6)).astype(np.float32)


def _sample(albedo, uv, raster, model, points):
    """Linear colours, from the map reduced to about the picture's own resolution."""
    visible = np.unique(raster.triangle[raster.triangle >= 0])
    corner = points[model.triangles[visible]]
    uv_corner = model.uv.reshape(-1, 2)[corner_triangles(len(model.faces))[visible]] * albedo.shape[0]

    def doubled(c):
        a, b = c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]
        return float(np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())

    ratio = np.sqrt(doubled(uv_corner) / max(doubled(corner), 1e-9)) if len(visible) else 1.0
    level = int(np.clip(np.floor(np.log2(max(ratio, 1.0)) + 0.3), 0, 6))
    image = albedo
    for _ in range(level):
        if min(image.shape[:2]) < 4:
            break
        image = cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA)
    linear = srgb_to_linear(image.astype(np.float32) / 255)
    xy = _map_position(uv, image.shape[0])
    return cv2.remap(linear, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _map_position(uv, size):
    out = np.empty(uv.shape, np.float32)
    out[..., 0] = uv[..., 0] * size - 0.5
    out[..., 1] = (1 - uv[..., 1]) * size - 0.5
    return out
