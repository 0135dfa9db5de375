"""The settings of a reconstruction, each declared once.

A field of :class:`Settings` carries all that is known of it (:class:`Setting`): the protocol and lists of subjects use
its name and type, :meth:`Setting.check` by its limits, the command line by its flag (:mod:`.settings_flags`), Blender's
panel by its label (``hrn_blender/ui/properties.py``), and a row of docs/user/settings.md says the same. A new setting is
one field here, its row there, and its line in the panel's layout. Standard library only: Blender reads it too.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

from .errors import ErrorCode, HrnError
from .messages import Message, say
from .methods import METHODS

__all__ = ["SETTINGS", "Choice", "Setting", "Settings", "Switch"]

T = TypeVar("T")


@dataclass(frozen=True)
class Choice:
    """One of the values that the panel offers."""

    value: Any
    key: str
    """Name of the choice in Blender files."""
    label: str
    description: str


@dataclass(frozen=True)
class Switch:
    """What turns a setting on in the panel that otherwise stays absent."""

    name: str
    """Name of the switch's property."""
    label: str
    description: str
    start: float
    """What the setting is at first when it is turned on."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is declared of one setting."""

    label: str
    """What the setting is called in the panel, in messages and in pages."""
    description: str
    """What it does, for tooltips and pages; as Blender wants it, without the last full stop."""
    flag: str
    """The flag on the command line. Where the setting is on by default, the flag turns it off."""
    help: str
    """What the flag does, for the command line; methods, limits and default are added to it."""
    metavar: str | None = None
    hidden_flag: bool = False
    """Whether the command line's help leaves it out."""
    minimum: int | float | None = None
    maximum: int | float | None = None
    unit: str = ""
    """The unit of minimum and maximum."""
    choices: tuple[Choice, ...] = ()
    """The values that the panel offers."""
    only_choices: bool = False
    """Whether no value but the choices is allowed."""
    panel_name: str = ""
    """Name of its property in Blender, where that is not the name of the field."""
    panel_from: int = 0
    """The number that the panel counts from."""
    panel_maximum: int | None = None
    panel_options: dict[str, Any] = field(default_factory=dict)
    """How Blender draws the number: ``subtype``, ``precision``, ``soft_max``."""
    switch: Switch | None = None
    not_in_panel: str = ""
    """The reason why the panel does not show it; empty where it does."""

    name: str = ""
    """Name of the field; this and the next three are filled in from the field."""
    kind: str = ""
    """Type of its value: ``str``, ``int``, ``float`` or ``bool``."""
    optional: bool = False
    """Whether None is allowed."""
    default: Any = None

    @property
    def property_name(self) -> str:
        """Name of its property in Blender."""
        return self.panel_name or self.name

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that understand it, where not all do."""
        return tuple(method.name for method in METHODS.values() if self.name in method.options)

    def check(self, value: Any) -> None:
        """Check that the setting may have this value.

        Raises:
            HrnError: ``SETTINGS_INVALID`` for a wrong type or a value out of range.
        """
        if value is None and self.optional:
            return
        of_kind = isinstance(value, _TYPES[self.kind]) and (self.kind == "bool" or not isinstance(value, bool))
        if not of_kind:
            raise _invalid(_wrong_type(self.kind, self.name, value))
        setting = Message(self.label)
        if self.only_choices and value not in [choice.value for choice in self.choices]:
            known = [str(choice.value) for choice in self.choices]
            raise _invalid(
                say("{setting} must be one of {known}, not {value}.", setting=setting, known=known, value=repr(value))
            )
        if not (self.minimum is None or self.minimum <= value) or not (self.maximum is None or value <= self.maximum):
            raise _invalid(self._out_of_range(setting, repr(value)))

    def _out_of_range(self, setting: Message, value: str) -> Message:
        if self.maximum is None:
            return say("{setting} must be {least} or more, not {value}.", setting=setting, least=self.minimum, value=value)
        limits = {"setting": setting, "least": self.minimum, "most": self.maximum, "value": value}
        if self.unit:
            unit = Message(self.unit)
            return say("{setting} must be between {least} and {most} {unit}, not {value}.", **limits, unit=unit)
        return say("{setting} must be between {least} and {most}, not {value}.", **limits)


_TYPES: dict[str, type | tuple[type, ...]] = {"str": str, "int": int, "float": (int, float), "bool": bool}
"""Python's types of the kinds of settings."""


def _wrong_type(kind: str, name: str, value: Any) -> Message:
    words = {"name": name, "value": repr(value)}
    if kind == "int":
        return say("Setting “{name}” must be a whole number, not {value}.", **words)
    if kind == "float":
        return say("Setting “{name}” must be a number, not {value}.", **words)
    if kind == "bool":
        return say("Setting “{name}” must be true or false, not {value}.", **words)
    return say("Setting “{name}” must be text, not {value}.", **words)


def _invalid(message: str) -> HrnError:
    return HrnError(ErrorCode.SETTINGS_INVALID, message)


def _declare(default: T, **words: Any) -> T:
    """A field of :class:`Settings` with its :class:`Setting`."""
    return field(default=default, metadata={"setting": Setting(**words)})


@dataclass(frozen=True)
class Settings:
    """Settings of one reconstruction, with the defaults that all sides use.

    Raises:
        HrnError: ``SETTINGS_INVALID`` for values of a wrong type or out of range.
    """

    method: str = _declare(
        "open",
        label="Method",
        description="How the head is reconstructed",
        flag="--method",
        help="how the head is reconstructed, see `engine models`",
    )
    texture_size: int = _declare(
        2048,
        label="Texture Size",
        description="Width and height of the colour and displacement maps",
        flag="--texture-size",
        metavar="PIXELS",
        help="side of the maps",
        minimum=256,
        maximum=8192,
        unit="pixels",
        choices=(
            Choice(1024, "1024", "1024 px", "Background characters and previews"),
            Choice(2048, "2048", "2048 px", "Good for most photos"),
            Choice(4096, "4096", "4096 px", "For large, sharp photos"),
            Choice(8192, "8192", "8192 px", "For huge photos; needs memory"),
        ),
    )
    quality: str = _declare(
        "standard",
        label="Quality",
        description="How closely the shape follows the photo, and how long that may take",
        flag="--quality",
        help="how closely the shape follows the photo",
        choices=(
            Choice("draft", "draft", "Draft", "Fast; the shape follows the photo only roughly"),
            Choice("standard", "standard", "Standard", "The shape is fitted to the photo's pixels"),
            Choice("high", "high", "High", "More passes; takes longer"),
        ),
        only_choices=True,
    )
    detail: float = _declare(
        1.0,
        label="Skin Detail",
        description="How strongly wrinkles and pores are written into the displacement map. "
        "It can be scaled later with Displacement Strength",
        flag="--detail",
        metavar="GAIN",
        help="strength of the displacement map",
        minimum=0,
        maximum=4,
        panel_options={"soft_max": 2.0, "subtype": "FACTOR"},
    )
    keep_expression: bool = _declare(
        True,
        label="Keep Expression",
        description="Set the shape keys to the photo's expression. Otherwise the face is relaxed",
        flag="--no-expression",
        help="build the head relaxed",
    )
    hair: bool = _declare(
        True,
        label="Hair",
        description="Grow hair, brows, lashes and beard from the photo as curves that can be combed. Otherwise the head is bald",
        flag="--no-hair",
        help="leave hair, brows, lashes and beard off",
    )
    face_index: int = _declare(
        0,
        label="Face",
        description="Which face of a group photo; 1 is the largest",
        flag="--face",
        metavar="N",
        help="which face, 0 is the largest",
        minimum=0,
        panel_name="face_number",
        panel_from=1,
        panel_maximum=100,
    )
    focal_px: float | None = _declare(
        None,
        label="Focal Length in Pixels",
        description="Focal length in pixels of the photo as it is in the file. Otherwise that in millimetres, "
        "else it is read from the photo or estimated",
        flag="--focal-px",
        metavar="F",
        help="focal length in pixels of the photo",
        minimum=10,
        maximum=1_000_000,
        unit="pixels",
        not_in_panel="one number in pixels fits photos of one size only; the panel asks in millimetres",
    )
    focal_mm: float | None = _declare(
        None,
        label="Focal Length",
        description="Focal length in millimetres as on a 35 mm film camera. Phones have about 26 mm, portraits 85 mm",
        flag="--focal-mm",
        metavar="F",
        help="or in mm as on a 35 mm film camera; any size of photo",
        minimum=5,
        maximum=2000,
        unit="mm",
        panel_options={"precision": 0},
        switch=Switch(
            "use_focal",
            "Override Focal Length",
            "Use your own focal length. Otherwise it is read from the photo or estimated",
            50.0,
        ),
    )
    """Focal length as on a film of 36 x 24 mm, compared by the diagonal (CIPA DCG-001); the same for all photos, whatever their
    sizes."""
    seed: int = _declare(
        0,
        label="Seed",
        description="Start of random numbers; kept with the head. No stage draws any today",
        flag="--seed",
        help="start of random numbers",
        hidden_flag=True,
        not_in_panel="it changes nothing",
    )
    same_expression: bool | None = _declare(
        None,
        label="Expression",
        description="Of several photos of one person",
        flag="--same-expression",
        help="several photos: the face is the same in all of them, or not (default: found out)",
        choices=(
            Choice(None, "AUTO", "Automatic", "Find out from the photos whether the expression changed"),
            Choice(True, "SAME", "Same in All Photos", "The person kept still: one expression for all photos"),
            Choice(False, "DIFFERENT", "Different", "Each photo has an expression of its own"),
        ),
    )
    hair_texture: bool = _declare(
        False,
        label="Hair in Texture",
        description="Give the back of the published texture the colour of the photo's hair. Otherwise it is bald",
        flag="--hair-texture",
        help="colour the back of its texture like the photo's hair (needs three more files)",
    )
    corrected: bool = _declare(
        False,
        label="Correct Known Bugs",
        description="Leave out the documented bugs of the published code. Otherwise the result is the published one",
        flag="--corrected",
        help="without the documented bugs of what was released",
    )
    part_distance: bool = _declare(
        False,
        label="Part Distance",
        description="Hold eyes, brows, lips and the face to their regions in the photo, besides single landmarks; slower",
        flag="--part-distance",
        help="compare eyes, brows, lips and face with their regions in the photo, too (slower)",
        not_in_panel="nothing that was measured gets better by it (docs/decisions/part_distance.md); it is for experiments",
    )

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            setting.check(getattr(self, setting.name))
        if self.focal_mm is not None and self.focal_px is not None:
            raise _invalid(say("The focal length is given both in millimetres and in pixels; give only one of them."))

    def to_json(self) -> dict:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict) -> Settings:
        """Settings from a message.

        Raises:
            HrnError: ``SETTINGS_INVALID`` for unknown names and values out of range.
        """
        unknown = sorted(set(data) - set(SETTINGS))
        if unknown:
            raise _invalid(say("There is no setting “{name}”.", name=unknown[0]))
        return cls(**data)


def _named(declared) -> Setting:
    kind, *none = declared.type.split(" | ")
    return replace(declared.metadata["setting"], name=declared.name, kind=kind, optional=bool(none), default=declared.default)


SETTINGS: dict[str, Setting] = {one.name: _named(one) for one in fields(Settings)}
"""What is declared of each field of :class:`Settings`, in their order."""
