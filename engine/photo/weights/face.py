"""How faces are found and measured, and which photos an artist is warned of."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CropWeights",
    "DepthWeights",
    "EachEyeWeights",
    "FocalWeights",
    "LandmarkWeights",
    "MaskedWeights",
    "QualityWeights",
]


@dataclass(frozen=True)
class CropWeights:
    """The face with a little margin."""

    margin: float = 0.1
    """How far it reaches beyond the landmarks, of the face."""
    least_px: int = 8
    """Least side of a piece of a photo, pixels."""


@dataclass(frozen=True)
class FocalWeights:
    """The focal lengths of a file that are believed."""

    squarish: float = 1.25
    """Least aspect of a whole picture: no camera sensor is squarer than 5:4, so a squarer picture is a render or a crop."""
    cropped: float = 0.02
    """Difference to the recorded aspect, as a share of the short side, from which on a photo was cropped."""
    least: float = 0.14
    """Shortest focal length, in long sides (5 mm equivalent); what is shorter is a default value or damage."""
    most: float = 42.0
    """Longest focal length, in long sides (1500 mm equivalent)."""


@dataclass(frozen=True)
class DepthWeights:
    """What is believed of the depth that a phone measured beside a portrait."""

    range_m: tuple[float, float] = (0.1, 5.0)
    """Nearest and farthest that phones measure, m: a projector of dots reaches some metres."""
    least_seen: float = 0.5
    """Share of the places of bare skin in the face at which there must be a depth."""
    most: float = 0.75
    """Share of these places ..."""
    spread: float = 0.15
    """... at which its logarithm differs from the median's by no more than this: a face's skin is 0.05 m deep, so what differs by
    more, at any distance from which faces are photographed, does not belong to a face."""
    life_size: float = 0.05
    """Difference of the person's size from the made head's from which on the report says so; the depth is good to some 2 %."""


@dataclass(frozen=True)
class LandmarkWeights:
    """How faces are found, however large or small, and their landmarks averaged."""

    least_face_px: int = 60
    """Width of the smallest face, in pixels of the file, that is worth reconstructing."""
    most_faces: int = 10
    """At most this many faces of a photo are measured, the widest ones."""
    wobble: tuple[tuple[float, float, float, float], ...] = (
        (0, 0, 1, 0),
        (0.03, 0, 1.06, 0.06),
        (-0.03, 0, 0.94, -0.06),
        (0, 0.03, 1.06, -0.06),
        (0, -0.03, 0.94, 0.06),
    )
    """Shift in sides, relative side and turn (radians) of the squares over which landmarks are averaged."""
    focus_px: int = 1024
    """A huge photo is read again until its face is this wide, pixels: what a 2048 texture can hold."""
    focus_enough: float = 0.9
    """Share of that width from which on it is not read again."""
    focus_gain: float = 1.1
    """Least gain in size for which it is."""
    search_px: int = 4096
    """Faces are searched for in photos of at most this length, pixels."""
    levels: tuple[int, int] = (4, 2)
    """How often windows are halved in an upright photo, and in a turned one, the whole photo counted."""
    large: float = 0.4
    """Width of a face over the window's side beside which smaller faces are not looked for."""
    sharp: int = 4
    """Pixels of the reduced photo per pixel of the detector's input."""
    whole_score: float = 0.5
    """Least score, 0 to 1, of a face that is found in the photo as a whole."""
    window_score: float = 0.6
    """Least score of a face that is found in one of the smaller windows."""
    disagreement: float = 0.15
    """Mean distance of the two networks' eyes, nose and mouth, in box widths, above which a detection is not believed; real
    faces stay below 0.1."""
    inside: float = 0.5
    """Share of the landmarks that must lie in the photo."""
    decoded: float = 0.98
    """The same in what was decoded of a file that ends too early."""
    upright: tuple[float, float] = (0.15, 0.88)
    """How much better a face must look upside down to be measured that way, as a difference of scores, and its score then at
    least: of faces that stand on their head 0.17 and 0.92, of masked ones that do not at most 0.12 and 0.86."""
    upright_side: float = 1.2
    """Side of the square in which that is tried, over the usual one."""
    width_of_height: float = 0.78
    """Width of a face over its height: of a turned one, its height tells the width."""
    same_box: float = 0.4
    """Shared area over the smaller one from which on two detections are of one face."""
    same_face: float = 0.5
    """The same of two measured faces."""
    clusters: int = 4
    """Detections that are kept, over the faces that are measured: some will not be faces."""


@dataclass(frozen=True)
class MaskedWeights:
    """When a face behind a mask is believed of which the two networks do not agree."""

    sure: float = 0.85
    """Score of the largest face from which on nobody looks for others; of bare faces it is 0.9, of masked ones 0.4 to 0.85."""
    doubtful: float = 0.75
    """Score of the largest face below which it may be a collar or a print, and squares of other sizes are looked at, too."""
    least_score: float = 0.2
    """Least score of a detection that is looked at again."""
    most: int = 4
    """So many of the whole photo are, and as many of its halves, the surest first."""
    starts: tuple[tuple[float, float], ...] = ((0.0, 1.0), (-0.12, 1.0), (0.12, 1.0), (0.0, 1.25), (0.0, 0.8))
    """Shift along the face in sides, and relative side, of the squares in which the landmarks are measured."""
    wide_starts: tuple[tuple[float, float], ...] = ((0.0, 1.3), (0.0, 1.6), (0.0, 2.2), (0.3, 1.0), (0.3, 1.4), (0.5, 1.7))
    """The same where nothing came of them: with sunglasses over a mask the detector takes what is around the glasses for a face."""
    agree: int = 4
    """So many of them must come to the same face ..."""
    steady: float = 0.06
    """... as a mean distance from their median, in its widths."""
    same: float = 0.12
    """Mean distance, in widths, up to which it is a face that was found."""
    face_px: int = 160
    """Width at which the parts of the face are looked at, pixels."""
    eyes: float = 0.4
    """Share of both eyes' openings that must be eyes (masked faces 0.46 to 0.89, cats 0.43, things 0.18) ..."""
    better_eye: float = 0.6
    """... and that of the better one."""
    cover: float = 0.5
    """Share of the face below the nose that must be covered (0.7 to 0.98; the cat 0.1)."""
    lens: float = 0.5
    """Share of both eyes' surroundings that must lie behind dark lenses where no eyes show (0.7 to 0.98), and ..."""
    lens_cover: float = 0.7
    """... of the face below the nose that must be covered then (0.9 to 1)."""
    beside: float = 0.55
    """Least score of one that lies on nothing that was found: of patterns in a background 0.4, of masked faces 0.57 and more."""
    shared: float = 0.25
    """Share of an unsure face that lies over a masked one, from which on it is none."""


@dataclass(frozen=True)
class EachEyeWeights:
    """When each eye is measured by itself, and when its lids are closed."""

    side_px: int = 384
    """Side of the picture of the face in which one eye is laid over the other, pixels."""
    soft: float = 0.04
    """Standard deviation of that eye's border, in face widths."""
    differ: tuple[float, float] = (0.3, 0.5)
    """Log ratio of the heights of both eyes, each measured in a face with two of it, from which on they count as different, and
    from which on each is taken as measured by itself."""
    turned: float = 3.0
    """By how much this log ratio must be larger, over the log ratio of the eyes' widths, which differ in a turned face."""
    opened: tuple[float, float] = (0.2, 0.27)
    """Distance of the lids of the eye that is farther open, over that of its corners, up to which it may look down with the other
    one, and from which on it is open."""
    shut: tuple[float, float] = (0.1, 0.165)
    """Distance of the lids, over that of the eye's corners, up to which they are closed, and from which on they are apart."""
    blink: tuple[float, float] = (0.38, 0.5)
    """Score of a blink from which on lids begin to count as closed, and from which on they do."""


@dataclass(frozen=True)
class QualityWeights:
    """The figures of a face, and the limits from which on a photo is warned of."""

    face_px: int = 384
    """Width of the face at which the figures are taken, pixels; smaller faces as they are."""
    fine_px: float = 1.0
    """Standard deviation below which contrast is fine, pixels."""
    coarse_px: float = 4.0
    """The same of all the contrast that counts, pixels."""
    least_detail: int = 16
    """With fewer pixels around eyes, brows and mouth nothing is said of sharpness."""
    flat: float = 1.0
    """Contrast, grey levels, that is added: a face without any is blurred."""
    dark: float = 0.005
    """Luminance that is added to both cheeks where their ratio is taken."""
    burnt: int = 252
    """Level from which on a channel is burnt out, 8 bits."""
    small_px: float = 100.0
    """Width below which a face is small, pixels."""
    blurred: float = 0.13
    """Sharpness below which it is blurred."""
    turned_degrees: float = 50.0
    """Turn from which on it is turned."""
    eyes_closed: float = 0.55
    """Score from which on its eyes are closed."""
    mouth_open: float = 0.45
    """Score from which on its mouth is wide open."""
    bare_cheek: float = 0.5
    """Share of a cheek that must be bare for the shadow on it to be told."""
    shadow: float = 4.0
    """Ratio of the cheeks' luminances from which on one side lies in deep shadow."""
    overexposed: float = 0.08
    """Share of burnt-out pixels from which on it is overexposed."""
    too_dark: float = 0.02
    """Luminance below which it is very dark."""
    covered: float = 0.25
    """Covered share of the face from which on it is covered."""
