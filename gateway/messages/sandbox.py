"""Texts of the area: the sandbox in which parsers run.

3980 to 3982, 3994    the sandbox is not there: the unit waits
3983 to 3993          a unit ended the process that looked at it: refused
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_SHOW = "Look at the unit with `ferrygate life`, and let the sender make the file anew."
_SHOW_ZH = "用 `ferrygate life` 查看该单元,并请发送方重新生成文件。"

TEXTS: Final[dict[int, Text]] = {
    3980: Text(
        "The sandbox for content does not start: {reason}; units wait",
        "内容检查沙箱未能启动:{reason};交换单元等待中",
        "Run `ferrygate doctor`. It needs libseccomp2 and a kernel with seccomp filters.",
        "运行 `ferrygate doctor`。沙箱需要 libseccomp2 和支持 seccomp 过滤的内核。",
    ),
    3981: Text(
        "The sandbox ended while {job} looked at a unit of {channel}; the unit waits, the sandbox starts anew",
        "{job} 检查通道 {channel} 的交换单元时沙箱结束;单元等待,沙箱重新启动",
        "If it comes again: look whether the machine is short of memory, `journalctl -k`.",
        "如反复出现,用 `journalctl -k` 检查内存是否不足。",
    ),
    3982: Text(
        "The sandbox could not make a closed-off process; units wait",
        "沙箱未能建立隔离进程;交换单元等待中",
        "Look at TasksMax= and SystemCallFilter= of the guard's unit file, and at free memory.",
        "检查 guard 服务单元文件中的 TasksMax= 和 SystemCallFilter=,以及空闲内存。",
    ),
    3983: Text(
        "A unit of {channel} crashed {job}: {signal}",
        "通道 {channel} 的一个交换单元使 {job} 崩溃:{signal}",
        _SHOW,
        _SHOW_ZH,
    ),
    3984: Text(
        "While {job} looked at a unit of {channel}, it made a system call that is forbidden there",
        "{job} 检查通道 {channel} 的一个交换单元时,发出了被禁止的系统调用",
        "Treat the unit as an attack until it is explained.",
        "在查明原因之前,请按攻击处理该单元。",
    ),
    3985: Text(
        "A unit of {channel} took {job} beyond its memory, {limit} bytes",
        "通道 {channel} 的一个交换单元使 {job} 超出内存上限 {limit} 字节",
        _SHOW,
        _SHOW_ZH,
    ),
    3986: Text(
        "A unit of {channel} took {job} beyond its processor time, {limit} s",
        "通道 {channel} 的一个交换单元使 {job} 超出处理器时间上限 {limit} 秒",
        _SHOW,
        _SHOW_ZH,
    ),
    3987: Text(
        "A unit of {channel} took {job} longer than {limit} s",
        "{job} 检查通道 {channel} 的一个交换单元超过 {limit} 秒",
        _SHOW,
        _SHOW_ZH,
    ),
    3988: Text(
        "{job} said nothing for {limit} s about a unit of {channel}",
        "{job} 检查通道 {channel} 的一个交换单元时,{limit} 秒没有任何应答",
        _SHOW,
        _SHOW_ZH,
    ),
    3989: Text(
        "A unit of {channel} made {job} answer what is no answer",
        "通道 {channel} 的一个交换单元使 {job} 给出无法识别的应答",
        "Treat the unit as an attack until it is explained.",
        "在查明原因之前,请按攻击处理该单元。",
    ),
    3990: Text(
        "A unit of {channel} made {job} answer or ask more than {limit} allows",
        "通道 {channel} 的一个交换单元使 {job} 的应答或询问超过上限 {limit}",
        _SHOW,
        _SHOW_ZH,
    ),
    3991: Text(
        "{job} ended before its last word about a unit of {channel}",
        "{job} 检查通道 {channel} 的一个交换单元时提前结束",
        _SHOW,
        _SHOW_ZH,
    ),
    3992: Text(
        "A unit of {channel} met what {job} does not expect: {name}",
        "通道 {channel} 的一个交换单元使 {job} 出现意外:{name}",
        "The unit is refused. Report it with the file, if the file may be given away.",
        "该单元已拒绝。如允许外发,请连同文件一并上报。",
    ),
    3993: Text(
        "While {job} looked at a unit of {channel}, the system ended it: memory of the machine, or a person",
        "{job} 检查通道 {channel} 的一个交换单元时被系统终止:主机内存不足或人为操作",
        "Look at `journalctl -k` and at MemoryMax= of the guard's unit file.",
        "检查 `journalctl -k` 和 guard 服务单元文件中的 MemoryMax=。",
    ),
    3994: Text(
        "The sandbox is being closed; the unit waits",
        "沙箱正在关闭;交换单元等待中",
    ),
}
