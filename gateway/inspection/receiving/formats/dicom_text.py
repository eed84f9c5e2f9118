"""Characters of DICOM values: the sets of (0008,0005) and their code extensions, strictly.

    ESC ( B    ASCII             ESC ( J / ESC ) I   JIS X 0201        ESC $ B     JIS X 0208
    ESC $ ( D  JIS X 0212        ESC $ ) C           KS X 1001         ESC $ ) A   GB 2312
    ESC - A, B, C, D, F, G, H, L, M, T, b            the right halves of ISO 8859

PS3.5, 6.1.2 and PS3.3, C.12.1.1.2. An escape to a set that was not declared is refused.
"""

from __future__ import annotations

from typing import Final

from gateway.inspection.formats.dicom import CODECS, DicomProfile, unsound

_ESCAPES: Final = {
    b"\x1b(B": "ascii",
    b"\x1b-A": "iso8859_1",
    b"\x1b-B": "iso8859_2",
    b"\x1b-C": "iso8859_3",
    b"\x1b-D": "iso8859_4",
    b"\x1b-L": "iso8859_5",
    b"\x1b-G": "iso8859_6",
    b"\x1b-F": "iso8859_7",
    b"\x1b-H": "iso8859_8",
    b"\x1b-M": "iso8859_9",
    b"\x1b-b": "iso8859_15",
    b"\x1b-T": "iso8859_11",
    b"\x1b(J": "shift_jis",
    b"\x1b)I": "shift_jis",
    b"\x1b$B": "iso2022_jp",
    b"\x1b$(D": "iso2022_jp_2",
    b"\x1b$)C": "euc_kr",
    b"\x1b$)A": "gb2312",
}
# These codecs read the escape themselves; for the others it is taken off first.
_WITH_ESCAPE: Final = frozenset(["iso2022_jp", "iso2022_jp_2"])

Codecs = tuple[str, ...]
DEFAULT: Final[Codecs] = ("ascii",)


def codecs_of(value: bytes, profile: DicomProfile) -> Codecs:
    """The codecs that a value of (0008,0005) declares. Raises Unsound 3912 and nothing else."""
    terms = [term.strip(" ") for term in value.rstrip(b"\x00 ").decode("latin_1").split("\\")]
    for term in terms:
        if term not in CODECS or term not in profile.character_sets:
            raise unsound(3912, value=term)
    if len(terms) > 1:
        # Only sets with escapes can be switched between; the others stand alone.
        for term in terms:
            if term and not term.startswith("ISO 2022 ") and not _is_plain_first(term, terms):
                raise unsound(3912, value="\\".join(terms))
    return tuple(CODECS[term] for term in terms)


def _is_plain_first(term: str, terms: list[str]) -> bool:
    """`ISO_IR 100\\ISO 2022 IR 87` is met and unambiguous: the first set is where each value begins."""
    return (
        terms[0] == term and terms.count(term) == 1 and term not in ("ISO_IR 192", "GB18030", "GBK")
    )


def decode(value: bytes, codecs: Codecs, where: str) -> str:
    """A value as characters. Raises Unsound 3913 and nothing else."""
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    try:
        if len(codecs) == 1 and b"\x1b" not in value:
            return value.decode(codecs[0])
        return _extended(value, codecs, where)
    except UnicodeDecodeError as error:
        raise unsound(3913, tag=where, set=codecs[0], offset=error.start) from None


def _extended(value: bytes, codecs: Codecs, where: str) -> str:
    """Piece by piece between escapes; a line's end, a tab or a caret brings back the first set."""
    head, *pieces = value.split(b"\x1b")
    text = head.decode(codecs[0])
    for piece in pieces:
        marked = b"\x1b" + piece
        escape = marked[:4] if marked[1:3] in (b"$(", b"$)") else marked[:3]
        codec = _ESCAPES.get(escape)
        if codec is None or (codec != "ascii" and codec not in codecs):
            raise unsound(3913, tag=where, set=codecs[0], offset=value.find(marked))
        body = marked[len(escape) :]
        ended = _reset_at(body) if codec not in _WITH_ESCAPE else len(body)
        coded = marked[: len(escape) + ended] if codec in _WITH_ESCAPE else body[:ended]
        text += coded.decode(codec) + body[ended:].decode(codecs[0])
    return text


def _reset_at(body: bytes) -> int:
    ends = [at for mark in b"\r\n\t\x0c" if (at := body.find(mark)) >= 0]
    return min(ends, default=len(body))
