"""Texts of the area: requests and answers on their way between processes and across the lane, 576x to 579x."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_LATER_EN: Final = "ask again later; if it stays so, `ferrygate status` shows which process is slow"
_LATER_ZH: Final = "稍后重试；如持续出现，用 `ferrygate status` 查看哪个进程变慢"

TEXTS: Final[dict[int, Text]] = {
    5760: Text(
        en="{most} requests wait for their answers already; this one was not performed",
        zh="已有 {most} 个请求在等待应答；本请求未执行",
        en_do=_LATER_EN,
        zh_do=_LATER_ZH,
    ),
    5761: Text(
        en="a request with this number came before",
        zh="该编号的请求已经来过",
        en_do="none: an edge of ours never gives a number twice; look at the edge's state folder",
        zh_do="无：边缘进程不会重复编号；请检查其状态目录",
    ),
    5762: Text(
        en="an answer came for a request that this guard has not let pass, or let pass before it was started",
        zh="收到应答，但本守卫未放行过对应请求，或在重启之前放行",
        en_do="none: the answer was dropped; its caller has been told that the outcome is unknown",
        zh_do="无：应答已丢弃；调用方已得知结果未知",
    ),
    5763: Text(
        en="the time for the answer was over",
        zh="应答已超时",
        en_do="look why the peer is slow, or write a longer answer_within",
        zh_do="检查对端为何变慢，或延长 answer_within",
    ),
    5764: Text(
        en="a second answer came for one request; the first stands",
        zh="同一请求收到第二个应答；首个有效",
        en_do="none: the second was dropped; look at the other host's journal",
        zh_do="无：第二个已丢弃；请查看对端主机日志",
    ),
    5765: Text(
        en="an answer came from another channel or operation than the request's ({told} instead of {asked})",
        zh="应答的通道或操作与请求不符（{told}，应为 {asked}）",
        en_do="none: the answer was dropped; look at the other host's journal",
        zh_do="无：应答已丢弃；请查看对端主机日志",
    ),
    5766: Text(
        en="a request came again that was let in before, or may have been; it is not performed twice",
        zh="收到此前已准入（或可能已准入）的请求；不会重复执行",
        en_do="none: somebody has sent old frames again, or this guard was started anew",
        zh_do="无：有人重放旧帧，或本守卫刚刚重启",
    ),
    5767: Text(
        en="a process of this host sent what is no frame ({what}); its connection was ended",
        zh="本机某进程发来的不是合法帧（{what}）；连接已断开",
        en_do="all three processes must be of one version: restart them",
        zh_do="三个进程必须版本一致：请重启",
    ),
    5768: Text(
        en="the process that takes requests next does not run on this host; the request was not performed",
        zh="本机下一环节进程未运行；请求未执行",
        en_do="`ferrygate status` shows which one; it is started again by itself",
        zh_do="`ferrygate status` 显示是哪一个；它会自动重启",
    ),
    5769: Text(
        en="the process that takes requests next takes nothing ({waiting_bytes} bytes wait)",
        zh="本机下一环节进程不再接收（{waiting_bytes} 字节待处理）",
        en_do=_LATER_EN,
        zh_do=_LATER_ZH,
    ),
    5770: Text(
        en="a content of {size_bytes} bytes is not as long as its head says, or longer than can cross at once",
        zh="内容为 {size_bytes} 字节，与其头部所述不符，或超过单次可传上限",
        en_do="send large contents through a channel of files",
        zh_do="大内容请通过文件通道发送",
    ),
    5771: Text(
        en="the process that performed the request ended; whether it was performed is unknown",
        zh="执行请求的进程已结束；是否已执行未知",
        en_do="ask the peer; look at the journal of the other host under the request's number",
        zh_do="请向对端核实；按请求编号查看对端主机日志",
    ),
    5772: Text(
        en="no answer came in time; whether the request was performed is unknown",
        zh="未在时限内收到应答；是否已执行未知",
        en_do="ask the peer; look at the journal of the other host under the request's number",
        zh_do="请向对端核实；按请求编号查看对端主机日志",
    ),
    5773: Text(
        en="the guard ended while the request was under way; whether it was performed is unknown",
        zh="请求处理中守卫进程结束；是否已执行未知",
        en_do="ask the peer; look at the journal of the other host under the request's number",
        zh_do="请向对端核实；按请求编号查看对端主机日志",
    ),
    5774: Text(
        en="the edge of the far side has no peer for the channel {channel}; the request was not performed",
        zh="对端边缘进程没有通道 {channel} 的目标；请求未执行",
        en_do="both hosts need the same policy set: `ferrygate policy show` on each",
        zh_do="两台主机须使用相同策略集：分别运行 `ferrygate policy show`",
    ),
    5775: Text(
        en="the request or answer {unit} came to the ferry without our guard's clearance; it was not sent",
        zh="请求或应答 {unit} 到达摆渡进程时没有本方守卫的放行签名；未发送",
        en_do="keys/ferry/ must hold the public clearance key of this host's guard: `ferrygate doctor`",
        zh_do="keys/ferry/ 须有本机守卫的放行公钥：`ferrygate doctor`",
    ),
    5776: Text(
        en="the number {unit} is not one that its edge gives by now; the unit or request does not go on",
        zh="编号 {unit} 不是其边缘进程此刻会给出的编号；该交换单元或请求不再传递",
        en_do="set the clocks of both hosts: numbers may be a week ahead of the clock, no more",
        zh_do="校准两台主机的时钟：编号最多可比时钟超前一周",
    ),
    5777: Text(
        en="the next process of this host ended while it was handed the request; maybe it was performed",
        zh="移交请求时本机下一环节进程中断；可能已执行",
        en_do="ask the peer; look at the journal of the other host under the request's number",
        zh_do="请向对端核实；按请求编号查看对端主机日志",
    ),
    5778: Text(
        en="the record of requests let in, {path}, is damaged: {why}",
        zh="已准入请求的记录 {path} 已损坏：{why}",
        en_do="remove the file: then the whole journal of the guard is read at its next start",
        zh_do="删除该文件：守卫下次启动时将读取其全部日志",
    ),
    5780: Text(
        en="the socket {path} cannot be opened: {reason}",
        zh="无法打开套接字 {path}：{reason}",
        en_do="run `systemd-tmpfiles --create ferrygate.tmpfiles`; `ferrygate doctor` says what is wrong",
        zh_do="运行 `systemd-tmpfiles --create ferrygate.tmpfiles`；`ferrygate doctor` 指出问题",
    ),
    5781: Text(
        en="the user with id {uid} is at the other end of a socket where {expected} should be; cut off",
        zh="套接字另一端的用户编号为 {uid}，应为 {expected}；已断开",
        en_do="each process has a user of its own: `ferrygate doctor` says what is wrong",
        zh_do="每个进程有独立用户：`ferrygate doctor` 指出问题",
    ),
    5783: Text(
        en="requests and answers of {operation} do not come this way (by queue or by socket)",
        zh="{operation} 的请求和应答不走此路径（队列或套接字）",
        en_do="none: no edge of ours sends it so; look at the other host's journal and policy set",
        zh_do="无：边缘进程不会如此发送；请查看对端主机的日志和策略集",
    ),
    5784: Text(
        en="an answer of {size_bytes} bytes is too large for places to be taken out of it ({limit} at most)",
        zh="应答为 {size_bytes} 字节，过大，无法从中去除字段（上限 {limit}）",
        en_do="give operations with large answers a channel of their own, without `changed`",
        zh_do="请为大应答的操作单独建立不含 changed 的通道",
    ),
    5785: Text(
        en="the number {unit} is far ahead of this host's clock, not of the one that captured it; it waits",
        zh="编号 {unit} 远超本机时钟，但未超出捕获时的时钟；该交换单元等待中",
        en_do="set the clocks of both hosts; it then goes on, or is refused after a month",
        zh_do="校准两台主机的时钟；此后该单元继续传递，等待满一个月则被拒绝",
    ),
}
