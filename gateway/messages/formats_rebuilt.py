"""Texts of the area: files written anew from typed values: XML, OOXML and PDF (3862 to 3868)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_ANEW: Final = "Let the sender's program write the document anew, and send that."
_ANEW_ZH: Final = "请发送方软件重新生成该文档后再发送。"
_FEWER: Final = "Let the sender split the document, or save it with less in it."
_FEWER_ZH: Final = "请发送方拆分文档,或精简内容后重新保存。"

TEXTS: Final[dict[int, Text]] = {
    3862: Text("{where}: XML cannot be written anew with {name}: {reason}", "{where}:无法用 {name} 重新生成 XML:{reason}", _ANEW, _ANEW_ZH),
    3863: Text("{where}: XML cannot hold the character {character}", "{where}:XML 不能包含字符 {character}", _ANEW, _ANEW_ZH),
    3864: Text("{where}: XML cannot be written anew: {reason}", "{where}:无法重新生成 XML:{reason}", _ANEW, _ANEW_ZH),
    3865: Text("{where}: the office document cannot be written anew with {part}: {reason}", "{where}:无法用 {part} 重新生成办公文档:{reason}", _ANEW, _ANEW_ZH),
    3866: Text("{where}: the office document written anew has more than {limit} {what}", "{where}:重新生成的办公文档中 {what} 超过 {limit}", _FEWER, _FEWER_ZH),
    3867: Text("{where}: the PDF cannot be written anew, at object {object}: {reason}", "{where}:无法重新生成 PDF,对象 {object} 处:{reason}", _ANEW, _ANEW_ZH),
    3868: Text("{where}: the PDF written anew has more than {limit} {what}", "{where}:重新生成的 PDF 中 {what} 超过 {limit}", _FEWER, _FEWER_ZH),
}  # fmt: skip
