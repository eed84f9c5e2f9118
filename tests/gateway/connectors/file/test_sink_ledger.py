"""The ledger tells the truth after a crash: a torn page is none, the other one stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.file.sink_ledger import (
    MAX_ENTRIES,
    Part,
    SinkLedger,
    decode_page,
    encode_page,
)
from gateway.errors import Misconfigured, StateUncertain, Unavailable
from tests.support import syncs

SLOT = 65_536
parts = st.dictionaries(
    st.integers(0, (1 << 40) - 1),
    st.builds(Part, st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 63) - 1)),
    max_size=40,
)


@given(st.integers(1, 1 << 40), st.booleans(), parts)
def test_a_page_is_read_as_it_was_written(
    generation: int, mount: bool, some: dict[int, Part]
) -> None:
    assert decode_page(encode_page(generation, mount, some)) == (generation, mount, some)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_page_or_none(untrusted: bytes) -> None:
    assert decode_page(untrusted) is None


@given(parts, st.data())
def test_a_page_with_one_byte_changed_or_cut_is_none(
    some: dict[int, Part], data: st.DataObject
) -> None:
    page = encode_page(3, False, some)
    at = data.draw(st.integers(0, len(page) - 1))
    assert decode_page(page[:at]) is None
    flipped = page[:at] + bytes([page[at] ^ 1]) + page[at + 1 :]
    assert decode_page(flipped) is None


def test_entries_survive_and_dropped_ones_do_not(tmp_path: Path) -> None:
    ledger = SinkLedger(tmp_path / "l", "lab")
    ledger.add({1: Part(10, 100), 2: Part(20, 200)})
    ledger.drop(1)
    ledger.add({3: Part(30, 300)})
    assert SinkLedger(tmp_path / "l", "lab").parts == {2: Part(20, 200), 3: Part(30, 300)}


@pytest.mark.parametrize("cut", ["lost", "torn", "persisted"])
def test_a_page_that_was_cut_leaves_the_one_before(tmp_path: Path, cut: str) -> None:
    path = tmp_path / "l"
    ledger = SinkLedger(path, "lab")
    ledger.add({1: Part(1, 1)})
    before = path.read_bytes()
    ledger.add({2: Part(2, 2)})
    after = path.read_bytes()
    changed = next(i for i in range(len(after)) if after[i] != before[i])
    torn = after[: changed + 20] + before[changed + 20 :]
    path.write_bytes({"lost": before, "torn": torn, "persisted": after}[cut])
    expected = {1: Part(1, 1), 2: Part(2, 2)} if cut == "persisted" else {1: Part(1, 1)}
    assert SinkLedger(path, "lab").parts == expected


def test_the_file_never_grows(tmp_path: Path) -> None:
    ledger = SinkLedger(tmp_path / "l", "lab")
    for n in range(500):
        ledger.add({n: Part(n, n)})
        ledger.drop(n)
    assert (tmp_path / "l").stat().st_size == 2 * SLOT


def test_a_ledger_of_other_bytes_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "l").write_bytes(b"x" * 2 * SLOT)
    with pytest.raises(Misconfigured) as caught:
        SinkLedger(tmp_path / "l", "lab")
    assert caught.value.number == 2525


def test_more_half_delivered_units_than_a_page_holds_have_to_wait(tmp_path: Path) -> None:
    ledger = SinkLedger(tmp_path / "l", "lab")
    with pytest.raises(Unavailable) as caught:
        ledger.add({n: Part(n, n) for n in range(MAX_ENTRIES + 1)})
    assert caught.value.number == 2524
    assert ledger.parts == {}


def test_a_page_that_may_be_on_disk_or_not_ends_the_process_and_is_written_anew_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = SinkLedger(tmp_path / "l", "lab")
    with monkeypatch.context() as patch:
        syncs.fail(patch, 1)
        # The second sync answers well, and proves nothing.
        for _ in range(2):
            with pytest.raises(StateUncertain) as caught:
                ledger.add({1: Part(1, 1)})
            assert caught.value.number == 2524
    assert ledger.parts == {}
    ledger.close()
    before = (tmp_path / "l").read_bytes()
    assert SinkLedger(tmp_path / "l", "lab").parts == {1: Part(1, 1)}
    assert (tmp_path / "l").read_bytes() != before
