"""Names of PDF that matter to a check (ISO 32000-2:2020): what acts, what reaches out, what is known.

Tables only, written from the standard; nothing here reads a content.
"""

from __future__ import annotations

from typing import Final

# Keys that have one meaning wherever they stand, and the number each is refused with.
FORBIDDEN_KEYS: Final = {
    # 12.6.4.17 and 7.7.4: scripts, and the name tree of scripts.
    "/JS": 3879, "/JavaScript": 3879, "/XFA": 3884,
    # 13.6 and 13.7: content that a player runs.
    "/RichMediaContent": 3883, "/RichMediaSettings": 3883, "/3DD": 3883, "/3DA": 3883,
    "/Sound": 3883, "/Movie": 3883, "/Rendition": 3883, "/Renditions": 3883,
    # Data that stand in another file: reference XObjects (8.10.4) and proxies of printers (14.11.7).
    "/OPI": 3888, "/FFilter": 3888, "/FDecodeParms": 3888,
    # Portfolios (12.3.5).
    "/Collection": 3887,
}  # fmt: skip
# Actions (12.6.4) by what a channel may take; whatever is not here is no action that we know.
JUMPS: Final = frozenset(["/GoTo"])
ACTIONS_ALLOWED: Final = frozenset(
    ["/GoTo", "/URI", "/Named", "/Hide", "/ResetForm", "/SetOCGState"]
)
NAMED_ALLOWED: Final = frozenset(["/NextPage", "/PrevPage", "/FirstPage", "/LastPage"])
# Values of /S that are refused in any dictionary, wherever it stands and whoever refers to it.
ACTIONS_FORBIDDEN: Final = {
    "/JavaScript": 3879, "/Launch": 3880, "/ImportData": 3880, "/SubmitForm": 3880,
    "/GoToR": 3882, "/GoToE": 3882, "/GoToDp": 3882, "/Thread": 3882,
    "/Rendition": 3883, "/Movie": 3883, "/Sound": 3883, "/GoTo3DView": 3883,
    "/RichMediaExecute": 3883, "/Trans": 3883,
}  # fmt: skip
TYPES_FORBIDDEN: Final = {
    "/Rendition": 3883, "/MediaClip": 3883, "/MediaPlayParams": 3883, "/Sound": 3883, "/3D": 3883,
    "/RichMedia": 3883, "/RichMediaContent": 3883, "/RichMediaSettings": 3883, "/3DNode": 3883,
}  # fmt: skip
SUBTYPES_FORBIDDEN: Final = {
    "/Screen": 3883, "/Movie": 3883, "/Sound": 3883, "/RichMedia": 3883, "/3D": 3883, "/U3D": 3883,
    "/PRC": 3883, "/PS": 3880,
}  # fmt: skip
# Annotations (12.5.6) that show and do nothing else. Widgets are forms, links are links.
ANNOTATIONS: Final = frozenset([
    "/Text", "/Link", "/FreeText", "/Line", "/Square", "/Circle", "/Polygon", "/PolyLine",
    "/Highlight", "/Underline", "/Squiggly", "/StrikeOut", "/Stamp", "/Caret", "/Ink", "/Popup",
    "/Widget", "/Watermark", "/Redact", "/PrinterMark", "/TrapNet", "/FileAttachment",
])  # fmt: skip
SCHEMES: Final = ("http://", "https://", "mailto:")

# Filters (7.4) that we decode, and codecs of images that we look into.
BYTE_FILTERS: Final = frozenset(
    ["/FlateDecode", "/LZWDecode", "/ASCII85Decode", "/ASCIIHexDecode", "/RunLengthDecode"]
)
IMAGE_FILTERS: Final = frozenset(["/DCTDecode", "/CCITTFaxDecode", "/JBIG2Decode", "/JPXDecode"])
MAX_FILTERS: Final = 2

# Strings under these keys are bytes, not words: hashes, signatures, class codes.
BINARY_KEYS: Final = frozenset(["/ID", "/CheckSum", "/Panose", "/ByteRange", "/CharSet"])

# Latin glyph names (annex D.2), and those of Symbol that texts use: what any reader can turn to letters.
_WORDS: Final = (
    "space exclam quotedbl numbersign dollar percent ampersand quotesingle quoteright quoteleft"
    " parenleft parenright asterisk plus comma hyphen period slash zero one two three four five six"
    " seven eight nine colon semicolon less equal greater question at bracketleft backslash"
    " bracketright asciicircum underscore grave braceleft bar braceright asciitilde AE Aacute"
    " Acircumflex Adieresis Agrave Aring Atilde Ccedilla Eacute Ecircumflex Edieresis Egrave Eth"
    " Euro Iacute Icircumflex Idieresis Igrave Lslash Ntilde OE Oacute Ocircumflex Odieresis Ograve"
    " Oslash Otilde Scaron Thorn Uacute Ucircumflex Udieresis Ugrave Yacute Ydieresis Zcaron aacute"
    " acircumflex acute adieresis ae agrave aring atilde breve brokenbar bullet caron ccedilla"
    " cedilla cent circumflex copyright currency dagger daggerdbl degree dieresis divide dotaccent"
    " dotlessi eacute ecircumflex edieresis egrave ellipsis emdash endash eth exclamdown fi fl ff"
    " ffi ffl florin fraction germandbls guillemotleft guillemotright guilsinglleft guilsinglright"
    " hungarumlaut iacute icircumflex idieresis igrave logicalnot lslash macron minus mu multiply"
    " ntilde oacute ocircumflex odieresis oe ogonek ograve onehalf onequarter onesuperior"
    " ordfeminine ordmasculine oslash otilde paragraph periodcentered perthousand plusminus"
    " quotedblbase quotedblleft quotedblright quotesinglbase registered ring scaron section"
    " sterling thorn threequarters threesuperior tilde trademark twosuperior uacute ucircumflex"
    " udieresis ugrave yacute ydieresis yen zcaron nbspace sfthyphen .notdef Alpha Beta Gamma Delta"
    " Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma Tau Upsilon Phi Chi Psi"
    " Omega alpha beta gamma delta epsilon zeta eta theta iota kappa lambda nu xi omicron pi rho"
    " sigma tau upsilon phi chi psi omega partialdiff summation product radical infinity integral"
    " approxequal notequal lessequal greaterequal lozenge arrowleft arrowright arrowup arrowdown"
    " dotmath element universal existential emptyset intersection union"
)
GLYPHS: Final = frozenset([*_WORDS.split(), *(chr(c) for c in (*range(65, 91), *range(97, 123)))])
ENCODINGS: Final = frozenset(
    ["/WinAnsiEncoding", "/MacRomanEncoding", "/MacExpertEncoding", "/StandardEncoding"]
)
# Collections whose numbers every reader can turn to Unicode (9.7.5.2, the predefined CMaps).
COLLECTIONS: Final = frozenset(["GB1", "CNS1", "Japan1", "Korea1", "KR"])
