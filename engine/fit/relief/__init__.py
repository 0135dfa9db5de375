"""Folds and wrinkles of one photo: shape from its shading, between the deformation and the textures."""
