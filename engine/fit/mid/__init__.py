"""The mid-frequency stage: a deformation of the head from the pixels of one photo."""
