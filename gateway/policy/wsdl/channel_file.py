"""A WSDL document to a channel's file, its schemas, samples and notes.

calls of one path and one action --> one operation: POST, SOAPAction, `soap 1.1 of ELEMENT following …`

Nothing on the wire but the message tells apart calls of version 1.2 (its action is a parameter of the media
type, which does not cross), so those of one path are one operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Misconfigured
from gateway.policy.openapi.channel_file import Imported, settled
from gateway.policy.openapi.description import Description
from gateway.policy.openapi.drafts import USUAL_SIZE, Draft
from gateway.policy.openapi.notes import Notes, NotExpressible
from gateway.policy.operation_sheet import MOST_OPERATIONS
from gateway.policy.wsdl.description import SoapCall, Wsdl
from gateway.policy.wsdl.samples import Sampling, sample_envelope
from gateway.policy.wsdl.schemas import schema_text, schemas_of
from gateway.policy.wsdl.tree import Name, Node

_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,=:@-]{1,128})+|/")
_ACTION: Final = re.compile(r"[!#-+\--~]{0,250}")
_ELEMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")

TakesSchema = Callable[[str, str, Mapping[str, str]], bool]


def import_wsdl(
    wsdl: Wsdl, channel: str, language: str, notes: Notes, takes_schema: TakesSchema
) -> Imported:
    """A channel for every call that can be said. Raises Misconfigured 2381 where none can. No I/O.

    takes_schema: whether the readers of both sides take a schema's text under a path, with others by name.
    """
    calls = _of_one_peer(wsdl.calls, notes)
    making = _Making(channel, wsdl.schemas, notes, takes_schema)
    groups = _groups(calls)
    for group in groups[MOST_OPERATIONS:]:
        notes.add(2370, "", operation=group[0].name, what=f"{MOST_OPERATIONS}")
    made = (making.draft(group) for group in groups[:MOST_OPERATIONS])
    drafts = [draft for draft in made if draft is not None]
    if not drafts:
        raise Misconfigured(2381)
    servers = [{"url": calls[0].origin}]
    description = Description({"info": {"title": wsdl.title}, "servers": servers}, is_30=True)
    return settled(description, channel, drafts, making.files, notes, language)


def _of_one_peer(calls: Sequence[SoapCall], notes: Notes) -> list[SoapCall]:
    """Those of the first address; of both versions at one path only 1.1, whose action can be asked."""
    kept: list[SoapCall] = []
    older = {call.path for call in calls if call.version == "1.1"}
    for call in calls:
        what = ""
        if call.origin != calls[0].origin:
            what = call.origin
        elif call.version == "1.2" and call.path in older:
            what = "SOAP 1.2"
        if what:
            notes.add(2383, "", name=f"{call.path} {call.name}"[:60], what=what[:80])
        else:
            kept.append(call)
    return kept


def _groups(calls: Sequence[SoapCall]) -> list[list[SoapCall]]:
    """Calls that nothing but their message tells apart, together."""
    groups: dict[tuple[str, str, str], list[SoapCall]] = {}
    for call in calls:
        action = call.action if call.version == "1.1" else ""
        groups.setdefault((call.path, call.version, action), []).append(call)
    return list(groups.values())


@dataclass(slots=True)
class _Making:
    """files: schemas and samples by their paths below the set."""

    channel: str
    schemas: Sequence[Node]
    notes: Notes
    takes_schema: TakesSchema
    files: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    # By namespace: path ("" for none that can be said), and the schemas that samples follow.
    read: dict[str, tuple[str, Sequence[Node]]] = field(default_factory=dict)
    named: dict[str, list[str]] = field(default_factory=dict)

    def draft(self, group: Sequence[SoapCall]) -> Draft | None:
        """One operation for these calls; None, and a note, where it cannot be said."""
        first = group[0]
        name = self._name(first.name if len(group) == 1 else f"{first.path} {first.version}")
        try:
            if not _PATH.fullmatch(first.path) or not _ACTION.fullmatch(first.action):
                raise NotExpressible(f"{first.path} {first.action}")
            draft = Draft(name, "POST", f"POST {first.path}")
            if first.version == "1.1":
                draft.headers["soapaction"] = f'one of "{first.action}"'
            form = f"soap {first.version}"
            draft.body = self._content(name, form, [call.request for call in group])
            self._answers(draft, form, group)
        except NotExpressible as error:
            said = ", ".join(call.name for call in group)[:70]
            self.notes.add(2370, "", operation=said, what=error.what[:80])
            return None
        for call in group:
            self.notes.move(call.name, name)
        if len(group) > 1:
            said = ", ".join(call.name for call in group)[:200]
            self.notes.add(2382, name, names=said)
        self._sample(draft, first)
        return draft

    def _answers(self, draft: Draft, form: str, group: Sequence[SoapCall]) -> None:
        answers = [call.response for call in group if call.response is not None]
        if answers:
            draft.answers[200] = (self._content(draft.name, form, answers), {})
        if len(answers) < len(group):
            # A call without an answer (WSDL 1.1, 2.4.1): the status is all there is.
            draft.answers[202] = ("empty", {})
        faults = [fault for call in group for fault in call.faults]
        content = f"{form} fault"
        paths = sorted({self._schema(draft.name, fault[0])[0] for fault in faults} - {""})
        if len(paths) == 1:
            content += f" following {paths[0]}"
        elif faults:
            self.notes.add(2371, draft.name, name="fault", what="detail")
        draft.answers[500] = (f"{content}, at most {USUAL_SIZE}", {})

    def _content(self, operation: str, form: str, elements: Sequence[Name]) -> str:
        names = list(dict.fromkeys(elements))
        if not all(_ELEMENT.fullmatch(local) for _, local in names):
            raise NotExpressible("element")
        paths = {self._schema(operation, space)[0] for space, _ in names}
        path = paths.pop() if len(paths) == 1 else ""
        if not path and len(names) > 1:
            self.notes.add(2371, operation, name="body", what="schema")
        before = ", ".join(local for _, local in names[:-1])
        listed = f"{before} or {names[-1][1]}" if before else names[-1][1]
        following = f" following {path}" if path else ""
        return f"{form} of {listed}{following}, at most {USUAL_SIZE}"

    def _schema(self, operation: str, space: str) -> tuple[str, Sequence[Node]]:
        """Path and trees of a namespace's schema; "" and none where there is none, which is noted once."""
        if space in self.read:
            path, nodes = self.read[space]
            if not path:
                self.notes.add(2371, operation, name="body", what=f"schema of {space}"[:80])
            return path, nodes
        try:
            found = schemas_of(space, self.schemas)
            named = self._names(found)
            texts = _texts(found, named)
            own = texts.pop(named[space][0])
            path = f"schemas/{named[space][0]}"
            if not self.takes_schema(own, path, texts):
                raise NotExpressible("schema")
            self.named.update(named)
            self.files[path] = own
            self.files.update({f"schemas/{name}": text for name, text in texts.items()})
            self.read[space] = (path, tuple(node for nodes in found.values() for node in nodes))
        except NotExpressible as error:
            self.notes.add(2371, operation, name=f"schema of {space}"[:60], what=error.what[:80])
            self.read[space] = ("", ())
        return self.read[space]

    def _names(self, found: Mapping[str, Sequence[Node]]) -> dict[str, list[str]]:
        """Names of files by namespace; one that has some keeps them."""
        named = dict(self.named)
        count = sum(map(len, named.values()))
        for space, nodes in found.items():
            if space in named:
                continue
            named[space] = []
            for _ in nodes:
                count += 1
                named[space].append(f"{self.channel[:50]}{f'-{count}' if count > 1 else ''}.xsd")
        return named

    def _sample(self, draft: Draft, call: SoapCall) -> None:
        sampling = Sampling(self._schema(draft.name, call.request[0])[1])
        message = sampling.message(call.request)
        draft.sample = f"samples/{self.channel[:40]}-{draft.name}.xml"
        self.files[draft.sample] = sample_envelope(call.version, message)
        draft.is_guess = sampling.is_guess
        if sampling.is_guess:
            self.notes.add(2384, draft.name, file=draft.sample)

    def _name(self, said: str) -> str:
        words = re.sub(r"([a-z0-9])([A-Z])", r"\1-\2", said)
        plain = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")[:58].strip("-") or "operation"
        name, at = plain, 1
        while name in self.taken:
            at += 1
            name = f"{plain}-{at}"
        self.taken.add(name)
        return name


def _texts(
    found: Mapping[str, Sequence[Node]], named: Mapping[str, Sequence[str]]
) -> dict[str, str]:
    """Files by name; the first of a namespace includes its others."""
    imports = {space: names[0] for space, names in named.items()}
    return {
        name: schema_text(node, imports, () if at else named[space][1:])
        for space, nodes in found.items()
        for at, (name, node) in enumerate(zip(named[space], nodes, strict=True))
    }
