"""Recorded facial motion for the active head."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..build.rig import HALF_TURNS, RADIANS, action_names, find_rig, key_motion, lead_of, set_lead
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..engine.wire.rig import load_rig
from ..link.face_capture import Treatment, read_capture, treated
from ..state.heads import active_head
from ..state.language import CONTEXT, report
from ..state.session import fail
from .more.own import QuietHead
from .shared import FileBrowser

__all__ = ["register", "unregister"]


class HRN_OT_capture(FileBrowser, QuietHead, bpy.types.Operator):
    """Key this head's expressions from a recording of Live Link Face (.csv), and its rig's neck from the head's turns"""

    bl_idname = "hrn.capture"
    bl_label = "Import Live Link Face"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: StringProperty(default="*.csv", options={"HIDDEN"})
    start: IntProperty(
        name="Start Frame",
        translation_context=CONTEXT,
        default=1,
        description="Frame of the scene at which the recording begins",
    )
    use_neutral: BoolProperty(
        name="Calibrate", translation_context=CONTEXT,
        description="Take a moment at which the face was at rest for its zero",
    )  # fmt: skip
    neutral: FloatProperty(
        name="At Rest At", translation_context=CONTEXT, default=0.0, min=0.0, subtype="TIME", unit="TIME_ABSOLUTE",
        description="Seconds from the beginning of the recording",
    )  # fmt: skip
    smoothing: FloatProperty(
        name="Smoothing", translation_context=CONTEXT, default=0.02, min=0.0, max=0.5, precision=3, subtype="TIME", unit="TIME_ABSOLUTE",
        description="Seconds over which values are smoothed, without delay",
    )  # fmt: skip
    gain: FloatProperty(
        name="Gain", translation_context=CONTEXT, default=1.0, min=0.0, max=3.0, description="Factor of all expressions"
    )
    gains: StringProperty(
        name="Single Gains", translation_context=CONTEXT,
        description="Factors of single expressions besides that, such as jawOpen=1.2 mouthSmileLeft=0.8",
    )  # fmt: skip
    turn: BoolProperty(
        name="Turn the Head", translation_context=CONTEXT, default=True,
        description="Key the neck and head of this head's rig; without a rig, nothing turns",
    )  # fmt: skip
    unit: EnumProperty(
        name="Head's Angles", translation_context=CONTEXT,
        items=(
            ("RADIANS", "Radians", "As devices record them now"),
            ("HALF_TURNS", "Half Turns", "-1 to 1 are half a turn either way, as in older recordings"),
        ),
    )  # fmt: skip

    mirror: BoolProperty(
        name="Mirror Turns", translation_context=CONTEXT,
        description="Turn and tilt to the other side, for recordings that were mirrored",
    )  # fmt: skip

    def first_folder(self, context):
        return None

    def draw(self, _context):
        layout = self.layout
        layout.use_property_split = True
        for name in ("start", "smoothing", "gain", "gains", "use_neutral"):
            layout.prop(self, name)
        row = layout.row()
        row.enabled = self.use_neutral
        row.prop(self, "neutral")
        layout.prop(self, "turn")
        row = layout.row()
        row.enabled = self.turn
        row.prop(self, "unit")
        row = layout.row()
        row.enabled = self.turn
        row.prop(self, "mirror")

    def execute(self, context):
        head, scene, path = active_head(context), context.scene, self.chosen()
        rig = find_rig(head)
        try:
            names = action_names(head)
            gains = _gains(self.gains, names)
            rate = scene.render.fps / scene.render.fps_base
            neutral = self.neutral if self.use_neutral else None
            capture = read_capture(path, names)
            frames, actions, turns = treated(capture, Treatment(rate, neutral, self.smoothing, self.gain, gains))
        except HrnError as error:
            return fail(self, error, head.name)
        if rig is not None and lead_of(rig) == "BONES":
            set_lead(head, rig, "KEYS", load_rig())  # Driven keys cannot be keyed.
        unit = RADIANS if self.unit == "RADIANS" else HALF_TURNS
        if turns is not None and self.mirror:
            turns = turns * (-1, 1, -1)  # Yaw and roll.
        key_motion(head, rig, path.stem, frames + self.start, actions, turns if self.turn else None, unit)
        scene.frame_end = max(scene.frame_end, int(frames[-1]) + self.start)
        self.report({"INFO"}, report("{count} frames of {file} were keyed", count=len(frames), file=path.name))
        return {"FINISHED"}


def _gains(text: str, names: list[str]) -> dict[str, float]:
    """Name -> factor.

    Raises:
        HrnError: SETTINGS_INVALID: not written that way, or no facial action of the head.
    """
    found = {}
    for part in text.replace(",", " ").split():
        name, _, value = part.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = -1.0
        if name not in names or not 0 <= found[name] < 100:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("{part!r} is not the gain of an expression.", part=part),
                hint="Write gains such as jawOpen=1.2 mouthSmileLeft=0.8.",
            )
    return found


register, unregister = bpy.utils.register_classes_factory((HRN_OT_capture,))
