"""Bones of a head: an armature that moves it, and what couples its bones with the facial actions."""

from .bones import build_rig, find_rig, fit_rig, remove_rig
from .capture import HALF_TURNS, RADIANS, action_names, key_motion
from .face import LEADS, lead_of, look_at, set_lead
from .names import NAMINGS, named, rename_bones
from .places import BONE_PROPERTY
from .visemes import VISEMES, add_visemes

__all__ = [
    "HALF_TURNS",
    "RADIANS",
    "action_names",
    "key_motion",
    "BONE_PROPERTY",
    "LEADS",
    "NAMINGS",
    "VISEMES",
    "add_visemes",
    "build_rig",
    "find_rig",
    "fit_rig",
    "lead_of",
    "look_at",
    "named",
    "remove_rig",
    "rename_bones",
    "set_lead",
]
