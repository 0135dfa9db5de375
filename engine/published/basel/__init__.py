"""The Basel face model and everything of the published methods that is not a network.

Frames and units in here are those of the references: decimetres, x to the picture's right, y up, z towards the
viewer, camera on the +z axis at distance 10. Picture coordinates of the references are in pixels of a square crop
with y **up**. :mod:`engine.published.basel.border` converts both to the engine's millimetres and to photo pixels, once.
"""
