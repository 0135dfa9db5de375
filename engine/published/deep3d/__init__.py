"""Deep3DFaceRecon: coefficients of the Basel face from one photo."""
