"""HRN (Lei et al., CVPR 2023): one view, several views, and the face variant of ModelScope."""
