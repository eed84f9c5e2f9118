"""Words of the tests of a policy file: `tests`, and `try` within it."""

from __future__ import annotations

from typing import Final

from gateway.policy import grammar
from gateway.policy.model import Section
from gateway.policy.phrases import read_size
from gateway.policy.texts import GENERATED, read_free_text, read_sample, read_time
from gateway.policy.values import Expectation
from gateway.policy.written_words import SIZE_FORM, TEXT_FORM, Word, choice, one_of

TITLE: Final = Word[str](
    "name", (Section.TESTS,),
    "The test as a sentence; no two of a file are the same.", "测试名称,一个文件内不重复。",
    ("free text, at most 500 characters",), "a program named .pdf is refused", TEXT_FORM,
    read_free_text, obligatory=True,
)  # fmt: skip
EXPECT: Final = Word[Expectation](
    "expect", (Section.TESTS,),
    "What must come of it. WORD is the condition that must be among those that refuse, hold or count.",
    "期望结果;WORD 为其中起作用(拒绝、待审批或计数)的条件。",
    grammar.EXPECT_FORMS, "refused by type",
    r"^(?:(?:refused|held)(?: by [a-z_]+)?|(?:delivered|held by [a-z_]+)(?:, counted by [a-z_]+)?)$",
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
    tuple(GENERATED), "eicar", choice(tuple(GENERATED)), one_of(tuple(GENERATED)),
)  # fmt: skip
TRY_NAME: Final = Word[str](
    "name", (Section.TRY,),
    "The name that the file comes under. Where nothing is said: the sample's own name; of a generated"
    " one a name that the channel takes.",
    "文件名;未写时用样例自身的名称,生成的样例用通道允许的名称。",
    ("a file name",), "report.pdf", TEXT_FORM, read_free_text,
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
    ("USER",), "labsystem", TEXT_FORM, read_free_text,
)  # fmt: skip
TRY_SIZE: Final = Word[int](
    "size", (Section.TRY,),
    "A size to judge instead of the sample's own, so that no large sample is needed.",
    "以此大小代替样例的实际大小,免去大样例。",
    ("SIZE",), "21 MiB", rf"^{SIZE_FORM}$", lambda text: read_size(text).size_bytes,
)  # fmt: skip
