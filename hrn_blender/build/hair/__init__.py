"""The hair of a bundle as Blender's own hair curves: strands, children, attachment, material, and what edits them."""
