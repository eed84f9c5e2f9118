"""The HTTP sink: what reaches a peer is built from values alone; what comes back is bounded and reduced."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from gateway.connectors.request import building
from gateway.connectors.request.loop import Beside
from gateway.connectors.request.settings import Calling, ClientTls
from gateway.connectors.request.sink import HttpSink
from gateway.errors import GatewayError, Refused, StateUncertain, Unavailable
from gateway.unit.asking import Performed
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.request import Fields, RequestBody
from tests.gateway.connectors.request.certificates import Authority
from tests.gateway.connectors.request.harness import admitted
from tests.gateway.connectors.request.operations import OPERATIONS
from tests.gateway.connectors.request.peer import Peer, bytes_peer, later

_numbers = itertools.count(1)


class Caller:
    def __init__(self, sink: HttpSink, beside: Beside) -> None:
        self.sink, self.beside = sink, beside

    def call(
        self,
        name: str = "read",
        path: Fields = (("id", "r-1"),),
        query: Fields = (),
        headers: Fields = (),
        content: bytes = b"",
        within_ms: int = 3000,
        media_type: str = "application/json",
    ) -> Performed:
        kind = media_type if content else ""
        head = RequestBody(name, path, query, headers, kind, len(content), within_ms)
        unit = CapturedUnit(next(_numbers), "reports", Kind.REQUESTS, 1, head)
        return self.beside.call(self.sink.perform(admitted(unit, content), head))


@contextmanager
def calling(peer: Peer | int, **settings: object) -> Iterator[Caller]:
    """A sink that calls a peer, both in one loop; a port where the peer runs elsewhere."""
    beside = Beside([peer] if isinstance(peer, Peer) else [])
    port = peer.port if isinstance(peer, Peer) else peer
    sink = HttpSink(
        replace(Calling("reports", "127.0.0.1", port, None, OPERATIONS), **settings)  # type: ignore[arg-type]
    )
    try:
        beside.call(sink.start())
        yield Caller(sink, beside)
    finally:
        beside.call(sink.close())
        beside.close()


def number_of(caller: Caller, kind: type[GatewayError], **call: object) -> int:
    with pytest.raises(kind) as caught:
        caller.call(**call)  # type: ignore[arg-type]
    return caught.value.number


def test_the_peer_gets_a_new_request_and_nothing_else(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text("fhir bearer s3cret\n")
    secrets.chmod(0o600)
    peer = Peer()
    with calling(peer, base_path="/app", secrets=secrets, secret="fhir") as caller:
        performed = caller.call(headers=(("x-purpose", "care"),))
        caller.call(
            "list", (), (("patient", "a b&c=d/é"), ("date", "2026-01-05")),
        )  # fmt: skip
        caller.call("create", (), content=b"{}")
    assert performed.head.status == 200
    assert performed.head.content_type == "application/json"
    assert performed.head.size_bytes == len(performed.content)
    first, second, third = peer.seen
    assert (first.method, first.raw) == ("GET", "/app/fhir/DiagnosticReport/r-1")
    assert sorted(first.headers) == [
        ("Accept", "application/fhir+json, application/json"),
        ("Accept-Encoding", "identity"),
        ("Authorization", "Bearer s3cret"),
        ("Host", f"127.0.0.1:{peer.port}"),
        ("x-purpose", "care"),
    ]
    assert second.raw == (
        "/app/fhir/DiagnosticReport?patient=a%20b%26c%3Dd%2F%C3%A9&date=2026-01-05"
    )
    assert third.content == b"{}"
    assert ("Content-Type", "application/fhir+json") in third.headers


@pytest.mark.parametrize(
    "value", ["..", ".", "a/b", "a\\b", "%2e", "a;b", "a\x00", "a\r\nb", "", " ", "\u2028"]
)
def test_values_that_servers_read_differently_go_into_no_path(value: str) -> None:
    head = RequestBody("read", (("id", value),), (), (), "", 0, 1000)
    with pytest.raises(Refused) as caught:
        building.target(OPERATIONS["read"], "", head)
    assert caught.value.number == 6382


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ({"name": "none"}, 6384),
        ({"path": ()}, 6384),
        ({"path": (("id", "a"), ("x", "b"))}, 6384),
        ({"query": (("x", "y"),)}, 6384),
        ({"headers": (("cookie", "y"),)}, 6384),
        ({"headers": (("x-purpose", "a\r\nb: c"),)}, 6383),
        ({"headers": (("x-purpose", "é"),)}, 6383),
        ({"name": "create", "path": (), "content": b"x", "media_type": "text/html"}, 6327),
        ({"name": "read", "content": b"x"}, 6384),
        ({"name": "list", "path": (), "query": (("patient", "a\r\nb"),)}, 6383),
    ],
)
def test_what_its_own_operations_do_not_have_is_never_sent(
    call: dict[str, object], number: int
) -> None:
    peer = Peer()
    with calling(peer) as caller:
        assert number_of(caller, Refused, **call) == number
    assert peer.seen == []


def test_redirects_cookies_and_proxies_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    async def cookie(_request: web.Request) -> web.StreamResponse:
        response = web.json_response({})
        response.set_cookie("session", "x")
        return response

    peer = Peer(cookie)
    with calling(peer) as caller:
        assert caller.call().head.headers == ()
        caller.call()
    assert all(name.lower() != "cookie" for seen in peer.seen for name, _ in seen.headers)

    async def redirect(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound("/fhir/DiagnosticReport/other")

    peer = Peer(redirect)
    with calling(peer) as caller:
        assert number_of(caller, Refused) == 6385
    assert len(peer.seen) == 1


OK = b"HTTP/1.1 200 OK\r\n"
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("response", "number"),
    [
        (lambda: web.Response(status=500), 6385),
        (lambda: web.Response(body=b"x" * 70_000, headers=JSON), 6386),
        (lambda: web.Response(body=b"x", headers={**JSON, "Content-Encoding": "gzip"}), 6387),
        (lambda: web.Response(body=b"<html>", content_type="text/html"), 6388),
        (lambda: web.Response(body=b"{}", headers={"Content-Type": "x"}), 6388),
        (lambda: web.Response(body=b"{}", headers={**JSON, "ETag": "é"}), 6389),
    ],
)
def test_answers_that_no_operation_has_are_refused(response: object, number: int) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return response()  # type: ignore[operator, no-any-return]

    with calling(Peer(answer)) as caller:
        assert number_of(caller, Refused) == number
        assert number_of(caller, Refused) == number, "the next one finds a whole connection"


def test_a_long_chunked_answer_is_not_read_to_its_end() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=JSON)
        await response.prepare(request)
        try:
            for _ in range(10_000):
                await response.write(b"x" * 65_536)
        except ConnectionError:
            stopped.append(True)
            raise
        return response

    stopped: list[bool] = []
    with calling(Peer(endless)) as caller:
        assert number_of(caller, Refused) == 6386
    assert stopped == [True]


def test_listed_headers_come_back_and_no_others() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({}, headers={"ETag": '"1"', "X-Internal": "10.1.2.3"})

    with calling(Peer(answer)) as caller:
        assert caller.call().head.headers == (("etag", '"1"'),)


def test_an_answer_without_content_brings_none() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="stack trace of the peer")

    with calling(Peer(answer)) as caller:
        performed = caller.call()
        assert (performed.head.status, performed.content, performed.head.content_type) == (
            404,
            b"",
            "",
        )


def test_no_connection_is_unavailable_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with calling(port) as caller:
        assert number_of(caller, Unavailable, name="create", path=(), content=b"{}") == 6380


def test_an_end_after_sending_is_uncertain_and_never_repeated() -> None:
    with bytes_peer([None, None]) as (port, got), calling(port) as caller:
        assert number_of(caller, StateUncertain, name="create", path=(), content=b"{}") == 6381
        assert len(got) == 1
        # Not even what HTTP calls idempotent: that is the policy's and the source's to say.
        assert number_of(caller, StateUncertain) == 6381
        assert len(got) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "number"),
    [
        (OK + b"Content-Length: 9\r\nContent-Type: application/json\r\n\r\n{", StateUncertain, 6381),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", Refused, 6389),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", Refused, 6389),
        (b"SSH-2.0-OpenSSH\r\n", Refused, 6389),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", Refused, 6389),
    ],
)  # fmt: skip
def test_answers_that_are_none(answer: bytes, kind: type[GatewayError], number: int) -> None:
    with bytes_peer([answer]) as (port, got), calling(port) as caller:
        assert number_of(caller, kind, name="create", path=(), content=b"{}") == number
        assert len(got) == 1


def test_a_kept_connection_that_has_gone_stale_is_not_used() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"
    with bytes_peer([answer, answer]) as (port, got), calling(port) as caller:
        assert caller.call().content == b"{}"
        # The peer has closed it behind its answer.
        caller.beside.call(asyncio.sleep(0.2))
        assert caller.call("create", (), content=b"{}").content == b"{}"
        assert len(got) == 2


def test_time_ends_a_call() -> None:
    async def slow(_request: web.Request) -> web.StreamResponse:
        return await later(2.0, web.json_response({}))

    with calling(Peer(slow)) as caller:
        assert number_of(caller, StateUncertain, within_ms=200) == 6381
    # Nothing was sent: there was no free connection before the time was over.
    with calling(Peer(slow), most_connections=1, connect_s=0.3) as caller:
        first = asyncio.run_coroutine_threadsafe(_hold(caller), caller.beside._loop)
        caller.beside.call(asyncio.sleep(0.1))
        assert number_of(caller, Unavailable) == 6380
        first.result(5)


async def _hold(caller: Caller) -> None:
    head = RequestBody("read", (("id", "r-1"),), (), (), "", 0, 3000)
    unit = CapturedUnit(next(_numbers), "reports", Kind.REQUESTS, 1, head)
    await caller.sink.perform(admitted(unit, b""), head)


def test_tls_with_its_own_ca_and_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server("fhir.inner.example"))
    tls = ClientTls(authority.ca, "fhir.inner.example")
    peer = Peer(tls=context)
    with calling(peer, tls=tls) as caller:
        assert caller.call().head.status == 200
    with calling(peer, tls=replace(tls, server_name="other.example")) as caller:
        assert number_of(caller, Unavailable) == 6391
    other = Authority(tmp_path / "other", "other CA")
    with calling(peer, tls=replace(tls, ca=other.ca)) as caller:
        assert number_of(caller, Unavailable) == 6391
    assert len(peer.seen) == 1


def test_multipart_goes_with_its_boundary_and_root_type() -> None:
    part = b"--b0\r\nContent-Type: application/dicom\r\n\r\nDICM\r\n--b0--\r\n"
    peer = Peer()
    with calling(peer) as caller:
        caller.call("store", (), content=part, media_type="multipart/related")
        assert number_of(
            caller, Refused, name="store", path=(), content=b"no", media_type="multipart/related"
        ) == 6328  # fmt: skip
    said = dict(peer.seen[0].headers)["Content-Type"]
    assert said == 'multipart/related; type="application/dicom"; boundary="b0"'
    assert peer.seen[0].content == part
