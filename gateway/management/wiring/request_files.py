"""The two ends of a channel of requests, made of its policy and of the files that this host has for it.

    HOST/requests/CHANNEL/
      server.crt  server.key           of a source that listens on https
      callers-ca.crt  callers.crl      where callers show certificates; an empty list: their CA has none
      keys                             where every request is signed
      peer-ca.crt                      of a sink that calls https
      client.crt  client.key           where the peer wants a certificate of us; both or neither
      secrets                          where the channel names a secret

What a policy asks for and is not there ends that channel alone. Values out; reads names, sizes and modes,
no content.
"""

from __future__ import annotations

import ipaddress
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from gateway.connectors.request.limits import Limits
from gateway.connectors.request.settings import Calling, ClientTls, Listening, ServerTls
from gateway.connectors.request.subject import KEY, Caller, Callers
from gateway.errors import Misconfigured
from gateway.policy.live import Form
from gateway.policy.model import Channel
from gateway.policy.request_channel import RequestChannel, RequestSource
from gateway.unit.request import MAX_CONTENT_BYTES

SERVER: Final = "server.crt"
SERVER_KEY: Final = "server.key"
CALLERS_CA: Final = "callers-ca.crt"
REVOKED: Final = "callers.crl"
KEYS: Final = "keys"
PEER_CA: Final = "peer-ca.crt"
CLIENT: Final = "client.crt"
CLIENT_KEY: Final = "client.key"
SECRETS: Final = "secrets"
# Their contents a source looks at by itself while it runs (gateway.connectors.request.door).
_LOOKED_AT: Final = frozenset({SERVER, SERVER_KEY, CALLERS_CA})


def listening_of(channel: Channel, folder: Path, others: Mapping[str, str]) -> Listening:
    """The source of a channel. others: callers of all channels with theirs; may change later.

    Raises Misconfigured 6393, 6400 to 6404, 6407 and nothing else.
    """
    requests = _requests(channel)
    source = requests.source
    if not source.tls and not ipaddress.ip_address(source.host).is_loopback:
        raise Misconfigured(6407, channel=channel.name, address=source.host)
    if source.signed and not _is_there(folder / KEYS):
        raise Misconfigured(6403, channel=channel.name, file=str(folder / KEYS))
    limits = Limits(
        caller_rate=requests.per_caller.rate,
        caller_at_once=requests.per_caller.at_once,
        channel_rate=requests.whole_channel.rate,
        channel_at_once=requests.whole_channel.at_once or Limits().channel_at_once,
    )
    forms = {one.live.form for one in requests.operations.values() if one.live is not None}
    callers = Callers(tuple(Caller(name) for name in source.callers), source.addresses, others)
    return Listening(
        channel.name,
        source.host,
        source.port,
        _server_tls(channel.name, source, folder) if source.tls else None,
        callers,
        keys=folder / KEYS if source.signed else None,
        limits=limits,
        answer_within_s=requests.answer_within_s,
        submits=requests.submit,
        most_body_bytes=max(most_content_bytes(requests), MAX_CONTENT_BYTES),
        websockets=Form.WEBSOCKET in forms,
        events=Form.EVENTS in forms,
    )


def most_content_bytes(requests: RequestChannel) -> int:
    """Of any request of a channel; 0 where none has a content."""
    contents = (operation.content for operation in requests.operations.values())
    return max((content.most_bytes for content in contents if content is not None), default=0)


def calling_of(channel: Channel, folder: Path) -> Calling:
    """The sink of a channel. Raises Misconfigured 6393, 6404 to 6406 and nothing else."""
    requests = _requests(channel)
    sink, tls = requests.sink, None
    if sink.tls:
        if not _is_there(folder / PEER_CA):
            raise Misconfigured(6405, channel=channel.name, file=str(folder / PEER_CA))
        own = [folder / CLIENT, folder / CLIENT_KEY]
        there = [_is_there(file) for file in own]
        if any(there) and not all(there):
            file = str(own[there.index(False)])
            raise Misconfigured(6404, channel=channel.name, file=file)
        if all(there):
            _check_private(own[1])
            tls = ClientTls(folder / PEER_CA, certificate=own[0], key=own[1])
        else:
            tls = ClientTls(folder / PEER_CA)
    if sink.secret and not _is_there(folder / SECRETS):
        file = str(folder / SECRETS)
        raise Misconfigured(6406, channel=channel.name, file=file, name=sink.secret)
    return Calling(
        channel.name,
        sink.host,
        sink.port,
        tls,
        requests.operations,
        base_path=sink.base_path,
        secrets=folder / SECRETS if sink.secret else None,
        secret=sink.secret,
    )


def marks_of(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a file does that is read at the start of an end only; empty for no folder."""
    return tuple(sorted(_marks(folder)))


def _marks(folder: Path) -> Iterator[tuple[str, int, int]]:
    try:
        for file in folder.iterdir():
            if file.name in _LOOKED_AT:
                # That it is there: what stands in it is looked at by the source.
                yield file.name, 0, 0
                continue
            status = file.lstat()
            # Of the list only whether it is one: what stands in it is looked at by the source.
            mark = int(status.st_size > 0) if file.name == REVOKED else status.st_mtime_ns
            yield file.name, mark, 0 if file.name == REVOKED else status.st_ino
    except OSError:
        return


def _server_tls(name: str, source: RequestSource, folder: Path) -> ServerTls:
    for file in (folder / SERVER, folder / SERVER_KEY):
        if not _is_there(file):
            raise Misconfigured(6400, channel=name, file=str(file), host=source.host)
    _check_private(folder / SERVER_KEY)
    if all(caller.startswith(KEY) for caller in source.callers):
        return ServerTls(folder / SERVER, folder / SERVER_KEY)
    authority, revoked = folder / CALLERS_CA, folder / REVOKED
    if not _is_there(authority):
        raise Misconfigured(6401, channel=name, file=str(authority))
    # Not there is not the same as none: a list that somebody forgot would let the revoked in.
    if not _is_there(revoked):
        raise Misconfigured(6402, channel=name, file=str(revoked))
    has_list = revoked.stat().st_size > 0
    return ServerTls(folder / SERVER, folder / SERVER_KEY, authority, revoked if has_list else None)


def _is_there(file: Path) -> bool:
    """Raises Misconfigured 6393 where nobody can say."""
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise Misconfigured(6393, file=str(file), reason=error.strerror or "") from error


def _check_private(file: Path) -> None:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise Misconfigured(6393, file=str(file), reason=f"mode {mode:04o}")


def _requests(channel: Channel) -> RequestChannel:
    if channel.requests is None:
        raise RuntimeError(f"{channel.name} carries no requests")
    return channel.requests
