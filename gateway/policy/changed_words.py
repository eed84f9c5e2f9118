"""What the inner host's guard writes anew before a unit goes on: the section `changed`."""

from __future__ import annotations

from typing import Final

from gateway.policy.model import Section
from gateway.policy.written_words import Word, choice, one_of

# The formats that can be written anew, by their words.
REBUILT: Final = (
    "json", "fhir", "xml", "cda", "hl7", "csv", "dicom", "image", "ooxml", "pdf",
)  # fmt: skip
_REBUILT: Final = ("rebuilt",)
_MASKED: Final = ("masked",)


def _rebuilt(name: str, en: str, zh: str) -> Word[str]:
    return Word[str](
        name, (Section.CHANGED,), en, zh, _REBUILT, "rebuilt", choice(_REBUILT), one_of(_REBUILT)
    )


REBUILT_WORDS: Final[tuple[Word[str], ...]] = (
    _rebuilt(
        "json", "Values are written anew: no blanks, no comments, one way to write each.",
        "按解析出的值重新写出:无空白、无注释、写法唯一。",
    ),
    _rebuilt("fhir", "FHIR is written anew from its values.", "FHIR 按解析出的值重新写出。"),
    _rebuilt(
        "xml", "XML is written anew from elements, attributes and texts; comments go.",
        "XML 按元素、属性和文字重新写出;去除注释。",
    ),
    _rebuilt("cda", "Clinical documents are written anew as XML is.", "临床文档同 XML 重新写出。"),
    _rebuilt("hl7", "HL7 messages are written anew from their fields.", "HL7 消息按字段重新写出。"),
    _rebuilt("csv", "Tables are written anew from their cells.", "表格按单元格重新写出。"),
    _rebuilt(
        "dicom", "DICOM objects are written anew: empty preamble, no private and unknown elements.",
        "DICOM 对象重新写出:前导区清零,去除私有和未知元素。",
    ),
    _rebuilt(
        "image", "Images are written anew from their pixels: no metadata, nothing behind them.",
        "图像按像素重新写出:无元数据,无尾随数据。",
    ),
    _rebuilt(
        "ooxml", "Office documents are written anew from the parts that are known to be harmless.",
        "Office 文档仅由已知无害的部件重新写出。",
    ),
    _rebuilt(
        "pdf", "PDF is written anew from pages, fonts and pictures: all else is gone.",
        "PDF 仅由页面、字体和图像重新写出,其余去除。",
    ),
)  # fmt: skip
PERSONS: Final = Word[str](
    "persons", (Section.CHANGED,),
    "What is about persons becomes what masking.yaml says, the same rules on every channel. Only"
    " files whose fields can be named pass: FHIR, HL7, CDA, CSV, DICOM, JSON and XML.",
    "涉及个人的内容按 masking.yaml 处理,各通道规则一致;仅限可指明字段的格式:FHIR、HL7、CDA、CSV、"
    "DICOM、JSON、XML。",
    _MASKED, "masked", choice(_MASKED), one_of(_MASKED),
)  # fmt: skip
