"""ModelScope's texture sheet: fitted to one picture of the posed head, from few texels to many."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import torch
from torch.nn.functional import interpolate

from ...system.progress import SILENT, Progress
from ..basel.model import PosedFace
from ..basel.rendering import rasterize_crop

__all__ = ["SHEET_SIZES", "SHEET_STEPS", "SheetEffort", "fit_sheet"]

SHEET_SIZES, SHEET_STEPS = (64, 128, 256, 512, 1024, 2048), 200
_RATE, _SMOOTHNESS = 1e-2, 1e-2


class SheetEffort(NamedTuple):
    """How a sheet is fitted."""

    sizes: tuple[int, ...] = SHEET_SIZES
    """Texels along u, one after the other."""
    steps: int = SHEET_STEPS
    """Steps at each size."""
    tall: float = 1.0
    """How many times as many texels there are along v."""


def fit_sheet(
    posed: PosedFace,
    triangles: torch.Tensor,
    uv: torch.Tensor,
    picture: torch.Tensor,
    mask: torch.Tensor,
    effort: SheetEffort,
    progress: Progress = SILENT,
) -> tuple[torch.Tensor, torch.Tensor]:
    """A texture that, drawn on the posed head, gives the picture; from few texels to many.

    Adam at 1e-2 on mean squared difference and 0.01 total variation (none at the last size). Texels that the picture
    never shows keep what a coarser sheet gave them.

    Args:
        posed: of the output mesh.
        triangles: (F, 3); `uv`: (N, 2), v upwards.
        picture: (1, 3, S, S), 0..1, crop of the widened photo, any size.
        mask: (1, 1, S, S) where the picture shows the head.
        effort: sizes and steps.

    Returns:
        (1, 3, tall * T, T) sheet and (tall * T, T) bool: texels of the finest sheet that the picture shows.
    """
    sizes, steps, tall = effort
    progress(0.0)
    with torch.no_grad():
        fragments = rasterize_crop(posed.camera.detach(), triangles, picture.shape[-1])
        seen = fragments.mask * mask
        where = seen[0, 0] > 0
        place = fragments.interpolate(uv.to(picture)[None])[0][:, where].T
        weight = seen[0, 0][where][:, None]
        wanted = picture[0][:, where].T.contiguous()
        del fragments, seen
        sheet = ((wanted * weight).sum(0) / weight.sum().clamp(min=1))[None, :, None, None]
        for number, size in enumerate(sizes):
            height = int(size * tall)
            texels = interpolate(sheet, (height, size), mode="nearest")[0].permute(1, 2, 0).contiguous()
            progress(number / len(sizes))
            drawing = _drawing(place, weight, wanted, height, size)
            # Without smoothness, nothing moves a texel that no pixel reads.
            smooth, flat = number < len(sizes) - 1, texels.view(-1, 3)
            moving = texels if smooth else flat[drawing.texels]
            moving.grad = slope = torch.empty_like(moving)
            optimiser = torch.optim.Adam([moving], lr=_RATE, fused=True)
            for step in range(steps):
                if smooth:
                    _variation_slope(moving, slope)
                    pull = drawing.slope(flat.index_select(0, drawing.texels))
                    slope.view(-1, 3).index_add_(0, drawing.texels, pull, alpha=2 / picture.numel())
                else:
                    torch.mul(drawing.slope(moving), 2 / picture.numel(), out=slope)
                optimiser.step()
                progress((number + (step + 1) / steps) / len(sizes))
            if not smooth:
                flat[drawing.texels] = moving
            sheet = texels.permute(2, 0, 1)[None]
        shown = torch.zeros(len(flat), dtype=torch.bool, device=picture.device)
        shown[drawing.texels] = drawing.shown
    return sheet.contiguous(), shown.view(height, size)


def _variation_slope(texels: torch.Tensor, slope: torch.Tensor) -> None:
    """Sets `slope` to the gradient of 0.01 times :func:`engine.published.basel.losses.total_variation`; both (H, W, 3)."""
    slope.zero_()
    for axis in range(2):
        count = texels.shape[axis] - 1
        near, far = texels.narrow(axis, 0, count), texels.narrow(axis, 1, count)
        step = far - near
        share = 4 * _SMOOTHNESS / max(step.numel(), 1)
        slope.narrow(axis, 1, count).add_(step, alpha=share)
        slope.narrow(axis, 0, count).sub_(step, alpha=share)


class _Drawing(NamedTuple):
    """How pixels read texels, which is linear: sparse matrices serve all steps.

    The gradient of half the weighted squared error is ``D' W (D t - p)``. While there are few texels for the pixels, each
    with its eight neighbours, ``D' W D`` has fewer numbers than ``D`` twice.
    """

    texels: torch.Tensor
    """(k,) those that are read, rising."""
    shown: torch.Tensor
    """(k,) bool: those of weight."""
    normal: torch.Tensor | None
    """(k, k) sparse: ``D' W D``."""
    constant: torch.Tensor | None
    """(k, 3): ``D' W p``, with the former."""
    draw: torch.Tensor | None
    """(n, k) sparse ``D``: texels -> pixels; where there is no `normal`."""
    back: torch.Tensor | None
    """(k, n) sparse ``D' W``."""
    wanted: torch.Tensor
    """(n, 3) ``p``."""

    def slope(self, texels: torch.Tensor) -> torch.Tensor:
        """(k, 3) of those that are read -> (k, 3)."""
        if self.normal is not None:
            return self.normal @ texels - self.constant
        return self.back @ (self.draw @ texels - self.wanted)


def _drawing(place: torch.Tensor, weight: torch.Tensor, wanted: torch.Tensor, height: int, width: int) -> _Drawing:
    """How pixels that lie at `place` (n, 2) are drawn: as :func:`engine.published.basel.rendering.render_texture` does it.

    Args:
        weight: (n, 1) of each pixel's error, before it is squared.
        wanted: (n, 3).
    """
    x, y = place[:, 0] * width - 0.5, (1 - place[:, 1]) * height - 0.5
    left, top = torch.floor(x), torch.floor(y)
    fx, fy = x - left, y - top
    columns, rows = left.long(), top.long()
    corners = [(down, right) for down in (0, 1) for right in (0, 1)]
    texels = torch.stack([(rows + down) % height * width + (columns + right) % width for down, right in corners], 1)
    shares = torch.stack([down * right for down in (1 - fy, fy) for right in (1 - fx, fx)], 1)
    ordered, order = torch.sort(texels.view(-1), stable=True)
    read, place_of, counts = torch.unique_consecutive(ordered, return_inverse=True, return_counts=True)
    compact = torch.empty_like(order)
    compact[order] = place_of
    weighted = shares * weight**2
    back = _sparse(
        torch.cat([counts.new_zeros(1), counts.cumsum(0)]),
        torch.div(order, 4, rounding_mode="floor"),
        weighted.view(-1)[order],
        (len(read), len(place)),
    )
    shown = (back @ torch.ones_like(weight))[:, 0] > 0
    if 9 * len(read) > 8 * len(place):
        draw = _sparse(
            torch.arange(0, 4 * len(place) + 1, 4, device=place.device), compact, shares.view(-1), (len(place), len(read))
        )
        return _Drawing(read, shown, None, None, draw, back, wanted)
    compact = compact.view(-1, 4)
    products = torch.zeros(3, 3, len(read), dtype=torch.float64, device=place.device)
    for a, (down, right) in enumerate(corners):
        for b, (other_down, other_right) in enumerate(corners):
            products[1 + other_down - down, 1 + other_right - right] += torch.bincount(
                compact[:, a], (shares[:, b] * weighted[:, a]).double(), len(read)
            )
    number = torch.zeros(height * width, dtype=torch.int64, device=place.device)
    number[read] = torch.arange(len(read), device=place.device)
    row, column = torch.div(read, width, rounding_mode="floor"), read % width
    # A neighbour that is not read has the number 0 here and the product 0.
    neighbours = torch.stack(
        [number[(row + down) % height * width + (column + right) % width] for down in (-1, 0, 1) for right in (-1, 0, 1)], 1
    )
    normal = _sparse(
        torch.arange(0, 9 * len(read) + 1, 9, device=place.device),
        neighbours.view(-1),
        products.view(9, -1).T.to(shares).reshape(-1),
        (len(read), len(read)),
    )
    return _Drawing(read, shown, normal, back @ wanted, None, None, wanted)


def _sparse(starts: torch.Tensor, columns: torch.Tensor, values: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support")
        return torch.sparse_csr_tensor(starts, columns, values, size, check_invariants=False)
