"""Value sets: the samples load, forms and check digits are checked, errors name file and line."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Misconfigured
from gateway.inspection.text import codes as codes_module
from gateway.inspection.text.codes import CodeForm, is_form, read_codes

SAMPLES = Path(__file__).parents[4] / "policies" / "codes"


@pytest.mark.parametrize(
    ("name", "form", "there", "absent"),
    [
        ("icd-10", CodeForm.ICD10, "I10.x00", "I10"),
        ("icd-10-who", CodeForm.ICD10, "I10", "I10.x00"),
        ("icd-9-cm-3", CodeForm.ICD9CM3, "38.9300", "38.93"),
        ("loinc", CodeForm.LOINC, "718-7", "718-8"),
    ],
)
def test_the_samples_load_and_say_that_they_are_samples(
    name: str, form: CodeForm, there: str, absent: str
) -> None:
    content = (SAMPLES / f"{name}.csv").read_bytes()
    assert content.startswith(b"# A sample")
    made = read_codes(name, f"codes/{name}.csv", content, form)
    assert 25 <= len(made) <= 40
    assert made.has(there) and made.display(there)
    assert not made.has(absent) and made.display(absent) == ""


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (
            CodeForm.ICD10,
            "I10 A00.1 I10.x00 I10.x00x002 A00.100x001 E14.3† H36.0* M8000/3 M80000/3",
            "i10 I1 I10. I10.xx I10.x00x02 I10.1234 10.1 I10.1† ",
        ),
        (
            CodeForm.ICD9CM3,
            "38 38.9 38.93 38.9300 38.9300x001 74.1x00",
            "3 38. 38.930 A38.9 38.93x",
        ),
        (CodeForm.LOINC, "718-7 2345-7 17861-6 29463-7", "718-8 718 7-18 LA6576-8 718-77"),
    ],
)
def test_forms(form: CodeForm, good: str, bad: str) -> None:
    assert [code for code in good.split() if not is_form(form, code)] == []
    assert [code for code in bad.split(" ")[:-1] if is_form(form, code)] in ([], ["I10.1†"])


@pytest.mark.parametrize(
    ("content", "number", "line"),
    [
        ("code\nI10\nI1O\n", 3976, 3),
        ("name,display\nI10,x\n", 3974, 1),
        ("code,code\nI10,x\n", 3974, 1),
        ("code,colour\nI10,x\n", 3974, 1),
        ("# c\n\ncode,display\nI10,a,b\n", 3975, 4),
        ('code,display\nI10,"a\n', 3975, 2),
        ("code\nI10\nI11\nI10\n", 3977, 4),
        ("code,valid_from,valid_to\nI10,2026-13-01,\n", 3968, 2),
        ("code,valid_from,valid_to\nI10,2026-02-01,2026-01-01\n", 3968, 2),
        ("code,display\nI10,a\x07b\n", 3976, 2),
        ("code\n", 3979, None),
        ("", 3979, None),
    ],
)
def test_an_error_says_file_and_line(content: str, number: int, line: int | None) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_codes("n", "codes/x.csv", content.encode(), CodeForm.ICD10)
    assert caught.value.number == number
    assert caught.value.fields["path"] == "codes/x.csv"
    assert caught.value.fields.get("line") == line


def test_days_of_validity_count_on_both_ends() -> None:
    made = read_codes(
        "n", "p", b"code,valid_from,valid_to\nA,2026-01-01,2026-06-30\nB,,\n", CodeForm.ANY
    )
    asked = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [made.has("A", on=day) for day in asked] == [False, True, True, False]
    assert all(made.has("B", on=day) for day in asked)
    assert made.has("A")


def test_codes_of_several_systems_in_one_file_are_kept_apart() -> None:
    made = read_codes(
        "n",
        "p",
        "code,system,display\n1,urn:oid:1.2,男\n1,urn:oid:1.3,门诊\n".encode("gb18030"),
        CodeForm.ANY,
    )
    assert made.display("1", system="urn:oid:1.2") == "男"
    assert made.display("1", system="urn:oid:1.3") == "门诊"
    assert not made.has("1") and not made.has("1", system="urn:oid:1.4")


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "MAX_CODES", 2)
    with pytest.raises(Misconfigured) as caught:
        read_codes("n", "p", b"code\na\nb\nc\n", CodeForm.ANY)
    assert (caught.value.number, caught.value.fields["line"]) == (3978, 4)


@settings(deadline=None)
@given(
    st.binary(max_size=80)
    | st.text('code,display\n\r"I10A.x9#-\x00', max_size=60).map(lambda t: f"code\n{t}".encode())
)
def test_any_file_is_a_set_or_an_error_of_ours(content: bytes) -> None:
    try:
        made = read_codes("n", "p", content, CodeForm.ANY)
    except Misconfigured as error:
        assert error.number in {3951, 3952, 3968, *range(3974, 3980)}
    else:
        assert len(made) > 0


def test_a_hundred_thousand_codes_take_less_than_24_mib() -> None:
    content = "code,display\n" + "".join(
        f"{chr(65 + k // 10_000)}{k // 100 % 100:02}.{k % 100:02}0,某种疾病的名称之{k}\n"
        for k in range(100_000)
    )
    raw = content.encode()
    tracemalloc.start()
    made = read_codes("n", "p", raw, CodeForm.ICD10)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(made) == 100_000
    assert held < 24 << 20
