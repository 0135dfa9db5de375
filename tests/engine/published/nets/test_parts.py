"""What the networks' parts do, shown without any file of the references."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.published.nets.arcface import warp_face
from engine.published.nets.checkpoint import read_checkpoint
from engine.published.nets.coarse import CoarseNet
from engine.published.nets.involution import Involution
from engine.published.nets.landmark106 import find_106_points, soft_argmax
from engine.published.nets.official import NETWORKS, load
from engine.published.nets.retinaface_detect import anchors, detect_faces, suppress
from support.golden.nets import empty


@pytest.mark.parametrize("name", NETWORKS)
def test_official_containers(tmp_path, name):
    """A file laid out as the published one loads strictly; one number each keeps it small."""
    network = NETWORKS[name]
    prefix = "module." if name.startswith("df_mvr") else ""
    weights = {
        prefix + key: torch.full((), 0.5).to(value.dtype).expand(value.shape)
        for key, value in empty(network.build).state_dict().items()
    }
    weights |= {key + "weight": torch.zeros(3) for key in network.unused}
    path = tmp_path / network.file
    torch.save({network.container: weights, "other": {}} if network.container else weights, path)
    net = load(name, read_checkpoint(path))
    assert all(torch.all(value == 0.5) for value in net.parameters())
    assert not any(value.is_meta for value in net.state_dict().values())


def test_a_new_coarse_network_gives_the_mean_face():
    torch.manual_seed(0)
    assert torch.equal(CoarseNet("mobilenet_v3").eval()(torch.rand(2, 3, 64, 64)), torch.zeros(2, 257))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (7, 1), (7, 2)])
def test_involution_is_its_defining_sum(kernel, stride):
    torch.manual_seed(1)
    net = Involution(32, kernel, stride).double().eval()
    x = torch.randn(1, 32, 8, 8).double()
    with torch.no_grad():
        result = net(x)
        source = F.avg_pool2d(x, stride) if stride > 1 else x
        kernels = net.conv2(net.conv1(source)).view(2, kernel, kernel, 8 // stride, 8 // stride)
    padded = F.pad(x[0], [kernel // 2] * 4)
    for c, h, w in ((0, 0, 0), (15, 1, 2), (16, 3, 3), (31, 2, 0)):
        patch = padded[c, stride * h : stride * h + kernel, stride * w : stride * w + kernel]
        assert result[0, c, h, w] == pytest.approx(float((kernels[c // 16, :, :, h, w] * patch).sum()))


def test_soft_argmax_gives_row_then_column():
    logits = torch.full((1, 2, 14, 14), -1e4)
    logits[0, 0, 3, 9] = logits[0, 1, 13, 0] = 0
    assert torch.allclose(soft_argmax(logits) * 14, torch.tensor([[3.0, 9, 13, 0]]))


def test_points_come_back_to_the_places_they_were_seen_at():
    """Dots in a photo, also near its edge, are found in the crop and mapped back to within a pixel."""
    image = np.zeros((300, 400, 3), np.uint8)
    dots = np.array([[60, 90], [130, 100], [95, 160]])
    for x, y in dots:
        image[y - 1 : y + 2, x - 1 : x + 2] = 255

    sizes = []

    def predict(crop: np.ndarray) -> np.ndarray:
        sizes.append(crop.shape)
        y, x = np.nonzero(crop.min(2) > 140)
        places = np.stack([x, y], 1).astype(float)
        groups = [places[:1]]
        for place in places[1:]:
            near = [g for g in range(len(groups)) if np.hypot(*(groups[g].mean(0) - place)) < 20]
            if near:
                groups[near[0]] = np.vstack([groups[near[0]], place])
            else:
                groups.append(place[None])
        return np.array(sorted((tuple(g.mean(0)) for g in groups), key=lambda p: p[1]) * 36)[:106]

    found = find_106_points(predict, image, [[-40, 40, 180, 210], [40, 60, 150, 200]])
    assert found.shape == (2, 106, 2) and sizes == [(224, 224, 3)] * 4
    for points in found:
        assert np.abs(points[:3] - dots).max() < 1.5


@pytest.mark.parametrize("box", [[-300, 10, -200, 90], [500, 400, 600, 500], [0, 0, 0, 0], [-0.6, -0.6, -0.6, -0.6]])
def test_a_box_outside_of_the_photo_or_without_size_is_no_crash(box):
    crops = []
    find_106_points(lambda crop: crops.append(crop) or np.full((106, 2), 112.0), np.zeros((60, 80, 3), np.uint8), [box])
    assert [crop.shape for crop in crops] == [(224, 224, 3)] * 2


def plain_suppress(boxes, scores, overlap):
    left = list(np.argsort(-scores, kind="stable"))
    kept = []
    while left:
        a = left.pop(0)
        kept.append(a)
        for b in list(left):
            low, high = np.maximum(boxes[a, :2], boxes[b, :2]), np.minimum(boxes[a, 2:], boxes[b, 2:])
            common = max(high[0] - low[0], 0) * max(high[1] - low[1], 0)
            areas = [np.prod(boxes[i, 2:] - boxes[i, :2]) for i in (a, b)]
            if common / (sum(areas) - common) > overlap:
                left.remove(b)
    return kept


def test_suppression_keeps_the_best_of_what_overlaps():
    random = np.random.default_rng(7)
    corners = random.uniform(0, 300, (200, 2))
    boxes = np.hstack([corners, corners + random.uniform(5, 90, (200, 2))])
    scores = random.uniform(0.7, 1, 200)
    kept = suppress(boxes, scores, 0.4)
    assert list(kept) == plain_suppress(boxes, scores, 0.4) and 10 < len(kept) < 200
    assert suppress(np.zeros((0, 4)), np.zeros(0), 0.4).size == 0


@pytest.mark.parametrize(("height", "width"), [(300, 600), (1000, 400), (512, 512), (40, 30)])
def test_detected_faces_are_in_pixels_of_the_photo(height, width):
    """An anchor that the network marks unchanged must come back at its own place, whatever the photo's shape."""
    priors = anchors()
    side = max(height, width)
    hit = int(torch.argmin((priors - torch.tensor([0.5, 0.5, 0.25, 0.25])).abs().sum(1)))
    classes = torch.tensor([4.0, -4.0]).repeat(len(priors), 1)
    classes[hit] = torch.tensor([-4.0, 4.0])

    def net(square: torch.Tensor):
        assert square.shape == (1, 3, 512, 512)
        return torch.zeros(1, len(priors), 4), classes[None], torch.zeros(1, len(priors), 10)

    (face,) = detect_faces(net, np.zeros((height, width, 3), np.uint8))
    centre = priors[hit, :2].numpy() * side - (side - np.array([width, height])) / 2
    reach = priors[hit, 2].item() * side / 2
    assert np.abs(face.box - np.r_[centre - reach, centre + reach]).max() <= 1 + 2 * side / 512
    assert np.abs(face.points - centre).max() <= 1 + 2 * side / 512
    assert face.score > 0.99 and face.box.dtype == np.int64


def test_face_crop_follows_its_matrix():
    """A ramp tells each pixel's place: crop pixel = matrix * picture pixel."""
    y, x = torch.meshgrid(torch.arange(200.0), torch.arange(180.0), indexing="ij")
    image = torch.stack([x, y, x + y])[None] / 400
    matrix = torch.tensor([[[0.8, 0.0, -10.0], [0.0, 0.8, -20.0]]])
    crop = warp_face(image, matrix) * 400
    assert crop.shape == (1, 3, 112, 112)
    assert crop[0, 0, 40, 60].item() == pytest.approx((60 + 10) / 0.8, abs=1e-2)
    assert crop[0, 1, 40, 60].item() == pytest.approx((40 + 20) / 0.8, abs=1e-2)
    outside = torch.tensor([[[0.8, 0.0, 200.0], [0.0, 0.8, 0.0]]])
    assert warp_face(image, outside).abs().max() == 0
