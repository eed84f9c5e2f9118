"""Texts of the area: channels that carry requests (23xx).

2300 to 2349   reading and checking a file
2350 to 2369   what its lines found in a call or an answer
2370 to 2389   files made from the description of a service
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    2300: Text(
        "{what} is where {other} ({file}) listens on the same host",
        "{what} 已由同一主机上的 {other}({file})监听",
        "Give each channel a port of its own.",
        "请为每个通道使用各自的端口。",
    ),
    2301: Text(
        '"{word}" is a word of channels that carry {kind}',
        "“{word}”是 carries 为 {kind} 的通道所用的词",
        "Take the line out, or say what the channel carries.",
        "请删除该行,或修改 carries。",
    ),
    2302: Text(
        "{count} of them; {limit} are the limit",
        "共 {count} 个,上限为 {limit}",
        "Make more than one channel of it.",
        "请拆分为多个通道。",
    ),
    2303: Text(
        "the parameter {name} stands twice in the call",
        "参数 {name} 在 call 中出现两次",
        "Give each place a name of its own.",
        "请为每处使用各自的名称。",
    ),
    2304: Text(
        "{name} cannot be a parameter: it is a word of every operation",
        "{name} 不能作为参数名:它是操作本身的词",
        "Choose another name between the braces; the name on the wire stays.",
        "请在花括号中改用其他名称,线上字段名不变。",
    ),
    2305: Text(
        "{name} can stand neither twice nor be left out",
        "{name} 既不能重复也不能省略",
        'Take "optional" and "many" out.',
        "请去掉 optional 和 many。",
    ),
    2306: Text(
        "the parameter {name} of the call has no line of its own",
        "call 中的参数 {name} 没有对应的规则行",
        "Say what it may be: {write}",
        "请写明其取值,例如 {write}",
    ),
    2307: Text(
        '"{word}" is no parameter of the call of {section}',
        "“{word}”不是 {section} 的 call 中的参数",
        "Put it into the call between braces, or take the line out.",
        "请将其写入 call 的花括号中,或删除该行。",
    ),
    2308: Text(
        "headers are named with their values",
        "headers 须写明名称和取值",
        "Write: headers: none, or headers: {{if-none-match: text at most 80}}",
        "请写 headers: none,或 headers: {{if-none-match: text at most 80}}",
    ),
    2309: Text(
        "a {method} has no body that a server must look at",
        "{method} 请求不得带有正文",
        "Write body: none, or another method.",
        "请写 body: none,或改用其他方法。",
    ),
    2310: Text(
        "RE2 does not take the pattern: {problem}",
        "RE2 不接受该正则表达式:{problem}",
        "RE2 has no back references and no looking ahead.",
        "RE2 不支持反向引用和环视。",
    ),
    2311: Text(
        '"{part}" cannot be a part of a path',
        "“{part}”不能作为路径的一段",
        "A part is plain characters, or one parameter in braces: /fhir/Patient/{{id}}",
        "每段须为普通字符,或花括号中的一个参数:/fhir/Patient/{{id}}",
    ),
    2312: Text(
        '"{part}" cannot be a field of a query',
        "“{part}”不能作为查询字段",
        "Write each field once, as name={{parameter}} or name=word, with & between them.",
        "每个字段只写一次,形如 name={{参数}} 或 name=词,以 & 分隔。",
    ),
    2313: Text(
        '"{text}" is no name of a header field here',
        "“{text}”不是合法的首部字段名",
        "Write it in small letters: {write}",
        "请用小写字母:{write}",
    ),
    2314: Text(
        "the header {name} never crosses",
        "首部 {name} 从不跨网传递",
        "It says who asks, from where or with which secret, or it is for one hop; the gate makes its own.",
        "它涉及调用方身份、来源或凭据,或仅用于单跳;由网闸自行生成。",
    ),
    2315: Text(
        '"{text}" has no entries to count',
        "“{text}”没有可计数的条目",
        "Entries are those of a FHIR Bundle: fhir Bundle of DiagnosticReport, at most 50 entries",
        "条目指 FHIR Bundle 的条目:fhir Bundle of DiagnosticReport, at most 50 entries",
    ),
    2316: Text(
        "{size} is more than this channel takes; {limit} are the limit",
        "{size} 超出本通道的正文上限 {limit}",
        "Make it smaller. What is larger goes as files.",
        "请减小;更大的内容请用文件通道。",
    ),
    2317: Text(
        "a content of the type {type} cannot be taken in a request or an answer",
        "请求和应答的正文不能是 {type}",
        "Let it go by a channel that carries files.",
        "请使用文件通道。",
    ),
    2318: Text(
        '"{text}" is no network',
        "“{text}”不是合法网段",
        "Write {write}.",
        "请写 {write}。",
    ),
    2319: Text(
        "a location crosses as the path of a resource only",
        "location 只能以资源路径的形式跨网",
        "Write it in an answer: headers: {location: fhir location of Observation}",
        "请写在应答中:headers: {location: fhir location of Observation}",
    ),
    2320: Text(
        "an operation without an answer",
        "操作没有任何应答",
        "Name each status and what it carries: 200: json, at most 64 KiB",
        "请写明每个状态码及其正文:200: json, at most 64 KiB",
    ),
    2321: Text(
        "an answer of status {status} has no content here",
        "状态码 {status} 的应答在此不带正文",
        'Write "empty".',
        "请写 empty。",
    ),
    2322: Text(
        '"{text}" is no status that can go back',
        "“{text}”不是可返回的状态码",
        "Statuses are 200 to 299, 304 and 400 to 599: others are not final or lead to other addresses.",
        "可用 200 至 299、304、400 至 599;其余不是最终应答或指向其他地址。",
    ),
    2323: Text(
        "a {method} that is tried again may be done twice",
        "重试 {method} 可能导致重复执行",
        "Take the line out.",
        "请删除该行。",
    ),
    2324: Text(
        "a call could be {name} as well as {other} (line {line})",
        "同一请求既可能是 {name},也可能是 {other}(第 {line} 行)",
        "Make a part of the path, the method or the obligatory fields of the query differ.",
        "请使路径、方法或必填查询字段有所区别。",
    ),
    2325: Text(
        "requests go on one lane and answers on the other",
        "请求与应答须各走一个方向",
        "Write: lanes: {{request: import, response: export}}, or the other way round.",
        "请写 lanes: {{request: import, response: export}},或相反。",
    ),
    2326: Text(
        "the caller {caller} cannot be known without https",
        "未使用 https,无法识别调用方 {caller}",
        'Write "listens: https on ...", or name keys: key NAME',
        "请写 listens: https on ...,或改用密钥:key NAME",
    ),
    2327: Text(
        "the caller {caller} is known by signatures, and none is asked for",
        "调用方 {caller} 通过签名识别,但未要求签名",
        'Write "signed: every request".',
        "请写 signed: every request。",
    ),
    2328: Text(
        "places are taken out of JSON, and the answer of line {line} is something else",
        "removed 仅用于 JSON,而第 {line} 行的应答不是 JSON",
        "Take the section out, or give the other operations a channel of their own.",
        "请删除该节,或为其他操作另设通道。",
    ),
    2329: Text(
        "a channel has one peer",
        "通道须有且只有一个对侧服务",
        "Write one of: https: HOST:PORT, http: HOST:PORT",
        "请写 https: HOST:PORT 或 http: HOST:PORT 之一。",
    ),
    2330: Text(
        '"{place}" is no place of an answer',
        "“{place}”不是应答中的位置",
        "Write keys with dots between them: response.subject.display",
        "请以点号连接各键:response.subject.display",
    ),
    2331: Text(
        "what {place} becomes is not known in this version",
        "本版本只支持删除 {place}",
        'Write "removed".',
        "请写 removed。",
    ),
    2332: Text(
        "a request has one content",
        "请求只能有一个正文",
        "Write json or file, not both.",
        "json 与 file 只写其一。",
    ),
    2333: Text(
        "no test calls the operation {name}",
        "没有测试调用操作 {name}",
        "Add one, so that the next change shows what it does.",
        "请添加测试,以便后续修改时看到影响。",
    ),
    2334: Text(
        "no test has the answer {status} of the operation {name}",
        "没有测试涵盖操作 {name} 的应答 {status}",
        "Add one with an answer: try: {{call: ..., answer: samples/NAME}}",
        "请添加带应答的测试:try: {{call: ..., answer: samples/NAME}}",
    ),
    2340: Text(
        '"{text}" is no name of a cookie here',
        "“{text}”不是合法的 Cookie 名称",
        "Letters, digits, dots, dashes and underscores, at most 57, as the caller sends it.",
        "仅限字母、数字、点、连字符和下划线,最多 57 个字符,与调用方发送的一致。",
    ),
    2341: Text(
        "cookies are listed by their names",
        "cookies 须列出名称",
        "Write: cookies: [tenant, lang], or cookies: {{tenant: text at most 32}}",
        "请写 cookies: [tenant, lang],或 cookies: {{tenant: text at most 32}}",
    ),
    2342: Text(
        "the cookie {name} crosses to the peer",
        "Cookie {name} 将转给对侧",
        "Take the line out if it is a session or says who the caller is.",
        "如其为会话或表明调用方身份,请删除该行。",
    ),
    2350: Text("the target of the call is longer than any operation's", "请求目标过长"),
    2351: Text(
        "the target of the call cannot be read in one way only: {what}", "请求目标存在歧义:{what}"
    ),
    2352: Text(
        "a part of the path cannot be read in one way only: {what}", "路径中有一段存在歧义:{what}"
    ),
    2353: Text(
        "no operation of the channel is the call {call}",
        "通道没有与请求 {call} 对应的操作",
        "Name it under operations, if it is to pass.",
        "如需放行,请写入 operations。",
    ),
    2354: Text(
        "the value of {name} has {length} characters; the line says: {takes}",
        "{name} 的值共 {length} 个字符;该行为:{takes}",
    ),
    2355: Text(
        "the field {name}: {what}",
        "字段 {name}:{what}",
        "An operation takes the fields that it names, each once, and all that are not optional.",
        "操作仅接受其列出的字段,每个一次;非 optional 的必须出现。",
    ),
    2356: Text(
        "the operation is {operation}; the line says: {takes}", "操作为 {operation};该行为:{takes}"
    ),
    2358: Text(
        "the content is {type} of {size}; the line says: {takes}",
        "正文为 {type},{size};该行为:{takes}",
    ),
    2359: Text(
        "the status is {status}; the operation answers: {takes}",
        "状态码为 {status};操作的应答为:{takes}",
    ),
    2360: Text(
        "the answer is one of {operation}; the operation that was called is {takes}",
        "应答属于 {operation};所调用的操作是 {takes}",
    ),
    2361: Text(
        "the caller is {caller}; the line says: {takes}", "调用方为 {caller};该行为:{takes}"
    ),
    2362: Text(
        "the caller comes from {address}; the line says: {takes}",
        "调用方来自 {address};该行为:{takes}",
    ),
    2364: Text(
        "places cannot be taken out of the answer: {what}",
        "无法从应答中删除指定位置:{what}",
    ),
    2365: Text(
        "the answer still has what the section at line {line} takes out",
        "应答仍含第 {line} 行一节应删除的内容",
    ),
    2370: Text(
        "the operation {operation} is left out: {what}",
        "略去操作 {operation}:{what}",
        "A policy file cannot say it, or could mean two operations by it.",
        "策略文件无法表达,或会与其他操作混淆。",
    ),
    2371: Text(
        "{name}: what the document says of it is not asked: {what}",
        "{name}:文档中的约束未被采用:{what}",
    ),
    2372: Text("{name} does not cross: {what}", "{name} 不跨网传递:{what}"),
    2373: Text("the answer {status} is left out: {what}", "略去应答 {status}:{what}"),
    2374: Text(
        "{file}: the keyword {keyword} is not asked, {count} times",
        "{file}:未采用关键字 {keyword},共 {count} 处",
    ),
    2375: Text(
        "{file}: {count} objects take keys that nobody has named",
        "{file}:{count} 个对象允许未列出的键",
        'Write "additionalProperties": false where the keys are all known.',
        '键均已知时请写 "additionalProperties": false。',
    ),
    2376: Text(
        "what the document says under {what} means nothing to the gate",
        "文档中的 {what} 对网闸不起作用",
        "Callers are named under from; the gate calls the peer that to names.",
        "调用方在 from 中写明;网闸只调用 to 中的服务。",
    ),
    2377: Text(
        "{file} is no OpenAPI document of 3.0 or 3.1: {what}",
        "{file} 不是 OpenAPI 3.0 或 3.1 文档:{what}",
        "Save it as JSON, or as YAML without anchors, aliases and tags.",
        "请保存为 JSON,或不含锚点、别名和标签的 YAML。",
    ),
    2378: Text(
        "{path} is there already",
        "{path} 已存在",
        "Nothing was written. Take it away, or choose another --channel.",
        "未写入任何文件。请移走该文件,或用 --channel 另取名称。",
    ),
    2379: Text(
        "of the media types {name} is taken, these are not: {what}",
        "媒体类型仅采用 {name},未采用:{what}",
    ),
    2380: Text(
        "{file} is no WSDL 1.1 document: {what}",
        "{file} 不是 WSDL 1.1 文档:{what}",
        "Save it in one file, without a document type; WSDL 2.0 is not read.",
        "请保存为单个文件,不含文档类型声明;不支持 WSDL 2.0。",
    ),
    2382: Text(
        "one operation for these calls, which nothing but their message tells apart: {names}",
        "下列调用仅能由消息内容区分,合为一个操作:{names}",
        "Whoever may make one of them may make all.",
        "可调用其中之一者即可调用全部。",
    ),
    2383: Text(
        "{name} of the document is left out: {what}",
        "略去文档中的 {name}:{what}",
        "A channel has one peer, and calls of one version at one path.",
        "一个通道只有一个对端,同一路径只支持一个版本。",
    ),
    2384: Text(
        "the sample {file} is a guess",
        "样例 {file} 为推测所得",
        "Write a message into it that the peer takes.",
        "请在其中写入对端可接受的消息。",
    ),
    2381: Text(
        "no operation of the document can be said in a policy file",
        "文档中没有可写入策略文件的操作",
        "See docs/POLICY.md, Channels that carry requests.",
        "参见 docs/POLICY.md 中 Channels that carry requests 一节。",
    ),
    2390: Text(
        "places are taken out of answers of at most {limit}, and that of line {line} may be larger",
        "removed 仅用于不超过 {limit} 的应答，而第 {line} 行的应答可能更大",
        "Make it smaller, or give the operation a channel of its own.",
        "请减小其上限，或为该操作另设通道。",
    ),
    2363: Text(
        "{milliseconds} ms are left for an answer; the line says: {takes}",
        "应答剩余时间为 {milliseconds} 毫秒;该行为:{takes}",
    ),
}
