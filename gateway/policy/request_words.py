"""Words of channels that carry requests: the margin, `from`, `to`, `limits` and the tests.

The words of files and these never stand in one table: `folder` means nothing here, `listens` nothing there.
How an operation is written is the subject of `operation_sheet`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from gateway.policy import channel_words, grammar, trial_words
from gateway.policy.model import Section
from gateway.policy.phrases import Misread, read_duration, read_number
from gateway.policy.request_channel import Network, Share
from gateway.policy.texts import read_free_text, read_sample
from gateway.policy.values import Rate, SizeBound
from gateway.policy.written_words import SIZE_FORM, SPAN_FORM, TEXT_FORM, Word, choice, one_of
from gateway.unit.model import Kind
from gateway.unit.request import MAX_ANSWER_WITHIN_MS

_YES: Final = ("yes", "no")
_ORDERS: Final = ("kept", "any")


@dataclass(frozen=True, slots=True)
class Address:
    """`https on 10.2.9.10:8443`, or a peer's `fhir.inner.example:443`."""

    tls: bool
    host: str
    port: int


_LISTENS: Final = re.compile(
    r"(?P<scheme>https?) on (?P<host>\[[0-9a-fA-F:.]+\]|[0-9.]+):(?P<port>[0-9]+)"
)
_PEER: Final = re.compile(
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?):(?P<port>[0-9]+)"
)
LISTENS_FORMS: Final = ("https on ADDRESS:PORT", "http on ADDRESS:PORT")


def _listens(text: str) -> Address:
    """Where the source's edge listens. Raises Misread 2124, 2123 and nothing else."""
    match = _LISTENS.fullmatch(text)
    if match is None or not _is_address(match["host"]):
        write = "https on 10.2.9.10:8443"
        raise Misread(2124, 0, len(text), LISTENS_FORMS, text=text[:80], write=write)
    port = read_number(match["port"], 1, 65_535, match.start("port"))
    return Address(match["scheme"] == "https", match["host"].strip("[]"), port)


def _is_address(host: str) -> bool:
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return isinstance(address, IPv6Address) == host.startswith("[")


def _peer(text: str) -> Address:
    """A peer's name or address with its port. Raises Misread 2124, 2123 and nothing else."""
    match = _PEER.fullmatch(text)
    if match is None or (match["host"].startswith("[") and not _is_address(match["host"])):
        write = "fhir.inner.example:443"
        raise Misread(2124, 0, len(text), ("HOST:PORT",), text=text[:80], write=write)
    port = read_number(match["port"], 1, 65_535, match.start("port"))
    return Address(False, match["host"].strip("[]"), port)


_CALLER: Final = re.compile(
    r"[A-Za-z]{1,12}=[^\x00-\x1f\x7f,=]{1,64}(?:,[A-Za-z]{1,12}=[^\x00-\x1f\x7f,=]{1,64}){0,7}"
    r"|key [a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
)


def _caller(text: str) -> str:
    """A subject of a certificate, or the name of a key. Raises Misread 2124 and nothing else."""
    if not _CALLER.fullmatch(text):
        raise Misread(
            2124, 0, len(text), ("CN=NAME", "key NAME"), text=text[:80], write="CN=portal-01"
        )
    return text


def _network(text: str) -> Network:
    """`10.2.9.0/28` or one address. Raises Misread 2318 and nothing else."""
    try:
        return ip_network(text)
    except ValueError:
        try:
            write = str(ip_network(text, strict=False))
        except ValueError:
            write = "10.2.9.0/28"
        raise Misread(2318, 0, len(text), text=text[:60], write=write) from None


def _base_path(text: str) -> str:
    """`/fhir/r4`, without a last slash. Raises Misread 2311 and nothing else."""
    if not re.fullmatch(r"(?:/[A-Za-z0-9._~$@-]{1,64}){1,16}", text) or any(
        not part.strip(".") for part in text[1:].split("/")
    ):
        raise Misread(2311, 0, len(text), part=text[:40])
    return text


def _secret(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", text):
        raise Misread(2124, 0, len(text), ("NAME",), text=text[:64], write="fhir-reader")
    return text


SHARE_FORMS: Final = ("at most N requests/s", "at most N requests/min", "at most N at once",
                      "at most N requests/s, N at once")  # fmt: skip
_SHARE: Final = re.compile(
    r"at most +(?:(?P<n>[0-9][0-9,]*) +requests?/(?P<per>s|min|h))?(?P<both>, +)?"
    r"(?:(?P<at_once>[0-9][0-9,]*) +at once)?"
)
_PER: Final = {"s": 1.0, "min": 60.0, "h": 3600.0}
# As many as a guard keeps outstanding for one channel.
MOST_AT_ONCE: Final = 10_000


def _share(text: str) -> Share:
    """`at most 20 requests/s, 5 at once`. Raises Misread and nothing else."""
    match = _SHARE.fullmatch(text)
    if (
        match is None
        or not (match["n"] or match["at_once"])
        or (bool(match["both"]) != bool(match["n"] and match["at_once"]))
    ):
        raise Misread(
            2124, 0, len(text), SHARE_FORMS, text=text[:80], write="at most 20 requests/s"
        )
    rate = at_once = None
    if match["n"]:
        rate = Rate(read_number(match["n"], 1, 10**6, match.start("n")), _PER[match["per"]])
    if match["at_once"]:
        at_once = read_number(match["at_once"], 1, MOST_AT_ONCE, match.start("at_once"))
    return Share(rate, at_once)


def _answer_within(text: str) -> float:
    seconds = read_duration(text)
    if not 0.01 <= seconds <= MAX_ANSWER_WITHIN_MS / 1000:
        high = MAX_ANSWER_WITHIN_MS // 1000
        raise Misread(2123, 0, len(text), value=text, low="10 ms", high=f"{high} s")
    return seconds


# Less is a matter of seconds, for which a caller waits; more is nobody's wish any more.
_WITHIN_S: Final = (60.0, 90 * 86_400.0)


def _performed_within(text: str) -> float:
    seconds = read_duration(text)
    if not _WITHIN_S[0] <= seconds <= _WITHIN_S[1]:
        raise Misread(2123, 0, len(text), value=text, low="1 min", high="90 d")
    return seconds


CARRIES: Final = replace(
    channel_words.CARRIES, en="The kind of data: calls and their answers.", zh="数据类别:请求与应答。",
    forms=("requests",), example="requests", pattern=choice((Kind.REQUESTS.value,)),
)  # fmt: skip
SUBMIT: Final = Word[bool](
    "submit", (Section.CHANNEL,),
    "yes: the caller gets 202 and a receipt number at once; the far side performs the request later.",
    "yes:立即回复 202 和回执编号,由对侧稍后执行。",
    _YES, "yes", choice(_YES), one_of(_YES), lambda items: bool(items[0] == "yes"), editors=("boolean",),
)  # fmt: skip
LISTENS: Final = Word[Address](
    "listens", (Section.FROM,), "Where callers reach the channel on the sending host.", "发送侧监听地址。",
    LISTENS_FORMS, "https on 10.2.9.10:8443", r"^https? on \S+:[0-9]+$", _listens, obligatory=True,
)  # fmt: skip
CALLERS: Final = Word[tuple[str, ...]](
    "callers", (Section.FROM,),
    "Who may call: subjects of certificates, and names of keys that sign requests.",
    "允许的调用方:证书主题,或请求签名密钥的名称。",
    ("CN=NAME", "key NAME", "[CN=NAME, CN=NAME]"), "[CN=portal-01, CN=portal-02]", TEXT_FORM, _caller,
    tuple, obligatory=True, many=True,
)  # fmt: skip
ADDRESSES: Final = Word[tuple[Network, ...]](
    "addresses", (Section.FROM,), "Networks that callers may come from; any where nothing is said.",
    "允许的调用方网段;未写则不限。",
    ("ADDRESS/LENGTH", "[ADDRESS/LENGTH, ADDRESS]"), "[10.2.9.0/28]", r"^[0-9a-fA-F:.]+(?:/[0-9]+)?$",
    _network, tuple, many=True,
)  # fmt: skip
SIGNED: Final = Word[bool](
    "signed", (Section.FROM,),
    "`every request`: each carries its key's name, time, nonce and digest of its body under a signature.",
    "every request:每个请求均须带有密钥名、时间、随机数和正文摘要的签名。",
    ("every request",), "every request", choice(("every request",)), one_of(("every request",)),
    lambda items: bool(items),
)  # fmt: skip
HTTPS: Final = Word[Address](
    "https", (Section.TO,), "The peer that the receiving host calls. Either `https` or `http`.",
    "接收侧所调用的服务;https 与 http 二选一。",
    ("HOST:PORT",), "fhir.inner.example:443", r"^\S+:[0-9]+$", _peer,
)  # fmt: skip
HTTP: Final = Word[Address](
    "http", (Section.TO,), "The same without TLS, for a peer on the same machine.", "同上,不使用 TLS。",
    ("HOST:PORT",), "127.0.0.1:8080", r"^\S+:[0-9]+$", _peer,
)  # fmt: skip
SECRET: Final = Word[str](
    "secret", (Section.TO,),
    "The name of what the receiving host's own settings keep for this peer. The secret itself stands in"
    " no policy file.",
    "接收侧自身配置中为该服务保存的凭据名称;凭据本身不写入策略文件。",
    ("NAME",), "fhir-reader", r"^[a-z0-9-]+$", _secret,
)  # fmt: skip
BASE_PATH: Final = Word[str](
    "base_path", (Section.TO,), "Stands before the path of every call at the peer.", "对侧服务路径前缀。",
    ("/PATH",), "/fhir/r4", r"^(?:/[^/\s?#]+)+$", _base_path,
)  # fmt: skip
PER_CALLER: Final = Word[Share](
    "per_caller", (Section.LIMITS,), "What one caller may ask; above it the answer is 429.",
    "单个调用方的上限;超出回复 429。",
    SHARE_FORMS, "at most 20 requests/s, 5 at once", r"^at most [0-9]", _share,
)  # fmt: skip
WHOLE_CHANNEL: Final = Word[Share](
    "whole_channel", (Section.LIMITS,), "What all callers together may ask; above it the answer is 503.",
    "所有调用方合计上限;超出回复 503。",
    SHARE_FORMS, "at most 100 requests/s", r"^at most [0-9]", _share,
)  # fmt: skip
ANSWER_WITHIN: Final = Word[float](
    "answer_within", (Section.LIMITS,),
    "Time for an answer, from the caller's request on (where contents may be above 4 MiB: from its last byte"
    " on); then 504 with the unit's number. 10 s where nothing is said.",
    "应答时限(正文可超过 4 MiB 时自最后一个字节起算);超时回复 504 及单元编号。未写时为 10 s。",
    ("DURATION",), "3 s", rf"^{SPAN_FORM}$", _answer_within,
)  # fmt: skip
PERFORMED_WITHIN: Final = Word[float](
    "performed_within", (Section.LIMITS,),
    "With `submit: yes`: so old a request may become while its peer is away; then it is given up and was not"
    " performed. 7 d where nothing is said.",
    "用于 submit: yes:对端不可用期间请求可保留的时长;逾期则放弃,且未执行。未写时为 7 d。",
    ("DURATION",), "3 d", rf"^{SPAN_FORM}$", _performed_within,
)  # fmt: skip
ORDER: Final = Word[bool](
    "order", (Section.LIMITS,),
    "With `submit: yes`: `kept`, one request after the other, of those that have arrived the one submitted"
    " first; `any`, several at once. kept where nothing is said.",
    "用于 submit: yes:kept 逐个执行,已到达者中先提交的先执行;any 可同时执行多个。未写时为 kept。",
    _ORDERS, "any", choice(_ORDERS), one_of(_ORDERS), lambda items: bool(items[0] == "kept"),
)  # fmt: skip
SIZE: Final = Word[SizeBound](
    "size", (Section.LIMITS,),
    "The most that a content may be, whatever its own line says; at most 4 GiB, also where nothing is said."
    " Operations with contents above 4 MiB cross through the queues, in bounded memory.",
    "正文大小上限,优先于各行自身的上限;最多 4 GiB,未写时亦同。"
    "正文可超过 4 MiB 的操作经队列传输,占用内存有界。",
    ("at most SIZE",), "at most 2 MiB", rf"^at most {SIZE_FORM}$", grammar.read_size_bound,
)  # fmt: skip
TRY_CALL: Final = Word[str](
    "call", (Section.TRY,), "Method and target, as a caller sends them.", "请求方法与目标。",
    ("METHOD TARGET",), "GET /fhir/DiagnosticReport/test-1", r"^[A-Z]+ \S", read_free_text,
    obligatory=True,
)  # fmt: skip
TRY_CALLER: Final = Word[str](
    "caller", (Section.TRY,), "Who calls; the first of `callers` where nothing is said.",
    "调用方;未写时取 callers 中第一个。", ("CN=NAME", "key NAME"), "CN=portal-01", TEXT_FORM,
    read_free_text,
)  # fmt: skip
TRY_ADDRESS: Final = Word[str](
    "address", (Section.TRY,), "Where the caller is; the first permitted address where nothing is said.",
    "调用方地址;未写时取第一个允许的地址。", ("ADDRESS",), "10.2.9.3", TEXT_FORM, read_free_text,
)  # fmt: skip
TRY_ANSWER: Final = Word[str](
    "answer", (Section.TRY,), "What the peer answers, by its path below the folder of the set.",
    "对侧应答的样例文件。", ("samples/PATH",), "samples/fhir/report.json", r"^samples/[^\s]+$", read_sample,
)  # fmt: skip
TRY_STATUS: Final = Word[int](
    "status", (Section.TRY,), "The status of the answer; 200 where an answer is named and nothing is said.",
    "应答状态码;写了 answer 而未写 status 时为 200。", ("100 to 599",), "404", r"^[1-5][0-9]{2}$",
    lambda text: read_number(text, 100, 599), editors=("integer",),
)  # fmt: skip
TRY_TYPE: Final = Word[str](
    "type", (Section.TRY,), "The media type of the request's content; the first of its line where nothing"
    " is said.", "请求正文的媒体类型;未写时取该行的第一个。", ("MEDIA/TYPE",), "application/json",
    r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", read_free_text,
)  # fmt: skip
TRY_ANSWER_TYPE: Final = Word[str](
    "answer_type", (Section.TRY,), "The media type of the answer's content, likewise.",
    "应答正文的媒体类型,同上。", ("MEDIA/TYPE",), "application/fhir+json",
    r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", read_free_text,
)  # fmt: skip

TRY_EVENT: Final = Word[str](
    "event", (Section.TRY,), "The name of the event that the answer is, of a session of events.",
    "应答所属事件的名称(事件会话)。", ("NAME",), "vitals", r"^[A-Za-z0-9._-]+$", read_free_text,
)  # fmt: skip

REQUEST_WORDS: Final[tuple[Word[Any], ...]] = (
    channel_words.CHANNEL, channel_words.PURPOSE, channel_words.OWNER, CARRIES, channel_words.GRADE,
    channel_words.TIME_ZONE, SUBMIT,
    LISTENS, CALLERS, ADDRESSES, SIGNED,
    HTTPS, HTTP, SECRET, BASE_PATH,
    PER_CALLER, WHOLE_CHANNEL, ANSWER_WITHIN, SIZE, PERFORMED_WITHIN, ORDER,
    trial_words.TITLE, trial_words.EXPECT,
    TRY_CALL, TRY_CALLER, TRY_ADDRESS, trial_words.TRY_FILE, TRY_TYPE, TRY_ANSWER, TRY_ANSWER_TYPE,
    TRY_STATUS, TRY_EVENT,
)  # fmt: skip

_BY_SECTION: Final = {
    section: {word.name: word for word in REQUEST_WORDS if section in word.sections}
    for section in Section
}


def request_words_of(section: Section) -> Mapping[str, Word[Any]]:
    """The words that may stand in a section of a channel of requests, in the order of the table."""
    return _BY_SECTION[section]
