"""Opening: what the peer's guard cleared for us, whole and unchanged, or a number and nothing else."""

from __future__ import annotations

import importlib.util
import os
import re
import struct
import sys
from pathlib import Path
from types import ModuleType

import pytest

from gateway.errors import Refused, Unavailable
from gateway.identity.epoch_keys import GRACE_NS, EpochKeys
from gateway.identity.instants import DAY_NS, unstamp
from gateway.identity.keys import SECRET_MODE, write_new
from gateway.identity.layout import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES
from gateway.identity.names import DeviceName
from gateway.identity.trust import load_trust
from gateway.receiving.verify import Opener
from gateway.sending.seal import Sealer
from gateway.unit.model import Lane, Side
from tests.support.fakes import FileBody
from tests.support.keys import NOW_NS, GateKeys, cleared, make_gate

VECTORS = Path(__file__).parents[2] / "vectors" / "sealed"


def refused(opener: Opener, untrusted: bytes, number: int | None = 7) -> int:
    with pytest.raises(Refused) as caught:
        opener.open_bytes(untrusted, number)
    return caught.value.number


@pytest.fixture(scope="module")
def opener(gate: GateKeys) -> Opener:
    return gate.opener()


@pytest.fixture(scope="module")
def small(gate: GateKeys) -> bytes:
    return gate.sealer().seal_bytes(cleared(b"a small body"))[0]


@pytest.fixture(scope="module")
def large(gate: GateKeys) -> bytes:
    """Four segments, the last one short."""
    return gate.sealer().seal_bytes(cleared(os.urandom(3 * SEGMENT_BYTES + 100)))[0]


def head_bytes(sealed: bytes) -> int:
    sizes: tuple[int, int, int] = struct.unpack_from(">HHH", sealed, 32)
    return HEADER_BYTES + sum(sizes)


# Changed on the way


def test_cut_at_every_byte_it_is_refused(opener: Opener, small: bytes) -> None:
    for length in range(len(small)):
        assert refused(opener, small[:length]) in (4301, 4303), length
    assert refused(opener, small + b"\0") == 4303


def test_every_flipped_bit_is_refused(opener: Opener, small: bytes) -> None:
    seen = set()
    for at in range(len(small)):
        for bit in range(8):
            changed = bytearray(small)
            changed[at] ^= 1 << bit
            seen.add(refused(opener, bytes(changed)))
    assert seen == {4301, 4302, 4303, 4304, 4305, 4110, 4306, 4311}


def test_segments_swapped_dropped_doubled_or_cut_are_refused(
    opener: Opener, large: bytes, tmp_path: Path
) -> None:
    head = large[: head_bytes(large)]
    body, step = large[len(head) :], SEGMENT_BYTES + TAG_BYTES
    one, two, three, last = (body[at : at + step] for at in range(0, len(body), step))
    assert refused(opener, head + two + one + three + last) == 4311
    assert refused(opener, head + one + one + three + last) == 4311
    assert refused(opener, head + one + two + last) == 4303
    assert refused(opener, head + one + two + three) == 4303
    for at in (len(head), len(head) + step + 5, len(large) - 1):
        changed = bytearray(large)
        changed[at] ^= 1
        assert refused(opener, bytes(changed)) == 4311
        (tmp_path / "sealed").write_bytes(changed)
        with pytest.raises(Refused) as caught:
            opener.open_file(tmp_path / "sealed", tmp_path / "opened", 7)
        assert caught.value.number == 4311
        # What was decrypted before the bad segment is not left lying about.
        assert not (tmp_path / "opened").exists()


def test_parts_of_another_unit_do_not_fit_even_under_one_encapsulation(
    gate: GateKeys, opener: Opener
) -> None:
    sealer = gate.sealer()
    one, two = (sealer.seal_bytes(cleared(b"body %d" % n, number=n))[0] for n in (1, 2))
    cut = head_bytes(one)
    assert one[HEADER_BYTES : HEADER_BYTES + 80] == two[HEADER_BYTES : HEADER_BYTES + 80]
    assert refused(opener, one[:cut] + two[cut:], 1) == 4311
    manifest = slice(HEADER_BYTES + 80, cut - 64)
    mixed = one[: manifest.start] + two[manifest] + one[manifest.stop :]
    assert refused(opener, mixed, 1) == 4306


def test_a_header_of_another_cleared_unit_does_not_fit(gate: GateKeys, opener: Opener) -> None:
    sealer = gate.sealer()
    one, two = (sealer.seal_bytes(cleared(b"same length", number=n))[0] for n in (7, 8))
    # Field by field: number, epoch, signer, salt.
    for field in (slice(8, 16), slice(80, 96), slice(0, HEADER_BYTES)):
        changed = one[: field.start] + two[field] + one[field.stop :]
        assert refused(opener, changed, None) == 4306


# Not for us, not from them, not now


def test_a_unit_of_the_other_lane_is_refused(gate: GateKeys, small: bytes) -> None:
    export = gate.sealer(lane=Lane.EXPORT).seal_bytes(cleared(b""))[0]
    assert refused(gate.opener(), export) == 4304
    assert refused(gate.opener(lane=Lane.EXPORT), small) == 4304


def test_a_unit_that_came_as_another_is_refused(opener: Opener, small: bytes) -> None:
    assert refused(opener, small, 8) == 4305
    assert opener.open_bytes(small).manifest.number == 7


def test_a_retired_epoch_opens_nothing_even_with_its_secret_still_known(gate: GateKeys) -> None:
    now_ns = NOW_NS
    opener = Opener(Lane.IMPORT, gate.trust(Side.INNER), gate.epoch_keys(), lambda: now_ns)
    sealed, _ = gate.sealer().seal_bytes(cleared(b""))
    opener.open_bytes(sealed)
    now_ns = NOW_NS + DAY_NS + GRACE_NS
    assert refused(opener, sealed) == 4202
    now_ns = NOW_NS
    opener.open_bytes(sealed)


def test_a_purged_epoch_opens_nothing_even_with_the_clock_set_back(
    tmp_path: Path,
) -> None:
    own = make_gate(tmp_path, epochs=20)
    opener = own.opener()
    sealed, _ = own.sealer().seal_bytes(cleared(b""))
    opener.open_bytes(sealed)
    assert opener.purge(NOW_NS + DAY_NS + GRACE_NS) == 1
    with pytest.raises(Unavailable):
        opener.open_bytes(sealed)


def test_a_unit_of_another_gate_is_refused_both_ways(
    gate: GateKeys, opener: Opener, small: bytes, tmp_path: Path
) -> None:
    other = make_gate(tmp_path, epochs=2)
    assert refused(opener, other.sealer().seal_bytes(cleared(b""))[0]) == 4110
    assert refused(other.opener(), small) == 4110


def test_a_unit_sealed_by_our_own_certificate_is_not_the_peers(
    gate: GateKeys, opener: Opener
) -> None:
    mirror = Sealer(gate.identity(Side.INNER), gate.bundle(), Lane.IMPORT)
    assert refused(opener, mirror.seal_bytes(cleared(b""))[0]) == 4110


def test_an_ended_certificate_is_refused(gate: GateKeys, small: bytes) -> None:
    # The epoch would be past too: the certificate is asked first.
    assert refused(gate.opener(NOW_NS + 91 * DAY_NS), small) == 4105


def test_a_missing_epoch_key_of_ours_is_no_fault_of_the_unit(
    gate: GateKeys, small: bytes, tmp_path: Path
) -> None:
    folder = gate.guard(Side.INNER) / "epochs"
    for bundle in folder.glob("*.bundle"):
        (tmp_path / bundle.name).write_bytes(bundle.read_bytes())
    opener = Opener(Lane.IMPORT, gate.trust(Side.INNER), EpochKeys(tmp_path), lambda: NOW_NS)
    with pytest.raises(Unavailable) as caught:
        opener.open_bytes(small)
    assert caught.value.number == 4001


# Files


def test_a_file_that_is_cut_while_it_is_read_is_refused(
    gate: GateKeys, opener: Opener, large: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = tmp_path / "sealed"
    sealed.write_bytes(large)
    look = os.fstat

    def look_then_cut(descriptor: int) -> os.stat_result:
        status = look(descriptor)
        os.truncate(sealed, len(large) - SEGMENT_BYTES)
        return status

    with monkeypatch.context() as patch, pytest.raises(Refused) as caught:
        patch.setattr(os, "fstat", look_then_cut)
        opener.open_file(sealed, tmp_path / "opened", 7)
    assert caught.value.number == 4303
    assert not (tmp_path / "opened").exists()


def test_a_full_disk_lets_the_unit_wait_and_leaves_nothing(
    opener: Opener, large: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sealed").write_bytes(large)

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(Unavailable) as caught:
        patch.setattr(os, "write", full)
        opener.open_file(tmp_path / "sealed", tmp_path / "opened", 7)
    assert caught.value.number == 4331
    assert not (tmp_path / "opened").exists()
    opener.open_file(tmp_path / "sealed", tmp_path / "opened", 7)


def test_a_missing_file_a_link_a_folder_or_a_pipe_opens_nothing(
    opener: Opener, small: bytes, tmp_path: Path
) -> None:
    (tmp_path / "real").write_bytes(small)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("missing", "link", "folder", "pipe"):
        with pytest.raises((Unavailable, Refused)):
            opener.open_file(tmp_path / name, tmp_path / "opened")
        assert not (tmp_path / "opened").exists()


def test_a_look_tells_what_the_clearance_covers_and_nothing_of_a_stranger(
    opener: Opener, small: bytes, large: bytes, tmp_path: Path
) -> None:
    assert opener.look_bytes(small) == opener.open_bytes(small).manifest
    # Of the body nothing is read: the last byte may be another one.
    (tmp_path / "sealed").write_bytes(large[:-1] + bytes([large[-1] ^ 1]))
    assert opener.look_file(tmp_path / "sealed") == opener.open_bytes(large).manifest
    for at in range(0, head_bytes(small), 5):
        changed = bytearray(small)
        changed[at] ^= 4
        with pytest.raises(Refused):
            opener.look_bytes(bytes(changed))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("sealed")
    for name in ("missing", "link", "pipe"):
        with pytest.raises((Unavailable, Refused)):
            opener.look_file(tmp_path / name)


def test_the_opened_file_is_the_guards_alone(opener: Opener, small: bytes, tmp_path: Path) -> None:
    (tmp_path / "sealed").write_bytes(small)
    old = os.umask(0)
    try:
        opener.open_file(tmp_path / "sealed", tmp_path / "opened", 7)
    finally:
        os.umask(old)
    assert (tmp_path / "opened").stat().st_mode & 0o777 == 0o600


def test_file_and_memory_refuse_the_same_with_the_same_number(
    opener: Opener, small: bytes, tmp_path: Path
) -> None:
    for at in range(0, len(small), 7):
        changed = bytearray(small)
        changed[at] ^= 4
        (tmp_path / "sealed").write_bytes(changed)
        with pytest.raises(Refused) as caught:
            opener.open_file(tmp_path / "sealed", tmp_path / "opened", 7)
        assert caught.value.number == refused(opener, bytes(changed))


def test_what_a_sealer_writes_to_a_file_the_ferry_may_cut_nowhere(
    gate: GateKeys, opener: Opener, tmp_path: Path
) -> None:
    (tmp_path / "body").write_bytes(bytes(SEGMENT_BYTES + 1))
    gate.sealer().seal_file(cleared(FileBody(tmp_path / "body")), tmp_path / "sealed")
    whole = (tmp_path / "sealed").stat().st_size
    for length in (0, 95, 96, 300, whole - SEGMENT_BYTES, whole - 17, whole - 1):
        (tmp_path / "cut").write_bytes((tmp_path / "sealed").read_bytes()[:length])
        with pytest.raises(Refused) as caught:
            opener.open_file(tmp_path / "cut", tmp_path / "opened")
        assert caught.value.number in (4301, 4303)


# Vectors: written by another implementation of docs/SEALING.md


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sealed_vectors", VECTORS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sealed_vectors"] = module
    spec.loader.exec_module(module)
    return module


GENERATOR = _generator()


@pytest.fixture(scope="module")
def vector_opener(tmp_path_factory: pytest.TempPathFactory) -> Opener:
    epochs = tmp_path_factory.mktemp("epochs")
    write_new(epochs / "v.bundle", (VECTORS / "epochs" / "vectors.bundle").read_bytes(), 0o644)
    for name, pem in GENERATOR.key_files().items():
        write_new(epochs / name, pem, SECRET_MODE)
    trust = load_trust(VECTORS / "trust", DeviceName("vectors", "outer"))
    now_ns = unstamp("2026-11-21T12:00:00Z")
    return Opener(Lane.IMPORT, trust, EpochKeys(epochs), lambda: now_ns)


def _read_vector(path: Path) -> tuple[dict[str, str], bytes]:
    head, _, body = path.read_text().partition("\n\n")
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return fields, bytes.fromhex(body.replace("\n", ""))


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.txt")), ids=lambda path: path.stem)
def test_a_vector_is_answered_as_expected(vector_opener: Opener, path: Path) -> None:
    fields, sealed = _read_vector(path)
    number = int(fields["number"])
    if fields["expect"] == "opens":
        assert vector_opener.open_bytes(sealed, number).manifest.file.name == "report.txt"
    else:
        assert refused(vector_opener, sealed, number) == int(fields["expect"]), fields["why"]


def test_the_vectors_are_what_the_generator_writes() -> None:
    stored = {
        str(path.relative_to(VECTORS)): path.read_bytes()
        for path in VECTORS.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and path.name != "generate.py"
    }
    assert stored == GENERATOR.files()


def test_a_body_of_several_segments_from_the_other_implementation_opens(
    vector_opener: Opener,
) -> None:
    body = os.urandom(2 * SEGMENT_BYTES + 3)
    sealed = GENERATOR.seal(GENERATOR.Unit(body), "several segments")
    assert vector_opener.open_bytes(sealed, 7).body == body


def test_every_number_of_the_page_has_a_vector() -> None:
    """4116 (waits) is in test_trust; the others are what a stranger's bytes can meet."""
    page = (Path(__file__).parents[3] / "gateway" / "receiving" / "verify.py").read_text()
    docstring = page.split('"""')[1]
    numbers = {int(n) for n in re.findall(r"\b4\d\d\d\b", docstring)} - {4116}
    numbers |= set(range(4110, 4116)) | set(range(4201, 4204))
    tried = {_read_vector(path)[0]["expect"] for path in VECTORS.glob("*.txt")} - {"opens"}
    assert {str(n) for n in numbers} == tried
