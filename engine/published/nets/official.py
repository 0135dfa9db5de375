"""The table of official files: the networks that each holds, and their names inside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from .arcface import ArcFaceNet
from .bisenet import FaceMaskNet
from .checkpoint import Checkpoint, load_network
from .coarse import CoarseNet
from .deretouch import DeRetouchNet
from .df_mvr import MultiViewNet
from .generator import deformation_generator, displacement_generator
from .landmark106 import Landmark106Net
from .resnet import resnet50
from .retinaface import RetinaFaceNet

__all__ = ["NETWORKS", "OfficialNetwork", "load"]


@dataclass(frozen=True)
class OfficialNetwork:
    """A network and its published file."""

    file: str
    """Name as published; a method's release may put it into a folder."""
    build: Callable[[], nn.Module]
    container: str | None = None
    """Entry of the file that holds the weights; None where the file is the weights."""
    unused: tuple[str, ...] = ()
    """Beginnings of names in the file that the network has no use for."""


def _resnet18_coarse() -> CoarseNet:
    return CoarseNet("resnet18")


def _last_layer_coarse() -> CoarseNet:
    return CoarseNet(last_fc=True)


def _small_coarse() -> CoarseNet:
    return CoarseNet("mobilenet_v3")


NETWORKS = {
    "deep3d.coarse": OfficialNetwork("epoch_20.pth", CoarseNet, "net_recon"),
    "deep3d.coarse_resnet18": OfficialNetwork("epoch_20.pth", _resnet18_coarse, "net_recon"),
    "deep3d.coarse_last_fc": OfficialNetwork("epoch_20.pth", _last_layer_coarse, "net_recon"),
    "deep3d.recognition": OfficialNetwork("backbone.pth", ArcFaceNet),
    "deep3d.imagenet": OfficialNetwork("resnet50-0676ba61.pth", resnet50, unused=("fc.",)),
    "hrn.coarse": OfficialNetwork("epoch_10.pth", CoarseNet, "net_recon"),
    "hrn.deformation": OfficialNetwork("epoch_10.pth", deformation_generator, "mid_net"),
    "hrn.displacement": OfficialNetwork("epoch_10.pth", displacement_generator, "high_net"),
    "hrn.de_retouching": OfficialNetwork("de-retouching.pth", DeRetouchNet, "generator"),
    "hrn_face.coarse": OfficialNetwork("pytorch_model.pt", CoarseNet, "net_recon"),
    "hrn_face.deformation": OfficialNetwork("pytorch_model.pt", deformation_generator, "mid_net"),
    "hrn_face.displacement": OfficialNetwork("pytorch_model.pt", displacement_generator, "high_net"),
    "hrn_face.de_retouching": OfficialNetwork("de_retouching_model.pth", DeRetouchNet, "generator"),
    "hrn_head.coarse": OfficialNetwork("pytorch_model.pt", CoarseNet, "net_recon"),
    "tddfa_v3.coarse": OfficialNetwork("net_recon.pth", CoarseNet, "net_recon"),
    "tddfa_v3.coarse_mobilenet": OfficialNetwork("net_recon_mbnet.pth", _small_coarse, "net_recon"),
    "df_mvr.views": OfficialNetwork("000000279.pth", MultiViewNet),
    "df_mvr.face_mask": OfficialNetwork("face_mask.pth", FaceMaskNet),
    "landmarks_106": OfficialNetwork("large_base_net.pth", Landmark106Net, "state_dict"),
    "face_detector": OfficialNetwork("retinaface_resnet50_2020-07-20_old_torch.pth", RetinaFaceNet),
}
"""The networks by method and role; the last two serve HRN, ModelScope's models and 3DDFA-V3."""


def load(name: str, source: Checkpoint | Path | str) -> nn.Module:
    """The network `name` of :data:`NETWORKS` from the user's file, ready to run on the CPU.

    Args:
        name: a key of :data:`NETWORKS`.
        source: the file, or one already read where it holds several networks.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    network = NETWORKS[name]
    containers = (network.container,) if network.container else ()
    return load_network(network.build, source, *containers, ignore=network.unused)
