"""What the buttons of the panel Hair do."""

from __future__ import annotations

from collections.abc import Callable

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ..build.hair import edit
from ..build.hair.build import find_hair
from ..build.hair.names import GROUP_PROPERTY, REST
from ..build.hair.skin import set_shown
from ..build.hair_games.names import CURVES, KINDS, find_games, show_as
from ..build.head import bundle_path
from ..build.own import own
from ..build.source import HeadSource, read_source
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..state.hair import active_hair, lacking, other_heads
from ..state.heads import active_head
from ..state.language import CONTEXT, report, tip
from ..state.session import fail
from .shared import in_object_mode, not_linked

__all__ = ["register", "unregister"]


def _editable(operator: type[bpy.types.Operator], context) -> bool:
    """Whether the active head's hair can be changed now; otherwise the reason becomes the poll message."""
    hair = active_hair(context)
    if hair is None:
        operator.poll_message_set(tip("This head has no hair"))
        return False
    return not_linked(operator, hair, hair.data, hair.parent) and in_object_mode(operator, context)


def _rested(operator: bpy.types.Operator, head: bpy.types.Object) -> bool:
    """Whether the head knows its rest positions; otherwise says so."""
    if head.data.attributes.get(REST) is not None:
        return True
    fail(
        operator,
        HrnError(
            ErrorCode.INTERNAL,
            say("{head} no longer has the attribute {attribute}.", head=head.name, attribute=REST),
            hint="Click Attach Again, which makes it anew.",
        ),
        head.name,
    )
    return False


def _tried(operator: bpy.types.Operator, head: bpy.types.Object, change: Callable):
    """What `change` returns, or None after showing why it failed."""
    try:
        own(head)
        return change()
    except HrnError as error:
        fail(operator, error, head.name)
    except (RuntimeError, ValueError, MemoryError) as error:
        fail(operator, HrnError(ErrorCode.INTERNAL, say("The hair could not be changed: {reason}.", reason=error)), head.name)
    return None


def _shown_again(hair: bpy.types.Object) -> None:
    """Show strands of the scalp that were just changed instead of cards or a mesh of how they were before."""
    games = [find_games(hair.parent, kind) for kind in KINDS]
    if hair[GROUP_PROPERTY] == "hair" and any(made is not None and not made.hide_viewport for made in games):
        show_as(hair.parent, CURVES)


def _source(head: bpy.types.Object, group: str = "") -> HeadSource:
    """The head's bundle.

    Raises:
        HrnError: ``BUNDLE_INVALID``: it is gone, damaged, or has no hair, or none of this group.
    """
    source = read_source(bundle_path(head))
    if not source.hair or (group and group not in source.hair):
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("{folder} holds no hair.", folder=source.bundle.path))
    return source


class HRN_OT_hair_show(bpy.types.Operator):
    """Show or hide these strands, here and in renders, with what they change on the skin"""

    bl_idname = "hrn.hair_show"
    bl_label = "Show Hair"
    bl_options = {"REGISTER", "UNDO"}

    group: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="Which group; empty: all")
    show: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        hair = active_hair(context)
        return not_linked(cls, hair and hair.parent)

    def execute(self, context):
        head = active_head(context)
        for name, hair in find_hair(head).items():
            if self.group in ("", name):
                hair.hide_viewport = hair.hide_render = not self.show
                set_shown(head, name, self.show)
        if context.active_object is None:  # A hidden object is nobody's active one; the panel would go with it.
            context.view_layer.objects.active = head
        return {"FINISHED"}


class HRN_OT_hair_select(bpy.types.Operator):
    """Select these strands: the sliders below are theirs, and Sculpt Mode combs them"""

    bl_idname = "hrn.hair_select"
    bl_label = "Select Hair"
    bl_options = {"REGISTER", "UNDO"}

    group: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        return active_hair(context) is not None and in_object_mode(cls, context)

    def execute(self, context):
        hair = find_hair(active_head(context)).get(self.group)
        if hair is None or hair.name not in context.view_layer.objects:
            return {"CANCELLED"}
        for other in context.view_layer.objects.selected[:]:
            other.select_set(False)
        hair.select_set(True)
        context.view_layer.objects.active = hair
        return {"FINISHED"}


class HRN_OT_hair_cut(bpy.types.Operator):
    """Shorten the guides for good, as scissors do. Combing and growing go on from there"""

    bl_idname = "hrn.hair_cut"
    bl_label = "Cut"
    bl_options = {"REGISTER", "UNDO"}

    way: EnumProperty(
        name="Cut to",
        translation_context=CONTEXT,
        items=(
            ("SLIDER", "Length Slider", "What the slider Length shows becomes the strands themselves; it goes back to 1"),
            ("LONGEST", "Longest Strand", "No strand stays longer than this"),
            ("HEIGHT", "Height", "Nothing stays below this height over the neck's lower end"),
        ),
    )
    longest: FloatProperty(
        name="Longest Strand", translation_context=CONTEXT, default=0.1, min=0.001, soft_max=0.5, subtype="DISTANCE",
        description="Length along the strand",
    )  # fmt: skip
    height: FloatProperty(
        name="Height", translation_context=CONTEXT, default=0.1, soft_min=-0.3, soft_max=0.4, subtype="DISTANCE",
        description="Height over the head's origin",
    )  # fmt: skip

    @classmethod
    def poll(cls, context):
        return _editable(cls, context)

    def invoke(self, context, _event):
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, _context):
        self.layout.use_property_split = True
        self.layout.prop(self, "way")
        if self.way != "SLIDER":
            self.layout.prop(self, "longest" if self.way == "LONGEST" else "height")

    def execute(self, context):
        hair, head = active_hair(context), active_head(context)
        limits = {"LONGEST": {"longest": self.longest}, "HEIGHT": {"below": self.height}}.get(self.way, {})
        count = _tried(self, head, lambda: edit.cut(hair, head, **limits))
        if count is None:
            return {"CANCELLED"}
        _shown_again(hair)
        self.report({"INFO"}, report("{count} strands were cut", count=count))
        return {"FINISHED"}


class HRN_OT_hair_mirror(bpy.types.Operator):
    """Replace one side's strands by the mirror images of the other side's"""

    bl_idname = "hrn.hair_mirror"
    bl_label = "Mirror"
    bl_options = {"REGISTER", "UNDO"}

    side: EnumProperty(
        name="Keep",
        translation_context=CONTEXT,
        description="Side that the other one is made from, as the person says it",
        items=(("LEFT", "Left Side", "The person's left"), ("RIGHT", "Right Side", "The person's right")),
    )

    @classmethod
    def poll(cls, context):
        return _editable(cls, context)

    def execute(self, context):
        hair, head = active_hair(context), active_head(context)
        if not _rested(self, head):
            return {"CANCELLED"}
        count = _tried(self, head, lambda: edit.mirror(hair, head, self.side == "LEFT"))
        if count is None:
            return {"CANCELLED"}
        _shown_again(hair)
        self.report({"INFO"}, report("{count} strands were mirrored", count=count))
        return {"FINISHED"}


class HRN_OT_hair_comb_to_photo(bpy.types.Operator):
    """Bring these strands back as the photo shows them. Sliders keep their values"""

    bl_idname = "hrn.hair_comb_to_photo"
    bl_label = "Comb to Photo Again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return _editable(cls, context)

    def execute(self, context):
        head, name = active_head(context), active_hair(context)[GROUP_PROPERTY]

        def comb() -> bool:
            edit.comb_to_photo(head, _source(head, name), [name])
            _shown_again(find_hair(head)[name])
            return True

        return {"FINISHED"} if _tried(self, head, comb) else {"CANCELLED"}


class HRN_OT_hair_attach(bpy.types.Operator):
    """Attach all strands to the head as it is now: those that were drawn or slid, or after the head's mesh was edited"""

    bl_idname = "hrn.hair_attach"
    bl_label = "Attach Again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return _editable(cls, context)

    def execute(self, context):
        head = active_head(context)
        done = _tried(self, head, lambda: edit.attach_again(head) or True)
        return {"FINISHED"} if done else {"CANCELLED"}


class HRN_OT_hair_from_head(bpy.types.Operator):
    """Replace this head's hair by another head's, fitted to its shape and size"""

    bl_idname = "hrn.hair_from_head"
    bl_label = "Hair from Another Head"
    bl_options = {"REGISTER", "UNDO"}

    head: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="Name of the other head")

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        if head is None or head.library is not None:
            return False
        if not other_heads(context, head):
            cls.poll_message_set(tip("No other head in the scene has hair"))
            return False
        return in_object_mode(cls, context)

    def execute(self, context):
        head = active_head(context)
        others = other_heads(context, head)
        other = next((one for one in others if one.name == self.head), others[0])
        if not _rested(self, other):
            return {"CANCELLED"}
        context.view_layer.objects.active = head  # The active object may be the hair that goes.
        made = _tried(self, head, lambda: edit.hair_from(head, other))
        if made is None:
            return {"CANCELLED"}
        for hair in made:
            _shown_again(hair)
        self.report({"INFO"}, report("{head} has the hair of {other}", head=head.name, other=other.name))
        return {"FINISHED"}


class HRN_OT_hair_remove(bpy.types.Operator):
    """Take these strands off the head; the skin shows again what the photo shows. Add Hair brings them back"""

    bl_idname = "hrn.hair_remove"
    bl_label = "Remove Hair"
    bl_options = {"REGISTER", "UNDO"}

    group: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="Which group; empty: all")

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and head.library is None and in_object_mode(cls, context)

    def execute(self, context):
        head = active_head(context)
        context.view_layer.objects.active = head
        head.select_set(True)
        own(head)
        edit.remove(head, [self.group] if self.group else list(find_hair(head)))
        return {"FINISHED"}


class HRN_OT_hair_add(bpy.types.Operator):
    """Build the strands of the head's folder that are missing"""

    bl_idname = "hrn.hair_add"
    bl_label = "Add Hair"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and head.library is None and bool(lacking(head)) and in_object_mode(cls, context)

    def execute(self, context):
        head = active_head(context)
        made = _tried(self, head, lambda: edit.grow(head, _source(head)))
        if made is None:
            return {"CANCELLED"}
        self.report({"INFO"}, report("{count} groups of strands were added", count=len(made)))
        return {"FINISHED"}


_CLASSES = (
    HRN_OT_hair_show,
    HRN_OT_hair_select,
    HRN_OT_hair_cut,
    HRN_OT_hair_mirror,
    HRN_OT_hair_comb_to_photo,
    HRN_OT_hair_attach,
    HRN_OT_hair_from_head,
    HRN_OT_hair_remove,
    HRN_OT_hair_add,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
