"""A channel's XML Schema on the sending side: libxml2 follows the document while it is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from gateway.errors import Misconfigured
from gateway.inspection.formats.xml_schema import Outline
from gateway.inspection.unsound import Fault, Word

MAX_FAULTS: Final = 20
_PLACE: Final = re.compile(r"Element '(?P<element>[^']+)'(?:, attribute '(?P<attribute>[^']+)')?")


class LibxmlSchema:
    """A built schema. Nothing is fetched for it; a document's own xsi:schemaLocation is not followed."""

    def __init__(self, outline: Outline) -> None:
        """Raises Misconfigured 3529 where libxml2 cannot build it."""
        self.outline = outline
        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        own = outline.file.rpartition("/")[2]
        parser.resolvers.add(_Parts({**outline.parts, own: outline.text}))
        try:
            top = etree.fromstring(outline.text.encode(), parser, base_url=own)
            self.validator = etree.XMLSchema(top)
        except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
            last = error.error_log.last_error
            line = max(1, getattr(last, "line", 1) or 1)
            reason = str(error).partition("\n")[0][:120]
            raise Misconfigured(3529, file=outline.file, line=line, reason=reason) from error


class _Parts(etree.Resolver):  # type: ignore[misc]
    """Gives libxml2 the other files of a schema by name, and nothing for anything else."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def resolve(self, url: str | None, _public: str | None, context: Any) -> Any:
        text = self._parts.get(url or "")
        if text is None:
            return self.resolve_empty(context)
        return self.resolve_string(text, context, base_url=url)


def fault_of(error: Any, file: str) -> Fault:
    """Fault 3612: the element or attribute, and the rule that it breaks (W3C XML Schema, appendix C).

    error: an entry of libxml2's log. Its message quotes values of the document: they stay out.
    """
    found = _PLACE.search(error.message)
    place = found["element"] if found else "?"
    if found and found["attribute"]:
        place += f"/@{found['attribute']}"
    rule = error.type_name.removeprefix("SCHEMAV_").lower().replace("_", "-")
    return Fault(Word.XML, 3612, {"place": place[:120], "rule": rule[:60], "schema": file})
