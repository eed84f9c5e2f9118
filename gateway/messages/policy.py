"""Texts of the area: policy files (21xx) and what the lines of a policy find (22xx).

2100 to 2129, 2140, 2170 to 2190    reading and checking a file or a set
2150 to 2156                  a set in force, a unit without a channel
2191 to 2199                  tests of a set
2201 to 2216, 2230 to 2235, 2243 to 2246    what a line found in a unit
2240 to 2242                  schemas and codes of a set
2220 to 2228                  what would change the result
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    2100: Text(
        "the policy set is not taken: {errors} to mend in {files} files",
        "策略集未被采用:{files} 个文件中有 {errors} 处需要修改",
        "What ran before goes on running. See each place with: ferrygate policy check",
        "原有策略继续运行。逐处查看:ferrygate policy check",
    ),
    2101: Text(
        '"{word}" is not a word of "{section}"',
        "“{word}”不是“{section}”中的词",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2102: Text(
        "this is not UTF-8 text: byte {byte}",
        "不是 UTF-8 文本:字节 {byte}",
        "Save the file as UTF-8.",
        "请将文件保存为 UTF-8。",
    ),
    2103: Text(
        "the character {character} makes a line look different from what it says",
        "字符 {character} 会使该行显示与实际内容不符",
        "Take it out; in quotes write it as it should be read.",
        "请删除该字符。",
    ),
    2104: Text(
        "the file has {size_bytes} bytes or more; {limit_bytes} are the limit",
        "文件达 {size_bytes} 字节,上限为 {limit_bytes} 字节",
        "Keep one channel in one file, and long lists in lists/.",
        "一个文件只写一个通道,长列表请放入 lists/。",
    ),
    2105: Text(
        "more than {limit} {of}; the rest was not read",
        "超过 {limit} {of},其余部分未读取",
        "Make the file smaller or flatter.",
        "请减小文件或减少嵌套。",
    ),
    2106: Text(
        "the text cannot be cut into keys and values here: {problem}",
        "此处无法解析为键和值:{problem}",
        "Look at the indent, the colon with a blank after it, and open quotes or brackets.",
        "请检查缩进、冒号后的空格以及未闭合的引号或括号。",
    ),
    2107: Text(
        '"{text}" is not known here', "此处不识别“{text}”", 'Write "{write}".', "请写“{write}”。"
    ),
    2108: Text(
        "{mark} stands for a text elsewhere; every line must say itself what it means",
        "{mark} 引用了别处的内容;每一行必须自述其义",
        "Write the value out.",
        "请直接写出该值。",
    ),
    2109: Text(
        "the tag {tag} is not taken: every value is text",
        "不接受标签 {tag}:所有值均为文本",
        "Take the tag out.",
        "请删除该标签。",
    ),
    2110: Text('"{text}" has no unit', "“{text}”缺少单位", 'Write "{write}".', "请写“{write}”。"),
    2111: Text(
        "<< takes over keys from elsewhere; every line must say itself what it means",
        "<< 会合并别处的键;每一行必须自述其义",
        "Write the keys out.",
        "请直接写出各键。",
    ),
    2112: Text(
        '"{word}" stands here a second time; first in line {first}',
        "“{word}”重复出现,首次在第 {first} 行",
        "Keep one of the two.",
        "请只保留其一。",
    ),
    2113: Text(
        "a second document begins here; a file holds one",
        "此处开始了第二个文档;一个文件只能有一个",
        "Put it into a file of its own.",
        "请放入单独的文件。",
    ),
    2114: Text(
        "the file does not begin with keys",
        "文件开头不是键",
        'Begin with lines such as "key: value".',
        "请以“键: 值”形式的行开头。",
    ),
    2115: Text(
        "directives are not taken",
        "不接受 YAML 指令",
        "Take the line with % out.",
        "请删除以 % 开头的行。",
    ),
    2116: Text("a key must be a plain word", "键必须是普通的词", "Write one word.", "请写一个词。"),
    2117: Text(
        "there is nothing in the file",
        "文件没有内容",
        "Write it, or remove the file.",
        "请填写或删除该文件。",
    ),
    2118: Text('"{text}" is not known here', "此处不识别“{text}”"),
    2119: Text(
        '"{text}" is not a number', "“{text}”不是数字", 'Write "{write}".', "请写“{write}”。"
    ),
    2120: Text(
        '"{text}" does not say its unit as it is written here',
        "“{text}”的单位写法不符",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2121: Text(
        '"{word}" of "{section}" comes with a later version',
        "“{section}”中的“{word}”由后续版本提供",
        "This version cannot judge it, and so does not take the line: take it out.",
        "本版本无法判定该行,因此不接受:请删除。",
    ),
    2122: Text(
        "channels that carry {kind} are not available in this version",
        "本版本不支持 {kind} 类通道",
        "This version carries files. Move the file out of the folder until then.",
        "本版本支持 files。请暂时将该文件移出目录。",
    ),
    2123: Text("{value} is not between {low} and {high}", "{value} 不在 {low} 与 {high} 之间"),
    2124: Text(
        '"{text}" is not a phrase for this',
        "“{text}”不是此处的写法",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2125: Text(
        '"{text}" ends before it begins',
        "“{text}”的下限大于上限",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2126: Text(
        '"{text}" is not a time of day',
        "“{text}”不是一天中的时刻",
        "Write hours and minutes with two digits each, 00:00 to 24:00.",
        "请用两位小时和两位分钟书写,00:00 至 24:00。",
    ),
    2127: Text(
        '"{text}" is not a pattern for a file name',
        "“{text}”不是文件名模式",
        'Write a name without a slash; * is any text, ? one character: "*.pdf".',
        "请写不含斜杠的名称;* 表示任意文本,? 表示一个字符:“*.pdf”。",
    ),
    2128: Text(
        '"{text}" is not a mode for delivered files',
        "“{text}”不是可用的文件权限",
        'Write four octal digits that do not let everyone write: "0640".',
        "请写四位八进制数,且不得所有人可写:“0640”。",
    ),
    2129: Text(
        '"{text}" is not a folder',
        "“{text}”不是目录路径",
        "Write the whole path from /, without . or .. and without a slash at the end.",
        "请写从 / 开始的完整路径,不含 . 或 ..,末尾不带斜杠。",
    ),
    2140: Text(
        "the list has more than {most} lines",
        "列表超过 {most} 行",
        "Split the list.",
        "请拆分该列表。",
    ),
    2170: Text(
        'there is no list "{name}"',
        "没有名为“{name}”的列表",
        "Put its entries into lists/{name}.txt, one a line.",
        "请将条目写入 lists/{name}.txt,每行一条。",
    ),
    2171: Text(
        '"{word}" is no word of "{section}"; it belongs to "{home}"',
        "“{word}”不属于“{section}”,应写在“{home}”中",
        'Move the line below "{home}".',
        "请将该行移到“{home}”下。",
    ),
    2172: Text(
        '"{section}" takes lines of its own, indented below it',
        "“{section}”的内容应另起行并缩进书写",
        'Write "key: value" lines below it; tests are a list with a dash each.',
        "请在其下写“键: 值”;tests 为带短横线的列表。",
    ),
    2173: Text(
        '"{word}" takes one text here',
        "“{word}”在此处需要文本值",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2174: Text(
        '"{section}" does not say "{word}", which is obligatory',
        "“{section}”缺少必填项“{word}”",
        'Add the line "{write}".',
        "请增加一行“{write}”。",
    ),
    2175: Text(
        "{type} is an archive, and nothing says what may be inside",
        "{type} 是压缩包,但未说明其中允许的内容",
        'Add the line "{write}".',
        "请增加一行“{write}”。",
    ),
    2176: Text(
        'the receiver would be laxer in "{word}" than passes_if in line {line}: {sender}',
        "接收侧的“{word}”比第 {line} 行 passes_if 宽松:{sender}",
        "also_at_receiver can only be stricter: ask for less, or take the line out.",
        "also_at_receiver 只能更严:请收紧或删除该行。",
    ),
    2177: Text(
        'the channel "{what}" stands in {file} already ({other})',
        "通道“{what}”已在 {file} 中({other})",
        "Give one of them another name.",
        "请为其中之一改名。",
    ),
    2178: Text(
        "the folder {what} belongs to {other} ({file}) on the same host",
        "目录 {what} 在同一主机上已属于 {other}({file})",
        "Give each channel folders of its own.",
        "请为每个通道使用各自的目录。",
    ),
    2179: Text(
        '"{text}" is not a time zone that this host knows',
        "本主机不识别时区“{text}”",
        'Write "{write}"; other zones need the package tzdata.',
        "请写“{write}”;其他时区需要安装 tzdata。",
    ),
    2180: Text(
        "{type} could never be held: passes_if refuses it",
        "{type} 不会进入待审批:passes_if 已将其拒绝",
        'Name it under "type" of passes_if as well, or take it out here.',
        "请在 passes_if 的 type 中也列出,或在此删除。",
    ),
    2181: Text(
        "the text has {length} characters; 1 to {limit} are taken",
        "文本有 {length} 个字符,应为 1 至 {limit} 个",
    ),
    2182: Text(
        "{name} is not a name for a list, or is there twice",
        "{name} 不是可用的列表名称,或重复出现",
        "Name it lists/NAME.txt or lists/NAME.csv with small letters, digits and dashes.",
        "请命名为 lists/NAME.txt 或 lists/NAME.csv,使用小写字母、数字和短横线。",
    ),
    2183: Text(
        "{name} cannot be read: {reason}",
        "无法读取 {name}:{reason}",
        "A set is a folder of regular files that this user may read.",
        "策略集应为本用户可读的普通文件目录。",
    ),
    2184: Text(
        "{name} was not read: a channel is named NN-name.yaml",
        "{name} 未被读取:通道文件应命名为 NN-name.yaml",
        "Rename or remove it.",
        "请改名或删除。",
    ),
    2185: Text(
        "there is no channel in {name}: nothing passes",
        "{name} 中没有通道:一律不放行",
        "Begin with policies/10-lab-reports.yaml as an example.",
        "可参照 policies/10-lab-reports.yaml。",
    ),
    2186: Text(
        '"{text}" is not a name for a channel',
        "“{text}”不是可用的通道名称",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2187: Text(
        '"{text}" is not a date with a time',
        "“{text}”不是日期和时刻",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2188: Text(
        '"{text}" is not a path below samples/',
        "“{text}”不是 samples/ 下的路径",
        'Write "{write}".',
        "请写“{write}”。",
    ),
    2189: Text(
        "a test tries exactly one sample",
        "每个测试只能有一个样例",
        'Write "file: samples/..." or "generated: ...", one of the two.',
        "请写“file: samples/...”或“generated: ...”之一。",
    ),
    2190: Text(
        '"{word}" would never be asked: no type of "{types}" is an archive',
        "“{word}”不会起作用:“{types}”中没有压缩包类型",
        "Take the line out, or name zip under type.",
        "请删除该行,或在 type 中列出 zip。",
    ),
    2191: Text(
        'test "{title}": expected {expected}, got {got}',
        "测试“{title}”:期望 {expected},结果 {got}",
        "Every line let the sample through.",
        "所有行都放行了该样例。",
    ),
    2192: Text(
        "the sample {sample} is not there",
        "样例 {sample} 不存在",
        "Put an invented one below samples/ of the set; links are not followed.",
        "请在策略集的 samples/ 下放置虚构样例;不跟随链接。",
    ),
    2193: Text(
        'test "{title}": expected {expected}, got {got} by {word} ({rule}): {found}',
        "测试“{title}”:期望 {expected},结果 {got},由 {word}({rule}):{found}",
    ),
    2194: Text(
        'test "{title}" did not run: no scanner is at hand',
        "测试“{title}”未运行:没有可用的扫描器",
        "It runs where clamd answers: ferrygate policy check on a host of the gate.",
        "在 clamd 可用处运行:在网闸主机上执行 ferrygate policy check。",
    ),
    2195: Text(
        'the channel "{name}" has no test that expects {kind}',
        "通道“{name}”没有期望 {kind} 的测试",
        "Each channel shows at least once what is delivered and what is refused.",
        "每个通道至少各有一个 delivered 和 refused 的测试。",
    ),
    2196: Text('test "{title}" did not run: {why}', "测试“{title}”未运行:{why}"),
    2197: Text(
        "no test reaches line {line} of {section} ({word}: {text})",
        "没有测试触及 {section} 第 {line} 行({word}: {text})",
        "Add a test in which this line decides or counts.",
        "请增加一个由该行起作用或计数的测试。",
    ),
    2198: Text("It knows:", "可用的写法:"),
    2199: Text('"{word}" is not a word of "{section}"', "“{word}”不是“{section}”中的词"),
    2201: Text("it is: {type}; the line says: {takes}", "内容为:{type};该行为:{takes}"),
    2202: Text(
        "inside it, {where} is: {type}; the line says: {takes}",
        "其中 {where} 为:{type};该行为:{takes}",
    ),
    2203: Text(
        "{count} parts inside; the line says: {takes}", "其中有 {count} 个部分;该行为:{takes}"
    ),
    2204: Text("{size}; the line says: {takes}", "{size};该行为:{takes}"),
    2205: Text(
        "it came {time} {zone}; the line says: {takes}", "采集于 {time} {zone};该行为:{takes}"
    ),
    2206: Text("the name is {name}; the line says: {takes}", "名称为 {name};该行为:{takes}"),
    2207: Text("it belongs to: {writer}; the line says: {takes}", "属主为:{writer};该行为:{takes}"),
    2208: Text("nothing found by: {scanners}", "未发现问题:{scanners}"),
    2209: Text("{scanner} found {signature} in {where}", "{scanner} 在 {where} 中发现 {signature}"),
    2210: Text("the scanners have not been asked yet", "尚未询问扫描器"),
    2211: Text("nothing in it is encrypted", "其中没有加密内容"),
    2212: Text("{count} parts inside, within: {takes}", "其中有 {count} 个部分,未超过:{takes}"),
    2213: Text("not asked on this host", "本侧主机不判定"),
    2214: Text(
        "the line could not be judged ({error}); what cannot be judged does not pass",
        "该行无法判定({error});无法判定者不放行",
        "Please report it with: ferrygate doctor",
        "请上报:ferrygate doctor",
    ),
    2215: Text("inspection named no type", "检查未给出类型"),
    2216: Text("nothing is packed inside", "其中没有打包内容"),
    2233: Text("nothing in it is of the format {word}", "其中没有 {word} 格式的内容"),
    2234: Text("every part of the format is: {takes}", "该格式的各部分均符合:{takes}"),
    2235: Text("nobody has read its parts of the format {word}", "其 {word} 格式的部分尚未检查"),
    2230: Text("nobody has looked for: {names}", "尚未查找:{names}"),
    2231: Text(
        "{name} found {count} times, first in {where}: {shown}",
        "发现 {name} {count} 处,首见于 {where}:{shown}",
        "Let the sender take it out, or ask who answers for the channel.",
        "请发送方删去,或与通道负责人商定。",
    ),
    2232: Text("not found: {names}", "未发现:{names}"),
    2240: Text(
        '"{place}" is no place that a reader of a format names',
        "“{place}”不是格式读取器所用的位置写法",
        "Write it without indices, like one of these: Condition.code.coding.code, DG1-3.1, column icd10,"
        " $.diagnoses.code, /ClinicalDocument/code/@code.",
        "请写不带下标的位置,例如 Condition.code.coding.code、DG1-3.1、column icd10、$.diagnoses.code、"
        "/ClinicalDocument/code/@code。",
    ),
    2241: Text(
        "there is no {path} in the set",
        "策略集中没有 {path}",
        "Put the schema there, or name one that is there.",
        "请将 Schema 放在该处,或写已有的文件名。",
    ),
    2242: Text(
        "{name} is no name of a schema",
        "{name} 不是 Schema 文件名",
        "Name it schemas/NAME.json or schemas/NAME.xsd; letters, digits, dot, dash and underscore only.",
        "请命名为 schemas/NAME.json 或 schemas/NAME.xsd,只用字母、数字、点、横线和下划线。",
    ),
    2243: Text(
        "at {where}: {shown} is not in the list, or not valid that day ({name}); {count} such in the file",
        "{where}:{shown} 不在列表中或当日无效({name});文件内共 {count} 处",
        "Let the sender write a code of the list, or mend the list if the code is one.",
        "请发送方使用列表中的编码;若该编码有效,请更正列表。",
    ),
    2244: Text(
        "every value is in its list and valid that day, or there is none: {names}",
        "各值均在列表中且当日有效,或没有该位置:{names}",
    ),
    2245: Text("{count} found and counted", "发现并计数 {count} 处"),
    2246: Text(
        "the table at {where} has no such column ({name})",
        "{where} 处的表格没有该列({name})",
        "Let the sender name the column so, letter by letter, in the first line of the table.",
        "请发送方在表格首行逐字使用该列名。",
    ),
    2220: Text("{do}", "{do}"),
    2221: Text("the scanners' answer is still open", "等待扫描器应答"),
    2222: Text(
        "a person decides: the line {word} at {rule} holds it",
        "由人决定:{rule} 的 {word} 使其待审批",
    ),
    2223: Text(
        "nothing by policy: {word} at {rule} could not be judged",
        "策略无能为力:{rule} 的 {word} 无法判定",
    ),
    2224: Text("the sender sends what the line takes: {takes}", "发送方改发该行允许的类型:{takes}"),
    2225: Text("in {rule} the line: {write}", "在 {rule} 改为:{write}"),
    2226: Text("{rule} without the line {word}", "在 {rule} 删除 {word} 一行"),
    2227: Text(
        "nothing: what a scanner has found is never let through; look at the machine it came from",
        "无:扫描器命中的内容从不放行;请检查来源主机",
    ),
    2228: Text("a unit that fits the line {word} at {rule}", "符合 {rule} 中 {word} 一行的单元"),
}
