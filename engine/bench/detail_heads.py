"""Detail on a benchmark's heads, which have no twins: against what their smooth fits lack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..wire.errors import HrnError
from ..wire.settings import Settings
from .accuracy import VIEWS
from .detail_bands import BANDS
from .detail_measure import detail_of, score_head, solved, truth_of

__all__ = ["heads_table", "score_heads"]


def score_heads(dev: Path, only: list[str] | None, settings: Settings, tell: Callable[[str], object]) -> list[dict]:
    """One row for each head and view, told as they come; a head that the product cannot fit has ``failed``."""
    rows = []
    for home in sorted(path for path in dev.iterdir() if (path / "gt.npz").is_file()):
        if only and home.name not in only:
            continue
        for view in VIEWS:
            truth = truth_of(home, view)
            near = truth.camera.fx / float((truth.vertices @ truth.camera.R[2] + truth.camera.t[2]).min())
            try:
                found = solved(next((home / "photos").glob(view + ".*")), settings)
                row = score_head(truth, detail_of(found, near))
            except HrnError as failure:
                row = {"failed": failure.message}
            rows.append({"head": home.name, "view": view, **row})
            tell(_line(rows[-1]))
    return rows


def _line(row: dict) -> str:
    if "failed" in row:
        return f"{row['head']} {row['view']:8} {row['failed']}"
    bands = " ".join(f"{row[band]['corr']:5.2f}" for band in BANDS)
    return f"{row['head']} {row['view']:8} {bands}  {row['smooth_degrees']:5.2f} -> {row['detail_degrees']:5.2f}"


def heads_table(rows: list[dict]) -> str:
    """Rows in Markdown."""
    lines = ["| head | view | corr 6-20 | 2-6 | < 2 | normals, smooth | with detail |", "|---|---|---|---|---|---|---|"]
    for row in (row for row in rows if "failed" not in row):
        bands = " | ".join(f"{row[band]['corr']:.2f}" for band in BANDS)
        lines.append(f"| {row['head']} | {row['view']} | {bands} | {row['smooth_degrees']:.2f} | {row['detail_degrees']:.2f} |")
    return "\n".join(lines)
