"""`policy import-openapi` and `import-wsdl`: a channel file with its schemas from a service's description.

FILE --policy.openapi, policy.wsdl--> NN-name.yaml, schemas/, samples/ of the set, never over a file
             \\--> notes: what a policy file cannot say, here and as comments in the file
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Misconfigured
from gateway.management.commands.command import Answer, Call, Command, Data, Mistyped
from gateway.management.commands.policy import policy_folder
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.words import say
from gateway.messages import describe, remedy

if TYPE_CHECKING:
    from gateway.policy.openapi.channel_file import Imported

_STEP: Final = 10
# A description of more is read to its limit and refused there.
_MOST_READ: Final = 16 << 20


def import_openapi(call: Call) -> Answer:
    """Raises Misconfigured 2377, 2378, 2381, Mistyped 7010, 2186; what was noted is no error."""
    from gateway.inspection.formats.json_patterns import unsafe
    from gateway.policy.openapi.channel_file import import_description
    from gateway.policy.openapi.description import read_description

    folder, source, channel, content = _read(call)
    description = read_description(source.name, content)
    made = import_description(
        description, channel, call.language, lambda pattern: not unsafe(pattern), _is_taken
    )
    written = _write(folder, made)
    return Answer(import_data(folder, made, written, call.language), render_import)


def import_wsdl(call: Call) -> Answer:
    """Raises Misconfigured 2380, 2378, 2381, Mistyped 7010, 2186; what was noted is no error."""
    from gateway.policy.openapi.notes import Notes
    from gateway.policy.wsdl import channel_file
    from gateway.policy.wsdl.description import read_wsdl
    from gateway.policy.wsdl.tree import Node, read_tree

    folder, source, channel, content = _read(call)
    notes = Notes()

    def beside(name: str) -> Node | None:
        """A document of the same folder."""
        path = source.parent / name
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as file:
            return read_tree(name, file.read(_MOST_READ))

    wsdl = read_wsdl(source.name, read_tree(source.name, content), notes, beside)
    made = channel_file.import_wsdl(wsdl, channel, call.language, notes, _is_taken_xml)
    written = _write(folder, made)
    return Answer(import_data(folder, made, written, call.language), render_import)


def _read(call: Call) -> tuple[Path, Path, str, bytes]:
    """Folder of the set, the document, the channel's name and the document's bytes."""
    from gateway.policy.phrases import Misread
    from gateway.policy.texts import read_channel_name

    source: Path = call.options.file
    if not source.is_file():
        raise Mistyped(7010, path=str(source))
    folder = policy_folder(call)
    named = call.options.channel or _plain(source.stem)
    try:
        channel = read_channel_name(named)
    except Misread as error:
        raise Misconfigured(error.number, **error.fields) from error
    with source.open("rb") as file:
        return folder, source, channel, file.read(_MOST_READ)


def _plain(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower())[:60].strip("-") or "service"


def _is_taken(text: str, path: str) -> bool:
    """Whether both sides can hold contents to this schema."""
    from gateway.inspection.formats.json_schema import checked_schema

    try:
        checked_schema(text.encode(), path)
    except Misconfigured:
        return False
    return True


def _is_taken_xml(text: str, path: str, others: Mapping[str, str]) -> bool:
    """The same of an XML Schema: libxml2 builds it, and the other side reads it."""
    from gateway.inspection.formats.xml_schema import outline_of
    from gateway.inspection.receiving.formats.xml_schema import OwnSchema
    from gateway.inspection.sending.formats.xml_schema import LibxmlSchema

    try:
        outline = outline_of(text, path, others)
        LibxmlSchema(outline)
        OwnSchema(outline)
    except Misconfigured:
        return False
    return True


def _write(folder: Path, made: Imported) -> list[str]:
    """The files, schemas first: a channel never stands without what it names. Raises Misconfigured 2378."""
    numbers = [int(path.name[:2]) for path in folder.glob("[0-9][0-9]-*.yaml")]
    number = min((max(numbers, default=0) // _STEP + 1) * _STEP, 99)
    files = {**made.schemas, f"{number:02}-{made.channel}.yaml": made.text}
    taken = [folder / name for name in files]
    for path in (*taken, *folder.glob(f"[0-9][0-9]-{made.channel}.yaml")):
        if path.exists():
            raise Misconfigured(2378, path=str(path))
    written: list[Path] = []
    try:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except OSError as error:
        for path in written:
            with suppress(OSError):
                path.unlink()
        raise Misconfigured(2183, name=str(folder), reason=error.strerror or "") from error
    return list(files)


def import_data(folder: Path, made: Imported, written: Sequence[str], language: str) -> Data:
    """What was written, and every note with its text."""
    notes = []
    for note in made.notes:
        error = Misconfigured(note.number, **note.fields)
        notes.append(
            {
                "operation": note.operation or None,
                "number": note.number,
                "fields": dict(note.fields),
                "text": ". ".join(
                    filter(None, (describe(error, language), remedy(error, language)))
                ),
            }
        )
    return {
        "folder": str(folder),
        "channel": made.channel,
        "operations": list(made.operations),
        "files": list(written),
        "notes": notes,
    }


def render_import(data: Data, terminal: Terminal) -> Sequence[str]:
    """Every note, the files, then what to do."""
    lines: list[str] = []
    for note in data["notes"]:
        place = f"{note['operation']}: " if note["operation"] else ""
        lines += terminal.wrap(terminal.safe(f"{place}{note['text']}"))
    lines += [f"  {path}" for path in data["files"]]
    phrase = "{channel}: {operations} operations written, {notes} things to look at."
    counts = {"operations": len(data["operations"]), "notes": len(data["notes"])}
    lines.append(say(terminal, phrase, channel=data["channel"], **counts))
    lines += terminal.wrap(
        say(terminal, "Look at each line marked REVIEW, then run: ferrygate policy check")
    )
    return lines


def _of_openapi(parser: Parser) -> None:
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="an OpenAPI 3.0 or 3.1 document, JSON or YAML")
    _arguments(parser)


def _of_wsdl(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "file",
        type=Path,
        metavar="FILE",
        help="a WSDL 1.1 document; what it names is sought beside it",
    )
    _arguments(parser)


def _arguments(parser: Parser) -> None:
    add = parser.add_argument
    add("--channel", metavar="NAME", help="the channel's name; the file's if not said")
    add(
        "--to",
        dest="folder",
        type=Path,
        metavar="DIR",
        help="folder of policy files (the gate's, or policies/ here)",
    )


COMMANDS: Final = (
    Command(
        "policy import-openapi",
        "Write a channel that carries requests from the description of a service.",
        (
            "ferrygate policy import-openapi orders.yaml --channel orders",
            "ferrygate policy import-openapi petstore.json --to draft/ --json | jq .notes",
        ),
        import_openapi,
        _of_openapi,
    ),
    Command(
        "policy import-wsdl",
        "Write a channel that carries requests from the WSDL of a SOAP service.",
        (
            "ferrygate policy import-wsdl orders.wsdl --channel orders",
            "ferrygate policy import-wsdl service.xml --to draft/ --json | jq .notes",
        ),
        import_wsdl,
        _of_wsdl,
    ),
)

__all__ = ["COMMANDS", "import_data", "render_import"]
