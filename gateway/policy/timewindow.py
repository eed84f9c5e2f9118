"""Time windows: `mon-sat 06:00-22:00` to a table of the minutes of a week."""

from __future__ import annotations

import re
from typing import Final

from gateway.policy.phrases import Misread, did_you_mean
from gateway.policy.values import DAY_MINUTES, DAYS, WEEK_MINUTES, TimeWindows

TIME_FORMS: Final = (
    "DAYS HH:MM-HH:MM",
    "outside DAYS HH:MM-HH:MM",
    "DAYS HH:MM-HH:MM; DAYS HH:MM-HH:MM",
)
_WINDOW: Final = re.compile(r"(?P<days>\S.*?) +(?P<start>[0-9:]+) *- *(?P<end>[0-9:]+)")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


def read_time_windows(text: str) -> TimeWindows:
    """`mon-sat 06:00-22:00`, several joined by `;`, or `outside` them. Raises Misread only.

    A window whose end is not after its start reaches into the next day.
    """
    outside = text.startswith("outside ")
    start = len("outside ") if outside else 0
    minutes = bytearray(WEEK_MINUTES)
    first = -1
    for part in text[start:].split(";"):
        lead = len(part) - len(part.lstrip())
        begins = _window(part.strip(), start + lead, minutes)
        first = begins if first < 0 else first
        start += len(part) + 1
    if outside:
        minutes = bytearray(1 - minute for minute in minutes)
        first = minutes.find(1)
    return TimeWindows(bytes(minutes), max(first, 0))


def join_windows(windows: tuple[TimeWindows, ...]) -> TimeWindows:
    """The union: a list of phrases is true where any of them is."""
    if len(windows) == 1:
        return windows[0]
    union = bytes(int(any(at)) for at in zip(*(w.minutes for w in windows), strict=True))
    return TimeWindows(union, windows[0].first)


def _window(text: str, at: int, minutes: bytearray) -> int:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise Misread(2124, at, len(text), TIME_FORMS, text=text, write="mon-fri 06:00-22:00")
    days = _days(match["days"], at)
    start = _clock(match["start"], at + match.start("start"))
    end = _clock(match["end"], at + match.start("end"))
    length = (end - start) % DAY_MINUTES or DAY_MINUTES
    for day in days:
        for minute in range(day * DAY_MINUTES + start, day * DAY_MINUTES + start + length):
            minutes[minute % WEEK_MINUTES] = 1
    return days[0] * DAY_MINUTES + start % DAY_MINUTES


def _clock(text: str, at: int) -> int:
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise Misread(2126, at, len(text), text=text)
    return int(match[1]) * 60 + int(match[2]) if match[1] else DAY_MINUTES


def _days(text: str, at: int) -> list[int]:
    if text == "daily":
        return list(range(7))
    days: list[int] = []
    for match in re.finditer(r"(?:(?!,| and ).)+", text):
        part = match[0].strip().removeprefix("and ")
        start, dash, end = part.partition("-")
        low = _day(start.strip(), at + match.start())
        high = _day(end.strip(), at + match.start()) if dash else low
        days += [(low + step) % 7 for step in range((high - low) % 7 + 1)]
    return days


def _day(text: str, at: int) -> int:
    if text in DAYS:
        return DAYS.index(text)
    near = did_you_mean(text[:3].lower(), DAYS) or "daily"
    raise Misread(2107, at, len(text), (*DAYS, "daily"), text=text, write=near)
