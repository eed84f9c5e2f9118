"""Texts of the area: requests (63xx, 6496).

630x-632x the form of a request, 634x who calls, 635x signatures, 636x limits, 637x what became of it,
638x the peer of a sink, 639x settings, 6496 a bug of a sink. A caller is shown those below 6380 only.
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    6301: Text(
        "the request line is not METHOD /target HTTP/1.1 with one blank between.",
        "请求行不符合“方法 /目标 HTTP/1.1”（各以一个空格分隔）的形式。",
    ),
    6302: Text("the request is not HTTP/1.1.", "请求不是 HTTP/1.1。"),
    6303: Text("the method {method} is not taken here.", "此处不接受方法 {method}。"),
    6304: Text(
        "the target of the request is not a path that begins with a slash.",
        "请求目标不是以斜杠开头的路径。",
    ),
    6305: Text(
        "the target of the request is longer than {limit}.", "请求目标超过 {limit} 的限制。"
    ),
    6310: Text(
        "a line of the request does not end with CR LF, or holds a zero byte.",
        "请求中某行未以 CR LF 结束，或含有零字节。",
    ),
    6311: Text("a header line is not NAME: VALUE.", "某个请求头不符合“名称: 值”的形式。"),
    6312: Text("the headers are more or longer than {limit}.", "请求头的数量或长度超过 {limit}。"),
    6313: Text("the header {name} is there more than once.", "请求头 {name} 重复出现。"),
    6314: Text(
        "the header host is missing or names no host.", "缺少请求头 host，或其内容不是主机名。"
    ),
    6315: Text(
        "the length of the body is not one number, or stands beside a transfer coding.",
        "正文长度不是单个数字，或与传输编码同时出现。",
    ),
    6316: Text("the transfer coding is not chunked alone.", "传输编码不是单独的 chunked。"),
    6317: Text(
        "a chunk of the body has no right size, an extension or a trailer.",
        "正文分块的大小不正确，或带有扩展、尾部字段。",
    ),
    6318: Text("the header {name} is not taken here.", "此处不接受请求头 {name}。"),
    6319: Text(
        "the header expect says something else than 100-continue.",
        "请求头 expect 的值不是 100-continue。",
    ),
    6320: Text("the body is compressed; send it as it is.", "正文经过压缩，请按原样发送。"),
    6322: Text(
        "two readers understand the request differently.", "两个解析器对该请求的理解不一致。"
    ),
    6323: Text(
        "the request did not come in completely within {limit} s.",
        "请求未在 {limit} 秒内完整到达。",
    ),
    6325: Text("the body is longer than {limit} bytes.", "正文超过 {limit} 字节。"),
    6326: Text("this operation takes no body.", "该操作不接受正文。"),
    6327: Text(
        "the body's media type is not one that this operation takes: {type}",
        "正文的媒体类型不是该操作所接受的：{type}",
    ),
    6328: Text(
        "the multipart body does not begin with its boundary.", "multipart 正文未以其边界开头。"
    ),
    6331: Text(
        "the header {name}, which this operation lists, is missing, too long or there too often.",
        "该操作列出的请求头 {name} 缺失、过长或重复次数过多。",
    ),
    6340: Text(
        "a caller at {address} showed no certificate to channel {channel}.",
        "位于 {address} 的调用方未向通道 {channel} 出示证书。",
        "Give the caller a device certificate, and see that its client is set to use it.",
        "请为调用方签发设备证书，并检查其客户端是否启用该证书。",
    ),
    6341: Text(
        "a caller at {address} showed channel {channel} a certificate that its CA has not issued ({reason}).",
        "位于 {address} 的调用方向通道 {channel} 出示了并非其 CA 签发的证书（{reason}）。",
        "If the caller is known, give it a certificate of the channel's CA.",
        "如调用方身份已知，请用该通道的 CA 为其签发证书。",
    ),
    6342: Text(
        "a caller at {address} showed channel {channel} a certificate that has expired.",
        "位于 {address} 的调用方向通道 {channel} 出示了已过期的证书。",
        "Renew the caller's certificate; are the clocks right? date -u",
        "请更新调用方的证书；请核对时钟：date -u",
    ),
    6343: Text(
        "a caller at {address} showed channel {channel} a certificate that is revoked.",
        "位于 {address} 的调用方向通道 {channel} 出示了已吊销的证书。",
        "Find out who still uses it.",
        "请查明谁仍在使用该证书。",
    ),
    6344: Text(
        "a caller at {address} showed channel {channel} a certificate that is not good: {reason}.",
        "位于 {address} 的调用方向通道 {channel} 出示的证书不可用：{reason}。",
        "Look at its dates and uses: openssl x509 -noout -text -in FILE",
        "请检查其有效期和用途：openssl x509 -noout -text -in FILE",
    ),
    6345: Text("this channel has no caller {caller}.", "该通道没有调用方 {caller}。"),
    6346: Text("{caller} may not call from {address}.", "{caller} 不得从 {address} 发起调用。"),
    6347: Text("{caller} is a caller of another channel.", "{caller} 是其他通道的调用方。"),
    6348: Text(
        "a caller at {address} and channel {channel} did not agree on TLS: {reason}.",
        "位于 {address} 的调用方与通道 {channel} 未能就 TLS 达成一致：{reason}。",
        "Let the client use https with TLS 1.3.",
        "请让客户端使用 https 和 TLS 1.3。",
    ),
    6349: Text(
        "the revocation list of channel {channel} cannot answer for a caller at {address}: {reason}.",
        "通道 {channel} 的吊销列表无法用于核验位于 {address} 的调用方：{reason}。",
        "Put a fresh list of the channel's CA in its place.",
        "请更换为该通道 CA 的最新吊销列表。",
    ),
    6350: Text("the request is not signed.", "请求未签名。"),
    6351: Text(
        "the signature's headers are not of the form that is taken here.",
        "签名相关请求头不符合此处要求的形式。",
    ),
    6352: Text("the key of the signature is not known here.", "此处不认识该签名所用的密钥。"),
    6353: Text("the signature does not hold.", "签名验证不通过。"),
    6354: Text(
        "the signature was made {seconds} s ago by this clock, out of the time that is taken.",
        "按本机时钟，签名于 {seconds} 秒前产生，超出允许的时间范围。",
    ),
    6355: Text(
        "this nonce has been used: the request is a replay.", "该随机数已使用过：请求为重放。"
    ),
    6356: Text("the body is not the one of its digest.", "正文与其摘要不符。"),
    6357: Text("no more signed requests can be remembered now.", "暂时无法记录更多已签名请求。"),
    6358: Text(
        "the key belongs to another caller than the certificate.", "密钥与证书不属于同一调用方。"
    ),
    6359: Text(
        "the gate has just started and takes requests signed from now on.",
        "网闸刚刚启动，仅接受此后签名的请求。",
    ),
    6360: Text("more requests than this caller may send.", "超过该调用方的请求速率限制。"),
    6361: Text(
        "more than {limit} requests of this caller at once.", "该调用方的并发请求超过 {limit} 个。"
    ),
    6362: Text("more requests than this channel takes.", "超过该通道的请求速率限制。"),
    6363: Text(
        "more than {limit} requests of this channel at once.", "该通道的并发请求超过 {limit} 个。"
    ),
    6364: Text("no room for more content now.", "暂无空间接收更多内容。"),
    6365: Text(
        "channel {channel} has {limit} connections; one from {address} was closed at once.",
        "通道 {channel} 已有 {limit} 个连接；来自 {address} 的连接被立即关闭。",
        "See who holds them open: ss -tn",
        "查看连接由谁占用：ss -tn",
    ),
    6366: Text("the gate is stopping.", "网闸正在停止。"),
    6370: Text(
        "the request may have been performed; no answer came in time: outcome unknown.",
        "请求可能已执行，但未在时限内收到应答：结果未知。",
    ),
    6371: Text("the gate cannot take requests now.", "网闸暂时不能接收请求。"),
    6372: Text(
        "a fault of the gate; nothing more is known here.", "网闸内部故障，此处没有更多信息。"
    ),
    6373: Text(
        "the caller of this request was gone before its answer came; the answer is dropped.",
        "应答到达前调用方已断开，应答被丢弃。",
    ),
    6374: Text(
        "the thread of requests has ended ({fault}); the process ends and starts anew.",
        "请求处理线程已终止（{fault}）；进程退出并重新启动。",
    ),
    6375: Text(
        "the request was performed; its answer may not pass the gate.",
        "请求已执行；其应答不得通过网闸。",
    ),
    6376: Text(
        "the gate does not let this request pass; it was not performed.",
        "网闸未放行该请求；请求未执行。",
    ),
    6380: Text(
        "the peer of channel {channel} cannot be reached: {reason}. Nothing was sent.",
        "无法连接通道 {channel} 的对端：{reason}。未发送任何内容。",
        "Does the service run, and is its address in the settings right?",
        "请检查对端服务是否运行，以及设置中的地址是否正确。",
    ),
    6381: Text(
        "the peer of channel {channel} did not answer after the request was sent: {reason}.",
        "请求发出后，通道 {channel} 的对端未应答：{reason}。",
        "Look into the log of the peer for what became of it.",
        "请在对端日志中查看该请求的处理情况。",
    ),
    6382: Text("the value of {name} cannot stand in a path.", "{name} 的值不能放入路径。"),
    6383: Text("the value of {name} cannot stand in a request.", "{name} 的值不能放入请求。"),
    6384: Text(
        "there is no operation {operation} here, or not with these fields.",
        "此处没有操作 {operation}，或其字段不符。",
        "Both hosts must run the same policy: ferrygate policy show",
        "两侧主机须使用相同的策略：ferrygate policy show",
    ),
    6385: Text(
        "performed, but the peer answered with status {status}, which operation {operation} does not list.",
        "已执行，但对端返回的状态 {status} 未列入操作 {operation}。",
        "If it is right, write it under `answers` of the operation.",
        "如该状态合理，请写入该操作的 answers。",
    ),
    6386: Text(
        "performed, but the peer's answer is longer than {limit} bytes.",
        "已执行，但对端的应答超过 {limit} 字节。",
    ),
    6387: Text(
        "performed, but the peer's answer is compressed although it was not asked for.",
        "已执行，但对端的应答未经请求即被压缩。",
    ),
    6388: Text(
        "performed, but the peer's answer is of a type that operation {operation} does not list: {type}",
        "已执行，但对端应答的类型未列入操作 {operation}：{type}",
    ),
    6389: Text(
        "performed, but the peer's answer is no HTTP answer that can be read: {reason}.",
        "已执行，但对端的应答不是可读取的 HTTP 应答：{reason}。",
    ),
    6391: Text(
        "the peer of channel {channel} is not the one that its CA names: {reason}. Nothing was sent.",
        "通道 {channel} 的对端与其 CA 所证明的不符：{reason}。未发送任何内容。",
        "Look at its certificate: openssl s_client -connect HOST:PORT",
        "请检查其证书：openssl s_client -connect HOST:PORT",
    ),
    6392: Text(
        "the HTTP library lacks {part}; without it requests are not read strictly enough.",
        "HTTP 库缺少 {part}；缺少该部分则不能足够严格地解析请求。",
        "Install the package that ships with it: pip install --require-hashes -r requirements.lock",
        "请安装包含该部分的软件包：pip install --require-hashes -r requirements.lock",
    ),
    6393: Text(
        "the file of secrets {file} cannot be used: {reason}.",
        "密钥文件 {file} 不能使用：{reason}。",
        "It is a regular file of the edge's user, and nobody else may read it: chmod 600 {file}",
        "该文件应为边缘进程用户所有的普通文件，且他人不可读：chmod 600 {file}",
    ),
    6394: Text(
        "line {line} of the file of secrets {file} is not of its form.",
        "密钥文件 {file} 第 {line} 行格式不正确。",
        "The forms are in docs/REQUESTS.md.",
        "格式见 docs/REQUESTS.md。",
    ),
    6395: Text(
        "TLS of channel {channel} cannot use {file}: {reason}.",
        "通道 {channel} 的 TLS 不能使用 {file}：{reason}。",
        "Look at the file: openssl x509 -noout -text -in {file}",
        "请检查该文件：openssl x509 -noout -text -in {file}",
    ),
    6396: Text(
        "channel {channel} cannot listen on {address}: {reason}.",
        "通道 {channel} 不能在 {address} 上监听：{reason}。",
        "Is the address of this host, and does nothing else listen there? ss -tlnp",
        "请确认该地址属于本机且未被占用：ss -tlnp",
    ),
    6397: Text(
        "the file of secrets {file} has no {name}.",
        "密钥文件 {file} 中没有 {name}。",
        "Write it there, or name another one in the settings.",
        "请补充该条目，或在设置中改用其他名称。",
    ),
    6398: Text(
        "channel {channel} has keys of Ed25519 and nothing that verifies them.",
        "通道 {channel} 使用 Ed25519 密钥，但没有可用的验证组件。",
        "This is a fault of ferrygate's wiring; use hmac-sha256 until it is mended.",
        "这是 ferrygate 装配的缺陷；修复前请使用 hmac-sha256。",
    ),
    6399: Text(
        "{name} is no name of a caller.",
        "{name} 不是调用方名称。",
        "Write it as its certificate has it: CN=portal-01",
        "请按证书中的写法书写：CN=portal-01",
    ),
    6496: Text(
        "the gate's own part that calls the peer failed with a bug; whether the request was performed is"
        " unknown.",
        "网闸调用对端的部分因缺陷而失败；该请求是否已执行未知。",
        "Ask the peer what came of it; send the event request.fault to the makers of the gate: ferrygate audit",
        "请向对端核实；并将 request.fault 事件交给网闸的开发者：ferrygate audit",
    ),
}
