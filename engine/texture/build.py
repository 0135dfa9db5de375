"""All maps of one head."""

from __future__ import annotations

from typing import Sequence

import cv2
import numpy as np

from ..fit.lighting import light_normals, linear_to_srgb, sh_basis
from ..head.model import MATERIALS, HeadModel
from ..types import MidFit, Textures, View
from ..wire.protocol import Settings
from .analysis import ANALYSIS_SIZE, Analysis, analyse, layout_of
from .atlas import bands, corner_triangles, each_band, gather, texel_band
from .compose import compose_band
from .delight import LUMINANCE
from .grain import octave_noise
from .merge import source_share
from .normals import tangent_normals, uv_metric
from .padding import fill_outside, pad_map
from .photo_view import lookup
from .relief import relief, shading_slopes
from .surface import vertex_normals

__all__ = ["build_textures"]

_SRGB = (linear_to_srgb(np.arange(65536) / 65535) * 255 + 0.5).astype(np.uint8)
"""sRGB of linear values in steps of 1/65535."""

_RELIEF_LIMIT = 4096
"""The relief has no waves that a map of this size could not hold; larger maps are interpolated."""
_PORES_MM = (0.0, 0.0, 0.004, 0.009, 0.012, 0.010)
"""Pore-scale relief that is added everywhere, at WAVES_MM."""


def build_textures(model: HeadModel, views: Sequence[View], settings: Settings, progress=None) -> Textures:
    """Albedo, displacement, normal, deformation and confidence maps of one head.

    Args:
        model: the head.
        views: its photos and their fits; the first is the reference: the sharpest of the most frontal ones.
        settings: ``texture_size`` (256 to 8192) and ``detail`` (gain of the displacement) are used.
        progress: ``progress(stage, fraction, message)``; may raise to cancel.

    Returns:
        Textures, padded beyond the islands.
    """
    report = progress or (lambda stage, fraction, message: None)
    size = settings.texture_size
    work = max(size, ANALYSIS_SIZE)
    report("albedo", 0.0, "Reading the skin from the photo")
    fields = analyse(model, views, work, lambda share: report("albedo", 0.3 * share, "Reading the skin from the photo"))
    report("albedo", 0.3, "Painting the texture")
    relief_size = min(work, _RELIEF_LIMIT)
    albedo = np.zeros((work, work, 3), np.uint8)
    confidence = np.zeros((work, work), np.uint8)
    source = [np.zeros((relief_size, relief_size), np.float32) for _ in range(3)] if work == relief_size else None

    def paint(row0, row1):
        band = compose_band(model, fields, work, row0, row1)
        steps = (np.clip(band.albedo, 0, 1) * 65535 + 0.5).astype(np.uint16)
        albedo[row0:row1].reshape(-1, 3)[band.texels.index] = _SRGB[steps]
        confidence[row0:row1].reshape(-1)[band.texels.index] = band.confidence
        if source is not None:
            for image, values in zip(source, (band.luminance, band.pigment, band.seen)):
                image[row0:row1].reshape(-1)[band.texels.index] = values

    each_band(paint, bands(work), lambda share: report("albedo", 0.3 + 0.6 * share, "Painting the texture"))
    pad_map(model, albedo)
    report("displacement", 0.0, "Working out fine relief")
    if source is None:
        source = [np.zeros((relief_size, relief_size), np.float32) for _ in range(3)]

        def read(row0, row1):
            band = compose_band(model, fields, relief_size, row0, row1)
            for image, values in zip(source, (band.luminance, band.pigment, band.seen)):
                image[row0:row1].reshape(-1)[band.texels.index] = values

        each_band(read, bands(relief_size),
                  lambda share: report("displacement", 0.3 * share, "Working out fine relief"))
    displacement = _displacement(model, fields, source, relief_size, settings.detail, report)
    source = None
    if work > relief_size:
        displacement = cv2.resize(displacement, (work, work), interpolation=cv2.INTER_CUBIC)
    if size < work:
        albedo, displacement, confidence = (_reduced(model, x, size) for x in (albedo, displacement, confidence))
    report("displacement", 0.8, "Baking normals")
    normal = tangent_normals(model, fields.vertices, displacement)
    report("displacement", 0.95, "Baking normals")
    return Textures(albedo, displacement, normal, _deformation(model, views[0].mid, max(64, size // 4)), confidence,
                    _vertex_confidence(model, fields), fields.iris)


def _displacement(model: HeadModel, fields: Analysis, source, size: int, detail: float, report) -> np.ndarray:
    """(size, size) float32 mm."""
    luminance, pigment, seen = source
    layout = layout_of(model)
    triangles = model.triangles.astype(np.int32)
    texels = texel_band(model, size, 0, size)
    small = texels.uv_pixels(ANALYSIS_SIZE)
    density = gather(texels, triangles, layout.density) * size
    skin = layout.skin[texels.triangle // 2]
    # Rolls off towards mouth and sockets: their texels are baked.
    closed = gather(texels, triangles, _roll_off(model))
    strength = closed * skin * (1 - np.clip(lookup(fields.features, small), 0, 1))
    strength *= 1 - 0.65 * np.clip(lookup(fields.lips, small), 0, 1)
    strength *= 1 - 0.7 * gather(texels, triangles, model.part("scalp"))
    ears = gather(texels, triangles, model.part("right_ear", "left_ear"))
    strength *= 1 - 0.8 * ears
    shown = seen.reshape(-1)[texels.index]
    # Completed skin carries the same kind of relief, a little weaker; the change is as soft as the seam.
    amount = strength * (0.5 + 0.5 * shown) * (1 - 3.2 * shown * (1 - shown))
    pores = octave_noise(gather(texels, triangles, model.template), density / size, _PORES_MM, size, seed=9) * strength

    def filled(values):
        return fill_outside(model, texels.image(np.ascontiguousarray(values, np.float32)), texels)

    flat = luminance.reshape(-1)[texels.index]
    flat = np.where(skin, flat, np.median(flat[skin]))
    tint = np.where(skin, pigment.reshape(-1)[texels.index], np.median(pigment.reshape(-1)[texels.index][skin]))
    luminance, pigment = filled(flat), filled(tint)
    density_image = filled(density)
    report("displacement", 0.4, "Working out fine relief")
    slopes = _slopes(model, fields, luminance, texels, shown * strength, density_image)
    report("displacement", 0.55, "Working out fine relief")
    out = relief(luminance, pigment, texels.image(amount.astype(np.float32)), density_image, slopes,
                 1 / fields.pixels_per_mm)
    out = out.reshape(-1)[texels.index] + pores
    # The bands have no mean of their own; what the limiter left is taken out where there is relief.
    total = float(strength.sum())
    if total > 0:
        out -= strength * np.float32(out.sum() / total)
    return texels.image((out * np.float32(detail)).astype(np.float32))


def _roll_off(model: HeadModel) -> np.ndarray:
    """(N,) 1 on skin, 0 on vertices that skin shares with other materials or an open border."""
    out = np.ones(len(model.template), np.float32)
    out[np.unique(model.faces[model.face_material != MATERIALS.index("skin")])] = 0
    out[model.neck_loop] = 0
    return out


def _slopes(model, fields, luminance, texels, amount, density):
    """Differences of the relief that the fitted lights explain."""
    corners = corner_triangles(len(model.faces))
    frame = _frame(model, fields.vertices)
    small = texels.uv_pixels(ANALYSIS_SIZE)
    lean = np.zeros((len(texels.index), 2), np.float32)
    for source in fields.sources:
        lighting = np.asarray(source.lighting, np.float64)
        if not np.isfinite(lighting).all() or lighting[0].sum() <= 0:
            continue
        own = gather(texels, corners, _lean(frame, source.view.camera, lighting))
        share = source_share(source, small)
        lean += own if share is None else own * share[:, None]
    if not lean.any():
        return None
    wide = 1.6 * float(np.median(density))
    band = luminance - cv2.GaussianBlur(luminance, (0, 0), min(wide, 40.0))
    band = np.clip(band, -0.4, 0.4) * texels.image(amount.astype(np.float32))
    return shading_slopes(band, texels.image(lean), 1 / np.maximum(density, 1e-3))


def _frame(model: HeadModel, vertices: np.ndarray) -> list[np.ndarray]:
    """(4Q, 3) normals, and the directions of the map's right and up on the surface, by quad corner."""
    triangles = model.triangles.astype(np.int32)
    normals = vertex_normals(vertices, triangles).astype(np.float64)
    corners = corner_triangles(len(model.faces))
    uv = model.uv.reshape(-1, 2)[corners].astype(np.float64)
    point = vertices[model.triangles].astype(np.float64)
    e1, e2 = point[:, 1] - point[:, 0], point[:, 2] - point[:, 0]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    sign = np.sign(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0])[:, None]
    frame = [normals[model.faces.ravel()]]
    for direction in ((e1 * d2[:, 1:] - e2 * d1[:, 1:]) * sign, (e2 * d1[:, :1] - e1 * d2[:, :1]) * sign):
        total = np.zeros((len(model.faces) * 4, 3))
        np.add.at(total, corners.ravel(), np.repeat(direction, 3, axis=0))
        frame.append(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))
    return frame


def _lean(frame: list[np.ndarray], camera, lighting: np.ndarray) -> np.ndarray:
    """(4Q, 2) change of log shading when the normal leans by 1 along the map's right and up, by quad corner."""
    normal, *axes = frame
    light = lighting @ LUMINANCE.astype(np.float64)

    def shading(n):
        n = n / np.linalg.norm(n, axis=1, keepdims=True)
        return np.maximum(sh_basis(light_normals(camera, n)) @ light, 0.05 * light[0])

    step = 0.15
    return np.stack([(np.log(shading(normal + step * axis)) - np.log(shading(normal - step * axis))) / (2 * step)
                     for axis in axes], 1).astype(np.float32)


def _reduced(model: HeadModel, image: np.ndarray, size: int) -> np.ndarray:
    """A map made smaller; classes by the nearest texel, values by area."""
    if image.dtype == np.uint8 and image.ndim == 2:
        return cv2.resize(image, (size, size), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)


def _deformation(model: HeadModel, mid: MidFit, size: int) -> np.ndarray:
    out = np.zeros((size, size, 3), np.float32)
    for row0, row1 in bands(size):
        texels = texel_band(model, size, row0, row1)
        out[row0:row1].reshape(-1, 3)[texels.index] = gather(texels, model.triangles, mid.deformation)
    return pad_map(model, out)


def _vertex_confidence(model: HeadModel, fields: Analysis) -> np.ndarray:
    """(N,) float32: 1 where seen, a half where completed from near or mirrored skin, 0 elsewhere."""
    uv = model.uv.reshape(-1, 2)
    xy = np.stack([uv[:, 0] * ANALYSIS_SIZE - 0.5, (1 - uv[:, 1]) * ANALYSIS_SIZE - 0.5], 1).astype(np.float32)
    skin = np.repeat(layout_of(model).skin, 4)
    vertex = model.faces.ravel()[skin]
    seen = np.zeros(len(model.template), np.float32)
    np.maximum.at(seen, vertex, np.clip(lookup(fields.weight, xy[skin]), 0, 1))
    skin_vertex = np.zeros(len(seen), np.float32)
    skin_vertex[vertex] = 1
    return (np.maximum(seen, 0.5 * np.clip(fields.near, 0, 1)) * skin_vertex).astype(np.float32)
