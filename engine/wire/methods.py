"""The ways to fill the shape hierarchy: the one table that engine, command line, add-on and pages use.

A new method is one folder in the engine and one row here. Standard library only: Blender reads it too.
"""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ErrorCode, HrnError
from .messages import Message, say, sentences

__all__ = ["METHODS", "MethodInfo", "check_photo_count", "check_photo_limit", "method_info"]


@dataclass(frozen=True, kw_only=True)
class MethodInfo:
    """What everybody needs to know of a method without loading it."""

    name: str
    """Name of the method in settings, flags and bundles."""
    title: str
    """Name of the method in menus and tables."""
    description: str
    """Tooltip in a menu: one sentence, as Blender wants it without its full stop."""
    module: str
    """Module inside the engine that has its ``create()``."""
    licenses: tuple[str, ...]
    """Keys in :data:`engine.wire.licenses.LICENSES` of the parts that it cannot do without."""
    min_photos: int = 1
    max_photos: int = 1
    which_photos: Message = Message("")
    """The photos to choose, where it matters; a sentence."""
    options: tuple[str, ...] = ()
    """Names of the fields of :class:`~.settings.Settings` that only some methods understand."""
    files: tuple[str, ...] = ()
    """Official files that it cannot do without, by their keys in :data:`engine.published.files.FILES`."""
    optional_files: tuple[str, ...] = ()
    """Official files that it uses where they are there."""
    packages: tuple[str, ...] = ()
    """Python packages that it imports and that its users may lack, besides PyTorch."""
    pytorch: bool = True
    """Whether it needs PyTorch, which is installed with ``--with published``."""


_PUBLISHED = ("bfm", "expressions", "weights")
"""Licences that every published method on the Basel face needs."""
_HRN_FILES = ("bfm", "lm3d", "uv", "albedo_mean", "albedo_basis", "template")
"""Official files that HRN's methods share."""
_WIDENING = ("detector", "landmarks")
"""Files of the networks that find the face in a widened picture."""
_HRN_OPTIONAL = ("de_retouching", "face_segmenter", *_WIDENING)
"""Official files that HRN can do without."""

METHODS = {
    method.name: method
    for method in (
        MethodInfo(
            name="open",
            title="Open",
            description="Works out of the box, with nothing to download by hand",
            module="methods.open",
            licenses=("makehuman", "face_landmarker"),
            max_photos=30,
            options=("part_distance",),
            packages=("numpy", "scipy", "cv2", "PIL", "pillow_heif", "numba", "OpenEXR"),
            pytorch=False,
        ),
        MethodInfo(
            name="hrn",
            title="HRN",
            description="HRN's published networks, for one photo; needs their files and licences",
            module="published.hrn.method",
            licenses=_PUBLISHED,
            options=("corrected",),
            files=("hrn", *_HRN_FILES),
            optional_files=_HRN_OPTIONAL,
        ),
        MethodInfo(
            name="mvhrn",
            title="HRN, Several Views",
            description="HRN's published networks, for several photos of one person; needs their files and licences",
            module="published.hrn.multi_view",
            licenses=_PUBLISHED,
            max_photos=30,
            options=("corrected",),
            files=("hrn", *_HRN_FILES),
            optional_files=_HRN_OPTIONAL,
        ),
        MethodInfo(
            name="deep3d",
            title="Deep3D",
            description="Deep3D's published network; needs its files and licences",
            module="published.deep3d.method",
            licenses=_PUBLISHED,
            files=("deep3d", "bfm", "lm3d"),
        ),
        MethodInfo(
            name="tddfa_v3",
            title="3DDFA-V3",
            description="3DDFA-V3's published networks; needs their files and licences",
            module="published.tddfa_v3.method",
            licenses=_PUBLISHED,
            files=("tddfa", "tddfa_resnet", "lm3d"),
            optional_files=("tddfa_mobilenet",),
        ),
        MethodInfo(
            name="df_mvr",
            title="DF_MVR",
            description="DF_MVR's published network, for photos from the left, front and right; needs its files and licences",
            module="published.df_mvr.method",
            licenses=_PUBLISHED,
            min_photos=3,
            max_photos=3,
            which_photos=say("Choose one from the left, one from the front and one from the right, in this order."),
            files=("df_mvr", "bfm", "lm3d"),
        ),
        MethodInfo(
            name="hrn_face",
            title="HRN of ModelScope",
            description="HRN as ModelScope gives it out; needs its files and licences",
            module="published.hrn.modelscope",
            licenses=_PUBLISHED,
            options=("corrected",),
            files=("hrn_face", *_HRN_FILES),
            optional_files=("hrn_face_retouching", "face_segmenter", *_WIDENING),
        ),
        MethodInfo(
            name="hrn_head",
            title="Head of ModelScope",
            description="ModelScope's whole head, fitted to the photo; needs its files and licences",
            module="published.modelscope.head_method",
            licenses=(*_PUBLISHED, "flame"),
            options=("hair_texture",),
            files=(
                "hrn_head",
                "bfm",
                "lm3d",
                "head_fitting",
                "head_output",
                "head_kept",
                "head_hair",
                "head_keypoints",
                "head_template",
                "head_nose",
                "head_neck",
                "head_slim",
                "head_length",
                "head_bald",
                "head_front",
            ),
            optional_files=(
                "head_hair_area",
                "head_foreground",
                "head_cheek",
                "face_segmenter",
                "head_matting",
                *_WIDENING,
            ),
        ),
        MethodInfo(
            name="hrn_face_fit",
            title="Face of ModelScope, Fitted",
            description="ModelScope's fitted face of February 2023; needs its files and licences",
            module="published.modelscope.face_method",
            licenses=(*_PUBLISHED, "flame"),
            files=(
                "fit_coarse",
                "lm3d",
                "fit_face",
                "fit_head",
                "fit_template",
                "fit_texture",
                "fit_front",
                "fit_left_eye",
                "fit_right_eye",
            ),
            optional_files=("face_segmenter", *_WIDENING),
        ),
    )
}
"""New rows go to the end: Blender files keep a method's number in this order."""


def method_info(name: str) -> MethodInfo:
    """The row of that method.

    Raises:
        HrnError: ``METHOD_UNKNOWN``.
    """
    if name not in METHODS:
        raise HrnError(
            ErrorCode.METHOD_UNKNOWN,
            say("There is no method “{name}”. The methods are {known}.", name=name, known=list(METHODS)),
        )
    return METHODS[name]


def check_photo_count(name: str, count: int) -> None:
    """Check that a method can make a head from this number of photos.

    Raises:
        HrnError: ``SETTINGS_INVALID`` when there are too few or too many, ``METHOD_UNKNOWN``.
    """
    check_photo_limit(name, count)
    method = METHODS[name]
    if count < method.min_photos:
        words = {"title": method.title, "least": method.min_photos, "count": count}
        if method.min_photos == method.max_photos:
            raise _wrong_count(method, say("The method “{title}” takes exactly {least} photos, not {count}.", **words))
        raise _wrong_count(method, say("The method “{title}” takes at least {least} photos, not {count}.", **words))


def check_photo_limit(name: str, count: int) -> None:
    """Check that a method takes this number of photos or more of them.

    Raises:
        HrnError: ``SETTINGS_INVALID`` when there are too many, ``METHOD_UNKNOWN``.
    """
    method = method_info(name)
    if count > method.max_photos:
        words = {"title": method.title, "most": method.max_photos, "count": count}
        if method.max_photos == 1:
            raise _wrong_count(method, say("The method “{title}” takes one photo, not {count}.", **words))
        raise _wrong_count(method, say("The method “{title}” takes up to {most} photos, not {count}.", **words))


def _wrong_count(method: MethodInfo, message: Message) -> HrnError:
    if method.which_photos:
        hint = method.which_photos
    elif method.max_photos > 1:
        hint = say("Choose the sharpest ones, from all around the face.")
    else:
        several = [f"{one.title} ({one.name})" for one in METHODS.values() if one.min_photos == 1 < one.max_photos]
        hint = say("Choose the sharpest one, or a method for several photos: {methods}.", methods=several)
    people = say("Photos of several people become one head each in a batch.")
    return HrnError(ErrorCode.SETTINGS_INVALID, message, hint=sentences(hint, people))
