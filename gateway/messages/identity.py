"""Texts of identity and sealing: 4xxx.

40xx key files, certificates, provisioning     42xx epochs
41xx signers and their time, the lane key      43xx sealed units
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    4001: Text(
        "{path} cannot be read: {reason}.",
        "无法读取 {path}:{reason}。",
        "Put this host's part of the keys in its place, as ferrygate init made it, and see that the user of this process may read it.",
        "请将 ferrygate init 生成的本机密钥部分放回原处,并确认本进程用户可读取。",
    ),
    4002: Text(
        "{path} is a private key and its rights are {mode}: group or others may use it.",
        "{path} 是私钥,但权限为 {mode}:同组或其他用户可以使用它。",
        "chmod 600 {path}. If others could log in on this host, make a new key: this one counts as known.",
        "chmod 600 {path}。若他人曾可登录本机,请更换密钥:此密钥应视为已泄露。",
    ),
    4003: Text(
        "{path} is no {expected}.",
        "{path} 不是所需的密钥({expected})。",
        "Put the file that ferrygate init made back in its place.",
        "请将 ferrygate init 生成的文件放回原处。",
    ),
    4004: Text(
        "{path} is no certificate of this gate.",
        "{path} 不是本网闸的证书。",
        "Look at it: openssl x509 -in {path} -noout -text. It must be one certificate in PEM.",
        "请查看:openssl x509 -in {path} -noout -text。应为单个 PEM 证书。",
    ),
    4005: Text(
        "The certificate {path} is not over the key {key}.",
        "证书 {path} 与密钥 {key} 不匹配。",
        "Put in place the certificate that was issued for this key's request.",
        "请放入针对此密钥的申请所签发的证书。",
    ),
    4006: Text(
        "{path} stands already, and a key is not overwritten.",
        "{path} 已存在,密钥不会被覆盖。",
        "Choose an empty folder, or move {path} away first.",
        "请选择空目录,或先移走 {path}。",
    ),
    4007: Text(
        "{path} is no bundle of epoch keys, or one of a newer version.",
        "{path} 不是时段密钥包,或版本较新。",
        "Carry the .bundle file of the receiving host here anew: it must arrive byte for byte.",
        "请从接收主机重新带来 .bundle 文件:须逐字节一致。",
    ),
    4008: Text(
        "The epoch keys in {path} are not signed by the receiver that this host knows (reason FG-{reason}).",
        "{path} 中的时段密钥并非由本机已知的接收方签名(原因 FG-{reason})。",
        "Nothing is sealed to them. Ask who wrote the file, and carry the receiving host's bundle and certificate anew.",
        "不会用其封装任何单元。请查明文件来源,并重新带来接收主机的密钥包与证书。",
    ),
    4009: Text(
        "{path} is no revocation list of the issuing CA beside it.",
        "{path} 不是旁边签发 CA 的吊销列表。",
        "Carry the newest issuing.crl from the person who keeps the issuing CA.",
        "请从签发 CA 保管人处带来最新的 issuing.crl。",
    ),
    4010: Text(
        '"{mode}" is no mode of a gate. Known: {known}.',
        '"{mode}" 不是网闸的模式。可用:{known}。',
        "Write --mode one-way or --mode two-way.",
        "请写 --mode one-way 或 --mode two-way。",
    ),
    4011: Text(
        "The certificate request is not a sound one for {name}.",
        "该证书申请不是 {name} 的有效申请。",
        "Make the request on that device anew, under exactly this name.",
        "请在该设备上以此名称重新生成申请。",
    ),
    4012: Text(
        '"{name}" cannot be the name of a gate or a device.',
        '"{name}" 不能作为网闸或设备的名称。',
        "Write 1 to 52 of a-z, 0-9 and -, with no - at either end.",
        "请用 1 至 52 个 a-z、0-9 或 - 字符,首尾不能是 -。",
    ),
    4101: Text(
        "The lane key has {got} bytes, not {expected}.",
        "摆渡密钥长度为 {got} 字节,应为 {expected} 字节。",
        "Copy keys/ferry/lane.key from the other host's part of the same ferrygate init.",
        "请从同一次 ferrygate init 的另一主机部分复制 keys/ferry/lane.key。",
    ),
    4105: Text(
        "The certificate of the peer {subject} ended on {ended}.",
        "对端 {subject} 的证书已于 {ended} 到期。",
        "Renew it (docs/KEYS.md): the new one comes here by ferrygate pki trust FILE. Then send its units again.",
        "请更新证书(docs/KEYS.md):在本机用 ferrygate pki trust FILE 采用新证书,然后重发其单元。",
    ),
    4110: Text(
        "Nobody known here has the certificate {signer} that signed this unit.",
        "签署此单元的证书 {signer} 在本机未知。",
        "If the sending host has a new certificate, carry it here: ferrygate pki trust FILE. If not, somebody else sends on this link.",
        "若发送主机换了证书,请带到本机:ferrygate pki trust FILE;否则说明链路上有他人在发送。",
    ),
    4111: Text(
        "The certificate of {subject} does not come from our root.",
        "{subject} 的证书并非由本机信任的根签发。",
        "Take it out of keys/trust/peers and ask who put it there.",
        "请将其移出 keys/trust/peers,并查明由谁放入。",
    ),
    4112: Text(
        "The certificate of {subject} is not for clearances of a guard.",
        "{subject} 的证书不用于签署放行。",
        "Have a device certificate for a host of the gate issued, not one for a client or server.",
        "请签发网闸主机的设备证书,而不是客户端或服务器证书。",
    ),
    4113: Text(
        "The certificate of {subject} is not that of {expected}.",
        "{subject} 的证书不是 {expected} 的证书。",
        "Take it out of keys/trust/peers; units are taken from {expected} only.",
        "请将其移出 keys/trust/peers;只接受来自 {expected} 的单元。",
    ),
    4114: Text(
        "The certificate of {subject} is revoked.",
        "{subject} 的证书已被吊销。",
        "Its units are refused for good. Ask the person who keeps the issuing CA why.",
        "其单元一律拒绝。请向签发 CA 保管人询问原因。",
    ),
    4115: Text(
        "The certificate of {subject} holds from {begins} on, and it is not so late here yet.",
        "{subject} 的证书自 {begins} 起生效,本机时间尚未到。",
        "Compare the clocks of the two hosts: date -u",
        "请比较两台主机的时钟:date -u",
    ),
    4116: Text(
        "The revocation list ended on {ended}: nobody can say whether the peer's certificate is still good. Units wait, nothing is lost.",
        "吊销列表已于 {ended} 到期:无法判断对端证书是否仍有效。单元等待,不会丢失。",
        "Make a fresh one on the issuing machine (ferrygate pki crl), carry it here: ferrygate pki trust issuing.crl",
        "请在签发机器上生成新的列表(ferrygate pki crl),带到本机:ferrygate pki trust issuing.crl",
    ),
    4117: Text(
        "The certificate of this host, {subject}, is not valid now (it ends {ended}): what it sealed the receiver would refuse. Units wait, nothing is lost.",
        "本机 {subject} 的证书当前无效({ended} 到期):用它封装的单元会被接收方拒绝。单元等待,不会丢失。",
        "Begin here with: ferrygate pki request; the steps are in docs/KEYS.md. If the date is wrong: date -u",
        "请在本机从 ferrygate pki request 开始,步骤见 docs/KEYS.md。若日期有误:date -u",
    ),
    4120: Text(
        "The certificate of {subject} ends on {ends}, in {days} days ({path}).",
        "{subject} 的证书将于 {ends} 到期,剩余 {days} 天({path})。",
        "Renew it before that day: ferrygate pki request on its host; the steps are in docs/KEYS.md.",
        "请在到期前更新:在其主机上运行 ferrygate pki request;步骤见 docs/KEYS.md。",
    ),
    4121: Text(
        "The {subject} {path} ends on {ends}, in {days} days.",
        "吊销列表({subject}){path} 将于 {ends} 到期,剩余 {days} 天。",
        "Make a fresh one on the issuing machine (ferrygate pki crl) and carry it to both hosts (ferrygate pki trust) before that day: without one units wait.",
        "请在到期前于签发机器生成新列表(ferrygate pki crl)并带到两台主机(ferrygate pki trust):否则单元将等待。",
    ),
    4190: Text(
        "The sealed unit is number {unit} and came as number {came_as}.",
        "该封装单元编号为 {unit},却以编号 {came_as} 到达。",
        "It is set aside as corrupt. If this is not rare, look at the ferries: ferrygate doctor",
        "已按损坏隔离。若频繁出现,请检查 ferry:ferrygate doctor",
    ),
    4201: Text(
        "The unit is sealed to epoch key {epoch}, which is none of this host's.",
        "该单元用时段密钥 {epoch} 封装,此密钥不属于本机。",
        "Compare keys/guard/peer-epochs.bundle on the sending host with the newest in keys/guard/epochs here.",
        "请比较发送主机的 keys/guard/peer-epochs.bundle 与本机 keys/guard/epochs 中最新的密钥包。",
    ),
    4202: Text(
        "The unit is sealed to epoch key {epoch}, which ended on {ended} and is erased.",
        "该单元用时段密钥 {epoch} 封装,此密钥已于 {ended} 结束并被清除。",
        "Nobody can open it any more. On the sending host send it again; if it is new, compare the clocks: date -u",
        "已无人能打开。请在发送主机重发;若为新单元,请比较时钟:date -u",
    ),
    4203: Text(
        "The unit is sealed to epoch key {epoch}, which begins on {begins}, more than a day ahead.",
        "该单元用时段密钥 {epoch} 封装,此密钥 {begins} 才开始,超前一天以上。",
        "Compare the clocks of the two hosts: date -u",
        "请比较两台主机的时钟:date -u",
    ),
    4204: Text(
        "There is no epoch key of {receiver} for now: they reach from {begins} to {ended}. Units wait, nothing is lost.",
        "没有 {receiver} 当前时段的密钥:现有密钥覆盖 {begins} 至 {ended}。单元等待,不会丢失。",
        "Make a new batch on the receiving host (ferrygate pki epochs) and carry its bundle here: ferrygate pki trust FILE. If the date is wrong: date -u",
        "请在接收主机生成新一批密钥(ferrygate pki epochs),将密钥包带到本机:ferrygate pki trust FILE。若日期有误:date -u",
    ),
    4209: Text(
        "{count} epoch keys in {folder} have ended at once by this host's clock; none is erased.",
        "按本机时钟,{folder} 中有 {count} 个时段密钥同时到期;未擦除任何密钥。",
        "See that the clock is right. If it is, remove the ended keys by hand: ferrygate pki list",
        "请确认时钟正确。若正确,请手动删除到期密钥:ferrygate pki list",
    ),
    4205: Text(
        "The {subject} end on {ends}, in {days} days ({path}).",
        "{subject}(时段密钥)将于 {ends} 用尽,剩余 {days} 天({path})。",
        "Make a new batch on the receiving host (ferrygate pki epochs), carry its bundle to the sending host (ferrygate pki trust) before that day.",
        "请在此之前在接收主机生成新一批密钥(ferrygate pki epochs),并将密钥包带到发送主机(ferrygate pki trust)。",
    ),
    4206: Text(
        "The epoch key of {receiver} for now is not a usable public key. Units wait, nothing is lost.",
        "{receiver} 当前的时段密钥不是可用的公钥。单元等待,不会丢失。",
        "Make a new batch on the receiving host (ferrygate pki epochs) and carry its bundle here: ferrygate pki trust FILE",
        "请在接收主机生成新一批密钥,并将密钥包带到本机 keys/guard/peer-epochs.bundle。",
    ),
    4301: Text(
        "What came ({size_bytes} bytes) is no sealed unit.",
        "收到的内容({size_bytes} 字节)不是封装单元。",
        "It is set aside as corrupt. If this is not rare, somebody else sends on this link.",
        "已按损坏隔离。若频繁出现,说明链路上有他人在发送。",
    ),
    4302: Text(
        "The unit is sealed in version {version}, suite {suite}, which this version cannot open.",
        "该单元以版本 {version}、算法套件 {suite} 封装,本版本无法打开。",
        "Upgrade the receiving host first, then the sending one; then send the unit again.",
        "请先升级接收主机,再升级发送主机,然后重发该单元。",
    ),
    4303: Text(
        "The sealed unit claims {declared_bytes} bytes and has {size_bytes}, or its parts do not add up.",
        "该封装单元声称 {declared_bytes} 字节,实际 {size_bytes} 字节,或各部分大小不符。",
        "It is set aside as corrupt. On the sending host send it again.",
        "已按损坏隔离。请在发送主机重发。",
    ),
    4304: Text(
        "The unit is sealed for lane {lane}, and this guard receives {expected}.",
        "该单元为方向 {lane} 封装,而本 guard 只接收 {expected}。",
        "See that both hosts are of the same gate: ferrygate doctor",
        "请确认两台主机属于同一网闸:ferrygate doctor",
    ),
    4305: Text(
        "The sealed unit is number {unit}, and number {expected} was expected.",
        "该封装单元编号为 {unit},而应为 {expected}。",
        "It is set aside as corrupt. On the sending host send it again.",
        "已按损坏隔离。请在发送主机重发。",
    ),
    4306: Text(
        "The clearance of unit {unit} does not hold: it was changed, or the sending guard never cleared it.",
        "单元 {unit} 的放行签名不成立:内容被改动,或发送方 guard 从未放行。",
        "It is set aside as corrupt. If this is not rare, somebody else sends on this link.",
        "已按损坏隔离。若频繁出现,说明链路上有他人在发送。",
    ),
    4307: Text(
        "Unit {unit} is not sealed for this host: its secret does not open with our epoch key.",
        "单元 {unit} 并非为本机封装:其密钥封装无法用本机时段密钥打开。",
        "Carry this host's bundle of epoch keys to the sending host anew.",
        "请将本机的时段密钥包重新带到发送主机。",
    ),
    4308: Text(
        "The manifest of unit {unit} does not open under its key.",
        "单元 {unit} 的清单无法用其密钥打开。",
        "It is set aside as corrupt. On the sending host send it again.",
        "已按损坏隔离。请在发送主机重发。",
    ),
    4309: Text(
        "The manifest of unit {unit} opens and is none of this version.",
        "单元 {unit} 的清单可以打开,但不是本版本的清单。",
        "See that both hosts run the same version: ferrygate --version",
        "请确认两台主机版本相同:ferrygate --version",
    ),
    4310: Text(
        "The manifest of unit {unit} says another number ({claimed}), lane or size than its header.",
        "单元 {unit} 的清单与其头部的编号({claimed})、方向或大小不一致。",
        "It is set aside as corrupt. The sending guard signed it: look at that host.",
        "已按损坏隔离。它由发送方 guard 签署:请检查该主机。",
    ),
    4311: Text(
        "Segment {segment} of unit {unit} does not open in its place: the body was changed on the way.",
        "单元 {unit} 的第 {segment} 段无法在其位置打开:正文在途中被改动。",
        "It is set aside as corrupt. On the sending host send it again.",
        "已按损坏隔离。请在发送主机重发。",
    ),
    4312: Text(
        "The body of unit {unit} is not the one that was cleared: its SHA-256 differs.",
        "单元 {unit} 的正文不是放行时的正文:SHA-256 不一致。",
        "It is set aside as corrupt. The sending guard signed it: look at that host.",
        "已按损坏隔离。它由发送方 guard 签署:请检查该主机。",
    ),
    4321: Text(
        "The body has {size_bytes} bytes and had {judged_bytes} when it was judged.",
        "正文现为 {size_bytes} 字节,判定时为 {judged_bytes} 字节。",
        "Let the source write the file to its end before it is moved here, and send it again.",
        "请让来源写完文件后再移入,并重新发送。",
    ),
    4331: Text(
        "{path} cannot be written, or what belongs in it cannot be read: {reason}. The unit waits, nothing is lost.",
        "无法写入 {path},或无法读取其来源:{reason}。单元等待,不会丢失。",
        "Look at space and rights of that folder, after a failing sync at the disk: df -h {path}; dmesg",
        "请检查该目录的空间与权限;若为同步失败,请检查磁盘:df -h {path};dmesg",
    ),
}
