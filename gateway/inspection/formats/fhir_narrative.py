"""What may stand in a narrative: XHTML of formatting, links and pictures, nothing that runs.

Source: FHIR R4, 2.4.0.1 (Narrative) with its constraint txt-1: elements of HTML 4.0, chapters 7 to 11 and
15, links, pictures and style. A list of what is allowed: an element that is not on it is refused, whatever
it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.formats.base64_leaves import decoded as base64_decoded
from gateway.inspection.formats.base64_leaves import member, members_in
from gateway.inspection.formats.contract import FormatLimits, Item, texts_of
from gateway.inspection.formats.fhir import FhirProfile, fault
from gateway.inspection.formats.xml_nodes import XML_SPACE, Node, Watched, read_nodes
from gateway.inspection.unsound import Unsound

XHTML: Final = "http://www.w3.org/1999/xhtml"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS: Final = _words("""
    a abbr acronym address b bdo big blockquote br caption center cite code col colgroup dd del dfn div dl
    dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong sub sup
    table tbody td tfoot th thead tr tt u ul var
""")
ATTRIBUTES: Final = _words("""
    abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff
    charset cite class color colspan compact coords datetime dir face frame headers height href hreflang
    hspace id ismap lang longdesc name noshade nowrap rel rev rowspan rules scope shape size span src start
    style summary tabindex target title type valign value vspace width
""") | {f"{{{XML_SPACE}}}lang", f"{{{XML_SPACE}}}space"}
_ADDRESSES: Final = _words("href src cite longdesc")
_SHOWN: Final = _words("alt title summary href name value abbr")
# Elements that do not end a word: characters around them are read as one.
_INLINE: Final = _words("""
    a abbr acronym b bdo big cite code del dfn em font i ins kbd q s samp small span strike strong sub sup
    tt u var
""")
_SCHEME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.\-\s]*):")
# What a style can fetch or run; a backslash or comment in it only hides one of these.
_STYLE: Final = re.compile(
    r"url|expression|@|behaviou?r|-moz-binding|script|image-set|import|\\|/\*|<|position\s*:\s*fixed",
    re.IGNORECASE,
)
# A picture inside the document, or one beside it: nothing is fetched from elsewhere.
_STYLE_PICTURE: Final = re.compile(
    r"""url\s*\(\s*(["']?)(?:data:\s*image/[a-z]{3,4};base64,(?P<data>[A-Za-z0-9+/=\s]*)|[A-Za-z0-9_][A-Za-z0-9_.\-]*)\1\s*\)"""
)
_PICTURE: Final = re.compile(r"data:\s*image/(?:png|jpeg|jpg|gif|bmp);base64,(.*)", re.DOTALL)
_PICTURE_MARKS: Final = {
    b"\x89PNG\r\n": "png",
    b"\xff\xd8\xff": "jpg",
    b"GIF8": "gif",
    b"BM": "bmp",
}


def narrative_items(
    where: str, untrusted_div: str, limits: FormatLimits, profile: FhirProfile, watch: Watched
) -> Iterator[Item]:
    """Faults 3570 to 3575, texts and pictures of one div. watch: the side's own parser of XML."""
    if not untrusted_div.lstrip().startswith("<div"):
        yield fault(3575, place=where)
        return
    try:
        root, _ = read_nodes(untrusted_div.strip().encode(), limits, watch)
    except Unsound as error:
        reason = str(error.fault.fields.get("reason", ""))
        yield fault(3570, place=where, cause=error.fault.number, reason=reason)
        return
    if root.name != "div" or root.space != XHTML:
        yield fault(3575, place=where)
        return
    yield from _below(where, root, profile)


def _below(where: str, root: Node, profile: FhirProfile) -> Iterator[Item]:
    characters: list[str] = []
    waiting: list[Node | str] = [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            characters.append(one)
            continue
        if one.space != XHTML or one.name not in ELEMENTS:
            yield fault(3571, place=where, element=one.name[:40])
            continue
        for name, value in one.attributes.items():
            yield from _attribute_items(where, one.name, name, value, profile)
        if one.name not in _INLINE:
            characters.append("\n")
            waiting.append("\n")
        waiting.extend(reversed(one.children))
    text = re.sub(r"\s*\n\s*", "\n", "".join(characters)).strip()
    yield from texts_of(where, text)
    yield from members_in(where, text)


def _attribute_items(
    where: str, element: str, name: str, value: str, profile: FhirProfile
) -> Iterator[Item]:
    if name not in ATTRIBUTES:
        yield fault(3572, place=where, element=element, attribute=name[:40])
    elif name == "style":
        yield from _style_items(where, value)
    elif name in _ADDRESSES:
        yield from _address_items(where, element, value, profile)
    if name in _SHOWN:
        yield from texts_of(f"{where}/{element}/@{name}", value)


def _address_items(where: str, element: str, value: str, profile: FhirProfile) -> Iterator[Item]:
    picture = _PICTURE.fullmatch(value) if element == "img" else None
    if picture is not None:
        yield from _picture_items(where, picture[1], value)
        return
    found = _SCHEME.match(value)
    scheme = re.sub(r"\s", "", found[1]).lower() if found else ""
    local = not scheme and not value.lstrip().startswith(("//", "\\"))
    fetched = element == "img" and not local and not profile.external_images
    if fetched or not (local or scheme in profile.schemes):
        yield fault(3573, place=where, value=value[:80])


def _style_items(where: str, value: str) -> Iterator[Item]:
    for found in _STYLE_PICTURE.finditer(value):
        if found["data"] is not None:
            yield from _picture_items(where, found["data"], value)
    if _STYLE.search(_STYLE_PICTURE.sub("", value)):
        yield fault(3574, place=where, value=value[:80])


def _picture_items(where: str, base64: str, value: str) -> Iterator[Item]:
    """A picture as a member, by how it begins: its label is often wrong. Fault 3573 for anything else."""
    data = base64_decoded(base64) or b""
    suffix = next((name for mark, name in _PICTURE_MARKS.items() if data.startswith(mark)), "")
    if suffix:
        yield member(f"{where}.img", data, suffix)
    else:
        yield fault(3573, place=where, value=value[:80])
