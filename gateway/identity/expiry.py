"""What ends, and when: certificates, revocation lists, epochs. For `doctor`, alarms and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Misconfigured
from gateway.identity.authority import load_certificate
from gateway.identity.certificates import ends_at_ns, read_revocations, subject_of
from gateway.identity.epoch import decode_bundle
from gateway.identity.instants import DAY_NS, ns_of, shown
from gateway.identity.keys import read_public

# Time for a person to plan the walk with a new certificate: two weeks, and a week more for a batch.
CERTIFICATE_WARNING_DAYS: Final = 14
EPOCH_WARNING_DAYS: Final = 21


@dataclass(frozen=True, slots=True)
class Expiry:
    """One thing that ends. alarm: the number to raise when days_left is below warning_days."""

    subject: str
    path: Path
    ends_at_ns: int
    alarm: int
    warning_days: int

    def days_left(self, now_ns: int) -> int:
        """Whole days, negative when it is over."""
        return (self.ends_at_ns - now_ns) // DAY_NS

    def warning(self, now_ns: int) -> Misconfigured | None:
        """The finding for `doctor`, None while there is time. Built to be shown, not raised."""
        days = self.days_left(now_ns)
        if days >= self.warning_days:
            return None
        fields = {"subject": self.subject, "path": str(self.path), "ends": shown(self.ends_at_ns)}
        return Misconfigured(self.alarm, days=days, **fields)


def expiries(keys: Path) -> list[Expiry]:
    """All that ends under one host's keys/ folder, the soonest first.

    Reads public files only. Raises Misconfigured 4001, 4004, 4007, 4009 and nothing else.
    """
    certificates = [keys / "guard" / "device.crt", *(keys / "trust").rglob("*.crt")]
    bundles = [*keys.glob("guard/epochs/*.bundle"), *keys.glob("guard/peer-epochs.bundle")]
    # Of several certificates of one name in one place the last one counts too.
    last: dict[tuple[Path, str], Expiry] = {}
    for one in sorted((_certificate(path) for path in certificates), key=lambda e: e.ends_at_ns):
        last[one.path.parent, one.subject] = one
    found = list(last.values())
    found += [_revocations(path) for path in (keys / "trust").glob("*.crl")]
    # Of several batches of a receiver the last one counts: the others were prolonged.
    batches = sorted((_bundle(path) for path in bundles), key=lambda e: e.ends_at_ns)
    found += {one.subject: one for one in batches}.values()
    return sorted(found, key=lambda expiry: expiry.ends_at_ns)


def _certificate(path: Path) -> Expiry:
    certificate = load_certificate(path)
    ends_ns = ends_at_ns(certificate)
    return Expiry(subject_of(certificate), path, ends_ns, 4120, CERTIFICATE_WARNING_DAYS)


def _revocations(path: Path) -> Expiry:
    try:
        next_update = read_revocations(read_public(path)).next_update_utc
    except ValueError as error:
        raise Misconfigured(4009, path=str(path)) from error
    ends_ns = ns_of(next_update) if next_update is not None else 0
    return Expiry("revocation list", path, ends_ns, 4121, CERTIFICATE_WARNING_DAYS)


def _bundle(path: Path) -> Expiry:
    try:
        bundle, _ = decode_bundle(read_public(path))
    except ValueError as error:
        raise Misconfigured(4007, path=str(path)) from error
    return Expiry(
        f"epoch keys of {bundle.receiver}", path, bundle.ends_at_ns, 4205, EPOCH_WARNING_DAYS
    )
