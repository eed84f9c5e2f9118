"""The parts of OOXML that people read: running text, values, and what stands in elements that reach out.

    w:p | a:p | si | is    paragraph: its runs joined, whatever is between them
    w:tr | a:tr            row of a table: its cells, parted by CELL
    anything else          values (ooxml_follower)

A paragraph with revisions or hidden runs comes out as it stands, as it reads once they are accepted, and as
it read before: a number must not hide behind a deleted letter. Elements are told by their local names, as
both editions of the standard (ECMA-376 transitional and ISO/IEC 29500 strict) and any prefix have them.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.ooxml_follower import CELL, PartFollower
from gateway.inspection.formats.ooxml_reaching import (
    Fields,
    field_trouble,
    formula_trouble,
    is_plain_action,
    is_plain_link,
    is_script,
)
from gateway.inspection.formats.xml import Attributes
from gateway.inspection.unsound import Word

_PARAGRAPHS: Final = frozenset(["p", "si", "is", "text"])
_RUNS: Final = frozenset(["t", "delText", "text"])
_INSTRUCTIONS: Final = frozenset(["instrText", "delInstrText"])
_FORMULAS: Final = frozenset(
    ["definedName", "formula", "formula1", "formula2", "calculatedColumnFormula",
     "totalsRowFormula", "f", "FmlaLink", "FmlaRange", "FmlaTxbx", "FmlaGroup"]
)  # fmt: skip
_BREAKS: Final = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Elements by what they bring in.
_EMBEDDED: Final = frozenset(["OLEObject", "oleObj", "oleObject", "embed", "objectEmbed"])
_REFUSED: Final = {
    3805: "FmlaMacro FmlaPict vbProcedure macrosheet",
    3808: "control controls ocx formControlPr dialogsheet ActiveX",
    3810: "altChunk subDoc frameset attachedTemplate saveThroughXslt",
    3811: "webextension webExtension taskpane taskpanes customUI",
    3812: """ddeLink oleLink externalBook externalLink mailMerge dbPr olapPr webPr connection
             connections queryTable volType volTypes dataSource""",
    3821: "cmd",
    3825: "script iframe foreignObject applet",
    3822: "snd audioFile videoFile audioCd quickTimeFile wavAudioFile",
}
_ELEMENTS: Final = {name: number for number, names in _REFUSED.items() for name in names.split()}
# Of attributes: nobody follows these, and a picture may be called by the share it came from.
_DESCRIBING: Final = frozenset(["descr", "title", "name", "alt", "tooltip", "val"])
# Rows are held until they end, up to here.
_ROW_CHARACTERS: Final = 256 << 10
_AUTOMATIC: Final = ("_xlnm.auto_", "auto_open", "auto_close", "_xlnm._auto")
_FALSE: Final = frozenset(["0", "false", "off"])


class Run(IntEnum):
    """Whether somebody reads a run: now, before revisions, after them, or never."""

    SHOWN = 0
    DELETED = 1
    INSERTED = 2
    HIDDEN = 3


class TextFollower(PartFollower):
    """Follows any part but the package's own. embedded: whether documents in it are allowed."""

    def __init__(
        self, word: Word, part: str, root: str, limits: FormatLimits, *, embedded: bool
    ) -> None:
        super().__init__(word, part, root, limits, limits.values)
        self._embedded = embedded
        self._fields = Fields()
        self._paragraphs: list[list[tuple[Run, str]]] = []
        self._sizes: list[int] = []
        self._count = 0
        self._rows: list[list[str]] = []
        self._cells: list[list[str]] = []
        self._row_size = self._paragraph_size = 0
        self._revised: list[Run] = []
        self._aside = 0
        self._hidden = False

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens."""
        if name in _ELEMENTS:
            self.fault(_ELEMENTS[name], what=name)
        elif self._is_object(name, attributes):
            self.fault(3809, what=name)
        if name in _PARAGRAPHS:
            self._paragraphs.append([])
            self._sizes.append(0)
            self._count += 1
        elif name == "tr":
            self._rows.append([])
        elif name == "tc":
            self._cells.append([])
        elif name in ("del", "moveFrom", "ins", "moveTo"):
            self._revised.append(Run.DELETED if name in ("del", "moveFrom") else Run.INSERTED)
        elif name in ("rPh", "rt"):
            self._aside += 1
        elif name == "r":
            self._hidden = False
        elif name == "vanish":
            self._hidden = value_of(attributes, "val") not in _FALSE
        elif name in _BREAKS and len(self.names) > 1 and self.names[-2] in ("r", "p"):
            self._run(_BREAKS[name])
        elif name == "sym":
            self._symbol(value_of(attributes, "char"))
        elif name == "fldChar":
            self._field(self._fields.mark(value_of(attributes, "fldCharType")))
        elif name == "fldSimple":
            self._field(value_of(attributes, "instr"))
        elif name == "definedName":
            self._defined(attributes)

    def _is_object(self, name: str, attributes: Attributes) -> bool:
        """Whether an element is an object that is not allowed here; slides say `link` inside of it."""
        if name in _EMBEDDED:
            return not self._embedded or _is_linked(attributes)
        return name == "link" and "oleObj" in self.names[-2:]

    def attribute(self, element: str, key: str, value: str) -> None:
        """One attribute; those that run or fetch something are judged."""
        if not value:
            return
        if key in ("macro", "onAction", "onLoad"):
            self.fault(3805, what=f"{key}={value}")
        elif key == "action" and element.startswith("hlink") and not is_plain_action(value):
            self.fault(3821, what=value)
        elif self.root == "svg" and key.lower().startswith("on"):
            self.fault(3825, what=key)
        elif key == "textlink" and (trouble := formula_trouble(value)):
            self.fault(3814, what=trouble)
        elif key in ("src", "href") and not _is_inside(key, value):
            self.fault(3806, what=key, target=value)
        elif key not in _DESCRIBING and element != "absPath" and is_script(value):
            self.fault(3807, target=value)
        self.value("@" + key, value)

    def _defined(self, attributes: Attributes) -> None:
        runs = any(value_of(attributes, key) in ("1", "true") for key in ("vbProcedure", "xlm"))
        name = value_of(attributes, "name").lower()
        if runs or name.startswith(_AUTOMATIC):
            self.fault(3805, what=name)

    def characters(self, text: str) -> None:
        """Characters of an element: of a run, of a field, of a formula, or a value."""
        name = self.names[-1]
        if name in _RUNS and self._paragraphs:
            self._run(text, deleted=name == "delText")
        elif name in _INSTRUCTIONS:
            self.value("field", text.strip())
            self._field(self._fields.instruction(text))
        elif text := text.strip():
            if name in _FORMULAS and (trouble := formula_trouble(text)):
                self.fault(3814, what=trouble)
            self.value(name, text)

    def _run(self, text: str, *, deleted: bool = False) -> None:
        if not self._paragraphs:
            return
        kind = self._revised[-1] if self._revised else Run.SHOWN
        if self._hidden or self._aside:
            kind = Run.HIDDEN
        self._paragraphs[-1].append((Run.DELETED if deleted else kind, text))
        self._sizes[-1] += len(text)
        self._paragraph_size += len(text)
        if self._paragraph_size > self.limits.text_bytes:
            raise self.refuse(3823, limit=self.limits.text_bytes)

    def _symbol(self, code: str) -> None:
        """A character by its place in a font; symbol fonts have theirs at F000 and behind."""
        try:
            place = int(code[:6], 16)
        except ValueError:
            return
        place = place & 0xFF if 0xF000 <= place <= 0xF0FF else place
        if 0x20 <= place < 0xD800:
            self._run(chr(place))

    def _field(self, instruction: str) -> None:
        if instruction and (trouble := field_trouble(instruction)):
            self.fault(3813, what=trouble)

    def closed(self, name: str) -> None:
        """An element has closed."""
        if name in _PARAGRAPHS:
            self._end_paragraph()
        elif name == "tc":
            cell = self._cells.pop()
            if self._rows:
                self._rows[-1].append("\n".join(cell))
            else:
                self._say_row(cell)
        elif name == "tr":
            self._say_row(self._rows.pop())
        elif name in ("del", "moveFrom", "ins", "moveTo"):
            self._revised.pop()
        elif name in ("rPh", "rt"):
            self._aside -= 1
        elif name == "r":
            self._hidden = False
        if not self.names:
            for one in self._fields.rest():
                self._field(one)

    def _end_paragraph(self) -> None:
        runs = self._paragraphs.pop()
        self._paragraph_size -= self._sizes.pop()
        if not runs:
            return
        if all(kind is Run.SHOWN for kind, _ in runs):
            self.paragraph("".join(text for _, text in runs))
            return
        readings = {
            "".join(text for kind, text in runs if kind not in without)
            for without in ((), (Run.DELETED, Run.HIDDEN), (Run.INSERTED, Run.HIDDEN), (Run.DELETED,))
        }  # fmt: skip
        for one in sorted(readings):
            self.paragraph(one)

    def paragraph(self, text: str) -> None:
        """A paragraph has ended; in a table it waits for its row."""
        if not text or text.isspace():
            return
        if not self._cells:
            self.say(f"paragraph {self._count}", text)
            return
        self._cells[-1].append(text)
        self._row_size += len(text)
        if self._row_size > _ROW_CHARACTERS:
            for row in self._rows:
                self._say_row(row)
                row.clear()
            for cell in self._cells:
                self._say_row(cell)
                cell.clear()

    def _say_row(self, cells: list[str]) -> None:
        self._row_size = 0
        if any(cells):
            self.say(f"table row at paragraph {self._count}", CELL.join(cells))


def value_of(attributes: Attributes, key: str) -> str:
    """An attribute by its local name, "" for none."""
    return next((value for (_, one), value in attributes.items() if one == key), "")


def _is_linked(attributes: Attributes) -> bool:
    """Whether an object lies elsewhere: a drawing says so by its type, a workbook by the link."""
    if value_of(attributes, "Type") not in ("", "Embed"):
        return True
    return any(value_of(attributes, key) for key in ("link", "oleUpdate"))


def _is_inside(key: str, value: str) -> bool:
    """src fetches when a document is shown, href when somebody clicks."""
    if key == "href":
        return is_plain_link(value)
    return "://" not in value and not is_script(value) and not value.startswith("//")
