"""What a find is worth: how often random input is taken for an identifier. The figures of the docstring of
identifiers.py come from here; the bounds below are half as much again."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from gateway.inspection.formats.contract import Text
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.search import Searcher, SearchPlan, row_text
from tests.gateway.inspection.text.planted import digits

EVERY = Searcher(SearchPlan(identifiers=frozenset(Identifier), most_hits=1_000_000))
COUNT = 20_000


def rates(make: Callable[[random.Random], str]) -> dict[str, float]:
    rng = random.Random(20261121)
    texts = [Text("", make(rng)) for _ in range(COUNT)]
    return {k: n / COUNT for k, n in Counter(hit.name for hit in EVERY.search(texts)).items()}


@pytest.mark.parametrize(
    ("length", "bounds"),
    [
        (10, {}),
        (11, {"mobile": 0.09, "landline": 0.045}),
        (12, {"mobile": 0.0098, "landline": 0.045}),
        (13, {"mobile": 0.0015, "landline": 0.009}),
        (14, {"bank-card": 0.006, "mobile": 0.0005, "landline": 0.0005}),
        (15, {"bank-card": 0.004, "mobile": 0.0005, "landline": 0.0005}),
        (16, {"bank-card": 0.04}),
        (18, {"bank-card": 0.004, "identity-number": 0.0002}),
        (19, {"bank-card": 0.02}),
        (20, {}),
    ],
)
def test_random_digits(length: int, bounds: dict[str, float]) -> None:
    found = rates(lambda rng: digits(rng, length))
    assert set(found) <= set(bounds)
    assert all(rate <= bounds[name] for name, rate in found.items()), found


def test_a_capital_and_eight_digits() -> None:
    found = rates(lambda rng: rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") + digits(rng, 8))
    assert set(found) == {"passport"}
    assert found["passport"] < 0.115


def test_rows_of_a_laboratory_s_table() -> None:
    """Sample number, day, time, results: searched as whole rows."""
    rng = random.Random(5)
    rows = [
        row_text(
            f"row {k}",
            [
                str(k),
                f"S{digits(rng, 7)}",
                f"202611{rng.randint(10, 28)}",
                f"{rng.randint(0, 23):02}{rng.randint(0, 59):02}",
                str(rng.randint(3, 20)),
                f"{rng.uniform(1, 200):.1f}",
                str(rng.randint(80, 400)),
                f"{rng.uniform(1, 9):.2f}",
            ],
        )
        for k in range(COUNT)
    ]
    found = Counter(hit.name for hit in EVERY.search(rows))
    assert sum(found.values()) <= COUNT * 0.001, found


def test_sentences_of_a_hospital_hold_no_address() -> None:
    sentences = [
        "转入心内科3号病房12床继续治疗",
        "请至门诊大楼2号楼3层5号诊室就诊",
        "患者于我院住院部1号楼急诊留观",
        "临床路径第1组方案，入组3例",
        "按国家卫生健康委2026年第5号公告执行",
        "行2号位置置管，5号针穿刺",
        "社区卫生服务中心3组医生随访",
        "市医保局文件第12号要求",
        "本组86例，对照组84例，观察组队列1组",
        "新区医院1号手术室消毒记录",
        "县人民医院6组护士交接",
        "区疾控中心编号3号样本",
        "北京市第3号通告，天津市2号文",
        "道路交通伤5号伤员，轻伤",
        "村医随访表1组2组3组数据",
        "右侧里组淋巴结3组",
        "取胃小弯1组、3组淋巴结送检",
        "第7组淋巴结清扫，共12枚",
        "4号染色体长臂缺失",
        "丝线1号、4号各1包",
        "心脏彩超3号机，排队号12号",
        "第2单元血浆输注完毕，悬浮红细胞2单元",
        "输注血小板1单元，冷沉淀10单元",
        "街道办事处通知：3号停诊",
        "食道3号支架置入",
        "胆道1号引流管通畅",
        "尿道14号导尿管留置",
        "气道7号插管",
        "阴道内5号缝线",
        "肠道2号菌株鉴定",
        "产道1组数据",
        "通道1号、2号关闭",
        "鼻胃管道16号一根",
        "呼吸道隔离3室",
        "急救绿色通道2号窗口",
        "医保1号窗口，收费3号窗口",
        "药房5号窗口取药",
        "核磁2室检查，CT3室",
        "手术3室接台，麻醉1组",
        "重症监护2组值班",
    ]
    found = [
        (text, text[hit.start : hit.end])
        for text in sentences
        for hit in EVERY.search([Text("", text)])
    ]
    assert found == []
