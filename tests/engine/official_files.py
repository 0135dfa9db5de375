"""Folders of "official" files for whole methods: right in every name and size, with weights and a face model by rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from face_like import face_like, face_like_fields
from golden_nets import common_rule, filled
from scipy.io import savemat

from engine.bfm.model import recentred
from engine.nets.official import NETWORKS


def calm(key: str) -> float:
    """Heads that give a face of its own, looking at the camera almost straight."""
    if not key.startswith("final_layers."):
        return 1.0
    layer, kind = key.split(".")[1:]
    return {"weight": 0.001, "bias": {"0": 8.0, "1": 6.0, "5": 0.5, "6": 0.5}.get(layer, 1.0)}[kind]


def write_face_model(folder: Path) -> None:
    savemat(folder / "BFM_model_front.mat", face_like_fields())
    mean = recentred(face_like().mean)
    savemat(folder / "similarity_Lm3D_all.mat", {"lm": mean[face_like().keypoints]})


def write_deep3d(folder: Path) -> None:
    place = folder / "checkpoints" / "official"
    place.mkdir(parents=True)
    net = filled(NETWORKS["deep3d.coarse"].build, common_rule(calm))
    torch.save({"net_recon": net.state_dict(), "sched_00": {"last_epoch": 20, "lr": np.float64(1e-4)}}, place / "epoch_20.pth")
    write_face_model(folder)
