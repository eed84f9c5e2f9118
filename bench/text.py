"""Words and identifiers in decoded texts, each beside the plain library over the same bytes in the same run.

    inspect.words          MB/s of UTF-8: ten thousand words, from str to hits with places
    inspect.identifiers    MB/s of UTF-8: every identifier

The texts are notes of a ward made by seed: Chinese prose with full-width punctuation, times, values, a Ⅱ
now and then (so that the normal form has work to do), a planted word or number every 15 kB.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from typing import Final

import hyperscan

from bench.record import Record, Tell, record
from gateway.inspection.formats.contract import Text
from gateway.inspection.text.characters import prepare
from gateway.inspection.text.expressions import compiled
from gateway.inspection.text.found import Identifier
from gateway.inspection.text.search import Searcher, SearchPlan
from gateway.inspection.text.words import WordList, read_words

WORDS: Final = 10_000
TEXT_BYTES: Final = 16 << 20
# Texts as readers give them: a document's, and a message's field.
TEXT_CHARACTERS: Final = 1 << 20
_ROUNDS: Final = 5
_PLANTED_EVERY: Final = 100
# Lines with a character that the normal form changes: one in 15 kB. With one in 3 kB it is half as fast.
_CHANGED_EVERY: Final = 100
_NOTES: Final = (
    "患者于2026-11-{day:02}日{hour:02}:30入院，诊断：2型糖尿病、高血压；体温36.{hour}℃，血压{high}/80mmHg。\n",
    "予以对症支持治疗，病情平稳，继续观察；复查血常规：WBC 6.{day}×10^9/L，Hb {high}g/L（参考 115～150）。\n",
    "神志清楚，精神可，饮食睡眠一般，双肺呼吸音清，未闻及干湿性啰音，腹软，无压痛及反跳痛，双下肢不肿。\n",
    "今日查房：主诉较前好转，无胸闷、心慌，无恶心呕吐，二便正常。嘱低盐低脂饮食，按时服药，不适随诊。\n",
    "The CT of day {day} shows no acute finding; see report no. {high}{day:02}{hour:02} of the department.\n",
)


def words(tell: Tell, size_bytes: int = TEXT_BYTES) -> Record:
    """Ten thousand words through Searcher, beside Hyperscan alone over the encoded text."""
    made = _words()
    texts = _texts(size_bytes, [word.text for word in made.words])
    searcher = Searcher(SearchPlan(word_lists=(made,), most_hits=1_000_000))
    prepare()
    encoded = [text.text.encode() for text in texts]
    plain = _plain_words(made)
    size = sum(map(len, encoded))
    ours_s, hits, plain_s, seen = _beside(
        "inspect.words",
        tell,
        lambda: sum(1 for _ in searcher.search(texts)),
        lambda: sum(map(plain, encoded)),
    )
    peer = ("Hyperscan alone, no normal form, no places", size / plain_s / 1e6)
    parameters = {"words": WORDS, "size_bytes": size, "hits": hits, "peer_hits": seen, **_machine()}
    return record("inspect.words", size / ours_s / 1e6, "MB/s", parameters, peer=peer)


def identifiers(tell: Tell, size_bytes: int = TEXT_BYTES) -> Record:
    """Every identifier through Searcher, beside one expression of RE2 for eleven digits and more."""
    texts = _texts(size_bytes, ["11010519491231002X", "13812345678", "6222021234567890128"])
    searcher = Searcher(SearchPlan(identifiers=frozenset(Identifier), most_hits=1_000_000))
    prepare()
    encoded = [text.text.encode() for text in texts]
    plain = compiled("[0-9]{11,19}[Xx]?")
    size = sum(map(len, encoded))
    ours_s, hits, plain_s, seen = _beside(
        "inspect.identifiers",
        tell,
        lambda: sum(1 for _ in searcher.search(texts)),
        lambda: sum(sum(1 for _ in plain.finditer(one)) for one in encoded),
    )
    peer = ("RE2 alone, [0-9]{11,19}[Xx]?", size / plain_s / 1e6)
    parameters = {"size_bytes": size, "hits": hits, "peer_hits": seen, **_machine()}
    return record("inspect.identifiers", size / ours_s / 1e6, "MB/s", parameters, peer=peer)


def _beside(
    label: str, tell: Tell, ours: Callable[[], int], plain: Callable[[], int]
) -> tuple[float, int, float, int]:
    """Least seconds and what was found, of both, one after the other in each round."""
    took: list[float] = []
    plain_took: list[float] = []
    hits = seen = 0
    for done in range(_ROUNDS):
        begun_s = time.perf_counter()
        hits = ours()
        middle_s = time.perf_counter()
        seen = plain()
        plain_took.append(time.perf_counter() - middle_s)
        took.append(middle_s - begun_s)
        tell(label, done + 1, _ROUNDS)
    return min(took), hits, min(plain_took), seen


def _words() -> WordList:
    rng = random.Random(1)
    made: set[str] = set()
    while len(made) < WORDS:
        if rng.random() < 0.9:
            made.add("".join(chr(rng.randint(0x4E00, 0x9FA5)) for _ in range(rng.randint(2, 6))))
        else:
            made.add("".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(9)))
    return read_words("words", "words.txt", "\n".join(sorted(made)))


def _plain_words(made: WordList) -> Callable[[bytes], int]:
    database = hyperscan.Database()
    database.compile(
        expressions=[word.text.encode() for word in made.words],
        ids=list(range(len(made.words))),
        elements=len(made.words),
        flags=[hyperscan.HS_FLAG_CASELESS] * len(made.words),
        literal=True,
    )

    def scan(encoded: bytes) -> int:
        seen: list[int] = []

        def take(word: int, _start: int, _end: int, _flags: int, _context: object) -> None:
            seen.append(word)

        database.scan(encoded, match_event_handler=take)
        return len(seen)

    return scan


def _texts(size_bytes: int, planted: list[str]) -> list[Text]:
    rng = random.Random(2)
    pieces: list[str] = []
    texts: list[Text] = []
    size = length = 0
    while size < size_bytes:
        note = rng.choice(_NOTES).format(
            day=rng.randint(1, 28), hour=rng.randint(0, 9), high=rng.randint(100, 180)
        )
        if rng.randrange(_CHANGED_EVERY) == 0:
            note = f"Ⅱ级护理，{note}"
        if rng.randrange(_PLANTED_EVERY) == 0:
            note = f"{note[:-1]} {rng.choice(planted)} \n"
        pieces.append(note)
        size += len(note.encode())
        length += len(note)
        if length >= TEXT_CHARACTERS - len(_NOTES[0]) - 200:
            texts.append(Text(f"page {len(texts) + 1}", "".join(pieces)))
            pieces, length = [], 0
    texts.append(Text(f"page {len(texts) + 1}", "".join(pieces)))
    return texts


def _machine() -> dict[str, float | int | None]:
    """load: runnable processes before; above 1 somebody else was at work."""
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
