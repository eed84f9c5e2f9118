"""`pki list`, `request`, `install`, `trust`, `epochs`: keys and certificates of a host, renewed by hand.

    outer host           issuing machine          inner host
    pki request  --CSR-->  pki sign  --crt-->  pki trust       the receiver knows the new one first
        pki install  <------crt------+                         then the sender signs with it

What is carried are files; nothing of it goes over the link. docs/KEYS.md has the steps in order.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import GatewayError, Misconfigured
from gateway.management.commands.asking import ask_to_reload
from gateway.management.commands.command import (
    Answer,
    Call,
    Command,
    Data,
    Exit,
    Mistyped,
    add_side,
)
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Colour, Terminal
from gateway.management.terminal.table import Cell, Column, table
from gateway.management.terminal.words import say
from gateway.unit.model import Lane, Side

if TYPE_CHECKING:
    from gateway.identity.carried import Taken
    from gateway.identity.expiry import Expiry
    from gateway.identity.names import DeviceName


def list_ends(call: Call) -> Answer:
    """What ends when, on every host that is here. 1 where something ends within its warning."""
    from gateway.identity.expiry import expiries

    now_ns = time.time_ns()
    hosts: list[Data] = [
        {"side": side.value, "ends": [_end_data(one, host, now_ns) for one in expiries(host.keys)]}
        for side, host in call.hosts().items()
    ]
    soon = any(one["soon"] for host in hosts for one in host["ends"])
    return Answer({"hosts": hosts}, render_ends, Exit.NO if soon else Exit.YES)


def _end_data(one: Expiry, host: HostFolder, now_ns: int) -> Data:
    return {
        "subject": one.subject,
        "file": str(one.path.relative_to(host.root)),
        "ends": stamp(one.ends_at_ns),
        "days": one.days_left(now_ns),
        "soon": one.warning(now_ns) is not None,
    }


def render_ends(data: Data, terminal: Terminal) -> Sequence[str]:
    """A table a host, the soonest first; what ends soon is marked by colour and by its days."""
    lines: list[str] = []
    for host in data["hosts"]:
        head = "INNER HOST" if host["side"] == "inner" else "OUTER HOST"
        rows: list[list[Cell | str]] = [
            [
                Cell(str(one["days"]), Colour.BAD if one["soon"] else Colour.GOOD),
                one["ends"][:10],
                one["subject"],
                one["file"],
            ]
            for one in host["ends"]
        ]
        columns = [
            Column(say(terminal, "DAYS"), right=True),
            Column(say(terminal, "ENDS")),
            Column(say(terminal, "WHAT"), least=16),
            Column(say(terminal, "FILE"), least=12),
        ]
        lines += [say(terminal, head), *table(terminal, columns, rows), ""]
    lines.append(say(terminal, "Next: {command}", command="docs/KEYS.md"))
    return lines


def request(call: Call) -> Answer:
    """A new signing key beside the one in use, and the request for it as a file to carry."""
    from gateway.identity.renewal import request as make

    host = call.host()
    name = _own_name(host)
    text, print_ = make(host.keys, name)
    path = call.options.out or Path(f"{name.gate}-{name.place}-{print_.replace(' ', '')[:8]}.csr")
    path.write_bytes(text)
    return Answer({"name": name.uri, "fingerprint": print_, "file": str(path)}, render_request)


def render_request(data: Data, terminal: Terminal) -> Sequence[str]:
    side = data["name"].rpartition("/")[2]
    command = f"ferrygate pki sign {Path(data['file']).name} --as {side} --issuing DIR"
    return [
        say(terminal, "The request for {name} lies in {file}.", **_shown(data, "name", "file")),
        say(terminal, "Its key: {fingerprint}", fingerprint=data["fingerprint"]),
        say(
            terminal,
            "Carry it to the issuing authority, and compare the key there: {command}",
            command=command,
        ),
    ]


def install(call: Call) -> Answer:
    """The certificate of our request becomes this host's, with its key, at once."""
    from gateway.identity.renewal import install as take
    from gateway.management.settings import load_settings

    host = call.host()
    name = _own_name(host)
    clears = load_settings(host.settings).sends
    content = _read(call.options.file)
    with _naming(call.options.file):
        taken = take(host.keys, name, content, time.time_ns(), clears=clears)
    return Answer(_taken_data(host, name, [taken]), render_taken)


def trust(call: Call) -> Answer:
    """Certificates, revocation lists and epochs that were carried here."""
    from gateway.identity.carried import trust as take

    host = call.host()
    name = _own_name(host)
    contents = [(path, _read(path)) for path in call.options.files]
    taken: list[Taken] = []
    try:
        for path, content in contents:
            with _naming(path):
                one = take(host.keys, name.peer(), content, time.time_ns())
            taken.append(one)
    except GatewayError:
        if taken:  # what came before it is in place, and the guard should know
            ask_to_reload(host, (Role.GUARD,))
        raise
    return Answer(_taken_data(host, name, taken), render_taken)


def epochs(call: Call) -> Answer:
    """A new batch of epoch keys on the receiving host, and its signed bundle to carry."""
    from gateway.identity.device import load_guard_identity
    from gateway.identity.epoch_keys import EpochKeys, generate_epochs
    from gateway.identity.keys import PUBLIC_MODE, replace

    host = _receiving_host(call)
    guard, now_ns = host.keys / "guard", time.time_ns()
    try:
        bundle = generate_epochs(guard / "epochs", load_guard_identity(guard), now_ns)
    except Misconfigured as error:
        if error.number != 4006:
            raise
        raise Misconfigured(7310, **error.fields) from error
    day = datetime.fromtimestamp(now_ns // 10**9, UTC).strftime("%Y%m%d")
    name = _own_name(host)
    path = call.options.out or Path(f"{name.gate}-{name.place}-{day}.bundle")
    replace(path.absolute(), bundle, PUBLIC_MODE)
    ends_ns = EpochKeys(guard / "epochs").ends_at_ns
    asked = Role.GUARD in ask_to_reload(host, (Role.GUARD,))
    data = {"file": str(path), "ends": stamp(ends_ns), "side": name.place, "asked": asked}
    return Answer(data, render_epochs)


def _receiving_host(call: Call) -> HostFolder:
    """The host whose epoch keys are meant: of a two-way gate both have some, and --side says which.

    Where nothing is said, the inner one. Raises Misconfigured 101x.
    """
    hosts = call.hosts()
    side = Side.INNER if Side.INNER in hosts else next(iter(hosts))
    if side is Side.OUTER and Lane.EXPORT not in hosts[side].lanes():
        return call.host(Side.INNER)
    return hosts[side]


def render_epochs(data: Data, terminal: Terminal) -> Sequence[str]:
    phrase = "Then carry the bundle to the outer host: {command}"
    if data["side"] == Side.OUTER:
        phrase = "Then carry the bundle to the inner host: {command}"
    return [
        say(terminal, "New epoch keys until {ends}; their bundle lies in {file}.",
            ends=data["ends"][:10], file=data["file"]),
        _asked_line(data, terminal),
        say(terminal, phrase,
            command=f"ferrygate pki trust {Path(data['file']).name}"),
    ]  # fmt: skip


def _taken_data(host: HostFolder, name: DeviceName, taken: Sequence[Taken]) -> Data:
    asked = Role.GUARD in ask_to_reload(host, (Role.GUARD,))
    return {
        "side": name.place,
        "taken": [
            {
                "kind": one.kind,
                "subject": one.subject,
                "ends": stamp(one.ends_at_ns),
                "file": str(one.path.relative_to(host.root)),
            }
            for one in taken
        ],
        "asked": asked,
    }


def render_taken(data: Data, terminal: Terminal) -> Sequence[str]:
    lines = []
    for one in data["taken"]:
        phrase = "The certificate of {subject}, good until {ends}, is in place."
        if one["kind"] == "list":
            phrase = "The revocation list of {subject}, good until {ends}, is in place."
        if one["kind"] == "authority":
            phrase = "The issuing authority {subject}, good until {ends}, is in place."
        if one["kind"] == "epochs":
            phrase = "The epoch keys of {subject}, good until {ends}, are in place."
        lines.append(say(terminal, phrase, subject=one["subject"], ends=one["ends"][:10]))
    return [*lines, _asked_line(data, terminal)]


def _asked_line(data: Data, terminal: Terminal) -> str:
    phrase = "{side}: no guard is running; it will read them when it starts."
    if data["asked"]:
        phrase = (
            "{side}: the guard was asked to take them, and the policies on disk with them; "
            "`ferrygate alarms` shows if it could not."
        )
    return say(terminal, phrase, side=say(terminal, data["side"]))


def _own_name(host: HostFolder) -> DeviceName:
    from gateway.identity.names import host_name
    from gateway.management.settings import load_settings

    settings = load_settings(host.settings)
    return host_name(settings.gate, settings.side)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """The file is named where its content is not what it should be."""
    try:
        yield
    except Misconfigured as error:
        if error.number != 7303:
            raise
        raise Misconfigured(7303, path=str(path)) from error


def _read(path: Path) -> bytes:
    from gateway.identity.keys import read_public

    if not path.exists():
        raise Mistyped(7010, path=str(path))
    if not path.is_file():
        raise Misconfigured(7303, path=str(path))
    return read_public(path)


def _shown(data: Data, *names: str) -> dict[str, str]:
    return {name: str(data[name]) for name in names}


def _out_arguments(parser: Parser) -> None:
    add_side(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where the file to carry is written"
    )


def _install_arguments(parser: Parser) -> None:
    add_side(parser)
    parser.add_argument(
        "file", type=Path, metavar="CERT", help="certificate of this host's request"
    )


def _trust_arguments(parser: Parser) -> None:
    add_side(parser)
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="certificate of the other host, revocation list, bundle of epochs, new issuing authority",
    )


COMMANDS: Final = (
    Command(
        "pki list",
        "What ends when: certificates, revocation lists, epoch keys.",
        ("ferrygate pki list", "ferrygate pki list --json | jq '.hosts[].ends[0]'"),
        list_ends,
        add_side,
    ),
    Command(
        "pki request",
        "Make a new signing key for this host and a request to carry to the issuing authority.",
        ("ferrygate pki request", "ferrygate pki request --side outer --out outer.csr"),
        request,
        _out_arguments,
    ),
    Command(
        "pki install",
        "Take the certificate of the request: key and certificate change at once.",
        ("ferrygate pki install outer-3f2a91c0.crt", "ferrygate pki install new.crt --side outer"),
        install,
        _install_arguments,
    ),
    Command(
        "pki trust",
        "Take the other host's new certificate or epochs, a revocation list, or an authority.",
        ("ferrygate pki trust outer-3f2a91c0.crt", "ferrygate pki trust issuing.crl --side inner"),
        trust,
        _trust_arguments,
    ),
    Command(
        "pki epochs",
        "Make the next batch of epoch keys on the inner host, and its bundle to carry outside.",
        ("ferrygate pki epochs", "ferrygate pki epochs --out inner.bundle"),
        epochs,
        _out_arguments,
    ),
)
