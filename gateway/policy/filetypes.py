"""The words for what a file is: one table for policy files, inspection and the reference page.

Which bytes make a file of a type is inspection's knowledge (`gateway.inspection`); here stand
only the names, so that a policy can be checked on a laptop without any inspector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class FileType:
    """One type. word: as policy files and facts write it. described: what must be true of it.

    is_archive: it is taken apart, and a channel that takes it says under `inside` what it may hold.
    Documents that are packed inside (docx, ofd) are one thing to a policy, not an archive.
    """

    word: str
    zh: str
    described: str
    described_zh: str
    is_archive: bool = False


FILE_TYPES: Final[tuple[FileType, ...]] = (
    FileType("pdf", "PDF 文档", "PDF document", "PDF 文档"),
    FileType("xml", "XML 文档", "XML that is none of the kinds below", "其他 XML"),
    FileType("json", "JSON 文档", "JSON that is none of the kinds below", "其他 JSON"),
    FileType("csv", "CSV 表格", "table in text form", "文本形式的表格"),
    FileType("text", "纯文本", "text without a form of its own", "没有固定格式的文本"),
    FileType("hl7 v2", "HL7 v2 消息", "HL7 version 2 message in text form", "HL7 第 2 版文本消息"),
    FileType("fhir json", "FHIR JSON 资源", "HL7 FHIR resource in JSON", "JSON 形式的 FHIR 资源"),
    FileType("fhir xml", "FHIR XML 资源", "HL7 FHIR resource in XML", "XML 形式的 FHIR 资源"),
    FileType("cda", "CDA 文档", "HL7 CDA R2 clinical document", "HL7 CDA R2 临床文档"),
    FileType("dicom", "DICOM 影像", "DICOM object with its file header", "带文件头的 DICOM 对象"),
    FileType("ofd", "OFD 版式文档", "OFD document (GB/T 33190)", "OFD 版式文档(GB/T 33190)"),
    FileType("png", "PNG 图像", "PNG image", "PNG 图像"),
    FileType("jpeg", "JPEG 图像", "JPEG image", "JPEG 图像"),
    FileType("gif", "GIF 图像", "GIF image", "GIF 图像"),
    FileType("tiff", "TIFF 图像", "TIFF image", "TIFF 图像"),
    FileType("bmp", "BMP 图像", "Windows bitmap", "Windows 位图"),
    FileType("zip", "ZIP 压缩包", "ZIP archive", "ZIP 压缩包", is_archive=True),
    FileType("gzip", "GZIP 压缩文件", "gzip file", "GZIP 压缩文件", is_archive=True),
    FileType("tar", "TAR 归档", "tar archive", "TAR 归档", is_archive=True),
    FileType("7z", "7z 压缩包", "7-Zip archive", "7z 压缩包", is_archive=True),
    FileType("rar", "RAR 压缩包", "RAR archive", "RAR 压缩包", is_archive=True),
    FileType("bzip2", "BZIP2 压缩文件", "bzip2 file", "BZIP2 压缩文件", is_archive=True),
    FileType("xz", "XZ 压缩文件", "xz file", "XZ 压缩文件", is_archive=True),
    FileType("docx", "Word 文档", "Word document without macros", "不含宏的 Word 文档"),
    FileType("xlsx", "Excel 工作簿", "Excel workbook without macros", "不含宏的 Excel 工作簿"),
    FileType("pptx", "PowerPoint 演示", "PowerPoint slides without macros", "不含宏的演示文稿"),
    FileType("ole2", "旧版 Office 文档", "old Office document (compound file)", "复合文档"),
    FileType("elf program", "Linux 程序", "program or library for Linux", "Linux 程序或库"),
    FileType("windows program", "Windows 程序", "program for Windows", "Windows 程序或库"),
    FileType("mach-o program", "macOS 程序", "program or library for macOS", "macOS 程序或库"),
    FileType("script", "脚本", "text that an interpreter runs", "由解释器执行的文本"),
    FileType("java class", "Java 类文件", "compiled Java class", "编译后的 Java 类"),
    FileType("html", "HTML 网页", "web page", "网页"),
    FileType("rtf", "RTF 文档", "rich text document", "RTF 文档"),
    FileType("mp4", "MP4 视频", "MP4 video", "MP4 视频"),
    FileType("unknown", "未知类型", "nothing that is known here", "无法识别的内容"),
    FileType("empty", "空文件", "file without a byte", "没有内容的文件"),
)

BY_WORD: Final[Mapping[str, FileType]] = MappingProxyType({t.word: t for t in FILE_TYPES})
TYPE_WORDS: Final[tuple[str, ...]] = tuple(BY_WORD)
ARCHIVE_WORDS: Final[frozenset[str]] = frozenset(t.word for t in FILE_TYPES if t.is_archive)
# Packed inside, and one thing to a policy.
DOCUMENT_WORDS: Final = frozenset(["docx", "xlsx", "pptx", "ofd"])
# A content of requests only: its bytes say too little, so no file is ever taken for one.
MULTIPART: Final = "multipart"
CONTAINER_WORDS: Final = ARCHIVE_WORDS | DOCUMENT_WORDS | {MULTIPART}

# Format words of a policy (`fhir: any resource`) and the types that each is about.
FORMATS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "json": frozenset(["json"]),
        "fhir": frozenset(["fhir json", "fhir xml"]),
        "xml": frozenset(["xml"]),
        "cda": frozenset(["cda"]),
        "hl7": frozenset(["hl7 v2"]),
        "csv": frozenset(["csv"]),
        "dicom": frozenset(["dicom"]),
        "image": frozenset(["png", "jpeg", "gif", "tiff", "bmp"]),
        "ooxml": frozenset(["docx", "xlsx", "pptx"]),
        "ofd": frozenset(["ofd"]),
        "pdf": frozenset(["pdf"]),
    }
)
