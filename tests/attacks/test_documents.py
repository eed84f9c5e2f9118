"""Programs and macros that hide in a document: no channel of documents takes them, at any depth."""

from __future__ import annotations

import gzip

import pytest

from gateway.policy.evaluate import Result
from tests.attacks.conftest import DOCX_PARTS, EXE, PDF, Judged, channel_of, zipped

DOCX_ONLY = channel_of("passes_if:\n  type: docx\n")


def results(judged: Judged, *parts: tuple[str, bytes]) -> set[Result]:
    return {v.result for v in judged(DOCX_ONLY, zipped(*DOCX_PARTS, *parts)).values()}


def test_a_plain_document_passes(judged: Judged) -> None:
    assert results(judged) == {Result.PASSES}


def test_a_program_as_a_part_is_refused_by_both_guards(judged: Judged) -> None:
    assert results(judged, ("word/embeddings/x.bin", EXE)) == {Result.REFUSED}


def test_a_program_in_an_archive_in_a_document_is_refused_by_both_guards(judged: Judged) -> None:
    """F1: the document ends where an archive within it begins."""
    packed = zipped(("a.exe", EXE))
    assert results(judged, ("word/embeddings/x.zip", packed)) == {Result.REFUSED}


def test_a_program_compressed_in_a_document_is_refused_by_both_guards(judged: Judged) -> None:
    """F1, by gzip."""
    packed = gzip.compress(EXE)
    assert results(judged, ("word/embeddings/x.gz", packed)) == {Result.REFUSED}


def test_macros_of_a_document_within_a_document_are_refused(judged: Judged) -> None:
    inner = zipped(*DOCX_PARTS, ("word/vbaProject.bin", bytes(100)))
    assert results(judged, ("word/embeddings/x.docm", inner)) == {Result.REFUSED}


@pytest.mark.parametrize("mark", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01\x00"])
def test_what_cannot_be_taken_apart_is_refused_within_a_document(
    judged: Judged, mark: bytes
) -> None:
    assert results(judged, ("word/embeddings/x", mark + bytes(100))) == {Result.REFUSED}


def test_a_renamed_program_is_refused_in_every_wrapping(judged: Judged) -> None:
    channel = channel_of("passes_if:\n  type: pdf, zip or gzip\n  inside: pdf or zip\n")
    for data in (
        EXE,
        zipped(("report.pdf", EXE)),
        gzip.compress(zipped(("report.pdf", EXE))),
        zipped(("n.zip", zipped(("report.pdf", EXE)))),
        gzip.compress(gzip.compress(PDF)),
    ):
        verdicts = judged(channel, data, "report.pdf").values()
        assert {v.result for v in verdicts} == {Result.REFUSED}
