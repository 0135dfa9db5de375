"""3DDFA-V3: coefficients, segmentation and texture from one photo."""
