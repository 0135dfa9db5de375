"""The part of the panel Hair that is about games."""

from __future__ import annotations

import bpy

from ..build.hair_games.names import CARDS, CURVES, KINDS, MESH, triangles_of, ways
from ..state.language import words

__all__ = ["PRESETS", "draw_games"]

PRESETS = {"3k": 3000, "7k": 7000, "14k": 14000}
"""Triangles of the buttons for cards: a phone, a game, a close-up."""


def draw_games(layout: bpy.types.UILayout, head: bpy.types.Object) -> None:
    """Draw the buttons for cards and mesh of `head`, which has hair, or had it when these were made."""
    column = layout.column(align=True)
    column.label(text="Hair for Games")
    row = column.row(align=True)
    row.label(text="Cards")
    for name, triangles in PRESETS.items():
        row.operator("hrn.hair_cards", text=name, translate=False).triangles = triangles
    column.operator("hrn.hair_mesh", icon="MESH_DATA")
    shown = ways(head)
    if any(shown[kind] is not None for kind in KINDS):
        for way, text in ((CURVES, words("Strands")), (CARDS, words("Cards")), (MESH, words("Mesh"))):
            thing = shown[way]
            if thing is None:
                continue
            row = column.row(align=True)
            if way != CURVES:
                text = words("{what}: {count} triangles", what=text, count=triangles_of(thing))
            icon = "RADIOBUT_OFF" if thing.hide_viewport else "RADIOBUT_ON"
            row.operator("hrn.hair_show_as", text=text, icon=icon, translate=False).way = way
            if way != CURVES:
                row.operator("hrn.hair_games_remove", text="", icon="X").way = way
