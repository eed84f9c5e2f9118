"""A FHIR server and a PACS as the sink's peers: what they answer, and what of it may go back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.connectors.request.media import read_media_type
from gateway.errors import Refused
from gateway.guard.requests import RequestJudge
from gateway.guard.together import alone
from gateway.inspection.chain import Inspector, Role
from gateway.inspection.changing.here import hand_out_here
from gateway.inspection.changing.removed_places import Remover
from gateway.inspection.here import inspector_here
from gateway.policy.model import Channel, PolicySet
from gateway.policy.operations import Operation
from gateway.unit.asking import Performed
from gateway.unit.model import CapturedUnit, Kind, Lane, Side
from tests.corpus.persons import dicom_object, people
from tests.gateway.connectors.request.peer import Peer
from tests.gateway.connectors.request.test_sink import calling
from tests.gateway.policy.request_text import LOOKUP, request_channel

OBJECT = dicom_object(people(1)[0])
OPERATIONS = """\
operations:
  create:
    call: POST /Observation
    body: fhir Observation
    answers:
      201: {content: empty, headers: {location: fhir location of Observation}}
  search:
    call: GET /Patient?_count={count}
    count: fhir count at most 10
    answers: {200: "fhir Bundle of Patient, at most 10 entries"}
  retrieve:
    call: GET /instances/{instance}
    instance: oid
    answers: {200: "multipart of dicom, at most 1 MiB"}
  store:
    call: POST /studies
    body: multipart of dicom, at most 1 MiB
    answers: {202: empty}
"""
REMOVED = (
    "changed:\n  response.link: removed\n  response.entry.fullUrl: removed\n"
    "  response.entry.search: removed\n"
)
TEXT = LOOKUP[: LOOKUP.index("operations:")] + OPERATIONS + LOOKUP[LOOKUP.index("\nlimits:") :]


@pytest.fixture
def inspector(tmp_path: Path) -> Iterator[Inspector]:
    made = inspector_here(Role.SENDING, (), tmp_path)
    yield made
    made.close()


def operations(channel: Channel) -> dict[str, Operation]:
    assert channel.requests is not None
    return dict(channel.requests.operations)


def judged(inspector: Inspector, channel: Channel, answer: Performed) -> bytes:
    """What the inner guard lets go of an answer. Raises Refused."""
    policy = PolicySet({channel.name: channel}, "0" * 64, ())
    unit = CapturedUnit(8, channel.name, Kind.REQUESTS, 1_780_000_000_000_000_000, answer.head)
    judge = RequestJudge(Side.INNER, lambda: policy, inspector, Remover(hand_out_here))
    return alone(judge.answer(unit, Lane.EXPORT, answer.head, answer.content)).body.read()


@pytest.mark.parametrize(
    ("said", "goes_back"),
    [
        ("http://127.0.0.1:{port}/r4/Observation/7/_history/1", "/Observation/7/_history/1"),
        ("/r4/Observation/7", "/Observation/7"),
        ("http://fhir.inner.example/r4/Observation/7", None),
        ("/r4/Patient/7", None),
    ],
)
def test_the_location_of_what_was_made_goes_back_without_the_servers_address(
    inspector: Inspector, said: str, goes_back: str | None
) -> None:
    async def created(request: web.Request) -> web.Response:
        location = said.format(port=request.url.port)
        return web.Response(status=201, headers={"Location": location, "Set-Cookie": "a=b"})

    channel = request_channel(TEXT)
    peer = Peer(created)
    with calling(peer, operations=operations(channel), base_path="/r4") as caller:
        answer = caller.call("create", (), content=b'{"resourceType": "Observation"}')
    assert peer.seen[0].raw == "/r4/Observation"
    if goes_back is None:
        with pytest.raises(Refused):
            judged(inspector, channel, answer)
    else:
        assert answer.head.headers == (("location", goes_back),)
        assert judged(inspector, channel, answer) == b""


def test_addresses_in_a_bundle_can_be_taken_out(inspector: Inspector) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": "self", "url": "http://fhir.inner.example:8080/r4/Patient"}],
        "entry": [
            {
                "fullUrl": "http://fhir.inner.example:8080/r4/Patient/p-1",
                "resource": {"resourceType": "Patient", "id": "p-1"},
                "search": {"mode": "match"},
            }
        ],
    }

    async def found(_: web.Request) -> web.Response:
        return web.json_response(bundle, content_type="application/fhir+json")

    channel = request_channel(TEXT[: TEXT.index("  retrieve:")] + "\n" + REMOVED)
    with calling(Peer(found), operations=operations(channel)) as caller:
        answer = caller.call("search", (), (("_count", "5"),))
    let = judged(inspector, channel, answer)
    assert b"inner.example" not in let
    assert json.loads(let)["entry"] == [{"resource": {"resourceType": "Patient", "id": "p-1"}}]


def _parts(*objects: bytes) -> bytes:
    head = b"--of-parts\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + one + b"\r\n" for one in objects) + b"--of-parts--"


@pytest.mark.parametrize("before", [b"", b"\r\n"], ids=["", "preamble of nothing"])
def test_instances_are_retrieved_and_stored_as_parts(inspector: Inspector, before: bytes) -> None:
    async def pacs(request: web.Request) -> web.Response:
        if request.method == "POST":
            return web.Response(status=202)
        asked = request.headers["Accept"]
        assert asked == 'multipart/related; type="application/dicom"'
        typed = {"Content-Type": f"{asked}; boundary=of-parts"}
        return web.Response(body=before + _parts(OBJECT, OBJECT), headers=typed)

    channel = request_channel(TEXT)
    peer = Peer(pacs)
    with calling(peer, operations=operations(channel)) as caller:
        answer = caller.call("retrieve", (("instance", "1.2.3"),))
        assert judged(inspector, channel, answer) == _parts(OBJECT, OBJECT)
        stored = caller.call("store", (), content=answer.content, media_type="multipart/related")
    assert stored.head.status == 202
    sent = dict(peer.seen[1].headers)["Content-Type"]
    assert read_media_type(sent) == ("multipart/related", "of-parts")
    assert 'type="application/dicom"' in sent
    assert peer.seen[1].content == answer.content
