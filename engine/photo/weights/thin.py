"""How thin things over a face are told, and faces without shading. "Of the face" is a share of its width."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ShadingWeights", "ThinWeights"]


@dataclass(frozen=True)
class ThinWeights:
    """Small letters and a headset's arm."""

    face_px: float = 384.0
    """Width of the face at which they are looked for, pixels."""
    beard: float = 0.4
    """Chance of a beard from which on what looks like an arm is taken for hair."""
    any_share: float = 0.25
    """Share of a pixel of the window that must be one."""
    stroke: float = 0.016
    """Half the largest thickness of a letter's strokes, of the face."""
    letter_contrast: int = 60
    """Levels by which letters are brighter than what is around."""
    letter_height: tuple[float, float] = (0.018, 0.14)
    """Height of letters, of the face."""
    letter_width: float = 0.3
    """Most width of letters that touch, of the face."""
    letter_level: float = 0.5
    """How far the middles of neighbours lie above each other, of their height."""
    letter_gap: float = 1.3
    """How far neighbours lie apart, of their height: a space lies between words."""
    letter_color: float = 60.0
    """Largest difference of neighbours' colours, levels."""
    one_color: float = 10.0
    """Median deviation of a row's colours up to which it is one, levels."""
    letters: int = 5
    """Least letters of a row."""
    row_length: float = 3.5
    """Least length of a row, of the letters' height."""
    letter_grow: float = 0.02
    """Breadth of the edge around letters, of the face."""
    soft: float = 0.003
    """Standard deviation by which an arm's surroundings are smoothed, of the face."""
    below_eyes: float = 0.12
    """How far below the eyes arms are looked for, of the face: above are temples of glasses."""
    feature_rim: float = 0.03
    """Breadth of the rim around eyes, brows and nostrils where none are, of the face."""
    arm_radius: float = 0.03
    """Half the largest thickness of an arm, of the face."""
    arm_contrast: int = 30
    """Levels by which an arm is darker or brighter than what is on both sides of it."""
    arm_length: float = 0.28
    """Least length, of the face."""
    arm_thick: float = 0.075
    """Most thickness, of the face."""
    arm_begins: float = 0.12
    """Depth inside the face's outline at which it begins at most, of the face."""
    arm_aside: float = 0.25
    """How far from the face's axis it begins, of the face."""
    arm_ends: float = 0.14
    """Distance to the lips at which it ends at most, of the face: folds beside the mouth do not reach the outline."""
    arm_color: float = 20.0
    """Median deviation of its colours, levels."""
    end_color: float = 40.0
    """How far the microphone's colours lie from the arm's, levels."""
    end_reach: float = 0.15
    """How far from the lips the microphone is, of the face."""
    most_area: float = 0.06
    """Most area of both, of the face's width squared."""
    arm_grow: float = 0.012
    """How far they are widened, of the face."""
    crossed: float = 0.02
    """Share of a place of the face from which on something thin is said to cross it."""


@dataclass(frozen=True)
class ShadingWeights:
    """Whether the skin of a face is shaded, or an even wash."""

    least_px: int = 60
    """With fewer pixels of skin nothing is said."""
    least_bare: float = 0.6
    """Share of forehead, cheeks and chin that must be bare: a part of them is even in photos, too."""
    soft: float = 0.015
    """Standard deviation by which noise is smoothed away, of the face."""
    rounds: int = 5
    """How often what differs from the wash is weighted anew."""
    least_deviation: float = 0.5
    """Deviation, levels, below which a difference is none."""
    white: int = 250
    """Level from which on skin is white."""
    burnt: float = 0.3
    """Share of white skin from which on its shading says nothing."""
    ink: int = 60
    """Level below which is ink, in a face that is white."""
    least_between: float = 0.15
    """Share of a white face that lies between white and ink: less is a drawing, ..."""
    colored: int = 24
    """... where hardly anything has channels that differ by more levels than this: ..."""
    least_colored: float = 0.02
    """... less than this share. What is left of a burnt face has hues."""
    drawn: float = 0.0075
    """Shading below which the face is called drawn. 19 photos of people have 0.028 to 0.088, blurred or smoothed 0.023, an eighth as
    bright 0.030, in haze that leaves a third of the contrast 0.009; drawings in even colours 0.000, signs and sockets, photographed
    0.003 to 0.006."""
