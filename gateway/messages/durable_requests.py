"""Texts of the area: requests that go through the queues, and their receipts (642x, 643x; 241x in policies)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    2410: Text(
        "what is below {path} a source answers by itself",
        "{path} 之下的路径由来源自行应答",
        "Give the operation another path.",
        "请为该操作选用其他路径。",
    ),
    2411: Text(
        "{word} is said of requests that are performed later, and this channel answers its callers",
        "{word} 仅用于稍后执行的请求,而本通道需应答调用方",
        "Write `submit: yes` in the channel, or take the line out.",
        "请在通道中写 submit: yes,或删除该行。",
    ),
    6420: Text(
        "{waiting} requests wait to be made durable already; this one was not kept.",
        "已有 {waiting} 个请求等待落盘；本请求未保存。",
        "Ask again later; if it stays so, look at the disk: ferrygate status",
        "请稍后重试；如持续出现，请检查磁盘：ferrygate status",
    ),
    6422: Text(
        "the request {unit} could not be made durable in time; it may be performed, or not.",
        "请求 {unit} 未能及时落盘；可能会执行，也可能不会。",
        "Look whether it is there: ferrygate life {unit}",
        "请查看是否存在：ferrygate life {unit}",
    ),
    6423: Text(
        "outcome unknown: the request was given to its peer, and nobody knows what came of it.",
        "结果未知：请求已交给对端，其结果无人知晓。",
        "Ask whoever runs the peer; the gate does not perform it again. Its bytes lie in the refused folder.",
        "请询问对端系统的负责人；网闸不会再次执行。其内容保存在 refused 目录中。",
    ),
    6424: Text(
        "its peer was away until the channel's time was over (FG-{reason}); it was not performed.",
        "对端在通道规定的时间内一直不可用（FG-{reason}）；请求未执行。",
        "Find out why the peer was away; let the caller send it anew.",
        "请查明对端不可用的原因，并由调用方重新发送。",
    ),
    6425: Text(
        "{file} cannot be written: {reason}; no request is performed.",
        "无法写入 {file}：{reason}；暂不执行任何请求。",
        "Make room on the disk, or look at the folder's owner: ferrygate doctor",
        "请清理磁盘空间或检查目录属主：ferrygate doctor",
    ),
    6426: Text(
        "{file} is damaged: nobody knows which requests had been performed.",
        "{file} 已损坏：无法得知哪些请求已经执行。",
        "Keep a copy, compare `ferrygate audit` with the peer, then remove the file and start again.",
        "请保留副本，将 ferrygate audit 与对端核对，然后删除该文件并重新启动。",
    ),
    6427: Text(
        "its caller's time was over before it could be performed; it was not.",
        "在可执行之前调用方的时限已过；请求未执行。",
    ),
    6428: Text(
        "channel {channel} with operation {operation} is in no policy of this host; its requests wait.",
        "本机策略中没有通道 {channel} 的操作 {operation}；其请求等待中。",
        "Give both hosts the same policy set, then: ferrygate reload",
        "请为两台主机提供相同的策略集，然后执行：ferrygate reload",
    ),
    6429: Text(
        "nobody waits for this answer any more; it was dropped.",
        "已无人等待该应答；应答已丢弃。",
    ),
    6430: Text(
        "{file} cannot be read or written: {reason}; no request of `submit` is taken.",
        "无法读写 {file}：{reason}；暂不接收 submit 请求。",
        "Make room on the disk, look at the folder's owner, after a failing sync at the disk: ferrygate doctor; dmesg",
        "请清理磁盘空间或检查目录属主；若为同步失败，请检查磁盘：ferrygate doctor；dmesg",
    ),
    6431: Text(
        "{file} is damaged at byte {offset}; receipts behind it are not known any more.",
        "{file} 在第 {offset} 字节处损坏；其后的回执不再可知。",
        "None: outcomes stand in the journals, too: ferrygate life UNIT",
        "无需处理：结果同样记录在日志中：ferrygate life UNIT",
    ),
    6432: Text(
        "there is no such receipt.",
        "没有该回执。",
    ),
}
