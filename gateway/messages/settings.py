"""Texts of settings and start: 1xxx."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    1002: Text(
        "{name} is set and is no setting.",
        "环境变量 {name} 已设置,但不是有效的设置项。",
        "Did you mean {suggestion}? Unset {name}, or write the right name.",
        "您是否要写 {suggestion}?请取消 {name} 或改正名称。",
    ),
    1010: Text(
        "There is no gate in {folder}: neither gate.yaml nor outer/gate.yaml nor inner/gate.yaml.",
        "{folder} 中没有网闸:未找到 gate.yaml、outer/gate.yaml 或 inner/gate.yaml。",
        "Name the folder of an installation with --gate, or make one: ferrygate init {folder} --mode one-way",
        "请用 --gate 指定安装目录,或新建:ferrygate init {folder} --mode one-way",
    ),
    1011: Text(
        "{folder} holds both hosts of a gate, and this command is about one of them.",
        "{folder} 含有网闸的两台主机,而此命令只针对其中一台。",
        "Write --gate {folder}/outer or --gate {folder}/inner.",
        "请写 --gate {folder}/outer 或 --gate {folder}/inner。",
    ),
    1012: Text(
        "No gate is named.",
        "未指定网闸。",
        "Write --gate DIR, or set FERRYGATE_HOME.",
        "请写 --gate DIR,或设置 FERRYGATE_HOME。",
    ),
    1013: Text(
        "{folder} has no {side} host.",
        "{folder} 中没有 {side} 主机。",
        "Name the folder in which {side}/gate.yaml lies.",
        "请指定含有 {side}/gate.yaml 的目录。",
    ),
    1014: Text(
        "{file} does not say which side it is.",
        "{file} 未说明是哪一侧主机。",
        'Write "side: outer" or "side: inner".',
        '请写 "side: outer" 或 "side: inner"。',
    ),
    1019: Text(
        "{file} cannot be read: {reason}.",
        "无法读取 {file}:{reason}。",
        "See that it exists and that the user of this process may read it.",
        "请确认文件存在,且本进程用户有读取权限。",
    ),
    1020: Text(
        "{file} is not taken: each problem stands above.",
        "未采用 {file}:各问题见上。",
        "",
        "",
    ),
    1021: Text(
        '"{text}" is no rate.',
        '"{text}" 不是速率。',
        'Write for example "1 Gbit/s" or "800 Mbit/s".',
        '请写,例如 "1 Gbit/s" 或 "800 Mbit/s"。',
    ),
    1022: Text(
        '"{text}" is no percentage.',
        '"{text}" 不是百分比。',
        'Write for example "5 %".',
        '请写,例如 "5 %"。',
    ),
    1023: Text(
        '"{text}" is no number of blocks.',
        '"{text}" 不是块数。',
        'Write for example "4 blocks".',
        '请写,例如 "4 blocks"。',
    ),
    1024: Text(
        '"{key}" is no setting.',
        '"{key}" 不是设置项。',
        'Write "{write}".',
        '请写 "{write}"。',
    ),
    1025: Text('"{key}" is no setting.', '"{key}" 不是设置项。', "", ""),
    1026: Text(
        "The setting {key} is missing: {meaning}.",
        "缺少设置项 {key}。",
        "Write a line {key}: ...",
        "请加上一行 {key}: ...",
    ),
    1027: Text(
        '"{key}" takes one value.',
        '"{key}" 只能有一个值。',
        "Write the value on the same line, without list or sub-entries.",
        "请把值写在同一行,不要写成列表或子项。",
    ),
    1028: Text(
        "A link has exactly one device: udp or ethernet.",
        "链路只能有一种设备:udp 或 ethernet。",
        'Below "link:" write "udp: 10.0.0.2:47000" or "ethernet: enp3s0 to 02:00:00:00:00:02".',
        '请在 "link:" 下写 "udp: 10.0.0.2:47000" 或 "ethernet: enp3s0 to 02:00:00:00:00:02"。',
    ),
    1029: Text(
        '"{text}" is no address with a port.',
        '"{text}" 不是带端口的地址。',
        "Write for example 10.0.0.2:47000 or [fd12::2]:47000; names are not looked up.",
        "请写,例如 10.0.0.2:47000 或 [fd12::2]:47000;不解析主机名。",
    ),
    1030: Text(
        '"{text}" is no interface with the other end\'s MAC address.',
        '"{text}" 不是网卡与对端 MAC 地址。',
        'Write for example "enp3s0 to 02:00:00:00:00:02".',
        '请写,例如 "enp3s0 to 02:00:00:00:00:02"。',
    ),
}
