"""Limits hold exactly, leaves leave nothing behind, and the two sides share nothing but the words."""

from __future__ import annotations

import ast
import os
import threading
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.errors import Unavailable
from gateway.inspection import receiving, sending
from gateway.inspection.chain import Inspector, Role, bytes_body, file_body
from gateway.inspection.content import Content
from gateway.inspection.here import inspector_here
from gateway.inspection.leaf import MEMORY_BYTES, FolderRoom, collect
from gateway.policy.facts import UnpackLimits
from tests.gateway.inspection import packing as p
from tests.gateway.inspection.attacks import ARCHIVES, POLYGLOTS

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture(params=list(Role), ids=str)
def inspector(request: pytest.FixtureRequest, tmp_path: Path) -> Inspector:
    (tmp_path / "scratch").mkdir()
    return inspector_here(request.param, [], tmp_path / "scratch")


def numbers(inspector: Inspector, data: bytes, limits: UnpackLimits) -> list[int]:
    facts = inspector.examine(bytes_body(data), "x.zip", AT, limits)
    return [problem.number for problem in facts.problems]


@pytest.mark.parametrize(
    ("data", "first", "second"),
    [
        (b"<?xml version='1.0'?><a b='1' b='2'/>", "text", "xml"),
        (b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IHDR\0\0\0\0" * 9, "unknown", "png"),
    ],
)
def test_readers_that_differ_refuse_and_neither_has_the_last_word(
    tmp_path: Path, data: bytes, first: str, second: str
) -> None:
    facts = inspector_here(Role.SENDING, [], tmp_path).examine(
        bytes_body(data), "x", AT, UnpackLimits()
    )
    assert facts.leaves[0].type == "unknown"
    assert [(one.word, one.number, dict(one.fields)) for one in facts.problems] == [
        ("type", 3101, {"first": first, "second": second})
    ]


def test_levels_are_counted_exactly(inspector: Inspector) -> None:
    for levels in (1, 3, 5):
        data = p.nested(b"hello\n", "x.txt", levels)
        assert numbers(inspector, data, UnpackLimits(depth=levels)) == []
        assert numbers(inspector, data, UnpackLimits(depth=levels - 1)) == [3221]


def test_files_are_counted_exactly_over_all_archives(inspector: Inspector) -> None:
    data = p.zip_of({"a": b"1", "b.zip": p.zip_of({"c": b"2", "d": b"3"})})
    assert numbers(inspector, data, UnpackLimits(files=4)) == []
    assert numbers(inspector, data, UnpackLimits(files=3)) == [3222]


def test_bytes_are_counted_exactly_and_an_inner_archive_by_what_it_holds(
    inspector: Inspector,
) -> None:
    inner = p.zip_of({"c": os.urandom(60_000)}, zipfile.ZIP_STORED)
    data = p.zip_of({"a": os.urandom(40_000), "b.zip": inner, "z": b"1"}, zipfile.ZIP_STORED)
    most = 40_000 + len(inner) + 60_000
    assert numbers(inspector, data, UnpackLimits(total_bytes=most)) == []
    assert numbers(inspector, data, UnpackLimits(total_bytes=most - 1)) == [3223]


def test_the_ratio_is_that_of_each_archive(inspector: Inspector) -> None:
    """A bomb does not hide between megabytes that do not shrink."""
    data = p.zip_of({"a": os.urandom(2 << 20), "b.zip": p.zip_of({"zeros": bytes(8 << 20)})})
    assert numbers(inspector, data, UnpackLimits(ratio=100)) == [3224]
    assert numbers(inspector, data, UnpackLimits(ratio=2000)) == []


def test_a_page_of_blanks_is_no_bomb(inspector: Inspector) -> None:
    assert numbers(inspector, p.zip_of({"a": b" " * 200_000}), UnpackLimits(ratio=2)) == []


def test_parts_of_documents_count_as_files_and_bytes(inspector: Inspector) -> None:
    data = p.ooxml("word/document.xml", extra={f"word/{n}.xml": b"<a/>" for n in range(30)})
    assert numbers(inspector, data, UnpackLimits(files=33)) == []
    assert numbers(inspector, data, UnpackLimits(files=32)) == [3222]


def test_a_large_leaf_costs_little_memory_and_leaves_no_name(
    inspector: Inspector, tmp_path: Path
) -> None:
    path = tmp_path / "big.zip"
    archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
    with archive, archive.open("a.bin", "w", force_zip64=True) as member:
        for _ in range(120):
            member.write(os.urandom(1 << 20))
    tracemalloc.start()
    facts = inspector.examine(file_body(path), "big.zip", AT, UnpackLimits())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert facts.leaves[1].size_bytes == 120 << 20
    assert not facts.problems
    assert peak < 8 << 20
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_spilled_leaf_has_no_name_even_while_it_is_open(tmp_path: Path) -> None:
    """A planted marker cannot be found in the folder, whoever looks."""
    seen: list[list[str]] = []

    def chunks() -> object:
        yield b"MARKER" * 100_000
        yield bytes(MEMORY_BYTES)
        seen.append(os.listdir(tmp_path))
        yield b"end"

    with collect(chunks(), FolderRoom(tmp_path)) as leaf:  # type: ignore[arg-type]
        assert leaf.fileno() is not None
        assert leaf.read_at(0, 6) == b"MARKER"
        assert leaf.size_bytes == 600_000 + MEMORY_BYTES + 3
        seen.append(os.listdir(tmp_path))
    assert seen == [[], []]
    assert os.listdir(tmp_path) == []


def test_a_scratch_folder_that_takes_nothing_lets_the_unit_wait(tmp_path: Path) -> None:
    data = p.zip_of({"a": os.urandom(MEMORY_BYTES + 1)})
    for role in Role:
        inspector = inspector_here(role, [], tmp_path / "nowhere")
        with pytest.raises(Unavailable) as raised:
            inspector.examine(bytes_body(data), "x.zip", AT, UnpackLimits())
        assert raised.value.number == 3310


def test_a_body_that_is_gone_lets_the_unit_wait(inspector: Inspector, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(b"hello")
    body = file_body(path)
    path.unlink()
    with pytest.raises(Unavailable) as raised:
        inspector.examine(body, "x", AT, UnpackLimits())
    assert raised.value.number == 3311


def test_a_body_cut_while_it_is_read_is_refused_and_no_error(
    inspector: Inspector, tmp_path: Path
) -> None:
    path = tmp_path / "body"
    path.write_bytes(p.zip_of({"a": os.urandom(300_000)}, zipfile.ZIP_STORED))
    body = file_body(path)
    opened = body.open()
    content = Content.of_file(opened)
    os.truncate(path, 1000)
    assert len(b"".join(content.chunks())) == 1000
    assert len(content.tail) < 1000
    content.close()


def test_threads_do_not_disturb_each_other(inspector: Inspector) -> None:
    table = [(attack.make(), attack.name) for attack in (*POLYGLOTS, *ARCHIVES[:20])]
    limits = UnpackLimits()
    expected = [inspector.examine(bytes_body(data), name, AT, limits) for data, name in table]
    wrong: list[int] = []

    def work() -> None:
        for at, (data, name) in enumerate(table):
            if inspector.examine(bytes_body(data), name, AT, limits) != expected[at]:
                wrong.append(at)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("package", [sending, receiving])
def test_neither_side_uses_the_others_code(package: object) -> None:
    folder = Path(str(getattr(package, "__file__", ""))).parent
    other = {"sending": "receiving", "receiving": "sending"}[folder.name]
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [
                    node.module or "",
                    *(f"{node.module}.{alias.name}" for alias in node.names),
                ]
            assert not any(f"inspection.{other}" in name for name in names), file


def test_our_own_reader_does_not_ask_libmagic() -> None:
    for name in ("signatures", "text_forms", "zip_reader", "zip_directory"):
        text = (Path(sending.__file__).parent / f"{name}.py").read_text()
        assert "magic" not in {
            alias.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)
            for alias in node.names
        }  # fmt: skip
        assert "second_look" not in text and "parsed_text" not in text
