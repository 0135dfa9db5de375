"""Finished heads: building them into the scene, finding their files, looking at them."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from ..build import (
    REST_KEYS,
    BuildOptions,
    add_mesh_detail,
    build_head,
    can_have_mesh_detail,
    find_heads,
    has_mesh_detail,
    match_scene_to_camera,
    remove_mesh_detail,
)
from ..build.camera import EXPRESSION_PROPERTY
from ..build.draft import find_draft, shape_draft
from ..build.keep import copy_beside, is_packed, pack
from ..build.own import own
from ..engine.wire.bundle import MANIFEST, load_bundle
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..link.jobs import Job, JobState
from ..state import session
from ..state.heads import active_head, head_cameras, linked_head
from ..state.language import CONTEXT, report, tip
from ..state.session import fail
from ..state.settings import output_folder, preferences
from .shared import FileBrowser, built, free_viewport, in_object_mode

__all__ = ["register", "unregister"]


def _build(operator: bpy.types.Operator, context, job: Job) -> set[str]:
    options = BuildOptions(pack=preferences().maps == "PACK")
    draft = find_draft(job.id)
    result = built(operator, lambda: build_head(job.bundle, scene=context.scene, options=options, draft=draft), job.name)
    if result is None:
        return {"CANCELLED"}
    session.answered(job.id)
    head = result.head
    if draft is None:
        _select(context, head)
    _show(context, frame=draft is None)
    if preferences().maps == "COPY":
        _copy_new(operator, head)
    for warning in job.warnings:
        operator.report({"WARNING"}, report("{head}: {warning}", head=job.name, warning=warning))
    if not job.warnings:
        operator.report({"INFO"}, report("{head} is ready", head=job.name))
    return {"FINISHED"}


def _select(context, head: bpy.types.Object) -> None:
    """Make a new head the only selected object."""
    context.view_layer.update()  # Until then the layer does not know its new objects.
    if head.name in context.view_layer.objects:
        for selected in list(context.view_layer.objects.selected):
            selected.select_set(False)
        head.select_set(True)
        context.view_layer.objects.active = head


def _copy_new(operator: bpy.types.Operator, head: bpy.types.Object) -> None:
    """Copy a new head's files beside the .blend file, as the preferences say."""
    if not bpy.data.filepath:
        operator.report({"WARNING"}, report("Save the file, then use Copy Beside .blend File in the panel"))
        return
    try:
        copy_beside(head, Path(bpy.data.filepath))
    except HrnError as error:
        operator.report({"WARNING"}, report(error.sentence))


def _show(context, materials: bool = True, frame: bool = True) -> None:
    """Bring the new head into the 3D viewport that the operator was called in.

    Args:
        materials: show them, where the preferences say so.
        frame: turn the view to the head, where the preferences say so.
    """
    space = free_viewport(context)
    if space is None:
        return
    view = space.region_3d
    if materials and preferences().show_material and space.shading.type == "SOLID":
        space.shading.type = "MATERIAL"
    if frame and preferences().frame_result and view is not None and view.view_perspective != "CAMERA":
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()


class HRN_OT_show_early(bpy.types.Operator):
    """Show a head that is being made as far as it is known"""

    bl_idname = "hrn.show_early"
    bl_label = "Show Unfinished Head"
    bl_options = {"INTERNAL"}

    job_id: IntProperty(default=0, options={"HIDDEN", "SKIP_SAVE"}, description="Which job")

    def execute(self, context):
        job = session.queue.get(self.job_id)
        if job is None or job.early is None:
            return {"CANCELLED"}
        new = find_draft(job.id) is None
        try:
            head = shape_draft(job.early, job.id, job.name, context.scene)
        except (HrnError, RuntimeError):
            return {"CANCELLED"}  # The finished head will come.
        if new:
            _select(context, head)
            _show(context, materials=False)
        return {"FINISHED"}


class HRN_OT_build_result(bpy.types.Operator):
    """Build this head into the scene"""

    bl_idname = "hrn.build_result"
    bl_label = "Build Head"
    bl_options = {"REGISTER", "UNDO"}

    job_id: IntProperty(default=0, options={"HIDDEN", "SKIP_SAVE"}, description="Which result; 0 is the selected one")

    @classmethod
    def poll(cls, context):
        return in_object_mode(cls, context) and session.queue is not None

    def execute(self, context):
        job = session.queue.get(self.job_id) if self.job_id else session.active_result()
        if job is None or job.state is not JobState.DONE:
            return fail(
                self, HrnError(ErrorCode.BUNDLE_INVALID, "There is no finished head to build.", hint="Choose one in the list.")
            )
        return _build(self, context, job)


class HRN_OT_keep_result(bpy.types.Operator):
    """Leave this head in the list only. It can be built later, in any file"""

    bl_idname = "hrn.keep_result"
    bl_label = "Not Here"
    bl_options = {"INTERNAL"}

    job_id: IntProperty(default=0, options={"HIDDEN", "SKIP_SAVE"}, description="Which result")

    def execute(self, _context):
        session.answered(self.job_id)
        return {"FINISHED"}


class HRN_OT_load_bundle(FileBrowser, bpy.types.Operator):
    """Build a head that was reconstructed earlier, from its folder. Works without the engine"""

    bl_idname = "hrn.load_bundle"
    bl_label = "Open Head from Disk"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: StringProperty(default=MANIFEST, options={"HIDDEN"})

    @classmethod
    def poll(cls, context):
        return HRN_OT_build_result.poll(context)

    def first_folder(self, _context) -> Path:
        return output_folder()

    def execute(self, context):
        chosen = self.chosen()
        folder = chosen if chosen.is_dir() else chosen.parent
        try:
            bundle = load_bundle(folder)
        except HrnError as error:
            return fail(self, error, folder.name)
        job = session.queue.add_bundle(folder, bundle.manifest)
        session.sync()
        session.dismiss()
        return _build(self, context, job)


class HRN_OT_remove_result(bpy.types.Operator):
    """Remove this entry from the list. Files and built heads stay"""

    bl_idname = "hrn.remove_result"
    bl_label = "Remove from List"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        job = session.active_result()
        return job is not None and job.state.ended

    def execute(self, _context):
        session.queue.remove(session.active_result().id)
        session.sync()
        return {"FINISHED"}


class HRN_OT_open_result(bpy.types.Operator):
    """Show the folder with this head's maps and mesh in the file manager"""

    bl_idname = "hrn.open_result"
    bl_label = "Open Folder"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context):
        job = session.active_result()
        return job is not None and job.state is JobState.DONE

    def execute(self, _context):
        folder = session.active_result().bundle
        if not folder.is_dir():
            return fail(self, HrnError(ErrorCode.BUNDLE_INVALID, say("{folder} is no longer there.", folder=folder)))
        bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


class HRN_OT_pack_head(bpy.types.Operator):
    """Store this head's maps and photos inside the .blend file, which can then be sent on its own"""

    bl_idname = "hrn.pack_head"
    bl_label = "Pack"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and head.library is None and not is_packed(head)

    def execute(self, context):
        head = active_head(context)
        try:
            pack(head)
        except RuntimeError as error:
            return fail(
                self,
                HrnError(
                    ErrorCode.BUNDLE_INVALID, say("The maps cannot be packed: {reason}.", reason=str(error).strip().rstrip("."))
                ),
                head.name,
            )
        self.report({"INFO"}, report("{head} is packed. Save the file to keep it", head=head.name))
        return {"FINISHED"}


class HRN_OT_detail_in_mesh(bpy.types.Operator):
    """Let the mesh itself carry the fine detail, where Solid view, sculpting and exporters see it, or give it back to the material"""

    bl_idname = "hrn.detail_in_mesh"
    bl_label = "Detail in Mesh"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and head.library is None and can_have_mesh_detail(head)

    def execute(self, context):
        head = active_head(context)
        (remove_mesh_detail if has_mesh_detail(head) else add_mesh_detail)(head)
        return {"FINISHED"}


class HRN_OT_copy_head(bpy.types.Operator):
    """Copy this head's maps and photos into a folder beside the .blend file, to be moved together with it"""

    bl_idname = "hrn.copy_head"
    bl_label = "Copy Beside .blend File"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        if head is None or head.library is not None:
            return False
        if not bpy.data.filepath:
            cls.poll_message_set(tip("Save the file first"))
            return False
        return True

    def execute(self, context):
        head = active_head(context)
        try:
            folder = copy_beside(head, Path(bpy.data.filepath))
        except HrnError as error:
            return fail(self, error, head.name)
        self.report({"INFO"}, report("Copied to {folder}. Save the file to keep it", folder=folder))
        return {"FINISHED"}


class HRN_OT_make_editable(bpy.types.Operator):
    """Make this linked head editable here: place, expression, deformation and skin. The library's file stays as it is"""

    bl_idname = "hrn.make_editable"
    bl_label = "Make Editable"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        return linked_head(context) is not None and bpy.ops.object.make_override_library.poll()

    def execute(self, context):
        linked = linked_head(context)
        before = set(find_heads(context.scene))
        shown_by_empty = context.active_object is not None and context.active_object.instance_collection is not None
        holder = None if shown_by_empty else next((one for one in linked.users_collection if one.library is not None), None)
        try:
            # Blender finds the collection that an empty shows by itself; one that was linked as it is has to be named.
            bpy.ops.object.make_override_library(**({"collection": holder.session_uid} if holder is not None else {}))
        except RuntimeError:
            pass  # As where it makes nothing.
        made = [head for head in find_heads(context.scene) if head not in before and head.override_library is not None]
        if not made:
            return fail(self, HrnError(ErrorCode.INTERNAL, "Blender could not override this head."), linked.name)
        head = made[0]
        mesh = head.data.override_create(remap_local_usages=True)  # With its shape keys.
        mesh.materials[0] = mesh.materials[0].copy()  # The skin: Blender overrides no sliders of materials.
        own(head)
        for other in context.view_layer.objects.selected[:]:
            other.select_set(False)
        head.select_set(True)
        context.view_layer.objects.active = head
        return {"FINISHED"}


def _take_expression(head: bpy.types.Object, camera: bpy.types.Object) -> None:
    """Set the shape keys of `head` to the face in the photo of `camera`, where the bundle knew it."""
    keys = head.data.shape_keys
    values = camera.get(EXPRESSION_PROPERTY, ())
    if keys is None or not len(values):
        return
    blocks = [block for block in keys.key_blocks if block != keys.reference_key and block.name not in REST_KEYS]
    for block, value in zip(blocks, values):
        block.value = value


class HRN_OT_look_through_photo(bpy.types.Operator):
    """See the head as the photo's camera saw it, with the photo behind it. Sets the scene's camera and resolution"""

    bl_idname = "hrn.look_through_photo"
    bl_label = "Look Through Photo Camera"
    bl_options = {"REGISTER", "UNDO"}

    camera: StringProperty(options={"HIDDEN", "SKIP_SAVE"}, description="Name of the camera; empty: the current one")
    step: IntProperty(options={"HIDDEN", "SKIP_SAVE"}, description="How many photos further")
    take_expression: BoolProperty(
        name="Photo's Expression",
        translation_context=CONTEXT,
        default=False,
        description="Also set the shape keys to the expression in this photo, so that the head lies on it exactly",
    )

    @classmethod
    def poll(cls, context):
        head = active_head(context)
        return head is not None and bool(head_cameras(head))

    def execute(self, context):
        cameras = head_cameras(active_head(context))
        names = [camera.name for camera in cameras]
        current = self.camera or (context.scene.camera.name if context.scene.camera else "")
        if current in names:
            chosen = (names.index(current) + self.step) % len(names)
        else:
            chosen = -1 if self.step < 0 else 0
        match_scene_to_camera(context.scene, cameras[chosen])
        if self.take_expression:
            _take_expression(active_head(context), cameras[chosen])
        space = context.space_data
        if space is not None and space.type == "VIEW_3D" and space.region_3d is not None:
            space.region_3d.view_perspective = "CAMERA"
        return {"FINISHED"}


_CLASSES = (
    HRN_OT_show_early,
    HRN_OT_build_result,
    HRN_OT_keep_result,
    HRN_OT_load_bundle,
    HRN_OT_remove_result,
    HRN_OT_open_result,
    HRN_OT_pack_head,
    HRN_OT_detail_in_mesh,
    HRN_OT_copy_head,
    HRN_OT_make_editable,
    HRN_OT_look_through_photo,
)

register, unregister = bpy.utils.register_classes_factory(_CLASSES)
