"""Texts of keys and certificates that are made anew and carried: 73xx."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    7301: Text(
        "No request for a certificate is open in {folder}.",
        "{folder} 中没有待签发的证书请求。",
        "Begin with: ferrygate pki request",
        "请先运行:ferrygate pki request",
    ),
    7302: Text(
        "The certificate of {subject} is not for the key of this host's open request.",
        "{subject} 的证书与本机待签发请求的密钥不符。",
        "Carry the request that `ferrygate pki request` writes now, and the certificate made from it.",
        "请携带 ferrygate pki request 现在写出的请求,以及由它签发的证书。",
    ),
    7303: Text(
        "{path} is no certificate, no revocation list and no bundle of epochs.",
        "{path} 不是证书、吊销列表或时段密钥包。",
        "Carry it again, as `pki sign`, `pki crl` or `pki epochs` wrote it.",
        "请重新携带 pki sign、pki crl 或 pki epochs 写出的文件。",
    ),
    7304: Text(
        "{subject} is not taken as {expected}: FG-{reason}.",
        "{subject} 不能作为 {expected} 采用:FG-{reason}。",
        "See why: ferrygate help FG-{reason}",
        "查看原因:ferrygate help FG-{reason}",
    ),
    7305: Text(
        "What was carried here was made {made}, and what this host has is newer: {ours}.",
        "带来的文件生成于 {made},本机已有更新的:{ours}。",
        "Carry the newest one; an older one would bring back what has ended or was revoked.",
        "请携带最新的文件;较旧的会恢复已过期或已吊销的内容。",
    ),
    7306: Text(
        "This host sends to nobody, so that it keeps no epochs of another.",
        "本机不向对端发送,不保存对端的时段密钥。",
        "Carry the bundle to the outer host: ferrygate pki trust FILE",
        "请把密钥包带到外网主机:ferrygate pki trust FILE",
    ),
    7307: Text(
        '"{name}" is not one certificate of this authority; not revoked are: {known}.',
        '"{name}" 不能确定为本机构的一张证书;未吊销的有:{known}。',
        "Name one of them: ferrygate pki revoke NAME --issuing DIR",
        "请指定其一:ferrygate pki revoke NAME --issuing DIR",
    ),
    7308: Text(
        "The certificate of {subject} ended {ended}: it signs nothing any more.",
        "{subject} 的证书已于 {ended} 到期,不能再签发。",
        "Make a new issuing authority with the root key: docs/KEYS.md.",
        "请用根密钥建立新的签发机构:docs/KEYS.md。",
    ),
    7309: Text(
        "Another ferrygate pki command is at work in {folder}.",
        "另一个 ferrygate pki 命令正在 {folder} 中工作。",
        "Try again when it is done.",
        "请等它结束后再试。",
    ),
    7310: Text(
        "A batch of epoch keys was made today already; its bundle is {path}.",
        "今天已生成过一批时段密钥;其密钥包为 {path}。",
        "Carry a copy of that file to the other host: ferrygate pki trust FILE. Another batch can be made tomorrow.",
        "请把该文件的副本带到另一台主机:ferrygate pki trust FILE。明天可再生成一批。",
    ),
}
