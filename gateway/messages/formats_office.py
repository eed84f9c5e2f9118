"""Texts of the area: OOXML, that is docx, xlsx, pptx (3800 to 3839), and OFD (3840 to 3869)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_SAVE: Final = "Let the sender save it anew without that part (docx, xlsx or pptx, no macros)."
_SAVE_ZH: Final = "请发送方去掉该部分后重新保存(docx、xlsx 或 pptx,不含宏)。"
_ANEW: Final = "Let the sender's program write the document anew."
_ANEW_ZH: Final = "请发送方软件重新生成该文档。"
_VALUES: Final = "Let the sender replace it by its value or text, and save anew."
_VALUES_ZH: Final = "请发送方将其替换为数值或文字后重新保存。"
_FLAT: Final = (
    "Let the sender put in a picture or a table instead, or send the inner file by itself."
)
_FLAT_ZH: Final = "请发送方改用图片或表格,或单独发送内嵌文件。"

TEXTS: Final[dict[int, Text]] = {
    3801: Text("{where}: the part {part} is refused by FG-{rule}", "{where}:部件 {part} 因 FG-{rule} 被拒绝", _ANEW, _ANEW_ZH),
    3802: Text("{where}: {part} is of the content type {type}, which is not on the list", "{where}:{part} 的内容类型 {type} 不在允许之列", _SAVE, _SAVE_ZH),
    3803: Text("{where}: the part {part} has no content type, or stands where no office program puts one", "{where}:部件 {part} 没有内容类型,或位置不属于办公软件的约定", _ANEW, _ANEW_ZH),
    3804: Text("{where}: {part} is declared as {type}, and its name or its bytes say otherwise", "{where}:{part} 声明为 {type},名称或内容却不符", _ANEW, _ANEW_ZH),
    3805: Text("{where}: a macro, or what calls one, in {part}: {what}", "{where}:{part} 含宏或调用宏:{what}", _SAVE, _SAVE_ZH),
    3806: Text("{where}: {part} fetches something from outside ({what}): {target}", "{where}:{part} 从外部获取内容({what}):{target}", _SAVE, _SAVE_ZH),
    3807: Text(
        "{where}: {part} links to {target}; only https, http, mailto and places of the document are taken",
        "{where}:{part} 链接到 {target};只接受 https、http、mailto 和文档内位置",
        "Let the sender remove the link or write the address as text.",
        "请发送方去掉该链接,或写成文字。",
    ),
    3808: Text("{where}: a control (ActiveX or form) in {part}: {what}", "{where}:{part} 含控件(ActiveX 或表单):{what}", _SAVE, _SAVE_ZH),
    3809: Text("{where}: a document or object embedded in {part}: {what}", "{where}:{part} 内嵌文档或对象:{what}", _FLAT, _FLAT_ZH),
    3810: Text("{where}: {part} brings in another document (template, frame, imported part): {what}", "{where}:{part} 引入其他文档(模板、框架、导入部件):{what}", _SAVE, _SAVE_ZH),
    3811: Text("{where}: an add-in or a changed ribbon in {part}: {what}", "{where}:{part} 含加载项或自定义功能区:{what}", _SAVE, _SAVE_ZH),
    3812: Text("{where}: {part} takes data from elsewhere (connection, DDE, other workbook, mail merge): {what}", "{where}:{part} 从别处取数(连接、DDE、其他工作簿、邮件合并):{what}", _VALUES, _VALUES_ZH),
    3813: Text("{where}: a field in {part} that is not on the list: {what}", "{where}:{part} 的域不在允许之列:{what}", _VALUES, _VALUES_ZH),
    3814: Text("{where}: a formula in {part} that reaches out of the workbook: {what}", "{where}:{part} 的公式指向工作簿之外:{what}", _VALUES, _VALUES_ZH),
    3815: Text("{where}: an embedded font: {part}", "{where}:内嵌字体:{part}", "Let the sender save it without embedded fonts.", "请发送方不嵌入字体重新保存。"),
    3816: Text("{where}: a picture in EMF or WMF: {part}", "{where}:含 EMF 或 WMF 图片:{part}", "Let the sender put it in as PNG.", "请发送方改用 PNG 图片。"),
    3817: Text("{where}: a relationship from {part} of a kind that is not on the list: {what}", "{where}:{part} 的关系类型不在允许之列:{what}", _SAVE, _SAVE_ZH),
    3818: Text("{where}: {part} refers to {target}, which is not in the document", "{where}:{part} 引用的 {target} 不在文档中", _ANEW, _ANEW_ZH),
    3819: Text("{where}: nothing leads to the part {part}; nobody would see it", "{where}:没有任何部件引用 {part},无人能看到它", _ANEW, _ANEW_ZH),
    3820: Text("{where}: its main part {part} is none of a docx, xlsx or pptx: {what}", "{where}:主部件 {part} 不是 docx、xlsx 或 pptx:{what}", _SAVE, _SAVE_ZH),
    3821: Text("{where}: an action on a slide of {part} that does more than turn slides: {what}", "{where}:{part} 的动作不止于翻页:{what}", _SAVE, _SAVE_ZH),
    3822: Text("{where}: sound or video in {part}: {what}", "{where}:{part} 含音频或视频:{what}", _SAVE, _SAVE_ZH),
    3823: Text("{where}: more than {limit} of one kind in {part} (relationships, slides, characters)", "{where}:{part} 中同类内容超过 {limit}(关系、幻灯片、字符)", "Let the sender split the document.", "请发送方拆分文档。"),
    3824: Text("{where}: a cell of {part} that cannot be: {what}", "{where}:{part} 中存在无效单元格:{what}", _ANEW, _ANEW_ZH),
    3825: Text("{where}: a script in a drawing of {part}: {what}", "{where}:{part} 的图形含脚本:{what}", _SAVE, _SAVE_ZH),
    3826: Text("{where}: settings of a printer in {part}", "{where}:{part} 含打印机设置", _SAVE, _SAVE_ZH),
    3827: Text("{where}: {part} is not as the standard has it: {what}", "{where}:{part} 不符合标准:{what}", _ANEW, _ANEW_ZH),
    3840: Text("{where}: {part} does not begin an OFD of version 1.0 to 1.2: {what}", "{where}:{part} 不是 1.0 至 1.2 版 OFD 的主入口:{what}", _ANEW, _ANEW_ZH),
    3841: Text("{where}: {part} is named as {what} and is none", "{where}:{part} 被引用为 {what},实际不是", _ANEW, _ANEW_ZH),
    3842: Text("{where}: {part} names {target}, which is not in the document", "{where}:{part} 引用的 {target} 不在文档中", _ANEW, _ANEW_ZH),
    3843: Text("{where}: {part} names {target}, which lies outside the document", "{where}:{part} 引用的 {target} 在文档之外", _ANEW, _ANEW_ZH),
    3844: Text("{where}: nothing names the file {part}; nobody would see it", "{where}:没有任何文件引用 {part},无人能看到它", _ANEW, _ANEW_ZH),
    3845: Text("{where}: an action in {part} opens {target}", "{where}:{part} 的动作会打开 {target}", "Let the sender write the address as text.", "请发送方将地址写成文字。"),
    3846: Text("{where}: an action in {part} opens an attachment", "{where}:{part} 的动作会打开附件", _ANEW, _ANEW_ZH),
    3847: Text("{where}: an action in {part} plays a sound", "{where}:{part} 的动作会播放声音", _ANEW, _ANEW_ZH),
    3848: Text("{where}: sound or video in {part}: {what}", "{where}:{part} 含音频或视频:{what}", _ANEW, _ANEW_ZH),
    3849: Text("{where}: an action in {part} that the standard does not have: {what}", "{where}:{part} 含标准之外的动作:{what}", _ANEW, _ANEW_ZH),
    3850: Text("{where}: an attachment: {part}", "{where}:含附件:{part}", "Let the sender send the attachment by itself.", "请发送方单独发送附件。"),
    3851: Text("{where}: an embedded font: {part}", "{where}:内嵌字体:{part}", "Name fonts in the line ofd of the policy file, if it is to pass.", "如需放行,在策略文件的 ofd 一行中写明字体。"),
    3852: Text("{where}: a picture in JBIG2: {part}", "{where}:含 JBIG2 图片:{part}", "Let the sender put it in as PNG or JPEG.", "请发送方改用 PNG 或 JPEG 图片。"),
    3853: Text("{where}: it is signed ({part}), and the channel takes no signed ones", "{where}:文档已签名({part}),本通道不接收", "Let the sender send it unsigned.", "请发送方发送未签名的文档。"),
    3855: Text("{where}: more than {limit} of one kind (pages, references) in {part}", "{where}:{part} 中同类内容超过 {limit}(页、引用)", "Let the sender split the document.", "请发送方拆分文档。"),
    3856: Text("{where}: {part} begins as {what}, not as what it is named for", "{where}:{part} 的根元素为 {what},与被引用的用途不符", _ANEW, _ANEW_ZH),
    3857: Text("{where}: parts of it are encrypted: {what} in {part}", "{where}:部分内容已加密:{part} 中的 {what}", "Let the sender send it unencrypted.", "请发送方发送未加密的文档。"),
    3858: Text("{where}: the file {part} is refused by FG-{rule}", "{where}:文件 {part} 因 FG-{rule} 被拒绝", _ANEW, _ANEW_ZH),
    3859: Text("{where}: an OFD without {what}", "{where}:OFD 缺少 {what}", _ANEW, _ANEW_ZH),
    3861: Text("{where}: something that a viewer would run in {part}: {what}", "{where}:{part} 含查看时会执行的内容:{what}", _ANEW, _ANEW_ZH),
}  # fmt: skip
