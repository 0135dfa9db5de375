"""The coarse stage: identity, expression, pose and camera of the parametric head."""
