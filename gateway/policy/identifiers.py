"""The words for what names a person: one table for policy files, inspection and the reference page.

How each is recognised in a text is inspection's knowledge (`gateway.inspection.text`); here stand the
words, so that a policy can be checked on a laptop without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class IdentifierType:
    """One kind of identifier. word: as policy files and facts write it, in the plural."""

    word: str
    zh: str
    described: str
    described_zh: str


IDENTIFIER_TYPES: Final[tuple[IdentifierType, ...]] = (
    IdentifierType(
        "identity numbers", "身份证号",
        "citizen identity numbers by GB 11643, with their check digit",
        "GB 11643 公民身份号码(含校验码)",
    ),
    IdentifierType(
        "mobile numbers", "手机号", "mobile telephone numbers of the mainland", "中国大陆手机号码"
    ),
    IdentifierType(
        "telephone numbers", "固定电话", "land-line numbers with their area code", "带区号的固定电话"
    ),
    IdentifierType(
        "bank cards", "银行卡号",
        "bank card numbers: known issuer prefix, length and check digit",
        "银行卡号(发卡行前缀、长度与校验位)",
    ),
    IdentifierType(
        "passports", "护照与通行证", "passports and travel permits", "护照、港澳台通行证号码"
    ),
    IdentifierType(
        "record numbers", "病历号", "medical record numbers, in the site's own form", "病历号(按院方格式)"
    ),
    IdentifierType("addresses", "住址", "postal addresses", "通信地址"),
    IdentifierType("e-mail addresses", "电子邮箱", "e-mail addresses", "电子邮箱地址"),
)  # fmt: skip

IDENTIFIERS: Final[Mapping[str, IdentifierType]] = MappingProxyType(
    {kind.word: kind for kind in IDENTIFIER_TYPES}
)
