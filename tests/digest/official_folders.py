"""``python official_folders.py FOLDER METHOD ...``: writes a synthetic official folder ``FOLDER/METHOD`` for each method.

``engine bench digest`` runs it by its path, so that it need not know where the helpers of the tests live. Names and sizes
are the official ones, weights and face models are made by rule; the same folder comes out each time.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "support" / "paths.py"))

import torch

from engine.published.nets.official import NETWORKS
from support.golden.nets import common_rule, df_mvr_factor, filled
from support.official.files import write_deep3d, write_face_model, write_hrn, write_tddfa
from support.official.head_like import write_fitted_face, write_hrn_head


def write_hrn_face(folder: Path) -> None:
    """HRN's files under ModelScope's names, with the de-retouching network."""
    write_hrn(folder)
    weights = folder / "assets" / "pretrained_models"
    (weights / "hrn_v1.1" / "epoch_10.pth").rename(folder / "pytorch_model.pt")
    (weights / "de-retouching.pth").rename(folder / "de_retouching_model.pth")
    # With weights by rule these two find no faces.
    for name in ("retinaface_resnet50_2020-07-20_old_torch.pth", "large_base_net.pth"):
        (weights / name).unlink()


def write_df_mvr(folder: Path) -> None:
    write_face_model(folder)
    weights = filled(NETWORKS["df_mvr.views"].build, common_rule(df_mvr_factor)).state_dict()
    for name, value in weights.items():
        if name.startswith("rednet_fc.conv2_"):
            # A face of its own, nine decimetres before the camera and almost straight.
            value *= 0.001 if name.endswith("weight") else 0.5 if "_rotate_" in name or "_offset_" in name else 5
            if name.endswith("bias") and "_offset_z_" in name:
                value -= 9
    torch.save({f"module.{name}": value for name, value in weights.items()}, folder / "000000279.pth")


WRITERS = {
    "deep3d": write_deep3d,
    "hrn": lambda folder: write_hrn(folder, optional=False),
    "hrn_face": write_hrn_face,
    "tddfa_v3": write_tddfa,
    "df_mvr": write_df_mvr,
    "hrn_face_fit": write_fitted_face,
    "hrn_head": write_hrn_head,
}

if __name__ == "__main__":
    for method in sys.argv[2:]:
        place = Path(sys.argv[1]) / method
        place.mkdir(parents=True)
        WRITERS[method](place)
