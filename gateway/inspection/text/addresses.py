"""Postal addresses in Chinese, by their levels: 省 市 区 镇 路 号. Guesses, and measured as such.

    ... 患者现住 [浙江省 杭州市 西湖区 文三路] [478 号 3 幢 501 室] ...
                 levels, looked back for      units, the anchor

An address is a row of units (digits and 号, 弄, 幢, 室 ...) with a road, village or estate before the first
of them, and either an administrative level before that or a second unit behind: so 3 号病房, 门诊 2 号楼
and 路径 1 号 are none. Where a person's address ends and a firm's begins cannot be told from the form.
Not seen: addresses without a number, in Latin letters, or parted by a full stop or a comma. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.text.expressions import compiled
from gateway.inspection.text.found import Bytes, Found, Identifier
from gateway.inspection.text.normalise import IDEOGRAPHS

_NUMBER: Final = "[0-9A-Za-z零〇一二三四五六七八九十百]"
_UNIT: Final = "(?:号楼|号院|号|弄|幢|栋|单元|室|组|队|户)"
_ANCHOR: Final = compiled(f"[0-9零〇一二三四五六七八九十百]{_UNIT}")
# A level is at most eight characters and its mark; six levels and the road.
_BACK_CHARACTERS: Final = 64
_TAIL: Final = re.compile(
    f"{_UNIT}(?:[ \u3000-]?(?:[{IDEOGRAPHS}]{{0,8}}?)?{_NUMBER}{{1,6}}(?:-{_NUMBER}{{1,6}}){{0,3}}"
    f"{_UNIT}){{0,5}}"
)
_SECOND_UNIT: Final = re.compile(f"{_UNIT}.*{_UNIT}", re.DOTALL)
# A road or what houses stand in, and then only what may stand before a house number.
_ROAD: Final = re.compile(
    f"[{IDEOGRAPHS}]{{1,12}}?(?:路|街|大道|巷|弄|胡同|村|社区|小区|新村|里|屯|庄|苑|园|公寓|花园|大厦)"
    f"[{IDEOGRAPHS}]{{0,6}} ?{_NUMBER}{{0,5}}(?:-{_NUMBER}{{1,5}})?\\Z"
)
_LEVEL: Final = re.compile(
    f"[{IDEOGRAPHS}]{{2,8}}?(?:省|自治区|特别行政区|市|自治州|地区|盟|区|县|旗|镇|乡|街道)"
)
_PROVINCE: Final = re.compile(
    "北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东"
    "|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆|香港|澳门|台湾"
)
# What leads to an address and is not of it; the last one before it counts.
_LEAD: Final = re.compile(
    "地址|住址|现住|居住在|居住于|居住|家住|户籍|户口|籍贯|住在|住于|位于|寄往|送至|送到|单位|住|在|至|为|是"
)
_BREAK: Final = re.compile(f"[^{IDEOGRAPHS}0-9A-Za-z \u3000()（）-]")


def find_addresses(text: str, utf8: bytes) -> Iterator[Found]:
    """Addresses in a normal text and its UTF-8, in order. Raises nothing."""
    places, done = Bytes(utf8, len(text)), 0
    for match in _ANCHOR.finditer(utf8):
        digit = places.character(match.start())
        if digit < done:
            continue
        found = _address(text, done, digit + 1)
        if found is not None:
            yield found
            done = found.end


def _address(text: str, done: int, unit: int) -> Found | None:
    """unit: where the mark of the first unit stands."""
    begin = max(done, unit - _BACK_CHARACTERS)
    breaks = [match.end() for match in _BREAK.finditer(text, begin, unit)]
    begin = breaks[-1] if breaks else begin
    begin = _start(text, begin, unit)
    before = text[begin:unit]
    if not _ROAD.search(before):
        return None
    tail = _TAIL.match(text, unit)
    if tail is None or not (_LEVEL.match(before) or _SECOND_UNIT.search(tail[0])):
        return None
    return Found(Identifier.ADDRESS, begin, tail.end())


def _start(text: str, begin: int, end: int) -> int:
    """At the province where one is named, else behind the words that lead to an address."""
    province = _PROVINCE.search(text, begin, end)
    if province is not None:
        return province.start()
    leads = [match.end() for match in _LEAD.finditer(text, begin, end)]
    # A lead that stands in the road's own name (在园路) would leave no road: the first ones do.
    begin = next((lead for lead in reversed(leads) if _ROAD.search(text[lead:end])), begin)
    while begin < end - 1 and text[begin] in " \u3000":
        begin += 1
    return begin
