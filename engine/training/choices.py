"""What a training lets one choose by name. Needs no PyTorch: the command line reads it."""

__all__ = ["FRONT_MASKS", "SCHEDULES"]

SCHEDULES = ("step", "linear", "plateau", "cosine")
"""How the learning rate falls, see :func:`.schedule.make_schedule`."""
FRONT_MASKS = ("released", "corrected", "whole")
"""Where the photo loss looks: the front of the face as the released code draws it (see
:func:`engine.published.basel.losses.front_triangles`), as it is meant, or the whole rendered face."""
