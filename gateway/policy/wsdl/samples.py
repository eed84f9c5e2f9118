"""A small message that follows a schema, for the first test of a channel. The test tells whether it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from gateway.policy.wsdl.description import XSD
from gateway.policy.wsdl.tree import Name, Node

MOST_DEPTH: Final = 24
ENVELOPES: Final = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
_VALUES: Final = {
    **dict.fromkeys(("boolean",), "true"),
    **dict.fromkeys(
        ("int", "integer", "long", "short", "byte", "decimal", "float", "double", "positiveInteger",
         "nonNegativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte"), "1",
    ),
    "negativeInteger": "-1", "nonPositiveInteger": "0", "date": "2026-01-05", "time": "08:00:00",
    "dateTime": "2026-01-05T08:00:00Z", "gYear": "2026", "gYearMonth": "2026-01", "duration": "P1D",
    "base64Binary": "YQ==", "hexBinary": "61", "anyURI": "urn:a", "language": "en",
}  # fmt: skip


def sample_envelope(version: str, message: str) -> str:
    """A message in its envelope."""
    space = ENVELOPES[version]
    return f'<s:Envelope xmlns:s="{space}"><s:Body>{message}</s:Body></s:Envelope>\n'


class Sampling:
    """Makes messages of schemas, one a namespace; of none: of nothing but the name.

    is_guess: something was not understood.
    """

    def __init__(self, schemas: Sequence[Node]) -> None:
        self._schemas: dict[str, list[Node]] = {}
        for one in schemas:
            self._schemas.setdefault(one.attributes.get("targetNamespace", ""), []).append(one)
        self.is_guess = not schemas
        # The schema that an element or type stands in.
        self._home = {id(node): one for one in schemas for node in one.walk()}
        prefixed = [space for space in self._schemas if space]
        self._prefixes = {space: f"m{at or ''}" for at, space in enumerate(prefixed)}

    def message(self, name: Name) -> str:
        """The element of this name with the least that it must have."""
        if name[0]:
            self._prefixes.setdefault(name[0], "m")
        space = "".join(f" xmlns:{p}={quoteattr(s)}" for s, p in self._prefixes.items())
        tag = self._tag(name)
        node = self._global("element", name)
        attributes, inner = self._content(node, 0) if node is not None else ("", "")
        self.is_guess = self.is_guess or node is None
        return f"<{tag}{space}{attributes}>{inner}</{tag}>"

    def _global(self, kind: str, name: Name | None) -> Node | None:
        if name is None:
            return None
        nodes = (node for one in self._schemas.get(name[0], ()) for node in one.of(XSD, kind))
        return next((node for node in nodes if node.attributes.get("name") == name[1]), None)

    def _tag(self, name: Name) -> str:
        return f"{self._prefixes[name[0]]}:{name[1]}" if name[0] else name[1]

    def _content(self, element: Node, depth: int) -> tuple[str, str]:
        """Attributes and content of an element by its declaration."""
        if depth > MOST_DEPTH:
            self.is_guess = True
            return "", ""
        if "fixed" in element.attributes:
            return "", escape(element.attributes["fixed"])
        said = element.attributes.get("type")
        if said is not None:
            return self._typed(element.qname(said), depth)
        for kind in element.of(XSD, "complexType"):
            return self._complex(kind, depth)
        for kind in element.of(XSD, "simpleType"):
            return "", escape(self._simple(kind, depth))
        return "", ""

    def _typed(self, name: Name | None, depth: int) -> tuple[str, str]:
        if name is not None and name[0] == XSD:
            return "", _VALUES.get(name[1], "a")
        if (kind := self._global("complexType", name)) is not None:
            return self._complex(kind, depth)
        if (kind := self._global("simpleType", name)) is not None:
            return "", escape(self._simple(kind, depth))
        self.is_guess = True
        return "", ""

    def _complex(self, kind: Node, depth: int) -> tuple[str, str]:
        attributes = "".join(self._attribute(one, depth) for one in kind.of(XSD, "attribute"))
        inner = ""
        for wrap in kind.of(XSD, "complexContent", "simpleContent"):
            for way in wrap.of(XSD, "extension", "restriction"):
                base = way.qname(way.attributes.get("base", ""))
                if way.name[1] == "restriction" and wrap.name[1] == "complexContent":
                    base = (XSD, "anyType")
                more = self._typed(base, depth + 1) if base != (XSD, "anyType") else ("", "")
                own = self._complex(way, depth + 1)
                attributes, inner = attributes + more[0] + own[0], inner + more[1] + own[1]
        groups = kind.of(XSD, "sequence", "all", "choice", "group")
        return attributes, inner + "".join(self._particle(one, depth + 1) for one in groups)

    def _attribute(self, node: Node, depth: int) -> str:
        name = node.attributes.get("name")
        if node.attributes.get("use") != "required":
            return ""
        if name is None:
            self.is_guess = True
            return ""
        return f" {name}={quoteattr(self._content(node, depth)[1])}"

    def _particle(self, node: Node, depth: int) -> str:
        least = node.attributes.get("minOccurs", "1")
        if depth > MOST_DEPTH or not least.isdigit() or len(least) > 2:
            self.is_guess = True
            return ""
        return self._once(node, depth) * int(least) if int(least) else ""

    def _once(self, node: Node, depth: int) -> str:
        match node.name[1]:
            case "element":
                return self._element(node, depth)
            case "sequence" | "all":
                return "".join(self._particle(one, depth + 1) for one in self._particles(node))
            case "choice":
                return next((self._particle(one, depth + 1) for one in self._particles(node)), "")
            case _:
                # Groups, and `any`: a person knows what is meant.
                self.is_guess = True
                return ""

    @staticmethod
    def _particles(node: Node) -> Iterator[Node]:
        return node.of(XSD, "element", "sequence", "choice", "all", "group", "any")

    def _element(self, node: Node, depth: int) -> str:
        home = self._home[id(node)].attributes
        name, qualified = (
            node.attributes.get("name", ""),
            home.get("elementFormDefault") == "qualified",
        )
        if "ref" in node.attributes:
            found = self._global("element", node.qname(node.attributes["ref"]))
            if found is None:
                self.is_guess = True
                return ""
            node, qualified = found, True
            name, home = node.attributes.get("name", ""), self._home[id(found)].attributes
        form = node.attributes.get("form")
        qualified = form == "qualified" if form else qualified
        tag = self._tag((home.get("targetNamespace", "") if qualified else "", name))
        attributes, inner = self._content(node, depth + 1)
        return f"<{tag}{attributes}>{inner}</{tag}>"

    def _simple(self, kind: Node, depth: int) -> str:
        for way in kind.of(XSD, "restriction"):
            listed = [one.attributes.get("value", "") for one in way.of(XSD, "enumeration")]
            if listed:
                return listed[0]
            if way.first(XSD, "pattern") is not None:
                self.is_guess = True
            for bound in way.of(XSD, "minInclusive"):
                return bound.attributes.get("value", "")
            for bound in way.of(XSD, "length", "minLength"):
                size = bound.attributes.get("value", "1")
                return "a" * max(1, int(size) if size.isdigit() and len(size) < 5 else 1)
            base = way.qname(way.attributes.get("base", ""))
            return self._typed(base, depth + 1)[1] if depth < MOST_DEPTH else "a"
        self.is_guess = True
        return "a"
