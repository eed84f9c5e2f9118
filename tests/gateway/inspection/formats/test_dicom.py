"""DICOM: good objects pass both sides, every attack is refused on both, what is written anew is clean."""

from __future__ import annotations

import io
import struct
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import Check, FormatLimits, Text
from gateway.inspection.formats.dicom import (
    DICOMDIR,
    EXPLICIT_BE,
    READABLE,
    STORAGE_PREFIX,
    BurnedIn,
    DicomProfile,
)
from gateway.inspection.formats.dicom_confidentiality import ACTIONS
from gateway.inspection.formats.dicom_deidentify import Dates, DeidentifyRules, deidentify
from gateway.inspection.formats.dicom_dictionary import VRS
from gateway.inspection.formats.dicom_rebuild import rebuild_dicom
from gateway.inspection.formats.dicom_values import DicomObject, Element, Fragments, Items, Range
from gateway.inspection.receiving.formats.dicom import check as receiving_check
from gateway.inspection.receiving.formats.dicom_values import read_values as receiving_values
from gateway.inspection.sending.formats.dicom import check as sending_check
from gateway.inspection.sending.formats.dicom_values import read_values as sending_values
from gateway.inspection.unsound import Fault, Member, Unsound, Word
from gateway.messages.formats_image import TEXTS
from tests.corpus import dicom as corpus
from tests.gateway.inspection.formats.reading import LIMITS, Reader
from tests.gateway.inspection.packing import pe

CHECKS = [sending_check, receiving_check]
READERS = [sending_values, receiving_values]
PROFILE = DicomProfile()
WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"
# What the wheel's objects need of a channel; what is still refused breaks the standard.
FIELD = DicomProfile(
    private_elements=True,
    sop_classes=(STORAGE_PREFIX, DICOMDIR),
    tiff_preamble=True,
    preamble_traces=True,
    trailing_padding=True,
    strict_values=False,
    transfer_syntaxes=READABLE,
)
# Objects of the wheel that are not valid, and by which rule.
NOT_VALID = {
    "ExplVR_BigEndNoMeta.dcm": 3902,  # no file header at all, five of them
    "ExplVR_LitEndNoMeta.dcm": 3902,
    "no_meta.dcm": 3902,
    "rtstruct.dcm": 3902,
    "empty_charset_LEI.dcm": 3902,  # group 2 without elements that PS3.10, 7.1 needs
    "meta_missing_tsyntax.dcm": 3902,
    "nested_priv_SQ.dcm": 3902,
    "no_meta_group_length.dcm": 3902,
    "UN_sequence.dcm": 3903,  # no SOP class or instance in the data set, or another than group 2 says
    "priv_SQ.dcm": 3903,
    "rtdose.dcm": 3903,
    "rtdose_1frame.dcm": 3903,
    "rtdose_expb.dcm": 3903,
    "rtdose_expb_1frame.dcm": 3903,
    "rtdose_rle.dcm": 3903,
    "rtdose_rle_1frame.dcm": 3903,
    "rtplan.dcm": 3903,
    "badVR.dcm": 3903,
    "image_dfl.dcm": 3904,  # deflated: not looked into, by decision
    "MR_truncated.dcm": 3905,  # cut
    "rtplan_truncated.dcm": 3905,
    "DICOMDIR-nooffset": 3905,  # an item longer than its sequence
    "SC_rgb_jpeg.dcm": 3909,  # implicit elements in an explicit file
    "MR_small_padded.dcm": 3914,  # more pixels than rows and columns
    "JPEG2000-embedded-sequence-delimiter.dcm": 3914,  # a frame of another size than the header says
    "GDCMJ2K_TextGBR.dcm": 3928,  # a JP2 file where a codestream belongs (PS3.5, A.4.4)
}


def wheel() -> list[Path]:
    files = [path for path in sorted(WHEEL.rglob("*")) if path.is_file()]
    return [f for f in files if f.suffix == ".dcm" or f.read_bytes()[128:132] == b"DICM"]


DICOM = Reader(PROFILE, TEXTS, frozenset({Word.DICOM}))


def run(
    check: Check[DicomProfile], data: bytes, profile: DicomProfile = PROFILE
) -> list[tuple[Any, ...]]:
    """Items as plain values: ("text", where, text), ("member", name, bytes), ("fault", number)."""
    items = DICOM.items(check, data, profile)
    assert DICOM.untold(items) == []
    found: list[tuple[Any, ...]] = []
    for item in items:
        match item:
            case Text():
                found.append(("text", item.where, item.text))
            case Member():
                found.append(("member", item.name, b"".join(item.chunks)))
            case Fault():
                found.append(("fault", item.number))
    return found


def faults(check: Check[DicomProfile], data: bytes, profile: DicomProfile = PROFILE) -> set[int]:
    return {entry[1] for entry in run(check, data, profile) if entry[0] == "fault"}


def rebuilt(data: bytes, profile: DicomProfile = PROFILE) -> bytes:
    content = Content.of_bytes(data)
    values = receiving_values(content, LIMITS, FIELD)
    return b"".join(rebuild_dicom(values, content, profile, LIMITS))


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", corpus.GOOD)
def test_a_good_object_passes(check: Check[DicomProfile], name: str) -> None:
    assert faults(check, corpus.GOOD[name]()) == set()


@pytest.mark.parametrize("name", corpus.GOOD)
def test_both_sides_find_the_same_in_it(name: str) -> None:
    data = corpus.GOOD[name]()
    assert run(sending_check, data) == run(receiving_check, data)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("name", "make", "expected"), corpus.CASES, ids=[c[0] for c in corpus.CASES]
)
def test_an_attack_is_refused(
    check: Check[DicomProfile], name: str, make: Callable[[], bytes], expected: set[int]
) -> None:
    assert faults(check, make()) & expected


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("name", "make", "inside"), corpus.HANDED_ON, ids=[c[0] for c in corpus.HANDED_ON]
)
def test_a_file_within_is_handed_on(
    check: Check[DicomProfile], name: str, make: Callable[[], bytes], inside: bytes
) -> None:
    members = [entry for entry in run(check, make()) if entry[0] == "member"]
    assert any(inside in entry[2] for entry in members)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("path", wheel(), ids=lambda p: str(p.relative_to(WHEEL)))
def test_every_valid_object_of_the_wheel_passes(check: Check[DicomProfile], path: Path) -> None:
    found = faults(check, path.read_bytes(), FIELD)
    if path.name in NOT_VALID:
        assert NOT_VALID[path.name] in found
    else:
        assert found == set()


@pytest.mark.parametrize("path", wheel()[::3], ids=lambda p: str(p.relative_to(WHEEL)))
def test_both_sides_read_the_same_values(path: Path) -> None:
    if path.name in NOT_VALID:
        return
    content = Content.of_bytes(path.read_bytes())
    values = sending_values(content, LIMITS, FIELD)
    assert values == receiving_values(content, LIMITS, FIELD)
    assert run(sending_check, path.read_bytes(), FIELD) == run(
        receiving_check, path.read_bytes(), FIELD
    )


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"tiff_preamble": True}, "a TIFF in the preamble"),
        ({"burned_in": BurnedIn.PASS}, "names burned in"),
        ({"unknown_elements": True}, "a public element of nobody"),
        ({"curves": True}, "a curve"),
        ({"depth": 17}, "seventeen levels"),
        ({"trailing_padding": True}, "a zip in the padding at the end"),
        ({"strict_values": False}, "a date that is none"),
    ],
)
def test_a_profile_may_allow_it(
    check: Check[DicomProfile], change: dict[str, object], name: str
) -> None:
    made = next(make for case, make, _ in corpus.CASES if case == name)()
    assert not faults(check, made, replace(PROFILE, **change))  # type: ignore[arg-type]


@pytest.mark.parametrize("check", CHECKS)
def test_a_profile_may_ask_for_the_word_that_nothing_is_burned_in(
    check: Check[DicomProfile],
) -> None:
    profile = replace(PROFILE, burned_in=BurnedIn.REQUIRE_NO)
    assert faults(check, corpus.good(), profile) == {3921}
    said = corpus.file(corpus.head_elements(), corpus.text(0x00280301, "CS", "NO"))
    assert faults(check, said, profile) == set()


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("codec", ["gb18030", "utf_8"])
def test_words_are_found_behind_a_false_character_set(
    check: Check[DicomProfile], codec: str
) -> None:
    name = "绝密文件".encode(codec)
    data = corpus.file(corpus.head_elements(charset="ISO_IR 100"), corpus.patient(name))
    texts = [entry[2] for entry in run(check, data) if entry[0] == "text"]
    assert any("绝密文件" in text for text in texts) or faults(check, data)


@pytest.mark.parametrize("check", CHECKS)
def test_words_are_found_in_binary_values(check: Check[DicomProfile]) -> None:
    data = corpus.file(
        corpus.head_elements(), corpus.element(0x00281201, "OW", "身份证 7001 号".encode())
    )
    texts = [entry[2] for entry in run(check, data) if entry[0] == "text"]
    assert any("身份证" in text for text in texts)


def test_our_dictionary_is_the_standards() -> None:
    """pydicom has the dictionary of 2024c; ours knows each of its tags by the same VRs."""
    from pydicom._dicom_dict import DicomDictionary

    for tag in DicomDictionary:
        if tag >> 16 not in (0x0000, 0x0006, 0xFFFE):
            assert set(VRS[tag]) == set(dictionary_VR(tag).split(" or "))


def test_the_confidentiality_table_is_whole() -> None:
    assert len(ACTIONS) == 617
    assert {action.action for action in ACTIONS.values()} == {"D", "X", "Z", "U"}
    # Two of them belong to the command set, which no file holds.
    assert all(tag in VRS for tag in ACTIONS if tag >> 16)


# --- written anew -----------------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("path", wheel()[::2], ids=lambda p: str(p.relative_to(WHEEL)))
def test_what_is_written_anew_passes_the_strict_profile(
    check: Check[DicomProfile], path: Path
) -> None:
    if path.name in NOT_VALID:
        return
    again = rebuilt(path.read_bytes())
    strict = DicomProfile(sop_classes=FIELD.sop_classes, strict_values=False)
    assert faults(check, again, strict) == set()
    assert again[:128] == bytes(128)
    old, new = pydicom.dcmread(path), pydicom.dcmread(io.BytesIO(again))
    assert not [element for element in new.iterall() if element.tag.is_private]
    if "PixelData" in old and old.file_meta.TransferSyntaxUID in (EXPLICIT_BE,):
        swapped = old["PixelData"].VR == "OW"
        assert (new.PixelData == old.PixelData) is not swapped
    elif "PixelData" in old and not old.file_meta.TransferSyntaxUID.is_encapsulated:
        assert new.PixelData == old.PixelData


PAYLOAD = b"PAYLOAD-4711-PAYLOAD"


@pytest.mark.parametrize(
    "data",
    [
        PAYLOAD + corpus.good()[len(PAYLOAD) :],
        corpus.good(
            corpus.text(0x00110010, "LO", "ACME"), corpus.element(0x00111001, "OB", PAYLOAD)
        ),
        corpus.good() + corpus.element(0xFFFCFFFC, "OB", PAYLOAD),
        corpus.file(
            corpus.head_elements(),
            group_2=corpus.meta(
                extra=corpus.uid(0x00020100, "1.2") + corpus.element(0x00020102, "OB", PAYLOAD)
            ),
        ),
        corpus.file(
            corpus.head_elements(),
            corpus.open_sequence(
                0x0040A730,
                corpus.open_item(
                    corpus.text(0x00110010, "LO", "A") + corpus.element(0x00111001, "UN", PAYLOAD)
                ),
            ),
        ),
        corpus.good(corpus.element(0x00140002, "OB", PAYLOAD)),
        corpus.compressed(corpus.fragments(corpus.frame(), table=b""))
        + corpus.element(0xFFFCFFFC, "OB", PAYLOAD),
    ],
    ids=[
        "preamble",
        "private",
        "padding",
        "group 2",
        "private in an item",
        "unknown",
        "behind fragments",
    ],
)
def test_nothing_of_a_payload_is_in_what_is_written_anew(data: bytes) -> None:
    again = rebuilt(data)
    assert PAYLOAD not in again
    assert all(faults(check, again) == set() for check in CHECKS)


@pytest.mark.parametrize(
    "data",
    [
        (Element(0x00100010, "PN", b"a"), Element(0x00100010, "PN", b"b")),
        (Element(0x00100010, "OB", pe()),),
        (Element(0x00280010, "US", b"\4\0"), Element(0x7FE00010, "OB", Range(0, 1 << 40))),
        (Element(0x00420011, "OB", Range(-8, 16)),),
        (Element(0x00420011, "OB", Range(0, 1 << 30)),),
        (Element(0x7FE00010, "OB", Fragments(((Range(0, 8),),))),),
        (Element(0x7FE00010, "OB", b"more than rows and columns"),),
    ],
    ids=["twice", "a program for a name", "far range", "negative", "long", "fragments", "pixels"],
)
def test_values_of_a_sandbox_that_fell_are_refused(data: tuple[Element, ...]) -> None:
    values = DicomObject(corpus.EXPLICIT, corpus.SECONDARY, corpus.INSTANCE, data)
    with pytest.raises(Unsound):
        b"".join(rebuild_dicom(values, Content.of_bytes(bytes(1000)), PROFILE, LIMITS))


def test_values_too_deep_are_refused() -> None:
    data: tuple[Element, ...] = ()
    for _ in range(40):
        data = (Element(0x0040A730, "SQ", Items((data,))),)
    values = DicomObject(corpus.EXPLICIT, corpus.SECONDARY, corpus.INSTANCE, data)
    with pytest.raises(Unsound):
        b"".join(rebuild_dicom(values, Content.of_bytes(b""), PROFILE, LIMITS))


@pytest.mark.parametrize("read", READERS)
def test_pixels_are_never_held(read: Callable[..., DicomObject]) -> None:
    """A multi-frame object of 256 MiB, mostly a hole in a file: values are small, pieces are small."""
    frames, rows = 1024, 512
    size = frames * rows * rows
    module = corpus.pixel_module(rows, rows, 8, frames)
    head = corpus.file(corpus.head_elements(), corpus.patient(), module, corpus.native(b"", size))
    with tempfile.TemporaryFile() as file:
        file.write(head)
        file.truncate(len(head) + size)
        with Content.of_file(file) as content:
            values = read(content, FormatLimits(pixels=1 << 30), PROFILE)
            pixels = values.data[-1].value
            assert pixels == Range(len(head), size)
            total = longest = 0
            for piece in rebuild_dicom(values, content, PROFILE, FormatLimits(pixels=1 << 30)):
                total, longest = total + len(piece), max(longest, len(piece))
    assert total > size and longest <= 256 << 10


# --- about nobody -------------------------------------------------------------------------------------

KEY = b"a site's key of thirty-two bytes"
NAMES = {
    "PatientName": "Zhangsan^Xiaoming",
    "PatientID": "HIS0004711",
    "PatientBirthDate": "19560708",
    "PatientAddress": "Zhongshan Road 117",
    "PatientTelephoneNumbers": "13812345678",
    "OtherPatientIDs": "310101195607081234",
    "ReferringPhysicianName": "Lidafu^Doctor",
    "InstitutionName": "Hospital Nr Seventeen",
    "StationName": "CTSTATION9",
    "AccessionNumber": "ACC88123",
    "StudyID": "STUDY5567",
    "StudyDescription": "for Zhangsan by Lidafu",
    "StudyDate": "20261120",
    "StudyInstanceUID": "1.2.826.0.1.3680043.9.1.77001",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.9.1.77002",
    "ImageComments": "call 13812345678",
    "RequestedProcedureDescription": "Zhangsan head",
    "DeviceSerialNumber": "SN-776655",
}


def clinical(**changed: str) -> bytes:
    """An object with an identifier in every place of NAMES, twice in a sequence, once by a private tag."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = corpus.SECONDARY, corpus.INSTANCE
    for keyword, value in (NAMES | changed).items():
        setattr(dataset, keyword, value)
    inner = Dataset()
    inner.PatientID, inner.ScheduledPerformingPhysicianName = NAMES["PatientID"], "Wangwu^Doctor"
    inner.ScheduledProcedureStepDescription = "of Xiaoming"
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "1", "99X", "seen by Lidafu"
    inner.ScheduledProtocolCodeSequence = [code]
    dataset.RequestAttributesSequence = [inner]
    text = Dataset()
    text.ValueType, text.TextValue, text.PersonName = "TEXT", "Zhangsan is well", "Wangwu^Doctor"
    dataset.ContentSequence = [text]
    dataset.private_block(0x0011, "ACME", create=True).add_new(1, "LO", "HIS0004711")
    buffer = io.BytesIO()
    dataset.save_as(buffer, implicit_vr=False, little_endian=True)
    return corpus.file(buffer.getvalue())


def about_nobody(data: bytes, rules: DeidentifyRules) -> bytes:
    content = Content.of_bytes(data)
    values = deidentify(receiving_values(content, LIMITS, FIELD), rules)
    return b"".join(rebuild_dicom(values, content, PROFILE, LIMITS))


@pytest.mark.parametrize("dates", list(Dates))
def test_no_identifier_is_left(dates: Dates) -> None:
    again = about_nobody(clinical(), DeidentifyRules(KEY, dates))
    assert all(faults(check, again) == set() for check in CHECKS)
    words = [*NAMES.values(), "Zhangsan", "Xiaoming", "Lidafu", "Wangwu", corpus.INSTANCE]
    words.remove("20261120")
    for word in words + ([] if dates is Dates.KEEP else ["20261120"]):
        assert word.encode() not in again, word


def test_one_patient_stays_one_patient() -> None:
    rules = DeidentifyRules(KEY)
    first = pydicom.dcmread(io.BytesIO(about_nobody(clinical(), rules)))
    second = pydicom.dcmread(io.BytesIO(about_nobody(clinical(StudyID="OTHER"), rules)))
    other = pydicom.dcmread(io.BytesIO(about_nobody(clinical(PatientID="HIS0004712"), rules)))
    keyed = pydicom.dcmread(io.BytesIO(about_nobody(clinical(), DeidentifyRules(KEY[::-1]))))
    assert first.PatientID == second.PatientID != other.PatientID
    assert first.StudyInstanceUID == second.StudyInstanceUID and first.StudyDate == second.StudyDate
    assert first.PatientID != keyed.PatientID and first.StudyInstanceUID != keyed.StudyInstanceUID
    assert first.StudyInstanceUID.startswith("2.25.")
    assert first.file_meta.MediaStorageSOPInstanceUID == first.SOPInstanceUID


def test_days_between_two_studies_stay() -> None:
    from datetime import datetime

    days = []
    for date in ("20261120", "20260301"):
        again = pydicom.dcmread(
            io.BytesIO(about_nobody(clinical(StudyDate=date), DeidentifyRules(KEY)))
        )
        days.append(datetime.strptime(again.StudyDate, "%Y%m%d"))
    assert (days[0] - days[1]).days == (datetime(2026, 11, 20) - datetime(2026, 3, 1)).days


def test_options_keep_what_they_name_and_say_so() -> None:
    rules = DeidentifyRules(KEY, keep_uids=True, keep_device=True, keep_institution=True)
    again = pydicom.dcmread(io.BytesIO(about_nobody(clinical(), rules)))
    assert again.StudyInstanceUID == NAMES["StudyInstanceUID"]
    assert again.DeviceSerialNumber == NAMES["DeviceSerialNumber"]
    assert again.InstitutionName == NAMES["InstitutionName"]
    assert again.PatientIdentityRemoved == "YES"
    codes = {item.CodeValue for item in again.DeidentificationMethodCodeSequence}
    assert codes == {"113100", "113107", "113109", "113110", "113112"}


def test_what_cannot_be_made_nobodys_is_refused() -> None:
    burned = corpus.file(corpus.head_elements(), corpus.text(0x00280301, "CS", "YES"))
    for data, number in ((burned, 3921), (corpus.document(), 3926)):
        values = receiving_values(Content.of_bytes(data), LIMITS, FIELD)
        with pytest.raises(Unsound) as error:
            deidentify(values, DeidentifyRules(KEY))
        assert error.value.fault.number == number


def test_a_thousand_objects_keep_no_original_value() -> None:
    rules = DeidentifyRules(KEY)
    for number in range(1000):
        own = {"PatientName": f"Nameof{number:05}^Given{number:05}", "PatientID": f"PID{number:07}"}
        own |= {"AccessionNumber": f"ACCNR{number:06}", "StudyDescription": f"of Nameof{number:05}"}
        again = about_nobody(clinical(**own), rules)
        for word in (
            f"Nameof{number:05}",
            f"Given{number:05}",
            own["PatientID"],
            own["AccessionNumber"],
        ):
            assert word.encode() not in again


# --- any bytes ------------------------------------------------------------------------------------------

_SAMPLES = [corpus.GOOD[name]() for name in corpus.GOOD] + [
    corpus.with_overlay(),
    corpus.icon(corpus.frame()),
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from(_SAMPLES)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                data[at] = draw(st.integers(0, 255))
            case 1:
                del data[at : at + draw(st.integers(1, 12))]
            case 2:
                data[at:at] = draw(st.binary(min_size=1, max_size=12))
            case _:
                data[at : at + 4] = struct.pack(
                    "<I", draw(st.sampled_from([0, 1, 0xFFFF, 0xFFFFFFFF, 1 << 31]))
                )
        if not data:
            break
    return bytes(data)


@pytest.mark.parametrize("check", CHECKS)
@given(data=mutated())
@settings(max_examples=400, deadline=None)
def test_a_changed_object_gives_items_or_a_refusal(check: Check[DicomProfile], data: bytes) -> None:
    for profile in (PROFILE, FIELD):
        assert DICOM.untold(DICOM.items(check, data, profile)) == []


@pytest.mark.parametrize("check", CHECKS)
@given(body=st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_items_or_a_refusal(check: Check[DicomProfile], body: bytes) -> None:
    implicit = corpus.file(body, group_2=corpus.meta(corpus.IMPLICIT))
    for data in (body, corpus.file(body), implicit):
        assert DICOM.untold(DICOM.items(check, data)) == []


@given(data=mutated())
@settings(max_examples=300, deadline=None)
def test_what_both_sides_take_is_written_anew_and_taken_again(data: bytes) -> None:
    if any(faults(check, data) for check in CHECKS):
        return
    assert run(sending_check, data) == run(receiving_check, data)
    again = rebuilt(data)
    assert all(faults(check, again) == set() for check in CHECKS)
