"""All maps of one head."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..head.model import HeadModel
from ..system.progress import SILENT, Progress
from ..types import MidFit, Textures, View
from ..wire.color import linear_to_srgb
from ..wire.settings import Settings
from .analysis import Analysis, analyse
from .atlas import bands, each_band, gather, texel_band
from .compose import compose_band
from .layout import layout_of
from .padding import pad_map
from .relief.displacement import displacement_map
from .relief.normals import tangent_normals
from .sources.photo_view import lookup
from .weights import WEIGHTS

__all__ = ["build_textures"]

_SRGB = (linear_to_srgb(np.arange(65536) / 65535) * 255 + 0.5).astype(np.uint8)
"""sRGB of linear values in steps of 1/65535."""


def build_textures(model: HeadModel, views: Sequence[View], settings: Settings, progress: Progress = SILENT) -> Textures:
    """Albedo, displacement, normal, deformation and confidence maps of one head.

    Args:
        model: the head.
        views: its photos and their fits; the first is the reference: the sharpest of the most frontal ones.
        settings: ``texture_size`` (256 to 8192) and ``detail`` (gain of the displacement) are used.
        progress: may raise to cancel.

    Returns:
        Textures, padded beyond the islands.
    """
    albedo_stage, relief_stage = progress.stage("albedo"), progress.stage("displacement")
    reading = albedo_stage.part(0.0, 0.3, "Reading the skin from the photo")
    painting = albedo_stage.part(0.3, 0.9, "Painting the texture")
    relieving = relief_stage.part(0.0, 0.8, "Working out fine relief")
    baking = relief_stage.part(0.8, 0.95, "Baking normals")
    size, weights = settings.texture_size, WEIGHTS
    work = max(size, weights.analysis_size)
    reading(0.0)
    fields = analyse(model, views, work, weights, reading)
    painting(0.0)
    relief_size = min(work, weights.relief.largest)
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

    each_band(paint, bands(work), painting)
    pad_map(model, albedo)
    relieving(0.0)
    if source is None:
        source = [np.zeros((relief_size, relief_size), np.float32) for _ in range(3)]

        def read(row0, row1):
            band = compose_band(model, fields, relief_size, row0, row1)
            for image, values in zip(source, (band.luminance, band.pigment, band.seen)):
                image[row0:row1].reshape(-1)[band.texels.index] = values

        each_band(read, bands(relief_size), relieving.part(0.0, 0.375))
    displacement = displacement_map(
        model,
        fields,
        *source,
        settings.detail,
        relieving.part(0.375, 1.0),
    )
    source = None
    if work > relief_size:
        displacement = cv2.resize(displacement, (work, work), interpolation=cv2.INTER_CUBIC)
    if size < work:
        albedo, displacement, confidence = (_reduced(model, x, size) for x in (albedo, displacement, confidence))
    baking(0.0)
    normal = tangent_normals(model, fields.vertices, displacement, baking)
    baking(1.0)
    return Textures(
        albedo,
        displacement,
        normal,
        _deformation(model, views[0].mid, max(64, size // 4)),
        confidence,
        _vertex_confidence(model, fields),
        *(np.uint8(np.round(255 * linear_to_srgb(color))) for color in (fields.inner.iris, fields.inner.enamel)),
    )


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
    xy = np.stack([uv[:, 0] * fields.size - 0.5, (1 - uv[:, 1]) * fields.size - 0.5], 1).astype(np.float32)
    skin = np.repeat(layout_of(model).skin, 4)
    vertex = model.faces.ravel()[skin]
    seen = np.zeros(len(model.template), np.float32)
    np.maximum.at(seen, vertex, np.clip(lookup(fields.weight, xy[skin]), 0, 1))
    skin_vertex = np.zeros(len(seen), np.float32)
    skin_vertex[vertex] = 1
    return (np.maximum(seen, fields.weights.paint.confidence * np.clip(fields.near, 0, 1)) * skin_vertex).astype(np.float32)
