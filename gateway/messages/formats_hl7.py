"""Texts of the area: HL7 version 2 (3700 to 3739)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_ANEW: Final = "Let the sender's interface make the message anew."
_ANEW_ZH: Final = "请发送方接口重新生成该消息。"

TEXTS: Final[dict[int, Text]] = {
    3700: Text(
        "{where}: a message of {size_bytes} bytes; at most {limit_bytes} are read",
        "{where}:消息有 {size_bytes} 字节,上限 {limit_bytes}",
        "Let the sender transmit large contents as files of their own.",
        "请发送方将大内容作为独立文件发送。",
    ),
    3701: Text(
        "{where}: the control character {byte} at byte {offset}; in a message it can only mislead",
        "{where}:第 {offset} 字节处有控制字符 {byte},消息中不应出现",
        _ANEW,
        _ANEW_ZH,
    ),
    3702: Text(
        "{where}: more parts than any message needs, in {field}",
        "{where}:{field} 的组成部分超过上限",
        _ANEW,
        _ANEW_ZH,
    ),
    3703: Text(
        "{where}: the message does not begin with MSH and the usual delimiters |^~\\&",
        "{where}:消息不是以 MSH 和标准分隔符 |^~\\& 开头",
        _ANEW,
        _ANEW_ZH,
    ),
    3704: Text(
        "{where}: segment {place} is called {segment}, which is no name of a segment",
        "{where}:第 {place} 段名为 {segment},不是合法段名",
        _ANEW,
        _ANEW_ZH,
    ),
    3705: Text(
        "{where}: {count} message headers in one message",
        "{where}:一条消息中有 {count} 个消息头",
        "Let the sender transmit each message as a file of its own.",
        "请发送方每条消息一个文件。",
    ),
    3706: Text(
        "{where}: the sender's own segment {segment}",
        "{where}:含自定义段 {segment}",
        "In the policy file: hl7: with own segments, if the channel is to take them.",
        "如需允许,在策略文件中写 hl7: with own segments。",
    ),
    3707: Text(
        "{where}: a message {type}, which the channel does not take",
        "{where}:消息类型 {type} 不在本通道允许之列",
        "Name it in the line hl7 of the policy file, if it is to pass.",
        "如需放行,在策略文件的 hl7 一行中列出。",
    ),
    3708: Text(
        "{where}: version {version} is no version of HL7 2",
        "{where}:{version} 不是 HL7 2 的版本",
        _ANEW,
        _ANEW_ZH,
    ),
    3709: Text(
        "{where}: in {field} the escape {escape}, which carries bytes or has no end",
        "{where}:{field} 中有转义 {escape},会携带字节或未结束",
        _ANEW,
        _ANEW_ZH,
    ),
    3710: Text(
        "{where}: {field} is {value}, which is no value for it",
        "{where}:{field} 为 {value},取值不合法",
        _ANEW,
        _ANEW_ZH,
    ),
    3711: Text(
        "{where}: {field} is {value}, which is no {type}",
        "{where}:{field} 为 {value},不是 {type}",
        _ANEW,
        _ANEW_ZH,
    ),
    3712: Text(
        "{where}: {field} holds data in {encoding}, and they do not decode",
        "{where}:{field} 的数据标为 {encoding},无法解码",
        _ANEW,
        _ANEW_ZH,
    ),
    3713: Text(
        "{where}: {field} is {value}, which is no date or time",
        "{where}:{field} 为 {value},不是合法日期时间",
        _ANEW,
        _ANEW_ZH,
    ),
    3714: Text(
        "{where}: the text is not in the character set that MSH-18 says: {declared}",
        "{where}:文字与 MSH-18 声明的字符集 {declared} 不符",
        "Let the sender declare UNICODE UTF-8 or GB 18030-2000 and write in it.",
        "请发送方声明并使用 UNICODE UTF-8 或 GB 18030-2000。",
    ),
    3715: Text(
        "{where}: empty segments, or line ends of several kinds",
        "{where}:有空段,或行结束符不一致",
        _ANEW,
        _ANEW_ZH,
    ),
    3717: Text(
        "{where}: a message {type} without its segment {segment}",
        "{where}:{type} 消息缺少 {segment} 段",
        _ANEW,
        _ANEW_ZH,
    ),
    3718: Text(
        "{where}: a batch ({segment}); one message a file is taken",
        "{where}:含批次段 {segment};每个文件只接收一条消息",
        "Let the sender transmit each message as a file of its own.",
        "请发送方每条消息一个文件。",
    ),
}
