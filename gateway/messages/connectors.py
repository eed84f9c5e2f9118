"""Texts of the area: connectors (25xx). 250x-251x sources, 252x-253x sinks, 254x the loops."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    2501: Text(
        en="the folder {folder} of channel {channel} is not there ({reason}); no unit of it is captured, the other channels go on.",
        zh="交换通道 {channel} 的目录 {folder} 不存在（{reason}）；该通道暂停采集，其他通道照常运行。",
        en_do="Mount or create it: ls -ld {folder}. Capture goes on by itself.",
        zh_do="请挂载或创建该目录：ls -ld {folder}。恢复后自动继续采集。",
    ),
    2502: Text(
        en="the folder {folder} of channel {channel} cannot be read and written by user {user}; no unit of it is captured.",
        zh="用户 {user} 不能读写交换通道 {channel} 的目录 {folder}；该通道暂停采集。",
        en_do="Give the user read, write and search rights on it: setfacl -m u:{user}:rwx {folder}",
        zh_do="请授予该用户读、写和进入权限：setfacl -m u:{user}:rwx {folder}",
    ),
    2503: Text(
        en="the folder {folder} of channel {channel} was a mount point and is none now; no unit of it is captured.",
        zh="交换通道 {channel} 的目录 {folder} 原为挂载点，现未挂载；该通道暂停采集。",
        en_do="Mount it again: mount {folder}. Capture goes on by itself.",
        zh_do="请重新挂载：mount {folder}。恢复后自动继续采集。",
    ),
    2504: Text(
        en="the folder {folder} of channel {channel} gives an error: {reason}. Its units wait, none is lost.",
        zh="交换通道 {channel} 的目录 {folder} 出错：{reason}。交换单元等待，不会丢失。",
        en_do="Look at the disk or the file server behind it: findmnt -T {folder}; dmesg | tail",
        zh_do="请检查其磁盘或文件服务器：findmnt -T {folder}；dmesg | tail",
    ),
    2505: Text(
        en="left alone in {folder}: {name} is a {kind} and no regular file.",
        zh="未采集 {folder} 中的 {name}：它是 {kind}，不是普通文件。",
        en_do="Put the file itself there instead.",
        zh_do="请直接放置文件本身。",
    ),
    2506: Text(
        en="left alone in {folder}: {name} belongs to {owner}, who is not among the writers of channel {channel}.",
        zh="未采集 {folder} 中的 {name}：其所有者 {owner} 不在交换通道 {channel} 的写入者之列。",
        en_do='If {owner} may bring files, write the name into the line "writers" of the channel\'s policy.',
        zh_do="如允许 {owner} 提交文件，请将其写入该通道策略的“writers”一行。",
    ),
    2507: Text(
        en="left alone in {folder}: {name} cannot be read or moved by user {user} ({reason}).",
        zh="未采集 {folder} 中的 {name}：用户 {user} 不能读取或移动它（{reason}）。",
        en_do="Give read rights to the file: setfacl -m u:{user}:r FILE",
        zh_do="请授予读取权限：setfacl -m u:{user}:r FILE",
    ),
    2508: Text(
        en="left alone in {folder}: {name} has {links} names (hard links), so that it could change under another one.",
        zh="未采集 {folder} 中的 {name}：它有 {links} 个名称（硬链接），可能经由其他名称被改动。",
        en_do="Copy the file into the folder instead of linking it.",
        zh_do="请复制文件到该目录，不要使用硬链接。",
    ),
    2509: Text(
        en="channel {channel}: files cannot be moved from {folder} to {target} ({reason}).",
        zh="交换通道 {channel}：文件不能从 {folder} 移动到 {target}（{reason}）。",
        en_do="Make {target} an ordinary folder on the same file system, writable by user {user}.",
        zh_do="请将 {target} 设为同一文件系统上用户 {user} 可写的普通目录。",
    ),
    2510: Text(
        en="the counter of unit numbers {file} is damaged; numbers must not repeat, so nothing starts.",
        zh="交换单元编号计数文件 {file} 已损坏；编号不得重复，因此不启动。",
        en_do="If no backup of it is at hand, remove it: numbering goes on from today's date, above all earlier numbers.",
        zh_do="如无备份，请删除该文件：编号将按当前日期继续，高于以往所有编号。",
    ),
    2511: Text(
        en="the counter of unit numbers {file} cannot be written ({reason}); no unit is captured, nothing is lost.",
        zh="交换单元编号计数文件 {file} 无法写入（{reason}）；暂停采集，不会丢失。",
        en_do="Free space or give back the rights: df {file}; ls -l {file}",
        zh_do="请释放空间或恢复权限：df {file}；ls -l {file}",
    ),
    2512: Text(
        en="all unit numbers of this installation are used up (counter {file}).",
        zh="本安装的交换单元编号已用尽（计数文件 {file}）。",
        en_do="Is the clock of this host right? date -u. If it is, this gate must be installed anew.",
        zh_do="请检查本机时钟：date -u。如时钟正确，需重新安装本网闸。",
    ),
    2513: Text(
        en="{folder} is not a private folder of user {user} ({reason}); ferrygate keeps its work there and stops this channel.",
        zh="{folder} 不是用户 {user} 的私有目录（{reason}）；网闸在此保存工作文件，该通道停止。",
        en_do="Look at what it is, then move it away: ls -ld {folder}",
        zh_do="请检查后将其移走：ls -ld {folder}",
    ),
    2514: Text(
        en="the body of a unit of channel {channel} cannot be copied to {folder} ({reason}); it waits, nothing is lost.",
        zh="交换通道 {channel} 的交换单元内容无法复制到 {folder}（{reason}）；等待，不会丢失。",
        en_do="Free space on the disk of the queues: df {folder}. Capture goes on by itself.",
        zh_do="请释放队列所在磁盘的空间：df {folder}。恢复后自动继续采集。",
    ),
    2520: Text(
        en="the destination {folder} of channel {channel} is not there ({reason}); its units wait, none is lost.",
        zh="交换通道 {channel} 的目标目录 {folder} 不存在（{reason}）；交换单元等待，不会丢失。",
        en_do="Mount or create it: ls -ld {folder}. Delivery goes on by itself.",
        zh_do="请挂载或创建该目录：ls -ld {folder}。恢复后自动继续交付。",
    ),
    2521: Text(
        en="the destination {folder} of channel {channel} cannot be written by user {user}; its units wait.",
        zh="用户 {user} 不能写入交换通道 {channel} 的目标目录 {folder}；交换单元等待。",
        en_do="Give the user write and search rights on it: setfacl -m u:{user}:rwx {folder}",
        zh_do="请授予该用户写入和进入权限：setfacl -m u:{user}:rwx {folder}",
    ),
    2522: Text(
        en="the destination {folder} of channel {channel} was a mount point and is none now; its units wait.",
        zh="交换通道 {channel} 的目标目录 {folder} 原为挂载点，现未挂载；交换单元等待。",
        en_do="Mount it again: mount {folder}. If it is to be a plain folder from now on, remove {ledger} while no unit waits.",
        zh_do="请重新挂载：mount {folder}。如今后改用普通目录，请在无等待单元时删除 {ledger}。",
    ),
    2523: Text(
        en="a unit of channel {channel} cannot be written to {folder} ({reason}); it waits and is tried again.",
        zh="交换通道 {channel} 的交换单元无法写入 {folder}（{reason}）；等待并自动重试。",
        en_do="Free space, or look at the disk behind it: df {folder}; dmesg | tail",
        zh_do="请释放空间或检查磁盘：df {folder}；dmesg | tail",
    ),
    2524: Text(
        en="the delivery ledger {ledger} cannot be used ({reason}); units of channel {channel} wait.",
        zh="交付账本 {ledger} 不可用（{reason}）；交换通道 {channel} 的交换单元等待。",
        en_do="Free space, give back the rights, after a failing sync look at the disk: df {ledger}; ls -l {ledger}; dmesg",
        zh_do="请释放空间或恢复权限；若为同步失败，请检查磁盘：df {ledger}；ls -l {ledger}；dmesg",
    ),
    2525: Text(
        en="the delivery ledger {ledger} of channel {channel} is damaged.",
        zh="交换通道 {channel} 的交付账本 {ledger} 已损坏。",
        en_do="Remove it and look through the newest files of the destination: the last batch can come twice.",
        zh_do="请删除该文件，并检查目标目录中最新的文件：最后一批可能重复交付。",
    ),
    2526: Text(
        en="it is not certain that files renamed in {folder} are on disk ({reason}); the process ends and looks again at start.",
        zh="不能确定 {folder} 中已更名的文件是否落盘（{reason}）；进程退出，启动时重新核对。",
        en_do="Look at the disk behind it: findmnt -T {folder}; dmesg | tail",
        zh_do="请检查其磁盘：findmnt -T {folder}；dmesg | tail",
    ),
    2527: Text(
        en="the destination {folder} of channel {channel} gives an error: {reason}. Its units wait, none is lost.",
        zh="交换通道 {channel} 的目标目录 {folder} 出错：{reason}。交换单元等待，不会丢失。",
        en_do="Look at the disk or the file server behind it: findmnt -T {folder}; dmesg | tail",
        zh_do="请检查其磁盘或文件服务器：findmnt -T {folder}；dmesg | tail",
    ),
    2530: Text(
        en="refused: {name} cannot be the name of a file here ({reason}).",
        zh="已拒绝：{name} 不能作为此处的文件名（{reason}）。",
        en_do="Send the file under another name.",
        zh_do="请更名后重新发送。",
    ),
    2531: Text(
        en='refused: {folder} has a file {name} already, and channel {channel} says "on_clash: refuse".',
        zh="已拒绝：{folder} 中已有文件 {name}，且交换通道 {channel} 规定“on_clash: refuse”。",
        en_do='Move the earlier file away, then: ferrygate resend the unit; or write "on_clash: keep both".',
        zh_do="请移走原有文件后重新发送；或将策略写为“on_clash: keep both”。",
    ),
    2532: Text(
        en="set aside as corrupt: the body of the unit is not what was admitted ({reason}).",
        zh="列为损坏：交换单元的内容与准入时不一致（{reason}）。",
        en_do="Check the disk of this host, then have the unit sent again.",
        zh_do="请检查本机磁盘，然后要求重新发送该单元。",
    ),
    2533: Text(
        en="refused: {name} in {folder} is a folder and cannot be replaced by a file.",
        zh="已拒绝：{folder} 中的 {name} 是目录，不能被文件替换。",
        en_do='Move the folder away, or write "on_clash: keep both".',
        zh_do="请移走该目录，或将策略写为“on_clash: keep both”。",
    ),
    2540: Text(
        en="this host has no destination for channel {channel}; its units wait.",
        zh="本机没有交换通道 {channel} 的交付目标；其交换单元等待。",
        en_do="Load the policy set that holds the channel: ferrygate policy check",
        zh_do="请加载含该通道的策略集：ferrygate policy check",
    ),
    2541: Text(
        en="units of channel {channel} were tried {attempts} times and still wait; the last reason is FG-{reason}.",
        zh="交换通道 {channel} 的交换单元已尝试 {attempts} 次，仍在等待；最近原因为 FG-{reason}。",
        en_do="See the cause: ferrygate help FG-{reason}. They are tried again every few minutes, none is dropped.",
        zh_do="查看原因：ferrygate help FG-{reason}。系统每隔数分钟自动重试，不会丢弃。",
    ),
}
