"""``report.html``: every subject of a batch with picture, figures, warnings and errors, in one page without network.

The page is rewritten whole while subjects finish, rarely enough to cost next to nothing. Pictures are links into the
bundles beside it; everything that users or photos brought in is escaped.
"""

from __future__ import annotations

import html
import time
from urllib.parse import quote

from .. import __version__
from ..wire.atomic import output_error, replace_file
from ..wire.errors import HrnError
from ..wire.language import current, local
from ..wire.messages import Message, list_from_json, say
from .board import Board
from .console import duration
from .store import HINT, Store
from .subjects import Subject

__all__ = ["REPORT", "Report", "render"]

REPORT = "report.html"
"""Name of the page in the output folder."""
_SHARE = 20
"""After the page was written, at least this many times as long as that took passes before it is written again."""
_LEAST_SECONDS = 2.0
"""Least time between two writings of the page, seconds."""

_FIGURES = (
    ("landmark_residual_mm", say("landmarks"), lambda value: say("{value:.2f} mm", value=value)),
    ("photometric_residual", say("colour error"), lambda value: say("{value:.3f}", value=value)),
    ("face_width_px", say("face"), lambda value: say("{value:.0f} px wide", value=value)),
    ("seen_fraction", say("seen"), lambda value: say("{value:.0%}", value=value)),
)
"""Figures of the quality report that a row shows: key, label and how the value is written."""

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c0392b; --good: #1e8449; --soft: #8882 }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1500px; padding: 0 1rem }
h1 { font-size: 1.4rem; margin: 0 0 .2rem } p { margin: .2rem 0 }
.bar { display: flex; height: .6rem; border-radius: .3rem; overflow: hidden; background: var(--soft); margin: .8rem 0 }
.bar span { display: block } .bar .done { background: var(--good) } .bar .failed { background: var(--bad) }
ol { list-style: none; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)) }
li { border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; display: flex; flex-direction: column }
li.failed { border-color: var(--bad) }
img { width: 100%; aspect-ratio: 1; object-fit: cover; background: var(--soft); display: block }
.pictures { position: relative } a.photo img { position: absolute; right: .5rem; bottom: .5rem; width: 28%; border-radius: .3rem }
div.text { padding: .6rem .8rem; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 0 } .state { float: right; font-size: .8rem; opacity: .75 }
.failed .state { color: var(--bad); opacity: 1 } dl { display: grid; grid-template-columns: auto 1fr; gap: 0 .6rem; margin: .3rem 0 }
dt { opacity: .65 } dd { margin: 0 } .warning::before { content: "\\26a0\\00a0" } .error { color: var(--bad) }
code { font-size: .85em; opacity: .75 }
"""
"""Style sheet of the page, which has to stand alone."""


class Report:
    """Keeps the page of one output folder up to date.

    Args:
        subjects: all of the source, also those that this run leaves to others.
    """

    def __init__(self, store: Store, source: str, subjects: list[Subject], board: Board):
        self.path = store.out / REPORT
        self.changed = True
        self._store, self._source, self._subjects, self._board = store, source, subjects, board
        self._next = 0.0

    def refresh(self, force: bool = False) -> None:
        """Write the page when something changed and the last time is long enough ago.

        Raises:
            HrnError: with `force` only, when it cannot be written; otherwise the next time may succeed.
        """
        begin = time.monotonic()
        if not force and (not self.changed or begin < self._next):
            return
        self.changed = False
        try:
            replace_file(self.path, render(self._source, [self._row(s) for s in self._subjects]))
        except OSError as error:
            if force:
                raise output_error(error, self._store.out, HINT) from error
        end = time.monotonic()
        self._next = end + max(_LEAST_SECONDS, _SHARE * (end - begin))

    def _row(self, subject: Subject) -> dict:
        entry = self._board.entries.get(subject.name)
        if entry is not None and entry.outcome is not None:
            record = {"error": entry.outcome.error.to_json() if entry.outcome.error else None, **entry.outcome.record}
            state = entry.state
        else:
            record = self._store.read(subject.name)
            state = record.get("status") if entry is None else entry.state
        return {
            "name": subject.name,
            "title": subject.title,
            "photos": len(subject.photos),
            "state": state or "queued",
            "record": record,
        }


def render(source: str, rows: list[dict]) -> str:
    """The page.

    Args:
        rows: ``name`` (the bundle's folder), ``title``, ``photos`` (their number), ``state``, ``record`` (of the store).
    """
    count = {state: sum(row["state"] == state for row in rows) for state in ("done", "failed")}
    left = len(rows) - sum(count.values())
    total = sum(row["record"].get("seconds") or 0.0 for row in rows)
    share = {state: 100 * number / max(1, len(rows)) for state, number in count.items()}
    about = {"done": count["done"], "count": len(rows), "failed": count["failed"]}
    head = local(
        say("{done} of {count} heads done, {failed} failed, {left} to do", **about, left=left)
        if left
        else say("{done} of {count} heads done, {failed} failed", **about)
    )
    items = "\n".join(_item(row) for row in rows)
    made = say(
        "HRN engine {version}, {time}, {duration} of work",
        version=__version__,
        time=time.strftime("%Y-%m-%d %H:%M:%S"),
        duration=duration(total),
    )
    return f"""<!DOCTYPE html>
<html lang="{current().replace("_", "-")}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(head)}</title><style>{_STYLE}</style></head><body>
<h1>{html.escape(head)}</h1>
<p>{html.escape(source)}</p>
<p>{html.escape(local(made))}</p>
<div class="bar"><span class="done" style="width:{share["done"]:.2f}%"></span><span class="failed" style="width:{share["failed"]:.2f}%"></span></div>
<ol>
{items}
</ol></body></html>
"""


def _item(row: dict) -> str:
    record, state, title = row["record"], row["state"], html.escape(row["title"])
    pictures = [_picture(row["name"], record[key], key) for key in ("preview", "photo") if state == "done" and record.get(key)]
    picture = f'<div class="pictures">{"".join(pictures)}</div>' if pictures else ""
    lines = [f'<span class="state">{html.escape(local(state))}</span><h2>{title}</h2>']
    figures = [(say("photos"), str(row["photos"]))]
    if record.get("seconds") is not None:
        spent = record["seconds"]
        figures.append((say("time"), local(duration(spent) if spent >= 60 else say("{seconds:.1f} s", seconds=spent))))
    quality = record.get("quality") or {}
    for key, label, form in _FIGURES:
        if isinstance(quality.get(key), (int, float)) and quality[key] > 0:  # a draft has no colour error
            figures.append((label, local(form(quality[key]))))
    lines.append(
        "<dl>"
        + "".join(f"<dt>{html.escape(local(label))}</dt><dd>{html.escape(value)}</dd>" for label, value in figures)
        + "</dl>"
    )
    for warning in [*list_from_json(record, "warnings"), *map(Message.from_json, quality.get("warnings") or [])]:
        lines.append(f'<p class="warning">{html.escape(local(warning))}</p>')
    if state == "failed" and record.get("error"):
        error = HrnError.from_json(record["error"])
        lines.append(
            f'<p class="error">{html.escape(local(error.message))}</p><p>{html.escape(local(error.hint))}</p>'
            f"<code>{html.escape(error.code.value)}</code>"
        )
    return f'<li class="{html.escape(state)}">{picture}<div class="text">{"".join(lines)}</div></li>'


def _picture(name: str, file: str, kind: str) -> str:
    link = f"{quote(name)}/{quote(file)}"
    return f'<a class="{kind}" href="{link}"><img loading="lazy" decoding="async" alt="" src="{link}"></a>'
