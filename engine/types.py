"""What the stages of a reconstruction hand to each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .camera import Camera
from .wire.messages import Message

__all__ = ["ARKIT_ACTIONS", "CoarseFit", "FaceObservation", "MidFit", "Photo", "Relief", "Textures", "Veil", "View"]

# fmt: off
ARKIT_ACTIONS = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut")
# fmt: on
"""Facial actions by ARKit's names; the order of scores, of `HeadModel.expression_names` and of all expression values."""


@dataclass(frozen=True)
class Photo:
    """An upright photograph."""

    pixels: np.ndarray
    """(H, W, 3) uint8 sRGB."""
    name: str
    """File name for people, no folder."""
    sha256: str
    """The sum of the file as it was."""
    focal_px: float | None
    """Focal length from the file's EXIF block or its calibration, for this size; None when it does not say."""
    scale: float = 1.0
    """Size of `pixels` relative to the upright file (below 1 when a huge photo was reduced)."""
    mattes: dict[str, np.ndarray] = field(default_factory=dict)
    """Name of :mod:`engine.photo.mattes` -> (h, w) uint8 alpha over the whole photo, at a size of its own."""
    depth_mm: np.ndarray | None = None
    """(h, w) float32 mm from the camera over the whole photo, at a size of its own, NaN where unknown; None where the phone did
    not measure it (:mod:`engine.photo.phone_depth`)."""
    decoded: tuple[int, int, int, int] | None = None
    """Left, top, right and bottom of the part of `pixels` that the file still held; None where it was whole."""
    remarks: tuple[tuple[str, Message], ...] = ()
    """What an artist should know about the file: codes and sentences of warnings."""
    as_shot: np.ndarray | None = None
    """(H, W, 3) uint8 sRGB: the photo itself, where `pixels` have other colors than it."""
    hues_guessed: bool = False
    """The hues of `pixels` are guessed, or what a colored lamp left of them: they tell nothing apart that brightness does not."""

    @property
    def shot(self) -> np.ndarray:
        """(H, W, 3) uint8 sRGB: the photo in its own colors."""
        return self.pixels if self.as_shot is None else self.as_shot

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True)
class Veil:
    """What lies over a face in a photo: glasses, a mask, a hand, a microphone, letters, hair."""

    over: np.ndarray
    """(H, W) uint8 of the photo's size, 255 where the face's own colour does not show."""
    hidden: np.ndarray
    """(478,) float32 in [0, 1]: how far each landmark's place is hidden; frames hide none, dark lenses lids and irises."""
    places: tuple[str, ...] = ()
    """Names of the places of the face that are hidden, of :data:`engine.photo.veil.PLACES`."""
    crossed: tuple[str, ...] = ()
    """Names of others that show beside something thin: small letters, a headset's arm."""
    glasses: bool = False
    """Glasses through which the eyes show."""
    tinted: bool = False
    """The glasses' lenses tint what lies behind them, or hide it."""
    bare: np.ndarray | None = None
    """(H, W, 3) uint8: the photo with smooth skin where something lies over the face, for networks that know bare faces; lenses
    stay, for they know those. None where there is nothing but lenses."""


@dataclass(frozen=True)
class FaceObservation:
    """One detected face, in pixels of the photo."""

    landmarks: np.ndarray
    """(478, 2) float32, MediaPipe order; 468-477 are the irises."""
    depth: np.ndarray
    """(478,) float32, MediaPipe's relative depth in pixels, smaller is nearer."""
    blendshapes: np.ndarray
    """(52,) float32 scores in [0, 1] of :data:`ARKIT_ACTIONS`."""
    index: int
    """0 for the largest face."""
    count: int
    """How many faces the photo shows."""
    score: float = 1.0
    """How much the detector takes it for a face in the square of its landmarks, 0 to 1; 1 where it was not asked."""
    veil: Veil | None = None
    """What lies over it; None where nothing was found, or it was not asked."""
    looked_at: np.ndarray | None = None
    """(478, 2) landmarks by which what is around it was looked at, before they were measured again without what lies over it;
    None where they are the same."""


@dataclass(frozen=True)
class CoarseFit:
    """Parametric head and camera of one photo."""

    camera: Camera
    identity: np.ndarray
    """(K,) float32."""
    expression: np.ndarray
    """(52,) float32 in [0, 1]."""
    residual_px: np.ndarray
    """(478,) float32 landmark residuals in pixels."""
    focal_source: str
    """``user``, ``exif``, ``depth`` (from how far a phone measured the face to be) or ``estimated``."""


@dataclass(frozen=True)
class Covers:
    """What lies over the face in a photo."""

    share: float
    """Share of the face's oval that is neither bare skin nor a feature of the face, 0 to 1."""
    eyes: bool
    """Both eyes are hidden, as by sunglasses."""
    glasses: bool
    """Dark rims of glasses lie over the skin."""
    mouth: bool
    """Something that is not lips lies in their place."""
    places: tuple[str, ...] = ()
    """Names of the places of the face that are hidden, of :data:`engine.photo.veil.PLACES`, as far as that is known."""
    crossed: tuple[str, ...] = ()
    """Names of others that show beside something thin."""
    tinted: bool = False
    """The glasses' lenses tint what lies behind them, or hide it."""


@dataclass(frozen=True)
class Relief:
    """Folds and wrinkles that the shading of one photo shows, as a height over the smooth head."""

    camera: Camera
    """That of the piece of the photo, H x W pixels, that it was read from."""
    height: np.ndarray
    """(H, W) float32 mm along the smooth head's normal; 0 where nothing is known."""
    known: np.ndarray
    """(H, W) float32 in [0, 1]: where the photo shows the surface."""
    depth: np.ndarray
    """(H, W) float32 mm along the viewing axis: the smooth head's surface."""
    shade: np.ndarray
    """(H, W) float32: change of log brightness by what of the height the mesh does not carry."""
    offset: np.ndarray
    """(N, 3) float32 mm: what the mesh carries in the photo; but for what actions explain, part of the deformation."""
    carried: np.ndarray
    """(N,) float32 mm: the same along the normals."""
    actions: tuple[int, ...] = ()
    """Numbers of the facial actions that explain a share of `offset`."""
    correctives: np.ndarray | None = None
    """(A, N, 3) float32 mm: what each of these moves at value 1, beside the model's own move; None without such actions."""
    share: np.ndarray | None = None
    """(N,) float32: how much the photo counts at each vertex against others that show the same relief; None for one alone."""

    def at_rest(self, expression: np.ndarray) -> np.ndarray:
        """(N, 3) float32 mm: what of `offset` is left without (52,) actions; part of the deformation."""
        return self.offset - self.by_actions(expression)

    def by_actions(self, expression: np.ndarray) -> np.ndarray:
        """(N, 3) float32 mm: what of the folds (52,) actions make."""
        if self.correctives is None:
            return np.zeros_like(self.offset)
        return np.tensordot(np.float32(expression[list(self.actions)]), self.correctives, 1)


@dataclass(frozen=True)
class MidFit:
    """Mid-frequency shape and the light that explains the photo."""

    deformation: np.ndarray
    """(N, 3) float32 mm, added to the neutral coarse head."""
    lighting: np.ndarray
    """(9, 3) float32 spherical-harmonics irradiance per linear RGB channel (order: 1, y, z, x, xy, yz, 3z2-1, xz,
    x2-y2, axes of the camera with y up and z towards the camera), on unit albedo."""
    skin_mask: np.ndarray
    """(H, W) float32 in [0, 1]: bare skin of this face in the photo; hair, glasses, hands, background are 0."""
    photometric_residual: float
    """Robust mean relative residual on the skin."""
    covers: Covers
    """What lies over the face in the photo."""
    relief: Relief | None = None
    """Folds and wrinkles; None where none were read."""
    measured: np.ndarray | None = None
    """(N,) float32 mm: shortest waves that the deformation has from where several photos match; None: none."""


@dataclass(frozen=True)
class View:
    """One photo of the head and what was found out about it.

    All views of a head share ``coarse.identity``, and those of method `open` also ``mid.deformation``; camera,
    expression, light and skin mask are the photo's own. The head is built as in the first view.
    """

    photo: Photo
    observation: FaceObservation
    """Measured landmarks; in a photo where none could be measured, the fitted head's own, projected."""
    coarse: CoarseFit
    mid: MidFit
    share: float = 1.0
    """How much the photo contributed to the shape: all shares add up to 1."""


@dataclass(frozen=True)
class Textures:
    """Maps of size S x S, row 0 at the top (v = 1)."""

    albedo: np.ndarray
    """(S, S, 3) uint8 sRGB."""
    displacement: np.ndarray
    """(S, S) float32 mm along the normal, 0 changes nothing."""
    normal: np.ndarray
    """(S, S, 3) uint16 tangent space, OpenGL (y up)."""
    deformation: np.ndarray
    """(S', S', 3) float32 mm: ``MidFit.deformation`` as a map."""
    confidence: np.ndarray
    """(S, S) uint8: 0 prior, 1 completed, 2 seen."""
    vertex_confidence: np.ndarray
    """(N,) float32 in [0, 1]."""
    eye_color: np.ndarray = field(default_factory=lambda: np.array([90, 70, 50], np.uint8))
    """(3,) uint8 sRGB iris colour."""
    tooth_color: np.ndarray = field(default_factory=lambda: np.array([222, 211, 191], np.uint8))
    """(3,) uint8 sRGB enamel."""
