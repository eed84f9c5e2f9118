"""A PDF as typed values on their way out of a sandbox, and the list of what such a document may be made of.

    PdfPage | PdfObject | PdfStream PdfPiece PdfPiece ...    numbered from 1, each once, in order

The list (ISO 32000-2:2020) says for each kind of dictionary which keys it has, and for each key what may
stand there. What acts, leads elsewhere, is for programs or for editing stands on no list: actions,
annotations, names, outlines, forms, files, metadata, structure, layers. Who writes checks it all again.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

# Below 256 KiB when encoded, whatever the rest of a part is.
MAX_PIECE_BYTES: Final = 192 << 10
# Of one object without its stream: the widths of a font of 65,535 letters fit.
MAX_OBJECT_BYTES: Final = 240 << 10
# Arrays and dictionaries within one object; the deepest that is meant has five.
MAX_OBJECT_DEPTH: Final = 16
# Widths of a font of 65,535 letters, and their numbers.
MAX_ITEMS: Final = 1 << 17


class Name(msgspec.Struct, frozen=True, array_like=True, tag="n"):
    """A name. name: its bytes without the slash, nothing escaped."""

    name: bytes


class String(msgspec.Struct, frozen=True, array_like=True, tag="s"):
    """A string, whatever its encoding."""

    data: bytes


class Ref(msgspec.Struct, frozen=True, array_like=True, tag="r"):
    """A reference to an object of this document, before or after."""

    number: int


class Array(msgspec.Struct, frozen=True, array_like=True, tag="a"):
    """An array."""

    items: Annotated[list[PdfValue], msgspec.Meta(max_length=MAX_ITEMS)]


class Dictionary(msgspec.Struct, frozen=True, array_like=True, tag="d"):
    """A dictionary. kind: of the list; `font{}` for one whose keys are names somebody gave to fonts."""

    kind: str
    items: Annotated[list[tuple[bytes, PdfValue]], msgspec.Meta(max_length=MAX_ITEMS)]


PdfValue: TypeAlias = bool | int | float | Name | String | Ref | Array | Dictionary | None


class PdfPage(msgspec.Struct, frozen=True, array_like=True, tag="p"):
    """A page; pages come in the order in which they are shown."""

    number: int
    value: Dictionary


class PdfObject(msgspec.Struct, frozen=True, array_like=True, tag="o"):
    """A dictionary or an array (a colour space) that others refer to."""

    number: int
    kind: str
    value: PdfValue


class PdfStream(msgspec.Struct, frozen=True, array_like=True, tag="t"):
    """The dictionary of a stream; pieces of exactly size_bytes follow, its filters kept."""

    number: int
    value: Dictionary
    size_bytes: int


class PdfPiece(msgspec.Struct, frozen=True, array_like=True, tag="b"):
    """Bytes of the stream that came last, MAX_PIECE_BYTES at most."""

    data: bytes


PdfPart: TypeAlias = PdfPage | PdfObject | PdfStream | PdfPiece

# For each kind `key=what`, alternatives parted by a bar. n: number, b: truth, N: name, s: string. A star:
# one or an array of these; `{}`: a dictionary of these by names that somebody gave.
_LIST: Final = {
    # Table 31, without what acts, refers back or is for programs; /Parent is the writer's.
    "page": """MediaBox=n* CropBox=n* BleedBox=n* TrimBox=n* ArtBox=n* Rotate=n UserUnit=n Group=group
        Resources=resources Contents=content*""",
    # Table 34, without /Properties (layers, marks of programs).
    "resources": """Font=font{} XObject=xobject{} ExtGState=extgstate{} ColorSpace=colour{}
        Pattern=pattern{} Shading=shading{} ProcSet=N*""",
    "content": "",
    "data": "",
    "group": "S=N CS=colour I=b K=b",
    # Tables 109 to 120.
    "font": """Subtype=N Name=N BaseFont=N FirstChar=n LastChar=n Widths=n* FontDescriptor=descriptor
        Encoding=N|encoding|cmap ToUnicode=N|cmap DescendantFonts=cidfont* FontBBox=n* FontMatrix=n*
        CharProcs=content{} Resources=resources""",
    "cidfont": """Subtype=N BaseFont=N CIDSystemInfo=system FontDescriptor=descriptor DW=n W=n* DW2=n*
        W2=n* CIDToGIDMap=N|data""",
    "system": "Registry=s Ordering=s Supplement=n",
    "descriptor": """FontName=N FontFamily=s|N FontStretch=N|n FontWeight=n|N Flags=n FontBBox=n*
        ItalicAngle=n Ascent=n Descent=n Leading=n CapHeight=n XHeight=n StemV=n StemH=n AvgWidth=n MaxWidth=n
        MissingWidth=n FontFile=fontfile FontFile2=fontfile FontFile3=fontfile CharSet=s|N CIDSet=data
        Style=style Lang=N|s""",
    "style": "Panose=s",
    "encoding": "BaseEncoding=N Differences=N*|n*",
    "cmap": "CMapName=N CIDSystemInfo=system WMode=n UseCMap=N|cmap",
    "fontfile": "Subtype=N Length1=n Length2=n Length3=n",
    # Tables 87 and 93.
    "image": """Name=N Width=n Height=n ColorSpace=colour BitsPerComponent=n Intent=N ImageMask=b
        Mask=image|n* Decode=n* Interpolate=b SMask=image SMaskInData=n Matte=n*""",
    "form": "Name=N FormType=n BBox=n* Matrix=n* Resources=resources Group=group",
    # Tables 57 and 142.
    "extgstate": """LW=n LC=n LJ=n ML=n D=n* RI=N OP=b op=b OPM=n Font=font*|n* TR=N*|function*
        TR2=N*|function* FL=n SM=n SA=b BM=N* SMask=N|softmask CA=n ca=n AIS=b TK=b""",
    "softmask": "S=N G=form BC=n* TR=N|function",
    # Tables 62 to 70; what stands in the array of a colour space is said by COLOURS.
    "colour": "",
    "icc": "N=n Alternate=colour Range=n*",
    "calibrated": "WhitePoint=n* BlackPoint=n* Gamma=n* Matrix=n* Range=n*",
    # Tables 74 to 83.
    "pattern": """PatternType=n PaintType=n TilingType=n BBox=n* XStep=n YStep=n Resources=resources
        Matrix=n* Shading=shading ExtGState=extgstate""",
    "shading": """ShadingType=n ColorSpace=colour Background=n* BBox=n* AntiAlias=b Domain=n* Matrix=n*
        Function=function* Coords=n* Extend=b* BitsPerCoordinate=n BitsPerComponent=n BitsPerFlag=n
        Decode=n* VerticesPerRow=n""",
    # Tables 38 to 41.
    "function": """FunctionType=n Domain=n* Range=n* Size=n* BitsPerSample=n Order=n Encode=n* Decode=n*
        C0=n* C1=n* N=n Functions=function* Bounds=n*""",
    # Tables 8, 10, 11, 12 and 13.
    "parms": """Predictor=n Colors=n BitsPerComponent=n Columns=n EarlyChange=n K=n EndOfLine=b
        EncodedByteAlign=b Rows=n EndOfBlock=b BlackIs1=b DamagedRowsBeforeError=n ColorTransform=n
        JBIG2Globals=data""",
}  # fmt: skip
# Kinds that are streams, and kinds that may be one.
STREAMS: Final = frozenset(["content", "data", "cmap", "fontfile", "image", "form", "icc"])
MAYBE_STREAMS: Final = frozenset(["pattern", "shading", "function"])
_STREAM_KEYS: Final = " Filter=N* DecodeParms=parms*"
# What stands behind the first name of the array of a colour space (8.6).
COLOURS: Final[dict[bytes, tuple[str, ...]]] = {
    b"ICCBased": ("icc",), b"CalGray": ("calibrated",), b"CalRGB": ("calibrated",),
    b"Lab": ("calibrated",), b"Pattern": ("colour",), b"Indexed": ("colour", "n", "s|data"),
    b"Separation": ("N", "colour", "function"), b"DeviceN": ("N*", "colour", "function"),
    b"DeviceGray": (), b"DeviceRGB": (), b"DeviceCMYK": (),
}  # fmt: skip

# Kinds of what a dictionary of given names leads to.
MAPS: Final[dict[str, frozenset[str]]] = {
    "xobject{}": frozenset(["image", "form"]),
    **{
        f"{kind}{{}}": frozenset([kind])
        for kind in ("font", "extgstate", "colour", "pattern", "shading", "content")
    },
}


def alternatives(what: str) -> frozenset[str]:
    """`a|b*` as a set; what may stand in an array may stand alone."""
    every = what.split("|")
    return frozenset([*every, *(one[:-1] for one in every if one[-1] == "*")])


# For each kind and key its alternatives.
KEYS: Final[dict[str, dict[bytes, frozenset[str]]]] = {
    kind: {
        key.encode(): alternatives(what)
        for key, _, what in (
            one.partition("=")
            for one in (text + (_STREAM_KEYS if kind in STREAMS | MAYBE_STREAMS else "")).split()
        )
    }
    for kind, text in _LIST.items()
}
# Names that a key may have, where another could make something else of the dictionary.
NAMES: Final[dict[tuple[str, bytes], frozenset[bytes]]] = {
    ("font", b"Subtype"): frozenset([b"Type0", b"Type1", b"MMType1", b"Type3", b"TrueType"]),
    ("cidfont", b"Subtype"): frozenset([b"CIDFontType0", b"CIDFontType2"]),
    ("fontfile", b"Subtype"): frozenset([b"Type1C", b"CIDFontType0C", b"OpenType"]),
    ("group", b"S"): frozenset([b"Transparency"]),
    ("softmask", b"S"): frozenset([b"Alpha", b"Luminosity"]),
}
# Keys without which a reader would guess.
NEEDED: Final[dict[str, tuple[bytes, ...]]] = {
    "page": (b"MediaBox", b"Resources"), "font": (b"Subtype",), "cidfont": (b"Subtype",),
    "image": (b"Width", b"Height"), "form": (b"BBox",), "softmask": (b"S", b"G"), "group": (b"S",),
}  # fmt: skip
# What the writer puts into a dictionary itself.
FIXED: Final[dict[str, bytes]] = {
    "page": b"/Type/Page/Parent 2 0 R", "font": b"/Type/Font", "cidfont": b"/Type/Font",
    "descriptor": b"/Type/FontDescriptor", "image": b"/Type/XObject/Subtype/Image",
    "form": b"/Type/XObject/Subtype/Form", "extgstate": b"/Type/ExtGState", "cmap": b"/Type/CMap",
    "pattern": b"/Type/Pattern", "softmask": b"/Type/Mask",
}  # fmt: skip
