"""Texts of sessions (WebSocket, server-sent events): 2400 to 2409 policies, 579x the guards, 648x the edges."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_NONE_EN: Final = "none: the message was dropped; look at the other host's journal"
_NONE_ZH: Final = "无：消息已丢弃；请查看对端主机日志"
_AGAIN_EN: Final = "open the session again; if it stays so, `ferrygate status` on both hosts"
_AGAIN_ZH: Final = "重新建立会话；如持续出现，请在两台主机上执行 `ferrygate status`"

TEXTS: Final[dict[int, Text]] = {
    2400: Text(
        "the operation {name} is a session, and nothing can be taken out of its messages",
        "操作 {name} 为会话,其消息不能删减内容",
        "Put sessions into a channel of their own, without `changed`.",
        "请将会话放入单独的、没有 changed 的通道。",
    ),
    2401: Text(
        "the operation {name} is a session, and a channel of receipts (submit) answers nothing",
        "操作 {name} 为会话,而 submit 通道只给回执",
        "Put sessions into a channel of their own, without `submit`.",
        "请将会话放入单独的、没有 submit 的通道。",
    ),
    2402: Text(
        "{operation} is no session of this channel",
        "{operation} 不是该通道的会话",
        "Have both hosts the same policies? `ferrygate status` shows their digests.",
        "两台主机的策略是否相同?`ferrygate status` 显示其摘要。",
    ),
    2403: Text(
        "the session takes no message of this way",
        "该会话不接受此方向的消息",
        "Write what it may be, if there are to be some.",
        "如需允许,请写明其形式。",
    ),
    2404: Text(
        "the message is {form} of {size}; it may be: {takes}",
        "消息为 {form},大小 {size};允许的形式为:{takes}",
        "Write another line, if it is to pass.",
        "如应放行,请修改该行。",
    ),
    2405: Text(
        "the event is named {name}; those that cross: {takes}",
        "事件名为 {name};可跨网的有:{takes}",
        "List its name under events, if it is to pass.",
        "如应放行,请将其列入 events。",
    ),
    2406: Text(
        "the id of the event, {length} characters, is not: {takes}",
        "事件 id(长 {length} 个字符)不符合:{takes}",
        "Write another line for last-event-id, if it is to pass.",
        "如应放行,请修改 last-event-id 的规则行。",
    ),
    2407: Text(
        "{word} has no place in a session of {form}",
        "{form} 会话中不能使用 {word}",
        "Take the line out.",
        "请删除该行。",
    ),
    2408: Text(
        "no test has a message of the session {name} ({word})",
        "没有测试涵盖会话 {name} 的消息({word})",
        "Add one: try: {{call: ..., json: {{...}}}}, or answer: samples/NAME",
        "请添加测试:try: {{call: ..., json: {{...}}}},或 answer: samples/NAME",
    ),
    5790: Text(
        en="{most} sessions are open already; no more are taken",
        zh="已有 {most} 个会话；不再接受新会话",
        en_do="wait until some have ended, or write more under sessions",
        zh_do="等待部分会话结束，或提高 sessions 的上限",
    ),
    5791: Text(
        en="a message came for a session that this guard does not know",
        zh="收到消息，但本守卫没有对应的会话",
        en_do="none after a restart of the guard; else look at the other host's journal",
        zh_do="守卫重启后出现属正常；否则请查看对端主机日志",
    ),
    5792: Text(
        en="a message came after the end of its session",
        zh="会话结束之后又收到其消息",
        en_do=_NONE_EN,
        zh_do=_NONE_ZH,
    ),
    5793: Text(
        en="a message came a second time, or not in its turn (number {sequence}, {wanted} was next)",
        zh="消息重复或次序不符（序号 {sequence}，应为 {wanted}）",
        en_do=_NONE_EN,
        zh_do=_NONE_ZH,
    ),
    5794: Text(
        en="a message came for a session of another channel or operation",
        zh="消息所属的会话属于其他通道或操作",
        en_do=_NONE_EN,
        zh_do=_NONE_ZH,
    ),
    5795: Text(
        en="message {sequence} of the session was lost on its way; the session has ended",
        zh="会话的第 {sequence} 条消息在途中丢失；会话已结束",
        en_do=_AGAIN_EN,
        zh_do=_AGAIN_ZH,
    ),
    5796: Text(
        en="the other side has said nothing of the session for {seconds} s; it has ended",
        zh="对侧已有 {seconds} 秒未提及该会话；会话已结束",
        en_do=_AGAIN_EN,
        zh_do=_AGAIN_ZH,
    ),
    5797: Text(
        en="the session carried no message for {seconds} s",
        zh="会话已有 {seconds} 秒没有消息",
        en_do="none; its policy says how long (idle)",
        zh_do="无；时长由策略的 idle 规定",
    ),
    5798: Text(
        en="the session lasted for {seconds} s, as long as its policy lets it",
        zh="会话已持续 {seconds} 秒，达到策略允许的时长",
        en_do="none; its policy says how long (longest)",
        zh_do="无；时长由策略的 longest 规定",
    ),
    5799: Text(
        en="more messages came in the session than its policy takes",
        zh="会话的消息多于策略允许的数量",
        en_do="look why the edge did not slow them down: `ferrygate status`",
        zh_do="请检查边缘进程为何未限速：`ferrygate status`",
    ),
    6480: Text(
        "the request is not a right opening of a WebSocket: {what}.",
        "该请求不是正确的 WebSocket 握手:{what}。",
    ),
    6481: Text(
        "this version of the WebSocket protocol is not taken; 13 is.",
        "不支持该 WebSocket 协议版本，仅支持 13。",
    ),
    6482: Text(
        "a page of {origin} may not open this session.", "来自 {origin} 的网页不得建立该会话。"
    ),
    6483: Text(
        "the caller offers none of the subprotocols that this session has.",
        "调用方未提出该会话所用的任何子协议。",
    ),
    6484: Text(
        "the caller has {limit} sessions open, as many as he may.",
        "该调用方已有 {limit} 个会话，达到上限。",
    ),
    6485: Text(
        "this operation has {limit} sessions open, as many as it may.",
        "该操作已有 {limit} 个会话，达到上限。",
    ),
    6486: Text("a frame of the connection is not right: {what}.", "连接中的某帧不正确：{what}。"),
    6487: Text("a message is longer than {limit} bytes.", "消息超过 {limit} 字节。"),
    6488: Text("a message that is text is not UTF-8.", "文本消息不是 UTF-8。"),
    6489: Text(
        "a message is {form}, and this session does not take such.",
        "消息为 {form}，该会话不接受此类消息。",
    ),
    6490: Text("the peer's stream of events is not right: {what}.", "对侧的事件流不正确：{what}。"),
    6491: Text("messages were not taken off in time.", "消息未及时取走。"),
    6493: Text("the connection broke.", "连接已中断。"),
    6494: Text(
        "the messages of this session took most of the time in which the guard was {seconds} s behind with"
        " those of all; it has ended.",
        "守卫处理全部会话消息时落后 {seconds} 秒，其中本会话占用时间最多；会话已结束。",
    ),
}
