"""Texts of the area: the ends of channels of requests on a host, their files and addresses (640x)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    6400: Text(
        "channel {channel} listens on https, and {file} is not there.",
        "通道 {channel} 以 https 监听，但缺少 {file}。",
        "Put the certificate of {host} and its key there as server.crt and server.key, of the edge's user: chmod 600 server.key",
        "请将 {host} 的证书及其私钥以 server.crt 和 server.key 放入该目录，属主为边缘进程用户：chmod 600 server.key",
    ),
    6401: Text(
        "callers of channel {channel} show certificates, and the CA that they must be of is not there: {file}.",
        "通道 {channel} 的调用方出示证书，但缺少其签发机构的证书：{file}。",
        "Put the certificate of that CA there (PEM).",
        "请将该 CA 的证书（PEM）放到此处。",
    ),
    6402: Text(
        "callers of channel {channel} show certificates, and the list of revoked ones is not there: {file}.",
        "通道 {channel} 的调用方出示证书，但缺少吊销列表：{file}。",
        "Put the list of their CA there (PEM), or an empty file where that CA gives none: touch {file}",
        "请将其 CA 的吊销列表（PEM）放到此处；若该 CA 不发布吊销列表，则放一个空文件：touch {file}",
    ),
    6403: Text(
        "every request of channel {channel} is signed, and the keys of its callers are not there: {file}.",
        "通道 {channel} 的每个请求均须签名，但缺少调用方密钥文件：{file}。",
        "Write a line for each key as docs/REQUESTS.md says, then: chmod 600 {file}",
        "请按 docs/REQUESTS.md 为每个密钥写一行，然后：chmod 600 {file}",
    ),
    6404: Text(
        "channel {channel} shows its peer a certificate, and {file} is not there.",
        "通道 {channel} 须向对端出示证书，但缺少 {file}。",
        "client.crt and client.key belong together: put the other one there too, or take this one away.",
        "client.crt 与 client.key 必须成对：请补上另一个，或移走已有的一个。",
    ),
    6405: Text(
        "channel {channel} calls https, and the CA that its peer must be of is not there: {file}.",
        "通道 {channel} 以 https 调用对端，但缺少对端签发机构的证书：{file}。",
        "Put the certificate of that CA there (PEM); those of the operating system are not used.",
        "请将该 CA 的证书（PEM）放到此处；不使用操作系统自带的 CA。",
    ),
    6406: Text(
        "channel {channel} names the secret {name}, and the file of secrets is not there: {file}.",
        "通道 {channel} 指定了凭据 {name}，但缺少凭据文件：{file}。",
        "Write its line as docs/REQUESTS.md says, then: chmod 600 {file}",
        "请按 docs/REQUESTS.md 写入该凭据，然后：chmod 600 {file}",
    ),
    6407: Text(
        "channel {channel} would listen without TLS on {address}, which others can reach.",
        "通道 {channel} 将在 {address} 上不经 TLS 监听，而该地址可被他人访问。",
        "Write `https on` in its policy; `http on` is for 127.0.0.1 and ::1.",
        "请在策略中改用 https on；http on 仅用于 127.0.0.1 和 ::1。",
    ),
    6408: Text(
        "the journal of this host is behind by {waiting} events; no request is taken.",
        "本机审计日志积压 {waiting} 条；暂不接收请求。",
    ),
    6409: Text(
        "channel {channel} answers its callers, and this gate has one lane only.",
        "通道 {channel} 需要应答调用方，而本网闸只有单向通道。",
        "Write `submit: yes` in its policy, or make the gate a two-way one.",
        "请在策略中写 submit: yes，或将网闸改为双向。",
    ),
    6410: Text(
        "{count} channels of requests have the files that they need.",
        "{count} 个请求通道所需文件齐全。",
    ),
    6411: Text(
        "{path} can be read by the edge's user only; the files of requests were not looked at.",
        "{path} 仅边缘进程用户可读；未检查请求通道的文件。",
        "Look as that user or as root: sudo ferrygate doctor",
        "请以该用户或 root 身份检查：sudo ferrygate doctor",
    ),
}
