"""Texts of the area: large bodies and uploads that resume (645x, 646x). Callers are shown them."""

from __future__ import annotations

from typing import Final

from gateway.messages.text import Text

TEXTS: Final[dict[int, Text]] = {
    6450: Text(
        "{most} large bodies of this channel are under way already.",
        "本通道已有 {most} 个大正文正在传输。",
    ),
    6451: Text(
        "the large bodies under way in this channel come to {most_bytes} bytes already.",
        "本通道正在传输的大正文合计已达 {most_bytes} 字节。",
    ),
    6452: Text(
        "the disk takes no large body now ({reason}).",
        "磁盘目前无法存放大正文（{reason}）。",
        "See what fills the file system of the queues: df -h",
        "请查看队列所在文件系统的占用情况：df -h",
    ),
    6454: Text(
        "a call that names an upload has no body of its own.",
        "引用上传内容的请求不得另带正文。",
    ),
    6455: Text(
        "there is no such upload of this caller, or it was begun more than 24 hours ago.",
        "该调用方没有此上传任务，或其已超过 24 小时。",
    ),
    6456: Text(
        "the upload is being written, or a call takes it.",
        "该上传任务正在写入，或正被某个请求使用。",
    ),
    6457: Text(
        "the upload goes on at {offset}; ask for its offset.",
        "该上传任务应从 {offset} 处继续；请先查询其偏移量。",
    ),
    6458: Text(
        "the header {name} is missing, or is not a number that it may be.",
        "请求头 {name} 缺失，或其数值不符合要求。",
    ),
    6459: Text(
        "that is more than the {limit} bytes that were said at the beginning of the upload.",
        "超过上传开始时声明的 {limit} 字节。",
    ),
    6460: Text(
        "the upload has {offset} of {limit} bytes.",
        "该上传任务仅完成 {offset} 字节，共 {limit} 字节。",
    ),
    6461: Text(
        "uploads speak tus {version}: say it in the header tus-resumable.",
        "上传采用 tus {version} 协议：请在请求头 tus-resumable 中注明。",
    ),
    6462: Text(
        "this caller has as many uploads as it may ({most}, {most_bytes} bytes together).",
        "该调用方的上传任务已达上限（{most} 个，合计 {most_bytes} 字节）。",
    ),
    6463: Text(
        "the query must say the {word} that the header says, where requests are signed.",
        "请求须签名时，查询参数 {word} 必须与请求头一致。",
    ),
    6464: Text(
        "the folder of uploads {folder} cannot be used: {reason}.",
        "上传目录 {folder} 不能使用：{reason}。",
        "It belongs to the edge's user: ls -ld {folder}",
        "该目录应属于边缘进程用户：ls -ld {folder}",
    ),
}
