"""Head bundle -> Blender objects, through the data API only: no operator, no selection, no change of the scene's
settings unless asked for."""

from __future__ import annotations

from .camera import match_scene_to_camera
from .detail import DISPLACEMENT_STRENGTH, NORMAL_STRENGTH, strength_socket
from .head import BuildOptions, HeadResult, build_head, find_heads
from .mesh import DEFORMATION_KEY

__all__ = [
    "BuildOptions",
    "DEFORMATION_KEY",
    "DISPLACEMENT_STRENGTH",
    "HeadResult",
    "NORMAL_STRENGTH",
    "build_head",
    "find_heads",
    "match_scene_to_camera",
    "strength_socket",
]
