"""The displacement map of a head: fine relief out of its painted colours (:mod:`.relief`), where skin may have any."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ...camera import Camera
from ...fit.relief.gate import resolved
from ...fit.relief.weights import WEIGHTS as RELIEF
from ...geometry.harmonics import light_normals, sh_basis
from ...geometry.mesh import vertex_normals
from ...head.model import MATERIALS, HeadModel
from ...system.progress import Progress
from ...wire.color import LUMINANCE
from ..analysis import Analysis
from ..atlas import Texels, bands, corner_triangles, each_band, gather, texel_band
from ..layout import layout_of
from ..padding import fill_outside
from ..paint.grain import octave_noise
from ..sources.merge import source_share
from ..sources.photo_view import lookup
from ..weights import WAVES_MM, ReliefWeights
from .measured import Measured
from .relief import relief, shading_slopes

__all__ = ["displacement_map"]


def displacement_map(
    model: HeadModel,
    fields: Analysis,
    luminance: np.ndarray,
    pigment: np.ndarray,
    seen: np.ndarray,
    detail: float,
    progress: Progress,
) -> np.ndarray:
    """
    Args:
        luminance, pigment, seen: (S, S) float32 of the painted skin, see :class:`..compose.Band`; the first two are
            overwritten.
        detail: gain.
        progress: may raise to cancel.

    Returns:
        (S, S) float32 mm along the normal, 0 outside the layout.
    """
    size = luminance.shape[0]
    layout = layout_of(model)
    measured, w = _measured(model, fields)
    triangles, corners = model.triangles.astype(np.int32), corner_triangles(len(model.faces))
    leans = _leans(model, fields)
    vertex = np.stack(
        [layout.density * size, _roll_off(model), model.part("scalp"), model.part("right_ear", "left_ear"), *model.template.T],
        1,
    )
    strength, amount, pores, density = (np.zeros((size, size), np.float32) for _ in range(4))
    lean = np.zeros((size, size, 2), np.float32)
    skin_values = np.median([_sample(luminance, seen, w), _sample(pigment, seen, w)], 1)

    def prepare(row0, row1):
        texels = texel_band(model, size, row0, row1)
        small = texels.uv_pixels(fields.size)
        found = np.ascontiguousarray(gather(texels, triangles, vertex).T)
        skin = layout.skin[texels.triangle // 2]
        # Rolls off towards mouth and sockets: their texels are baked.
        strong = found[1] * skin * (1 - np.clip(lookup(fields.features, small), 0, 1))
        strong *= 1 - w.lips * np.clip(lookup(fields.lips, small), 0, 1)
        strong *= (1 - w.scalp * found[2]) * (1 - w.ears * found[3])
        noise = _pores(texels, found[4:].T, found[0] / size, size, (measured, fields.pixels_per_mm), w)
        rows = slice(row0, row1)

        def put(image, values):
            image[rows].reshape(-1, *image.shape[2:])[texels.index] = values

        shown = seen[rows].reshape(-1)[texels.index]
        put(strength, strong)
        # Completed skin carries the same kind of relief, a little weaker; the change is as soft as the seam.
        put(amount, strong * (w.completed + (1 - w.completed) * shown) * (1 - w.seam * shown * (1 - shown)))
        put(pores, noise * strong)
        put(density, found[0])
        for image, value in ((luminance, skin_values[0]), (pigment, skin_values[1])):
            put(image, np.where(skin, image[rows].reshape(-1)[texels.index], value))
        if leans:
            total = np.zeros((len(skin), 2), np.float32)
            for source, own in leans:
                share = source_share(source, small)
                own = gather(texels, corners, own)
                total += own if share is None else own * share[:, None]
            put(lean, total)

    each_band(prepare, bands(size), progress.part(0.0, 0.4))
    texels = texel_band(model, size, 0, size)
    luminance, pigment, density = (fill_outside(model, image, texels) for image in (luminance, pigment, density))
    progress(0.5)
    slopes = None
    if leans:
        wide = w.shading_mm * float(np.median(density[::8, ::8]))
        band = luminance - cv2.GaussianBlur(luminance, (0, 0), min(wide, w.shading_texels))
        progress(0.55)
        slopes = shading_slopes(
            np.clip(band, -w.shading_most, w.shading_most) * seen * strength, lean, 1 / np.maximum(density, 1e-3), w
        )
        band = lean = None
        progress(0.6)
    out = relief(luminance, pigment, amount, density, slopes, 1 / fields.pixels_per_mm, progress.part(0.6, 1.0), w)
    out *= strength > 0
    out += pores
    # The bands have no mean of their own; what the limiter left is taken out where there is relief.
    total = float(strength.sum())
    if total > 0:
        out -= strength * np.float32(out.sum() / total)
    if measured is not None:
        _add_measured(model, measured, out)
    out *= np.float32(detail)
    progress(1.0)
    return out


def _measured(model: HeadModel, fields: Analysis) -> tuple[Measured | None, ReliefWeights]:
    """Folds that the fit has read, and what is believed of all others beside them."""
    w = fields.weights.relief
    if not fields.reliefs:
        return None, w
    # Coarser waves are measured, and better than the texture tells them.
    beside = replace(w, band_mm=w.beside_measured_mm, pores=w.pores_beside_measured)
    return Measured(model, fields.reliefs, fields.size), beside


def _pores(
    texels: Texels, place: np.ndarray, density: np.ndarray, size: int, read: tuple[Measured | None, float], w: ReliefWeights
) -> np.ndarray:
    """(n,) float32 mm: pores; none of those that the photo shows, where it was read.

    Args:
        place, density: of the texels, see :func:`.octave_noise`. read: what was, and pixels of the photos per mm.
    """
    measured, pixels_per_mm = read
    if measured is None:
        return octave_noise(place, density, w.pores, size, seed=9)
    share = resolved(pixels_per_mm, RELIEF.bands.waves_mm[-1], RELIEF.gate) * (np.array(WAVES_MM) >= w.finest_read_mm)
    noise = octave_noise(place, density, w.pores * (1 - share), size, seed=9)
    shown = w.pores * share
    return noise + (1 - measured.known(texels)) * octave_noise(place, density, shown, size, seed=9) if shown.any() else noise


def _add_measured(model: HeadModel, measured: Measured, out: np.ndarray) -> None:
    """Add what the mesh does not carry of the measured relief to a (S, S) map."""
    size, of_skin = out.shape[0], layout_of(model).skin

    def add(row0, row1):
        texels = texel_band(model, size, row0, row1)
        rest = measured.rest(texels) * of_skin[texels.triangle // 2]
        out[row0:row1].reshape(-1)[texels.index] += rest

    each_band(add, bands(size))


def _sample(image: np.ndarray, seen: np.ndarray, w: ReliefWeights) -> np.ndarray:
    """Some values where skin is seen, the same number for every map of a size."""
    step, count = w.sample
    chosen = image[::step, ::step][seen[::step, ::step] > w.seen]
    return np.resize(chosen, count) if len(chosen) else np.zeros(count, image.dtype)


def _roll_off(model: HeadModel) -> np.ndarray:
    """(N,) 1 on skin, 0 on vertices that skin shares with other materials or an open border."""
    out = np.ones(len(model.template), np.float32)
    out[np.unique(model.faces[model.face_material != MATERIALS.index("skin")])] = 0
    out[model.neck_loop] = 0
    return out


def _leans(model: HeadModel, fields: Analysis) -> list:
    """Pairs of a source and (4Q, 2) float32: how its shading changes as the surface leans."""
    frame = _frame(model, fields.vertices)
    return [
        (source, _lean(frame, source.view.camera, np.asarray(source.lighting, np.float64), fields.weights.relief))
        for source in fields.sources
        if np.isfinite(source.lighting).all() and source.lighting[0].sum() > 0
    ]


def _frame(model: HeadModel, vertices: np.ndarray) -> list[np.ndarray]:
    """(4Q, 3) normals, and the directions of the map's right and up on the surface, by quad corner."""
    corners = corner_triangles(len(model.faces))
    uv = model.uv.reshape(-1, 2)[corners].astype(np.float64)
    point = vertices[model.triangles].astype(np.float64)
    e1, e2 = point[:, 1] - point[:, 0], point[:, 2] - point[:, 0]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    sign = np.sign(d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0])[:, None]
    frame = [vertex_normals(vertices, model.triangles.astype(np.int32), np.float32).astype(np.float64)[model.faces.ravel()]]
    for direction in ((e1 * d2[:, 1:] - e2 * d1[:, 1:]) * sign, (e2 * d1[:, :1] - e1 * d2[:, :1]) * sign):
        total = np.stack(
            [np.bincount(corners.ravel(), np.repeat(direction[:, k], 3), len(model.faces) * 4) for k in range(3)], 1
        )
        frame.append(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12))
    return frame


def _lean(frame: list[np.ndarray], camera: Camera, lighting: np.ndarray, w: ReliefWeights) -> np.ndarray:
    """(4Q, 2) change of log shading when the normal leans by 1 along the map's right and up, by quad corner."""
    normal, *axes = frame
    light = lighting @ LUMINANCE.astype(np.float64)

    def shading(n):
        n = n / np.linalg.norm(n, axis=1, keepdims=True)
        return np.maximum(sh_basis(light_normals(camera, n)) @ light, w.dimmest * light[0])

    step = w.lean
    return np.stack(
        [(np.log(shading(normal + step * axis)) - np.log(shading(normal - step * axis))) / (2 * step) for axis in axes], 1
    ).astype(np.float32)
