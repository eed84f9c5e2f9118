"""Texts of the area: scanners, and whatever else inspection must have before it can answer.

3301 to 3316    a scanner or a part of inspection does not answer: the unit waits
3320 to 3331    signatures carried in by hand, clamd on another machine
3501 to 3503    scanners that cannot be opened
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_WAITS: Final[dict[int, Text]] = {
    3301: Text(
        "not judged: clamd at {socket} has not answered for {wait_s} s; nothing is lost and nothing passes",
        "未作判定:{socket} 上的 clamd 在 {wait_s} 秒内没有应答;数据不丢失,也不放行",
        "Look at: systemctl status clamav-daemon. The units are tried again by themselves.",
        "请查看:systemctl status clamav-daemon。交换单元会自动重试。",
    ),
    3302: Text(
        "not judged: clamd cannot be reached at {socket} ({problem}); nothing is lost and nothing passes",
        "未作判定:无法连接 {socket} 上的 clamd({problem});数据不丢失,也不放行",
        "Look at: systemctl status clamav-daemon. The units are tried again by themselves.",
        "请查看:systemctl status clamav-daemon。交换单元会自动重试。",
    ),
    3303: Text(
        'not judged: clamd answered "{answer}", which is no verdict',
        "未作判定:clamd 应答“{answer}”,不是有效结论",
        "Look whether something else listens there: ferrygate doctor",
        "请检查该处监听的是否为 clamd:ferrygate doctor",
    ),
    3304: Text(
        'not judged: clamd could not scan and says "{answer}"',
        "未作判定:clamd 无法扫描,应答“{answer}”",
        "Look at its log: journalctl -u clamav-daemon",
        "请查看其日志:journalctl -u clamav-daemon",
    ),
    3305: Text(
        "not judged: ClamAV's signatures are {age} old, at most {limit} count",
        "未作判定:ClamAV 特征库已有 {age},最多允许 {limit}",
        "Bring new ones, or write another `signatures` under `scanners` of gate.yaml.",
        "请更新特征库,或修改 gate.yaml 中 `scanners` 下的 `signatures`。",
    ),
    3306: Text(
        "not judged: {version} tells no age of its signatures, only local ones are loaded",
        "未作判定:{version} 未报告特征库日期,只加载了本地特征",
        "Bring ClamAV's signatures; for a trial write `signatures: 0 s` under `scanners` of gate.yaml.",
        "请导入 ClamAV 特征库;试用时可在 gate.yaml 的 `scanners` 下写 `signatures: 0 s`。",
    ),
    3307: Text(
        'not judged: clamd takes less than a window of 64 MiB and says "{answer}"',
        "未作判定:clamd 的上限小于 64 MiB 的扫描窗口,应答“{answer}”",
        "Write in clamd.conf: StreamMaxLength 100M and MaxFileSize 100M",
        "请在 clamd.conf 中写:StreamMaxLength 100M 和 MaxFileSize 100M",
    ),
    3308: Text(
        "not judged: the connection to clamd at {socket} broke ({problem})",
        "未作判定:与 {socket} 上 clamd 的连接中断({problem})",
        "Look at: systemctl status clamav-daemon. The units are tried again by themselves.",
        "请查看:systemctl status clamav-daemon。交换单元会自动重试。",
    ),
    3309: Text(
        "not judged: YARA did not come to an end ({problem})",
        "未作判定:YARA 未能完成({problem})",
        "Look for a rule that takes too long in the folder that `yara` names in gate.yaml.",
        "请在 gate.yaml 中 `yara` 所指文件夹内查找耗时过长的规则。",
    ),
    3315: Text(
        "refused: the scanners answer for other files and not for this one (FG-{reason}, five times)",
        "已拒绝:扫描器能应答其他文件,唯独无法应答此文件(FG-{reason},共五次)",
        "It may be made to disturb them: look at it on a machine apart; its bytes lie in refused/.",
        "该文件可能专为干扰扫描器而制作:请在独立机器上查看,原文保存在 refused/。",
    ),
    3316: Text(
        "not judged: ClamAV's signatures are dated {ahead} in the future, so nobody knows their age",
        "未作判定:ClamAV 特征库日期比现在晚 {ahead},无法判断新旧",
        "Set the clock of this host right: timedatectl",
        "请校正本机时钟:timedatectl",
    ),
    3310: Text(
        "not judged: the scratch folder {folder} takes no more ({problem})",
        "未作判定:临时文件夹 {folder} 无法写入({problem})",
        "Free space there; the units are tried again by themselves.",
        "请清理空间;交换单元会自动重试。",
    ),
    3311: Text(
        "not judged: the unit cannot be read from the disk ({problem})",
        "未作判定:无法从磁盘读取交换单元({problem})",
        "Look at the disk: dmesg, ferrygate doctor",
        "请检查磁盘:dmesg、ferrygate doctor",
    ),
    3312: Text(
        "not judged: the channel asks for scanners and none is set",
        "未作判定:通道要求扫描,但没有设置扫描器",
        "Write `clamd` and `yara` under `scanners` of gate.yaml.",
        "请在 gate.yaml 的 `scanners` 下写 `clamd` 和 `yara`。",
    ),
    3313: Text(
        "not judged: libmagic cannot answer ({problem})",
        "未作判定:libmagic 无法应答({problem})",
        "Install it anew: apt install --reinstall libmagic1 libmagic-mgc",
        "请重新安装:apt install --reinstall libmagic1 libmagic-mgc",
    ),
}

_SIGNATURES: Final[dict[int, Text]] = {
    3320: Text(
        "the gate does not know where clamd keeps its signatures",
        "未设置 clamd 特征库所在文件夹",
        "Write under `scanners` of gate.yaml: database: /var/lib/clamav",
        "请在 gate.yaml 的 `scanners` 下写:database: /var/lib/clamav",
    ),
    3321: Text(
        "{file} is no file of signatures ({reason})",
        "{file} 不是特征库文件({reason})",
        "Signed ones end in .cvd; local ones in .ndb, .hdb, .hsb, .ldb, .yar or .yara.",
        "签名的以 .cvd 结尾;本地的以 .ndb、.hdb、.hsb、.ldb、.yar 或 .yara 结尾。",
    ),
    3322: Text(
        "{file} bears no signature of ClamAV: whoever wrote it decides what is found",
        "{file} 没有 ClamAV 的数字签名",
        "If it is your own: ferrygate scanners import --unsigned-local {file}",
        "若确为本单位自制:ferrygate scanners import --unsigned-local {file}",
    ),
    3323: Text(
        "{file} is not as ClamAV signed it: {reason}",
        "{file} 与 ClamAV 的签名不符:{reason}",
        "Fetch it anew, and compare what was carried with what was fetched.",
        "请重新下载,并核对搬运前后的文件。",
    ),
    3324: Text(
        "{file} is older (version {version}) than what clamd has (version {present})",
        "{file} 的版本({version})低于现有版本({present})",
        "Fetch the newest one.",
        "请下载最新版本。",
    ),
    3325: Text(
        "the signatures cannot be loaded: {reason}; nothing was changed",
        "特征库无法加载:{reason};未作任何更改",
        "Look at the file named there.",
        "请检查所示文件。",
    ),
    3326: Text(
        "with the new signatures the test string EICAR would not be found; nothing was changed",
        "使用新特征库将无法发现 EICAR 测试串;未作任何更改",
        "Bring in main.cvd and daily.cvd together, or add a signature of EICAR to the local ones.",
        "请同时导入 main.cvd 与 daily.cvd,或在本地特征中加入 EICAR。",
    ),
    3327: Text(
        "with the new signatures a plain text would be found ({signature}); nothing was changed",
        "使用新特征库会把普通文本报为 {signature};未作任何更改",
        "Take the signature out: it finds what is harmless.",
        "请删除该特征。",
    ),
    3328: Text(
        "{program} cannot be run ({reason})",
        "无法运行 {program}({reason})",
        "Install it: apt install clamav",
        "请安装:apt install clamav",
    ),
    3329: Text(
        "the signatures cannot be put into {folder} ({reason}); nothing was changed",
        "无法写入 {folder}({reason});未作任何更改",
        "Run it as the user that owns the folder, or with sudo.",
        "请以该文件夹的属主或 sudo 运行。",
    ),
    3330: Text(
        "clamd did not take version {version} within {wait_s} s; the signatures before lie there again",
        "clamd 在 {wait_s} 秒内未启用版本 {version};已恢复原特征库",
        "Look at its log: journalctl -u clamav-daemon",
        "请查看其日志:journalctl -u clamav-daemon",
    ),
    3331: Text(
        '"{text}" is no address of a clamd',
        "“{text}”不是 clamd 的地址",
        "Write tcp://10.0.0.9:3310, or the path of its socket.",
        "请写 tcp://10.0.0.9:3310,或其套接字路径。",
    ),
}

_START: Final[dict[int, Text]] = {
    3501: Text(
        "{file}:{line}: the YARA rule does not compile: {problem}",
        "{file}:{line}:YARA 规则无法编译:{problem}",
        "Mend the rule or take the file out; nothing is started with half the rules.",
        "请修改该规则或移除该文件;规则不完整时不会启动。",
    ),
    3502: Text(
        "{folder} holds no YARA rules that can be read",
        "{folder} 中没有可读取的 YARA 规则",
        "Write the folder of the *.yar files as `yara` under `scanners` of gate.yaml, or `none`.",
        "请在 gate.yaml 的 `scanners` 下将 `yara` 写为 *.yar 文件所在文件夹,或写 `none`。",
    ),
    3503: Text(
        "clamd cannot be started in {folder}: it is not installed, or the path is too long for a socket",
        "无法在 {folder} 中启动 clamd:未安装,或路径过长",
        "Install it: apt install clamav-daemon; or take a folder with a shorter path.",
        "请安装:apt install clamav-daemon;或改用路径较短的文件夹。",
    ),
}

TEXTS: Final[dict[int, Text]] = _WAITS | _SIGNATURES | _START
