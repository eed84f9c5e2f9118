"""The phrases of a policy file: each reader takes a text and gives a value, or raises Misread.

Nothing here knows in which section a phrase stands; that is the table in `gateway.policy.words`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.policy.facts import UnpackLimits
from gateway.policy.phrases import (
    Misread,
    did_you_mean,
    read_duration,
    read_number,
    read_size,
    say_size,
)
from gateway.policy.values import (
    COLUMN_KINDS,
    NO_SIZE_LIMIT,
    Afterwards,
    Approval,
    CodedPlace,
    Expectation,
    FormatDemand,
    ListName,
    Rate,
    Retry,
    SizeBound,
    WholeWhen,
)

SIZE_FORMS: Final = (
    "at most SIZE",
    "at least SIZE",
    "between SIZE and SIZE",
    "above SIZE",
    "below SIZE",
)
_SIZE_BOUND: Final = re.compile(
    r"(?:(?P<word>at most|at least|above|below) +(?P<size>.+)"
    r"|between +(?P<low>.+?) +and +(?P<high>.+))"
)


def read_size_bound(text: str) -> SizeBound:
    """`at most 20 MiB` and its relatives. Raises Misread and nothing else."""
    match = _SIZE_BOUND.fullmatch(text)
    if match is None:
        write = f"at most {text}" if text[:1].isdigit() else "at most 20 MiB"
        raise Misread(2124, 0, len(text), SIZE_FORMS, text=text, write=_with_unit(write))
    if match["word"] is None:
        low = read_size(match["low"], match.start("low")).size_bytes
        high = read_size(match["high"], match.start("high")).size_bytes
        if low > high:
            raise Misread(
                2125, 0, len(text), text=text, write=f"between {match['high']} and {match['low']}"
            )
        return SizeBound(low, high)
    size = read_size(match["size"], match.start("size")).size_bytes
    bounds = {
        "at most": (0, size),
        "at least": (size, NO_SIZE_LIMIT),
        "above": (size + 1, NO_SIZE_LIMIT),
        "below": (0, size - 1),
    }
    return SizeBound(*bounds[match["word"]])


def _with_unit(phrase: str) -> str:
    return f"{phrase} MiB" if phrase[-1:].isdigit() else phrase


ARCHIVE_FORMS: Final = ("at most N levels", "N files", "SIZE", "ratio N")
_ARCHIVE_PART: Final = re.compile(
    r"(?:(?P<levels>[0-9,]+) levels?|(?P<files>[0-9,]+) files?"
    r"|ratio (?P<ratio>[0-9,]+)|(?P<size>[0-9].*))"
)


def say_unpack(limits: UnpackLimits) -> str:
    """Limits as an archive line writes them, without `at most`."""
    size = say_size(limits.total_bytes)
    return f"{limits.depth} levels, {limits.files:,} files, {size}, ratio {limits.ratio:,}"


def read_archive(text: str) -> UnpackLimits:
    """`at most 5 levels, 1,000 files, 1 GiB, ratio 200`: any of the four, each once."""
    usual = UnpackLimits()
    write = f"at most {say_unpack(usual)}"
    if not text.startswith("at most "):
        raise Misread(2124, 0, len(text), ARCHIVE_FORMS, text=text, write=write)
    found: dict[str, int] = {}
    at = len("at most ")
    for part in text[at:].split(", "):
        match = _ARCHIVE_PART.fullmatch(part.strip())
        kind = match.lastgroup if match else None
        if match is None or kind is None or kind in found:
            raise Misread(2124, at, len(part), ARCHIVE_FORMS, text=part, write=write)
        found[kind] = _archive_figure(kind, match[kind], at + match.start(kind))
        at += len(part) + 2
    return UnpackLimits(
        depth=found.get("levels", usual.depth),
        files=found.get("files", usual.files),
        total_bytes=found.get("size", usual.total_bytes),
        ratio=found.get("ratio", usual.ratio),
    )


# Highest figures that an archive line may ask for: beyond them no scanner of a gate keeps up.
MAX_UNPACK: Final = UnpackLimits(depth=16, files=1_000_000, total_bytes=1 << 40, ratio=100_000)


def _archive_figure(kind: str, text: str, at: int) -> int:
    match kind:
        case "levels":
            return read_number(text, 1, MAX_UNPACK.depth, at)
        case "files":
            return read_number(text, 1, MAX_UNPACK.files, at)
        case "ratio":
            return read_number(text, 1, MAX_UNPACK.ratio, at)
        case _:
            size_bytes = read_size(text, at).size_bytes
            if not 1 <= size_bytes <= MAX_UNPACK.total_bytes:
                limit = MAX_UNPACK.total_bytes
                raise Misread(2123, at, len(text), value=size_bytes, low=1, high=limit)
            return size_bytes


LIST_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def read_name(text: str) -> str | ListName:
    """One name pattern, or `in list NAME`. Raises Misread 2127 and nothing else."""
    if text.startswith("in list"):
        name = text.removeprefix("in list").strip()
        if not LIST_NAME.fullmatch(name):
            raise Misread(2124, 0, len(text), text=text, write="in list NAME")
        return ListName(name)
    if not text or "/" in text or len(text) > 255:
        raise Misread(2127, 0, len(text), text=text)
    return text


def read_list_name(text: str) -> ListName:
    """`in list NAME`. Raises Misread and nothing else."""
    name = read_name(text) if text.startswith("in list") else None
    if not isinstance(name, ListName):
        raise Misread(2124, 0, len(text), ("in list NAME",), text=text, write="in list NAME")
    return name


_WHOLE: Final = re.compile(r"unchanged for +(?P<time>.+)")
WHOLE_FORMS: Final = ("unchanged for DURATION", "as soon as it appears")


def read_whole_when(text: str) -> WholeWhen:
    """When a file is whole. Raises Misread and nothing else."""
    if text == "as soon as it appears":
        return WholeWhen(0.0)
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), WHOLE_FORMS, text=text, write="unchanged for 5 s")
    return WholeWhen(read_duration(match["time"], match.start("time")))


_MOVE: Final = re.compile(r"move to (?P<name>[^/\s.][^/\s]{0,99})/")
AFTERWARDS_FORMS: Final = ("remove", "move to NAME/")


def read_afterwards(text: str) -> Afterwards:
    """What happens to a captured file. Raises Misread and nothing else."""
    if text == "remove":
        return Afterwards("")
    match = _MOVE.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), AFTERWARDS_FORMS, text=text, write="move to sent/")
    return Afterwards(match["name"])


RATE_FORMS: Final = ("at most N units/s", "at most N units/min", "at most N units/h")
_RATE: Final = re.compile(r"at most +(?P<amount>[0-9][0-9,]*) +units?/(?P<per>s|min|h)")
_PER: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}


def read_rate(text: str) -> Rate:
    """`at most 40 units/min`. Raises Misread and nothing else."""
    if bare := re.fullmatch(r"(?:at most +)?(?P<n>[0-9][0-9,]*)", text):
        at, width = bare.start("n"), len(bare["n"])
        write = f"at most {bare['n']} units/min"
        raise Misread(2110, at, width, RATE_FORMS, text=bare["n"], write=write)
    match = _RATE.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), RATE_FORMS, text=text, write="at most 40 units/min")
    return Rate(read_number(match["amount"], 1, 10**9, match.start("amount")), _PER[match["per"]])


RETRY_FORMS: Final = ("N times", "N times, DURATION apart", "N times, then tell owner")
_RETRY: Final = re.compile(
    r"(?P<n>[0-9,]+) times?(?:, +(?P<apart>[0-9].*?) +apart)?(?P<tell>, +then tell owner)?"
)
# Time between two tries where the file says none.
RETRY_APART_S: Final = 60.0
MAX_RETRIES: Final = 100


def read_retry(text: str) -> Retry:
    """`3 times, 5 min apart, then tell owner`. Raises Misread and nothing else."""
    match = _RETRY.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), RETRY_FORMS, text=text, write="3 times, then tell owner")
    times = read_number(match["n"], 0, MAX_RETRIES)
    apart_s = (
        read_duration(match["apart"], match.start("apart")) if match["apart"] else RETRY_APART_S
    )
    return Retry(times, apart_s, match["tell"] is not None)


_MODE: Final = re.compile(r"0[0-7]{3}")


def read_file_mode(text: str) -> int:
    """`"0640"`: permission bits. Never writable by everyone. Raises Misread 2128 only."""
    if not _MODE.fullmatch(text) or int(text, 8) & 0o002 or not int(text, 8) & 0o400:
        raise Misread(2128, 0, len(text), text=text)
    return int(text, 8)


_FOLDER: Final = re.compile(r"(?:/[^/\x00]+)+")


def read_folder(text: str) -> str:
    """An absolute path without `.`, `..` or a last slash. Raises Misread 2129 only."""
    parts = text.split("/")
    if not _FOLDER.fullmatch(text) or "." in parts or ".." in parts or len(text) > 1024:
        raise Misread(2129, 0, len(text), text=text)
    return text


def read_grade(text: str) -> int:
    """A data grade, 1 (public) to 5. Raises Misread and nothing else."""
    return read_number(text, 1, 5)


# The phrases of each format word; NAMES stands for a list of names of their own form.
FORMAT_PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "json": ("well formed", "following NAMES"),
        "fhir": ("any resource", "NAMES"),
        "xml": ("well formed", "following NAMES"),
        "cda": ("follows CDA R2", "follows WS/T 500"),
        "hl7": ("any message", "NAMES"),
        "csv": ("any columns", "columns NAMES"),
        "dicom": ("any object", "without private elements"),
        "image": ("whole",),
        "ooxml": ("plain", "with embedded documents", "without links"),
        "ofd": ("plain", "with jbig2", "without attachments"),
        "pdf": (
            "has no scripts, attachments or encryption",
            "has no scripts or encryption",
            "plain",
        ),
    }
)
_FORMAT_NAME: Final = {
    "json": re.compile(r"schemas/[A-Za-z0-9][A-Za-z0-9._-]{0,62}\.json"),
    "xml": re.compile(r"schemas/[A-Za-z0-9][A-Za-z0-9._-]{0,62}\.xsd"),
    "fhir": re.compile(r"[A-Z][A-Za-z]{1,60}"),
    "hl7": re.compile(r"[A-Z]{3}(?:\^[A-Z][A-Z0-9]{2})?"),
    "csv": re.compile(r"[^\x00-\x1f,]{1,100}"),
}
_COLUMN: Final = re.compile(r"(?P<name>\S.*?) *\((?P<kind>[^()]*)\)")
_BETWEEN_NAMES: Final = re.compile(r", *| +or +| +and +")


def read_format(word: str, text: str) -> FormatDemand:
    """What a line asks of a format, `any resource` or `Patient or Observation`. Raises Misread 2124."""
    for phrase in FORMAT_PHRASES[word]:
        before, listed, _ = phrase.partition("NAMES")
        if text == phrase:
            return FormatDemand(phrase)
        if listed and text.startswith(before):
            names = tuple(_BETWEEN_NAMES.split(text.removeprefix(before)))
            # A file follows one schema: which of several would be meant?
            several = len(names) > 1 and before == "following "
            if not several and all(_FORMAT_NAME[word].fullmatch(name) for name in names):
                return (
                    _columns(phrase, text, names) if word == "csv" else FormatDemand(phrase, names)
                )
    first = FORMAT_PHRASES[word][0]
    raise Misread(2124, 0, len(text), FORMAT_PHRASES[word], text=text, write=first)


def _columns(phrase: str, text: str, names: tuple[str, ...]) -> FormatDemand:
    read = [_read_column(name, text.find(name)) for name in names]
    return FormatDemand(phrase, tuple(n for n, _ in read), kinds=tuple(kind for _, kind in read))


def _read_column(text: str, start: int) -> tuple[str, str]:
    """Name and kind of `born (date)`; other brackets are of the name. Raises Misread 2124: a slip."""
    match = _COLUMN.fullmatch(text)
    if match is None:
        return text, COLUMN_KINDS[0]
    if match["kind"] in COLUMN_KINDS:
        return match["name"], match["kind"]
    # A heading may well say (test) and mean it: only what is one letter away is a slip.
    if near := did_you_mean(match["kind"].lower(), COLUMN_KINDS, 0.8):
        write = f"{match['name']} ({near})"
        raise Misread(2124, start, len(text), COLUMN_KINDS, text=text, write=write)
    return text, COLUMN_KINDS[0]


CODES_FORMS: Final = (
    "Condition.code.coding.code in list NAME",
    "DG1-3.1 in list NAME",
    "column NAME in list NAME",
    "$.KEY.KEY in list NAME",
    "/ELEMENT/ELEMENT/@ATTRIBUTE in list NAME",
)
_CODED: Final = re.compile(r"(?P<place>\S.{0,198}?) +in list +(?P<list>\S+)")
# Places as the readers of FHIR, HL7, tables, JSON and XML name them, without indices.
_PLACE: Final = re.compile(
    r"[A-Z][A-Za-z]{1,60}(?:\._?[A-Za-z][A-Za-z0-9]{0,60})+"
    r"|[A-Z][A-Z0-9]{2}-[0-9]{1,3}(?:\.[0-9]{1,2})?"
    r"|column [^\x00-\x1f]{1,100}"
    r"|\$(?:\.[^\W\d]\w{0,59}|\['[^'\\\x00-\x1f]{1,60}'\])+"
    r"|(?:/[^\s/@\[\]]{1,100})+(?:/@[^\s/@\[\]]{1,100})?"
)


def read_coded_place(text: str) -> CodedPlace:
    """`DG1-3.1 in list icd10`. Raises Misread 2124 (the phrase), 2240 (the place) and nothing else."""
    match = _CODED.fullmatch(text)
    if match is None or not LIST_NAME.fullmatch(match["list"]):
        raise Misread(2124, 0, len(text), CODES_FORMS, text=text, write="DG1-3.1 in list NAME")
    place = match["place"]
    if not _PLACE.fullmatch(place):
        raise Misread(2240, 0, len(place), CODES_FORMS, place=place)
    return CodedPlace(place, match["list"])


APPROVAL_FORMS: Final = ("N of GROUP",)
_APPROVAL: Final = re.compile(r"(?P<n>[0-9,]+) of (?P<group>[a-z][a-z0-9-]{0,31})")
MAX_APPROVERS: Final = 9


def read_approval(text: str) -> Approval:
    """`2 of security`. Raises Misread and nothing else."""
    match = _APPROVAL.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), APPROVAL_FORMS, text=text, write="2 of security")
    return Approval(read_number(match["n"], 1, MAX_APPROVERS), match["group"])


_ABOVE: Final = re.compile(r"above +(?P<grade>.+)")


def read_above_grade(text: str) -> int:
    """`above 3`: the data grade that is still good. Raises Misread and nothing else."""
    match = _ABOVE.fullmatch(text)
    if match is None:
        raise Misread(2124, 0, len(text), ("above N",), text=text, write="above 3")
    return read_number(match["grade"], 0, 4, match.start("grade"))


EXPECT_FORMS: Final = (
    "delivered",
    "delivered, counted by WORD",
    "refused",
    "refused by WORD",
    "held",
    "held by WORD",
    "held by WORD, counted by WORD",
)


def read_expectation(text: str) -> Expectation:
    """What a test expects. Raises Misread and nothing else."""
    match text.replace(",", " , ").split():
        case ["delivered"]:
            return Expectation("delivered")
        case ["delivered", ",", "counted", "by", counted]:
            return Expectation("delivered", counted=counted)
        case ["refused"]:
            return Expectation("refused")
        case ["refused", "by", word]:
            return Expectation("refused", word)
        case ["held"]:
            return Expectation("held")
        case ["held", "by", word]:
            return Expectation("held", word)
        case ["held", "by", word, ",", "counted", "by", counted]:
            return Expectation("held", word, counted)
        case _:
            first = text.split(maxsplit=1)[0] if text.strip() else ""
            near = did_you_mean(first, ("delivered", "refused", "held")) or "delivered"
            raise Misread(2124, 0, len(text), EXPECT_FORMS, text=text, write=near)
