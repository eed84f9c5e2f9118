"""A channel's XML Schema on the receiving side: our own reading of it follows a document.

    names        every element and attribute is one that the schema declares
    order        children as the content model has them, all that must come
    attributes   those of the type, the required ones among them
    values       the form of built-in types, enumerations (xsd_values)

What our reading does not know (xsd_types) it lets through, by names alone: libxml2 on the sending side
holds to all of it. An element with xsi:type or xsi:nil is such a one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.xml import Attributes, Watch, XmlProfile
from gateway.inspection.formats.xml_schema import INSTANCE_SPACE, XML_SPACE, Outline
from gateway.inspection.receiving.formats.xsd_content import Name, State
from gateway.inspection.receiving.formats.xsd_types import LAX, Declared, Type, Types

# Forms of values are short; of more only the beginning is compared, which no form fits.
_VALUE_CHARACTERS: Final = 4_096
_CHANGING: Final = frozenset([(INSTANCE_SPACE, "type"), (INSTANCE_SPACE, "nil")])


class OwnSchema:
    """A schema as this side reads it."""

    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.types = Types(outline)


@dataclass(slots=True)
class _Open:
    """An element that is open."""

    type: Type
    state: State = frozenset()
    seen: frozenset[Name] = frozenset()
    text: str = ""
    defaulted: bool = False


class SchemaWatch(Watch):
    """Follows a document, and says what is not as its schema has it."""

    def __init__(self, limits: FormatLimits, profile: XmlProfile, schema: OwnSchema) -> None:
        super().__init__(limits, profile)
        self._outline, self._types = schema.outline, schema.types
        self._open: list[_Open] = []

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens. Raises Unsound as Watch."""
        super().start(space, name, attributes)
        self._check_names(space, name, attributes)
        declared = self._declared((space, name))
        of = LAX if declared is None or _CHANGING & attributes.keys() else declared.type
        opened = _Open(of)
        if declared is not None:
            opened.defaulted = bool({"default", "fixed"} & declared.node.attributes.keys())
        if of.model is not None:
            opened.state = of.model.start
        if not of.lax:
            self._check_attributes(of, attributes)
        self._open.append(opened)

    def data(self, text: str) -> None:
        """Characters of the element that is open. Raises Unsound as Watch."""
        super().data(text)
        opened = self._open[-1] if self._open else None
        if opened is None or opened.type.lax:
            return
        if opened.type.simple is not None:
            if len(opened.text) < _VALUE_CHARACTERS:
                opened.text += text[:_VALUE_CHARACTERS]
        elif not opened.type.mixed and text.strip(" \t\r\n"):
            self._broken("text", "text")

    def end(self) -> None:
        """The element that is open closes."""
        opened = self._open.pop()
        of = opened.type
        if not of.lax:
            if of.model is not None and not of.model.may_end(opened.state):
                self._broken(f"<{self._path[-1]}>", "missing-element")
            if of.at_most_once is not None and of.needed - opened.seen:
                # Where nothing of an optional `all` has come nothing is missing.
                self._broken(f"<{self._path[-1]}>", "missing-element")
            empty = opened.defaulted and not opened.text
            if of.simple is not None and not empty and not of.simple.takes(opened.text):
                self._broken(f"<{self._path[-1]}>", "value")
        super().end()

    def _declared(self, name: Name) -> Declared | None:
        """The declaration of the element that opens, None where nothing is known of it."""
        if self._types.is_lax:
            return None
        if not self._open:
            return self._types.root(name)
        above = self._open[-1]
        of = above.type
        if of.lax:
            return None
        if of.model is not None:
            state, declared = of.model.step(above.state, name)
            if state:
                above.state = state
                return declared
        elif of.at_most_once is not None and name not in above.seen:
            above.seen |= {name}
            if name in of.at_most_once:
                return of.at_most_once[name]
        self._broken(f"<{name[1]}>", "order")
        # One fault of order is enough: what follows it is not compared.
        above.type = LAX
        return None

    def _check_attributes(self, of: Type, attributes: Attributes) -> None:
        for name, (required, simple) in of.attributes.items():
            value = attributes.get(name)
            if value is None:
                if required:
                    self._broken(f"@{name[1]}", "missing-attribute")
            elif not simple.takes(value):
                self._broken(f"@{name[1]}", "value")
        for name in attributes:
            known = name in of.attributes or name[0] in (INSTANCE_SPACE, XML_SPACE)
            if not known and not of.any_attribute:
                self._broken(f"@{name[1]}", "attribute")

    def _check_names(self, space: str, name: str, attributes: Attributes) -> None:
        outline = self._outline
        if len(self._path) == 1 and (f"{{{space}}}{name}" if space else name) not in outline.roots:
            self._not_there(f"<{name}>")
        if outline.is_open:
            return
        if name not in outline.elements:
            self._not_there(f"<{name}>")
        for key_space, key in attributes:
            # What any document may carry (XML Schema part 1, 2.6; XML 1.0, 2.10 and 2.12).
            free = key_space in (INSTANCE_SPACE, XML_SPACE)
            if not free and key not in outline.attributes:
                self._not_there(f"@{key}")

    def _not_there(self, place: str) -> None:
        self.complain(3613, place=f"{self.where} {place}"[:120], schema=self._outline.file)

    def _broken(self, place: str, rule: str) -> None:
        where = f"{self.where} {place}"[:120]
        self.complain(3612, place=where, rule=rule, schema=self._outline.file)
