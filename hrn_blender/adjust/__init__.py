"""Correcting a head by hand, as far as it needs no Blender: pins, what the mouse hits, the preview while dragging, lines."""
