"""Folders of "official" files for whole methods: right in every name and size, with weights and a face model by rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.io import savemat

from engine.geometry.obj import write_obj
from engine.published.basel.model import recentred
from engine.published.nets.official import NETWORKS
from support.golden.models import faces_around, full_contour_candidates, full_parts, full_uv
from support.golden.nets import common_rule, filled, hrn_rule
from support.golden.rules import det
from support.official.face_like import face_like, face_like_fields


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


def write_hrn(folder: Path, *, optional: bool = True) -> None:
    """Small offsets in all maps; the albedo basis is as large as the official one."""
    assets, weights = folder / "assets" / "3dmm_assets", folder / "assets" / "pretrained_models"
    for place in (assets / "BFM", assets / "bfm_albedo_map_basis", assets / "template_mesh", weights / "hrn_v1.1"):
        place.mkdir(parents=True)
    write_face_model(assets / "BFM")
    write_obj(assets / "template_mesh" / "template_bfm.obj", face_like().mean, face_like().triangles)
    np.save(assets / "template_mesh" / "bfm_uvs2.npy", full_uv())
    np.save(assets / "bfm_albedo_map_basis" / "bfm_tex_mean2.npy", det("official/albedo", (512, 512, 3), 10, 140))
    np.save(assets / "bfm_albedo_map_basis" / "bfm_texmap_base2.npy", np.zeros((512 * 512 * 3, 80), np.float32))
    nets = {
        name: filled(NETWORKS[f"hrn.{role}"].build, rule).state_dict()
        for name, role, rule in (
            ("net_recon", "coarse", common_rule(calm)),
            ("mid_net", "deformation", hrn_rule(1.0)),
            ("high_net", "displacement", hrn_rule(1.0)),
        )
    }
    torch.save({**nets, "alpha": torch.tensor([0.05]), "beta": torch.tensor([0.02])}, weights / "hrn_v1.1" / "epoch_10.pth")
    if optional:
        torch.save(
            {"generator": filled(NETWORKS["hrn.de_retouching"].build, hrn_rule(1.0)).state_dict()},
            weights / "de-retouching.pth",
        )
        torch.save(
            filled(NETWORKS["face_detector"].build, hrn_rule(1.0)).state_dict(),
            weights / "retinaface_resnet50_2020-07-20_old_torch.pth",
        )
        torch.save(
            {"state_dict": filled(NETWORKS["landmarks_106"].build, hrn_rule(1.0)).state_dict()}, weights / "large_base_net.pth"
        )


def write_tddfa(folder: Path) -> None:
    """ResNet-50 is written by way of its rule; parts and contours are those of the golden grid."""
    fields, face = face_like_fields(), face_like()
    parts, part_faces = full_parts()
    content = {
        "u": recentred(face.mean).reshape(-1, 1),
        "id": fields["idBase"],
        "exp": fields["exBase"],
        "u_alb": fields["meantex"].reshape(-1, 1),
        "alb": fields["texBase"],
        "uv_coords": full_uv(),
        "tri": face.triangles,
        "point_buf": faces_around(face.triangles, len(face.mean)),
        "ldm68": face.keypoints,
        "ldm106": np.resize(face.keypoints, 106),
        "ldm134": np.resize(face.keypoints, 134),
        "annotation": parts,
        "annotation_tri": part_faces,
        "parallel": full_contour_candidates(),
    }
    np.save(folder / "face_model.npy", np.array(content, dtype=object), allow_pickle=True)
    savemat(folder / "similarity_Lm3D_all.mat", {"lm": recentred(face.mean)[face.keypoints]})
    for name, role in (("net_recon.pth", "coarse"), ("net_recon_mbnet.pth", "coarse_mobilenet")):
        torch.save({"net_recon": filled(NETWORKS[f"tddfa_v3.{role}"].build, common_rule(calm)).state_dict()}, folder / name)
