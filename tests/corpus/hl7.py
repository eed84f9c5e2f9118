"""HL7 version 2 messages of our own: good ones, and each way we know to make one bad."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

HEADER: Final = (
    "MSH|^~\\&|LAB|HOSPITAL|GATE|REGION|20261121083000||ORU^R01|4711|P|2.5.1|||||CHN|UNICODE UTF-8"
)
PID: Final = "PID|1||7001^^^H^MR||张^三||19800229|M|||中山路1号^^上海"
OBR: Final = "OBR|1|1|1|718-7^Hemoglobin^LN|||20261121080000"
OBX: Final = "OBX|1|NM|718-7^Hemoglobin^LN||13.2|g/dL|||||F|||20261121080500"
_MZ: Final = base64.b64encode(b"MZ" + bytes(600)).decode()


def message(*segments: str, header: str = HEADER, end: str = "\r") -> bytes:
    return (end.join((header, *segments)) + end).encode()


def good() -> bytes:
    return message(PID, OBR, OBX)


GOOD: Final[dict[str, Callable[[], bytes]]] = {
    "a laboratory result": good,
    "an admission": lambda: message(
        "EVN|A01|20261121083000", PID, "PV1|1|I|W3^301^1", header=HEADER.replace("ORU^R01", "ADT^A01")
    ),
    "lines that end as on Windows": lambda: message(PID, OBR, OBX, end="\r\n"),
    "lines that end as on Unix": lambda: message(PID, OBR, OBX, end="\n"),
    "GB 18030": lambda: message(PID, OBR, OBX).decode().replace("UNICODE UTF-8", "GB 18030-2000").encode("gb18030"),
    "formatted text": lambda: message(PID, OBR, "OBX|1|FT|1^x^L||one\\.br\\two\\T\\three||||||F"),
    "an encapsulated report": lambda: message(
        PID, OBR, f"OBX|1|ED|1^x^L||LAB^AP^PDF^Base64^{base64.b64encode(b'%PDF-1.4 ...').decode()}||||||F"
    ),
    "a number that is missing": lambda: message(PID, OBR, "OBX|1|NM|718-7^Hb^LN||||||||F"),
}  # fmt: skip

# name, bytes, numbers of which one must be among the faults.
CASES: Final[list[tuple[str, Callable[[], bytes], set[int]]]] = [
    ("a NUL in a field", lambda: message(PID.replace("三", "\0"), OBR), {3701}),
    ("a frame end of MLLP in a field", lambda: message(PID, OBR, OBX + "|\x1c\r"), {3701}),
    ("a frame start of MLLP in a field", lambda: message(PID.replace("三", "\x0b"), OBR), {3701}),
    ("an escape character of terminals", lambda: message(PID.replace("三", "\x1b[2J"), OBR), {3701}),
    ("other delimiters", lambda: good().replace(b"|^~\\&", b"|$~\\&"), {3703}),
    ("another field separator", lambda: good().replace(b"|", b"#"), {3703}),
    ("delimiters twice the same", lambda: good().replace(b"|^~\\&", b"|^^\\&"), {3703}),
    ("a second header", lambda: message(PID, OBR, HEADER, PID), {3705}),
    ("a batch", lambda: message("BTS|1", PID, OBR), {3718}),
    ("a header hidden in a hexadecimal escape", lambda: message(PID, OBR, "OBX|1|ST|1^x^L||a\\X0D\\MSH|||||||F"), {3709}),
    ("an escape of another character set", lambda: message(PID.replace("三", "\\M2142\\"), OBR), {3709}),
    ("an escape without its end", lambda: message(PID.replace("三", "\\F"), OBR), {3709}),
    ("a segment of one's own", lambda: message(PID, OBR, "ZPW|secret"), {3706}),
    ("a segment without a name", lambda: message(PID, OBR, "|x"), {3704}),
    ("a segment of small letters", lambda: message(PID, OBR, "obx|1"), {3704}),
    ("a message without its patient", lambda: message(OBR, OBX), {3717}),
    ("a message type that does not exist", lambda: good().replace(b"ORU^R01", b"o^1"), {3710}),
    ("no message type", lambda: good().replace(b"ORU^R01", b""), {3710}),
    ("no control identifier", lambda: good().replace(b"|4711|", b"||"), {3710}),
    ("a version that does not exist", lambda: good().replace(b"2.5.1", b"9.9"), {3708}),
    ("version 3", lambda: good().replace(b"2.5.1", b"3"), {3708}),
    ("a number that is text", lambda: message(PID, OBR, OBX.replace("13.2", "1; drop table")), {3711}),
    ("a value without a type", lambda: message(PID, OBR, OBX.replace("|NM|", "||")), {3711}),
    ("a birthday that does not exist", lambda: message(PID.replace("19800229", "19810229"), OBR), {3713}),
    ("a birthday with a script", lambda: message(PID.replace("19800229", "<script>"), OBR), {3713}),
    ("base64 that does not decode", lambda: message(PID, OBR, "OBX|1|ED|1^x^L||L^A^P^Base64^a*b=||||||F"), {3712}),
    ("encapsulated data in an unknown form", lambda: message(PID, OBR, "OBX|1|ED|1^x^L||L^A^P^rot13^abc||||||F"), {3712}),
    ("100,000 repetitions", lambda: message(PID.replace("7001", "1~" * 100_000), OBR), {3702}),
    ("100,000 components", lambda: message(PID.replace("7001", "1^" * 100_000), OBR), {3702}),
    ("100,000 fields", lambda: message(PID, OBR + "|" * 100_000), {3702}),
    ("100,000 segments", lambda: message(PID, OBR, *["NTE|1"] * 100_000), {3702}),
    ("empty segments", lambda: message(PID, "", OBR), {3715}),
    ("two kinds of line ends", lambda: message(PID, OBR + "\rOBX|1", end="\n"), {3715}),
    ("GB 18030 that calls itself UTF-8", lambda: good().decode().encode("gb18030"), {3714}),
    ("UTF-8 that calls itself nothing", lambda: good().replace(b"UNICODE UTF-8", b""), {3714}),
    ("UTF-7", lambda: good().replace(b"UNICODE UTF-8", b"UTF-7"), {3714}),
    ("an unknown character set", lambda: good().replace(b"UNICODE UTF-8", b"ISO IR87"), {3714}),
    ("17 MiB", lambda: message(PID, OBR, "NTE|1||" + "x" * (17 << 20)), {3700}),
]  # fmt: skip


def with_program() -> bytes:
    """A program, encapsulated as if it were a report: it must come out as a member."""
    return message(PID, OBR, f"OBX|1|ED|1^x^L||LAB^AP^PDF^Base64^{_MZ}||||||F")
