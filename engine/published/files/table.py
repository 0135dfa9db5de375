"""The table of methods and files for people."""

from __future__ import annotations

from ...wire.pytorch import PYTORCH_MISSING

__all__ = ["models_text"]

_STATES = {"there": "there", "missing": "missing", "wrong": "WRONG", "unread": "not read"}


def models_text(report: dict) -> str:
    """`report` of :func:`engine.published.files.models_report` as lines of text."""
    lines = [
        f"Licensed files are looked for in {report['folder']}",
        f"Commercial work: {'yes; methods whose licences forbid it are hidden' if report['commercial_work'] else 'no'}",
    ]
    hidden = []
    if not report["pytorch"]:
        lines += ["", PYTORCH_MISSING]
    for row in report["methods"]:
        if row["hidden"]:
            hidden.append(row["name"])
            continue
        lines += [
            "",
            f"{row['name']:12} {'ready' if row['ready'] else 'not ready'}: {row['title']}. {row['description']}",
            f"{'':12} licence: {row['licence']}",
        ]
        for file in row["files"]:
            use = "" if file["required"] else " (optional)"
            where = file["path"] or f"get it from {file['source']}"
            lines.append(f"{'':12} {_STATES[file['state']]:8} {file['name']}{use}: {file['what']}; {where}")
            if file["problem"]:
                lines.append(f"{'':21} {file['problem']}")
        lines += [f"{'':12} {sentence}" for sentence in row["missing"] if not row["files"]]
    if hidden:
        lines += ["", f"Hidden, because a licence of their files allows no commercial work: {', '.join(hidden)}"]
    return "\n".join(lines)
