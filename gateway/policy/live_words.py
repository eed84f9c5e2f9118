"""How the lines of a session are written: rates, numbers of sessions, times, names, origins.

A table of its words for the page of reference and for editors, and a reader for each. Pure.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.policy.live import IDLE_S, LONGEST_S, SESSIONS_A_CALLER, SESSIONS_IN_ALL
from gateway.policy.phrases import Misread, read_duration, read_number
from gateway.policy.values import Rate
from gateway.unit.session import MAX_EVENT_CHARACTERS

# word, forms, English, Chinese
LIVE_TABLE: Final = (
    ("call", "WEBSOCKET /path/{parameter}, EVENTS /path/{parameter}",
     "A session: WebSocket, or server-sent events (messages to the caller only).",
     "会话:WebSocket,或服务器推送事件(仅向调用方发送消息)。"),
    ("sends", "none, CONTENT, or binary CONTENT",
     "One message of the caller. Text, unless the line says binary. WEBSOCKET only, and obligatory there.",
     "调用方的一条消息;未写 binary 则为文本。仅用于 WEBSOCKET,且必填。"),
    ("receives", "none, CONTENT, or binary CONTENT",
     "One message of the peer, likewise. Obligatory.", "对侧的一条消息,同上;必填。"),
    ("sends_rate", "at most N messages/s, at most N messages/min",
     "What a caller sends faster waits at his connection. 20 messages/s where nothing is said.",
     "超出速率时在连接处等待;未写时为 20 messages/s。"),
    ("receives_rate", "at most N messages/s, at most N messages/min",
     "The same of the peer.", "对侧的速率,同上。"),
    ("subprotocols", "NAME, or [NAME, NAME]",
     "The caller must offer one of them, the peer must agree. None where nothing is said. WEBSOCKET only.",
     "调用方须提出其一,且对侧须同意;未写则无。仅用于 WEBSOCKET。"),
    ("origins", "SCHEME://HOST, or [SCHEME://HOST:PORT, ...]",
     "Pages that may open it, as browsers name them (Origin). Without the line: no page of any browser.",
     "允许发起会话的网页来源(Origin);未写则不允许任何浏览器网页。"),
    ("events", "NAME, or [NAME, NAME]",
     "Names of events that cross; `message` is that of events without one, and all where nothing is said."
     " EVENTS only. Ids cross where the header last-event-id is listed, by its line; retry never does.",
     "可跨网的事件名;message 指无名事件,未写时仅此一种。仅用于 EVENTS。列出首部 last-event-id 时事件 id 按"
     "该行跨网;retry 从不跨网。"),
    ("sessions", "at most N a caller, M in all",
     f"At once. {SESSIONS_A_CALLER} a caller, {SESSIONS_IN_ALL} in all where nothing is said.",
     f"同时会话数;未写时每个调用方 {SESSIONS_A_CALLER} 个,合计 {SESSIONS_IN_ALL} 个。"),
    ("idle", "DURATION",
     f"A session without a message for so long ends. {IDLE_S:g} s where nothing is said.",
     f"无消息超过此时长即结束;未写时为 {IDLE_S:g} s。"),
    ("longest", "DURATION",
     f"A session ends after so long. {LONGEST_S / 3600:g} h where nothing is said, 24 h at most.",
     f"会话最长时长;未写时为 {LONGEST_S / 3600:g} h,最长 24 h。"),
)  # fmt: skip
LIVE_WORDS: Final = (*(word for word, *_ in LIVE_TABLE), "headers")
ONLY_WEBSOCKET: Final = frozenset({"sends", "sends_rate", "subprotocols"})
ONLY_EVENTS: Final = frozenset({"events"})
# Words whose values are lists of names.
LISTS: Final = ("subprotocols", "origins", "events")

RATE_FORMS: Final = ("at most N messages/s", "at most N messages/min")
SESSIONS_FORMS: Final = ("at most N a caller, M in all",)
MOST_A_SECOND: Final = 1_000
# As many as a guard holds.
MOST_SESSIONS: Final = 256
MOST_NAMES: Final = 32
MOST_LONGEST_S: Final = 24 * 3600.0
_RATE: Final = re.compile(r"at most +(?P<n>[0-9][0-9,]*) +messages?/(?P<per>s|min)")
_SESSIONS: Final = re.compile(
    r"at most +(?P<one>[0-9][0-9,]*) +a caller, +(?P<all>[0-9][0-9,]*) +in all"
)
_PER: Final = {"s": 1.0, "min": 60.0}
# RFC 6455, 4.1: a token; those in use are names with dots.
_SUBPROTOCOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
# RFC 6454, 7: what a browser writes; `null` is no origin that anybody could be held to.
_ORIGIN: Final = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?"
)
_EVENT: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_EVENT_CHARACTERS - 1}}}")
_NAMES: Final = {
    "subprotocols": (_SUBPROTOCOL, "ward.v1"),
    "origins": (_ORIGIN, "https://portal.outer.example"),
    "events": (_EVENT, "vitals"),
}


def read_message_rate(text: str) -> Rate:
    """`at most 20 messages/s`. Raises Misread 2124, 2123 and nothing else."""
    match = _RATE.fullmatch(text)
    if match is None:
        write = "at most 20 messages/s"
        raise Misread(2124, 0, len(text), RATE_FORMS, text=text[:80], write=write)
    per_s = _PER[match["per"]]
    most = round(MOST_A_SECOND * per_s)
    return Rate(read_number(match["n"], 1, most, match.start("n")), per_s)


def read_sessions(text: str) -> tuple[int, int]:
    """`at most 2 a caller, 20 in all`. Raises Misread 2124, 2123 and nothing else."""
    match = _SESSIONS.fullmatch(text)
    if match is None:
        write = "at most 2 a caller, 20 in all"
        raise Misread(2124, 0, len(text), SESSIONS_FORMS, text=text[:80], write=write)
    in_all = read_number(match["all"], 1, MOST_SESSIONS, match.start("all"))
    return read_number(match["one"], 1, in_all, match.start("one")), in_all


def read_idle(text: str) -> float:
    """Seconds. Raises Misread and nothing else."""
    return _span(text, 1.0)


def read_longest(text: str) -> float:
    """Seconds. Raises Misread and nothing else."""
    return _span(text, 1.0)


def read_name(word: str, text: str) -> str:
    """One of the names of a list. Raises Misread 2124 and nothing else."""
    form, write = _NAMES[word]
    if not form.fullmatch(text):
        raise Misread(2124, 0, len(text), (), text=text[:80], write=write)
    return text


def _span(text: str, low_s: float) -> float:
    seconds = read_duration(text)
    if not low_s <= seconds <= MOST_LONGEST_S:
        raise Misread(2123, 0, len(text), value=text, low=f"{low_s:g} s", high="24 h")
    return seconds
