"""The table of methods and files for people."""

from __future__ import annotations

from ...wire.columns import pad
from ...wire.language import local
from ...wire.messages import Message, as_message, list_from_json, say
from ...wire.pytorch import PYTORCH_MISSING

__all__ = ["models_text"]

_STATES = {"there": say("there"), "missing": say("missing"), "wrong": say("WRONG"), "unread": say("not read")}
"""Words for the state of a file."""


def models_text(report: dict) -> str:
    """`report` of :func:`engine.published.files.models_report` as lines of text."""
    lines = [
        local(say("Licensed files are looked for in {folder}", folder=report["folder"])),
        local(
            say("Commercial work: yes; methods whose licences forbid it are hidden")
            if report["commercial_work"]
            else say("Commercial work: no")
        ),
    ]
    hidden = []
    if not report["pytorch"]:
        lines += ["", local(PYTORCH_MISSING)]
    for row in report["methods"]:
        if row["hidden"]:
            hidden.append(row["name"])
            continue
        what = say("{title}. {description}", title=as_message(row["title"]), description=as_message(row["description"]))
        lines += [
            "",
            f"{row['name']:12} {local(say('ready: {what}', what=what) if row['ready'] else say('not ready: {what}', what=what))}",
            f"{'':12} {local(say('licence: {licence}', licence=Message.from_json(row, 'licence')))}",
        ]
        for file in row["files"]:
            use = "" if file["required"] else f" ({local(say('optional'))})"
            where = file["path"] or local(say("get it from {source}", source=as_message(file["source"])))
            lines.append(f"{'':12} {pad(local(_STATES[file['state']]), 8)} {file['name']}{use}: {local(file['what'])}; {where}")
            if file["problem"]:
                lines.append(f"{'':21} {local(Message.from_json(file, 'problem'))}")
        lines += [f"{'':12} {local(sentence)}" for sentence in list_from_json(row, "missing") if not row["files"]]
    if hidden:
        told = say("Hidden, because a licence of their files allows no commercial work: {names}", names=hidden)
        lines += ["", local(told)]
    return "\n".join(lines)
