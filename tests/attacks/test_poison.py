"""One bad file costs one file: no content makes the readers raise, or take memory beyond their limits."""

from __future__ import annotations

import io
import resource
import zipfile

import pytest

from gateway.policy.evaluate import Result
from tests.attacks.conftest import PDF, Judged, channel_of, zipped

ANY = channel_of("passes_if:\n  type: pdf, ofd or zip\n  inside: pdf\n")


def packed(method: int, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as archive:
        archive.writestr("OFD.xml", content)
    return written.getvalue()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_an_ofd_whose_root_part_is_broken_is_refused_and_ends_no_process(
    judged: Judged, method: int
) -> None:
    """F0: LZMAError is no OSError, and an OSError of a decompressor is no unreadable disk."""
    data = bytearray(packed(method, bytes(range(256)) * 16))
    start = data.find(b"OFD.xml") + 30
    data[start : start + 40] = bytes(range(0xFF, 0xFF - 40, -1))
    assert {v.result for v in judged(ANY, bytes(data)).values()} == {Result.REFUSED}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_bomb_in_a_method_that_is_not_taken_apart_takes_no_memory(
    judged: Judged, method: int
) -> None:
    """F0: 100 bytes of bzip2 are 100 MiB of zeros."""
    data = packed(method, bytes(64 << 20))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert {v.result for v in judged(ANY, data).values()} == {Result.REFUSED}
    # The test itself held 64 MiB; the peak of this process must not have moved by another 32.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"PK\x05\x06", b"PK\x05\x06" + bytes(18), b"%PDF-", b"MSH"]
)
def test_nearly_nothing_is_refused(judged: Judged, data: bytes) -> None:
    assert {v.result for v in judged(channel_of("passes_if:\n  type: pdf\n"), data).values()} == {
        Result.REFUSED
    }


def test_a_program_in_front_of_a_zip_of_reports_is_refused(judged: Judged) -> None:
    data = b"MZ" + bytes(200) + zipped(("a.pdf", PDF))
    assert {v.result for v in judged(ANY, data).values()} == {Result.REFUSED}


def test_two_members_of_one_name_are_refused(judged: Judged) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped(("a.pdf", PDF), ("a.pdf", PDF + b"%%EOF\n"))
    assert {v.result for v in judged(ANY, data).values()} == {Result.REFUSED}
