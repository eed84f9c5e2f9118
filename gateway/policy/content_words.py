"""Conditions on what stands inside a file: the rules of its format, and what is sought in its texts.

A format's line says how such a file must be; whether its type is taken at all is said by `type`.
"""

from __future__ import annotations

from typing import Final

from gateway.policy import grammar, identifiers
from gateway.policy.model import Section
from gateway.policy.values import CodedPlace, FormatDemand, ListName
from gateway.policy.written_words import Word, many_of, one_of

_SOUGHT_IN: Final = (Section.HELD_IF, Section.REFUSED_IF, Section.COUNTED_IF)


def _format(
    name: str, en: str, zh: str, forms: tuple[str, ...], example: str
) -> Word[FormatDemand]:
    """A line about the inside of a format; the type line says whether such files are taken at all."""
    return Word[FormatDemand](
        name, (Section.PASSES_IF,), en, zh, forms, example, r"^\S",
        lambda text: grammar.read_format(name, text),
    )  # fmt: skip


FORMAT_WORDS: Final[tuple[Word[FormatDemand], ...]] = (
    _format(
        "json", "JSON is read to its end by two strict parsers: no doubled keys, no programs in it; or it"
        " follows a JSON Schema of the set, too.",
        "由两个严格解析器读完整个 JSON:无重复键,不夹带程序;或还须符合策略集内的 JSON Schema。",
        ("well formed", "following schemas/NAME.json"), "following schemas/vitals-2.json",
    ),
    _format(
        "fhir", "FHIR R4 resources, their elements, values and narratives; or these resources only.",
        "FHIR R4 资源的元素、取值与叙述文本;或仅限所列资源。",
        ("any resource", "RESOURCE, RESOURCE or RESOURCE"), "Patient, Observation or Bundle",
    ),
    _format(
        "xml", "XML without document types, instructions, inclusions and scripts; or it follows an XML"
        " Schema of the set, too.",
        "XML 不含文档类型、处理指令、包含和脚本;或还须符合策略集内的 XML Schema。",
        ("well formed", "following schemas/NAME.xsd"), "following schemas/report.xsd",
    ),
    _format(
        "cda", "Clinical documents by their header and elements.", "按文档头和元素检查临床文档。",
        ("follows CDA R2", "follows WS/T 500"), "follows WS/T 500",
    ),
    _format(
        "hl7", "HL7 version 2 messages by segments, fields and escapes; or these messages only.",
        "按段、字段与转义检查 HL7 v2 消息;或仅限所列消息。",
        ("any message", "MESSAGE, MESSAGE or MESSAGE"), "ADT, ORU^R01",
    ),
    _format(
        "csv", "Tables: as many cells in each row, nothing that a spreadsheet runs; or these columns only,"
        " and in each of them nothing but empty cells and its kind: text, number (3.5, 1,000), whole number,"
        " date (2026-11-21, 20261121) or yes/no (true, 1, Y, 是). Text where nothing is said.",
        "表格各行列数一致,不含电子表格会执行的内容;或仅限所列各列,且单元格须为空或属于该列类型:"
        "text、number(3.5、1,000)、whole number、date(2026-11-21、20261121)或 yes/no(true、1、Y、是);"
        "未写则为 text。",
        ("any columns", "columns NAME, NAME and NAME", "columns NAME (KIND), NAME (KIND) and NAME"),
        "columns id (whole number), name and born (date)",
    ),
    _format(
        "dicom", "DICOM objects element by element, to the last byte; private elements too where not said.",
        "逐元素检查 DICOM 对象直至末字节;未写则允许私有元素。",
        ("any object", "without private elements"), "without private elements",
    ),
    _format(
        "image", "Images are walked and decoded to their end.", "图像逐块检查并解码至结尾。",
        ("whole",), "whole",
    ),
    _format(
        "ooxml", "Word, Excel and PowerPoint without macros, controls, outside data and DDE; links stay.",
        "Word、Excel、PowerPoint 不含宏、控件、外部数据和 DDE;保留超链接。",
        ("plain", "with embedded documents", "without links"), "plain",
    ),
    _format(
        "ofd", "OFD documents whose parts are all there; no actions but jumps within the document.",
        "OFD 文档各部分齐全,除文档内跳转外不含动作。",
        ("plain", "with jbig2", "without attachments"), "plain",
    ),
    _format(
        "pdf", "PDF without scripts, actions, hidden objects, foreign data and encryption; a plain one has no"
        " forms and links either.",
        "PDF 不含脚本、动作、隐藏对象、外部数据和加密;plain 还不含表单和链接。",
        ("has no scripts, attachments or encryption", "has no scripts or encryption", "plain"),
        "has no scripts, attachments or encryption",
    ),
)  # fmt: skip
CODES: Final = Word[tuple[CodedPlace, ...]](
    "codes", (Section.PASSES_IF, Section.ALSO_AT_RECEIVER),
    "What stands at this place of a file, at any depth, is an entry of the list, letter by letter; of a"
    " table of codes one that is valid on the day the file was taken in. A file without the place passes,"
    " a table without the column does not.",
    "文件中(任意层级)该位置的值须逐字为列表中的条目;列表为编码表时,须在采集当日有效。没有该位置的文件可通过;没有该列的表格不通过。",
    ("PLACE in list NAME", "[PLACE in list NAME, PLACE in list NAME]"), "DG1-3.1 in list icd-10",
    r"^\S.* in list [a-z0-9-]+$", grammar.read_coded_place, tuple, many=True,
)  # fmt: skip
IDENTIFIERS: Final = Word[frozenset[str]](
    "identifiers", _SOUGHT_IN,
    "The text of the file, at any depth and however it is written, names a person in one of these"
    " ways. Words: see Identifiers.",
    "文件内(任意层级、任意写法)的文字含有下列个人标识之一。可用词见“Identifiers”。",
    ("KIND", "KIND, KIND or KIND"), "identity numbers or mobile numbers",
    many_of(tuple(identifiers.IDENTIFIERS)), one_of(tuple(identifiers.IDENTIFIERS)), frozenset,
    many=True, splits=True,
)  # fmt: skip
SOUGHT: Final = Word[tuple[ListName, ...]](
    "words", _SOUGHT_IN,
    "The text of the file holds an entry of a list. Capital and small letters, full and half width"
    " and characters that cannot be seen make no difference.",
    "文件内的文字含有列表中的词;不分大小写、全角半角,不可见字符不起作用。",
    ("in list NAME", "[in list NAME, in list NAME]"), "in list staff-addresses",
    r"^in list [a-z0-9-]+$", grammar.read_list_name, tuple, many=True,
)  # fmt: skip
PATTERNS: Final = Word[tuple[ListName, ...]](
    "patterns", _SOUGHT_IN,
    "The text of the file fits a regular expression of a list (RE2 syntax: no back references).",
    "文件内的文字符合列表中的正则表达式(RE2 语法,不支持反向引用)。",
    ("in list NAME", "[in list NAME, in list NAME]"), "in list contract-numbers",
    r"^in list [a-z0-9-]+$", grammar.read_list_name, tuple, many=True,
)  # fmt: skip
GRADE_FOUND: Final = Word[int](
    "grade_found", _SOUGHT_IN,
    "The highest data grade of what is found. A list of words gives its entries a grade when it"
    " begins with `# grade: 4`.",
    "所发现内容的最高数据分级;词表首部写 # grade: 4 即为其词条定级。",
    ("above N",), "above 3", r"^above [0-4]$", grammar.read_above_grade,
)  # fmt: skip
