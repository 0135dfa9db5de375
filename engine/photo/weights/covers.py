"""What lies over a face, and where teeth show in it."""

from __future__ import annotations

from dataclasses import dataclass

from .skin import SKIN_HUE

__all__ = ["BiteWeights", "CoverWeights"]


@dataclass(frozen=True)
class CoverWeights:
    """How masks, glasses and hidden eyes and mouths are told."""

    face_px: int = 160
    """Width in pixels to which the face is reduced before covers are searched for."""
    soft: float = 0.01
    """Standard deviation by which colours are smoothed, of the face."""
    soft_least_px: float = 0.6
    """The same at least, pixels."""
    hue: tuple[float, float] = SKIN_HUE
    """log(R/G) and log(B/G) of linear skin."""
    hue_spread: float = 0.25
    """How far people and white balance move both of these logarithms."""
    one_skin: float = 0.2
    """Places of one skin differ by less than this in either logarithm."""
    other_hue: float = 0.4
    """A place whose log(R/G) or log(B/G) differs from this skin's by more than this is something else, or lies in a shade
    without colour."""
    palest: float = 0.25
    """That limit is never lower than this, however pale the skin is."""
    to_grey: float = 0.7
    """Pale skin is nearer to grey: there the limit is this share of its distance to grey."""
    most_other: float = 0.35
    """Share of the face: of bare ones up to 0.25 is of another hue (42 photos), of those with a mask of any colour 0.43 and
    more."""
    no_color: float = 0.02
    """Linear light: a photo with a channel that stays below this tells nothing about hues."""
    no_color_quantile: float = 0.9
    """Share of the face's pixels that are darker than what is compared with it."""
    feature_rim: float = 0.03
    """How far around features hues are not compared, of the face."""
    eye_rim: float = 0.07
    """How far around the eyes the skin tells its hue, of the face."""
    eye_contrast: float = 0.3
    """Standard deviation of the log brightness within an eye below which it may be hidden: the clearer of two open eyes has
    0.37 and more, an eye behind tinted glass at most 0.26 (measured on photos)."""
    eye_dark: float = -1.2
    """Log brightness against the skin's below which an eye may be hidden: closed lids have little contrast too, but are about
    as bright as skin."""
    eye_floor: float = 0.03
    """Light, over the skin's, that is added to an eye's: the contrast of what is darker is noise."""
    rim: float = 0.8
    """How much darker, as a logarithm, a line across the skin below the eyes is than the skin on both of its sides where
    glasses have a rim, as the mean of both eyes. Measured on photos: folds of bare faces reach 0.67, thin dark rims 0.88,
    other rims more than 1.2."""
    least_rim: float = 0.5
    """The same difference that the line must at least have below each of the two eyes."""
    rim_floor: float = 0.01
    """Linear light that is added where rims are looked for."""
    rim_columns: float = 0.2
    """Share of the columns below an eye that may lack the line: it is there in four of five."""
    rim_below: tuple[float, float] = (0.12, 1.0)
    """Where it is looked for below the lids, eye lengths."""
    rim_samples: tuple[int, int] = (25, 40)
    """Places across and down at which it is looked for."""
    least_eye_px: float = 4.0
    """Length of the shortest eye below which it is: a shorter one is seen from the side, or a handful of pixels."""
    lips_greener: float = 0.2
    """log(R/G) by which what is in the place of the lips is greener than the skin around; lips are redder (without colour: the
    same)."""
    lips_around: tuple[float, float] = (0.02, 0.06)
    """How far from the lips the skin that they are compared with begins and ends, of the face."""


@dataclass(frozen=True)
class BiteWeights:
    """Where teeth show between the lips."""

    veiled: float = 0.12
    """Share of the mouth from which on what lies over it may be taken for teeth."""
    least_px: float = 5.0
    """Least opening of the mouth in which teeth can be told apart, pixels."""
    least: float = 0.025
    """The same, of the face: lips that only just part show a line instead of a row of teeth."""
    rows: int = 33
    """Number of places from the upper lip to the lower one at which the mouth is sampled."""
    columns: int = 17
    """Number of places across the mouth at which it is sampled."""
    beside: float = 0.1
    """How far beyond the mouth the lips are sampled, as a share of its opening."""
    soft_least_px: float = 0.5
    """Least standard deviation by which the mouth is smoothed, pixels."""
    dark: float = 0.005
    """Added to linear colours."""
    less_red: float = -0.2
    """Log of red over green, against the skin's, below which a pixel may be a tooth: lips, gums and tongue are redder than
    skin."""
    least_light: float = 0.35
    """Brightness, against the skin's, above which a pixel may be a tooth: the dark of the mouth is darker."""
    shows: float = 0.2
    """Share of a column that must be teeth for it to show any: a turned mouth hides those of one side."""
    least_columns: int = 5
    """Least number of columns of the mouth that must show teeth."""
    row_share: float = 0.5
    """Share of these columns that are teeth in a row of them."""
    row: float = 0.12
    """Least height of a row of teeth, as a share of the mouth's opening."""
    slit: float = 0.06
    """Least height of the dark between two rows, as a share of the same."""
    shaded_red: float = 0.0
    """Highest limit that may take the place of `less_red`: teeth in the lips' shade, or pale skin, leave a smaller difference
    to the skin."""
    lips_redder: float = 0.5
    """Difference of log red over green to the lips that is then enough."""
    pale: float = 0.6
    """log(R/B) of the skin below which a photo has little color ..."""
    pale_lips: float = 0.3
    """... if log(R/G) of the lips, against the skin's, is below this, too ..."""
    pale_share: float = 0.5
    """... and the share of both differences above that is then enough."""
    low: float = 0.5
    """Share of the opening: a row that begins below this is the lower one."""
    dip: float = 0.65
    """Largest brightness of the line between two rows that touch, as a share of the brightness of the rows."""
    below: float = 0.5
    """Brightness, against the lower lip's, below which the mouth stands open behind the teeth."""
    reaches: float = 0.7
    """Share of the opening: a row that shows further down than this, with no dark below it, goes on behind the lower lip."""
