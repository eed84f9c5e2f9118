"""Texts of the area: inspection.

3101 to 3119    type: what a content is, and whether it is one thing only
3201 to 3233    archives, their limits, encryption
3401 to 3414    names
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
    3213: Text(
        "{where} is no multipart content of the strict form: {what} at byte {offset}",
        "{where} 不是严格格式的 multipart 内容:{what}(第 {offset} 字节)",
        "Nothing before the first boundary or behind the last, the boundary nowhere else, plain headers.",
        "首个分界前与末个分界后不得有内容,分界不得出现在他处,各部分首部须简单。",
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

TEXTS: Final[dict[int, Text]] = _TYPE | _ARCHIVE | _NAMES
