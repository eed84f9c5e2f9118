"""Tables of our own: good ones, and each way we know to make one bad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "names and figures": lambda: b"id,name,value\n1,Li,3.5\n2,Wang,-4\n",
    "a byte order mark": lambda: b"\xef\xbb\xbfid,name\r\n1,Li\r\n",
    "GB 18030": lambda: "编号,姓名\n1,张三\n".encode("gb18030"),
    "quotes, line ends and delimiters in cells": lambda: b'id,note\n1,"a ""b"", c\nd"\n2,5" tube\n',
    "semicolons": lambda: b"id;value\n1;3,5\n",
    "tabs": lambda: b"id\tname\n1\tLi\n",
    "empty cells and lines": lambda: b"id,name\n\n1,\n,\n",
    "no end of the last line": lambda: b"id,name\n1,Li",
    "a negative share": lambda: b"id,change\n1,-3.5%\n2,+4\n",
    "a hundred thousand rows": lambda: b"id,name\n" + b"1,\xe5\xbc\xa0\n" * 100_000,
    "UTF-16": lambda: "id,name\n1,\u5f20\n".encode("utf-16"),
}  # fmt: skip

CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("a formula", lambda: b"id,name\n1,=1+1\n", {3746}),
    ("DDE", lambda: b"id,name\n1,\"=cmd|' /C calc'!A0\"\n", {3746}),
    ("a formula behind blanks", lambda: b"id,name\n1,  =1+1\n", {3746}),
    ("a formula with a sign", lambda: b"id,name\n1,+1+cmd|x\n", {3746}),
    ("a formula with an at sign", lambda: b"id,name\n1,@SUM(A1)\n", {3746}),
    ("a formula in full width", lambda: "id,name\n1,\uff1d1+1\n".encode(), {3746}),
    ("a formula in the names", lambda: b"=HYPERLINK(1),name\n1,2\n", {3746}),
    ("a formula behind a line end", lambda: b'id,name\n1,"\n=1+1"\n', {3746}),
    ("a NUL", lambda: b"id,name\n1,a\x00b\n", {3741}),
    ("an escape of terminals", lambda: b"id,name\n1,\x1b[2J\n", {3741}),
    ("a row that is longer", lambda: b"id,name\n1,2,3\n", {3743}),
    ("a row that is shorter", lambda: b"id,name\n1\n", {3743}),
    ("quotes that do not close", lambda: b'id,name\n1,"ab\n', {3748}),
    ("text behind quotes", lambda: b'id,name\n1,"ab"c\n', {3748}),
    ("two thousand columns", lambda: b",".join([b"c"] * 2_000) + b"\n", {3742}),
    ("a cell of 5 MiB", lambda: b"id,name\n1," + b"x" * (5 << 20), {3742}),
    ("a quoted cell of 5 MiB", lambda: b'id,name\n1,"' + b"x\n" * (5 << 19) + b'"\n', {3742}),
    ("bytes of no encoding", lambda: b"id,name\n1,\xff\xff\n", {3740}),
    ("bytes of no encoding, late", lambda: b"id,name\n" + b"1,2\n" * 200_000 + b"\xff\xff", {3740}),
    ("nothing but line ends", lambda: b"\n\n\r\n", {3744}),
]  # fmt: skip
