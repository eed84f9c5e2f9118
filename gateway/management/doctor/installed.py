"""What lies in a host's folder: rights, keys and their ends, policy, disk, journal, processes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.management.commands.boards import read_boards
from gateway.management.doctor.finding import Finding, look, ok, stop
from gateway.management.layout import HostFolder, Role
from gateway.management.terminal.figures import digest, size, span
from gateway.unit.model import Side

# A checkpoint comes once a minute even when nothing happens; three are late.
LATE_CHECKPOINT_S: Final = 180.0
# Below this many reserves the disk is a matter for this week.
_ROOMY: Final = 4


def folders(host: HostFolder, side: Side) -> Iterator[Finding]:
    """Folders that the processes share must be there; private ones must be private; and where each
    process is a user of its own, none may take away what belongs to another."""
    shared = [host.run, host.state, host.checkpoints, *(host.journal(role) for role in Role)]
    absent = [path for path in shared if not path.is_dir()]
    for path in absent:
        yield look("folders", 7120, path=str(path))
    open_to_all = list(_open_secrets(host.keys))
    for path, mode in open_to_all:
        yield stop(
            "folders",
            7121,
            path=str(path),
            mode=f"{mode:04o}",
            wanted="0700" if path.is_dir() else "0600",
        )
    loose = list(_loose(host, side))
    if loose:
        yield stop("folders", 7129, count=len(loose), **loose[0])
    if not absent and not open_to_all and not loose:
        yield ok("folders", 7122, path=str(host.root))


def _loose(host: HostFolder, side: Side) -> Iterator[dict[str, str]]:
    """Folders with another owner or mode than systemd/ferrygate.tmpfiles gives them."""
    users = {role: _owner(host.state_of(role)) for role in Role}
    if len(set(users.values())) == 1 or None in users.values():
        return  # all as one user: nobody to be kept apart
    for folder, owned in host.folders(side, host.lanes()).items():
        owner = users[owned.owner] if owned.owner else 0
        with suppress(FileNotFoundError):
            found = folder.stat()
            mode = stat.S_IMODE(found.st_mode)
            if found.st_uid != owner or mode != owned.mode:
                yield {
                    "path": str(folder),
                    "mode": f"{mode:04o}",
                    "owner": str(found.st_uid),
                    "wanted": f"{owned.mode:04o}",
                    "wanted_owner": str(owner),
                }


def _owner(folder: Path) -> int | None:
    return folder.stat().st_uid if folder.is_dir() else None


def _open_secrets(keys: Path) -> Iterator[tuple[Path, int]]:
    """Private folders and private keys that others than their user may read."""
    for folder in (keys / "guard", keys / "ferry"):
        if folder.is_dir():
            secrets = [folder]
            if os.access(folder, os.R_OK | os.X_OK):
                secrets += sorted(folder.rglob("*.key"))
            for path in secrets:
                mode = stat.S_IMODE(path.stat().st_mode)
                if mode & 0o077:
                    yield path, mode


def keys(host: HostFolder, side: Side, now_ns: int) -> Iterator[Finding]:
    """What ends, and when: certificates, revocation list, epochs. The soonest end is always named."""
    from gateway.identity.device import load_guard_identity
    from gateway.identity.expiry import expiries

    if not os.access(host.keys / "guard", os.R_OK | os.X_OK):
        yield look("keys", 7123, path=str(host.keys / "guard"))
        return
    identity = load_guard_identity(host.keys / "guard")
    if identity.name.place != side.value:
        yield stop("keys", 7124, name=identity.name.uri, side=side.value)
    ends = expiries(host.keys)
    for expiry in ends:
        if (warning := expiry.warning(now_ns)) is not None:
            finding = stop if expiry.days_left(now_ns) < 0 else look
            yield finding("keys", warning.number, **warning.fields)
    if ends and ends[0].warning(now_ns) is None:
        yield ok(
            "keys", 7125, subject=ends[0].subject, days=ends[0].days_left(now_ns), count=len(ends)
        )


def policy(host: HostFolder) -> Iterator[Finding]:
    """The set on disk reads well, and it is the one in force."""
    from gateway.policy.load import load_set

    loaded = load_set(host.policies)
    if not loaded.channels:
        yield look("policy", 7126, path=str(host.policies))
        return
    yield ok("policy", 7127, channels=len(loaded.channels), digest=digest(loaded.digest))
    guard = read_boards(host).get(Role.GUARD)
    running = str(guard.gauges.get("policy", "")) if guard is not None and guard.alive else ""
    if running and not loaded.digest.startswith(running):
        yield look("policy", 7128, running=digest(running), disk=digest(loaded.digest))


def disk(host: HostFolder, reserve_bytes: int) -> Iterator[Finding]:
    """Free space of the file system that the queues lie on, against the reserve of the settings."""
    status = os.statvfs(host.root)
    yield judge_disk(str(host.root), status.f_bavail * status.f_frsize, reserve_bytes)


def judge_disk(path: str, free_bytes: int, reserve_bytes: int) -> Finding:
    """Below the reserve nothing more is taken in; near it somebody should look."""
    fields: dict[str, str] = {
        "path": path,
        "free": size(free_bytes),
        "reserve": size(reserve_bytes),
    }
    if free_bytes <= reserve_bytes:
        return stop("disk", 7130, **fields)
    if free_bytes < _ROOMY * reserve_bytes:
        return look("disk", 7131, **fields)
    return ok("disk", 7132, **fields)


def journal(host: HostFolder, now_ns: int) -> Iterator[Finding]:
    """The last signed checkpoint, and whether it saw a chain that does not hold."""
    from gateway.audit.notefile import last_note

    note = last_note(host.checkpoints)
    if note is None:
        yield look("journal", 7133, path=str(host.checkpoints))
        return
    checkpoint = note.checkpoint
    age_s = (now_ns - checkpoint.at_ns) / 1e9
    if checkpoint.breaks:
        yield stop(
            "journal", 7134, process=checkpoint.breaks[0].process, seq=checkpoint.breaks[0].seq
        )
    guard = read_boards(host).get(Role.GUARD)
    if guard is not None and guard.alive and age_s > LATE_CHECKPOINT_S:
        yield look("journal", 7135, age=span(age_s))
    elif not checkpoint.breaks:
        yield ok("journal", 7136, count=checkpoint.number, age=span(age_s), words=note.words)


def processes(host: HostFolder, side: Side) -> Iterator[Finding]:
    """Each process runs and says so; what it alarms stands with its own number."""
    boards = read_boards(host)
    states = {role: boards[role].state if role in boards else "stopped" for role in Role}
    fields = {"side": side.value, "folder": str(host.root)}
    if away := [role.value for role, state in states.items() if state in ("stopped", "unknown")]:
        yield look("processes", 7137, processes=", ".join(away), **fields)
    for role, state in states.items():
        if state == "silent":
            yield look("processes", 7138, process=role.value, **fields)
    well = all(state == "running" for state in states.values())
    for board in boards.values():
        for alarm in board.alarms if board.alive else ():
            well = False
            yield look("processes", alarm["number"], **alarm["fields"])
    if well:
        yield ok("processes", 7139)
