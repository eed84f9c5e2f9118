"""Every identifier is found in every disguise, at its own place; what only looks like one is not."""

from __future__ import annotations

import random

import pytest

from gateway.inspection.formats.contract import Text
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.search import Hit, Searcher, SearchPlan, row_text
from tests.gateway.inspection.text import planted

EVERY = Searcher(SearchPlan(identifiers=frozenset(Identifier)))
AROUND = (
    ("", ""),
    ("患者", "，男。"),
    ("tel:", ";"),
    ("2026-11-21 08:30:00，", "\n2026-11-22"),
    ("Ⅱ型，体温３６.５℃ e\u0301：", "（本人）"),
)


def hits(text: str, where: str = "") -> list[Hit]:
    return list(EVERY.search([Text(where, text)]))


def found(text: str, where: str = "") -> list[tuple[str, str]]:
    return [(hit.name, text[hit.start : hit.end]) for hit in hits(text, where)]


def cases() -> list[tuple[Identifier, str, str]]:
    return [
        (name, disguise.__name__, disguise(maker(rng), rng))
        for name, maker in planted.MAKERS.items()
        for disguise in (*planted.UNSEEN, *planted.PARTED_BY_KIND.get(name, ()))
        for rng in [random.Random(f"{name}{disguise.__name__}")]
        for _ in range(8)
    ]


@pytest.mark.parametrize(("before", "behind"), AROUND)
def test_every_planted_identifier_is_found_in_every_disguise(before: str, behind: str) -> None:
    for name, disguise, value in cases():
        text = f"{before}{value}{behind}"
        assert (name.value, value) in found(text), (disguise, text, found(text))


@pytest.mark.parametrize("name", planted.MAKERS)
def test_what_is_shown_is_not_the_value(name: Identifier) -> None:
    rng = random.Random(7)
    for _ in range(20):
        value = planted.MAKERS[name](rng)
        (shown,) = (hit.shown for hit in hits(value) if hit.name == name)
        assert "***" in shown
        assert value not in shown
        assert len(set(value)) == 1 or shown.replace("*", "") != value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("11010519491231002X", "110***********002X"),
        ("138 1234 5678", "138****5678"),
        ("6222 0212 3456 7890 128", "622202*********0128"),
        ("0571-87654321", "057*******21"),
        ("E12345678", "E*****678"),
        ("zhang@example.cn", "z***@example.cn"),
        ("浙江省杭州市西湖区文三路478号", "浙江省***"),
    ],
)
def test_as_much_is_shown_as_the_field_does(value: str, shown: str) -> None:
    assert [hit.shown for hit in hits(value)] == [shown]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+86 138-1234-5678", [("mobile", "138-1234-5678")]),
        ("8613812345678", [("mobile", "13812345678")]),
        ("0086 13812345678", [("mobile", "13812345678")]),
        ("013812345678", [("mobile", "13812345678")]),
        ("138.1234.5678", [("mobile", "138.1234.5678")]),
        ("(010)62345678", [("landline", "010)62345678")]),
        ("+86-10-62345678", [("landline", "86-10-62345678")]),
        ("0571-8765 4321", [("landline", "0571-8765 4321")]),
        ("2026-11-21 13812345678", [("mobile", "13812345678")]),
        ("138 1234 5678 139 1234 5678", [("mobile", "138 1234 5678"), ("mobile", "139 1234 5678")]),
        ("1 3 8 1 2 3 4 5 6 7 8", [("mobile", "1 3 8 1 2 3 4 5 6 7 8")]),
        ("幺三八一二三四五六七八", [("mobile", "幺三八一二三四五六七八")]),
        ("11010519491231002Х", [("identity-number", "11010519491231002Х")]),
        ("11010519491231002×", [("identity-number", "11010519491231002×")]),
        ("11010519491231002 X", [("identity-number", "11010519491231002 X")]),
        ("110105\n19491231\n002X", [("identity-number", "110105\n19491231\n002X")]),
        ("身份证号：110105491231002", [("identity-number-15", "110105491231002")]),
        ("护照 AB1234567", [("passport", "AB1234567")]),
        ("EA1234567", [("passport", "EA1234567")]),
        ("回乡证 H1234567890", [("travel-permit", "H1234567890")]),
        ("台胞证:12345678", [("travel-permit", "12345678")]),
        ("建国路88号3单元501室", [("address", "建国路88号3单元501室")]),
        ("河北省正定县南牛乡南牛村三组", [("address", "河北省正定县南牛乡南牛村三组")]),
        ("现住西湖区文三路478号。", [("address", "西湖区文三路478号")]),
    ],
)
def test_ways_of_writing(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_the_name_of_the_field_announces_too() -> None:
    assert found("110105491231002", "row 7 column id_card") == [
        ("identity-number-15", "110105491231002")
    ]
    assert found("AB1234567", "Patient.identifier.passport") == [("passport", "AB1234567")]
    texts = [Text("column passport", "none"), Text("column sample", "AB1234567")]
    assert list(EVERY.search(texts)) == []


def test_a_number_split_over_the_cells_of_a_row_is_found() -> None:
    for name in (Identifier.IDENTITY_NUMBER, Identifier.MOBILE, Identifier.BANK_CARD):
        value = planted.MAKERS[name](random.Random(3))
        row = row_text("row 7", ["7", "W", value[:5], value[5:], "x"])
        (hit,) = EVERY.search([row])
        assert (hit.name, hit.where) == (name.value, "row 7")
        assert row.text[hit.start : hit.end].replace("\x1f", "") == value


@pytest.mark.parametrize(
    "text",
    [
        "1.2.840.10008.5.1.4.1.1.2",
        "1.2.840.113619.2.55.3.13812345678.123",
        "2.25.110105194912310021234567890123456789",
        "2026-11-21T08:30:00+08:00 20261121083000123",
        "2026-11-21 08:30:00 2026/11/21 08:30",
        "1763685000 1763685000123",
        "192.168.10.123",
        "0.13812345678",
        "13812345678.5",
        "a13812345678f",
        "550e8400-e29b-41d4-a716-446655440000",
        "订单号 2026112100000001234",
        "110105194912310021",  # wrong check character
        "110105194913310028",  # month 13
        "990105194912310021",  # no such province
        "6222021234567890127",  # Luhn
        "12345678901",
        "12912345678",
        "11010519491231002XYZ",
        "110105491231002",  # 15 digits, nothing announces them
        "H12345678 M1234567890 AB1234567",
        "收入3号病房，门诊2号楼，路径1号，急诊1组",
        "第3组患者住院2号床，社区获得性肺炎5例",
        "user@localhost",
        "一、二、三、四、五、六、七、八、九、十、十一",
        "二〇二六年十一月二十一日",
        "138\n12345678",
    ],
)
def test_what_only_looks_like_one_is_not_found(text: str) -> None:
    assert found(text) == []


def test_only_what_is_asked_for_is_found() -> None:
    text = "13812345678 11010519491231002X a@b.cn"
    only = Searcher(SearchPlan(identifiers=frozenset({Identifier.EMAIL})))
    assert [hit.name for hit in only.search([Text("", text)])] == ["email"]
