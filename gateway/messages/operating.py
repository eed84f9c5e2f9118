"""Texts of operating: 70xx what was typed, 71xx what doctor finds, 80xx what is asked about units."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_TYPED: Final[dict[int, Text]] = {
    7001: Text(
        "The command line is not complete or not right: {problem}.",
        "命令行不完整或有误:{problem}。",
        "See: {command} --help",
        "请看:{command} --help",
    ),
    7002: Text(
        "{path} may not be used by this user.",
        "当前用户无权使用 {path}。",
        "Run the command as the user of that process (ferrygate-edge, -guard or -ferry), or as root.",
        "请以该进程的用户(ferrygate-edge、-guard 或 -ferry)或 root 身份运行。",
    ),
    7003: Text(
        '"{word}" is not known here.',
        '此处没有 "{word}"。',
        'Did you mean "{suggestion}"? See: {command} --help',
        '您是否要写 "{suggestion}"?请看:{command} --help',
    ),
    7004: Text(
        '"{word}" is not known here; known: {known}.',
        '此处没有 "{word}";可用:{known}。',
        "See: {command} --help",
        "请看:{command} --help",
    ),
    7005: Text(
        "{path} could not be read or written: {reason}.",
        "无法读写 {path}:{reason}。",
        "See that it exists and that the disk has room, then try again: ferrygate doctor",
        "请确认其存在且磁盘有空间,然后重试:ferrygate doctor",
    ),
    7010: Text(
        "There is nothing at {path}.",
        "{path} 不存在。",
        "Name a file or folder that is there.",
        "请指定已存在的文件或目录。",
    ),
    7011: Text(
        "No guard of {folder} is running, so that none can be asked.",
        "{folder} 没有正在运行的审查进程(guard),无法请求。",
        "Start it; it reads the set when it starts: ferrygate status",
        "请先启动;启动时会读取策略:ferrygate status",
    ),
    7012: Text(
        "{path} is a file; a gate needs a folder.",
        "{path} 是文件;网闸需要目录。",
        "Name a folder that is empty or not there yet.",
        "请指定空目录或尚不存在的目录。",
    ),
    7013: Text(
        '"{text}" is no number of this version.',
        '"{text}" 不是本版本的编号。',
        "A number has four digits, as FG-1002; all of them: ferrygate help",
        "编号为四位数字,例如 FG-1002;全部编号:ferrygate help",
    ),
    7014: Text(
        '"{text}" is no span of time.',
        '"{text}" 不是时长。',
        "Write for example '30 s', '10 min', '2 h' or '3 d'.",
        "请写,例如 '30 s'、'10 min'、'2 h' 或 '3 d'。",
    ),
    7015: Text(
        '"{text}" is neither a moment nor a span of time.',
        '"{text}" 既不是时刻也不是时长。',
        "Write for example '2 h' (ago), 2026-11-21 or 2026-11-21T09:30Z.",
        "请写,例如 '2 h'(之前)、2026-11-21 或 2026-11-21T09:30Z。",
    ),
    7016: Text(
        '"{text}" is no number of rows.',
        '"{text}" 不是行数。',
        "Write a number from 1 to 1000000.",
        "请写 1 到 1000000 之间的数。",
    ),
    7017: Text(
        "No public key is at hand for {folder}, so no signature can be checked.",
        "没有可用于 {folder} 的公钥,无法核对签名。",
        "Name it: --keys FILE (on the host: keys/trust/journals/SIDE.pub)",
        "请指定:--keys FILE(在主机上:keys/trust/journals/SIDE.pub)",
    ),
    7019: Text(
        "The list is longer than {limit_bytes} bytes; it is none that reconcile has written.",
        "清单超过 {limit_bytes} 字节,不是 reconcile 生成的清单。",
        "Give the file that ferrygate reconcile printed on the inner host.",
        "请使用内网主机上 ferrygate reconcile 输出的文件。",
    ),
    7020: Text(
        'There is no channel "{channel}" in this set; it has: {known}.',
        '策略集中没有交换通道 "{channel}";现有:{known}。',
        "Name one: --channel C",
        "请指定其一:--channel C",
    ),
    7021: Text(
        "The ferry has the link (pid {pid}); a test needs it for itself.",
        "摆渡进程(pid {pid})占用链路;测试须独占链路。",
        "Stop it on both hosts, test, and start it again: systemctl stop ferrygate-outer-ferry",
        "请在两台主机上停止后测试,再启动:systemctl stop ferrygate-outer-ferry",
    ),
    7022: Text(
        "This gate has no lane {lane}: it is one-way.",
        "本网闸没有 {lane} 通路:它是单向的。",
        "Leave --lane out.",
        "请去掉 --lane。",
    ),
    7099: Text(
        "This is a mistake of ours, not of yours: {kind} {text}.",
        "这是本程序的缺陷,与您的操作无关:{kind} {text}。",
        "Run the same command with --debug and send its output to whoever looks after this gate.",
        "请加 --debug 再运行一次,并把输出交给网闸维护人员。",
    ),
}

_DOCTOR: Final[dict[int, Text]] = {
    7101: Text(
        "{path} could not be looked at: {reason}.",
        "无法检查 {path}:{reason}。",
        "Run doctor as root, or as the user of that process.",
        "请以 root 或该进程的用户运行 doctor。",
    ),
    7110: Text("{path} reads well.", "{path} 读取正常。"),
    7120: Text(
        "{path} is not there yet; the process that needs it makes it at its start.",
        "{path} 尚不存在;相关进程启动时会创建。",
        "mkdir -p {path}",
        "mkdir -p {path}",
    ),
    7121: Text(
        "{path} can be read by others than its process (mode {mode}).",
        "{path} 可被本进程以外的用户读取(权限 {mode})。",
        "chmod {wanted} {path}",
        "chmod {wanted} {path}",
    ),
    7122: Text(
        "The folders below {path} are there, and keys are private.",
        "{path} 下的目录齐全,密钥权限正确。",
    ),
    7123: Text(
        "{path} may not be read by this user: keys were not looked at.",
        "当前用户无权读取 {path}:未检查密钥。",
        "Run doctor as root, or as the user of the guard.",
        "请以 root 或 guard 用户运行 doctor。",
    ),
    7124: Text(
        "The certificate here is {name}, and this is the {side} host.",
        "此处证书为 {name},而本机是 {side} 主机。",
        "Carry the keys folder of this side here, and that one back where it belongs.",
        "请换成本侧的 keys 目录,并把现有的放回原处。",
    ),
    7125: Text(
        "{count} certificates, lists and epochs; the first to end is {subject}, in {days} days.",
        "共 {count} 项证书、吊销列表与时段密钥;最先到期:{subject},剩余 {days} 天。",
    ),
    7126: Text(
        "{path} holds no channel: nothing passes.",
        "{path} 中没有交换通道:任何内容都不会通过。",
        "Write one after an example, then: ferrygate policy check {path}",
        "请参照示例编写,然后:ferrygate policy check {path}",
    ),
    7127: Text("{channels} channels, policy {digest}.", "{channels} 个交换通道,策略 {digest}。"),
    7128: Text(
        "The guard works with policy {running}; on disk lies {disk}.",
        "审查进程使用策略 {running};磁盘上为 {disk}。",
        "ferrygate policy reload",
        "ferrygate policy reload",
    ),
    7129: Text(
        "{path} is {mode} of user {owner}; installed it is {wanted} of user {wanted_owner}. "
        "One process could put its own files in the place of another's here ({count} folders in all).",
        "{path} 为用户 {owner} 的 {mode};应为用户 {wanted_owner} 的 {wanted}。"
        "一个进程可在此用自己的文件顶替另一进程的文件(共 {count} 个目录)。",
        "systemd-tmpfiles --create ferrygate.conf",
        "systemd-tmpfiles --create ferrygate.conf",
    ),
    7130: Text(
        "{path} has {free} free, and {reserve} must stay: nothing more is taken in.",
        "{path} 剩余 {free},须保留 {reserve}:不再接收新内容。",
        "Free space there, or lower queues.reserve in gate.yaml.",
        "请清理空间,或在 gate.yaml 中调低 queues.reserve。",
    ),
    7131: Text(
        "{path} has {free} free; at {reserve} nothing more is taken in.",
        "{path} 剩余 {free};降到 {reserve} 时停止接收。",
        "Free space there this week.",
        "请在本周内清理空间。",
    ),
    7132: Text(
        "{path} has {free} free, {reserve} of it in reserve.",
        "{path} 剩余 {free},其中保留 {reserve}。",
    ),
    7133: Text(
        "{path} holds no checkpoint yet; the guard signs the first a minute after its start.",
        "{path} 中尚无检查点;审查进程启动一分钟后签署第一个。",
        "ferrygate status",
        "ferrygate status",
    ),
    7134: Text(
        "The chain of the journal {process} does not hold at record {seq}.",
        "日志 {process} 的链在第 {seq} 条记录处断开。",
        "Keep the disk as it is, copy the journal, and: ferrygate audit verify",
        "请保持磁盘原状,复制日志,然后:ferrygate audit verify",
    ),
    7135: Text(
        "The last checkpoint is {age} old, and one is due every minute.",
        "最近的检查点已有 {age},本应每分钟一个。",
        "ferrygate alarms",
        "ferrygate alarms",
    ),
    7136: Text(
        "{count} checkpoints, the last {age} ago: {words}.",
        "共 {count} 个检查点,最近一个在 {age} 前:{words}。",
    ),
    7137: Text(
        "Not running: {processes}.",
        "未运行:{processes}。",
        "systemctl start ferrygate-{side}.target, or: ferrygate run {side} --gate {folder}",
        "systemctl start ferrygate-{side}.target,或:ferrygate run {side} --gate {folder}",
    ),
    7138: Text(
        "The process {process} is there, but has said nothing for five seconds.",
        "进程 {process} 存在,但已超过五秒没有状态。",
        "systemctl restart ferrygate-{side}-{process}; nothing is lost by it",
        "systemctl restart ferrygate-{side}-{process};不会丢失内容",
    ),
    7139: Text("All three processes run, and no alarm stands.", "三个进程均在运行,没有告警。"),
    7140: Text(
        "{library} is not installed.",
        "未安装 {library}。",
        "apt install {package}",
        "apt install {package}",
    ),
    7141: Text("{libraries} are there.", "{libraries} 已安装。"),
    7142: Text(
        "No time service keeps the clock; epochs, certificates and time rules go by it.",
        "时钟未与时间服务同步;时段密钥、证书与时间规则都依赖它。",
        "apt install chrony, with the clock source of your site",
        "apt install chrony,并配置本单位的时钟源",
    ),
    7143: Text("The clock is kept by a time service.", "时钟已与时间服务同步。"),
    7144: Text(
        "This host forwards packets ({path} is not 0): it is a router past the gate.",
        "本机转发数据包({path} 不为 0):等于绕过网闸的路由器。",
        "sysctl -w {key}=0, and the same in /etc/sysctl.d/",
        "sysctl -w {key}=0,并写入 /etc/sysctl.d/",
    ),
    7145: Text("This host forwards no packets.", "本机不转发数据包。"),
    7147: Text(
        "The kernel gives a receive buffer of {got}, which fits rate and stall.",
        "内核给予的接收缓冲区为 {got},满足速率与停顿要求。",
    ),
    7148: Text(
        "What the other host misses goes again with {mbit_per_s} Mbit/s at most ({share} of the lane): 1 GiB"
        " takes {minutes} min.",
        "对端缺失的内容最多以 {mbit_per_s} Mbit/s 重发(占通路的 {share}):1 GiB 需 {minutes} 分钟。",
        "If that is too long, raise resend_share or rate of this lane in gate.yaml.",
        "如时间过长,请在 gate.yaml 中提高该通路的 resend_share 或 rate。",
    ),
    7150: Text(
        "There is no interface {interface}; this host has: {known}.",
        "没有接口 {interface};本机有:{known}。",
        "Write the right one under link in gate.yaml.",
        "请在 gate.yaml 的 link 下改正。",
    ),
    7151: Text(
        "The interface {interface} is down.",
        "接口 {interface} 未启用。",
        "ip link set {interface} up, and look at the cable",
        "ip link set {interface} up,并检查线缆",
    ),
    7152: Text(
        "The interface {interface} carries {mtu} bytes a frame, the settings say {wanted}.",
        "接口 {interface} 的 MTU 为 {mtu},设置为 {wanted}。",
        "ip link set {interface} mtu {wanted}, or the smaller value under link.mtu on both hosts",
        "ip link set {interface} mtu {wanted},或在两台主机的 link.mtu 写较小的值",
    ),
    7153: Text(
        "{interface} is up and carries {mtu} bytes a frame.", "{interface} 已启用,MTU 为 {mtu}。"
    ),
    7154: Text(
        "No interface of this host has the address {address} of link.udp.",
        "本机没有接口使用 link.udp 的地址 {address}。",
        "ip addr add {address}/30 dev INTERFACE, or write the right address in gate.yaml",
        "ip addr add {address}/30 dev 接口,或在 gate.yaml 改正地址",
    ),
    7155: Text(
        "No way leads to {address} of link.udp.",
        "没有到达 link.udp 地址 {address} 的路由。",
        "Give the link's interface an address of the same network: ip addr add ADDRESS/30 dev INTERFACE",
        "请给链路接口配置同网段地址:ip addr add 地址/30 dev 接口",
    ),
    7160: Text(
        "clamd answers on {socket}: {version}.",
        "clamd 在 {socket} 应答:{version}。",
    ),
    7161: Text(
        "clamd does not answer on {socket}: {reason}. Units wait until it does.",
        "clamd 在 {socket} 无应答:{reason}。交换单元将一直等待。",
        "systemctl start clamav-daemon, then: systemctl status clamav-daemon",
        "systemctl start clamav-daemon,然后:systemctl status clamav-daemon",
    ),
    7162: Text(
        "The signatures of clamd are {age} old, and {limit} is the limit of gate.yaml.",
        "clamd 病毒库已有 {age},gate.yaml 的上限为 {limit}。",
        "Carry a newer set here: place the .cvd files in /var/lib/clamav, then: clamdscan --reload",
        "请导入新病毒库:将 .cvd 放入 /var/lib/clamav,然后:clamdscan --reload",
    ),
    7163: Text(
        "No clamd is named in gate.yaml: malware is looked for with the YARA rules only.",
        "gate.yaml 未配置 clamd:仅用 YARA 规则查毒。",
        "Write under scanners: clamd: /run/clamav/clamd.ctl",
        "请在 scanners 下写:clamd: /run/clamav/clamd.ctl",
    ),
    7164: Text(
        "{files} files of YARA rules in {path} compile.",
        "{path} 中 {files} 个 YARA 规则文件编译通过。",
    ),
    7165: Text(
        "{path} holds no YARA rules.",
        "{path} 中没有 YARA 规则。",
        "Place .yar files there, or write scanners.yara: none",
        "请放入 .yar 文件,或写 scanners.yara: none",
    ),
    7170: Text(
        "The process {process} is there, but has said nothing for {age}: what is shown of it is as old.",
        "进程 {process} 存在,但已有 {age} 没有状态:所示内容为当时的情况。",
        "If nothing else is found: systemctl restart ferrygate-{side}-{process}; nothing is lost by it",
        "若未发现其他原因:systemctl restart ferrygate-{side}-{process};不会丢失内容",
    ),
    7171: Text(
        "The disk is full: {path} has {free} and {inodes} file numbers (inodes) free, and no process can show its status or an alarm.",
        "磁盘已满:{path} 剩余 {free}、{inodes} 个文件号(inode),各进程无法显示状态与告警。",
        "Free space there: df -h {path}; df -i {path}. The processes go on by themselves.",
        "请清理空间:df -h {path};df -i {path}。各进程会自行恢复。",
    ),
    7172: Text(
        "The file system of {path} is read-only: no process can show its status or an alarm.",
        "{path} 所在文件系统为只读:各进程无法显示状态与告警。",
        "See why, then make it writable: journalctl -k; mount -o remount,rw ...",
        "请查明原因并恢复可写:journalctl -k;mount -o remount,rw ...",
    ),
}

_UNITS: Final[dict[int, Text]] = {
    8002: Text(
        "Nothing is known here of {unit}. This gate is one-way: what the inner host knows does not come back.",
        "本机没有 {unit} 的记录。网闸为单向:内网主机的信息不会回传。",
        "On the inner host: ferrygate explain {unit}",
        "请在内网主机上:ferrygate explain {unit}",
    ),
    8003: Text(
        "Nothing is known here of {unit}.",
        "本机没有 {unit} 的记录。",
        "See what there is: ferrygate units --since '1 d'",
        "查看现有交换单元:ferrygate units --since '1 d'",
    ),
    8010: Text(
        '"{text}" is no unit number: nine characters, as 7QK4-M2XD-9.',
        '"{text}" 不是交换单元号:应为九个字符,例如 7QK4-M2XD-9。',
        "Numbers hold no I, L, O or U. See what there is: ferrygate units",
        "编号不含 I、L、O、U。查看现有交换单元:ferrygate units",
    ),
    8011: Text(
        '"{text}" is no unit number: its check character does not fit.',
        '"{text}" 不是交换单元号:校验字符不符。',
        "One character was misread or misheard; compare it with where it came from.",
        "有一个字符读错或听错;请与来源核对。",
    ),
}

TEXTS: Final[dict[int, Text]] = {**_TYPED, **_DOCTOR, **_UNITS}
