"""What a head is exported for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["PRESETS", "ExportOptions", "Preset"]


class Preset(NamedTuple):
    """What one kind of program wants to be different from Blender's exporters' own settings."""

    settings: dict[str, dict[str, object]] = {}
    """Key of :data:`.files.FORMATS` -> settings of its exporter."""
    largest_map: int = 0
    """Width of the largest map in texels; 0: as large as the head's."""
    green_down: bool = False
    """Normal maps as Direct3D has them: green grows downwards."""
    naming: str = ""
    """Key of :data:`..rig.NAMINGS`: what bones of our rig are called in the file; empty: as they are."""


PRESETS = {
    "NONE": Preset(),
    "UNREAL": Preset({"FBX": {"mesh_smooth_type": "FACE", "use_tspace": True}}, green_down=True, naming="UNREAL"),
    # Unity would turn and scale every object otherwise.
    "UNITY": Preset({"FBX": {"bake_space_transform": True, "apply_scale_options": "FBX_SCALE_ALL"}}),
    # VRM is glTF whose bones are known by name; add-ons for VRM take it from there.
    "VRM": Preset({"GLTF": {"export_morph_normal": False}}, largest_map=2048, naming="VRM"),
    # Normals of 52 targets are as large as all the rest; browsers reckon them.
    "WEB": Preset({"GLTF": {"export_image_format": "JPEG", "export_morph_normal": False}}, largest_map=2048),
}
"""Identifier -> preset."""


@dataclass(frozen=True)
class ExportOptions:
    """How a head is exported."""

    preset: Preset = field(default_factory=lambda: PRESETS["NONE"])
    map_size: int = 0
    """Width of the maps in texels; 0: as the preset says."""
    levels: int = 0
    """How often the mesh is subdivided, 0 to 2."""

    def width(self, given: int) -> int:
        """Width in texels of a map that the head has with `given` texels; maps are never enlarged."""
        wanted = self.map_size or self.preset.largest_map
        return min(given, wanted) if wanted else given
