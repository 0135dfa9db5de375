"""The official files of the published methods: which there are, where they lie, whether they are what they claim."""

from .catalog import FILES, OfficialFile
from .status import FileState, file_states, models_report, offered_methods, required_paths, why_not

__all__ = [
    "FILES",
    "FileState",
    "OfficialFile",
    "file_states",
    "models_report",
    "offered_methods",
    "required_paths",
    "why_not",
]
