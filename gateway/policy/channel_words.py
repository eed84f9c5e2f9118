"""Words about the channel itself, its two ends and its limits: `channel`, `from`, `to`, `limits`.

They say what the exchange is and where it begins and ends; what may pass is not said here.
"""

from __future__ import annotations

from typing import Final

from gateway.policy import grammar
from gateway.policy.model import Clash, Priority, Section
from gateway.policy.texts import read_channel_name, read_free_text, read_writer, read_zone
from gateway.policy.values import Afterwards, Approval, ListName, Rate, Retry, WholeWhen
from gateway.policy.written_words import SPAN_FORM, TEXT_FORM, Word, choice, one_of
from gateway.unit.model import CHANNEL_KINDS, Kind, Lane

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
    TEXT_FORM, read_free_text, obligatory=True,
)  # fmt: skip
OWNER: Final = Word[str](
    "owner", (Section.CHANNEL,),
    "Who answers for the channel and is told when something is wrong.", "负责人或负责部门。",
    ("free text, at most 500 characters",), "Laboratory IT, ext. 4471",
    TEXT_FORM, read_free_text, obligatory=True,
)  # fmt: skip
CARRIES: Final = Word[Kind](
    "carries", (Section.CHANNEL,),
    "The kind of data. This version carries files; rows, stream and requests come later.",
    "数据类别。本版本支持 files;rows、stream、requests 在后续版本提供。",
    ("files",), "files", choice(("files",)), one_of(CHANNEL_KINDS),
    lambda items: Kind(items[0]), obligatory=True,
)  # fmt: skip
LANE: Final = Word[Lane](
    "lane", (Section.CHANNEL,),
    "The direction: import is outer to inner, export is inner to outer.",
    "摆渡方向:import 为外到内,export 为内到外。",
    ("import", "export"), "import", choice(("import", "export")), one_of(tuple(Lane)),
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
    _YES, "yes", choice(_YES), one_of(_YES), lambda items: bool(items[0] == "yes"),
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
    ("PATTERN", "[PATTERN, PATTERN]", "in list NAME"), "[\"*.pdf\", \"*.csv\"]", TEXT_FORM,
    grammar.read_name, tuple, many=True,
)  # fmt: skip
WRITERS: Final = Word[tuple["str | ListName", ...]](
    "writers", (Section.FROM,),
    "Unix users that the files may belong to, judged on the sending side. Anyone where nothing is"
    " said.",
    "文件属主(Unix 用户),在发送侧判定;未写则不限。",
    ("USER", "USER, USER or USER", "in list NAME"), "labsystem", TEXT_FORM, read_writer, tuple,
    many=True, splits=True,
)  # fmt: skip
WHOLE_WHEN: Final = Word[WholeWhen](
    "whole_when", (Section.FROM,),
    "When a file counts as completely written. `unchanged for 5 s` where nothing is said; `as soon"
    " as it appears` is for senders that write elsewhere and rename.",
    "何时视为写入完成;未写时为 unchanged for 5 s。as soon as it appears 适用于先写后改名的发送方。",
    grammar.WHOLE_FORMS, "unchanged for 5 s", rf"^(?:unchanged for {SPAN_FORM}|as soon as it appears)$",
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
    tuple(Clash), "keep both", choice(tuple(Clash)), one_of(tuple(Clash)),
    lambda items: Clash(items[0]),
)  # fmt: skip
FILE_MODE: Final = Word[int](
    "file_mode", (Section.TO,),
    "Permission bits of delivered files, in quotes. \"0640\" where nothing is said.",
    "交付文件的权限位,加引号;未写时为 \"0640\"。",
    ("four octal digits, not writable by everyone",), "\"0640\"", r"^0[4-7][0-7][0145]$",
    grammar.read_file_mode,
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
    rf"^[0-9]+ times?(?:, {SPAN_FORM} apart)?(?:, then tell owner)?$", grammar.read_retry,
)  # fmt: skip
PRIORITY: Final = Word[Priority](
    "priority", (Section.LIMITS,),
    "Which channel goes first when there is more to do than time. `normal` where nothing is said.",
    "忙时的先后;未写时为 normal。",
    tuple(Priority), "high", choice(tuple(Priority)), one_of(tuple(Priority)),
    lambda items: Priority(items[0]),
)  # fmt: skip
