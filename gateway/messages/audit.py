"""Texts of the area: audit."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    6001: Text(
        en="Another process writes the journal {folder}. A journal has one writer.",
        zh="另一个进程正在写入日志 {folder}。每个日志只有一个写入者。",
        en_do="Look which one: ferrygate status. End it, or give this gate a folder of its own.",
        zh_do="查看是哪个进程：ferrygate status。结束它，或为本网闸另设目录。",
    ),
    6002: Text(
        en="The journal {folder} cannot be used: {reason}.",
        zh="日志 {folder} 无法使用：{reason}。",
        en_do="Give the folder to the user of this process: ferrygate doctor shows owner and mode.",
        zh_do="将该目录交给本进程的用户：ferrygate doctor 会显示属主和权限。",
    ),
    6003: Text(
        en="The journal cannot be written: {folder}: {reason} ({free_bytes} bytes free). No unit "
        "passes meanwhile; {waiting} events wait and nothing is lost.",
        zh="日志无法写入：{folder}：{reason}（剩余 {free_bytes} 字节）。"
        "在此期间任何交换单元都不会通过；{waiting} 条事件在等待，没有丢失。",
        en_do="Free space on that file system. Work goes on by itself.",
        zh_do="在该文件系统上释放空间。之后会自动继续。",
    ),
    6004: Text(
        en="Whether the last events of the journal {folder} are on disk is not known: {reason}. The "
        "process ends; at its next start the journal is recovered.",
        zh="无法确定日志 {folder} 的最后几条事件是否已写入磁盘：{reason}。"
        "进程将结束；下次启动时恢复日志。",
        en_do="Look at the disk: dmesg, smartctl. Then start the process again.",
        zh_do="检查磁盘：dmesg、smartctl。然后重新启动进程。",
    ),
    6005: Text(
        en="The journal is damaged at record {seq}, further back than a crash can reach. The segment "
        "was left as it is, and the journal goes on in a new one.",
        zh="日志在第 {seq} 条记录处损坏，位置超出崩溃所能影响的范围。该分段保持原样，日志在新分段中继续。",
        en_do="Keep a copy of the journal folder, then: ferrygate audit verify",
        zh_do="保留日志目录的副本，然后运行：ferrygate audit verify",
    ),
    6006: Text(
        en="The journal of {journal} was changed at record {seq}: its chain does not hold (FG-{finding}).",
        zh="{journal} 的日志在第 {seq} 条记录处被改动：其链条不成立（FG-{finding}）。",
        en_do="Keep a copy of the journal folder, then: ferrygate audit verify",
        zh_do="保留日志目录的副本，然后运行：ferrygate audit verify",
    ),
    6007: Text(
        en="Records of {journal} from {seq} on are gone that a checkpoint vouches for: the tail was "
        "cut, or an older copy was put back (FG-{finding}).",
        zh="{journal} 从第 {seq} 条起有检查点证明过的记录已不存在：尾部被截断，或被换回旧副本（FG-{finding}）。",
        en_do="Keep a copy of the journal folder, then: ferrygate audit verify",
        zh_do="保留日志目录的副本，然后运行：ferrygate audit verify",
    ),
    6008: Text(
        en="The second place for checkpoints, {folder}, cannot be written: {reason}. They are kept "
        "here and copied when it is back.",
        zh="检查点的第二存放处 {folder} 无法写入：{reason}。检查点保留在本机，恢复后再复制。",
        en_do="Plug in or mount {folder}; it is not made by the gate.",
        zh_do="接上或挂载 {folder}；网闸不会自行创建它。",
    ),
    6009: Text(
        en="Checkpoints cannot be written: {folder}: {reason}. What happens now is not vouched for.",
        zh="检查点无法写入：{folder}：{reason}。此刻发生的事件尚无证明。",
        en_do="Free space there, or give the folder to the guard's user.",
        zh_do="释放该处空间，或将目录交给 guard 的用户。",
    ),
    6010: Text(
        en="The second place for checkpoints, {folder}, holds in {file} what this host does not. "
        "The copy was left alone.",
        zh="检查点的第二存放处 {folder} 的 {file} 中有本机没有的内容。该副本未被改动。",
        en_do="Compare the two: ferrygate audit verify. If the place was used by another "
        "gate before, give this one an empty folder.",
        zh_do="比较两处：ferrygate audit verify。若该处曾供另一网闸使用，请换一个空目录。",
    ),
    6011: Text(
        en="The journal had a torn tail of {cut_bytes} bytes after a crash; it was cut back to the "
        "last whole record. The bytes are kept in {kept_in}.",
        zh="崩溃后日志尾部有 {cut_bytes} 字节残缺，已截回到最后一条完整记录。这些字节保存在 {kept_in}。",
    ),
    6020: Text(
        en="Record {seq} of {journal} or the one before it was edited: its hash does not fit "
        "({file}, byte {offset_bytes}).",
        zh="{journal} 的第 {seq} 条记录或其前一条被修改：哈希不符（{file}，第 {offset_bytes} 字节）。",
    ),
    6021: Text(
        en="Records {seq} to {last_seq} of {journal} were removed ({file}, byte {offset_bytes}).",
        zh="{journal} 的第 {seq} 至 {last_seq} 条记录被删除（{file}，第 {offset_bytes} 字节）。",
    ),
    6022: Text(
        en="Record {seq} of {journal} stands where it does not belong ({file}, byte {offset_bytes}).",
        zh="{journal} 的第 {seq} 条记录位置不对（{file}，第 {offset_bytes} 字节）。",
    ),
    6023: Text(
        en="What stands in place of record {seq} of {journal} is no record ({file}, byte "
        "{offset_bytes}).",
        zh="{journal} 第 {seq} 条记录处的内容不是记录（{file}，第 {offset_bytes} 字节）。",
    ),
    6024: Text(
        en="The segment {file} of {journal} does not belong where it stands: its first line does not "
        "fit record {seq}. It was exchanged, or that line was edited.",
        zh="{journal} 的分段 {file} 不属于该位置：其首行与第 {seq} 条记录不符。分段被调换，或首行被修改。",
    ),
    6025: Text(
        en="The tail of {journal} was cut, or an older copy put back: records {seq} to {last_seq}, "
        "which a checkpoint vouches for, are not here.",
        zh="{journal} 的尾部被截断，或被换回旧副本：检查点证明过的第 {seq} 至 {last_seq} 条记录不在此处。",
    ),
    6026: Text(
        en="{journal} was written anew somewhere in records {seq} to {last_seq}: its chain holds, but "
        "is not the one that the checkpoint signed.",
        zh="{journal} 在第 {seq} 至 {last_seq} 条记录之间被重写：链条成立，但与检查点签署的不同。",
    ),
    6027: Text(
        en="Checkpoint {checkpoint} was signed over a {journal} that lacked records {seq} to "
        "{last_seq}, which an earlier one had vouched for.",
        zh="检查点 {checkpoint} 签署时，{journal} 缺少此前检查点已证明的第 {seq} 至 {last_seq} 条记录。",
    ),
    6028: Text(
        en="The signature of checkpoint {seq} is not right under the key {key} ({file}). It was not "
        "used.",
        zh="检查点 {seq} 的签名在密钥 {key} 下不成立（{file}）。未采用该检查点。",
        en_do="If the key is missing, give its public part as well.",
        zh_do="如缺少该密钥，请一并提供其公钥。",
    ),
    6029: Text(
        en="Checkpoint {seq} does not follow from the one before, or is none ({file}, byte "
        "{offset_bytes}).",
        zh="检查点 {seq} 与前一个不衔接，或不是检查点（{file}，第 {offset_bytes} 字节）。",
    ),
    6030: Text(
        en="The clock of {journal} went back {count} times, by {step_s} s at most, first at {seq}.",
        zh="{journal} 的时钟回拨 {count} 次，最多 {step_s} 秒，首次在第 {seq} 条。",
    ),
    6031: Text(
        en="From checkpoint {seq} on the key is {key}, before it was {before}.",
        zh="自检查点 {seq} 起密钥为 {key}，此前为 {before}。",
    ),
    6032: Text(
        en="Records {seq} to {last_seq} of {journal} are not here: removed, or kept in an archive.",
        zh="{journal} 的第 {seq} 至 {last_seq} 条记录不在此处：已被删除，或在归档中。",
        en_do="Put the archived segments into the folder of the copy and verify again.",
        zh_do="将归档的分段放入副本目录后重新验证。",
    ),
    6033: Text(
        en="{journal} ends in half an entry, {seq} ({file}): copied while it was written, or a crash.",
        zh="{journal} 以半条内容结束，编号 {seq}（{file}）：复制时正在写入，或发生过崩溃。",
    ),
    6034: Text(
        en="No checkpoint vouches for records {seq} to {last_seq} of {journal} yet.",
        zh="{journal} 的第 {seq} 至 {last_seq} 条记录尚无检查点证明。",
    ),
    6035: Text(
        en="{file} cannot be read: {reason}.",
        zh="{file} 无法读取：{reason}。",
    ),
    6036: Text(
        en="The journal of {journal} is not here; a checkpoint vouches for records {seq} to {last_seq}.",
        zh="{journal} 的日志不在此处；检查点证明过第 {seq} 至 {last_seq} 条记录。",
    ),
    6037: Text(
        en="Checkpoint {checkpoint} says that the guard saw record {seq} of {journal} changed "
        "(FG-{finding}).",
        zh="检查点 {checkpoint} 记载：guard 发现 {journal} 的第 {seq} 条记录被改动（FG-{finding}）。",
    ),
    6038: Text(
        en="{folder} holds no journal.",
        zh="{folder} 中没有日志。",
        en_do="Name the folder that holds edge, guard, ferry and checkpoints.",
        zh_do="请指定包含 edge、guard、ferry 和 checkpoints 的目录。",
    ),
    6039: Text(
        en="There is no checkpoint. Edits and removals would show, a cut tail or a rewrite would not.",
        zh="没有检查点。修改和删除能被发现，截尾或整体重写则不能。",
        en_do="Add the checkpoints that are kept elsewhere.",
        zh_do="请加上保存在别处的检查点。",
    ),
    6040: Text(
        en="Checkpoints {seq} to {last_seq} are not here ({file}): removed, or kept in an archive.",
        zh="检查点 {seq} 至 {last_seq} 不在此处（{file}）：已被删除，或在归档中。",
    ),
    6041: Text(
        en="There are two different checkpoints with the number {seq} ({file}): one history was "
        "written anew.",
        zh="存在两个编号为 {seq} 的不同检查点（{file}）：其中一份历史被重写。",
    ),
    6042: Text(
        en="Checkpoints {seq} to {last_seq} are kept elsewhere and not on this host: an older copy "
        "was put back.",
        zh="检查点 {seq} 至 {last_seq} 保存在别处而本机没有：本机被换回旧副本。",
    ),
    6043: Text(
        en="There is no checkpoint yet: the gate began {age_s} s ago. What stands here holds together by "
        "its chain only.",
        zh="尚无检查点：网闸于 {age_s} 秒前启动。目前的记录仅由链条自身保证。",
        en_do="Verify again in a minute; the guard signs the first checkpoint by itself.",
        zh_do="请一分钟后再验证；守卫会自动签署首个检查点。",
    ),
    6044: Text(
        en="The keys that vouch for this copy lie beside it, in {folder}: whoever could write the copy could "
        "write them too.",
        zh="为该副本作证的密钥就在其旁（{folder}）：能改副本的人也能改这些密钥。",
        en_do="Verify with keys that came another way: ferrygate audit verify COPY --keys FILE.pub",
        zh_do="请用经其他途径取得的密钥验证：ferrygate audit verify COPY --keys FILE.pub",
    ),
}
