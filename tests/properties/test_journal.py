"""Any bytes in a journal or a checkpoint file give records or located findings, never another error."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audit.checkpoint import Checkpointer
from gateway.audit.event import Event
from gateway.audit.journal import open_journal
from gateway.audit.note import Checkpoint, Head, Note, decode_note, text_of
from gateway.audit.record import decode_line, genesis, line_of
from gateway.audit.search import Query, journals_of, search
from gateway.audit.segment import segments
from gateway.audit.verify import verify
from gateway.errors import Refused
from tests.gateway.audit.host import PROCESSES, START_NS, Host, check, segment, sign

SLOW = settings(max_examples=60, deadline=None)

fields = st.dictionaries(
    st.text(max_size=10),
    st.one_of(
        st.text(st.characters(exclude_categories=()), max_size=20),
        st.integers(),
        st.floats(),
    ),
    max_size=4,
)
edits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "cut", "insert", "repeat"]),
        st.integers(0, 5000),
        st.binary(min_size=1, max_size=40),
    ),
    min_size=1,
    max_size=4,
)


def edited(content: bytes, steps: list[tuple[str, int, bytes]]) -> bytes:
    for kind, where, data in steps:
        at = where % (len(content) + 1)
        if kind == "flip":
            content = content[:at] + data + content[at + len(data) :]
        elif kind == "cut":
            content = content[:at]
        elif kind == "insert":
            content = content[:at] + data + content[at:]
        else:
            content = content[:at] + content[at // 2 :]
    return content


def use_all(root: Path) -> None:
    """Everything that reads a journal reads this one."""
    report = verify(root, check)
    assert all(finding.number in range(6020, 6043) for finding in report.findings)
    list(search(journals_of(root), Query()))
    list(search(journals_of(root), Query(unit=1), oldest_first=True))
    folders = {process: root / process for process in PROCESSES}
    pointer = Checkpointer(folders, [root / "checkpoints"], sign, "inner-1", host="inner")
    for turn in range(3):
        pointer.step(START_NS + (100 + turn) * 10**9)
    pointer.close()
    journal = open_journal(root / "edge", "edge")
    journal.record(Event("captured", START_NS, 1))
    journal.commit()
    journal.close()


@given(st.text(st.characters(exclude_categories=()), max_size=20), fields)
def test_every_event_can_be_read_back(what: str, values: dict[str, str | int | float]) -> None:
    line, head = line_of(Event(what, 5, 7, "lab", 0, values), 1, genesis("edge", "0" * 32))
    record, written = decode_line(line[:-1])
    assert written == head
    assert (record.seq, record.unit, line.count(b"\n")) == (1, 7, 1)


@given(st.binary(max_size=400))
def test_any_line_gives_a_record_or_refused(line: bytes) -> None:
    with suppress(Refused):
        record, head = decode_line(line)
        assert record.seq >= 0 and len(head) == 64


@given(st.binary(max_size=400))
def test_any_note_gives_a_checkpoint_or_refused(untrusted: bytes) -> None:
    with suppress(Refused):
        note = decode_note(untrusted)
        assert decode_note(note.data) == note


@given(edits)
def test_a_note_that_was_changed_is_refused_or_says_so_in_its_text(
    steps: list[tuple[str, int, bytes]],
) -> None:
    point = Checkpoint("inner", 3, START_NS, (Head("edge", 5, "a" * 64),), (), "b" * 64)
    note = Note(point, text_of(point), "inner-1", sign(text_of(point)))
    assert decode_note(note.data) == note
    changed = edited(note.data, steps)
    with suppress(Refused):
        other = decode_note(changed)
        assert (
            changed == note.data
            or other.text != note.text
            or ((other.key_id, other.signature) != (note.key_id, note.signature))
        )


@SLOW
@given(st.binary(max_size=3000), st.booleans())
def test_any_bytes_in_a_segment(content: bytes, after_header: bool) -> None:
    with tempfile.TemporaryDirectory() as name:
        host = Host(Path(name))
        host.round(2)
        host.close()
        path = segment(host.root)
        head = path.read_bytes().split(b"\n")[0] + b"\n" if after_header else b""
        path.write_bytes(head + content)
        use_all(host.root)


@SLOW
@given(edits)
def test_any_edits_of_a_journal_are_found(steps: list[tuple[str, int, bytes]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        host = Host(Path(name))
        host.round(6)
        host.close()
        path = segment(host.root)
        content = path.read_bytes()
        changed = edited(content, steps)
        path.write_bytes(changed)
        # Half a line more at the end is a note, everything else is harm.
        added = changed[len(content) :] if changed.startswith(content) else b"\n"
        harm = b"\n" in added
        report = host.verify()
        if harm:
            assert not report.holds
        assert len(segments(host.root / "edge")) == 1
        use_all(host.root)


@SLOW
@given(edits)
def test_any_edits_of_the_checkpoints_give_findings_and_nothing_else(
    steps: list[tuple[str, int, bytes]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        host = Host(Path(name))
        for _ in range(3):
            host.round(2)
        host.close()
        path = next((host.root / "checkpoints").glob("*.txt"))
        path.write_bytes(edited(path.read_bytes(), steps))
        use_all(host.root)
