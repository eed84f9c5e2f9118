"""Which thread works on which unit."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.guard import workers as of_hop
from gateway.guard.outcome import AnyOutcome, Wait
from gateway.guard.workers import BULK_BYTES, Workers
from gateway.inspection.content import file_body
from gateway.spool.model import Taken


def test_what_was_put_off_does_not_take_the_turns_of_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue gives what is due before what is new; so much of one channel is due that nothing else came."""
    now_s = 0.0
    monkeypatch.setattr(of_hop, "time", SimpleNamespace(monotonic=lambda: now_s))
    monkeypatch.setattr(of_hop, "UNDER_WAY_UNITS", 32)
    monkeypatch.setattr(of_hop, "MOST_PUT_OFF", 16)
    large, go_on, other = tmp_path / "large", threading.Event(), 999
    large.write_bytes(bytes(BULK_BYTES + 1))

    def work(taken: Taken) -> AnyOutcome:
        assert taken.number == other or go_on.wait(20)
        return Wait(0.0)

    workers = Workers(work, 2, lambda _: False, lambda one: "ab"[one.number == other])
    new = [Taken(number, b"", file_body(large), 1) for number in [*range(100), other]]
    due: list[tuple[float, Taken]] = []
    gone = set[int]()
    while other not in gone and now_s < 600:
        if workers.has_room:
            again = [at for at in due if at[0] <= now_s][:4]
            due = [at for at in due if at not in again]
            fresh = 4 - len(again)
            workers.start([*(one for _, one in again), *new[:fresh]])
            new = new[fresh:]
        for one, out in workers.done():
            assert isinstance(out, Wait)
            if out.delay_s:
                due.append((now_s + out.delay_s, one))
            else:
                gone.add(one.number)
        now_s += 0.1
        if not new:
            workers.wait()
    go_on.set()
    workers.close()
    assert other in gone
    assert now_s < 200
