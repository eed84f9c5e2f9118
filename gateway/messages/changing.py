"""Texts of what is written anew: masking.yaml, `changed` and the ceiling (2260 to 2279), the writing (3828 to 3839, 3860)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    2260: Text('"{word}" is not a word of this file', "“{word}”不是此文件中的词"),
    2261: Text(
        "there is no rule in it",
        "其中没有任何规则",
        "Write a rule under fields:, or in_text: identity numbers.",
        "请在 fields: 下写规则,或写 in_text: identity numbers。",
    ),
    2262: Text(
        "this must be a value, or a list of values; a rule is its name and lines below it",
        "此处应为一个值或一组值;规则为其名称及下属各行",
    ),
    2263: Text(
        'the rule "{name}" names no place',
        "规则“{name}”未指明任何位置",
        "Write where such values stand, for example hl7: PID-5.",
        "请写明位置,例如 hl7: PID-5。",
    ),
    2264: Text(
        'the rule "{name}" names tags of DICOM, whose values cannot become "{becomes}"',
        "规则“{name}”含 DICOM 标签,其值不能变为“{becomes}”",
        "Write removed, or pseudonym for (0010,0020) alone; what else becomes of an object the profile says.",
        "请写 removed,或仅对 (0010,0020) 写 pseudonym;其余由 PS3.15 配置文件决定。",
    ),
    2265: Text("the file names more than {limit} places", "文件中的位置超过 {limit} 个"),
    2266: Text(
        '"{word}" is missing', "缺少“{word}”", "Write {word}: and its value.", "请补写 {word}。"
    ),
    2267: Text(
        '"{text}" is no place of {word}',
        "“{text}”不是 {word} 的位置写法",
        'Write it as "{write}".',
        "写法如“{write}”。",
    ),
    2268: Text(
        "{word} is written anew here, and the channel takes no such type",
        "此处要求重写 {word},但通道不接收该类型",
        "Take the line out, or name the type under passes_if.",
        "请删除该行,或在 passes_if 中列出该类型。",
    ),
    2269: Text(
        "{word} inside an archive cannot be written anew: such a unit would always be refused",
        "压缩包内的 {word} 无法重写:此类单元将总被拒绝",
        "Take the type out of inside:, or let such files come by themselves.",
        "请从 inside: 中去掉该类型,或让此类文件单独传输。",
    ),
    2270: Text(
        "persons are to be masked, and the set has no {file}",
        "要求处理个人信息,但策略集中没有 {file}",
        "Write {file} beside this file; policies/README.md shows one.",
        "请在本文件旁编写 {file};示例见 policies/README.md。",
    ),
    2271: Text(
        "persons are to be masked, and in the type {type} no field can be named",
        "要求处理个人信息,但类型 {type} 无法指明字段",
        "Take the type out of type:, or give it a channel of its own.",
        "请从 type: 中去掉该类型,或为其另设通道。",
    ),
    2272: Text(
        "persons are to be masked, and no line says that {word} is read to its end",
        "要求处理个人信息,但没有一行要求把 {word} 检查到底",
        "Write a line {word}: under passes_if.",
        "请在 passes_if 中写 {word}: 一行。",
    ),
    2274: Text(
        "persons are to be masked, and {file} names no place in files of {word}",
        "要求处理个人信息,但 {file} 未指明 {word} 文件中的任何位置",
        "Write a rule with {word}: in {file}, or take the type out.",
        "请在 {file} 中写带 {word}: 的规则,或去掉该类型。",
    ),
    2275: Text(
        "{word} is written anew, and no line says that it is read to its end: what is written could not be judged",
        "要求重写 {word},但没有一行要求把它检查到底:写出的文件无法判定",
        "Write a line {word}: under passes_if.",
        "请在 passes_if 中写 {word}: 一行。",
    ),
    2276: Text(
        "persons are masked in tables by their columns, so the line csv: must name all of them",
        "表格按列处理个人信息,因此 csv: 一行须列出全部列名",
        "Write csv: columns NAME, NAME and NAME.",
        "请写 csv: columns 列名, 列名 and 列名。",
    ),
    2277: Text(
        "the column {column} is masked, and what it becomes is no {kind}",
        "列 {column} 将被脱敏,脱敏后的值不再是 {kind}",
        "Write the column without a kind, or let masking.yaml remove it.",
        "请不写该列类型,或在 masking.yaml 中改为 removed。",
    ),
    2273: Text(
        "the channel {name} carries grade {grade}, and the link of this gate is for grade {ceiling} at most",
        "通道 {name} 承载 {grade} 级数据,而本网闸链路最高为 {ceiling} 级",
        "Take the channel to another gate, or have link.grade in gate.yaml changed by whoever answers for it.",
        "请改用其他网闸,或由责任人修改 gate.yaml 中的 link.grade。",
    ),
    3837: Text(
        "none of the {count} columns of the table is one that the rules about persons name",
        "表中 {count} 列均未在个人信息规则中被指明",
        "Let the sender write the names of the columns in the first line, or name one of them in masking.yaml.",
        "请发送方在首行写明列名,或在 masking.yaml 中指明其中一列。",
    ),
    3838: Text(
        "a FHIR resource among plain JSON: its fields would not be found",
        "普通 JSON 中出现 FHIR 资源:其字段无法按规则定位",
        "Let the sender write resourceType as the first key.",
        "请发送方将 resourceType 写为第一个键。",
    ),
    3828: Text(
        "what the sandbox gave is not what a {type} is made of",
        "沙箱给出的内容不构成 {type}",
    ),
    3829: Text(
        "{where} is of the type {type}, which this channel writes anew, and lies inside another file",
        "{where} 的类型 {type} 需重写,但位于其他文件之内",
        "Send it by itself.",
        "请单独发送。",
    ),
    3830: Text(
        "it is a {type}, in which nobody can name what is about persons",
        "类型为 {type},无法指明其中涉及个人的内容",
        "Give such files a channel of their own.",
        "请为此类文件另设通道。",
    ),
    3839: Text(
        "the name of the file names a person by a number, or by a value that is masked in it",
        "文件名含有个人标识号码,或含有文件内已脱敏的值",
        "Let the sender name it by something that is about nobody.",
        "请发送方使用与个人无关的文件名。",
    ),
    3860: Text(
        "writing it anew took longer than {limit_s} s",
        "重写超过 {limit_s} 秒",
        "Let the sender split the file.",
        "请发送方拆分文件。",
    ),
    3831: Text(
        "written anew it is more than {limit_bytes} bytes",
        "重写后超过 {limit_bytes} 字节",
    ),
    3832: Text(
        "written anew it does not pass: {word}, FG-{found}",
        "重写后未通过判定:{word},FG-{found}",
        "The file as it came passed. See what was found with: ferrygate explain UNIT",
        "原文件已通过判定。查看发现:ferrygate explain 单元号",
    ),
    3833: Text(
        "the column {column} is about persons and stands twice in the table",
        "涉及个人的列 {column} 在表中重复出现",
    ),
    3834: Text(
        "the key of pseudonyms ({path}) cannot be used: {reason}",
        "假名密钥({path})不可用:{reason}",
        "Make one with: ferrygate pki pseudonym-key. It is made once: another key makes another person of each.",
        "请创建:ferrygate pki pseudonym-key。密钥只创建一次:更换密钥会使同一人变为他人。",
    ),
    3836: Text(
        "the file names persons by more than {limit} values, too many to be sought in all its texts",
        "文件中标识个人的值超过 {limit} 个,无法在全部文字中查找",
        "Let the sender split the file.",
        "请发送方拆分文件。",
    ),
    3835: Text(
        "the folder for what is written anew cannot be written: {reason}",
        "无法写入重写所用目录:{reason}",
    ),
}
