"""Geometry on meshes, points and the sphere that knows nothing about heads or photos."""
