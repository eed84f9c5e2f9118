"""A PDF written anew from what is on the list: pages, their marks, fonts and pictures, and nothing else.

    old file --annotations drawn into their pages--> page by page, key by key --> a new file

Scripts, actions, forms, links, attachments, metadata, outlines and older revisions are on no list. What
was on a layer that is switched off is shown. The file must have passed the check before.
"""

from __future__ import annotations

import io
from typing import Final

import pikepdf

from gateway.inspection.content import Content
from gateway.inspection.formats.pdf import PdfProfile, encrypted, unsound, whole

# Table 31, without what acts, refers back or is for programs.
_PAGE_KEYS: Final = (
    *("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit"),
    *("/Group",),
)
_INHERITED: Final = ("/MediaBox", "/CropBox", "/Rotate")
# Table 34: /Properties (layers, marks of programs) stays out.
_RESOURCE_KEYS: Final = frozenset(
    ["/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/ProcSet"]
)
# Keys of what hangs on resources: fonts (9), pictures (8.9), forms (8.10), colours, patterns, functions.
_KEYS: Final = frozenset([
    "/Type", "/Subtype", "/Name", "/Filter", "/DecodeParms", "/Predictor", "/Colors",
    "/Columns", "/Rows", "/K", "/BlackIs1", "/EndOfLine", "/EncodedByteAlign",
    "/EndOfBlock", "/DamagedRowsBeforeError", "/ColorTransform", "/EarlyChange",
    "/JBIG2Globals", "/Length1", "/Length2", "/Length3", "/Width", "/Height",
    "/ColorSpace", "/BitsPerComponent", "/Intent", "/ImageMask", "/Mask", "/Decode",
    "/Interpolate", "/SMask", "/SMaskInData", "/Matte", "/BBox", "/Matrix",
    "/Resources", "/Group", "/FormType", "/S", "/CS", "/I", "/G", "/BC", "/TR", "/TR2",
    "/LW", "/LC", "/LJ", "/ML", "/D", "/RI", "/OP", "/op", "/OPM", "/Font", "/BG",
    "/BG2", "/UCR", "/UCR2", "/HT", "/FL", "/SM", "/SA", "/BM", "/CA", "/ca", "/AIS",
    "/TK", "/BaseFont", "/FirstChar", "/LastChar", "/Widths", "/FontDescriptor",
    "/Encoding", "/ToUnicode", "/BaseEncoding", "/Differences", "/DescendantFonts",
    "/CIDSystemInfo", "/Registry", "/Ordering", "/Supplement", "/DW", "/W", "/DW2",
    "/W2", "/CIDToGIDMap", "/CMapName", "/WMode", "/UseCMap", "/FontName",
    "/FontFamily", "/FontStretch", "/FontWeight", "/Flags", "/FontBBox",
    "/ItalicAngle", "/Ascent", "/Descent", "/Leading", "/CapHeight", "/XHeight",
    "/StemV", "/StemH", "/AvgWidth", "/MaxWidth", "/MissingWidth", "/FontFile",
    "/FontFile2", "/FontFile3", "/CharSet", "/CIDSet", "/Style", "/Panose", "/Lang",
    "/FontMatrix", "/CharProcs", "/PatternType", "/PaintType", "/TilingType", "/XStep",
    "/YStep", "/ExtGState", "/Shading", "/ShadingType", "/Background", "/AntiAlias",
    "/Domain", "/Function", "/Coords", "/Extend", "/BitsPerCoordinate", "/BitsPerFlag",
    "/VerticesPerRow", "/FunctionType", "/Range", "/Size", "/BitsPerSample", "/Order",
    "/Encode", "/C0", "/C1", "/N", "/Functions", "/Bounds", "/Alternate",
    "/WhitePoint", "/BlackPoint", "/Gamma", "/XObject", "/Pattern", "/ProcSet",
    "/Colorants", "/Process", "/Components", "/MixingHints", "/Solidities", "/DotGain",
    "/HalftoneType", "/Frequency", "/Angle", "/SpotFunction", "/Default",
])  # fmt: skip
# Dictionaries whose keys are names that a page or a font gives.
_NAMED: Final = frozenset(
    [
        "/Font",
        "/XObject",
        "/ExtGState",
        "/ColorSpace",
        "/Pattern",
        "/Shading",
        "/CharProcs",
        "/Colorants",
    ]
)
_MAX_DEPTH: Final = 64
_TROUBLE: Final = (
    *(pikepdf.PdfError, pikepdf.PikepdfError, ValueError, TypeError, RuntimeError, LookupError),
    *(RecursionError, AttributeError, NotImplementedError),
)


def rebuild(content: Content, profile: PdfProfile | None = None) -> bytes:
    """The new file; the same bytes for the same file. Raises Unsound 3870 to 3872, 3875 and OSError."""
    data = whole(content, profile or PdfProfile())
    try:
        with (
            pikepdf.open(io.BytesIO(data), attempt_recovery=False, suppress_warnings=True) as old,
            pikepdf.new() as new,
        ):
            if old.is_encrypted:
                raise encrypted()
            old.generate_appearance_streams()
            old.flatten_annotations("screen")
            copier = _Copier(new)
            for page in old.pages:
                new.pages.append(copier.page(page.obj))
            written = io.BytesIO()
            new.save(written, deterministic_id=True, linearize=False, min_version="1.7")
    except pikepdf.PasswordError as error:
        raise encrypted() from error
    except _TROUBLE as error:
        raise unsound(3871, reason=type(error).__name__) from error
    return written.getvalue()


class _Copier:
    """Copies values into a new file; an object that two refer to is copied once."""

    def __init__(self, new: pikepdf.Pdf) -> None:
        self._new = new
        self._copied: dict[tuple[int, int], pikepdf.Object] = {}

    def page(self, old: pikepdf.Object) -> pikepdf.Page:
        made = pikepdf.Dictionary(Type=pikepdf.Name.Page)
        for key in _PAGE_KEYS:
            value = self._inherited(old, key) if key in _INHERITED else old.get(key)
            if value is not None:
                made[key] = self._copy(value, key, 1)
        resources = self._inherited(old, "/Resources")
        if resources is not None:
            made["/Resources"] = self._resources(resources, 1)
        contents = old.get("/Contents")
        streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        # As one stream, with the blank that stands between two (7.8.2).
        body = b"\n".join(one.read_bytes() for one in streams if isinstance(one, pikepdf.Stream))
        made["/Contents"] = self._new.make_stream(body)
        return pikepdf.Page(self._new.make_indirect(made))

    def _inherited(self, node: pikepdf.Object, key: str) -> pikepdf.Object | None:
        for _ in range(_MAX_DEPTH):
            if key in node:
                return node[key]
            if "/Parent" not in node:
                return None
            node = node["/Parent"]
        return None

    def _resources(self, old: pikepdf.Object, depth: int) -> pikepdf.Object:
        made = pikepdf.Dictionary()
        for key, value in old.items():
            if key in _RESOURCE_KEYS:
                made[key] = self._copy(value, key, depth + 1)
        return made

    def _copy(self, old: pikepdf.Object, key: str, depth: int) -> pikepdf.Object:
        if depth > _MAX_DEPTH:
            raise ValueError("too deep")
        if not isinstance(old, pikepdf.Object):
            return old
        if old.is_indirect:
            known = self._copied.get(old.objgen)
            if known is not None:
                return known
        if isinstance(old, pikepdf.Stream):
            return self._stream(old, depth)
        if isinstance(old, pikepdf.Dictionary):
            made: pikepdf.Object = pikepdf.Dictionary()
            if old.is_indirect:
                made = self._new.make_indirect(made)
                self._copied[old.objgen] = made
            self._keys(old, made, key, depth)
            return made
        if isinstance(old, pikepdf.Array):
            return pikepdf.Array([self._copy(one, key, depth + 1) for one in old])
        return pikepdf.Object.parse(old.unparse(resolved=True))

    def _keys(self, old: pikepdf.Object, made: pikepdf.Object, key: str, depth: int) -> None:
        # `/Encoding` and the like have one kind of dictionary, these hold anything by name.
        named = key in _NAMED and "/Type" not in old and "/PatternType" not in old
        for name, value in old.items():
            if name == "/Resources":
                made[name] = self._resources(value, depth + 1)
            elif named or name in _KEYS:
                made[name] = self._copy(value, "" if named else name, depth + 1)

    def _stream(self, old: pikepdf.Object, depth: int) -> pikepdf.Object:
        made = self._new.make_stream(old.read_raw_bytes())
        if old.is_indirect:
            self._copied[old.objgen] = made
        self._keys(old, made, "", depth)
        return made
