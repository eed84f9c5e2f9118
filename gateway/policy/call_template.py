"""`call: GET /fhir/DiagnosticReport/{id}?date={date}`: the method, the path and the query of an operation.

A parameter is a whole part of the path, or the whole value of a field of the query; all else is written as
it is on the wire and needs no escape there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.policy.live import LIVE_METHODS
from gateway.policy.phrases import Misread, did_you_mean
from gateway.policy.routes import METHODS
from gateway.policy.targets import MAX_SEGMENTS, OWN_PATH, OWN_SEGMENTS
from gateway.unit.request import MAX_FIELDS

CALL_FORMS: Final = ("METHOD /path/{parameter}", "METHOD /path?field={parameter}&field=word")
_CALL: Final = re.compile(r"(?P<method>\S+) +(?P<path>/[^\s?]*)(?:\?(?P<query>\S+))?")
_LITERAL: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,=:@-]{1,128}")
_PARAMETER: Final = re.compile(r"\{(?P<name>[A-Za-z_][A-Za-z0-9_-]{0,63})\}")
_FIELD: Final = re.compile(r"[A-Za-z0-9_$][A-Za-z0-9_.:$\[\]-]{0,63}")
_WORD: Final = re.compile(r"[A-Za-z0-9._~!$'()*,:@/+|-]{1,128}")


@dataclass(frozen=True, slots=True)
class Template:
    """method, parts of the path (parameters as (name,)), fields of the query.

    query: name on the wire to (parameter,) or the word that it must be.
    """

    method: str
    segments: tuple[str | tuple[str], ...]
    query: dict[str, str | tuple[str]]

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of all parameters in their order; one that stands twice stands twice here."""
        values = (*self.segments, *self.query.values())
        return tuple(value[0] for value in values if isinstance(value, tuple))


def read_call(text: str) -> Template:
    """Raises Misread 2124, 2107, 2118, 2311, 2312, 2410 and nothing else."""
    match = _CALL.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), CALL_FORMS, text=text[:80], write="GET /path/{id}")
    method = match["method"]
    known = (*METHODS, *LIVE_METHODS)
    if method not in known:
        near = did_you_mean(method.upper(), known)
        if near:
            raise Misread(2107, 0, len(method), known, text=method[:20], write=near)
        raise Misread(2118, 0, len(method), known, text=method[:20])
    segments = _path(match["path"], match.start("path"))
    query = _query(match["query"], match.start("query")) if match["query"] is not None else {}
    return Template(method, segments, query)


def _path(path: str, at: int) -> tuple[str | tuple[str], ...]:
    if path == "/":
        return ()
    segments: list[str | tuple[str]] = []
    at += 1
    for part in path[1:].split("/"):
        parameter = _PARAMETER.fullmatch(part)
        if parameter is not None:
            segments.append((parameter["name"],))
        elif _LITERAL.fullmatch(part) and part.strip("."):
            segments.append(part)
        else:
            raise Misread(2311, at, max(len(part), 1), part=part[:40])
        at += len(part) + 1
    if tuple(segments[:2]) == OWN_SEGMENTS:
        raise Misread(2410, 0, len(path), path=OWN_PATH)
    if len(segments) > MAX_SEGMENTS:
        raise Misread(2123, 0, len(path), value=len(segments), low=0, high=MAX_SEGMENTS)
    return tuple(segments)


def _query(query: str, at: int) -> dict[str, str | tuple[str]]:
    fields: dict[str, str | tuple[str]] = {}
    pieces = query.split("&")
    if len(pieces) > MAX_FIELDS:
        raise Misread(2123, at, len(query), value=len(pieces), low=0, high=MAX_FIELDS)
    for piece in pieces:
        name, _, value = piece.partition("=")
        parameter = _PARAMETER.fullmatch(value)
        written = parameter is not None or _WORD.fullmatch(value)
        if not written or not _FIELD.fullmatch(name) or name in fields:
            raise Misread(2312, at, max(len(piece), 1), part=piece[:40])
        fields[name] = (parameter["name"],) if parameter is not None else value
        at += len(piece) + 1
    return fields
