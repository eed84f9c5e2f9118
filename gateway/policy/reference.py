"""The generated part of docs/POLICY.md, made from the table of words.

python -m gateway.policy.reference docs/POLICY.md    writes the part between the two marks anew
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gateway.policy.filetypes import FILE_TYPES
from gateway.policy.identifiers import IDENTIFIER_TYPES
from gateway.policy.model import Section
from gateway.policy.parts import LATER, PARTS
from gateway.policy.request_reference import request_lines
from gateway.policy.texts import GENERATED
from gateway.policy.words import words_of
from gateway.policy.written_words import Word

BEGIN: Final = "<!-- generated from gateway/policy/words.py: do not edit below -->"
END: Final = "<!-- end of the generated part -->"


def reference_page() -> str:
    """The reference of every word, as Markdown between the marks (the marks not included)."""
    return "\n".join(_lines()) + "\n"


def with_reference(page: str) -> str:
    """A page with its generated part written anew. RuntimeError where a mark is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise RuntimeError("the page lacks the marks of its generated part")
    return f"{before}{BEGIN}\n\n{reference_page()}\n{END}{after}"


def _lines() -> Iterator[str]:
    yield "## Words at the margin"
    yield from _words(Section.CHANNEL)
    for part in PARTS:
        yield ""
        yield f"## `{part.section.value}`{' (obligatory)' if part.obligatory else ''}"
        yield ""
        yield f"{part.en}<br>{part.zh}"
        yield from _words(part.section)
        if part.section is Section.TESTS:
            yield from (
                "",
                "### `try`",
                "",
                "One of `file` and `generated`, and what else the test sets.",
            )
            yield from _words(Section.TRY)
    yield from request_lines(_rows)
    yield from _later()
    yield from _types()
    yield from _identifiers()
    yield from _generated()


def _words(section: Section) -> Iterator[str]:
    yield from _rows(words_of(section))


def _rows(words: Mapping[str, Word[Any]]) -> Iterator[str]:
    yield ""
    yield "| word | is written | means |"
    yield "| --- | --- | --- |"
    for word in words.values():
        must = "<br>obligatory" if word.obligatory else ""
        yield f"| `{word.name}`{must} | {_forms(word)} | {_cell(word.en)}<br>{_cell(word.zh)} |"


def _forms(word: Word[Any]) -> str:
    forms = "<br>".join(_cell(form) for form in word.forms)
    return f"{forms}<br>e.g. `{_cell(word.example)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _later() -> Iterator[str]:
    yield from ("", "## Words of later versions", "")
    yield "Known, and refused as such until then (FG-2121): a line that nobody judges is no line."
    yield ""
    for section, words in LATER.items():
        if words:
            yield f"- `{section.value}`: {', '.join(f'`{word}`' for word in sorted(words))}"


def _types() -> Iterator[str]:
    yield from (
        "",
        "## File types",
        "",
        "| word | 中文 | is | taken apart |",
        "| --- | --- | --- | --- |",
    )
    for kind in FILE_TYPES:
        apart = "yes" if kind.is_archive else ""
        yield f"| `{kind.word}` | {kind.zh} | {kind.described} ({kind.described_zh}) | {apart} |"


def _identifiers() -> Iterator[str]:
    yield from ("", "## Identifiers", "", "| word | 中文 | is |", "| --- | --- | --- |")
    for kind in IDENTIFIER_TYPES:
        yield f"| `{kind.word}` | {kind.zh} | {kind.described} ({kind.described_zh}) |"


def _generated() -> Iterator[str]:
    yield from ("", "## Generated samples", "", "| word | is |", "| --- | --- |")
    for word, what in GENERATED.items():
        yield f"| `{word}` | {what} |"


def main(arguments: list[str]) -> int:
    """Write the generated part of the named page anew."""
    page = Path(arguments[0])
    page.write_text(with_reference(page.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
