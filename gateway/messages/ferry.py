"""Texts of the area: lane and ferry, 5xxx.

51xx settings of a lane, 52xx links, 53xx frames and blocks, 54xx lists of gaps, 55xx files of a ferry,
56xx what a receiver reports, 57xx what a sender reports, 574x outcomes that the guards tell each other.
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    5101: Text(
        en="the lane has a shape that does not work: frames of {frame_bytes} bytes, {data} data and "
        "{repair} repair symbols",
        zh="摆渡方向的帧参数不可用：帧长 {frame_bytes} 字节，数据符号 {data}，修复符号 {repair}",
        en_do="write a link.mtu from 600 bytes up and a link.repair between 0 % and 30 %",
        zh_do="link.mtu 应不小于 600 bytes，link.repair 应在 0 % 到 30 % 之间",
    ),
    5102: Text(
        en="the repair library {library} is not installed on this host",
        zh="本机未安装修复码库 {library}",
        en_do="apt install libisal2",
        zh_do="apt install libisal2",
    ),
    5103: Text(
        en="the lane's rate is {rate} bit/s; a lane must be paced",
        zh="摆渡方向的速率为 {rate} bit/s；必须限速",
        en_do="write link.rate, for example 1 Gbit/s",
        zh_do="写明 link.rate，例如 1 Gbit/s",
    ),
    5104: Text(
        en="the lane key has {got} bytes where {expected} are needed",
        zh="摆渡方向密钥为 {got} 字节，应为 {expected} 字节",
        en_do="bring lane.key of the same `ferrygate init` to keys/ferry on both hosts",
        zh_do="将同一次 `ferrygate init` 生成的 lane.key 放到两台主机的 keys/ferry",
    ),
    5201: Text(
        en="the link takes no frames: {why}; units wait as cleared",
        zh="链路不接收帧：{why}；交换单元停留在已放行",
        en_do="ip -s link show",
        zh_do="ip -s link show",
    ),
    5202: Text(
        en="nothing can be received from the link: {why}",
        zh="无法从链路接收：{why}",
        en_do="ip -s link show",
        zh_do="ip -s link show",
    ),
    5203: Text(
        en="the link address {host} port {port} cannot be used on this host: {why}",
        zh="本机不能使用链路地址 {host} 端口 {port}：{why}",
        en_do="write link.udp as NUMERIC-ADDRESS:PORT of an address that `ip addr` shows",
        zh_do="link.udp 写为数字地址:端口，地址须在 `ip addr` 中",
    ),
    5204: Text(
        en="the receive buffer of the link is {got_bytes} bytes; {rate_mbit} Mbit/s with a stall of "
        "{stall_ms} ms needs {wanted_bytes}",
        zh="链路接收缓冲区为 {got_bytes} 字节；{rate_mbit} Mbit/s、停顿 {stall_ms} 毫秒需要 {wanted_bytes} 字节",
        en_do="sysctl -w net.core.rmem_max={sysctl_bytes}, or write link.rate: {fitting_rate_mbit} Mbit/s "
        "on both hosts",
        zh_do="sysctl -w net.core.rmem_max={sysctl_bytes}，或在两台主机写 link.rate: {fitting_rate_mbit} Mbit/s",
    ),
    5205: Text(
        en='"{text}" is not a MAC address',
        zh="“{text}”不是 MAC 地址",
        en_do="write six pairs of hexadecimal digits, like 02:00:00:00:00:01",
        zh_do="写六组十六进制数字，例如 02:00:00:00:00:01",
    ),
    5206: Text(
        en="the interface {interface} cannot be opened for raw frames: {why}",
        zh="无法在接口 {interface} 上收发原始帧：{why}",
        en_do="name an interface that `ip link` shows; the ferry needs CAP_NET_RAW",
        zh_do="写 `ip link` 中的接口名；摆渡进程需要 CAP_NET_RAW",
    ),
    5301: Text(
        en="a frame is not one of this lane ({what})",
        zh="帧不属于本摆渡方向（{what}）",
        en_do="ferrygate link test, if it happens often",
        zh_do="若频繁出现：ferrygate link test",
    ),
    5302: Text(
        en="a sealed block of this lane has a wrong content ({what}); the sender may be of another version",
        zh="本摆渡方向的数据块内容有误（{what}）；发送端版本可能不同",
        en_do="ferrygate version, on both hosts",
        zh_do="在两台主机运行 ferrygate version",
    ),
    5401: Text(
        en='the list of gaps is wrong in line {line}: "{text}"',
        zh="缺失清单第 {line} 行有误：“{text}”",
        en_do="compare the line with the printed list, and give it again",
        zh_do="与打印的清单核对该行后重新提交",
    ),
    5402: Text(
        en="the list of gaps ends with check {got}, its lines give {expected}: a line is missing or mistyped",
        zh="缺失清单末尾校验为 {got}，按内容应为 {expected}：有行缺失或录入错误",
        en_do="compare with the printed list line by line",
        zh_do="与打印的清单逐行核对",
    ),
    5403: Text(
        en="the request cannot be left in {folder}: {why}",
        zh="无法将请求放入 {folder}：{why}",
        en_do="run the command as a member of the group ferrygate-ferry, on the sending host",
        zh_do="在发送端以 ferrygate-ferry 组成员身份运行",
    ),
    5501: Text(
        en="the state of the lane cannot be written to {path}: {why}",
        zh="摆渡方向状态无法写入 {path}：{why}",
        en_do="df -h, and make room",
        zh_do="df -h，并释放空间",
    ),
    5502: Text(
        en="the state of the lane in {path} is damaged: {why}",
        zh="{path} 中的摆渡方向状态已损坏：{why}",
        en_do="put the file back from backup, or remove it: then recorded frames of the last session would "
        "be taken again, once",
        zh_do="从备份恢复该文件，或删除它：删除后上一会话的录制帧会被再接受一次",
    ),
    5503: Text(
        en="a unit cannot be written in {folder}: {why}; units that do not arrive meanwhile are named",
        zh="无法在 {folder} 写入交换单元：{why}；其间未到达的交换单元将被列出",
        en_do="df -h, and make room",
        zh_do="df -h，并释放空间",
    ),
    5504: Text(
        en="the log of what was sent cannot be written in {folder}: {why}; units wait as cleared",
        zh="无法在 {folder} 写入发送记录：{why}；交换单元停留在已放行",
        en_do="df -h, and make room",
        zh_do="df -h，并释放空间",
    ),
    5601: Text(
        en="{blocks} blocks of the lane are lost ({first} to {last} of session {session})",
        zh="摆渡方向丢失 {blocks} 个数据块（会话 {session} 的 {first} 至 {last}）",
        en_do="ferrygate reconcile: it says which units they cost, if any",
        zh_do="ferrygate reconcile：查看是否有交换单元受影响",
    ),
    5602: Text(
        en="a unit was sent and has not arrived whole",
        zh="有交换单元已发送但未完整到达",
        en_do="ferrygate reconcile here, then ferrygate resend with its list on the sending host",
        zh_do="在本机运行 ferrygate reconcile，再将清单带到发送端运行 ferrygate resend",
    ),
    5603: Text(
        en="sendings {first} to {last} of session {session} have not arrived; which units they were is "
        "known on the sending host only",
        zh="会话 {session} 的第 {first} 至 {last} 次发送未到达；对应的交换单元只有发送端知道",
        en_do="ferrygate reconcile here, then ferrygate resend with its list on the sending host",
        zh_do="在本机运行 ferrygate reconcile，再将清单带到发送端运行 ferrygate resend",
    ),
    5604: Text(
        en="frames came that were sent before (session {session}, block {block}): refused",
        zh="收到以前发送过的帧（会话 {session}，数据块 {block}）：已拒绝",
        en_do="find out what is on the link besides the sending host; a sender restored from an old backup "
        "does this too",
        zh_do="检查链路上除发送端外还有什么设备；发送端从旧备份恢复也会如此",
    ),
    5605: Text(
        en="the lane is silent: no heartbeat for more than {silence_s} s",
        zh="摆渡方向静默：超过 {silence_s} 秒没有心跳",
        en_do="ferrygate status on the sending host, then ip -s link on both",
        zh_do="在发送端运行 ferrygate status，再在两端运行 ip -s link",
    ),
    5701: Text(
        en="unit {unit} has no clearance of this gate's guard and is not carried",
        zh="交换单元 {unit} 没有本网闸的放行签名，不予摆渡",
        en_do="ferrygate life {unit}; somebody other than the guard wrote to the queue cleared",
        zh_do="ferrygate life {unit}；有审查进程以外者写入了 cleared 队列",
    ),
    5702: Text(
        en="unit {unit} is shorter on disk than its queue says; it was set aside",
        zh="交换单元 {unit} 的磁盘内容比队列记录短，已隔离",
        en_do="ferrygate doctor, and look at the disk",
        zh_do="ferrygate doctor，并检查磁盘",
    ),
    5704: Text(
        en="unit {unit} is larger than a lane carries (1 TiB)",
        zh="交换单元 {unit} 超过摆渡上限（1 TiB）",
        en_do="divide the file",
        zh_do="拆分文件",
    ),
    5705: Text(
        en="a unit that was asked for is not kept here any more",
        zh="所请求的交换单元本机已不再保留",
        en_do="capture it anew at its source",
        zh_do="从来源重新采集",
    ),
    5720: Text(
        en="{units} units, {unit} among them, were sent again as often as they may without a person asking, "
        "and the receiver still misses them",
        zh="{units} 个交换单元（包括 {unit}）已达到自动重发上限，接收端仍未收齐",
        en_do="look at both links (ip -s link show), then ferrygate resend with the list of ferrygate reconcile",
        zh_do="检查两条链路（ip -s link show），再用 ferrygate reconcile 的清单运行 ferrygate resend",
    ),
    5740: Text(
        en="the other host cannot be told what became of its units for now (FG-{reason}); nothing is lost",
        zh="暂时无法告知对端其交换单元的结果（FG-{reason}）；不会丢失",
        en_do="ferrygate explain FG-{reason}",
        zh_do="ferrygate explain FG-{reason}",
    ),
    5741: Text(
        en="how far outcomes were told cannot be written to {path}: {why}; some will be told twice",
        zh="结果告知进度无法写入 {path}：{why}；部分结果可能重复告知",
        en_do="df -h, and make room",
        zh_do="df -h，并释放空间",
    ),
    5742: Text(
        en="how far outcomes were told cannot be read from {path}: {why}; they are told from now on",
        zh="无法从 {path} 读取结果告知进度：{why}；从现在起继续告知",
        en_do="remove the file; ferrygate life on this host knows what became of the units before",
        zh_do="删除该文件；此前交换单元的结果可在本机用 ferrygate life 查询",
    ),
    5743: Text(
        en="a unit of outcomes from the other host breaks the rule for them ({what}): not believed, set aside",
        zh="对端的结果单元不符合规则（{what}）：不予采信，已隔离",
        en_do="ferrygate version, on both hosts; ask what happened on the other one",
        zh_do="在两台主机运行 ferrygate version，并查明对端情况",
    ),
    5744: Text(
        en="the other host's edge has not taken the unit, for a reason that is not told across",
        zh="对端边缘进程未接受该交换单元；原因不跨网传递",
        en_do="ferrygate life on the other host tells the reason",
        zh_do="在对端主机用 ferrygate life 查看原因",
    ),
}
