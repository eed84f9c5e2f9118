"""How an explanation looks: the deciding line, every other check, what would let it through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateway.management.commands.command import (
    Data,
)
from gateway.management.terminal.counted import counted_text
from gateway.management.terminal.figures import digest, size
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.states import colour_of
from gateway.management.terminal.tree import inside_lines
from gateway.management.terminal.width import pad, width
from gateway.management.terminal.words import say
from gateway.messages import shown
from gateway.policy.counting import say_kinds

if TYPE_CHECKING:
    pass


def render_explain(data: Data, terminal: Terminal) -> Sequence[str]:
    """The subject, the deciding line, every other check, then what would let it through."""
    lines = [*_subject(data, terminal), ""]
    if data["journal"] is not None:
        lines += [*_journal_lines(data["journal"], data["unit"], terminal), ""]
    for judgement in (data["judgement"], data["receiver"]):
        if judgement is not None:
            lines += [*_judgement_lines(judgement, terminal, anew=data["journal"] is not None), ""]
    if data["scanned_by"] in ("yara", "none"):
        phrase = "clamd was not asked here: {what}. A guard asks its own scanners."
        what = (
            "the YARA rules of the set were" if data["scanned_by"] == "yara" else "no scanner was"
        )
        lines += terminal.wrap(say(terminal, phrase, what=say(terminal, what)), "  ")
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _subject(data: Data, terminal: Terminal) -> list[str]:
    parts = [part for part in (data["unit"], shown(data["name"]) if data["name"] else "") if part]
    if data["size_bytes"] is not None:
        parts.append(size(float(data["size_bytes"])))
    policy = digest(str(data["policy"])) or "?"
    phrase = "channel {channel}, policy {policy}, {at}"
    second = say(terminal, phrase, channel=data["channel"], policy=policy, at=data["at"])
    if data.get("writer_assumed"):
        second += say(terminal, ", as if {writer} had brought it", writer=data["writer"])
    return [
        *(terminal.paint(line, Colour.NAME) for line in terminal.wrap("  ".join(parts))),
        *terminal.wrap(second),
    ]


def _journal_lines(journal: Data, unit: str, terminal: Terminal) -> list[str]:
    if journal["result"] in ("refused", "held"):
        lines = [
            _deciding_line(
                journal["result"], journal["word"] or "?", journal["line"] or "", "", terminal
            )
        ]
    else:
        phrase = "{stage} on the {side} host"
        lines = [
            "  "
            + say(
                terminal,
                phrase,
                stage=say(terminal, journal["stage"]),
                side=say(terminal, journal["side"]),
            )
        ]
    if journal["text"]:
        lines += terminal.wrap(journal["text"], " " * 6)
    lines += _inside_lines(journal, terminal)
    for side, counted in journal["counted"].items():
        phrase = "counted on the {side} host:"
        head = say(terminal, phrase, side=say(terminal, side))
        lines += terminal.wrap(f"{head} {counted_text(counted)}", "  ")
    if journal["side"] == "outer" and journal["result"] in ("refused", "held"):
        lines.append("  " + say(terminal, "The receiving side never saw it."))
    elif journal["result"] == "held":
        phrase = "People decide on the inner host: ferrygate held show {unit}"
        lines += terminal.wrap(say(terminal, phrase, unit=unit), "  ")
    return lines


def _judgement_lines(judgement: Data, terminal: Terminal, *, anew: bool) -> list[str]:
    head = (
        "judged anew by the set of today, as on the {side} host:"
        if anew
        else "as on the {side} host:"
    )
    lines = [say(terminal, head, side=say(terminal, judgement["side"]))]
    deciding = judgement["deciding"]
    if deciding is None:
        word = say(terminal, judgement["result"]).upper()
        colour = Colour.GOOD if judgement["result"] == "passes" else Colour.WARN
        lines.append("  " + terminal.paint(word, colour))
    else:
        lines.append(
            _deciding_line(
                judgement["result"], deciding["word"], deciding["line"], deciding["says"], terminal
            )
        )
        lines += terminal.wrap(deciding["text"], " " * 6)
    lines += _inside_lines(judgement, terminal)
    lines.append("")
    for check in judgement["checks"]:
        lines += _check_lines(check, terminal)
    if judgement["advice"]:
        lines += ["", "  " + say(terminal, "What would let it through:")]
        for advice in judgement["advice"]:
            lines += terminal.wrap(advice["text"], "    ")
    return lines


def _inside_lines(data: Data, terminal: Terminal) -> list[str]:
    inside = data.get("inside")
    if not inside:
        return []
    return ["  " + say(terminal, "Inside:"), *inside_lines(inside, terminal, " " * 4)]


def _deciding_line(result: str, word: str, line: str, says: str, terminal: Terminal) -> str:
    phrase = (
        "REFUSED by {word}"
        if result == "refused"
        else "HELD by {word}"
        if result == "held"
        else "WAITS for {word}"
    )
    said = say(terminal, phrase, word=word)
    line_text = "  " + "  ".join(part for part in (said, line, shown(says)) if part)
    return terminal.fit(line_text.replace(said, terminal.paint(said, colour_of(result)), 1))


def _check_lines(check: Data, terminal: Terminal) -> list[str]:
    """`  yes    size   :24   412 KiB of 20 MiB`."""
    mark = {"holds": "true", "fails": "false", "unknown": "?", "not asked": "-"}[check["outcome"]]
    place = ":" + str(check["line"]).rpartition(":")[2]
    head = f"  {pad(say(terminal, mark), 7)}{pad(check['word'], 10)}{pad(place, 5)} "
    text = check["text"]
    if check["counts"]:
        text += f": {counted_text(say_kinds(check['counts']))}"
    wrapped = terminal.wrap(text, " " * width(head))
    return [head + wrapped[0][width(head) :], *wrapped[1:]]
