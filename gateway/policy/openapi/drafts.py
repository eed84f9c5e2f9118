"""One operation of a description as lines of a policy file, with what cannot be written there.

path, method, parameters, requestBody, responses --> Draft (call, values, headers, body, answers)
                                                \\--> NotExpressible: the operation is left out, and told
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.policy.content_rules import MEDIA_TYPES
from gateway.policy.cookie_names import read_cookie_name
from gateway.policy.header_names import read_header_name
from gateway.policy.openapi.description import Description
from gateway.policy.openapi.notes import Notes, NotExpressible
from gateway.policy.openapi.schemas import schema_file
from gateway.policy.openapi.values import value_line
from gateway.policy.operation_sheet import OPERATION_WORDS
from gateway.policy.phrases import Misread

# Where a description says no size, which is always; a person decides.
USUAL_SIZE: Final = "64 KiB"
FILE_SIZE: Final = "4 MiB"
_BARE: Final = frozenset([204, 205, 304])
_PARAMETER: Final = re.compile(r"\{([^{}/]+)\}")
_FIELD: Final = re.compile(r"[A-Za-z0-9_$][A-Za-z0-9_.:$\[\]-]{0,63}")
# RFC 9110 gives these a meaning that OpenAPI leaves to it (Parameter Object: `in` header).
_OF_HTTP: Final = frozenset(["accept", "content-type", "authorization"])
_JSON_TYPES: Final = frozenset(["application/json", "application/problem+json"])


@dataclass(slots=True)
class Draft:
    """name; call; one line each for values; headers, cookies, body and answers as they are written.

    sample: path of a content for a test that calls it, "" for none. is_guess: it may not be one.
    """

    name: str
    method: str
    call: str
    values: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    body: str = ""
    answers: dict[int, tuple[str, dict[str, str]]] = field(default_factory=dict)
    sample: str = ""
    is_guess: bool = False


@dataclass(slots=True)
class Drafting:
    """Makes drafts of one description. schemas: texts by path below the set; taken: names in use."""

    description: Description
    channel: str
    notes: Notes
    takes_pattern: Callable[[str], bool]
    schemas: dict[str, str] = field(default_factory=dict)

    def draft(
        self, name: str, path: str, method: str, shared: object, operation: Mapping[str, Any]
    ) -> Draft:
        """Raises NotExpressible where the operation cannot be said. shared: parameters of its path."""
        for keyword in ("callbacks", "servers"):
            if operation.get(keyword):
                self.notes.add(2376, name, what=keyword)
        parameters = self._parameters(shared, operation.get("parameters"))
        draft = Draft(name, method, "")
        in_call = self._names(path, parameters)
        template = _PARAMETER.sub(lambda found: f"{{{in_call['path', found[1]]}}}", path)
        query = self._values(draft, parameters, in_call)
        draft.call = f"{method} {template or '/'}{'?' if query else ''}{'&'.join(query)}"
        draft.body = self._body(draft, operation.get("requestBody"))
        self._answers(draft, operation.get("responses"))
        return draft

    def _parameters(self, *lists: object) -> dict[tuple[str, str], Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for listed in lists:
            for one in listed if isinstance(listed, list) else ():
                parameter = self.description.resolved(one)
                found[str(parameter.get("in")), str(parameter.get("name"))] = parameter
        return found

    def _names(
        self, path: str, parameters: Mapping[tuple[str, str], Mapping[str, Any]]
    ) -> dict[tuple[str, str], str]:
        """A name between braces for each parameter of path and query, no two alike."""
        named: dict[tuple[str, str], str] = {}
        for name in _PARAMETER.findall(path):
            if ("path", name) not in parameters:
                raise NotExpressible(f"{{{name}}}")
            named["path", name] = _free(name, named)
        for place, name in parameters:
            if place == "query":
                named[place, name] = _free(name, named)
        return named

    def _values(
        self,
        draft: Draft,
        parameters: Mapping[tuple[str, str], Mapping[str, Any]],
        in_call: Mapping[tuple[str, str], str],
    ) -> list[str]:
        query: list[str] = []
        for (place, name), parameter in parameters.items():
            required = parameter.get("required") is True
            try:
                if place == "path" and (place, name) in in_call:
                    if parameter.get("style", "simple") != "simple":
                        raise NotExpressible(f"{name}: style {parameter.get('style')}")
                    draft.values[in_call[place, name]] = self._line(draft, parameter, name)
                elif place == "query":
                    line = self._query_line(draft, parameter, name)
                    draft.values[in_call[place, name]] = line if required else f"optional {line}"
                    query.append(f"{name}={{{in_call[place, name]}}}")
                elif place == "header" and name.lower() not in _OF_HTTP:
                    line = self._line(draft, parameter, name)
                    header = _header(name)
                    draft.headers[header] = line if required else f"optional {line}"
                elif place == "cookie":
                    line = self._line(draft, parameter, name)
                    read_cookie_name(name)
                    draft.cookies[name] = line if required else f"optional {line}"
                    self.notes.add(2342, draft.name, name=name[:60])
                elif place != "header":
                    raise NotExpressible(f"{name}: {place}")
            except (NotExpressible, Misread) as error:
                # What must be there and cannot cross makes every call wrong.
                if required and place in ("path", "query"):
                    raise
                self.notes.add(2372, draft.name, name=name[:60], what=getattr(error, "what", place))
        return query

    def _query_line(self, draft: Draft, parameter: Mapping[str, Any], name: str) -> str:
        if not _FIELD.fullmatch(name):
            raise NotExpressible(name[:60])
        schema = self.description.resolved(parameter.get("schema"))
        if schema.get("type") != "array":
            return self._line(draft, parameter, name)
        style, explode = parameter.get("style", "form"), parameter.get("explode", True)
        if style != "form" or explode is not True:
            raise NotExpressible(f"{name}: style {style}, explode {str(explode).lower()}")
        for keyword in ("minItems", "maxItems", "uniqueItems"):
            if schema.get(keyword):
                what = f"{keyword} {schema[keyword]}"[:40]
                self.notes.add(2371, draft.name, name=name, what=what)
        items = schema.get("items", {})
        return f"many {value_line(self.description, items, self.notes, draft.name, name)}"

    def _line(self, draft: Draft, parameter: Mapping[str, Any], name: str) -> str:
        if "schema" not in parameter:
            raise NotExpressible(f"{name}: content")
        return value_line(self.description, parameter["schema"], self.notes, draft.name, name)

    def _body(self, draft: Draft, body: object) -> str:
        if body is None:
            return ""
        said = self.description.resolved(body)
        content = said.get("content")
        if not isinstance(content, dict) or not content:
            return ""
        if draft.method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            raise NotExpressible(f"requestBody of {draft.method}")
        if said.get("required") is not True:
            self.notes.add(2371, draft.name, name="requestBody", what="required: false")
        return self._content(draft, content, "request")

    def _answers(self, draft: Draft, responses: object) -> None:
        for key, value in responses.items() if isinstance(responses, dict) else ():
            status = int(key) if re.fullmatch(r"[2-5][0-9]{2}", str(key)) else 0
            if not status or (300 <= status < 400 and status != 304):
                self.notes.add(2373, draft.name, status=str(key)[:16], what=str(key)[:16])
                continue
            try:
                response = self.description.resolved(value)
                content = response.get("content")
                if content and (status in _BARE or draft.method == "HEAD"):
                    content = None
                    self.notes.add(2373, draft.name, status=status, what="content")
                line = "empty"
                if isinstance(content, dict) and content:
                    line = self._content(draft, content, str(status))
                draft.answers[status] = line, self._answer_headers(draft, response.get("headers"))
            except NotExpressible as error:
                self.notes.add(2373, draft.name, status=status, what=error.what)
        if not draft.answers:
            raise NotExpressible("responses")

    def _answer_headers(self, draft: Draft, headers: object) -> dict[str, str]:
        lines: dict[str, str] = {}
        for name, value in headers.items() if isinstance(headers, dict) else ():
            try:
                header = self.description.resolved(value)
                line = self._line(draft, header, name)
                lines[_header(name)] = (
                    line if header.get("required") is True else f"optional {line}"
                )
            except NotExpressible as error:
                self.notes.add(2372, draft.name, name=str(name)[:60], what=error.what)
        return lines

    def _content(self, draft: Draft, content: Mapping[str, Any], part: str) -> str:
        """The first media type that a policy file can say; the others are noted."""
        chosen = next((media for media in content if _form(media)), None)
        if chosen is None:
            raise NotExpressible(", ".join(str(media) for media in content)[:60])
        # One line takes both spellings of JSON.
        others = [m for m in content if m != chosen and not {m, chosen} <= _JSON_TYPES]
        if others:
            what = ", ".join(str(media) for media in others)[:60]
            self.notes.add(2379, draft.name, name=chosen, what=what)
        form = _form(chosen)
        schema = self.description.resolved(content[chosen]).get("schema")
        if form != "json" or schema in (None, {}, True):
            if form in ("json", "xml") and schema not in (None, {}, True):
                self.notes.add(2371, draft.name, name=chosen, what="schema")
            size = (
                USUAL_SIZE
                if form in ("json", "xml", "text", "csv", "fhir any resource")
                else FILE_SIZE
            )
            scanned = "" if size == USUAL_SIZE else ", malware clean"
            return f"{form}, at most {size}{scanned}"
        path = self._schema(draft, schema, part)
        return f"json following {path}, at most {USUAL_SIZE}"

    def _schema(self, draft: Draft, schema: object, part: str) -> str:
        """The path of the schema's file; two of one text share a file."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        own = reference.rpartition("/")[2] if isinstance(reference, str) else f"{draft.name}-{part}"
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{self.channel}-{own}")[:52].strip("-.")
        for attempt in range(1, 1_000):
            path = f"schemas/{stem}{'' if attempt == 1 else f'-{attempt}'}.json"
            text = schema_file(
                self.description, schema, path, Notes(), draft.name, self.takes_pattern
            )
            if self.schemas.setdefault(path, text) == text:
                schema_file(self.description, schema, path, self.notes, "", self.takes_pattern)
                return path
        raise NotExpressible("schema")


def _form(media: object) -> str:
    """The form of a content of this media type, "" where there is none."""
    plain = str(media).partition(";")[0].strip().lower()
    if plain == "application/fhir+json":
        return "fhir any resource"
    if plain in _JSON_TYPES:
        return "json"
    if plain in ("application/xml", "text/xml"):
        return "xml"
    return next((word for word, types in MEDIA_TYPES.items() if plain == types[0]), "")


def _header(name: str) -> str:
    try:
        return read_header_name(name.lower())
    except Misread as error:
        raise NotExpressible(f"{name[:40]}: header") from error


def _free(name: str, named: Mapping[tuple[str, str], str]) -> str:
    """A name that a policy file takes between braces and that no other parameter has."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:56] or "value"
    if not re.match(r"[A-Za-z_]", plain):
        plain = f"p-{plain}"
    taken = {*named.values(), *OPERATION_WORDS}
    return next(
        one for at in range(1, 1_000) if (one := plain if at == 1 else f"{plain}-{at}") not in taken
    )


def quoted(text: str) -> str:
    """A text as YAML reads it for what it is (YAML 1.2, 7.3.1: JSON's strings are double-quoted ones)."""
    plain = re.fullmatch(r"[A-Za-z/][A-Za-z0-9 ./_,+=?&{}$()*@~!'-]*", text)
    if plain and not text.endswith(" ") and ": " not in text and " #" not in text:
        return text
    return json.dumps(text, ensure_ascii=False)
