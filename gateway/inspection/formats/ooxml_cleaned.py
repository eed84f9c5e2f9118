"""One part of an office document as events, without what is not on the list (ooxml_parts).

    bytes --expat, prefixes kept--> element by element: kept, left out, or only its children kept --> events

Runs where the file was read. Links lose their address and keep their words; fields that reach out lose
their instruction and keep their result; formulas that reach out leave the value of their cell. Where
nothing of the kind is known to leave a document that office programs open, the document is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NoReturn
from xml.parsers import expat

from gateway.inspection.content import Content
from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.ooxml_fields import INSTRUCTIONS, FieldCount
from gateway.inspection.formats.ooxml_parts import (
    ATTRIBUTES_LEFT_OUT,
    ELEMENTS_LEFT_OUT,
    RELATION_SPACES,
    space_is_known,
)
from gateway.inspection.formats.ooxml_reaching import (
    MAX_FORMULA_CHARACTERS,
    formula_trouble,
    is_plain_action,
    is_script,
)
from gateway.inspection.formats.ooxml_sheets import SHEET_VALUES
from gateway.inspection.formats.xml import MAX_TAG_BYTES, unsound, utf8_of
from gateway.inspection.formats.xml_events import MAX_CHARS_CHARACTERS, Chars, End, Start, XmlEvent
from gateway.inspection.formats.xml_writer import MAX_ATTRIBUTES, MAX_DEPTH
from gateway.inspection.unsound import Unsound, Word

_JOINT: Final = "\x1f"
_KEPT, _LEFT_OUT, _UNWRAPPED = "kept", "left out", "unwrapped"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Elements that go when what they lead to has gone, and those that lose the attribute only.
_GO_WITH_TARGET: Final = _names(
    "hlinkClick hlinkHover hlinkMouseOver legacyDrawing legacyDrawingHF drawingHF picture drawing"
)
_LOSE_TARGET: Final = _names("blip imagedata pageSetup fill stroke background")
_FORMULAS: Final = _names(
    "definedName formula formula1 formula2 calculatedColumnFormula totalsRowFormula f FmlaLink FmlaRange"
    " FmlaTxbx FmlaGroup"
)
# Of attributes: nobody follows these, and a picture may be called by the share that it came from.
_DESCRIBING: Final = _names("descr title name alt tooltip val")
_MAX_VALUE_CHARACTERS: Final = 32 << 10
_MAX_EVENT_CHARACTERS: Final = 48 << 10


def cleaned(
    content: Content, part: str, kept: frozenset[str], bad_fields: set[int], limits: FormatLimits
) -> Iterator[XmlEvent]:
    """The events of a part. kept: relationships that it still has; bad_fields: by FieldCount.

    Raises Unsound 3600 to 3607, 3865, 3866 and OSError.
    """
    cleaning = _Cleaning(part, kept, bad_fields, limits)
    parser = _parser(cleaning)
    seen = quiet_bytes = 0
    for piece in utf8_of(content):
        _fed(parser, piece, last=False)
        quiet_bytes = quiet_bytes + len(piece) if cleaning.elements == seen else 0
        seen = cleaning.elements
        if quiet_bytes > MAX_TAG_BYTES:
            raise unsound(3606, limit_bytes=MAX_TAG_BYTES)
        yield from cleaning.take()
    _fed(parser, b"", last=True)
    yield from cleaning.take()


def _fed(parser: Any, piece: bytes, *, last: bool) -> None:
    try:
        parser.Parse(piece, last)
    except expat.ExpatError as error:
        raise unsound(3600, reason=expat.errors.messages.get(error.code, "")) from error


def _parser(cleaning: _Cleaning) -> Any:
    parser = expat.ParserCreate("utf-8", _JOINT)
    parser.buffer_text = True
    parser.namespace_prefixes = True
    parser.ordered_attributes = True
    parser.StartNamespaceDeclHandler = cleaning.declared
    parser.StartElementHandler = cleaning.start
    parser.EndElementHandler = cleaning.end
    parser.CharacterDataHandler = cleaning.text
    parser.ProcessingInstructionHandler = _instruction
    parser.StartDoctypeDeclHandler = _doctype
    parser.SkippedEntityHandler = parser.ExternalEntityRefHandler = _doctype
    return parser


def _instruction(target: str, _data: str) -> NoReturn:
    raise unsound(3603, target=target[:40])


def _doctype(name: str, *_: Any) -> NoReturn:
    raise unsound(3602, name=str(name)[:40])


def _split(name: str) -> tuple[str, str, str]:
    """(space, local, name with its prefix) of what expat says: space, local and prefix joined."""
    space, _, rest = name.partition(_JOINT) if _JOINT in name else ("", "", name)
    local, _, prefix = rest.partition(_JOINT)
    return space, local, f"{prefix}:{local}" if prefix else local


class _Cleaning:
    """One part. Called by the parser; each call may raise Unsound 3865, 3866, 3604, 3605."""

    def __init__(
        self, part: str, kept: frozenset[str], bad_fields: set[int], limits: FormatLimits
    ) -> None:
        self._part, self._kept, self._limits = part, kept, limits
        self._bad = bad_fields
        self._fields = FieldCount()
        self._events: list[XmlEvent] = []
        self._spaces: list[tuple[str, str]] = []
        # Of every element that is open: what becomes of it, and its name.
        self._open: list[tuple[str, str]] = []
        self._left_out = 0
        self._formula: tuple[Start, list[str]] | None = None
        self._values = 0
        # A sheet has many small ones, as its check has it.
        self._most_values = limits.values * (SHEET_VALUES if part.startswith("xl/") else 1)
        self.elements = 0

    def take(self) -> list[XmlEvent]:
        """The events since the last call."""
        taken, self._events = self._events, []
        return taken

    def declared(self, prefix: str | None, space: str | None) -> None:
        """A namespace, before the element that declares it."""
        self._spaces.append((f"xmlns:{prefix}" if prefix else "xmlns", space or ""))

    def start(self, untrusted_name: str, pairs: list[str]) -> None:
        space, local, name = _split(untrusted_name)
        spaces, self._spaces = self._spaces, []
        self.elements += 1
        self._values += 1 + len(pairs) // 2
        if len(self._open) >= min(self._limits.depth * 2, MAX_DEPTH):
            raise unsound(3604, limit=MAX_DEPTH)
        if self._values > self._most_values or len(pairs) // 2 + len(spaces) > MAX_ATTRIBUTES:
            raise unsound(3605, limit=self._most_values)
        attributes = [
            (*_split(key), value) for key, value in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        self._formula_begun()
        swallowed = local == "fldChar" and self._mark_of_nested(attributes)
        left_out = self._left_out or swallowed
        fate = _LEFT_OUT if left_out else self._fate(space, local, attributes)
        self._open.append((fate, local))
        self._left_out += fate == _LEFT_OUT
        if fate != _KEPT:
            if fate == _UNWRAPPED and spaces:
                raise self._wrong("a namespace declared on a link")
            return
        said = Start(name, [*spaces, *self._attributes(space, local, attributes)])
        if sum(len(key) + len(value) for key, value in said.attributes) > _MAX_EVENT_CHARACTERS:
            raise self._much("characters in one element", _MAX_EVENT_CHARACTERS)
        if local in _FORMULAS:
            self._formula = (said, [])
        else:
            self._events.append(said)

    def text(self, text: str) -> None:
        if self._left_out or not self._open:
            return
        local = self._open[-1][1]
        if local in INSTRUCTIONS:
            if not self._fields.in_instruction or self._fields.is_instruction_of(self._bad):
                return
        elif local in ("t", "delText") and self._fields.is_instruction_of(self._bad):
            return
        if self._formula is not None:
            self._formula[1].append(text)
            if sum(map(len, self._formula[1])) > MAX_FORMULA_CHARACTERS:
                raise self._much("characters in a formula", MAX_FORMULA_CHARACTERS)
            return
        if local in _FORMULAS and text.strip():
            raise self._wrong("a formula in pieces")
        self._say(text)

    def end(self, _name: str) -> None:
        fate, local = self._open.pop()
        self._left_out -= fate == _LEFT_OUT
        if fate != _KEPT:
            return
        if self._formula is not None:
            self._end_formula(local)
        else:
            self._events.append(End())

    def _mark_of_nested(self, attributes: list[tuple[str, str, str, str]]) -> bool:
        """Whether a mark is of a field that is computed into the instruction of a bad one."""
        kind = next((value for _, key, _, value in attributes if key == "fldCharType"), "")
        above = 0 if kind == "begin" else 1
        nested = self._fields.is_instruction_of(self._bad, above=above)
        self._fields.mark(kind)
        return nested

    def _formula_begun(self) -> None:
        """What was taken for a formula has elements: it only holds one."""
        if self._formula is not None:
            (said, pieces), self._formula = self._formula, None
            if "".join(pieces).strip():
                raise self._wrong("an element in a formula")
            self._events.append(said)

    def _end_formula(self, local: str) -> None:
        assert self._formula is not None
        (said, pieces), self._formula = self._formula, None
        text = "".join(pieces)
        automatic = local == "definedName" and _is_automatic(said)
        if formula_trouble(text) or automatic:
            plain_cell = local == "f" and not any(key == "t" for key, _ in said.attributes)
            if local == "definedName" or (plain_cell and self._part.startswith("xl/worksheets/")):
                return
            raise self._wrong(f"a formula that reaches out ({local})")
        self._events.append(said)
        self._say(text)
        self._events.append(End())

    def _say(self, text: str) -> None:
        for at in range(0, len(text), MAX_CHARS_CHARACTERS):
            self._events.append(Chars(text[at : at + MAX_CHARS_CHARACTERS]))

    def _fate(self, space: str, local: str, attributes: list[tuple[str, str, str, str]]) -> str:
        if local in ELEMENTS_LEFT_OUT or not space_is_known(space):
            if not self._open:
                raise self._wrong("an outermost element that is not on the list")
            return _LEFT_OUT
        if local == "fldSimple":
            # Its result stays: its children are runs.
            fields = FieldCount()
            fields.mark("begin")
            for _, key, _, value in attributes:
                if key == "instr":
                    fields.instruction(value)
            fields.mark("end")
            return _UNWRAPPED if fields.bad else _KEPT
        action = next((v for _, key, _, v in attributes if key == "action"), "")
        if local.startswith("hlink") and not is_plain_action(action):
            return _LEFT_OUT
        if all(self._is_kept(*one) for one in attributes):
            return _KEPT
        if local == "hyperlink" and "/spreadsheetml/" not in space:
            return _UNWRAPPED
        if local in _GO_WITH_TARGET:
            return _LEFT_OUT
        if local not in _LOSE_TARGET and local != "hyperlink":
            raise self._wrong(f"<{local}> that leads to what was left out")
        return _KEPT

    def _is_kept(self, space: str, local: str, _name: str, value: str) -> bool:
        """Whether an attribute is no relationship, or one that the part still has."""
        relation = space in RELATION_SPACES or local == "relid"
        return not relation or not value or value in self._kept

    def _attributes(
        self, space: str, local: str, attributes: list[tuple[str, str, str, str]]
    ) -> Iterator[tuple[str, str]]:
        there = {key for _, key, _, _ in attributes}
        for key_space, key, name, value in attributes:
            if len(value) > _MAX_VALUE_CHARACTERS and key not in ATTRIBUTES_LEFT_OUT:
                raise self._much("characters in a value", _MAX_VALUE_CHARACTERS)
            if key in ("macro", "textlink") and (key == "macro" or formula_trouble(value)):
                # Some shapes must have it.
                yield name, ""
            elif key in ATTRIBUTES_LEFT_OUT or not _is_known(key_space):
                continue
            elif not self._is_kept(key_space, key, name, value):
                # A link of a sheet needs somewhere to lead: its own cell.
                if local == "hyperlink" and "location" not in there:
                    yield "location", next((v for _, k, _, v in attributes if k == "ref"), "A1")
            elif key not in _DESCRIBING and local != "absPath" and is_script(value):
                raise self._wrong(f"an address in {key}")
            else:
                yield name, value

    def _wrong(self, reason: str) -> Unsound:
        return Unsound(3865, Word.OOXML, part=self._part[:80], reason=reason[:80])

    def _much(self, what: str, limit: int) -> Unsound:
        return Unsound(3866, Word.OOXML, what=what, limit=limit)


def _is_known(space: str) -> bool:
    return space_is_known(space) or space == "http://www.w3.org/XML/1998/namespace"


def _is_automatic(said: Start) -> bool:
    """Names that a workbook runs when it is opened or closed."""
    values = dict(said.attributes)
    name = values.get("name", "").lower()
    runs = any(values.get(key) in ("1", "true") for key in ("vbProcedure", "xlm", "function"))
    return runs or name.startswith(("_xlnm.auto_", "auto_open", "auto_close", "_xlnm._auto"))
