"""Signatures come in only when they are signed or owned to, load, and leave the scanner able to find."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import GatewayError, Misconfigured, Refused
from gateway.inspection.content import Content
from gateway.inspection.localdb import eicar, write_signatures
from gateway.inspection.malware.clamd import Clamd
from gateway.inspection.malware.signatures import Staging, daily_version, staging
from tests.support.clamav import LocalClamd, running_clamd

# Of this name nothing is known to the database of the tests.
MARK = b"a mark of these tests, found by a signature of their own"
OWN = f"Own.Mark:0:*:{MARK.hex()}\n"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    write_signatures(tmp_path / "signatures")
    return tmp_path / "signatures"


@pytest.fixture
def stage(database: Path) -> Iterator[Staging]:
    with staging(database) as made:
        yield made


def listed(database: Path) -> dict[str, str]:
    return {f.name: f.read_text() for f in database.iterdir() if f.is_file()}


def written(folder: Path, name: str, data: bytes | str) -> Path:
    file = folder / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return file


def container(signature: str) -> bytes:
    """A container of signatures as ClamAV makes them, but for the key (sigtool(1), file format of .cvd)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("own.ndb")
        entry.size = len(OWN)
        tar.addfile(entry, io.BytesIO(OWN.encode()))
    body = packed.getvalue()
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    head = f"ClamAV-VDB:20 Nov 2026 08-31 -0400:27450:1:90:{digest}:{signature}:me:1732100000"
    return head.encode().ljust(512) + body


def test_a_local_file_goes_in_when_it_is_owned_to(
    stage: Staging, database: Path, tmp_path: Path
) -> None:
    taken = stage.take(written(tmp_path, "own.ndb", OWN), unsigned_local=True)
    stage.try_out()
    assert "own.ndb" not in listed(database)
    stage.put_in_place()
    assert listed(database)["own.ndb"] == OWN
    assert (taken.signed, taken.sha256) == (False, hashlib.sha256(OWN.encode()).hexdigest())
    assert daily_version([taken]) is None


def test_and_not_otherwise(stage: Staging, tmp_path: Path) -> None:
    with pytest.raises(Refused) as raised:
        stage.take(written(tmp_path, "own.ndb", OWN), unsigned_local=False)
    assert raised.value.number == 3322


@pytest.mark.parametrize("name", ["a.txt", "a.cld", "a.ign2", "a.fp", "-a.ndb", "a b.ndb", "cvd"])
def test_what_could_blind_the_scanner_or_is_none_is_not_taken(
    stage: Staging, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Refused) as raised:
        stage.take(written(tmp_path, name, OWN), unsigned_local=True)
    assert raised.value.number == 3321


@pytest.mark.parametrize("data", [b"", b"junk", container("AAAA"), container("x" * 350)])
@pytest.mark.parametrize("owned", [False, True])
def test_a_container_that_clamav_has_not_signed_is_not_taken(
    stage: Staging, tmp_path: Path, data: bytes, owned: bool
) -> None:
    with pytest.raises(Refused) as raised:
        stage.take(written(tmp_path, "daily.cvd", data), unsigned_local=owned)
    assert raised.value.number == 3323
    assert raised.value.fields["reason"]


@pytest.mark.parametrize(
    ("name", "data", "number"),
    [
        ("own.ndb", "no signature at all\n", 3325),
        # Replaces the only file that knows EICAR.
        ("local.ndb", OWN, 3326),
        ("own.ndb", f"Own.Everything:0:*:{b'harmless'.hex()}\n", 3327),
    ],
)
def test_what_does_not_load_or_finds_too_little_or_too_much_changes_nothing(
    stage: Staging, database: Path, tmp_path: Path, name: str, data: str, number: int
) -> None:
    before = listed(database)
    stage.take(written(tmp_path, name, data), unsigned_local=True)
    with pytest.raises(Refused) as raised:
        stage.try_out()
    assert raised.value.number == number
    assert listed(database) == before


def test_the_copy_that_was_tried_is_the_one_that_goes_in(
    stage: Staging, database: Path, tmp_path: Path
) -> None:
    stick = written(tmp_path, "own.ndb", OWN)
    stage.take(stick, unsigned_local=True)
    stage.try_out()
    stick.write_text("something else\n")
    stage.put_in_place()
    assert listed(database)["own.ndb"] == OWN


def test_put_back_leaves_what_was_there(stage: Staging, database: Path, tmp_path: Path) -> None:
    before = listed(database)
    both = f"{before['local.ndb']}{OWN}"
    stage.take(written(tmp_path, "local.ndb", both), unsigned_local=True)
    stage.take(written(tmp_path, "own.ndb", OWN), unsigned_local=True)
    stage.put_in_place()
    assert listed(database) == {**before, "local.ndb": both, "own.ndb": OWN}
    stage.put_back()
    assert listed(database) == before


def test_nothing_of_the_staging_stays(database: Path, tmp_path: Path) -> None:
    before = sorted(database.iterdir())
    with pytest.raises(GatewayError), staging(database) as stage:
        stage.take(written(tmp_path, "own.ndb", "junk\n"), unsigned_local=True)
        stage.try_out()
    assert sorted(database.iterdir()) == before


def test_a_database_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as raised, staging(tmp_path / "nowhere"):
        pass
    assert raised.value.number == 3329


def test_a_running_clamd_finds_by_them_after_a_reload(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    import tempfile
    import time

    with tempfile.TemporaryDirectory(prefix="fg") as folder, running_clamd(Path(folder)) as clamd:
        scanner = Clamd(clamd.socket, 25, 0)
        assert scanner.scan(Content.of_bytes(MARK)) is None
        with staging(clamd.folder / "signatures") as stage:
            own = written(tmp_path_factory.mktemp("stick"), "own.ndb", OWN)
            stage.take(own, unsigned_local=True)
            stage.try_out()
            stage.put_in_place()
            scanner.reload()
        until = time.monotonic() + 60
        while (found := scanner.scan(Content.of_bytes(MARK))) is None:
            assert time.monotonic() < until
            time.sleep(0.1)
        assert found == "Own.Mark.UNOFFICIAL"
        assert scanner.scan(Content.of_bytes(eicar())) == "Local.Eicar-Test.UNOFFICIAL"
        scanner.close()


def test_version_names_its_program_and_no_database_of_local_ones(clamd: LocalClamd) -> None:
    scanner = Clamd(clamd.socket, 25, 0)
    version = scanner.version()
    assert version.program.startswith("ClamAV ")
    assert version.database is None
    scanner.close()
