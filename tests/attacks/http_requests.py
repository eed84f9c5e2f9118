# ruff: noqa: E501 - a row is what goes over the wire
"""The table of tests/attacks/test_http_smuggling.py: a name, the bytes, the status that must come back."""

from __future__ import annotations

H = b"Host: gate\r\n"
J = b"Content-Type: application/json\r\n"
GET = b"GET /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n"
POST = b"POST /fhir/DiagnosticReport HTTP/1.1\r\n"
# What an attacker hopes to have asked behind the back of the first reader.
INNER = b"GET /fhir/DiagnosticReport/smuggled HTTP/1.1\r\nHost: gate\r\n\r\n"


def get(target: bytes, more: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + H + more + b"\r\n"


def post(headers: bytes, body: bytes = b"") -> bytes:
    return POST + H + J + headers + b"\r\n" + body


ATTACKS: list[tuple[str, bytes, int]] = [
    # Two lengths.
    ("CL.TE", post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE.CL", post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"5c\r\n" + INNER), 400),
    ("TE.TE", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE.TE twice chunked", post(b"Transfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE list", post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE identity", post(b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n", b"{}\n"), 400),
    ("TE with a tab", post(b"Transfer-Encoding:\tchunked\x0b\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE quoted", post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n" + INNER), 400),
    ("TE xchunked", post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE behind a blank", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE with a zero", post(b"Transfer-Encoding: chunked\x00\r\n", b"0\r\n\r\n" + INNER), 400),
    ("TE on GET with CL", get(b"/fhir/DiagnosticReport/r-1", b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n") + b"0\r\n\r\n", 400),
    ("CL twice, different", post(b"Content-Length: 2\r\nContent-Length: 60\r\n", b"{}" + INNER), 400),
    ("CL twice, the same", post(b"Content-Length: 2\r\nContent-Length: 2\r\n", b"{}"), 400),
    ("CL list", post(b"Content-Length: 2, 2\r\n", b"{}"), 400),
    ("CL with a plus", post(b"Content-Length: +2\r\n", b"{}"), 400),
    ("CL negative", post(b"Content-Length: -1\r\n", b"{}"), 400),
    ("CL hexadecimal", post(b"Content-Length: 0x2\r\n", b"{}"), 400),
    ("CL with a blank inside", post(b"Content-Length: 1 0\r\n", b"{}"), 400),
    ("CL empty", post(b"Content-Length:\r\n", b"{}"), 400),
    ("CL of twenty digits", post(b"Content-Length: 18446744073709551618\r\n", b"{}"), 400),
    ("CL with an underscore", post(b"Content-Length: 1_0\r\n", b"{}"), 400),
    ("CL on GET", get(b"/fhir/DiagnosticReport/r-1", b"Content-Length: 62\r\n") + INNER, 400),
    # Chunks.
    ("chunk size not hexadecimal", post(b"Transfer-Encoding: chunked\r\n", b"zz\r\n{}\r\n0\r\n\r\n"), 400),
    ("chunk size negative", post(b"Transfer-Encoding: chunked\r\n", b"-2\r\n{}\r\n0\r\n\r\n"), 400),
    ("chunk size with 0x", post(b"Transfer-Encoding: chunked\r\n", b"0x2\r\n{}\r\n0\r\n\r\n"), 400),
    ("chunk size with a blank", post(b"Transfer-Encoding: chunked\r\n", b"2 \r\n{}\r\n0\r\n\r\n"), 400),
    ("chunk size empty", post(b"Transfer-Encoding: chunked\r\n", b"\r\n{}\r\n0\r\n\r\n"), 400),
    ("chunk size too great", post(b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffff\r\n{}\r\n"), 400),
    ("chunk with an extension", post(b"Transfer-Encoding: chunked\r\n", b"2;a=b\r\n{}\r\n0\r\n\r\n"), 400),
    ("chunk longer than said", post(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}XX\r\n0\r\n\r\n"), 400),
    ("chunk ended by LF", post(b"Transfer-Encoding: chunked\r\n", b"2\n{}\n0\n\n"), 400),
    ("trailer", post(b"Transfer-Encoding: chunked\r\n", b"2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n"), 400),
    ("announced trailer", post(b"Trailer: X-A\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"), 400),
    # Targets.
    ("absolute form", get(b"http://inner.example/fhir/DiagnosticReport/r-1"), 400),
    ("absolute form of a file", get(b"file:///etc/passwd"), 400),
    ("authority form", get(b"inner.example:443"), 400),
    ("asterisk form", b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("two slashes", get(b"//inner.example/fhir/DiagnosticReport/r-1"), 400),
    ("encoded slash", get(b"/fhir/DiagnosticReport/a%2fb"), 400),
    ("encoded backslash", get(b"/fhir/DiagnosticReport/a%5cb"), 400),
    ("slash encoded twice", get(b"/fhir/DiagnosticReport/a%252fb"), 400),
    ("backslash", get(b"/fhir\\DiagnosticReport/r-1"), 400),
    ("dot segment", get(b"/fhir/DiagnosticReport/../Patient/1"), 400),
    ("dot segment at the end", get(b"/fhir/DiagnosticReport/.."), 400),
    ("encoded dot segment", get(b"/fhir/DiagnosticReport/%2e%2e"), 400),
    ("half encoded dot segment", get(b"/fhir/DiagnosticReport/.%2E"), 400),
    ("single dot", get(b"/fhir/./DiagnosticReport/r-1"), 400),
    ("path parameter", get(b"/fhir/DiagnosticReport;x=1/r-1"), 400),
    ("encoded line end", get(b"/fhir/DiagnosticReport/a%0d%0aX:%20y"), 400),
    ("encoded zero", get(b"/fhir/DiagnosticReport/a%00"), 400),
    ("overlong UTF-8", get(b"/fhir/DiagnosticReport/%c0%ae%c0%ae"), 400),
    ("broken percent", get(b"/fhir/DiagnosticReport/%2"), 400),
    ("fragment", get(b"/fhir/DiagnosticReport/r-1#x"), 400),
    ("no such path", get(b"/etc/passwd"), 404),
    ("query that is not listed", get(b"/fhir/DiagnosticReport?patient=a&name=li"), 400),
    ("query twice", get(b"/fhir/DiagnosticReport?patient=a&patient=b"), 400),
    ("query with a line end", get(b"/fhir/DiagnosticReport?patient=a%0d%0aHost:x"), 400),
    ("very long target", get(b"/" + b"a" * 9000), 414),
    # Request lines.
    ("two blanks", b"GET  /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n" + H + b"\r\n", 400),
    ("tab in the line", b"GET\t/fhir/DiagnosticReport/r-1\tHTTP/1.1\r\n" + H + b"\r\n", 400),
    ("blank in the target", get(b"/fhir/DiagnosticReport/r 1"), 400),
    ("no version", b"GET /fhir/DiagnosticReport/r-1\r\n" + H + b"\r\n", 400),
    ("HTTP/1.0", b"GET /fhir/DiagnosticReport/r-1 HTTP/1.0\r\n" + H + b"\r\n", 400),
    ("HTTP/0.9", b"GET /\r\n", 400),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ("empty line first", b"\r\n" + GET + H + b"\r\n", 400),
    ("CONNECT", b"CONNECT inner.example:443 HTTP/1.1\r\n" + H + b"\r\n", 405),
    ("TRACE", b"TRACE /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n" + H + b"\r\n", 405),
    ("unknown method", b"FROB /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n" + H + b"\r\n", 405),
    ("method in small letters", b"get /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n" + H + b"\r\n", 405),
    ("method of no operation", b"PATCH /fhir/DiagnosticReport/r-1 HTTP/1.1\r\n" + H + b"\r\n", 404),
    # Header lines.
    ("folded header", GET + H + b"X-A: 1\r\n b\r\n\r\n", 400),
    ("folded Host", GET + b"Host:\r\n gate\r\n\r\n", 400),
    ("blank before the colon", GET + H + b"X-A : 1\r\n\r\n", 400),
    ("no colon", GET + H + b"X-A\r\n\r\n", 400),
    ("no name", GET + H + b": 1\r\n\r\n", 400),
    ("bare LF", GET.replace(b"\r\n", b"\n") + H.replace(b"\r\n", b"\n") + b"\n", 400),
    ("bare LF in a header", GET + H + b"X-A: 1\nX-B: 2\r\n\r\n", 400),
    ("bare CR in a header", GET + H + b"X-A: 1\rTransfer-Encoding: chunked\r\n\r\n", 400),
    ("zero in a header", GET + H + b"X-A: \x00\r\n\r\n", 400),
    ("control in a header", GET + H + b"X-A: \x1b[2J\r\n\r\n", 400),
    ("bytes above ASCII in a header", GET + H + b"X-A: \xe2\x80\x8b\r\n\r\n", 400),
    ("name with brackets", GET + H + b"X[A]: 1\r\n\r\n", 400),
    ("no Host", GET + b"\r\n", 400),
    ("two Hosts", GET + H + b"Host: other\r\n\r\n", 400),
    ("Host with a path", GET + b"Host: gate/x\r\n\r\n", 400),
    ("Host with a user", GET + b"Host: a@gate\r\n\r\n", 400),
    ("two Content-Types", post(J + b"Content-Length: 2\r\n", b"{}"), 400),
    ("too many headers", GET + H + b"X-A: 1\r\n" * 100 + b"\r\n", 431),
    ("a very long header", GET + H + b"X-A: " + b"a" * 9000 + b"\r\n\r\n", 431),
    ("a head without end", GET + H + b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 1000, 431),
    ("Upgrade to a socket", get(b"/fhir/DiagnosticReport/r-1", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), 400),
    ("Upgrade to HTTP/2", get(b"/fhir/DiagnosticReport/r-1", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"), 400),
    ("Connection names a header", get(b"/fhir/DiagnosticReport/r-1", b"Connection: close, Host\r\n"), 400),
    ("Expect of more than one thing", post(b"Content-Length: 2\r\nExpect: 100-continue, x\r\n", b"{}"), 417),
    ("two Expects", post(b"Content-Length: 2\r\nExpect: 100-continue\r\nExpect: 100-continue\r\n", b"{}"), 400),
    ("Expect of nothing known", post(b"Content-Length: 2\r\nExpect: x\r\n", b"{}"), 417),
    # Bodies.
    ("no content type", POST + H + b"Content-Length: 2\r\n\r\n{}", 415),
    ("wrong content type", POST + H + b"Content-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", 415),
    ("another charset", POST + H + b"Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n\r\n{}", 415),
    ("malformed content type", POST + H + b"Content-Type: application/json, text/html\r\nContent-Length: 2\r\n\r\n{}", 415),
    ("compressed body", post(b"Content-Encoding: gzip\r\nContent-Length: 2\r\n", b"\x1f\x8b"), 415),
    ("body of more than the operation takes", post(b"Content-Length: 70000\r\n", b"x" * 70000), 413),
    ("body of more than any takes", post(b"Content-Length: 999999999999\r\n", b"{}"), 413),
    ("chunked body of more than the operation takes", post(b"Transfer-Encoding: chunked\r\n", b"8000\r\n" + b"x" * 32768 + b"\r\n8000\r\n" + b"x" * 32768 + b"\r\n8000\r\n" + b"x" * 32768 + b"\r\n0\r\n\r\n"), 413),
    ("empty body where one is wanted", post(b"Content-Length: 0\r\n"), 415),
    ("multipart without its boundary", b"POST /studies HTTP/1.1\r\n" + H + b"Content-Type: multipart/related; boundary=x\r\nContent-Length: 7\r\n\r\n--y\r\n\r\n", 400),
    # Not HTTP.
    ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64), 400),
    ("noise", bytes(range(1, 256)), 400),
]  # fmt: skip
