"""Several photos of one person: cameras, shape and deformation found together.

joint start → matches between neighbouring photos, rectified by the mesh → bundle adjustment → identity and deformation
through the triangulated points and the outlines → again with the better mesh and cameras.
"""

from .fit import JointFit, fit_views

__all__ = ["JointFit", "fit_views"]
