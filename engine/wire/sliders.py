"""The sliders "by numbers": measures of a head that can be set directly, with unit and limits.

What a slider does to the head is worked out by :mod:`engine.corrections.sliders`. Standard library only: the add-on shows them.
"""

from __future__ import annotations

from typing import NamedTuple

from .messages import Message, say

__all__ = ["SLIDERS", "Slider"]


class Slider(NamedTuple):
    """One measure: its value is the change from the fit."""

    name: str
    label: Message
    group: str
    """What it belongs to: person, jaw, nose, eyes, mouth, ears, head."""
    unit: str = "mm"
    """``mm``, ``deg`` for angles, or ``%`` of the way to another kind of person."""
    limit: float = 8.0
    """Largest change to either side."""

    @property
    def minimum(self) -> float:
        """Least value."""
        return -self.limit

    @property
    def maximum(self) -> float:
        """Largest value."""
        return self.limit

    def to_json(self) -> dict:
        """The slider as the engine's answer has it."""
        return {
            "name": self.name,
            "label": str(self.label),
            "group": self.group,
            "unit": self.unit,
            "min": self.minimum,
            "max": self.maximum,
        }


_ALL = (
    Slider("age", say("Age"), "person", unit="%", limit=100.0),
    Slider("weight", say("Weight"), "person", unit="%", limit=100.0),
    Slider("sex", say("Female to male"), "person", unit="%", limit=100.0),
    Slider("head_width", say("Head width"), "head", limit=15.0),
    Slider("skull_height", say("Skull height"), "head", limit=15.0),
    Slider("skull_depth", say("Skull depth"), "head", limit=15.0),
    Slider("forehead_slope", say("Forehead slope"), "head", limit=8.0),
    Slider("face_length", say("Face length"), "head", limit=15.0),
    Slider("cheek_width", say("Cheekbone width"), "head", limit=12.0),
    Slider("cheek_fullness", say("Cheek fullness"), "head", limit=12.0),
    Slider("jaw_width", say("Jaw width"), "jaw", limit=15.0),
    Slider("chin_height", say("Chin height"), "jaw", limit=8.0),
    Slider("chin_forward", say("Chin forward"), "jaw", limit=8.0),
    Slider("chin_width", say("Chin width"), "jaw", limit=10.0),
    Slider("nose_length", say("Nose length"), "nose", limit=10.0),
    Slider("nose_width", say("Nose width"), "nose", limit=10.0),
    Slider("nose_forward", say("Nose forward"), "nose", limit=8.0),
    Slider("nose_bridge_width", say("Nose bridge width"), "nose", limit=6.0),
    Slider("eye_width", say("Eye width"), "eyes", limit=5.0),
    Slider("eye_height", say("Eye height"), "eyes", limit=4.0),
    Slider("eye_distance", say("Eye distance"), "eyes", limit=8.0),
    Slider("brow_height", say("Brow height"), "eyes", limit=6.0),
    Slider("mouth_width", say("Mouth width"), "mouth", limit=10.0),
    Slider("upper_lip", say("Upper lip thickness"), "mouth", limit=4.0),
    Slider("lower_lip", say("Lower lip thickness"), "mouth", limit=5.0),
    Slider("ear_size", say("Ear size"), "ears", limit=12.0),
    Slider("ear_angle", say("Ear angle"), "ears", unit="deg", limit=15.0),
)
"""The order in which they are shown."""

SLIDERS: dict[str, Slider] = {slider.name: slider for slider in _ALL}
"""By name."""
