"""Official-looking files of ModelScope's head: the face of :mod:`face_like`, closed behind by 1841 vertices of our head."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.io import savemat
from scipy.spatial import cKDTree

from engine.fit.skin_surface import skin_surface
from engine.geometry.obj import write_obj
from engine.head import load_head_model
from engine.published.basel.files import BFM_VERTICES
from engine.published.basel.model import recentred
from engine.published.nets.official import NETWORKS
from support.golden.models import faces_around, full_uv
from support.golden.nets import common_rule, filled
from support.official.face_like import face_like, face_like_fields
from support.official.files import calm, write_face_model

HEAD, KEPT, FITTING = 1841, 35241, 38924
ROWS, COLUMNS = 40, 46
_AXIS_Z = -75.0


def back() -> tuple[np.ndarray, np.ndarray]:
    """(1841, 3) decimetres in the frame of `face_like`, and (F, 3) triangles: 40 x 46 rays from the axis, and a spare."""
    model = load_head_model()
    points = model.template[skin_surface(model).vertices].astype(np.float64)
    x, y, z = points[:, 0], points[:, 1], points[:, 2] - _AXIS_Z
    outer = np.hypot(x, z) > 20
    angle = np.arctan2(x, z)[outer] % (2 * np.pi)
    tree = cKDTree(np.stack([80 * angle, y[outer]], 1))
    a, h = np.meshgrid(np.radians(np.linspace(66, 294, COLUMNS)), np.linspace(62, -108, ROWS))
    distance, near = tree.query(np.stack([80 * a, h], -1).reshape(-1, 2), k=6)
    weight = 1 / (distance + 1)
    radius = (np.hypot(x, z)[outer][near] * weight).sum(1) / weight.sum(1)
    radius = cv2.GaussianBlur(radius.reshape(ROWS, COLUMNS), (0, 0), 1)
    grid = np.stack([radius * np.sin(a), h, radius * np.cos(a) + _AXIS_Z], -1).reshape(-1, 3)
    corner = (np.arange(ROWS - 1)[:, None] * COLUMNS + np.arange(COLUMNS - 1)).reshape(-1)
    triangles = np.concatenate(
        [np.stack([corner, corner + COLUMNS, corner + 1], 1), np.stack([corner + 1, corner + COLUMNS, corner + COLUMNS + 1], 1)]
    )
    return np.concatenate([grid, grid[-1:]]) / 100 + (0.1, -0.2, 0.3), triangles


def head_uv() -> np.ndarray:
    """(37550, 2): the face in the middle of the sheet, the back along its left side."""
    row, column = np.divmod(np.minimum(np.arange(HEAD), ROWS * COLUMNS - 1), COLUMNS)
    side = np.stack([0.01 + 0.15 * column / COLUMNS, 0.95 - 0.9 * row / ROWS], 1)
    return np.concatenate([0.2 + 0.6 * full_uv(), side]).astype(np.float32)


def model_fields(
    chosen: np.ndarray, count: int, faces: np.ndarray, keypoints: np.ndarray, shift: int = 1
) -> dict[str, np.ndarray]:
    """Fields of a model that begins with the `chosen` vertices of the face, then the back of the head, then nothing.

    Args:
        shift: added to the face lists.
    """
    face, fields, rest = face_like(), face_like_fields(), count - len(chosen)
    mean = np.zeros((count, 3))
    mean[: len(chosen)], mean[len(chosen) : len(chosen) + HEAD] = face.mean[chosen], back()[0]
    content = {
        "meanshape": mean.reshape(1, -1),
        "meantex": fields["meantex"],
        "texBase": fields["texBase"],
        "tri": faces + 1,
        "point_buf": faces_around(faces, count) + shift,
        "keypoints": keypoints[None] + 1,
    }
    for name in ("idBase", "exBase"):
        part = fields[name].reshape(BFM_VERTICES, 3, -1)
        content[name] = np.concatenate([part[chosen], np.zeros((rest, *part.shape[1:]))]).reshape(3 * count, -1)
    return {name: np.asarray(value, np.float32) for name, value in content.items()}


def kept_vertices() -> tuple[np.ndarray, np.ndarray]:
    """(35241,) vertices of the face that its eyes' rims leave, with all keypoints; and each vertex' place among them."""
    free = np.setdiff1d(np.arange(BFM_VERTICES), face_like().keypoints)
    kept = np.setdiff1d(np.arange(BFM_VERTICES), free[-(BFM_VERTICES - KEPT) :])
    place = np.full(BFM_VERTICES, -1)
    place[kept] = np.arange(KEPT)
    return kept, place


def kept_triangles() -> np.ndarray:
    """(F, 3) of the face among its kept vertices."""
    front = kept_vertices()[1][face_like().triangles]
    return front[(front >= 0).all(1)]


def write_hrn_head(folder: Path) -> int:
    """Everything that the method needs; returns how many triangles of the fitting mesh are its face."""
    models, numbers, texture = folder / "assets/3dmm/BFM", folder / "assets/3dmm/inds", folder / "assets/texture"
    parts = folder / "assets/3dmm/adjust_part"
    for place in (models, numbers, texture, parts / "our_full", parts / "our_full_bfmEyes"):
        place.mkdir(parents=True)
    write_face_model(models)
    face, (more, behind) = face_like(), back()
    faces = np.concatenate([face.triangles, behind + BFM_VERTICES])
    savemat(
        models / "ourRefineBFMEye0504_model.mat",
        model_fields(np.arange(BFM_VERTICES), BFM_VERTICES + HEAD, faces, face.keypoints),
    )
    (kept, place), front = kept_vertices(), kept_triangles()
    savemat(
        models / "ourRefineFull_model.mat",
        model_fields(kept, FITTING, np.concatenate([front, behind + KEPT]), place[face.keypoints], 0),
    )
    np.save(numbers / "bfm_keep_inds.npy", kept)
    np.save(numbers / "ours_hair_area_inds.npy", KEPT + np.arange(COLUMNS * ROWS // 2))
    np.save(numbers / "our_refine0223_basis_withoutEyes_withUV_keypoints_inds.npy", place[face.keypoints])
    mean, uv = np.concatenate([face.mean, more]), head_uv()
    (folder / "assets/3dmm/template_mesh").mkdir()
    write_obj(folder / "assets/3dmm/template_mesh/template_ourFull_bfmEyes.obj", mean, faces, uv=uv)
    for name, change in (
        ("145_nose", (0, 0, 0)),
        ("146_neck", (0, 0, -0.01)),
        ("147_neckSlim2", (0, 0, 0)),
        ("148_neckLength", (0, -0.1, 0)),
    ):
        moved = mean.copy()
        moved[-2 * COLUMNS :] += change
        moved[37357] += np.array(change) / 2
        write_obj(parts / "our_full_bfmEyes" / f"{name}.obj", moved, faces)
    # One of the same name for the other mesh, as the release has it.
    write_obj(parts / "our_full" / "145_nose.obj", face.mean, face.triangles)
    bald = np.full((320, 256, 3), (110, 140, 190), np.uint8)
    mask = cv2.ellipse(np.zeros((320, 256, 3), np.uint8), (128, 128), (70, 70), 0, 0, 360, (255, 255, 255), -1)
    cv2.imwrite(str(texture / "template_bald_tex_2.jpg"), bald)
    cv2.imwrite(str(texture / "face_mask_singleview.jpg"), mask[:256])
    net = filled(NETWORKS["hrn_head.coarse"].build, common_rule(calm))
    torch.save({"net_recon": net.state_dict()}, folder / "pytorch_model.pt")
    return len(front)


EYES = (609, 608, 625)


def write_fitted_face(folder: Path) -> None:
    """Everything that ModelScope's face of February 2023 needs. Its eyes are sheets behind the lids; in the template the
    face is in the middle of the upper four fifths."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    face, (kept, place), (_, behind) = face_like(), kept_vertices(), back()
    ours = {"meanshape_ori": face.mean.reshape(1, -1).astype(np.float32)}
    savemat(assets / "face_model_for_maas.mat", {**face_like_fields(), **ours})
    savemat(assets / "similarity_Lm3D_all.mat", {"lm": recentred(face.mean)[face.keypoints]})
    faces = [kept_triangles(), behind + KEPT]
    fields = model_fields(kept, FITTING, np.concatenate(faces), place[face.keypoints], 0)
    mean = fields["meanshape"].reshape(-1, 3)
    first, inner = KEPT + HEAD, [face.mean[face.keypoints[part]].mean(0) for part in (slice(42, 48), slice(36, 42))]
    inner.append((inner[0] + inner[1]) / 2)
    for count, centre in zip(EYES, inner):
        row, column = np.divmod(np.arange(count), 25)
        mean[first : first + count] = centre + np.stack([0.01 * (column - 12), 0.005 * (12 - row), np.full(count, -0.1)], 1)
        whole = np.arange(count - 26)
        whole = whole[whole % 25 < 24] + first
        faces.append(
            np.concatenate([np.stack([whole, whole + 25, whole + 1], 1), np.stack([whole + 1, whole + 25, whole + 26], 1)])
        )
        first += count
    faces = np.concatenate(faces)
    uv = np.concatenate([(0.2, 0.35) + np.array([0.6, 0.48]) * full_uv()[kept], np.full((FITTING - KEPT, 2), 0.02)])
    neck = mean.copy()
    neck[KEPT + HEAD - 200 : KEPT + HEAD] -= (0, 0, 0.1)
    savemat(
        assets / "head_model_for_maas.mat",
        {
            **fields,
            **ours,
            "tri": np.float32(faces + 1),
            "point_buf": np.float32(faces_around(faces, FITTING)),
            "meanshape": mean.reshape(1, -1),
            "bfm_keep_inds": kept[None],
            "nose_reduced_part": mean,
            "neck_adjust_part": neck,
            "nonlinear_UVs": np.concatenate([full_uv(), np.zeros((HEAD, 2), np.float32)]),
            "eye_corner_inds": place[face.keypoints[36:41]][None],
            "eye_corner_lines": np.arange(625).reshape(5, 125),
        },
    )
    write_obj(assets / "template_mesh.obj", mean, faces, uv=uv)
    white = (255, 255, 255)
    for name, picture in (
        ("template_texture.jpg", np.full((320, 256, 3), (110, 140, 190), np.uint8)),
        ("face_mask.jpg", cv2.ellipse(np.zeros((256, 256, 3), np.uint8), (128, 138), (60, 60), 0, 0, 360, white, -1)),
        *(
            (name, cv2.ellipse(np.zeros((270, 486, 3), np.uint8), (243, 135), (120, 60), 0, 0, 360, white, -1))
            for name in ("l_eye_mask.png", "r_eye_mask.png")
        ),
    ):
        cv2.imwrite(str(assets / name), picture)
    net = filled(NETWORKS["hrn_face.coarse"].build, common_rule(calm))
    torch.save({"net_recon": net.state_dict()}, folder / "pytorch_model.pt")
