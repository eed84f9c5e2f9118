"""An XML Schema to types that a document can be followed by: our own reading, beside libxml2's.

    nodes (xsd_nodes) --> Declared (element) --> Type: order, attributes, value

What is not read here (substitution groups, unions, patterns, keys) makes a type lax: it takes everything,
and the sending side holds to it. Source: XML Schema 1.0, part 1 (W3C, second edition, 2004).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.inspection.formats.xml_schema import SPACE, Outline
from gateway.inspection.receiving.formats.xsd_content import (
    ANY,
    Automaton,
    Name,
    Particle,
    TooLarge,
)
from gateway.inspection.receiving.formats.xsd_nodes import (
    Beyond,
    Node,
    counts,
    nodes_of,
    resolved,
    says,
)
from gateway.inspection.receiving.formats.xsd_values import Simple, restricted

_MAX_DEPTH: Final = 50
_NOTES: Final = ("annotation", "key", "keyref", "unique")


@dataclass(slots=True)
class Type:
    """What an element may hold. lax: everything. model: children in their order, None for none.

    at_most_once: of `all`, name to declaration; needed: those of them that must come.
    """

    lax: bool = False
    mixed: bool = False
    simple: Simple | None = None
    model: Automaton[Declared] | None = None
    at_most_once: dict[Name, Declared] | None = None
    needed: frozenset[Name] = frozenset()
    attributes: dict[Name, tuple[bool, Simple]] = field(default_factory=dict)
    any_attribute: bool = False


@dataclass(slots=True)
class Declared:
    """An element that is declared. Its type is made when the first such element comes."""

    node: Node
    types: Types

    @property
    def type(self) -> Type:
        return self.types.of_element(self.node)


LAX: Final = Type(lax=True)
_ANYTHING: Final = Simple()


class Types:
    """All types of one schema."""

    def __init__(self, outline: Outline) -> None:
        tops = [nodes_of(text) for text in (outline.text, *outline.parts.values())]
        self._spaces = frozenset(top.target for top in tops)
        nodes = [node for top in tops for node in top.children]
        # By kind, namespace and name.
        self._global: dict[tuple[str, str, str], Node] = {
            (node.name, node.target, node.attributes["name"]): node
            for node in nodes
            if "name" in node.attributes
        }
        self._made: dict[int, Type] = {}
        # Another element may then come in the place of one that is named: no order is known here.
        self.is_lax = any("substitutionGroup" in node.attributes for node in nodes)

    def root(self, name: Name) -> Declared | None:
        """The declaration of an outermost element."""
        node = self._global.get(("element", *name))
        return None if node is None else Declared(node, self)

    def of_element(self, node: Node) -> Type:
        """The type of a declared element. Raises nothing: what is not read here is lax."""
        made = self._made.get(id(node))
        if made is None:
            # One that holds itself makes no circle: the types of its children are made when they come.
            self._made[id(node)] = made = self._element(node)
        return made

    def _element(self, node: Node) -> Type:
        try:
            if node.attributes.get("abstract") == "true":
                return LAX
            if (named := node.attributes.get("type")) is not None:
                return self._named(node, named, 0)
            for inner in node.of("complexType"):
                return self._complex(inner, 0)
            for inner in node.of("simpleType"):
                return Type(simple=self._simple(inner, 0))
        except (Beyond, TooLarge, RecursionError, ValueError):
            return LAX
        return LAX

    def _named(self, node: Node, name: str, depth: int) -> Type:
        space, local = resolved(node, name)
        if depth > _MAX_DEPTH:
            raise Beyond
        if space == SPACE:
            return LAX if local == "anyType" else Type(simple=Simple(local))
        if space not in self._spaces:
            raise Beyond
        if (found := self._global.get(("complexType", space, local))) is not None:
            # Many elements may be of one type.
            if id(found) not in self._made:
                self._made[id(found)] = self._complex(found, depth + 1)
            return self._made[id(found)]
        return Type(simple=self._simple_named(node, name, depth))

    def _complex(self, node: Node, depth: int) -> Type:
        if node.attributes.get("abstract") == "true":
            raise Beyond
        for content in node.of("simpleContent", "complexContent"):
            return self._derived(node, content, depth)
        return self._with_content(node, node, Type(), depth)

    def _derived(self, node: Node, content: Node, depth: int) -> Type:
        (way,) = content.of("extension", "restriction")
        base_name = way.attributes.get("base", "")
        base = self._named(way, base_name, depth + 1)
        # What a restriction leaves of attributes and order is a subset: the base's is not too narrow.
        if way.name == "restriction":
            if content.name == "complexContent" and base.lax:
                return LAX
            return base
        if base.lax:
            return LAX
        if content.name == "simpleContent":
            made = Type(
                simple=base.simple,
                attributes=dict(base.attributes),
                any_attribute=base.any_attribute,
            )
            self._attributes(way, made, depth)
            return made
        if base.at_most_once is not None:
            raise Beyond
        before = self._content_of(way, base_name, depth)
        after = self._group_of(way, depth)
        both = tuple(one for one in (before, after) if one is not None)
        made = Type(
            mixed=base.mixed or says(node, "mixed") or says(content, "mixed"),
            model=Automaton(Particle("sequence", inner=both)) if both else None,
            attributes=dict(base.attributes),
            any_attribute=base.any_attribute,
        )
        self._attributes(way, made, depth)
        return made

    def _content_of(self, node: Node, name: str, depth: int) -> Particle[Declared] | None:
        """The particle of a complex type by name, with those of what it extends."""
        found = self._global.get(("complexType", *resolved(node, name)))
        if found is None or depth > _MAX_DEPTH:
            raise Beyond
        for content in found.of("complexContent"):
            (way,) = content.of("extension", "restriction")
            own = self._group_of(way, depth + 1)
            if way.name == "restriction":
                return own
            before = self._content_of(way, way.attributes.get("base", ""), depth + 1)
            both = tuple(one for one in (before, own) if one is not None)
            return Particle("sequence", inner=both) if both else None
        return self._group_of(found, depth + 1)

    def _with_content(self, node: Node, holder: Node, made: Type, depth: int) -> Type:
        made.mixed = says(node, "mixed")
        for one in holder.of("all"):
            made.at_most_once = {}
            needed = []
            for element in one.of("element"):
                name, declared = self._reference(element)
                made.at_most_once[name] = declared
                if counts(element)[0] and counts(one)[0]:
                    needed.append(name)
            made.needed = frozenset(needed)
        if made.at_most_once is None and (group := self._group_of(holder, depth)) is not None:
            made.model = Automaton(group)
        self._attributes(holder, made, depth)
        return made

    def _group_of(self, holder: Node, depth: int) -> Particle[Declared] | None:
        for one in holder.of("sequence", "choice", "group", "all"):
            return self._particle(one, depth)
        return None

    def _particle(self, node: Node, depth: int) -> Particle[Declared]:
        if depth > _MAX_DEPTH:
            raise Beyond
        least, most = counts(node)
        match node.name:
            case "element":
                name, declared = self._reference(node)
                return Particle("element", least, most, name, declared)
            case "any":
                return Particle("element", least, most, ANY, None)
            case "group":
                found = self._global.get(("group", *resolved(node, node.attributes.get("ref", ""))))
                inner = None if found is None else self._group_of(found, depth + 1)
                if inner is None:
                    raise Beyond
                return Particle("sequence", least, most, inner=(inner,))
            case "sequence" | "choice":
                ones = [child for child in node.children if child.name not in _NOTES]
                inner_ones = tuple(self._particle(one, depth + 1) for one in ones)
                return Particle(node.name, least, most, inner=inner_ones)
            case _:
                raise Beyond

    def _reference(self, node: Node) -> tuple[Name, Declared]:
        if (named := node.attributes.get("ref")) is not None:
            name = resolved(node, named)
            found = self._global.get(("element", *name))
            if found is None:
                raise Beyond
            return name, Declared(found, self)
        space = node.target if node.qualifies("element") else ""
        return (space, node.attributes["name"]), Declared(node, self)

    def _attributes(self, holder: Node, made: Type, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise Beyond
        made.any_attribute = made.any_attribute or any(True for _ in holder.of("anyAttribute"))
        for group in holder.of("attributeGroup"):
            named = resolved(group, group.attributes.get("ref", ""))
            found = self._global.get(("attributeGroup", *named))
            if found is None:
                raise Beyond
            self._attributes(found, made, depth + 1)
        for one in holder.of("attribute"):
            self._attribute(one, made, depth)

    def _attribute(self, node: Node, made: Type, depth: int) -> None:
        use, source, name = node.attributes.get("use"), node, node.attributes.get("name", "")
        space = node.target if node.qualifies("attribute") else ""
        if (named := node.attributes.get("ref")) is not None:
            space, name = resolved(node, named)
            found = self._global.get(("attribute", space, name))
            source = node if found is None else found
        simple = _ANYTHING
        if (of := source.attributes.get("type")) is not None:
            simple = self._simple_named(source, of, depth)
        for inner in source.of("simpleType"):
            simple = self._simple(inner, depth)
        if use == "prohibited":
            made.attributes.pop((space, name), None)
        else:
            made.attributes[space, name] = (use == "required", simple)

    def _simple_named(self, node: Node, name: str, depth: int) -> Simple:
        space, local = resolved(node, name)
        if space == SPACE:
            return Simple(local)
        found = self._global.get(("simpleType", space, local))
        return _ANYTHING if found is None else self._simple(found, depth + 1)

    def _simple(self, node: Node, depth: int) -> Simple:
        if depth > _MAX_DEPTH:
            raise Beyond
        for way in node.of("restriction"):
            base = _ANYTHING
            if (named := way.attributes.get("base")) is not None:
                base = self._simple_named(way, named, depth)
            if any(True for _ in way.of("whiteSpace")):
                return _ANYTHING
            listed = frozenset(one.attributes.get("value", "") for one in way.of("enumeration"))
            return restricted(base, listed)
        return _ANYTHING
