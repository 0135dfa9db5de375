"""What lives as long as Blender runs, and what of it belongs to a scene."""
