"""TLS of both ends: contexts from files, and what a failed handshake says about a caller.

OpenSSL verifies the chain, the dates, the use and the revocation list, before a byte of a request is
read; the connection is accepted by us, so its failure comes back with the code of X509_verify_cert and
is told by a number of its own. A name, an address and another channel's caller are judged after it
(subject). Nothing is resumed: a session would outlive a revocation.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway.connectors.request.settings import ClientTls, ServerTls
from gateway.errors import Misconfigured, Refused

# openssl/x509_vfy.h.
_EXPIRED: Final = frozenset({10})
_REVOKED: Final = frozenset({23})
_LIST_AT_FAULT: Final = frozenset({3, 5, 8, 11, 12, 15, 16, 33, 44})
_FOREIGN: Final = frozenset({2, 6, 7, 18, 19, 20, 21, 24, 27, 28, 29, 30, 31, 62})
_LABEL: Final = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")


def server_context(tls: ServerTls, channel: str) -> ssl.SSLContext:
    """The context of a source. Does I/O. Raises Misconfigured 6395 and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _restrict(context, allow_tls_1_2=tls.allow_tls_1_2)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.num_tickets = 0
    _load(channel, tls.key, lambda: context.load_cert_chain(tls.certificate, tls.key, _no_password))
    if tls.callers_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        _load_only(context, channel, tls.callers_ca, "CERTIFICATE")
        if tls.revoked is not None:
            # Only a list: a certificate in this file would be trusted like the CA.
            _load_only(context, channel, tls.revoked, "X509 CRL")
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    return context


def client_context(tls: ClientTls, channel: str) -> ssl.SSLContext:
    """The context of a sink. Does I/O. Raises Misconfigured 6395 and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _restrict(context, allow_tls_1_2=tls.allow_tls_1_2)
    _load_only(context, channel, tls.ca, "CERTIFICATE")
    certificate, key = tls.certificate, tls.key
    if certificate is not None and key is not None:
        _load(channel, key, lambda: context.load_cert_chain(certificate, key, _no_password))
    return context


def handshake_refusal(error: OSError, channel: str, address: str) -> Refused:
    """Why a caller got no connection: 6340 to 6344, 6348, 6349."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code, reason = error.verify_code, error.verify_message
        if code in _EXPIRED:
            return Refused(6342, channel=channel, address=address)
        if code in _REVOKED:
            return Refused(6343, channel=channel, address=address)
        if code in _LIST_AT_FAULT:
            return Refused(6349, channel=channel, address=address, reason=reason)
        if code in _FOREIGN:
            return Refused(6341, channel=channel, address=address, reason=reason)
        return Refused(6344, channel=channel, address=address, reason=reason)
    reason = getattr(error, "reason", None) or type(error).__name__
    if reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return Refused(6340, channel=channel, address=address)
    return Refused(6348, channel=channel, address=address, reason=reason)


def _restrict(context: ssl.SSLContext, *, allow_tls_1_2: bool) -> None:
    lowest = ssl.TLSVersion.TLSv1_2 if allow_tls_1_2 else ssl.TLSVersion.TLSv1_3
    context.minimum_version = lowest
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])


def _load_only(context: ssl.SSLContext, channel: str, file: Path, label: str) -> None:
    """The parts of a PEM file, all of which have this label."""

    def load() -> None:
        text = file.read_text("ascii")
        if set(_LABEL.findall(text)) != {label}:
            raise ValueError(f"not only {label}")
        context.load_verify_locations(cadata=text) if label == "CERTIFICATE" else (
            context.load_verify_locations(cafile=file)
        )

    _load(channel, file, load)


def _load(channel: str, file: Path, load: Callable[[], None]) -> None:
    try:
        load()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        raise Misconfigured(6395, channel=channel, file=str(file), reason=reason) from error


def _no_password() -> str:
    raise ValueError("the key has a password")
