"""SOAP: an envelope with one body, and in it one message or one fault; what both sides hold it to.

    Envelope > Header > block                    listed ones, each once: by the schema, or characters only
    Envelope > Body > message                    the message goes on to whoever follows the schema
    Envelope > Body > Fault > ... detail > one   what is in a detail likewise

Sources: SOAP 1.1 (W3C Note, 2000), 4; SOAP 1.2 part 1 (second edition, 2007), 5. What stands in Header and is
not listed is refused, mustUnderstand or not; a listed block for somebody on the way (actor, role, relay) too,
as the gate is none of them. No encodingStyle, no attachments by reference (XOP).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.inspection.formats.contract import FormatLimits, Item
from gateway.inspection.formats.xml import Attributes, Follower, Watch, XmlProfile, unsound
from gateway.inspection.formats.xml_schema import INSTANCE_SPACE, XML_SPACE
from gateway.policy.soap_words import WITH_HEADER

SPACES: Final = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_XOP: Final = "http://www.w3.org/2004/08/xop/include"
# Children of a fault and of what stands in one, by version; `detail` is apart.
_OF_FAULT: Final = {
    "1.1": frozenset(["faultcode", "faultstring", "faultactor"]),
    "1.2": frozenset(["Code", "Reason", "Node", "Role", "Value", "Subcode", "Text"]),
}
_DETAIL: Final = {"1.1": ("", "detail"), "1.2": (SPACES["1.2"], "Detail")}
# Whether a block must be understood: the peer's business. SOAP 1.1, 4.2.3; SOAP 1.2 part 1, 5.2.3.
_UNDERSTAND: Final = {"1.1": frozenset(["0", "1"]), "1.2": frozenset(["0", "1", "true", "false"])}
_BODY: Final = 2
_MESSAGE: Final = 3
_IN_FAULT: Final = 4


@dataclass(frozen=True, slots=True)
class Soap:
    """What Body holds. version: `1.1`, `1.2` or "" for either. names: of its element, none for any.

    headers: blocks that may stand in Header, by local name.
    """

    version: str = ""
    names: frozenset[str] = frozenset()
    fault: bool = False
    headers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, says: str, names: tuple[str, ...]) -> Soap:
        """From the words of a policy: `soap 1.1 fault with header A B` and elements."""
        said, _, headers = says.partition(WITH_HEADER)
        words = said.split(" ")
        version = next((word for word in words if word in SPACES), "")
        return cls(version, frozenset(names), "fault" in words, frozenset(headers.split()))


class SoapWatch(Follower):
    """Follows an envelope. inner: follows the message or the detail, None where any will do."""

    def __init__(
        self, limits: FormatLimits, profile: XmlProfile, soap: Soap, inner: Watch | None
    ) -> None:
        self._outer = Watch(limits, XmlProfile())
        self._soap, self._inner = soap, inner
        self._path: list[tuple[str, str]] = []
        self._version = ""
        self._messages = self._details = self._bodies = 0
        self._blocks: set[tuple[str, str]] = set()
        self._headers, self._in_header = 0, False
        self._declared = profile.schema.outline.roots if profile.schema is not None else frozenset()
        self._declared_names = {one.rpartition("}")[2] for one in self._declared}
        # From which depth on elements belong to the message; 0 while there is none.
        self._from = 0
        self._free = profile.schema is None

    def start(self, space: str, name: str, attributes: Attributes) -> None:
        """An element opens. Raises Unsound as Watch, and 3614 (no envelope of ours)."""
        self.events += 1
        if space == _XOP:
            raise unsound(3614, what="xop:Include")
        self._path.append((space, name))
        depth = len(self._path)
        if not self._from:
            self._of_envelope(depth, space, name, attributes)
            if self._in_header and depth == _MESSAGE:
                # What is the envelope's is not the schema's.
                envelope = SPACES[self._version]
                attributes = {key: v for key, v in attributes.items() if key[0] != envelope}
        self._now.start(space, name, attributes)

    @property
    def _now(self) -> Watch:
        return self._inner if self._from and self._inner is not None else self._outer

    def data(self, text: str) -> None:
        """Characters of the element that is open."""
        self.events += 1
        leaf = len(self._path) >= _IN_FAULT and self._path[-1] != _DETAIL.get(self._version)
        leaf = leaf or (self._in_header and len(self._path) == _MESSAGE)
        if not self._from and not leaf and text.strip(" \t\r\n"):
            raise unsound(3614, what="text")
        self._now.data(text)

    def end(self) -> None:
        """The element that is open closes."""
        self.events += 1
        self._now.end()
        depth = len(self._path)
        name = self._path.pop()[1]
        if self._from == depth:
            self._from = 0
        if depth == _BODY and not self._in_header and not self._messages:
            raise unsound(3614, what="an empty Body")
        if depth == _BODY:
            self._in_header = False
        if depth == 1 and not self._bodies:
            raise unsound(3614, what=f"{name} without Body")

    def comment(self, text: str) -> None:
        """Nobody renders it, somebody may read it."""
        self.events += 1
        self._outer.comment(text)

    def items(self) -> Iterator[Item]:
        """What was found since the last call."""
        yield from self._outer.items()
        if self._inner is not None:
            yield from self._inner.items()

    def _of_envelope(self, depth: int, space: str, name: str, attributes: Attributes) -> None:
        """What stands outside of a message: nothing but what is named here."""
        if depth == 1:
            self._version = self._version_of(space, name)
        envelope = SPACES[self._version]
        if self._in_header:
            self._block(depth, space, name, attributes)
            return
        self._check_attributes(depth, space, name, attributes)
        if (depth, space, name) == (_BODY, envelope, "Header") and not self._bodies + self._headers:
            self._headers, self._in_header = 1, True
        elif depth == _BODY:
            self._bodies += 1
            if (space, name) != (envelope, "Body") or self._bodies > 1:
                raise unsound(3614, what=name[:60])
        elif depth == _MESSAGE:
            self._message(space, name)
        elif depth >= _IN_FAULT:
            self._in_fault(depth, space, name)

    def _block(self, depth: int, space: str, name: str, attributes: Attributes) -> None:
        """A block of Header, by its schema from here on; or an element in one that has none."""
        if depth > _MESSAGE or name not in self._soap.headers or (space, name) in self._blocks:
            raise unsound(3614, what=f"Header/{name[:60]}")
        self._blocks.add((space, name))
        envelope = SPACES[self._version]
        declared = (f"{{{space}}}{name}" if space else name) in self._declared
        if not declared and name in self._declared_names:
            # In another namespace what the schema says of it would not be asked.
            raise unsound(3614, what=f"Header/{name[:60]}")
        for (key_space, key), value in attributes.items():
            understood = (key_space, key) == (envelope, "mustUnderstand")
            if understood and value in _UNDERSTAND[self._version]:
                continue
            if key_space == envelope or not (declared or key_space == INSTANCE_SPACE):
                raise unsound(3614, what=f"Header/{name[:40]}/@{key[:40]}")
        if declared:
            self._from = _MESSAGE

    def _version_of(self, space: str, name: str) -> str:
        version = next((one for one, known in SPACES.items() if known == space), "")
        if not version or name != "Envelope" or self._soap.version not in ("", version):
            raise unsound(3614, what=f"{name[:40]} of {space[:60]}")
        return version

    def _check_attributes(self, depth: int, space: str, name: str, attributes: Attributes) -> None:
        if depth == _MESSAGE and not self._is_fault(space, name):
            return
        for key_space, key in attributes:
            # Of the text of a reason (1.2): the language.
            if (key_space, key) != (XML_SPACE, "lang") and key_space != INSTANCE_SPACE:
                raise unsound(3614, what=f"{name[:40]}/@{key[:40]}")

    def _is_fault(self, space: str, name: str) -> bool:
        return (space, name) == (SPACES[self._version], "Fault")

    def _message(self, space: str, name: str) -> None:
        self._messages += 1
        wrong = self._is_fault(space, name) is not self._soap.fault
        if wrong or self._messages > 1 or (self._soap.names and name not in self._soap.names):
            raise unsound(3614, what=name[:60])
        if not self._soap.fault:
            self._from = _MESSAGE

    def _in_fault(self, depth: int, space: str, name: str) -> None:
        if self._path[-2] == _DETAIL[self._version]:
            self._details += 1
            if self._free or self._details > 1:
                raise unsound(3614, what=f"detail/{name[:60]}")
            self._from = depth
            return
        wanted = "" if self._version == "1.1" else SPACES["1.2"]
        listed = name in _OF_FAULT[self._version] and space == wanted
        if not listed and (depth > _IN_FAULT or (space, name) != _DETAIL[self._version]):
            raise unsound(3614, what=f"Fault/{name[:60]}")
