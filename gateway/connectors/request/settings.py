"""What wiring gives to a source and a sink of requests. Values only, complete and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.connectors.request.disk_room import DiskLimits
from gateway.connectors.request.limits import Limits
from gateway.connectors.request.signature import Signing
from gateway.connectors.request.subject import Callers
from gateway.policy.operations import Operation
from gateway.unit.request import MAX_CONTENT_BYTES


@dataclass(frozen=True, slots=True)
class ServerTls:
    """certificate, key: PEM files of this host. callers_ca: the CA whose device certificates callers must
    show, None where they need none. revoked: its revocation list (PEM), None where it has none.
    """

    certificate: Path
    key: Path
    callers_ca: Path | None = None
    revoked: Path | None = None
    allow_tls_1_2: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may take for what, in seconds.

    stall_s: an answer that its caller does not take. stop_s: what is under way when the process ends.
    free_bytes: so much of a body, or of an answer, has no more time than that; what is more has its own, by
    floor_bytes_s, which is the least that a caller must send, or take, of a large one in a second.
    """

    handshake_s: float = 5.0
    head_s: float = 5.0
    body_s: float = 30.0
    idle_s: float = 60.0
    stall_s: float = 30.0
    connection_s: float = 3600.0
    stop_s: float = 5.0
    free_bytes: int = MAX_CONTENT_BYTES
    floor_bytes_s: int = 128 << 10

    def of_body_s(self, size_bytes: int) -> float:
        """Time for a body of which so much has come."""
        return self.body_s + self._more_s(size_bytes)

    def of_answer_s(self, size_bytes: int) -> float:
        """Time for an answer of which so much has been taken."""
        return self.stall_s + self._more_s(size_bytes)

    def _more_s(self, size_bytes: int) -> float:
        return max(0, size_bytes - self.free_bytes) / self.floor_bytes_s


@dataclass(frozen=True, slots=True)
class Listening:
    """The source of one channel.

    tls: None for plain HTTP, for loopback and tests. keys: file of the keys that requests must be signed
    with, None where they need no signature. answer_within_s: the caller's time for an answer.
    try_again_after_s: when a repeatable request that has no answer yet is asked once more; None: a third of
    answer_within_s. submits: answers 202 at once, the outcome comes later. websockets, events: some of
    its operations are sessions of this form. port 0: any that is free.
    most_body_bytes: of the largest content that any operation takes.
    """

    channel: str
    address: str
    port: int
    tls: ServerTls | None
    callers: Callers
    keys: Path | None = None
    signing: Signing = field(default=Signing())
    limits: Limits = field(default=Limits())
    patience: Patience = field(default=Patience())
    answer_within_s: float = 10.0
    try_again_after_s: float | None = None
    submits: bool = False
    websockets: bool = False
    events: bool = False
    most_connections: int = 512
    most_body_bytes: int = MAX_CONTENT_BYTES


@dataclass(frozen=True, slots=True)
class ClientTls:
    """ca: PEM file of the CA of the peer; the host's own are not used. server_name: the name that the peer's
    certificate must have, None for the host of the address. certificate, key: our own, where it wants one.
    """

    ca: Path
    server_name: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    allow_tls_1_2: bool = True


@dataclass(frozen=True, slots=True)
class Calling:
    """The sink of one channel: where its peer is, how it shows who it is, what it may be asked.

    base_path: put before each path, "" or like "/app". secrets, secret: file and name of the credential.
    idle_s: how long a connection is kept; below what the peer keeps it, so that it is seldom stale.
    disk: room for large answers.
    """

    channel: str
    host: str
    port: int
    tls: ClientTls | None
    operations: Mapping[str, Operation]
    base_path: str = ""
    secrets: Path | None = None
    secret: str = ""
    most_connections: int = 64
    connect_s: float = 3.0
    idle_s: float = 4.0
    disk: DiskLimits = field(default=DiskLimits())
