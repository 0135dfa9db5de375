"""What is believed about how a face moves from photo to photo."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MotionWeights"]


@dataclass(frozen=True)
class MotionWeights:
    """Moves of the face between photos, found together with the cameras."""

    face_mm: float = 75.0
    """Skin nearer to the tip of the nose than that is the face, mm."""
    most_tracks: int = 2000
    """So many points say all there is to say about moves."""
    steps_px: tuple[float, ...] = (3.0, 2.0, 1.2)
    """Residual at which an observation has lost three quarters of its weight in each step, frame pixels."""
    noise_px: float = 0.35
    """Deviation of a match, frame pixels."""
    patch_points: float = 8.0
    """Points of a patch: they share their errors."""
    still_mm: float = 0.35
    """Where no photo's face differs by more, root mean square, it kept still: so much comes from the matches' own errors, mm."""
    action_sigma: float = 0.1
    """How far a facial action may be from what the networks say."""
    field_mm: float = 0.3
    """Deviation of what facial actions cannot express, mm."""
    field_width_mm: float = 16.0
    """Standard deviation of the Gaussians that field is made of, mm."""
    field_apart_mm: float = 24.0
    """Distance of their centres, mm."""
    shape_mm: float = 1.5
    """Deviation of the shape from the mesh, mm, made of Gaussians as well."""
    shape_width_mm: float = 20.0
    """Their standard deviation, mm."""
    shape_apart_mm: float = 30.0
    """Distance of their centres, mm."""
    fine_mm: float = 0.4
    """Deviation of single points from that shape, mm."""
    turn_sigma: float = 0.02
    """How far a camera may turn in one step, radians."""
    shift_mm: float = 10.0
    """How far it may move in one step, mm."""
    zoom_sigma: float = 0.02
    """How far a log focal length may change in one step, where it is not known."""
    known_zoom: float = 1e-4
    """The same where it is."""
    least_form: float = 0.5
    """Gaussians of the shape whose value is lower at all points are left out."""
