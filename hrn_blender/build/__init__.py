"""Head bundle -> Blender objects, through the data API only: no operator, no selection, no change of the scene's
settings unless asked for."""

from __future__ import annotations

from .camera import match_scene_to_camera
from .detail import DISPLACEMENT_STRENGTH, NORMAL_STRENGTH, strength_socket
from .head import BuildOptions, HeadResult, build_head, find_heads
from .mesh import DEFORMATION_KEY, FOLDS_KEY, REST_KEYS
from .mesh_detail import add_mesh_detail, can_have_mesh_detail, has_mesh_detail, remove_mesh_detail

__all__ = [
    "BuildOptions",
    "DEFORMATION_KEY",
    "DISPLACEMENT_STRENGTH",
    "FOLDS_KEY",
    "HeadResult",
    "NORMAL_STRENGTH",
    "REST_KEYS",
    "add_mesh_detail",
    "build_head",
    "can_have_mesh_detail",
    "find_heads",
    "has_mesh_detail",
    "match_scene_to_camera",
    "remove_mesh_detail",
    "strength_socket",
]
