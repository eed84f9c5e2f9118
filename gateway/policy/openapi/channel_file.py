"""A description to a channel's file, its schemas and notes. What the check does not take is left out.

paths --Drafting--> drafts --text--> check_file --a problem in an operation--> that one is left out, again
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import Misconfigured
from gateway.messages import describe, remedy
from gateway.policy.check import check_file
from gateway.policy.located import Located
from gateway.policy.openapi.description import Description
from gateway.policy.openapi.drafts import Draft, Drafting, quoted
from gateway.policy.openapi.notes import Note, Notes, NotExpressible
from gateway.policy.openapi.samples import sample_json
from gateway.policy.openapi.values import sample_value
from gateway.policy.operation_sheet import MOST_OPERATIONS
from gateway.policy.routes import METHODS
from gateway.policy.schema_parts import with_parts
from gateway.policy.schemas import SCHEMA_FOLDER, read_schema
from gateway.policy.values import SchemaText

REVIEW: Final = "# REVIEW"
_ITEM_WORDS: Final = frozenset(["parameters", "summary", "description", "servers", "$ref"])


@dataclass(frozen=True, slots=True)
class Imported:
    """text: of the channel's file. schemas: texts by path in the set, samples too. operations: names."""

    channel: str
    text: str
    schemas: Mapping[str, str]
    operations: tuple[str, ...]
    notes: tuple[Note, ...]


def import_description(
    description: Description,
    channel: str,
    language: str,
    takes_pattern: Callable[[str], bool],
    takes_schema: Callable[[str, str], bool],
) -> Imported:
    """A channel for every operation that can be said. Raises Misconfigured 2381 where none can. No I/O.

    takes_pattern, takes_schema: whether the readers of contents take an expression; a schema's text and path.
    """
    notes = Notes()
    for keyword in ("security", "webhooks"):
        if description.values.get(keyword):
            notes.add(2376, "", what=keyword)
    drafting = Drafting(description, channel, notes, takes_pattern)
    drafts = _drafts(description, drafting)
    _without_schemas(drafts, drafting, takes_schema)
    return settled(description, channel, drafts, drafting.schemas, notes, language)


def settled(
    description: Description,
    channel: str,
    drafts: list[Draft],
    files: Mapping[str, str],
    notes: Notes,
    language: str,
) -> Imported:
    """The channel's file of these drafts, without those that the check does not take. description: its title
    and its servers. files: schemas and samples by their paths. Raises Misconfigured 2381. No I/O."""
    while drafts:
        text = _text(description, channel, drafts, files, notes, language)
        problems = _problems(text, files)
        if not problems:
            used = _used(text, files)
            names = tuple(draft.name for draft in drafts)
            said = tuple(note for note in notes.made if note.operation in ("", *names))
            return Imported(channel, text, used, names, said)
        _leave_out(text, drafts, problems[0], notes)
    raise Misconfigured(2381)


def _drafts(description: Description, drafting: Drafting) -> list[Draft]:
    drafts: list[Draft] = []
    names: set[str] = set()
    for path, value in description.values["paths"].items():
        try:
            item = description.resolved(value)
        except NotExpressible as error:
            drafting.notes.add(2370, "", operation=str(path)[:60], what=error.what)
            continue
        for method, operation in item.items():
            if method in _ITEM_WORDS or str(method).startswith("x-"):
                continue
            upper = str(method).upper()
            name = _name(upper, str(path), operation, names)
            names.add(name)
            try:
                if upper not in METHODS or not isinstance(operation, dict):
                    raise NotExpressible(upper[:16])
                if len(drafts) >= MOST_OPERATIONS:
                    raise NotExpressible(f"{MOST_OPERATIONS}")
                drafts.append(
                    drafting.draft(name, str(path), upper, item.get("parameters"), operation)
                )
            except NotExpressible as error:
                said = f"{upper} {path}"[:70]
                drafting.notes.add(2370, "", operation=said, what=error.what)
    return drafts


def _name(method: str, path: str, operation: object, taken: set[str]) -> str:
    said = operation.get("operationId") if isinstance(operation, dict) else None
    words = re.sub(
        r"([a-z0-9])([A-Z])", r"\1-\2", said if isinstance(said, str) else f"{method} {path}"
    )
    plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:58].strip("-") or "operation"
    return next(
        one
        for at in range(1, 10_000)
        if (one := plain if at == 1 else f"{plain}-{at}") not in taken
    )


def _without_schemas(
    drafts: list[Draft], drafting: Drafting, takes_schema: Callable[[str, str], bool]
) -> None:
    """A schema that the readers do not take goes: the content is then JSON that is well formed, and noted."""
    for path, text in tuple(drafting.schemas.items()):
        if takes_schema(text, path):
            continue
        del drafting.schemas[path]
        says, plain = f"json following {path},", "json,"
        for draft in drafts:
            before = (draft.body, dict(draft.answers))
            draft.body = draft.body.replace(says, plain)
            draft.answers = {s: (c.replace(says, plain), h) for s, (c, h) in draft.answers.items()}
            if before != (draft.body, draft.answers):
                drafting.notes.add(2371, draft.name, name=path, what="schema")


def _leave_out(text: str, drafts: list[Draft], problem: Located, notes: Notes) -> None:
    """The operation in which the problem stands. RuntimeError for one that stands in none."""
    # A file that is too large as a whole has no line: its last operation goes.
    lines = text.split("\n")[: problem.line or None]
    for line in reversed(lines):
        match = re.fullmatch(r"  ([a-z0-9-]+):", line)
        draft = next((d for d in drafts if match and d.name == match[1]), None)
        if draft is not None:
            drafts.remove(draft)
            why = describe(Misconfigured(problem.number, **problem.fields)).partition(" ")[2]
            notes.add(2370, "", operation=draft.call[:70], what=why[:78])
            return
    raise RuntimeError(f"the file made of a description is wrong: {problem}")


def _problems(text: str, files: Mapping[str, str]) -> tuple[Located, ...]:
    return check_file("channel.yaml", text.encode(), {}, None, _schemas(files)).problems


def _schemas(files: Mapping[str, str]) -> dict[str, SchemaText]:
    read = (read_schema(path, said.encode())[0] for path, said in files.items())
    return with_parts({schema.path: schema for schema in read if schema is not None})


def _used(text: str, files: Mapping[str, str]) -> dict[str, str]:
    """The files that a channel's file names, and those that these need."""
    schemas = _schemas(files)
    named = {path for path in files if path in text}
    named |= {
        f"{SCHEMA_FOLDER}/{name}"
        for path in named & schemas.keys()
        for name, _ in schemas[path].parts
    }
    return {path: said for path, said in files.items() if path in named}


def _text(
    description: Description,
    channel: str,
    drafts: list[Draft],
    schemas: Mapping[str, str],
    notes: Notes,
    language: str,
) -> str:
    title = " ".join(str(_inside(description.values.get("info"), "title") or channel).split())[:200]
    host, base_path, tls = _peer(description)
    lines = [
        "# yaml-language-server: $schema=policy.schema.json",
        *(_comment(note, language) for note in notes.of("")),
        f"channel: {channel}",
        f"purpose: {quoted(f'Calls of {title}')}",
        f"owner: somebody {REVIEW}",
        "carries: requests",
        f"lanes: {{request: import, response: export}} {REVIEW}",
        f"grade: 3 {REVIEW}",
        "",
        "from:",
        f"  listens: https on 127.0.0.1:8443 {REVIEW}",
        f"  callers: CN=nobody {REVIEW}",
        "",
        "to:",
        f"  {'https' if tls else 'http'}: {host} {REVIEW}",
        *([f"  base_path: {base_path}"] if base_path else []),
        "",
        "operations:",
    ]
    for draft in drafts:
        lines += [
            *(f"  {_comment(note, language)}" for note in notes.of(draft.name)),
            *_operation(draft),
        ]
    lines += ["", "limits:", f"  answer_within: 10 s {REVIEW}", "", *_tests(drafts, schemas)]
    return "\n".join(lines) + "\n"


def _comment(note: Note, language: str) -> str:
    error = Misconfigured(note.number, **note.fields)
    return f"{REVIEW} " + ". ".join(
        filter(None, (describe(error, language), remedy(error, language)))
    )


def _operation(draft: Draft) -> list[str]:
    lines = [f"  {draft.name}:", f"    call: {quoted(draft.call)}"]
    lines += [f"    {name}: {quoted(line)}" for name, line in draft.values.items()]
    for word, listed in (("headers", draft.headers), ("cookies", draft.cookies)):
        if listed:
            lines += [f"    {word}:", *(f"      {n}: {quoted(line)}" for n, line in listed.items())]
    if draft.body:
        lines.append(f"    body: {draft.body} {REVIEW}")
    lines.append("    answers:")
    for status, (content, headers) in sorted(draft.answers.items()):
        review = "" if content == "empty" else f" {REVIEW}"
        if not headers:
            lines.append(f"      {status}: {content}{review}")
            continue
        lines += [f"      {status}:", f"        content: {content}{review}", "        headers:"]
        lines += [f"          {name}: {quoted(line)}" for name, line in headers.items()]
    return lines


def _tests(drafts: list[Draft], schemas: Mapping[str, str]) -> list[str]:
    """Two that every channel has: something passes, something does not."""
    lines = ["tests:"]
    for draft in sorted(
        drafts, key=lambda one: (one.is_guess, bool(one.body), "pattern" in str(one.values))
    ):
        method, _, target = draft.call.partition(" ")
        path, _, query = target.partition("?")
        fields = [piece for piece in query.split("&") if piece and not _is_optional(draft, piece)]
        target = path + ("?" if fields else "") + "&".join(fields)
        for name, line in draft.values.items():
            target = target.replace(
                f"{{{name}}}", sample_value(line).replace(" ", "+").replace(":", "%3A")
            )
        lines += [
            f"  - name: {draft.name} can be called {REVIEW}",
            f"    try: {{call: {_flow(f'{method} {target}')}{_content(draft, schemas)}}}",
            "    expect: delivered",
        ]
        break
    return [
        *lines,
        "  - name: nothing else is an operation",
        '    try: {call: "DELETE /nothing-of-this-name"}',
        "    expect: refused by operations",
    ]


def _content(draft: Draft, schemas: Mapping[str, str]) -> str:
    """A content that the body's line takes: JSON (every JSON text is one of YAML), or the sample's path."""
    if draft.sample:
        values = {name: sample_value(line) for name, line in draft.headers.items()}
        headers = f", headers: {json.dumps(values)}" if values else ""
        return f"{headers}, file: {_flow(draft.sample)}"
    if not draft.body.startswith("json"):
        return ""
    path = draft.body.removeprefix("json following ").partition(",")[0]
    value = sample_json(json.loads(schemas[path])) if path in schemas else {}
    return f", json: {json.dumps({} if value is None else value, ensure_ascii=False)}"


def _flow(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_optional(draft: Draft, piece: str) -> bool:
    name = piece.partition("=")[2].strip("{}")
    return draft.values.get(name, "").startswith("optional ")


def _peer(description: Description) -> tuple[str, str, bool]:
    """Host with port, base path and whether https, as the first server says; else a name to be changed."""
    servers = description.values.get("servers")
    url = _inside(servers[0], "url") if isinstance(servers, list) and servers else ""
    try:
        parts = urlsplit(str(url or ""))
        tls = parts.scheme != "http"
        port = parts.port or (443 if tls else 80)
    except ValueError:
        return "service.inner.example:443", "", True
    host = parts.hostname or "service.inner.example"
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", host):
        host = "service.inner.example"
    path = parts.path.rstrip("/")
    good = re.fullmatch(r"(?:/[A-Za-z0-9._~$@-]{1,64}){0,16}", path) and "/." not in path
    return f"{host}:{port}", path if good else "", tls


def _inside(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None
