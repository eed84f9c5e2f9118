"""Files of every format, and ways to damage them; all by seed, so that a find can be made again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from tests.corpus import csv, dicom, fhir, hl7, image, json, ofd, ooxml, pdf, persons, xml

Seeds = dict[str, list[bytes]]

# What formats are made of: a damaged file is stranger with a piece of another one's grammar in it.
_PIECES: Final = (
    b"\0", b"\xff", b"=cmd", b"<script>",
    b"\r\n", b'"', b"<", b"]]>", b"<!DOCTYPE a>", b"&#x0;", b"\\u0000", b"\\X0D\\",
    b"MSH|^~\\&|", b"{", b"}}}}", b"[" * 40, b"PK\x03\x04", b"PK\x05\x06", b"%PDF-1.7", b"endobj",
    b"/JS", b"DICM", b"\xfe\xff\x00\xe0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xef\xbb\xbf",
    "身份证".encode(), b"13800138000", b"data:text/html", b"stream\n", b"~", b"^", b"|",
)  # fmt: skip


def seeds() -> Seeds:
    """Files by the word of their format."""
    somebody = persons.people(1)[0]
    made: Seeds = {}

    def add(word: str, *makers: Callable[[], bytes]) -> None:
        made.setdefault(word, []).extend(make() for make in makers)

    add("json", *json.GOOD.values(), *(case[1] for case in json.CASES))
    add("xml", *xml.GOOD.values(), *xml.GOOD_CDA.values())
    add("hl7", *hl7.GOOD.values(), *(case[1] for case in hl7.CASES))
    add("csv", *csv.GOOD.values(), *(case[1] for case in csv.CASES))
    add("dicom", *dicom.GOOD.values(), *(case[1] for case in dicom.CASES))
    add("image", *image.GOOD.values())
    add("ofd", *ofd.GOOD.values())
    add("ooxml", *ooxml.GOOD.values())
    add("pdf", *pdf.GOOD.values())
    add("fhir", *(case[1] for case in fhir.CASES))
    for _, make in persons.FORMATS.values():
        made["persons"] = [*made.get("persons", []), make(somebody)]
    # A large one is looked at as often as a small one.
    return {word: [data for data in files if len(data) < 200_000] for word, files in made.items()}


def damaged(chance: random.Random, files: Seeds, word: str) -> bytes:
    """One of these, with one to eight things wrong with it."""
    data = bytearray(chance.choice(files[word]))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 1, 2, 8, 64, 1024)))
        match chance.randrange(7):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                data[at:end] = chance.randbytes(end - at)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = chance.choice(_PIECES)
            case 4:
                data[at:end] = data[at:end] * 2
            case 5:
                other = chance.choice(files[chance.choice(list(files))])
                begin = chance.randrange(len(other) + 1)
                data[at:end] = other[begin : begin + chance.choice((4, 64, 512))]
            case _:
                number = chance.choice((0, 1, 255, 65_535, 2**31 - 1, 2**32 - 1))
                data[at : at + 4] = number.to_bytes(4, chance.choice(("little", "big")))
    return bytes(data)
