"""The add-on inside a Blender without windows."""
