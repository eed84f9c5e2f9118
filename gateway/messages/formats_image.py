"""Texts of the area: inspection of DICOM and of images.

3900 to 3929    DICOM: part 10, elements, characters, pixels, de-identification
3930 to 3949    images: JPEG, PNG, TIFF, GIF, BMP
"""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

_AGAIN: Final = "Let the sending system write the object anew."
_AGAIN_ZH: Final = "请发送系统重新写出该对象。"
_SAVE: Final = "Let the sender save the image anew with an ordinary program."
_SAVE_ZH: Final = "请发送方用常规软件重新保存该图像。"
_ALLOW: Final = "If the channel is to take it, allow it in the channel's DICOM profile."
_ALLOW_ZH: Final = "如交换通道需要放行,请在该通道的 DICOM 配置中允许。"
_ALLOW_IMAGE: Final = "If the channel is to take it, allow it in the channel's image profile."
_ALLOW_IMAGE_ZH: Final = "如交换通道需要放行,请在该通道的图像配置中允许。"

_DICOM: Final[dict[int, Text]] = {
    3900: Text(
        "{where}: the preamble of the DICOM object is in use from byte {offset} on",
        "{where}:DICOM 前导区自第 {offset} 字节起已被占用",
        "Let the sending system write the object with an empty preamble.",
        "请发送系统以空前导区重新写出该对象。",
    ),
    3901: Text(
        "{where}: the preamble of the DICOM object is the head of a TIFF",
        "{where}:DICOM 前导区是一个 TIFF 文件头",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3902: Text(
        "{where}: {tag} is {reason} in the head of the DICOM file",
        "{where}:DICOM 文件头中 {tag} 不存在({reason})",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3903: Text(
        "{where}: {tag} contradicts the rest of the DICOM file ({reason})",
        "{where}:{tag} 与 DICOM 文件其余部分不一致({reason})",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3904: Text(
        "{where}: the transfer syntax {uid} is not one that the channel takes",
        "{where}:交换通道不接受传输语法 {uid}",
        "Let the sending system use one of the channel's transfer syntaxes, such as 1.2.840.10008.1.2.1.",
        "请发送系统改用该通道允许的传输语法,例如 1.2.840.10008.1.2.1。",
    ),
    3905: Text(
        "{where}: {tag} at byte {offset} says {length} bytes, and {left} are there",
        "{where}:第 {offset} 字节处的 {tag} 声明长度 {length} 字节,实际只有 {left} 字节",
        "It may have been cut on its way: let the sending system send it again.",
        "对象可能不完整,请发送系统重新发送。",
    ),
    3906: Text(
        "{where}: {size_bytes} bytes stand behind the last element of the DICOM object",
        "{where}:DICOM 对象最后一个元素之后还有 {size_bytes} 字节",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3907: Text(
        "{where}: sequences lie deeper than {limit} levels in each other",
        "{where}:序列嵌套超过 {limit} 层",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3908: Text(
        "{where} has more elements than are looked at (byte {offset})",
        "{where} 的元素数量超出上限(第 {offset} 字节)",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3909: Text(
        "{where}: {tag} has the value representation {vr}, which it cannot have",
        "{where}:{tag} 的值表示 {vr} 不合法",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3910: Text(
        "{where}: a value of {tag} is {length} long, which {vr} cannot be",
        "{where}:{tag} 的值长度为 {length},不符合 {vr}",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3911: Text(
        "{where}: {tag} holds {value}, which is no UID",
        "{where}:{tag} 的值 {value} 不是合法 UID",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3912: Text(
        "{where}: the character set {value} is not one that the channel takes",
        "{where}:交换通道不接受字符集 {value}",
        "Let the sending system write (0008,0005) as ISO_IR 192 or GB18030.",
        "请发送系统将 (0008,0005) 写为 ISO_IR 192 或 GB18030。",
    ),
    3913: Text(
        "{where}: {tag} cannot be read in its character set ({set}, byte {offset})",
        "{where}:{tag} 无法按其字符集({set})读取(第 {offset} 字节)",
        "Let the sending system name the character set that it really uses.",
        "请发送系统声明其实际使用的字符集。",
    ),
    3914: Text(
        "{where}: the pixels have {size_bytes} bytes, rows and columns make {needed_bytes}",
        "{where}:像素数据为 {size_bytes} 字节,按行列应为 {needed_bytes} 字节",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3915: Text(
        "{where} has pixels, and not all of rows, columns, samples, bits and frames",
        "{where} 含像素数据,但缺少行、列、采样、位数或帧数",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3916: Text(
        "{where}: the encapsulated pixels break off at byte {offset} ({reason})",
        "{where}:封装像素数据在第 {offset} 字节处不合法({reason})",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3917: Text(
        "{where}: {tag} is a private element, and the channel takes none like it",
        "{where}:{tag} 是私有元素,交换通道不接受",
        "Let the channel rebuild the object (`changed: dicom: rebuilt`), or allow private elements.",
        "请让该通道重建对象(changed: dicom: rebuilt),或允许私有元素。",
    ),
    3918: Text(
        "{where}: objects of the class {uid} are not what the channel takes",
        "{where}:交换通道不接受 SOP 类 {uid}",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3919: Text(
        "{where}: {tag} at byte {offset} is out of order or stands twice",
        "{where}:第 {offset} 字节处的 {tag} 顺序错误或重复",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3920: Text(
        "{where}: the items of {tag} do not end where they should (byte {offset})",
        "{where}:{tag} 的条目没有正确结束(第 {offset} 字节)",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3921: Text(
        "{where}: the object says {value} of names burned into its pixels",
        "{where}:对象声明像素中烧录有标识信息({value})",
        "Let the sending system send an image without them, and (0028,0301) NO.",
        "请发送系统发送不含烧录信息的影像,并将 (0028,0301) 置为 NO。",
    ),
    3922: Text(
        "{where}: {tag} at byte {offset} is no element of the standard",
        "{where}:第 {offset} 字节处的 {tag} 不是标准元素",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3923: Text(
        "{where}: the overlay or curve {tag} is not taken ({size_bytes} bytes, {needed_bytes} needed)",
        "{where}:不接受叠加层或曲线 {tag}({size_bytes} 字节,应为 {needed_bytes})",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3924: Text(
        "{where}: {tag} holds the control character {code}",
        "{where}:{tag} 含有控制字符 {code}",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3925: Text(
        "{where}: {tag} has {size_bytes}, the limit is {limit_bytes}",
        "{where}:{tag} 为 {size_bytes},上限为 {limit_bytes}",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3926: Text(
        "{where} holds a document that the channel does not take: {value}",
        "{where} 含有交换通道不接受的封装文档:{value}",
        _ALLOW,
        _ALLOW_ZH,
    ),
    3927: Text(
        "{where}: {tag} holds {value}, which is not of the form {vr}",
        "{where}:{tag} 的值 {value} 不符合 {vr} 的格式",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3928: Text(
        "{where}: frame {frame} is not one {kind} picture from end to end (byte {offset})",
        "{where}:第 {frame} 帧不是一个完整的 {kind} 码流(第 {offset} 字节)",
        _AGAIN,
        _AGAIN_ZH,
    ),
    3929: Text(
        "{where} cannot be read as DICOM beyond byte {offset} ({reason})",
        "{where} 自第 {offset} 字节起无法按 DICOM 读取({reason})",
        _AGAIN,
        _AGAIN_ZH,
    ),
}

_IMAGE: Final[dict[int, Text]] = {
    3930: Text(
        "{where} is a {kind} image, which the channel does not take",
        "{where} 是 {kind} 图像,交换通道不接受",
        _ALLOW_IMAGE,
        _ALLOW_IMAGE_ZH,
    ),
    3931: Text(
        "{where}: the {kind} image is cut (byte {offset})",
        "{where}:{kind} 图像不完整(第 {offset} 字节)",
        "It may have been cut on its way: let the sender send it again.",
        "图像可能不完整,请发送方重新发送。",
    ),
    3932: Text(
        "{where}: {size_bytes} bytes stand behind the end of the {kind} image",
        "{where}:{kind} 图像结尾之后还有 {size_bytes} 字节",
        _SAVE,
        _SAVE_ZH,
    ),
    3933: Text(
        "{where}: the {kind} image is not built as its standard says (byte {offset}: {reason})",
        "{where}:{kind} 图像结构不符合标准(第 {offset} 字节:{reason})",
        _SAVE,
        _SAVE_ZH,
    ),
    3934: Text(
        "{where}: a checksum of the {kind} image is wrong (byte {offset})",
        "{where}:{kind} 图像校验和错误(第 {offset} 字节)",
        "It was damaged on its way: let the sender send it again.",
        "图像已损坏,请发送方重新发送。",
    ),
    3935: Text(
        "{where}: {part} of the {kind} image is out of order or stands twice (byte {offset})",
        "{where}:{kind} 图像的 {part} 顺序错误或重复(第 {offset} 字节)",
        _SAVE,
        _SAVE_ZH,
    ),
    3936: Text(
        "{where}: the {kind} image has {pixels} pixels, the limit is {limit}",
        "{where}:{kind} 图像有 {pixels} 像素,上限为 {limit}",
        _ALLOW_IMAGE,
        _ALLOW_IMAGE_ZH,
    ),
    3937: Text(
        "{where}: the {kind} image is {width} by {height}, the limit of a side is {limit}",
        "{where}:{kind} 图像尺寸为 {width}×{height},边长上限为 {limit}",
        _ALLOW_IMAGE,
        _ALLOW_IMAGE_ZH,
    ),
    3938: Text(
        "{where}: the {kind} image holds {size_bytes} bytes of one kind, the limit is {limit_bytes}",
        "{where}:{kind} 图像的附加数据为 {size_bytes} 字节,上限为 {limit_bytes}",
        _SAVE,
        _SAVE_ZH,
    ),
    3939: Text(
        "{where}: the {kind} image has {frames} frames or pages, the limit is {limit}",
        "{where}:{kind} 图像有 {frames} 帧(页),上限为 {limit}",
        _ALLOW_IMAGE,
        _ALLOW_IMAGE_ZH,
    ),
    3940: Text(
        "{where}: parts of the {kind} image overlap or lead in a circle (byte {offset})",
        "{where}:{kind} 图像的部件重叠或循环引用(第 {offset} 字节)",
        _SAVE,
        _SAVE_ZH,
    ),
    3941: Text(
        "{where}: the {kind} image has a part that is not known: {part} (byte {offset})",
        "{where}:{kind} 图像含有未知部件 {part}(第 {offset} 字节)",
        _SAVE,
        _SAVE_ZH,
    ),
    3942: Text(
        "{where}: the pixels of the {kind} image have {size_bytes} bytes, its size makes {needed_bytes}",
        "{where}:{kind} 图像的像素数据为 {size_bytes} 字节,按尺寸应为 {needed_bytes} 字节",
        _SAVE,
        _SAVE_ZH,
    ),
    3943: Text(
        "{where}: a second image lies in the {kind} image (byte {offset})",
        "{where}:{kind} 图像内还有另一幅图像(第 {offset} 字节)",
        "Let the sender send each as a file of its own.",
        "请发送方分别发送。",
    ),
    3944: Text(
        "{where}: the {kind} image cannot be decoded ({reason})",
        "{where}:{kind} 图像无法解码({reason})",
        _SAVE,
        _SAVE_ZH,
    ),
    3945: Text(
        "{where}: the {kind} image holds {extra}, which the channel does not take",
        "{where}:{kind} 图像含有 {extra},交换通道不接受",
        "Let the channel rebuild the image (`changed: images: rebuilt`), or allow it in its profile.",
        "请让该通道重建图像(changed: images: rebuilt),或在其配置中允许。",
    ),
    3946: Text(
        "{where}: the {kind} image is coded in a way that is not taken (depth {depth}, {colour})",
        "{where}:不接受 {kind} 图像的编码方式(位深 {depth},{colour})",
        _SAVE,
        _SAVE_ZH,
    ),
    3947: Text(
        "{where}: {extra} of the {kind} image holds what looks like a program or file: {mark}",
        "{where}:{kind} 图像的 {extra} 中含有疑似程序或文件的内容:{mark}",
        _SAVE,
        _SAVE_ZH,
    ),
    3948: Text(
        "{where}: {size_bytes} bytes of the {kind} image belong to nothing (byte {offset})",
        "{where}:{kind} 图像中有 {size_bytes} 字节不属于任何部件(第 {offset} 字节)",
        _SAVE,
        _SAVE_ZH,
    ),
    3949: Text(
        "{where}: the decoded {kind} image cannot be written anew ({reason})",
        "{where}:解码后的 {kind} 图像无法重新写出({reason})",
        "Report it to the product's support with the file, if it may leave the site.",
        "请联系产品支持;如允许,请附上该文件。",
    ),
}

TEXTS: Final[dict[int, Text]] = _DICOM | _IMAGE
