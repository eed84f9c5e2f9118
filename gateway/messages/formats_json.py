"""Texts of the areas: JSON (3530 to 3549) and FHIR R4 in JSON and XML (3550 to 3599)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_ANEW: Final = "Let the sender's program write the document anew."
_ANEW_ZH: Final = "请发送方程序重新生成该文档。"
_SMALLER: Final = "Let the sender split it into several documents."
_SMALLER_ZH: Final = "请发送方拆分为多个文档。"

_JSON: Final[dict[int, Text]] = {
    3530: Text(
        "{where}: a JSON document of more than {limit_bytes} bytes",
        "{where}:JSON 文档超过 {limit_bytes} 字节",
        _SMALLER,
        _SMALLER_ZH,
    ),
    3531: Text(
        "{where}: the JSON is not plain UTF-8 at byte {offset} (a byte order mark, UTF-16 or another encoding)",
        "{where}:第 {offset} 字节处不是无 BOM 的 UTF-8(带 BOM、UTF-16 或其他编码)",
        "Let the sender's program write UTF-8 without a byte order mark.",
        "请发送方程序以无 BOM 的 UTF-8 写出。",
    ),
    3532: Text(
        "{where}: the JSON is not well formed at character {offset} (RFC 8259)",
        "{where}:第 {offset} 个字符处 JSON 语法错误(RFC 8259)",
        _ANEW,
        _ANEW_ZH,
    ),
    3533: Text(
        "{where}: objects and arrays stand deeper in each other than {limit} levels",
        "{where}:对象和数组嵌套超过 {limit} 层",
        _ANEW,
        _ANEW_ZH,
    ),
    3534: Text(
        "{where}: more than {limit} values in one document",
        "{where}:一个文档中的值超过 {limit} 个",
        _SMALLER,
        _SMALLER_ZH,
    ),
    3535: Text(
        "{where}: {value} is no number that a program can hold",
        "{where}:{value} 不是程序能表示的数",
        _ANEW,
        _ANEW_ZH,
    ),
    3536: Text(
        "{where}: the key {key} stands twice in one object; two programs would read two documents",
        "{where}:同一对象中键 {key} 出现两次,不同程序会读出不同内容",
        "Let the sender's program write each key once.",
        "请发送方程序保证每个键只出现一次。",
    ),
    3537: Text(
        "{where}: the string at {place} is longer than {limit_bytes} bytes",
        "{where}:{place} 处的字符串超过 {limit_bytes} 字节",
        "Let the sender transmit large contents as files of their own.",
        "请发送方将大内容作为独立文件发送。",
    ),
    3538: Text(
        "{where}: the control character {character} in the string at {place}",
        "{where}:{place} 处的字符串含有控制字符 {character}",
        _ANEW,
        _ANEW_ZH,
    ),
    3539: Text(
        "{where}: half a character (an unpaired surrogate) in the string at {place}",
        "{where}:{place} 处的字符串含有不成对的代理字符",
        _ANEW,
        _ANEW_ZH,
    ),
    3540: Text(
        "{where}: the document is one {kind}; the channel takes {allowed}",
        "{where}:文档最外层是 {kind},通道只接受 {allowed}",
        _ANEW,
        _ANEW_ZH,
    ),
    3541: Text(
        "{where}: the number {value} at {place} loses digits in most programs",
        "{where}:{place} 处的数 {value} 在多数程序中会丢失精度",
        "Let the sender's program write it as a string, or take `exact numbers` out of the channel.",
        "请发送方程序改写为字符串,或在通道中取消 exact numbers。",
    ),
    3542: Text(
        "{where}: the integer at {place} has more than 64 bits",
        "{where}:{place} 处的整数超过 64 位",
        "Let the sender's program write it as a string.",
        "请发送方程序改写为字符串。",
    ),
    3543: Text(
        "{where}: the policy says that {place} is a file in base64; it is not base64",
        "{where}:策略规定 {place} 是 base64 文件,实际不是 base64",
        _ANEW,
        _ANEW_ZH,
    ),
    3544: Text(
        "{where}: {place} breaks the rule {rule} of the channel's JSON Schema",
        "{where}:{place} 不符合通道 JSON Schema 的规则 {rule}",
        "Let the sender's program keep to the schema that was agreed for the channel.",
        "请发送方程序遵守该通道约定的 JSON Schema。",
    ),
    3545: Text(
        "{where}: a key of more than {limit} characters, {key}",
        "{where}:键 {key} 超过 {limit} 个字符",
        _ANEW,
        _ANEW_ZH,
    ),
    3520: Text(
        "{file}: the schema cannot be read ({reason})",
        "{file}:无法读取该 Schema({reason})",
        "Put the file beside the policy file, at most 4 MiB, readable for the guard.",
        "请将文件放在策略文件旁,不超过 4 MiB,且 guard 可读。",
    ),
    3521: Text(
        "{file}:{line}: the schema is not JSON ({reason})",
        "{file}:{line}:该 Schema 不是 JSON({reason})",
        "Correct the line.",
        "请修正该行。",
    ),
    3522: Text(
        "{file}:{line}: the keyword {keyword} is none that both guards understand alike",
        "{file}:{line}:关键字 {keyword} 不受两侧一致支持",
        "Say the same with type, pattern, enum, properties, required, items and their like.",
        "请用 type、pattern、enum、properties、required、items 等表达。",
    ),
    3523: Text(
        "{file}:{line}: the reference {reference} leads out of the file; nothing is ever fetched",
        "{file}:{line}:引用 {reference} 指向文件之外;不会获取任何外部内容",
        "Copy what it means into $defs and write #/$defs/NAME.",
        "请将其内容复制到 $defs 并写 #/$defs/名称。",
    ),
    3524: Text(
        "{file}:{line}: the reference {reference} leads to no schema, or back to itself",
        "{file}:{line}:引用 {reference} 不存在或循环引用自身",
        "Write the name of a schema in $defs.",
        "请写 $defs 中存在的名称。",
    ),
    3525: Text(
        "{file}:{line}: {keyword} is not as it should be; wanted: {wanted}",
        "{file}:{line}:{keyword} 的值不正确;应为:{wanted}",
        "Correct the line.",
        "请修正该行。",
    ),
    3526: Text(
        "{file}:{line}: the pattern {pattern} cannot be taken: {reason}",
        "{file}:{line}:不能使用正则表达式 {pattern}:{reason}",
        "Write it without a repeat of a repeat, a repeated choice, or looking around.",
        "请避免嵌套重复、重复的分支和环视。",
    ),
}

_FHIR: Final[dict[int, Text]] = {
    3550: Text(
        "{where}: {type} is no resource of FHIR R4",
        "{where}:{type} 不是 FHIR R4 资源",
        _ANEW,
        _ANEW_ZH,
    ),
    3551: Text(
        "{where}: a {type} at {place}, which the channel does not take",
        "{where}:{place} 处的 {type} 不在本通道允许之列",
        "Name it in the line fhir of the policy file, if it is to pass.",
        "如需放行,在策略文件的 fhir 一行中列出。",
    ),
    3552: Text(
        "{where}: an XML document of more than {limit_bytes} bytes",
        "{where}:XML 文档超过 {limit_bytes} 字节",
        _SMALLER,
        _SMALLER_ZH,
    ),
    3553: Text(
        "{where}: elements stand deeper in each other than {limit} levels",
        "{where}:元素嵌套超过 {limit} 层",
        _ANEW,
        _ANEW_ZH,
    ),
    3554: Text(
        "{where}: more elements, or a longer value, than the limit of {limit}",
        "{where}:元素数量或值的长度超过上限 {limit}",
        _SMALLER,
        _SMALLER_ZH,
    ),
    3555: Text(
        "{where}: {place} is not as FHIR R4 has it ({reason})",
        "{where}:{place} 不符合 FHIR R4({reason})",
        _ANEW,
        _ANEW_ZH,
    ),
    3556: Text(
        "{where}: {place} breaks the rule {rule} of FHIR R4",
        "{where}:{place} 不符合 FHIR R4 的规则 {rule}",
        _ANEW,
        _ANEW_ZH,
    ),
    3557: Text(
        "{where}: {place} has no element {element} in FHIR R4",
        "{where}:FHIR R4 中 {place} 没有元素 {element}",
        _ANEW,
        _ANEW_ZH,
    ),
    3558: Text(
        "{where}: {place} lacks the element {element}",
        "{where}:{place} 缺少元素 {element}",
        _ANEW,
        _ANEW_ZH,
    ),
    3559: Text(
        "{where}: {value} at {place} is no identifier of FHIR (letters, digits, - and ., 64 at most)",
        "{where}:{place} 处的 {value} 不是合法的 FHIR 标识(字母、数字、- 和 .,最多 64 个)",
        _ANEW,
        _ANEW_ZH,
    ),
    3560: Text(
        "{where}: the XML is not well formed at byte {offset} ({reason})",
        "{where}:第 {offset} 字节处 XML 格式错误({reason})",
        _ANEW,
        _ANEW_ZH,
    ),
    3561: Text(
        "{where}: a DOCTYPE, entity or CDATA section at byte {offset}; FHIR has none",
        "{where}:第 {offset} 字节处有 DOCTYPE、实体或 CDATA,FHIR 不使用",
        "Let the sender's program write the document without it.",
        "请发送方程序去除后重新生成。",
    ),
    3562: Text(
        "{where}: a processing instruction at byte {offset}; FHIR has none",
        "{where}:第 {offset} 字节处有处理指令,FHIR 不使用",
        "Let the sender's program write the document without it.",
        "请发送方程序去除后重新生成。",
    ),
    3563: Text(
        "{where}: a comment in the XML; no reader of the resource would see it",
        "{where}:XML 中含有注释,资源的读者看不到其内容",
        "Let the sender's program leave comments out, or write `fhir: with comments` in the policy file.",
        "请发送方程序去除注释,或在策略文件中写 fhir: with comments。",
    ),
    3564: Text(
        "{where}: {place} is in the namespace {space}, not in that of FHIR",
        "{where}:{place} 的命名空间是 {space},不是 FHIR 的命名空间",
        _ANEW,
        _ANEW_ZH,
    ),
    3565: Text(
        "{where}: {place} has the attribute {attribute}, which FHIR does not know there",
        "{where}:{place} 有 FHIR 未定义的属性 {attribute}",
        _ANEW,
        _ANEW_ZH,
    ),
    3566: Text(
        "{where}: characters between the elements of {place}; values stand in attributes",
        "{where}:{place} 的元素之间有文字;值应写在属性中",
        _ANEW,
        _ANEW_ZH,
    ),
    3567: Text(
        "{where}: there is no element {place} in FHIR R4",
        "{where}:FHIR R4 中没有元素 {place}",
        _ANEW,
        _ANEW_ZH,
    ),
    3568: Text(
        "{where}: {place} stands twice, or not in the order of FHIR R4",
        "{where}:{place} 重复出现或顺序不符合 FHIR R4",
        _ANEW,
        _ANEW_ZH,
    ),
    3569: Text(
        "{where}: the XML is not plain UTF-8, or declares something else",
        "{where}:XML 不是无 BOM 的 UTF-8,或声明了其他编码",
        "Let the sender's program write UTF-8 without a byte order mark and declare it so.",
        "请发送方程序以无 BOM 的 UTF-8 写出并正确声明。",
    ),
    3570: Text(
        "{where}: the narrative at {place} is not well-formed XHTML (FG-{cause} {reason})",
        "{where}:{place} 的叙述不是格式正确的 XHTML(FG-{cause} {reason})",
        _ANEW,
        _ANEW_ZH,
    ),
    3571: Text(
        "{where}: the narrative at {place} holds an element {element}; only formatting, links and pictures may stand there",
        "{where}:{place} 的叙述含有元素 {element};只允许排版、链接和图片",
        _ANEW,
        _ANEW_ZH,
    ),
    3572: Text(
        "{where}: the narrative at {place} has {attribute} on {element}; it may not stand there",
        "{where}:{place} 的叙述中 {element} 带有不允许的属性 {attribute}",
        _ANEW,
        _ANEW_ZH,
    ),
    3573: Text(
        "{where}: the narrative at {place} points to {value}",
        "{where}:{place} 的叙述指向 {value}",
        "Let the sender's program put pictures into the document and link to http or https only.",
        "请发送方程序将图片嵌入文档,链接只用 http 或 https。",
    ),
    3574: Text(
        "{where}: the narrative at {place} has a style that fetches or hides something, {value}",
        "{where}:{place} 的叙述样式含有外部引用或隐藏内容:{value}",
        _ANEW,
        _ANEW_ZH,
    ),
    3575: Text(
        "{where}: the narrative at {place} is not one div of XHTML",
        "{where}:{place} 的叙述不是单个 XHTML div",
        _ANEW,
        _ANEW_ZH,
    ),
    3576: Text(
        "{where}: the value at {place} has not the form of {type}",
        "{where}:{place} 处的值不符合 {type} 的格式",
        _ANEW,
        _ANEW_ZH,
    ),
    3577: Text(
        "{where}: {value} at {place} is no reference of FHIR",
        "{where}:{place} 处的 {value} 不是合法的 FHIR 引用",
        "Write TYPE/ID, #ID, an http address or a urn.",
        "应为 类型/标识、#标识、http 地址或 urn。",
    ),
    3578: Text(
        "{where}: the address {value} at {place} is of a kind that the channel does not take",
        "{where}:{place} 处的地址 {value} 不在本通道允许之列",
        "Name its scheme in the line fhir of the policy file, if it is to pass.",
        "如需放行,在策略文件的 fhir 一行中列出其协议。",
    ),
    3579: Text(
        "{where}: {place} lies in a contained resource; one level is all that FHIR allows",
        "{where}:{place} 位于 contained 资源之内;FHIR 只允许一层",
        _ANEW,
        _ANEW_ZH,
    ),
    3580: Text(
        "{where}: {place} is empty, or stands a wrong number of times",
        "{where}:{place} 为空或出现次数不正确",
        _ANEW,
        _ANEW_ZH,
    ),
    3581: Text(
        "{where}: {place} is not base64, or no hash",
        "{where}:{place} 不是 base64 或不是散列值",
        _ANEW,
        _ANEW_ZH,
    ),
    3582: Text(
        "{where}: the file at {place} calls itself {type} and begins as something else",
        "{where}:{place} 处的文件声明为 {type},内容却不是",
        "Let the sender's program state the type that the file has.",
        "请发送方程序填写真实的文件类型。",
    ),
    3583: Text(
        "{where}: the file at {place} does not say what it is (contentType)",
        "{where}:{place} 处的文件未说明类型(contentType)",
        "Let the sender's program fill in contentType.",
        "请发送方程序填写 contentType。",
    ),
    3584: Text(
        "{where}: two values for {place}, where one may stand",
        "{where}:{place} 只能有一个值,出现了两个",
        _ANEW,
        _ANEW_ZH,
    ),
    3585: Text(
        "{where}: {value} at {place} is none of the codes that FHIR R4 allows there",
        "{where}:{place} 处的 {value} 不在 FHIR R4 规定的代码之内",
        _ANEW,
        _ANEW_ZH,
    ),
    3586: Text(
        "{where}: a Bundle of {count} entries; {limit} are the limit",
        "{where}:Bundle 含 {count} 个条目,上限为 {limit}",
        "Ask for less at a time, or raise the number of entries in the policy file.",
        "请减少单次查询的条目,或在策略文件中提高条目上限。",
    ),
    3587: Text(
        "{where}: {place} ({value}) is none of what this transaction may ask",
        "{where}:{place}({value})不在本通道允许的事务操作之内",
        "Name it in the content line of the policy file: fhir transaction of POST Observation, PUT Patient",
        "如需放行,请在策略文件的正文一行中列出:fhir transaction of POST Observation, PUT Patient",
    ),
    3588: Text(
        "{where}: {place} points by a search or an address, {value}",
        "{where}:{place} 以检索条件或网址引用:{value}",
        "Write TYPE/ID or a urn of the Bundle, or name the search in the policy file: Patient by identifier",
        "请写 类型/标识 或 Bundle 内的 urn,或在策略文件中列出该检索:Patient by identifier",
    ),
}

TEXTS: Final[dict[int, Text]] = {**_JSON, **_FHIR}
