"""Texts of the area: held units and what people decide about them (1072 to 1084 the guard, 548x the commands)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    1072: Text(
        "{user} refused this unit, which was held: {reason}",
        "{user} 拒绝了该待审批单元:{reason}",
        "It lies in refused/ for as long as queues.keep_refused says.",
        "该单元保存在 refused/ 中,期限见 queues.keep_refused。",
    ),
    1073: Text(
        "A decision names the unit {unit}, which is not held here.",
        "决定所指的交换单元 {unit} 不在本机待审批之列。",
        "See what is held: ferrygate held list",
        "查看待审批单元:ferrygate held list",
    ),
    1074: Text(
        "A decision about the held unit is for another content than the one that lies here.",
        "对待审批单元的决定所依据的内容与此处存放的不一致。",
        "Look at it again and decide anew: ferrygate held show UNIT",
        "请重新查看后再决定:ferrygate held show UNIT",
    ),
    1075: Text(
        "A file among the decisions is none: {reason}.",
        "决定目录中的文件不是有效的决定:{reason}。",
        "Decide by the command: ferrygate held release UNIT --reason TEXT",
        "请用命令作出决定:ferrygate held release UNIT --reason TEXT",
    ),
    1076: Text(
        "{user} is not in the group {group}, which this channel asks for.",
        "{user} 不属于该通道要求的组 {group}。",
        "Somebody of the group decides: getent group {group}",
        "请由该组成员决定:getent group {group}",
    ),
    1077: Text(
        "{user} has released {unit} already: each person counts once.",
        "{user} 已放行过 {unit}:每人只计一次。",
        "See who is still needed: ferrygate held show {unit}",
        "查看还需几人:ferrygate held show {unit}",
    ),
    1078: Text(
        "The oldest held unit, {unit}, has waited for {hours} hours. The key that opens it is erased "
        "a week after its day; then it can only be refused and sent again.",
        "最早的待审批单元 {unit} 已等待 {hours} 小时。其解封密钥在当日结束一周后删除,届时只能拒绝并重新发送。",
        "Decide: ferrygate held list",
        "请作出决定:ferrygate held list",
    ),
    1079: Text(
        "{count} units are held, more than {limit}.",
        "待审批单元共 {count} 个,超过 {limit} 个。",
        "See which line holds them: ferrygate held list; then change it, or decide.",
        "查看是哪一行规则所致:ferrygate held list;然后修改规则或作出决定。",
    ),
    1081: Text(
        "Decisions about held units cannot be taken from {folder}: {reason}.",
        "无法从 {folder} 读取对待审批单元的决定:{reason}。",
        "Make the folder as the installation says: systemd-tmpfiles --create ferrygate.conf after mkdir",
        "请按安装说明建立该目录:mkdir 之后执行 systemd-tmpfiles --create ferrygate.conf",
    ),
    1082: Text(
        "A decision is not surely its owner's: the file has mode {mode} and {names} names.",
        "无法确定决定文件出自其属主:文件权限为 {mode},名称数为 {names}。",
        "Decide by the command: ferrygate held release UNIT --reason TEXT",
        "请用命令作出决定:ferrygate held release UNIT --reason TEXT",
    ),
    1083: Text(
        "This unit ended its release with {error} and is set aside as corrupt.",
        "放行该单元时发生 {error},已移入 corrupt。",
        "This is a fault of ferrygate. Keep the unit and report it; nothing of it has passed.",
        "这是 ferrygate 的缺陷。请保留该单元并上报;其内容未被放行。",
    ),
    1084: Text(
        "{folder} cannot be written: {reason}. Held units stay held; all others go on.",
        "无法写入 {folder}:{reason}。待审批单元保持待审批,其他单元照常处理。",
        "See who may write there and whether there is room: ls -ld {folder}; df {folder}",
        "请检查权限与空间:ls -ld {folder};df {folder}",
    ),
    5480: Text(
        "{unit} is not held here.",
        "{unit} 不在本机待审批之列。",
        "See what is: ferrygate held list. What became of it: ferrygate life {unit}",
        "查看待审批单元:ferrygate held list;查看其去向:ferrygate life {unit}",
    ),
    5481: Text(
        "What is held cannot be read in {folder}: {reason}.",
        "无法读取 {folder} 中的待审批信息:{reason}。",
        "On the inner host, as somebody of the group ferrygate-operators: ls -ld {folder}; id",
        "请在内网主机上以 ferrygate-operators 组成员身份执行:ls -ld {folder};id",
    ),
    5482: Text(
        "A decision cannot be left in {folder}: {reason}.",
        "无法在 {folder} 中提交决定:{reason}。",
        "On the inner host, as somebody of the group ferrygate-operators: ls -ld {folder}; id",
        "请在内网主机上以 ferrygate-operators 组成员身份执行:ls -ld {folder};id",
    ),
    5483: Text(
        "A decision needs a reason of 1 to {limit} characters.",
        "决定必须附有 1 至 {limit} 个字符的理由。",
        'Write it: --reason "why"',
        '请写明:--reason "理由"',
    ),
    5484: Text(
        "{unit} could not be opened here, so nobody can release it.",
        "{unit} 在此无法解封,因此不能放行。",
        'Refuse it and have it sent again: ferrygate held refuse {unit} --reason "cannot be opened"',
        '请拒绝并要求重新发送:ferrygate held refuse {unit} --reason "无法解封"',
    ),
    5485: Text(
        "{user} is not in the group {group}, which the channel {channel} asks for: the guard would not "
        "count this decision.",
        "{user} 不属于通道 {channel} 要求的组 {group}:审查进程不会计入该决定。",
        "Somebody of the group decides: getent group {group}",
        "请由该组成员决定:getent group {group}",
    ),
    5486: Text(
        "{user} has released {unit} already: each person counts once.",
        "{user} 已放行过 {unit}:每人只计一次。",
        "See who is still needed: ferrygate held show {unit}",
        "查看还需几人:ferrygate held show {unit}",
    ),
}
