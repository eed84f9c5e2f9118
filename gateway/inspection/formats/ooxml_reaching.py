"""What reaches out of an office document when somebody opens it: fields, formulas, links, actions.

    field     { HYPERLINK "https://..." }     its first word, from a list; addresses as for links
    formula   =HYPERLINK("https://...")       no function that fetches or runs, no link to another program
    link      https://...                     by its scheme
    action    ppaction://hlinksldjump         from a list

Pure: text in, what is wrong with it out. Fields: ECMA-376 part 1, 17.16; formulas: 18.17.
"""

from __future__ import annotations

import re
from typing import Final

_ADDRESS: Final = re.compile(r"(?:https?://|mailto:)[^\\\x00-\x1f]{1,2100}", re.IGNORECASE)
_SCRIPT: Final = re.compile(
    r"[\s\x00-\x20]*(?:javascript|vbscript|file|data\s*:\s*text/html|ms-[a-z-]+|search-ms|mhtml|res|jar|ldap)"
    r"\s*:",
    re.IGNORECASE,
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Fields that say something of the document itself, or of one place of it.
_FIELDS: Final = _names(
    """
    PAGE NUMPAGES SECTION SECTIONPAGES DATE TIME CREATEDATE SAVEDATE PRINTDATE EDITTIME TOC TOA TC TA
    INDEX XE REF PAGEREF NOTEREF STYLEREF SEQ HYPERLINK BIBLIOGRAPHY CITATION AUTHOR TITLE SUBJECT
    KEYWORDS COMMENTS LASTSAVEDBY REVNUM NUMWORDS NUMCHARS DOCPROPERTY DOCVARIABLE FILENAME FILESIZE
    TEMPLATE INFO USERNAME USERINITIALS USERADDRESS FORMTEXT FORMCHECKBOX FORMDROPDOWN MERGEFIELD
    MERGEREC MERGESEQ NEXT LISTNUM AUTONUM AUTONUMLGL AUTONUMOUT BIDIOUTLINE SYMBOL EQ ADVANCE IF
    COMPARE SET QUOTE GOTOBUTTON BARCODE DISPLAYBARCODE ADDIN SHAPE
    """
)
# ADDIN holds data of an add-in that Word itself never runs; reference managers write it.
# \l \o \t of HYPERLINK take a word (place, tip, frame), as do the formats; \m and \n do not.
_SWITCHES: Final = re.compile(r'\\(?:[lot*#@]\s*(?:"[^"]*"|[^\s"\\]+)?|[a-z!])', re.IGNORECASE)
_QUOTED: Final = re.compile(r'"([^"]*)"|(\S+)')
# Of all that are open at once, and how many.
MAX_FIELD_CHARACTERS: Final = 64 << 10
_MAX_FIELD_DEPTH: Final = 64

_STRINGS: Final = re.compile(r'"(?:[^"]|"")*"')
_CALLS: Final = re.compile(
    r"(?<![A-Z0-9_.])(?:_XLFN\.)?(?:_XLWS\.)?(?:_XLL\.)?"
    r"(WEBSERVICE|RTD|CALL|REGISTER(?:\.ID)?|EXEC|EXECUTE|INITIATE|POKE|REQUEST|TERMINATE|FOPEN|FWRITE"
    r"|FWRITELN|FREAD|FILES|DIRECTORY|RUN|GOTO|HALT|FORMULA|IMAGE|STOCKHISTORY|SQL\.REQUEST|IMPORTDATA"
    r"|IMPORTXML|IMPORTHTML|IMPORTFEED|IMPORTRANGE|CUBE[A-Z]+|PY|DDE|OPEN|SEND\.MAIL|APP\.ACTIVATE)\s*\(",
    re.IGNORECASE,
)  # fmt: skip
_HYPERLINK: Final = re.compile(r"(?<![A-Z0-9_.])HYPERLINK\s*\(", re.IGNORECASE)
_PLAIN_LINK: Final = re.compile(
    r'\s*(?:"(?:#|https?://|mailto:)(?:[^"]|"")*"|[A-Za-z0-9$_.!\']{1,80}\s*[,)])', re.IGNORECASE
)
# [1]Sheet1!A1, \\host\share\x.xlsx!name
_ELSEWHERE: Final = re.compile(r"\[[0-9]{1,5}\]'?[^\s,;\])\[(]{0,80}!|\\\\")
# 'C:\[other.xlsx]Sheet1'!A1; the name of a sheet has no slash.
_QUOTED_SHEET: Final = re.compile(r"'([^'\n]{0,1000})'!")
# Excel takes 8,192.
MAX_FORMULA_CHARACTERS: Final = 32 << 10
_ACTIONS: Final = re.compile(
    r"(?:ppaction://(?:noaction|hlinksldjump|customshow(?:\?[\w=&;% -]{0,200})?"
    r"|hlinkshowjump\?jump=(?:firstslide|lastslide|nextslide|previousslide|lastslideviewed|endshow)))?"
)


def is_plain_link(target: str) -> bool:
    """Whether following a link opens a web page, a letter, or a place of the document."""
    return target.startswith("#") or (
        _ADDRESS.fullmatch(target) is not None and "\\\\" not in target
    )


def is_script(value: str) -> bool:
    """Whether a value is an address that a viewer would run or open from elsewhere."""
    return _SCRIPT.match(value) is not None or value.startswith("\\\\")


def is_plain_action(action: str) -> bool:
    """Whether clicking does no more than show another slide."""
    return _ACTIONS.fullmatch(action) is not None


def field_trouble(instruction: str) -> str:
    """What is wrong with a field, "" for nothing. A nested field stands as one NUL in it."""
    words = instruction.split(None, 1)
    if not words:
        # Word takes an empty field as none; one that is computed is not empty.
        return ""
    name = words[0].upper()
    if name.startswith("="):
        return ""
    if name not in _FIELDS:
        return words[0][:40].replace("\0", "{}")
    if name != "HYPERLINK" or len(words) == 1:
        return ""
    return _link_trouble(words[1])


def _link_trouble(rest: str) -> str:
    # \l, \m, \n, \o, \t: a place, an image map, a window, a tip, a frame.
    target = _QUOTED.match(_SWITCHES.sub(" ", rest.replace("\\\\", "\x01")).strip())
    if target is None:
        return ""
    address = (target[1] if target[1] is not None else target[2]).replace("\x01", "\\")
    return "" if is_plain_link(address) or not address else f"HYPERLINK {address[:40]}"


def formula_trouble(formula: str) -> str:
    """What is wrong with a formula, "" for nothing."""
    if len(formula) > MAX_FORMULA_CHARACTERS:
        return f"{len(formula)} characters"
    bare = _STRINGS.sub('""', formula)
    if "|" in bare:
        return bare[:60]
    if (found := _CALLS.search(bare)) is not None:
        return found[1]
    if (found := _ELSEWHERE.search(bare)) is not None:
        return found[0][:60]
    for sheet in _QUOTED_SHEET.finditer(bare):
        if "\\" in sheet[1] or "/" in sheet[1]:
            return sheet[1][:60]
    for call in _HYPERLINK.finditer(formula):
        if _PLAIN_LINK.match(formula, call.end()) is None:
            return formula[call.start() : call.start() + 60]
    return ""


class Fields:
    """The fields of a part, as their runs come: { PAGE }, nested ones too.

    begin, instruction..., separate, result, end. Instructions may be split anywhere.
    """

    def __init__(self) -> None:
        self._open: list[list[str]] = []
        self._size = 0

    def mark(self, kind: str) -> str:
        """A w:fldChar. Returns the whole instruction where one has ended, "" elsewhere."""
        if kind == "begin":
            if self._open:
                self._open[-1].append("\0")
            if len(self._open) >= _MAX_FIELD_DEPTH:
                return "\0"
            self._open.append([])
            return ""
        if not self._open:
            return ""
        whole = "".join(self._open[-1])
        self._size -= len(whole)
        if kind == "end":
            self._open.pop()
        else:
            self._open[-1] = []
        return whole

    def instruction(self, text: str) -> str:
        """A w:instrText. Returns it where it is judged alone: no field is open, or all are too long."""
        if not self._open or self._size > MAX_FIELD_CHARACTERS:
            return text
        self._open[-1].append(text)
        self._size += len(text)
        return ""

    def rest(self) -> list[str]:
        """Instructions of fields that never ended."""
        return ["".join(one) for one in self._open]
