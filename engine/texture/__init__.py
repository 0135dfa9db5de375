"""Maps of a head from its photo: albedo, displacement, normal, deformation and confidence."""

from __future__ import annotations

__all__ = ["build_textures"]


def __getattr__(name: str):
    # The atlas is used by the renderer, which must not load the whole stage.
    if name == "build_textures":
        from .build import build_textures

        return build_textures
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
