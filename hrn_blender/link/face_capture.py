"""Recorded facial motion: the table that Live Link Face and programs like it write. No ``bpy``."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say

__all__ = ["Capture", "Treatment", "read_capture", "treated"]

HEAD_ANGLES = ("headYaw", "headPitch", "headRoll")
"""Columns of the head's turn."""
_RATES = (24, 25, 30, 48, 50, 60, 120, 240)
"""Frames a second that timecodes count."""
_RATE = 60.0
"""Rows a second of a table without timecodes: that of the devices."""
_TIMECODE = re.compile(r"(\d+):(\d+):(\d+)[:;.](\d+)(?:\.(\d+))?$")
"""Hours, minutes, seconds, frames, and a part of a frame."""
_DAY = 86400.0
"""Seconds after which timecodes begin anew."""
_ROWS = 2_000_000
"""Most rows that are read: nine hours."""


@dataclass(frozen=True)
class Capture:
    """Facial motion of F frames."""

    times: np.ndarray
    """(F,) seconds from the first frame on, rising."""
    actions: dict[str, np.ndarray]
    """Name of a facial action -> (F,) values."""
    head: np.ndarray | None
    """(F, 3) yaw, pitch, roll as recorded; None where the table has none."""


@dataclass(frozen=True)
class Treatment:
    """What is done to recorded values before they become keys."""

    rate: float
    """Frames a second of the scene."""
    neutral: float | None = None
    """Seconds at which the face is at rest: what it shows there becomes 0."""
    smoothing: float = 0.0
    """Standard deviation in seconds of the Gaussian that values are smoothed with, without delay."""
    gain: float = 1.0
    """Factor of all actions."""
    gains: dict[str, float] | None = None
    """Factors of single actions, besides that."""


def read_capture(path: Path, names: Sequence[str]) -> Capture:
    """A recording.

    Columns are known by name, whatever their case (``EyeBlinkLeft``, ``eyeBlinkLeft``, ``eyeBlink_L``) and order. Rows whose time
    does not rise are left out.

    Args:
        path: a CSV file.
        names: the facial actions to look for.

    Raises:
        HrnError: CAPTURE_INVALID: not such a table, or a cell that cannot be read as a number, with its row.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = next(rows, [])
            columns = {_plain(name): number for number, name in enumerate(header)}
            found = {name: columns[_plain(name)] for name in names if _plain(name) in columns}
            if not found:
                raise _refused(
                    path, say("{file} has no columns of facial expressions.", file=path.name),
                    "Choose the .csv file of a take of Live Link Face, with columns such as EyeBlinkLeft.",
                )  # fmt: skip
            turns = [columns[_plain(name)] for name in HEAD_ANGLES if _plain(name) in columns]
            turns = turns if len(turns) == len(HEAD_ANGLES) else []
            wanted = [*found.values(), *turns]
            codes, values = [], []
            for number, row in enumerate(rows, 2):
                if not any(cell.strip() for cell in row):
                    continue
                codes.append(row[columns["timecode"]] if "timecode" in columns and columns["timecode"] < len(row) else "")
                values.append(_numbers(path, number, row, wanted))
                if len(values) > _ROWS:
                    raise _refused(path, say("{file} has more rows than can be read.", file=path.name), "Cut the recording.")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refused(path, say("{file} cannot be read: {reason}.", file=path.name, reason=error)) from error
    if not values:
        raise _refused(path, say("{file} has no rows.", file=path.name), "Record a take and choose its .csv file.")
    table, times = np.array(values), _seconds(codes)
    kept = np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])
    table, times = table[kept], times[kept]
    actions = {name: table[:, number] for number, name in enumerate(found)}
    return Capture(times - times[0], actions, table[:, len(found) :] if turns else None)


def treated(capture: Capture, treatment: Treatment) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray | None]:
    """(G,) frames of the scene from 0 on, the actions' values there, and the head's turns.

    Raises:
        HrnError: SETTINGS_INVALID: the neutral moment lies outside the recording.
    """
    last = capture.times[-1]
    if treatment.neutral is not None and not 0 <= treatment.neutral <= last:
        raise HrnError(
            ErrorCode.SETTINGS_INVALID,
            say("The recording lasts {seconds:.1f} s: the face at rest lies outside.", seconds=last),
            hint="Choose a moment within it.",
        )
    frames = np.arange(int(np.floor(last * treatment.rate + 1e-6)) + 1)
    seconds = frames / treatment.rate

    def at_frames(values: np.ndarray) -> np.ndarray:
        sampled = np.interp(seconds, capture.times, values)
        return _smooth(sampled, treatment.smoothing * treatment.rate)

    def neutral(values: np.ndarray) -> float:
        return 0.0 if treatment.neutral is None else float(np.interp(treatment.neutral, capture.times, values))

    found = {}
    for name, values in capture.actions.items():
        rest = min(max(neutral(values), 0.0), 0.95)
        factor = treatment.gain * (treatment.gains or {}).get(name, 1.0)
        found[name] = factor * ((at_frames(values) - rest) / (1 - rest)).clip(0)
    head = None
    if capture.head is not None:
        head = np.stack([at_frames(column) - neutral(column) for column in capture.head.T], 1)
    return frames, found, head


def _plain(name: str) -> str:
    """A column's name without case, spaces and the ways to write its side."""
    name = name.strip().replace(" ", "")
    if name.endswith(("_L", "_R")):
        name = name[:-2] + ("Left" if name.endswith("L") else "Right")
    return name.lower()


def _numbers(path: Path, number: int, row: list[str], wanted: list[int]) -> list[float]:
    try:
        found = [float(row[column]) for column in wanted]
    except (ValueError, IndexError):
        found = [np.nan]
    if not np.isfinite(found).all():
        message = say("Row {number} of {file} lacks values or has some that are no numbers.", number=number, file=path.name)
        raise _refused(path, message, "Export the recording again, or delete that row.")
    return found


def _seconds(codes: list[str]) -> np.ndarray:
    """(F,) seconds; by the rows' number where timecodes are absent or not understood."""
    parts = [_TIMECODE.match(code.strip()) for code in codes]
    if not all(parts):
        return np.arange(len(codes)) / _RATE
    fields = [[float(part[1]), float(part[2]), float(part[3]), float(f"{part[4]}.{part[5] or 0}")] for part in parts if part]
    hours, minutes, seconds, counted = np.array(fields).T
    rate = next((rate for rate in _RATES if counted.max() < rate), _RATES[-1])
    times = 3600 * hours + 60 * minutes + seconds + counted / rate
    past_midnight = np.concatenate([[0], np.cumsum(np.diff(times) < -_DAY / 2)])
    return times + _DAY * past_midnight


def _smooth(values: np.ndarray, deviation: float) -> np.ndarray:
    """`values` under a Gaussian of `deviation` frames; ends are continued."""
    if deviation <= 0:
        return values
    reach = int(np.ceil(3 * deviation))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def _refused(path: Path, message: str, hint: str | None = None) -> HrnError:
    return HrnError(ErrorCode.CAPTURE_INVALID, message, hint=hint, details={"path": str(path)})
