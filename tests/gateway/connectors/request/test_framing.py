"""Where a request ends: whole equals byte by byte, and any bytes are a request or Refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.request.framing import Framing
from gateway.connectors.request.head import MAX_HEAD_BYTES
from gateway.connectors.request.media import from_boundary, read_media_type, written_media_type
from gateway.connectors.request.typed import sent_type
from gateway.errors import Refused
from gateway.policy.content_rules import read_content
from tests.attacks.http_requests import ATTACKS

START = b"POST /x HTTP/1.1\r\nHost: gate\r\n"
PIECES = [
    b"POST /x HTTP/1.1", b"GET / HTTP/1.1", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"Host: gate", b"X: 1",
    b"Content-Length: 3", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Connection: close",
    b"3", b"0", b"abc", b"\0", b" ", b":", b"ff", b";x",
]  # fmt: skip


def outcome(data: bytes, cuts: int) -> tuple[int, bytes, bytes]:
    """Number of the refusal (0 for none), what was passed on, what is behind the request."""
    framing, passed, rest = Framing(1000), b"", b""
    for at in range(0, len(data), cuts):
        piece = data[at : at + cuts]
        if framing.whole:
            rest += piece
            continue
        try:
            more, behind = framing.feed(piece)
        except Refused as error:
            return error.number, b"", b""
        passed, rest = passed + more, rest + behind
    return 0, passed, rest if framing.whole else b"-"


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(b"".join), st.integers(1, 7))
def test_a_seam_changes_nothing(tail: bytes, cuts: int) -> None:
    for data in (tail, START + tail):
        whole, cut = outcome(data, len(data) or 1), outcome(data, cuts)
        # What is wrong twice may be named by either of its faults.
        assert bool(whole[0]) == bool(cut[0])
        assert whole[1:] == cut[1:]


@given(st.binary(max_size=400))
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    framing = Framing(1000)
    try:
        passed, rest = framing.feed(data)
    except Refused as error:
        assert 6301 <= error.number <= 6325
    else:
        assert data.startswith(passed)
        assert not framing.whole or passed + rest == data
        assert framing.whole or rest == b""


@pytest.mark.parametrize(("name", "sent", "status"), ATTACKS, ids=[a[0] for a in ATTACKS])
def test_the_attacks_mean_the_same_in_single_bytes(name: str, sent: bytes, status: int) -> None:
    if len(sent) > MAX_HEAD_BYTES:
        sent = sent[:MAX_HEAD_BYTES]
    assert bool(outcome(sent, len(sent))[0]) == bool(outcome(sent, 1)[0])


def test_what_is_passed_on_is_what_came() -> None:
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    data = START + b"Transfer-Encoding: chunked\r\n\r\n" + body
    assert outcome(data + b"GET", 5) == (0, data, b"GET")
    data = START + b"Content-Length: 3\r\n\r\nabc"
    assert outcome(data + b"GET", 5) == (0, data, b"GET")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("application/json", ("application/json", "")),
        ("Application/FHIR+JSON; charset=UTF-8; fhirVersion=4.0", ("application/fhir+json", "")),
        ('multipart/related; type="application/dicom"; boundary="a b"', None),
        ('multipart/related; type="application/dicom"; boundary=ab', ("multipart/related", "ab")),
        ("application/json; charset=gbk", None),
        ("application/json; charset=utf-8; charset=gbk", None),
        ("application/json, text/html", None),
        ("application/json;", None),
        ("json", None),
        ("", None),
    ],
)
def test_media_types_are_read_strictly(value: str, read: tuple[str, str] | None) -> None:
    if read is None:
        with pytest.raises(Refused) as caught:
            read_media_type(value)
        assert caught.value.number == 6327
    else:
        assert read_media_type(value) == read


def test_a_boundary_that_ends_a_line_of_a_header_is_none() -> None:
    with pytest.raises(Refused):
        written_media_type("multipart/related", b'--a"\r\nX: y\r\n\r\n')
    assert written_media_type("text/plain", b"x") == "text/plain; charset=utf-8"


def test_a_line_end_before_the_first_boundary_goes_and_anything_else_is_refused() -> None:
    parts = b"--a\r\nContent-Type: application/dicom\r\n\r\nx\r\n--a--"
    assert from_boundary("a", parts) == from_boundary("a", b"\r\n" + parts) == parts
    for before in (b"\r\n\r\n", b"\n", b" ", b"preamble\r\n"):
        with pytest.raises(Refused) as caught:
            from_boundary("a", before + parts)
        assert caught.value.number == 6328
    with pytest.raises(Refused):
        from_boundary("b", parts)


@pytest.mark.parametrize(
    ("rule", "came", "goes"),
    [
        ("json", "application/problem+json", "application/problem+json"),
        ("fhir Patient", "application/json", "application/fhir+json"),
        ("soap", "application/soap+xml", "application/soap+xml"),
        ("pdf or png", "image/png", "image/png"),
    ],
)
def test_a_type_is_sent_on_by_its_first_name_only_where_it_is_a_name_of_the_same_thing(
    rule: str, came: str, goes: str
) -> None:
    assert sent_type(read_content(rule, "", 1, {}, 1 << 20), came) == goes
