"""A FHIR server over documents: read, search, create, update and transaction, as HL7 FHIR R4 3.1.0 has them.

The documents are official examples of R4 where their package is at hand (tests/corpus/fhir_examples.py), else
those of tests/corpus/fhir.py. It says its own address in answers, as such servers do.
"""

from __future__ import annotations

import base64
import copy
import io
import json
import tarfile
from typing import Any, Final

from aiohttp import web
from PIL import Image

from tests.corpus.fhir import OBSERVATION, PATIENT
from tests.corpus.fhir_examples import package
from tests.support.channel_text import channel_text

MEDIA_TYPE: Final = "application/fhir+json"
_OPERATIONS: Final = """\
operations:
  read-patient:
    call: GET /Patient/{id}
    id: fhir id
    headers: {if-none-match: optional text at most 80}
    answers:
      200: {content: "fhir Patient, at most 1 MiB", headers: {etag: text at most 80}}
      304: {content: empty, headers: {etag: text at most 80}}
      404: fhir OperationOutcome, at most 64 KiB
      410: fhir OperationOutcome, at most 64 KiB
  search-patients:
    call: GET /Patient?name={name}&birthdate={birthdate}&identifier={identifier}&_count={count}
    name: optional text at most 80
    birthdate: optional many fhir date
    identifier: optional fhir token
    count: optional fhir count at most 50
    answers:
      200: fhir Bundle of Patient, at most 1 MiB, at most 50 entries
      400: fhir OperationOutcome, at most 64 KiB
  create-observation:
    call: POST /Observation
    headers: {prefer: "optional one of return=minimal, return=representation"}
    body: fhir Observation, at most 1 MiB
    answers:
      201:
        content: fhir Observation, at most 1 MiB
        headers: {location: fhir location of Observation, etag: text at most 80}
      422: fhir OperationOutcome, at most 64 KiB
  read-observation:
    call: GET /Observation/{id}
    id: fhir id
    answers:
      200: {content: "fhir Observation, at most 1 MiB", headers: {etag: text at most 80}}
      404: fhir OperationOutcome, at most 64 KiB
  update-patient:
    call: PUT /Patient/{id}
    id: fhir id
    headers: {if-match: optional text at most 80}
    body: fhir Patient, at most 1 MiB
    answers:
      200: {content: "fhir Patient, at most 1 MiB", headers: {etag: text at most 80}}
      412: fhir OperationOutcome, at most 64 KiB
  transaction:
    call: POST /
    body: fhir transaction of POST Observation, PUT Patient, at most 1 MiB, at most 20 entries
    answers:
      200: fhir Bundle of Observation or Patient, at most 1 MiB, at most 20 entries
      422: fhir OperationOutcome, at most 64 KiB

changed:
  response.link: removed
  response.entry.fullUrl: removed

limits:
  answer_within: 10 s

tests:
  - name: a patient can be read
    try: {call: GET /Patient/example}
    expect: delivered
"""


def channel(port: int, peer: int) -> str:
    return channel_text(
        "fhir", port, f"https: localhost:{peer}", _OPERATIONS, grade=4, base_path="/r4"
    )


def documents() -> dict[str, dict[str, Any]]:
    """Patients and observations by `TYPE/ID`."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    photo = {"contentType": "image/png", "data": base64.b64encode(picture.getvalue()).decode()}
    made = [PATIENT | {"photo": [photo]}, OBSERVATION | {"id": "f001"}]
    if (file := package()) is not None:
        wanted = ("package/Patient-example.json", "package/Observation-f001.json",
                  "package/Patient-f201.json")  # fmt: skip
        with tarfile.open(file) as archive:
            for name in wanted:
                member = archive.extractfile(name)
                assert member is not None, name
                made.append(json.loads(member.read()))
    return {f"{one['resourceType']}/{one['id']}": copy.deepcopy(one) for one in made}


class FhirServer:
    """The server below /r4. Versions count up with each write."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """The same state for whoever asks next."""
        self.kept = documents()
        self.versions = dict.fromkeys(self.kept, 1)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        base = f"https://{request.host}/r4"
        place = request.path.removeprefix("/r4").strip("/")
        content = await request.read()
        match request.method, place.count("/"):
            case "POST", 0 if not place:
                return self._transaction(base, json.loads(content))
            case "POST", 0:
                return self._create(base, place, json.loads(content))
            case "PUT", 1:
                return self._update(place, json.loads(content), request.headers.get("If-Match"))
            case "GET", 0:
                return self._search(base, place, request)
            case "GET", 1:
                return self._read(place, request.headers.get("If-None-Match"))
        return self._outcome(404, "not-supported")

    def _read(self, place: str, known: str | None) -> web.Response:
        if place not in self.kept:
            return self._outcome(404, "not-found")
        if known == self._etag(place):
            return web.Response(status=304, headers={"ETag": known})
        return self._resource(place, 200)

    def _search(self, base: str, kind: str, request: web.Request) -> web.Response:
        name, identifier = request.query.get("name"), request.query.get("identifier")
        found = [
            place
            for place, one in self.kept.items()
            if place.startswith(f"{kind}/")
            and (name is None or name in json.dumps(one["name"], ensure_ascii=False))
            and (identifier is None or identifier.partition("|")[2] in json.dumps(one["identifier"]))
            and all(one["birthDate"] >= d[2:] for d in request.query.getall("birthdate", ()))
        ]  # fmt: skip
        entries = [
            {"fullUrl": f"{base}/{p}", "resource": self.kept[p], "search": {"mode": "match"}}
            for p in found
        ]
        link = [{"relation": "self", "url": f"{base}/{kind}?{request.rel_url.raw_query_string}"}]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "link": link}
        bundle["total"] = len(found)
        return self._answer({**bundle, "entry": entries} if entries else bundle, 200)

    def _create(self, base: str, kind: str, resource: dict[str, Any]) -> web.Response:
        if "status" not in resource:
            return self._outcome(422, "required")
        place = self._write(kind, f"new-{len(self.kept)}", resource)
        location = f"{base}/{place}/_history/{self.versions[place]}"
        return self._resource(place, 201, Location=location)

    def _update(self, place: str, resource: dict[str, Any], match: str | None) -> web.Response:
        if match is not None and match != self._etag(place):
            return self._outcome(412, "conflict")
        kind, _, name = place.partition("/")
        return self._resource(self._write(kind, name, resource), 200)

    def _transaction(self, base: str, bundle: dict[str, Any]) -> web.Response:
        entries = []
        for entry in bundle["entry"]:
            kind, _, name = entry["request"]["url"].partition("/")
            fresh = entry["request"]["method"] == "POST"
            place = self._write(kind, name or f"new-{len(self.kept)}", entry["resource"])
            etag = self._etag(place)
            answer = {"status": "201 Created" if fresh else "200 OK", "etag": etag}
            answer["location"] = f"{place}/_history/{self.versions[place]}"
            entries.append({"response": answer})
        return self._answer(
            {"resourceType": "Bundle", "type": "transaction-response", "entry": entries,
             "link": [{"relation": "self", "url": base}]}, 200,
        )  # fmt: skip

    def _write(self, kind: str, name: str, resource: dict[str, Any]) -> str:
        place = f"{kind}/{name}"
        self.versions[place] = self.versions.get(place, 0) + 1
        self.kept[place] = {**resource, "id": name}
        return place

    def _etag(self, place: str) -> str:
        return f'W/"{self.versions.get(place, 0)}"'

    def _resource(self, place: str, status: int, **headers: str) -> web.Response:
        return self._answer(self.kept[place], status, ETag=self._etag(place), **headers)

    def _outcome(self, status: int, code: str) -> web.Response:
        issue = [{"severity": "error", "code": code, "diagnostics": "said by the server"}]
        return self._answer({"resourceType": "OperationOutcome", "issue": issue}, status)

    def _answer(self, said: object, status: int, **headers: str) -> web.Response:
        text = json.dumps(said, ensure_ascii=False, indent=2)
        fixed = {"X-Powered-By": "inner-fhir-7", **headers}
        return web.Response(text=text, status=status, content_type=MEDIA_TYPE, headers=fixed)
