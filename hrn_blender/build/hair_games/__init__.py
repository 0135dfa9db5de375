"""Hair for games: a groom as cards or as one mesh, with maps, and its way out of Blender."""
