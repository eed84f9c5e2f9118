"""JSON documents of our own: good ones, and each way we know to make one bad."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

BOTH: Final = frozenset(["sending", "receiving"])
Case = tuple[str, Callable[[], bytes], str, set[int], frozenset[str]]

GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "an order": lambda: '{"id":"A-1","name":"张三","items":[{"n":1,"price":1.10},{"n":2,"price":-3e2}]}'.encode(),
    "an array": lambda: b' [ 1 , true , null , "x" ] \r\n',
    "an empty object": lambda: b"{}",
    "escapes": lambda: b'{"a":"\\"\\\\\\/\\n\\t\\u00e9\\ud83d\\ude00"}',
    "a key with a colon and a bracket": lambda: b'{"a:{[":"}]:,\\"","b\\\\":1}',
    "an empty key": lambda: b'{"":1}',
    "64 levels": lambda: b"[" * 64 + b"]" * 64,
    "a snowflake identifier": lambda: b'{"id":1765432109876543210}',
    "a hash": lambda: b'{"sha256":"%s"}' % (b"4d5a9000" * 8),
    "keys of the same name in different objects": lambda: b'[{"a":1},{"a":2},{"b":{"a":3}}]',
}  # fmt: skip


def in_base64(content: bytes, times: int = 1) -> str:
    for _ in range(times):
        content = base64.b64encode(content)
    return content.decode()


def program() -> bytes:
    return b"MZ\x90\0" + bytes(range(200))


def _json(number: str) -> Callable[[], bytes]:
    return lambda: b'{"n":' + number.encode() + b"}"


def _text(escaped: bytes) -> Callable[[], bytes]:
    return lambda: b'{"t":"' + escaped + b'"}'


CASES: Final[list[Case]] = [
    (name, make, "json", expected, BOTH)
    for name, make, expected in (
        ("a key twice", lambda: b'{"a":1,"a":2}', {3536}),
        ("a key twice, once escaped", lambda: b'{"a":1,"\\u0061":2}', {3536}),
        ("a key twice far inside", lambda: b'[{"x":[{"a":1,"b":2,"a":{}}]}]', {3536}),
        ("an empty key twice", lambda: b'{"":1,"":2}', {3536}),
        ("a NUL, escaped", _text(b"a\\u0000b"), {3538}),
        ("a NUL, as it is", _text(b"a\0b"), {3531}),
        ("a bell", _text(b"\\u0007"), {3538}),
        ("a backspace by its short name", _text(b"abc\\b"), {3538}),
        ("a form feed by its short name", _text(b"abc\\f"), {3538}),
        ("an escape of terminals", _text(b"\\u001B[2J"), {3538}),
        ("a delete", _text(b"\x7f"), {3538}),
        ("a control character in a key", lambda: b'{"\\u0001":1}', {3538}),
        ("a raw line feed in a string", _text(b"a\nb"), {3532}),
        ("half a character", _text(b"\\ud800"), {3539, 3532}),
        ("the other half", _text(b"x\\udfffx"), {3539, 3532}),
        ("halves in the wrong order", _text(b"\\udc00\\ud800"), {3539, 3532}),
        ("half a character in a key", lambda: b'{"\\udabc":1}', {3539, 3532}),
        ("half a character in bytes", _text(b"\xed\xa0\x80"), {3531}),
        ("an overlong NUL", _text(b"\xc0\x80"), {3531}),
        ("Latin-1", _text(b"\xe9"), {3531}),
        ("GB 18030", lambda: '{"t":"张三"}'.encode("gb18030"), {3531}),
        ("a byte order mark", lambda: b'\xef\xbb\xbf{"a":1}', {3531}),
        ("UTF-16", lambda: '{"a":1}'.encode("utf-16"), {3531}),
        ("UTF-16 without its mark", lambda: '{"a":1}'.encode("utf-16-le"), {3531}),
        ("UTF-32", lambda: '{"a":1}'.encode("utf-32-be"), {3531}),
        ("UTF-7", lambda: b'+AHs-"a":1+AH0-', {3532}),
        ("65 levels", lambda: b"[" * 65 + b"]" * 65, {3533}),
        ("65 levels, objects and arrays", lambda: b'{"a":[' * 33 + b"]}" * 33, {3533}),
        ("100,000 levels", lambda: b"[" * 100_000 + b"]" * 100_000, {3533}),
        ("100,000 levels that never end", lambda: b'{"a":' * 100_000, {3533, 3532}),
        ("brackets that do not pair", lambda: b"[" * 70 + b"}" * 70, {3533, 3532}),
        ("a million values and one", lambda: b"[" + b"1," * 1_000_000 + b"1,1]", {3534}),
        ("a million keys", lambda: b"{" + b",".join(b'"%d":1' % n for n in range(1_000_100)) + b"}", {3534}),
        ("a million empty strings", lambda: b"[" + b'"",' * 9_000_000 + b"1]", {3534}),
        ("NaN", _json("NaN"), {3532, 3535}),
        ("Infinity", _json("Infinity"), {3532, 3535}),
        ("minus Infinity", _json("-Infinity"), {3532, 3535}),
        ("a number that no double reaches", _json("1e400"), {3535}),
        ("an exponent beyond measure", _json("1e99999999999999999999"), {3535}),
        ("an exponent beneath measure", _json("1e-99999999999999999999"), {3535}),
        ("an integer of 65 bits", _json("18446744073709551616"), {3542}),
        ("an integer of 65 bits below nought", _json("-9223372036854775809"), {3542}),
        ("an integer of 5,000 digits", _json("9" * 5000), {3542}),
        ("a leading nought", _json("01"), {3532}),
        ("a leading plus", _json("+1"), {3532}),
        ("a hexadecimal number", _json("0x1F"), {3532}),
        ("a point without digits", _json("1."), {3532}),
        ("Arabic digits", _json("١"), {3532}),
        ("a second document behind", lambda: b'{"a":1}{"b":2}', {3532}),
        ("a word behind", lambda: b'{"a":1} x', {3532}),
        ("nothing at all", lambda: b"", {3532}),
        ("blanks only", lambda: b" \n", {3532}),
        ("a comment", lambda: b'{"a":1 /* x */}', {3532}),
        ("a comma too many", lambda: b'{"a":1,}', {3532}),
        ("single quotes", lambda: b"{'a':1}", {3532}),
        ("a key without quotes", lambda: b"{a:1}", {3532}),
        ("a string that never ends", lambda: b'{"a":"' + b"x" * 100_000, {3532}),
        ("a backslash at the end", lambda: b'{"a":"\\', {3532}),
        ("an unknown escape", _text(b"\\x41"), {3532}),
        ("a form feed between values", lambda: b"[1,\x0c2]", {3532}),
        ("a no-break space between values", lambda: b"[1,\xc2\xa02]", {3532}),
        ("a huge key", lambda: b'{"' + b"k" * 300 + b'":1}', {3545}),
        ("a string of 17 MiB", lambda: b'{"a":"' + b"x" * (17 << 20) + b'"}', {3537}),
        ("a key of 17 MiB", lambda: b'{"' + b"x" * (17 << 20) + b'":1}', {3537}),
        ("33 MiB", lambda: b'["' + b'x","' * (9 << 20) + b'"]', {3530}),
        ("a lone string", lambda: b'"text"', {3540}),
        ("a lone number", lambda: b"42", {3540}),
        ("a lone null", lambda: b"null", {3540}),
    )
]  # fmt: skip

# Each hides one program, which must come out as a file.
HIDDEN: Final[dict[str, Callable[[], str]]] = {
    "plain": lambda: in_base64(program()),
    "in lines": lambda: base64.encodebytes(program()).decode(),
    "for addresses": lambda: base64.urlsafe_b64encode(program()).decode(),
    "without its end": lambda: in_base64(program()).rstrip("="),
    "in a data address": lambda: "data:image/png;base64," + in_base64(program()),
    "in base64 of base64": lambda: in_base64(program(), 3),
    "in JSON in a string": lambda: '{"file":"' + in_base64(program()) + '"}',
    "in a page": lambda: '<img src="data:;base64,' + in_base64(program()) + '">',
    "behind 5,000 words": lambda: "word, " * 5_000 + in_base64(program()),
    "behind a word": lambda: "see below: " + in_base64(program()),
}
