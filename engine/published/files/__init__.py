"""The official files of the published methods: which there are, where they lie, whether they are what they claim."""

from .catalog import FILES, PUBLISHED, OfficialFile, PublishedMethod
from .status import FileState, file_states, models_report, offered_methods, required_paths, why_not

__all__ = [
    "FILES",
    "PUBLISHED",
    "FileState",
    "OfficialFile",
    "PublishedMethod",
    "file_states",
    "models_report",
    "offered_methods",
    "required_paths",
    "why_not",
]
