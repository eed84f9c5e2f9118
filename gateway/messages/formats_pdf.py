"""Texts of the area: PDF (3870 to 3899)."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_ANEW: Final = "Let the sender print or save the document to a new PDF."
_ANEW_ZH: Final = "请发送方将文档重新打印或另存为 PDF。"
_PLAIN: Final = "Let the sender save it without; a plain PDF of pages passes."
_PLAIN_ZH: Final = "请发送方去掉后重新保存;只含页面的普通 PDF 可以通过。"
_ALLOW: Final = "If the channel is to take it, say so in the channel's line pdf."
_ALLOW_ZH: Final = "如交换通道需要放行,请在该通道的 pdf 一行中写明。"
_FEWER: Final = "Let the sender split the document, or save it anew."
_FEWER_ZH: Final = "请发送方拆分文档或重新保存。"

TEXTS: Final[dict[int, Text]] = {
    3870: Text("{where}: the PDF has {size_bytes} bytes; {limit_bytes} are looked at", "{where}:PDF 为 {size_bytes} 字节,上限 {limit_bytes} 字节", _FEWER, _FEWER_ZH),
    3871: Text("{where}: the PDF cannot be read as the standard has it: {reason}", "{where}:PDF 不符合标准,无法读取:{reason}", _ANEW, _ANEW_ZH),
    3872: Text("{where}: the PDF begins with {found}, not with %PDF-1 or %PDF-2", "{where}:PDF 以 {found} 开头,而非 %PDF-1 或 %PDF-2", _ANEW, _ANEW_ZH),
    3873: Text("{where}: bytes at {offset} belong to no object of the PDF", "{where}:第 {offset} 字节处的数据不属于 PDF 的任何对象", _ANEW, _ANEW_ZH),
    3874: Text("{where}: the tables of the PDF do not fit object {object}: {what}", "{where}:PDF 的交叉引用表与对象 {object} 不符:{what}", _ANEW, _ANEW_ZH),
    3875: Text("{where}: the PDF is encrypted, if only against changes", "{where}:PDF 已加密(包括仅限制修改的加密)", "Let the sender save it without a password and without restrictions.", "请发送方去掉密码和权限限制后重新保存。"),
    3876: Text("{where}: object {object} of the PDF lies deeper than {limit}", "{where}:PDF 对象 {object} 嵌套超过 {limit} 层", _ANEW, _ANEW_ZH),
    3877: Text("{where}: the PDF has more than {limit} values", "{where}:PDF 的值超过 {limit} 个", _FEWER, _FEWER_ZH),
    3878: Text("{where}: more than {limit} pages, or pages that hold themselves (at {pages})", "{where}:页数超过 {limit},或页面树循环(第 {pages} 页处)", _FEWER, _FEWER_ZH),
    3879: Text("{where}: a script in object {object} of the PDF ({what})", "{where}:PDF 对象 {object} 含脚本({what})", _PLAIN, _PLAIN_ZH),
    3880: Text("{where}: object {object} of the PDF starts or sends something ({what})", "{where}:PDF 对象 {object} 会启动程序或发送数据({what})", _PLAIN, _PLAIN_ZH),
    3881: Text("{where}: object {object} of the PDF acts without being asked ({what})", "{where}:PDF 对象 {object} 会自动执行操作({what})", _PLAIN, _PLAIN_ZH),
    3882: Text("{where}: object {object} of the PDF leads elsewhere: {what}", "{where}:PDF 对象 {object} 指向外部:{what}", "Links to http, https and mailto pass; let the sender take out the others.", "仅允许 http、https、mailto 链接,请发送方去掉其他链接。"),
    3883: Text("{where}: object {object} of the PDF is sound, film or something to play ({what})", "{where}:PDF 对象 {object} 为音视频等可播放内容({what})", _PLAIN, _PLAIN_ZH),
    3884: Text("{where}: an XFA form in object {object} of the PDF ({what})", "{where}:PDF 对象 {object} 含 XFA 表单({what})", _PLAIN, _PLAIN_ZH),
    3885: Text("{where}: a form to fill in, in object {object} of the PDF ({what})", "{where}:PDF 对象 {object} 含可填写表单({what})", _ALLOW, _ALLOW_ZH),
    3886: Text("{where}: a link in object {object} of the PDF ({what})", "{where}:PDF 对象 {object} 含链接({what})", _ALLOW, _ALLOW_ZH),
    3887: Text("{where}: a file attached to the PDF, in object {object} ({what})", "{where}:PDF 对象 {object} 附带文件({what})", _ALLOW, _ALLOW_ZH),
    3888: Text("{where}: the data of object {object} stand in another file ({what})", "{where}:PDF 对象 {object} 的数据位于其他文件({what})", _PLAIN, _PLAIN_ZH),
    3889: Text("{where}: a stream of the PDF has filters that are not taken: {filters}", "{where}:PDF 流使用了不接受的过滤器:{filters}", _ANEW, _ANEW_ZH),
    3890: Text("{where}: object {object} of the PDF decodes to more than {limit_bytes} bytes", "{where}:PDF 对象 {object} 解码后超过 {limit_bytes} 字节", _FEWER, _FEWER_ZH),
    3891: Text("{where}: the data of object {object} are damaged: {reason}", "{where}:PDF 对象 {object} 的数据已损坏:{reason}", _ANEW, _ANEW_ZH),
    3892: Text("{where}: object {object} of the PDF is a picture in {what}", "{where}:PDF 对象 {object} 为 {what} 编码的图像", _ALLOW, _ALLOW_ZH),
    3893: Text("{where}: the picture in object {object} says {width} by {height} pixels; at most {limit} are taken, and it must say so twice", "{where}:PDF 对象 {object} 的图像为 {width}×{height} 像素,上限 {limit},且两处声明须一致", _FEWER, _FEWER_ZH),
    3894: Text("{where}: object {object} of the PDF is a file of its own ({what})", "{where}:PDF 对象 {object} 实为独立文件({what})", _ANEW, _ANEW_ZH),
    3895: Text("{where}: the letters of {object} cannot be told (font {font})", "{where}:{object} 的文字无法识别(字体 {font})", "Let the sender save it with fonts embedded and their Unicode tables.", "请发送方保存时嵌入字体及其 Unicode 映射表。"),
    3896: Text("{where}: a name in the PDF is written so as not to be found: {what}", "{where}:PDF 中的名称被刻意隐藏:{what}", _ANEW, _ANEW_ZH),
    3897: Text("{where}: the metadata in object {object} of the PDF hold {what}", "{where}:PDF 对象 {object} 的元数据含 {what}", _ANEW, _ANEW_ZH),
    3898: Text("{where}: the PDF was changed {revisions} times; {limit} are looked at", "{where}:PDF 含 {revisions} 个修订版本,上限 {limit}", _ANEW, _ANEW_ZH),
    3899: Text("{where}: page {page} of the PDF cannot be read for its words: {reason}", "{where}:PDF 第 {page} 页的文字无法读取:{reason}", _ANEW, _ANEW_ZH),
}  # fmt: skip
