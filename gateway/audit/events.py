"""The words of the journal: every `what` with its meaning and the values that come with it.

One table for the printing of events, for docs/AUDIT.md (a test compares them) and for those who read
the journal with other tools. Fields marked by a trailing "?" are not always there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an event says. process: who writes it. fields: names of its values, in order."""

    process: str
    en: str
    zh: str
    fields: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """The fields that are always there."""
        return tuple(name for name in self.fields if not name.endswith("?"))


def _of(process: str, en: str, zh: str, fields: str = "") -> Meaning:
    return Meaning(process, en, zh, tuple(fields.split()))


# What a guard says of a judgement (gateway.guard.judgement), and of a manifest.
_JUDGED: Final = "name size_bytes type policy checks counted? inside?"
_DECIDED: Final = "rule? word?"
_SAID: Final = "sha256? captured_at_ns? cleared_at_ns? sender_policy?"

# Of a request, answer or failure that came through a queue. request: the number of what it answers.
_EXCHANGED: Final = "operation? caller? status? request? refused? failed?"

EVENTS: Final[dict[str, Meaning]] = {
    "captured": _of(
        "edge",
        "taken in from a source",
        "已从来源采集",
        "name size_bytes peer? address? caller? request?",
    ),
    "cleared": _of(
        "guard",
        "inspected; policy lets it pass; sealed",
        "已检查，策略放行，已封装",
        f"{_JUDGED} {_DECIDED} held_at? again? {_EXCHANGED}",
    ),
    "sent": _of(
        "ferry",
        "given to the link; nothing is known of its arrival",
        "已交给链路；是否到达未知",
        "session sequence first_block last_block bytes",
    ),
    "resent": _of(
        "ferry",
        "given to the link again on request",
        "应请求再次交给链路",
        "session sequence first_block last_block bytes",
    ),
    "received": _of(
        "ferry", "arrived whole, still sealed", "已完整到达，仍为密封", "bytes was_missing?"
    ),
    "admitted": _of(
        "guard",
        "opened, verified, inspected anew and let in",
        "已拆封、验证、重新检查并准入",
        f"{_JUDGED} {_SAID} {_DECIDED} changed? changed_sha256? changed_size_bytes? masked?"
        f" released_by? released_by_uids? again? lane? {_EXCHANGED}",
    ),
    "delivered": _of(
        "edge",
        "handed to its destination",
        "已交付目的地",
        "name size_bytes sha256 receipt proof captured_at_ns again? status? request?",
    ),
    "refused": _of(
        "guard",
        "not let pass, for good; set aside",
        "已拒绝，不再重试，已隔离存放",
        f"name? size_bytes? type? policy? checks? counted? inside? {_DECIDED} {_SAID} released_by?"
        f" released_by_uids? user? uid? reason? lane? {_EXCHANGED} tries?",
    ),
    "deferred": _of(
        "any", "cannot be judged or handed on now; tried again", "暂不能判定或转交，将重试", ""
    ),
    "sides.disagreed": _of(
        "guard",
        "beside `refused`: the sending guard let it pass by the same policy set; two readers differ",
        "与“已拒绝”同时记录：发送侧守卫按同一策略集予以放行；两侧解析结果不一致",
        f"{_JUDGED} {_DECIDED} {_SAID}",
    ),
    "held": _of(
        "guard", "waits for people to decide", "等待人工审批", f"{_JUDGED} {_DECIDED} {_SAID} lane?"
    ),
    "held.release_asked": _of(
        "guard",
        "a person released a held unit; it goes on once there are as many as the policy asks for",
        "有人放行待审批单元;达到策略要求的人数后继续",
        "user uid reason group sha256 shown_policy have needed again?",
    ),
    "held.refuse_asked": _of(
        "guard",
        "a person refused a held unit",
        "有人拒绝待审批单元",
        "user uid reason group sha256 shown_policy again?",
    ),
    "held.ignored": _of(
        "guard",
        "a decision about a held unit did not count (why: the text of its number)",
        "对待审批单元的某个决定未计入(原因见其编号)",
        "file user? uid? decision?",
    ),
    "corrupt": _of(
        "any", "not what it should be on disk or lane; set aside", "内容损坏，已隔离存放", "lane?"
    ),
    "set_aside.removed": _of(
        "any",
        "the bytes of a refused or corrupt unit went, past their keeping (by age, size or number)",
        "已拒绝或损坏的交换单元超过保存期限、容量或数量，其内容已删除",
        "stage reason set_aside_at_ns size_bytes why",
    ),
    "duplicate.dropped": _of(
        "any", "came a second time; the first stands", "重复到达，已丢弃；首次到达的有效", ""
    ),
    "process.started": _of("any", "a process began", "进程已启动", ""),
    "process.stopped": _of("any", "a process ended in order", "进程已正常结束", ""),
    "policy.loaded": _of("any", "a policy set runs from now on", "策略集已生效", "policy channels"),
    "policy.refused": _of(
        "any",
        "a policy set was not taken; the one before stays",
        "策略集未被采用，沿用之前的",
        "place count stays",
    ),
    "keys.loaded": _of(
        "guard",
        "renewed keys, certificates or lists are in force",
        "更新后的密钥、证书或列表已生效",
        "",
    ),
    "keys.refused": _of(
        "guard",
        "keys or certificates on disk were not taken; those before stay",
        "磁盘上的密钥或证书未被采用，沿用之前的",
        "",
    ),
    "alarm.raised": _of(
        "any", "an alarm began (values as in its text)", "告警开始（值见其说明）", ""
    ),
    "alarm.cleared": _of("any", "an alarm ended", "告警解除", "stood_s"),
    "lane.session": _of(
        "ferry", "the sender began a new session", "发送端开始新会话", "session before"
    ),
    "lane.gap": _of(
        "ferry", "blocks did not arrive", "有数据块未到达", "session first last blocks"
    ),
    "lane.joined": _of(
        "ferry",
        "blocks sent before this receiver heard its sender for the first time; units in them are named",
        "首次收到发送端之前已发的数据块；其中如有交换单元会另行列出",
        "session first last blocks",
    ),
    "lane.silent": _of("ferry", "no heartbeat of the sender", "未收到发送端心跳", "silent_s?"),
    "unit.lost": _of(
        "ferry",
        "a unit, or several by their place in a session, did not arrive whole",
        "一个或多个交换单元未完整到达",
        "spoken? ranges? missing_bytes? total_bytes? session? first? last?",
    ),
    "unit.completed": _of("ferry", "what was lost of a unit came after all", "缺失部分已补齐", ""),
    "replay.refused": _of(
        "ferry",
        "frames of an earlier session came again",
        "收到旧会话的重放帧",
        "session block frames",
    ),
    "resend.requested": _of(
        "ferry", "a person asked for units to be sent again", "有人请求重发", "units lane_ranges"
    ),
    "resend.sent": _of("ferry", "a request to send again is done", "重发请求已完成", "units?"),
    "resend.unknown": _of(
        "ferry", "a unit asked for is no longer kept", "请求重发的单元已不再保存", ""
    ),
    "outcome": _of(
        "guard",
        "what the other host says became of a unit sent there (became: the word of its journal)",
        "对端主机告知的交换单元结果（became 为其日志用词）",
        "became there_at_ns status?",
    ),
    "outcomes.told": _of(
        "guard",
        "a unit of the gate's own tells the other host what became of its units",
        "网闸自有单元：告知对端其交换单元的结果",
        "outcomes",
    ),
    "outcomes.heard": _of(
        "guard",
        "a unit of outcomes came from the other host; the events after it are in it",
        "收到对端的结果单元；其后的事件即其内容",
        "outcomes",
    ),
    "request.passed": _of(
        "guard",
        "a request was judged and let pass; on disk before it goes on",
        "请求已判定并放行；先落盘后转交",
        "operation size_bytes caller? policy ms sender_policy?",
    ),
    "request.refused": _of(
        "guard",
        "a request was not let pass; its caller is told the number",
        "请求未放行；调用方得知其编号",
        "operation? size_bytes? caller? rule? word?",
    ),
    "request.unanswered": _of(
        "guard",
        "a request that was let pass got no answer in its time, or its edge ended",
        "已放行的请求未在时限内得到应答，或其边缘进程结束",
        "operation ms",
    ),
    "answer.passed": _of(
        "guard",
        "the answer to a request was judged and let pass (unit: the request's)",
        "应答已判定并放行（单元号为请求的编号）",
        "operation status size_bytes answer ms policy",
    ),
    "answer.refused": _of(
        "guard",
        "an answer was not let pass: not asked for, late, a second one, or not as its operation says",
        "应答未放行：未被请求、超时、重复，或与操作定义不符",
        "operation status? size_bytes? answer? consequence? ms? rule? word?",
    ),
    "answer.failed": _of(
        "guard",
        "instead of an answer came the number of the reason, and what is known of the request",
        "未得到应答，而是收到原因编号及请求的已知情况",
        "operation consequence ms",
    ),
    "caller.refused": _of(
        "edge",
        "a connection of a caller was refused before any request (why: the text of its number)",
        "调用方的连接在发出请求之前被拒绝(原因见其编号)",
        "address? caller? other? reason? limit? more?",
    ),
    "call.refused": _of(
        "edge",
        "a call got a problem instead of an answer of its peer (more: as many besides, not listed)",
        "调用未得到对端应答,而是得到问题说明(more:另有若干次,未逐条列出)",
        "caller? address? operation? tries? answer_ms? more?",
    ),
    "call.answered": _of(
        "edge",
        "a call got the answer of its peer",
        "调用已得到对端应答",
        "caller address operation tries answer_ms status",
    ),
    "call.unknown": _of(
        "edge",
        "a call got no answer in its time; it may have been performed",
        "调用未在时限内得到应答;可能已执行",
        "caller address operation tries answer_ms",
    ),
    "call.submitted": _of(
        "edge",
        "a call was taken for good and answered with its receipt",
        "调用已受理并返回回执",
        "caller address operation tries answer_ms",
    ),
    "call.dropped": _of(
        "edge",
        "the caller was gone when its answer came, or before it had all of a large one",
        "应答到达时或大应答传完之前调用方已断开",
        "caller address operation tries answer_ms",
    ),
    "answer.dropped": _of(
        "edge",
        "an answer came through the queue for a caller who waits no more; it went no further",
        "应答经队列到达时已无人等待；应答被丢弃",
        "name size_bytes request",
    ),
    "request.performed": _of(
        "edge",
        "a request from the queue was performed by its peer; status 0: its answer was not taken",
        "队列中的请求已由对端执行；status 为 0：其应答未被接收",
        "operation tries status ms? again?",
    ),
    "request.unknown": _of(
        "edge",
        "a request from the queue was begun, and nobody knows what came of it; not begun again",
        "队列中的请求已开始执行，其结果未知；不会再次执行",
        "operation tries again?",
    ),
    "request.fault": _of(
        "edge",
        "a bug in the calling of a peer: what came of the request is unknown (at: file and line of the bug)",
        "调用对端的程序出现缺陷：该请求的结果未知（at 为缺陷所在的文件与行号）",
        "operation error at",
    ),
    "call.closed": _of(
        "edge",
        "a session of a caller has ended at his connection",
        "调用方的会话已在其连接处结束",
        "caller address operation tries answer_ms ending",
    ),
    "peer.refused": _of(
        "edge",
        "what a peer sent in a session cannot cross; the session has ended",
        "对侧在会话中发送的内容不能跨网；会话已结束",
        "ending what? limit? form?",
    ),
    "session.opened": _of(
        "guard",
        "a session is open: both sides have their connection (under the number of its request)",
        "会话已建立：两侧均已连接（以其请求的编号记录）",
        "operation ms",
    ),
    "session.ended": _of(
        "guard",
        "a session has ended; messages let pass each way, from this side (here) and the other (there)",
        "会话已结束；各方向已放行的消息数（here 为本侧，there 为对侧）",
        "operation ending from_here from_here_bytes from_there from_there_bytes lasted_s sequence?"
        " seconds?",
    ),
    "message.refused": _of(
        "guard",
        "a message of a session was not let pass, or came out of its turn; it was dropped",
        "会话中的某条消息未放行或次序不符；已丢弃",
        "operation? rule? word? sequence? wanted?",
    ),
    "journal.recovered": _of(
        "any", "a torn tail was cut back at start", "启动时截回残缺的尾部", "cut_bytes kept_in"
    ),
    "journal.damaged": _of(
        "any",
        "damage that no crash explains was found at start",
        "启动时发现非崩溃所致的损坏",
        "seq",
    ),
    "journal.broken": _of(
        "guard",
        "a journal of this host was changed or cut",
        "本机某日志被改动或截断",
        "journal seq finding",
    ),
    "journal.checkpoint": _of(
        "guard",
        "first signed checkpoint of a day or of a key",
        "当日或某密钥的首个签名检查点",
        "checkpoint key words",
    ),
    "source.skipped": _of(
        "edge", "something in a source was not taken", "来源中有内容未采集", "name?"
    ),
}


def meaning(what: str, language: str = "en") -> str:
    """The meaning of an event's word; an unknown word (a newer version's) stands for itself."""
    known = EVENTS.get(what)
    if known is None:
        return what
    return known.zh if language == "zh" else known.en


def events_table() -> str:
    """The table of events as docs/AUDIT.md has it (Markdown)."""
    rows = [
        f"| `{what}` | {one.process} | {one.en} | {one.zh} | {' '.join(one.fields)} |"
        for what, one in EVENTS.items()
    ]
    head = "| what | written by | meaning | 含义 | fields |\n| --- | --- | --- | --- | --- |\n"
    return head + "\n".join(rows) + "\n"
