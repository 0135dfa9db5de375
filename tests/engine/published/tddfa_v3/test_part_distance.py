"""The part distance loss: its values, its gradient, and that it fits shapes without correspondences."""

from __future__ import annotations

import numpy as np
import torch

from engine.fit.mid.part_regions import below_brows, region_points
from reference import part_distance as prdl


def ellipse(centre, radii, count=60):
    angle = torch.linspace(0, 6.2831853, count + 1, dtype=torch.float64)[:-1]
    return torch.stack([centre[0] + radii[0] * torch.cos(angle), centre[1] + radii[1] * torch.sin(angle)], 1)


def test_description_is_nearest_farthest_and_mean(monkeypatch):
    points, grid = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), prdl.anchors(5, 4)
    whole = prdl.describe(points, grid)
    corner = whole[0]
    np.testing.assert_allclose(corner, [0, 5, 2.5], atol=1e-5)
    monkeypatch.setattr(prdl, "_CHUNK", 7)
    np.testing.assert_allclose(prdl.describe(points, grid), whole)


def test_gradient_is_the_finite_difference():
    points = ellipse((14.13, 11.29), (5.3, 3.1), 9).requires_grad_(True)
    region = torch.from_numpy(region_points(np.pad(np.ones((6, 8)), 7))).double()

    def loss(values):
        return prdl.part_distance_loss([values], [region], 20, 22)

    loss(points).backward()
    for vertex in (0, 4, 7):
        for axis in range(2):
            step = torch.zeros_like(points)
            step[vertex, axis] = 1e-5
            with torch.no_grad():
                slope = (loss(points + step) - loss(points - step)) / 2e-5
            np.testing.assert_allclose(points.grad[vertex, axis], slope, rtol=1e-4, atol=1e-7)


def test_absent_parts_and_equal_sets_cost_nothing():
    region = ellipse((30, 30), (9, 6))
    assert prdl.part_distance_loss([region, region], [region, region[:0]], 60, 60).item() < 1e-12
    moved = prdl.part_distance_loss([region + 2, region], [region, region[:0]], 60, 60)
    weighted = prdl.part_distance_loss([region + 2, region + 5], [region, region[:0]], 60, 60, weights=[3.0, 7.0])
    np.testing.assert_allclose(weighted.item(), 3 * moved.item(), rtol=1e-12)
    coarse = prdl.part_distance_loss([region + 2], [region], 60, 60, stride=3)
    np.testing.assert_allclose(coarse.item(), moved.item(), rtol=0.1)


def test_it_moves_and_scales_a_part_onto_its_region():
    """The vertices do not even overlap the region at first, where a mask loss has no gradient."""
    mask = np.zeros((64, 64), bool)
    y, x = np.mgrid[:64, :64]
    mask[((x - 44) / 9) ** 2 + ((y - 20) / 5) ** 2 <= 1] = True
    region = torch.from_numpy(region_points(mask)).double()
    inside = region - torch.tensor([44.0, 20.0])
    shape = torch.tensor([12.0, 50.0, -10.0], dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([shape], lr=2.0)
    for step in range(120):
        for group in adam.param_groups:
            group["lr"] = 2.0 * 0.96**step
        adam.zero_grad()
        scaled = inside * (1 + shape[2] / 20) + shape[:2]
        prdl.part_distance_loss([scaled], [region], 64, 64, stride=4).backward()
        adam.step()
    np.testing.assert_allclose(shape.detach(), [44, 20, 0], atol=0.6)


def test_large_regions_are_thinned_evenly():
    points = region_points(np.ones((100, 100)), 400)
    assert len(points) == 400
    distance = np.linalg.norm(points[:, None] - points[None], axis=-1) + 1e9 * np.eye(400)
    assert distance.min() > 3
    assert region_points(np.zeros((5, 5))).shape == (0, 2)


def test_forehead_is_what_lies_above_the_brows():
    skin = np.array([[10.0, 5.0], [50.0, 5.0], [30.0, 40.0], [10.0, 22.0]])
    kept = below_brows(skin, np.array([[10.0, 20.0]]), np.array([[50.0, 30.0]]))
    assert kept.tolist() == [False, False, True, True]
