"""Receipts: whose they are, what they say, how long they are kept, what a damaged file costs."""

from __future__ import annotations

import errno
import os
import random
import stat
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.errors import StateUncertain, Unavailable
from gateway.sending import receipts as kept
from gateway.sending.receipt_shares import ReceiptShares
from gateway.sending.receipts import Known, Receipts, State
from gateway.unit.model import CapturedUnit, Kind
from gateway.unit.outcomes import UnitOutcome, What
from gateway.unit.request import RequestBody
from tests.support import syncs
from tests.support.fakes import BoardOfOne

DAY_NS = 86_400 * 10**9


def unit(number: int, caller: str = "CN=portal-01") -> CapturedUnit:
    body = RequestBody("order", (), (), (), "", 0, 2_000)
    return CapturedUnit(number, "orders", Kind.REQUESTS, time.time_ns(), body, caller)


def opened(folder: Path, now_ns: int = 0) -> Receipts:
    return Receipts(folder / "receipts", BoardOfOne(), lambda: now_ns or time.time_ns())


def known(receipts: Receipts, number: int, caller: str = "CN=portal-01") -> Known | None:
    return receipts.known(number, "orders", caller)


def test_a_file_that_is_written_anew_has_its_name_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    real = os.fsync

    def fsync(fd: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(fd).st_mode))
        if len(synced) == 4:
            raise OSError(errno.EIO, "error")
        real(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    opened(tmp_path).close()
    assert synced == [False, True]
    with pytest.raises(StateUncertain) as raised:
        opened(tmp_path)
    assert raised.value.number == 6430


def test_only_its_caller_is_told(tmp_path: Path) -> None:
    receipts = opened(tmp_path)
    receipts.submitted([unit(2)])
    assert known(receipts, 2) == Known(State.WAITING)
    assert known(receipts, 2, "CN=portal-02") is None
    assert receipts.known(2, "others", "CN=portal-01") is None
    assert known(receipts, 4) is None


@pytest.mark.parametrize(
    ("what", "reason", "told"),
    [
        (What.PERFORMED, 201, Known(State.PERFORMED, 201)),
        (What.PERFORMED, 6388, Known(State.PERFORMED, 0, 6388)),
        (What.DELIVERED, 0, Known(State.PERFORMED)),
        (What.REFUSED, 2358, Known(State.REFUSED, 0, 2358)),
        (What.CORRUPT, 4306, Known(State.REFUSED, 0, 4306)),
        (What.REFUSED, 6423, Known(State.UNKNOWN, 0, 6423)),
        (What.HELD, 2210, Known(State.WAITING)),
    ],
)
def test_what_became_of_it_is_told_also_after_a_restart(
    tmp_path: Path, what: What, reason: int, told: Known
) -> None:
    receipts = opened(tmp_path)
    receipts.submitted([unit(2), unit(4)])
    receipts.heard([UnitOutcome(2, what, reason, 0), UnitOutcome(8, What.DELIVERED, 0, 0)])
    receipts.heard([UnitOutcome(2, What.REFUSED, 9999, 0)] if what is not What.HELD else [])
    assert known(receipts, 2) == told, "the first end stands"
    receipts.close()
    again = opened(tmp_path)
    assert (known(again, 2), known(again, 4)) == (told, Known(State.WAITING))


def test_they_are_kept_for_a_month_and_so_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_RECEIPTS", 3)
    receipts = opened(tmp_path, DAY_NS)
    receipts.submitted([unit(2), unit(4)])
    receipts.close()
    later = opened(tmp_path, 20 * DAY_NS)
    later.submitted([unit(6), unit(8)])
    assert [n for n in (2, 4, 6, 8) if known(later, n)] == [4, 6, 8]
    later.close()
    assert [n for n in (4, 6, 8) if known(opened(tmp_path, 40 * DAY_NS), n)] == [6, 8]


def test_a_caller_without_end_pushes_out_his_own_alone_also_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_RECEIPTS", 10)
    receipts = opened(tmp_path, DAY_NS)
    shy = dict.fromkeys((2, 4, 6), "CN=portal-02")
    loud = dict.fromkeys(range(8, 108, 2), "CN=portal-01")
    for number, caller in (shy | loud | {200: "CN=portal-03"}).items():
        receipts.submitted([unit(number, caller)])
    receipts.heard([UnitOutcome(4, What.PERFORMED, 201, 0), UnitOutcome(8, What.PERFORMED, 201, 0)])

    def kept_by(receipts: Receipts) -> list[int]:
        numbers = shy | loud | {200: "CN=portal-03"}
        return [n for n, caller in numbers.items() if known(receipts, n, caller)]

    expected = [2, 4, 6, 96, 98, 100, 102, 104, 106, 200]
    assert kept_by(receipts) == expected
    receipts.close()
    for _ in range(2):
        again = opened(tmp_path, DAY_NS)
        assert kept_by(again) == expected
        assert known(again, 4, "CN=portal-02") == Known(State.PERFORMED, 201)
        again.submitted([])
        again.close()
    last = opened(tmp_path, DAY_NS)
    last.submitted([unit(n, "CN=portal-03") for n in range(202, 260, 2)])
    assert kept_by(last)[:3] == [2, 4, 6]


def test_shares_are_what_a_plain_count_says() -> None:
    chance = random.Random(5)
    shares, plain = ReceiptShares(), dict[int, tuple[str, str]]()
    for number in range(4_000):
        whose = ("orders", f"CN={chance.randint(0, 9) ** 2 % 17}")
        shares.add(number, whose)
        plain[number] = whose
        if chance.random() < 0.3:
            gone = chance.choice(list(plain))
            shares.drop(gone, plain.pop(gone))
        if len(plain) > 200:
            counts = Counter(plain.values())
            gone = shares.oldest_of_most()
            assert counts[plain[gone]] == max(counts.values())
            assert gone == min(n for n, one in plain.items() if one == plain[gone])
            shares.drop(gone, plain.pop(gone))
    for number, whose in plain.items():
        shares.drop(number, whose)
    with pytest.raises(KeyError):
        shares.oldest_of_most()


def test_a_torn_end_costs_the_torn_and_damage_what_is_behind_it(tmp_path: Path) -> None:
    receipts = opened(tmp_path)
    receipts.submitted([unit(n) for n in range(2, 400, 2)])
    receipts.close()
    path = tmp_path / "receipts"
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    again = opened(tmp_path)
    assert (known(again, 396), known(again, 398)) == (Known(State.WAITING), None)
    again.close()
    path.write_bytes(content[:100] + b"\xff" + content[101:])
    board = BoardOfOne()
    damaged = Receipts(path, board)
    assert (known(damaged, 2), known(damaged, 300)) == (Known(State.WAITING), None)
    assert 6431 in board.alarms


def test_receipts_that_may_be_on_disk_or_not_end_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = opened(tmp_path)
    receipts.submitted([unit(2)])
    performed = [UnitOutcome(2, What.PERFORMED, 201, 0)]
    with monkeypatch.context() as patch:
        syncs.fail(patch, 1)
        with pytest.raises(StateUncertain) as unsure:
            receipts.heard(performed)
        # Syncs answer well again, and prove nothing: nothing is written behind what may not be there.
        with pytest.raises(StateUncertain):
            receipts.submitted([unit(4)])
    assert unsure.value.number == 6430
    assert (known(receipts, 2), known(receipts, 4)) == (Known(State.WAITING), None)
    receipts.close()
    again = opened(tmp_path)
    again.heard(performed)
    assert known(again, 2) == Known(State.PERFORMED, 201)


def test_receipts_that_find_no_room_are_none_and_may_be_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = opened(tmp_path)

    def broken(*_: object) -> int:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", broken)
        with pytest.raises(Unavailable):
            receipts.submitted([unit(2)])
    receipts.submitted([unit(4)])
    assert (known(receipts, 2), known(receipts, 4)) == (None, Known(State.WAITING))
    monkeypatch.setattr(os, "write", broken)
    monkeypatch.setattr(os, "ftruncate", broken)
    with pytest.raises(StateUncertain):
        receipts.submitted([unit(6)])
