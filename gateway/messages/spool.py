"""Texts of the area: queues and disk (65xx)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    6501: Text(
        en="A write to {path} may or may not be on the disk: {reason}. The process ends here; "
        "nothing that was confirmed is lost.",
        zh="对 {path} 的写入是否已落盘无法确定：{reason}。进程在此结束；已确认的内容不会丢失。",
        en_do="Look at the disk (journalctl -k, smartctl -a), then start the process again: it "
        "repairs the queue by itself.",
        zh_do="请检查磁盘（journalctl -k、smartctl -a），然后重新启动进程：队列会自行修复。",
    ),
    6502: Text(
        en="No room in {folder}: {free_bytes} bytes are free, {needed_bytes} are needed. Nothing is "
        "lost; units wait where they are and are tried again.",
        zh="{folder} 空间不足：剩余 {free_bytes} 字节，需要 {needed_bytes} 字节。没有内容丢失，"
        "交换单元留在原处并会自动重试。",
        en_do="Free space on this file system. Look at: df -h {folder}; ferrygate units",
        zh_do="请释放该文件系统的空间。查看：df -h {folder}；ferrygate units",
    ),
    6503: Text(
        en="The {end} of the queue {folder} is open in another process. A queue has one writer and "
        "one reader.",
        zh="队列 {folder} 的 {end} 端已被另一个进程打开。一个队列只能有一个写端和一个读端。",
        en_do="Stop the other process first. Who has it: fuser -v {folder}/.{end}",
        zh_do="请先停止另一个进程。查看占用者：fuser -v {folder}/.{end}",
    ),
    6504: Text(
        en="This user cannot work with {path}: {reason}. Queue folders have mode 2770 and the group "
        "that both processes share.",
        zh="当前用户无法使用 {path}：{reason}。队列目录的权限应为 2770，属组为两个进程共有的组。",
        en_do="See who may: namei -l {path}",
        zh_do="查看权限：namei -l {path}",
    ),
    6505: Text(
        en="{path} does not hold an epoch number. Guessing could give a number twice.",
        zh="{path} 中没有有效的纪元编号。猜测可能导致编号重复。",
        en_do="Write a number into it that is higher than every epoch in use, with a line end.",
        zh_do="请写入一个大于所有已用纪元的数字，并以换行结尾。",
    ),
    6506: Text(
        en="The body {path} lies on another file system than the queue {folder}, so that it cannot "
        "be taken over by rename.",
        zh="正文文件 {path} 与队列 {folder} 不在同一文件系统，无法通过改名接管。",
        en_do="Put both on one file system: df {path} {folder}",
        zh_do="请将两者放在同一文件系统：df {path} {folder}",
    ),
    6507: Text(
        en="{path} was written by another version of ferrygate (segment format {version}).",
        zh="{path} 由另一版本的 ferrygate 写入（段格式 {version}）。",
        en_do="Start the version that wrote it and let the queue run empty, then change the version.",
        zh_do="请启动写入它的版本，待队列清空后再更换版本。",
    ),
    6508: Text(
        en="The memory of unit numbers {path} is damaged. Without it a unit could be taken in twice.",
        zh="交换单元编号记录 {path} 已损坏。缺少它，同一交换单元可能被接收两次。",
        en_do="Restore it from a backup; or remove it, and units of before may be taken in a second "
        "time.",
        zh_do="请从备份恢复；或将其删除，但以前的交换单元可能被再次接收。",
    ),
    6510: Text(
        en="A record of the queue does not match its checksum any more: the disk changed it.",
        zh="队列中的一条记录与其校验和不符：磁盘上的内容已改变。",
        en_do="Look at the disk (smartctl -a), then send the unit again from its source.",
        zh_do="请检查磁盘（smartctl -a），然后从源端重新发送该交换单元。",
    ),
    6511: Text(
        en="The body of the unit is missing from the queue, or its size has changed.",
        zh="队列中缺少该交换单元的正文，或其大小已改变。",
        en_do="Send the unit again from its source. Nobody but ferrygate may touch the queue folders.",
        zh_do="请从源端重新发送该交换单元。除 ferrygate 外，任何人不得改动队列目录。",
    ),
    6512: Text(
        en="Records are missing from the queue: a segment was removed or emptied from outside.",
        zh="队列中缺少记录：有段文件被外部删除或清空。",
        en_do="Compare the units of both ends: ferrygate reconcile. Nobody but ferrygate may touch the "
        "queue folders.",
        zh_do="请核对两端的交换单元：ferrygate reconcile。除 ferrygate 外，任何人不得改动队列目录。",
    ),
    6513: Text(
        en="A unit cannot be set aside in {folder}: {reason}. It stays in its queue and is tried again; "
        "others go on.",
        zh="无法将交换单元隔离存放到 {folder}：{reason}。该单元留在队列中等待重试，其他单元不受影响。",
        en_do="See who may write there, and how full it is: namei -l {folder}; df -i {folder}",
        zh_do="请检查写权限和剩余空间：namei -l {folder}；df -i {folder}",
    ),
    6514: Text(
        en="A unit past its keeping cannot be removed from {folder}: {reason}. It is tried again; nothing "
        "else waits for it.",
        zh="{folder} 中超过保存期限的交换单元无法删除：{reason}。将自动重试，不影响其他单元。",
        en_do="See who may write there: namei -l {folder}",
        zh_do="请检查写权限：namei -l {folder}",
    ),
    6515: Text(
        en="The unit is older than the memory of unit numbers on this host reaches: it may have been let in "
        "before. It waits for people.",
        zh="该交换单元早于本机编号记录所能追溯的范围：此前可能已被接收。正等待人工处理。",
        en_do="See whether it was: ferrygate life UNIT, and at the target. If not: ferrygate held release UNIT. "
        "If it was: ferrygate held refuse UNIT.",
        zh_do="请核实是否曾被接收：ferrygate life UNIT，并查看目标端。若未接收：ferrygate held release UNIT；"
        "若已接收：ferrygate held refuse UNIT。",
    ),
    6516: Text(
        en="The unit is older than the memory of unit numbers on this host reaches: it may have been let in "
        "before, and is not let in a second time.",
        zh="该交换单元早于本机编号记录所能追溯的范围：此前可能已被接收，不会再次接收。",
        en_do="See whether it was: ferrygate life UNIT on the host that received it. If not, have the file "
        "brought again: it gets a new number.",
        zh_do="请在接收端主机核实是否曾被接收：ferrygate life UNIT。若未接收，请重新送入该文件，它会获得新编号。",
    ),
}
