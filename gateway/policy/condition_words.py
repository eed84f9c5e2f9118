"""Conditions on the file as a whole: its type, size, name, the time, what scanners and archives say.

What stands inside a file is the subject of `content_words`.
"""

from __future__ import annotations

from typing import Final

from gateway.policy import grammar, timewindow
from gateway.policy.facts import UnpackLimits
from gateway.policy.filetypes import TYPE_WORDS
from gateway.policy.model import Section
from gateway.policy.values import ListName, SizeBound, TimeWindows
from gateway.policy.written_words import SIZE_FORM, TEXT_FORM, Word, choice, many_of, one_of

_CONDITIONS: Final = (
    Section.PASSES_IF,
    Section.HELD_IF,
    Section.REFUSED_IF,
    Section.ALSO_AT_RECEIVER,
)
_WINDOW: Final = r"[a-z, -]+ [0-9]{2}:[0-9]{2} *- *[0-9]{2}:[0-9]{2}"

TYPE: Final = Word[frozenset[str]](
    "type", _CONDITIONS,
    "What the file is by its content, whatever its name says. Words: see File types.",
    "按内容识别的文件类型,与名称无关。可用词见“File types”。",
    ("TYPE", "TYPE, TYPE or TYPE"), "pdf, csv or dicom", many_of(TYPE_WORDS), one_of(TYPE_WORDS),
    frozenset, many=True, splits=True,
)  # fmt: skip
INSIDE: Final = Word[frozenset[str]](
    "inside", (Section.PASSES_IF, Section.REFUSED_IF, Section.ALSO_AT_RECEIVER),
    "What archives may hold, at every level; an archive in an archive is named here as well."
    " Obligatory under `passes_if` when `type` names an archive. Under `refused_if`: refused when"
    " anything inside is one of these.",
    "压缩包内(各层)允许的类型;包中包也须列出。type 含压缩包时 passes_if 下必填;"
    "在 refused_if 下表示含有其一即拒绝。",
    ("TYPE", "TYPE, TYPE or TYPE"), "pdf or csv", many_of(TYPE_WORDS), one_of(TYPE_WORDS), frozenset,
    many=True, splits=True,
)  # fmt: skip
SIZE: Final = Word[SizeBound](
    "size", _CONDITIONS,
    "The size of the file as it came.", "文件大小。",
    grammar.SIZE_FORMS, "at most 20 MiB",
    rf"^(?:(?:at most|at least|above|below) {SIZE_FORM}|between {SIZE_FORM} and {SIZE_FORM})$",
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
    ("PATTERN", "[PATTERN, PATTERN]", "in list NAME"), "[\"*.pdf\", \"*.csv\"]", TEXT_FORM,
    grammar.read_name, tuple, many=True,
)  # fmt: skip
MALWARE: Final = Word[str](
    "malware", (Section.PASSES_IF, Section.ALSO_AT_RECEIVER),
    "Every scanner has looked at every part and found nothing. A scanner that does not answer lets"
    " nothing pass: the unit waits. A hit refuses even where this line is missing.",
    "所有扫描器检查所有部分且未发现问题。扫描器无应答时单元等待,不放行;即使未写此行,命中也会拒绝。",
    ("clean",), "clean", choice(("clean",)), one_of(("clean",)),
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
    ("any",), "any", choice(("any",)), one_of(("any",)),
)  # fmt: skip
