"""Signed requests: RFC 9421 with one set of covered components, RFC 9530 for the digest. Pure.

    Content-Digest: sha-256=:BASE64:
    Signature-Input: gate=("@method" "@path" "@query" "content-digest");created=N;nonce="...";keyid="..."
    Signature: gate=:BASE64:

All four components always, in this order, so that no part of a request can be left out of what is signed. The
parameters may come in any order, each once. A nonce is taken once in the time in which its signature holds.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections import deque
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from gateway.connectors.request.head import Head
from gateway.connectors.request.secret_files import Algorithm, Key
from gateway.errors import Refused, Unavailable

_INPUT: Final = re.compile(
    r'gate=(\("@method" "@path" "@query" "content-digest"\)'
    r'((?:;[a-z]{3,7}=(?:[0-9]{1,12}|"[!#-\[\]-~]{1,128}"))*))'
)
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:([0-9]+)|"([^"]*)")')
_SIGNATURE: Final = re.compile(r"gate=:([A-Za-z0-9+/]{43,88}={0,2}):")
_DIGEST: Final = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")


class PublicKeys(Protocol):
    """Verification of Ed25519, given by wiring: connectors hold no cryptography of their own."""

    def holds(self, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """public_key: 32 bytes. signature: 64 bytes. No exception, whatever the bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Signing:
    """window_s: how old a signature may be. ahead_s: how far a caller's clock may be before ours."""

    window_s: float = 60.0
    ahead_s: float = 2.0
    most_nonces: int = 200_000


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that holds. caller: whose key it is. digest: SHA-256 that the content must have."""

    caller: str
    digest: bytes


class Signatures:
    """What is known of keys and nonces on one channel. One thread; now_s: seconds since 1970."""

    def __init__(
        self, keys: dict[str, Key], signing: Signing, started_s: float, public: PublicKeys | None
    ) -> None:
        self._keys, self._signing, self._public = keys, signing, public
        # An earlier run may have taken what was signed before; its nonces went with it.
        self._not_before_s = started_s + signing.ahead_s
        self._seen: dict[tuple[str, str], float] = {}
        self._order: deque[tuple[float, tuple[str, str]]] = deque()

    def check(self, head: Head, now_s: float) -> Signed:
        """Whose signature a head has; its nonce is used up then. The content is still to be compared.

        Raises Refused 6350 to 6355, Unavailable 6357 and 6359 and nothing else.
        """
        said, given, digest = (
            head.one(name) for name in ("signature-input", "signature", "content-digest")
        )
        if said is None or given is None or digest is None:
            raise Refused(6350)
        parameters, created, nonce, key_id = _parameters(said)
        signature, wanted_digest = _bytes(_SIGNATURE, given), _bytes(_DIGEST, digest)
        key = self._keys.get(key_id)
        message = signed_text(head, digest, parameters)
        if key is None:
            # The same work as for a key that is known, so that names cannot be measured out.
            hmac.compare_digest(hmac.digest(b"", message, "sha256"), signature)
            raise Refused(6352)
        if not self._holds(key, signature, message):
            raise Refused(6353)
        self._check_time(created, now_s)
        self._use(key_id, nonce, created, now_s)
        return Signed(key.caller, wanted_digest)

    def _holds(self, key: Key, signature: bytes, message: bytes) -> bool:
        if key.algorithm is Algorithm.HMAC_SHA256:
            return hmac.compare_digest(hmac.digest(key.secret, message, "sha256"), signature)
        if self._public is None:
            raise RuntimeError("no verification of Ed25519 was given")
        return len(signature) == 64 and self._public.holds(key.secret, signature, message)

    def _check_time(self, created: int, now_s: float) -> None:
        if not now_s - self._signing.window_s <= created <= now_s + self._signing.ahead_s:
            raise Refused(6354, seconds=round(now_s - created))
        if created < self._not_before_s:
            raise Unavailable(6359, wait_s=max(1, round(self._not_before_s - created)))

    def _use(self, key_id: str, nonce: str, created: int, now_s: float) -> None:
        while self._order and self._order[0][0] < now_s:
            self._seen.pop(self._order.popleft()[1], None)
        name = (key_id, nonce)
        if name in self._seen:
            raise Refused(6355)
        if len(self._seen) >= self._signing.most_nonces:
            # None is forgotten before its time: that would let its request in again.
            raise Unavailable(6357, wait_s=1)
        # Longest life that any signature of now can have, so that the queue is in order of ends.
        until_s = now_s + self._signing.window_s + self._signing.ahead_s
        self._seen[name] = until_s
        self._order.append((until_s, name))


def check_digest(signed: Signed, content: bytes) -> None:
    """Raises Refused 6356 and nothing else."""
    check_sha256(signed, sha256(content).digest())


def check_sha256(signed: Signed, digest: bytes) -> None:
    """digest: of what came. Raises Refused 6356 and nothing else."""
    if not hmac.compare_digest(digest, signed.digest):
        raise Refused(6356)


def signed_text(head: Head, digest: str, parameters: str) -> bytes:
    """The signature base of RFC 9421 section 2.5. parameters: the value of the signature's input."""
    path, _, query = head.target.partition("?")
    lines = (
        f'"@method": {head.method}',
        f'"@path": {path}',
        f'"@query": ?{query}',
        f'"content-digest": {digest}',
        f'"@signature-params": {parameters}',
    )
    return "\n".join(lines).encode("ascii")


def _parameters(said: str) -> tuple[str, int, str, str]:
    match = _INPUT.fullmatch(said)
    if match is None:
        raise Refused(6351)
    values: dict[str, str] = {}
    for name, number, text in _PARAMETER.findall(match[2]):
        # created is the one that is a number.
        if name in values or bool(number) != (name == "created"):
            raise Refused(6351)
        values[name] = number or text
    if not {"created", "nonce", "keyid"} <= set(values) <= {"created", "nonce", "keyid", "alg"}:
        raise Refused(6351)
    if values.get("alg", "ed25519") not in {"hmac-sha256", "ed25519"}:
        raise Refused(6351)
    if not _NONCE.fullmatch(values["nonce"]):
        raise Refused(6351)
    return match[1], int(values["created"]), values["nonce"], values["keyid"]


def _bytes(form: re.Pattern[str], value: str) -> bytes:
    match = form.fullmatch(value)
    if match is None:
        raise Refused(6351)
    try:
        decoded = base64.b64decode(match[1], validate=True)
    except binascii.Error as error:
        raise Refused(6351) from error
    # One spelling for each value, unused bits included.
    if base64.b64encode(decoded).decode("ascii") != match[1]:
        raise Refused(6351)
    return decoded
