"""The table of words of a policy file: what may stand where, how it is written, what it means.

The check of a file, the JSON Schema for editors and the reference page are all made from this table
and from nothing else. A new condition is one more row here and one more judge in `evaluate`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from gateway.policy import grammar, identifiers, timewindow
from gateway.policy.facts import UnpackLimits
from gateway.policy.filetypes import TYPE_WORDS
from gateway.policy.model import Clash, Priority, Section
from gateway.policy.phrases import read_size, read_word
from gateway.policy.texts import (
    GENERATED,
    read_channel_name,
    read_free_text,
    read_sample,
    read_time,
    read_writer,
    read_zone,
)
from gateway.policy.values import (
    Afterwards,
    Approval,
    Expectation,
    FormatDemand,
    ListName,
    Rate,
    Retry,
    SizeBound,
    TimeWindows,
    WholeWhen,
)
from gateway.unit.model import Kind, Lane

T = TypeVar("T")
_CONDITIONS: Final = (
    Section.PASSES_IF,
    Section.HELD_IF,
    Section.REFUSED_IF,
    Section.ALSO_AT_RECEIVER,
)


def _only(items: tuple[Any, ...]) -> Any:
    return items[0]


# Without slots: a slotted frozen class cannot be generic on Python 3.11 (typing sets __orig_class__).
@dataclass(frozen=True)
class Word(Generic[T]):
    """One key. sections: where it may stand. forms: how its value is written, for people.

    pattern: the same for editors (ECMA 262 regular expression). item: reads one text or raises
    Misread; join: makes the value of what was read. many: may be a YAML list; splits: one text may
    name several, `pdf, csv or dicom`. editors: what an editor may take the value for besides text.
    """

    name: str
    sections: tuple[Section, ...]
    en: str
    zh: str
    forms: tuple[str, ...]
    example: str
    pattern: str
    item: Callable[[str], Any]
    join: Callable[[tuple[Any, ...]], T] = _only
    obligatory: bool = False
    many: bool = False
    splits: bool = False
    editors: tuple[str, ...] = ()


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    return lambda text: read_word(text, words)


def _choice(words: tuple[str, ...]) -> str:
    return f"^(?:{'|'.join(words)})$"


def _many(words: tuple[str, ...]) -> str:
    word = f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"
    return f"^{word}(?:(?:, *| or | and ){word})*$"


_SIZE: Final = r"[0-9][0-9,]* (?:bytes?|KiB|MiB|GiB|TiB)"
_TIME: Final = r"[0-9][0-9,]* (?:ms|s|min|h|d)"
_TEXT: Final = r"\S"
_WINDOW: Final = r"[a-z, -]+ [0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2}"
_YES: Final = ("yes", "no")

CHANNEL: Final = Word[str](
    "channel", (Section.CHANNEL,),
    "The name of the channel, the same on both hosts, in the journal and on every screen.",
    "交换通道名称;两侧主机、审计日志和所有界面一致。",
    ("small letters, digits and dashes, at most 64",), "lab-reports",
    r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$", read_channel_name, obligatory=True,
)  # fmt: skip
PURPOSE: Final = Word[str](
    "purpose", (Section.CHANNEL,),
    "What the channel is for, in a sentence for people.", "用途说明,供人阅读。",
    ("free text, at most 500 characters",), "Laboratory reports to the inner archive.",
    _TEXT, read_free_text, obligatory=True,
)  # fmt: skip
OWNER: Final = Word[str](
    "owner", (Section.CHANNEL,),
    "Who answers for the channel and is told when something is wrong.", "负责人或负责部门。",
    ("free text, at most 500 characters",), "Laboratory IT, ext. 4471",
    _TEXT, read_free_text, obligatory=True,
)  # fmt: skip
CARRIES: Final = Word[Kind](
    "carries", (Section.CHANNEL,),
    "The kind of data. This version carries files; rows, stream and requests come later.",
    "数据类别。本版本支持 files;rows、stream、requests 在后续版本提供。",
    ("files",), "files", _choice(("files",)), _one_of(tuple(Kind)),
    lambda items: Kind(items[0]), obligatory=True,
)  # fmt: skip
LANE: Final = Word[Lane](
    "lane", (Section.CHANNEL,),
    "The direction: import is outer to inner, export is inner to outer.",
    "摆渡方向:import 为外到内,export 为内到外。",
    ("import", "export"), "import", _choice(("import", "export")), _one_of(tuple(Lane)),
    lambda items: Lane(items[0]), obligatory=True,
)  # fmt: skip
GRADE: Final = Word[int](
    "grade", (Section.CHANNEL,),
    "The data grade that the channel is made for, 1 (public) to 5.", "数据分级,1(公开)至 5。",
    ("1 to 5",), "3", r"^[1-5]$", grammar.read_grade, obligatory=True,
    editors=("integer",),
)  # fmt: skip
TIME_ZONE: Final = Word[str](
    "time_zone", (Section.CHANNEL,),
    "The zone in which `time` is meant. Asia/Shanghai where nothing is said.",
    "time 所用时区;未写时为 Asia/Shanghai。",
    ("a name of the IANA time zone database",), "Asia/Shanghai",
    r"^[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*$", read_zone,
)  # fmt: skip
APPROVAL: Final = Word[Approval](
    "approval", (Section.CHANNEL,),
    "How many different people must release a unit that is held, and of which group.",
    "待审批单元须由几名不同人员放行,以及所属组。",
    grammar.APPROVAL_FORMS, "2 of security", r"^[1-9] of [a-z][a-z0-9-]*$", grammar.read_approval,
)  # fmt: skip
REHEARSE: Final = Word[bool](
    "rehearse", (Section.CHANNEL,),
    "yes: units are judged and recorded, and none is carried.", "yes:只判定并记录,不摆渡。",
    _YES, "yes", _choice(_YES), _one_of(_YES), lambda items: bool(items[0] == "yes"),
    editors=("boolean",),
)  # fmt: skip
FOLDER: Final = Word[str](
    "folder", (Section.FROM, Section.TO),
    "The folder on the host of that end. No two channels share one.",
    "该侧主机上的目录;两个通道不得共用。",
    ("an absolute path",), "/srv/ferrygate/lab/out", r"^(?:/[^/]+)+$", grammar.read_folder,
    obligatory=True,
)  # fmt: skip
NAMES: Final = Word[tuple["str | ListName", ...]](
    "names", (Section.FROM,),
    "Names of files to take: shell patterns, capital and small letters alike. Others stay where they"
    " are; the guards of both sides judge the names again. Any name where nothing is said.",
    "要采集的文件名(通配符,不分大小写);其余文件留在原处,两侧守卫会再次判定。未写则不限。",
    ("PATTERN", "[PATTERN, PATTERN]", "in list NAME"), "[\"*.pdf\", \"*.csv\"]", _TEXT,
    grammar.read_name, tuple, many=True,
)  # fmt: skip
WRITERS: Final = Word[tuple["str | ListName", ...]](
    "writers", (Section.FROM,),
    "Unix users that the files may belong to, judged on the sending side. Anyone where nothing is"
    " said.",
    "文件属主(Unix 用户),在发送侧判定;未写则不限。",
    ("USER", "USER, USER or USER", "in list NAME"), "labsystem", _TEXT, read_writer, tuple,
    many=True, splits=True,
)  # fmt: skip
WHOLE_WHEN: Final = Word[WholeWhen](
    "whole_when", (Section.FROM,),
    "When a file counts as completely written. `unchanged for 5 s` where nothing is said; `as soon"
    " as it appears` is for senders that write elsewhere and rename.",
    "何时视为写入完成;未写时为 unchanged for 5 s。as soon as it appears 适用于先写后改名的发送方。",
    grammar.WHOLE_FORMS, "unchanged for 5 s", rf"^(?:unchanged for {_TIME}|as soon as it appears)$",
    grammar.read_whole_when,
)  # fmt: skip
AFTERWARDS: Final = Word[Afterwards](
    "afterwards", (Section.FROM,),
    "What becomes of a file once the gate has it safely. `remove` where nothing is said.",
    "采集落盘后对原文件的处理;未写时为 remove(删除)。",
    grammar.AFTERWARDS_FORMS, "move to sent/", r"^(?:remove|move to [^/\s.][^/\s]*/)$",
    grammar.read_afterwards,
)  # fmt: skip
ON_CLASH: Final = Word[Clash](
    "on_clash", (Section.TO,),
    "What happens when the name is taken. `keep both` where nothing is said: the later one gets its"
    " unit number into its name.",
    "目标处已有同名文件时的处理;未写时为 keep both(两者都保留,后到者名称带单元编号)。",
    tuple(Clash), "keep both", _choice(tuple(Clash)), _one_of(tuple(Clash)),
    lambda items: Clash(items[0]),
)  # fmt: skip
FILE_MODE: Final = Word[int](
    "file_mode", (Section.TO,),
    "Permission bits of delivered files, in quotes. \"0640\" where nothing is said.",
    "交付文件的权限位,加引号;未写时为 \"0640\"。",
    ("four octal digits, not writable by everyone",), "\"0640\"", r"^0[4-7][0-7][0145]$",
    grammar.read_file_mode,
)  # fmt: skip
TYPE: Final = Word[frozenset[str]](
    "type", _CONDITIONS,
    "What the file is by its content, whatever its name says. Words: see File types.",
    "按内容识别的文件类型,与名称无关。可用词见“File types”。",
    ("TYPE", "TYPE, TYPE or TYPE"), "pdf, csv or dicom", _many(TYPE_WORDS), _one_of(TYPE_WORDS),
    frozenset, many=True, splits=True,
)  # fmt: skip
INSIDE: Final = Word[frozenset[str]](
    "inside", (Section.PASSES_IF, Section.REFUSED_IF, Section.ALSO_AT_RECEIVER),
    "What archives may hold, at every level; an archive in an archive is named here as well."
    " Obligatory under `passes_if` when `type` names an archive. Under `refused_if`: refused when"
    " anything inside is one of these.",
    "压缩包内(各层)允许的类型;包中包也须列出。type 含压缩包时 passes_if 下必填;"
    "在 refused_if 下表示含有其一即拒绝。",
    ("TYPE", "TYPE, TYPE or TYPE"), "pdf or csv", _many(TYPE_WORDS), _one_of(TYPE_WORDS), frozenset,
    many=True, splits=True,
)  # fmt: skip
SIZE: Final = Word[SizeBound](
    "size", _CONDITIONS,
    "The size of the file as it came.", "文件大小。",
    grammar.SIZE_FORMS, "at most 20 MiB",
    rf"^(?:(?:at most|at least|above|below) {_SIZE}|between {_SIZE} and {_SIZE})$",
    grammar.read_size_bound,
)  # fmt: skip
TIME: Final = Word[TimeWindows](
    "time", _CONDITIONS,
    "When the file was taken in, in the channel's time zone. Days: mon to sun, `mon-fri`, `sat and"
    " sun`, `daily`. The end is not included; a window whose end is not after its start reaches"
    " into the next day.",
    "采集时刻(按通道时区)。不含结束时刻;结束不晚于开始时表示跨到次日。",
    timewindow.TIME_FORMS, "mon-sat 06:00-22:00", rf"^(?:outside )?{_WINDOW}(?:; *{_WINDOW})*$",
    timewindow.read_time_windows, timewindow.join_windows, many=True,
)  # fmt: skip
NAME: Final = Word[tuple["str | ListName", ...]](
    "name", _CONDITIONS,
    "The file's own name: shell patterns, capital and small letters alike.",
    "文件名(通配符,不分大小写)。",
    ("PATTERN", "[PATTERN, PATTERN]", "in list NAME"), "[\"*.pdf\", \"*.csv\"]", _TEXT,
    grammar.read_name, tuple, many=True,
)  # fmt: skip
MALWARE: Final = Word[str](
    "malware", (Section.PASSES_IF, Section.ALSO_AT_RECEIVER),
    "Every scanner has looked at every part and found nothing. A scanner that does not answer lets"
    " nothing pass: the unit waits. A hit refuses even where this line is missing.",
    "所有扫描器检查所有部分且未发现问题。扫描器无应答时单元等待,不放行;即使未写此行,命中也会拒绝。",
    ("clean",), "clean", _choice(("clean",)), _one_of(("clean",)),
)  # fmt: skip
ARCHIVE: Final = Word[UnpackLimits](
    "archive", (Section.PASSES_IF,),
    "How far archives are taken apart; what goes beyond is refused. Without the line, and for each"
    " figure left out: `at most 5 levels, 1,000 files, 1 GiB, ratio 200`.",
    "压缩包解开的上限,超出即拒绝。未写的项按 at most 5 levels, 1,000 files, 1 GiB, ratio 200。",
    ("at most N levels, N files, SIZE, ratio N",), "at most 3 levels, 200 files, 200 MiB, ratio 100",
    r"^at most (?:[0-9,]+ levels?|[0-9,]+ files?|[0-9,]+ [KMGT]iB|ratio [0-9,]+)"
    r"(?:, (?:[0-9,]+ levels?|[0-9,]+ files?|[0-9,]+ [KMGT]iB|ratio [0-9,]+))*$",
    grammar.read_archive,
)  # fmt: skip
ENCRYPTED: Final = Word[str](
    "encrypted", (Section.HELD_IF,),
    "Files with encrypted content wait for people. Without the line they are refused.",
    "含加密内容的文件转待审批;未写此行则拒绝。",
    ("any",), "any", _choice(("any",)), _one_of(("any",)),
)  # fmt: skip


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
        "json", "JSON is read to its end by two strict parsers: no doubled keys, no programs in it.",
        "由两个严格解析器读完整个 JSON:无重复键,不夹带程序。", ("well formed",), "well formed",
    ),
    _format(
        "fhir", "FHIR R4 resources, their elements, values and narratives; or these resources only.",
        "FHIR R4 资源的元素、取值与叙述文本;或仅限所列资源。",
        ("any resource", "RESOURCE, RESOURCE or RESOURCE"), "Patient, Observation or Bundle",
    ),
    _format(
        "xml", "XML without document types, instructions, inclusions and scripts.",
        "XML 不含文档类型、处理指令、包含和脚本。", ("well formed",), "well formed",
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
        "csv", "Tables: as many cells in each row, nothing that a spreadsheet runs; or these columns only.",
        "表格各行列数一致,不含电子表格会执行的内容;或仅限所列各列。",
        ("any columns", "columns NAME, NAME and NAME"), "columns id, name and born",
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
)  # fmt: skip
IDENTIFIERS: Final = Word[frozenset[str]](
    "identifiers", (Section.HELD_IF, Section.REFUSED_IF),
    "The text of the file, at any depth and however it is written, names a person in one of these"
    " ways. Words: see Identifiers.",
    "文件内(任意层级、任意写法)的文字含有下列个人标识之一。可用词见“Identifiers”。",
    ("KIND", "KIND, KIND or KIND"), "identity numbers or mobile numbers",
    _many(tuple(identifiers.IDENTIFIERS)), _one_of(tuple(identifiers.IDENTIFIERS)), frozenset,
    many=True, splits=True,
)  # fmt: skip
SOUGHT: Final = Word[tuple[ListName, ...]](
    "words", (Section.HELD_IF, Section.REFUSED_IF),
    "The text of the file holds an entry of a list. Capital and small letters, full and half width"
    " and characters that cannot be seen make no difference.",
    "文件内的文字含有列表中的词;不分大小写、全角半角,不可见字符不起作用。",
    ("in list NAME", "[in list NAME, in list NAME]"), "in list staff-addresses",
    r"^in list [a-z0-9-]+$", grammar.read_list_name, tuple, many=True,
)  # fmt: skip
PATTERNS: Final = Word[tuple[ListName, ...]](
    "patterns", (Section.HELD_IF, Section.REFUSED_IF),
    "The text of the file fits a regular expression of a list (RE2 syntax: no back references).",
    "文件内的文字符合列表中的正则表达式(RE2 语法,不支持反向引用)。",
    ("in list NAME", "[in list NAME, in list NAME]"), "in list contract-numbers",
    r"^in list [a-z0-9-]+$", grammar.read_list_name, tuple, many=True,
)  # fmt: skip
GRADE_FOUND: Final = Word[int](
    "grade_found", (Section.HELD_IF, Section.REFUSED_IF),
    "The highest data grade of what is found. A list of words gives its entries a grade when it"
    " begins with `# grade: 4`.",
    "所发现内容的最高数据分级;词表首部写 # grade: 4 即为其词条定级。",
    ("above N",), "above 3", r"^above [0-4]$", grammar.read_above_grade,
)  # fmt: skip
RATE: Final = Word[Rate](
    "rate", (Section.LIMITS,),
    "How many units may pass in a time; what comes above it waits, nothing is refused for it.",
    "单位时间内放行的单元数;超出者等待,不会因此被拒绝。",
    grammar.RATE_FORMS, "at most 40 units/min", r"^at most [0-9][0-9,]* units?/(?:s|min|h)$",
    grammar.read_rate,
)  # fmt: skip
RETRY: Final = Word[Retry](
    "retry", (Section.LIMITS,),
    "How often delivery is tried again when the destination is not ready. `3 times, 1 min apart,"
    " then tell owner` where nothing is said. The unit is kept in any case.",
    "目的端未就绪时的重试;未写时为 3 times, 1 min apart, then tell owner。单元始终保留。",
    grammar.RETRY_FORMS, "3 times, then tell owner",
    rf"^[0-9]+ times?(?:, {_TIME} apart)?(?:, then tell owner)?$", grammar.read_retry,
)  # fmt: skip
PRIORITY: Final = Word[Priority](
    "priority", (Section.LIMITS,),
    "Which channel goes first when there is more to do than time. `normal` where nothing is said.",
    "忙时的先后;未写时为 normal。",
    tuple(Priority), "high", _choice(tuple(Priority)), _one_of(tuple(Priority)),
    lambda items: Priority(items[0]),
)  # fmt: skip
TITLE: Final = Word[str](
    "name", (Section.TESTS,),
    "The test as a sentence; no two of a file are the same.", "测试名称,一个文件内不重复。",
    ("free text, at most 500 characters",), "a program named .pdf is refused", _TEXT,
    read_free_text, obligatory=True,
)  # fmt: skip
EXPECT: Final = Word[Expectation](
    "expect", (Section.TESTS,),
    "What must come of it. WORD is the condition that must be among those that refuse or hold.",
    "期望结果;WORD 为其中起作用的条件。",
    grammar.EXPECT_FORMS, "refused by type", r"^(?:delivered|(?:refused|held)(?: by [a-z_]+)?)$",
    grammar.read_expectation, obligatory=True,
)  # fmt: skip
TRY_FILE: Final = Word[str](
    "file", (Section.TRY,),
    "An invented sample, by its path below the folder of the policy set.",
    "虚构的样例文件,路径相对于策略集目录。",
    ("samples/PATH",), "samples/lab/report.pdf", r"^samples/[^\s]+$", read_sample,
)  # fmt: skip
TRY_GENERATED: Final = Word[str](
    "generated", (Section.TRY,),
    "A sample that is made when the test runs, so that nothing dangerous lies in the folder.",
    "运行时生成的样例,策略目录中不存放危险文件。",
    tuple(GENERATED), "eicar", _choice(tuple(GENERATED)), _one_of(tuple(GENERATED)),
)  # fmt: skip
TRY_NAME: Final = Word[str](
    "name", (Section.TRY,),
    "The name that the file comes under. Where nothing is said: the sample's own name; of a generated"
    " one a name that the channel takes.",
    "文件名;未写时用样例自身的名称,生成的样例用通道允许的名称。",
    ("a file name",), "report.pdf", _TEXT, read_free_text,
)  # fmt: skip
TRY_TIME: Final = Word[str](
    "time", (Section.TRY,),
    "When the file was taken in. Where nothing is said: the first minute that the channel permits,"
    " never the clock.",
    "采集时刻;未写时取通道允许的第一个时刻,从不取当前时钟。",
    ("YYYY-MM-DDTHH:MM", "YYYY-MM-DDTHH:MM+HH:MM"), "2026-11-21T02:10",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}", read_time,
)  # fmt: skip
TRY_WRITER: Final = Word[str](
    "writer", (Section.TRY,),
    "The Unix user that the file belongs to. Where nothing is said: the first that the channel takes.",
    "文件属主;未写时取通道允许的第一个。",
    ("USER",), "labsystem", _TEXT, read_free_text,
)  # fmt: skip
TRY_SIZE: Final = Word[int](
    "size", (Section.TRY,),
    "A size to judge instead of the sample's own, so that no large sample is needed.",
    "以此大小代替样例的实际大小,免去大样例。",
    ("SIZE",), "21 MiB", rf"^{_SIZE}$", lambda text: read_size(text).size_bytes,
)  # fmt: skip

WORDS: Final[tuple[Word[Any], ...]] = (
    CHANNEL, PURPOSE, OWNER, CARRIES, LANE, GRADE, TIME_ZONE, APPROVAL, REHEARSE,
    FOLDER, NAMES, WRITERS, WHOLE_WHEN, AFTERWARDS, ON_CLASH, FILE_MODE,
    TYPE, INSIDE, SIZE, TIME, NAME, MALWARE, ARCHIVE, ENCRYPTED,
    *FORMAT_WORDS, IDENTIFIERS, SOUGHT, PATTERNS, GRADE_FOUND,
    RATE, RETRY, PRIORITY,
    TITLE, EXPECT, TRY_FILE, TRY_GENERATED, TRY_NAME, TRY_TIME, TRY_WRITER, TRY_SIZE,
)  # fmt: skip


def words_of(section: Section) -> dict[str, Word[Any]]:
    """The words that may stand in a section, in the order of the table."""
    return _BY_SECTION[section]


_BY_SECTION: Final = {
    section: {word.name: word for word in WORDS if section in word.sections} for section in Section
}
