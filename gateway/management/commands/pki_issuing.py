"""`pki sign`, `revoke`, `crl`, `issuing`: at the issuing authority, on a machine that is neither host."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import Misconfigured
from gateway.management.commands.command import Answer, Call, Command, Data, Mistyped
from gateway.management.terminal.figures import stamp
from gateway.management.terminal.help import Parser
from gateway.management.terminal.screen import Terminal
from gateway.management.terminal.words import say
from gateway.unit.model import Side

if TYPE_CHECKING:
    from gateway.identity.issuing import Issued


def sign(call: Call) -> Answer:
    """A certificate for a request that was carried here."""
    from gateway.identity.authority import load_certificate
    from gateway.identity.certificates import ends_at_ns, subject_of
    from gateway.identity.issuing import sign_request
    from gateway.identity.keys import read_public
    from gateway.identity.renewal import fingerprint
    from gateway.identity.suites import DEFAULT

    if not call.options.file.exists():
        raise Mistyped(7010, path=str(call.options.file))
    untrusted = read_public(call.options.file)
    path = sign_request(
        _authority(call.options.issuing), untrusted, Side(call.options.name), time.time_ns()
    )
    certificate = load_certificate(path)
    verifier = DEFAULT.verifier_of(certificate)
    data = {
        "subject": subject_of(certificate),
        "side": call.options.name,
        "fingerprint": fingerprint(verifier.pem) if verifier is not None else "",
        "ends": stamp(ends_at_ns(certificate)),
        "file": str(path),
    }
    return Answer(data, render_sign)


def render_sign(data: Data, terminal: Terminal) -> Sequence[str]:
    name, other = Path(data["file"]).name, "inner" if data["side"] == "outer" else "outer"
    return [
        say(terminal, "Signed for {subject}, good until {ends}: {file}",
            subject=data["subject"], ends=data["ends"][:10], file=data["file"]),
        say(terminal, "Its key: {fingerprint}", fingerprint=data["fingerprint"]),
        say(terminal, "If that is not the key that the host showed: {command}",
            command=f"ferrygate pki revoke {Path(name).stem} --issuing DIR"),
        say(terminal, "First on the {side} host: {command}",
            side=say(terminal, other), command=f"ferrygate pki trust {name}"),
        say(terminal, "Then on the {side} host: {command}",
            side=say(terminal, data["side"]), command=f"ferrygate pki install {name}"),
    ]  # fmt: skip


def revoke(call: Call) -> Answer:
    """One certificate is good no more; a fresh list says so."""
    from gateway.identity.issuing import issued_in

    folder = _authority(call.options.issuing)
    found = _named(issued_in(folder), call.options.name)
    return _list_answer(folder, [found.serial], found.name)


def _named(issued: list[Issued], name: str) -> Issued:
    """The certificate of that name; a host's name will do where one alone of its is not revoked."""
    wanted = name.removesuffix(".crt").rpartition("/")[2]
    exact = [one for one in issued if one.name == wanted]
    fitting = exact or [o for o in issued if o.name.startswith(f"{wanted}-") and not o.revoked]
    if len(fitting) != 1:
        known = ", ".join(one.name for one in issued if not one.revoked) or "-"
        raise Misconfigured(7307, name=name, known=known)
    return fitting[0]


def crl(call: Call) -> Answer:
    """The same list with a new end."""
    return _list_answer(_authority(call.options.issuing), [], "")


def _list_answer(folder: Path, serials: list[int], revoked: str) -> Answer:
    from gateway.identity.issuing import new_list

    path, count, ends_ns = new_list(folder, serials, time.time_ns())
    data = {"revoked": revoked, "count": count, "ends": stamp(ends_ns), "file": str(path)}
    return Answer(data, render_list)


def render_list(data: Data, terminal: Terminal) -> Sequence[str]:
    lines = [say(terminal, "{name} is revoked.", name=data["revoked"])] if data["revoked"] else []
    return [
        *lines,
        say(terminal, "The list of {count} revoked certificates, good until {ends}: {file}",
            count=data["count"], ends=data["ends"][:10], file=data["file"]),
        say(terminal, "Carry it to both hosts: {command}", command="ferrygate pki trust issuing.crl"),
    ]  # fmt: skip


def issuing(call: Call) -> Answer:
    """The next issuing authority, signed with the root key."""
    from gateway.identity.issuing import new_authority

    root = _authority(call.options.root, "root")
    path, ends_ns = new_authority(root, call.options.out, time.time_ns())
    return Answer({"ends": stamp(ends_ns), "file": str(path)}, render_issuing)


def render_issuing(data: Data, terminal: Terminal) -> Sequence[str]:
    return [
        say(terminal, "A new issuing authority, good until {ends}: {file}",
            ends=data["ends"][:10], file=data["file"]),
        say(terminal, "Lock the root key away again. Carry the file to both hosts: {command}",
            command=f"ferrygate pki trust {Path(data['file']).name}"),
    ]  # fmt: skip


def _authority(folder: Path, name: str = "issuing") -> Path:
    """The folder, where an authority is in it. Raises Mistyped 7010."""
    key = folder / f"{name}.key"
    if not key.exists():
        raise Mistyped(7010, path=str(key))
    return folder


def _issuing_arguments(parser: Parser) -> None:
    parser.add_argument(
        "--root",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the root authority, as `init` made it",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="new folder for the authority"
    )


def _issuing(parser: Parser) -> None:
    parser.add_argument(
        "--issuing",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the issuing authority, as `init` made it",
    )


def _sign_arguments(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.csr", help="the request of a host")
    parser.add_argument(
        "--as",
        dest="name",
        choices=[side.value for side in Side],
        required=True,
        help="which host it is for, as the person who brought it says",
    )
    _issuing(parser)


def _revoke_arguments(parser: Parser) -> None:
    parser.add_argument("name", metavar="NAME", help="its name in issued/, as outer-3f2a91c0")
    _issuing(parser)


COMMANDS: Final = (
    Command(
        "pki sign",
        "Sign the request of a host, on the machine of the issuing authority.",
        (
            "ferrygate pki sign outer.csr --as outer --issuing issuing",
            "ferrygate pki sign inner.csr --as inner --issuing issuing",
        ),
        sign,
        _sign_arguments,
    ),
    Command(
        "pki revoke",
        "Revoke a certificate, and make a fresh revocation list.",
        (
            "ferrygate pki revoke outer-3f2a91c0 --issuing issuing",
            "ferrygate pki revoke outer --issuing issuing",
        ),
        revoke,
        _revoke_arguments,
    ),
    Command(
        "pki crl",
        "Make a fresh revocation list before the last one ends.",
        ("ferrygate pki crl --issuing issuing", "ferrygate pki crl --json --issuing issuing"),
        crl,
        _issuing,
    ),
    Command(
        "pki issuing",
        "Make the next issuing authority with the root key, before the last one ends.",
        (
            "ferrygate pki issuing --root root --out issuing-2031",
            "ferrygate pki issuing --json --root root --out issuing-2031",
        ),
        issuing,
        _issuing_arguments,
    ),
)
