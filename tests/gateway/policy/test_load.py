"""A set is taken whole or not at all, and its digest stands for everything that decides."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from gateway.policy.load import PolicyErrors, load_set
from gateway.policy.model import NameRule
from gateway.unit.model import Lane
from tests.gateway.policy.channel_text import BASIC


def numbered(name: str, number: int) -> str:
    text = BASIC.replace("channel: reports", f"channel: {name}")
    return text.replace("/srv/out", f"/srv/out{number}").replace("/srv/in", f"/srv/in{number}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "10-reports.yaml").write_text(numbered("reports", 1))
    (tmp_path / "20-letters.yaml").write_text(numbered("letters", 2))
    return tmp_path


def problems(folder: Path) -> list[tuple[str, int]]:
    with pytest.raises(PolicyErrors) as caught:
        load_set(folder)
    assert caught.value.number == 2100
    assert caught.value.fields["errors"] == len(caught.value.problems)
    return [(problem.file, problem.number) for problem in caught.value.problems]


def test_a_set_has_its_channels_by_name(folder: Path) -> None:
    loaded = load_set(folder)
    assert sorted(loaded.channels) == ["letters", "reports"]
    assert [c.name for c in loaded.of_lane(Lane.IMPORT)] == ["letters", "reports"]
    assert loaded.of_lane(Lane.EXPORT) == ()
    assert loaded.notes == ()


def test_one_wrong_file_stops_the_whole_set_and_every_error_is_told(folder: Path) -> None:
    (folder / "10-reports.yaml").write_text(BASIC.replace("owner", "ownr"))
    (folder / "30-x.yaml").write_text("a: [")
    assert problems(folder) == [("10-reports.yaml", 2101), ("30-x.yaml", 2106)]


def test_an_empty_folder_lets_nothing_pass_and_says_so(tmp_path: Path) -> None:
    loaded = load_set(tmp_path)
    assert loaded.channels == {}
    assert [note.number for note in loaded.notes] == [2185]


def test_a_folder_that_is_not_there_is_no_empty_set(tmp_path: Path) -> None:
    assert [number for _, number in problems(tmp_path / "none")] == [2183]


@pytest.mark.parametrize(
    "name", ["10-reports.yaml~", "reports.yaml", "30-x.yml", "#10-a.yaml#", "1-x.yaml"]
)
def test_other_names_are_noted_and_not_read(folder: Path, name: str) -> None:
    (folder / name).write_text("not: [a policy")
    loaded = load_set(folder)
    assert [(note.file, note.number) for note in loaded.notes] == [(name, 2184)]
    assert len(loaded.channels) == 2


def test_links_and_pipes_are_not_read(folder: Path) -> None:
    (folder / "30-link.yaml").symlink_to(folder / "10-reports.yaml")
    os.mkfifo(folder / "40-pipe.yaml")
    assert problems(folder) == [("30-link.yaml", 2183), ("40-pipe.yaml", 2183)]


def test_a_large_file_is_refused_by_its_size(folder: Path) -> None:
    (folder / "30-x.yaml").write_bytes(b"#" * (1 << 20))
    assert problems(folder) == [("30-x.yaml", 2104)]


def test_two_channels_share_neither_name_nor_folder(folder: Path) -> None:
    (folder / "30-x.yaml").write_text(numbered("letters", 3))
    (folder / "40-y.yaml").write_text(numbered("y", 1))
    assert problems(folder) == [("30-x.yaml", 2177), ("40-y.yaml", 2178), ("40-y.yaml", 2178)]


def test_a_sink_on_the_host_of_a_source_may_not_be_its_folder(folder: Path) -> None:
    # What export delivers on the outer host would be imported again.
    text = (
        numbered("back", 3).replace("lane: import", "lane: export").replace("/srv/in3", "/srv/out1")
    )
    (folder / "30-back.yaml").write_text(text)
    assert problems(folder) == [("30-back.yaml", 2178)]


def test_the_folder_that_captured_files_move_to_is_nobodys_source(folder: Path) -> None:
    text = numbered("a", 3).replace(
        "folder: /srv/out3", "folder: /srv/out3\n  afterwards: move to sent/"
    )
    (folder / "30-a.yaml").write_text(text)
    (folder / "40-b.yaml").write_text(numbered("b", 4).replace("/srv/out4", "/srv/out3/sent"))
    assert problems(folder) == [("40-b.yaml", 2178)]


def test_lists_are_read_and_missing_ones_named(folder: Path) -> None:
    text = numbered("reports", 1).replace("pdf or csv", "pdf\n  name: in list known")
    (folder / "10-reports.yaml").write_text(text)
    assert problems(folder) == [("10-reports.yaml", 2170)]
    (folder / "lists").mkdir()
    (folder / "lists/known.csv").write_text('# names\n"a.pdf",first\nb.pdf,second\n\n')
    rule = load_set(folder).channels["reports"].conditions[1].rule
    assert isinstance(rule, NameRule)
    assert rule.names.listed == {"a.pdf", "b.pdf"}


@pytest.mark.parametrize(("name", "content", "number"), [
    ("known.txt", b"", 2117),
    ("known.txt", b"\xff\n", 2102),
    ("Known.txt", b"a\n", 2182),
    ("known.json", b"a\n", 2182),
])  # fmt: skip
def test_a_wrong_list_stops_the_set(folder: Path, name: str, content: bytes, number: int) -> None:
    (folder / "lists").mkdir()
    (folder / "lists" / name).write_bytes(content)
    assert problems(folder) == [(f"lists/{name}", number)]


@pytest.mark.parametrize(
    ("path", "decides"),
    [
        ("10-reports.yaml", True),
        ("lists/a.txt", True),
        ("yara/r.yar", True),
        ("samples/a.pdf", False),
        ("README.md", False),
    ],
)
def test_the_digest_stands_for_what_decides(folder: Path, path: str, decides: bool) -> None:
    for other in ("lists/a.txt", "yara/r.yar", "samples/a.pdf", "README.md"):
        (folder / other).parent.mkdir(exist_ok=True)
        (folder / other).write_text("x\n")
    before = load_set(folder).digest
    assert load_set(folder).digest == before
    with (folder / path).open("a") as file:
        file.write("# more\n")
    assert (load_set(folder).digest != before) is decides


def test_the_digest_does_not_depend_on_where_the_set_lies(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("other")
    for file in folder.iterdir():
        (elsewhere / file.name).write_bytes(file.read_bytes())
    assert load_set(elsewhere).digest == load_set(folder).digest


def test_loading_grows_with_the_number_of_channels_and_not_faster(tmp_path: Path) -> None:
    def seconds(count: int) -> float:
        folder = tmp_path / str(count)
        folder.mkdir()
        for number in range(count):
            (folder / f"10-c{number}.yaml").write_text(numbered(f"c{number}", number))
        # The best of three: one pause of the machine is no growth.
        took_s = []
        for _ in range(3):
            start = time.perf_counter()
            assert len(load_set(folder).channels) == count
            took_s.append(time.perf_counter() - start)
        return min(took_s)

    seconds(10)
    assert seconds(300) < 20 * seconds(60)
