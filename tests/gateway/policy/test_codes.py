"""Tables of codes: the samples load, forms and days are held to, errors name file and line."""

from __future__ import annotations

import tracemalloc
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy import codes as codes_module
from gateway.policy.code_forms import CodeForm, is_form
from gateway.policy.codes import MAX_PROBLEMS, CodeList
from gateway.policy.lists import read_list
from gateway.policy.load import PolicyErrors, load_set
from gateway.policy.located import Located, show
from tests.gateway.policy.channel_text import BASIC

SAMPLES = Path(__file__).parents[3] / "policies" / "lists"
TODAY = date(2026, 1, 7)


def table(text: str) -> CodeList:
    _, known, found = read_list("lists/x.csv", text.encode())
    assert found == ()
    return CodeList(known.entries, known.days)


def problems(text: str) -> tuple[Located, ...]:
    return read_list("lists/x.csv", text.encode())[2]


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        ("icd-10-sample", "I10.x00", "I10"),
        ("icd-10-who-sample", "I10", "I10.x00"),
        ("icd-9-cm-3-sample", "38.9300", "38.93"),
        ("loinc-sample", "718-7", "718-8"),
    ],
)
def test_the_samples_load_and_say_that_they_are_samples(name: str, there: str, absent: str) -> None:
    content = (SAMPLES / f"{name}.csv").read_bytes()
    assert content.startswith(b"# A sample")
    assert f"# form: {name.removesuffix('-sample').removesuffix('-who')}\n".encode() in content
    made = table(content.decode())
    assert 25 <= len(made.entries) <= 40
    assert made.counts(there, TODAY)
    assert not made.counts(absent, TODAY)


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (
            CodeForm.ICD10,
            "I10 A00.1 I10.x00 I10.x00x002 A00.100x001 E14.3† H36.0* M8000/3 M80000/3",
            "i10 I1 I10. I10.xx I10.x00x02 I10.1234 10.1",
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
    assert [code for code in bad.split() if is_form(form, code)] == []


@pytest.mark.parametrize(
    ("content", "number", "line"),
    [
        ("# form: icd-10\ncode\nI10\nI1O\n", 2133, 4),
        ("# form: loinc\ncode\n718-7\n718-8\n", 2133, 4),
        ("# form：icd-9-cm-3\ncode\nI10\n", 2133, 3),
        ('"# Form: icd-10",,\ncode,display,valid_to\nI1O,,\n', 2133, 3),
        ("# form: icd10\ncode\nI10\n", 2130, 1),
        ("# form: any\ncode\nI10\n", 2130, 1),
        ("# form: icd-10\nI10\n", 2131, 2),
        ("name,code\nx,I10\n", 2131, 1),
        ("code,system\nI10,urn:oid:1.2\n", 2131, 1),
        ("code,code\nI10,x\n", 2131, 1),
        ("code,\nI10,x\n", 2131, 1),
        ("# c\n\ncode,display\nI10,a,b\n", 2132, 4),
        ("code,display\nI10\n", 2132, 2),
        ('code,display\nI10,"a\nb"\n', 2132, 2),
        ("code\nI10\nI11\nI10\n", 2134, 4),
        ("code,valid_from,valid_to\nI10,2026-13-01,\n", 2138, 2),
        ("code,valid_from\nI10,20260101\n", 2138, 2),
        ("code,valid_from\nI10,2026-W01-1\n", 2138, 2),
        ("code,valid_from,valid_to\nI10,2026-02-01,2026-01-01\n", 2138, 2),
        ("code,display\nI10,a\x07b\n", 2137, 2),
        ("code,display\n,a\n", 2137, 2),
        ("code,display\n,#a\n", 2137, 2),
        ("code\nI10\u200b\n", 2137, 2),
        ("# c\ncode\n", 2136, 2),
    ],
)
def test_an_error_says_file_and_line(content: str, number: int, line: int) -> None:
    first = problems(content)[0]
    assert (first.file, first.number, first.line) == ("lists/x.csv", number, line)


def test_all_rows_that_are_wrong_are_told_at_once_up_to_a_bound() -> None:
    found = problems("# form: loinc\ncode,valid_to\n718-8,\n718-7,soon\n6690-2,\n6690-2,\n")
    assert [(one.line, one.number) for one in found] == [(3, 2133), (4, 2138), (6, 2134)]
    assert "line 5" in show(found[2])
    rows = "".join(f"{n}\n" for n in range(1000))
    assert len(problems(f"# form: loinc\ncode\n{rows}")) == MAX_PROBLEMS


def test_a_form_or_a_column_that_is_not_known_names_those_that_are() -> None:
    assert "icd-10, icd-9-cm-3, loinc" in show(problems("# form: icd\ncode\nI10\n")[0])
    assert "code, display, valid_from, valid_to" in show(problems("code,colour\nI10,x\n")[0])


def test_a_wrong_table_stops_the_set_and_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "10-a.yaml").write_text(BASIC + "  codes: column loinc in list lab\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists/lab.csv").write_text("# form: loinc\ncode\n718-7\n6690-3\n")
    with pytest.raises(PolicyErrors) as raised:
        load_set(tmp_path)
    (problem,) = raised.value.problems
    for language in ("en", "zh"):
        assert show(problem, language).startswith("lists/lab.csv:4:1  FG-2133  ")
        assert "6690-3" in show(problem, language)


def test_a_form_that_nothing_would_read_is_an_error() -> None:
    [found] = problems("code\n# form: icd-10\nI10\n")
    assert (found.number, found.line) == (2139, 2)


@pytest.mark.parametrize(
    "content",
    [
        "codes,display,valid_to\nI10,x,2021-01-01\n",
        "编码,display,valid_to\nI10,x,2021-01-01\n",
        "code\u200b,valid_to\nI10,2021-01-01\n",
        'code,"valid_to\nI10,2021-01-01\n',
        "code,valid to\nI10,2021-01-01\n",
    ],
)
def test_a_heading_with_a_slip_is_no_list_of_entries(content: str) -> None:
    assert [one.number for one in problems(content)] == [2131]


@pytest.mark.parametrize("mark", ["\ufeff\ufeff", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_marks_of_byte_order_are_no_part_of_a_heading(mark: str, encoding: str) -> None:
    content = f"{mark}code,valid_to\nI10,2021-01-01\n# 高血压\n".encode(encoding)
    _, known, found = read_list("lists/x.csv", content)
    assert found == ()
    assert known.days["I10"].last == date(2021, 1, 1)


@pytest.mark.parametrize(
    "line", ["# forms: icd-10", "#\tform: icd-10", "# form icd-10", "# form = icd-10"]
)
def test_a_form_with_a_slip_is_read_as_it_is_meant(line: str) -> None:
    assert [one.number for one in problems(f"{line}\ncode\nI1O\n")] == [2133]


def test_a_list_has_a_bound_on_its_lines() -> None:
    [found] = problems("code\nI10\n" + "\n" * 1_000_001)
    assert found.number == 2140


def test_a_name_may_hold_the_blanks_of_its_typesetting() -> None:
    assert table("code,display\nI10,原发性\u3000高血压\nI11,maladie\u00a0cardiaque\n").entries


def test_days_of_validity_count_on_both_ends() -> None:
    made = table("code,valid_from,valid_to\nA,2026-01-01,2026-06-30\nB,,\n")
    asked = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)]
    assert [made.counts("A", day) for day in asked] == [False, True, True, False]
    assert all(made.counts("B", day) for day in asked)
    assert made.days.keys() == {"A"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_is_read_in_the_encodings_of_the_field(encoding: str) -> None:
    content = '# 样本\r\ncode,display\r\nI10.x00,"高血压, 原发性"\r\n#I11\r\n,\r\n'.encode(encoding)
    _, known, found = read_list("lists/x.csv", content)
    assert (known.entries, found) == (frozenset({"I10.x00"}), ())


def test_what_is_neither_utf_8_nor_gb18030_is_named_with_its_line() -> None:
    (problem,) = read_list("lists/x.csv", "code\n高血压\n".encode() + b"\xff\xff\n")[2]
    assert (problem.number, problem.line, problem.fields["byte"]) == (2102, 3, "0xff")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("lists/x.csv", 'I10,Hypertension\n"J45.9",x\n# no entry\n,y\n'),
        ("lists/x.csv", "# grade: 3\nI10,x\nJ45.9,code\n"),
        ("lists/x.txt", "I10\n# code\nJ45.9\n"),
    ],
)
def test_a_list_without_a_column_of_codes_is_a_list_of_entries(path: str, content: str) -> None:
    _, known, found = read_list(path, content.encode())
    assert (found, known.days) == ((), {})
    assert known.entries >= {"I10", "J45.9"} and len(known.entries) <= 3


def test_a_table_serves_every_other_use_of_a_list() -> None:
    content = b"# grade: 4\ncode,display\nI10,a\n\n# c\nB20,b\n"
    _, known, _ = read_list("lists/x.csv", content)
    assert known.grade == 4
    assert known.written.text.split("\n") == ["", "", "I10", "", "", "B20", ""]


def test_limits_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes_module, "MAX_CODES", 2)
    assert [(one.number, one.line) for one in problems("code\na\nb\nc\nd\n")] == [(2135, 4)]


@settings(deadline=None)
@given(
    st.binary(max_size=80)
    | st.text('code,display\n\r"I10A.x9#-\x00', max_size=60).map(lambda t: f"code\n{t}".encode())
)
def test_any_file_is_a_list_or_says_what_is_wrong(content: bytes) -> None:
    _, known, found = read_list("lists/x.csv", content)
    assert bool(known.entries) is not bool(found)
    assert all(show(one) for one in found)


def test_a_hundred_thousand_codes_with_days_take_less_than_20_mib() -> None:
    content = "# form: icd-10\ncode,display,valid_from\n" + "".join(
        f"{chr(65 + k // 10_000)}{k // 100 % 100:02}.{k % 100:02}0,某种疾病的名称之{k},2020-01-01\n"
        for k in range(100_000)
    )
    raw = content.encode()
    tracemalloc.start()
    _, known, found = read_list("lists/x.csv", raw)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert found == ()
    assert len(known.entries) == len(known.days) == 100_000
    assert held < 20 << 20
