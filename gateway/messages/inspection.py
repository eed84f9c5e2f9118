"""Texts of the area: inspection.

3101 to 3119    type: what a content is, and whether it is one thing only
3201 to 3233    archives, their limits, encryption
3301 to 3316    scanners and what inspection itself needs: the unit waits
3401 to 3414    names
3320 to 3331    signatures carried in by hand, clamd on another machine
3501 to 3503    scanners that cannot be opened
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_TYPE: Final[dict[int, Text]] = {
    3101: Text(
        "{where}: libmagic reads it as {first}, our own reader as {second}",
        "{where}:libmagic 识别为 {first},自有识别器识别为 {second}",
        "Let the sender make the file anew with the program that it belongs to.",
        "请发送方用对应软件重新生成该文件。",
    ),
    3110: Text(
        "{where} is {type}, and a {second} begins at byte {offset}: two files in one",
        "{where} 是 {type},但在第 {offset} 字节处又有一个 {second}:一个文件内含两个文件",
        "Let the sender send each as a file of its own.",
        "请发送方分别发送。",
    ),
    3111: Text(
        "{where} is {type}, and a zip archive ends at byte {offset}: two files in one",
        "{where} 是 {type},但在第 {offset} 字节处有 ZIP 压缩包的结尾:一个文件内含两个文件",
        "Let the sender send each as a file of its own.",
        "请发送方分别发送。",
    ),
    3112: Text(
        "{where}: {size_bytes} bytes stand behind the end of the {type}",
        "{where}:{type} 结尾之后还有 {size_bytes} 字节",
        "Let the sender save the file anew.",
        "请发送方重新保存该文件。",
    ),
    3113: Text(
        "{where} begins as {type} and does not end as one",
        "{where} 以 {type} 开头,但没有正确的结尾",
        "It may have been cut on its way: let the sender send it again.",
        "文件可能不完整,请发送方重新发送。",
    ),
    3114: Text(
        "{where}: the preamble of the DICOM object is in use, and not by a TIFF",
        "{where}:DICOM 前导区(128 字节)已被占用,且不是 TIFF",
        "Let the sending system write the object with an empty preamble.",
        "请发送系统以空前导区重新写出该对象。",
    ),
    3115: Text(
        "{where}: the DICOM object is deflated (1.2.840.10008.1.2.1.99), its content cannot be looked at",
        "{where}:DICOM 对象为压缩传输语法(1.2.840.10008.1.2.1.99),内容无法检查",
        "Let the sending system use another transfer syntax.",
        "请发送系统改用其他传输语法。",
    ),
    3116: Text(
        "{where}: the {type} carries macros",
        "{where}:该 {type} 含有宏",
        "Let the sender save it without macros.",
        "请发送方另存为不含宏的文档。",
    ),
    3117: Text(
        "{where}: a part of the {document} is a {type}",
        "{where}:该 {document} 的一个部件是 {type}",
        "Let the sender take it out of the document.",
        "请发送方将其从文档中移除。",
    ),
}

_ARCHIVE: Final[dict[int, Text]] = {
    3201: Text(
        "{where} is damaged: its data are not what it says of them",
        "{where} 已损坏:数据与其自身说明不符",
        "Let the sender pack and send it again.",
        "请发送方重新打包并发送。",
    ),
    3202: Text(
        "{where} is {type}, which cannot be taken apart here",
        "{where} 是 {type},此处无法解包检查",
        "Let the sender pack it as zip or tar.",
        "请发送方改用 zip 或 tar 打包。",
    ),
    3203: Text(
        "{where} holds bytes that belong to no member",
        "{where} 含有不属于任何成员的字节",
        "Let the sender pack it again with an ordinary program.",
        "请发送方用常规软件重新打包。",
    ),
    3204: Text(
        "{where} says two things of {member}: its headers and its table of contents differ",
        "{where} 对 {member} 的说明前后不一:成员头与目录不同",
        "Let the sender pack it again with an ordinary program.",
        "请发送方用常规软件重新打包。",
    ),
    3205: Text(
        "{where}: members overlap each other",
        "{where}:成员之间相互重叠",
        "Let the sender pack it again with an ordinary program.",
        "请发送方用常规软件重新打包。",
    ),
    3206: Text(
        "{where} holds two members of one name",
        "{where} 含有两个同名成员",
        "Let the sender pack it again with each name once.",
        "请发送方重新打包,每个名称只出现一次。",
    ),
    3207: Text(
        "{where}: {member} is packed by method {method}; stored (0) and deflated (8) can be read",
        "{where}:{member} 使用压缩方法 {method};只能读取存储(0)和 deflate(8)",
        "Let the sender pack it with deflate.",
        "请发送方改用 deflate 压缩。",
    ),
    3208: Text(
        "{where}: {member} is no file but a {kind}",
        "{where}:{member} 不是文件而是 {kind}",
        "Let the sender pack files and folders only.",
        "请发送方只打包文件和文件夹。",
    ),
    3209: Text(
        "{where}: {member} has a second name that is not the first",
        "{where}:{member} 另有一个不同的名称",
        "Let the sender pack it again with an ordinary program.",
        "请发送方用常规软件重新打包。",
    ),
    3210: Text(
        "{where} has no end: its table of contents is not there",
        "{where} 没有结尾:缺少目录",
        "It may have been cut on its way: let the sender send it again.",
        "文件可能不完整,请发送方重新发送。",
    ),
    3211: Text(
        "{where} has {count} ends: several archives in one",
        "{where} 有 {count} 个结尾:多个压缩包拼接在一起",
        "Let the sender send each as a file of its own.",
        "请发送方分别发送。",
    ),
    3212: Text(
        "{where} is one volume of several",
        "{where} 是分卷压缩包的一卷",
        "Let the sender pack it as one archive.",
        "请发送方打包为单个压缩包。",
    ),
    3221: Text(
        "{where}: archives stand deeper in each other than {limit} levels",
        "{where}:压缩包嵌套超过 {limit} 层",
        "Let the sender pack it flat; the channel's line is `archive: at most N levels`.",
        "请发送方减少嵌套;通道中的对应行为 `archive: at most N levels`。",
    ),
    3222: Text(
        "{where} holds {count} files or more, at most {limit} are taken",
        "{where} 含有 {count} 个以上文件,最多允许 {limit} 个",
        "Let the sender split it; the channel's line is `archive: at most N files`.",
        "请发送方拆分;通道中的对应行为 `archive: at most N files`。",
    ),
    3223: Text(
        "{where} unpacks to more than {limit_bytes} bytes",
        "{where} 解包后超过 {limit_bytes} 字节",
        "Let the sender split it; the channel's line is `archive: at most SIZE`.",
        "请发送方拆分;通道中的对应行为 `archive: at most SIZE`。",
    ),
    3224: Text(
        "{where} unpacks to more than {limit} times its size",
        "{where} 解包后超过自身大小的 {limit} 倍",
        "It may be a bomb. The channel's line is `archive: at most N times`.",
        "可能是压缩炸弹。通道中的对应行为 `archive: at most N times`。",
    ),
    3225: Text(
        "{where}: a table of {size_bytes} bytes is longer than {limit_bytes}",
        "{where}:目录长 {size_bytes} 字节,超过 {limit_bytes}",
        "Let the sender split the archive.",
        "请发送方拆分压缩包。",
    ),
    3226: Text(
        "{where} takes more than {limit_s} s of a processor to take apart",
        "{where} 解开所需的处理器时间超过 {limit_s} 秒",
        "No honest archive of its size does: ask the sender what it is.",
        "同等大小的正常压缩包不会如此:请向发送方核实。",
    ),
    3231: Text(
        "{where} is encrypted",
        "{where} 已加密",
        "Let the sender send it without a password; the gate encrypts what crosses by itself.",
        "请发送方不要设置密码;网闸自会对通过的内容加密。",
    ),
    3232: Text(
        "{where} is an Office document with a password",
        "{where} 是带密码的 Office 文档",
        "Let the sender save it without a password.",
        "请发送方另存为无密码文档。",
    ),
    3233: Text(
        "{where} is an encrypted PDF",
        "{where} 是加密的 PDF",
        "Let the sender save it without a password and without restrictions.",
        "请发送方另存为无密码、无限制的 PDF。",
    ),
}

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

_NAMES: Final[dict[int, Text]] = {
    3401: Text(
        "the name {name} holds a control character",
        "名称 {name} 含有控制字符",
        "Let the sender rename it.",
        "请发送方重新命名。",
    ),
    3402: Text(
        "the name {name} holds a character that is not seen or turns the order of the others",
        "名称 {name} 含有不可见字符或改变显示顺序的字符",
        "Let the sender rename it.",
        "请发送方重新命名。",
    ),
    3403: Text(
        "the name {name} holds a path",
        "名称 {name} 含有路径",
        "Let the sender rename it.",
        "请发送方重新命名。",
    ),
    3404: Text(
        "the name {name} begins with a dot, a dash or a tilde",
        "名称 {name} 以点、连字符或波浪号开头",
        "Let the sender rename it.",
        "请发送方重新命名。",
    ),
    3405: Text(
        "the name {name} is too long for a file system",
        "名称 {name} 过长",
        "Let the sender give it a shorter name.",
        "请发送方缩短名称。",
    ),
    3406: Text(
        "the name {name} is not UTF-8",
        "名称 {name} 不是 UTF-8 编码",
        "Let the sender rename it.",
        "请发送方重新命名。",
    ),
    3407: Text(
        "the name {name} begins with a blank, or ends with a blank or a dot",
        "名称 {name} 以空格开头,或以空格、点结尾",
        "Let the sender rename it.",
        "请发送方重新命名。",
    ),
    3408: Text(
        "the name is empty",
        "名称为空",
        "Let the sender give it a name.",
        "请发送方命名。",
    ),
    3411: Text(
        "the name {name} climbs out of the archive",
        "名称 {name} 会跳出压缩包所在目录",
        "Treat its sender with care: no ordinary program writes such a name.",
        "请注意该发送方:常规软件不会写出这样的名称。",
    ),
    3412: Text(
        "the name {name} is an absolute path",
        "名称 {name} 是绝对路径",
        "Let the sender pack it with relative paths.",
        "请发送方使用相对路径打包。",
    ),
    3413: Text(
        "the name {name} holds a backslash",
        "名称 {name} 含有反斜杠",
        "Let the sender pack it with a program that writes / between folders.",
        "请发送方使用以 / 分隔文件夹的软件打包。",
    ),
    3414: Text(
        "the name {name} begins with a drive letter",
        "名称 {name} 以盘符开头",
        "Let the sender pack it with relative paths.",
        "请发送方使用相对路径打包。",
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

TEXTS: Final[dict[int, Text]] = _TYPE | _ARCHIVE | _WAITS | _NAMES | _START | _SIGNATURES
