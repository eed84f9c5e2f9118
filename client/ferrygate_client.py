"""Calls through a ferrygate gate: one file to copy, nothing but Python 3.9 or newer.

    from ferrygate_client import Client, HmacKey

    with Client("https://gate.outer.example:8443", ca="gate-ca.pem",
                certificate="portal-01.pem", certificate_key="portal-01.key",
                signer=HmacKey("portal-01", open("portal-01.secret").read())) as gate:
        reply = gate.call("GET", "/fhir/DiagnosticReport/r-1")
        print(reply.status, reply.unit, reply.json())

Large contents go up in pieces, and go on where they stopped:

    reply = gate.upload("POST", "/objects", "scan.dcm", "application/dicom",
                        progress=lambda done, size: print(done * 100 // size, "%"))

Each request is signed anew (RFC 9421, RFC 9530), so that none can be replayed; `signed_headers` gives the
headers alone, for another HTTP library. The clock of the caller must be right to two seconds (NTP).

The gate itself tries again what may be tried again, and a reply 504 says "outcome unknown" with the unit's
number, to ask an operator about. Where the gate's own process ends there is no reply, and this file acts:

    the request was not sent whole     nothing was performed: sent again, whatever its method
    sent whole, repeat is true         sent again (GET, HEAD, OPTIONS unless the call says otherwise)
    sent whole, repeat is false        OutcomeUnknown: perhaps performed, never sent again
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

# Methods that change nothing (RFC 9110, 9.2.1). PUT and DELETE may be repeated where the operation says so.
SAFE = ("GET", "HEAD", "OPTIONS")
# Between two tries: at once, then ever later. A gate is whole again within a few seconds.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 1.0
UPLOADS = "/.well-known/ferrygate/uploads"
PIECE_BYTES = 4 << 20
COMPONENTS = '("@method" "@path" "@query" "content-digest")'


class HmacKey:
    """A key of HMAC-SHA-256. secret: base64 as the gate's operator gave it."""

    def __init__(self, key_id: str, secret: str) -> None:
        self.key_id = key_id
        self._secret = base64.b64decode(secret.strip(), validate=True)

    def sign(self, message: bytes) -> bytes:
        return hmac.new(self._secret, message, hashlib.sha256).digest()


class Ed25519Key:
    """A key of Ed25519; needs the package `cryptography`. private_key: PEM, without a password."""

    def __init__(self, key_id: str, private_key: bytes) -> None:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        self.key_id = key_id
        self._key: Any = load_pem_private_key(private_key, None)

    def sign(self, message: bytes) -> bytes:
        signature: bytes = self._key.sign(message)
        return signature


class OutcomeUnknown(OSError):
    """The connection broke after the request: it was perhaps performed. Has no unit's number: find out from
    the peer, or ask an operator with the time, the method and the path."""


class Reply:
    """What came back. unit: the number to name to the gate's operators, "" where it has none."""

    def __init__(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
        self.status, self.headers, self.content = status, headers, content
        self.unit = headers.get("ferrygate-unit", "")

    def json(self) -> Any:
        return json.loads(self.content)


def signed_headers(
    signer: Any,
    method: str,
    target: str,
    content: bytes = b"",
    *,
    clock: Callable[[], float] = time.time,
    sha256: bytes | None = None,
) -> dict[str, str]:
    """The three headers that sign one request. target: path and query exactly as they are sent. sha256: of
    the content, where that is an upload."""
    path, _, query = target.partition("?")
    digest = f"sha-256=:{_base64(sha256 or hashlib.sha256(content).digest())}:"
    nonce = secrets.token_urlsafe(18)
    parameters = f'{COMPONENTS};created={int(clock())};nonce="{nonce}";keyid="{signer.key_id}"'
    message = (
        f'"@method": {method}\n"@path": {path}\n"@query": ?{query}\n'
        f'"content-digest": {digest}\n"@signature-params": {parameters}'
    )
    return {
        "Content-Digest": digest,
        "Signature-Input": "gate=" + parameters,
        "Signature": f"gate=:{_base64(signer.sign(message.encode('ascii')))}:",
    }


class Client:
    """One connection to a gate, kept open between calls. Not for several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        ca: str | None = None,
        certificate: str | None = None,
        certificate_key: str | None = None,
        signer: Any = None,
        timeout_s: float = 30.0,
        again_s: float = 5.0,
    ) -> None:
        """url: https://HOST:PORT. ca: PEM file of the CA of the gate's certificate; no other is trusted.

        timeout_s: without a word from the gate. again_s: how long after its begin a call is tried again
        where its connection broke or there was none; 0 for never.
        """
        parts = urlsplit(url)
        self._signer, self._timeout_s, self._again_s = signer, timeout_s, again_s
        self._host, self._port = parts.hostname or "", parts.port
        self._context: ssl.SSLContext | None = None
        if parts.scheme == "https":
            self._context = ssl.create_default_context(cafile=ca)
            self._context.minimum_version = ssl.TLSVersion.TLSv1_2
            if certificate is not None:
                self._context.load_cert_chain(certificate, certificate_key)
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self,
        method: str,
        target: str,
        content: bytes = b"",
        content_type: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        repeat: bool | None = None,
        into: BinaryIO | None = None,
        sha256: bytes | None = None,
    ) -> Reply:
        """One request. repeat: whether it may be performed twice, None: as its method says. into: where the
        content of a reply 200 is written, piece by piece, instead of Reply.content. sha256: of the
        content, where that is an upload.

        Raises OutcomeUnknown, and other OSError where the gate cannot be reached or takes no such caller:
        then nothing was performed, or nothing that may not be repeated.
        """
        said = dict(headers or {})
        if content_type:
            said["Content-Type"] = content_type
        may_repeat = method in SAFE if repeat is None else repeat
        until_s, pause_s = time.monotonic() + self._again_s, FIRST_PAUSE_S
        while True:
            try:
                return self._try(method, target, content, said, may_repeat, into, sha256)
            except _Broken as broken:
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    raise broken.cause from None
            time.sleep(min(pause_s, left_s))
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _try(
        self,
        method: str,
        target: str,
        content: bytes,
        said: Mapping[str, str],
        may_repeat: bool,
        into: BinaryIO | None,
        sha256: bytes | None,
    ) -> Reply:
        """Raises _Broken where it may be tried again, else as call does."""
        # Signed for each try: the gate takes a signature once.
        signed: Mapping[str, str] = {}
        if self._signer is not None:
            signed = signed_headers(self._signer, method, target, content, sha256=sha256)
        is_sent = False
        try:
            connection = self._connected()
            connection.request(method, target, body=content or None, headers={**said, **signed})
            is_sent = True
            return self._read(connection, into)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if _refuses(error):
                raise
            cause = error if isinstance(error, OSError) else ConnectionError(repr(error))
            if is_sent and not may_repeat:
                raise OutcomeUnknown(f"{method} {target}: perhaps performed ({cause})") from error
            if isinstance(error, TimeoutError) or (is_sent and into is not None):
                # The time that the caller gave it is over; and what is in a file cannot be taken back.
                raise
            raise _Broken(cause) from error

    def upload(
        self,
        method: str,
        target: str,
        path: str,
        content_type: str,
        headers: Mapping[str, str] | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        begun: Callable[[str], None] | None = None,
        resume: str = "",
        patience_s: float = 60.0,
        into: BinaryIO | None = None,
    ) -> Reply:
        """One request whose content is a file, sent in pieces. The gate keeps them for 24 hours.

        progress: told bytes done and bytes in all. begun: told the location of the upload, to be given as
        `resume` by a later run. patience_s: how long a gate that is away is asked again. A reply that is
        none of the request's own (no room, no such upload) comes back as it is. Raises as call().
        """
        size = Path(path).stat().st_size
        waiting = _Waiting(patience_s)
        if not resume:
            reply = self._begin(size, waiting)
            resume = reply.headers.get("location", "")
            if reply.status != 201 or not resume:
                return reply
            if begun is not None:
                begun(resume)
        digest = hashlib.sha256()
        with Path(path).open("rb") as file:
            refused = self._send(file, size, resume, waiting, progress)
            if refused is not None:
                return refused
            file.seek(0)
            while piece := file.read(PIECE_BYTES):
                digest.update(piece)
        said = {**(headers or {}), "Ferrygate-Upload": resume.rpartition("/")[2]}
        return self.call(method, target, b"", content_type, said, into=into, sha256=digest.digest())

    def _begin(self, size: int, waiting: _Waiting) -> Reply:
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(size)}
        return self._patiently("POST", f"{UPLOADS}?length={size}", b"", headers, waiting)

    def _send(
        self,
        file: BinaryIO,
        size: int,
        location: str,
        waiting: _Waiting,
        progress: Callable[[int, int], None] | None,
    ) -> Reply | None:
        """All that is missing; the reply that says why it cannot be, None where it is there."""
        tus = {"Tus-Resumable": "1.0.0"}
        offset = -1
        while offset < size:
            if offset < 0:
                reply = self._patiently("HEAD", location, b"", tus, waiting)
                if reply.status != 200:
                    return reply
            else:
                file.seek(offset)
                headers = {**tus, "Upload-Offset": str(offset)}
                headers["Content-Type"] = "application/offset+octet-stream"
                piece = file.read(PIECE_BYTES)
                try:
                    at = f"{location}?offset={offset}"
                    reply = self.call("PATCH", at, piece, headers=headers)
                except (OSError, http.client.HTTPException) as error:
                    waiting.wait(error)
                    offset = -1
                    continue
                if reply.status in _LATER or reply.status == 409:
                    if not waiting.may(reply):
                        return reply
                    offset = -1
                    continue
                if reply.status != 204:
                    return reply
                waiting.begin()
            offset = int(reply.headers["upload-offset"])
            if progress is not None:
                progress(offset, size)
        return None

    def _patiently(
        self,
        method: str,
        target: str,
        content: bytes,
        headers: Mapping[str, str],
        waiting: _Waiting,
    ) -> Reply:
        """A request that does no harm twice, again while the gate is away or has no room."""
        while True:
            try:
                reply = self.call(method, target, content, headers=headers)
            except (OSError, http.client.HTTPException) as error:
                waiting.wait(error)
                continue
            if reply.status not in _LATER or not waiting.may(reply):
                return reply

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is not None:
            sock = self._connection.sock
            # The gate says nothing unasked: what can be read now is its end of the connection.
            if sock is not None and not _says_something(sock):
                return self._connection
            self.close()
        if self._context is not None:
            self._connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=self._context
            )
        else:
            self._connection = http.client.HTTPConnection(
                self._host, self._port, timeout=self._timeout_s
            )
        self._connection.connect()
        return self._connection

    def _read(self, connection: http.client.HTTPConnection, into: BinaryIO | None) -> Reply:
        response = connection.getresponse()
        content = b""
        if into is None or response.status != 200:
            content = response.read()
        else:
            while piece := response.read(PIECE_BYTES):
                into.write(piece)
            # http.client ends a read in pieces without a word where the connection has ended.
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return Reply(response.status, headers, content)


class _Broken(Exception):
    """There is no reply, and the request may be sent again. Stays inside."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause)
        self.cause = cause


def _refuses(error: Exception) -> bool:
    """Whether another try would end alike: TLS not agreed, a certificate not taken, no such name."""
    is_end = isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
    return isinstance(error, (ssl.SSLError, socket.gaierror)) and not is_end


# Somebody else writes to it, too often, no room: the same request may do later.
_LATER = (423, 429, 503)


class _Waiting:
    """How long a gate that is away is asked again: from the last time that something went well."""

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self.begin()

    def begin(self) -> None:
        self._until_s = time.monotonic() + self._patience_s
        self._pause_s = 0.2

    def wait(self, error: Exception) -> None:
        """Raises the error where it has taken too long."""
        if not self._pause(self._pause_s):
            raise error

    def may(self, reply: Reply) -> bool:
        said = reply.headers.get("retry-after", "")
        return self._pause(float(said) if said.isdigit() else self._pause_s)

    def _pause(self, pause_s: float) -> bool:
        if time.monotonic() + pause_s > self._until_s:
            return False
        time.sleep(pause_s)
        self._pause_s = min(self._pause_s * 2, 5.0)
        return True


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _says_something(sock: socket.socket) -> bool:
    """Whether there is something to read. Not by select(), which knows no descriptor above 1,023."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
