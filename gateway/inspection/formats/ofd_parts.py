"""One file of an OFD, as it is read: its texts, the files it names, and what it would do.

    TextObject > TextCode    joined within an object; all objects of a page together, in reading order
    Action > Goto            may stay; URI, GotoA, Sound, Movie have a number each
    anything else            values (ooxml_follower)

Texts of a page come out twice: object by object in the order of the file, one line each; and sorted by
place, joined without a border on each line, as programs write one object for each character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.ofd_files import (
    BASES,
    DOCUMENT_TYPES,
    FILE_LOCATIONS,
    LOCATIONS,
    ROOTS,
    SPACES,
    VERSIONS,
    Reference,
    Use,
)
from gateway.inspection.formats.ooxml_follower import PartFollower
from gateway.inspection.formats.ooxml_reaching import is_script
from gateway.inspection.formats.xml import Attributes
from gateway.inspection.unsound import Word

_ACTIONS: Final = {"URI": 3845, "GotoA": 3846, "Sound": 3847, "Movie": 3848}
_SCRIPTS: Final = frozenset(["script", "iframe", "object", "embed", "applet", "foreignobject"])
_ENCRYPTION: Final = frozenset(["Encryptions", "EncryptInfo", "EncryptEntry", "DecryptSeed"])
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{0,20})?(?:[Ee]-?[0-9]{1,2})?")
# A page's texts are held until it ends, up to here.
_PAGE_CHARACTERS: Final = 512 << 10
# Objects whose baselines are this near (in mm) stand on one line.
_LINE_MM: Final = 1.5


@dataclass(frozen=True, slots=True)
class Placed:
    """The text of one object and where it begins on its page, in mm."""

    top: float
    left: float
    text: str


class OfdFollower(PartFollower):
    """Follows one file. where: how people call it. known: whether the standard has such a root."""

    def __init__(self, word: Word, part: str, root: str, limits: FormatLimits, where: str) -> None:
        super().__init__(word, part, root, limits, limits.values)
        self.where = where
        self.known = root in ROOTS
        self.references: list[Reference] = []
        # Locations of pages, in their order.
        self.pages: list[str] = []
        self.seen: set[str] = set()
        self._base = ""
        self._texts: list[Placed] = []
        self._held = 0
        self._object: list[str] = []
        self._codes: list[tuple[float, float]] = []
        self._corner = (0.0, 0.0)

    def opened(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens."""
        if len(self.names) < 4:
            self.seen.add(name)
        if self.known:
            self._of_standard(space, name, attributes)
        if name.lower() in _SCRIPTS and space not in SPACES:
            self.fault(3861, what=name)

    def _of_standard(self, space: str, name: str, attributes: Attributes) -> None:
        if space not in SPACES and len(self.names) == 1:
            self.fault(3856, what=f"{{{space}}}{name}")
        plain = {key: value for (_, key), value in attributes.items()}
        parent = self.names[-2] if len(self.names) > 1 else ""
        if parent == "Action" and name not in ("Goto", "Region"):
            self.fault(_ACTIONS.get(name, 3849), what=name, target=plain.get("URI", ""))
        elif name in _ENCRYPTION:
            self.fault(3857, what=name)
        elif name == "OFD" and len(self.names) == 1:
            self._root_element(plain)
        elif name == "Res" and len(self.names) == 1:
            self._base = plain.get("BaseLoc", "")
        elif name == "MultiMedia" and plain.get("Type", "Image") != "Image":
            self.fault(3848, what=plain.get("Type", ""), target="")
        if name == "MultiMedia" and plain.get("Format", "").upper() in ("JB2", "JBIG2", "GBIG2"):
            self.seen.add("JBIG2")
        if name in BASES and (location := plain.get("BaseLoc")) and len(self.names) > 1:
            self._refer(BASES[name], location)
            if name == "Page":
                self.pages.append(location)
        if name == "Reference" and (location := plain.get("FileRef")):
            self._refer(Use.SIGNED, location)
        if name == "ColorSpace" and (location := plain.get("Profile")):
            self._refer(Use.TAG, location)
        if name == "TextObject":
            self._object, self._codes = [], []
            self._corner = _corner(plain.get("Boundary", ""))
        elif name == "TextCode":
            self._codes.append((_number(plain.get("X", "")), _number(plain.get("Y", ""))))

    def _root_element(self, plain: dict[str, str]) -> None:
        version, kind = plain.get("Version", ""), plain.get("DocType", "")
        if version not in VERSIONS or kind not in DOCUMENT_TYPES:
            self.fault(3840, what=f"{kind} {version}")

    def attribute(self, element: str, key: str, value: str) -> None:
        """One attribute."""
        if is_script(value):
            self.fault(3861, what=value)
        self.value("@" + key, value)

    def characters(self, text: str) -> None:
        """Characters of an element: a location, a text of the page, or a value."""
        name = self.names[-1]
        if name == "TextCode":
            self._object.append(text)
            if "TextObject" not in self.names:
                self._place()
            return
        if not (text := text.strip()):
            return
        if self.known:
            self._location(name, text)
        self.value(name, text)

    def _location(self, name: str, text: str) -> None:
        top = self.names[0]
        if name in LOCATIONS and not (name == "File" and "FileList" not in self.names):
            base = self._base if name in ("MediaFile", "FontFile") else ""
            self._refer(LOCATIONS[name], text, base)
        elif name in ("FileLoc", "BaseLoc"):
            self._refer(FILE_LOCATIONS.get(top, Use.STRUCTURE), text)

    def _refer(self, use: Use, location: str, base: str = "") -> None:
        self.references.append(Reference(self.part, use, location.strip(), base))
        if len(self.references) > self.limits.values // 10:
            raise self.refuse(3855, limit=self.limits.values // 10)

    def closed(self, name: str) -> None:
        """An element has closed; with the root all texts of the file are told."""
        if name == "TextObject":
            self._place()
        if not self.names:
            self._tell()

    def _place(self) -> None:
        text = "".join(self._object)
        self._object = []
        if not text or text.isspace():
            return
        x, y = self._codes[0] if self._codes else (0.0, 0.0)
        self._texts.append(Placed(self._corner[1] + y, self._corner[0] + x, text))
        self._held += len(text)
        if self._held > _PAGE_CHARACTERS:
            self._tell()

    def _tell(self) -> None:
        if not self._texts:
            return
        self.say_at(self.where, "\n".join(one.text for one in self._texts))
        lines = reading_order(self._texts)
        if lines != [one.text for one in self._texts]:
            self.say_at(f"{self.where} line by line", "\n".join(lines))
        self._texts, self._held = [], 0


def reading_order(texts: list[Placed]) -> list[str]:
    """The lines of a page from the top, each from the left."""
    lines: list[list[Placed]] = []
    for one in sorted(texts, key=lambda placed: (placed.top, placed.left)):
        if lines and one.top - lines[-1][0].top <= _LINE_MM:
            lines[-1].append(one)
        else:
            lines.append([one])
    return [
        "".join(one.text for one in sorted(line, key=lambda placed: placed.left)) for line in lines
    ]


def _number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else 0.0


def _corner(boundary: str) -> tuple[float, float]:
    """The corner of ST_Box: left, top, width, height."""
    numbers = [_number(one) for one in boundary.split()[:2]]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0.0, 0.0)
