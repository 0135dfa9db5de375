"""A head as other programs take it: at rest, plain materials, named targets, through Blender's own exporters."""

from .files import FORMATS, NO_HAIR, Format, export_head, hair_objects
from .options import PRESETS, ExportOptions, Preset

__all__ = [
    "FORMATS",
    "NO_HAIR",
    "PRESETS",
    "ExportOptions",
    "Format",
    "Preset",
    "export_head",
    "hair_objects",
]
