"""Displacement and normal maps."""
