"""ModelScope's fits: the shape of head or face to one photo, and the texture sheet from coarse to fine."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch.nn.functional import interpolate

from . import losses
from .coefficients import Coefficients
from .contour import soft_occupancy
from .model import PosedFace
from .ms_head import FACE_OFFSET_SIZE, HEAD_OFFSET_SIZE, HeadFace, HeadModel, Offsets
from .objectives import HeadScene, Outline, ms_face_terms, ms_head_terms, ms_start_terms, total
from .rendering import rasterize_crop, render_vertices

__all__ = ["FACE_TRIANGLES", "HeadEvidence", "Tick", "fit_face", "fit_head", "fit_sheet"]

FACE_TRIANGLES = 69732
"""The fitting mesh's first triangles are its face."""
TRANSLATION_STEPS, SHAPE_STEPS = 150, 100
"""`fit_face` takes the second number only."""
SHEET_SIZES, SHEET_STEPS = (64, 128, 256, 512, 1024, 2048), 200
Tick = Callable[[float], object]


@dataclass(frozen=True)
class HeadEvidence:
    """What the fit looks at, all in one crop (of rescale 75 for the head, 102 for the face); a batch of one."""

    picture: torch.Tensor
    """(1, 3, 224, 224), 0..1."""
    landmarks: torch.Tensor
    """(1, 68, 2) crop pixels, y up."""
    head_mask: torch.Tensor | None
    """(1, 1, 224, 224) matte of the head, 0..1; not used for the face alone."""
    outline: Outline
    """Of the face mask."""


def fit_head(model: HeadModel, start: Coefficients, evidence: HeadEvidence, *, face_triangles: int = FACE_TRIANGLES,
             steps: tuple[int, int] = (TRANSLATION_STEPS, SHAPE_STEPS), tick: Tick | None = None
             ) -> tuple[Coefficients, Offsets]:
    """First the translation alone, then offset maps, identity, expression, texture and light.

    Args:
        model: the fitting mesh.
        start: coefficients of the coarse network (from the crop of rescale 102).
        face_triangles: how many of the mesh's first triangles are its face.

    Returns:
        fitted coefficients and offset maps.
    """
    offsets = _no_offsets(start.identity.device)
    values = {name: part.detach().clone() for name, part in start._asdict().items()}
    progress = _Progress(sum(steps), tick)

    def scene() -> HeadScene:
        return _head_scene(model, Coefficients(**values), offsets, face_triangles)

    values["translation"].requires_grad_(True)
    _adam([values["translation"]], 1e-1, steps[0], progress,
          lambda: ms_start_terms(scene(), evidence.picture, evidence.landmarks))
    values["translation"] = values["translation"].detach()
    fitted = [values[name].requires_grad_(True) for name in ("identity", "expression", "texture", "gamma")]
    _adam([*offsets, *fitted], 1e-3, steps[1], progress, lambda: ms_head_terms(
        scene(), evidence.picture, evidence.landmarks, evidence.head_mask, evidence.outline))
    return _fixed(values), Offsets(*(offset.detach() for offset in offsets))


def fit_face(model: HeadModel, start: Coefficients, evidence: HeadEvidence, *, steps: int = SHAPE_STEPS,
             tick: Tick | None = None) -> tuple[Coefficients, Offsets]:
    """The fit of the face alone, of February 2023: offset maps and all coefficients together.

    Args:
        model: the face, without head.
        start: coefficients of the coarse network (from the same crop).

    Returns:
        fitted coefficients and offset maps; those of the head are zero.
    """
    offsets = _no_offsets(start.identity.device)
    values = {name: part.detach().clone().requires_grad_(True) for name, part in start._asdict().items()}
    _adam([offsets.shape, offsets.texture, *values.values()], 1e-3, steps, _Progress(steps, tick), lambda: ms_face_terms(
        _face_scene(model, Coefficients(**values), offsets), evidence.picture, evidence.landmarks, evidence.outline))
    return _fixed(values), Offsets(*(offset.detach() for offset in offsets))


class _Progress:
    def __init__(self, steps: int, tick: Tick | None):
        self.steps, self.done, self.tick = steps, 0, tick

    def step(self) -> None:
        self.done += 1
        if self.tick:
            self.tick(self.done / self.steps)


def _adam(parameters: Iterable[torch.Tensor], rate: float, steps: int, progress: _Progress,
          terms: Callable[[], dict[str, torch.Tensor]]) -> None:
    optimiser = torch.optim.Adam(parameters, lr=rate)
    for _ in range(steps):
        optimiser.zero_grad()
        total(terms()).backward()
        optimiser.step()
        progress.step()


def _no_offsets(device) -> Offsets:
    sizes = Offsets(FACE_OFFSET_SIZE, FACE_OFFSET_SIZE, HEAD_OFFSET_SIZE, HEAD_OFFSET_SIZE)
    return Offsets(*(torch.zeros(1, 3, side, side, device=device, requires_grad=True) for side in sizes))


def _fixed(values: dict[str, torch.Tensor]) -> Coefficients:
    return Coefficients(**{name: value.detach() for name, value in values.items()})


def fit_sheet(posed: PosedFace, triangles: torch.Tensor, uv: torch.Tensor, picture: torch.Tensor, mask: torch.Tensor, *,
              sizes: tuple[int, ...] = SHEET_SIZES, steps: int = SHEET_STEPS, tall: float = 1.0, tick: Tick | None = None
              ) -> tuple[torch.Tensor, torch.Tensor]:
    """A texture that, drawn on the posed head, gives the picture; from few texels to many.

    Adam at 1e-2 on mean squared difference and 0.01 total variation (none at the last size). Texels that the picture
    never shows keep what a coarser sheet gave them.

    Args:
        posed: of the output mesh.
        triangles: (F, 3); `uv`: (N, 2), v upwards.
        picture: (1, 3, S, S), 0..1, crop of the widened photo, any size.
        mask: (1, 1, S, S) where the picture shows the head.
        sizes: texels along u.
        tall: how many times as many texels there are along v.

    Returns:
        (1, 3, tall * T, T) sheet and (tall * T, T) bool: texels of the finest sheet that the picture shows.
    """
    fragments = rasterize_crop(posed.camera.detach(), triangles, picture.shape[-1])
    seen = fragments.mask * mask
    where = seen[0, 0] > 0
    place = fragments.interpolate(uv.to(picture)[None])[0][:, where].T
    weight = seen[0, 0][where][:, None]
    wanted = picture[0][:, where].T
    mean = (wanted * weight).sum(0) / weight.sum().clamp(min=1)
    sheet = mean[None, :, None, None]
    for number, size in enumerate(sizes):
        height = int(size * tall)
        sheet = interpolate(sheet, (height, size), mode="nearest")
        texels = sheet[0].permute(1, 2, 0).reshape(-1, 3).clone().requires_grad_(True)
        optimiser = torch.optim.Adam([texels], lr=1e-2)
        # Drawing is linear in the texels: one sparse matrix for all steps, and its transpose for the gradient.
        draw, back = _drawing(place, height, size)
        for step in range(steps):
            optimiser.zero_grad()
            if size != sizes[-1]:
                (0.01 * losses.total_variation(texels.view(1, height, size, 3).permute(0, 3, 1, 2))).backward()
            with torch.no_grad():
                slope = back @ (weight ** 2 * (draw @ texels - wanted)) * (2 / picture.numel())
            texels.grad = slope if texels.grad is None else texels.grad + slope
            optimiser.step()
            if tick:
                tick((number + (step + 1) / steps) / len(sizes))
        sheet = texels.detach().view(1, height, size, 3).permute(0, 3, 1, 2)
    shown = (back @ weight).view(height, size) > 0
    return sheet.contiguous(), shown


def _drawing(place: torch.Tensor, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, height * width) sparse: texels -> pixels that lie at `place` (n, 2), as
    :func:`engine.bfm.rendering.render_texture` reads a texture; and its transpose."""
    x, y = place[:, 0] * width - 0.5, (1 - place[:, 1]) * height - 0.5
    left, top = torch.floor(x), torch.floor(y)
    fx, fy = x - left, y - top
    texels, shares = [], []
    for row, down in ((0, 1 - fy), (1, fy)):
        for column, right in ((0, 1 - fx), (1, fx)):
            texels.append((top.long() + row) % height * width + (left.long() + column) % width)
            shares.append(down * right)
    pixels = torch.arange(len(place), device=place.device).repeat(4)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support")
        draw = torch.sparse_coo_tensor(torch.stack([pixels, torch.cat(texels)]), torch.cat(shares),
                                       (len(place), height * width), check_invariants=False).coalesce()
        return draw.to_sparse_csr(), draw.t().to_sparse_csr()


def _head_scene(model: HeadModel, coefficients: Coefficients, offsets: Offsets, face_triangles: int) -> HeadScene:
    head: HeadFace = model(coefficients, offsets)
    posed = head.posed
    triangles = model.linear.triangles
    face, whole = (rasterize_crop(posed.camera, part) for part in (triangles[:face_triangles], triangles))
    occupancy = whole.interpolate(soft_occupancy(posed.projection, whole.mask)[..., None])
    return HeadScene(coefficients, posed.projection[:, :len(model.face_uv)], posed.landmarks,
                     render_vertices(face, posed.colour), face.mask, render_vertices(whole, posed.colour), whole.mask,
                     occupancy, offsets.shape, offsets.texture, offsets.head_shape)


def _face_scene(model: HeadModel, coefficients: Coefficients, offsets: Offsets) -> HeadScene:
    posed = model(coefficients, offsets).posed
    face = rasterize_crop(posed.camera, model.linear.triangles)
    return HeadScene(coefficients, posed.projection, posed.landmarks, render_vertices(face, posed.colour), face.mask, None,
                     None, None, offsets.shape, offsets.texture, None)
