"""Images: good ones pass both sides, every attack is refused on both, what is written anew is bare."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Check, FormatLimits, Text
from gateway.inspection.formats.image import Extra, ImageProfile, Kind
from gateway.inspection.formats.image_rebuild import Frame, Picture, rebuild_image
from gateway.inspection.receiving.formats.image import check as receiving_check
from gateway.inspection.sending.formats.image import check as sending_check
from gateway.inspection.sending.formats.image_pixels import read_pixels
from gateway.inspection.unsound import Unsound, Word
from gateway.messages.formats_image import TEXTS
from tests.corpus import image as corpus
from tests.gateway.inspection.formats.reading import LIMITS, Reader, bytes_of, numbers_of

CHECKS = [sending_check, receiving_check]
PROFILE = ImageProfile()
IMAGE = Reader(PROFILE, TEXTS, frozenset({Word.IMAGE}))


def run(
    check: Check[ImageProfile],
    data: bytes,
    profile: ImageProfile = PROFILE,
    limits: FormatLimits = LIMITS,
) -> tuple[set[int], list[str], list[bytes]]:
    """Numbers of the faults, texts, members."""
    found = IMAGE.items(check, data, profile, limits)
    assert IMAGE.untold(found) == []
    return numbers_of(found), [one.text for one in found if isinstance(one, Text)], bytes_of(found)


def rebuilt(data: bytes) -> bytes:
    return rebuild_image(read_pixels(Content.of_bytes(data), LIMITS, PROFILE), PROFILE)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", corpus.GOOD)
def test_a_good_image_passes(check: Check[ImageProfile], name: str) -> None:
    assert run(check, corpus.GOOD[name]())[0] == set()


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("name", "make", "expected"), corpus.CASES, ids=[c[0] for c in corpus.CASES]
)
def test_an_attack_is_refused(
    check: Check[ImageProfile], name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    assert run(check, make())[0] & expected


def test_the_table_names_each_attack_once() -> None:
    assert len({name for name, _, _ in corpus.CASES}) == len(corpus.CASES) >= 60


@pytest.mark.parametrize("check", CHECKS)
def test_words_in_metadata_are_handed_on(check: Check[ImageProfile]) -> None:
    jpeg = corpus.saved(
        "JPEG",
        exif=corpus.exif("bed 17 绝密".encode().decode("latin_1")),
        comment="病人".encode("gb18030"),
    )
    words = " ".join(run(check, jpeg)[1])
    assert "bed 17" in words and "病人" in words
    words = " ".join(run(check, corpus.saved("PNG", pnginfo=corpus.png_texts()))[1])
    assert "Zhang San" in words and "张三" in words and "packed packed" in words
    gif = corpus.gif(before=b"\x21\xfe\x06ward 3\0")
    assert "ward 3" in run(check, gif)[1]
    assert "ward 3" in run(check, corpus.saved("TIFF", tiffinfo={270: "ward 3"}))[1]


@pytest.mark.parametrize("check", CHECKS)
def test_a_thumbnail_is_a_file_of_its_own(check: Check[ImageProfile]) -> None:
    small = corpus.saved("JPEG", "L")
    first = corpus.tiff((270, 2, 2, 0), following=26)
    second = struct.pack("<HHHIIHHIII", 2, 513, 4, 1, 56, 514, 4, 1, len(small), 0)
    data = corpus.with_segment(0xE1, b"Exif\0\0" + first + second + small)
    numbers, _, members = run(check, data)
    assert (numbers, members) == (set(), [small])


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("extra", "data"),
    [
        (Extra.EXIF, corpus.saved("JPEG", exif=corpus.exif())),
        (Extra.ICC, corpus.saved("JPEG", icc_profile=bytes(300))),
        (Extra.TEXT, corpus.saved("JPEG", comment=b"ward 3")),
        (Extra.TEXT, corpus.saved("PNG", pnginfo=corpus.png_texts())),
        (Extra.EXIF, corpus.saved("PNG", exif=corpus.exif())),
        (Extra.XMP, corpus.with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")),
    ],
)
def test_a_profile_may_refuse_metadata(
    check: Check[ImageProfile], extra: Extra, data: bytes
) -> None:
    profile = replace(PROFILE, extras=PROFILE.extras - {extra})
    assert run(check, data)[0] == set()
    assert run(check, data, profile)[0] == {3945}
    assert run(check, rebuilt(data), profile)[0] == set()


@pytest.mark.parametrize("check", CHECKS)
def test_limits_of_the_profile_and_of_all_formats_hold(check: Check[ImageProfile]) -> None:
    data = corpus.saved("PNG")
    assert run(check, data, replace(PROFILE, pixels=5000))[0] == {3936}
    assert run(check, data, limits=FormatLimits(pixels=5000))[0] == {3936}
    assert run(check, data, replace(PROFILE, side=96))[0] == {3937}
    assert run(check, data, replace(PROFILE, kinds=frozenset([Kind.JPEG])))[0] == {3930}
    assert run(check, data, replace(PROFILE, size_bytes=100))[0] == {3938}
    assert run(check, corpus.many_frames(9), limits=FormatLimits(pages=8))[0] == {3939}
    text = corpus.saved("JPEG", comment=b"x" * 5000)
    assert run(check, text, replace(PROFILE, extra_bytes=4000))[0] == {3938}


# --- written anew -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", corpus.GOOD)
def test_what_is_written_anew_passes_a_profile_without_any_metadata(name: str) -> None:
    data = corpus.GOOD[name]()
    again = rebuilt(data)
    bare = replace(PROFILE, extras=frozenset([Extra.TEXT, Extra.PRINT]))
    for check in CHECKS:
        numbers, _, members = run(check, again, bare)
        assert (numbers, members) == (set(), [])
    old, new = Image.open(io.BytesIO(data)), Image.open(io.BytesIO(again))
    assert old.format == new.format
    assert getattr(old, "n_frames", 1) == getattr(new, "n_frames", 1)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_no_pixel_changes_where_the_format_keeps_them(kind: str, mode: str) -> None:
    again = Image.open(io.BytesIO(rebuilt(corpus.saved(kind, mode))))
    assert again.convert("RGB").tobytes() == corpus.drawn(mode).convert("RGB").tobytes()


def test_the_turn_that_exif_says_is_kept() -> None:
    again = Image.open(io.BytesIO(rebuilt(corpus.saved("JPEG", exif=corpus.exif()))))
    assert again.size == (61, 97)


PAYLOAD = b"PAYLOAD-4711-PAYLOAD"


@pytest.mark.parametrize(
    "data",
    [
        corpus.saved("JPEG", comment=PAYLOAD),
        corpus.saved("JPEG", exif=corpus.exif(PAYLOAD.decode())),
        corpus.saved("JPEG", icc_profile=PAYLOAD * 10),
        corpus.saved("JPEG") + PAYLOAD,
        corpus.with_segment(0xEB, PAYLOAD),
        corpus.png(before=corpus.chunk(b"tEXt", b"a\0" + PAYLOAD)),
        corpus.saved("PNG") + PAYLOAD,
        corpus.gif(before=b"\x21\xfe\x14" + PAYLOAD + b"\0"),
        corpus.saved("TIFF", tiffinfo={270: PAYLOAD.decode()}),
        corpus.bmp(start=54 + 20, gap=PAYLOAD),
    ],
)
def test_nothing_of_a_payload_is_in_what_is_written_anew(data: bytes) -> None:
    assert PAYLOAD in data
    again = rebuilt(data)
    assert PAYLOAD not in again
    assert all(run(check, again)[0] == set() for check in CHECKS)


@pytest.mark.parametrize(
    "picture",
    [
        Picture("png", ()),
        Picture("svg", (Frame("L", 1, 1, b"\0"),)),
        Picture("png", (Frame("L", 1, 1, b"\0"),) * 2),
        Picture("png", (Frame("L", 4, 4, bytes(15)),)),
        Picture("png", (Frame("L", 4, 4, bytes(17)),)),
        Picture("png", (Frame("CMYK", 1, 1, bytes(4)),)),
        Picture("png", (Frame("L", 40_000, 40_000, b""),)),
        Picture("png", (Frame("L", -1, 4, b""),)),
        Picture("jpeg", (Frame("RGBA", 1, 1, bytes(4)),)),
        Picture("gif", (Frame("L", 1, 1, b"\0", -5),)),
    ],
)
def test_pixels_of_a_sandbox_that_fell_are_refused(picture: Picture) -> None:
    with pytest.raises(Unsound) as error:
        rebuild_image(picture, PROFILE)
    assert error.value.fault.number in TEXTS


# --- any bytes ------------------------------------------------------------------------------------------

_SAMPLES = [make() for make in corpus.GOOD.values()]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(_SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.one_of(st.integers(0, min(200, len(data)) - 1), st.integers(0, len(data) - 1)))
        match draw(st.integers(0, 2)):
            case 0:
                data[at] = draw(st.integers(0, 255))
            case 1 if len(data) > 40:
                del data[at : at + draw(st.integers(1, 12))]
            case _:
                data[at:at] = draw(st.binary(min_size=1, max_size=12))
    return bytes(data)


SMALL = replace(PROFILE, pixels=1_000_000)


@pytest.mark.parametrize("check", CHECKS)
@given(data=mutated())
@settings(max_examples=500, deadline=None)
def test_a_changed_image_gives_items_or_a_refusal(check: Check[ImageProfile], data: bytes) -> None:
    assert IMAGE.untold(IMAGE.items(check, data, SMALL)) == []


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    "mark", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"GIF89a", b"BM"]
)
@given(body=st.binary(max_size=300))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_items_or_a_refusal(
    check: Check[ImageProfile], mark: bytes, body: bytes
) -> None:
    assert IMAGE.untold(IMAGE.items(check, mark + body, SMALL)) == []


@given(data=mutated())
@settings(max_examples=300, deadline=None)
def test_what_is_decoded_is_written_anew_and_taken(data: bytes) -> None:
    try:
        picture = read_pixels(Content.of_bytes(data), LIMITS, SMALL)
    except Unsound:
        return
    again = rebuild_image(picture, PROFILE)
    assert all(run(check, again)[0] == set() for check in CHECKS)
