"""Any bytes give facts, or Unavailable where the world is not ready; never another error, never for long.

Readers of the sending side agree on whatever a text can be: a difference would refuse honest files.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.errors import Unavailable
from gateway.inspection.chain import Inspector, Role, bytes_body
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.malware.clamd_replies import read_verdict, read_version
from gateway.inspection.names import judge_member_name, judge_unit_name
from gateway.inspection.sending import libmagic, signatures
from gateway.policy.facts import FileFacts, UnpackLimits
from gateway.policy.filetypes import TYPE_WORDS
from tests.gateway.inspection import packing as p

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
LIMITS = UnpackLimits(depth=3, files=50, total_bytes=1 << 20, ratio=50)
FUZZ = int(os.environ.get("FUZZ", "1"))
_SETTINGS = settings(
    max_examples=150 * FUZZ,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_WORDS = {"type", "archive", "encrypted", "name"}

_SEEDS = (
    p.zip_of({"a.csv": b"a,b\n1,2\n", "b/": b"", "b/c.txt": b"hello" * 50}),
    p.streamed_zip({"a": b"x" * 300}),
    p.zip64_of("a", b"y" * 300),
    p.ooxml("word/document.xml"),
    p.ofd(),
    p.encrypted_zip(),
    p.tar_of({"a": b"x" * 600, "b" * 150: b"y"}),
    p.gz(p.tar_of({"a": b"x" * 600}), "a.tar"),
    p.bz(b"hello" * 99),
    p.xz(b"hello" * 99),
    p.pdf(),
    p.dicom(),
    p.png(),
    p.gif(),
    p.jpeg(),
    p.bmp(),
    p.mp4(),
    p.tiff(),
    p.ole2("EncryptedPackage"),
    p.pe(),
    p.elf(),
    b'<?xml version="1.0"?><!-- x --><ClinicalDocument xmlns="urn:hl7-org:v3"><a/></ClinicalDocument>',
    b'{"resourceType": "Patient", "id": "x", "n": [1, 2.5e3, null, true]}',
    b"MSH|^~\\&|A|B\rPID|1\r",
    b'id,name\n1,"a ""b"", c"\n2,d\n',
)
# Bytes at which formats turn.
_TURNS = st.sampled_from(
    [b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x07", b"\xff" * 4, bytes(4), b"\0" * 512,
     b"%PDF-", b"%%EOF", b"DICM", b"MZ", b"<", b">", b'"', b"{", b"\x80", b"\x01\0\x10\0"]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An honest file with some bytes turned, cut, doubled or put in."""
    data = bytearray(draw(st.sampled_from(_SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.integers(0, 4)):
            case 0 if data:
                data[at] = draw(st.integers(0, 255))
            case 1:
                del data[at : at + draw(st.integers(1, 64))]
            case 2:
                data[at:at] = draw(_TURNS)
            case 3:
                data[at:at] = data[at : at + draw(st.integers(1, 256))]
            case _:
                turn = draw(_TURNS)
                data[at : at + len(turn)] = turn
    return bytes(data)


@pytest.fixture(scope="module", params=list(Role), ids=str)
def inspector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Inspector]:
    yield inspector_here(request.param, [], tmp_path_factory.mktemp("scratch"))


def check(facts: FileFacts, data: bytes) -> None:
    assert facts.leaves[0].size_bytes == facts.size_bytes == len(data)
    assert all(leaf.type in TYPE_WORDS for leaf in facts.leaves)
    assert {problem.word for problem in facts.problems} <= _WORDS
    assert len(facts.leaves) <= LIMITS.files + 1
    assert all(3100 <= problem.number < 3500 for problem in facts.problems)


@_SETTINGS
@given(data=st.binary(max_size=2000))
def test_any_bytes_give_facts(inspector: Inspector, data: bytes) -> None:
    check(inspector.examine(bytes_body(data), "x.bin", AT, LIMITS), data)


@_SETTINGS
@given(data=damaged())
def test_any_damage_gives_facts(inspector: Inspector, data: bytes) -> None:
    check(inspector.examine(bytes_body(data), "x.zip", AT, LIMITS), data)


@_SETTINGS
@given(data=damaged())
def test_what_one_side_takes_whole_the_other_does_not_see_as_another_archive(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """Where both sides find nothing wrong they have seen the same members."""
    scratch = tmp_path_factory.getbasetemp()
    both = [
        inspector_here(role, [], scratch).examine(bytes_body(data), "x", AT, LIMITS)
        for role in Role
    ]
    if not both[0].problems and not both[1].problems and both[0].leaves[0].type in _ARCHIVES:
        assert both[0].leaves[0].type == both[1].leaves[0].type
        paths = [sorted((leaf.path, leaf.size_bytes) for leaf in facts.leaves) for facts in both]
        assert paths[0] == paths[1]


_ARCHIVES = {"zip", "tar", "gzip", "bzip2", "xz"}
_PIECES = st.sampled_from(
    ["a", "B", "0", "好", "é", " ", "\n", "\r\n", "\r", "\t", ",", ";", "|", '"', '""', "'", "{", "}",
     "[", "]", ":", "<", ">", "/", "=", "<?xml version='1.0'?>", "<!--", "-->", "<a>", "</a>", "<A b='c'>",
     "<html>", "<p>", "<!DOCTYPE html>", "#!", "<?php", "MSH|^~\\&|", "true", "null", "1.5", '"resourceType"',
     '"Patient"', "xmlns='http://hl7.org/fhir'", "powershell -", "MZ", "BM", "GIF", "PK", "\ufeff", "%", "\\"]
)  # fmt: skip


@_SETTINGS
@given(
    pieces=st.lists(_PIECES, max_size=25),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030"]),
)
@example(pieces=['"', "a", ",", "\n", "b", ",", "\n"], encoding="utf-8")
@example(pieces=["<a>", "\n"], encoding="utf-16")
def test_the_two_readers_of_the_sender_agree_on_any_text(pieces: list[str], encoding: str) -> None:
    data = "".join(pieces).encode(encoding)
    first = libmagic.read_word(Content.of_bytes(data))
    assert first == signatures.read_word(Content.of_bytes(data))


@_SETTINGS
@given(
    name=st.text(max_size=60)
    | st.binary(max_size=40).map(lambda b: b.decode("utf-8", "surrogateescape"))
)
def test_any_name_is_judged_and_none_that_climbs_passes(name: str) -> None:
    unit, member = judge_unit_name(name), judge_member_name(name)
    assert len(unit) <= 1 >= len(member)
    if not unit:
        assert name not in ("", ".", "..")
        assert not set("/\\\0\n\u202e") & set(name)
    if not member:
        assert ".." not in name.split("/")
        assert not name.startswith("/")
        assert not set("\\\0\n\u202e") & set(name)


@_SETTINGS
@given(
    reply=st.binary(max_size=80)
    | st.from_regex(rb"\A[0-9]: (fd\[1\]|stream): \w* ?(OK|FOUND|ERROR)\Z")
)
def test_any_reply_of_a_scanner_is_a_verdict_or_unavailable(reply: bytes) -> None:
    for read in (lambda: read_verdict(reply, 1), lambda: read_version(reply)):
        try:
            verdict = read()
        except Unavailable as error:
            assert error.number in (3303, 3304, 3307)
        else:
            assert (
                verdict is not None
                or reply in (b"1: fd[1]: OK", b"1: stream: OK")
                or b"OK" in reply
            )


@pytest.mark.parametrize("seed", range(4))
def test_recursive_archives_end_soon(inspector: Inspector, seed: int) -> None:
    """Trees of archives that branch at every level cost no more than the limits allow."""
    chance = random.Random(seed)
    data = b"leaf" * 10
    for _ in range(8):
        pack = p.zip_of if chance.random() < 0.5 else p.tar_of
        data = pack({f"{n}.bin": data for n in range(chance.randint(2, 5))})
        data = chance.choice([data, p.gz(data), p.xz(data)])
    facts = inspector.examine(bytes_body(data), "x", AT, UnpackLimits())
    assert facts.problems
    assert len(facts.leaves) <= UnpackLimits().files + 1


def _repeated(start: bytes, again: bytes, end: bytes = b"") -> Callable[[int], bytes]:
    return lambda size: start + again * (size // len(again)) + end


_SHAPES = {
    "attributes": _repeated(b"<a", b" b='c'"),
    "half attributes": _repeated(b"<a", b" b= 'c'"),
    "comments that stay open": _repeated(b"", b"<!--"),
    "comments": _repeated(b"", b"<!-- - -"),
    "document type": _repeated(b"<!DOCTYPE a [", b"] "),
    "instructions": _repeated(b"", b"<?a "),
    "encodings": _repeated(b"<?xml ", b" encoding ="),
    "quotes": _repeated(b"a,", b'"a""'),
    "marks": _repeated(b"", b","),
    "brackets": _repeated(b"", b"[", b"]"),
    "fill bytes of a jpeg": _repeated(b"\xff\xd8\xff", b"\xff"),
    "ends of a zip": _repeated(b"PK\x03\x04", b"PK\x05\x06"),
    "ends of a zip in a pdf": _repeated(b"%PDF-1.4", b"PK\x05\x06"),
    "ends of a pdf": _repeated(b"%PDF-1.4", b"%%EOF"),
    "blocks of a gif": _repeated(b"GIF89a" + bytes(7), b"\x21\xf9\0"),
    "gzip members": _repeated(b"", p.gz(b"")),
    "bzip2 streams": _repeated(b"", p.bz(b"")),
    "xz streams": _repeated(b"", p.xz(b"")),
}


@pytest.mark.parametrize("shape", _SHAPES)
def test_work_grows_with_the_size_and_not_with_its_square(inspector: Inspector, shape: str) -> None:
    def cost(size: int) -> float:
        body = bytes_body(_SHAPES[shape](size))
        costs = []
        for _ in range(3):
            began = time.process_time()
            inspector.examine(body, "x", AT, UnpackLimits())
            costs.append(time.process_time() - began)
        return min(costs)

    # Eight times the size: 64 times the work if it were a square. A millisecond is noise.
    assert cost(64_000) < 24 * cost(8_000) + 0.01
