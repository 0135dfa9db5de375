"""The official files of the published methods: who gives them out, under which terms, and what tells them apart.

Names are those of the releases. A file may lie anywhere below the user's folder: as the release arranges it, or flat.
`places` are folder names that tell apart files of one name, and that win where several copies lie about.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FILES", "OfficialFile"]


@dataclass(frozen=True)
class OfficialFile:
    """One file that a release gives out."""

    name: str
    """Name of the file as published."""
    what: str
    """What the file holds, for people."""
    source: str
    """Project that gives it out."""
    terms: tuple[str, ...]
    """Keys of :data:`engine.wire.licenses.LICENSES`."""
    networks: tuple[tuple[str, ...], ...] = ()
    """Networks that must load from it: of each group, one of the names of :data:`engine.published.nets.official.NETWORKS`."""
    data: str = ""
    """Otherwise the check of :mod:`engine.published.files.check` that it must pass."""
    places: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """Single numbers that must stand beside the networks."""
    without: tuple[str, ...] = ()
    """Entries that tell that it is another method's file of the same name."""


_DEEP3D = "github.com/sicxu/Deep3DFaceRecon_pytorch"
"""Where Deep3D's files come from."""
_HRN = "github.com/youngLBW/HRN"
"""Where HRN's files come from."""
_MS_FACE = "ModelScope model damo/cv_resnet50_face-reconstruction"
"""Where the files of ModelScope's face come from."""
_MS_HEAD = "ModelScope model damo/cv_HRN_head-reconstruction"
"""Where the files of ModelScope's head come from."""
_V3 = "Hugging Face dataset Zidu-Wang/3DDFA-V3"
"""Where 3DDFA-V3's files come from."""
_MVR = "the DF_MVR project"
"""Where DF_MVR's files come from."""
_BFM = ("bfm", "expressions")
"""Licences of files that hold parts of the Basel face model."""

FILES = {
    "bfm": OfficialFile(
        "BFM_model_front.mat",
        "Basel face model, front",
        "the Basel Face Model 2009 of the University of Basel "
        f"and the files that {_DEEP3D} names; `engine models --make-bfm` makes it from them",
        _BFM,
        data="bfm_front",
    ),
    "lm3d": OfficialFile(
        "similarity_Lm3D_all.mat",
        "landmarks that photos are aligned to",
        f"{_DEEP3D} or {_HRN}",
        _BFM,
        data="landmark_template",
    ),
    "deep3d": OfficialFile(
        "epoch_20.pth",
        "coarse network",
        _DEEP3D,
        ("weights",),
        places=("checkpoints", "Deep3D"),
        networks=(("deep3d.coarse", "deep3d.coarse_resnet18", "deep3d.coarse_last_fc"),),
    ),
    "hrn": OfficialFile(
        "epoch_10.pth",
        "coarse, deformation and displacement networks",
        _HRN,
        ("weights",),
        networks=(("hrn.coarse",), ("hrn.deformation",), ("hrn.displacement",)),
        places=("hrn_v1.1",),
        numbers=("alpha", "beta"),
    ),
    "de_retouching": OfficialFile(
        "de-retouching.pth", "de-retouching network", _HRN, ("weights",), networks=(("hrn.de_retouching",),)
    ),
    "uv": OfficialFile("bfm_uvs2.npy", "texture coordinates of the face", _HRN, _BFM, data="uv"),
    "albedo_mean": OfficialFile("bfm_tex_mean2.npy", "mean albedo map", _HRN, _BFM, data="albedo_mean"),
    "albedo_basis": OfficialFile("bfm_texmap_base2.npy", "basis of the albedo map", _HRN, _BFM, data="albedo_basis"),
    "template": OfficialFile("template_bfm.obj", "faces of the texture layout", _HRN, _BFM, data="obj"),
    "hrn_face": OfficialFile(
        "pytorch_model.pt",
        "coarse, deformation and displacement networks",
        _MS_FACE,
        ("weights",),
        networks=(("hrn_face.coarse",), ("hrn_face.deformation",), ("hrn_face.displacement",)),
        places=("cv_resnet50_face-reconstruction",),
        numbers=("alpha", "beta"),
    ),
    "hrn_face_retouching": OfficialFile(
        "de_retouching_model.pth", "de-retouching network", _MS_FACE, ("weights",), networks=(("hrn_face.de_retouching",),)
    ),
    "fit_coarse": OfficialFile(
        "pytorch_model.pt",
        "coarse network",
        f"{_MS_FACE}, revision of February 2023",
        ("weights",),
        networks=(("hrn_face.coarse",),),
        places=("cv_resnet50_face-reconstruction",),
        without=("mid_net", "high_net"),
    ),
    "fit_face": OfficialFile(
        "face_model_for_maas.mat", "face model that is fitted", f"{_MS_FACE}, February 2023", _BFM, data="fitted_face"
    ),
    "fit_head": OfficialFile(
        "head_model_for_maas.mat",
        "head model of the result",
        f"{_MS_FACE}, February 2023",
        (*_BFM, "flame"),
        data="fitted_head",
    ),
    "fit_template": OfficialFile(
        "template_mesh.obj",
        "texture coordinates of the head",
        f"{_MS_FACE}, February 2023",
        (*_BFM, "flame"),
        data="sheet_layout",
    ),
    **{
        f"fit_{part}": OfficialFile(name, what, f"{_MS_FACE}, February 2023", ("weights",), data="picture")
        for part, name, what in (
            ("texture", "template_texture.jpg", "texture behind what the photo shows"),
            ("front", "face_mask.jpg", "where the photo's texture is taken"),
            ("left_eye", "l_eye_mask.png", "corners of the left eye"),
            ("right_eye", "r_eye_mask.png", "corners of the right eye"),
        )
    },
    "hrn_head": OfficialFile(
        "pytorch_model.pt",
        "coarse network",
        _MS_HEAD,
        ("weights",),
        networks=(("hrn_head.coarse",),),
        places=("cv_HRN_head-reconstruction",),
        without=("mid_net", "high_net"),
    ),
    "head_fitting": OfficialFile(
        "ourRefineFull_model.mat", "head model that is fitted", _MS_HEAD, (*_BFM, "flame"), data="bfm_like"
    ),
    "head_output": OfficialFile(
        "ourRefineBFMEye0504_model.mat", "head model of the result", _MS_HEAD, (*_BFM, "flame"), data="bfm_like"
    ),
    "head_kept": OfficialFile(
        "bfm_keep_inds.npy", "vertices of the Basel face in the head", _MS_HEAD, _BFM, data="vertex_numbers"
    ),
    "head_hair": OfficialFile(
        "ours_hair_area_inds.npy", "vertices under hair", _MS_HEAD, (*_BFM, "flame"), data="vertex_numbers"
    ),
    "head_keypoints": OfficialFile(
        "our_refine0223_basis_withoutEyes_withUV_keypoints_inds.npy",
        "landmarks of the head",
        _MS_HEAD,
        (*_BFM, "flame"),
        data="vertex_numbers",
    ),
    "head_template": OfficialFile(
        "template_ourFull_bfmEyes.obj", "texture coordinates of the head", _MS_HEAD, (*_BFM, "flame"), data="head_template"
    ),
    **{
        f"head_{part}": OfficialFile(
            name, f"head with {what}", _MS_HEAD, (*_BFM, "flame"), data="head_obj", places=("our_full_bfmEyes",)
        )
        for part, name, what in (
            ("nose", "145_nose.obj", "a smaller nose"),
            ("neck", "146_neck.obj", "a straighter neck"),
            ("slim", "147_neckSlim2.obj", "a slimmer neck"),
            ("length", "148_neckLength.obj", "a longer neck"),
        )
    },
    "head_bald": OfficialFile(
        "template_bald_tex_2.jpg", "texture behind what the photo shows", _MS_HEAD, ("weights",), data="picture"
    ),
    "head_front": OfficialFile(
        "face_mask_singleview.jpg", "where the photo's texture is taken", _MS_HEAD, ("weights",), data="picture"
    ),
    **{
        f"head_{part}": OfficialFile(name, what, _MS_HEAD, ("weights",), data="picture")
        for part, name, what in (
            ("hair_area", "hair_mask_male.png", "for hair in the texture: where it grows"),
            ("foreground", "fg_mask.png", "for hair in the texture: where the photo's is taken"),
            ("cheek", "cheek_area_mask.png", "for hair in the texture: a cheek, to find shadow"),
        )
    },
    "face_segmenter": OfficialFile(
        "segment_face.onnx",
        "face mask network",
        f"your own conversion of segment_face.pb of {_HRN} or ModelScope (docs/develop/networks.md)",
        ("weights",),
        data="mask_network",
    ),
    "head_matting": OfficialFile(
        "Matting_headparser_6_18.onnx",
        "head mask network",
        f"your own conversion of Matting_headparser_6_18.pb of {_MS_HEAD} (docs/develop/networks.md)",
        ("weights",),
        data="mask_network",
    ),
    "tddfa": OfficialFile("face_model.npy", "face model with parts and landmark sets", _V3, _BFM, data="tddfa_model"),
    "tddfa_resnet": OfficialFile(
        "net_recon.pth", "coarse network, ResNet-50", _V3, ("weights",), networks=(("tddfa_v3.coarse",),)
    ),
    "tddfa_mobilenet": OfficialFile(
        "net_recon_mbnet.pth", "coarse network, MobileNet-V3", _V3, ("weights",), networks=(("tddfa_v3.coarse_mobilenet",),)
    ),
    "df_mvr": OfficialFile(
        "000000279.pth", "network of three views, with its face parser", _MVR, ("weights",), networks=(("df_mvr.views",),)
    ),
    "landmarks": OfficialFile(
        "large_base_net.pth",
        "106-point landmark network, to widen the face's picture",
        f"{_HRN} or {_V3}",
        ("weights",),
        networks=(("landmarks_106",),),
    ),
    "detector": OfficialFile(
        "retinaface_resnet50_2020-07-20_old_torch.pth",
        "RetinaFace detector",
        f"{_HRN} or {_V3}",
        ("weights",),
        networks=(("face_detector",),),
    ),
}
"""The official files by key; :data:`engine.wire.methods.METHODS` says which each method needs."""
