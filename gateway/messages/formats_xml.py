"""Texts of the area: XML (3600 to 3629), CDA (3630 to 3659), a channel's own XML Schema (3527 to 3529, 3612, 3613), SOAP (3614)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_ANEW: Final = "Let the sender's program write the document anew."
_ANEW_ZH: Final = "请发送方软件重新生成该文档。"

TEXTS: Final[dict[int, Text]] = {
    3600: Text("{where}: it is no well-formed XML: {reason}", "{where}:XML 格式不正确:{reason}", _ANEW, _ANEW_ZH),
    3527: Text(
        "{file}:{line}: this is no XML Schema: {reason}",
        "{file}:{line}:不是 XML Schema:{reason}",
        "Correct the line.",
        "请修正该行。",
    ),
    3528: Text(
        "{file}:{line}: {element} is not taken in a schema: it would bring in what is not in the file",
        "{file}:{line}:Schema 中不接受 {element}:会引入文件之外的内容",
        "Let import and include name a file of the folder schemas/ by its bare name, of the namespace that is meant.",
        "import 和 include 须以文件名指明 schemas/ 文件夹中命名空间相符的文件。",
    ),
    3529: Text(
        "{file}:{line}: the schema cannot be built: {reason}",
        "{file}:{line}:无法建立该 Schema:{reason}",
        "Correct the line.",
        "请修正该行。",
    ),
    3612: Text(
        "{where}: {place} breaks the rule {rule} of {schema}",
        "{where}:{place} 违反 {schema} 的规则 {rule}",
        "Let the sender write the document by the schema, or correct the schema.",
        "请发送方按 Schema 生成文档,或修正 Schema。",
    ),
    3613: Text(
        "{where}: {place} is no name that {schema} declares there",
        "{where}:{place} 不是 {schema} 在此处声明的名称",
        "Let the sender write the document by the schema, or correct the schema.",
        "请发送方按 Schema 生成文档,或修正 Schema。",
    ),
    3601: Text(
        "{where}: the encoding {encoding} is not taken, or the bytes at {offset} are not in it",
        "{where}:不接受编码 {encoding},或第 {offset} 字节与之不符",
        "Let the sender write UTF-8, UTF-16 or GB 18030, and declare it.",
        "请发送方使用并声明 UTF-8、UTF-16 或 GB 18030。",
    ),
    3602: Text(
        "{where}: a document type ({name}); it can bring in what is not in the file",
        "{where}:含文档类型声明({name}),可能引入文件之外的内容",
        "Let the sender leave out the DOCTYPE.",
        "请发送方去掉 DOCTYPE。",
    ),
    3603: Text(
        "{where}: a processing instruction ({target}); it tells a program to do something",
        "{where}:含处理指令({target}),会指示程序执行操作",
        "Let the sender leave it out; a style sheet belongs to whoever shows the document.",
        "请发送方去掉;样式表应由查看方提供。",
    ),
    3604: Text("{where}: elements stand deeper than {limit}", "{where}:元素嵌套超过 {limit} 层", _ANEW, _ANEW_ZH),
    3605: Text("{where}: more than {limit} elements and attributes", "{where}:元素和属性超过 {limit} 个", _ANEW, _ANEW_ZH),
    3606: Text("{where}: a text longer than {limit_bytes} characters", "{where}:文字超过 {limit_bytes} 个字符", _ANEW, _ANEW_ZH),
    3607: Text("{where}: an inclusion (XInclude) of what is not in the file", "{where}:含 XInclude,引入文件之外的内容", _ANEW, _ANEW_ZH),
    3608: Text("{where}: something that a viewer would run at {path}: {what}", "{where}:{path} 处含查看时会执行的内容:{what}", _ANEW, _ANEW_ZH),
    3611: Text(
        "{where}: the outermost element is {root}; the channel takes {expected}",
        "{where}:根元素为 {root};本通道接收 {expected}",
        _ANEW,
        _ANEW_ZH,
    ),
    3614: Text(
        "{where}: no SOAP message as the channel takes it: {what}",
        "{where}:不是本通道接收的 SOAP 消息:{what}",
        "One Body with the one message of this call, no Header, no attachments.",
        "仅一个 Body,内含本次调用的一条消息;无 Header,无附件。",
    ),
    3630: Text("{where}: a clinical document without {element}", "{where}:临床文档缺少 {element}", _ANEW, _ANEW_ZH),
    3631: Text("{where}: CDA has no element {element}, which stands at {path}", "{where}:CDA 没有元素 {element}(位于 {path})", _ANEW, _ANEW_ZH),
    3632: Text("{where}: an element of {space} at {path}", "{where}:{path} 处有 {space} 的元素", _ANEW, _ANEW_ZH),
    3633: Text("{where}: {element} is {value}, which is not what the standard says", "{where}:{element} 为 {value},与标准不符", _ANEW, _ANEW_ZH),
    3634: Text("{where}: {attribute} at {path} is {value}, which is no OID or UUID", "{where}:{path} 的 {attribute} 为 {value},不是 OID 或 UUID", _ANEW, _ANEW_ZH),
    3635: Text("{where}: the time at {path} is {value}, which does not exist", "{where}:{path} 的时间 {value} 不存在", _ANEW, _ANEW_ZH),
    3636: Text("{where}: the data at {path} are declared as base64 and are not", "{where}:{path} 的数据声明为 base64,实际不是", _ANEW, _ANEW_ZH),
    3637: Text(
        "{where}: none of its templates is taken here: {templates}",
        "{where}:其模板均不在允许之列:{templates}",
        "Name the template in the line cda of the policy file, if it is to pass.",
        "如需放行,在策略文件的 cda 一行中列出该模板。",
    ),
}  # fmt: skip
