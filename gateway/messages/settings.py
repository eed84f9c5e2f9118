"""Texts of settings and start (1xxx) and of the policy set in force (215x)."""

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
    1015: Text(
        "{file} is the {side} host's, not the {asked} host's.",
        "{file} 属于 {side} 主机,而不是 {asked} 主机。",
        "Start it with: ferrygate run {side}",
        "请用以下命令启动:ferrygate run {side}",
    ),
    1016: Text(
        "A part of the installation is missing: {folder}.",
        "安装不完整,缺少 {folder}。",
        "Install the package anew.",
        "请重新安装软件包。",
    ),
    1017: Text(
        "{folder} is not empty.",
        "{folder} 不是空目录。",
        "Name a folder that does not exist yet.",
        "请指定一个尚不存在的目录。",
    ),
    1018: Text(
        '"{name}" is no name for a gate.',
        '"{name}" 不能作为网闸名称。',
        "Write 1 to 32 small letters, digits and dashes, for example hospital-east.",
        "请用 1 至 32 个小写字母、数字或短横线,例如 hospital-east。",
    ),
    1019: Text(
        "{file} cannot be read: {reason}.",
        "无法读取 {file}:{reason}。",
        "See that it exists and that the user of this process may read it.",
        "请确认文件存在,且本进程用户有读取权限。",
    ),
    1050: Text(
        "No policy set is in force, so nothing passes.",
        "没有生效的策略集,任何交换单元都不放行。",
        "See why: ferrygate policy check. Then: ferrygate policy reload",
        "查看原因:ferrygate policy check;然后:ferrygate policy reload",
    ),
    1051: Text(
        "No channel {channel} in this lane: what no policy file names does not pass.",
        "本方向没有交换通道 {channel}:策略文件未列出的一律不放行。",
        "Write a policy file for it, or remove its source.",
        "请为其编写策略文件,或移除该来源。",
    ),
    1052: Text(
        "The queue and the unit give different numbers.",
        "队列与交换单元的编号不一致。",
        "The unit is kept under corrupt; ferrygate doctor looks at the queue.",
        "该单元保留在 corrupt 中;请用 ferrygate doctor 检查队列。",
    ),
    1053: Text(
        "The channel is on rehearsal: the unit would pass, and is not carried.",
        "该通道处于演练状态:单元本可放行,但不予传送。",
        'Take out "rehearse: yes" to carry units.',
        '删除 "rehearse: yes" 后才会传送。',
    ),
    1054: Text(
        "{name} was written to while it was inspected.",
        "{name} 在检查期间被改写。",
        "Let the sender finish a file before it appears in the folder, or raise whole_when.",
        "请让发送方写完后再放入目录,或加大 whole_when。",
    ),
    1055: Text(
        "The new policy set is not taken: {count} problems, the first at {place}. {stays} goes on.",
        "未采用新的策略集:{count} 个问题,第一个在 {place};{stays} 继续生效。",
        "See all of them: ferrygate policy check",
        "查看全部:ferrygate policy check",
    ),
    1056: Text(
        "The policy set cannot be used: {count} problems, the first at {place}. Nothing passes.",
        "策略集无法使用:{count} 个问题,第一个在 {place};任何单元都不放行。",
        "See all of them: ferrygate policy check. Then: ferrygate policy reload",
        "查看全部:ferrygate policy check;然后:ferrygate policy reload",
    ),
    1057: Text(
        "The body of this unit is not what the edge captured: {reason}.",
        "该单元的内容与采集时不符:{reason}。",
        "See who else can write to queues/import/captured: ferrygate doctor",
        "请检查谁还能写入 queues/import/captured:ferrygate doctor",
    ),
    1058: Text(
        "A line holds it for people, who decide on the inner host; that one judged by another policy set.",
        "有一行规则要求人工决定,而审批在内网主机进行;内网主机按另一套策略判断了它。",
        "Bring the same policies to both hosts, and send the unit again.",
        "请使两端主机的策略一致,然后重新发送该单元。",
    ),
    1060: Text(
        "The gate in {folder} did not come up within its time. Last words: {last}",
        "{folder} 中的网闸未能按时启动。最后输出:{last}",
        "See outer.log and inner.log in that folder.",
        "请查看该目录中的 outer.log 与 inner.log。",
    ),
    1061: Text(
        "The gate in {folder} runs already.",
        "{folder} 中的网闸已在运行。",
        "Stop it first: ferrygate trial down {folder}",
        "请先停止:ferrygate trial down {folder}",
    ),
    1080: Text(
        "A unit's header or manifest of {size_bytes} bytes is not as this version writes it.",
        "交换单元的头部或清单({size_bytes} 字节)不符合本版本的格式。",
        "See that both hosts run the same version: ferrygate version",
        "请确认两台主机运行相同版本:ferrygate version",
    ),
    1090: Text(
        "This unit ended the guard three times ({error}) and is set aside as corrupt.",
        "该单元三次导致 guard 进程退出({error}),已移入 corrupt。",
        "This is a fault of ferrygate. Keep the unit and report it; nothing of it has passed.",
        "这是 ferrygate 的缺陷。请保留该单元并上报;其内容未被放行。",
    ),
    1070: Text(
        "The measurements are not here: {folder} is no folder of a checkout.",
        "此处没有测量程序:{folder} 不是源代码目录。",
        "Run make bench in a checkout of the source.",
        "请在源代码目录中运行 make bench。",
    ),
    1071: Text(
        "The measurement ended before its figures were there: {last}",
        "测量未完成即结束:{last}",
        "Run it again on a quiet machine; as root for the figures of the lane.",
        "请在空闲的机器上重试;测量链路需要 root。",
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
        'Below "{group}:" write "udp: 10.0.0.2:47000" or "ethernet: enp3s0 to 02:00:00:00:00:02".',
        '请在 "{group}:" 下写 "udp: 10.0.0.2:47000" 或 "ethernet: enp3s0 to 02:00:00:00:00:02"。',
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
    1031: Text(
        '"{key}" is for a two-way gate only; this one is one-way.',
        '"{key}" 只用于双向网闸;本网闸是单向的。',
        "Take the line out. A gate becomes two-way by ferrygate init --mode two-way only: it needs keys of its own.",
        "请删去该行。只有用 ferrygate init --mode two-way 建立的网闸才是双向的:它需要自己的密钥。",
    ),
    1032: Text(
        'A two-way gate needs the link of its export lane: "back:" is missing.',
        '双向网闸需要导出通路的链路:缺少 "back:"。',
        'Add "back:" with the same keys as "link:", for example "udp: 10.99.0.1:47001": where the outer host listens.',
        '请加上 "back:",其项与 "link:" 相同,例如 "udp: 10.99.0.1:47001":外网主机监听的地址。',
    ),
    1033: Text(
        "Both lanes end at {address}.",
        "两条通路的终点都是 {address}。",
        "link: names the address at which the inner host listens, back: the one at which the outer host listens.",
        "link: 写内网主机监听的地址,back: 写外网主机监听的地址。",
    ),
    1034: Text(
        "The channel {name} is on the lane {lane}, which this gate has not: it is {mode}.",
        "通道 {name} 走 {lane} 通路,而本网闸没有该通路:其模式为 {mode}。",
        "Take the file out of the policies, or make a two-way gate: ferrygate init --mode two-way.",
        "请从策略中取出该文件,或建立双向网闸:ferrygate init --mode two-way。",
    ),
}
