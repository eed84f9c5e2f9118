"""The pages of a PDF with what they inherit, and what annotations show drawn into them (12.5.5).

    page, /Annots with /AP   -->   page, whose contents end with `q a 0 0 d e f cm /FgMark1 Do Q`

Runs where the file was read. An annotation that shows nothing but what a viewer draws by itself (a link, a
note, a window) goes; one that shows something and does not say how it looks refuses the file. What is on a
layer that is switched off is drawn. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.inspection.formats.contract import FormatLimits
from gateway.inspection.formats.pdf import Document, Stored, Value, is_reference, unsound
from gateway.inspection.formats.pdf_streams import decoded, filters_of

_INHERITED: Final = ("/MediaBox", "/CropBox", "/Rotate", "/Resources")
# Bits 2 and 6 of /F (table 167): on no screen.
_UNSEEN: Final = 2 | 32
# Links lead, notes and windows are the viewer's signs, the rest say nothing on the page.
_SIGNS: Final = frozenset(["/Link", "/Text", "/Popup", "/Widget", "/FileAttachment", "/Sound"])
# What a page without a size has in every viewer.
_LETTER: Final = [0, 0, 612, 792]
# Operators of a page that has annotations; others are never looked at here.
_MAX_COUNTED_BYTES: Final = 16 << 20
_STRINGS: Final = re.compile(rb"\((?:[^()\\]++|\\.)*+\)", re.DOTALL)
_SAVE: Final = re.compile(rb"(?<![^\s\])>])q(?![^\s/\[(<])")
_RESTORE: Final = re.compile(rb"(?<![^\s\])>])Q(?![^\s/\[(<])")
# Beyond what a file may number (annex C.2 of the edition of 2008), so that nothing of it is replaced.
_FIRST_MADE: Final = 1 << 40


def pages_of(document: Document, limits: FormatLimits) -> Iterator[dict[str, Value]]:
    """The pages that a viewer shows, in order, each with what it inherits (7.7.3). Raises Unsound 3878."""
    trailer = document.trailers[-1] if document.trailers else {}
    root = document.dictionary(document.dictionary(trailer.get("/Root")).get("/Pages"))
    seen: set[int] = set()
    stack: list[tuple[dict[str, Value], dict[str, Value], int]] = [(root, {}, 1)]
    pages = 0
    while stack:
        node, inherited, depth = stack.pop()
        if id(node) in seen or depth > limits.depth:
            raise unsound(3878, pages=pages, limit=limits.pages)
        seen.add(id(node))
        inherited = inherited | {
            key: node[key] for key in _INHERITED if document.resolved(node.get(key)) is not None
        }
        if "/Kids" in node:
            kids = document.array(node["/Kids"])
            stack += [(document.dictionary(kid), inherited, depth + 1) for kid in reversed(kids)]
            if len(stack) > limits.values:
                raise unsound(3878, pages=pages, limit=limits.pages)
            continue
        pages += 1
        if pages > limits.pages:
            raise unsound(3878, pages=pages, limit=limits.pages)
        yield {"/MediaBox": _LETTER, "/Resources": {}, **node, **inherited}


def with_marks(document: Document, page: dict[str, Value]) -> dict[str, Value]:
    """The page with what its annotations show in its contents. Raises Unsound 3867.

    The streams that this takes are put among the current objects of the document.
    """
    shown = [
        found
        for one in document.array(page.get("/Annots"))
        if (found := _shown(document, document.dictionary(one))) is not None
    ]
    if not shown:
        return page
    resources = document.dictionary(page["/Resources"])
    pictures = dict(document.dictionary(resources.get("/XObject")))
    contents = page.get("/Contents")
    streams = document.resolved(contents)
    every = streams if isinstance(streams, list) else [contents]
    drawn = ["\nQ" + " Q" * _left_open(document, every)]
    for number, (form, place) in enumerate(shown, 1):
        name = next(
            n for n in (f"/FgMark{number}{'_' * k}" for k in range(99)) if n not in pictures
        )
        pictures[name] = form
        drawn.append(f"q {place} cm {name} Do Q")
    return page | {
        "/Contents": [_made(document, "q"), *every, _made(document, "\n".join(drawn))],
        "/Resources": resources | {"/XObject": pictures},
    }


def _left_open(document: Document, contents: list[Value]) -> int:
    """How many states a page saves and does not restore, as far as its operators can be told apart.

    One too many is nothing to a viewer; one too few would move what is drawn next. Raises Unsound 3889
    to 3891, 3890 beyond _MAX_COUNTED_BYTES.
    """
    saved = 0
    for one in contents:
        stored = document.current.get(one) if isinstance(one, str) else None
        if stored is None or stored.data is None:
            continue
        filters = filters_of(document, stored.value)
        plain = b"".join(decoded(stored.ref, stored.data(), filters, _MAX_COUNTED_BYTES))
        operators = _STRINGS.sub(b"", plain)
        saved += len(_SAVE.findall(operators)) - len(_RESTORE.findall(operators))
    return max(0, saved)


def _made(document: Document, operators: str) -> str:
    ref = f"{_FIRST_MADE + len(document.current)} 0 R"
    document.current[ref] = Stored(ref, {}, operators.encode)
    return ref


def _shown(document: Document, annotation: dict[str, Value]) -> tuple[str, str] | None:
    """(reference of the appearance, matrix) of an annotation; None where nothing is to be drawn."""
    flags = document.resolved(annotation.get("/F"))
    if (isinstance(flags, int) and flags & _UNSEEN) or not annotation:
        return None
    subtype = document.resolved(annotation.get("/Subtype"))
    form = _appearance(document, annotation)
    if form is None or subtype == "/Popup":
        if subtype not in _SIGNS or (subtype == "/Widget" and _is_filled_in(document, annotation)):
            reason = f"an annotation {subtype} that does not say how it looks"
            raise unsound(3867, object="", reason=reason[:80])
        return None
    place = _place(document, annotation, document.dictionary(form))
    return None if place is None else (form, place)


def _appearance(document: Document, annotation: dict[str, Value]) -> str | None:
    """The normal appearance, in the state that the annotation is in."""
    normal = document.dictionary(annotation.get("/AP")).get("/N")
    if not _is_stream(document, normal):
        state = document.resolved(annotation.get("/AS"))
        states = document.dictionary(normal)
        normal = states.get(state) if isinstance(state, str) else None
        if normal is None and states:
            # A box that is not ticked.
            normal = states.get("/Off")
    return normal if isinstance(normal, str) and _is_stream(document, normal) else None


def _is_stream(document: Document, value: Value) -> bool:
    for _ in range(8):
        if not (isinstance(value, str) and is_reference(value)):
            return False
        stored = document.current.get(value)
        if stored is None or stored.data is not None:
            return stored is not None
        value = stored.value
    return False


def _is_filled_in(document: Document, field: dict[str, Value]) -> bool:
    """Whether a field for words or a choice has a value, of its own or of a field above it."""
    kind = value = None
    for _ in range(16):
        kind = kind or document.resolved(field.get("/FT"))
        value = value or document.resolved(field.get("/V"))
        if "/Parent" not in field:
            break
        field = document.dictionary(field["/Parent"])
    return kind in ("/Tx", "/Ch") and value not in (None, "u:", "b:", [])


def _place(document: Document, annotation: dict[str, Value], form: dict[str, Value]) -> str | None:
    """The matrix that brings the box of an appearance onto the rectangle of its annotation."""
    rect = _numbers(document, annotation.get("/Rect"), 4)
    box = _numbers(document, form.get("/BBox"), 4)
    a, b, c, d, e, f = _numbers(document, form.get("/Matrix"), 6) or [1, 0, 0, 1, 0, 0]
    if rect is None or box is None:
        return None
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in box[::2] for y in box[1::2]]
    left, bottom = min(x for x, _ in corners), min(y for _, y in corners)
    wide, high = max(x for x, _ in corners) - left, max(y for _, y in corners) - bottom
    if wide <= 0 or high <= 0:
        return None
    across = abs(rect[2] - rect[0]) / wide
    up = abs(rect[3] - rect[1]) / high
    x, y = min(rect[::2]) - left * across, min(rect[1::2]) - bottom * up
    if not max(across, up, abs(x), abs(y)) < 1e9:
        return None
    return f"{across:.6f} 0 0 {up:.6f} {x:.6f} {y:.6f}"


def _numbers(document: Document, value: Value, count: int) -> list[float] | None:
    found = [document.resolved(one) for one in document.array(value)]
    good = all(isinstance(one, int | float) and abs(one) < 1e9 for one in found)
    return found if good and len(found) == count else None
