"""Each process of a side is a user of its own, and none reaches what its row of the design forbids.

Owners and modes are those that systemd/ferrygate.tmpfiles and ferrygate.sysusers set; every attempt is
made by a program that runs as the user of that process. (I3, I4)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gateway.audit.notefile import last_note
from gateway.management.doctor.finding import Finding
from gateway.management.doctor.installed import folders
from gateway.management.layout import Role
from gateway.spool.layout import ASIDE_STAGES
from gateway.spool.model import Entry
from gateway.spool.reader import open_reader
from gateway.spool.set_aside import units_aside
from gateway.spool.writer import open_writer
from gateway.unit.model import Side, Stage
from tests.support.gate import SMALL, big_table, queue, table
from tests.support.installed import Installed, apply, installed, lacking

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(lacking()), reason=lacking() or "all is there"),
]

# What both ends of a queue write in.
SHARED = ("body", "segments")
READ = "open({path!r}, 'rb').read(1)"
LIST = "os.listdir({path!r})"
WRITE = "os.open({path!r}, os.O_WRONLY)"
MAKE = "open({path!r} + '/planted', 'x')"
REMOVE = "os.unlink({path!r})"
REPLACE = (
    "open({path!r} + '.mine', 'w').close()\n"
    "try:\n    os.rename({path!r} + '.mine', {path!r})\n"
    "finally:\n    os.unlink({path!r} + '.mine')"
)
# Another folder, or a link, in the place of one that a process of another user trusts.
SWAP = "os.rename({path!r}, {path!r} + '.away')\nos.rename({path!r} + '.away', {path!r})"
# A socket of the kind that a raw Ethernet link has, and one that forges IP.
FRAMES = "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)"
PACKETS = "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)"


@pytest.fixture(scope="module")
def running() -> Iterator[Installed]:
    with installed() as made:
        made.start_all()
        yield made


def allowed(gate: Installed, role: Role, code: str, path: str = "") -> str:
    """`done`, or the error."""
    return gate.attempt(role, code.format(path=str(gate.trial.root / path)))


def test_files_cross_small_and_large(running: Installed) -> None:
    files = {f"small-{n}.csv": table(2000, n) for n in range(20)}
    files["large.csv"] = big_table(3_000_000, 1)
    for name, content in files.items():
        running.gate.drop(name, content)
    running.gate.until_inside(set(files))
    assert running.gate.differing(files) == []


def test_every_process_is_another_user_and_none_is_root(running: Installed) -> None:
    for side in Side:
        shown = [running.gate.status(side, role) for role in Role]
        users = {os.stat(f"/proc/{one.pid}").st_uid for one in shown if one is not None}
        assert len(users) == 3
        assert 0 not in users


EDGE = [
    *((READ, f"outer/keys/guard/{name}") for name in ("signing.key", "device.crt", "journal.key")),
    (READ, "outer/keys/ferry/lane.key"),
    (LIST, "outer/keys"),
    (READ, "inner/keys/guard/signing.key"),
    (LIST, "inner/keys/guard/epochs"),
    (LIST, "outer/queues/import/cleared"),
    (WRITE, "outer/queues/import/cleared/mark"),
    (MAKE, "outer/queues/import/cleared/segments"),
    (MAKE, "outer/queues/import"),
    (LIST, "inner/queues/import/received"),
    *((SWAP, f"outer/queues/import/captured/{name}") for name in (*SHARED, *ASIDE_STAGES)),
    *((SWAP, f"inner/queues/import/admitted/{name}") for name in (*SHARED, "staging")),
    *((LIST, f"outer/queues/import/captured/{name}") for name in ASIDE_STAGES),
    (MAKE, "outer/queues/import/captured/held"),
    (MAKE, "inner/queues/import/admitted/staging"),
    *((REPLACE, f"outer/queues/import/captured/{name}") for name in ("answers", ".reader")),
    *((REMOVE, f"inner/queues/import/admitted/{name}") for name in ("mark", "ledger", ".writer")),
    (SWAP, "outer/queues/import/captured"),
    (SWAP, "outer/journal/edge"),
    (SWAP, "outer/control/edge"),
    (SWAP, "outer/state/edge"),
    (SWAP, "outer/run"),
    (LIST, "outer/state/guard"),
    (LIST, "outer/state/ferry"),
    (LIST, "outer/journal/guard"),
    (LIST, "outer/journal/checkpoints"),
    (MAKE, "outer/control/ferry"),
    (MAKE, "outer/policies"),
    (WRITE, "outer/gate.yaml"),
    (WRITE, "outer/run/guard.json"),
    (REMOVE, "outer/run/guard.json"),
    (REPLACE, "outer/run/guard.json"),
    (FRAMES, ""),
    (PACKETS, ""),
]
GUARD = [
    (READ, "outer/keys/ferry/lane.key"),
    (SWAP, "outer/keys/guard"),
    (MAKE, "outer/keys/trust"),
    (MAKE, "inner/keys/trust/peers"),
    *((SWAP, f"outer/queues/import/captured/{name}") for name in (*SHARED, "staging")),
    *((SWAP, f"inner/queues/import/admitted/{name}") for name in (*SHARED, *ASIDE_STAGES)),
    (LIST, "inner/queues/import/received/staging"),
    (LIST, "outer/state/edge"),
    (LIST, "outer/state/ferry"),
    (MAKE, "outer/journal/edge"),
    (MAKE, "outer/journal/ferry"),
    (MAKE, "outer/control/ferry"),
    (MAKE, "outer/policies"),
    (MAKE, f"outside/{SMALL}"),
    (MAKE, f"inside/{SMALL}"),
    (REMOVE, "outer/run/ferry.json"),
    (REPLACE, "outer/run/edge.json"),
    (FRAMES, ""),
    (PACKETS, ""),
]
FERRY = [
    (MAKE, "outer/keys/trust"),
    (SWAP, "outer/keys/ferry"),
    *((SWAP, f"outer/queues/import/cleared/{name}") for name in (*SHARED, "staging")),
    *((SWAP, f"inner/queues/import/received/{name}") for name in (*SHARED, *ASIDE_STAGES)),
    (MAKE, "outer/queues/import/cleared/staging"),
    (MAKE, "inner/queues/import/received/corrupt"),
    *((REPLACE, f"inner/queues/import/received/{name}") for name in ("answers", ".reader")),
    *((REPLACE, f"outer/queues/import/cleared/{name}") for name in ("mark", "ledger", ".writer")),
    *((READ, f"outer/keys/guard/{name}") for name in ("signing.key", "peer-epochs.bundle")),
    (LIST, "inner/keys/guard/epochs"),
    (LIST, "outer/queues/import/captured"),
    (MAKE, "outer/queues/import/captured"),
    (LIST, "inner/queues/import/admitted"),
    (LIST, "outer/state/guard"),
    (LIST, "outer/journal/guard"),
    (LIST, "outer/journal/edge"),
    (MAKE, f"outside/{SMALL}"),
    (MAKE, f"inside/{SMALL}"),
    (REPLACE, "outer/run/guard.json"),
    (MAKE, "outer/policies"),
]


@pytest.mark.parametrize(
    ("role", "code", "path"),
    [
        *((Role.EDGE, code, path) for code, path in EDGE),
        *((Role.GUARD, code, path) for code, path in GUARD),
        *((Role.FERRY, code, path) for code, path in FERRY),
    ],
)
def test_a_process_does_not_reach_what_is_not_its_own(
    running: Installed, role: Role, code: str, path: str
) -> None:
    assert allowed(running, role, code, path) in ("EACCES", "EPERM")


@pytest.mark.parametrize(
    ("role", "code", "path"),
    [
        (Role.FERRY, FRAMES, ""),
        (Role.FERRY, READ, "outer/keys/ferry/lane.key"),
        (Role.GUARD, READ, "outer/keys/guard/signing.key"),
        *((Role.GUARD, LIST, f"outer/journal/{role.value}") for role in Role),
        (Role.EDGE, LIST, "outer/queues/import/captured"),
        # Its own folder it may move in the sticky one: the attempt itself works.
        (Role.EDGE, SWAP, "outer/queues/import/captured/staging"),
        (Role.EDGE, READ, "outer/run/guard.json"),
    ],
)
def test_the_same_attempts_succeed_where_they_may(
    running: Installed, role: Role, code: str, path: str
) -> None:
    assert allowed(running, role, code, path) == "done"


def test_no_process_reaches_into_another(running: Installed) -> None:
    """Neither a signal nor a look at memory, open files or environment."""
    boards = {role: running.gate.status(Side.OUTER, role) for role in Role}
    for role in Role:
        for other, board in boards.items():
            assert board is not None
            found = {
                running.attempt(role, f"os.kill({board.pid}, 0)"),
                running.attempt(role, f"open('/proc/{board.pid}/mem', 'rb')"),
                running.attempt(role, f"os.listdir('/proc/{board.pid}/fd')"),
                running.attempt(role, f"open('/proc/{board.pid}/environ', 'rb').read()"),
            }
            assert found == {"done"} if role is other else found <= {"EPERM", "EACCES"}


def test_what_one_put_in_the_place_of_another_s_is_given_back(running: Installed) -> None:
    """Before the guard's first start its files are not there yet, and the folder takes anybody's."""
    running.stop(Side.OUTER, Role.GUARD)
    edge, guard = running.users[Role.EDGE], running.users[Role.GUARD]
    host = running.trial.host(Side.OUTER)
    captured = queue(running.trial, Side.OUTER, Stage.CAPTURED)
    planted = [host.run / "guard.json", captured / ".reader", captured / "answers"]
    for path in planted:
        path.unlink()
        assert running.attempt(Role.EDGE, f"open({str(path)!r}, 'x')") == "done"
        assert path.stat().st_uid == edge.uid
    apply(running.root, "tmpfiles", "--create")
    assert {path.stat().st_uid for path in planted} == {guard.uid}
    running.start(Side.OUTER, Role.GUARD)
    running.gate.drop("after-planting.csv", table(2000, 41))
    running.gate.until_inside({"after-planting.csv"})


def test_doctor_finds_a_folder_that_one_process_could_take_from_another(running: Installed) -> None:
    def found() -> list[Finding]:
        return list(folders(running.trial.host(Side.OUTER), Side.OUTER))

    assert [one.number for one in found()] == [7122]
    captured = queue(running.trial, Side.OUTER, Stage.CAPTURED)
    captured.chmod(0o2770)
    (finding,) = found()
    assert (finding.number, finding.fields["path"]) == (7129, str(captured))
    apply(running.root, "tmpfiles", "--create")
    os.chown(captured / "body", running.users[Role.EDGE].uid, -1)
    (finding,) = found()
    assert (finding.number, finding.fields["path"]) == (7129, str(captured / "body"))
    apply(running.root, "tmpfiles", "--create")
    assert [one.number for one in found()] == [7122]


def test_the_guard_signs_over_the_journals_of_all_three(running: Installed) -> None:
    for side in Side:
        is_covered = partial(signed_over, running, side)
        running.gate.until(is_covered, "a checkpoint covers all three journals")
        assert not [n for n in running.gate.alarms(side) if 6000 <= n < 6100]


def signed_over(running: Installed, side: Side) -> bool:
    """Whether the newest checkpoint covers the journals of all three."""
    note = last_note(running.trial.host(side).checkpoints)
    heads = note.checkpoint.heads if note else ()
    return {head.process for head in heads} == {role.value for role in Role}


def test_an_operator_places_a_request_and_the_ferry_takes_it_away(running: Installed) -> None:
    control = running.trial.host(Side.OUTER).control(Role.FERRY)
    asked = control / "nonsense.gaps"
    assert running.attempt(running.operator, f"open({str(asked)!r}, 'w').write('x')") == "done"
    running.gate.until(asked.with_suffix(".refused").exists, "the ferry looked at it")
    (control / "of-another-operator").touch()
    gone = running.attempt(running.operator, f"os.unlink({str(control / 'of-another-operator')!r})")
    assert gone == "EPERM"
    assert running.attempt(running.operator, f"os.listdir({str(control)!r})") == "done"
    keys = running.trial.host(Side.OUTER).keys
    assert running.attempt(running.operator, f"os.listdir({str(keys)!r})") == "EACCES"
    guard_control = running.trial.host(Side.OUTER).root / "journal" / "guard"
    assert running.attempt(running.operator, f"os.listdir({str(guard_control)!r})") == "EACCES"


def test_what_somebody_else_writes_into_cleared_is_not_sent(running: Installed) -> None:
    """Whoever takes over the queue's writing end but not the guard's key: nothing leaves."""
    running.stop(Side.OUTER, Role.GUARD)
    folder = queue(running.trial, Side.OUTER, Stage.CLEARED)
    number = 0x7_1234_5678
    writer = open_writer(folder)
    try:
        writer.put([Entry(number, b"\x01", b"FGSU" + bytes(4000))])
    finally:
        writer.close()
    running.gate.until(lambda: number in aside(folder, "corrupt"), "the ferry set it aside")
    running.gate.until(lambda: running.gate.alarms(Side.OUTER), "an alarm stands")
    sent = {record.unit for record in running.gate.events(Side.OUTER, "sent")}
    assert number not in sent
    running.start(Side.OUTER, Role.GUARD)
    running.gate.drop("after.csv", table(2000, 77))
    running.gate.until_inside({"after.csv"})


def aside(folder: Path, stage: str) -> set[int | None]:
    return {one.number for one in units_aside(folder) if one.stage == stage}


def test_a_sealed_unit_that_the_ferry_has_altered_is_refused_inside(running: Installed) -> None:
    running.stop(Side.OUTER, Role.FERRY)
    bodies = queue(running.trial, Side.OUTER, Stage.CLEARED) / "body"
    before = set(bodies.iterdir())
    running.gate.drop("altered.csv", big_table(1_000_000, 5))
    running.gate.until(lambda: set(bodies.iterdir()) - before, "it is sealed")
    (sealed,) = set(bodies.iterdir()) - before
    running.gate.until(lambda: running.gate.names_of(Side.OUTER, "cleared") >= {"altered.csv"}, "")
    # The ferry's user may do this: it reads and removes these files. It does not help.
    alter = f"f = open({str(sealed)!r}, 'r+b'); f.seek(500_000); f.write(b'other bytes')"
    assert running.attempt(Role.FERRY, alter) == "done"
    running.start(Side.OUTER, Role.FERRY)
    received = queue(running.trial, Side.INNER, Stage.RECEIVED)
    running.gate.until(lambda: any(aside(received, "corrupt")), "the inner guard refused it")
    assert "altered.csv" not in running.gate.inside()
    assert [record.number for record in running.gate.events(Side.INNER, "corrupt")] == [4311]


def test_a_reader_of_another_user_opens_what_the_writer_left(running: Installed) -> None:
    """Stopped at any place, each end finds its half again: no file of one locks out the other."""
    for side in (Side.INNER, Side.OUTER):
        for role in Role:
            running.stop(side, role)
            running.start(side, role)
    running.gate.drop("again.csv", table(2000, 99))
    # What was sent before the inner ferry listened again is brought by list, through both users' folders.
    running.gate.bring_all({"again.csv"})


def test_what_root_does_by_hand_locks_no_process_out(running: Installed) -> None:
    running.stop(Side.OUTER, Role.FERRY)
    open_reader(queue(running.trial, Side.OUTER, Stage.CLEARED), keep_age_s=3600.0).close()
    running.start(Side.OUTER, Role.FERRY)
    running.gate.drop("by-hand.csv", table(2000, 100))
    running.gate.bring_all({"by-hand.csv"})


def has_loaded(running: Installed, side: Side, times_before: int) -> bool:
    return len(running.gate.events(side, "keys.loaded")) > times_before


def test_keys_that_root_renews_are_those_of_the_process(running: Installed) -> None:
    root, outer = running.trial.root, running.trial.host(Side.OUTER)
    issuing = root / "issuing"
    loaded = {side: len(running.gate.events(side, "keys.loaded")) for side in Side}

    def pki(side: Side | None, *words: str) -> None:
        done = running.gate.cli(side, "pki", *words)
        assert done.returncode == 0, done.stdout + done.stderr

    pki(Side.OUTER, "request", "--out", str(root / "outer.csr"))
    pki(None, "sign", str(root / "outer.csr"), "--as", "outer", "--issuing", str(issuing))
    certificate = max((issuing / "issued").glob("outer-*"), key=lambda p: p.stat().st_mtime_ns)
    for side, command in ((Side.INNER, "trust"), (Side.OUTER, "install")):
        pki(side, command, str(certificate))
        running.gate.until(partial(has_loaded, running, side, loaded[side]), "the guard took them")
    for role in (Role.GUARD, Role.FERRY):
        files = [outer.keys / role.value, *(outer.keys / role.value).rglob("*")]
        assert {path.lstat().st_uid for path in files} == {running.users[role].uid}
    pair = outer.keys / "guard" / "current"
    for who in (Role.EDGE, Role.FERRY, running.operator):
        assert running.attempt(who, f"os.listdir({str(pair)!r})") == "EACCES"
    running.gate.drop("with-the-new-key.csv", table(2000, 140))
    running.gate.bring_all({"with-the-new-key.csv"})
    # The next start of the machine leaves all of it as it is.
    apply(running.root, "tmpfiles", "--create")
    running.stop(Side.OUTER, Role.GUARD)
    running.start(Side.OUTER, Role.GUARD)
    running.gate.drop("after-a-start.csv", table(2000, 141))
    running.gate.bring_all({"after-a-start.csv"})
